/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Setting, changing and removing budgets (core/budget/budget.c): while VCPUs
 * wait, by descriptions, and what is refused.
 */
/* First, because its parameters have names of the fake's functions. */
#include "core/budget/budget.c"

#include "budget_fake.h"

/* --- changes -------------------------------------------------------------- */

static void test_changes_while_it_waits(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	enter(0, v);
	(void)cause(0, EVENTS);
	assert_true(throttled[0][0]);
	/* Another budget, from now on. */
	give(0, 0, 3000);
	assert_false(throttled[0][0]);
	advance(PERIOD / 2);
	enter(0, v);
	(void)cause(0, 3000);
	assert_true(throttled[0][0]);
	advance(PERIOD / 2);
	assert_false(throttled[0][0]);
	enter(0, v);
	(void)cause(0, 3000);
	assert_true(throttled[0][0]);
	/* None. */
	assert_int_equal(budget_remove(&guests[0], 0), 0);
	assert_false(throttled[0][0]);
	assert_null(v->budget);
	assert_int_equal(budget_remove(&guests[0], 0), -ERR_NOENT);
	assert_false(budget_get_info(&guests[0], 0, &(struct budget_info){}));
	enter(0, v);
	assert_false(host_pmu_on(0, 0));
}

/* A guest that is stopped does not wait for its budget, nor begin to. */
static void test_leaves(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	enter(0, v);
	(void)cause(0, EVENTS);
	v->stop_requested = true;
	budget_leave(v);
	assert_false(throttled[0][0]);
	assert_int_equal(info_of(0, 0).waiting, 0);
	enter(0, v);
	assert_false(throttled[0][0]);
	budget_leave(v);
	budget_leave(of_index(1, 0)); /* which has none */
}

/* An interrupt that comes after its VCPU is gone, and one without a VCPU. */
static void test_overflow_of_nobody(void **state)
{
	(void)state;
	budget_overflow();
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	enter(0, of_index(0, 0));
	budget_switch_out(of_index(0, 0));
	budget_overflow();
	assert_false(host_pmu_on(0, 0));
	assert_false(throttled[0][0]);
}

/* --- refused -------------------------------------------------------------- */

static void refused(const struct budget_spec *spec, int error, const char *why)
{
	unsigned int at = holds;

	assert_int_equal(set_spec(0, 0, spec), error);
	assert_non_null(strstr(message, why));
	assert_int_equal(holds, at);
	assert_false(budget_get_info(&guests[0], 0, &(struct budget_info){}));
}

static void test_refused(void **state)
{
	struct budget_spec spec = spec_of(EVENTS), bad;

	(void)state;
	host_pmu_counters = 0;
	refused(&spec, -ERR_NOSUPP, "no event counters");
	host_pmu_counters = 1;
	bad = spec;
	bad.events[BUDGET_WRITES] = EVENTS;
	refused(&bad, -ERR_NOSUPP, "none for writes");
	host_pmu_counters = 2;
	bad.events[BUDGET_WRITES] = BUDGET_EVENTS_MIN - 1;
	refused(&bad, -ERR_INVAL, "999 events");
	bad = spec_of(BUDGET_EVENTS_MAX + 1);
	refused(&bad, -ERR_INVAL, "a budget is of 1000 to");
	bad = spec_of(0);
	refused(&bad, -ERR_INVAL, "0 events");
	bad = spec;
	bad.period_us = BUDGET_PERIOD_MIN_US - 1;
	refused(&bad, -ERR_INVAL, "99 us");
	bad.period_us = BUDGET_PERIOD_MAX_US + 1;
	refused(&bad, -ERR_INVAL, "a period is of");
	hold_error = -ERR_STATE;
	refused(&spec, -ERR_STATE, "");
	hold_error = 0;
	allocations = 0;
	refused(&spec, -ERR_NOMEM, "");
	allocations = -1;
	/* The budgets need 64,000,000 a second. */
	assert_int_equal(budget_set_bandwidth(ACCESSES, 60000000), 0);
	refused(&spec, -ERR_BUSY, "60000 events in 1000 us");
	spec.events[BUDGET_ACCESSES] = 60000;
	assert_int_equal(set_spec(0, 0, &spec), 0);
	/* One counter, one event. */
	spec.event[BUDGET_ACCESSES] = WRITES;
	assert_int_equal(set_spec(0, BUDGET_OF_GUEST, &spec), -ERR_STATE);
	assert_non_null(strstr(message, "others of this guest count accesses"));
	assert_int_equal(set_spec(0, 0, &spec), 0);
	assert_int_equal(set_spec(1, 0, &spec), 0);
	assert_int_equal(budget_remove(&guests[1], 1), -ERR_NOENT);
}

static void test_events(void **state)
{
	uint32_t event = 99;

	(void)state;
	assert_int_equal(budget_event("writes", 0, &event, report, NULL), 0);
	assert_int_equal(event, WRITES);
	assert_int_equal(budget_event("", 0, &event, report, NULL), 0);
	assert_int_equal(event, ACCESSES);
	assert_int_equal(budget_event("", BUDGET_WRITES, &event, report, NULL),
			 -ERR_INVAL);
	assert_non_null(strstr(message, "a budget of writes needs"));
	assert_int_equal(budget_event("loads", 0, &event, report, NULL),
			 -ERR_INVAL);
	assert_non_null(strstr(message, "'loads' is not the name"));
	assert_int_equal(budget_event("0x77", 0, &event, report, NULL),
			 -ERR_NOSUPP);
	assert_non_null(strstr(message, "none, accesses, writes, cycles"));
	assert_true(set_default("cycles"));
	assert_int_equal(budget_event("", 0, &event, report, NULL), 0);
	assert_int_equal(event, 3);
	assert_false(set_default("a name of an event that no CPU has, "
				 "it is so long"));
	assert_true(set_default("accesses"));
}

/* From a description: all of its budgets are set, or none. */
static void test_description(void **state)
{
	(void)state;
	cfgs[0].vcpus = 2;
	cfgs[0].budget = (struct config_budget){ .events = EVENTS,
						 .period_us = PERIOD_US };
	cfgs[0].vcpu_budgets[1] = (struct config_budget){
		.events = 5000, .writes = 2000, .period_us = PERIOD_US
	};
	cfgs[0].budget_write_event = "writes";
	assert_int_equal(budget_init(&guests[0], report, NULL), 0);
	assert_int_equal(info_of(0, BUDGET_OF_GUEST).spec.event[0], ACCESSES);
	assert_int_equal(info_of(0, 1).spec.events[BUDGET_WRITES], 2000);
	assert_int_equal(info_of(0, 1).spec.event[BUDGET_WRITES], WRITES);
	assert_false(budget_get_info(&guests[0], 0, &(struct budget_info){}));
	/* Each VCPU is part of the guest's budget. */
	assert_non_null(of_index(0, 0)->budget);
	budget_fini(&guests[0]);
	assert_null(of_index(0, 0)->budget);
	budget_fini(&guests[0]);

	cfgs[0].budget_event = "loads";
	assert_int_equal(budget_init(&guests[0], report, NULL), -ERR_INVAL);
	assert_null(guests[0].budget);
	cfgs[0].budget_event = NULL;
	cfgs[0].budget_write_event = "0x99";
	assert_int_equal(budget_init(&guests[0], report, NULL), -ERR_NOSUPP);
	budget_fini(&guests[0]);
	cfgs[1].vcpus = 1;
	assert_int_equal(budget_init(&guests[1], report, NULL), 0);
	assert_null(guests[1].budget);
	assert_int_equal(budget_remove(&guests[1], 0), -ERR_NOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_changes_while_it_waits),
		T(test_leaves),
		T(test_overflow_of_nobody),
		T(test_refused),
		T(test_events),
		T(test_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
