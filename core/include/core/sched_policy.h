/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scheduling policy is told and asked, where it keeps its data, and what
 * it may ask of the scheduler. For policies, and for code that looks at run
 * queues; all other code needs core/sched.h only.
 * docs/howto/add-a-scheduling-policy.md builds one.
 */
#ifndef CORE_SCHED_POLICY_H
#define CORE_SCHED_POLICY_H

#include <core/sched.h>
#include <core/sched_pool.h>
#include <core/spinlock.h>
#include <core/trace.h>
#include <libs/registry.h>

/* Between two looks whether VCPUs are evenly placed; or up to half as long
 * again. */
#define SCHED_EVEN_MS 10

/*
 * A policy's storage, in bytes, all of it opaque to the scheduler: for each
 * CPU, for each VCPU (struct vcpu.sched_data), and for each group on each CPU.
 * It is part of the objects, so that no callback allocates, and that what
 * another CPU has may be read without its lock. Zeroed before the policy sees
 * it. What does not fit, or is for the whole pool, is pool data.
 */
#define SCHED_CPU_SIZE 320
#define SCHED_GROUP_SIZE 384

/* A group on one CPU. */
struct sched_cell {
	uint64_t epoch; /* of the queue for which `data` is valid */
	uint64_t data[SCHED_GROUP_SIZE / 8];
};

/*
 * CPUs that share their VCPUs under one policy. Each CPU is in one pool. [P]
 * sched_pools_lock, [M] the mutex of admission (core/sched/admit.c). The run
 * queues have copies of the policy and its data, as a pool's CPUs change them
 * one after the other.
 */
struct sched_pool {
	char name[SCHED_POOL_NAME];        /* [P] */
	struct list node;                  /* [P] of the list of pools */
	struct cpumask cpus;               /* [P] read anywhere */
	uint32_t nr_cpus;                  /* [P] of them; read anywhere */
	const struct sched_policy *policy; /* [P] */
	void *data;                        /* [M] the policy's */
};

/* A VCPU as admission sees it. */
struct sched_task {
	struct vcpu *v;
	struct sched_params params; /* as they would be */
	struct cpumask cpus;        /* of the pool's CPUs, where it may run */
	int32_t home;               /* CPU that it is bound to, -1: none */
};

/* The VCPUs of a pool that a policy makes promises to: guests', and threads
 * with a budget. */
struct sched_set {
	void *data;          /* the policy's, of the pool */
	struct cpumask cpus; /* of the pool */
	/* What is to be admitted besides, which only the policy knows; NULL:
	 * nothing, the pool's data stays as it is. */
	const void *change;
	struct sched_task *tasks;
	unsigned int count;
	unsigned int threads;      /* of the hypervisor, without budget */
	struct sched_refusal *why; /* the message if it is refused */
};

/* Why a VCPU begins to wait for a CPU, or no longer runs. */
enum sched_why {
	SCHED_WOKEN,     /* or started */
	SCHED_PREEMPTED, /* was running, and would go on */
	SCHED_YIELDED,   /* was running, and lets others go first */
	SCHED_BLOCKED,   /* was running, and waits for a wake */
	SCHED_OFF,       /* was running, and is off, or ended */
	SCHED_RELEASED,  /* resumed, or its throttling has ended */
	SCHED_MOVED,     /* from another CPU, or another policy */
	SCHED_CHANGED,   /* its parameters have changed */
};

/* One per CPU. [L] its lock. */
struct runqueue {
	struct spinlock lock;
	uint32_t cpu;                      /* [I] */
	uint32_t nr_ready;                 /* [L] read anywhere */
	uint32_t nr_parked;                /* [L] */
	bool idling;                       /* [L] read anywhere: none runs */
	const struct sched_policy *policy; /* [L] */
	/* [L] copies of the policy's, since every switch checks whether there
	 * are the first two; while a trace is on, the trace's. */
	void (*runs)(struct runqueue *rq, struct vcpu *v);
	void (*stops)(struct runqueue *rq, struct vcpu *v, enum sched_why why);
	void (*enqueue)(struct runqueue *rq, struct vcpu *v,
			enum sched_why why);
	/* [L] Whose context the CPU has. While `idling` that is `idle`, or a
	 * guest's VCPU that waits in its place. */
	struct vcpu *curr;
	struct vcpu *idle;       /* [I] */
	ticks_t now;             /* [L] time of the present operation */
	ticks_t slice_end;       /* [L] tick() is wanted then; 0: never */
	ticks_t even_at;         /* [L] not sooner is even() asked */
	uint32_t even_cpu;       /* even() was last asked about it; used by
				  * this CPU only */
	struct sched_pool *pool; /* [L] changed with the pools locked */
	void *pool_data;         /* [L] the policy's, of the pool */
	uint64_t epoch;          /* [L] grows with each change of policy */
	uint64_t data[SCHED_CPU_SIZE / 8]; /* [L] the policy's, of this CPU */
	struct sched_cell threads;         /* [L] VCPUs in no group */
};

/*
 * A policy decides who runs next among the VCPUs of each CPU of a pool.
 *
 * Callbacks with a run queue run with it locked and interrupts masked, maybe
 * in an interrupt; rq->now is the present time. They neither block, allocate
 * nor call the scheduler, except for sched_park() and sched_unpark(); they may
 * take spinlocks of class LOCK_SCHED_POLICY, which data of the pool needs.
 * Those marked "optional" may be NULL.
 */
struct sched_policy {
	const char *name;
	const char *summary;

	/* --- the pool and its CPUs --- */

	/* Optional, both: a pool's data, and its release when it is no longer
	 * used. Thread context, no spinlock held. `options` is what the user
	 * gave with the policy's name, "" if nothing; if this is NULL, there
	 * are none. -ERR_NOMEM; -ERR_INVAL with `why` filled in. */
	int (*pool_init)(void **pool_data, const char *options,
			 struct sched_refusal *why);
	void (*pool_fini)(void *pool_data);
	/* Optional: a few words about the pool for the user. Thread context. */
	void (*describe)(const void *pool_data, char *buf, size_t size);
	/* A CPU is to be scheduled: fill in rq->data. It has no VCPUs. */
	void (*cpu_init)(struct runqueue *rq);
	/* Optional. A group's data on this CPU, before any VCPU with it. */
	void (*group_init)(struct runqueue *rq, void *group_data);

	/* --- which VCPUs there are, and what they are promised --- */

	/*
	 * Optional. Can all promises of the set be kept? If the policy binds
	 * VCPUs to CPUs, it sets `home` of each, whose previous value is worth
	 * keeping. Homes are needed even if not all can be kept, because
	 * the operator may force it. In a thread, no spinlock held; `why` is
	 * filled in. -ERR_INVAL: it makes no sense, or the policy is not able
	 * to do it at all; -ERR_BUSY: deadlines would be missed. Only budgets
	 * are promised: this is not called for a change of anything else.
	 */
	int (*admit)(struct sched_set *set);
	/* Only guests' VCPUs: hypervisor threads stay in the default pool. */
	bool guests_only;
	/* A guest's VCPU that waits keeps its CPU: it is not trapped. */
	bool native_wait;
	/* Optional, both: `v`, not queued, belongs to this CPU from now on; or
	 * no longer. Its own data goes with it to other CPUs. */
	void (*join)(struct runqueue *rq, struct vcpu *v);
	void (*leave)(struct runqueue *rq, struct vcpu *v);
	/* Optional. `v`, not queued, has other parameters than `old`. */
	void (*params)(struct runqueue *rq, struct vcpu *v,
		       const struct sched_params *old);

	/* --- what they do --- */

	/* `v` waits for the CPU. */
	void (*enqueue)(struct runqueue *rq, struct vcpu *v,
			enum sched_why why);
	/* `v` no longer waits (it is paused, throttled, moved). */
	void (*dequeue)(struct runqueue *rq, struct vcpu *v);
	/* Take out the VCPU to run next, NULL for idle. Not a parked one. */
	struct vcpu *(*pick)(struct runqueue *rq);
	/* Optional, both: `v` begins to run: it was picked, or woken where
	 * it waited in place; or it stops running: PREEMPTED and YIELDED
	 * are followed by enqueue(), unless `v` is held or must go to
	 * another CPU. */
	void (*runs)(struct runqueue *rq, struct vcpu *v);
	void (*stops)(struct runqueue *rq, struct vcpu *v, enum sched_why why);

	/* --- time --- */

	/* When tick() is wanted next: a time that is over means at once, 0
	 * never. `v` runs; NULL: none runs, and some are parked. Asked after
	 * every pick, every enqueue that did not preempt, and runs(), if it is
	 * not NULL. */
	ticks_t (*slice)(struct runqueue *rq, struct vcpu *v);
	/* That time is over, or less is left than the timer was set for. True:
	 * choose again. */
	bool (*tick)(struct runqueue *rq, struct vcpu *v);

	/* --- where --- */

	/* Should `v`, which is ready, preempt running `cur`? */
	bool (*preempts)(const struct vcpu *v, const struct vcpu *cur);
	/* How long would `v` wait on this CPU? Less is better, below 2^63.
	 * The queue is not locked: a hint, from what is in rq and rq->data. */
	uint64_t (*load)(const struct runqueue *rq, const struct vcpu *v);
	/* A queued VCPU, not parked, that another CPU `cpu` may run (allowed)
	 * and takes best, which stays queued; NULL. */
	struct vcpu *(*offer)(struct runqueue *rq, unsigned int cpu);
	/*
	 * Optional. A VCPU of `from`, where some wait, that ought to be on `to`
	 * instead; it stays queued. NULL: none. Both are of
	 * the pool, and locked; their `now` is the present time. Asked for a
	 * few CPUs every SCHED_EVEN_MS after a tick(), if any VCPU waits.
	 */
	struct vcpu *(*even)(struct runqueue *from, struct runqueue *to);
};

#define SCHED_POLICY(ident) \
	REGISTRY_ADD(sched_policy, struct sched_policy, ident)
REGISTRY_DECLARE(sched_policy);

/* A policy's data of a VCPU, and whose it is. */
static inline void *sched_data(struct vcpu *v)
{
	return v->sched_data;
}

/* The VCPU that this data of a policy is of. */
static inline struct vcpu *sched_vcpu(void *data)
{
	return (struct vcpu *)((char *)data -
			       offsetof(struct vcpu, sched_data));
}

/*
 * For policies' callbacks: `v`, which is queued, may not run for now (its
 * budget is used up), and may run again. A parked VCPU stays with the policy
 * but does not count as ready: the CPU is idle if there is no other. The time
 * is accounted as throttled. After sched_unpark() choose again. Run queue is
 * locked.
 */
void sched_park(struct runqueue *rq, struct vcpu *v);
void sched_unpark(struct runqueue *rq, struct vcpu *v);

/* For policies' callbacks: `v` had not finished at its deadline, or had not got
 * what it is promised. Counted, traced, and told to managers. Run queue is
 * locked. */
void sched_missed(struct vcpu *v);

/* The same, of a `v` that was still busy: whose guest is to be told, restarted
 * or stopped, if its parameters say so, by guest_overran(). True: they do. */
static inline bool sched_overran(struct vcpu *v)
{
	sched_missed(v);
	if (v->params.overrun == SCHED_OVERRUN_COUNT) {
		return false;
	}
	WRITE_ONCE(v->overran, true);
	return true;
}

#endif
