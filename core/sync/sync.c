/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocking synchronisation that is based on wait queues; and sleeping. */
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <libs/error.h>

void wait_init(struct waitqueue *wq)
{
	spin_init(&wq->lock, LOCK_WAIT);
	list_init(&wq->waiters);
}

/*
 * Wakers lock with preemption disabled, so that the woken thread preempts them
 * in preempt_enable(), after the unlock. Otherwise sched_wake() would have to
 * send this CPU an interrupt, as it is called with interrupts masked.
 */
static unsigned long lock_to_wake(struct waitqueue *wq)
{
	preempt_disable();
	return spin_lock_irqsave(&wq->lock);
}

static void unlock_and_switch(struct waitqueue *wq, unsigned long flags)
{
	spin_unlock_irqrestore(&wq->lock, flags);
	preempt_enable();
}

/* The lock is held, so that the entry, on the waiter's stack, stays valid. */
static void wake_first(struct waitqueue *wq)
{
	struct wait_entry *e =
		list_first(&wq->waiters, struct wait_entry, node);

	assert_held(&wq->lock);
	list_remove(&e->node);
	sched_wake(e->vcpu);
}

/* Is the queue empty, as seen after the caller made the condition true? Pairs
 * with wait_prepare(). */
static bool nobody_waits(const struct waitqueue *wq)
{
	arch_mb();
	return READ_ONCE(wq->waiters.next) == &wq->waiters;
}

void wait_wake_one(struct waitqueue *wq)
{
	unsigned long flags;

	if (nobody_waits(wq)) {
		return;
	}
	flags = lock_to_wake(wq);
	if (!list_empty(&wq->waiters)) {
		wake_first(wq);
	}
	unlock_and_switch(wq, flags);
}

void wait_wake_all(struct waitqueue *wq)
{
	unsigned long flags;

	if (nobody_waits(wq)) {
		return;
	}
	flags = lock_to_wake(wq);
	while (!list_empty(&wq->waiters)) {
		wake_first(wq);
	}
	unlock_and_switch(wq, flags);
}

void wait_prepare(struct waitqueue *wq, struct wait_entry *e)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	e->vcpu = vcpu_current();
	if (list_empty(&e->node)) {
		list_append(&wq->waiters, &e->node);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
	/* Before the caller tests its condition. Pairs with nobody_waits(). */
	arch_mb();
}

/* Takes the lock even if the entry is off the queue: a waker that is still
 * inside must leave before the queue may be freed. */
void wait_finish(struct waitqueue *wq, struct wait_entry *e)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	list_remove(&e->node);
	spin_unlock_irqrestore(&wq->lock, flags);
}

struct alarm {
	struct timer timer;
	struct vcpu *vcpu;
};

static void alarm_fire(struct timer *t)
{
	sched_wake(container_of(t, struct alarm, timer)->vcpu);
}

int wait_block(ticks_t deadline)
{
	struct alarm alarm;

	if (deadline == 0) {
		sched_block();
		return 0;
	}
	if (time_now() < deadline) {
		alarm.vcpu = vcpu_current();
		timer_init(&alarm.timer, alarm_fire);
		timer_set(&alarm.timer, deadline);
		sched_block();
		timer_cancel(&alarm.timer);
	}
	return time_now() < deadline ? 0 : -ERR_TIMEOUT;
}

void sleep_until(ticks_t deadline)
{
	while (time_now() < deadline) {
		(void)wait_block(deadline);
	}
}

void sleep_ms(uint64_t ms)
{
	ticks_t deadline;

	if (__builtin_add_overflow(time_now(), ms_to_ticks(ms), &deadline)) {
		deadline = UINT64_MAX;
	}
	sleep_until(deadline);
}

void completion_init(struct completion *c)
{
	wait_init(&c->wq);
	c->done = false;
}

void completion_wait(struct completion *c)
{
	wait_event(&c->wq, READ_ONCE(c->done));
}

int completion_wait_until(struct completion *c, ticks_t deadline)
{
	int ret;

	wait_event_until(&c->wq, READ_ONCE(c->done), deadline, ret);
	return ret;
}

void completion_done(struct completion *c)
{
	unsigned long flags = lock_to_wake(&c->wq);

	WRITE_ONCE(c->done, true);
	while (!list_empty(&c->wq.waiters)) {
		wake_first(&c->wq);
	}
	unlock_and_switch(&c->wq, flags);
}
