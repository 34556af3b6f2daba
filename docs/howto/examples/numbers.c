/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The example of docs/howto/add-a-block-backend.md: a disk whose sectors hold
 * their own numbers, to see where a read came from. It can only be read, needs
 * no memory, and fails at one sector, if that is wanted.
 */
#include <core/blockdev.h>
#include <core/heap.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS_MAX_SEGMENTS 64
#define NUMBERS_MAX_SECTORS 256
#define NUMBERS_INLINE KIB(32) /* of a batch, in a guest's trap */

struct numbers {
	struct blockdev bd;
	uint64_t bad; /* sector that cannot be read; none: UINT64_MAX */
};

/* Byte `at` of the disk: its sector's number, over and over. */
static uint8_t byte_at(uint64_t at)
{
	uint64_t sector = at >> BLOCK_SECTOR_SHIFT;

	return (uint8_t)(sector >> (at % sizeof(sector) * 8));
}

/* core/block has checked it: within the disk, its segments of the right size.
 * */
static int numbers_read(const struct numbers *n, const struct block_request *rq)
{
	uint64_t at = rq->sector << BLOCK_SECTOR_SHIFT;

	if (n->bad - rq->sector < rq->nsectors) {
		return -ERR_IO;
	}
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		uint8_t *mem = rq->segs[i].va;

		for (size_t k = 0; k < rq->segs[i].size; k++) {
			mem[k] = byte_at(at++);
		}
	}
	return 0;
}

static void numbers_submit(struct blockdev *bd, struct block_request *rq)
{
	const struct numbers *n = container_of(bd, struct numbers, bd);

	/* Nothing else comes: writes are refused, and there is no cache. */
	blockdev_done(rq, numbers_read(n, rq));
}

static void numbers_release(struct blockdev *bd)
{
	heap_free(container_of(bd, struct numbers, bd));
}

static const struct blockdev_ops numbers_ops = {
	.submit = numbers_submit,
	.release = numbers_release,
};

/* Thread context. blockdev_add()'s errors, -ERR_NOMEM. */
static int numbers_create(const char *name, uint64_t nsectors, uint64_t bad)
{
	struct numbers *n = heap_alloc(sizeof(*n));
	int err;

	if (!n) {
		return -ERR_NOMEM;
	}
	n->bad = bad;
	(void)snprintf(n->bd.name, sizeof(n->bd.name), "%s", name);
	n->bd.ops = &numbers_ops;
	n->bd.kind = "numbers";
	n->bd.destroyable = true;
	n->bd.read_only = true;
	n->bd.nsectors = nsectors;
	n->bd.block_size = BLOCK_SECTOR_SIZE;
	n->bd.physical_size = BLOCK_SECTOR_SIZE;
	n->bd.max_segments = NUMBERS_MAX_SEGMENTS;
	n->bd.max_segment_size = NUMBERS_MAX_SECTORS * BLOCK_SECTOR_SIZE;
	n->bd.max_sectors = NUMBERS_MAX_SECTORS;
	n->bd.inline_bytes = NUMBERS_INLINE;
	err = blockdev_add(&n->bd);
	if (err) {
		heap_free(n);
	}
	return err;
}
