/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For block devices' drivers: cancelling a request that waits in a list. */
#include <core/blockdev.h>
#include <core/spinlock.h>
#include <libs/error.h>

bool blockdev_unqueue(struct list *waiting, struct block_request *rq)
{
	struct block_request *it;

	list_for_each(it, waiting, node) {
		if (it == rq) {
			list_remove(&rq->node);
			return true;
		}
	}
	return false;
}

bool blockdev_cancel_queued(struct spinlock *lock, struct list *waiting,
			    struct block_request *rq)
{
	unsigned long flags = spin_lock_irqsave(lock);
	bool found = blockdev_unqueue(waiting, rq);

	spin_unlock_irqrestore(lock, flags);
	if (found) {
		blockdev_done(rq, -ERR_INTR);
	}
	return found;
}
