/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a CPU joins the scheduler, and what it does when nothing is ready. */
#include "sched_priv.h"

#include <core/heap.h>
#include <core/latency.h>
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
	v->allowed = v->affinity;
	v->home = -1;
	list_init(&v->waited);
	v->times.since = time_now();
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
	rq->idle = idle;
	rq->idling = true;
	return rq;
}

__cold int sched_cpu_init(void)
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
	pool_add_cpu(rq);
	timer_slice_init(rq_slice_tick);
	__atomic_store_n(&cpu->rq, rq, __ATOMIC_RELEASE);
	sched_list_add(idle);
	return 0;
}

/*
 * Sleep until an interrupt, take it, and switch if it made a VCPU ready.
 * Interrupts are masked before and after: one that comes after the test is
 * still pending at the sleep, and ends it.
 */
static void idle_once(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();
	bool measure = latency_on();

	idle_mark(cpu->id);
	if (!READ_ONCE(cpu->need_resched) && !READ_ONCE(v->wake_pending) &&
	    !sched_pull()) {
		if (measure) {
			latency_end((uintptr_t)idle_once);
		}
		arch_idle();
	} else if (measure) {
		latency_end((uintptr_t)idle_once);
	}
	arch_irq_window();
	if (measure) {
		latency_begin(LATENCY_IDLE, 0, 0);
	}
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
 * `v`, a VCPU of a guest, blocks, and no other is ready here: it stays on the
 * CPU and sleeps in place of the idle VCPU, to which the time is accounted.
 * The guest's registers, interrupts and timers need not be saved and loaded
 * again, and its own timer's interrupt ends the sleep. Others see the CPU as
 * idle; if a VCPU is placed here, schedule() switches `v` out, BLOCKED. The
 * policy's next tick() stays armed, so it does not come too late.
 */
void sched_block_in_place(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();
	struct runqueue *rq = cpu->rq;

	assert(cpu->preempt_count == 0);
	assert_none_held();
	spin_lock(&rq->lock);
	rq->now = arch_timer_now();
	sched_change_state(v, VCPU_RUNNING, VCPU_BLOCKED, rq->now);
	sched_change_picked(rq->idle, rq->now);
	rq_stops(rq, v, SCHED_BLOCKED);
	WRITE_ONCE(rq->idling, true);
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
