/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy "ration": first come, first served; one with a budget runs so long in
 * each of its periods and no longer. A pool promises the time of one CPU at
 * most. The example of docs/howto/add-a-scheduling-policy.md; the unit tests
 * build and drive it.
 */
#include <core/sched_policy.h>
#include <libs/error.h>

/* Shares of a CPU are counted in parts of this. */
#define RATION_WHOLE 1000000U
/* VCPUs with a budget in a pool: each of them may be looked at in one tick. */
#define RATION_MAX 64

/* A CPU. */
struct ration_cpu {
	struct list ready;  /* struct ration_vcpu, next first */
	struct list parked; /* whose budget is used up */
};

/* A VCPU. Of its own data all is zero at first. */
struct ration_vcpu {
	struct list node;
	ticks_t left;    /* of the budget */
	ticks_t renewed; /* begin of the present period */
	ticks_t since;   /* runs since, or was charged until then */
};

_Static_assert(sizeof(struct ration_cpu) <= SCHED_CPU_SIZE, "CPU's data");
_Static_assert(sizeof(struct ration_vcpu) <= SCHED_VCPU_SIZE, "VCPU's data");

static struct ration_cpu *cpu_of(struct runqueue *rq)
{
	return (void *)rq->data;
}

static struct vcpu *vcpu_of(struct ration_vcpu *r)
{
	return sched_vcpu(r);
}

/* --- what may be promised ------------------------------------------------ */

/* Rounded up: the sum of what is admitted is never too small. */
static uint32_t share_of(const struct sched_params *p)
{
	return (uint32_t)DIV_ROUND_UP(p->budget * RATION_WHOLE, p->period);
}

/* No VCPU is bound to a CPU. */
static int ration_admit(struct sched_set *set)
{
	uint64_t promised = 0;
	unsigned int count = 0;

	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		t->home = -1;
		if (t->params.period == 0) {
			continue;
		}
		if (t->params.period > UINT64_MAX / RATION_WHOLE / 2) {
			sched_refuse(set->why, "the period is too long");
			return -ERR_INVAL;
		}
		promised += share_of(&t->params);
		count++;
	}
	if (promised > RATION_WHOLE || count > RATION_MAX) {
		sched_refuse(set->why,
			     "%u budgets of %u%% of a CPU; possible are %u, of "
			     "100%%",
			     count,
			     (unsigned int)(promised * 100 / RATION_WHOLE),
			     RATION_MAX);
		return -ERR_BUSY;
	}
	return 0;
}

/* --- budgets ------------------------------------------------------------- */

/* Periods that are over count from the first one's begin: no drift. */
static void renew(struct vcpu *v, ticks_t now)
{
	struct ration_vcpu *r = sched_data(v);
	ticks_t period = v->params.period;

	if (period && now - r->renewed >= period) {
		r->renewed += (now - r->renewed) / period * period;
		r->left = v->params.budget;
	}
}

/* `v` runs, and has done so since it was charged last. */
static void charge(struct vcpu *v, ticks_t now)
{
	struct ration_vcpu *r = sched_data(v);
	ticks_t spent = now - r->since;

	r->since = now;
	r->left -= MIN(spent, r->left);
	renew(v, now);
}

static bool used_up(struct vcpu *v)
{
	const struct ration_vcpu *r = sched_data(v);

	return v->params.period && r->left == 0;
}

/* A full budget, from now on. */
static void ration_begin(struct runqueue *rq, struct vcpu *v)
{
	struct ration_vcpu *r = sched_data(v);

	r->renewed = rq->now;
	r->since = rq->now;
	r->left = v->params.budget;
}

static void ration_join(struct runqueue *rq, struct vcpu *v)
{
	struct ration_vcpu *r = sched_data(v);

	if (!r->node.next) {
		list_init(&r->node); /* new to the policy */
		ration_begin(rq, v);
	}
}

static void ration_params(struct runqueue *rq, struct vcpu *v,
			  const struct sched_params *old)
{
	(void)old;
	ration_begin(rq, v);
}

static void ration_runs(struct runqueue *rq, struct vcpu *v)
{
	struct ration_vcpu *r = sched_data(v);

	renew(v, rq->now);
	r->since = rq->now;
}

static void ration_stops(struct runqueue *rq, struct vcpu *v,
			 enum sched_why why)
{
	(void)why;
	charge(v, rq->now);
}

/* --- the queue ----------------------------------------------------------- */

static void ration_cpu_init(struct runqueue *rq)
{
	list_init(&cpu_of(rq)->ready);
	list_init(&cpu_of(rq)->parked);
}

static void ration_enqueue(struct runqueue *rq, struct vcpu *v,
			   enum sched_why why)
{
	struct ration_vcpu *r = sched_data(v);

	renew(v, rq->now);
	if (used_up(v)) {
		list_append(&cpu_of(rq)->parked, &r->node);
		sched_park(rq, v);
	} else if (why == SCHED_PREEMPTED) {
		list_push(&cpu_of(rq)->ready, &r->node);
	} else {
		list_append(&cpu_of(rq)->ready, &r->node);
	}
}

static void ration_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct ration_vcpu *r = sched_data(v);

	(void)rq;
	list_remove(&r->node);
}

static struct vcpu *ration_pick(struct runqueue *rq)
{
	struct ration_cpu *c = cpu_of(rq);
	struct ration_vcpu *r;

	if (list_empty(&c->ready)) {
		return NULL;
	}
	r = list_first(&c->ready, struct ration_vcpu, node);
	list_remove(&r->node);
	return vcpu_of(r);
}

/* --- time ---------------------------------------------------------------- */

/* When the first of those that are parked has a budget again, or the running
 * one has none, or a new one. */
static ticks_t ration_slice(struct runqueue *rq, struct vcpu *v)
{
	struct ration_vcpu *r;
	ticks_t first = UINT64_MAX;

	if (v && v->params.period) {
		r = sched_data(v);
		/* What was not charged yet is not left any more. */
		first = MIN(r->since + r->left, r->renewed + v->params.period);
	}
	list_for_each(r, &cpu_of(rq)->parked, node) {
		first = MIN(first, r->renewed + vcpu_of(r)->params.period);
	}
	return first == UINT64_MAX ? 0 : first;
}

static bool ration_tick(struct runqueue *rq, struct vcpu *v)
{
	struct ration_cpu *c = cpu_of(rq);
	struct ration_vcpu *r, *tmp;
	bool ready = false;

	list_for_each_safe(r, tmp, &c->parked, node) {
		struct vcpu *parked = vcpu_of(r);

		renew(parked, rq->now);
		if (!used_up(parked)) {
			list_remove(&r->node);
			list_append(&c->ready, &r->node);
			sched_unpark(rq, parked);
			ready = true;
		}
	}
	if (!v) {
		return ready;
	}
	charge(v, rq->now);
	return used_up(v);
}

/* --- where --------------------------------------------------------------- */

static bool ration_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	(void)v;
	(void)cur;
	return false; /* a VCPU that waits, waits */
}

static uint64_t ration_load(const struct runqueue *rq, const struct vcpu *v)
{
	(void)v;
	return READ_ONCE(rq->nr_ready) + !READ_ONCE(rq->idling);
}

static struct vcpu *ration_offer(struct runqueue *rq, unsigned int cpu)
{
	struct ration_vcpu *r;

	list_for_each(r, &cpu_of(rq)->ready, node) {
		if (cpumask_test(&vcpu_of(r)->allowed, cpu)) {
			return vcpu_of(r);
		}
	}
	return NULL;
}

static const struct sched_policy ration_policy = {
	.name = "ration",
	.summary = "in order of arrival, within budgets",
	.cpu_init = ration_cpu_init,
	.admit = ration_admit,
	.join = ration_join,
	.params = ration_params,
	.enqueue = ration_enqueue,
	.dequeue = ration_dequeue,
	.pick = ration_pick,
	.runs = ration_runs,
	.stops = ration_stops,
	.slice = ration_slice,
	.tick = ration_tick,
	.preempts = ration_preempts,
	.load = ration_load,
	.offer = ration_offer,
};
SCHED_POLICY(ration_policy);
