/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocking synchronisation: wait queue, mutex, semaphore, completion. */
#ifndef CORE_SYNC_H
#define CORE_SYNC_H

#include <core/spinlock.h>
#include <core/time.h>
#include <libs/list.h>

struct vcpu;

/*
 * Threads that wait for a condition. The order that loses no wakeup:
 * a waiter joins the queue, then tests; whoever makes the condition true does
 * that first, then wakes.
 */
struct waitqueue {
	struct spinlock lock;
	struct list waiters;
};
#define WAITQUEUE_INIT(name) \
	{ SPINLOCK_INIT(LOCK_WAIT), LIST_INIT((name).waiters) }

void wait_init(struct waitqueue *wq);
/* Any context. Cheap when nobody waits. */
void wait_wake_one(struct waitqueue *wq);
void wait_wake_all(struct waitqueue *wq);

/* On a waiter's own stack; see wait_event(). Waking takes it off the queue. */
struct wait_entry {
	struct list node;
	struct vcpu *vcpu;
};

static inline void wait_entry_init(struct wait_entry *e)
{
	list_init(&e->node);
}

void wait_prepare(struct waitqueue *wq, struct wait_entry *e);
void wait_finish(struct waitqueue *wq, struct wait_entry *e);
/*
 * Block till woken or `deadline` (0: none) passes: -ERR_TIMEOUT. May return 0
 * without reason. Thread context, no lock held.
 */
int wait_block(ticks_t deadline);

/* Block the calling thread until cond is true. Thread context, no lock held
 * (but mutexes). */
#define wait_event(wq, cond) \
	do { \
		struct wait_entry we_; \
		wait_entry_init(&we_); \
		for (;;) { \
			wait_prepare((wq), &we_); \
			if (cond) { \
				break; \
			} \
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
 * Thread context only. Not recursive; only the owner unlocks. Whoever comes
 * first gets it, waiting or not.
 */
struct mutex {
	struct waitqueue wq;
	struct vcpu *owner;		/* [A] NULL: free */
};
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
bool __must_check mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
/* Assert that the caller owns `m`. */
void mutex_assert_held(const struct mutex *m);

/* [L] wq.lock. May be freed once sem_down() that matches sem_up() returned. */
struct semaphore {
	struct waitqueue wq;
	uint32_t count;			/* [L] */
};
void sem_init(struct semaphore *s, uint32_t count);
void sem_down(struct semaphore *s);
int __must_check sem_down_until(struct semaphore *s, ticks_t deadline);
void sem_up(struct semaphore *s);	/* any context */

/* Done once, for all who wait or will. The waiter may free it at once. */
struct completion {
	struct waitqueue wq;
	bool done;			/* [L] wq.lock, read anywhere */
};
void completion_init(struct completion *c);
void completion_wait(struct completion *c);
int __must_check completion_wait_until(struct completion *c, ticks_t deadline);
void completion_done(struct completion *c);	/* any context */

#endif
