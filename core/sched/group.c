/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of VCPUs: memory for what a policy keeps of each. */
#include "sched_priv.h"

#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

int sched_group_init(struct sched_group *g)
{
	g->cells = heap_alloc(cpu_count * sizeof(*g->cells));
	return g->cells ? 0 : -ERR_NOMEM;
}

void sched_group_fini(struct sched_group *g)
{
	heap_free(g->cells);
	g->cells = NULL;
}

void rq_group_begin(struct runqueue *rq, struct sched_cell *c)
{
	c->epoch = rq->epoch;
	memset(c->data, 0, sizeof(c->data));
	if (rq->policy->group_init) {
		rq->policy->group_init(rq, c->data);
	}
}
