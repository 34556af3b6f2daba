/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling: run queues, policies, and blocking and waking of VCPUs. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/spinlock.h>
#include <core/vcpu.h>
#include <libs/registry.h>

#define SCHED_PRIO_MAX 7
#define SCHED_PRIO_DEFAULT 3
#define SCHED_SLICE_MS 10

/* One per CPU; policy data follows the policy's own rules. */
struct runqueue {
	struct spinlock lock;
	uint32_t cpu;			/* [I] */
	const struct sched_policy *policy; /* [L] */
	void *policy_data;		/* [L] */
	uint32_t nr_ready;		/* [L] */
	struct timer slice_timer;
};

/* All callbacks run with the run queue locked and interrupts masked. */
struct sched_policy {
	const char *name;
	const char *summary;
	/* Prepare/release rq->policy_data. */
	int (*init)(struct runqueue *rq);
	void (*fini)(struct runqueue *rq);
	/* `v` became ready; `preempted`: was running, keep its place. */
	void (*enqueue)(struct runqueue *rq, struct vcpu *v, bool preempted);
	/* `v`, in the queue, leaves it (paused, moved, destroyed). */
	void (*dequeue)(struct runqueue *rq, struct vcpu *v);
	/* Take out whom to run next, NULL for idle. *slice: ticks until
	 * tick() is wanted, 0 for never. */
	struct vcpu *(*pick)(struct runqueue *rq, ticks_t *slice);
	/* The slice of the running `v` is over. True: reschedule. */
	bool (*tick)(struct runqueue *rq, struct vcpu *v);
	/* Should ready `v` preempt running `cur`? */
	bool (*preempts)(const struct vcpu *v, const struct vcpu *cur);
};

#define SCHED_POLICY(ident) REGISTRY_ADD(sched_policy, struct sched_policy, ident)
REGISTRY_DECLARE(sched_policy, struct sched_policy);

/* Boot CPU first (becomes the first thread), then each secondary. */
int __must_check sched_cpu_init(void);
/* The calling context becomes this CPU's idle thread. Never returns. */
void sched_idle_loop(void) __noreturn;

/*
 * Register a new VCPU (fields filled in by its creator: name, entry, arg,
 * stack, priority, affinity, guest) with the scheduler: VCPU_OFF. And back.
 */
int __must_check sched_add(struct vcpu *v);
void sched_remove(struct vcpu *v);	/* state OFF or DEAD, not on_cpu */

/* OFF -> READY, at the beginning of v->entry. Any context. */
void sched_start(struct vcpu *v);
/*
 * Make `v` runnable if BLOCKED; if it is about to block, the block returns
 * at once (wake_pending). Any context, any CPU. Cheap when running.
 */
void sched_wake(struct vcpu *v);
/* Block the caller until woken; returns with wake_pending consumed. May
 * return spuriously: callers re-test their condition. Interrupts on or off. */
void sched_block(void);
/* The caller goes back to VCPU_OFF and is switched out for good (guest VCPU
 * CPU_OFF, stop) until sched_start(). */
void sched_off(void) __noreturn;
/* Give up the CPU to a peer. */
void sched_yield(void);
/* Switch if need_resched is set; interrupts masked, preempt_count 0. The
 * trap and interrupt exit paths call this. */
void sched_resched(void);
/* End the calling thread. */
void sched_exit(void) __noreturn;

/*
 * Keep `v` from running / let it again; counted as `paused`. sched_pause()
 * returns when v is no longer on a CPU (it kicks it out); not for oneself.
 * Thread context.
 */
void sched_pause(struct vcpu *v);
void sched_resume(struct vcpu *v);
/* Wait until `v` is not on a CPU and OFF or DEAD. Thread context. */
void sched_wait_off(struct vcpu *v);

/* -ERR_INVAL: empty affinity, or no online CPU in it; priority too great.
 * A running VCPU moves at once. Thread context. */
int __must_check sched_set_affinity(struct vcpu *v, const struct cpumask *m);
int __must_check sched_set_priority(struct vcpu *v, unsigned int prio);
/* Switch policy of one CPU's queue, moving what is ready. -ERR_NOENT. */
int __must_check sched_set_policy(unsigned int cpu, const char *name);

/* Snapshot of accounting, up to now. */
void sched_times(struct vcpu *v, struct vcpu_times *out);
/* Call fn for every VCPU under the list's lock (fn must not block). */
void sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg);
const char *vcpu_state_name(const struct vcpu *v);

/* Ask CPU `cpu` to leave the guest and look at need_resched. */
void cpu_kick(unsigned int cpu);
/* If `v` runs in a guest on another CPU, make it trap to the hypervisor. */
void vcpu_kick(struct vcpu *v);

#endif
