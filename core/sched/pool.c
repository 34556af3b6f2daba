/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of CPUs: the list of them, creation and destruction. */
#include "admit_priv.h"

#include <core/heap.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

REGISTRY_DEFINE(sched_policy);

struct spinlock sched_pools_lock = SPINLOCK_INIT(LOCK_SCHED_POOL);
struct cpumask sched_cpus;
struct sched_pool sched_default_pool = {
	.name = "default",
	.node = { &sched_pools, &sched_pools },
	.policy = &sched_policy_prio,
};
struct list sched_pools = {
	&sched_default_pool.node,
	&sched_default_pool.node,
};

/*
 * [M] The memory of destroyed pools, kept for new ones because a CPU reads its
 * pool without a lock. There are never more of them than CPUs.
 */
static struct list spare_pools = LIST_INIT(spare_pools);

static struct sched_pool *find_locked(const char *name)
{
	struct sched_pool *pool;

	list_for_each(pool, &sched_pools, node) {
		if (strcmp(pool->name, name) == 0) {
			return pool;
		}
	}
	return NULL;
}

struct sched_pool *sched_pool_find(const char *name)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);
	struct sched_pool *pool = find_locked(name);

	spin_unlock_irqrestore(&sched_pools_lock, flags);
	return pool;
}

/* --- its policy ---------------------------------------------------------- */

const struct sched_policy *pool_find_policy(const char *name,
					    struct sched_refusal *why)
{
	const struct sched_policy *it;

	registry_for_each(sched_policy, it) {
		if (strcmp(it->name, name) == 0) {
			return it;
		}
	}
	sched_refuse(why,
		     "there is no policy '%s'; 'sched policies' lists them",
		     name);
	return NULL;
}

int pool_new_data(const struct sched_policy *policy, const char *options,
		  void **data, struct sched_refusal *why)
{
	*data = NULL;
	if (policy->pool_init) {
		return policy->pool_init(data, options ? options : "", why);
	}
	if (options && *options) {
		sched_refuse(why, "policy '%s' has no options", policy->name);
		return -ERR_INVAL;
	}
	return 0;
}

void pool_free_data(const struct sched_policy *policy, void *data)
{
	if (policy->pool_fini) {
		policy->pool_fini(data);
	}
}

/* --- CPUs at start-up ---------------------------------------------------- */

void pool_begin(struct runqueue *rq, const struct sched_policy *policy,
		void *data)
{
	rq->policy = policy;
	rq_set_hooks(rq);
	rq->pool_data = data;
	rq->epoch++;
	rq->slice_end = 0;
	memset(rq->data, 0, sizeof(rq->data));
	policy->cpu_init(rq);
}

void pool_add_cpu(struct runqueue *rq)
{
	struct sched_pool *pool = &sched_default_pool;
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	rq->pool = pool;
	pool_begin(rq, pool->policy, pool->data);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
}

static void bind_other(struct vcpu *v, void *arg)
{
	struct sched_pool *pool = arg;

	spin_lock(&sched_pools_lock);
	if (v->pool == pool && !vcpu_is_idle(v) && v->home < 0) {
		sched_bind(v,
			   pool->policy->guests_only && !v->guest
				   ? &sched_default_pool
				   : pool,
			   -1);
	}
	spin_unlock(&sched_pools_lock);
}

void pool_bind_others(struct sched_pool *pool)
{
	sched_for_each(bind_other, pool);
}

void sched_cpu_online(void)
{
	struct runqueue *rq = this_cpu()->rq;
	struct sched_pool *pool = rq->pool;
	uint64_t *word = &pool->cpus.bits[rq->cpu / 64];
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	/* The pool's policy may have changed since the queue was created; the
	 * queue has no VCPU yet. */
	if (rq->policy != pool->policy || rq->pool_data != pool->data) {
		pool_begin(rq, pool->policy, pool->data);
	}
	/* Code that finds the CPU in the pool also finds its queue. */
	WRITE_ONCE(pool->nr_cpus, pool->nr_cpus + 1);
	__atomic_store_n(word, *word | BIT(rq->cpu % 64), __ATOMIC_RELEASE);
	cpumask_set(&sched_cpus, rq->cpu);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
	pool_bind_others(pool);
}

/* --- creation and destruction -------------------------------------------- */

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_') {
			return false;
		}
	}
	return n > 0 && n < SCHED_POOL_NAME;
}

static struct sched_pool *pool_get(void)
{
	struct sched_pool *pool;

	if (list_empty(&spare_pools)) {
		return heap_alloc(sizeof(*pool));
	}
	pool = list_first(&spare_pools, struct sched_pool, node);
	list_remove(&pool->node);
	memset(pool, 0, sizeof(*pool));
	return pool;
}

static void link(struct sched_pool *pool)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	list_append(&sched_pools, &pool->node);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
}

/* `pool` has no CPUs left. */
static void discard(struct sched_pool *pool)
{
	unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

	list_remove(&pool->node);
	spin_unlock_irqrestore(&sched_pools_lock, flags);
	pool_free_data(pool->policy, pool->data);
	list_push(&spare_pools, &pool->node);
}

static int create(const char *name, const struct cpumask *cpus,
		  const struct sched_choice *choice, struct sched_refusal *why)
{
	const struct sched_policy *policy =
		pool_find_policy(choice->policy, why);
	struct sched_pool *pool;
	int err;

	if (!policy) {
		return -ERR_NOENT;
	}
	if (sched_pool_find(name)) {
		sched_refuse(why, "there is a pool '%s' already", name);
		return -ERR_EXIST;
	}
	pool = pool_get();
	if (!pool) {
		return -ERR_NOMEM;
	}
	(void)snprintf(pool->name, sizeof(pool->name), "%s", name);
	pool->policy = policy;
	err = pool_new_data(policy, choice->options, &pool->data, why);
	if (err) {
		list_push(&spare_pools, &pool->node);
		return err;
	}
	link(pool);
	err = pool_recut(pool, cpus, why);
	if (err) {
		discard(pool);
	}
	return err;
}

int sched_pool_create(const char *name, const struct cpumask *cpus,
		      const struct sched_choice *choice,
		      struct sched_refusal *why)
{
	int err;

	if (!name_ok(name)) {
		sched_refuse(why,
			     "'%s' is no name of a pool: 1 to %d letters, "
			     "digits, '-' and '_'",
			     name, SCHED_POOL_NAME - 1);
		return -ERR_INVAL;
	}
	if (cpumask_empty(cpus)) {
		sched_refuse(why, "a pool needs at least one CPU");
		return -ERR_INVAL;
	}
	mutex_lock(&sched_admission);
	err = create(name, cpus, choice, why);
	mutex_unlock(&sched_admission);
	return err;
}

struct members {
	const struct sched_pool *pool;
	unsigned int vcpus, threads;
};

static void member(struct vcpu *v, void *arg)
{
	struct members *m = arg;

	if (!vcpu_is_idle(v) && v->pool == m->pool) {
		*(v->guest ? &m->vcpus : &m->threads) += 1;
	}
}

int sched_pool_destroy(struct sched_pool *pool, struct sched_refusal *why)
{
	const struct cpumask none = { 0 };
	struct members m = { .pool = pool };
	int err;

	if (pool == &sched_default_pool) {
		sched_refuse(why, "the default pool stays");
		return -ERR_INVAL;
	}
	mutex_lock(&sched_admission);
	sched_for_each(member, &m);
	if (m.vcpus || m.threads) {
		sched_refuse(why,
			     "%u VCPUs and %u threads are in pool '%s'; 'sched "
			     "pool move' takes them to another",
			     m.vcpus, m.threads, pool->name);
		err = -ERR_BUSY;
	} else {
		err = pool_recut(pool, &none, why);
	}
	if (!err) {
		discard(pool);
	}
	mutex_unlock(&sched_admission);
	return err;
}

static struct sched_pool *nth(unsigned int n)
{
	struct sched_pool *pool;

	list_for_each(pool, &sched_pools, node) {
		if (n-- == 0) {
			return pool;
		}
	}
	return NULL;
}

/* Does the pool promise more than its policy would admit now? */
static bool exceeded(struct sched_pool *pool)
{
	struct sched_refusal unused;
	struct plan p;
	int err = plan_begin(&p, pool, NULL, NULL, &unused);

	if (!err) {
		err = plan_admit(&p, false);
	}
	plan_end(&p);
	return err == -ERR_BUSY;
}

bool sched_pool_nth(unsigned int n, struct sched_pool_info *out)
{
	struct sched_pool *pool;
	struct members m = { 0 };

	mutex_lock(&sched_admission);
	pool = nth(n);
	if (pool) {
		m.pool = pool;
		memset(out, 0, sizeof(*out));
		memcpy(out->name, pool->name, sizeof(out->name));
		out->cpus = pool->cpus;
		out->policy = pool->policy->name;
		if (pool->policy->describe) {
			pool->policy->describe(pool->data, out->details,
					       sizeof(out->details));
		}
		sched_for_each(member, &m);
		out->vcpus = m.vcpus;
		out->threads = m.threads;
		out->exceeded = exceeded(pool);
	}
	mutex_unlock(&sched_admission);
	return pool != NULL;
}
