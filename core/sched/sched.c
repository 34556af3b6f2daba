/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching VCPUs, blocking and waking.
 *
 * A run queue's lock covers the state of every VCPU whose `cpu` it is. It is
 * not held while registers are switched: a VCPU being left is ON_CPU_YES, and
 * may be made ready but runs nowhere else until finish_switch() has cleared
 * that. Whoever readies it meanwhile either queues it on the CPU that is
 * leaving it, which finishes before it picks again, or asks finish_switch()
 * to place it (ON_CPU_PLACE). So nobody ever waits for a switch to end.
 */
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

void rq_enqueue(struct runqueue *rq, struct vcpu *v, bool preempted)
{
	v->queued = true;
	WRITE_ONCE(rq->nr_ready, rq->nr_ready + 1);
	rq->policy->enqueue(rq, v, preempted);
}

void rq_dequeue(struct runqueue *rq, struct vcpu *v)
{
	v->queued = false;
	WRITE_ONCE(rq->nr_ready, rq->nr_ready - 1);
	rq->policy->dequeue(rq, v);
}

void rq_resched(struct runqueue *rq)
{
	struct percpu *cpu = percpu_table[rq->cpu];

	assert_held(&rq->lock);
	if (READ_ONCE(cpu->need_resched)) {
		return; /* it is on its way already */
	}
	WRITE_ONCE(cpu->need_resched, 1);
	if (cpu != this_cpu()) {
		arch_ipi_send(rq->cpu, IPI_RESCHED);
	}
}

/*
 * The timer is left alone when it fires early enough; rq_slice_tick() then
 * sets it again. So that switching costs no timer operation as a rule.
 */
void rq_update_slice(struct runqueue *rq)
{
	ticks_t slice = 0;

	if (rq->curr_prio >= 0) {
		slice = rq->policy->slice(rq, rq->curr);
	}
	if (slice == 0) {
		rq->slice_end = 0;
		return;
	}
	if (rq->cpu != cpu_id()) {
		/* Timers are set by their own CPU. */
		if (rq->slice_end == 0) {
			rq_resched(rq);
		}
		return;
	}
	rq->slice_end = rq->now + slice;
	if (!timer_armed(&rq->slice_timer) ||
	    rq->slice_timer.deadline > rq->slice_end) {
		timer_set(&rq->slice_timer, rq->slice_end);
	}
}

void rq_slice_tick(struct timer *t)
{
	struct runqueue *rq = container_of(t, struct runqueue, slice_timer);

	spin_lock(&rq->lock);
	rq->now = time_now();
	if (rq->slice_end != 0 && rq->now < rq->slice_end) {
		timer_set(t, rq->slice_end);
	} else if (rq->slice_end != 0) {
		rq->slice_end = 0;
		if (rq->policy->tick(rq, rq->curr)) {
			rq_resched(rq);
		} else {
			rq_update_slice(rq);
		}
	}
	spin_unlock(&rq->lock);
}

void rq_check_preempt(struct runqueue *rq, struct vcpu *v)
{
	if (rq->curr_prio < 0 || rq->policy->preempts(v, rq->curr)) {
		rq_resched(rq);
	} else {
		rq_update_slice(rq);
	}
}

/*
 * The running `prev` leaves in state `to`. False if it need not: it was woken
 * while about to block.
 */
static bool leave(struct runqueue *rq, struct vcpu *prev, enum vcpu_state to,
		  bool preempted)
{
	if (rq->curr_prio < 0) {
		/* Idle: never queued, and may have been marked BLOCKED. Or
		 * `prev` waits in place of the idle VCPU, and still does. */
		struct vcpu *idle = this_cpu()->idle;

		sched_change_state(idle, VCPU_RUNNING, VCPU_READY, rq->now);
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
	if (to != VCPU_READY || prev->paused) {
		return true;
	}
	if (likely(cpumask_test(&prev->affinity, rq->cpu))) {
		rq_enqueue(rq, prev, preempted);
	} else {
		__atomic_store_n(&prev->on_cpu, ON_CPU_PLACE, __ATOMIC_RELAXED);
	}
	return true;
}

/* Take out whom to run next, and make it the running one. */
static struct vcpu *pick(struct percpu *cpu, struct runqueue *rq)
{
	struct vcpu *next = rq->policy->pick(rq);

	if (next) {
		next->queued = false;
		WRITE_ONCE(rq->nr_ready, rq->nr_ready - 1);
		WRITE_ONCE(rq->curr_prio, next->priority);
	} else {
		next = cpu->idle;
		WRITE_ONCE(rq->curr_prio, -1);
	}
	rq->curr = next;
	sched_change_state(next, VCPU_READY, VCPU_RUNNING, rq->now);
	rq_update_slice(rq);
	return next;
}

/* PLACE: find a queue for `v`, now that it can run anywhere. */
static void place_late(struct vcpu *v)
{
	struct runqueue *rq = rq_lock_of(v);

	__atomic_store_n(&v->on_cpu, ON_CPU_NO, __ATOMIC_RELEASE);
	if (v->state == VCPU_OFF) {
		sched_start_locked(v, rq);
	} else if (vcpu_unplaced(v)) {
		sched_place(v, rq);
	} else {
		spin_unlock(&rq->lock);
	}
}

/* On the stack of whom the CPU runs now: `prev` is complete in memory. */
static void finish_switch(struct vcpu *prev)
{
	uint8_t yes = ON_CPU_YES;
	/* OFF and DEAD stay as they are until on_cpu is cleared; then `prev`
	 * may be freed at any time. */
	enum vcpu_state state = READ_ONCE(prev->state);
	bool joinable = prev->joinable;
	/* Preempted: a CPU that idles may take it. */
	int idle = state == VCPU_READY ? idle_claim(&prev->affinity) : -1;

	if (unlikely(!__atomic_compare_exchange_n(
		    &prev->on_cpu, &yes, ON_CPU_NO, false, __ATOMIC_RELEASE,
		    __ATOMIC_RELAXED))) {
		place_late(prev);
	} else if (unlikely(state == VCPU_OFF || state == VCPU_DEAD)) {
		sched_gone(prev, state, joinable);
	}
	if (unlikely(idle >= 0)) {
		arch_ipi_send((unsigned int)idle, IPI_RESCHED);
	}
}

/* Interrupts masked, no lock held. Returns when the caller runs again. */
static void schedule(enum vcpu_state to, bool preempted)
{
	struct percpu *cpu = this_cpu();
	struct runqueue *rq = cpu->rq;
	struct vcpu *prev = cpu->current;
	struct vcpu *next;

	assert(cpu->preempt_count == 0);
	assert_none_held();
	spin_lock(&rq->lock);
	rq->now = time_now();
	if (!leave(rq, prev, to, preempted)) {
		spin_unlock(&rq->lock);
		return;
	}
	WRITE_ONCE(cpu->need_resched, 0);
	next = pick(cpu, rq);
	if (next == prev) {
		spin_unlock(&rq->lock);
		return;
	}
	next->times.switches++;
	__atomic_store_n(&next->on_cpu, ON_CPU_YES, __ATOMIC_RELAXED);
	cpu->current = next;
	spin_unlock(&rq->lock);
	/* Pairs with vcpu_kick(): it sees on_cpu, or we what it announces. */
	arch_mb();
	finish_switch(arch_vcpu_switch(prev, next));
}

void vcpu_start(struct vcpu *prev)
{
	struct vcpu *v = this_cpu()->current;

	finish_switch(prev);
	if (!v->guest) {
		arch_irq_enable();
	}
	v->entry(v->arg);
	sched_exit();
}

void sched_resched_now(void)
{
	struct percpu *cpu = this_cpu();

	if (cpu->need_resched && cpu->preempt_count == 0) {
		schedule(VCPU_READY, true);
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
		schedule(VCPU_BLOCKED, false);
	}
	/* An exchange, to see what a waker wrote before setting it. */
	(void)__atomic_exchange_n(&v->wake_pending, false, __ATOMIC_ACQ_REL);
	arch_irq_restore(flags);
}

void sched_relinquish(void)
{
	unsigned long flags = arch_irq_save();

	schedule(VCPU_READY, false);
	arch_irq_restore(flags);
}

void sched_off(void)
{
	arch_irq_disable();
	schedule(VCPU_OFF, false);
	panic("VCPU went on after sched_off()");
}

void sched_exit(void)
{
	arch_irq_disable();
	schedule(VCPU_DEAD, false);
	panic("thread went on after sched_exit()");
}

void sched_irq_restore(unsigned long flags)
{
	struct percpu *cpu = this_cpu();

	/*
	 * A guest's VCPU and an interrupt handler look at need_resched on
	 * their way out, preempt_enable() does, and a thread does here:
	 * unless its caller masks interrupts, perhaps with a lock held; then
	 * an interrupt to itself makes it look later.
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
 * BLOCKED, and not switched out: an idle VCPU in start-up code, or one that
 * waits in place of it. Runs on, once its CPU's sleep is over.
 */
static void wake_in_place(struct vcpu *v, struct runqueue *rq)
{
	if (!vcpu_is_idle(v)) {
		rq->now = time_now();
		sched_change_state(v, VCPU_BLOCKED, VCPU_RUNNING, rq->now);
		sched_change_state(percpu_table[rq->cpu]->idle, VCPU_RUNNING,
				   VCPU_READY, rq->now);
		WRITE_ONCE(rq->curr_prio, v->priority);
		if (!cpumask_test(&v->affinity, rq->cpu)) {
			rq_resched(rq);
		}
	}
	if (rq->cpu != cpu_id()) {
		arch_ipi_send(rq->cpu, IPI_RESCHED);
	}
}

static void wake_blocked(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	if (v->state != VCPU_BLOCKED) {
		spin_unlock(&rq->lock);
	} else if (rq->curr == v) {
		wake_in_place(v, rq);
		spin_unlock(&rq->lock);
	} else {
		rq->now = time_now();
		sched_change_state(v, VCPU_BLOCKED, VCPU_READY, rq->now);
		if (v->paused) {
			spin_unlock(&rq->lock);
		} else {
			sched_place(v, rq);
		}
	}
	sched_irq_restore(flags);
}

void sched_wake(struct vcpu *v)
{
	__atomic_store_n(&v->wake_pending, true, __ATOMIC_RELEASE);
	/* Pairs with leave(). */
	arch_mb();
	if (READ_ONCE(v->state) == VCPU_BLOCKED) {
		wake_blocked(v);
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

void sched_start_locked(struct vcpu *v, struct runqueue *rq)
{
	rq->now = time_now();
	v->wake_pending = false;
	arch_vcpu_prepare_thread(v);
	sched_set_state(v, VCPU_READY, rq->now);
	if (v->paused) {
		spin_unlock(&rq->lock);
	} else {
		sched_place(v, rq);
	}
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
		sched_start_locked(v, rq);
	}
	sched_irq_restore(flags);
	return mine;
}

bool sched_is_off(const struct vcpu *v)
{
	return READ_ONCE(v->state) == VCPU_OFF && !vcpu_leaving(v);
}

void vcpu_kick(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();

	/* Pairs with schedule(). */
	arch_mb();
	if (v != this_cpu()->current && READ_ONCE(v->on_cpu) == ON_CPU_YES) {
		arch_ipi_send(READ_ONCE(v->cpu), IPI_RESCHED);
	}
	arch_irq_restore(flags);
}
