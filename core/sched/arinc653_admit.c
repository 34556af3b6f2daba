/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission of windows. The test is exact, because the schedule itself is what
 * is checked. Each VCPU with windows is bound to a CPU where they overlap with
 * no other VCPU's, and where enough of the frame is left for the hypervisor's
 * threads. If a VCPU has a budget too, its windows must contain that budget in
 * each of its periods.
 */
#include "arinc653_priv.h"

#include <inttypes.h>
#include <libs/error.h>

static ticks_t frame_of(const struct sched_set *set)
{
	struct arinc_pool *pool = set->data;
	unsigned long flags;
	ticks_t frame;

	if (set->change) { /* a schedule with this frame */
		return *(const ticks_t *)set->change;
	}
	flags = spin_lock_irqsave(&pool->lock);
	frame = pool->next_at ? pool->next : pool->frame;
	spin_unlock_irqrestore(&pool->lock, flags);
	return frame;
}

static uint64_t us_of(ticks_t t)
{
	return ticks_to_ns(t) / 1000;
}

static uint64_t end_of(const struct sched_window *w)
{
	return (uint64_t)w->start + w->length;
}

/* --- one VCPU's windows by themselves ------------------------------------ */

static int window_ok(const struct sched_set *set, const struct sched_task *t,
		     unsigned int i)
{
	const struct sched_window *w = &t->params.window[i];
	uint64_t frame_us = us_of(frame_of(set));

	if (w->length < ARINC_WINDOW_MIN_US) {
		sched_refuse(set->why,
			     "%s: a window of %u us is too short; possible are "
			     "%u us and more",
			     t->v->name, w->length, ARINC_WINDOW_MIN_US);
		return -ERR_INVAL;
	}
	if (end_of(w) > frame_us) {
		sched_refuse(set->why,
			     "%s: its window of %u us at %u us exceeds the "
			     "frame of %" PRIu64 " us",
			     t->v->name, w->length, w->start, frame_us);
		return -ERR_INVAL;
	}
	if (i > 0 && end_of(w - 1) > w->start) {
		sched_refuse(set->why,
			     "%s: its windows at %u us and %u us overlap, or "
			     "are not in order",
			     t->v->name, w[-1].start, w->start);
		return -ERR_INVAL;
	}
	return 0;
}

/* The length of its windows between `begin` and `end` of the frame, in us. */
static uint64_t supply(const struct sched_params *p, uint64_t begin,
		       uint64_t end)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < p->windows; i++) {
		uint64_t from = MAX(p->window[i].start, begin);
		uint64_t to = MIN(end_of(&p->window[i]), end);

		sum += to > from ? to - from : 0;
	}
	return sum;
}

/* Periods in a frame: a limit on the loop below. */
#define PERIODS_MAX 10000

static int budget_ok(const struct sched_set *set, const struct sched_task *t)
{
	uint64_t period = us_of(t->params.period);
	uint64_t budget = us_of(t->params.budget);
	uint64_t frame = us_of(frame_of(set));

	if (!t->params.period) {
		return 0;
	}
	if (period == 0 || frame % period || frame / period > PERIODS_MAX) {
		sched_refuse(set->why,
			     "%s: its period of %" PRIu64 " us does not divide "
			     "the frame of %" PRIu64 " us, or does so more "
			     "than %u times",
			     t->v->name, period, frame, PERIODS_MAX);
		return -ERR_INVAL;
	}
	for (uint64_t at = 0; at < frame; at += period) {
		uint64_t has = supply(&t->params, at, at + period);

		if (ns_to_ticks(has * 1000) < t->params.budget) {
			sched_refuse(set->why,
				     "%s: its windows give it %" PRIu64
				     " us of its %" PRIu64 " us in the period "
				     "that begins at %" PRIu64 " us; 'vcpu set "
				     "... window=' makes them longer",
				     t->v->name, has, budget, at);
			return -ERR_BUSY;
		}
	}
	return 0;
}

static int makes_sense(const struct sched_set *set)
{
	int late = 0;

	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *t = &set->tasks[i];
		int err;

		for (unsigned int w = 0; w < t->params.windows; w++) {
			err = window_ok(set, t, w);
			if (err) {
				return err;
			}
		}
		err = budget_ok(set, t);
		if (err && err != -ERR_BUSY) {
			return err;
		}
		late = late ? late : err;
	}
	return late;
}

/* --- together ------------------------------------------------------------ */

/* The first window of `a` that overlaps with one of `b`, or NULL. */
static const struct sched_window *clash(const struct sched_params *a,
					const struct sched_params *b)
{
	for (unsigned int i = 0; i < a->windows; i++) {
		for (unsigned int k = 0; k < b->windows; k++) {
			if (a->window[i].start < end_of(&b->window[k]) &&
			    b->window[k].start < end_of(&a->window[i])) {
				return &a->window[i];
			}
		}
	}
	return NULL;
}

/* The sum of what is bound to a CPU, including `t`. */
struct cpu_sum {
	uint64_t us; /* of windows */
	unsigned int windows;
	const struct sched_task *other; /* overlaps with `t` */
	const struct sched_window *where;
};

static struct cpu_sum sum_of(const struct sched_set *set, unsigned int cpu,
			     const struct sched_task *t)
{
	struct cpu_sum s = { 0 };

	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *o = &set->tasks[i];

		if (o != t && (o->home != (int32_t)cpu || !o->params.windows)) {
			continue;
		}
		s.us += supply(&o->params, 0, UINT64_MAX);
		s.windows += o->params.windows;
		if (o != t && !s.other) {
			s.where = clash(&t->params, &o->params);
			s.other = s.where ? o : NULL;
		}
	}
	return s;
}

static uint64_t most_us(const struct sched_set *set)
{
	const struct arinc_pool *pool = set->data;

	return us_of(frame_of(set)) * (100 - pool->reserve) / 100;
}

static bool fits(const struct sched_set *set, unsigned int cpu,
		 const struct sched_task *t)
{
	struct cpu_sum s = sum_of(set, cpu, t);

	return !s.other && s.us <= most_us(set) && s.windows <= ARINC_WINDOWS;
}

static bool place(const struct sched_set *set, struct sched_task *t)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		if (cpumask_test(&t->cpus, cpu) && fits(set, cpu, t)) {
			t->home = (int32_t)cpu;
			return true;
		}
	}
	return false;
}

static bool place_all(struct sched_set *set, struct sched_task **failed)
{
	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		if (t->params.windows && t->home < 0 && !place(set, t)) {
			*failed = t;
			return false;
		}
	}
	return true;
}

/* Unbind each VCPU that no longer fits on its CPU, or all of them. */
static void loosen(struct sched_set *set, bool all)
{
	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		if (t->home >= 0 && (all || !t->params.windows ||
				     !fits(set, (unsigned int)t->home, t))) {
			t->home = -1;
		}
	}
}

static int refuse(const struct sched_set *set, const struct sched_task *t)
{
	unsigned int cpu = cpumask_first(&t->cpus);
	struct cpu_sum s = sum_of(set, cpu, t);

	if (s.other) {
		sched_refuse(set->why,
			     "%s: its window of %u us at %u us overlaps with "
			     "one of %s on CPU %u, and no other CPU has room",
			     t->v->name, s.where->length, s.where->start,
			     s.other->v->name, cpu);
	} else if (s.us > most_us(set)) {
		sched_refuse(set->why,
			     "%s: there would be %" PRIu64 " us of windows on "
			     "CPU %u; possible are %" PRIu64 " us of each "
			     "frame, as the rest is reserved for threads",
			     t->v->name, s.us, cpu, most_us(set));
	} else {
		sched_refuse(set->why,
			     "%s: CPU %u would have %u windows; possible are "
			     "%u",
			     t->v->name, cpu, s.windows, ARINC_WINDOWS);
	}
	return -ERR_INVAL;
}

int arinc_admit(struct sched_set *set)
{
	struct sched_task *failed = NULL;
	int late = makes_sense(set);

	if (late && late != -ERR_BUSY) {
		return late;
	}
	loosen(set, false);
	if (place_all(set, &failed)) {
		return late;
	}
	loosen(set, true);
	return place_all(set, &failed) ? late : refuse(set, failed);
}
