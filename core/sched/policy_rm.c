/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rate monotonic: the shorter a VCPU's period, the higher its priority; or the
 * shorter its deadline, if that is before the end of the period (deadline
 * monotonic: Leung and Whitehead 1982). Each
 * VCPU has a sporadic server: each part of the budget that it uses is
 * replenished one period after the VCPU was ready to use it, so that it delays
 * the others no more than a periodic task would (the rules of Stanovich, Baker,
 * Wang and Gonzalez Harbour 2010, which correct those of POSIX). Each VCPU is
 * bound to a CPU. Admission is by exact response-time analysis (Joseph and
 * Pandya 1986).
 */
#include "server_priv.h"

/* Steps of the analysis of one VCPU. If it needs more it is refused. */
#define RM_STEPS 1000

static struct server_chunk *chunk(struct server *s, unsigned int n)
{
	return &s->chunk[(s->head + n) % SERVER_CHUNKS];
}

static void drop_first(struct server *s)
{
	s->head = (uint8_t)((s->head + 1) % SERVER_CHUNKS);
	s->chunks--;
}

/* Replenish `amount` at `time`, or when the last chunk comes, if that is later:
 * chunks are in order, and later is always safe. If all are in use it is added
 * to the last one. */
static void come_back(struct server *s, uint64_t time, int64_t amount)
{
	struct server_chunk *last;

	if (s->chunks > 0) {
		last = chunk(s, s->chunks - 1U);
		time = MAX(last->time, time);
		if (s->chunks == SERVER_CHUNKS) {
			last->time = time;
			last->amount += amount;
			return;
		}
	}
	*chunk(s, s->chunks) = (struct server_chunk){ time, amount };
	s->chunks++;
}

/* The first chunk comes later by that, and no other one before it: a chunk that
 * cannot be used yet must not fall due meanwhile. */
static void delay(struct server *s, uint64_t by)
{
	uint64_t least = chunk(s, 0)->time + by;

	for (unsigned int i = 0; i < s->chunks && chunk(s, i)->time < least;
	     i++) {
		chunk(s, i)->time = least;
	}
}

/* What the servers of both policies have in common: until when it waits, and
 * with how much. */
static void tell_first(struct server *s)
{
	const struct server_chunk *c = chunk(s, 0);

	s->date = c->time;
	s->from = c->time;
	s->left = c->amount;
}

/* Merge the chunks whose time has come into one that begins now. */
static void rm_wakes(struct server *s, const struct sched_params *p,
		     uint64_t now)
{
	if (s->chunks == 0) {
		s->key = server_deadline(p);
		come_back(s, now, (int64_t)p->budget);
	}
	if (chunk(s, 0)->time <= now) {
		while (s->chunks > 1 && chunk(s, 1)->time <= now) {
			chunk(s, 1)->amount += chunk(s, 0)->amount;
			drop_first(s);
		}
		chunk(s, 0)->time = now;
	}
	tell_first(s);
}

/*
 * The only chunk, as most servers have. It is used up, comes back one period
 * later, and later still by what the server ran longer than that. If it ran for
 * less, or for a whole period longer: false.
 */
static bool charge_single(struct server *s, const struct sched_params *p,
			  int64_t spent, uint64_t now)
{
	struct server_chunk *c = chunk(s, 0);

	if (c->time > now || c->time + p->period <= now || spent < c->amount) {
		return false;
	}
	s->date = c->time + p->period + (uint64_t)(spent - c->amount);
	s->from = s->date;
	c->time = s->date;
	return true;
}

static __noinline void charge_chunks(struct server *s,
				     const struct sched_params *p,
				     int64_t spent, uint64_t now)
{
	/* Each step takes the first chunk, and appends it as the latest. */
	for (unsigned int i = 0; i < SERVER_CHUNKS && spent > 0; i++) {
		struct server_chunk c = *chunk(s, 0);

		if (c.time > now) {
			break;
		}
		if (spent >= c.amount) {
			drop_first(s);
			come_back(s, c.time + p->period, c.amount);
			spent -= c.amount;
		} else {
			chunk(s, 0)->amount -= spent;
			chunk(s, 0)->time += (uint64_t)spent;
			come_back(s, c.time + p->period, spent);
			spent = 0;
		}
	}
	/* It ran longer than its budget: the next chunk comes later by that. */
	if (spent > 0) {
		delay(s, (uint64_t)spent);
	}
	tell_first(s);
}

static bool rm_charge(struct server *s, const struct sched_params *p,
		      int64_t spent, uint64_t now, ticks_t late_by)
{
	/* The first chunk is the one that has waited longest. */
	bool missed = now > s->date + server_deadline(p) + late_by;

	if (s->chunks != 1 || !charge_single(s, p, spent, now)) {
		charge_chunks(s, p, spent, now);
	}
	return missed;
}

static void rm_refill(struct server *s, const struct sched_params *p,
		      uint64_t now)
{
	/* The chunk's time says from when it counts. There is none yet if a
	 * thread ran already when the policy began, and was preempted. */
	if (s->chunks == 0) {
		rm_wakes(s, p, now);
	}
}

static const struct server_ops rm_ops = {
	.wakes = rm_wakes,
	.charge = rm_charge,
	.refill = rm_refill,
};

/* --- admission ----------------------------------------------------------- */

/* How long the others with a shorter or equal deadline run within `time`, at
 * most, in ticks. */
static uint64_t interference(const struct sched_set *set, unsigned int cpu,
			     const struct sched_params *p, const void *self,
			     uint64_t time)
{
	struct sched_params threads = server_system(set->data);
	uint64_t sum = 0;

	if (&set->data != self && threads.budget &&
	    threads.period <= server_deadline(p)) {
		sum += DIV_ROUND_UP(time, threads.period) * threads.budget;
	}
	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *t = &set->tasks[i];

		if (t->home == (int32_t)cpu && t != self && t->params.period &&
		    server_deadline(&t->params) <= server_deadline(p)) {
			sum += DIV_ROUND_UP(time, t->params.period) *
			       t->params.budget;
		}
	}
	return sum;
}

/* The response time is the least R = C + interference(R). */
static bool in_time(const struct sched_set *set, unsigned int cpu,
		    const struct sched_params *p, const void *self)
{
	uint64_t r = p->budget;

	for (unsigned int i = 0; i < RM_STEPS; i++) {
		uint64_t next = p->budget + interference(set, cpu, p, self, r);

		if (next > server_deadline(p)) {
			return false;
		}
		if (next == r) {
			return true;
		}
		r = next;
	}
	return false;
}

static bool rm_fits(const struct sched_set *set, unsigned int cpu)
{
	struct sched_params threads = server_system(set->data);

	if (threads.budget && !in_time(set, cpu, &threads, &set->data)) {
		return false;
	}
	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *t = &set->tasks[i];

		if (t->home == (int32_t)cpu && t->params.period &&
		    !in_time(set, cpu, &t->params, t)) {
			return false;
		}
	}
	return true;
}

static int rm_admit(struct sched_set *set)
{
	return server_admit(set, rm_fits);
}

static void rm_cpu_init(struct runqueue *rq)
{
	server_cpu_init(rq, &rm_ops);
}

static const struct sched_policy rm_policy = {
	.name = "rm",
	.summary = "rate monotonic, with a budget in each period",
	.pool_init = server_pool_init,
	.pool_fini = server_pool_fini,
	.describe = server_describe,
	.cpu_init = rm_cpu_init,
	.admit = rm_admit,
	.params = server_params,
	.enqueue = server_enqueue,
	.dequeue = server_dequeue,
	.pick = server_pick,
	.runs = server_runs,
	.stops = server_stops,
	.slice = server_slice,
	.tick = server_tick,
	.preempts = server_preempts,
	.load = server_load,
	.offer = server_offer,
};
SCHED_POLICY(rm_policy);
