/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy "fair": a pool's options, and whether caps make sense. */
#include "fair_priv.h"

#include <core/heap.h>
#include <core/percpu.h>
#include <inttypes.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

/* "latency=TIME" or "threads=WEIGHT", up to its end. */
static bool take_option(struct fair_pool *pool, const char *text, size_t len)
{
	char one[32];
	uint64_t n;

	if (len >= sizeof(one)) {
		return false;
	}
	memcpy(one, text, len);
	one[len] = '\0';
	if (strncmp(one, "latency=", 8) == 0) {
		if (parse_duration(one + 8, &n) != 0 ||
		    n < UINT64_C(1000) * FAIR_LATENCY_MIN_US ||
		    n > UINT64_C(1000) * FAIR_LATENCY_MAX_US) {
			return false;
		}
		pool->latency_us = (uint32_t)(n / 1000);
		return true;
	}
	if (strncmp(one, "threads=", 8) == 0 &&
	    parse_u64_max(one + 8, SCHED_WEIGHT_MAX, &n) == 0 && n > 0) {
		pool->threads = (uint32_t)n;
		return true;
	}
	return false;
}

static bool take_options(struct fair_pool *pool, const char *options)
{
	while (*options) {
		size_t len = strcspn(options, ",");

		if (!take_option(pool, options, len)) {
			return false;
		}
		options += len;
		options += *options == ',';
	}
	return true;
}

int fair_pool_init(void **pool_data, const char *options,
		   struct sched_refusal *why)
{
	struct fair_pool *pool = heap_alloc(sizeof(*pool));

	if (!pool) {
		return -ERR_NOMEM;
	}
	pool->latency_us = FAIR_LATENCY_US;
	pool->threads = SCHED_WEIGHT_DEFAULT;
	if (!take_options(pool, options)) {
		sched_refuse(why,
			     "the options are latency=TIME, %d to %d ms, and "
			     "threads=WEIGHT of the hypervisor's threads, 1 to "
			     "%d",
			     FAIR_LATENCY_MIN_US / 1000,
			     FAIR_LATENCY_MAX_US / 1000, SCHED_WEIGHT_MAX);
		heap_free(pool);
		return -ERR_INVAL;
	}
	*pool_data = pool;
	return 0;
}

void fair_pool_fini(void *pool_data)
{
	heap_free(pool_data);
}

void fair_describe(const void *pool_data, char *buf, size_t size)
{
	const struct fair_pool *pool = pool_data;

	(void)snprintf(buf, size, "latency=%" PRIu32 "us,threads=%" PRIu32,
		       pool->latency_us, pool->threads);
}

static unsigned int cpus_in(const struct cpumask *m)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		n += cpumask_test(m, cpu);
	}
	return n;
}

/* Shares can always be kept; only a cap may be none. */
int fair_admit(struct sched_set *set)
{
	unsigned int cpus = cpus_in(&set->cpus);

	for (unsigned int i = 0; i < set->count; i++) {
		struct sched_task *t = &set->tasks[i];

		t->home = -1;
		if (t->params.cap > 100 * cpus) {
			sched_refuse(set->why,
				     "%s: a cap of %" PRIu32 " %% is more than "
				     "the pool's %u CPUs have; possible are 1 "
				     "to %u",
				     t->v->name, t->params.cap, cpus,
				     100 * cpus);
			return -ERR_INVAL;
		}
	}
	return 0;
}
