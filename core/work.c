/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work queue and its thread. */
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/work.h>

/* Above guests by default: work is short, and often ends a guest's wait. */
#define WORK_PRIO (SCHED_PRIO_MAX - 1)

static struct spinlock lock = SPINLOCK_INIT(LOCK_WORK);
static struct list queue = LIST_INIT(queue);
static struct work *running; /* compared only: it may be freed */
static struct vcpu *worker;
static struct waitqueue work_wait = WAITQUEUE_INIT(work_wait);
static struct waitqueue done_wait = WAITQUEUE_INIT(done_wait);

void work_init(struct work *w, void (*fn)(struct work *w))
{
	list_init(&w->node);
	w->fn = fn;
	w->pending = false;
}

void work_queue(struct work *w)
{
	unsigned long flags = spin_lock_irqsave(&lock);

	if (!w->pending) {
		w->pending = true;
		list_append(&queue, &w->node);
	}
	spin_unlock_irqrestore(&lock, flags);
	wait_wake_one(&work_wait);
}

static struct work *work_next(void)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct work *w = NULL;

	if (!list_empty(&queue)) {
		w = list_first(&queue, struct work, node);
		list_remove(&w->node);
		w->pending = false;
	}
	running = w;
	spin_unlock_irqrestore(&lock, flags);
	return w;
}

static void work_main(void *arg)
{
	struct work *w;

	(void)arg;
	for (;;) {
		wait_event(&work_wait, (w = work_next()) != NULL);
		w->fn(w);
		__atomic_store_n(&running, NULL, __ATOMIC_RELEASE);
		wait_wake_all(&done_wait);
	}
}

/* Off the queue, and not running: as far as the caller must wait. */
static bool work_gone(struct work *w)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	bool gone = running != w || vcpu_current() == worker;

	if (w->pending) {
		list_remove(&w->node);
		w->pending = false;
	}
	spin_unlock_irqrestore(&lock, flags);
	return gone;
}

void work_cancel(struct work *w)
{
	wait_event(&done_wait, work_gone(w));
}

int work_start(void)
{
	const struct thread_attr attr = {
		.name = "work",
		.priority = WORK_PRIO,
	};

	return thread_create(&worker, &attr, work_main, NULL);
}
