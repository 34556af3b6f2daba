/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a request through a vdisk: directly to its backend, or through
 * the list of requests that wait for a limit, or through the worker; in parts
 * where the backend cannot take it as one. docs/design/block.md has the
 * picture.
 */
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/checked.h>
#include <libs/error.h>

#include "vdisk_priv.h"

/* A part is being submitted; it is with the backend; it has ended while it was
 * being submitted. */
enum part_state { PART_SUBMITTING, PART_OUT, PART_ENDED };

static void submit_parts(struct vdisk_request *rq, struct blockdev *bd);

/* --- end ------------------------------------------------------------------ */

/* Pairs with code that sets a bit of `slow` and then waits for the count. */
static void put_flight(struct vdisk *vd)
{
	(void)__atomic_sub_fetch(&vd->in_flight, 1, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&vd->slow, __ATOMIC_SEQ_CST) != 0)) {
		wait_wake_all(&vd->idle);
	}
}

static void get_flight(struct vdisk *vd)
{
	(void)__atomic_add_fetch(&vd->in_flight, 1, __ATOMIC_SEQ_CST);
}

static inline void finish(struct vdisk_request *rq, int result)
{
	struct vdisk *vd = rq->vd;

	rq->result = result;
	rq->done(rq); /* from here on it may be freed or in use again */
	put_flight(vd);
}

static bool writes(enum block_op op)
{
	return op != BLOCK_READ && op != BLOCK_FLUSH;
}

/* The flush that makes a write durable has ended. */
static void flush_done(struct block_request *part)
{
	finish(container_of(part, struct vdisk_request, part), part->result);
}

/* All data has been moved. */
static void complete(struct vdisk_request *rq, struct blockdev *bd)
{
	if (likely(!rq->durable || !writes(rq->op) || !bd->flush)) {
		finish(rq, 0);
		return;
	}
	rq->part.op = BLOCK_FLUSH;
	rq->part.done = flush_done;
	blockdev_submit(bd, &rq->part);
	blockdev_kick(bd);
}

static void whole_done(struct block_request *part)
{
	struct vdisk_request *rq =
		container_of(part, struct vdisk_request, part);

	if (likely(part->result == 0)) {
		complete(rq, part->bd);
	} else {
		finish(rq, part->result);
	}
}

/* --- parts ---------------------------------------------------------------- */

static uint64_t sectors_at_once(const struct blockdev *bd, enum block_op op)
{
	switch (op) {
	case BLOCK_DISCARD:
		return bd->max_discard;
	case BLOCK_WRITE_ZEROES:
		return bd->max_write_zeroes;
	default:
		return bd->max_sectors;
	}
}

static bool segments_fit(const struct blockdev *bd,
			 const struct vdisk_request *rq)
{
	if (rq->nsegs > bd->max_segments) {
		return false;
	}
	if (rq->nsectors << BLOCK_SECTOR_SHIFT <= bd->max_segment_size) {
		return true; /* no request can be larger */
	}
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		if (rq->segs[i].size > bd->max_segment_size) {
			return false;
		}
	}
	return true;
}

/*
 * Fill in segments for at most `max` bytes, from where the last part ended.
 * Returns bytes, whole blocks; 0 if the segments are so small that they do not
 * make up one block.
 */
static uint64_t fill_segments(struct vdisk_request *rq,
			      const struct blockdev *bd, uint64_t max)
{
	uint32_t piece = ALIGN_DOWN(bd->max_segment_size, bd->block_size);
	unsigned int room = MIN(bd->max_segments, VDISK_PART_SEGMENTS);
	unsigned int seg = rq->next_seg, n = 0;
	size_t off = rq->next_off;
	uint64_t total = 0, over;

	while (n < room && total < max && seg < rq->nsegs) {
		const struct io_segment *s = &rq->segs[seg];
		size_t size = MIN(MIN(s->size - off, piece), max - total);

		rq->part_segs[n].va = (uint8_t *)s->va + off;
		rq->part_segs[n].pa = PADDR(s->pa.v + off);
		rq->part_segs[n].size = size;
		n += size > 0;
		total += size;
		off += size;
		if (off == s->size) {
			seg++;
			off = 0;
		}
	}
	/* Bytes beyond whole blocks are left to the next part. */
	over = total & (bd->block_size - 1);
	total -= over;
	while (n > 0 && over >= rq->part_segs[n - 1].size) {
		over -= rq->part_segs[--n].size;
	}
	if (n > 0) {
		rq->part_segs[n - 1].size -= over;
	}
	rq->part.segs = rq->part_segs;
	rq->part.nsegs = n;
	return total;
}

/* Advance in the segments by what a part has moved. */
static void skip_segments(struct vdisk_request *rq, uint64_t bytes)
{
	while (bytes > 0) {
		size_t here = rq->segs[rq->next_seg].size - rq->next_off;

		if (bytes < here) {
			rq->next_off += bytes;
			return;
		}
		bytes -= here;
		rq->next_seg++;
		rq->next_off = 0;
	}
}

static bool moves_data(const struct vdisk_request *rq)
{
	return rq->op == BLOCK_READ || rq->op == BLOCK_WRITE;
}

/* Make the next part; false if the backend cannot take any. */
static bool make_part(struct vdisk_request *rq, const struct blockdev *bd)
{
	uint64_t block = bd->block_size >> BLOCK_SECTOR_SHIFT;
	uint64_t most = ALIGN_DOWN(sectors_at_once(bd, rq->op), block);
	uint64_t n = MIN(rq->left, most);

	if (moves_data(rq)) {
		n = fill_segments(rq, bd, n << BLOCK_SECTOR_SHIFT) >>
		    BLOCK_SECTOR_SHIFT;
	}
	rq->part.sector = rq->sector + (rq->nsectors - rq->left);
	rq->part.nsectors = n;
	return n > 0;
}

/* A part has ended. True if there is another; otherwise the request has ended,
 * too. */
static bool part_over(struct vdisk_request *rq, struct blockdev *bd)
{
	uint64_t n = rq->part.nsectors;

	if (rq->part.result) {
		finish(rq, rq->part.result);
		return false;
	}
	rq->left -= n;
	if (rq->left == 0) {
		complete(rq, bd);
		return false;
	}
	if (moves_data(rq)) {
		skip_segments(rq, n << BLOCK_SECTOR_SHIFT);
	}
	return true;
}

static void part_done(struct block_request *part)
{
	struct vdisk_request *rq =
		container_of(part, struct vdisk_request, part);
	struct blockdev *bd = part->bd;

	if (__atomic_exchange_n(&rq->state, PART_ENDED, __ATOMIC_ACQ_REL) ==
	    PART_SUBMITTING) {
		return; /* submit_parts() goes on */
	}
	if (part_over(rq, bd)) {
		submit_parts(rq, bd);
		blockdev_kick(bd);
	}
}

/* Submit part after part while they end at once. A loop, so that the stack does
 * not grow with their number. */
static void submit_parts(struct vdisk_request *rq, struct blockdev *bd)
{
	do {
		if (READ_ONCE(rq->cancelled)) {
			finish(rq, -ERR_INTR);
			return;
		}
		if (!make_part(rq, bd)) {
			finish(rq, -ERR_INVAL);
			return;
		}
		rq->part.done = part_done;
		__atomic_store_n(&rq->state, PART_SUBMITTING, __ATOMIC_RELEASE);
		blockdev_submit(bd, &rq->part);
		if (__atomic_exchange_n(&rq->state, PART_OUT,
					__ATOMIC_ACQ_REL) != PART_ENDED) {
			return; /* part_done() goes on */
		}
	} while (part_over(rq, bd));
}

/* --- start ---------------------------------------------------------------- */

/* Submit to the backend, which stays as long as the request is in flight. */
static void start(struct vdisk_request *rq, struct blockdev *bd)
{
	uint64_t most = sectors_at_once(bd, rq->op);

	rq->part.op = rq->op;
	rq->part.unmap = rq->unmap;
	/* What is not supported at all (`most` is 0) the backend refuses. */
	if (likely(rq->op == BLOCK_FLUSH || most == 0 ||
		   (rq->nsectors <= most &&
		    (!moves_data(rq) || segments_fit(bd, rq))))) {
		rq->part.sector = rq->sector;
		rq->part.nsectors = rq->nsectors;
		rq->part.segs = rq->segs;
		rq->part.nsegs = rq->nsegs;
		rq->part.done = whole_done;
		blockdev_submit(bd, &rq->part);
		return;
	}
	(void)__atomic_add_fetch(&rq->vd->split, 1, __ATOMIC_RELAXED);
	rq->left = rq->nsectors;
	rq->next_seg = 0;
	rq->next_off = 0;
	submit_parts(rq, bd);
}

/* The limits that the guest sees are checked here, those of the backend by the
 * backend. */
static int check(const struct vdisk *vd, const struct vdisk_request *rq)
{
	if (rq->op == BLOCK_FLUSH) {
		return 0;
	}
	if (!range_within(rq->sector, rq->nsectors, READ_ONCE(vd->nsectors))) {
		return -ERR_RANGE;
	}
	return writes(rq->op) && READ_ONCE(vd->read_only) ? -ERR_PERM : 0;
}

/* Bytes of a request that limits count, and that are copied if it is copied. */
static uint64_t bytes_of(const struct vdisk_request *rq)
{
	return rq->op == BLOCK_FLUSH ? 0 : rq->nsectors << BLOCK_SECTOR_SHIFT;
}

static uint64_t limited_bytes(const struct vdisk_request *rq)
{
	return moves_data(rq) ? bytes_of(rq) : 0;
}

/* The time from which the limits allow a request, which may have passed. */
static ticks_t ready_locked(const struct vdisk *vd,
			    const struct vdisk_request *rq)
{
	ticks_t ops = token_bucket_ready(&vd->iops, 1);
	ticks_t bytes = token_bucket_ready(&vd->bytes, limited_bytes(rq));

	return MAX(ops, bytes);
}

static void take_locked(struct vdisk *vd, const struct vdisk_request *rq,
			ticks_t now)
{
	token_bucket_take(&vd->iops, now, 1);
	token_bucket_take(&vd->bytes, now, limited_bytes(rq));
}

static void to_worker_locked(struct vdisk *vd, struct vdisk_request *rq)
{
	assert_held(&vd->lock);
	rq->where = VDISK_TODO;
	list_append(&vd->todo, &rq->node);
	vd->by_worker++;
}

static void to_worker(struct vdisk *vd, struct vdisk_request *rq)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);

	to_worker_locked(vd, rq);
	spin_unlock_irqrestore(&vd->lock, flags);
	wait_wake_one(&vd->work);
}

/* The long path: the request fails, waits, or goes to the worker. */
static void submit_slowly(struct vdisk *vd, struct vdisk_request *rq)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	ticks_t now = time_now(), ready;
	bool fail = false;

	if (vd->slow & VDISK_DETACHED) {
		fail = true;
	} else {
		ready = ready_locked(vd, rq);
		if ((vd->slow & VDISK_PAUSED) || vd->nwaiting > 0 ||
		    ready > now) {
			rq->where = VDISK_WAITING;
			rq->since = now;
			list_append(&vd->waiting, &rq->node);
			if (vd->nwaiting++ == 0) {
				timer_set(&vd->timer, ready);
			}
		} else {
			take_locked(vd, rq, now);
			to_worker_locked(vd, rq);
		}
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	if (fail) {
		finish(rq, -ERR_IO);
	} else {
		wait_wake_one(&vd->work);
	}
}

void vdisk_batch_begin(struct vdisk *vd, struct vdisk_batch *b)
{
	b->vd = vd;
	get_flight(vd);
	b->bd = NULL;
	b->left = 0;
	b->now = false;
	if (likely(__atomic_load_n(&vd->slow, __ATOMIC_SEQ_CST) == 0)) {
		b->bd = vd->bd;
		b->left = MIN(READ_ONCE(vd->inline_max), b->bd->inline_bytes);
		b->now = b->bd->ops->now != NULL;
	}
}

/* The batch is counted in in_flight, so the backend stays, and nobody else sees
 * the request: it need not be counted, and cannot be cancelled. */
bool vdisk_now(struct vdisk_batch *b, struct vdisk_request *rq)
{
	uint64_t bytes = rq->nsectors << BLOCK_SECTOR_SHIFT;

	if (!b->now || !moves_data(rq) || bytes > b->left ||
	    (rq->durable && b->bd->flush) || check(b->vd, rq) != 0) {
		return false;
	}
	rq->part.op = rq->op;
	rq->part.sector = rq->sector;
	rq->part.nsectors = rq->nsectors;
	rq->part.segs = rq->segs;
	rq->part.nsegs = rq->nsegs;
	/* What does not pass as a whole may do so in parts. */
	if (unlikely(!blockdev_now(b->bd, &rq->part))) {
		return false;
	}
	b->left -= (uint32_t)bytes;
	rq->result = rq->part.result;
	return true;
}

void vdisk_submit(struct vdisk_batch *b, struct vdisk_request *rq)
{
	struct vdisk *vd = b->vd;
	int err = check(vd, rq);

	rq->vd = vd;
	rq->where = VDISK_NOWHERE;
	rq->cancelled = false;
	get_flight(vd);
	if (unlikely(err != 0)) {
		finish(rq, err);
	} else if (unlikely(!b->bd)) {
		submit_slowly(vd, rq);
	} else if (b->bd->inline_bytes && bytes_of(rq) > b->left) {
		to_worker(vd, rq);
	} else {
		if (b->bd->inline_bytes) {
			b->left -= (uint32_t)bytes_of(rq);
		}
		start(rq, b->bd);
	}
}

void vdisk_batch_end(struct vdisk_batch *b)
{
	if (likely(b->bd != NULL)) {
		blockdev_kick(b->bd);
	}
	put_flight(b->vd);
}

/* --- the worker ----------------------------------------------------------- */

void vdisk_timer(struct timer *t)
{
	wait_wake_one(&container_of(t, struct vdisk, timer)->work);
}

/* Release the requests that the limits allow, and set the timer for the next
 * one. */
static void release_locked(struct vdisk *vd)
{
	ticks_t now = time_now();

	assert_held(&vd->lock);
	while (vd->nwaiting > 0 && !(vd->slow & VDISK_PAUSED)) {
		struct vdisk_request *rq =
			list_first(&vd->waiting, struct vdisk_request, node);
		ticks_t ready = ready_locked(vd, rq);

		if (ready > now) {
			timer_set(&vd->timer, ready);
			return;
		}
		take_locked(vd, rq, now);
		list_remove(&rq->node);
		vd->nwaiting--;
		vd->delayed++;
		vd->delayed_ticks += now - rq->since;
		to_worker_locked(vd, rq);
	}
}

/* The next request for the worker, and the backend; NULL if there is none. */
static struct vdisk_request *next_todo(struct vdisk *vd, struct blockdev **bd)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	struct vdisk_request *rq = NULL;

	release_locked(vd);
	if (!list_empty(&vd->todo)) {
		rq = list_first(&vd->todo, struct vdisk_request, node);
		list_remove(&rq->node);
		rq->where = VDISK_NOWHERE;
		*bd = vd->bd;
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	return rq;
}

void vdisk_worker_main(void *arg)
{
	struct vdisk *vd = arg;
	struct vdisk_request *rq = NULL;
	struct blockdev *bd = NULL;

	for (;;) {
		wait_event(&vd->work,
			   thread_should_stop() || (rq = next_todo(vd, &bd)));
		if (thread_should_stop()) {
			return;
		}
		/* Counted, so that the backend stays until its doorbell has
		 * been rung, even if all requests end before. */
		get_flight(vd);
		do {
			start(rq, bd);
			rq = next_todo(vd, &bd);
		} while (rq);
		blockdev_kick(bd);
		put_flight(vd);
	}
}

/* --- taking back ---------------------------------------------------------- */

/* Remove a request from its list, if it is in one. */
static bool unlist_locked(struct vdisk *vd, struct vdisk_request *rq)
{
	assert_held(&vd->lock);
	if (rq->where == VDISK_NOWHERE) {
		return false;
	}
	vd->nwaiting -= rq->where == VDISK_WAITING;
	rq->where = VDISK_NOWHERE;
	list_remove(&rq->node);
	return true;
}

void vdisk_cancel(struct vdisk *vd, struct vdisk_request *rq)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	struct blockdev *bd = NULL;
	bool mine = unlist_locked(vd, rq);

	WRITE_ONCE(rq->cancelled, true);
	/* While the backend is being detached, bd may go at any time, and its
	 * requests end anyway. */
	if (!mine && !(vd->slow & VDISK_DETACHED)) {
		bd = vd->bd;
		get_flight(vd);
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	if (mine) {
		finish(rq, -ERR_INTR);
	}
	if (bd) {
		(void)blockdev_cancel(bd, &rq->part);
		put_flight(vd);
	}
}

static struct vdisk_request *take_waiting(struct vdisk *vd)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	struct vdisk_request *rq = NULL;

	if (vd->nwaiting > 0) {
		rq = list_first(&vd->waiting, struct vdisk_request, node);
		(void)unlist_locked(vd, rq);
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	return rq;
}

void vdisk_fail_waiting(struct vdisk *vd)
{
	struct vdisk_request *rq;

	while ((rq = take_waiting(vd)) != NULL) {
		finish(rq, -ERR_IO);
	}
}

static bool drained(struct vdisk *vd, bool all)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	uint32_t left = __atomic_load_n(&vd->in_flight, __ATOMIC_SEQ_CST);

	left -= all ? 0 : vd->nwaiting;
	spin_unlock_irqrestore(&vd->lock, flags);
	return left == 0;
}

void vdisk_drain(struct vdisk *vd, bool all)
{
	wait_event(&vd->idle, drained(vd, all));
}
