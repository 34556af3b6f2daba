/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admission: what a pool would promise is checked by its policy, then
 * applied. */
#include "admit_priv.h"

#include <arch/vcpu.h>
#include <core/heap.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct mutex sched_admission = MUTEX_INIT(sched_admission);

/* Tasks of a plan that are changed with interrupts masked. */
#define PLAN_BATCH 16

void sched_refuse(struct sched_refusal *why, const char *fmt, ...)
{
	va_list args;

	if (why) {
		va_start(args, fmt);
		(void)vsnprintf(why->text, sizeof(why->text), fmt, args);
		va_end(args);
	}
}

struct walk {
	struct plan *plan;
	bool (*in)(const struct vcpu *v, void *ctx);
	void *ctx;
	unsigned int count;
};

static bool concerns(const struct walk *w, const struct vcpu *v)
{
	if (vcpu_is_idle(v)) {
		return false;
	}
	return w->in ? w->in(v, w->ctx) : v->pool == w->plan->pool;
}

static void count(struct vcpu *v, void *arg)
{
	struct walk *w = arg;

	w->count += concerns(w, v) && sched_promised(v);
}

static void fill_in(struct sched_task *t, struct vcpu *v, const struct plan *p)
{
	t->v = v;
	t->params = v->params;
	t->cpus = cpumask_and(&v->affinity, &p->set.cpus);
	t->home = v->pool == p->pool ? v->home : -1;
	if (t->home >= 0 && !cpumask_test(&t->cpus, (unsigned int)t->home)) {
		t->home = -1;
	}
}

static void collect(struct vcpu *v, void *arg)
{
	struct walk *w = arg;
	struct sched_set *set = &w->plan->set;

	if (!concerns(w, v)) {
		return;
	}
	if (sched_promised(v)) {
		fill_in(&set->tasks[set->count++], v, w->plan);
	} else {
		set->threads++;
	}
}

int plan_begin(struct plan *p, struct sched_pool *pool,
	       bool (*in)(const struct vcpu *v, void *ctx), void *ctx,
	       struct sched_refusal *why)
{
	struct walk w = { .plan = p, .in = in, .ctx = ctx };

	mutex_assert_held(&sched_admission);
	memset(p, 0, sizeof(*p));
	p->pool = pool;
	p->policy = pool->policy;
	p->set.data = pool->data;
	p->set.cpus = pool->cpus;
	p->set.why = why;
	sched_for_each(count, &w);
	/* sched_admission is held, so no VCPU with a promise comes or goes in
	 * between. One more, for a new VCPU. */
	p->room = w.count + 1;
	p->set.tasks = heap_alloc_array(p->room, sizeof(*p->set.tasks));
	if (!p->set.tasks) {
		return -ERR_NOMEM;
	}
	sched_for_each(collect, &w);
	return 0;
}

void plan_end(struct plan *p)
{
	heap_free(p->set.tasks);
}

struct sched_task *plan_task(struct plan *p, struct vcpu *v)
{
	struct sched_task *t = p->set.tasks;

	for (unsigned int i = 0; i < p->set.count; i++, t++) {
		if (t->v == v) {
			return t;
		}
	}
	assert(p->set.count < p->room);
	p->set.count++;
	fill_in(t, v, p);
	return t;
}

void plan_set_cpus(struct plan *p, const struct cpumask *cpus)
{
	p->set.cpus = *cpus;
	for (unsigned int i = 0; i < p->set.count; i++) {
		fill_in(&p->set.tasks[i], p->set.tasks[i].v, p);
	}
}

static int has_cpus(const struct plan *p)
{
	for (unsigned int i = 0; i < p->set.count; i++) {
		const struct sched_task *t = &p->set.tasks[i];

		if (cpumask_empty(&t->cpus)) {
			sched_refuse(p->set.why,
				     "%s: its affinity has no CPU of pool "
				     "'%s'; 'vcpu affinity' changes it",
				     t->v->name, p->pool->name);
			return -ERR_INVAL;
		}
	}
	return 0;
}

int plan_admit(struct plan *p, bool force)
{
	int err = has_cpus(p);

	if (err) {
		return err;
	}
	/* The threads of any other pool move to the default pool. */
	if (p->policy->guests_only && p->pool == &sched_default_pool) {
		sched_refuse(p->set.why,
			     "policy '%s' takes guests' VCPUs only, and pool "
			     "'%s' has %u threads of the hypervisor",
			     p->policy->name, p->pool->name, p->set.threads);
		return -ERR_INVAL;
	}
	if (p->policy->admit) {
		err = p->policy->admit(&p->set);
		return err == -ERR_BUSY && force ? 0 : err;
	}
	for (unsigned int i = 0; i < p->set.count; i++) {
		p->set.tasks[i].home = -1;
	}
	return 0;
}

/* The tasks stay: sched_admission is held. */
void plan_each(struct plan *p,
	       void (*fn)(struct plan *p, const struct sched_task *t))
{
	unsigned int i = 0;

	while (i < p->set.count) {
		unsigned int end = MIN(i + PLAN_BATCH, p->set.count);
		unsigned long flags = spin_lock_irqsave(&sched_pools_lock);

		for (; i < end; i++) {
			fn(p, &p->set.tasks[i]);
		}
		spin_unlock(&sched_pools_lock);
		sched_irq_restore(flags);
	}
}

static void bind_task(struct plan *p, const struct sched_task *t)
{
	sched_bind(t->v, p->pool, t->home);
}

static void bind_moved(struct plan *p, const struct sched_task *t)
{
	if (READ_ONCE(t->v->home) != t->home) {
		bind_task(p, t);
	}
}

void plan_bind(struct plan *p)
{
	plan_each(p, bind_task);
}

void plan_bind_moved(struct plan *p)
{
	plan_each(p, bind_moved);
}

/* Only the CPU that runs a VCPU may change what it traps: stop it first. */
void plan_settle(struct plan *p)
{
	for (unsigned int i = 0; i < p->set.count; i++) {
		struct vcpu *v = p->set.tasks[i].v;

		if (v->guest && v->native_wait != p->policy->native_wait) {
			sched_freeze(v);
			v->native_wait = p->policy->native_wait;
			arch_vcpu_native_wait(v, v->native_wait);
			sched_thaw(v);
		}
	}
}
