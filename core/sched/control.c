/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other code does to VCPUs: list, pause, move, reprioritise, inspect. */
#include "admit_priv.h"

#include <core/sync.h>
#include <core/trace.h>
#include <libs/error.h>
#include <string.h>

struct spinlock sched_list_lock = SPINLOCK_INIT(LOCK_VCPU_LIST);
static struct list vcpus = LIST_INIT(vcpus); /* by id, ascending */

/* VCPUs that sched_for_each() calls its function for with interrupts masked. */
#define SCHED_WALK 16

/* Threads that wait for any VCPU to be off. */
static struct waitqueue off_wait = WAITQUEUE_INIT(off_wait);

/* The lowest free id, since people type ids. */
static void list_add_locked(struct vcpu *v)
{
	struct list *at = &vcpus;
	struct vcpu *pos;

	v->id = 0;
	list_for_each(pos, &vcpus, all_node) {
		if (pos->id != v->id) {
			at = &pos->all_node;
			break;
		}
		v->id++;
	}
	list_append(at, &v->all_node);
	trace_named(TRACE_VCPU, v->id, 0, v->name);
}

void sched_list_add(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&sched_list_lock);

	list_add_locked(v);
	spin_unlock_irqrestore(&sched_list_lock, flags);
}

static bool params_ok(const struct sched_params *p)
{
	return p->priority <= SCHED_PRIO_MAX &&
	       (!IS_ENABLED(CONFIG_SCHED_PARAMS) ||
		(p->weight <= SCHED_WEIGHT_MAX && p->vcpu_cap <= 100)) &&
	       p->budget <= p->period && (p->budget > 0 || p->period == 0) &&
	       (!IS_ENABLED(CONFIG_SCHED_SERVERS) || p->deadline == 0 ||
		(p->budget <= p->deadline && p->deadline <= p->period));
}

/* Add to the list and the pool, on `home` or the first CPU it may run on. List
 * and pools locked. */
static void add_locked(struct vcpu *v, struct sched_pool *pool, int32_t home)
{
	struct runqueue *rq;

	v->pool = pool;
	v->allowed = cpumask_and(&v->affinity, &pool->cpus);
	if (cpumask_empty(&v->allowed)) {
		v->allowed = pool->cpus;
	}
	v->cpu = home >= 0 ? (uint32_t)home : cpumask_first(&v->allowed);
	rq = rq_of(v->cpu);
	spin_lock(&rq->lock);
	rq->now = v->times.since;
	rq_join(rq, v);
	spin_unlock(&rq->lock);
	sched_bind(v, pool, home);
	list_add_locked(v);
}

/* Nothing is promised to it, so no admission is needed. */
static void add_thread(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&sched_list_lock);
	struct sched_pool *pool = v->pool;

	spin_lock(&sched_pools_lock);
	if (!pool || pool->policy->guests_only) {
		pool = &sched_default_pool;
	}
	add_locked(v, pool, -1);
	spin_unlock(&sched_pools_lock);
	spin_unlock_irqrestore(&sched_list_lock, flags);
}

static int add_promised(struct vcpu *v, struct sched_refusal *why)
{
	struct sched_pool *pool = v->pool ? v->pool : &sched_default_pool;
	struct plan p;
	unsigned long flags;
	int err;

	mutex_lock(&sched_admission);
	v->pool = NULL;
	err = plan_begin(&p, pool, NULL, NULL, why);
	if (!err) {
		(void)plan_task(&p, v);
		err = plan_admit(&p, v->params.forced);
	}
	if (!err) {
		flags = spin_lock_irqsave(&sched_list_lock);
		spin_lock(&sched_pools_lock);
		add_locked(v, pool, plan_task(&p, v)->home);
		spin_unlock(&sched_pools_lock);
		spin_unlock_irqrestore(&sched_list_lock, flags);
		plan_bind_moved(&p);
		plan_settle(&p);
	}
	plan_end(&p);
	mutex_unlock(&sched_admission);
	return err;
}

/* Does `m` contain a CPU that is in a pool? */
static bool any_online(const struct cpumask *m)
{
	struct cpumask both = cpumask_and(m, &sched_cpus);

	return !cpumask_empty(&both);
}

int sched_add(struct vcpu *v, struct sched_refusal *why)
{
	if (!params_ok(&v->params) || !any_online(&v->affinity)) {
		return -ERR_INVAL;
	}
	v->state = VCPU_OFF;
	v->on_cpu = ON_CPU_NO;
	v->home = -1;
	v->own_priority = v->params.priority;
	list_init(&v->waited);
	v->times.since = time_now();
	list_init(&v->wait_node);
	if (sched_promised(v)) {
		return add_promised(v, why);
	}
	add_thread(v);
	return 0;
}

/* A walk through the list, which lets go of its lock now and then. */
struct walk {
	struct list node;  /* in `walks` */
	struct list *next; /* the node that comes next */
};

static struct list walks = LIST_INIT(walks);

/* List locked: `v` leaves it. */
static void walks_leave(const struct vcpu *v)
{
	struct walk *w;

	list_for_each(w, &walks, node) {
		if (w->next == &v->all_node) {
			w->next = v->all_node.next;
		}
	}
}

/* Call fn for the next VCPUs. List locked. */
static void walk_on(struct walk *w, void (*fn)(struct vcpu *v, void *arg),
		    void *arg)
{
	for (unsigned int i = 0; i < SCHED_WALK && w->next != &vcpus; i++) {
		struct vcpu *v = list_entry(w->next, struct vcpu, all_node);

		w->next = w->next->next;
		fn(v, arg);
	}
}

void sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg)
{
	unsigned long flags = spin_lock_irqsave(&sched_list_lock);
	struct walk w = { .next = vcpus.next };

	list_append(&walks, &w.node);
	walk_on(&w, fn, arg);
	while (w.next != &vcpus) {
		/* Interrupts, and others that wait for the lock. */
		spin_unlock(&sched_list_lock);
		sched_irq_restore(flags);
		flags = spin_lock_irqsave(&sched_list_lock);
		walk_on(&w, fn, arg);
	}
	list_remove(&w.node);
	spin_unlock(&sched_list_lock);
	sched_irq_restore(flags);
}

void sched_remove(struct vcpu *v)
{
	unsigned long flags;
	struct runqueue *rq;

	assert(v->state == VCPU_OFF || v->state == VCPU_DEAD);
	assert(!vcpu_leaving(v));
	mutex_lock(&sched_admission);
	flags = spin_lock_irqsave(&sched_list_lock);
	rq = rq_lock_of(v);
	rq->now = time_now();
	rq_leave(rq, v);
	spin_unlock(&rq->lock);
	walks_leave(v);
	list_remove(&v->all_node);
	spin_unlock_irqrestore(&sched_list_lock, flags);
	mutex_unlock(&sched_admission);
}

const char *vcpu_state_name(const struct vcpu *v)
{
	static const char *const names[] = {
		[VCPU_OFF] = "off",         [VCPU_READY] = "ready",
		[VCPU_RUNNING] = "running", [VCPU_BLOCKED] = "blocked",
		[VCPU_DEAD] = "dead",
	};
	enum vcpu_state state = READ_ONCE(v->state);

	if ((READ_ONCE(v->held) & SCHED_HOLD_PAUSE) &&
	    (state == VCPU_READY || state == VCPU_BLOCKED)) {
		return "paused";
	}
	if (state == VCPU_READY &&
	    (READ_ONCE(v->held) || READ_ONCE(v->queued) == QUEUED_PARKED)) {
		return "throttled";
	}
	return names[state];
}

void sched_times(struct vcpu *v, struct vcpu_times *out)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);
	const struct vcpu_times kept = v->times;

	sched_account(v, time_now());
	*out = v->times;
	/* Who looks does not cut a wait in two. */
	v->times = kept;
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}

void sched_clear_longest(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	v->times.longest = 0;
	v->times.late = 0;
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}

void sched_gone(struct vcpu *v, enum vcpu_state state, bool joinable)
{
	if (state == VCPU_DEAD && !joinable) {
		thread_reap(v);
	} else {
		wait_wake_all(&off_wait);
	}
}

static bool is_gone(struct vcpu *v)
{
	enum vcpu_state state = READ_ONCE(v->state);

	return (state == VCPU_OFF || state == VCPU_DEAD) && !vcpu_leaving(v);
}

void sched_wait_off(struct vcpu *v)
{
	wait_event(&off_wait, is_gone(v));
}

static void hold(struct vcpu *v, uint8_t why)
{
	struct runqueue *rq = rq_lock_of(v);

	rq->now = time_now();
	sched_account(v, rq->now);
	v->held |= why;
	if (v->queued != NOT_QUEUED) {
		rq_dequeue(rq, v);
	} else if (rq->curr == v) {
		rq_resched(rq);
	}
	spin_unlock(&rq->lock);
}

static void release(struct vcpu *v, uint8_t why)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	rq->now = time_now();
	sched_account(v, rq->now);
	v->held &= (uint8_t)~why;
	if (vcpu_unplaced(v)) {
		sched_place(v, rq, SCHED_RELEASED);
	} else {
		spin_unlock(&rq->lock);
	}
	sched_irq_restore(flags);
}

static void hold_and_wait(struct vcpu *v, uint8_t why)
{
	unsigned long flags = arch_irq_save();

	assert(v != this_cpu()->current);
	hold(v, why);
	arch_irq_restore(flags);
	while (vcpu_leaving(v)) {
		arch_cpu_relax();
	}
}

void sched_pause(struct vcpu *v)
{
	hold_and_wait(v, SCHED_HOLD_PAUSE);
}

void sched_freeze(struct vcpu *v)
{
	hold_and_wait(v, SCHED_HOLD_CHANGE);
}

void sched_thaw(struct vcpu *v)
{
	release(v, SCHED_HOLD_CHANGE);
}

void sched_resume(struct vcpu *v)
{
	release(v, SCHED_HOLD_PAUSE);
}

void sched_throttle(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();

	assert(!vcpu_is_idle(v));
	trace(TRACE_THROTTLED, v->id, TRACE_BUDGET_EVENTS, 0, 0);
	hold(v, SCHED_HOLD_THROTTLE);
	sched_irq_restore(flags);
}

void sched_unthrottle(struct vcpu *v)
{
	trace(TRACE_RELEASED, v->id, TRACE_BUDGET_EVENTS, 0, 0);
	release(v, SCHED_HOLD_THROTTLE);
}

static void set_affinity(struct vcpu *v, const struct cpumask *m, int32_t home)
{
	unsigned long flags;
	struct runqueue *rq;

	flags = spin_lock_irqsave(&sched_pools_lock);
	rq = rq_lock_of(v);
	v->affinity = *m;
	sched_bind_locked(v, rq, v->pool, home);
	spin_unlock(&sched_pools_lock);
	sched_irq_restore(flags);
}

/* The policy may have to bind it, or others, to other CPUs. */
static int affinity_promised(struct vcpu *v, const struct cpumask *m,
			     struct sched_refusal *why)
{
	struct sched_task *t;
	struct plan p;
	int err = plan_begin(&p, v->pool, NULL, NULL, why);

	if (err) {
		return err;
	}
	t = plan_task(&p, v);
	t->cpus = cpumask_and(m, &p.set.cpus);
	if (t->home >= 0 && !cpumask_test(&t->cpus, (unsigned int)t->home)) {
		t->home = -1;
	}
	err = plan_admit(&p, v->params.forced);
	if (!err) {
		set_affinity(v, m, t->home);
		plan_bind(&p);
	}
	plan_end(&p);
	return err;
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *m,
		       struct sched_refusal *why)
{
	int err;

	if (vcpu_is_idle(v) || !any_online(m)) {
		return -ERR_INVAL;
	}
	if (!sched_promised(v)) {
		set_affinity(v, m, -1);
		return 0;
	}
	mutex_lock(&sched_admission);
	err = affinity_promised(v, m, why);
	mutex_unlock(&sched_admission);
	return err;
}

void sched_change_params(struct runqueue *rq, struct vcpu *v,
			 const struct sched_params *p)
{
	const struct sched_params old = v->params;
	bool queued = v->queued != NOT_QUEUED;

	rq->now = time_now();
	if (queued) {
		rq_dequeue(rq, v);
	}
	v->params = *p;
	if (rq->policy->params) {
		rq->policy->params(rq, v, &old);
	}
	if (queued) {
		rq_enqueue(rq, v, SCHED_CHANGED);
	}
	if (queued || v->state == VCPU_RUNNING) {
		rq_resched(rq);
	}
}

/* Its own, what it inherits, or what it has been lent: the highest counts. */
static uint8_t priority_of(const struct vcpu *v)
{
	uint8_t lent = MAX(v->inherited, v->lent);

	return MAX(v->own_priority, lent);
}

static int params_promised(struct vcpu *v, const struct sched_params *params,
			   struct sched_refusal *why)
{
	struct sched_params given = *params;
	struct runqueue *rq;
	unsigned long flags;
	struct plan p;
	int err = plan_begin(&p, v->pool, NULL, NULL, why);

	if (err) {
		return err;
	}
	plan_task(&p, v)->params = given;
	err = plan_admit(&p, params->forced);
	if (!err) {
		flags = arch_irq_save();
		rq = rq_lock_of(v);
		v->own_priority = given.priority;
		given.priority = priority_of(v);
		sched_change_params(rq, v, &given);
		spin_unlock(&rq->lock);
		sched_irq_restore(flags);
		plan_bind(&p);
	}
	plan_end(&p);
	return err;
}

void sched_get_params(struct vcpu *v, struct sched_params *out)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	*out = v->params;
	out->priority = v->own_priority;
	spin_unlock(&rq->lock);
	sched_irq_restore(flags);
}

int sched_set_params(struct vcpu *v, const struct sched_params *p,
		     struct sched_refusal *why)
{
	int err;

	if (!params_ok(p) || vcpu_is_idle(v)) {
		return -ERR_INVAL;
	}
	mutex_lock(&sched_admission);
	err = params_promised(v, p, why);
	mutex_unlock(&sched_admission);
	return err;
}

/* `field` is one of those that priority_of() looks at. */
static void set_priority(struct vcpu *v, uint8_t *field, unsigned int prio)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);
	struct sched_params p = v->params;

	*field = (uint8_t)prio;
	p.priority = priority_of(v);
	if (p.priority != v->params.priority) {
		sched_change_params(rq, v, &p);
	}
	spin_unlock(&rq->lock);
	sched_irq_restore(flags);
}

int sched_set_priority(struct vcpu *v, unsigned int prio)
{
	if (prio > SCHED_PRIO_MAX || vcpu_is_idle(v)) {
		return -ERR_INVAL;
	}
	set_priority(v, &v->own_priority, prio);
	return 0;
}

void sched_inherit(struct vcpu *v, unsigned int prio)
{
	if (v->inherited != prio && !vcpu_is_idle(v)) {
		set_priority(v, &v->inherited, prio);
	}
}

void sched_lend(struct vcpu *v, unsigned int prio)
{
	set_priority(v, &v->lent, prio);
}
