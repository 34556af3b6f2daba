/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission of servers, which binds each to a CPU. Those that are bound already
 * stay, and each new one goes to the CPU with the smallest promised share among
 * those where it fits. If that fails, all are placed again, the largest share
 * first, which succeeds more often; if that fails too, the set is refused, and
 * the new one that did not fit is named. Whether a CPU can keep its promises is
 * decided by the policy's exact test. A refusal does not prove that no
 * placement exists (bin packing).
 */
#include "server_priv.h"

#include <core/time.h>
#include <inttypes.h>
#include <libs/error.h>

struct sched_params server_system(const void *pool_data)
{
	const struct server_pool *pool = pool_data;
	struct sched_params p = { .period = ms_to_ticks(SERVER_SYSTEM_MS) };

	p.budget = p.period * pool->reserve / 100;
	return p;
}

static uint64_t share_of(const struct sched_task *t)
{
	return t->params.budget * SERVER_WHOLE / t->params.period;
}

static uint64_t promised(const struct sched_set *set, unsigned int cpu,
			 unsigned int *count)
{
	uint64_t sum = 0;

	*count = 0;
	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *t = &set->tasks[i];

		if (t->params.period && t->home == (int32_t)cpu) {
			sum += share_of(t);
			++*count;
		}
	}
	return sum;
}

static bool keeps(const struct sched_set *set, server_fits_t fits,
		  unsigned int cpu)
{
	unsigned int count;

	(void)promised(set, cpu, &count);
	return count <= SERVER_MAX && fits(set, cpu);
}

/* Bind `t` to the CPU with the smallest promised share of those where it fits,
 * or, `anyway`, of all. */
static bool place(struct sched_set *set, struct sched_task *t,
		  server_fits_t fits, bool anyway)
{
	uint64_t best_sum = UINT64_MAX;
	int32_t best = -1;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		unsigned int count;
		uint64_t sum;

		if (!cpumask_test(&t->cpus, cpu)) {
			continue;
		}
		t->home = -1;
		sum = promised(set, cpu, &count);
		t->home = (int32_t)cpu;
		if (sum < best_sum && (anyway || keeps(set, fits, cpu))) {
			best_sum = sum;
			best = (int32_t)cpu;
		}
	}
	t->home = best;
	return best >= 0;
}

/* Those that are bound stay. `newcomer`: a new one that does not fit then. */
static bool place_new(struct sched_set *set, server_fits_t fits,
		      struct sched_task **newcomer)
{
	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		if (t->params.period && t->home >= 0 &&
		    !keeps(set, fits, (unsigned int)t->home)) {
			return false;
		}
	}
	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		if (t->params.period && t->home < 0 &&
		    !place(set, t, fits, false)) {
			*newcomer = t;
			return false;
		}
	}
	return true;
}

/* The one with the largest share that is not bound yet; NULL: all are. */
static struct sched_task *largest(struct sched_set *set)
{
	struct sched_task *best = NULL;

	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		if (t->params.period && t->home < 0 &&
		    (!best || share_of(t) > share_of(best))) {
			best = t;
		}
	}
	return best;
}

/* Returns the first that does not fit, or NULL. All have a CPU afterwards. */
static struct sched_task *place_all(struct sched_set *set, server_fits_t fits)
{
	struct sched_task *t, *failed = NULL;

	for (unsigned int i = 0; i < set->count; i++) {
		set->tasks[i].home = -1;
	}
	while ((t = largest(set)) != NULL) {
		if (!place(set, t, fits, false)) {
			failed = failed ? failed : t;
			(void)place(set, t, fits, true);
		}
	}
	return failed;
}

/* The largest budget that `t` could have if the others stay where they are. */
static uint64_t would_fit(struct sched_set *set, struct sched_task *t,
			  server_fits_t fits)
{
	uint64_t asked = t->params.budget;
	uint64_t low = 0, high = asked; /* fits; does not */
	int32_t home = t->home;

	while (low + 1 < high) {
		t->params.budget = low + (high - low) / 2;
		if (place(set, t, fits, false)) {
			low = t->params.budget;
		} else {
			high = t->params.budget;
		}
	}
	t->params.budget = asked;
	t->home = home;
	return low;
}

static int refuse(struct sched_set *set, struct sched_task *t, uint64_t fit)
{
	sched_refuse(set->why,
		     "%s: no CPU has room for %" PRIu64 " us of each %" PRIu64
		     " us beside the others; %" PRIu64 " us would fit",
		     t->v->name, ticks_to_ns(t->params.budget) / 1000,
		     ticks_to_ns(t->params.period) / 1000,
		     ticks_to_ns(fit) / 1000);
	return -ERR_BUSY;
}

static int makes_sense(const struct sched_set *set)
{
	for (unsigned int i = 0; i < set->count; i++) {
		const struct sched_task *t = &set->tasks[i];

		if (t->params.period > SERVER_PERIOD_MAX) {
			sched_refuse(set->why,
				     "%s: the period is too long; possible are "
				     "%" PRIu64 " ms",
				     t->v->name,
				     ticks_to_ns(SERVER_PERIOD_MAX) / 1000000);
			return -ERR_INVAL;
		}
	}
	return 0;
}

int server_admit(struct sched_set *set, server_fits_t fits)
{
	struct sched_task *failed, *newcomer = NULL;
	uint64_t fit = 0;
	int err = makes_sense(set);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < set->count; i++) {
		if (!set->tasks[i].params.period) {
			set->tasks[i].home = -1;
		}
	}
	if (place_new(set, fits, &newcomer)) {
		return 0;
	}
	if (newcomer) {
		fit = would_fit(set, newcomer, fits);
	}
	failed = place_all(set, fits);
	if (!failed) {
		return 0;
	}
	if (!newcomer) {
		newcomer = failed;
		fit = would_fit(set, failed, fits);
	}
	return refuse(set, newcomer, fit);
}
