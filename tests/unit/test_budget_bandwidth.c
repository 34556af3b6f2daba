/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What budgets are promised of a bandwidth, and how the rest is shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <libs/error.h>
#include <string.h>
#include <cmocka.h>

#include "core/budget/budget_priv.h"

#define EVENT 7

static char said[256];

static void report(void *ctx, const char *message)
{
	(void)ctx;
	strncpy(said, message, sizeof(said) - 1);
}

static struct budget_spec spec_of(uint64_t events, uint64_t period_us)
{
	return (struct budget_spec){
		.events = { events },
		.event = { EVENT },
		.period_us = period_us,
	};
}

static int promise(const struct budget_spec *spec,
		   const struct budget_spec *old)
{
	said[0] = '\0';
	return bandwidth_promise(spec, old, report, NULL);
}

static struct budget_bandwidth now(void)
{
	struct budget_bandwidth b = { 0 };

	(void)budget_bandwidth_nth(0, &b);
	return b;
}

static void test_promises(void **state)
{
	struct budget_spec a = spec_of(300, 1000), b = spec_of(200, 1000);
	struct budget_spec c = spec_of(201, 1000), odd = spec_of(1, 3);

	(void)state;
	assert_false(budget_bandwidth_nth(0, &(struct budget_bandwidth){ 0 }));
	/* The bandwidth is not known: all is admitted, and counted. */
	assert_int_equal(promise(&a, NULL), 0);
	assert_int_equal(now().promised, 300000);
	assert_int_equal(budget_set_bandwidth(EVENT, 299999), -ERR_BUSY);
	assert_int_equal(budget_set_bandwidth(EVENT, 500000), 0);
	assert_int_equal(promise(&c, NULL), -ERR_BUSY);
	assert_non_null(strstr(said, "200000, which is 200 events in 1000 us"));
	assert_int_equal(now().promised, 300000);
	assert_int_equal(promise(&b, NULL), 0);
	/* A change replaces what was promised before. */
	assert_int_equal(promise(&c, &b), -ERR_BUSY);
	assert_int_equal(promise(&b, &c), 0);
	assert_int_equal(now().promised, 499000);
	bandwidth_release(&a);
	/* Rounded up: thirds of a million and one. */
	assert_int_equal(promise(&odd, NULL), -ERR_BUSY);
	assert_int_equal(budget_set_bandwidth(EVENT, 0), 0);
	assert_int_equal(promise(&odd, NULL), 0);
	assert_int_equal(now().promised, 199000 + 333334);
	bandwidth_release(&odd);
	b.events[0] = 199;
	bandwidth_release(&b);
	assert_false(budget_bandwidth_nth(0, &(struct budget_bandwidth){ 0 }));
}

static void test_shares(void **state)
{
	struct budget_spec a = spec_of(100, 1000), b = spec_of(300, 1000);
	struct budget_spec none = spec_of(200, 1000);

	(void)state;
	a.share = b.share = true;
	assert_int_equal(promise(&a, NULL), 0);
	assert_int_equal(promise(&b, NULL), 0);
	assert_int_equal(promise(&none, NULL), 0);
	assert_int_equal(bandwidth_extra(&a, 0), 0);
	assert_int_equal(budget_set_bandwidth(EVENT, 1000000), 0);
	/* 400 000 are left, one to three. */
	assert_int_equal(bandwidth_extra(&a, 0), 100);
	assert_int_equal(bandwidth_extra(&b, 0), 300);
	assert_int_equal(bandwidth_extra(&none, 0), 0);
	bandwidth_release(&a);
	assert_int_equal(bandwidth_extra(&b, 0), 500);
	assert_int_equal(budget_set_bandwidth(EVENT, BUDGET_BANDWIDTH_MAX), 0);
	assert_true(bandwidth_extra(&b, 0) <= BUDGET_BANDWIDTH_MAX / 1000);
	assert_true(bandwidth_extra(&b, 0) > BUDGET_BANDWIDTH_MAX / 1001);
	assert_int_equal(budget_set_bandwidth(EVENT, BUDGET_BANDWIDTH_MAX + 1),
			 -ERR_RANGE);
	bandwidth_release(&b);
	bandwidth_release(&none);
	assert_int_equal(budget_set_bandwidth(EVENT, 0), 0);
}

static void test_lending(void **state)
{
	struct budget_spec a = spec_of(100, 1000);

	(void)state;
	assert_int_equal(bandwidth_borrow(EVENT, 5), 0);
	assert_int_equal(promise(&a, NULL), 0);
	bandwidth_lend(EVENT, 30, 0);
	assert_int_equal(now().spare, 30);
	assert_int_equal(bandwidth_borrow(EVENT, 20), 20);
	/* The lender's period ends, and what is left of its loan with it. */
	bandwidth_lend(EVENT, 40, 30);
	assert_int_equal(now().spare, 40);
	assert_int_equal(bandwidth_borrow(EVENT, 100), 40);
	assert_int_equal(bandwidth_borrow(EVENT, 100), 0);
	bandwidth_release(&a);
}

static void test_too_many_events(void **state)
{
	struct budget_spec a = spec_of(1000, 1000);

	(void)state;
	for (uint32_t i = 0; i < BUDGET_BANDWIDTHS; i++) {
		assert_int_equal(budget_set_bandwidth(i + 100, 5), 0);
	}
	assert_int_equal(budget_set_bandwidth(99, 5), -ERR_NOMEM);
	assert_int_equal(promise(&a, NULL), -ERR_NOMEM);
	assert_non_null(strstr(said, "too many"));
	for (uint32_t i = 0; i < BUDGET_BANDWIDTHS; i++) {
		assert_int_equal(budget_set_bandwidth(i + 100, 0), 0);
	}
	assert_int_equal(promise(&a, NULL), 0);
	bandwidth_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_lending),
		cmocka_unit_test(test_too_many_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
