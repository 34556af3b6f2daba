/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocking synchronisation: wait queue, mutex, completion. */
#ifndef CORE_SYNC_H
#define CORE_SYNC_H

#include <core/spinlock.h>
#include <core/time.h>
#include <libs/list.h>

struct vcpu;

/*
 * Threads that wait for a condition. So that no wakeup is lost, a waiter first
 * joins the queue and then tests the condition; the other side first makes the
 * condition true and then wakes.
 */
struct waitqueue {
	struct spinlock lock;
	struct list waiters;
};
#define WAITQUEUE_INIT(name) \
	{ \
		SPINLOCK_INIT(LOCK_WAIT), LIST_INIT((name).waiters) \
	}

/* Empty; before any other use. Any context. */
void wait_init(struct waitqueue *wq);
/* Any context. Cheap if no thread waits. */
void wait_wake_one(struct waitqueue *wq);
void wait_wake_all(struct waitqueue *wq);

/* On a waiter's own stack; see wait_event(). Waking takes it off the queue. */
struct wait_entry {
	struct list node;
	struct vcpu *vcpu;
};

/* Of no queue. The calling thread's own entry. */
static inline void wait_entry_init(struct wait_entry *e)
{
	list_init(&e->node);
}

/* Join the queue before the condition is tested; leave it, woken or not. The
 * calling thread's own entry. Thread context. */
void wait_prepare(struct waitqueue *wq, struct wait_entry *e);
void wait_finish(struct waitqueue *wq, struct wait_entry *e);
/*
 * Block till woken or `deadline` (0: none) passes: -ERR_TIMEOUT. May return 0
 * without reason. Thread context, no lock held.
 */
int wait_block(ticks_t deadline);

/* Block the calling thread until cond is true. Thread context, no lock held
 * (except mutexes). */
#define wait_event(wq, cond) \
	do { \
		struct wait_entry we_; \
		wait_entry_init(&we_); \
		while (wait_prepare((wq), &we_), !(cond)) { \
			(void)wait_block(0); \
		} \
		wait_finish((wq), &we_); \
	} while (0)

/* As wait_event() until `deadline`; result 0 or -ERR_TIMEOUT in `ret`. */
#define wait_event_until(wq, cond, deadline, ret) \
	do { \
		struct wait_entry we_; \
		wait_entry_init(&we_); \
		(ret) = 0; \
		for (;;) { \
			wait_prepare((wq), &we_); \
			if (cond) { \
				(ret) = 0; \
				break; \
			} \
			if ((ret) != 0) { \
				break; \
			} \
			(ret) = wait_block(deadline); \
		} \
		wait_finish((wq), &we_); \
	} while (0)

/*
 * Thread context only. Not recursive; only the owner unlocks. It is not fair: a
 * thread that has not waited may get it before one that has. The owner has at
 * least the priority of each that waits, as it was when it began to wait.
 * [W] mutex.c's inherit_lock.
 */
struct mutex {
	struct list waiters; /* [W] struct wait_entry */
	struct list node;    /* [W] of the owner's `waited`, if others wait */
	uintptr_t owner;     /* [A] 0: free; bit 0: others wait */
};
#define MUTEX_INIT(name) \
	{ \
		.waiters = LIST_INIT((name).waiters) \
	}
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
bool __must_check mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
/* Assert that the caller owns `m`. */
void mutex_assert_held(const struct mutex *m);

/* Becomes done once, for all present and later waiters. A waiter may free it as
 * soon as the wait returns. */
struct completion {
	struct waitqueue wq;
	bool done; /* [L] wq.lock, read anywhere */
};
/* Before any other use. Any context. */
void completion_init(struct completion *c);
/* Wait until it is done. Thread context, no spinlock held. */
void completion_wait(struct completion *c);
/* -ERR_TIMEOUT after `deadline`. */
int __must_check completion_wait_until(struct completion *c, ticks_t deadline);
void completion_done(struct completion *c); /* any context */

#endif
