/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU joins the scheduler, and what it does when nothing is ready. */
#include "sched_priv.h"

#include <core/heap.h>
#include <libs/error.h>
#include <stdio.h>

static struct vcpu *idle_create(struct percpu *cpu)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	if (!v) {
		return NULL;
	}
	snprintf(v->name, sizeof(v->name), "idle/%u", cpu->id);
	v->cpu = cpu->id;
	v->state = VCPU_RUNNING;
	v->on_cpu = ON_CPU_YES;
	cpumask_set(&v->affinity, cpu->id);
	v->times.since = time_now();
	list_init(&v->rq_node);
	list_init(&v->wait_node);
	return v;
}

static struct runqueue *rq_create(struct percpu *cpu, struct vcpu *idle)
{
	struct runqueue *rq = heap_alloc(sizeof(*rq));

	if (!rq) {
		return NULL;
	}
	spin_init(&rq->lock, LOCK_RUNQUEUE);
	rq->cpu = cpu->id;
	rq->curr = idle;
	rq->curr_prio = -1;
	rq->policy = &sched_policy_prio;
	timer_init(&rq->slice_timer, rq_slice_tick);
	rq->policy_data = rq->policy->create(cpu->id);
	if (!rq->policy_data) {
		heap_free(rq);
		return NULL;
	}
	return rq;
}

int sched_cpu_init(void)
{
	struct percpu *cpu = this_cpu();
	struct vcpu *idle = idle_create(cpu);
	struct runqueue *rq;

	if (!idle) {
		return -ERR_NOMEM;
	}
	rq = rq_create(cpu, idle);
	if (!rq) {
		heap_free(idle);
		return -ERR_NOMEM;
	}
	cpu->idle = idle;
	cpu->current = idle;
	__atomic_store_n(&cpu->rq, rq, __ATOMIC_RELEASE);
	sched_list_add(idle);
	return 0;
}

/*
 * Sleep until something happens, let it happen, and switch if it made
 * anybody ready. Interrupts masked before and after: an interrupt that comes
 * after the test ends the sleep.
 */
static void idle_once(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();

	idle_mark(cpu->id);
	if (!READ_ONCE(cpu->need_resched) && !READ_ONCE(v->wake_pending) &&
	    !sched_pull()) {
		arch_idle();
	}
	arch_irq_enable();
	arch_irq_disable();
	sched_resched();
}

/*
 * An idle VCPU cannot be switched out for good: it stays here, and BLOCKED
 * says that a waker must interrupt its sleep.
 */
void sched_idle_block(struct vcpu *v)
{
	while (!READ_ONCE(v->wake_pending)) {
		WRITE_ONCE(v->state, VCPU_BLOCKED);
		/* Pairs with sched_wake(). */
		arch_mb();
		idle_once(v);
		WRITE_ONCE(v->state, VCPU_RUNNING);
	}
}

/*
 * `v`, a guest's, blocks, and nobody else is ready here: it stays on the CPU
 * and sleeps in place of the idle VCPU, which is accounted for it. Neither
 * registers nor interrupts nor timers of the guest have to be saved and
 * loaded again, and its own timer's interrupt ends the sleep. Whoever wants
 * the CPU finds it idle; schedule() then switches `v` out, BLOCKED.
 */
void sched_block_in_place(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();
	struct runqueue *rq = cpu->rq;

	assert(cpu->preempt_count == 0);
	assert_none_held();
	spin_lock(&rq->lock);
	rq->now = time_now();
	sched_change_state(v, VCPU_RUNNING, VCPU_BLOCKED, rq->now);
	sched_change_state(cpu->idle, VCPU_READY, VCPU_RUNNING, rq->now);
	WRITE_ONCE(rq->curr_prio, -1);
	rq->slice_end = 0;
	spin_unlock(&rq->lock);
	/* Pairs with sched_wake(). */
	arch_mb();
	while (READ_ONCE(v->state) == VCPU_BLOCKED) {
		if (READ_ONCE(v->wake_pending)) {
			sched_wake(v);
		} else {
			idle_once(v);
		}
	}
}

void sched_idle_loop(void)
{
	struct vcpu *v = this_cpu()->idle;

	arch_irq_disable();
	for (;;) {
		v->wake_pending = false;
		idle_once(v);
	}
}
