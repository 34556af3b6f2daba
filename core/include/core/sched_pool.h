/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of CPUs: each CPU is in one, and each pool has one scheduling policy.
 * The pool "default" exists from the start, with every CPU; it always keeps
 * one. Thread context, with no spinlock held; on an error nothing has changed,
 * and `why` has a message for the user.
 */
#ifndef CORE_SCHED_POOL_H
#define CORE_SCHED_POOL_H

#include <core/time.h>
#include <core/vcpu.h>

#define SCHED_POOL_NAME 16
#define SCHED_WHY_TEXT 200

/* Why something is refused, and what is allowed. Empty: the error code says
 * all. */
struct sched_refusal {
	char text[SCHED_WHY_TEXT];
};
void sched_refuse(struct sched_refusal *why, const char *fmt, ...)
	__printf(2, 3);

/* A policy as the operator names it. */
struct sched_choice {
	const char *policy;
	const char *options; /* the policy's own; NULL: none */
	bool force;          /* even if it cannot keep what is promised */
};

/* NULL: there is no pool of that name. A pool that is destroyed stays readable.
 * Any context. */
struct sched_pool *sched_pool_find(const char *name);

/*
 * A new pool of these CPUs, which leave the ones they are in. -ERR_EXIST: the
 * name is taken; -ERR_INVAL: bad name, options, or CPUs; -ERR_NOENT: no such
 * policy; -ERR_BUSY: a CPU is the last of its pool, or a VCPU needs it;
 * -ERR_NOMEM.
 */
int __must_check sched_pool_create(const char *name, const struct cpumask *cpus,
				   const struct sched_choice *choice,
				   struct sched_refusal *why);
/* Its CPUs go to the default pool. -ERR_BUSY: VCPUs are in it; -ERR_INVAL: it
 * is the default pool. */
int __must_check sched_pool_destroy(struct sched_pool *pool,
				    struct sched_refusal *why);
/*
 * The pool's CPUs are these from now on: more come from the pools they are in,
 * others go to the default pool. Errors as for sched_pool_create().
 */
int __must_check sched_pool_set_cpus(struct sched_pool *pool,
				     const struct cpumask *cpus,
				     struct sched_refusal *why);
/* Switch a pool, with all its VCPUs, to another policy. -ERR_NOENT: no such
 * policy; -ERR_NOMEM; or the error of its admit(). */
int __must_check sched_pool_set_policy(struct sched_pool *pool,
				       const struct sched_choice *choice,
				       struct sched_refusal *why);
/*
 * Move VCPUs to another pool: `v`, or if that is NULL all of a group, with the
 * threads that work for it, which stay where they are if the policy takes
 * guests' VCPUs only. A VCPU whose affinity has no CPU of that pool is refused:
 * -ERR_INVAL. Or the error of admit().
 */
int __must_check sched_pool_move(struct sched_pool *pool, struct vcpu *v,
				 const struct sched_group *group, bool force,
				 struct sched_refusal *why);

/* A thread of the hypervisor, by its id. -ERR_NOENT: there is none; -ERR_INVAL:
 * the pool takes none. */
int __must_check sched_pool_move_thread(struct sched_pool *pool, uint32_t id,
					struct sched_refusal *why);

/* A VCPU's windows in a schedule, in order. */
struct sched_schedule_entry {
	struct vcpu *v;
	uint8_t windows;
	struct sched_window window[SCHED_WINDOWS];
};

struct sched_schedule {
	ticks_t frame;
	unsigned int count;
	const struct sched_schedule_entry *entries;
};

/*
 * Another schedule for a pool whose policy is arinc653, from the end of a frame
 * on: VCPUs that are not in it have no windows any more. Only with
 * CONFIG_SCHED_ARINC653. -ERR_INVAL: another policy; windows exceed the frame,
 * overlap, or leave too little; a VCPU is in another pool. -ERR_BUSY: the last
 * change has not taken effect yet; or a budget is not kept, unless `force`.
 */
int __must_check sched_pool_set_schedule(struct sched_pool *pool,
					 const struct sched_schedule *s,
					 bool force, struct sched_refusal *why);

/* Facts about the n-th pool, in order of creation; false: there is none. */
struct sched_pool_info {
	char name[SCHED_POOL_NAME];
	struct cpumask cpus;
	const char *policy;
	char details[64];   /* of the policy's own; "" */
	unsigned int vcpus; /* of guests */
	unsigned int threads;
	bool exceeded; /* more was promised than can be kept: forced */
};
bool sched_pool_nth(unsigned int n, struct sched_pool_info *out);

#endif
