/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to block devices: checks, start and end; and synchronous requests of
 * threads. */
#include <arch/mmu.h>
#include <core/blockdev.h>
#include <core/log.h>
#include <core/mapped.h>
#include <core/sync.h>
#include <libs/checked.h>
#include <libs/error.h>

/* Most segments of one synchronous request. */
#define SYNC_SEGMENTS 8

static void count(uint64_t *counter, uint64_t n)
{
	(void)__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* Check that the device can take the segments and that their sizes add up to
 * the request's: drivers rely on that. */
static int check_segments(const struct blockdev *bd,
			  const struct block_request *rq)
{
	uint64_t left = rq->nsectors << BLOCK_SECTOR_SHIFT;

	if (rq->nsectors > bd->max_sectors || rq->nsegs > bd->max_segments) {
		return -ERR_RANGE;
	}
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		size_t size = rq->segs[i].size;

		if (size > bd->max_segment_size || size > left) {
			return -ERR_RANGE;
		}
		left -= size;
	}
	return left == 0 ? 0 : -ERR_INVAL;
}

static int check_extent(const struct block_request *rq, uint32_t max)
{
	if (max == 0) {
		return -ERR_NOSUPP;
	}
	return rq->nsectors <= max ? 0 : -ERR_RANGE;
}

static int check(const struct blockdev *bd, const struct block_request *rq)
{
	uint64_t block = bd->block_size >> BLOCK_SECTOR_SHIFT;

	if (READ_ONCE(bd->gone)) {
		return -ERR_IO;
	}
	if (rq->op == BLOCK_FLUSH) {
		return 0;
	}
	if (!range_within(rq->sector, rq->nsectors, blockdev_nsectors(bd))) {
		return -ERR_RANGE;
	}
	if (rq->nsectors == 0 || ((rq->sector | rq->nsectors) & (block - 1))) {
		return -ERR_INVAL;
	}
	if (bd->read_only && rq->op != BLOCK_READ) {
		return -ERR_PERM;
	}
	switch (rq->op) {
	case BLOCK_DISCARD:
		return check_extent(rq, bd->max_discard);
	case BLOCK_WRITE_ZEROES:
		return check_extent(rq, bd->max_write_zeroes);
	default:
		return check_segments(bd, rq);
	}
}

void blockdev_done(struct block_request *rq, int result)
{
	if (unlikely(result != 0)) {
		count(&rq->bd->stats[rq->op].errors, 1);
	}
	rq->result = result;
	rq->done(rq);
}

static inline void count_started(struct blockdev *bd,
				 const struct block_request *rq)
{
	count(&bd->stats[rq->op].requests, 1);
	if (rq->op != BLOCK_FLUSH) {
		count(&bd->stats[rq->op].sectors, rq->nsectors);
	}
}

void blockdev_submit(struct blockdev *bd, struct block_request *rq)
{
	int err = check(bd, rq);

	rq->bd = bd;
	if (unlikely(err != 0)) {
		count(&bd->stats[rq->op].requests, 1);
		blockdev_done(rq, err);
		return;
	}
	count_started(bd, rq);
	if (rq->op == BLOCK_FLUSH && !bd->flush) {
		blockdev_done(rq, 0);
	} else {
		bd->ops->submit(bd, rq);
	}
}

bool blockdev_now(struct blockdev *bd, struct block_request *rq)
{
	if (unlikely(check(bd, rq) != 0)) {
		return false;
	}
	count_started(bd, rq);
	rq->result = bd->ops->now(bd, rq);
	if (unlikely(rq->result != 0)) {
		count(&bd->stats[rq->op].errors, 1);
	}
	return true;
}

void blockdev_kick(struct blockdev *bd)
{
	if (bd->ops->kick) {
		bd->ops->kick(bd);
	}
}

bool blockdev_cancel(struct blockdev *bd, struct block_request *rq)
{
	return bd->ops->cancel && bd->ops->cancel(bd, rq);
}

/* --- of threads, which wait ----------------------------------------------- */

struct sync_request {
	struct block_request rq;
	struct completion done;
	struct io_segment segs[SYNC_SEGMENTS];
};

static void sync_done(struct block_request *rq)
{
	completion_done(&container_of(rq, struct sync_request, rq)->done);
}

static int sync_run(struct blockdev *bd, struct sync_request *s)
{
	s->rq.done = sync_done;
	completion_init(&s->done);
	blockdev_submit(bd, &s->rq);
	blockdev_kick(bd);
	completion_wait(&s->done);
	return s->rq.result;
}

/* Put as much of [buf, buf + nsectors) as fits into one request. Returns its
 * sectors, which are whole blocks; 0: not one block. Pages of the heap need not
 * lie together in the host. */
static uint64_t sync_fill(const struct blockdev *bd, struct sync_request *s,
			  uint8_t *buf, uint64_t nsectors)
{
	uint32_t piece = ALIGN_DOWN(bd->max_segment_size, bd->block_size);
	uint32_t block = bd->block_size >> BLOCK_SECTOR_SHIFT;
	uint64_t left = MIN(nsectors, ALIGN_DOWN(bd->max_sectors, block))
			<< BLOCK_SECTOR_SHIFT;
	uint64_t total = 0, over;
	unsigned int n;
	size_t cut;

	for (n = 0; left > 0 && n < MIN(bd->max_segments, SYNC_SEGMENTS); n++) {
		uint64_t size = MIN(left, piece);

		s->segs[n].va = buf + total;
		s->segs[n].pa = mapped_phys(buf + total, &size);
		s->segs[n].size = size;
		total += size;
		left -= size;
	}
	for (over = total % bd->block_size; over > 0; over -= cut) {
		cut = MIN(over, s->segs[n - 1].size);
		s->segs[n - 1].size -= cut;
		total -= cut;
		n -= s->segs[n - 1].size == 0;
	}
	s->rq.segs = s->segs;
	s->rq.nsegs = n;
	return total >> BLOCK_SECTOR_SHIFT;
}

static int sync_transfer(struct blockdev *bd, enum block_op op, uint64_t sector,
			 uint8_t *buf, uint64_t nsectors)
{
	int err = 0;

	while (nsectors > 0 && err == 0) {
		struct sync_request s = { .rq = { .op = op } };
		uint64_t n = sync_fill(bd, &s, buf, nsectors);

		s.rq.sector = sector;
		s.rq.nsectors = n;
		err = n > 0 ? sync_run(bd, &s) : -ERR_NOSUPP;
		sector += n;
		nsectors -= n;
		buf += n << BLOCK_SECTOR_SHIFT;
	}
	return err;
}

int blockdev_read(struct blockdev *bd, uint64_t sector, void *buf,
		  uint64_t nsectors)
{
	return sync_transfer(bd, BLOCK_READ, sector, buf, nsectors);
}

int blockdev_write(struct blockdev *bd, uint64_t sector, const void *buf,
		   uint64_t nsectors)
{
	return sync_transfer(bd, BLOCK_WRITE, sector, (uint8_t *)(uintptr_t)buf,
			     nsectors);
}

int blockdev_flush(struct blockdev *bd)
{
	struct sync_request s = { .rq = { .op = BLOCK_FLUSH } };

	return sync_run(bd, &s);
}
