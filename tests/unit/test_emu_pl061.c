/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated PL061, and the power key on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/gpio/pl061.c"
#include "tests/unit/emu_fake.h"

#define MS UINT64_C(1000000)
#define DATA(mask) ((uint64_t)(mask) << 2)

static int setup(void **state)
{
	(void)state;
	fake_config("arm,pl061", 0x1000);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static int press(void)
{
	return emu_power_key(&fake_dev, 1);
}

static void test_data_is_masked(void **state)
{
	(void)state;
	wr(PL061_DIR, 0xf0);
	wr(DATA(0xff), 0xff);
	assert_int_equal(rd(DATA(0xff)), 0xf0); /* inputs are low */
	wr(DATA(0x30), 0x00);
	assert_int_equal(rd(DATA(0xff)), 0xc0);
	assert_int_equal(rd(DATA(0x40)), 0x40);
	assert_int_equal(rd(DATA(0x00)), 0);
	wr(DATA(0x00), 0xff);
	assert_int_equal(rd(DATA(0xff)), 0xc0);
	/* A value written to an input does not appear when it becomes an
	 * output. */
	wr(PL061_DIR, 0xff);
	assert_int_equal(rd(DATA(0xff)), 0xc0);
}

static void test_registers(void **state)
{
	static const uint32_t regs[] = {
		PL061_DIR, PL061_IS, PL061_IBE,
		PL061_IEV, PL061_IE, PL061_AFSEL,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		assert_int_equal(rd(regs[i]), 0);
		wr(regs[i], 0x1a5);
		assert_int_equal(rd(regs[i]), 0xa5);
		wr(regs[i], 0);
	}
	assert_int_equal(rd(0xfe0), 0x61);
	assert_int_equal(rd(0xffc), 0xb1);
	assert_int_equal(rd(0x800), 0);
}

/* As Linux's gpio-keys: both edges. */
static void test_key_press_and_release(void **state)
{
	(void)state;
	wr(PL061_IBE, POWER_KEY);
	wr(PL061_IE, POWER_KEY);
	assert_int_equal(press(), 0);
	assert_true(fake_line);
	assert_int_equal(rd(DATA(POWER_KEY)), POWER_KEY);
	assert_int_equal(rd(PL061_MIS), POWER_KEY);
	wr(PL061_IC, POWER_KEY);
	assert_false(fake_line);
	fake_advance(100 * MS - 1);
	assert_false(fake_line);
	fake_advance(1);
	assert_true(fake_line);
	assert_int_equal(rd(DATA(POWER_KEY)), 0);
	wr(PL061_IC, POWER_KEY);
	assert_int_equal(rd(PL061_RIS), 0);
}

static void test_single_edges(void **state)
{
	(void)state;
	wr(PL061_IE, POWER_KEY);
	assert_int_equal(press(), 0); /* IEV 0: falling */
	assert_false(fake_line);
	fake_advance(100 * MS);
	assert_true(fake_line);
	wr(PL061_IC, 0xff);
	wr(PL061_IEV, POWER_KEY);
	assert_int_equal(press(), 0);
	assert_true(fake_line);
	wr(PL061_IC, 0xff);
	fake_advance(100 * MS);
	assert_false(fake_line);
}

static void test_levels_follow_the_line(void **state)
{
	(void)state;
	wr(PL061_IS, POWER_KEY);
	wr(PL061_IEV, POWER_KEY);
	wr(PL061_IE, POWER_KEY);
	assert_int_equal(press(), 0);
	assert_true(fake_line);
	wr(PL061_IC, 0xff); /* of edges only */
	assert_true(fake_line);
	fake_advance(100 * MS);
	assert_false(fake_line);
	wr(PL061_IEV, 0);
	assert_true(fake_line);
}

static void test_edges_do_not_count_as_levels(void **state)
{
	(void)state;
	wr(PL061_IBE, POWER_KEY);
	wr(PL061_IE, POWER_KEY);
	assert_int_equal(press(), 0);
	fake_advance(100 * MS);
	assert_true(fake_line); /* edges are remembered */
	wr(PL061_IEV, POWER_KEY);
	wr(PL061_IS, POWER_KEY); /* high level: it is low */
	assert_false(fake_line);
}

static void test_output_hides_the_key(void **state)
{
	(void)state;
	wr(PL061_DIR, POWER_KEY);
	assert_int_equal(press(), 0);
	assert_int_equal(rd(DATA(0xff)), 0);
	wr(PL061_DIR, 0);
	assert_int_equal(rd(DATA(0xff)), POWER_KEY);
}

static void test_pressed_twice_is_one_long_press(void **state)
{
	(void)state;
	assert_int_equal(press(), 0);
	fake_advance(60 * MS);
	assert_int_equal(press(), 0);
	fake_advance(60 * MS);
	assert_int_equal(rd(DATA(POWER_KEY)), POWER_KEY);
	fake_advance(40 * MS);
	assert_int_equal(rd(DATA(POWER_KEY)), 0);
}

static void test_reset_releases(void **state)
{
	(void)state;
	wr(PL061_IEV, POWER_KEY);
	wr(PL061_IE, POWER_KEY);
	assert_int_equal(press(), 0);
	assert_true(fake_line);
	emu_device_reset(&fake_dev);
	assert_false(fake_line);
	assert_false(fake_timer_armed());
	assert_int_equal(rd(DATA(0xff)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_data_is_masked, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_registers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_key_press_and_release,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_single_edges, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_levels_follow_the_line,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_edges_do_not_count_as_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output_hides_the_key,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_pressed_twice_is_one_long_press, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_releases, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
