/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks of the host's drivers, on the real data path. Only disks whose first
 * sector marks them as test disks are touched: sector n consists of the words
 * (n << 16 | index). tests/integration/arm64/test_disks.py makes them and
 * checks them afterwards.
 *
 *   sectors 8 to 4095      are read, and stay the same
 *   4096 to 8191           are inverted
 *   8192 to 8703           are discarded, if the disk can
 *   8704 to 9215           are written with zeroes, if the disk can
 */
#include <arch/mmu.h>
#include <core/blockdev.h>
#include <core/heap.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/wbox.h>
#include <libs/error.h>
#include <string.h>

#include "sem.h"

#define MARK "SOCLE TEST DISK"
#define READ_FIRST 8
#define READ_END 4096
#define INVERT_END 8192
#define DISCARD_END 8704
#define ZERO_END 9216
#define BUF_SECTORS 512
#define IN_FLIGHT 32
#define SEGMENTS_MAX 16
#define LIMIT_MS 60000

static struct disk_request {
	struct block_request rq;
	struct io_segment segs[SEGMENTS_MAX];
	uint8_t *buf;
} requests[IN_FLIGHT];
static struct semaphore over;

static void request_done(struct block_request *rq)
{
	(void)rq;
	sem_up(&over);
}

/* In segments of these sizes, with gaps between them. */
static void fill_in(struct disk_request *d, enum block_op op, uint64_t sector,
		    uint32_t nsectors, size_t piece, size_t gap)
{
	size_t left = (size_t)nsectors * BLOCK_SECTOR_SIZE;
	uint8_t *at = d->buf + gap;
	unsigned int n = 0;

	memset(&d->rq, 0, sizeof(d->rq));
	for (; left > 0 && n < SEGMENTS_MAX; n++) {
		size_t size = n + 1 == SEGMENTS_MAX ? left : MIN(left, piece);

		d->segs[n] =
			(struct io_segment){ at, arch_virt_to_phys(at), size };
		left -= size;
		at += size + gap;
	}
	d->rq.op = op;
	d->rq.sector = sector;
	d->rq.nsectors = nsectors;
	d->rq.segs = d->segs;
	d->rq.nsegs = n;
	d->rq.done = request_done;
}

static int wait_for(unsigned int n)
{
	ticks_t limit = time_now() + ms_to_ticks(LIMIT_MS);
	int err = 0;

	while (n-- > 0 && err == 0) {
		err = sem_down_until(&over, limit);
	}
	return err;
}

static uint64_t word(uint64_t sector, unsigned int i)
{
	return sector << 16 | i;
}

/* Word i of a request's data; a segment need not end at a word boundary. */
static uint64_t data_word(const struct disk_request *d, size_t i)
{
	size_t off = i * sizeof(uint64_t);
	uint8_t bytes[sizeof(uint64_t)];
	uint64_t v;

	for (unsigned int b = 0; b < sizeof(bytes); b++) {
		const struct io_segment *s = d->segs;
		size_t at = off + b;

		while (at >= s->size) {
			at -= s->size;
			s++;
		}
		bytes[b] = ((const uint8_t *)s->va)[at];
	}
	memcpy(&v, bytes, sizeof(v));
	return v;
}

static bool holds(const struct disk_request *d, uint64_t invert)
{
	size_t words = d->rq.nsectors * BLOCK_SECTOR_SIZE / sizeof(uint64_t);

	for (size_t i = 0; i < words; i++) {
		if ((data_word(d, i) ^ invert) !=
		    word(d->rq.sector + i / 64, i % 64)) {
			return false;
		}
	}
	return true;
}

/* The nth test disk; NULL past the last. */
static struct blockdev *nth(unsigned int n, void *sector)
{
	struct blockdev *bd;

	for (unsigned int i = 0; (bd = blockdev_get_nth(i)) != NULL; i++) {
		if (!bd->whole && bd->device && !bd->read_only &&
		    bd->nsectors >= ZERO_END &&
		    blockdev_read(bd, 0, sector, 1) == 0 &&
		    memcmp(sector, MARK, sizeof(MARK)) == 0 && n-- == 0) {
			return bd;
		}
		blockdev_put(bd);
	}
	return NULL;
}

/* Requests of all sizes and segmentations, many at the same time. */
static const char *try_reading(struct blockdev *bd)
{
	static const size_t pieces[] = { 512, 4096, 1024, 504, 32760, 777 };
	uint64_t sector = READ_FIRST;

	while (sector < READ_END) {
		unsigned int n;

		for (n = 0; n < IN_FLIGHT && sector < READ_END; n++) {
			uint32_t size = (uint32_t)(1 + (sector * 7) % 61);
			size_t piece = pieces[n % ARRAY_SIZE(pieces)];

			size = (uint32_t)MIN(size, READ_END - sector);
			fill_in(&requests[n], BLOCK_READ, sector, size, piece,
				n % 3 * 4);
			memset(requests[n].buf, 0xee,
			       BUF_SECTORS * BLOCK_SECTOR_SIZE);
			sector += size;
		}
		for (unsigned int i = 0; i < n; i++) {
			blockdev_submit(bd, &requests[i].rq);
		}
		blockdev_kick(bd);
		if (wait_for(n)) {
			return "reading does not end";
		}
		for (unsigned int i = 0; i < n; i++) {
			if (requests[i].rq.result) {
				return "reading fails";
			}
			if (!holds(&requests[i], 0)) {
				return "what is read is something else";
			}
		}
	}
	return NULL;
}

static const char *try_writing(struct blockdev *bd)
{
	uint64_t sector = READ_END;

	while (sector < INVERT_END) {
		struct disk_request *d = &requests[sector % IN_FLIGHT];
		uint32_t size = (uint32_t)(1 + (sector * 5) % 200);

		size = (uint32_t)MIN(size, INVERT_END - sector);
		fill_in(d, BLOCK_WRITE, sector, size, 8192, 0);
		for (uint32_t i = 0; i < size * 64; i++) {
			((uint64_t *)d->buf)[i] =
				~word(sector + i / 64, i % 64);
		}
		blockdev_submit(bd, &d->rq);
		blockdev_kick(bd);
		if (wait_for(1) || d->rq.result) {
			return "writing fails";
		}
		fill_in(d, BLOCK_READ, sector, size, 4100, 4);
		memset(d->buf, 0, BUF_SECTORS * BLOCK_SECTOR_SIZE);
		blockdev_submit(bd, &d->rq);
		blockdev_kick(bd);
		if (wait_for(1) || d->rq.result || !holds(d, UINT64_MAX)) {
			return "what was written is not read again";
		}
		sector += size;
	}
	return blockdev_flush(bd) ? "flushing fails" : NULL;
}

static const char *try_special(struct blockdev *bd)
{
	struct disk_request *d = &requests[0];

	if (bd->max_discard >= DISCARD_END - INVERT_END) {
		fill_in(d, BLOCK_DISCARD, INVERT_END, 0, 512, 0);
		d->rq.nsectors = DISCARD_END - INVERT_END;
		blockdev_submit(bd, &d->rq);
		blockdev_kick(bd);
		if (wait_for(1) || d->rq.result) {
			return "discarding fails";
		}
	}
	if (bd->max_write_zeroes >= ZERO_END - DISCARD_END) {
		fill_in(d, BLOCK_WRITE_ZEROES, DISCARD_END, 0, 512, 0);
		d->rq.nsectors = ZERO_END - DISCARD_END;
		blockdev_submit(bd, &d->rq);
		blockdev_kick(bd);
		if (wait_for(1) || d->rq.result) {
			return "writing zeroes fails";
		}
	}
	return NULL;
}

static const char *try_disk(struct blockdev *bd)
{
	const char *why = try_reading(bd);

	if (!why) {
		why = try_writing(bd);
	}
	return why ? why : try_special(bd);
}

/* NULL: out of memory. */
static uint8_t *make_buffers(void)
{
	size_t each = (size_t)(BUF_SECTORS + 1) * BLOCK_SECTOR_SIZE;
	uint8_t *all = heap_alloc_array(IN_FLIGHT, each);

	for (unsigned int i = 0; all && i < IN_FLIGHT; i++) {
		requests[i].buf = all + i * each;
	}
	return all;
}

WBOX_TEST(disks, "disk: marked disks are read, written and erased")
{
	uint8_t *sector = heap_alloc(BLOCK_SECTOR_SIZE);
	uint8_t *bufs = make_buffers();
	const char *why = NULL;
	struct blockdev *bd;

	blockdev_settle();
	sem_init(&over, 0);
	for (unsigned int n = 0; sector && bufs && !why; n++) {
		bd = nth(n, sector);
		if (!bd) {
			break;
		}
		why = try_disk(bd);
		if (why) {
			wbox_fail(w, __FILE__, __LINE__, "%s: %s", bd->name,
				  why);
		}
		blockdev_put(bd);
	}
	WB_ASSERT(sector && bufs);
	/* A request that has not ended still uses the memory. */
	if (!why) {
		heap_free(sector);
		heap_free(bufs);
	}
}
