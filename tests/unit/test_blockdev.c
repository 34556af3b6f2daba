/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices: the list, users, checks of requests, partitions as devices,
 * and what happens when a device is removed. */
#include "block_fake.h"

#include "core/block/blockdev.c"

static struct blockdev_user alice = { .name = "alice" };
static struct blockdev_user bob = { .name = "bob" };

/* An MBR with two partitions: 8 sectors from 8, 16 from 32. */
static void write_mbr(uint8_t *disk, unsigned int second_start)
{
	static const uint8_t entry[16] = { [4] = 0x83, [8] = 8, [12] = 8 };

	memset(disk, 0, 512);
	memcpy(disk + 446, entry, 16);
	memcpy(disk + 462, entry, 16);
	disk[462 + 8] = (uint8_t)second_start;
	disk[462 + 12] = 16;
	disk[510] = 0x55;
	disk[511] = 0xaa;
}

static struct blockdev *add_fake(void)
{
	struct blockdev *bd = fake_init();

	write_mbr(fake.disk, 32);
	assert_int_equal(blockdev_add(bd), 0);
	blockdev_settle();
	return bd;
}

/* --- the list ------------------------------------------------------------- */

static void list_body(void)
{
	struct blockdev *bd = add_fake();
	struct blockdev *it, twin = *bd;

	assert_int_equal(blockdev_add(&twin), -ERR_EXIST);
	(void)snprintf(twin.name, sizeof(twin.name), "twin");
	twin.max_segments = 0;
	assert_int_equal(blockdev_add(&twin), -ERR_INVAL);

	it = blockdev_get("fake");
	assert_ptr_equal(it, bd);
	blockdev_put(it);
	it = blockdev_get_nth(0);
	assert_ptr_equal(it, bd);
	blockdev_put(it);
	it = blockdev_get_nth(2);
	assert_string_equal(it->name, "fake2");
	assert_int_equal(it->nsectors, 16);
	blockdev_put(it);
	assert_null(blockdev_get_nth(3));
	assert_null(blockdev_get("fake3"));

	/* A reference keeps the memory, but not the device. */
	it = blockdev_get("fake1");
	blockdev_gone(bd);
	assert_int_equal(fake.released, 0);
	assert_null(blockdev_get("fake"));
	assert_null(blockdev_get("fake1"));
	assert_int_equal(blockdev_claim(it, &alice), -ERR_IO);
	blockdev_put(it);
	assert_int_equal(fake.released, 1);
}

static void test_list(void **state)
{
	(void)state;
	run_body(list_body);
}

/* A search by name waits while partitions are being read. */
static void early_body(void)
{
	struct blockdev *bd = fake_init();
	struct blockdev *part;

	write_mbr(fake.disk, 32);
	assert_int_equal(blockdev_add(bd), 0);
	part = blockdev_get("fake1");
	assert_non_null(part);
	blockdev_put(part);
	blockdev_gone(bd);
}

static void test_early(void **state)
{
	(void)state;
	run_body(early_body);
}

/* --- users ---------------------------------------------------------------- */

static void users_body(void)
{
	struct blockdev *bd = add_fake();
	struct blockdev *p1 = blockdev_get("fake1");
	struct blockdev *p2 = blockdev_get("fake2");
	char name[8];

	assert_int_equal(blockdev_claim(p1, &alice), 0);
	assert_int_equal(blockdev_claim(p1, &bob), -ERR_BUSY);
	assert_int_equal(blockdev_claim(bd, &bob), -ERR_BUSY);
	blockdev_user_name(bd, name, sizeof(name));
	assert_string_equal(name, "alice");
	blockdev_user_name(p2, name, sizeof(name));
	assert_string_equal(name, "");
	/* Another partition is another device. */
	assert_int_equal(blockdev_claim(p2, &bob), 0);
	blockdev_unclaim(p2, &bob);
	blockdev_unclaim(p1, &alice);

	assert_int_equal(blockdev_claim(bd, &alice), 0);
	assert_int_equal(blockdev_claim(p2, &bob), -ERR_BUSY);
	assert_int_equal(blockdev_rescan(bd), -ERR_BUSY);
	blockdev_unclaim(bd, &alice);

	/* Users that only read can share it. */
	alice.shared = true;
	assert_int_equal(blockdev_claim(p1, &alice), 0);
	assert_int_equal(blockdev_claim(bd, &bob), -ERR_BUSY);
	bob.shared = true;
	assert_int_equal(blockdev_claim(bd, &bob), 0);
	blockdev_unclaim(bd, &bob);
	blockdev_unclaim(p1, &alice);
	alice.shared = false;
	bob.shared = false;

	blockdev_put(p1);
	blockdev_put(p2);
	blockdev_gone(bd);
}

static void test_users(void **state)
{
	(void)state;
	run_body(users_body);
}

static unsigned int told;
static uint64_t told_sectors;
static bool told_gone;

static void changed(struct blockdev_user *u, struct blockdev *bd)
{
	assert_ptr_equal(u, &alice);
	told++;
	told_sectors = blockdev_nsectors(bd);
	told_gone = bd->gone;
}

static struct blockdev *told_bd;

static void told_begin(void)
{
	told_bd = add_fake();
	alice.changed = changed;
	told = 0;
	assert_int_equal(blockdev_claim(told_bd, &alice), 0);
	blockdev_resized(told_bd, 100);
}

static void told_end(void)
{
	struct blockdev *bd = told_bd;

	assert_int_equal(told, 1);
	assert_int_equal(told_sectors, 100);
	assert_false(told_gone);
	blockdev_ref(bd);
	blockdev_gone(bd);
	assert_int_equal(told, 2);
	assert_true(told_gone);
	blockdev_unclaim(bd, &alice);
	assert_int_equal(fake.released, 0);
	blockdev_put(bd);
	assert_int_equal(fake.released, 1);
	alice.changed = NULL;
}

static void test_told(void **state)
{
	(void)state;
	run_body(told_begin);
	run_body(told_end);
}

/* --- rescanning ----------------------------------------------------------- */

static void rescan_body(void)
{
	struct blockdev *bd = add_fake();
	struct blockdev *p2 = blockdev_get("fake2");

	/* The second overlaps the first now. */
	write_mbr(fake.disk, 12);
	assert_int_equal(blockdev_rescan(p2), -ERR_INVAL);
	assert_int_equal(blockdev_rescan(bd), 0);
	assert_null(blockdev_get("fake2"));
	assert_true(p2->gone);
	blockdev_put(p2);
	blockdev_gone(bd);
	assert_int_equal(fake.released, 1);
}

static void test_rescan(void **state)
{
	(void)state;
	run_body(rescan_body);
}

/* A disk whose reads fail has no partitions, but is listed. */
static void broken_body(void)
{
	struct blockdev *bd = fake_init();

	fake.result = -ERR_IO;
	assert_int_equal(blockdev_add(bd), 0);
	blockdev_settle();
	assert_null(blockdev_get_nth(1));
	assert_int_equal(bd->stats[BLOCK_READ].errors, 1);
	blockdev_gone(bd);
}

static void test_broken(void **state)
{
	(void)state;
	run_body(broken_body);
}

/* --- requests ------------------------------------------------------------- */

static unsigned int ended;

static void request_done(struct block_request *rq)
{
	(void)rq;
	ended++;
}

static uint8_t page[8192];
static struct io_segment segs[8];

/* A read of n sectors in pieces of `piece` bytes, or another request. */
static int submit(struct blockdev *bd, enum block_op op, uint64_t sector,
		  uint64_t n, size_t piece)
{
	struct block_request rq = { .op = op,
				    .sector = sector,
				    .nsectors = n,
				    .segs = segs,
				    .done = request_done };
	size_t left = (op == BLOCK_READ || op == BLOCK_WRITE) ? n * 512 : 0;

	for (size_t at = 0; left > 0; rq.nsegs++) {
		segs[rq.nsegs].va = page + at;
		segs[rq.nsegs].size = MIN(left, piece);
		left -= segs[rq.nsegs].size;
		at += piece;
	}
	ended = 0;
	blockdev_submit(bd, &rq);
	assert_int_equal(ended, 1);
	return rq.result;
}

static void request_body(void)
{
	struct blockdev *bd = fake_init();
	uint64_t end = fake.bd.nsectors;
	struct blockdev *p;

	bd->block_size = 1024;
	write_mbr(fake.disk, 32);
	assert_int_equal(blockdev_add(bd), 0);
	blockdev_settle();

	fake.requests = 0;
	assert_int_equal(submit(bd, BLOCK_READ, end, 2, 512), -ERR_RANGE);
	assert_int_equal(submit(bd, BLOCK_READ, UINT64_MAX - 1, 4, 512),
			 -ERR_RANGE);
	assert_int_equal(submit(bd, BLOCK_READ, 0, 0, 512), -ERR_INVAL);
	assert_int_equal(submit(bd, BLOCK_READ, 1, 2, 512), -ERR_INVAL);
	assert_int_equal(submit(bd, BLOCK_READ, 0, 1, 512), -ERR_INVAL);
	assert_int_equal(submit(bd, BLOCK_READ, 0, 18, 4096), -ERR_RANGE);
	assert_int_equal(submit(bd, BLOCK_READ, 0, 10, 1024), -ERR_RANGE);
	assert_int_equal(submit(bd, BLOCK_READ, 0, 16, 8192), -ERR_RANGE);
	assert_int_equal(submit(bd, BLOCK_DISCARD, 0, 2, 0), -ERR_NOSUPP);
	assert_int_equal(submit(bd, BLOCK_WRITE_ZEROES, 0, 2, 0), -ERR_NOSUPP);
	assert_int_equal(fake.requests, 0);
	assert_int_equal(submit(bd, BLOCK_FLUSH, 0, 0, 0), 0);
	assert_int_equal(fake.requests, 0); /* it has no cache */
	assert_int_equal(submit(bd, BLOCK_READ, end - 2, 2, 512), 0);
	assert_int_equal(fake.requests, 1);

	/* A request ends at the partition's end. Its blocks are the disk's: 8
	 * of 1024 bytes from 8. */
	p = blockdev_get("fake1");
	assert_int_equal(p->nsectors, 16);
	memset(page, 0xa5, 1024);
	assert_int_equal(submit(p, BLOCK_WRITE, 14, 2, 1024), 0);
	assert_int_equal(fake.disk[30 * 512], 0xa5);
	assert_int_equal(fake.disk[32 * 512], 0);
	assert_int_equal(submit(p, BLOCK_WRITE, 14, 4, 1024), -ERR_RANGE);
	assert_int_equal(p->stats[BLOCK_WRITE].requests, 2);
	assert_int_equal(p->stats[BLOCK_WRITE].errors, 1);
	blockdev_kick(p);
	assert_true(fake.kicks > 0);

	bd->read_only = true;
	assert_int_equal(submit(bd, BLOCK_WRITE, 0, 2, 512), -ERR_PERM);
	bd->read_only = false;
	blockdev_gone(bd);
	assert_int_equal(submit(p, BLOCK_READ, 0, 2, 512), -ERR_IO);
	assert_int_equal(submit(p, BLOCK_FLUSH, 0, 0, 0), -ERR_IO);
	blockdev_put(p);
}

/* Segments that add up to more or less than the request's size. */
static void segments_body(void)
{
	struct blockdev *bd = add_fake();
	struct block_request rq = { .op = BLOCK_READ,
				    .nsectors = 2,
				    .segs = segs,
				    .nsegs = 2,
				    .done = request_done };

	segs[0] = (struct io_segment){ page, PADDR(0), 512 };
	segs[1] = (struct io_segment){ page, PADDR(0), 511 };
	blockdev_submit(bd, &rq);
	assert_int_equal(rq.result, -ERR_INVAL);
	segs[1].size = 513;
	blockdev_submit(bd, &rq);
	assert_int_equal(rq.result, -ERR_RANGE);
	segs[0].size = SIZE_MAX;
	segs[1].size = 1025;
	blockdev_submit(bd, &rq);
	assert_int_equal(rq.result, -ERR_RANGE);
	blockdev_gone(bd);
}

static void test_requests(void **state)
{
	(void)state;
	run_body(request_body);
	run_body(segments_body);
}

/* Threads' transfers are split at the device's limits, and wait. */
static void sync_begin(void)
{
	struct blockdev *bd = fake_init();
	uint8_t *buf = heap_alloc(64 * 512), *back = heap_alloc(64 * 512);

	bd->max_segments = 3;
	bd->max_segment_size = 1536; /* with blocks of 1024: 1024 */
	bd->block_size = 1024;
	assert_int_equal(blockdev_add(bd), 0);
	blockdev_settle();
	for (unsigned int i = 0; i < 64 * 512; i++) {
		buf[i] = (uint8_t)(i * 7 + i / 512);
	}
	fake.requests = 0;
	assert_int_equal(blockdev_write(bd, 100, buf, 64), 0);
	assert_int_equal(fake.requests, 11);
	assert_memory_equal(fake.disk + 100 * 512, buf, 64 * 512);
	assert_int_equal(blockdev_read(bd, 100, back, 64), 0);
	assert_memory_equal(back, buf, 64 * 512);
	assert_int_equal(blockdev_flush(bd), 0);
	assert_int_equal(blockdev_read(bd, 511, back, 2), -ERR_RANGE);

	fake.hold = true;
	assert_int_equal(blockdev_read(bd, 0, back, 2), 0);
	heap_free(buf);
	heap_free(back);
	blockdev_gone(bd);
}

static void test_sync(void **state)
{
	struct body b = { sync_begin };

	(void)state;
	start_body(&b);
	assert_false(body_done);
	assert_int_equal(fake.ntaken, 1);
	host_irq_begin(0);
	fake_end();
	host_irq_end();
	assert_true(host_settle(SETTLE_ROUNDS));
	assert_true(body_done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_list),   T(test_early),  T(test_users),    T(test_told),
		T(test_rescan), T(test_broken), T(test_requests), T(test_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
