/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host controllers and their thread: running one command at a time with a time
 * limit, and cards that are inserted and removed.
 *
 * Lock: mmc_host.lock (LOCK_DRIVER). What must not be done under it (waking,
 * timers, ending requests) is collected in struct mmc_after and done after
 * unlocking.
 */
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <string.h>

#include "mmc_priv.h"

/* Above guests: it does little work, and guests wait for it. */
#define MMC_PRIORITY (SCHED_PRIO_MAX - 2)
/* SD 6.1: time until the contacts have settled. */
#define MMC_DEBOUNCE_MS 100

void mmc_host_unlock(struct mmc_host *h, unsigned long flags,
		     struct mmc_after *after)
{
	struct block_request *rq, *next;

	spin_unlock_irqrestore(&h->lock, flags);
	if (after->timer) {
		timer_set(&h->timer, after->timer_at);
	}
	if (after->wake) {
		wait_wake_all(&h->wait);
	}
	if (after->work) {
		work_queue(&h->work);
	}
	list_for_each_safe(rq, next, &after->ended, node) {
		list_remove(&rq->node);
		blockdev_done(rq, rq->result);
	}
}

/* --- commands ------------------------------------------------------------- */

void mmc_host_done(struct mmc_host *h, int error, struct mmc_after *after)
{
	struct mmc_command *cmd = h->cmd;

	assert_held(&h->lock);
	if (!cmd) {
		return; /* given up, or not a command of ours */
	}
	cmd->error = error;
	__atomic_store_n(&h->cmd, NULL, __ATOMIC_RELEASE);
	if (cmd == &h->request) {
		mmc_block_done(h, after);
	} else {
		after->wake = true;
	}
}

/*
 * The timer is not moved for each command: it stays armed for an earlier one,
 * and checks the present deadline when it fires.
 */
void mmc_host_start(struct mmc_host *h, struct mmc_command *cmd,
		    struct mmc_after *after)
{
	assert_held(&h->lock);
	assert(!h->cmd);
	cmd->error = 0;
	h->cmd = cmd;
	h->deadline = time_now() + ms_to_ticks(cmd->limit_ms);
	if (h->timer_at == 0 || h->deadline < h->timer_at) {
		h->timer_at = h->deadline;
		after->timer = true;
		after->timer_at = h->deadline;
	}
	if (h->ops->start(h, cmd)) {
		mmc_host_done(h, -ERR_IO, after);
	}
}

static void timed_out(struct timer *t)
{
	struct mmc_host *h = container_of(t, struct mmc_host, timer);
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);

	h->timer_at = 0;
	if (h->cmd && time_now() >= h->deadline) {
		mmc_host_done(h, -ERR_TIMEOUT, &after);
	}
	if (h->cmd && h->timer_at == 0) {
		h->timer_at = h->deadline;
		after.timer = true;
		after.timer_at = h->deadline;
	}
	mmc_host_unlock(h, flags, &after);
}

/* Has the command ended, with its result in place? */
static bool mmc_idle(struct mmc_host *h)
{
	return __atomic_load_n(&h->cmd, __ATOMIC_ACQUIRE) == NULL;
}

/* Is the answer of the command the card's status? */
static bool card_status(const struct mmc_command *cmd)
{
	return cmd->response == MMC_R1 || cmd->response == MMC_R1B;
}

int mmc_run(struct mmc_host *h, struct mmc_command *cmd)
{
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);

	assert(h->turn == MMC_TURN_THREAD);
	mmc_host_start(h, cmd, &after);
	mmc_host_unlock(h, flags, &after);
	wait_event(&h->wait, mmc_idle(h));
	if (cmd->error) {
		/* SD Host Controller 3.10.1: the lines are reset after errors.
		 * */
		int err = h->ops->abort(h);

		return err ? err : cmd->error;
	}
	if (card_status(cmd) && (cmd->answer[0] & R1_ERRORS)) {
		return -ERR_IO;
	}
	return 0;
}

int mmc_run_simple(struct mmc_host *h, uint8_t index, uint32_t arg,
		   enum mmc_response response, uint32_t *answer)
{
	struct mmc_command cmd = {
		.index = index,
		.arg = arg,
		.response = response,
		.limit_ms = MMC_COMMAND_MS,
	};
	int err = mmc_run(h, &cmd);

	if (answer) {
		*answer = cmd.answer[0];
	}
	return err;
}

/* --- cards that come and go ----------------------------------------------- */

void mmc_host_changed(struct mmc_host *h, struct mmc_after *after)
{
	assert_held(&h->lock);
	h->changed = true;
	after->work = true;
}

static bool try_turn(struct mmc_host *h)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool mine = h->turn != MMC_TURN_REQUEST;

	if (mine) {
		h->turn = MMC_TURN_THREAD;
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return mine;
}

/* Give the thread its turn, once the command of a request has ended, at the
 * latest by its time limit. */
static void take_turn(struct mmc_host *h)
{
	wait_event(&h->wait, try_turn(h));
}

/* End the thread's turn; false if there is more for it to do. */
static bool give_turn(struct mmc_host *h)
{
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool idle = !h->failed && !h->changed;

	if (idle) {
		h->turn = MMC_TURN_FREE;
		mmc_block_next(h, &after);
	}
	mmc_host_unlock(h, flags, &after);
	return idle;
}

static bool take_flag(struct mmc_host *h, bool *flag)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool was = *flag;

	*flag = false;
	spin_unlock_irqrestore(&h->lock, flags);
	return was;
}

static void find_card(struct mmc_host *h)
{
	struct mmc_info info = { .nsectors = 0 };
	int err;

	err = mmc_identify(h, &info);
	if (err == 0) {
		err = mmc_block_add(h, &info);
	}
	if (err == -ERR_NOENT) {
		log_info("%s: no card", h->dev->name);
	} else if (err) {
		log_warn("%s: the card cannot be used: %s", h->dev->name,
			 err_str(err));
	}
	if (err) {
		h->ops->off(h);
	}
}

/* Ask for the next change of presence, beyond the one that is being handled. */
static void watch(struct mmc_host *h, bool was_present)
{
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags;

	h->ops->watch(h);
	if (h->ops->present(h) != was_present) {
		flags = spin_lock_irqsave(&h->lock);
		mmc_host_changed(h, &after);
		mmc_host_unlock(h, flags, &after);
	}
}

/* Look for a card after a change. The old card is gone, even if one is there
 * again. */
static void look(struct mmc_host *h)
{
	bool present;

	mmc_block_remove(h);
	if (READ_ONCE(h->leaving)) {
		return;
	}
	if (h->looked) {
		sleep_ms(MMC_DEBOUNCE_MS);
		(void)take_flag(h, &h->changed);
	}
	present = h->ops->present(h);
	if (present) {
		find_card(h);
	} else {
		h->ops->off(h);
	}
	watch(h, present);
}

static void mmc_work(struct work *w)
{
	struct mmc_host *h = container_of(w, struct mmc_host, work);

	do {
		take_turn(h);
		if (take_flag(h, &h->changed)) {
			look(h);
		}
		if (!mmc_block_work(h)) {
			log_err("%s: the card does not answer any more",
				h->dev->name);
			mmc_block_remove(h);
			h->ops->off(h);
			watch(h, true);
		}
	} while (!give_turn(h));
	if (!h->looked) {
		h->looked = true;
		completion_done(&h->first);
	}
	if (READ_ONCE(h->leaving)) {
		completion_done(&h->left);
	}
}

/* --- life ----------------------------------------------------------------- */

void mmc_host_init(struct mmc_host *h)
{
	spin_init(&h->lock, LOCK_DRIVER);
	list_init(&h->queue);
	timer_init(&h->timer, timed_out);
	wait_init(&h->wait);
	completion_init(&h->first);
	completion_init(&h->left);
	h->refs = 1;
}

int mmc_host_add(struct mmc_host *h)
{
	struct thread_attr attr = {
		.name = h->dev->name,
		.priority = MMC_PRIORITY,
	};
	int err = dma_alloc(h->dev, MMC_SPARE_SECTORS * BLOCK_SECTOR_SIZE,
			    &h->spare);

	if (err) {
		return err;
	}
	err = workqueue_start(&h->workqueue, &attr);
	if (err) {
		dma_free(h->dev, &h->spare);
		return err;
	}
	work_init(&h->work, &h->workqueue, mmc_work);
	h->changed = true;
	work_queue(&h->work);
	/* Bounded, because each command of the identification is. */
	completion_wait(&h->first);
	return 0;
}

void mmc_host_stop(struct mmc_host *h)
{
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);

	h->leaving = true;
	mmc_host_changed(h, &after);
	mmc_host_unlock(h, flags, &after);
	completion_wait(&h->left);
	workqueue_stop(&h->workqueue);
	timer_cancel(&h->timer);
	h->ops->off(h);
	dma_free(h->dev, &h->spare);
}

void mmc_host_put(struct mmc_host *h)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool last = --h->refs == 0;

	spin_unlock_irqrestore(&h->lock, flags);
	if (last) {
		heap_free(h);
	}
}
