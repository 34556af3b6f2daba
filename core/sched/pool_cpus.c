/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving CPUs between pools. First the policy of each pool that would lose CPUs
 * is asked whether it can keep its promises without them. Then the CPUs leave
 * their pools, and their VCPUs move to other CPUs. Once empty, the CPUs join
 * their new pools.
 */
#include "admit_priv.h"

#include <core/heap.h>
#include <core/time.h>
#include <libs/error.h>
#include <string.h>

/* VCPUs leave a CPU at the end of a trap, or of a section without preemption:
 * one that has not left after this time never will. */
#define LEAVE_MS 2000

struct recut {
	struct sched_pool *pool; /* is to have `cpus` */
	const struct cpumask *cpus;
	struct cpumask moved; /* CPUs that change pools */
	struct list plans;    /* of pools that lose CPUs */
	struct sched_refusal *why;
};

/* The CPUs of `a` without those of `b`. */
static struct cpumask cpumask_without(const struct cpumask *a,
				      const struct cpumask *b)
{
	struct cpumask m;

	for (unsigned int i = 0; i < ARRAY_SIZE(m.bits); i++) {
		m.bits[i] = a->bits[i] & ~b->bits[i];
	}
	return m;
}

/* The CPUs of pool `q` afterwards. Those `pool` gives up go to the default
 * one. */
static struct cpumask then(const struct recut *r, const struct sched_pool *q)
{
	struct cpumask given = cpumask_without(&r->pool->cpus, r->cpus);
	struct cpumask m;

	if (q == r->pool) {
		return *r->cpus;
	}
	m = cpumask_without(&q->cpus, r->cpus);
	for (unsigned int i = 0;
	     q == &sched_default_pool && i < ARRAY_SIZE(m.bits); i++) {
		m.bits[i] |= given.bits[i];
	}
	return m;
}

/* --- asking -------------------------------------------------------------- */

static int can_lose(struct recut *r, struct sched_pool *q,
		    const struct cpumask *cpus)
{
	struct plan *p;
	int err;

	if (cpumask_empty(cpus) && (q != r->pool || !cpumask_empty(r->cpus))) {
		sched_refuse(r->why, "pool '%s' would have no CPU any more%s",
			     q->name,
			     q == &sched_default_pool
				     ? ""
				     : "; 'sched pool destroy' ends it");
		return -ERR_BUSY;
	}
	p = heap_alloc(sizeof(*p));
	if (!p) {
		return -ERR_NOMEM;
	}
	err = plan_begin(p, q, NULL, NULL, r->why);
	list_append(&r->plans, &p->node);
	if (!err) {
		plan_set_cpus(p, cpus);
		err = plan_admit(p, false);
	}
	return err;
}

static int ask(struct recut *r)
{
	struct sched_pool *q;
	int err = 0;

	list_for_each(q, &sched_pools, node) {
		struct cpumask after = then(r, q);
		struct cpumask lost = cpumask_without(&q->cpus, &after);

		if (cpumask_empty(&lost)) {
			continue;
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(lost.bits); i++) {
			r->moved.bits[i] |= lost.bits[i];
		}
		err = can_lose(r, q, &after);
		if (err) {
			break;
		}
	}
	return err;
}

/* --- doing --------------------------------------------------------------- */

static void set_cpus(struct sched_pool *pool, const struct cpumask *cpus)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		n += cpumask_test(cpus, i);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(cpus->bits); i++) {
		WRITE_ONCE(pool->cpus.bits[i], cpus->bits[i]);
	}
	WRITE_ONCE(pool->nr_cpus, n);
}

static void set_cpus_alone(struct sched_pool *pool, const struct cpumask *cpus)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	set_cpus(pool, cpus);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
}

/* From now on no VCPU is placed there; those that are leave. */
static void take_out(struct recut *r)
{
	struct plan *p;

	list_for_each(p, &r->plans, node) {
		struct cpumask kept =
			cpumask_without(&p->pool->cpus, &r->moved);

		set_cpus_alone(p->pool, &kept);
		plan_bind(p);
		if (!cpumask_empty(&kept)) {
			pool_bind_others(p->pool);
		}
	}
}

struct stragglers {
	const struct recut *r;
	unsigned int count;
};

static void straggler(struct vcpu *v, void *arg)
{
	struct stragglers *s = arg;

	if (vcpu_is_idle(v) || !cpumask_test(&s->r->moved, READ_ONCE(v->cpu))) {
		return;
	}
	s->count++;
	spin_lock(&sched_pools_lock);
	sched_bind(v, v->pool, v->home);
	spin_unlock(&sched_pools_lock);
}

/* True once no VCPU belongs to the moved CPUs. None comes back to them, since
 * none may run there: so it does not matter that this looks at a few at a
 * time. */
static bool left(const struct recut *r)
{
	struct stragglers s = { .r = r };

	sched_for_each(straggler, &s);
	return s.count == 0;
}

static bool wait_for_leaving(const struct recut *r)
{
	ticks_t end = time_now() + ms_to_ticks(LEAVE_MS);

	while (!left(r)) {
		if (time_now() > end) {
			return false;
		}
		sleep_ms(1);
	}
	return true;
}

static void join(struct sched_pool *pool, const struct cpumask *cpus)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);
	struct cpumask all = pool->cpus;

	for (unsigned int i = 0; i < cpu_count; i++) {
		struct runqueue *rq;

		if (!cpumask_test(cpus, i) || cpumask_test(&all, i)) {
			continue;
		}
		rq = rq_of(i);
		spin_lock(&rq->lock);
		rq->now = time_now();
		rq->pool = pool;
		pool_begin(rq, pool->policy, pool->data);
		rq_resched(rq);
		spin_unlock(&rq->lock);
		cpumask_set(&all, i);
	}
	set_cpus(pool, &all);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
	pool_bind_others(pool);
}

/* The CPUs could not be emptied: `pool` keeps its own. */
static void put_back(const struct recut *r, struct sched_pool *pool)
{
	struct cpumask all = pool->cpus;

	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpumask_test(&r->moved, i) && rq_of(i)->pool == pool) {
			cpumask_set(&all, i);
		}
	}
	set_cpus_alone(pool, &all);
	pool_bind_others(pool);
}

/* Each CPU joins its new pool, or goes back to its old one. */
static void put_in(const struct recut *r, bool ok)
{
	struct cpumask got = cpumask_and(&r->moved, r->cpus);
	struct cpumask given = cpumask_without(&r->moved, r->cpus);
	struct plan *p;

	if (ok) {
		join(r->pool, &got);
		join(&sched_default_pool, &given);
	} else {
		list_for_each(p, &r->plans, node) {
			put_back(r, p->pool);
		}
	}
}

int pool_recut(struct sched_pool *pool, const struct cpumask *cpus,
	       struct sched_refusal *why)
{
	struct recut r = { .pool = pool, .cpus = cpus, .why = why };
	struct plan *p, *tmp;
	int err;

	mutex_assert_held(&sched_admission);
	list_init(&r.plans);
	err = ask(&r);
	if (!err && !cpumask_empty(&r.moved)) {
		bool ok;

		take_out(&r);
		ok = wait_for_leaving(&r);
		put_in(&r, ok);
		err = ok ? 0 : -ERR_TIMEOUT;
	}
	list_for_each_safe(p, tmp, &r.plans, node) {
		plan_end(p);
		heap_free(p);
	}
	return err;
}

int sched_pool_set_cpus(struct sched_pool *pool, const struct cpumask *cpus,
			struct sched_refusal *why)
{
	struct cpumask given = cpumask_without(&pool->cpus, cpus);
	int err;

	if (cpumask_empty(cpus)) {
		sched_refuse(why, "a pool needs at least one CPU");
		return -ERR_INVAL;
	}
	if (pool == &sched_default_pool && !cpumask_empty(&given)) {
		sched_refuse(why, "CPUs leave the default pool by joining "
				  "another one");
		return -ERR_INVAL;
	}
	mutex_lock(&sched_admission);
	err = pool_recut(pool, cpus, why);
	mutex_unlock(&sched_admission);
	return err;
}
