/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The empty virtio-mmio transport: found, identified, left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/mmio.c"
#include "tests/unit/emu_fake.h"

static void test_no_device(void **state)
{
	(void)state;
	fake_config("virtio,mmio", 0x200);
	assert_int_equal(fake_start(), 0);
	assert_int_equal(rd(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(rd(VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), 0);
	assert_int_not_equal(rd(VIRTIO_MMIO_VENDOR_ID), 0);
	for (uint64_t off = 0; off < 0x200; off += 4) {
		wr(off, 0xffffffff);
	}
	for (uint64_t off = 0x10; off < 0x200; off += 4) {
		assert_int_equal(rd(off), 0);
	}
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), 0);
	assert_int_equal(fake_read(0, 1), 0); /* words only */
	assert_int_equal(fake_line_calls, 0);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_device) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
