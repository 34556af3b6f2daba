/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A last-level cache shared by all CPUs: set-associative, indexed by physical
 * address bits, with LRU replacement. QEMU has no caches; this one only counts.
 * It writes one line for each series: in its rounds, the misses and accesses of
 * each CPU's guest instructions, and of the hypervisor on all CPUs. Its own
 * arguments: sets=, ways=, line= (bytes).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plugins/core.h"

struct count {
	uint64_t hits, misses;
};

static struct {
	uint64_t sets, ways, line;
	/* Line numbers plus 1; in each set, the most recently used first. */
	uint64_t *tags;
} cache = { .sets = 2048, .ways = 16, .line = 64 };

static struct count guests[CORE_MAX_CPUS], hypervisor;
/* The lines that a CPU used last, plus 1: the caches nearer to it hold these. A
 * loop's instructions and its stack do not reach the last level. */
#define NEAR 16
static uint64_t near_lines[CORE_MAX_CPUS][NEAR];
static unsigned int rounds;

/* Looks the line up and makes it the most recently used; true if it was
 * there. */
static bool use(uint64_t *set, uint64_t ways, uint64_t line)
{
	uint64_t way = 0;
	bool hit;

	while (way < ways - 1 && set[way] != line + 1) {
		way++;
	}
	hit = set[way] == line + 1;
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = line + 1;
	return hit;
}

static void touched(unsigned int cpu, bool ours, uint64_t address)
{
	struct count *count = ours ? &hypervisor : &guests[cpu];
	uint64_t line = address / cache.line;
	bool hit;

	if (!cache.tags) {
		cache.tags =
			calloc(cache.sets * cache.ways, sizeof(*cache.tags));
		if (!cache.tags) {
			core_fail("no memory for the cache");
		}
	}
	if (use(near_lines[cpu], NEAR, line)) {
		return;
	}
	hit = use(&cache.tags[line % cache.sets * cache.ways], cache.ways,
		  line);
	if (core_in_round()) {
		count->hits += hit;
		count->misses += !hit;
	}
}

static bool argument(const char *name, uint64_t value)
{
	if (strcmp(name, "sets") == 0) {
		cache.sets = value;
	} else if (strcmp(name, "ways") == 0) {
		cache.ways = value;
	} else if (strcmp(name, "line") == 0) {
		cache.line = value;
	} else {
		return false;
	}
	if (!value) {
		core_fail("sets, ways and line are 1 at least");
	}
	return true;
}

static void end(void)
{
	rounds++;
}

static void series(FILE *out, unsigned int number)
{
	fprintf(out, "series=%u rounds=%u hypervisor=%" PRIu64 "/%" PRIu64,
		number, rounds, hypervisor.misses,
		hypervisor.hits + hypervisor.misses);
	for (unsigned int cpu = 0; cpu < CORE_MAX_CPUS; cpu++) {
		const struct count *c = &guests[cpu];

		if (c->hits + c->misses > 0) {
			fprintf(out, " cpu%u=%" PRIu64 "/%" PRIu64, cpu,
				c->misses, c->hits + c->misses);
		}
	}
	fputc('\n', out);
	memset(guests, 0, sizeof(guests));
	memset(&hypervisor, 0, sizeof(hypervisor));
	rounds = 0;
}

const struct plugin plugin = {
	.touched = touched,
	.argument = argument,
	.end = end,
	.series = series,
};
