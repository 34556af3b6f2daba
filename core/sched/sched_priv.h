/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the scheduler share. */
#ifndef CORE_SCHED_PRIV_H
#define CORE_SCHED_PRIV_H

#include <arch/ipi.h>
#include <arch/timer.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sched_policy.h>
#include <core/sync.h>

static inline struct runqueue *rq_of(unsigned int cpu)
{
	return percpu_table[cpu]->rq;
}

static inline bool vcpu_is_idle(const struct vcpu *v)
{
	return percpu_table[v->cpu]->idle == v;
}

/* The policy sees the group of `c` for the first time on the CPU of `rq`. Run
 * queue locked. */
void rq_group_begin(struct runqueue *rq, struct sched_cell *c);

/* A thread that works for a guest, whose VCPUs may all wait for it. */
static inline bool works(const struct vcpu *v)
{
	return unlikely(!v->guest) && v->group;
}

/* The policy's data for a group (NULL: for VCPUs of no group) on the CPU of
 * `rq`. Run queue locked. */
static inline void *rq_group_data(struct runqueue *rq, struct sched_group *g)
{
	struct sched_cell *c = g ? &g->cells[rq->cpu] : &rq->threads;

	if (unlikely(c->epoch != rq->epoch)) {
		rq_group_begin(rq, c);
	}
	return c->data;
}

/* From now on `v`, which is not queued, belongs to `rq`, or (rq_leave()) does
 * not. Run queue locked. */
static inline void rq_join(struct runqueue *rq, struct vcpu *v)
{
	v->group_data = rq_group_data(rq, v->group);
	if (rq->policy->join) {
		rq->policy->join(rq, v);
	}
}

static inline void rq_leave(struct runqueue *rq, struct vcpu *v)
{
	if (rq->policy->leave) {
		rq->policy->leave(rq, v);
	}
}

/* Set the copies of its policy's callbacks. Run queue locked. */
#if IS_ENABLED(CONFIG_TRACE)
void rq_set_hooks(struct runqueue *rq);
#else
static inline void rq_set_hooks(struct runqueue *rq)
{
	rq->runs = rq->policy->runs;
	rq->stops = rq->policy->stops;
	rq->enqueue = rq->policy->enqueue;
}
#endif

/* Tell the policy. Run queue locked. */
static inline void rq_runs(struct runqueue *rq, struct vcpu *v)
{
	if (rq->runs) {
		rq->runs(rq, v);
	}
}

static inline void rq_stops(struct runqueue *rq, struct vcpu *v,
			    enum sched_why why)
{
	if (rq->stops) {
		rq->stops(rq, v, why);
	}
}

/* A CPU is still switching away from `v`, whose registers and stack are
 * complete once this is false. */
static inline bool vcpu_leaving(const struct vcpu *v)
{
	return __atomic_load_n(&v->on_cpu, __ATOMIC_ACQUIRE) != ON_CPU_NO;
}

/* Ready, and not yet put into a queue. */
static inline bool vcpu_unplaced(const struct vcpu *v)
{
	return v->state == VCPU_READY && v->queued == NOT_QUEUED && !v->held;
}

/* The run queue `v` belongs to, locked. Interrupts masked. */
struct runqueue *rq_lock_of(struct vcpu *v);

static inline void sched_account_ready(struct vcpu *v, ticks_t spent)
{
	v->times.ready += spent;
	/* Signed: `now` may be of before another CPU's last change. */
	if ((int64_t)spent > (int64_t)v->times.longest) {
		v->times.longest = spent;
	}
}

/* `v` has been in state `was` since the last change. Run queue locked. */
static inline void sched_account_as(struct vcpu *v, enum vcpu_state was,
				    ticks_t now)
{
	ticks_t spent = now - v->times.since;

	v->times.since = now;
	if (was == VCPU_RUNNING) {
		v->times.running += spent;
	} else if (was == VCPU_OFF || was == VCPU_DEAD) {
		return;
	} else if (v->held & SCHED_HOLD_PAUSE) {
		v->times.paused += spent;
	} else if (was == VCPU_READY &&
		   (v->held || v->queued == QUEUED_PARKED)) {
		v->times.throttled += spent;
	} else if (was == VCPU_READY) {
		sched_account_ready(v, spent);
	} else {
		v->times.blocked += spent;
	}
}

static inline void sched_account(struct vcpu *v, ticks_t now)
{
	sched_account_as(v, v->state, now);
}

/* `was` is the present state, which hot paths pass as a constant. */
static inline void sched_change_state(struct vcpu *v, enum vcpu_state was,
				      enum vcpu_state state, ticks_t now)
{
	sched_account_as(v, was, now);
	WRITE_ONCE(v->state, state);
}

/* From READY to RUNNING. Who was picked is neither held nor parked. */
static inline void sched_change_picked(struct vcpu *v, ticks_t now)
{
	sched_account_ready(v, now - v->times.since);
	v->times.since = now;
	WRITE_ONCE(v->state, VCPU_RUNNING);
}

static inline void sched_set_state(struct vcpu *v, enum vcpu_state state,
				   ticks_t now)
{
	sched_change_state(v, v->state, state, now);
}

/* Put into the policy's queue, and take out of it. Run queue locked. */
void rq_enqueue(struct runqueue *rq, struct vcpu *v, enum sched_why why);
void rq_dequeue(struct runqueue *rq, struct vcpu *v);
/* `v` was put into `rq`: preempt the running VCPU, or update its slice. */
void rq_check_preempt(struct runqueue *rq, struct vcpu *v);
/* Make the CPU of `rq` pick again. Run queue locked. */
void rq_resched(struct runqueue *rq);
/* The timer calls it at slice_end or later: `now`. */
void rq_slice_tick(ticks_t now);

/* Find a queue for unplaced `v` of `rq`, which is locked, and is unlocked
 * afterwards. */
void sched_place(struct vcpu *v, struct runqueue *rq, enum sched_why why);
/* `v` is being switched out and cannot be placed yet: finish_switch() is to
 * place it. False if the switch has ended by now. Run queue locked. */
bool sched_defer(struct vcpu *v);

/* Restore interrupts after a wakeup, and switch if that is possible now. */
void sched_irq_restore(unsigned long flags);

/* CPUs of which sched_even() looks at the queues at a time. */
#define SCHED_EVEN_CPUS 2

/* Idle CPUs. sched_pull(): take a ready VCPU from a busy CPU. Interrupts
 * masked, no lock held. */
extern uint64_t idle_cpus[DIV_ROUND_UP(CONFIG_MAX_CPUS, 64)]; /* a hint */

static inline bool idle_any(void)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(idle_cpus); i++) {
		any |= READ_ONCE(idle_cpus[i]);
	}
	return any != 0;
}

void idle_mark(unsigned int cpu);
/* Find an idle CPU in `m` and claim it; -1. */
int idle_claim(const struct cpumask *m);
bool sched_pull(void);
/* Ask the policy for VCPUs that ought to go from this CPU, whose queue that is,
 * to other busy ones; at most one to each. Interrupts masked, no lock held. */
void sched_even(struct runqueue *from);
/* sched_block() of an idle VCPU (start-up code), and of a guest's while
 * nobody else is ready. Interrupts masked. */
void sched_idle_block(struct vcpu *v);
void sched_block_in_place(struct vcpu *v);

/* List of all VCPUs; assigns the id. */
void sched_list_add(struct vcpu *v);
extern struct spinlock sched_list_lock;

/*
 * Protects which CPUs and VCPUs are in which pool. It is taken after the list's
 * lock and before run queues'. VCPUs that are promised something
 * (sched_promised()), and what they are promised, change with the mutex
 * sched_admission held too, which is taken before all spinlocks.
 */
extern struct spinlock sched_pools_lock;
extern struct mutex sched_admission;
extern struct sched_pool sched_default_pool;
extern struct cpumask sched_cpus; /* in any pool; grows at start-up */
extern struct list sched_pools;   /* in order of creation; the default first */

static inline bool sched_promised(const struct vcpu *v)
{
	return v->guest || v->params.period || v->params.windows;
}

/* A CPU gets its queue's pool and policy. Start-up. */
void pool_add_cpu(struct runqueue *rq);
/* The CPU of `rq`, which has no VCPUs, begins with `policy`. Its queue is
 * locked, or the CPU is in no pool yet. */
void pool_begin(struct runqueue *rq, const struct sched_policy *policy,
		void *data);
/* The CPU of `rq`, with all its VCPUs, gets `policy`. sched_admission held,
 * thread context, no spinlock held. */
void pool_change_cpu(struct runqueue *rq, const struct sched_policy *policy,
		     void *data);
/* Put `v` into the pool, and bind it to `home` (-1: to none). It leaves a CPU
 * that it may no longer run on. Pools locked. */
void sched_bind(struct vcpu *v, struct sched_pool *pool, int32_t home);
/* The same, with its run queue locked, which is unlocked afterwards. */
void sched_bind_locked(struct vcpu *v, struct runqueue *rq,
		       struct sched_pool *pool, int32_t home);
/* Apply a change of the pool's CPUs or policy to its VCPUs that are bound to no
 * CPU, one after the other. Threads that the policy does not take go to the
 * default pool. No lock held. */
void pool_bind_others(struct sched_pool *pool);
/* NULL, with the reason in `why`, if there is no such policy. */
const struct sched_policy *pool_find_policy(const char *name,
					    struct sched_refusal *why);
/* That policy's data for a new pool. */
int pool_new_data(const struct sched_policy *policy, const char *options,
		  void **data, struct sched_refusal *why);
void pool_free_data(const struct sched_policy *policy, void *data);
/* Give `pool` exactly `cpus`, which may be none, and change the other pools
 * accordingly; see sched_pool_set_cpus(). sched_admission held. */
int pool_recut(struct sched_pool *pool, const struct cpumask *cpus,
	       struct sched_refusal *why);

/* Give `v` parameters that were admitted. Its run queue, `rq`, locked. */
void sched_change_params(struct runqueue *rq, struct vcpu *v,
			 const struct sched_params *p);

/* As sched_pause() and sched_resume(), but independent of an operator's. */
void sched_freeze(struct vcpu *v);
void sched_thaw(struct vcpu *v);

/* `v` is off or dead: wake those that wait for it, or have it freed. No lock
 * held. */
void sched_gone(struct vcpu *v, enum vcpu_state state, bool joinable);
void thread_reap(struct vcpu *v);

/* The policy with which every CPU starts: policy_prio.c. */
extern const struct sched_policy sched_policy_prio;

#endif
