/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM disks and image files: contents, memory boundaries, sizes and ends. */
#include <core/page.h>

#include "block_fake.h"

#define BIG (MIB(5) + KIB(12)) /* two whole chunks and a part of one */

static uint64_t free_pages(void)
{
	struct page_stats st;

	heap_trim();
	page_get_stats(&st);
	return st.free;
}

static void request_done(struct block_request *rq)
{
	(void)rq;
}

/* Zeroed by the disk's own requests, across boundaries of pages and chunks. */
static int zero(struct blockdev *bd, enum block_op op, uint64_t sector,
		uint64_t n)
{
	struct block_request rq = {
		.op = op, .sector = sector, .nsectors = n, .done = request_done
	};

	blockdev_submit(bd, &rq);
	return rq.result;
}

static bool all(const uint8_t *p, size_t n, uint8_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != value) {
			return false;
		}
	}
	return true;
}

static void contents_body(void)
{
	uint8_t *buf = heap_alloc(BIG), *back = heap_alloc(BIG);
	struct blockdev *bd;

	assert_int_equal(ramdisk_create("ram0", BIG, NULL, NULL), 0);
	bd = blockdev_get("ram0");
	assert_int_equal(blockdev_nsectors(bd), BIG / 512);
	assert_int_equal(blockdev_read(bd, 0, back, BIG / 512), 0);
	assert_true(all(back, BIG, 0));
	for (size_t i = 0; i < BIG; i++) {
		buf[i] = (uint8_t)(i * 13 + i / 509);
	}
	assert_int_equal(blockdev_write(bd, 0, buf, BIG / 512), 0);
	assert_int_equal(blockdev_read(bd, 0, back, BIG / 512), 0);
	assert_memory_equal(back, buf, BIG);

	/* Across the boundary of two chunks, and inside a page. */
	assert_int_equal(zero(bd, BLOCK_WRITE_ZEROES, 4096 - 13, 50), 0);
	assert_int_equal(zero(bd, BLOCK_DISCARD, 3, 2), 0);
	memset(buf + MIB(2) - 13 * 512, 0, 50 * 512);
	memset(buf + 3 * 512, 0, 2 * 512);
	assert_int_equal(blockdev_read(bd, 0, back, BIG / 512), 0);
	assert_memory_equal(back, buf, BIG);
	heap_free(buf);
	heap_free(back);
	blockdev_put(bd);
	assert_int_equal(blockdev_destroy("ram0"), 0);
}

static void sizes_body(void)
{
	char name[64];

	assert_int_equal(ramdisk_create("ram0", 0, NULL, NULL), -ERR_INVAL);
	assert_int_equal(ramdisk_create("ram0", 1000, NULL, NULL), -ERR_INVAL);
	assert_int_equal(ramdisk_create("", 512, NULL, NULL), -ERR_INVAL);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(ramdisk_create(name, 512, NULL, NULL), -ERR_INVAL);
	assert_int_equal(ramdisk_create("ram0", GIB(100), NULL, NULL),
			 -ERR_NOMEM);
	assert_int_equal(ramdisk_create("ram0", UINT64_MAX - 511, NULL, NULL),
			 -ERR_INVAL);
	assert_int_equal(ramdisk_create("ram0", 512, NULL, NULL), 0);
	assert_int_equal(ramdisk_create("ram0", 512, NULL, NULL), -ERR_EXIST);
	assert_int_equal(blockdev_destroy("ram0"), 0);
	assert_int_equal(blockdev_destroy("ram0"), -ERR_NOENT);
}

static unsigned int steps;

static bool stop_at_second(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	assert_true(done < total);
	return ++steps < 2;
}

static void interrupted_body(void)
{
	const struct block_progress p = { stop_at_second, NULL };

	assert_int_equal(ramdisk_create("ram0", BIG, NULL, &p), -ERR_INTR);
	assert_int_equal(steps, 2);
	assert_null(blockdev_get("ram0"));
}

static uint8_t image[3 * 4096 + 700];

static void image_body(void)
{
	uint8_t *back = heap_alloc(KIB(64));
	struct blockdev *bd;

	assert_int_equal(ramdisk_create("ram0", KIB(64), "/none", NULL),
			 -ERR_NOENT);
	assert_int_equal(ramdisk_create("ram0", 4096, "/image", NULL),
			 -ERR_NOSPC);
	file.broken = true;
	assert_int_equal(ramdisk_create("ram0", 0, "/image", NULL), -ERR_IO);
	file.broken = false;
	assert_int_equal(ramdisk_create("ram0", KIB(64), "/image", NULL), 0);
	bd = blockdev_get("ram0");
	assert_int_equal(blockdev_read(bd, 0, back, 128), 0);
	assert_memory_equal(back, image, sizeof(image));
	assert_true(all(back + sizeof(image), KIB(64) - sizeof(image), 0));
	blockdev_put(bd);
	assert_int_equal(blockdev_destroy("ram0"), 0);
	assert_int_equal(ramdisk_create("ram0", 0, "/image", NULL), 0);
	bd = blockdev_get("ram0");
	assert_int_equal(blockdev_nsectors(bd), 26);
	blockdev_put(bd);
	assert_int_equal(blockdev_destroy("ram0"), 0);
	heap_free(back);
}

static void file_body(void)
{
	uint8_t *back = heap_alloc(KIB(64));
	struct blockdev *bd;

	assert_int_equal(blockfile_create("cd", "/none"), -ERR_NOENT);
	assert_int_equal(blockfile_create("cd", "/image"), 0);
	assert_int_equal(blockfile_create("cd", "/image"), -ERR_EXIST);
	bd = blockdev_get("cd");
	assert_int_equal(blockdev_nsectors(bd), 26);
	memset(back, 0xff, KIB(64));
	assert_int_equal(blockdev_read(bd, 0, back, 26), 0);
	assert_memory_equal(back, image, sizeof(image));
	assert_true(all(back + sizeof(image), 26 * 512 - sizeof(image), 0));
	assert_int_equal(blockdev_write(bd, 0, back, 1), -ERR_PERM);
	assert_int_equal(blockdev_flush(bd), 0);
	file.broken = true;
	assert_int_equal(blockdev_read(bd, 16, back, 10),
			 file.in_memory ? 0 : -ERR_IO);
	file.broken = false;
	blockdev_put(bd);
	assert_int_equal(blockdev_destroy("cd"), 0);
	heap_free(back);
}

static void run_and_check(void (*fn)(void))
{
	uint64_t before;

	run_body(fn); /* now the threads and pools that stay exist */
	before = free_pages();
	steps = 0;
	run_body(fn);
	assert_int_equal(free_pages(), before);
}

static void test_ramdisk(void **state)
{
	(void)state;
	run_and_check(contents_body);
	run_and_check(sizes_body);
	steps = 0;
	run_and_check(interrupted_body);
}

static void test_image(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(image); i++) {
		image[i] = (uint8_t)(i * 31 + i / 251);
	}
	file.path = "/image";
	file.data = image;
	file.size = sizeof(image);
	run_and_check(image_body);
	run_and_check(file_body);
	file.in_memory = true;
	run_and_check(file_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ramdisk),
		T(test_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
