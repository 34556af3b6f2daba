/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of docs/howto/add-a-block-backend.md does what the page says. */
#include "block_fake.h"

#include <core/vdisk.h>

#include "docs/howto/examples/numbers.c"

static void alone_body(void)
{
	uint8_t *buf = heap_alloc(KIB(512));
	struct blockdev *bd;

	assert_int_equal(numbers_create("n0", 1000, UINT64_MAX), 0);
	assert_int_equal(numbers_create("n0", 1000, UINT64_MAX), -ERR_EXIST);
	bd = blockdev_get("n0");
	/* A request larger than its limits is split. */
	assert_int_equal(blockdev_read(bd, 300, buf, 600), 0);
	for (unsigned int i = 0; i < 600; i++) {
		uint64_t number;

		memcpy(&number, buf + i * 512 + 504, sizeof(number));
		assert_int_equal(number, 300 + i);
	}
	assert_int_equal(blockdev_read(bd, 999, buf, 2), -ERR_RANGE);
	assert_int_equal(blockdev_write(bd, 0, buf, 1), -ERR_PERM);
	assert_int_equal(blockdev_flush(bd), 0);
	blockdev_put(bd);
	assert_int_equal(blockdev_destroy("n0"), 0);
	assert_null(blockdev_get("n0"));
	heap_free(buf);
}

/* As a guest's disk, which the backend does not notice. */
static void attached_body(void)
{
	uint8_t *buf = heap_alloc(KIB(64));
	struct blockdev *bd;
	struct vdisk *vd;

	assert_int_equal(numbers_create("n1", 1000, 77), 0);
	assert_int_equal(vdisk_create("data", false), 0);
	vd = vdisk_get("data");
	assert_int_equal(vdisk_attach(vd, "n1"), 0);
	assert_int_equal(blockdev_destroy("n1"), -ERR_BUSY);
	bd = blockdev_get("n1");
	assert_int_equal(blockdev_read(bd, 70, buf, 7), 0);
	assert_int_equal(blockdev_read(bd, 70, buf, 8), -ERR_IO);
	assert_int_equal(blockdev_read(bd, 78, buf, 8), 0);
	assert_int_equal(bd->stats[BLOCK_READ].errors, 1);
	blockdev_put(bd);
	assert_int_equal(vdisk_detach(vd), 0);
	vdisk_put(vd);
	assert_int_equal(vdisk_destroy("data"), 0);
	assert_int_equal(blockdev_destroy("n1"), 0);
	heap_free(buf);
}

static void test_alone(void **state)
{
	(void)state;
	run_body(alone_body);
}

static void test_attached(void **state)
{
	(void)state;
	run_body(attached_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_alone),
		T(test_attached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
