/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of docs/howto/add-a-virtio-device.md does what the page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "docs/howto/examples/caesar.c"
#include "tests/unit/virtio_mmio_driver.h"

#define QUEUE FAKE_RAM_BASE
#define TEXT (FAKE_RAM_BASE + 0x10000)
#define RESULT (FAKE_RAM_BASE + 0x12000)

static struct drv drv;

static void begin(uint64_t features)
{
	fake_config("example,caesar", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "socle,places", 5), 0);
	assert_int_equal(fdt_property_string(fake_blob, "ring", "packed"), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), CAESAR_ID);
	assert_true(mmio_negotiate(features | VIRTIO_F_VERSION_1));
	assert_true(mmio_queue(&drv, 0, QUEUE, 16, features));
	mmio_driver_ok();
}

static int add(const char *text, unsigned int split, bool indirect)
{
	uint32_t n = (uint32_t)strlen(text);
	struct drv_buf bufs[] = {
		{ TEXT, split, false },
		{ TEXT + split, n - split, false },
		{ RESULT, 3, true },
		{ RESULT + 3, n - 3, true },
	};

	memcpy(drv_at(TEXT, n), text, n);
	return drv_add(&drv, bufs, ARRAY_SIZE(bufs), indirect);
}

static void expect(const char *text)
{
	uint32_t len;

	assert_true(drv_used(&drv, &len) >= 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(drv_at(RESULT, len), text, len);
	assert_int_equal(drv_used(&drv, &len), -1);
}

static void drive(uint64_t features)
{
	begin(features);
	assert_int_equal(add("Socle, zZ!", 4, features != 0), 0);
	assert_int_equal(mmio_kick(0), 1);
	expect("Xthqj, eE!");
	assert_true(fake_line);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 1);
	wr(VIRTIO_MMIO_INTERRUPT_ACK, 1);
	assert_false(fake_line);

	fake_write(VIRTIO_MMIO_CONFIG + CAESAR_CONFIG_PLACES, 27, 1);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 1), 1);
	assert_int_equal(add("HAL 9000", 1, false), 0);
	assert_int_equal(mmio_kick(0), 1);
	expect("IBM 9000");
	wr(VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 1), 5);
	assert_true(fake_stop());
}

static void test_caesar(void **state)
{
	(void)state;
	drive(0);
	drive(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
	drive(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
	      VIRTIO_F_RING_PACKED);
}

/* More than one trap does: the guest executes the same store again. */
static void test_bounded(void **state)
{
	uint32_t len;

	(void)state;
	begin(0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(add("abcd", 2, false) >= 0);
	}
	assert_int_equal(mmio_kick(0), 1);
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(drv_used(&drv, &len) >= 0);
	}
	wr(VIRTIO_MMIO_STATUS, 0);
	assert_true(
		mmio_negotiate(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC));
	assert_true(mmio_queue(&drv, 0, QUEUE, 16, VIRTIO_F_INDIRECT_DESC));
	mmio_driver_ok();
	for (unsigned int i = 0; i < 16; i++) {
		assert_true(add("abcd", 2, true) >= 0);
	}
	assert_int_equal(mmio_kick(0), 16 / CAESAR_CHAINS_MAX);
	for (unsigned int i = 0; i < 16; i++) {
		assert_true(drv_used(&drv, &len) >= 0);
	}
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caesar),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
