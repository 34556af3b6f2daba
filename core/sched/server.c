/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers: see server_priv.h. The hypervisor's threads share one server on each
 * CPU, so that no set of budgets can lock an operator out of the terminal. When
 * its budget is used up, they run like VCPUs without a budget.
 */
#include "server_priv.h"

#include <core/heap.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

/* --- heaps --------------------------------------------------------------- */

static void put(struct server_heap *h, uint32_t at, struct server_slot s)
{
	h->slot[at] = s;
	s.server->at = (uint16_t)at;
}

static void rise(struct server_heap *h, uint32_t at, struct server_slot s)
{
	while (at > 1 && s.value < h->slot[at / 2].value) {
		put(h, at, h->slot[at / 2]);
		at /= 2;
	}
	put(h, at, s);
}

static void sink(struct server_heap *h, uint32_t at, struct server_slot s)
{
	uint32_t n = h->count;

	for (;;) {
		uint32_t child = at * 2;

		if (child > n) {
			break;
		}
		if (child < n &&
		    h->slot[child + 1].value < h->slot[child].value) {
			child++;
		}
		if (h->slot[child].value >= s.value) {
			break;
		}
		put(h, at, h->slot[child]);
		at = child;
	}
	put(h, at, s);
}

static bool insert(struct server_heap *h, struct server *s, uint64_t value)
{
	if (h->count > SERVER_MAX) {
		return false;
	}
	rise(h, ++h->count, (struct server_slot){ value, s });
	return true;
}

static void take_out(struct server_heap *h, const struct server *s)
{
	uint32_t at = s->at;
	struct server_slot last = h->slot[h->count--];

	if (last.server == s) {
		return;
	}
	if (last.value < h->slot[at].value) {
		rise(h, at, last);
	} else {
		sink(h, at, last);
	}
}

static struct server *least(const struct server_heap *h)
{
	return h->count ? h->slot[1].server : NULL;
}

/* --- kinds of VCPUs ------------------------------------------------------ */

static bool is_thread(const struct vcpu *v)
{
	return !v->guest && !v->params.period;
}

static struct list *list_of(struct server_queue *q, const struct vcpu *v)
{
	if (v->guest || v->params.period) {
		return &q->rest;
	}
	return v->group ? &q->work : &q->threads;
}

/* The server whose budget `v` uses; NULL: none. */
static const struct server *account_of(const struct server_queue *q,
				       const struct vcpu *v)
{
	if (v->params.period) {
		return (const void *)v->sched_data;
	}
	return v->guest ? NULL : &q->system;
}

static const struct sched_params *params_of(const struct server_queue *q,
					    struct server *s)
{
	return s == &q->system ? &q->system_params : &sched_vcpu(s)->params;
}

static struct vcpu *first_thread(const struct server_queue *q)
{
	if (!list_empty(&q->threads)) {
		return sched_vcpu(list_first(&q->threads, struct server, node));
	}
	if (!list_empty(&q->work)) {
		return sched_vcpu(list_first(&q->work, struct server, node));
	}
	return NULL;
}

/* --- the queue ----------------------------------------------------------- */

/* Into the heap of ready or of parked servers, by the budget that is left.
 * False: the heap is full. */
static bool settle(struct runqueue *rq, struct server *s)
{
	struct server_queue *q = server_queue(rq);
	bool may = server_budget(s, rq->now) > 0;

	if (!may && s->date <= rq->now) {
		/* Used up just when the next budget is due. */
		q->ops->refill(s, params_of(q, s), rq->now);
		may = true;
	}
	if (may ? !insert(&q->heaps->ready, s, s->key)
		: !insert(&q->heaps->parked, s, s->date)) {
		return false;
	}
	s->where = may ? SERVER_READY : SERVER_PARKED;
	return true;
}

static void withdraw(struct server_queue *q, struct server *s)
{
	take_out(s->where == SERVER_READY ? &q->heaps->ready
					  : &q->heaps->parked,
		 s);
	s->where = SERVER_AWAY;
}

static void enqueue_listed(struct runqueue *rq, struct vcpu *v,
			   enum sched_why why)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	s->where = SERVER_LISTED;
	if (why == SCHED_PREEMPTED && rq->now < q->until) {
		list_push(list_of(q, v), &s->node);
	} else {
		list_append(list_of(q, v), &s->node);
	}
	if (is_thread(v) && q->system.where == SERVER_AWAY &&
	    q->system_params.budget) {
		if (why != SCHED_PREEMPTED) {
			q->ops->wakes(&q->system, &q->system_params, rq->now);
		}
		(void)settle(rq, &q->system);
	}
}

void server_enqueue(struct runqueue *rq, struct vcpu *v, enum sched_why why)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	if (!v->params.period) {
		enqueue_listed(rq, v, why);
		return;
	}
	if (why != SCHED_PREEMPTED && why != SCHED_YIELDED) {
		q->ops->wakes(s, &v->params, rq->now);
	}
	if (!settle(rq, s)) {
		enqueue_listed(rq, v, why);
	} else if (s->where == SERVER_PARKED) {
		sched_park(rq, v);
	}
}

/* The threads' server is in a heap only while a thread waits. */
static void release_system(struct server_queue *q)
{
	if (!first_thread(q) && (q->system.where == SERVER_READY ||
				 q->system.where == SERVER_PARKED)) {
		withdraw(q, &q->system);
	}
}

void server_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	if (s->where != SERVER_LISTED) {
		withdraw(q, s);
		return;
	}
	s->where = SERVER_AWAY;
	list_remove(&s->node);
	release_system(q);
}

/* Take `v` out of its list. A new turn begins if the last one is over. */
static struct vcpu *take_listed(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	list_remove(&s->node);
	if (rq->now >= q->until) {
		q->until = rq->now + ms_to_ticks(SCHED_SLICE_MS);
	}
	return v;
}

struct vcpu *server_pick(struct runqueue *rq)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = least(&q->heaps->ready);
	struct vcpu *v;

	if (s) {
		withdraw(q, s);
		s->where = SERVER_RUNS;
		q->running = s;
		return s == &q->system ? take_listed(rq, first_thread(q))
				       : sched_vcpu(s);
	}
	q->running = NULL;
	v = first_thread(q);
	if (!v && !list_empty(&q->rest)) {
		v = sched_vcpu(list_first(&q->rest, struct server, node));
	}
	if (v) {
		(void)take_listed(rq, v);
		release_system(q);
	}
	return v;
}

/* --- running ------------------------------------------------------------- */

/* Charge the running server up to now. */
static void charge(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = q->running;
	int64_t spent;

	if (!s) {
		return;
	}
	spent = (int64_t)(rq->now - s->since);
	s->since = rq->now;
	if (spent > 0 &&
	    q->ops->charge(s, params_of(q, s), spent, rq->now, q->late) &&
	    s != &q->system) {
		sched_missed(v);
	}
}

void server_runs(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	if (v->params.period && s->where == SERVER_AWAY) {
		/* It woke in place, or the policy has just begun. */
		q->ops->wakes(s, &v->params, rq->now);
		s->where = SERVER_RUNS;
		q->running = s;
	}
	if (q->running) {
		q->running->since = rq->now;
	}
}

/* A thread stops: the threads' server is queued again if another waits. */
static void system_stops(struct runqueue *rq)
{
	struct server_queue *q = server_queue(rq);

	q->system.where = SERVER_AWAY;
	if (first_thread(q)) {
		(void)settle(rq, &q->system);
	}
}

void server_stops(struct runqueue *rq, struct vcpu *v, enum sched_why why)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	(void)why;
	charge(rq, v);
	s->where = SERVER_AWAY;
	if (q->running == &q->system) {
		system_stops(rq);
	}
	q->running = NULL;
}

/* --- time ---------------------------------------------------------------- */

static bool lists_empty(const struct server_queue *q)
{
	return list_empty(&q->rest) && !first_thread(q);
}

ticks_t server_slice(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	const struct server_heap *parked = &q->heaps->parked;
	uint64_t first = parked->count ? parked->slot[1].value : UINT64_MAX;

	if (v && q->running) {
		int64_t left = server_budget(q->running, q->running->since);

		first = MIN(first, q->running->since + (uint64_t)left);
	} else if (v && !lists_empty(q)) {
		first = MIN(first, q->until);
	}
	return first == UINT64_MAX ? 0 : MAX(first, 1);
}

/* Refill each server whose time has come: at most SERVER_MAX + 1, once each. */
static void refill(struct runqueue *rq)
{
	struct server_queue *q = server_queue(rq);
	struct server *s;

	while ((s = least(&q->heaps->parked)) != NULL && s->date <= rq->now) {
		withdraw(q, s);
		q->ops->refill(s, params_of(q, s), rq->now);
		if (s != &q->system) {
			sched_unpark(rq, sched_vcpu(s));
		}
		/* Each server is in one of the two heaps, so there is room. */
		(void)insert(&q->heaps->ready, s, s->key);
		s->where = SERVER_READY;
	}
}

bool server_tick(struct runqueue *rq, struct vcpu *v)
{
	struct server_queue *q = server_queue(rq);
	const struct server *s;

	refill(rq);
	s = least(&q->heaps->ready);
	if (!v) {
		return s != NULL;
	}
	if (q->running) {
		/* It is charged when it stops, for all that it has run. */
		return server_budget(q->running, q->running->since) <=
			       (int64_t)(rq->now - q->running->since) ||
		       (s && s->key < q->running->key);
	}
	return s != NULL || (rq->now >= q->until && !lists_empty(q));
}

/* --- placement ----------------------------------------------------------- */

/* The key that `v` would run with; UINT64_MAX: it has no budget now. */
static uint64_t rank(const struct server_queue *q, const struct vcpu *v)
{
	const struct server *s = account_of(q, v);

	return s && (s->where == SERVER_READY || s->where == SERVER_RUNS)
		       ? s->key
		       : UINT64_MAX;
}

bool server_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	struct runqueue *rq = percpu_table[cur->cpu]->rq;
	const struct server_queue *q = server_queue(rq);
	uint64_t now = q->running ? q->running->key : UINT64_MAX;
	uint64_t then = rank(q, v);

	if (v->queued == QUEUED_PARKED) {
		return false;
	}
	return then < now || (now == UINT64_MAX && is_thread(v) && cur->guest);
}

uint64_t server_load(const struct runqueue *rq, const struct vcpu *v)
{
	(void)v;
	return READ_ONCE(rq->nr_ready) + !READ_ONCE(rq->idling);
}

static struct vcpu *offer_of(struct list *l, unsigned int cpu)
{
	struct server *s;

	list_for_each(s, l, node) {
		if (cpumask_test(&sched_vcpu(s)->allowed, cpu)) {
			return sched_vcpu(s);
		}
	}
	return NULL;
}

/* Only VCPUs without a budget: those with one are bound to their CPU. */
struct vcpu *server_offer(struct runqueue *rq, unsigned int cpu)
{
	struct server_queue *q = server_queue(rq);
	struct vcpu *v = offer_of(&q->threads, cpu);

	if (!v) {
		v = offer_of(&q->work, cpu);
	}
	return v ? v : offer_of(&q->rest, cpu);
}

/* --- start --------------------------------------------------------------- */

int server_pool_init(void **pool_data, const char *options,
		     struct sched_refusal *why)
{
	uint64_t reserve = SERVER_RESERVE_DEFAULT;
	struct server_pool *pool;

	if (*options &&
	    (strncmp(options, "reserve=", 8) != 0 ||
	     parse_u64_max(options + 8, SERVER_RESERVE_MAX, &reserve) != 0)) {
		sched_refuse(
			why,
			"the option is reserve=N, per cent of each CPU for "
			"the hypervisor's threads, 0 to %d",
			SERVER_RESERVE_MAX);
		return -ERR_INVAL;
	}
	pool = heap_alloc(sizeof(*pool) + cpu_count * sizeof(pool->cpu[0]));
	if (!pool) {
		return -ERR_NOMEM;
	}
	pool->reserve = (unsigned int)reserve;
	*pool_data = pool;
	return 0;
}

void server_pool_fini(void *pool_data)
{
	heap_free(pool_data);
}

void server_describe(const void *pool_data, char *buf, size_t size)
{
	const struct server_pool *pool = pool_data;

	(void)snprintf(buf, size, "reserve=%u", pool->reserve);
}

void server_cpu_init(struct runqueue *rq, const struct server_ops *ops)
{
	struct server_queue *q = server_queue(rq);
	struct server_pool *pool = rq->pool_data;

	q->ops = ops;
	q->heaps = &pool->cpu[rq->cpu];
	q->heaps->ready.count = 0;
	q->heaps->parked.count = 0;
	list_init(&q->threads);
	list_init(&q->work);
	list_init(&q->rest);
	q->late = ns_to_ticks(SERVER_LATE_US * 1000);
	q->system_params = server_system(pool);
}

/* `v` is not queued, and begins with a new budget. */
void server_params(struct runqueue *rq, struct vcpu *v,
		   const struct sched_params *old)
{
	struct server_queue *q = server_queue(rq);
	struct server *s = sched_data(v);

	if (old->period == v->params.period &&
	    old->budget == v->params.budget &&
	    old->deadline == v->params.deadline) {
		return;
	}
	s->chunks = 0;
	s->date = 0;
	s->from = 0;
	s->left = 0;
	if (rq->curr != v || rq->idling) {
		return;
	}
	if (v->params.period) {
		if (q->running == &q->system) {
			system_stops(rq);
		}
		q->ops->wakes(s, &v->params, rq->now);
		s->where = SERVER_RUNS;
		s->since = rq->now;
		q->running = s;
	} else {
		s->where = SERVER_AWAY;
		q->running = NULL;
	}
}
