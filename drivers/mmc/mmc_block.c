/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card as a block device: the queue, recovery, erasing, flushing.
 *
 * A request runs in pieces (mmc_piece.c), each of which is one command; the
 * next begins in the interrupt that ends the one before. The thread handles
 * requests that take several commands, and commands that failed.
 */
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "mmc_piece_priv.h"
#include "mmc_priv.h"

#define MMC_RETRIES 2  /* attempts after the first, of a piece */
#define MMC_NUMBERS 64 /* cards at a time */
/* SD 4.14 lets a card take 250 ms for each allocation unit of up to 64 MiB. */
#define SD_DISCARD_MAX (MIB(64) / BLOCK_SECTOR_SIZE)
#define EMMC_DISCARD_MAX (GIB(2) / BLOCK_SECTOR_SIZE)

static struct mmc_card *card_of(struct blockdev *bd)
{
	return container_of(bd, struct mmc_card, bd);
}

static void end_request(struct block_request *rq, int result,
			struct mmc_after *after)
{
	rq->result = result;
	list_append(&after->ended, &rq->node);
}

/* --- in interrupts: one piece after the other ----------------------------- */

static bool is_transfer(const struct block_request *rq)
{
	return rq->op == BLOCK_READ || rq->op == BLOCK_WRITE;
}

static void leave_to_thread(struct mmc_host *h, struct mmc_after *after)
{
	h->turn = MMC_TURN_THREAD;
	after->work = true;
	after->wake = true;
}

static void start_piece(struct mmc_host *h, struct mmc_after *after)
{
	h->turn = MMC_TURN_REQUEST;
	mmc_piece_map(h);
	mmc_host_start(h, &h->request, after);
}

void mmc_block_next(struct mmc_host *h, struct mmc_after *after)
{
	struct block_request *rq;

	assert_held(&h->lock);
	assert(h->turn == MMC_TURN_FREE);
	if (h->piece.rq) {
		start_piece(h, after); /* start it again */
		return;
	}
	if (list_empty(&h->queue)) {
		return;
	}
	rq = list_first(&h->queue, struct block_request, node);
	if (!is_transfer(rq)) {
		leave_to_thread(h, after);
		return;
	}
	list_remove(&rq->node);
	mmc_piece_begin(&h->piece, rq);
	start_piece(h, after);
}

/*
 * The status that answers the stop command says how writing ended. OUT_OF_RANGE
 * is ignored: a card may set it when its last block was read (SD 4.3.3), and
 * the range of requests is checked.
 */
static bool piece_failed(const struct mmc_command *cmd)
{
	uint32_t errors = R1_ERRORS & ~(uint32_t)R1_OUT_OF_RANGE;

	return cmd->error || (cmd->answer[0] & R1_ERRORS) ||
	       (cmd->stop_answer & errors);
}

void mmc_block_done(struct mmc_host *h, struct mmc_after *after)
{
	struct mmc_piece *p = &h->piece;

	assert_held(&h->lock);
	if (piece_failed(&h->request)) {
		h->failed = true;
		leave_to_thread(h, after);
		return;
	}
	mmc_piece_unmap(h);
	if (mmc_piece_advance(p)) {
		end_request(p->rq, 0, after);
		p->rq = NULL;
	}
	h->turn = MMC_TURN_FREE;
	if (h->changed) {
		leave_to_thread(h, after);
	} else {
		mmc_block_next(h, after);
	}
}

/* --- recovery: the thread ------------------------------------------------- */

/* Bring the card from any state to the transfer state. */
static int settle(struct mmc_host *h, const struct mmc_info *info)
{
	uint32_t status;
	int err = mmc_run_simple(h, MMC_SEND_STATUS, info->rca << 16, MMC_R6,
				 &status);

	if (err) {
		return err;
	}
	if (R1_STATE(status) == MMC_STATE_DATA ||
	    R1_STATE(status) == MMC_STATE_RECEIVE) {
		err = mmc_run_simple(h, MMC_STOP_TRANSMISSION, 0, MMC_R1B,
				     NULL);
	}
	if (err) {
		return err;
	}
	return mmc_wait_ready(h, info, MMC_DATA_MS, &status);
}

/* Identify the card again; it is the same if its identification is the same. */
static int start_over(struct mmc_host *h, const struct mmc_info *info)
{
	struct mmc_info now;
	int err = mmc_identify(h, &now);

	if (err == 0 &&
	    (memcmp(now.cid, info->cid, sizeof(now.cid)) != 0 ||
	     now.nsectors != info->nsectors || now.rca != info->rca)) {
		err = -ERR_NOENT;
	}
	return err;
}

/* Recover the card; false if nothing helps. */
static bool recover(struct mmc_host *h)
{
	static struct log_limit limit = LOG_LIMIT_INIT;
	struct mmc_after after = MMC_AFTER_INIT(after);
	struct mmc_piece *p = &h->piece;
	struct mmc_card *card = h->card;
	int error = h->request.error ? h->request.error : -ERR_IO;
	unsigned long flags;
	bool fine = h->ops->abort(h) == 0;

	/* No transfer runs any more. */
	mmc_piece_unmap(h);
	fine = fine && settle(h, &card->info) == 0;
	fine = fine || start_over(h, &card->info) == 0;
	if (!fine) {
		return false;
	}
	p->tries++;
	if (p->tries <= MMC_RETRIES) {
		return true;
	}
	if (log_allow(&limit)) {
		log_warn("%s: %s of %u sectors at %llu: %s, status %08x",
			 card->bd.name,
			 p->rq->op == BLOCK_READ ? "reading" : "writing",
			 p->sectors,
			 (unsigned long long)(p->rq->sector + p->done),
			 err_str(error), h->request.answer[0]);
	}
	flags = spin_lock_irqsave(&h->lock);
	end_request(p->rq, error, &after);
	p->rq = NULL;
	mmc_host_unlock(h, flags, &after);
	return true;
}

/* --- what takes several commands: the thread ------------------------------ */

static uint32_t card_address(const struct mmc_info *info, uint64_t sector)
{
	return (uint32_t)(info->sector_addresses ? sector
						 : sector * BLOCK_SECTOR_SIZE);
}

static int erase(struct mmc_host *h, const struct mmc_info *info,
		 const struct block_request *rq, uint32_t how)
{
	bool sd = info->kind == MMC_KIND_SD;
	uint64_t last = rq->sector + rq->nsectors - 1;
	struct mmc_command cmd = {
		.index = MMC_ERASE,
		.arg = how,
		.response = MMC_R1B,
		.limit_ms = MMC_ERASE_MS,
	};
	uint32_t status;
	int err = mmc_run_simple(h, sd ? SD_ERASE_START : MMC_ERASE_START,
				 card_address(info, rq->sector), MMC_R1, NULL);

	if (err == 0) {
		err = mmc_run_simple(h, sd ? SD_ERASE_END : MMC_ERASE_END,
				     card_address(info, last), MMC_R1, NULL);
	}
	if (err == 0) {
		err = mmc_run(h, &cmd);
	}
	if (err == 0) {
		err = mmc_wait_ready(h, info, MMC_ERASE_MS, &status);
	}
	return err == 0 && (status & R1_ERRORS) ? -ERR_IO : err;
}

static int run_special(struct mmc_host *h, const struct mmc_info *info,
		       const struct block_request *rq)
{
	switch (rq->op) {
	case BLOCK_FLUSH:
		return info->cache ? mmc_switch(h, info, EXT_CSD_FLUSH_CACHE, 1,
						MMC_ERASE_MS)
				   : 0;
	case BLOCK_DISCARD:
		if (info->kind == MMC_KIND_SD) {
			return erase(h, info, rq, MMC_ERASE_ARG);
		}
		return erase(h, info, rq,
			     info->discard ? MMC_DISCARD_ARG : MMC_TRIM_ARG);
	case BLOCK_WRITE_ZEROES:
		return erase(h, info, rq, MMC_TRIM_ARG);
	default:
		return -ERR_NOSUPP;
	}
}

/* Take the head of the queue, if the thread has to handle it. */
static struct block_request *take_special(struct mmc_host *h)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);
	struct block_request *rq = NULL;

	if (!list_empty(&h->queue) && !h->changed) {
		rq = list_first(&h->queue, struct block_request, node);
		if (is_transfer(rq)) {
			rq = NULL;
		} else {
			list_remove(&rq->node);
		}
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return rq;
}

/* An error may have left the card in any state. */
static bool run_specials(struct mmc_host *h)
{
	struct block_request *rq;

	while ((rq = take_special(h)) != NULL) {
		const struct mmc_info *info = &h->card->info;
		int err = run_special(h, info, rq);
		bool fine = err == 0 || settle(h, info) == 0 ||
			    start_over(h, info) == 0;

		blockdev_done(rq, err);
		if (!fine) {
			return false;
		}
	}
	return true;
}

static bool take_failed(struct mmc_host *h)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool failed = h->failed;

	h->failed = false;
	spin_unlock_irqrestore(&h->lock, flags);
	return failed;
}

bool mmc_block_work(struct mmc_host *h)
{
	if (!h->card) {
		return true;
	}
	if (take_failed(h) && !recover(h)) {
		return false;
	}
	/* A request that was interrupted continues first. */
	return h->piece.rq || run_specials(h);
}

/* --- the block device ----------------------------------------------------- */

static void card_submit(struct blockdev *bd, struct block_request *rq)
{
	struct mmc_card *card = card_of(bd);
	struct mmc_host *h = card->host;
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);

	if (card->gone) {
		end_request(rq, -ERR_IO, &after);
	} else {
		list_append(&h->queue, &rq->node);
		if (h->turn == MMC_TURN_FREE) {
			mmc_block_next(h, &after);
		}
	}
	mmc_host_unlock(h, flags, &after);
}

static bool card_cancel(struct blockdev *bd, struct block_request *rq)
{
	struct mmc_host *h = card_of(bd)->host;
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&h->lock);
	bool queued = blockdev_unqueue(&h->queue, rq);

	if (queued) {
		end_request(rq, -ERR_INTR, &after);
	}
	mmc_host_unlock(h, flags, &after);
	return queued;
}

static void card_release(struct blockdev *bd)
{
	struct mmc_card *card = card_of(bd);
	struct mmc_host *h = card->host;

	heap_free(card);
	mmc_host_put(h);
}

static const struct blockdev_ops card_ops = {
	.submit = card_submit,
	.cancel = card_cancel,
	.release = card_release,
};

static struct spinlock numbers_lock = SPINLOCK_INIT(LOCK_DRIVER);
static uint64_t numbers; /* a bit for each number in use */

static int take_number(unsigned int *out)
{
	unsigned long flags = spin_lock_irqsave(&numbers_lock);
	int err = -ERR_NOSPC;

	for (unsigned int i = 0; err && i < MMC_NUMBERS; i++) {
		if (!(numbers & BIT(i))) {
			numbers |= BIT(i);
			*out = i;
			err = 0;
		}
	}
	spin_unlock_irqrestore(&numbers_lock, flags);
	return err;
}

static void give_number(unsigned int n)
{
	unsigned long flags = spin_lock_irqsave(&numbers_lock);

	numbers &= ~BIT(n);
	spin_unlock_irqrestore(&numbers_lock, flags);
}

/* As many sectors as can be discarded within the time limit. */
static uint32_t emmc_discard_max(const struct mmc_info *info)
{
	uint64_t units = MAX(MMC_ERASE_MS / info->trim_ms, 1U);

	return (uint32_t)MIN(units * info->erase_sectors, EMMC_DISCARD_MAX);
}

static void describe(struct mmc_host *h, struct mmc_card *card)
{
	const struct mmc_info *info = &card->info;
	struct blockdev *bd = &card->bd;

	(void)snprintf(bd->name, sizeof(bd->name), "mmc%u", card->number);
	bd->ops = &card_ops;
	bd->kind = info->kind == MMC_KIND_SD ? "sd" : "emmc";
	bd->device = h->dev;
	bd->nsectors = info->nsectors;
	bd->block_size = BLOCK_SECTOR_SIZE;
	bd->physical_size = BLOCK_SECTOR_SIZE;
	bd->max_segments = MMC_SEGMENTS;
	bd->max_segment_size =
		(uint32_t)MIN(dma_max_segment(h->dev),
			      (size_t)MMC_SECTORS * BLOCK_SECTOR_SIZE);
	bd->max_sectors = MMC_SECTORS;
	bd->read_only = info->write_protected || h->ops->write_protected(h);
	bd->flush = info->cache;
	if (info->kind == MMC_KIND_SD) {
		bd->max_discard = info->can_erase ? SD_DISCARD_MAX : 0;
	} else if (info->trim) {
		bd->max_discard = emmc_discard_max(info);
		bd->max_write_zeroes = info->trim_zeroes ? bd->max_discard : 0;
	}
}

static void set_card(struct mmc_host *h, struct mmc_card *card)
{
	unsigned long flags = spin_lock_irqsave(&h->lock);

	h->card = card;
	h->refs++;
	spin_unlock_irqrestore(&h->lock, flags);
}

int mmc_block_add(struct mmc_host *h, const struct mmc_info *info)
{
	struct mmc_card *card = heap_alloc(sizeof(*card));
	char name[MMC_NAME_MAX];
	int err;

	if (!card) {
		return -ERR_NOMEM;
	}
	card->host = h;
	card->info = *info;
	err = take_number(&card->number);
	if (err) {
		heap_free(card);
		return err;
	}
	describe(h, card);
	set_card(h, card);
	err = blockdev_add(&card->bd);
	if (err) {
		h->card = NULL;
		give_number(card->number);
		card_release(&card->bd);
		return err;
	}
	mmc_name(info, name);
	log_info("%s: %s: %s card \"%s\", %llu MiB%s", h->dev->name,
		 card->bd.name, info->kind == MMC_KIND_SD ? "SD" : "eMMC", name,
		 (unsigned long long)(info->nsectors >> 11),
		 card->bd.read_only ? ", read only" : "");
	return 0;
}

void mmc_block_remove(struct mmc_host *h)
{
	struct mmc_after after = MMC_AFTER_INIT(after);
	struct mmc_card *card = h->card;
	struct block_request *rq, *next;
	unsigned long flags;

	if (!card) {
		return;
	}
	assert(h->turn == MMC_TURN_THREAD);
	if (h->piece.rq) {
		/* This also stops a controller that abort() does not stop. */
		(void)(h->ops->abort(h) && h->ops->reset(h));
		mmc_piece_unmap(h);
	}
	flags = spin_lock_irqsave(&h->lock);
	card->gone = true;
	h->card = NULL;
	h->failed = false;
	if (h->piece.rq) {
		end_request(h->piece.rq, -ERR_IO, &after);
		h->piece.rq = NULL;
	}
	list_for_each_safe(rq, next, &h->queue, node) {
		list_remove(&rq->node);
		end_request(rq, -ERR_IO, &after);
	}
	mmc_host_unlock(h, flags, &after);
	log_info("%s: %s is gone", h->dev->name, card->bd.name);
	give_number(card->number);
	blockdev_gone(&card->bd);
}
