/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of VirtIO block devices with a model of one: ring contents,
 * errors, a full ring, a device that does not answer, removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/virtio_model.h"

/* `rank` of an armed timer is not 0. */
static struct timer *armed;

static void fake_timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
	t->rank = 0;
}

static void fake_timer_set(struct timer *t, ticks_t deadline)
{
	t->deadline = deadline;
	t->rank = 1;
	armed = t;
}

static void fake_timer_cancel(struct timer *t)
{
	t->rank = 0;
	armed = NULL;
}

#define timer_init fake_timer_init
#define timer_set fake_timer_set
#define timer_cancel fake_timer_cancel
#define CONFIG_DRV_VIRTIO_BLK_TIMEOUT 30
#include "drivers/block/virtio_blk.c"

/* --- what the driver stands on -------------------------------------------- */

static struct blockdev *listed;
static uint64_t resized_to;
/* Someone still has a reference when the device is removed. */
static bool kept;

int blockdev_add(struct blockdev *bd)
{
	if (strcmp(bd->name, "vda") == 0) {
		return -ERR_EXIST;
	}
	assert_true(bd->max_segments >= 1 &&
		    bd->max_segment_size >= bd->block_size);
	listed = bd;
	return 0;
}

void blockdev_gone(struct blockdev *bd)
{
	assert_ptr_equal(bd, listed);
	listed = NULL;
	if (!kept) {
		bd->ops->release(bd);
	}
}

void blockdev_resized(struct blockdev *bd, uint64_t nsectors)
{
	bd->nsectors = nsectors;
	resized_to = nsectors;
}

void blockdev_done(struct block_request *rq, int result)
{
	assert_int_equal(rq->result, 1); /* once */
	rq->result = result;
	rq->done(rq);
}

struct workqueue work_shared;
static struct work *queued;

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	(void)q;
	w->fn = fn;
}

void work_queue(struct work *w)
{
	queued = w;
}

void work_cancel(struct work *w)
{
	queued = queued == w ? NULL : queued;
}

static void work_run(void)
{
	struct work *w = queued;

	queued = NULL;
	if (w) {
		w->fn(w);
	}
}

/* Advance time to the timer's deadline. */
static void timer_fire(void)
{
	struct timer *t = armed;

	assert_non_null(t);
	armed = NULL;
	t->rank = 0;
	model_time = MAX(model_time, t->deadline);
	t->fn(t);
}

/* --- a disk --------------------------------------------------------------- */

#define DISK_SECTORS 256
static uint8_t disk[DISK_SECTORS * 512];
static unsigned int flushes, discards, done_count;

static void config64(unsigned int off, uint64_t v)
{
	memcpy(model.config + off, &v, 8);
}

static void config32(unsigned int off, uint32_t v)
{
	memcpy(model.config + off, &v, 4);
}

static uint16_t model_queues;

static struct vblk *begin(uint64_t features)
{
	model_begin(features);
	model.vh.id = VIRTIO_ID_BLOCK;
	config64(CFG(capacity), DISK_SECTORS);
	config32(CFG(seg_max), 8);
	config32(CFG(blk_size), 512);
	memcpy(model.config + CFG(num_queues), &model_queues, 2);
	config32(CFG(max_discard_sectors), 64);
	config32(CFG(max_write_zeroes_sectors), 32);
	model.config[CFG(physical_block_exp)] = 3;
	listed = NULL;
	queued = NULL;
	armed = NULL;
	flushes = discards = done_count = 0;
	for (unsigned int i = 0; i < sizeof(disk); i++) {
		disk[i] = (uint8_t)(i / 512 + i);
	}
	assert_int_equal(virtio_blk_driver.probe(&model.vh.dev), 0);
	assert_non_null(listed);
	assert_string_equal(listed->name, "vdb");
	return vblk_of(listed);
}

static void end(void)
{
	virtio_blk_driver.remove(&model.vh.dev);
	virtio_bus.unbound(&model.vh.dev);
	assert_null(listed);
	assert_null(queued);
}

/* Do one request as 5.2.6 defines it. */
static uint8_t serve(const struct model_buffer *b)
{
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} hdr;
	uint64_t at;

	assert_true(b->n >= 2);
	assert_int_equal(b->parts[0].len, 16);
	assert_int_equal(b->parts[b->n - 1].len, 1);
	assert_true(b->parts[b->n - 1].write);
	memcpy(&hdr, b->parts[0].data, sizeof(hdr));
	at = hdr.sector * 512;
	switch (hdr.type) {
	case VIRTIO_BLK_T_FLUSH:
		assert_true(hdr.sector == 0 && b->n == 2);
		flushes++;
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		assert_true(b->n == 3 && b->parts[1].len == 16);
		discards++;
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		break;
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
	for (unsigned int i = 1; i + 1 < b->n; i++) {
		const struct model_part *p = &b->parts[i];

		if (at + p->len > sizeof(disk)) {
			return VIRTIO_BLK_S_IOERR;
		}
		assert_int_equal(p->write, hdr.type == VIRTIO_BLK_T_IN);
		if (p->write) {
			memcpy(p->data, disk + at, p->len);
		} else {
			memcpy(disk + at, p->data, p->len);
		}
		at += p->len;
	}
	return VIRTIO_BLK_S_OK;
}

/* The device does up to n requests, and interrupts if that is wanted. */
static unsigned int queue_runs(unsigned int index, unsigned int n)
{
	struct model_buffer b;
	unsigned int did = 0;
	bool wanted = false;

	while (did < n && model_pop(index, &b)) {
		*b.parts[b.n - 1].data = serve(&b);
		wanted |= model_push(index, &b, 1);
		did++;
	}
	if (wanted && model.irqs) {
		virtio_host_interrupt(&model.vh, true, false);
	}
	return did;
}

static unsigned int device_runs(unsigned int n)
{
	return queue_runs(0, n);
}

static void count_done(struct block_request *rq)
{
	(void)rq;
	done_count++;
}

static void submit_to(struct blockdev *bd, struct block_request *rq,
		      enum block_op op, uint64_t sector,
		      const struct io_segment *segs, unsigned int nsegs)
{
	*rq = (struct block_request){
		.op = op,
		.sector = sector,
		.segs = segs,
		.nsegs = nsegs,
		.nsectors = 1,
		.done = count_done,
		.result = 1,
		.bd = bd,
	};
	bd->ops->submit(bd, rq);
}

static void submit(struct block_request *rq, enum block_op op, uint64_t sector,
		   const struct io_segment *segs, unsigned int nsegs)
{
	submit_to(listed, rq, op, sector, segs, nsegs);
}

static struct io_segment segment(unsigned int page, size_t size)
{
	paddr_t pa = PADDR(HOST_SPARE + page * PAGE_SIZE);

	return (struct io_segment){ arch_phys_to_virt(pa), pa, size };
}

/* --- tests ---------------------------------------------------------------- */

#define ALL \
	(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | \
	 VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_DISCARD | \
	 VIRTIO_BLK_F_WRITE_ZEROES | VIRTIO_F_INDIRECT_DESC | \
	 VIRTIO_F_EVENT_IDX)

static void test_limits(void **state)
{
	(void)state;
	(void)begin(ALL | VIRTIO_BLK_F_RO);
	assert_int_equal(listed->nsectors, DISK_SECTORS);
	assert_int_equal(listed->block_size, 512);
	assert_int_equal(listed->physical_size, 4096);
	assert_int_equal(listed->max_segments, 8);
	assert_int_equal(listed->max_discard, 64);
	assert_int_equal(listed->max_write_zeroes, 32);
	assert_true(listed->read_only && listed->flush);
	end();
	(void)begin(0);
	assert_int_equal(listed->max_segments, SEGMENTS);
	assert_int_equal(listed->max_discard, 0);
	assert_false(listed->read_only || listed->flush);
	end();
	/* Invalid values are refused. */
	model_begin(VIRTIO_BLK_F_BLK_SIZE);
	config32(CFG(blk_size), 600);
	assert_int_equal(virtio_blk_driver.probe(&model.vh.dev), -ERR_IO);
	virtio_bus.unbound(&model.vh.dev);
	config32(CFG(blk_size), 0);
	assert_int_equal(virtio_blk_driver.probe(&model.vh.dev), -ERR_IO);
	virtio_bus.unbound(&model.vh.dev);
}

static void test_requests(void **state)
{
	static const uint64_t features[] = { 0, ALL };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct io_segment two[2] = { segment(0, 512),
					     segment(2, 1024) };
		struct block_request r, w, f, d, z;

		(void)begin(features[i]);
		submit(&r, BLOCK_READ, 3, two, 2);
		assert_int_equal(model.queues[0].kicks, 0);
		submit(&f, BLOCK_FLUSH, 0, NULL, 0);
		listed->ops->kick(listed);
		assert_int_equal(model.queues[0].kicks, 1);
		assert_int_equal(device_runs(9), 2);
		assert_true(r.result == 0 && f.result == 0 && flushes == 1);
		assert_memory_equal(two[0].va, disk + 3 * 512, 512);
		assert_memory_equal(two[1].va, disk + 4 * 512, 1024);
		memset(two[0].va, 0x77, 512);
		submit(&w, BLOCK_WRITE, 9, two, 1);
		submit(&d, BLOCK_DISCARD, 5, NULL, 0);
		submit(&z, BLOCK_WRITE_ZEROES, 5, NULL, 0);
		listed->ops->kick(listed);
		assert_int_equal(device_runs(9), 3);
		assert_int_equal(disk[9 * 512], 0x77);
		assert_true(w.result == 0 && d.result == 0 && discards == 1);
		assert_int_equal(z.result, -ERR_NOSUPP);
		submit(&r, BLOCK_READ, DISK_SECTORS, two, 1);
		assert_int_equal(device_runs(9), 1);
		assert_int_equal(r.result, -ERR_IO);
		end();
	}
}

/* More than fits in the ring: the rest waits in order, and can be cancelled. */
static void test_full(void **state)
{
	static struct block_request rqs[300], other;
	struct io_segment seg = segment(0, 512);
	struct vblk *b = begin(ALL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		submit(&rqs[i], BLOCK_READ, 0, &seg, 1);
	}
	listed->ops->kick(listed);
	assert_int_equal(b->queues[0].ring->nfree, 0);
	assert_false(listed->ops->cancel(listed, &rqs[0]));
	/* One that this device was never given. */
	other.driver[RQ_QUEUE] = UINT32_MAX;
	assert_false(listed->ops->cancel(listed, &other));
	assert_true(listed->ops->cancel(listed, &rqs[299]));
	assert_int_equal(rqs[299].result, -ERR_INTR);
	assert_int_equal(device_runs(1), 1);
	assert_int_equal(rqs[0].result, 0);
	assert_int_equal(b->queues[0].ring->nfree, 0);
	while (device_runs(50) > 0 || queued) {
		work_run();
	}
	assert_int_equal(done_count, 300);
	for (unsigned int i = 0; i < 299; i++) {
		assert_int_equal(rqs[i].result, 0);
	}
	end();
}

/* A queue for each CPU up to what the device has: each CPU's requests are in
 * its own, wherever they are kicked; a reset is of all of them. */
static void test_queues(void **state)
{
	static struct block_request rqs[140];
	struct io_segment seg = segment(0, 512);
	struct block_request a, b;
	struct vblk *v;

	(void)state;
	model_queues = 9;
	cpu_count = 1;
	v = begin(ALL | VIRTIO_BLK_F_MQ);
	assert_int_equal(v->nqueues, 1);
	assert_int_equal(model.queues[0].cpu, -1);
	end();
	cpu_count = 3;
	v = begin(ALL);
	assert_int_equal(v->nqueues, 1);
	end();
	model_queues = 0;
	v = begin(ALL | VIRTIO_BLK_F_MQ);
	assert_int_equal(v->nqueues, 1);
	end();
	model_queues = 2;
	v = begin(ALL | VIRTIO_BLK_F_MQ);
	assert_int_equal(v->nqueues, 2);
	assert_int_equal(model.queues[0].cpu, 0);
	assert_int_equal(model.queues[1].cpu, 1);
	submit(&a, BLOCK_READ, 1, &seg, 1);
	host_set_cpu(1);
	submit(&b, BLOCK_READ, 2, &seg, 1);
	host_set_cpu(2);
	listed->ops->kick(listed);
	assert_int_equal(model.queues[0].kicks, 1);
	assert_int_equal(model.queues[1].kicks, 1);
	listed->ops->kick(listed);
	assert_int_equal(model.queues[0].kicks + model.queues[1].kicks, 2);
	assert_int_equal(queue_runs(1, 9), 1);
	assert_int_equal(b.result, 0);
	assert_int_equal(a.result, 1);
	assert_int_equal(queue_runs(0, 9), 1);
	assert_int_equal(a.result, 0);
	/* One that waits in the second queue is found there. */
	host_set_cpu(1);
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		submit(&rqs[i], BLOCK_READ, 0, &seg, 1);
	}
	host_set_cpu(0);
	submit(&a, BLOCK_READ, 3, &seg, 1);
	assert_true(listed->ops->cancel(listed, &rqs[139]));
	assert_false(listed->ops->cancel(listed, &a));
	/* The second queue's device gives back what it does not have. */
	v->queues[1].ring->usedr->ring[1].id = 999;
	v->queues[1].ring->usedr->idx = 2;
	virtio_host_interrupt(&model.vh, true, false);
	assert_non_null(queued);
	work_run();
	while (queue_runs(0, 50) + queue_runs(1, 50) > 0) {
		work_run();
	}
	assert_int_equal(a.result, 0);
	for (unsigned int i = 0; i < 139; i++) {
		assert_int_equal(rqs[i].result, 0);
	}
	end();
	cpu_count = 1;
	model_queues = 0;
}

/* Without indirect tables a request must fit in the smallest ring; a ring in
 * which none fits is refused. */
static void test_small_queues(void **state)
{
	static const struct {
		unsigned int max[2];
		int err;
		unsigned int segments;
	} cases[] = {
		{ { 128, 16 }, 0, 14 },
		{ { 8, 128 }, 0, 6 },
		{ { 4, 4 }, 0, 2 },
		{ { 128, 2 }, -ERR_NOSUPP, 0 },
		{ { 2, 128 }, -ERR_NOSUPP, 0 },
		{ { 1, 1 }, -ERR_NOSUPP, 0 },
	};

	(void)state;
	cpu_count = 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		model_begin(VIRTIO_BLK_F_MQ);
		model.config[CFG(num_queues)] = 2;
		config64(CFG(capacity), DISK_SECTORS);
		model.queues[0].max = cases[i].max[0];
		model.queues[1].max = cases[i].max[1];
		assert_int_equal(virtio_blk_driver.probe(&model.vh.dev),
				 cases[i].err);
		if (cases[i].err == 0) {
			assert_int_equal(listed->max_segments,
					 cases[i].segments);
			end();
		} else {
			virtio_bus.unbound(&model.vh.dev);
		}
	}
	cpu_count = 1;
}

/* No answer: a reset, and all requests again, the oldest first; again no
 * answer: an error, and the device stays usable. */
static void test_timeout(void **state)
{
	struct io_segment seg = segment(0, 512);
	struct block_request a, b, late;
	struct model_buffer got;

	(void)state;
	(void)begin(ALL);
	submit(&a, BLOCK_READ, 1, &seg, 1);
	submit(&b, BLOCK_READ, 2, &seg, 1);
	listed->ops->kick(listed);
	timer_fire();
	assert_non_null(queued);
	assert_true(a.result == 1 && b.result == 1);
	model.resets = 0;
	work_run();
	assert_true(model.resets >= 1);
	/* The model has them again, in order. */
	assert_true(model_pop(0, &got));
	assert_int_equal(*(uint64_t *)(got.parts[0].data + 8), 1);
	assert_true(model_pop(0, &got));
	assert_int_equal(*(uint64_t *)(got.parts[0].data + 8), 2);
	timer_fire();
	work_run();
	assert_int_equal(a.result, -ERR_TIMEOUT);
	assert_int_equal(b.result, -ERR_TIMEOUT);
	submit(&late, BLOCK_READ, 3, &seg, 1);
	listed->ops->kick(listed);
	assert_int_equal(device_runs(5), 1);
	assert_int_equal(late.result, 0);
	/* Nothing is in flight: the timer has nothing to do. */
	if (armed) {
		timer_fire();
	}
	assert_null(queued);
	assert_null(armed);
	end();
}

/* The timer follows the oldest request that has not been answered. */
static void test_timer_follows(void **state)
{
	struct io_segment seg = segment(0, 512);
	struct block_request a, b;

	(void)state;
	(void)begin(ALL);
	submit(&a, BLOCK_READ, 1, &seg, 1);
	assert_int_equal(device_runs(1), 1);
	model_time += ms_to_ticks(TIMEOUT_MS) / 2;
	submit(&b, BLOCK_READ, 1, &seg, 1);
	timer_fire();
	assert_null(queued);
	assert_non_null(armed);
	assert_true(armed->deadline > model_time);
	timer_fire();
	assert_non_null(queued);
	work_run();
	assert_int_equal(device_runs(1), 1);
	assert_int_equal(b.result, 0);
	end();
}

/* It does not even complete its reset: it is removed, with an error for all
 * requests, and kept from memory; later requests fail at once. */
static void test_dead(void **state)
{
	static struct block_request rqs[140];
	struct io_segment seg = segment(0, 512);
	struct block_request late;

	(void)state;
	(void)begin(ALL);
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		submit(&rqs[i], BLOCK_READ, 0, &seg, 1);
	}
	model.stuck = true;
	timer_fire();
	work_run();
	assert_true(model.isolated);
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		assert_int_equal(rqs[i].result, -ERR_TIMEOUT);
	}
	submit(&late, BLOCK_READ, 0, &seg, 1);
	assert_int_equal(late.result, -ERR_IO);
	model.stuck = false;
	end();
}

/* The device returns a buffer that it did not have; and NEEDS_RESET. */
static void test_broken(void **state)
{
	struct io_segment seg = segment(0, 512);
	struct block_request a;
	struct vblk *b = begin(ALL);

	(void)state;
	submit(&a, BLOCK_READ, 1, &seg, 1);
	b->queues[0].ring->usedr->ring[0].id = 77;
	b->queues[0].ring->usedr->idx = 1;
	virtio_host_interrupt(&model.vh, true, false);
	assert_non_null(queued);
	assert_int_equal(a.result, 1);
	work_run();
	model.status |= VIRTIO_STATUS_NEEDS_RESET;
	virtio_host_interrupt(&model.vh, false, true);
	assert_non_null(queued);
	model.status &= (uint8_t)~VIRTIO_STATUS_NEEDS_RESET;
	work_run();
	assert_int_equal(a.result, -ERR_TIMEOUT);
	end();
}

static void test_resize(void **state)
{
	(void)state;
	(void)begin(ALL);
	resized_to = 0;
	virtio_host_interrupt(&model.vh, false, true);
	assert_int_equal(resized_to, 0);
	config64(CFG(capacity), 1000);
	virtio_host_interrupt(&model.vh, false, true);
	assert_int_equal(resized_to, 1000);
	end();
}

/* Removed with requests in flight and waiting: each ends, with an error. */
static void test_removal(void **state)
{
	static struct block_request rqs[140];
	struct io_segment seg = segment(0, 512);

	(void)state;
	(void)begin(ALL);
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		submit(&rqs[i], BLOCK_WRITE, 0, &seg, 1);
	}
	end();
	assert_int_equal(model.status, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rqs); i++) {
		assert_int_equal(rqs[i].result, -ERR_IO);
	}
}

/* The queues are freed with the removal, the block device not before its last
 * user: what that one still submits, kicks and cancels does not reach them. */
static void test_used_after_removal(void **state)
{
	struct io_segment seg = segment(0, 512);
	struct block_request early, late;
	struct blockdev *bd;

	(void)state;
	(void)begin(ALL);
	bd = listed;
	submit(&early, BLOCK_WRITE, 0, &seg, 1);
	kept = true;
	end();
	kept = false;
	assert_int_equal(early.result, -ERR_IO);
	bd->ops->kick(bd);
	submit_to(bd, &late, BLOCK_WRITE, 0, &seg, 1);
	assert_int_equal(late.result, -ERR_IO);
	bd->ops->kick(bd);
	assert_false(bd->ops->cancel(bd, &late));
	bd->ops->release(bd);
}

/* A device that does not reach the memory: data is copied both ways. */
static void test_bounce(void **state)
{
	struct io_segment seg = segment(0, 1024);
	struct block_request r;
	struct dma_stats st;

	(void)state;
	model_begin(ALL);
	model.dma.dma.limit = HOST_SPARE - 1;
	config64(CFG(capacity), DISK_SECTORS);
	config32(CFG(blk_size), 512);
	assert_int_equal(dma_init(&model.dma, 64), 0);
	assert_null(model.dma.dma_pool); /* it reaches all RAM */
	model.dma.dma.limit = HOST_RAM_BASE + MIB(64) - 1;
	assert_int_equal(virtio_blk_driver.probe(&model.vh.dev), 0);
	assert_non_null(model.dma.dma_pool);
	assert_int_equal(listed->max_segment_size, DMA_BOUNCE_MAX);
	memset(seg.va, 0, 1024);
	submit(&r, BLOCK_READ, 7, &seg, 1);
	assert_int_equal(device_runs(1), 1);
	assert_int_equal(r.result, 0);
	assert_memory_equal(seg.va, disk + 7 * 512, 1024);
	assert_true(dma_get_stats(&model.dma, &st));
	assert_int_equal(st.bytes, 1024);
	end();
	dma_fini(&model.dma);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_small_queues),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_timer_follows),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_used_after_removal),
		cmocka_unit_test(test_bounce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
