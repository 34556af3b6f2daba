/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Picking the next VCPU (by the policy), switching, blocking and waking.
 *
 * A run queue's lock covers the state of every VCPU whose `cpu` it is. It is
 * not held while registers are switched: a VCPU being left is ON_CPU_YES, and
 * may be made ready but runs nowhere else until finish_switch() has cleared
 * that. Code that makes it ready meanwhile either queues it on the CPU that is
 * leaving it, which finishes the switch before it picks again, or asks
 * finish_switch() to place it (ON_CPU_PLACE). So no CPU ever waits for a switch
 * to end.
 */
#include <core/trace.h>

#include "sched_priv.h"

struct runqueue *rq_lock_of(struct vcpu *v)
{
	struct runqueue *rq;

	for (;;) {
		rq = rq_of(READ_ONCE(v->cpu));
		spin_lock(&rq->lock);
		if (likely(v->cpu == rq->cpu)) {
			return rq;
		}
		spin_unlock(&rq->lock);
	}
}

void rq_enqueue(struct runqueue *rq, struct vcpu *v, enum sched_why why)
{
	v->queued = QUEUED;
	WRITE_ONCE(rq->nr_ready, rq->nr_ready + 1);
	rq->enqueue(rq, v, why);
}

void rq_dequeue(struct runqueue *rq, struct vcpu *v)
{
	if (v->queued == QUEUED_PARKED) {
		sched_unpark(rq, v);
	}
	v->queued = NOT_QUEUED;
	WRITE_ONCE(rq->nr_ready, rq->nr_ready - 1);
	rq->policy->dequeue(rq, v);
}

/* NOLINTNEXTLINE(misc-no-recursion): once: then its time is accounted for */
static __noinline void account_and_park(struct runqueue *rq, struct vcpu *v)
{
	sched_account(v, rq->now);
	sched_park(rq, v);
}

/* Calls are tail calls: most often the time of `v` has just been accounted for,
 * as it left the CPU. */
/* NOLINTNEXTLINE(misc-no-recursion): once: then its time is accounted for */
void sched_park(struct runqueue *rq, struct vcpu *v)
{
	assert_held(&rq->lock);
	assert(v->queued == QUEUED);
	if (unlikely(v->times.since != rq->now)) {
		account_and_park(rq, v);
		return;
	}
	v->queued = QUEUED_PARKED;
	rq->nr_parked++;
	WRITE_ONCE(rq->nr_ready, rq->nr_ready - 1);
	trace(TRACE_THROTTLED, v->id, TRACE_BUDGET_TIME, 0, 0);
}

void sched_unpark(struct runqueue *rq, struct vcpu *v)
{
	assert_held(&rq->lock);
	assert(v->queued == QUEUED_PARKED);
	sched_account(v, rq->now);
	v->queued = QUEUED;
	rq->nr_parked--;
	trace(TRACE_RELEASED, v->id, TRACE_BUDGET_TIME, 0, 0);
	WRITE_ONCE(rq->nr_ready, rq->nr_ready + 1);
}

/* The VCPU that runs; NULL while the CPU idles, even if `curr` waits in
 * place. */
static struct vcpu *running(const struct runqueue *rq)
{
	return rq->idling ? NULL : rq->curr;
}

void rq_resched(struct runqueue *rq)
{
	struct percpu *cpu = percpu_table[rq->cpu];

	assert_held(&rq->lock);
	if (READ_ONCE(cpu->need_resched)) {
		return; /* it has been told already */
	}
	WRITE_ONCE(cpu->need_resched, 1);
	if (cpu != this_cpu()) {
		arch_ipi_send(rq->cpu, IPI_RESCHED);
	}
}

/* Of this CPU. If no tick is wanted the timer is left alone: rq_slice_tick()
 * finds nothing to do. */
static inline void set_slice(struct runqueue *rq, ticks_t end)
{
	rq->slice_end = end;
	if (end != 0) {
		timer_slice_set(end);
	}
}

/* While nothing runs, only a parked VCPU needs a tick. */
static ticks_t idle_slice(struct runqueue *rq)
{
	return rq->nr_parked ? rq->policy->slice(rq, NULL) : 0;
}

/* Set the timer for the policy's next tick(). Run queue locked. */
static void update_slice(struct runqueue *rq)
{
	ticks_t end = rq->idling ? idle_slice(rq)
				 : rq->policy->slice(rq, rq->curr);

	if (likely(rq->cpu == cpu_id())) {
		set_slice(rq, end);
	} else if (end == 0) {
		rq->slice_end = 0;
	} else if (rq->slice_end == 0 || end < rq->slice_end) {
		rq_resched(rq); /* a CPU sets its own timers */
	}
}

/* Not in step with slices: a VCPU that runs at each look is never moved. */
static __noinline ticks_t next_look(ticks_t now)
{
	ticks_t every = ms_to_ticks(SCHED_EVEN_MS);

	return now + every + now % every / 2;
}

/* VCPUs wait, and it is time to ask whether some ought to be elsewhere. */
static bool uneven(struct runqueue *rq)
{
	if (!IS_ENABLED(CONFIG_SCHED_EVEN) ||
	    READ_ONCE(rq->pool->nr_cpus) == 1 || rq->nr_ready == 0 ||
	    !rq->policy->even || rq->now < rq->even_at) {
		return false;
	}
	rq->even_at = next_look(rq->now);
	return true;
}

void rq_slice_tick(ticks_t now)
{
	struct percpu *cpu = this_cpu();
	struct runqueue *rq = cpu->rq;
	bool even = false;

	spin_lock(&rq->lock);
	/* Another CPU may have had the lock since then. */
	rq->now = MAX(rq->now, now);
	if (rq->slice_end != 0) {
		rq->slice_end = 0;
		if (rq->policy->tick(rq, running(rq))) {
			WRITE_ONCE(cpu->need_resched, 1);
			even = uneven(rq);
		} else {
			even = uneven(rq); /* it says when it asks again */
			update_slice(rq);
		}
	}
	spin_unlock(&rq->lock);
	if (even) {
		sched_even(rq);
	}
}

void rq_check_preempt(struct runqueue *rq, struct vcpu *v)
{
	if (rq->idling || rq->policy->preempts(v, rq->curr)) {
		rq_resched(rq);
	} else {
		update_slice(rq);
	}
}

/*
 * `prev`, which runs, leaves the CPU in state `to`. False if it goes on: it was
 * woken while it was about to block.
 */
static bool leave(struct runqueue *rq, struct vcpu *prev, enum vcpu_state to,
		  enum sched_why why)
{
	if (rq->idling) {
		/* `prev` is the idle VCPU, which is never queued and may be
		 * marked BLOCKED; or it waits in place of the idle VCPU, and
		 * stays BLOCKED. */
		sched_change_state(rq->idle, VCPU_RUNNING, VCPU_READY, rq->now);
		return true;
	}
	sched_change_state(prev, VCPU_RUNNING, to, rq->now);
	if (to == VCPU_BLOCKED) {
		/* Pairs with sched_wake(): one of us sees the other. */
		arch_mb();
		if (READ_ONCE(prev->wake_pending)) {
			WRITE_ONCE(prev->state, VCPU_RUNNING);
			return false;
		}
	}
	rq_stops(rq, prev, why);
	if (to != VCPU_READY || prev->held) {
		return true;
	}
	if (likely(cpumask_test(&prev->allowed, rq->cpu))) {
		rq_enqueue(rq, prev, why);
	} else {
		__atomic_store_n(&prev->on_cpu, ON_CPU_PLACE, __ATOMIC_RELAXED);
	}
	return true;
}

/* Take the VCPU to run next out of the queue, and mark it as running. */
static struct vcpu *pick(struct runqueue *rq)
{
	const struct sched_policy *policy = rq->policy;
	struct vcpu *next = policy->pick(rq);
	ticks_t end;

	if (likely(next)) {
		next->queued = NOT_QUEUED;
		WRITE_ONCE(rq->nr_ready, rq->nr_ready - 1);
		WRITE_ONCE(rq->idling, false);
		rq_runs(rq, next);
		end = policy->slice(rq, next);
	} else {
		next = rq->idle;
		WRITE_ONCE(rq->idling, true);
		end = idle_slice(rq);
	}
	rq->curr = next;
	sched_change_picked(next, rq->now);
	set_slice(rq, end);
	return next;
}

/* OFF and not leaving -> READY; unlocks. */
static void start_locked(struct vcpu *v, struct runqueue *rq)
{
	rq->now = time_now();
	v->wake_pending = false;
	arch_vcpu_prepare_thread(v);
	sched_set_state(v, VCPU_READY, rq->now);
	if (v->held) {
		spin_unlock(&rq->lock);
	} else {
		sched_place(v, rq, SCHED_WOKEN);
	}
}

/* ON_CPU_PLACE: find a queue for `v`, now that it can run on any CPU. */
static void place_late(struct vcpu *v)
{
	struct runqueue *rq = rq_lock_of(v);

	__atomic_store_n(&v->on_cpu, ON_CPU_NO, __ATOMIC_RELEASE);
	if (v->state == VCPU_OFF) {
		start_locked(v, rq);
	} else if (vcpu_unplaced(v)) {
		sched_place(v, rq, SCHED_MOVED);
	} else {
		spin_unlock(&rq->lock);
	}
}

/* `prev` is off or dead, or was preempted, and an idle CPU may take it. */
static __noinline void finish_rare(struct vcpu *prev, enum vcpu_state state)
{
	uint8_t yes = ON_CPU_YES;
	bool joinable = prev->joinable;
	int idle = state == VCPU_READY ? idle_claim(&prev->allowed) : -1;

	if (!__atomic_compare_exchange_n(&prev->on_cpu, &yes, ON_CPU_NO, false,
					 __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
		place_late(prev);
	} else if (state != VCPU_READY) {
		sched_gone(prev, state, joinable);
	}
	if (idle >= 0) {
		arch_ipi_send((unsigned int)idle, IPI_RESCHED);
	}
}

/* Runs on the new VCPU's stack: all registers of `prev` are in memory. Calls
 * are tail calls. */
static void finish_switch(struct vcpu *prev)
{
	uint8_t yes = ON_CPU_YES;
	/* OFF and DEAD stay as they are until on_cpu is cleared; then `prev`
	 * may be freed at any time. */
	enum vcpu_state state = READ_ONCE(prev->state);

	/* No CPU takes an idle VCPU. */
	if (unlikely(state == VCPU_OFF || state == VCPU_DEAD ||
		     (state == VCPU_READY && idle_any() &&
		      prev != this_cpu()->idle))) {
		finish_rare(prev, state);
	} else if (unlikely(!__atomic_compare_exchange_n(
			   &prev->on_cpu, &yes, ON_CPU_NO, false,
			   __ATOMIC_RELEASE, __ATOMIC_RELAXED))) {
		place_late(prev);
	}
}

/* Interrupts masked, no lock held. Returns when the caller runs again. */
static void schedule(enum vcpu_state to, enum sched_why why)
{
	struct percpu *cpu = this_cpu();
	struct runqueue *rq = cpu->rq;
	struct vcpu *prev = cpu->current;
	struct vcpu *next;

	assert(cpu->preempt_count == 0);
	assert_none_held();
	spin_lock(&rq->lock);
	rq->now = arch_timer_now();
	if (!leave(rq, prev, to, why)) {
		spin_unlock(&rq->lock);
		return;
	}
	WRITE_ONCE(cpu->need_resched, 0);
	next = pick(rq);
	if (next == prev) {
		spin_unlock(&rq->lock);
		return;
	}
	next->times.switches++;
	__atomic_store_n(&next->on_cpu, ON_CPU_YES, __ATOMIC_RELAXED);
	cpu->current = next;
	spin_unlock(&rq->lock);
	/* Pairs with vcpu_notify(): it sees on_cpu, or we see what it wrote. */
	arch_mb();
	finish_switch(arch_vcpu_switch(prev, next));
}

/* End the calling thread. */
static void __noreturn thread_exit(void)
{
	arch_irq_disable();
	schedule(VCPU_DEAD, SCHED_OFF);
	panic("thread went on after its end");
}

void vcpu_start(struct vcpu *prev)
{
	struct vcpu *v = this_cpu()->current;

	finish_switch(prev);
	if (!v->guest) {
		arch_irq_enable();
	}
	v->entry(v->arg);
	thread_exit();
}

void sched_resched_now(void)
{
	if (this_cpu()->preempt_count == 0) {
		schedule(VCPU_READY, SCHED_PREEMPTED);
	}
}

void sched_block(void)
{
	unsigned long flags = arch_irq_save();
	struct vcpu *v = this_cpu()->current;

	if (unlikely(v == this_cpu()->idle)) {
		sched_idle_block(v);
	} else if (v->guest && READ_ONCE(this_cpu()->rq->nr_ready) == 0) {
		sched_block_in_place(v);
	} else if (!READ_ONCE(v->wake_pending)) {
		schedule(VCPU_BLOCKED, SCHED_BLOCKED);
	}
	/* An exchange, to see what a waker wrote before setting it. */
	(void)__atomic_exchange_n(&v->wake_pending, false, __ATOMIC_ACQ_REL);
	arch_irq_restore(flags);
}

void sched_relinquish(void)
{
	unsigned long flags = arch_irq_save();

	schedule(VCPU_READY, SCHED_YIELDED);
	arch_irq_restore(flags);
}

void sched_off(void)
{
	arch_irq_disable();
	schedule(VCPU_OFF, SCHED_OFF);
	panic("VCPU went on after sched_off()");
}

void sched_irq_restore(unsigned long flags)
{
	struct percpu *cpu = this_cpu();

	/*
	 * need_resched is checked when the guest is entered, when an interrupt
	 * handler returns, and in preempt_enable(); a thread checks it here. If
	 * the caller has masked interrupts, perhaps with a lock held, the CPU
	 * sends itself an interrupt, so that it is checked later.
	 */
	if (likely(!cpu->need_resched) || cpu->current->guest ||
	    cpu->irq_depth || cpu->preempt_count) {
		arch_irq_restore(flags);
		return;
	}
	arch_irq_restore(flags);
	if (arch_irq_disabled()) {
		arch_ipi_send(cpu->id, IPI_RESCHED);
		return;
	}
	flags = arch_irq_save();
	sched_resched();
	arch_irq_restore(flags);
}

void preempt_enable(void)
{
	unsigned long flags = arch_irq_save();

	this_cpu()->preempt_count--;
	sched_irq_restore(flags);
}

/*
 * `v` is BLOCKED but not switched out: an idle VCPU in start-up code, or a VCPU
 * that waits in place of it. It goes on when its CPU's sleep ends.
 */
static void wake_in_place(struct vcpu *v, struct runqueue *rq)
{
	if (v != rq->idle) {
		rq->now = arch_timer_now();
		sched_change_state(v, VCPU_BLOCKED, VCPU_RUNNING, rq->now);
		sched_change_state(rq->idle, VCPU_RUNNING, VCPU_READY, rq->now);
		WRITE_ONCE(rq->idling, false);
		if (rq->runs) {
			rq->runs(rq, v);
			update_slice(rq);
		}
		if (!cpumask_test(&v->allowed, rq->cpu)) {
			rq_resched(rq);
		}
	}
	if (rq->cpu != cpu_id()) {
		arch_ipi_send(rq->cpu, IPI_RESCHED);
	}
}

/* Hot: as rq_lock_of(), in line while nobody moves `v`. */
static inline struct runqueue *lock_of(struct vcpu *v)
{
	struct runqueue *rq = rq_of(READ_ONCE(v->cpu));

	if (IS_ENABLED(CONFIG_OPTIMIZE_SIZE)) {
		return rq_lock_of(v);
	}
	spin_lock(&rq->lock);
	if (likely(v->cpu == rq->cpu)) {
		return rq;
	}
	spin_unlock(&rq->lock);
	return rq_lock_of(v);
}

static bool wake_blocked(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = lock_of(v);
	bool blocked = v->state == VCPU_BLOCKED;

	if (!blocked) {
		spin_unlock(&rq->lock);
	} else if (rq->curr == v) {
		wake_in_place(v, rq);
		spin_unlock(&rq->lock);
	} else {
		rq->now = arch_timer_now();
		sched_change_state(v, VCPU_BLOCKED, VCPU_READY, rq->now);
		if (v->held) {
			spin_unlock(&rq->lock);
		} else {
			sched_place(v, rq, SCHED_WOKEN);
		}
	}
	sched_irq_restore(flags);
	return blocked;
}

static inline bool wake(struct vcpu *v)
{
	__atomic_store_n(&v->wake_pending, true, __ATOMIC_RELEASE);
	/* Pairs with leave(), and with schedule(). */
	arch_mb();
	return READ_ONCE(v->state) == VCPU_BLOCKED && wake_blocked(v);
}

void sched_wake(struct vcpu *v)
{
	(void)wake(v);
}

/* A VCPU that was blocked is not in the guest, and looks before it enters
 * it. */
void vcpu_notify(struct vcpu *v)
{
	if (!wake(v) && v != this_cpu()->current &&
	    READ_ONCE(v->on_cpu) == ON_CPU_YES) {
		arch_ipi_send(READ_ONCE(v->cpu), IPI_RESCHED);
	}
}

bool sched_defer(struct vcpu *v)
{
	uint8_t yes = ON_CPU_YES;

	return __atomic_compare_exchange_n(&v->on_cpu, &yes, ON_CPU_PLACE,
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_ACQUIRE) ||
	       yes == ON_CPU_PLACE;
}

bool sched_start(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);
	bool mine = v->state == VCPU_OFF &&
		    READ_ONCE(v->on_cpu) != ON_CPU_PLACE;

	if (!mine || sched_defer(v)) {
		spin_unlock(&rq->lock);
	} else {
		start_locked(v, rq);
	}
	sched_irq_restore(flags);
	return mine;
}

bool sched_is_off(const struct vcpu *v)
{
	return READ_ONCE(v->state) == VCPU_OFF && !vcpu_leaving(v);
}
