/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving a pool another policy, and moving VCPUs to another pool. */
#include "admit_priv.h"

#include <libs/error.h>
#include <string.h>

/* --- another policy ------------------------------------------------------ */

struct change {
	struct plan plan;
	void *data;
	struct runqueue *rq; /* the one that is being changed */
};

static bool concerns(const struct change *c, const struct vcpu *v)
{
	return READ_ONCE(v->cpu) == c->rq->cpu && v != c->rq->idle;
}

static bool runs_there(const struct runqueue *rq, const struct vcpu *v)
{
	return rq->curr == v && !rq->idling;
}

/* `queued` and nr_ready stay as they are until the new policy has it. */
static void leave_one(struct vcpu *v, void *arg)
{
	struct change *c = arg;
	struct runqueue *rq = c->rq;

	if (!concerns(c, v)) {
		return;
	}
	if (v->queued == QUEUED_PARKED) {
		sched_unpark(rq, v);
	}
	if (v->queued != NOT_QUEUED) {
		rq->policy->dequeue(rq, v);
	} else if (runs_there(rq, v)) {
		rq_stops(rq, v, SCHED_MOVED);
	}
	rq_leave(rq, v);
	memset(v->sched_data, 0, sizeof(v->sched_data));
}

static void join_one(struct vcpu *v, void *arg)
{
	struct change *c = arg;
	struct runqueue *rq = c->rq;

	if (!concerns(c, v)) {
		return;
	}
	rq_join(rq, v);
	if (v->queued != NOT_QUEUED) {
		rq->policy->enqueue(rq, v, SCHED_MOVED);
	} else if (runs_there(rq, v)) {
		rq_runs(rq, v);
	}
}

static void change_cpu(struct change *c)
{
	struct runqueue *rq = c->rq;

	spin_lock(&rq->lock);
	rq->now = time_now();
	sched_for_each_locked(leave_one, c);
	pool_begin(rq, c->plan.policy, c->data);
	sched_for_each_locked(join_one, c);
	rq_resched(rq);
	spin_unlock(&rq->lock);
}

/*
 * For each CPU this walks all VCPUs twice with interrupts masked, which is a
 * few instructions for each VCPU, and happens only by an operator's command.
 * Only one CPU's queue is locked at a time.
 */
static void change_locked(struct change *c)
{
	struct sched_pool *pool = c->plan.pool;

	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpumask_test(&pool->cpus, i)) {
			c->rq = rq_of(i);
			change_cpu(c);
		}
	}
	pool->policy = c->plan.policy;
	pool->data = c->data;
	plan_bind(&c->plan);
}

static void change(struct change *c)
{
	unsigned long flags = spin_lock_irqsave(&sched_list_lock);

	spin_lock(&sched_pools_lock);
	change_locked(c);
	pool_bind_others(c->plan.pool);
	spin_unlock(&sched_pools_lock);
	spin_unlock(&sched_list_lock);
	sched_irq_restore(flags);
	plan_settle(&c->plan);
}

/* c->data is the new policy's data. On success it is the old policy's. */
static int set_policy(struct change *c, struct sched_pool *pool,
		      const struct sched_policy *policy, bool force,
		      struct sched_refusal *why)
{
	void *old = pool->data;
	int err = plan_begin(&c->plan, pool, NULL, NULL, why);

	if (!err) {
		c->plan.policy = policy;
		c->plan.set.data = c->data;
		err = plan_admit(&c->plan, force);
	}
	if (!err) {
		change(c);
		c->data = old;
	}
	plan_end(&c->plan);
	return err;
}

int sched_pool_set_policy(struct sched_pool *pool,
			  const struct sched_choice *choice,
			  struct sched_refusal *why)
{
	const struct sched_policy *policy =
		pool_find_policy(choice->policy, why);
	const struct sched_policy *unused;
	struct change c = { 0 };
	int err;

	if (!policy) {
		return -ERR_NOENT;
	}
	mutex_lock(&sched_admission);
	unused = pool->policy;
	err = pool_new_data(policy, choice->options, &c.data, why);
	if (!err) {
		err = set_policy(&c, pool, policy, choice->force, why);
		pool_free_data(err ? policy : unused, c.data);
	}
	mutex_unlock(&sched_admission);
	return err;
}

/* --- another pool -------------------------------------------------------- */

struct move {
	struct sched_pool *pool;
	const struct vcpu *v; /* NULL: all of the group */
	const struct sched_group *group;
};

static bool moves(const struct move *m, const struct vcpu *v)
{
	if (m->v) {
		return v == m->v;
	}
	return v->group == m->group &&
	       (v->guest || !m->pool->policy->guests_only);
}

static bool in_pool_then(const struct vcpu *v, void *ctx)
{
	const struct move *m = ctx;

	return v->pool == m->pool || moves(m, v);
}

static void move_thread(struct vcpu *v, void *arg)
{
	const struct move *m = arg;

	if (!vcpu_is_idle(v) && !sched_promised(v) && v->pool != m->pool &&
	    moves(m, v)) {
		sched_bind(v, m->pool, -1);
	}
}

static void move_all(struct plan *p, struct move *m)
{
	unsigned long flags = spin_lock_irqsave(&sched_list_lock);

	spin_lock(&sched_pools_lock);
	plan_bind(p);
	sched_for_each_locked(move_thread, m);
	spin_unlock(&sched_pools_lock);
	spin_unlock(&sched_list_lock);
	sched_irq_restore(flags);
	plan_settle(p);
}

int sched_pool_move(struct sched_pool *pool, struct vcpu *v,
		    const struct sched_group *group, bool force,
		    struct sched_refusal *why)
{
	struct move m = { .pool = pool, .v = v, .group = group };
	struct plan p;
	int err;

	mutex_lock(&sched_admission);
	err = plan_begin(&p, pool, in_pool_then, &m, why);
	if (!err) {
		err = plan_admit(&p, force);
	}
	if (!err) {
		move_all(&p, &m);
	}
	plan_end(&p);
	mutex_unlock(&sched_admission);
	return err;
}

struct by_id {
	struct sched_pool *pool;
	uint32_t id;
	bool found;
};

static void move_by_id(struct vcpu *v, void *arg)
{
	struct by_id *b = arg;

	if (v->id == b->id && !vcpu_is_idle(v) && !sched_promised(v)) {
		b->found = true;
		sched_bind(v, b->pool, -1);
	}
}

int sched_pool_move_thread(struct sched_pool *pool, uint32_t id,
			   struct sched_refusal *why)
{
	struct by_id b = { .pool = pool, .id = id };
	unsigned long flags;
	int err = 0;

	mutex_lock(&sched_admission);
	if (pool->policy->guests_only) {
		sched_refuse(why, "policy '%s' takes guests' VCPUs only",
			     pool->policy->name);
		err = -ERR_INVAL;
	} else {
		flags = spin_lock_irqsave(&sched_list_lock);
		spin_lock(&sched_pools_lock);
		sched_for_each_locked(move_by_id, &b);
		spin_unlock(&sched_pools_lock);
		spin_unlock(&sched_list_lock);
		sched_irq_restore(flags);
	}
	mutex_unlock(&sched_admission);
	if (!err && !b.found) {
		sched_refuse(why, "there is no such thread of the hypervisor "
				  "without a budget; 'thread list' has them");
		err = -ERR_NOENT;
	}
	return err;
}
