/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling: run queues, policies, and blocking and waking of VCPUs.
 * docs/design/scheduling.md has the states and the races.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/spinlock.h>
#include <core/time.h>
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
	uint32_t nr_ready;		/* [L] queued; read anywhere */
	struct vcpu *curr;		/* [L] runs or is being switched to */
	int32_t curr_prio;		/* [L] its, -1: idle; read anywhere */
	ticks_t now;			/* [L] time of the present operation */
	ticks_t slice_end;		/* [L] tick() is wanted then; 0: never */
	struct timer slice_timer;	/* [L] fires at slice_end or earlier */
};

/*
 * A policy decides who runs next among the VCPUs of one queue. All callbacks
 * but create and destroy run with the run queue locked and interrupts masked;
 * rq->now is the present time. They neither block nor allocate.
 */
struct sched_policy {
	const char *name;
	const char *summary;
	/* A queue's private data, and its release, empty. Thread or boot
	 * context, no lock held. NULL: out of memory. */
	void *(*create)(unsigned int cpu);
	void (*destroy)(void *policy_data);
	/* `v` became ready; `preempted`: was running, keep its place. */
	void (*enqueue)(struct runqueue *rq, struct vcpu *v, bool preempted);
	/* `v`, in the queue, leaves it (paused, moved). */
	void (*dequeue)(struct runqueue *rq, struct vcpu *v);
	/* Take out whom to run next, NULL for idle. */
	struct vcpu *(*pick)(struct runqueue *rq);
	/* Ticks until tick() is wanted for `v`, which runs; 0 for never.
	 * Asked after every pick and every enqueue. */
	ticks_t (*slice)(struct runqueue *rq, struct vcpu *v);
	/* The slice of the running `v` is over. True: reschedule. */
	bool (*tick)(struct runqueue *rq, struct vcpu *v);
	/* Should ready `v` preempt running `cur`? */
	bool (*preempts)(const struct vcpu *v, const struct vcpu *cur);
	/* A queued VCPU that another CPU `cpu` may run (affinity) and takes
	 * best, which stays queued; NULL. */
	struct vcpu *(*offer)(struct runqueue *rq, unsigned int cpu);
};

#define SCHED_POLICY(ident) REGISTRY_ADD(sched_policy, struct sched_policy, ident)
REGISTRY_DECLARE(sched_policy, struct sched_policy);

/*
 * Each CPU, once percpu, heap and timer_cpu_init() are there: the calling
 * context becomes this CPU's idle VCPU, runs at a priority below all, and can
 * go on with its work, block and start threads until it calls
 * sched_idle_loop(). The boot CPU comes first. -ERR_NOMEM.
 */
int __must_check sched_cpu_init(void);
/* Run whatever is ready, else sleep. Never returns. */
void sched_idle_loop(void) __noreturn;

/*
 * Register a new VCPU (fields filled in by its creator: name, entry, arg,
 * stack, priority, affinity, guest) with the scheduler: VCPU_OFF. And back.
 * -ERR_INVAL: no online CPU in the affinity, or priority too great.
 */
int __must_check sched_add(struct vcpu *v);
void sched_remove(struct vcpu *v);	/* state OFF or DEAD, not on_cpu */

/*
 * OFF -> READY, at the beginning of v->entry. Any context. False if `v` was
 * not off: one of several that race to start it wins. If it is just being
 * switched out it starts as soon as that is done; do not touch its registers
 * before sched_is_off().
 */
bool sched_start(struct vcpu *v);
/* Off, and no CPU uses its stack or holds on to leaving it. Any context. */
bool sched_is_off(const struct vcpu *v);
/*
 * Make `v` runnable if BLOCKED; if it is about to block, the block returns
 * at once (wake_pending). What the caller wrote before is visible to `v`
 * after its sched_block(). Any context, any CPU. Cheap when running.
 */
void sched_wake(struct vcpu *v);
/* Block the caller until woken; returns with wake_pending consumed. May
 * return spuriously: callers re-test their condition. Interrupts on or off,
 * no lock held, preemption enabled. A guest's VCPU may stay `current`
 * meanwhile: its state tells, and interrupts on its own CPU wake it too. */
void sched_block(void);
/* The caller goes back to VCPU_OFF and is switched out for good (guest VCPU
 * CPU_OFF, stop) until sched_start(). */
void sched_off(void) __noreturn;
/* Give up the CPU to a peer. */
void sched_relinquish(void);
/* End the calling thread. */
void sched_exit(void) __noreturn;

/* Out of line part of sched_resched(). */
void sched_resched_now(void);

/* Switch if need_resched is set; interrupts masked. The trap and interrupt
 * exit paths call this. Does nothing while preemption is disabled. */
static inline void sched_resched(void)
{
	if (unlikely(READ_ONCE(this_cpu()->need_resched))) {
		sched_resched_now();
	}
}

/*
 * Keep `v` from running / let it again; counted as `paused`. sched_pause()
 * returns when v is no longer on a CPU (it kicks it out); not for oneself.
 * A wake meanwhile is remembered. Thread context.
 */
void sched_pause(struct vcpu *v);
void sched_resume(struct vcpu *v);
/* Wait until `v` is not on a CPU and OFF or DEAD. Thread context. */
void sched_wait_off(struct vcpu *v);

/* -ERR_INVAL: empty affinity, or no online CPU in it; priority too great.
 * A running VCPU moves at once. Thread context. */
int __must_check sched_set_affinity(struct vcpu *v, const struct cpumask *m);
int __must_check sched_set_priority(struct vcpu *v, unsigned int prio);
/* Switch policy of one CPU's queue, moving what is ready. -ERR_NOENT: no
 * such policy; -ERR_STATE: CPU not online; -ERR_NOMEM. Thread context. */
int __must_check sched_set_policy(unsigned int cpu, const char *name);

/* Snapshot of accounting, up to now. */
void sched_times(struct vcpu *v, struct vcpu_times *out);
/* Call fn for every VCPU, in order of id, under the list's lock (fn must not
 * block). */
void sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg);
const char *vcpu_state_name(const struct vcpu *v);

/*
 * First code of a VCPU, on its own stack with interrupts masked; the
 * architecture's first switch to it arrives here, with whom the CPU ran
 * before.
 */
void vcpu_start(struct vcpu *prev) __noreturn;

/* Ask CPU `cpu` to leave the guest and look at need_resched. */
void cpu_kick(unsigned int cpu);
/*
 * If `v` runs in a guest on another CPU, make it trap to the hypervisor. If
 * it is being switched in just now, what the caller wrote before is seen by
 * its way into the guest.
 */
void vcpu_kick(struct vcpu *v);

#endif
