/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving a pool another policy, and moving VCPUs to another pool. */
#include "admit_priv.h"

#include <libs/error.h>

/* --- another policy ------------------------------------------------------ */

struct change {
	struct plan plan;
	void *data;
};

/* From now on CPUs that come into the pool begin with the new policy. */
static void set_pool(struct sched_pool *pool, const struct sched_policy *policy,
		     void *data)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	pool->policy = policy;
	pool->data = data;
	spin_unlock_irqrestore(&sched_pools_lock, flags);
}

/* Until the last CPU is done, there are two policies in the pool. */
static void change(struct change *c)
{
	struct sched_pool *pool = c->plan.pool;

	set_pool(pool, c->plan.policy, c->data);
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpumask_test(&pool->cpus, i)) {
			pool_change_cpu(rq_of(i), c->plan.policy, c->data);
		}
	}
	plan_bind(&c->plan);
	pool_bind_others(pool);
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
	/* Else the pool has the only policy that there is. */
	if (!err && IS_ENABLED(CONFIG_SCHED_POLICIES)) {
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

	spin_lock(&sched_pools_lock);
	if (!vcpu_is_idle(v) && !sched_promised(v) && v->pool != m->pool &&
	    moves(m, v)) {
		sched_bind(v, m->pool, -1);
	}
	spin_unlock(&sched_pools_lock);
}

static void move_all(struct plan *p, struct move *m)
{
	plan_bind(p);
	sched_for_each(move_thread, m);
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
		spin_lock(&sched_pools_lock);
		sched_bind(v, b->pool, -1);
		spin_unlock(&sched_pools_lock);
	}
}

int sched_pool_move_thread(struct sched_pool *pool, uint32_t id,
			   struct sched_refusal *why)
{
	struct by_id b = { .pool = pool, .id = id };
	int err = 0;

	mutex_lock(&sched_admission);
	if (pool->policy->guests_only) {
		sched_refuse(why, "policy '%s' takes guests' VCPUs only",
			     pool->policy->name);
		err = -ERR_INVAL;
	} else {
		sched_for_each(move_by_id, &b);
	}
	mutex_unlock(&sched_admission);
	if (!err && !b.found) {
		sched_refuse(why, "there is no such thread of the hypervisor "
				  "without a budget; 'thread list' has them");
		err = -ERR_NOENT;
	}
	return err;
}
