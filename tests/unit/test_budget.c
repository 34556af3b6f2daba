/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Budgets in use (core/budget/account.c): which VCPU is throttled when and for
 * how long, and what is charged to it.
 */
#include "budget_fake.h"

#define STEPS 20000
#define LATE 50 /* most events until an overflow is noticed */

/* --- one VCPU ------------------------------------------------------------- */

static void test_throttled_until_the_next_period(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	advance(100);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, 0), EVENTS);
	assert_int_equal(cause(0, EVENTS - 1), EVENTS - 1);
	assert_false(throttled[0][0]);
	assert_int_equal(cause(0, 1), 1);
	assert_true(throttled[0][0]);
	assert_int_equal(info_of(0, 0).waiting, 1);
	assert_int_equal(info_of(0, 0).throttles, 1);
	/* The period began when the budget was set, 100 ticks before. */
	advance(PERIOD - 101);
	assert_true(throttled[0][0]);
	advance(1);
	assert_false(throttled[0][0]);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, 0), EVENTS);
	assert_int_equal(info_of(0, 0).used[BUDGET_ACCESSES], EVENTS);
	assert_int_equal(info_of(0, 0).overrun[BUDGET_ACCESSES], 0);
}

/* What it has used stays charged, however often it is switched. */
static void test_switches(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	for (unsigned int i = 0; i < 63; i++) {
		enter(i % CPUS, v);
		assert_int_equal(host_pmu_left(i % CPUS, 0), EVENTS - 1000 * i);
		(void)cause(i % CPUS, 1000);
		leave(i % CPUS);
		assert_false(host_pmu_on(i % CPUS, 0));
	}
	/* It uses the last of it as it loses the CPU: it waits as soon as it
	 * gets one. */
	enter(0, v);
	(void)host_pmu_count(0, 0, 1000);
	leave(0);
	assert_false(throttled[0][0]);
	enter(0, v);
	assert_true(throttled[0][0]);
	advance(PERIOD);
	assert_false(throttled[0][0]);
}

/* Late interrupts are paid for by the periods that follow. */
static void test_late_overflow(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	enter(0, v);
	(void)cause_late(0, BUDGET_ACCESSES, EVENTS, 40);
	assert_true(throttled[0][0]);
	assert_int_equal(info_of(0, 0).overrun[BUDGET_ACCESSES], 40);
	advance(PERIOD);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, 0), EVENTS - 40);
	(void)cause(0, EVENTS - 40);
	assert_true(throttled[0][0]);
	/* More than several periods allow. */
	advance(PERIOD);
	enter(0, v);
	(void)cause_late(0, BUDGET_ACCESSES, EVENTS, 2 * EVENTS + 7);
	advance(2 * PERIOD);
	assert_true(throttled[0][0]);
	advance(PERIOD);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, 0), EVENTS - 7);
}

/* A VCPU that runs when its period ends is charged for it, and goes on with a
 * new grant in the same interrupt. */
static void test_period_ends_while_it_runs(void **state)
{
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	give(0, 0, EVENTS);
	enter(0, v);
	for (unsigned int i = 0; i < 10; i++) {
		(void)cause(0, 60000);
		advance(PERIOD);
		assert_int_equal(host_pmu_left(0, 0), EVENTS);
	}
	assert_int_equal(info_of(0, 0).throttles, 0);
	assert_int_equal(info_of(0, 0).used[BUDGET_ACCESSES], 600000);
	/* No VCPU runs or waits: no more interrupts. */
	leave(0);
	advance(PERIOD);
	advance(PERIOD);
	assert_null(first_due());
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		assert_null(armed[i]);
	}
}

/* Budgets for reads and for writes: either throttles. */
static void test_writes(void **state)
{
	struct budget_spec spec = spec_of(EVENTS);
	struct vcpu *v = of_index(0, 0);

	(void)state;
	cfgs[0].vcpus = 1;
	spec.events[BUDGET_WRITES] = 2000;
	spec.event[BUDGET_WRITES] = WRITES;
	assert_int_equal(set_spec(0, 0, &spec), 0);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, BUDGET_WRITES), 2000);
	(void)cause(0, 1000);
	(void)cause_late(0, BUDGET_WRITES, 2000, 0);
	assert_true(throttled[0][0]);
	assert_false(host_pmu_on(0, BUDGET_ACCESSES));
	advance(PERIOD);
	enter(0, v);
	assert_int_equal(host_pmu_left(0, BUDGET_WRITES), 2000);
	(void)cause(0, EVENTS);
	assert_true(throttled[0][0]);
	assert_int_equal(info_of(0, 0).used[BUDGET_ACCESSES], EVENTS + 1000);
	assert_int_equal(info_of(0, 0).used[BUDGET_WRITES], 2000);
}

/* --- several -------------------------------------------------------------- */

/* A grant is a part of the budget, so that one VCPU does not take what others
 * need. */
static void test_parts(void **state)
{
	(void)state;
	cfgs[0].vcpus = 2;
	give(0, BUDGET_OF_GUEST, EVENTS);
	enter(0, of_index(0, 0));
	assert_int_equal(host_pmu_left(0, 0), EVENTS / 8);
	enter(1, of_index(0, 1));
	assert_int_equal(host_pmu_left(1, 0), (EVENTS - EVENTS / 8) / 8);
	/* A single VCPU may use all but what the other is granted. */
	assert_int_equal(cause(0, EVENTS), EVENTS - 7000);
	assert_true(throttled[0][0]);
	assert_false(throttled[0][1]);
	/* The other gives back what it does not need of its grant. */
	(void)cause(1, 1000);
	leave(1);
	assert_int_equal(info_of(0, BUDGET_OF_GUEST).used[0], EVENTS - 6000);
	advance(PERIOD);
	assert_false(throttled[0][0]);
	assert_int_equal(info_of(0, BUDGET_OF_GUEST).throttles, 1);
}

/* Its own budget and its guest's: the smaller one takes effect, both are
 * charged. */
static void test_own_and_guests(void **state)
{
	(void)state;
	cfgs[0].vcpus = 2;
	give(0, BUDGET_OF_GUEST, EVENTS);
	give(0, 0, 5000);
	enter(0, of_index(0, 0));
	assert_int_equal(host_pmu_left(0, 0), 5000);
	(void)cause(0, 5000);
	assert_true(throttled[0][0]);
	enter(1, of_index(0, 1));
	assert_int_equal(cause(1, EVENTS), EVENTS - 5000);
	assert_true(throttled[0][1]);
	advance(PERIOD);
	assert_int_equal(count_throttled(0), 0);
	assert_int_equal(info_of(0, 0).used[0], 5000);
	assert_int_equal(info_of(0, BUDGET_OF_GUEST).used[0], EVENTS);
}

/* However many wait, an interrupt lets 16 go on, and the next ones the rest. */
static void test_many_wait(void **state)
{
	(void)state;
	give(0, BUDGET_OF_GUEST, EVENTS);
	enter(0, of_index(0, 0));
	(void)cause(0, EVENTS);
	for (unsigned int i = 1; i < VCPUS; i++) {
		enter(0, of_index(0, i));
	}
	assert_int_equal(count_throttled(0), VCPUS);
	now += PERIOD;
	assert_int_equal(interrupts(), 1);
	assert_int_equal(count_throttled(0), VCPUS - 16);
	now++;
	assert_int_equal(interrupts(), 1);
	assert_int_equal(count_throttled(0), VCPUS - 32);
	now++;
	assert_int_equal(interrupts(), 1);
	assert_int_equal(count_throttled(0), 0);
}

static unsigned int rnd(unsigned int n)
{
	static uint64_t x = 88172645463325252U;

	x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned int)(x >> 33) % n;
}

static bool runs_elsewhere(unsigned int cpu, const struct vcpu *v)
{
	return cpus[!cpu].current == v;
}

/* In any order of operations, each event is charged once, and over all periods
 * there are no more events than the budget allows, plus those of the last late
 * overflow. */
static void test_random(void **state)
{
	uint64_t caused = 0, periods;
	ticks_t begin;

	(void)state;
	cfgs[0].vcpus = 4;
	give(0, BUDGET_OF_GUEST, EVENTS);
	give(0, 3, 9000);
	begin = now;
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int cpu = rnd(CPUS);
		struct vcpu *v = of_index(0, rnd(4));

		switch (rnd(4)) {
		case 0:
			leave(cpu);
			if (!*flag_of(v) && !runs_elsewhere(cpu, v)) {
				enter(cpu, v);
			}
			break;
		case 1:
			advance(rnd(40));
			break;
		default:
			caused += cause_late(cpu, BUDGET_ACCESSES, rnd(4000),
					     rnd(LATE));
			break;
		}
	}
	leave(0);
	leave(1);
	periods = (now - begin) / PERIOD + 1;
	assert_int_equal(info_of(0, BUDGET_OF_GUEST).used[0], caused);
	assert_true(info_of(0, BUDGET_OF_GUEST).throttles > periods / 4);
	assert_true(caused <= periods * EVENTS + LATE * CPUS);
	assert_true(caused > periods * EVENTS * 3 / 4);
	assert_true(info_of(0, 3).used[0] <= periods * 9000 + LATE);
	advance(2 * PERIOD);
	assert_int_equal(count_throttled(0), 0);
}

/* A VCPU that does not need its budget lends it to one that has used up its
 * own. */
static void test_reclaim(void **state)
{
	struct budget_spec spec = spec_of(EVENTS);

	(void)state;
	cfgs[0].vcpus = cfgs[1].vcpus = 1;
	spec.reclaim = true;
	assert_int_equal(set_spec(0, 0, &spec), 0);
	assert_int_equal(set_spec(1, 0, &spec), 0);
	/* It hardly runs: its expected use becomes less. */
	enter(1, of_index(1, 0));
	for (unsigned int i = 0; i < 20; i++) {
		(void)cause(1, 100);
		advance(PERIOD);
	}
	enter(0, of_index(0, 0));
	assert_true(cause(0, 2 * EVENTS) > EVENTS * 3 / 2);
	/* It lends no more than it is not expected to use. */
	assert_int_equal(cause(1, EVENTS / 8 - 1), EVENTS / 8 - 1);
	assert_false(throttled[1][0]);
	(void)cause(1, 1);
	assert_true(throttled[1][0]);
	/* It needed more, so it has all of the next period. */
	advance(PERIOD);
	enter(1, of_index(1, 0));
	assert_int_equal(cause(1, EVENTS - 1), EVENTS - 1);
	/* When it waits for something it lends period after period. */
	leave(1);
	advance(20 * PERIOD);
	for (unsigned int i = 0; i < 3; i++) {
		enter(0, of_index(0, 0));
		assert_true(cause(0, 2 * EVENTS) > EVENTS * 3 / 2);
		advance(PERIOD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_throttled_until_the_next_period),
		T(test_switches),
		T(test_late_overflow),
		T(test_period_ends_while_it_runs),
		T(test_writes),
		T(test_parts),
		T(test_own_and_guests),
		T(test_many_wait),
		T(test_random),
		T(test_reclaim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
