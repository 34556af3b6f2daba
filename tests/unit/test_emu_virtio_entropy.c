/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio entropy device: its numbers, and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/entropy.c"
#include "tests/unit/virtio_mmio_driver.h"

#define QUEUE FAKE_RAM_BASE
#define DATA (FAKE_RAM_BASE + 0x10000)
#define MS UINT64_C(1000000)

static struct drv drv;

static void begin(uint32_t rate)
{
	fake_random_next = 1;
	fake_config("virtio,entropy", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "socle,rate", rate), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), 4);
	assert_true(mmio_negotiate(VIRTIO_F_VERSION_1));
	assert_true(mmio_queue(&drv, 0, QUEUE, ENTROPY_QUEUE_SIZE, 0));
	mmio_driver_ok();
}

static void ask(uint32_t bytes)
{
	const struct drv_buf buf = { DATA, bytes, true };

	memset(drv_at(DATA, bytes), 0, bytes);
	assert_true(drv_add(&drv, &buf, 1, false) >= 0);
}

/* Expect that many bytes, different each time. */
static void expect(uint32_t bytes)
{
	const uint8_t *p = drv_at(DATA, bytes);
	uint8_t next = fake_random_next;
	uint32_t len;

	assert_true(drv_used(&drv, &len) >= 0);
	assert_int_equal(len, bytes);
	for (uint32_t i = 0; i < bytes; i++) {
		assert_int_equal(p[i], (uint8_t)(next - bytes + i));
	}
}

static void expect_none(void)
{
	uint32_t len;

	assert_int_equal(drv_used(&drv, &len), -1);
}

static void test_gives(void **state)
{
	const struct drv_buf read_only = { DATA, 64, false };

	(void)state;
	begin(100000000);
	ask(10);
	assert_int_equal(mmio_kick(0), 1);
	expect(10);
	assert_true(fake_line);
	ask(1000); /* more than it gives at a time */
	assert_int_equal(mmio_kick(0), 1);
	expect(ENTROPY_REQUEST_MAX);
	ask(0);
	assert_true(drv_add(&drv, &read_only, 1, false) >= 0);
	assert_int_equal(mmio_kick(0), 1);
	expect(0);
	expect(0);
	assert_false(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	assert_true(fake_stop());
}

/* The work of one trap is bounded; the guest's store is executed again for the
 * rest. */
static void test_bounded(void **state)
{
	uint32_t len;

	(void)state;
	begin(100000000);
	for (unsigned int i = 0; i < ENTROPY_QUEUE_SIZE; i++) {
		ask(1);
	}
	assert_int_equal(mmio_kick(0), ENTROPY_QUEUE_SIZE / ENTROPY_CHAINS_MAX);
	for (unsigned int i = 0; i < ENTROPY_QUEUE_SIZE; i++) {
		assert_true(drv_used(&drv, &len) >= 0);
	}
	assert_true(fake_stop());
}

/* 640 bytes a second: one request of 64 every 100 ms, and a burst of that
 * much. */
static void test_rate(void **state)
{
	(void)state;
	begin(640);
	for (unsigned int i = 0; i < 4; i++) {
		ask(64);
	}
	assert_int_equal(mmio_kick(0), 1);
	expect(64);
	expect(64);
	expect_none();
	assert_int_equal(mmio_kick(0), 1);
	expect_none();
	fake_advance(99 * MS);
	expect_none();
	fake_advance(1 * MS);
	expect(64);
	fake_advance(100 * MS);
	expect(64);
	/* No more than the burst is saved up. */
	fake_advance(10000 * MS);
	for (unsigned int i = 0; i < 4; i++) {
		ask(64);
	}
	assert_int_equal(mmio_kick(0), 1);
	expect(64);
	expect(64);
	expect_none();
	/* The timer of a device that was reset finds nothing to do. */
	wr(VIRTIO_MMIO_STATUS, 0);
	fake_advance(1000 * MS);
	assert_true(fake_stop());
}

/* Without a seed the numbers could be guessed: requests wait. */
static void test_unseeded(void **state)
{
	(void)state;
	begin(100000000);
	fake_random_seeded = false;
	ask(16);
	assert_int_equal(mmio_kick(0), 1);
	fake_advance(5000 * MS);
	expect_none();
	fake_random_seeded = true;
	fake_advance(1000 * MS);
	expect(16);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_unseeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
