/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to one CPU; reached through arch_percpu(). */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/cpu.h>
#include <arch_impl/percpu.h>
#include <libs/list.h>
#include <libs/types.h>

struct vcpu;
struct runqueue;
struct timer_queue;

enum cpu_state { CPU_ABSENT, CPU_PRESENT, CPU_ONLINE, CPU_FAILED };

/* Calls without `wait` that one CPU may have in flight. */
#define CPU_CALL_SLOTS 8

/* One cpu_call(): on the caller's stack if it waits, else a slot. */
struct cpu_call {
	struct cpu_call *next;
	void (*fn)(void *arg);
	void *arg;
	uint32_t busy;			/* [A] until fn has run */
};

struct percpu {
	struct vcpu *current;		/* [C] what runs here; hot, first */
	uint32_t id;			/* [I] index in host tree order */
	uint32_t need_resched;		/* [A] reschedule at next chance */
	uint32_t preempt_count;		/* [C] >0: may not be switched out */
	uint32_t irq_depth;		/* [C] >0: in an interrupt handler */
	struct arch_percpu arch;	/* [C] */
	struct vcpu *idle;		/* [I] */
	struct runqueue *rq;		/* [I] */
	struct timer_queue *timers;	/* [I] */
	enum cpu_state state;		/* [A] */
	uint64_t hwid;			/* [I] MPIDR affinity / APIC / hart */
	uint64_t *irq_counts;		/* [C] each line's, then each IPI's */
	struct cpu_call *calls;		/* [A] to be run here, newest first */
	struct cpu_call call_slots[CPU_CALL_SLOTS]; /* sent without waiting */
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
	struct spinlock *held;		/* [C] last lock taken */
#endif
};

extern struct percpu *percpu_table[CONFIG_MAX_CPUS];
extern unsigned int cpu_count;		/* CPUs in the host tree, [I] */

static inline struct percpu *this_cpu(void)
{
	return arch_percpu();
}

static inline unsigned int cpu_id(void)
{
	return arch_percpu()->id;
}

static inline bool cpu_online(unsigned int cpu)
{
	return cpu < cpu_count && percpu_table[cpu] &&
	       READ_ONCE(percpu_table[cpu]->state) == CPU_ONLINE;
}

/*
 * Not switched out in between; interrupts stay enabled. Nests. The mask is
 * needed: between finding this CPU's block and writing to it a thread could
 * be moved to another CPU.
 */
static inline void preempt_disable(void)
{
	unsigned long flags = arch_irq_save();

	this_cpu()->preempt_count++;
	arch_irq_restore(flags);
}

static inline void preempt_enable_noresched(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	this_cpu()->preempt_count--;
}

/* As above, then reschedule if that was asked for meanwhile. */
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

#endif
