/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of each CPU's windows in the frame, and the position of the present
 * time in it. All CPUs of a pool have the same frames. The start of a frame is
 * computed from the counter, so that frames do not drift, and a CPU that slept
 * through several of them finds its position again.
 */
#include "arinc653_priv.h"

static struct arinc_table *table_of(const struct arinc_queue *q)
{
	return &q->cpu->table[q->in_effect];
}

/* --- the next frame's table ---------------------------------------------- */

static void insert(struct arinc_table *t, const struct arinc_window *w)
{
	uint32_t i = t->count;

	if (t->count == ARINC_WINDOWS) {
		return; /* more are not admitted */
	}
	while (i > 0 && t->window[i - 1].start > w->start) {
		t->window[i] = t->window[i - 1];
		i--;
	}
	t->window[i] = *w;
	t->count++;
}

/* Rewrite the table that is not in effect: at most ARINC_WINDOWS entries. */
static void write_next(struct arinc_queue *q)
{
	struct arinc_table *t = &q->cpu->table[!q->in_effect];
	struct arinc_vcpu *a;

	t->count = 0;
	list_for_each(a, &q->members, member) {
		struct vcpu *v = sched_vcpu(a);
		const struct sched_params *p = &v->params;

		for (unsigned int i = 0; i < p->windows; i++) {
			struct arinc_window w = {
				.start = arinc_ticks(p->window[i].start),
				.owner = v,
				.last = i + 1U == p->windows,
			};

			w.end = arinc_ticks(p->window[i].start +
					    p->window[i].length);
			insert(t, &w);
		}
	}
	q->changed = true;
	q->windows = true;
}

static bool is_in(const struct arinc_table *t, const struct vcpu *v)
{
	for (uint32_t i = 0; i < t->count; i++) {
		if (t->window[i].owner == v) {
			return true;
		}
	}
	return false;
}

static void leave_members(struct arinc_vcpu *a)
{
	if (a->is_member) {
		list_remove(&a->member);
		a->is_member = false;
	}
}

void arinc_change(struct runqueue *rq, struct vcpu *v)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct arinc_vcpu *a = arinc_vcpu(v);

	leave_members(a);
	a->is_member = v->params.windows > 0;
	a->lingers = !a->is_member && is_in(table_of(q), v);
	if (a->is_member) {
		list_append(&q->members, &a->member);
	}
	write_next(q);
}

void arinc_forget(struct runqueue *rq, struct vcpu *v)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct arinc_table *t = table_of(q);
	struct arinc_vcpu *a = arinc_vcpu(v);

	leave_members(a);
	a->lingers = false;
	for (uint32_t i = 0; i < t->count; i++) {
		if (t->window[i].owner == v) {
			t->window[i].owner = NULL;
		}
	}
	if (q->owner == v) {
		q->owner = NULL;
	}
	write_next(q);
}

/* --- advancing ----------------------------------------------------------- */

/* The other table takes effect. A VCPU with windows in the old one alone now
 * has none. */
static void exchange(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct arinc_table *old = table_of(q);

	q->in_effect = !q->in_effect;
	q->changed = false;
	for (uint32_t i = 0; i < old->count; i++) {
		struct vcpu *v = old->window[i].owner;
		struct arinc_vcpu *a;

		if (!v || !arinc_vcpu(v)->lingers) {
			continue;
		}
		a = arinc_vcpu(v);
		a->lingers = false;
		if (a->where != ARINC_READY) {
			continue;
		}
		if (v->queued == QUEUED_PARKED) {
			sched_unpark(rq, v);
		}
		a->where = ARINC_LISTED;
		list_append(arinc_list(q, v), &a->node);
	}
}

/* Find the present frame. A change of the frame or the windows begins with
 * it. */
static void new_frame(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct arinc_pool *pool = q->pool;
	bool take;

	spin_lock(&pool->lock);
	if (pool->next_at && rq->now >= pool->next_at) {
		pool->origin = pool->next_at;
		pool->frame = pool->next;
		pool->next_at = 0;
	}
	take = !pool->next_at && !pool->held;
	q->begin = rq->now - (rq->now - pool->origin) % pool->frame;
	q->end = q->begin + pool->frame;
	spin_unlock(&pool->lock);
	if (take && q->changed) {
		exchange(rq);
	}
	q->at = 0;
}

/* The window ended while its owner was still busy. */
static void overrun(struct runqueue *rq, struct vcpu *v)
{
	if (sched_overran(v)) {
		timer_set(&arinc_queue(rq)->cpu->alarm, rq->now);
	}
}

static void window_over(struct runqueue *rq, const struct arinc_window *w)
{
	struct vcpu *v = w->owner;
	struct arinc_vcpu *a;
	bool ready, runs;

	if (!v) {
		return;
	}
	a = arinc_vcpu(v);
	ready = a->where == ARINC_READY;
	runs = rq->curr == v && !rq->idling;
	if (ready && v->queued == QUEUED) {
		sched_park(rq, v);
	}
	if (w->last && a->waited && (ready || runs)) {
		overrun(rq, v);
	}
}

/* The window that is open, or the next one that opens, or the frame's end. */
static void find_position(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);
	const struct arinc_table *t = table_of(q);
	const struct arinc_window *w = &t->window[q->at];

	q->owner = NULL;
	q->edge = q->end;
	if (q->at < t->count) {
		bool open = q->begin + w->start <= rq->now;

		q->owner = open ? w->owner : NULL;
		q->edge = q->begin + (open ? w->end : w->start);
	}
	q->windows = t->count || q->changed;
}

void arinc_advance(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct vcpu *v;

	for (;;) {
		struct arinc_table *t = table_of(q);

		while (q->at < t->count &&
		       q->begin + t->window[q->at].end <= rq->now) {
			window_over(rq, &t->window[q->at++]);
		}
		if (rq->now < q->end) {
			break;
		}
		new_frame(rq);
	}
	find_position(rq);
	v = q->owner;
	if (v && arinc_vcpu(v)->where == ARINC_READY &&
	    v->queued == QUEUED_PARKED) {
		arinc_vcpu(v)->opened =
			q->begin + table_of(q)->window[q->at].start;
		sched_unpark(rq, v);
	}
}

/* --- start --------------------------------------------------------------- */

void arinc_table_init(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);

	q->pool = rq->pool_data;
	q->cpu = &q->pool->cpu[rq->cpu];
	q->cpu->table[0].count = 0;
	q->cpu->table[1].count = 0;
	list_init(&q->members);
	rq->now = time_now();
	new_frame(rq);
	find_position(rq);
}
