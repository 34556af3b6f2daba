/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated SP805: counting, warning, resetting, and no flood of
 * interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/watchdog/sp805.c"
#include "tests/unit/emu_fake.h"

#define SECOND UINT64_C(1000000000)
#define HZ 24000000
#define BOTH (CONTROL_INTEN | CONTROL_RESEN)

static int setup(void **state)
{
	(void)state;
	fake_config("arm,sp805", 0x1000);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static void test_power_on(void **state)
{
	(void)state;
	assert_int_equal(rd(SP805_LOAD), 0xffffffff);
	assert_int_equal(rd(SP805_VALUE), 0xffffffff);
	assert_int_equal(rd(SP805_CONTROL), 0);
	assert_int_equal(rd(SP805_LOCK), 0);
	assert_int_equal(rd(0xfe0), 0x05);
	assert_int_equal(rd(0xfe4), 0x18);
	fake_advance(1000 * SECOND);
	assert_int_equal(rd(SP805_VALUE), 0xffffffff);
	assert_false(fake_timer_armed());
}

static void test_bite(void **state)
{
	(void)state;
	wr(SP805_LOAD, 2 * HZ);
	wr(SP805_CONTROL, BOTH);
	fake_advance(SECOND);
	assert_int_equal(rd(SP805_VALUE), HZ);
	fake_advance(SECOND - 1);
	assert_false(fake_line);
	fake_advance(1);
	assert_true(fake_line);
	assert_int_equal(rd(SP805_MIS), 1);
	fake_advance(2 * SECOND - 1);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
	fake_advance(1);
	assert_int_equal(fake_action, GUEST_ACT_RESET);
}

static void test_kicked_in_time(void **state)
{
	(void)state;
	wr(SP805_LOAD, HZ);
	wr(SP805_CONTROL, BOTH);
	for (int i = 0; i < 10; i++) {
		fake_advance(SECOND * 9 / 10);
		wr(SP805_INTCLR, 1);
		assert_false(fake_line);
	}
	fake_advance(SECOND);
	assert_true(fake_line);
	fake_advance(SECOND / 2);
	wr(SP805_LOAD, HZ); /* reloads, does not clear */
	assert_true(fake_line);
	wr(SP805_INTCLR, 1);
	assert_false(fake_line);
	fake_advance(SECOND - 1);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
	assert_false(fake_line);
}

static void test_without_reset_it_only_warns(void **state)
{
	(void)state;
	wr(SP805_LOAD, HZ - 1); /* a period of 1 s */
	wr(SP805_CONTROL, CONTROL_INTEN);
	fake_advance(SECOND);
	assert_true(fake_line);
	assert_false(fake_timer_armed());
	/* It counts down in between. */
	fake_advance(SECOND / 2);
	assert_in_range(rd(SP805_VALUE), HZ / 2 - 4, HZ / 2 + 4);
	fake_advance(100 * SECOND);
	assert_in_range(rd(SP805_VALUE), HZ / 2 - 4, HZ / 2 + 4);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
	/* Reset is enabled late: the counter goes on. */
	wr(SP805_CONTROL, BOTH);
	assert_true(fake_timer_armed());
	fake_advance(SECOND);
	assert_int_equal(fake_action, GUEST_ACT_RESET);
}

/* The timer fires, but the guest writes a register before it gets the lock. */
static void test_stale_timer(void **state)
{
	struct sp805 *w = fake_dev.state;

	(void)state;
	wr(SP805_LOAD, HZ);
	wr(SP805_CONTROL, BOTH);
	w->timer.fn(&w->timer);
	assert_false(fake_line);
	fake_advance(SECOND);
	assert_true(fake_line);
	w->timer.fn(&w->timer);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
	/* Reset is disabled after the timer was armed for it. */
	wr(SP805_CONTROL, CONTROL_INTEN);
	fake_advance(100 * SECOND);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
}

static void test_disabling_holds(void **state)
{
	(void)state;
	wr(SP805_LOAD, 2 * HZ);
	wr(SP805_CONTROL, BOTH);
	fake_advance(SECOND);
	wr(SP805_CONTROL, CONTROL_RESEN);
	fake_advance(100 * SECOND);
	assert_int_equal(rd(SP805_VALUE), HZ);
	assert_false(fake_line);
	wr(SP805_CONTROL, BOTH); /* reloads */
	assert_int_equal(rd(SP805_VALUE), 2 * HZ);
}

static void test_lock(void **state)
{
	(void)state;
	wr(SP805_LOCK, 0);
	assert_int_equal(rd(SP805_LOCK), 1);
	wr(SP805_LOAD, 5);
	wr(SP805_CONTROL, BOTH);
	assert_int_equal(rd(SP805_LOAD), 0xffffffff);
	assert_int_equal(rd(SP805_CONTROL), 0);
	wr(SP805_LOCK, SP805_UNLOCK);
	assert_int_equal(rd(SP805_LOCK), 0);
	wr(SP805_LOAD, 5);
	assert_int_equal(rd(SP805_LOAD), 5);
}

static void test_no_timer_storm(void **state)
{
	(void)state;
	wr(SP805_LOAD, 0);
	fake_timers_fired = 0;
	wr(SP805_CONTROL, CONTROL_INTEN);
	fake_advance(SECOND);
	assert_true(fake_line);
	assert_int_equal(fake_timers_fired, 1);
	assert_int_equal(rd(SP805_VALUE), 0);
	wr(SP805_LOAD, 1);
	wr(SP805_INTCLR, 0);
	fake_advance(SECOND);
	assert_int_equal(fake_timers_fired, 2);
	/* With reset enabled: a warning, then one reset. */
	wr(SP805_CONTROL, BOTH);
	fake_advance(SECOND);
	assert_int_equal(fake_action, GUEST_ACT_RESET);
	assert_in_range(fake_timers_fired, 2, 4);
}

static void test_paused_guest_is_not_bitten(void **state)
{
	(void)state;
	wr(SP805_LOAD, 2 * HZ);
	wr(SP805_CONTROL, BOTH);
	fake_advance(SECOND);
	emu_device_pause(&fake_dev, true);
	fake_advance(100 * SECOND);
	assert_false(fake_line);
	emu_device_pause(&fake_dev, false);
	assert_int_equal(rd(SP805_VALUE), HZ);
	fake_advance(SECOND - 1);
	assert_false(fake_line);
	fake_advance(1);
	assert_true(fake_line);
	/* The guest was stopped: the reset belongs to its next start. */
	emu_device_pause(&fake_dev, true);
	fake_advance(100 * SECOND);
	assert_int_equal(fake_action, GUEST_ACT_NONE);
	emu_device_reset(&fake_dev);
	assert_false(fake_line);
	assert_false(fake_timer_armed());
	wr(SP805_LOAD, HZ);
	wr(SP805_CONTROL, BOTH);
	fake_advance(SECOND);
	assert_true(fake_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bite, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kicked_in_time, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_without_reset_it_only_warns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale_timer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_disabling_holds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_timer_storm, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_paused_guest_is_not_bitten,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
