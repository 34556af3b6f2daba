/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VCPUs of the policy "fair" are moved to other CPUs. Each CPU divides
 * its time by weights, so the CPUs' sums of weights should be equal: a VCPU
 * moves to a CPU whose sum, with the VCPU, is smaller than that of the CPU it
 * leaves.
 *
 * If no placement makes the sums equal, as with three VCPUs on two CPUs, a move
 * only exchanges them: the groups that stay have more time from then on, and
 * the groups that the VCPU joins have less. So a VCPU moves if the former have
 * run less lately than the latter, and it is of the group that has run most,
 * since that one will be among as many as before. So each group is on each CPU
 * in turn.
 */
#include "fair_priv.h"
#include "sched_priv.h"

#include <core/time.h>

#define UNIT 1024 /* of a weight, parts that it is divided into */

static struct fair_share *share_of(struct fair_node *n)
{
	return container_of(n, struct fair_share, node);
}

/* One that waits and may run on `cpu`; NULL. */
static struct vcpu *allowed_of(const struct fair_share *s, unsigned int cpu)
{
	struct fair_node *n;

	for (n = s->ready.root; n; n = fair_heap_next(n)) {
		struct vcpu *v =
			sched_vcpu(container_of(n, struct fair_vcpu, node));

		if (cpumask_test(&v->allowed, cpu)) {
			return v;
		}
	}
	return NULL;
}

/* Of a group that waits, the one whose turn comes next first; of the group that
 * runs here, last. */
struct vcpu *fair_offer(struct runqueue *rq, unsigned int cpu)
{
	const struct fair_queue *q = fair_queue(rq);
	struct fair_node *n;

	for (n = q->groups.root; n; n = fair_heap_next(n)) {
		struct vcpu *v = allowed_of(share_of(n), cpu);

		if (v) {
			return v;
		}
	}
	return q->running ? allowed_of(q->running, cpu) : NULL;
}

/* What each of its VCPUs adds to a CPU's sum. */
static uint64_t weight_of_one(const struct fair_share *s)
{
	return (uint64_t)s->weight * UNIT / MAX(fair_active(s), 1);
}

static uint64_t weight_here(const struct fair_share *s)
{
	return weight_of_one(s) * s->active;
}

static uint64_t sum_of(const struct fair_queue *q)
{
	uint64_t sum = q->running ? weight_here(q->running) : 0;

	for (struct fair_node *n = q->groups.root; n; n = fair_heap_next(n)) {
		sum += weight_here(share_of(n));
	}
	return sum;
}

/* By a group on all CPUs of its policy, by its weight. A hint: the other CPUs
 * are not locked, and may be changing their policy; so what they have is taken
 * as numbers only. */
static uint64_t used_lately(const struct runqueue *here,
			    const struct fair_share *s)
{
	uint32_t shift =
		((const struct fair_queue *)(const void *)here->data)->shift;
	uint64_t used = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct runqueue *rq =
			__atomic_load_n(&percpu_table[i]->rq, __ATOMIC_ACQUIRE);
		const struct sched_cell *c = &s->group->cells[i];
		const struct fair_share *other = (const void *)c->data;
		const struct fair_queue *q;
		uint64_t running = 0;

		if (!rq || READ_ONCE(rq->pool) != here->pool ||
		    READ_ONCE(rq->policy) != here->policy ||
		    READ_ONCE(c->epoch) != READ_ONCE(rq->epoch)) {
			continue;
		}
		q = (const void *)rq->data;
		if (READ_ONCE(q->running) == other) {
			uint64_t since = READ_ONCE(q->since);

			running = here->now > since ? here->now - since : 0;
			running = MIN(running, UINT64_C(2) << shift);
		}
		used += MIN(fair_used(other, shift, here->now) + running,
			    UINT64_C(2) << shift);
	}
	return used * SCHED_WEIGHT_DEFAULT / s->weight;
}

/* -1: better where it is, 0: as good there, 1: better there. */
static int goes(const struct fair_share *s, uint64_t from, uint64_t to)
{
	uint64_t one = weight_of_one(s);

	if (to + one < from - MIN(from, one / 16)) {
		return 1;
	}
	return to + one <= from + one / 16 ? 0 : -1;
}

struct choice {
	unsigned int cpu; /* where to */
	uint64_t from_sum, to_sum;
	/* That would be better there, of the group that has run least. */
	struct vcpu *better;
	uint64_t better_used;
	/* That would be as well there, of the group that has run most; and
	 * whether this group has no other VCPU here. */
	struct vcpu *as_good;
	uint64_t as_good_used;
	bool leaves;
};

/* What the first FAIR_EVEN_GROUPS groups of a CPU have run. */
struct used {
	uint64_t sum;
	unsigned int groups;
};

static void consider(struct choice *c, const struct fair_share *s,
		     uint64_t used)
{
	int goes_there = goes(s, c->from_sum, c->to_sum);
	struct vcpu *v = goes_there < 0 ? NULL : allowed_of(s, c->cpu);

	if (!v) {
		return;
	}
	if (goes_there > 0) {
		if (!c->better || used < c->better_used) {
			c->better = v;
			c->better_used = used;
		}
	} else if (!c->as_good || used > c->as_good_used) {
		c->as_good = v;
		c->as_good_used = used;
		c->leaves = s->active == 1;
	}
}

/* Each group is also a choice, if `c` is not NULL. Threads of the hypervisor in
 * no group are left out: they move to idle CPUs only. */
static struct used look_at(struct runqueue *rq, struct choice *c)
{
	const struct fair_queue *q = fair_queue(rq);
	const struct fair_share *s = q->running;
	struct fair_node *n = q->groups.root;
	struct used all = { 0 };

	for (;;) {
		if (s && s->group) {
			uint64_t used = used_lately(rq, s);

			all.sum += used;
			all.groups++;
			if (c) {
				consider(c, s, used);
			}
		}
		if (!n || all.groups == FAIR_EVEN_GROUPS) {
			return all;
		}
		s = share_of(n);
		n = fair_heap_next(n);
	}
}

/* Have the groups here run less than those there? */
static bool lag(struct used here, struct used there)
{
	return here.groups && there.groups &&
	       here.sum / here.groups + ms_to_ticks(FAIR_LEAD_MS) <
		       there.sum / there.groups;
}

struct vcpu *fair_even(struct runqueue *from, struct runqueue *to)
{
	struct choice c = {
		.cpu = to->cpu,
		.from_sum = sum_of(fair_queue(from)),
		.to_sum = sum_of(fair_queue(to)),
	};
	struct used here = look_at(from, &c);

	if (c.better || !c.as_good) {
		return c.better;
	}
	if (c.leaves) {
		here.sum -= c.as_good_used;
		here.groups--;
	}
	return lag(here, look_at(to, NULL)) ? c.as_good : NULL;
}
