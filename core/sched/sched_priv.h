/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the scheduler. */
#ifndef CORE_SCHED_PRIV_H
#define CORE_SCHED_PRIV_H

#include <arch/ipi.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>

static inline struct runqueue *rq_of(unsigned int cpu)
{
	return percpu_table[cpu]->rq;
}

static inline bool vcpu_is_idle(const struct vcpu *v)
{
	return percpu_table[v->cpu]->idle == v;
}

/* May CPU `cpu` be given VCPUs? */
static inline bool cpu_usable(unsigned int cpu)
{
	return cpu_online(cpu) && percpu_table[cpu]->rq;
}

/* A CPU is still switching away from `v`, whose registers and stack are
 * complete once this is false. */
static inline bool vcpu_leaving(const struct vcpu *v)
{
	return __atomic_load_n(&v->on_cpu, __ATOMIC_ACQUIRE) != ON_CPU_NO;
}

/* Ready, and nobody has put it into a queue. */
static inline bool vcpu_unplaced(const struct vcpu *v)
{
	return v->state == VCPU_READY && !v->queued && !v->paused;
}

/* The run queue `v` belongs to, locked. Interrupts masked. */
struct runqueue *rq_lock_of(struct vcpu *v);
/* Two queues, in order of CPU; `held` of the two is locked already. True if
 * it was let go in between. */
bool rq_lock_other(struct runqueue *held, struct runqueue *other);

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
	} else if (v->paused) {
		v->times.paused += spent;
	} else if (was == VCPU_READY) {
		v->times.ready += spent;
	} else {
		v->times.blocked += spent;
	}
}

static inline void sched_account(struct vcpu *v, ticks_t now)
{
	sched_account_as(v, v->state, now);
}

/* From `was` (a constant: on hot paths) or any state to `state`. */
static inline void sched_change_state(struct vcpu *v, enum vcpu_state was,
				      enum vcpu_state state, ticks_t now)
{
	sched_account_as(v, was, now);
	WRITE_ONCE(v->state, state);
}

static inline void sched_set_state(struct vcpu *v, enum vcpu_state state,
				   ticks_t now)
{
	sched_change_state(v, v->state, state, now);
}

/* In and out of the policy's queue. Run queue locked. */
void rq_enqueue(struct runqueue *rq, struct vcpu *v, bool preempted);
void rq_dequeue(struct runqueue *rq, struct vcpu *v);
/* `v` was put into `rq`: preempt what runs, or see to its slice. */
void rq_check_preempt(struct runqueue *rq, struct vcpu *v);
/* Make rq's CPU choose again. Run queue locked. */
void rq_resched(struct runqueue *rq);
/* Ask for tick() in time. Run queue locked. */
void rq_update_slice(struct runqueue *rq);
void rq_slice_tick(struct timer *t);

/* Find a queue for unplaced `v` of `rq`, which is locked, and is unlocked
 * afterwards. */
void sched_place(struct vcpu *v, struct runqueue *rq);
/* `v` is being left and cannot be placed yet: leave it to finish_switch().
 * False if it has been left meanwhile. Run queue locked. */
bool sched_defer(struct vcpu *v);
/* OFF and not leaving -> READY; unlocks. */
void sched_start_locked(struct vcpu *v, struct runqueue *rq);

/* Restore interrupts after a wakeup, and switch if that is possible here. */
void sched_irq_restore(unsigned long flags);

/* Idle CPUs. sched_pull(): take a ready VCPU from a busy CPU. Interrupts
 * masked, no lock held. */
void idle_mark(unsigned int cpu);
/* Find an idle CPU in `m` and claim it; -1. */
int idle_claim(const struct cpumask *m);
bool sched_pull(void);
/* sched_block() of an idle VCPU (start-up code), and of a guest's while
 * nobody else is ready. Interrupts masked. */
void sched_idle_block(struct vcpu *v);
void sched_block_in_place(struct vcpu *v);

/* List of all VCPUs; assigns the id. */
void sched_list_add(struct vcpu *v);

/* `v` is off, or dead; tell who waits, have it freed. No lock held. */
void sched_gone(struct vcpu *v, enum vcpu_state state, bool joinable);
void thread_reap(struct vcpu *v);

/* What every CPU starts with: policy_prio.c. */
extern const struct sched_policy sched_policy_prio;

#endif
