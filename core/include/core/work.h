/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work queues: run a function soon, in thread context. A queue has one thread,
 * which runs its work items in order. Each guest has a queue for the work that
 * is done for it (core/guest/work.c). The shared queue, above guests' priority,
 * is for work that is short and bounded, whatever a guest does.
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include <core/spinlock.h>
#include <core/sync.h>
#include <libs/list.h>
#include <libs/types.h>

struct thread_attr;

struct workqueue {
	struct spinlock lock;
	struct list queue;     /* [L] */
	struct work *running;  /* [L] compared only: it may be freed */
	struct vcpu *thread;   /* [I] NULL: not started */
	struct waitqueue todo; /* its thread waits there */
	struct waitqueue done; /* threads that cancel work wait there */
};

/* [L] its queue's lock. */
struct work {
	struct list node;            /* [L] */
	void (*fn)(struct work *w);  /* [I] may free `w`, or queue it again */
	struct workqueue *workqueue; /* [I] */
	bool pending;                /* [L] queued, not begun */
};

extern struct workqueue work_shared;

/* Start the shared queue's thread; what was queued before then runs.
 * -ERR_NOMEM. */
int __must_check work_start(void);
/* Start another queue, whose thread has these attributes (and is joinable).
 * -ERR_NOMEM; -ERR_INVAL as thread_create(). Thread context. */
int __must_check workqueue_start(struct workqueue *q,
				 const struct thread_attr *attr);
/* Wait for the item that is running, then end the thread; queued items are not
 * run. Allowed if the queue was never started. From another thread. */
void workqueue_stop(struct workqueue *q);

/* fn(w) will be called in the thread of `q`, one call at a time. Before any
 * other use. */
void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w));
/* Queue unless already queued. Any context, never blocks or allocates. */
void work_queue(struct work *w);
/* When it returns, `w` is neither queued nor running (unless the caller is the
 * queue's own thread). Thread context. */
void work_cancel(struct work *w);

#endif
