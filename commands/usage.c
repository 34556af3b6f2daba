/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of the scheduler's accounting. The list of VCPUs is walked under
 * its lock, where memory cannot be allocated and nothing printed: count,
 * allocate, then copy. A VCPU that is created in between is left out.
 */
#include "usage.h"
#include <core/guest.h>
#include <core/heap.h>
#include <core/sched.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define USAGE_SPARE 8 /* room for VCPUs that are created while we allocate */

struct usage_walk {
	struct usage_list *list;
	size_t size;
	size_t at; /* the first item that usage_measure() has not passed */
};

static void usage_count(struct vcpu *v, void *arg)
{
	size_t *n = arg;

	(void)v;
	(*n)++;
}

static void usage_copy(struct vcpu *v, void *arg)
{
	struct usage_walk *w = arg;
	struct usage *u;

	if (w->list->count == w->size) {
		return;
	}
	u = &w->list->items[w->list->count++];
	u->id = v->id;
	u->index = v->index;
	u->group = v->group;
	u->cpu = v->cpu;
	u->priority = v->params.priority;
	u->affinity = v->affinity;
	u->state = vcpu_state_name(v);
	sched_times(v, &u->times);
	memcpy(u->name, v->name, sizeof(u->name));
}

static void usage_measure(struct vcpu *v, void *arg)
{
	struct usage_walk *w = arg;
	struct vcpu_times now;
	uint64_t span = ms_to_ticks(USAGE_MS);

	/* Both are in order of id. */
	for (; w->at < w->list->count && w->list->items[w->at].id <= v->id;
	     w->at++) {
		struct usage *u = &w->list->items[w->at];

		if (u->id != v->id) {
			continue;
		}
		sched_times(v, &now);
		/* The times of all states of a VCPU add up to the time that has
		 * passed. */
		span = MAX(now.running + now.ready + now.blocked + now.paused +
				   now.throttled - u->times.running -
				   u->times.ready - u->times.blocked -
				   u->times.paused - u->times.throttled,
			   span);
		u->permille = (unsigned int)((now.running - u->times.running) *
					     1000 / span);
		u->times = now;
	}
}

int usage_take(struct session *s, struct usage_list *list)
{
	struct usage_walk w = { .list = list };

	list->items = NULL;
	list->count = 0;
	sched_for_each(usage_count, &w.size);
	w.size += USAGE_SPARE;
	list->items = heap_alloc_array(w.size, sizeof(*list->items));
	if (list->items == NULL) {
		return -ERR_NOMEM;
	}
	sched_for_each(usage_copy, &w);
	sleep_ms(USAGE_MS);
	sched_for_each(usage_measure, &w);
	if (session_interrupted(s)) {
		usage_free(list);
		return -ERR_INTR;
	}
	return 0;
}

void usage_free(struct usage_list *list)
{
	heap_free(list->items);
	list->items = NULL;
	list->count = 0;
}

unsigned int usage_guest(const struct usage_list *list, const struct guest *g)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].group == &g->group) {
			sum += list->items[i].permille;
		}
	}
	return sum;
}

/* The first CPU from `from` on that is (not) in the set; cpu_count if there is
 * none. */
static unsigned int cpumask_next(const struct cpumask *m, unsigned int from,
				 bool in)
{
	while (from < cpu_count && cpumask_test(m, from) != in) {
		from++;
	}
	return from;
}

const char *cpumask_text(char *buf, size_t size, const struct cpumask *m)
{
	unsigned int first = cpumask_next(m, 0, true);
	size_t n = 0;

	if (cpumask_next(m, 0, false) == cpu_count) {
		(void)snprintf(buf, size, "all");
		return buf;
	}
	(void)snprintf(buf, size, "-");
	while (first < cpu_count && n + 12 < size) {
		unsigned int end = cpumask_next(m, first, false);

		n += (size_t)snprintf(buf + n, size - n,
				      end - first > 1 ? "%s%u-%u" : "%s%u",
				      n > 0 ? "," : "", first, end - 1);
		first = cpumask_next(m, end, true);
	}
	if (first < cpu_count) {
		(void)snprintf(buf + n, size - n, ",...");
	}
	return buf;
}
