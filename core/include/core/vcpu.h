/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one schedulable entity: a VCPU is a guest's, or a thread of the
 * hypervisor. Owned by its guest, or by whoever created the thread.
 *
 * Locks: [I] immutable after creation, [R] run-queue lock of vcpu->cpu,
 * [C] the CPU running it, [A] atomic, [G] the guest's lock, [M] the mutex of
 * admission (core/sched/admit.c), [W] the lock of mutexes (core/sync/mutex.c).
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <arch/vcpu.h>
#include <core/percpu.h>
#include <core/time.h>
#include <libs/bitmap.h>
#include <libs/list.h>
#include <libs/types.h>

struct budget_vcpu;
struct guest;
struct sched_group;
struct sched_pool;

#define VCPU_NAME_LEN 24

enum vcpu_state {
	VCPU_OFF,     /* never started, or powered off */
	VCPU_READY,   /* in a run queue */
	VCPU_RUNNING, /* on a CPU */
	VCPU_BLOCKED, /* waits: for an interrupt, in a queue, asleep */
	VCPU_DEAD,    /* thread ended; joined and freed later */
};

/* Why a VCPU left its guest for the hypervisor. */
enum vcpu_exit {
	VCPU_EXIT_MMIO,      /* access to a device by its address */
	VCPU_EXIT_HYPERCALL, /* to the hypervisor, or the firmware */
	VCPU_EXIT_SYSREG,    /* access to a system register */
	VCPU_EXIT_WAIT,      /* for an interrupt or event */
	VCPU_EXIT_IRQ,       /* of the host, whatever it is for */
	VCPU_EXIT_MEMORY,    /* page or instruction abort, not a device's */
	VCPU_EXIT_FP,        /* FP and SIMD registers, to be loaded */
	VCPU_EXIT_OTHER,
	VCPU_EXITS
};

/* A set of CPUs. */
struct cpumask {
	uint64_t bits[DIV_ROUND_UP(CONFIG_MAX_CPUS, 64)];
};

/* Is `cpu` in the set? */
static inline bool cpumask_test(const struct cpumask *m, unsigned int cpu)
{
	return (m->bits[cpu / 64] >> (cpu % 64)) & 1;
}

/* Put it in. */
static inline void cpumask_set(struct cpumask *m, unsigned int cpu)
{
	m->bits[cpu / 64] |= BIT(cpu % 64);
}

/* The intersection of both. */
static inline struct cpumask cpumask_and(const struct cpumask *a,
					 const struct cpumask *b)
{
	struct cpumask m;

	for (unsigned int i = 0; i < ARRAY_SIZE(m.bits); i++) {
		m.bits[i] = READ_ONCE(a->bits[i]) & READ_ONCE(b->bits[i]);
	}
	return m;
}

/* Is there none in it? */
static inline bool cpumask_empty(const struct cpumask *m)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(m->bits); i++) {
		any |= m->bits[i];
	}
	return any == 0;
}

/* The lowest CPU of a set that has one. */
static inline unsigned int cpumask_first(const struct cpumask *m)
{
	return (unsigned int)bitmap_first(m->bits, 64 * ARRAY_SIZE(m->bits));
}

/* Put every CPU in that the host may have. */
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

/* Where it waits for a CPU. PARKED: in the policy's hands, but may not run. */
enum vcpu_queued { NOT_QUEUED, QUEUED, QUEUED_PARKED };

/* The reasons for which it is kept out of the run queues, any number of
 * them. */
#define SCHED_HOLD_PAUSE 0x1
#define SCHED_HOLD_THROTTLE 0x2
#define SCHED_HOLD_CHANGE 0x4 /* for a moment, while it is changed */

/* A part of each major frame (arinc653), in microseconds from its start. */
struct sched_window {
	uint32_t start, length;
};
#define SCHED_WINDOWS 8 /* of a VCPU */

/* What is done about a guest whose VCPU is still busy when its last window of
 * a frame ends, besides counting it as a miss. */
enum sched_overrun {
	SCHED_OVERRUN_COUNT,
	SCHED_OVERRUN_LOG,
	SCHED_OVERRUN_RESTART,
	SCHED_OVERRUN_STOP,
	SCHED_OVERRUNS
};

/* What it is promised; each policy uses the fields that it knows. */
struct sched_params {
	uint8_t priority; /* 0 lowest .. SCHED_PRIO_MAX */
	bool forced;      /* given although it cannot be guaranteed */
	uint8_t windows;  /* entries in `window`, in order of their start */
	uint8_t overrun;  /* enum sched_overrun */
	uint32_t weight;  /* fair: its guest's; 0: SCHED_WEIGHT_DEFAULT */
	uint32_t cap;     /* fair: its guest's, per cent of a CPU; 0: none */
	uint8_t vcpu_cap; /* fair: its own, likewise */
	ticks_t period;   /* 0: has no budget */
	ticks_t budget;   /* of CPU time in each period, at most `deadline` */
	ticks_t deadline; /* from a period's start, at most `period`; 0: that */
	struct sched_window window[SCHED_WINDOWS];
};

/* Bytes a policy has for each VCPU. */
#define SCHED_VCPU_SIZE 128

/* What time was spent on, in ticks. [R] */
struct vcpu_times {
	uint64_t since; /* when the present state was entered */
	uint64_t running;
	uint64_t ready;   /* = steal, seen from a guest */
	uint64_t longest; /* from ready to running, since it was cleared */
	uint64_t blocked;
	uint64_t paused;
	uint64_t throttled; /* would have been ready, if not for a budget */
	uint64_t switches;
	uint64_t misses; /* deadlines by which it had not got its budget */
	uint64_t late;   /* arinc653: a window began so much late, at most */
};

/* core/sched/account.c's: the time it runs in this hypervisor. [R] */
struct vcpu_account {
	bool left;       /* its guest, and has not gone on */
	bool stopped;    /* it is not measured any more */
	ticks_t left_at; /* times.running at that moment */
	ticks_t since;   /* times.running when measuring began */
	ticks_t ran;     /* until measuring ended */
	ticks_t traps;
};

struct vcpu {
	struct arch_vcpu arch; /* first: offsets used by assembly */
	struct guest *guest;   /* [I] NULL: a thread */
	uint32_t index;        /* [I] number within the guest */
	uint32_t id;           /* [I] unique while it lives */
	enum vcpu_state state; /* [R] */
	uint8_t held;          /* [R] SCHED_HOLD_* */
	uint8_t queued;        /* [R] enum vcpu_queued */
	bool wake_pending;     /* [A] sched_wake() came while running */
	bool joinable;         /* [I] thread: freed by thread_join() */
	uint8_t on_cpu;        /* [A] enum vcpu_on_cpu */
	bool stop_requested;   /* [A] thread: end; guest: leave */
	bool overran;          /* [A] core/guest/overrun.c looks at it */
	bool between;          /* [R] has no policy: `cpu` changes its own */
	uint32_t cpu;          /* [R] run queue it belongs to */
	struct sched_params params; /* [R] */
	uint8_t own_priority;       /* [R] without what it inherits */
	uint8_t inherited;          /* [W] priority; sched_inherit() */
	uint8_t lent;               /* [G] priority; sched_lend() */
	struct list waited;         /* [W] its mutexes that others wait for */
	struct mutex *waits_for;    /* [W] NULL: no mutex */
	struct cpumask affinity;    /* [R] as the operator has set it */
	struct cpumask allowed;     /* [R] of these, CPUs that it may run on */
	struct sched_pool *pool;    /* [R] changed with the pools locked */
	int32_t home;               /* [R] its policy's CPU for it, -1: any */
	bool native_wait;           /* [M] its waits are not trapped */
	struct list wait_node;      /* list of ended threads */
	struct vcpu_times times;    /* [R] */
	struct list all_node;       /* list of all VCPUs */
	void (*entry)(void *arg);   /* [I] */
	void *arg;                  /* [I] */
	uint8_t *stack;             /* [I] lowest address; guard page below */
	uint32_t stack_size;        /* [I] bytes */
	char name[VCPU_NAME_LEN];   /* [I] */
	struct sched_group *group;  /* [I] NULL: the hypervisor's threads */
	struct budget_vcpu *budget; /* NULL: none; changes on no CPU */
	void *group_data;           /* [R] the policy's: of that, on `cpu` */
	uint64_t sched_data[SCHED_VCPU_SIZE / 8]; /* [R] the policy's */
	struct vcpu_account account;              /* [R] */
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
