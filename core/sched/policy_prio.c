/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-priority round-robin: the highest ready priority runs. Groups of equal
 * priority take turns of SCHED_SLICE_MS. In its turn a group runs its VCPUs one
 * after the other; the next one runs when one blocks or yields, or in the next
 * turn. So a guest's share of the CPU depends neither on the number of its
 * VCPUs nor on how they pass work to each other. A VCPU that is preempted by a
 * higher priority keeps its place at the front, and its group keeps the rest of
 * its turn.
 *
 * A group with ready VCPUs is in the ring of its level, except for the group
 * whose turn it is. A turn is timed only while a VCPU of the same priority
 * waits; while only lower ones do, a tick asks which of them go elsewhere.
 */
#include "policy_prio_priv.h"
#include "sched_priv.h"

/* A VCPU. */
struct prio_vcpu {
	struct list node; /* in its group's list */
};

/* A CPU. */
struct prio_queue {
	uint32_t levels;         /* bit n: a group is in ring n */
	uint32_t priority;       /* of the VCPU picked last; read by any CPU */
	ticks_t slice;           /* [I] a whole turn */
	struct prio_share *turn; /* of the VCPU picked last, or NULL */
	ticks_t until;           /* end of that turn */
	struct list ring[SCHED_LEVELS];
};

_Static_assert(sizeof(struct prio_vcpu) <= SCHED_VCPU_SIZE, "VCPU's data");
_Static_assert(sizeof(struct prio_share) * SCHED_LEVELS <= SCHED_GROUP_SIZE,
	       "group's data");
_Static_assert(sizeof(struct prio_queue) <= SCHED_CPU_SIZE, "CPU's data");

static struct prio_queue *queue_of(struct runqueue *rq)
{
	return (void *)rq->data;
}

static struct list *node_of(struct vcpu *v)
{
	return &((struct prio_vcpu *)sched_data(v))->node;
}

static struct vcpu *first_of(const struct prio_share *s)
{
	return sched_vcpu(list_first(&s->ready, struct prio_vcpu, node));
}

/* What its group has at its priority. */
static struct prio_share *share_of(const struct vcpu *v)
{
	return (struct prio_share *)v->group_data + v->params.priority;
}

static void prio_cpu_init(struct runqueue *rq)
{
	struct prio_queue *q = queue_of(rq);

	q->slice = ms_to_ticks(SCHED_SLICE_MS);
	for (unsigned int i = 0; i < SCHED_LEVELS; i++) {
		list_init(&q->ring[i]);
	}
}

static void prio_group_init(struct runqueue *rq, void *group_data)
{
	struct prio_share *s = group_data;

	(void)rq;
	for (unsigned int i = 0; i < SCHED_LEVELS; i++) {
		list_init(&s[i].node);
		list_init(&s[i].ready);
	}
}

/* A VCPU that does not run is not queued here, and sets it when picked. */
static void prio_params(struct runqueue *rq, struct vcpu *v,
			const struct sched_params *old)
{
	(void)old;
	if (v == rq->curr) {
		WRITE_ONCE(queue_of(rq)->priority, v->params.priority);
	}
}

/* What is left of the turn; 0: it is over. */
static ticks_t prio_left(struct runqueue *rq)
{
	const struct prio_queue *q = queue_of(rq);

	return q->until > rq->now ? q->until - rq->now : 0;
}

/* Into its ring: first with the rest of a turn, or last with a whole one. */
static void prio_link(struct prio_queue *q, struct prio_share *s,
		      unsigned int level, ticks_t left)
{
	if (left) {
		s->left = left;
		list_push(&q->ring[level], &s->node);
	} else {
		s->left = q->slice;
		list_append(&q->ring[level], &s->node);
	}
	q->levels |= 1U << level;
}

/* Out of its ring. */
static void prio_unlink(struct prio_queue *q, struct prio_share *s,
			unsigned int level)
{
	list_remove(&s->node);
	if (list_empty(&q->ring[level])) {
		q->levels &= ~(1U << level);
	}
}

/* Preempted in its group's turn: to the front, but behind a thread that works
 * for the group. */
static void prio_put_back(struct prio_share *s, struct vcpu *v)
{
	struct list *at = &s->ready;

	if (!list_empty(at) && works(first_of(s))) {
		at = at->next;
	}
	list_push(at, node_of(v));
}

static void prio_enqueue(struct runqueue *rq, struct vcpu *v,
			 enum sched_why why)
{
	struct prio_queue *q = queue_of(rq);
	struct prio_share *s = share_of(v);

	if (s != q->turn && list_empty(&s->ready)) {
		prio_link(q, s, v->params.priority, 0);
	}
	if (IS_ENABLED(CONFIG_SCHED_EVEN) && unlikely(why == SCHED_MOVED)) {
		s->came = rq->now;
	}
	if (v != rq->curr && works(v)) {
		list_push(&s->ready, node_of(v));
		return;
	}
	if (why == SCHED_PREEMPTED && prio_left(rq)) {
		prio_put_back(s, v);
		return;
	}
	if (v == rq->curr && list_empty(&s->ready)) {
		q->until = rq->now; /* ends the turn: yields to another group */
	}
	list_append(&s->ready, node_of(v));
}

static void prio_dequeue(struct runqueue *rq, struct vcpu *v)
{
	struct prio_share *s = share_of(v);

	list_remove(node_of(v));
	if (list_empty(&s->ready)) {
		prio_unlink(queue_of(rq), s, v->params.priority);
	}
}

/*
 * The group whose turn it was has more ready VCPUs. True if it continues,
 * because the turn is not over, or no other group of its priority waits.
 * Otherwise the group goes into the ring.
 */
static bool prio_goes_on(struct runqueue *rq, struct prio_share *s)
{
	struct prio_queue *q = queue_of(rq);
	unsigned int level = first_of(s)->params.priority;
	uint32_t others = q->levels >> level;
	ticks_t left = prio_left(rq);

	if (others > 1 || (others == 1 && !left)) {
		prio_link(q, s, level, left);
		return false;
	}
	if (!left) {
		q->until = rq->now + q->slice;
	}
	return true;
}

/* Take the group whose turn is next out of its ring; NULL: none is ready. */
static struct prio_share *prio_next_turn(struct runqueue *rq)
{
	struct prio_queue *q = queue_of(rq);
	struct prio_share *s;
	unsigned int level;

	if (!q->levels) {
		return NULL;
	}
	level = 31U - (unsigned int)__builtin_clz(q->levels);
	s = list_first(&q->ring[level], struct prio_share, node);
	prio_unlink(q, s, level);
	q->until = rq->now + s->left;
	return s;
}

static struct vcpu *prio_pick(struct runqueue *rq)
{
	struct prio_queue *q = queue_of(rq);
	struct prio_share *s = q->turn;
	struct vcpu *v;

	if (!s || list_empty(&s->ready) || !prio_goes_on(rq, s)) {
		s = prio_next_turn(rq);
		q->turn = s;
		if (!s) {
			return NULL;
		}
	}
	v = first_of(s);
	list_remove(node_of(v));
	WRITE_ONCE(q->priority, v->params.priority);
	return v;
}

/* Does another VCPU wait that has the priority of `v`, which runs? */
static bool prio_peers(const struct prio_queue *q, const struct vcpu *v)
{
	return (q->levels & (1U << v->params.priority)) ||
	       !list_empty(&share_of(v)->ready);
}

/* When one of the lower priorities that wait may be sent to another CPU. */
static ticks_t even_date(const struct runqueue *rq)
{
	if (!IS_ENABLED(CONFIG_SCHED_EVEN) ||
	    READ_ONCE(rq->pool->nr_cpus) == 1) {
		return 0;
	}
	return MAX(rq->even_at, rq->now);
}

static ticks_t prio_slice(struct runqueue *rq, struct vcpu *v)
{
	const struct prio_queue *q = queue_of(rq);

	if (likely(!q->levels) && list_empty(&share_of(v)->ready)) {
		return 0;
	}
	if (prio_peers(q, v)) {
		return MAX(q->until, 1); /* 0: no turn has begun */
	}
	return v->guest ? even_date(rq) : 0;
}

static bool prio_tick(struct runqueue *rq, struct vcpu *v)
{
	return v && prio_left(rq) == 0 && prio_peers(queue_of(rq), v);
}

/* A thread that works for a guest also preempts that guest's VCPUs: both run in
 * the same turn. */
static bool prio_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	return v->params.priority > cur->params.priority ||
	       (works(v) && v->group == cur->group && cur->guest &&
		v->params.priority == cur->params.priority);
}

static struct vcpu *offer_of(const struct prio_share *s, unsigned int cpu)
{
	struct prio_vcpu *p;

	list_for_each(p, &s->ready, node) {
		struct vcpu *v = sched_vcpu(p);

		if (cpumask_test(&v->allowed, cpu)) {
			return v;
		}
	}
	return NULL;
}

/* The number of ready VCPUs; much more where an equal or higher priority
 * runs. */
static uint64_t prio_load(const struct runqueue *rq, const struct vcpu *v)
{
	const struct prio_queue *q = (const void *)rq->data;
	uint64_t load = READ_ONCE(rq->nr_ready);

	if (!READ_ONCE(rq->idling) &&
	    READ_ONCE(q->priority) >= v->params.priority) {
		load += BIT(32);
	}
	return load;
}

/* The highest priority first; within a level the one that waits longest, and
 * last the VCPUs of the group whose turn it is here. */
static struct vcpu *prio_offer(struct runqueue *rq, unsigned int cpu)
{
	const struct prio_queue *q = queue_of(rq);
	struct vcpu *mate = q->turn ? offer_of(q->turn, cpu) : NULL;
	struct prio_share *s;
	struct vcpu *v = NULL;

	for (int i = SCHED_PRIO_MAX; !v && i >= 0; i--) {
		list_for_each(s, &q->ring[i], node) {
			v = offer_of(s, cpu);
			if (v) {
				break;
			}
		}
	}
	return !v || (mate && mate->params.priority > v->params.priority) ? mate
									  : v;
}

/* --- which VCPUs go to other CPUs ---------------------------------------- */

/* For so long a group stays where it came, when groups take turns on CPUs. */
#define PRIO_STAY_MS 50

/* At one level. */
struct prio_places {
	struct runqueue *from, *to;
	unsigned int level;
	unsigned int here, there; /* groups that are ready, or run */
	bool behind;              /* here, a higher priority runs */
};

/* The group whose turn it is, if it runs at `level`; NULL. */
static struct prio_share *turn_at(const struct runqueue *rq, unsigned int level)
{
	const struct prio_queue *q = (const void *)rq->data;

	/* The VCPU that runs may have another priority by now. */
	return q->turn && q->priority == level && share_of(rq->curr) == q->turn
		       ? q->turn
		       : NULL;
}

static unsigned int groups_at(const struct runqueue *rq, unsigned int level)
{
	const struct prio_queue *q = (const void *)rq->data;
	unsigned int n = turn_at(rq, level) != NULL;
	const struct prio_share *s;

	list_for_each(s, &q->ring[level], node) {
		n++;
	}
	return n;
}

static bool is_there(const struct prio_places *p, struct sched_group *g)
{
	const struct prio_share *s =
		(struct prio_share *)rq_group_data(p->to, g) + p->level;

	return !list_empty(&s->ready) || s == queue_of(p->to)->turn;
}

/* May a VCPU of `s`, here, go there, where there are no more groups? If there
 * are as many, it is its group's only one here: a group that is on both CPUs,
 * with more on each, has its share already. */
static bool joins(const struct prio_places *p, const struct prio_share *s)
{
	return p->there < p->here || (s != queue_of(p->from)->turn &&
				      s->ready.next->next == &s->ready);
}

/* Has it been here for long, and longer than the others of the level? */
static bool is_next(const struct prio_places *p, const struct prio_share *s)
{
	const struct prio_queue *q = queue_of(p->from);
	const struct prio_share *turn = turn_at(p->from, p->level), *other;

	if (p->from->now - s->came < ms_to_ticks(PRIO_STAY_MS) ||
	    (turn && turn->came < s->came)) {
		return false;
	}
	list_for_each(other, &q->ring[p->level], node) {
		if (other->came < s->came) {
			return false;
		}
	}
	return true;
}

/*
 * Groups have equal parts if CPUs have equal numbers of them. A VCPU goes where
 * its group is already if there are no more, so that it leaves this CPU to
 * others; or where there are fewer by two; or, if by one, in turn. Behind a
 * higher priority, which may run for long, all go in turn, however many are
 * there.
 */
static struct vcpu *even_group(const struct prio_places *p,
			       const struct prio_share *s)
{
	struct vcpu *v = offer_of(s, p->to->cpu);

	if (!v || !v->group) {
		return NULL;
	}
	if (is_there(p, v->group) && !p->behind) {
		return joins(p, s) ? v : NULL;
	}
	if (p->there == 0 || p->there + 1 < p->here) {
		return v;
	}
	return (p->behind || p->there + 1 == p->here) && is_next(p, s) ? v
								       : NULL;
}

static struct vcpu *even_level(struct prio_places *p)
{
	const struct prio_queue *q = queue_of(p->from);
	const struct prio_share *turn = turn_at(p->from, p->level);
	const struct prio_share *s;
	struct vcpu *v = NULL;

	p->here = groups_at(p->from, p->level);
	p->there = groups_at(p->to, p->level);
	/* Not a thread of the hypervisor: those run for a short time. */
	p->behind = !p->from->idling && p->from->curr->guest &&
		    q->priority > p->level;
	if (!p->behind && (p->there > p->here || (p->here < 2 && p->there))) {
		return NULL;
	}
	if (turn) {
		v = even_group(p, turn);
	}
	list_for_each(s, &q->ring[p->level], node) {
		if (v) {
			break;
		}
		v = even_group(p, s);
	}
	return v;
}

static struct vcpu *prio_even(struct runqueue *from, struct runqueue *to)
{
	struct prio_places p = { .from = from, .to = to };
	struct vcpu *v = NULL;

	if (to->idling) {
		return NULL; /* it takes what it finds */
	}
	for (p.level = SCHED_PRIO_MAX; !v && p.level >= queue_of(to)->priority;
	     p.level--) {
		v = even_level(&p);
		if (p.level == 0) {
			break;
		}
	}
	return v;
}

const struct sched_policy sched_policy_prio = {
	.name = "prio",
	.summary = "fixed priorities, round-robin among guests of equal ones",
	.cpu_init = prio_cpu_init,
	.group_init = prio_group_init,
	.params = prio_params,
	.enqueue = prio_enqueue,
	.dequeue = prio_dequeue,
	.pick = prio_pick,
	.slice = prio_slice,
	.tick = prio_tick,
	.preempts = prio_preempts,
	.load = prio_load,
	.offer = prio_offer,
	.even = IS_ENABLED(CONFIG_SCHED_EVEN) ? prio_even : NULL,
};
SCHED_POLICY(sched_policy_prio);
