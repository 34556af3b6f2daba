/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated PL031: the time it shows, sets and waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/rtc/pl031.c"
#include "tests/unit/emu_fake.h"

#define START 1750000000
#define SECOND NS_PER_S

static int setup(void **state)
{
	(void)state;
	fake_now = 5 * SECOND + 300000000;
	fake_config("arm,pl031", 0x1000);
	rtc_set(START);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static void test_shows_host_time(void **state)
{
	(void)state;
	assert_int_equal(rd(PL031_DR), START);
	assert_int_equal(rd(PL031_CR), 1);
	wr(PL031_CR, 0); /* cannot be stopped */
	fake_advance(10 * SECOND);
	assert_int_equal(rd(PL031_DR), START + 10);
	wr(PL031_DR, 0); /* read only */
	assert_int_equal(rd(PL031_DR), START + 10);
	/* DDI0224C 3.3.9; QEMU has the same. */
	assert_int_equal(rd(0xfe0) | rd(0xfe4) << 8 | rd(0xfe8) << 16 |
				 rd(0xfec) << 24,
			 0x00141031);
}

static void test_setting_outlives_reset(void **state)
{
	(void)state;
	wr(PL031_LR, 1000);
	assert_int_equal(rd(PL031_DR), 1000);
	assert_int_equal(rd(PL031_LR), 1000);
	fake_advance(3 * SECOND);
	emu_device_reset(&fake_dev);
	assert_int_equal(rd(PL031_DR), 1003);
	assert_int_equal(rd(PL031_LR), 0);
}

static void test_alarm(void **state)
{
	(void)state;
	wr(PL031_IMSC, 1);
	wr(PL031_MR, START + 2);
	assert_true(fake_timer_armed());
	fake_advance(2 * SECOND - 1);
	assert_false(fake_line);
	assert_int_equal(rd(PL031_DR), START + 1);
	fake_advance(1);
	assert_true(fake_line);
	assert_int_equal(rd(PL031_DR), START + 2);
	assert_int_equal(rd(PL031_MIS), 1);
	assert_false(fake_timer_armed());
	wr(PL031_ICR, 1);
	assert_false(fake_line);
	/* A match at the present time. */
	wr(PL031_MR, START + 2);
	assert_true(fake_line);
	wr(PL031_IMSC, 0);
	assert_false(fake_line);
	assert_int_equal(rd(PL031_RIS), 1);
	assert_int_equal(rd(PL031_MIS), 0);
}

static void test_alarm_moves(void **state)
{
	(void)state;
	wr(PL031_IMSC, 1);
	wr(PL031_MR, START + 100);
	wr(PL031_LR, START + 95); /* now 5 s ahead */
	fake_advance(4 * SECOND);
	assert_false(fake_line);
	fake_advance(SECOND);
	assert_true(fake_line);
	wr(PL031_ICR, 1);
	wr(PL031_MR, START + 50); /* past: it matches after 2^32 - 50 s */
	fake_advance(1000 * SECOND);
	assert_false(fake_line);
	emu_device_reset(&fake_dev);
	assert_false(fake_timer_armed());
}

/* The timer fires, but the guest changes the match before it gets the lock. */
static void test_stale_timer(void **state)
{
	struct pl031 *p = fake_dev.state;

	(void)state;
	wr(PL031_IMSC, 1);
	wr(PL031_MR, START + 2);
	p->alarm.fn(&p->alarm);
	assert_false(fake_line);
	assert_true(fake_timer_armed());
	/* A host that was busy for long does not miss it. */
	fake_now += 50 * SECOND;
	p->alarm.fn(&p->alarm);
	assert_true(fake_line);
	timer_cancel(&p->alarm);
}

static void test_match_wraps(void **state)
{
	(void)state;
	wr(PL031_LR, 0xfffffffe);
	wr(PL031_IMSC, 1);
	wr(PL031_MR, 1);
	fake_advance(2 * SECOND);
	assert_false(fake_line);
	fake_advance(SECOND);
	assert_true(fake_line);
	assert_int_equal(rd(PL031_DR), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shows_host_time, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_setting_outlives_reset,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_moves, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_stale_timer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_match_wraps, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
