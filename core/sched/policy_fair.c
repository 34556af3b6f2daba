/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weighted fair shares among groups: on each CPU the group runs next that has
 * had the least time there by its weight (start-time fair queueing, Goyal and
 * others 1996), and of its VCPUs the one with the least. A group that becomes
 * ready begins where the one that runs began, and so is next. The weight of a
 * group that is active on several CPUs is divided among them by its number of
 * VCPUs; fair_even.c moves VCPUs where shares of the pool's CPUs differ.
 *
 * A cap is kept by a date until which is paid for what was run: each tick moves
 * it on by 100/cap ticks. A VCPU whose date has come waits until that is some
 * milliseconds ago. A guest's cap is charged with what threads do for it, too,
 * but these do not wait.
 */
#include "fair_priv.h"
#include "sched_priv.h"

#include <core/time.h>

#define WHOLE 100 /* per cent; and the weight by which time passes as it is */

static struct vcpu *vcpu_of(struct fair_node *n)
{
	return sched_vcpu(container_of(n, struct fair_vcpu, node));
}

/* --- beginning ----------------------------------------------------------- */

static void fair_cpu_init(struct runqueue *rq)
{
	struct fair_queue *q = fair_queue(rq);
	const struct fair_pool *pool = rq->pool_data;

	q->latency = ns_to_ticks(UINT64_C(1000) * pool->latency_us);
	q->slice_min = ns_to_ticks(UINT64_C(1000) * FAIR_SLICE_MIN_US);
	q->burst = ns_to_ticks(UINT64_C(1000) * FAIR_CAP_BURST_US);
	q->shift = 63U -
		   (uint32_t)__builtin_clzll(ms_to_ticks(FAIR_WINDOW_MS) | 1);
}

static void fair_group_init(struct runqueue *rq, void *group_data)
{
	const struct fair_pool *pool = rq->pool_data;
	struct fair_share *s = group_data;

	s->weight = pool->threads;
}

/* A guest's VCPUs say what its weight and its cap are. Threads that work for
 * it, which have none, follow. */
static void take_weight(struct vcpu *v)
{
	const struct sched_params *p = &v->params;
	struct fair_share *s = fair_share(v);
	struct fair_group *g;

	if (!v->group) {
		return;
	}
	s->group = v->group;
	g = fair_group(s);
	if (!works(v)) {
		WRITE_ONCE(g->weight,
			   (uint16_t)(p->weight ? p->weight
						: SCHED_WEIGHT_DEFAULT));
		WRITE_ONCE(g->cap, (uint16_t)p->cap);
	}
	s->weight = READ_ONCE(g->weight);
	if (s->weight == 0) {
		s->weight = SCHED_WEIGHT_DEFAULT;
	}
}

/* --- what was run -------------------------------------------------------- */

/* By the weight that the group has on this CPU: its own, divided by its VCPUs
 * on all and multiplied by those here. */
static uint64_t scaled(const struct fair_share *s, ticks_t ran)
{
	uint64_t here = MAX(s->active, 1);
	uint64_t all = fair_active(s);

	if (likely(all <= here)) {
		return s->weight == WHOLE ? ran : ran * WHOLE / s->weight;
	}
	all = MIN(all, here * FAIR_SPREAD_MAX);
	return ran * WHOLE * all / (s->weight * here);
}

/* Not yet charged to who runs. A VCPU that comes from another CPU may bring a
 * time of before this one's last. */
static ticks_t not_charged(const struct fair_queue *q, uint64_t now)
{
	return now > q->since ? now - q->since : 0;
}

static uint64_t running_key(const struct fair_queue *q, uint64_t now)
{
	return q->running->node.key + scaled(q->running, not_charged(q, now));
}

static uint64_t pay(uint64_t paid, uint64_t now, ticks_t burst, ticks_t ran,
		    uint32_t cap)
{
	uint64_t from = now > burst ? now - burst : 0;

	return MAX(paid, from) + ran * WHOLE / cap;
}

static bool is_capped(const struct sched_params *p)
{
	return p->vcpu_cap || p->cap;
}

static void pay_caps(struct runqueue *rq, struct vcpu *v,
		     const struct sched_params *p, ticks_t ran)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_group *g = fair_group(fair_share(v));
	struct fair_vcpu *f = sched_data(v);
	uint32_t cap = works(v) ? READ_ONCE(g->cap) : p->cap;
	/* It had begun by then. */
	uint64_t begun = rq->now - ran;

	if (p->vcpu_cap) {
		f->paid = pay(f->paid, begun, q->burst, ran, p->vcpu_cap);
	}
	if (cap && g) {
		uint64_t old = READ_ONCE(g->paid), paid;

		do {
			paid = pay(old, begun, q->burst, ran, cap);
		} while (!__atomic_compare_exchange_n(&g->paid, &old, paid,
						      false, __ATOMIC_RELAXED,
						      __ATOMIC_RELAXED));
	}
}

/* Until when it is paid for what `v` has run; 0: it may run. */
static uint64_t paid_until(const struct vcpu *v)
{
	const struct fair_vcpu *f = (const void *)v->sched_data;
	const struct fair_group *g = fair_group(fair_share(v));
	uint64_t paid = v->params.vcpu_cap ? f->paid : 0;

	if (v->params.cap && g) {
		paid = MAX(paid, READ_ONCE(g->paid));
	}
	return paid;
}

static bool over_cap(const struct vcpu *v, uint64_t now)
{
	return is_capped(&v->params) && paid_until(v) > now;
}

/* The running `v`, which had `p` until now. */
static void charge(struct runqueue *rq, struct vcpu *v,
		   const struct sched_params *p)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_vcpu *f = sched_data(v);
	ticks_t ran = not_charged(q, rq->now);

	q->since += ran;
	s->node.key += scaled(s, ran);
	s->used = fair_used(s, q->shift, rq->now) + ran;
	s->window = rq->now >> q->shift;
	f->node.key += ran;
	if (unlikely(is_capped(p) || works(v))) {
		pay_caps(rq, v, p, ran);
	}
}

/*
 * Where who becomes ready begins: with the least of those that are ready, or at
 * `last` if that is later. Who runs may do so for long if nobody waits: its key
 * and that of its group are what they are now.
 */
static uint64_t least(uint64_t last, const struct fair_heap *h,
		      uint64_t running)
{
	return MAX(last, h->root ? MIN(h->root->key, running) : running);
}

static void advance_clocks(struct fair_queue *q, uint64_t group, uint64_t vcpu)
{
	struct fair_share *s = q->running;

	q->clock = least(q->clock, &q->groups, group);
	s->clock = least(s->clock, &s->ready, vcpu);
}

/* --- who is active ------------------------------------------------------- */

static void activate(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_vcpu *f = sched_data(v);
	struct fair_group *g;

	if (f->active) {
		return;
	}
	f->active = true;
	if (q->running) {
		advance_clocks(q, running_key(q, rq->now),
			       q->runner->node.key + not_charged(q, rq->now));
	}
	take_weight(v);
	g = fair_group(s);
	if (s->active++ == 0) {
		WRITE_ONCE(q->active, q->active + 1);
		s->node.key = MAX(s->node.key, q->clock);
	}
	if (works(v)) {
		/* All its VCPUs may wait for that. */
		f->node.key = MAX(s->clock, 1) - 1;
	} else {
		f->node.key = MAX(f->node.key, s->clock);
	}
	if (g) {
		__atomic_fetch_add(&g->active, 1, __ATOMIC_RELAXED);
	}
}

static void deactivate(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_group *g = fair_group(s);
	struct fair_vcpu *f = sched_data(v);

	if (!f->active) {
		return;
	}
	f->active = false;
	if (--s->active == 0) {
		WRITE_ONCE(q->active, q->active - 1);
	}
	if (g) {
		__atomic_fetch_sub(&g->active, 1, __ATOMIC_RELAXED);
	}
}

/* --- the queue ----------------------------------------------------------- */

/* Its group waits if that is not the one that runs. */
static void link_group(struct fair_queue *q, struct fair_share *s)
{
	if (!s->waits && s->ready.root && s != q->running) {
		s->waits = true;
		q->waiting++;
		fair_heap_insert(&q->groups, &s->node);
	}
}

static void unlink_group(struct fair_queue *q, struct fair_share *s)
{
	if (s->waits) {
		s->waits = false;
		q->waiting--;
		fair_heap_remove(&q->groups, &s->node);
	}
}

static void remove_ready(struct fair_queue *q, struct fair_share *s,
			 struct vcpu *v)
{
	struct fair_vcpu *f = sched_data(v);

	fair_heap_remove(&s->ready, &f->node);
	if (!s->ready.root) {
		unlink_group(q, s);
	}
}

/* In its group's heap, or now waits until its cap allows it to run: of both
 * keys only one is in use at a time. */
static void park(struct runqueue *rq, struct vcpu *v)
{
	struct fair_vcpu *f = sched_data(v);

	deactivate(rq, v);
	f->parked = true;
	f->node.key = paid_until(v) + fair_queue(rq)->burst;
	fair_heap_insert(&fair_queue(rq)->parked, &f->node);
	sched_park(rq, v);
}

static void fair_enqueue(struct runqueue *rq, struct vcpu *v,
			 enum sched_why why)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_vcpu *f = sched_data(v);

	if (unlikely(over_cap(v, rq->now))) {
		park(rq, v);
		return;
	}
	activate(rq, v);
	if (why == SCHED_YIELDED && s->ready.root) {
		/* Behind the one who would be next. */
		f->node.key = MAX(f->node.key, s->ready.root->key + 1);
	}
	fair_heap_insert(&s->ready, &f->node);
	link_group(q, s);
}

static void fair_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_vcpu *f = sched_data(v);

	if (f->parked) {
		f->parked = false;
		fair_heap_remove(&q->parked, &f->node);
		f->node.key = 0;
	} else {
		remove_ready(q, fair_share(v), v);
		deactivate(rq, v);
	}
}

static void fair_leave(struct runqueue *rq, struct vcpu *v)
{
	struct fair_vcpu *f = sched_data(v);

	deactivate(rq, v);
	/* On another CPU it begins as if it woke up. */
	f->node.key = 0;
}

static void fair_params(struct runqueue *rq, struct vcpu *v,
			const struct sched_params *old)
{
	if (v == rq->curr && fair_queue(rq)->running) {
		charge(rq, v, old);
	}
	take_weight(v);
}

/*
 * The least of the least. Who may not run because of a cap is parked: few at a
 * time; then the CPU idles for a moment, and chooses again.
 */
static struct vcpu *fair_pick(struct runqueue *rq)
{
	struct fair_queue *q = fair_queue(rq);

	for (unsigned int i = 0; q->groups.root && i < FAIR_PARK_MAX; i++) {
		struct fair_share *s =
			container_of(q->groups.root, struct fair_share, node);
		struct vcpu *v = vcpu_of(s->ready.root);

		remove_ready(q, s, v);
		if (likely(!over_cap(v, rq->now))) {
			unlink_group(q, s);
			return v;
		}
		park(rq, v);
	}
	return NULL;
}

static void fair_runs(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_vcpu *f = sched_data(v);

	activate(rq, v); /* it may have waited in place */
	unlink_group(q, s);
	q->running = s;
	q->runner = f;
	q->since = rq->now;
	q->picked = rq->now;
}

static void fair_stops(struct runqueue *rq, struct vcpu *v, enum sched_why why)
{
	struct fair_queue *q = fair_queue(rq);
	struct fair_share *s = fair_share(v);
	struct fair_vcpu *f = sched_data(v);

	charge(rq, v, &v->params);
	advance_clocks(q, s->node.key, f->node.key);
	q->running = NULL;
	link_group(q, s);
	if ((why != SCHED_PREEMPTED && why != SCHED_YIELDED) || v->held) {
		deactivate(rq, v);
	}
}

/* --- time ---------------------------------------------------------------- */

static ticks_t slice_of(const struct fair_queue *q)
{
	return MAX(q->latency / (q->waiting + 1), q->slice_min);
}

/* Until what is paid would be now, if all that run of the group go on. */
static ticks_t cap_left(const struct vcpu *v, const struct fair_queue *q,
			uint64_t now)
{
	const struct fair_group *g = fair_group(fair_share(v));
	const struct fair_vcpu *f = (const void *)v->sched_data;
	ticks_t left = UINT64_MAX;
	uint64_t from = now > q->burst ? now - q->burst : 0;

	if (v->params.vcpu_cap && v->params.vcpu_cap < WHOLE) {
		uint64_t paid = MAX(f->paid, from);

		left = paid < now ? (now - paid) * v->params.vcpu_cap /
					    (WHOLE - v->params.vcpu_cap)
				  : 1;
	}
	if (v->params.cap && g) {
		uint64_t paid = MAX(READ_ONCE(g->paid), from);
		uint64_t rate = (uint64_t)fair_active(fair_share(v)) * WHOLE;

		/* Others, of which there may be more, want to know. */
		left = MIN(left, q->burst);
		if (rate > v->params.cap) {
			left = MIN(left,
				   paid < now ? (now - paid) * v->params.cap /
							(rate - v->params.cap)
					      : 1);
		}
	}
	return left;
}

static ticks_t fair_slice(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	uint64_t first = q->parked.root ? q->parked.root->key : UINT64_MAX;

	if (!v) {
		return q->groups.root        ? rq->now
		       : first == UINT64_MAX ? 0
					     : first;
	}
	if (q->groups.root || fair_share(v)->ready.root) {
		first = MIN(first, q->picked + slice_of(q));
	}
	if (unlikely(is_capped(&v->params))) {
		/* What is not yet charged has to go from it. */
		ticks_t may = cap_left(v, q, q->since);

		if (may < UINT64_MAX - q->since) {
			/* At that time itself it may still run. */
			first = MIN(first, MAX(q->since + may, rq->now + 1));
		}
	}
	return first == UINT64_MAX ? 0 : first;
}

/* Those whose cap allows them to run again. True: there are some. */
static bool release(struct runqueue *rq)
{
	struct fair_queue *q = fair_queue(rq);
	unsigned int i = 0;

	for (; i < FAIR_PARK_MAX; i++) {
		struct fair_node *n = q->parked.root;
		struct fair_vcpu *f;
		struct vcpu *v;

		if (!n || n->key > rq->now) {
			break;
		}
		f = container_of(n, struct fair_vcpu, node);
		v = vcpu_of(n);
		fair_heap_remove(&q->parked, n);
		f->parked = false;
		f->node.key = 0;
		sched_unpark(rq, v);
		fair_enqueue(rq, v, SCHED_RELEASED);
	}
	return i > 0;
}

static bool fair_tick(struct runqueue *rq, struct vcpu *v)
{
	struct fair_queue *q = fair_queue(rq);
	bool released = release(rq);

	if (!v) {
		return released || q->groups.root;
	}
	/* Others are charged when they stop, for all that they have run. */
	if (unlikely(is_capped(&v->params))) {
		charge(rq, v, &v->params);
		if (over_cap(v, rq->now)) {
			return true;
		}
	}
	return (q->groups.root || fair_share(v)->ready.root) &&
	       rq->now - q->picked >= slice_of(q);
}

/* --- where --------------------------------------------------------------- */

/* Who has had less by a shortest slice does not wait for the end of one; nor
 * does what works for a guest, whose VCPU runs. */
static bool fair_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	const struct fair_share *s = fair_share(v), *c = fair_share(cur);
	struct runqueue *rq = rq_of(cur->cpu);
	const struct fair_queue *q = fair_queue(rq);

	if (((const struct fair_vcpu *)(const void *)v->sched_data)->parked) {
		return false;
	}
	if (s == c) {
		return works(v) && cur->guest;
	}
	return q->running && MAX(s->node.key, q->clock) + q->slice_min <
				     running_key(q, rq->now);
}

/* By how many groups besides its own share the CPU. */
static uint64_t fair_load(const struct runqueue *rq, const struct vcpu *v)
{
	const struct fair_queue *q = (const void *)rq->data;
	uint64_t others = READ_ONCE(q->active);

	if (v->group) {
		const struct sched_cell *c = &v->group->cells[rq->cpu];
		const struct fair_share *s = (const void *)c->data;

		if (READ_ONCE(c->epoch) == READ_ONCE(rq->epoch) &&
		    READ_ONCE(s->active) && others) {
			others--;
		}
	}
	return others << 32 | READ_ONCE(rq->nr_ready);
}

static const struct sched_policy fair_policy = {
	.name = "fair",
	.summary = "weighted fair shares among guests, with caps",
	.pool_init = fair_pool_init,
	.pool_fini = fair_pool_fini,
	.describe = fair_describe,
	.cpu_init = fair_cpu_init,
	.group_init = fair_group_init,
	.admit = fair_admit,
	.leave = fair_leave,
	.params = fair_params,
	.enqueue = fair_enqueue,
	.dequeue = fair_dequeue,
	.pick = fair_pick,
	.runs = fair_runs,
	.stops = fair_stops,
	.slice = fair_slice,
	.tick = fair_tick,
	.preempts = fair_preempts,
	.load = fair_load,
	.offer = fair_offer,
	.even = fair_even,
};
SCHED_POLICY(fair_policy);
