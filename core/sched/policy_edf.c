/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Earliest deadline first, with a constant-bandwidth server for each VCPU that
 * has a budget (Abeni and Buttazzo 1998, the hard variant): a VCPU that has
 * used up its budget waits for its deadline, which is the end of its period.
 * Each is bound to a CPU. A set is admitted if the shares on each CPU add up to
 * at most the whole CPU, which is exact where each deadline is the end of a
 * period (Liu and Layland 1973); where some are before it, the processor demand
 * criterion (Baruah, Rosier and Howell 1990) is tested as well, by QPA (Zhang
 * and Burns 2009).
 */
#include "server_priv.h"

/* Steps of the test of one CPU. A set that needs more is refused. */
#define EDF_STEPS 4000

static void edf_new_period(struct server *s, const struct sched_params *p,
			   uint64_t now)
{
	s->left = (int64_t)p->budget;
	s->date = now + p->period;
	s->key = now + server_deadline(p);
}

/*
 * The old deadline holds if what is left of the budget until then is no more
 * than its share of that time. That is so only for deadlines at the end of the
 * period. With an earlier one, a new period begins with what is left: then the
 * VCPU never demands more than the criterion assumes, whenever it waits.
 */
static void edf_wakes(struct server *s, const struct sched_params *p,
		      uint64_t now)
{
	if (s->left <= 0 && s->date > now) {
		return; /* has to wait until then */
	}
	if (s->date > now && server_constrained(p)) {
		s->date = now + p->period;
		s->key = now + server_deadline(p);
		return;
	}
	if (now >= s->date ||
	    (uint64_t)s->left * p->period > (s->date - now) * p->budget) {
		edf_new_period(s, p, now);
	}
}

static bool edf_charge(struct server *s, const struct sched_params *p,
		       int64_t spent, uint64_t now, ticks_t late_by)
{
	bool late = now > s->key + late_by;

	s->left -= spent;
	if (late && now >= s->date) {
		/* The budget that it did not get by then is lost. */
		edf_new_period(s, p, now);
	} else if (late) {
		s->left = MIN(s->left, 0);
	}
	return late;
}

/* A date is computed from the last one, not from now, so that it cannot
 * drift. */
static void edf_refill(struct server *s, const struct sched_params *p,
		       uint64_t now)
{
	uint64_t debt = s->left < 0 ? (uint64_t)-s->left : 0;

	if (debt >= p->budget || now - s->date >= p->period) {
		edf_new_period(s, p, now); /* a whole period went by */
		return;
	}
	s->left = (int64_t)(p->budget - debt);
	s->key = s->date + server_deadline(p);
	s->date += p->period;
}

static const struct server_ops edf_ops = {
	.wakes = edf_wakes,
	.charge = edf_charge,
	.refill = edf_refill,
};

static uint64_t share_of(const struct sched_params *p)
{
	return p->period ? p->budget * SERVER_WHOLE / p->period : 0;
}

/* The tasks of one CPU: number 0 is the threads' server, then those of the set.
 * NULL: it is on another CPU, or has no budget. */
static const struct sched_params *task_of(const struct sched_set *set,
					  unsigned int cpu,
					  const struct sched_params *threads,
					  unsigned int n)
{
	const struct sched_task *t = n > 0 ? &set->tasks[n - 1] : NULL;

	if (!t) {
		return threads->budget ? threads : NULL;
	}
	return t->home == (int32_t)cpu && t->params.period ? &t->params : NULL;
}

/* What is tested: the tasks, and what is demanded of the CPU in intervals. */
struct demand {
	const struct sched_set *set;
	unsigned int cpu;
	struct sched_params threads;
};

#define for_each_task(p, d, n) \
	for ((n) = 0; (n) <= (d)->set->count; (n)++) \
		if (((p) = task_of((d)->set, (d)->cpu, &(d)->threads, (n))) != \
		    NULL)

/* The most that has to be run in any interval of that length: the budgets of
 * all periods that begin in it and whose deadlines are in it. */
static uint64_t demand_in(const struct demand *d, uint64_t length)
{
	const struct sched_params *p;
	uint64_t sum = 0;
	unsigned int n;

	for_each_task(p, d, n)
	{
		if (length >= server_deadline(p)) {
			sum += ((length - server_deadline(p)) / p->period + 1) *
			       p->budget;
		}
	}
	return sum;
}

/* The latest deadline before `time`, if all begin at 0; 0: there is none. */
static uint64_t deadline_before(const struct demand *d, uint64_t time)
{
	const struct sched_params *p;
	uint64_t latest = 0;
	unsigned int n;

	for_each_task(p, d, n)
	{
		ticks_t first = server_deadline(p);

		if (time > first) {
			latest = MAX(latest, first + (time - first - 1) /
							     p->period *
							     p->period);
		}
	}
	return latest;
}

/* How long the CPU is busy if all begin at 0: no interval that begins with an
 * idle CPU and is longer can be too short for its demand. 0: that was not found
 * in EDF_STEPS. */
static uint64_t busy_period(const struct demand *d)
{
	uint64_t length = 1;

	for (unsigned int i = 0; i < EDF_STEPS; i++) {
		const struct sched_params *p;
		uint64_t next = 0;
		unsigned int n;

		for_each_task(p, d, n)
		{
			next += DIV_ROUND_UP(length, p->period) * p->budget;
		}
		if (next == length) {
			return length;
		}
		length = MAX(next, 1U);
	}
	return 0;
}

/* QPA: from the longest interval to the shorter ones, passing over those whose
 * demand is sure to be met. */
static bool demand_met(const struct demand *d)
{
	uint64_t end = busy_period(d);
	uint64_t t = deadline_before(d, end);

	for (unsigned int i = 0; end > 0 && i < EDF_STEPS; i++) {
		uint64_t h = t ? demand_in(d, t) : 0;

		if (h > t) {
			return false;
		}
		if (h == 0) {
			return true;
		}
		t = h < t ? h : deadline_before(d, t);
	}
	return false;
}

/* Shares are rounded down, by less than 2^-32 of a CPU each. */
static bool edf_fits(const struct sched_set *set, unsigned int cpu)
{
	const struct demand d = { set, cpu, server_system(set->data) };
	const struct sched_params *p;
	bool constrained = false;
	uint64_t sum = 0;
	unsigned int n;

	for_each_task(p, &d, n)
	{
		sum += share_of(p);
		constrained |= server_constrained(p);
	}
	return sum <= SERVER_WHOLE && (!constrained || demand_met(&d));
}

static int edf_admit(struct sched_set *set)
{
	return server_admit(set, edf_fits);
}

static void edf_cpu_init(struct runqueue *rq)
{
	server_cpu_init(rq, &edf_ops);
}

static const struct sched_policy edf_policy = {
	.name = "edf",
	.summary = "earliest deadline first, with a budget in each period",
	.pool_init = server_pool_init,
	.pool_fini = server_pool_fini,
	.describe = server_describe,
	.cpu_init = edf_cpu_init,
	.admit = edf_admit,
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
SCHED_POLICY(edf_policy);
