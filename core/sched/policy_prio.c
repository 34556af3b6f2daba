/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-priority round-robin: the highest priority that is ready runs; peers
 * take turns of SCHED_SLICE_MS. Who is preempted by a higher priority keeps
 * his place at the front and what is left of his slice.
 *
 * struct vcpu.slice_left is what a queued VCPU may run before it is a peer's
 * turn; 0: a new slice. A slice is only timed while a peer waits.
 */
#include "sched_priv.h"

#include <core/heap.h>

struct prio_queue {
	uint32_t levels; /* bit n: level n is not empty */
	ticks_t slice;   /* [I] a full one */
	ticks_t picked;  /* when the running VCPU was picked */
	ticks_t left;    /* of its slice, then */
	struct list level[SCHED_PRIO_MAX + 1];
};

static void *prio_create(unsigned int cpu)
{
	struct prio_queue *q = heap_alloc(sizeof(*q));

	(void)cpu;
	if (!q) {
		return NULL;
	}
	q->slice = ms_to_ticks(SCHED_SLICE_MS);
	q->left = q->slice;
	for (unsigned int i = 0; i <= SCHED_PRIO_MAX; i++) {
		list_init(&q->level[i]);
	}
	return q;
}

static void prio_destroy(void *policy_data)
{
	heap_free(policy_data);
}

/* Of the running VCPU's slice; 0: used up. */
static ticks_t prio_left(const struct runqueue *rq)
{
	const struct prio_queue *q = rq->policy_data;
	ticks_t ran = rq->now - q->picked;

	return ran < q->left ? q->left - ran : 0;
}

static void prio_enqueue(struct runqueue *rq, struct vcpu *v, bool preempted)
{
	struct prio_queue *q = rq->policy_data;
	struct list *level = &q->level[v->priority];

	v->slice_left = preempted ? prio_left(rq) : 0;
	if (v->slice_left) {
		list_push(level, &v->rq_node);
	} else {
		v->slice_left = q->slice;
		list_append(level, &v->rq_node);
	}
	q->levels |= 1U << v->priority;
}

static void prio_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct prio_queue *q = rq->policy_data;

	list_remove(&v->rq_node);
	if (list_empty(&q->level[v->priority])) {
		q->levels &= ~(1U << v->priority);
	}
}

static struct vcpu *prio_pick(struct runqueue *rq)
{
	struct prio_queue *q = rq->policy_data;
	struct vcpu *v;

	if (!q->levels) {
		return NULL;
	}
	v = list_first(&q->level[31 - __builtin_clz(q->levels)], struct vcpu,
		       rq_node);
	prio_dequeue(rq, v);
	q->picked = rq->now;
	q->left = v->slice_left;
	return v;
}

static ticks_t prio_slice(struct runqueue *rq, struct vcpu *v)
{
	const struct prio_queue *q = rq->policy_data;

	if (list_empty(&q->level[v->priority])) {
		return 0;
	}
	return MAX(prio_left(rq), 1);
}

static bool prio_tick(struct runqueue *rq, struct vcpu *v)
{
	const struct prio_queue *q = rq->policy_data;

	return prio_left(rq) == 0 && !list_empty(&q->level[v->priority]);
}

static bool prio_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	return v->priority > cur->priority;
}

/* The highest priority first; of a level, who waits longest. */
static struct vcpu *prio_offer(struct runqueue *rq, unsigned int cpu)
{
	const struct prio_queue *q = rq->policy_data;
	struct vcpu *v;

	for (int i = SCHED_PRIO_MAX; i >= 0; i--) {
		list_for_each(v, &q->level[i], rq_node) {
			if (cpumask_test(&v->affinity, cpu)) {
				return v;
			}
		}
	}
	return NULL;
}

const struct sched_policy sched_policy_prio = {
	.name = "prio",
	.summary = "fixed priorities, round-robin among equals",
	.create = prio_create,
	.destroy = prio_destroy,
	.enqueue = prio_enqueue,
	.dequeue = prio_dequeue,
	.pick = prio_pick,
	.slice = prio_slice,
	.tick = prio_tick,
	.preempts = prio_preempts,
	.offer = prio_offer,
};
SCHED_POLICY(sched_policy_prio);
