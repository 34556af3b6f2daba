/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows in a major frame (ARINC 653 part 1, 2.3.1): a VCPU has its CPU to
 * itself in its windows, and does not run outside them. The frame repeats, and
 * its windows change only at its end. Time in no window, or in a window whose
 * VCPU waits, goes to the hypervisor's threads and then, in turns, to VCPUs
 * that have no windows; the owner of a window takes it back at once.
 */
#include "arinc653_priv.h"

#include <core/guest.h>
#include <core/heap.h>
#include <inttypes.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

/* The VCPU whose window is open, if it is ready and does not run; or NULL. */
static struct vcpu *ready_owner(struct runqueue *rq)
{
	struct vcpu *v = arinc_queue(rq)->owner;

	return v && arinc_vcpu(v)->where == ARINC_READY ? v : NULL;
}

/* --- the queue ----------------------------------------------------------- */

static struct vcpu *first_listed(struct arinc_queue *q)
{
	struct list *const lists[] = { &q->threads, &q->work, &q->rest };

	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!list_empty(lists[i])) {
			return sched_vcpu(
				list_first(lists[i], struct arinc_vcpu, node));
		}
	}
	return NULL;
}

static void arinc_enqueue(struct runqueue *rq, struct vcpu *v,
			  enum sched_why why);

/* NOLINTNEXTLINE(misc-no-recursion): once: then it is not behind */
static __noinline void enqueue_behind(struct runqueue *rq, struct vcpu *v,
				      enum sched_why why)
{
	arinc_advance(rq);
	arinc_enqueue(rq, v, why);
}

/* NOLINTNEXTLINE(misc-no-recursion): once: then it is not behind */
static void arinc_enqueue(struct runqueue *rq, struct vcpu *v,
			  enum sched_why why)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct arinc_vcpu *a = arinc_vcpu(v);

	if (unlikely(arinc_behind(rq))) {
		enqueue_behind(rq, v, why);
		return;
	}
	if (arinc_windowed(v)) {
		a->where = ARINC_READY;
		if (q->owner != v) {
			sched_park(rq, v);
		}
		return;
	}
	a->where = ARINC_LISTED;
	if (why == SCHED_PREEMPTED && rq->now < q->until) {
		list_push(arinc_list(q, v), &a->node);
	} else {
		list_append(arinc_list(q, v), &a->node);
	}
}

static void arinc_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct arinc_vcpu *a = arinc_vcpu(v);

	(void)rq;
	if (a->where == ARINC_LISTED) {
		list_remove(&a->node);
	}
	a->where = ARINC_AWAY;
	a->opened = 0;
}

/* The owner of the window, which waited for it, gets the CPU. */
static void count_late(const struct runqueue *rq, struct vcpu *v)
{
	ticks_t opened = arinc_vcpu(v)->opened;

	if (opened) {
		v->times.late = MAX(v->times.late, rq->now - opened);
	}
}

static struct vcpu *arinc_pick(struct runqueue *rq);

/* NOLINTNEXTLINE(misc-no-recursion): once: then it is not behind */
static __noinline struct vcpu *pick_behind(struct runqueue *rq)
{
	arinc_advance(rq);
	return arinc_pick(rq);
}

/* NOLINTNEXTLINE(misc-no-recursion): once: then it is not behind */
static struct vcpu *arinc_pick(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct vcpu *v;

	if (unlikely(arinc_behind(rq))) {
		return pick_behind(rq);
	}
	v = ready_owner(rq);
	if (v) {
		count_late(rq, v);
	} else {
		v = first_listed(q);
		if (!v) {
			return NULL;
		}
		if (rq->now >= q->until) {
			q->until = rq->now + q->turn;
		}
	}
	arinc_dequeue(rq, v);
	return v;
}

/* --- running ------------------------------------------------------------- */

static void arinc_stops(struct runqueue *rq, struct vcpu *v, enum sched_why why)
{
	(void)rq;
	if (why == SCHED_BLOCKED) {
		arinc_vcpu(v)->waited = true;
	} else if (why == SCHED_OFF) {
		arinc_vcpu(v)->waited = false;
	}
}

/* It woke after sched_block_in_place(), or its window has ended. */
static bool out_of_window(struct runqueue *rq, const struct vcpu *v)
{
	return arinc_windowed(v) && arinc_queue(rq)->owner != v;
}

/* --- time ---------------------------------------------------------------- */

static ticks_t arinc_slice(struct runqueue *rq, struct vcpu *v)
{
	struct arinc_queue *q = arinc_queue(rq);
	ticks_t first = q->windows ? q->edge : 0;

	if (v && v == q->owner) {
		return first; /* most often: it runs in its window */
	}
	if (v && (ready_owner(rq) || out_of_window(rq, v))) {
		return rq->now;
	}
	if (v && !arinc_windowed(v) && first_listed(q)) {
		first = first ? MIN(first, q->until) : MAX(q->until, 1);
	}
	return first;
}

static bool arinc_tick(struct runqueue *rq, struct vcpu *v)
{
	struct arinc_queue *q = arinc_queue(rq);

	if (arinc_behind(rq)) {
		arinc_advance(rq);
	}
	if (!v) {
		return rq->nr_ready > 0;
	}
	return ready_owner(rq) || out_of_window(rq, v) ||
	       (!arinc_windowed(v) && rq->now >= q->until && first_listed(q));
}

/* --- placement ----------------------------------------------------------- */

static bool arinc_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	if (arinc_windowed(v)) {
		return v->queued == QUEUED; /* it is in its window */
	}
	return !v->guest && cur->guest && !arinc_windowed(cur);
}

static uint64_t arinc_load(const struct runqueue *rq, const struct vcpu *v)
{
	(void)v;
	return READ_ONCE(rq->nr_ready) + !READ_ONCE(rq->idling);
}

/* Only VCPUs without windows: those with windows are bound to their CPU. */
static struct vcpu *arinc_offer(struct runqueue *rq, unsigned int cpu)
{
	struct arinc_queue *q = arinc_queue(rq);
	struct list *const lists[] = { &q->threads, &q->work, &q->rest };
	struct arinc_vcpu *a;

	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		list_for_each(a, lists[i], node) {
			if (cpumask_test(&sched_vcpu(a)->allowed, cpu)) {
				return sched_vcpu(a);
			}
		}
	}
	return NULL;
}

/* --- members ------------------------------------------------------------- */

static void arinc_join(struct runqueue *rq, struct vcpu *v)
{
	if (v->params.windows) {
		arinc_change(rq, v);
	}
}

static void arinc_leave(struct runqueue *rq, struct vcpu *v)
{
	if (arinc_windowed(v)) {
		arinc_forget(rq, v);
	}
}

static void arinc_params(struct runqueue *rq, struct vcpu *v,
			 const struct sched_params *old)
{
	if (v->params.windows != old->windows ||
	    memcmp(v->params.window, old->window, sizeof(old->window)) != 0) {
		arinc_change(rq, v);
	}
}

/* --- the pool ------------------------------------------------------------ */

static int set_option(struct arinc_pool *pool, const char *name,
		      const char *value)
{
	uint64_t n;

	if (strcmp(name, "frame") == 0) {
		if (parse_duration(value, &n) != 0 ||
		    n < ARINC_FRAME_MIN_US * UINT64_C(1000) ||
		    n > ARINC_FRAME_MAX_US * UINT64_C(1000)) {
			return -ERR_INVAL;
		}
		pool->frame = ns_to_ticks(n);
		return 0;
	}
	if (strcmp(name, "reserve") == 0 &&
	    parse_u64_max(value, ARINC_RESERVE_MAX, &n) == 0) {
		pool->reserve = (uint32_t)n;
		return 0;
	}
	return -ERR_INVAL;
}

/* "frame=20ms,reserve=5" */
static int read_options(struct arinc_pool *pool, const char *options)
{
	char text[64];
	char *name = text, *value, *end;
	int err = 0;

	if (strlen(options) >= sizeof(text)) {
		return -ERR_INVAL;
	}
	memcpy(text, options, strlen(options) + 1);
	while (!err && name) {
		end = strchr(name, ',');
		if (end) {
			*end++ = '\0';
		}
		value = strchr(name, '=');
		if (!value) {
			return -ERR_INVAL;
		}
		*value++ = '\0';
		err = set_option(pool, name, value);
		name = end;
	}
	return err || !pool->frame ? -ERR_INVAL : 0;
}

/* A timer calls it without a run queue's lock, so that work can be queued. */
static void alarm(struct timer *t)
{
	(void)t;
	guest_overran();
}

static int arinc_pool_init(void **pool_data, const char *options,
			   struct sched_refusal *why)
{
	struct arinc_pool *pool =
		heap_alloc(sizeof(*pool) + cpu_count * sizeof(pool->cpu[0]));

	if (!pool) {
		return -ERR_NOMEM;
	}
	spin_init(&pool->lock, LOCK_SCHED_POLICY);
	pool->reserve = ARINC_RESERVE_DEFAULT;
	pool->origin = time_now();
	if (read_options(pool, options) != 0) {
		sched_refuse(why,
			     "the options are frame=TIME, 1ms to 10s, and "
			     "reserve=N, per cent of each CPU for the "
			     "hypervisor's threads, 0 to %d; as in "
			     "frame=20ms,reserve=5",
			     ARINC_RESERVE_MAX);
		heap_free(pool);
		return -ERR_INVAL;
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		timer_init(&pool->cpu[i].alarm, alarm);
	}
	*pool_data = pool;
	return 0;
}

static void arinc_pool_fini(void *pool_data)
{
	struct arinc_pool *pool = pool_data;

	for (unsigned int i = 0; pool && i < cpu_count; i++) {
		timer_cancel(&pool->cpu[i].alarm);
	}
	heap_free(pool);
}

static void arinc_describe(const void *pool_data, char *buf, size_t size)
{
	const struct arinc_pool *pool = pool_data;
	bool due = pool->next_at > time_now();

	(void)snprintf(buf, size, "frame=%" PRIu64 "us%s,reserve=%u",
		       ticks_to_ns(pool->next_at ? pool->next : pool->frame) /
			       1000,
		       due ? " (next)" : "", pool->reserve);
}

static void arinc_cpu_init(struct runqueue *rq)
{
	struct arinc_queue *q = arinc_queue(rq);

	q->turn = ms_to_ticks(SCHED_SLICE_MS);
	list_init(&q->threads);
	list_init(&q->work);
	list_init(&q->rest);
	arinc_table_init(rq);
}

static const struct sched_policy arinc_policy = {
	.name = "arinc653",
	.summary = "windows in a frame that repeats, as in ARINC 653",
	.pool_init = arinc_pool_init,
	.pool_fini = arinc_pool_fini,
	.describe = arinc_describe,
	.cpu_init = arinc_cpu_init,
	.admit = arinc_admit,
	.join = arinc_join,
	.leave = arinc_leave,
	.params = arinc_params,
	.enqueue = arinc_enqueue,
	.dequeue = arinc_dequeue,
	.pick = arinc_pick,
	.stops = arinc_stops,
	.slice = arinc_slice,
	.tick = arinc_tick,
	.preempts = arinc_preempts,
	.load = arinc_load,
	.offer = arinc_offer,
};
SCHED_POLICY(arinc_policy);
