/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission: first the set of what a pool would promise is collected and its
 * policy is asked; then the change is made, which cannot fail.
 */
#ifndef CORE_SCHED_ADMIT_PRIV_H
#define CORE_SCHED_ADMIT_PRIV_H

#include "sched_priv.h"

/* A pool as it would be after the change. */
struct plan {
	struct list node;
	struct sched_pool *pool;
	const struct sched_policy *policy;
	struct sched_set set;
	unsigned int room; /* of set.tasks */
};

/*
 * Begin with the present policy and CPUs of `pool`, and the VCPUs for which
 * in() is true (NULL: those in the pool). Change what is to be different, then
 * call plan_admit(). sched_admission held. -ERR_NOMEM. Call plan_end() in any
 * case.
 */
int plan_begin(struct plan *p, struct sched_pool *pool,
	       bool (*in)(const struct vcpu *v, void *ctx), void *ctx,
	       struct sched_refusal *why);
void plan_end(struct plan *p);
/* The task of `v`, which is added if need be. */
struct sched_task *plan_task(struct plan *p, struct vcpu *v);
/* The pool's CPUs are to be `cpus`. */
void plan_set_cpus(struct plan *p, const struct cpumask *cpus);
/* As policy->admit(); also checks that each VCPU has a CPU. */
int plan_admit(struct plan *p, bool force);
/* Call fn for each task with the pools locked, which are unlocked after a few.
 * No lock held. */
void plan_each(struct plan *p,
	       void (*fn)(struct plan *p, const struct sched_task *t));
/* Move all tasks to the pool, and bind them to their homes, one after the
 * other. No lock held. */
void plan_bind(struct plan *p);
/* The same if the pool's CPUs, its members and their affinities are as they
 * were: only homes may differ. */
void plan_bind_moved(struct plan *p);
/* What has to wait until VCPUs are stopped: call it after plan_bind(). */
void plan_settle(struct plan *p);

#endif
