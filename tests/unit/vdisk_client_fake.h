/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual disk with a guest's device above it, whose requests a test makes
 * and submits, and the fake backend of block_fake.h below.
 */
#ifndef TESTS_VDISK_CLIENT_FAKE_H
#define TESTS_VDISK_CLIENT_FAKE_H

#include "block_fake.h"

#include <core/vdisk.h>

/* --- a guest's device ----------------------------------------------------- */

static struct vdisk *vd;
static uint64_t told_size;
static unsigned int told;
static uint32_t told_hold;

static void client_resized(struct vdisk_client *c, uint64_t nsectors)
{
	(void)c;
	told++;
	told_size = nsectors;
}

static void client_hold(struct vdisk_client *c, uint32_t us)
{
	(void)c;
	told_hold = us;
}

static void client_stats(struct vdisk_client *c, struct vdisk_stats *sum)
{
	(void)c;
	sum->requests[BLOCK_READ] += 7;
}

/* The counts of its two queues. */
static bool client_queue(struct vdisk_client *c, unsigned int n,
			 struct queue_counts *out)
{
	(void)c;
	*out = (struct queue_counts){ .name = "fake", .requests = n };
	return n < 2;
}

static struct vdisk_client client = {
	.name = "disk0 of guest0",
	.block_size = 512,
	.resized = client_resized,
	.hold = client_hold,
	.stats = client_stats,
	.queue = client_queue,
};

#define REQUESTS 8
#define MEM KIB(64)

static struct vdisk_request rqs[REQUESTS];
static struct io_segment segs[REQUESTS][64];
static unsigned int ended[REQUESTS];
static uint8_t *mem;

static void request_done(struct vdisk_request *rq)
{
	ended[rq - rqs]++;
}

/* Request n of `count` sectors in segments of `piece` bytes of `mem`. */
static struct vdisk_request *request(unsigned int n, enum block_op op,
				     uint64_t sector, uint64_t count,
				     size_t piece)
{
	struct vdisk_request *rq = &rqs[n];
	size_t left = op <= BLOCK_WRITE ? count * 512 : 0;

	memset(rq, 0, sizeof(*rq));
	rq->op = op;
	rq->sector = sector;
	rq->nsectors = count;
	rq->segs = segs[n];
	rq->done = request_done;
	rq->result = 1;
	for (size_t at = 0; left > 0; rq->nsegs++) {
		size_t size = MIN(left, piece);

		assert_true(rq->nsegs < 64);
		segs[n][rq->nsegs] =
			(struct io_segment){ mem + at, PADDR(at), size };
		at += size;
		left -= size;
	}
	ended[n] = 0;
	return rq;
}

/* As a trap does. */
static void submit_one(struct vdisk_request *rq)
{
	struct vdisk_batch b;

	host_irq_begin(0);
	vdisk_batch_begin(vd, &b);
	vdisk_submit(&b, rq);
	vdisk_batch_end(&b);
	host_irq_end();
}

static void settle(void)
{
	assert_true(host_settle(SETTLE_ROUNDS));
}

/* Submit, and do all that can be done. Returns its result. */
static int run(struct vdisk_request *rq)
{
	submit_one(rq);
	settle();
	assert_int_equal(ended[rq - rqs], 1);
	return rq->result;
}

/* --- before and after ----------------------------------------------------- */

static void attach_fake(void)
{
	if (!fake.bd.ops) {
		fake_init();
	}
	assert_int_equal(blockdev_add(&fake.bd), 0);
	blockdev_settle();
	assert_int_equal(vdisk_attach(vd, "fake"), 0);
	fake.requests = 0;
	fake.kicks = 0;
}

static void begin_body(void)
{
	static const struct thread_attr attr = { .priority = 3 };

	assert_int_equal(vdisk_create("data", false), 0);
	vd = vdisk_get("data");
	assert_non_null(vd);
	assert_int_equal(vdisk_bind(vd, &client, &attr), 0);
	if (fake.bd.ops) {
		attach_fake();
	}
	mem = heap_alloc(MEM);
	told = 0;
}

static void end_body(void)
{
	heap_free(mem);
	fake.hold = false;
	vdisk_unbind(vd, &client);
	vdisk_put(vd);
	assert_int_equal(vdisk_destroy("data"), 0);
	assert_null(vdisk_get("data"));
	if (fake.bd.ops && !fake.bd.gone) {
		blockdev_gone(&fake.bd);
	}
	assert_int_equal(fake.released, fake.bd.ops ? 1 : 0);
}

/* Begin with the fake backend, or none. */
static void begin(void)
{
	run_body(begin_body);
}

static void end(void)
{
	run_body(end_body);
	memset(&fake, 0, sizeof(fake));
}

#endif
