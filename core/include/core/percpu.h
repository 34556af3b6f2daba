/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to one CPU; reached through arch_percpu(). */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <libs/list.h>
#include <libs/types.h>

struct vcpu;
struct runqueue;
struct timer_queue;
struct trace_buffer;
struct latency;

enum cpu_state { CPU_ABSENT, CPU_PRESENT, CPU_ONLINE, CPU_FAILED };

/* Calls without `wait` that one CPU may have in flight. */
#define CPU_CALL_SLOTS 8

/* One cpu_call(): on the caller's stack if it waits, else a slot. */
struct cpu_call {
	struct cpu_call *next;
	void (*fn)(void *arg);
	void *arg;
	uint32_t busy; /* [A] until fn has run */
};

/* Interrupts in a row that had no cause: irq_spurious(). */
struct irq_spurious {
	uint64_t since; /* ticks */
	uint32_t irq;
	uint32_t count;
};

struct percpu {
	struct vcpu *current;         /* [C] what runs here; hot, first */
	uint32_t id;                  /* [I] index in host tree order */
	uint32_t need_resched;        /* [A] reschedule at next chance */
	uint32_t preempt_count;       /* [C] >0: may not be switched out */
	uint32_t irq_depth;           /* [C] >0: in an interrupt handler */
	struct arch_percpu arch;      /* [C] */
	struct vcpu *idle;            /* [I] */
	struct runqueue *rq;          /* [I] */
	struct timer_queue *timers;   /* [I] */
	enum cpu_state state;         /* [A] */
	uint64_t hwid;                /* [I] as `reg` of its node has it */
	uint64_t *irq_counts;         /* [C] each line's, then each IPI's */
	struct irq_spurious spurious; /* [C] */
	struct trace_buffer *trace;   /* [C] NULL: nothing is recorded */
	struct cpu_call *calls;       /* [A] to be run here, newest first */
	struct cpu_call call_slots[CPU_CALL_SLOTS]; /* sent without waiting */
#if IS_ENABLED(CONFIG_SCHED_LATENCY)
	struct latency *latency; /* [C] NULL: was never measured */
#endif
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
	struct spinlock *held; /* [C] last lock taken */
#endif
};

extern struct percpu *percpu_table[CONFIG_MAX_CPUS];
extern unsigned int cpu_count; /* CPUs in the host tree, [I] */

/* This CPU's block; it is the caller's own only while the caller cannot move to
 * another CPU. */
static inline struct percpu *this_cpu(void)
{
	return arch_percpu();
}

/* This CPU's number; as this_cpu(). */
static inline unsigned int cpu_id(void)
{
	return arch_percpu()->id;
}

/* Does CPU number `cpu` run, so that work may be sent to it? Any context. */
static inline bool cpu_online(unsigned int cpu)
{
	return cpu < cpu_count && percpu_table[cpu] &&
	       READ_ONCE(percpu_table[cpu]->state) == CPU_ONLINE;
}

/*
 * The caller is not switched out until preempt_enable(); interrupts stay
 * enabled. Calls nest. Interrupts are masked for a moment because a thread
 * could be moved to another CPU between finding this CPU's block and writing to
 * it.
 */
static inline void preempt_disable(void)
{
	unsigned long flags = arch_irq_save();

	this_cpu()->preempt_count++;
	arch_irq_restore(flags);
}

/* End what preempt_disable() began; reschedule if that was asked for meanwhile.
 * Any context. */
void preempt_enable(void);

/*
 * Run fn(arg) on CPU `cpu` in interrupt context. With `wait`, returns after
 * it has run; call with interrupts enabled then, so that two CPUs calling
 * each other cannot deadlock. Without, any context; fn and arg must outlive
 * the call. Calls from one CPU to another run in order. -ERR_STATE if that
 * CPU is not online; -ERR_BUSY (without `wait` only) while CPU_CALL_SLOTS of
 * this CPU's calls have not run yet.
 */
int __must_check cpu_call(unsigned int cpu, void (*fn)(void *), void *arg,
			  bool wait);
/* As cpu_call() with wait, on every online CPU, this one included; one after
 * the other. */
void cpu_call_all(void (*fn)(void *), void *arg);
/*
 * Wait until every CPU has left the section with interrupts masked that it may
 * be in now. So whoever has taken an object out of what such sections read may
 * free it. Thread context, no spinlock held, interrupts enabled.
 */
void cpu_quiesce(void);

#endif
