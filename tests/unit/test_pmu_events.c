/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events by name and number, and whether a CPU has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <libs/error.h>
#include <libs/types.h>
#include <cmocka.h>

#include "arch/arm64/pmu/events.h"

/* Of a Cortex-A57: most of 0 to 0x1d, and none of 32 to 63. */
static const uint64_t a57[2] = { 0x7fff0f3f, 0 };
static const uint64_t qemu[2] = { BIT(0) | BIT(0x11), 0 };
static const uint64_t upper[2] = { BIT(0x11) | BIT(32 + 4), BIT(0x0a) };

static void test_parse(void **state)
{
	uint32_t event = 0;

	(void)state;
	assert_int_equal(pmu_event_parse(a57, "L2D_CACHE_REFILL", &event), 0);
	assert_int_equal(event, 0x17);
	assert_int_equal(pmu_event_parse(a57, "0x19", &event), 0);
	assert_int_equal(event, 0x19);
	assert_int_equal(pmu_event_parse(a57, "17", &event), 0);
	assert_int_equal(event, 17);
	assert_int_equal(pmu_event_parse(a57, "l2d_cache", &event), -ERR_INVAL);
	assert_int_equal(pmu_event_parse(a57, "", &event), -ERR_INVAL);
	assert_int_equal(pmu_event_parse(a57, "0x10000", &event), -ERR_INVAL);
	assert_int_equal(pmu_event_parse(qemu, "INST_RETIRED", &event),
			 -ERR_NOSUPP);
	assert_int_equal(pmu_event_parse(qemu, "0x20", &event), -ERR_NOSUPP);
	/* The registers do not cover these. */
	assert_int_equal(pmu_event_parse(qemu, "BUS_ACCESS_RD", &event), 0);
	assert_int_equal(event, 0x60);
	/* There is no second counter to chain with. */
	assert_int_equal(pmu_event_parse(a57, "0x1e", &event), -ERR_NOSUPP);
	/* v8.1's second range. */
	assert_int_equal(pmu_event_parse(upper, "0x4004", &event), 0);
	assert_int_equal(pmu_event_parse(upper, "0x4005", &event), -ERR_NOSUPP);
	assert_int_equal(pmu_event_parse(upper, "0x2a", &event), 0);
}

static void test_list(void **state)
{
	uint32_t event = 0;

	(void)state;
	assert_true(pmu_event_nth(qemu, 0, &event));
	assert_int_equal(event, 0);
	assert_true(pmu_event_nth(qemu, 1, &event));
	assert_int_equal(event, 0x11);
	assert_false(pmu_event_nth(qemu, 2, &event));
	assert_true(pmu_event_nth(upper, 1, &event));
	assert_int_equal(event, 0x2a);
	assert_true(pmu_event_nth(upper, 2, &event));
	assert_int_equal(event, 0x4004);
	assert_false(pmu_event_nth(upper, 3, &event));
	assert_string_equal(pmu_event_name(0x2a), "L3D_CACHE_REFILL");
	assert_null(pmu_event_name(0x4004));
}

static void test_best(void **state)
{
	static const uint64_t none[2] = { BIT(0), 0 };
	uint32_t event = 0;

	(void)state;
	assert_int_equal(pmu_event_best(a57, &event), 0);
	assert_int_equal(event, 0x19);
	assert_int_equal(pmu_event_best(upper, &event), 0);
	assert_int_equal(event, 0x2a);
	assert_int_equal(pmu_event_best(qemu, &event), 0);
	assert_int_equal(event, 0x11);
	assert_int_equal(pmu_event_best(none, &event), -ERR_NOSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_best),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
