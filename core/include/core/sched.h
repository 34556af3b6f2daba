/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling: run queues, policies, and blocking and waking of VCPUs.
 * docs/design/scheduling.md has the states and the races.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/time.h>
#include <core/vcpu.h>

#define SCHED_PRIO_MAX 7
#define SCHED_LEVELS (SCHED_PRIO_MAX + 1)
#define SCHED_PRIO_DEFAULT 3
#define SCHED_SLICE_MS 10
/* Of a budget. */
#define SCHED_PERIOD_MIN_US 100
#define SCHED_PERIOD_MAX_US 10000000

/* Of a guest among others. */
#define SCHED_WEIGHT_DEFAULT 100
#define SCHED_WEIGHT_MAX 10000
/* Of a guest, in per cent of one CPU. */
#define SCHED_CAP_MAX (100 * CONFIG_MAX_CPUS)

/* What a policy may keep of a group for all CPUs, bytes. */
#define SCHED_SHARED_SIZE 16

struct sched_cell;
struct sched_pool;
struct sched_refusal;

/*
 * VCPUs that a policy may treat as one unit, however many are ready: those of a
 * guest, and the threads that work for it; or the hypervisor's other threads
 * (struct vcpu.group is NULL). Owned by the guest, which frees it after its
 * VCPUs.
 */
struct sched_group {
	struct sched_cell *cells; /* [I] one for each CPU */
	/* [A] The policy's, of the group on all CPUs. Zero at first. */
	uint64_t shared[SCHED_SHARED_SIZE / 8];
};

/*
 * Called at the start-up of each CPU, the boot CPU first, after percpu, heap
 * and timer_cpu_init(). The calling context becomes this CPU's idle VCPU, with
 * the lowest priority. It may continue, block and start threads until it calls
 * sched_idle_loop(). -ERR_NOMEM.
 */
int __must_check sched_cpu_init(void);
/* From now on VCPUs may be placed on this CPU, which stays online. Start-up,
 * after sched_cpu_init(). */
void sched_cpu_online(void);
/* Run whatever is ready, else sleep. Never returns. */
void sched_idle_loop(void) __noreturn;

/* Is a CPU of the mask idle, other than this one? A hint. Any context. */
bool sched_idle_elsewhere(const struct cpumask *m);

/* Initialise a group, and free what it has; it must have no VCPUs. Thread
 * context, once all CPUs are known. -ERR_NOMEM. */
int __must_check sched_group_init(struct sched_group *g);
void sched_group_fini(struct sched_group *g); /* also if never initialised */

/*
 * Register a new VCPU (fields filled in by its creator: name, entry, arg,
 * stack, params, affinity, guest, group; pool, or NULL for the default one)
 * with the scheduler; its state is VCPU_OFF. sched_remove() is the reverse.
 * Thread or start-up context, no spinlock held. -ERR_INVAL: no CPU of the pool
 * is in the affinity, or parameters out of range; -ERR_BUSY: the policy cannot
 * guarantee them in addition to what it has promised to others; -ERR_NOMEM.
 * `why`, if not NULL, gets a message for the operator.
 */
int __must_check sched_add(struct vcpu *v, struct sched_refusal *why);
void sched_remove(struct vcpu *v); /* state OFF or DEAD, not on_cpu */

/*
 * OFF -> READY, at the beginning of v->entry. Any context. False if `v` was
 * not off: one of several that race to start it wins. If it is just being
 * switched out it starts as soon as that is done; do not touch its registers
 * before sched_is_off().
 */
bool sched_start(struct vcpu *v);
/* Is it off, and does no CPU use its stack any more? Any context. */
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

/* Out of line part of sched_resched(). Interrupts masked, need_resched set. */
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
 * Keep `v` from running / let it run again; counted as `paused`. sched_pause()
 * returns when v is no longer on a CPU (it is kicked out); not for the caller
 * itself. A wake meanwhile is remembered. Thread context.
 */
void sched_pause(struct vcpu *v);
void sched_resume(struct vcpu *v);
/*
 * The same for a budget that is used up, for example of memory accesses, until
 * it is refilled. It is called from an interrupt (the counter's overflow, the
 * period's timer), so it does not wait: `v` leaves its CPU at the end of that
 * interrupt. It is independent of sched_pause(): `v` runs when neither holds
 * it. The time is counted as `throttled` where `v` would have been ready. Any
 * context, with no lock held that comes after LOCK_WAIT.
 */
void sched_throttle(struct vcpu *v);
void sched_unthrottle(struct vcpu *v);
/* Wait until `v` is not on a CPU and OFF or DEAD. Thread context. */
void sched_wait_off(struct vcpu *v);

/*
 * -ERR_INVAL: no CPU of its pool is in the affinity (for a thread without a
 * budget: no online CPU is; otherwise other CPUs of its pool must do);
 * -ERR_BUSY: the policy cannot keep what it has promised. `why`, if not NULL,
 * gets a message for the operator. A running VCPU moves at once. Thread
 * context; for a thread without a budget at most LOCK_WAIT held, else no
 * spinlock.
 */
int __must_check sched_set_affinity(struct vcpu *v, const struct cpumask *m,
				    struct sched_refusal *why);
/* The parameters of `v`, with its own priority where it inherits another: what
 * may be changed and set. Any context, no run queue's lock held. */
void sched_get_params(struct vcpu *v, struct sched_params *out);
/* -ERR_INVAL: out of range; -ERR_BUSY: the policy cannot guarantee them in
 * addition to those of others, unless p->forced. Nothing is changed then. `why`
 * as above. Thread context, no spinlock held. */
int __must_check sched_set_params(struct vcpu *v, const struct sched_params *p,
				  struct sched_refusal *why);
/* -ERR_INVAL: out of range. Thread context, at most LOCK_WAIT held. */
int __must_check sched_set_priority(struct vcpu *v, unsigned int prio);
/* `v` has at least this priority until it is told another (0: none). For
 * mutexes, which call it for one `v` at a time. */
void sched_inherit(struct vcpu *v, unsigned int prio);
/* The same, for the owner of a guest's VCPU, which must go off soon. */
void sched_lend(struct vcpu *v, unsigned int prio);
/* Snapshot of accounting, up to now. */
void sched_times(struct vcpu *v, struct vcpu_times *out);
/* Forget the longest wait so far, except one that has not ended yet, and how
 * late windows were. */
void sched_clear_longest(struct vcpu *v);
/* Call fn for every VCPU, in order of id, under the list's lock (fn must not
 * block). The lock is given up after a few, so VCPUs may come and go meanwhile;
 * one that is there from the beginning to the end is not missed. Thread
 * context. */
void sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg);
const char *vcpu_state_name(const struct vcpu *v);

/*
 * The first code of a VCPU, on its own stack with interrupts masked: the
 * architecture's first switch to it arrives here, with the VCPU that ran
 * before.
 */
void vcpu_start(struct vcpu *prev) __noreturn;

/*
 * There is something for `v`. If it waits, it wakes up; if it runs in a guest
 * on another CPU, it traps to the hypervisor; if it is being switched in just
 * now, what the caller wrote before is seen on its way into the guest.
 * Interrupts masked.
 */
void vcpu_notify(struct vcpu *v);

/* A trace begins or ends (trace_on()): apply that to this CPU. Interrupts
 * masked, no lock held. */
void sched_trace(void);

#endif
