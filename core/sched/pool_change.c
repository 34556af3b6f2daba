/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU gets another policy, while its VCPUs run, wake and block. Each of them
 * leaves the old policy, and when all have, each joins the new one. A few do so
 * at a time (sched_for_each()), and interrupts are taken in between.
 *
 * Meanwhile the queue has the policy `changing`. It passes each call on to the
 * policy that the VCPUs are leaving or joining, and keeps VCPUs that are
 * between the two, and would wait for the CPU, parked.
 */
#include "sched_priv.h"

#include <string.h>

/* The one change that there is at a time: sched_admission is held. The fields
 * change with the lock of `rq` held, and only its callbacks look at them. */
static struct {
	struct runqueue *rq;
	const struct sched_policy *policy; /* of VCPUs that are not between */
	bool joining;                      /* that is the new one */
} change;

/* --- what the queue is told ---------------------------------------------- */

static void changing_group_init(struct runqueue *rq, void *data)
{
	(void)rq;
	if (change.policy->group_init) {
		change.policy->group_init(change.rq, data);
	}
}

static void changing_join(struct runqueue *rq, struct vcpu *v)
{
	v->between = !change.joining;
	if (change.joining && change.policy->join) {
		change.policy->join(rq, v);
	}
}

static void changing_leave(struct runqueue *rq, struct vcpu *v)
{
	if (!v->between && change.policy->leave) {
		change.policy->leave(rq, v);
	}
	v->between = false;
}

static void changing_params(struct runqueue *rq, struct vcpu *v,
			    const struct sched_params *old)
{
	if (!v->between && change.policy->params) {
		change.policy->params(rq, v, old);
	}
}

static void changing_enqueue(struct runqueue *rq, struct vcpu *v,
			     enum sched_why why)
{
	if (v->between) {
		sched_park(rq, v);
	} else {
		change.policy->enqueue(rq, v, why);
	}
}

static void changing_dequeue(struct runqueue *rq, struct vcpu *v)
{
	if (!v->between) {
		change.policy->dequeue(rq, v);
	}
}

static struct vcpu *changing_pick(struct runqueue *rq)
{
	return change.policy->pick(rq);
}

static void changing_runs(struct runqueue *rq, struct vcpu *v)
{
	if (!v->between && change.policy->runs) {
		change.policy->runs(rq, v);
	}
}

static void changing_stops(struct runqueue *rq, struct vcpu *v,
			   enum sched_why why)
{
	if (!v->between && change.policy->stops) {
		change.policy->stops(rq, v, why);
	}
}

/* A CPU that is idle, or runs a VCPU that is between, needs no tick before the
 * change ends: it chooses again then. */
static ticks_t changing_slice(struct runqueue *rq, struct vcpu *v)
{
	return v && !v->between ? change.policy->slice(rq, v) : 0;
}

static bool changing_tick(struct runqueue *rq, struct vcpu *v)
{
	return v && !v->between && change.policy->tick(rq, v);
}

static bool changing_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	return !v->between && !cur->between && change.policy->preempts(v, cur);
}

/* The queue is not locked, so this does not look at `change`. */
static uint64_t changing_load(const struct runqueue *rq, const struct vcpu *v)
{
	(void)v;
	return (uint64_t)READ_ONCE(rq->nr_ready) + READ_ONCE(rq->nr_parked) + 1;
}

static struct vcpu *changing_offer(struct runqueue *rq, unsigned int cpu)
{
	(void)rq;
	(void)cpu;
	return NULL;
}

static const struct sched_policy changing = {
	.name = "changing",
	.group_init = changing_group_init,
	.join = changing_join,
	.leave = changing_leave,
	.params = changing_params,
	.enqueue = changing_enqueue,
	.dequeue = changing_dequeue,
	.pick = changing_pick,
	.runs = changing_runs,
	.stops = changing_stops,
	.slice = changing_slice,
	.tick = changing_tick,
	.preempts = changing_preempts,
	.load = changing_load,
	.offer = changing_offer,
};

/* --- the change ---------------------------------------------------------- */

static void set_policy(struct runqueue *rq, const struct sched_policy *policy)
{
	rq->policy = policy;
	rq_set_hooks(rq);
}

static bool concerns(const struct runqueue *rq, const struct vcpu *v)
{
	return READ_ONCE(v->cpu) == rq->cpu && v != rq->idle;
}

static bool runs_there(const struct runqueue *rq, const struct vcpu *v)
{
	return rq->curr == v && !rq->idling;
}

static void leave_old(struct runqueue *rq, struct vcpu *v)
{
	bool queued = v->queued != NOT_QUEUED;

	if (queued) {
		rq_dequeue(rq, v);
	} else if (runs_there(rq, v)) {
		rq_stops(rq, v, SCHED_MOVED);
	}
	rq_leave(rq, v);
	memset(v->sched_data, 0, sizeof(v->sched_data));
	v->between = true;
	if (queued) {
		rq_enqueue(rq, v, SCHED_MOVED);
	}
}

static void join_new(struct runqueue *rq, struct vcpu *v)
{
	bool queued = v->queued != NOT_QUEUED;

	if (queued) {
		rq_dequeue(rq, v);
	}
	rq_join(rq, v);
	if (queued) {
		rq_enqueue(rq, v, SCHED_MOVED);
	} else if (runs_there(rq, v)) {
		rq_runs(rq, v);
	}
}

/* Whoever comes to this CPU meanwhile is as it is to be: changing_join(). */
static void change_one(struct vcpu *v, void *arg)
{
	struct runqueue *rq = arg;

	if (!concerns(rq, v)) {
		return;
	}
	spin_lock(&rq->lock);
	if (concerns(rq, v) && v->between == change.joining) {
		rq->now = time_now();
		if (change.joining) {
			join_new(rq, v);
		} else {
			leave_old(rq, v);
		}
	}
	spin_unlock(&rq->lock);
}

static void begin(struct runqueue *rq)
{
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	change.rq = rq;
	change.policy = rq->policy;
	change.joining = false;
	set_policy(rq, &changing);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* The old policy has no VCPU any more here. */
static void turn(struct runqueue *rq, const struct sched_policy *policy,
		 void *data)
{
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	rq->now = time_now();
	pool_begin(rq, policy, data);
	change.policy = policy;
	change.joining = true;
	set_policy(rq, &changing);
	spin_unlock_irqrestore(&rq->lock, flags);
}

static void end(struct runqueue *rq)
{
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	rq->now = time_now();
	set_policy(rq, change.policy);
	rq_resched(rq);
	spin_unlock_irqrestore(&rq->lock, flags);
}

void pool_change_cpu(struct runqueue *rq, const struct sched_policy *policy,
		     void *data)
{
	/* The caller may be between itself, and would not be picked again. */
	preempt_disable();
	begin(rq);
	sched_for_each(change_one, rq);
	turn(rq, policy, data);
	sched_for_each(change_one, rq);
	end(rq);
	preempt_enable();
}
