/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of docs/howto/add-an-emulator.md does what the page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "docs/howto/examples/bell.c"
#include "tests/unit/emu_fake.h"

#define MS UINT64_C(1000000)

static void test_bell(void **state)
{
	struct bell *b;

	(void)state;
	fake_config("example,bell", 0x1000);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "ring-ms", 40), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_false(fake_line);

	wr(BELL_STRIKE, 1);
	assert_true(fake_line);
	assert_int_equal(rd(BELL_STATUS), 1);
	fake_advance(39 * MS);
	assert_true(fake_line);
	wr(BELL_STRIKE, 1);
	fake_advance(39 * MS);
	assert_true(fake_line);
	fake_advance(1 * MS);
	assert_false(fake_line);
	assert_int_equal(rd(BELL_STATUS), 0);
	assert_int_equal(rd(BELL_COUNT), 2);

	/* A late callback of the first strike. */
	wr(BELL_STRIKE, 1);
	b = fake_dev.state;
	b->silence.fn(&b->silence);
	assert_true(fake_line);
	emu_device_reset(&fake_dev);
	assert_false(fake_line);
	assert_false(fake_timer_armed());
	assert_int_equal(rd(BELL_COUNT), 0);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bell) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
