/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one schedulable entity: a VCPU is normal (a guest's) or orphan (a
 * hypervisor thread). Owned by its guest, or by whoever created the thread.
 *
 * Locks: [I] immutable after creation, [R] run-queue lock of vcpu->cpu,
 * [C] the CPU running it, [A] atomic, [G] the guest's lock.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <arch/vcpu.h>
#include <core/percpu.h>
#include <core/time.h>
#include <libs/list.h>
#include <libs/types.h>

struct guest;
struct sched_policy;

#define VCPU_NAME_LEN 24

enum vcpu_state {
	VCPU_OFF,		/* never started, or powered off (PSCI) */
	VCPU_READY,		/* in a run queue */
	VCPU_RUNNING,		/* on a CPU */
	VCPU_BLOCKED,		/* waits: WFI, wait queue, sleep */
	VCPU_DEAD,		/* thread ended; joined and freed later */
};

/* A set of CPUs. */
struct cpumask {
	uint64_t bits[DIV_ROUND_UP(CONFIG_MAX_CPUS, 64)];
};

static inline bool cpumask_test(const struct cpumask *m, unsigned int cpu)
{
	return (m->bits[cpu / 64] >> (cpu % 64)) & 1;
}

static inline void cpumask_set(struct cpumask *m, unsigned int cpu)
{
	m->bits[cpu / 64] |= BIT(cpu % 64);
}

static inline void cpumask_clear(struct cpumask *m, unsigned int cpu)
{
	m->bits[cpu / 64] &= ~BIT(cpu % 64);
}

static inline void cpumask_set_all(struct cpumask *m)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(m->bits); i++) {
		m->bits[i] = ~UINT64_C(0);
	}
}

/*
 * Is a VCPU's stack in use by a CPU? It is from being picked until the CPU
 * runs on its successor's stack. PLACE: whoever is leaving it must also find
 * a run queue for it, or start it; see sched.c.
 */
enum vcpu_on_cpu { ON_CPU_NO, ON_CPU_YES, ON_CPU_PLACE };

/* What time was spent on, in ticks. [R] */
struct vcpu_times {
	uint64_t since;		/* when the present state was entered */
	uint64_t running;
	uint64_t ready;		/* = steal, seen from a guest */
	uint64_t blocked;
	uint64_t paused;
	uint64_t switches;
};

struct vcpu {
	struct arch_vcpu arch;		/* first: offsets used by assembly */
	struct guest *guest;		/* [I] NULL: orphan (thread) */
	uint32_t index;			/* [I] number within the guest */
	uint32_t id;			/* [I] unique while it lives */
	enum vcpu_state state;		/* [R] */
	bool paused;			/* [R] held out of the run queues */
	bool queued;			/* [R] in the policy's queue */
	bool wake_pending;		/* [A] sched_wake() came while running */
	bool joinable;			/* [I] thread: freed by thread_join() */
	uint8_t on_cpu;			/* [A] enum vcpu_on_cpu */
	bool stop_requested;		/* [A] thread: end; guest: leave */
	uint32_t cpu;			/* [R] run queue it belongs to */
	uint8_t priority;		/* [R] 0 lowest .. SCHED_PRIO_MAX */
	struct cpumask affinity;	/* [R] */
	struct list rq_node;		/* [R] */
	struct list wait_node;		/* list of ended threads */
	ticks_t slice_left;		/* [R] policy's own use */
	struct vcpu_times times;	/* [R] */
	struct list all_node;		/* list of all VCPUs */
	void (*entry)(void *arg);	/* [I] */
	void *arg;			/* [I] */
	uint8_t *stack;			/* [I] lowest address; guard page below */
	uint32_t stack_size;		/* [I] bytes */
	char name[VCPU_NAME_LEN];	/* [I] */
};

/*
 * The caller's own VCPU. The mask is needed: between finding this CPU's block
 * and reading it a thread could be moved to another CPU, and would get its
 * successor here. Where interrupts are masked, this_cpu()->current is enough.
 */
static inline struct vcpu *vcpu_current(void)
{
	unsigned long flags = arch_irq_save();
	struct vcpu *v = arch_percpu()->current;

	arch_irq_restore(flags);
	return v;
}

#endif
