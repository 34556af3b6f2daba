/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the policy "fair": see policy_fair.c. */
#ifndef CORE_SCHED_FAIR_PRIV_H
#define CORE_SCHED_FAIR_PRIV_H

#include <core/sched_policy.h>

#include "fair_heap.h"

/* Of a pool, unless its options say otherwise: in so much time each group that
 * is ready on a CPU runs once, with at least FAIR_SLICE_MIN_US each. */
#define FAIR_LATENCY_US 6000
#define FAIR_LATENCY_MIN_US 1000
#define FAIR_LATENCY_MAX_US 100000
#define FAIR_SLICE_MIN_US 500
/* A group's VCPUs count as at most this many times those that it has on the CPU
 * whose time is charged. */
#define FAIR_SPREAD_MAX 16
/* VCPUs that are parked or released in one decision, at most. */
#define FAIR_PARK_MAX 8
/* A capped VCPU alternates between running and waiting, in intervals of about
 * this length. */
#define FAIR_CAP_BURST_US 5000
/* Groups of each of two CPUs whose time is added up when a VCPU might be moved
 * from one to the other. */
#define FAIR_EVEN_GROUPS 4
/* The time of the last such window counts then. If the groups of one CPU have
 * run FAIR_LEAD_MS more than those of the other, a VCPU is moved. */
#define FAIR_WINDOW_MS 512
#define FAIR_LEAD_MS 8

/* A VCPU's data. All of it is zero at first. */
struct fair_vcpu {
	struct fair_node node; /* its key: what it has run, of its group */
	uint64_t paid;         /* until then its cap allows what it has run */
	bool active;           /* waits or runs */
	bool parked;           /* in the heap of those */
};
_Static_assert(sizeof(struct fair_vcpu) <= SCHED_VCPU_SIZE, "VCPU's data");

/* A group, on a CPU. */
struct fair_share {
	struct fair_node node;     /* its key: what it has run, by its weight */
	struct fair_heap ready;    /* its VCPUs that wait here */
	struct sched_group *group; /* NULL: the hypervisor's threads */
	uint64_t clock;            /* as the queue's, for its VCPUs */
	uint64_t used;             /* in the last windows, ticks */
	uint64_t window;           /* number of the last one */
	uint32_t active;           /* of its VCPUs, wait or run here */
	uint32_t weight;
	bool waits; /* in the queue's heap */
};
_Static_assert(sizeof(struct fair_share) <= SCHED_GROUP_SIZE, "group's data");

/* A group, on all CPUs. [A], all. */
struct fair_group {
	uint32_t active; /* of its VCPUs, wait or run */
	uint16_t weight; /* as its VCPUs said last, for threads; 0: not yet */
	uint16_t cap;    /* likewise; 0: none */
	uint64_t paid;   /* as a VCPU's, of its cap */
};
_Static_assert(SCHED_WEIGHT_MAX <= UINT16_MAX && SCHED_CAP_MAX <= UINT16_MAX,
	       "a group's data");
_Static_assert(sizeof(struct fair_group) <= SCHED_SHARED_SIZE, "group's data");

/* A CPU's data. */
struct fair_queue {
	struct fair_heap groups; /* with VCPUs that wait, but for `running` */
	struct fair_heap parked; /* VCPUs, by the date when they may run */
	struct fair_share *running; /* NULL: nobody */
	struct fair_vcpu *runner;   /* of `running` */
	uint64_t clock;             /* who becomes ready has no lesser key */
	uint64_t since;             /* charged until then */
	uint64_t picked;            /* when that was */
	uint32_t waiting;           /* in `groups` */
	uint32_t active; /* groups with VCPUs that wait or run; read anywhere */
	ticks_t latency, slice_min, burst; /* [I] */
	uint32_t shift; /* [I] a window has 2 to the power of that ticks */
};
_Static_assert(sizeof(struct fair_queue) <= SCHED_CPU_SIZE, "CPU's data");

struct fair_pool {
	uint32_t latency_us;
	uint32_t threads; /* weight of the hypervisor's threads on each CPU */
};

static inline struct fair_queue *fair_queue(struct runqueue *rq)
{
	return (void *)rq->data;
}

static inline struct fair_share *fair_share(const struct vcpu *v)
{
	return v->group_data;
}

/* What `v` is charged to besides, on all CPUs; NULL: nothing. */
static inline struct fair_group *fair_group(const struct fair_share *s)
{
	return s->group ? (void *)s->group->shared : NULL;
}

/* Its VCPUs that wait or run on any CPU. */
static inline uint32_t fair_active(const struct fair_share *s)
{
	const struct fair_group *g = fair_group(s);

	return g ? MAX(READ_ONCE(g->active), s->active) : s->active;
}

/* So much has been used by `s` in the last windows, at `now`: of what is longer
 * ago, each window's counts half of the next. Nothing is followed, for the
 * share may be another CPU's, which begins or ends meanwhile. */
static inline uint64_t fair_used(const struct fair_share *s, uint32_t shift,
				 uint64_t now)
{
	uint64_t ago = (now >> shift) - READ_ONCE(s->window);

	return ago < 64 ? READ_ONCE(s->used) >> ago : 0;
}

/* --- fair_even.c, fair_admit.c: callbacks --- */

struct vcpu *fair_offer(struct runqueue *rq, unsigned int cpu);
struct vcpu *fair_even(struct runqueue *from, struct runqueue *to);
int fair_admit(struct sched_set *set);
int fair_pool_init(void **pool_data, const char *options,
		   struct sched_refusal *why);
void fair_pool_fini(void *pool_data);
void fair_describe(const void *pool_data, char *buf, size_t size);

#endif
