/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual disks: requests that are direct, split, done by the worker, limited
 * or cancelled; and backends that come, go, change and fail.
 */
#include "vdisk_client_fake.h"

#include "core/block/vdisk_priv.h"

static void detach_body(void)
{
	assert_int_equal(vdisk_detach(vd), 0);
}

/* --- straight ------------------------------------------------------------- */

static void test_straight(void **state)
{
	(void)state;
	fake_init();
	begin();
	memset(mem, 0x5a, 4096);
	assert_int_equal(run(request(0, BLOCK_WRITE, 8, 8, 1024)), 0);
	assert_int_equal(fake.requests, 1);
	assert_int_equal(fake.kicks, 1);
	assert_int_equal(fake.disk[8 * 512], 0x5a);
	assert_int_equal(fake.disk[16 * 512], 0);
	assert_int_equal(run(request(0, BLOCK_FLUSH, 0, 0, 1)), 0);
	assert_int_equal(run(request(0, BLOCK_DISCARD, 0, 8, 1)), -ERR_NOSUPP);
	assert_int_equal(run(request(0, BLOCK_READ, 510, 4, 2048)), -ERR_RANGE);
	assert_int_equal(run(request(0, BLOCK_READ, UINT64_MAX, 2, 2048)),
			 -ERR_RANGE);
	assert_int_equal(run(request(0, BLOCK_READ, 1, 0, 2048)), -ERR_INVAL);
	fake.result = -ERR_IO;
	assert_int_equal(run(request(0, BLOCK_READ, 0, 2, 2048)), -ERR_IO);
	end();
}

/* A durable write is followed by a flush if there is a cache. */
static void test_durable(void **state)
{
	struct vdisk_request *rq;

	(void)state;
	fake_init()->flush = true;
	begin();
	fake.hold = true;
	rq = request(0, BLOCK_WRITE, 0, 8, 4096);
	rq->durable = true;
	submit_one(rq);
	fake_end();
	assert_int_equal(ended[0], 0);
	assert_int_equal(fake.taken[0]->op, BLOCK_FLUSH);
	fake_end();
	assert_int_equal(ended[0], 1);
	/* Split: one flush, after the last part. */
	rq = request(0, BLOCK_WRITE, 0, 32, 4096);
	rq->durable = true;
	submit_one(rq);
	fake_end();
	assert_int_equal(fake.taken[0]->op, BLOCK_WRITE);
	fake_end();
	assert_int_equal(fake.taken[0]->op, BLOCK_FLUSH);
	fake.result = -ERR_IO;
	fake_end();
	assert_int_equal(rq->result, -ERR_IO);
	/* A read is not followed by a flush. */
	fake.result = 0;
	rq = request(0, BLOCK_READ, 0, 8, 4096);
	rq->durable = true;
	submit_one(rq);
	fake_end();
	assert_int_equal(ended[0], 1);
	end();
}

/* --- in parts ------------------------------------------------------------- */

static uint64_t rng = 1;

static unsigned int rnd(unsigned int n)
{
	rng = rng * UINT64_C(6364136223846793005) +
	      UINT64_C(1442695040888963407);
	return (unsigned int)(rng >> 33) % n;
}

/* Random segments for `size` bytes, scattered over mem; few are tiny. */
static void scatter(struct vdisk_request *rq, unsigned int n, size_t size)
{
	size_t at = 0;

	rq->nsegs = 0;
	while (size > 0) {
		size_t some = 1 + rnd(2500);
		size_t piece = rq->nsegs == 63 ? size : MIN(size, some);

		at += rnd(8);
		segs[n][rq->nsegs++] =
			(struct io_segment){ mem + at, PADDR(at), piece };
		at += piece;
		size -= piece;
	}
}

static void to_mem(const struct vdisk_request *rq, const uint8_t *from)
{
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		memcpy(rq->segs[i].va, from, rq->segs[i].size);
		from += rq->segs[i].size;
	}
}

static void from_mem(const struct vdisk_request *rq, uint8_t *to)
{
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		memcpy(to, rq->segs[i].va, rq->segs[i].size);
		to += rq->segs[i].size;
	}
}

/* Whatever the limits and segments, each byte is in its place, and each part is
 * within the limits (core/block/request.c refuses others). */
static void one_split(bool hold)
{
	static uint8_t data[KIB(48)], back[KIB(48)];
	uint64_t block = 1 + rnd(4) / 3, count = block * (1 + rnd(40));
	uint64_t sector = block * rnd(100);
	struct vdisk_request *rq;

	fake_init();
	fake.bd.block_size = (uint32_t)(512 * block);
	client.block_size = 1024;
	fake.bd.max_segments = 1 + rnd(20);
	fake.bd.max_segment_size = (uint32_t)(1024 + rnd(5000));
	fake.bd.max_sectors = 2 + rnd(40);
	begin();
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)rnd(256);
	}
	fake.hold = hold;
	for (unsigned int op = BLOCK_READ; op <= BLOCK_WRITE; op++) {
		rq = request(0, op, sector, count, 4096);
		scatter(rq, 0, count * 512);
		if (op == BLOCK_WRITE) {
			to_mem(rq, data);
		} else {
			memcpy(fake.disk + sector * 512, data, count * 512);
		}
		submit_one(rq);
		while (fake.ntaken > 0) {
			assert_int_equal(ended[0], 0);
			fake_end();
		}
		assert_int_equal(ended[0], 1);
		if (rq->result == -ERR_INVAL) {
			/* The segments are too small for the backend's number
			 * of them. */
			assert_true(fake.bd.max_segments < 16);
			continue;
		}
		assert_int_equal(rq->result, 0);
		from_mem(rq, back);
		assert_memory_equal(op == BLOCK_READ ? back
						     : fake.disk + sector * 512,
				    data, count * 512);
	}
	client.block_size = 512;
	end();
}

static void test_split(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		one_split(i % 2);
	}
}

/* The first error ends it; discards are split too. */
static void test_split_error(void **state)
{
	struct vdisk_request *rq;

	(void)state;
	fake_init()->max_discard = 10;
	begin();
	assert_int_equal(run(request(0, BLOCK_DISCARD, 0, 95, 1)), 0);
	assert_int_equal(fake.requests, 10);
	fake.hold = true;
	rq = request(0, BLOCK_READ, 0, 64, 4096);
	submit_one(rq);
	fake_end();
	fake.result = -ERR_IO;
	fake_end();
	assert_int_equal(fake.ntaken, 0);
	assert_int_equal(ended[0], 1);
	assert_int_equal(rq->result, -ERR_IO);
	end();
}

/* --- inline or by the worker ---------------------------------------------- */

static void test_worker(void **state)
{
	struct vdisk_batch b;

	(void)state;
	fake_init()->inline_bytes = 8192;
	begin();
	host_irq_begin(0);
	vdisk_batch_begin(vd, &b);
	for (unsigned int i = 0; i < 3; i++) {
		vdisk_submit(&b, request(i, BLOCK_READ, 0, 8, 4096));
	}
	vdisk_batch_end(&b);
	assert_int_equal(ended[0] + ended[1], 2);
	assert_int_equal(ended[2], 0);
	host_irq_end();
	settle();
	assert_int_equal(ended[2], 1);
	assert_int_equal(vd->by_worker, 1);
	/* All by the worker, if the operator sets that. */
	vd->inline_max = 0;
	submit_one(request(0, BLOCK_READ, 0, 8, 4096));
	settle();
	assert_int_equal(ended[0], 1);
	assert_int_equal(vd->by_worker, 2);
	end();
}

/* --- in the call ---------------------------------------------------------- */

static int fake_now(struct blockdev *bd, struct block_request *rq)
{
	(void)bd;
	fake.requests++;
	memcpy(rq->segs[0].va, fake.disk + rq->sector * 512, 512);
	return fake.result;
}

/* Is it done in the call? If so, check its result. */
static bool now(struct vdisk_batch *b, struct vdisk_request *rq, int result)
{
	bool did = vdisk_now(b, rq);

	assert_int_equal(ended[rq - rqs], 0);
	if (did) {
		assert_int_equal(rq->result, result);
	}
	return did;
}

static void begin_now(void)
{
	static struct blockdev_ops ops;

	fake_init()->inline_bytes = 8192;
	ops = fake_ops;
	ops.now = fake_now;
	fake.bd.ops = &ops;
	fake.bd.flush = true;
	begin();
	memset(fake.disk + 512, 0x5a, 512);
}

static void test_now(void **state)
{
	struct vdisk_request *durable;
	struct vdisk_batch b;

	(void)state;
	begin_now();
	host_irq_begin(0);
	vdisk_batch_begin(vd, &b);
	assert_true(now(&b, request(0, BLOCK_READ, 1, 8, 4096), 0));
	assert_int_equal(mem[0], 0x5a);
	assert_int_equal(vd->in_flight, 1); /* the batch itself */
	fake.result = -ERR_IO;
	assert_true(now(&b, request(0, BLOCK_READ, 1, 1, 512), -ERR_IO));
	fake.result = 0;
	/* Requests that must be checked, split, waited for, or are too many. */
	fake.requests = 0;
	assert_false(now(&b, request(0, BLOCK_READ, 511, 2, 1024), 0));
	assert_false(now(&b, request(0, BLOCK_READ, 0, 0, 512), 0));
	assert_false(now(&b, request(0, BLOCK_READ, 0, 5, 512), 0));
	assert_false(now(&b, request(0, BLOCK_FLUSH, 0, 0, 512), 0));
	assert_false(now(&b, request(0, BLOCK_WRITE_ZEROES, 0, 1, 512), 0));
	assert_false(now(&b, request(0, BLOCK_READ, 0, 8, 4096), 0));
	durable = request(0, BLOCK_WRITE, 0, 1, 512);
	durable->durable = true;
	assert_false(now(&b, durable, 0));
	assert_int_equal(fake.requests, 0);
	vdisk_batch_end(&b);
	host_irq_end();
	assert_int_equal(vd->in_flight, 0);
	end();
}

/* A backend without it, one that is detached, and the operator's setting. */
static void test_not_now(void **state)
{
	struct vdisk_batch b;

	(void)state;
	begin_now();
	host_irq_begin(0);
	vd->slow |= VDISK_PAUSED;
	vdisk_batch_begin(vd, &b);
	assert_false(now(&b, request(0, BLOCK_READ, 0, 1, 512), 0));
	vdisk_batch_end(&b);
	vd->slow &= ~(uint32_t)VDISK_PAUSED;
	vd->inline_max = 0;
	vdisk_batch_begin(vd, &b);
	assert_false(now(&b, request(0, BLOCK_READ, 0, 1, 512), 0));
	vdisk_batch_end(&b);
	vd->inline_max = UINT32_MAX;
	fake.bd.ops = &fake_ops;
	vdisk_batch_begin(vd, &b);
	assert_false(now(&b, request(0, BLOCK_READ, 0, 1, 512), 0));
	vdisk_batch_end(&b);
	host_irq_end();
	end();
}

/* --- limits --------------------------------------------------------------- */

static void limit(uint64_t iops, uint64_t burst, uint64_t bytes,
		  uint64_t bytes_burst)
{
	const struct vdisk_limits l = { iops, burst, bytes, bytes_burst };

	vdisk_set_limits(vd, &l);
}

static void limit_iops(void)
{
	limit(10, 2, 0, 0);
}

static void limit_bytes(void)
{
	limit(0, 0, 4096, 4096);
}

static void limit_none(void)
{
	limit(0, 0, 0, 0);
}

static unsigned int count_ended(unsigned int n)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		sum += ended[i];
	}
	return sum;
}

static void submit_some(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		submit_one(request(i, BLOCK_READ, i, 8, 4096));
	}
	settle();
}

static void test_limit(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(limit_iops);
	submit_some(6);
	assert_int_equal(count_ended(6), 2);
	for (unsigned int i = 3; i <= 6; i++) {
		host_advance(HOST_TIMER_HZ / 10 + 1);
		settle();
		assert_int_equal(count_ended(6), i);
		assert_int_equal(ended[i - 1], 1); /* in order */
	}
	assert_int_equal(vd->delayed, 4);

	run_body(limit_bytes);
	submit_some(3);
	assert_int_equal(count_ended(3), 1);
	host_advance(HOST_TIMER_HZ + 1);
	settle();
	assert_int_equal(count_ended(3), 2);
	/* The limit is removed: waiting requests go at once. */
	run_body(limit_none);
	settle();
	assert_int_equal(count_ended(3), 3);
	/* Nothing else has changed. */
	submit_some(6);
	assert_int_equal(count_ended(6), 6);
	end();
}

static void test_cancel(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(limit_iops);
	submit_some(4);
	assert_int_equal(count_ended(4), 2);
	host_irq_begin(0);
	vdisk_cancel(vd, &rqs[2]);
	vdisk_cancel(vd, &rqs[0]); /* which has ended */
	host_irq_end();
	assert_int_equal(ended[2], 1);
	assert_int_equal(ended[0], 1);
	assert_int_equal(rqs[2].result, -ERR_INTR);
	host_advance(HOST_TIMER_HZ);
	settle();
	assert_int_equal(ended[3], 1);
	assert_int_equal(rqs[3].result, 0);
	run_body(limit_none);

	/* One that the driver has, and one between two parts. */
	fake.hold = true;
	submit_one(request(0, BLOCK_READ, 0, 64, 4096));
	submit_one(request(1, BLOCK_READ, 0, 8, 4096));
	vdisk_cancel(vd, &rqs[1]);
	assert_int_equal(ended[1], 1);
	vdisk_cancel(vd, &rqs[0]);
	assert_int_equal(ended[0], 0);
	fake_end();
	assert_int_equal(ended[0], 1);
	assert_int_equal(rqs[0].result, -ERR_INTR);
	assert_int_equal(fake.ntaken, 0);
	end();
}

/* --- backends ------------------------------------------------------------- */

static void test_detach(void **state)
{
	struct body b = { detach_body };

	(void)state;
	fake_init();
	begin();
	run_body(limit_iops);
	fake.hold = true;
	submit_some(3);
	assert_int_equal(fake.ntaken, 2);
	start_body(&b);
	/* Waiting requests fail at once; those the hardware has are waited
	 * for. */
	assert_int_equal(ended[2], 1);
	assert_int_equal(rqs[2].result, -ERR_IO);
	assert_false(body_done);
	assert_int_equal(run(request(3, BLOCK_READ, 0, 8, 4096)), -ERR_IO);
	fake_end();
	settle();
	assert_false(body_done);
	fake_end();
	settle();
	assert_true(body_done);
	assert_int_equal(rqs[1].result, 0);
	assert_int_equal(run(request(3, BLOCK_READ, 0, 8, 4096)), -ERR_IO);
	assert_int_equal(run(request(3, BLOCK_FLUSH, 0, 0, 1)), -ERR_IO);
	end();
}

static void backends_body(void)
{
	struct blockdev *bd;

	assert_int_equal(vdisk_attach(vd, "none"), -ERR_NOENT);
	assert_int_equal(ramdisk_create("ram0", KIB(64), NULL, NULL), 0);
	assert_int_equal(ramdisk_create("ram1", KIB(128), NULL, NULL), 0);
	assert_int_equal(vdisk_attach(vd, "ram0"), 0);
	assert_int_equal(told, 1);
	assert_int_equal(told_size, 128);
	assert_int_equal(vdisk_attach(vd, "ram1"), -ERR_BUSY);
	assert_int_equal(blockdev_destroy("ram0"), -ERR_BUSY);
	assert_int_equal(vdisk_detach(vd), 0);
	assert_int_equal(vdisk_detach(vd), -ERR_STATE);
	assert_int_equal(blockdev_destroy("ram0"), 0);
	assert_int_equal(vdisk_attach(vd, "ram1"), 0);
	assert_int_equal(told_size, 256);

	assert_int_equal(vdisk_resize(vd, 257), -ERR_RANGE);
	assert_int_equal(vdisk_resize(vd, 100), 0);
	assert_int_equal(told_size, 100);
	assert_int_equal(vdisk_resize(vd, 0), 0);
	assert_int_equal(told_size, 256);

	/* It has gone: another can be attached in its place. */
	bd = blockdev_get("ram1");
	blockdev_gone(bd);
	blockdev_put(bd);
	assert_int_equal(ramdisk_create("ram2", KIB(32), NULL, NULL), 0);
	assert_int_equal(vdisk_attach(vd, "ram2"), 0);
	assert_int_equal(told_size, 64);
	assert_int_equal(vdisk_detach(vd), 0);

	fake_init();
	fake.bd.block_size = 4096;
	assert_int_equal(blockdev_add(&fake.bd), 0);
	assert_int_equal(vdisk_attach(vd, "fake"), -ERR_INVAL);
	assert_int_equal(blockdev_destroy("fake"), -ERR_PERM);
	assert_int_equal(blockdev_destroy("ram2"), 0);
	assert_int_equal(vdisk_destroy("data"), -ERR_BUSY);
	assert_int_equal(vdisk_destroy("date"), -ERR_NOENT);
	assert_int_equal(vdisk_create("data", false), -ERR_EXIST);
	assert_int_equal(vdisk_create("da/ta", false), -ERR_INVAL);
}

static void test_backends(void **state)
{
	(void)state;
	begin();
	run_body(backends_body);
	end();
}

static void read_only_body(void)
{
	assert_int_equal(vdisk_create("ro", true), 0);
	assert_int_equal(vdisk_set_read_only(vd, true), 0);
}

static void sharing_body(void)
{
	struct vdisk *ro = vdisk_get("ro");

	/* The old claim was for writing; the new one is shared. */
	assert_int_equal(vdisk_attach(ro, "fake"), -ERR_BUSY);
	assert_int_equal(vdisk_detach(vd), 0);
	assert_int_equal(vdisk_attach(vd, "fake"), 0);
	assert_int_equal(vdisk_attach(ro, "fake"), 0);
	assert_int_equal(vdisk_set_read_only(vd, false), -ERR_BUSY);
	vdisk_put(ro);
	assert_int_equal(vdisk_destroy("ro"), 0);
}

static void test_read_only(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(read_only_body);
	assert_int_equal(run(request(0, BLOCK_WRITE, 0, 8, 4096)), -ERR_PERM);
	assert_int_equal(run(request(0, BLOCK_READ, 0, 8, 4096)), 0);
	run_body(sharing_body);
	end();
}

/* A backend that is removed with requests in flight. */
static void gone_body(void)
{
	blockdev_gone(&fake.bd);
}

static void test_gone(void **state)
{
	(void)state;
	fake_init();
	begin();
	fake.hold = true;
	submit_one(request(0, BLOCK_READ, 0, 8, 4096));
	run_body(gone_body);
	assert_int_equal(fake.released, 0);
	fake.result = -ERR_IO;
	fake_end();
	assert_int_equal(rqs[0].result, -ERR_IO);
	assert_int_equal(run(request(1, BLOCK_WRITE, 0, 8, 4096)), -ERR_IO);
	run_body(detach_body);
	assert_int_equal(fake.released, 1);
	end();
}

static void resized_begin(void)
{
	blockdev_resized(&fake.bd, 300);
}

static void test_resized(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(resized_begin);
	settle();
	assert_int_equal(told_size, 300);
	assert_int_equal(run(request(0, BLOCK_READ, 300, 8, 4096)), -ERR_RANGE);
	end();
}

/* --- pause ---------------------------------------------------------------- */

static void pause_body(void)
{
	vdisk_pause(vd, true);
}

static void resume_body(void)
{
	vdisk_pause(vd, false);
}

static void test_pause(void **state)
{
	struct body b = { pause_body };

	(void)state;
	fake_init();
	begin();
	fake.hold = true;
	submit_one(request(0, BLOCK_READ, 0, 8, 4096));
	start_body(&b);
	assert_false(body_done);
	fake_end();
	settle();
	assert_true(body_done);
	fake.hold = false;
	submit_one(request(1, BLOCK_READ, 0, 8, 4096));
	settle();
	assert_int_equal(ended[1], 0);
	run_body(resume_body);
	settle();
	assert_int_equal(ended[1], 1);
	end();
}

static void info_body(void)
{
	struct queue_counts c;
	struct vdisk_info i;

	vdisk_get_info(vd, &i);
	assert_string_equal(i.name, "data");
	assert_string_equal(i.backend, "fake");
	assert_string_equal(i.client, "disk0 of guest0");
	assert_int_equal(i.nsectors, 512);
	assert_int_equal(i.stats.requests[BLOCK_READ], 7);
	assert_int_equal(i.in_flight, 0);
	assert_true(vdisk_queue_counts(vd, 1, &c));
	assert_int_equal(c.requests, 1);
	assert_false(vdisk_queue_counts(vd, 2, &c));
}

/* The device is told when it is bound, and of each change. */
static void hold_body(void)
{
	struct vdisk_info i;

	assert_int_equal(told_hold, VDISK_HOLD_US);
	vdisk_set_hold(vd, 0);
	assert_int_equal(told_hold, 0);
	vdisk_set_hold(vd, VDISK_HOLD_US_MAX + 1);
	assert_int_equal(told_hold, VDISK_HOLD_US_MAX);
	vdisk_get_info(vd, &i);
	assert_int_equal(i.hold_us, VDISK_HOLD_US_MAX);
}

static void bind_again(void)
{
	static const struct thread_attr attr = { .priority = 3 };

	vdisk_unbind(vd, &client);
	assert_int_equal(vdisk_bind(vd, &client, &attr), 0);
}

static void check_settings(uint32_t hold_us, uint64_t iops, uint64_t bytes)
{
	struct vdisk_info i;

	vdisk_get_info(vd, &i);
	assert_int_equal(i.hold_us, hold_us);
	assert_int_equal(told_hold, hold_us);
	assert_int_equal(i.limits.iops, iops);
	assert_int_equal(i.limits.bytes, bytes);
}

/* What a description says is over with its guest. */
static void described_body(void)
{
	const struct vdisk_limits l = { .iops = 100, .bytes = 5000 };

	vdisk_set_hold(vd, 50);
	vdisk_set_limits(vd, &l);
	client.has_hold = true;
	client.hold_us = 300;
	client.limits = (struct vdisk_limits){ .iops = 7 };
	bind_again();
	check_settings(300, 7, 5000);
	client.has_hold = false;
	client.limits = (struct vdisk_limits){ 0 };
	bind_again();
	check_settings(50, 100, 5000);
	/* What is set meanwhile holds at once, and stays. */
	client.has_hold = true;
	bind_again();
	check_settings(300, 100, 5000);
	vdisk_set_hold(vd, 60);
	check_settings(60, 100, 5000);
	client.has_hold = false;
	bind_again();
	check_settings(60, 100, 5000);
}

static void test_described(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(described_body);
	end();
}

static void test_hold(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(hold_body);
	end();
}

static void test_info(void **state)
{
	(void)state;
	fake_init();
	begin();
	run_body(info_body);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_straight),  T(test_durable),     T(test_split),
		T(test_worker),    T(test_now),         T(test_not_now),
		T(test_limit),     T(test_split_error), T(test_cancel),
		T(test_detach),    T(test_backends),    T(test_gone),
		T(test_read_only), T(test_resized),     T(test_pause),
		T(test_info),      T(test_hold),        T(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
