/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work queues and their threads. */
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/work.h>

/* Above guests by default: work is short, and often ends a guest's wait. */
#define WORK_PRIO (SCHED_PRIO_MAX - 1)

struct workqueue work_shared = {
	.lock = SPINLOCK_INIT(LOCK_WORK),
	.queue = LIST_INIT(work_shared.queue),
	.todo = WAITQUEUE_INIT(work_shared.todo),
	.done = WAITQUEUE_INIT(work_shared.done),
};

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	list_init(&w->node);
	w->fn = fn;
	w->workqueue = q;
	w->pending = false;
}

void work_queue(struct work *w)
{
	struct workqueue *q = w->workqueue;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	if (!w->pending) {
		w->pending = true;
		list_append(&q->queue, &w->node);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	wait_wake_one(&q->todo);
}

static bool work_waits(struct workqueue *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool waits = !list_empty(&q->queue);

	spin_unlock_irqrestore(&q->lock, flags);
	return waits;
}

/* Takes the first off the queue; NULL for none. */
static struct work *work_next(struct workqueue *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct work *w = NULL;

	if (!list_empty(&q->queue)) {
		w = list_first(&q->queue, struct work, node);
		list_remove(&w->node);
		w->pending = false;
	}
	q->running = w;
	spin_unlock_irqrestore(&q->lock, flags);
	return w;
}

static void work_main(void *arg)
{
	struct workqueue *q = arg;

	for (;;) {
		struct work *w;

		wait_event(&q->todo, thread_should_stop() || work_waits(q));
		if (thread_should_stop()) {
			return;
		}
		w = work_next(q);
		if (!w) {
			continue; /* cancelled meanwhile */
		}
		w->fn(w);
		__atomic_store_n(&q->running, NULL, __ATOMIC_RELEASE);
		wait_wake_all(&q->done);
	}
}

/* Take it off the queue. True if it does not run, or its own thread asks. */
static bool work_gone(struct work *w)
{
	struct workqueue *q = w->workqueue;
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool gone = q->running != w || vcpu_current() == q->thread;

	if (w->pending) {
		list_remove(&w->node);
		w->pending = false;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return gone;
}

void work_cancel(struct work *w)
{
	wait_event(&w->workqueue->done, work_gone(w));
}

int workqueue_start(struct workqueue *q, const struct thread_attr *attr)
{
	struct thread_attr a = *attr;

	spin_init(&q->lock, LOCK_WORK);
	list_init(&q->queue);
	wait_init(&q->todo);
	wait_init(&q->done);
	q->running = NULL;
	a.joinable = true;
	return thread_create(&q->thread, &a, work_main, q);
}

void workqueue_stop(struct workqueue *q)
{
	if (q->thread) {
		thread_stop(q->thread);
		thread_join(q->thread);
		q->thread = NULL;
	}
}

int work_start(void)
{
	const struct thread_attr attr = {
		.name = "work",
		.priority = WORK_PRIO,
	};

	return thread_create(&work_shared.thread, &attr, work_main,
			     &work_shared);
}
