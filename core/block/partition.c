/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partitions as block devices: requests go to the whole device, with the start
 * of the partition added. */
#include <core/heap.h>
#include <core/log.h>
#include <stdio.h>
#include <string.h>

#include "block_priv.h"

struct partition_dev {
	struct blockdev bd;
	uint64_t start; /* [I] first sector, on the whole device */
};

/* A partition has the limits of the whole device, so the request has been
 * checked. */
static void partition_submit(struct blockdev *bd, struct block_request *rq)
{
	rq->sector += container_of(bd, struct partition_dev, bd)->start;
	bd->whole->ops->submit(bd->whole, rq);
}

static int partition_now(struct blockdev *bd, struct block_request *rq)
{
	rq->sector += container_of(bd, struct partition_dev, bd)->start;
	return bd->whole->ops->now(bd->whole, rq);
}

static void partition_kick(struct blockdev *bd)
{
	blockdev_kick(bd->whole);
}

static bool partition_cancel(struct blockdev *bd, struct block_request *rq)
{
	return blockdev_cancel(bd->whole, rq);
}

static void partition_release(struct blockdev *bd)
{
	blockdev_put(bd->whole);
	heap_free(container_of(bd, struct partition_dev, bd));
}

static const struct blockdev_ops partition_ops = {
	.submit = partition_submit,
	.kick = partition_kick,
	.cancel = partition_cancel,
	.release = partition_release,
};

/* Of a whole that has `now`. */
static const struct blockdev_ops partition_now_ops = {
	.submit = partition_submit,
	.now = partition_now,
	.kick = partition_kick,
	.cancel = partition_cancel,
	.release = partition_release,
};

/* As Linux names them: "vda1", "nvme0n1p1". */
static void set_name(struct blockdev *bd, const struct blockdev *whole,
		     unsigned int number)
{
	char last = whole->name[strlen(whole->name) - 1];

	(void)snprintf(bd->name, sizeof(bd->name), "%.24s%s%u", whole->name,
		       last >= '0' && last <= '9' ? "p" : "", number);
}

struct blockdev *partition_create(struct blockdev *whole,
				  const struct partition *p)
{
	struct partition_dev *d = heap_alloc(sizeof(*d));
	struct blockdev *bd;

	if (!d) {
		return NULL;
	}
	bd = &d->bd;
	d->start = p->start;
	set_name(bd, whole, p->number);
	bd->ops = whole->ops->now ? &partition_now_ops : &partition_ops;
	bd->kind = "partition";
	bd->device = whole->device;
	bd->whole = whole;
	bd->nsectors = p->nsectors;
	bd->block_size = whole->block_size;
	bd->physical_size = whole->physical_size;
	bd->max_segments = whole->max_segments;
	bd->max_segment_size = whole->max_segment_size;
	bd->max_sectors = whole->max_sectors;
	bd->max_discard = whole->max_discard;
	bd->max_write_zeroes = whole->max_write_zeroes;
	bd->read_only = whole->read_only;
	bd->flush = whole->flush;
	bd->inline_bytes = whole->inline_bytes;
	blockdev_ref(whole);
	return bd;
}
