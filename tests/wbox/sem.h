/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Semaphores, by which the threads of a test wait for each other. */
#ifndef WBOX_SEM_H
#define WBOX_SEM_H

#include <core/sync.h>

/* Not to be freed while sem_up() runs. */
struct semaphore {
	struct waitqueue wq;
	uint32_t count; /* under wq.lock */
};

static inline void sem_init(struct semaphore *s, uint32_t count)
{
	wait_init(&s->wq);
	s->count = count;
}

static inline bool sem_try(struct semaphore *s)
{
	unsigned long flags = spin_lock_irqsave(&s->wq.lock);
	bool got = s->count > 0;

	if (got) {
		s->count--;
	}
	spin_unlock_irqrestore(&s->wq.lock, flags);
	return got;
}

static inline void sem_down(struct semaphore *s)
{
	wait_event(&s->wq, sem_try(s));
}

/* -ERR_TIMEOUT after `deadline`. */
static inline int __must_check sem_down_until(struct semaphore *s,
					      ticks_t deadline)
{
	int ret;

	wait_event_until(&s->wq, sem_try(s), deadline, ret);
	return ret;
}

static inline void sem_up(struct semaphore *s)
{
	unsigned long flags = spin_lock_irqsave(&s->wq.lock);

	s->count++;
	spin_unlock_irqrestore(&s->wq.lock, flags);
	wait_wake_one(&s->wq);
}

#endif
