/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of budgets, against a model that counts events one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <cmocka.h>

#include "core/budget/pool_priv.h"

#define PERIOD 1000

static const uint64_t limit[BUDGET_KINDS] = { 100, 0 };

static struct budget_part *begin(struct budget_pool *p)
{
	budget_pool_begin(p, limit, PERIOD, 5000);
	return &p->part[BUDGET_ACCESSES];
}

static void test_periods_are_absolute(void **state)
{
	struct budget_pool p;

	(void)state;
	(void)begin(&p);
	assert_int_equal(p.next, 6000);
	assert_int_equal(budget_pool_roll(&p, 5999), 0);
	/* However late roll() is called, the next period begins on time. */
	assert_int_equal(budget_pool_roll(&p, 6000), 1);
	assert_int_equal(p.next, 7000);
	assert_int_equal(budget_pool_roll(&p, 7999), 1);
	assert_int_equal(p.next, 8000);
	assert_int_equal(budget_pool_roll(&p, 1000999), 993);
	assert_int_equal(p.next, 1001000);
}

static void test_all_is_granted_once(void **state)
{
	struct budget_pool p;
	struct budget_part *a = begin(&p);

	(void)state;
	assert_int_equal(budget_pool_take(a, 70), 70);
	assert_int_equal(budget_pool_take(a, 70), 30);
	assert_int_equal(budget_pool_take(a, 70), 0);
	assert_false(budget_pool_has_left(&p));
	budget_pool_settle(a, 70, 20);
	assert_int_equal(a->left, 50);
	assert_int_equal(a->used, 20);
	assert_true(budget_pool_has_left(&p));
}

/* Grants that are out when a period ends are part of the next one's budget. */
static void test_out_counts_in_the_next(void **state)
{
	struct budget_pool p;
	struct budget_part *a = begin(&p);

	(void)state;
	assert_int_equal(budget_pool_take(a, 60), 60);
	assert_int_equal(budget_pool_roll(&p, 6000), 1);
	assert_int_equal(a->left, 40);
	budget_pool_settle(a, 60, 10);
	assert_int_equal(a->left, 90);
}

static void test_late_overflow_is_charged(void **state)
{
	struct budget_pool p;
	struct budget_part *a = begin(&p);

	(void)state;
	assert_int_equal(budget_pool_take(a, 100), 100);
	budget_pool_settle(a, 100, 130);
	assert_int_equal(a->debt, 30);
	assert_int_equal(a->overrun, 30);
	assert_int_equal(budget_pool_roll(&p, 6000), 1);
	assert_int_equal(a->left, 70);
	assert_int_equal(a->debt, 0);
	/* A debt above a period's budget: whole periods pass with no budget. */
	assert_int_equal(budget_pool_take(a, 70), 70);
	budget_pool_settle(a, 70, 320);
	assert_int_equal(a->debt, 250);
	assert_int_equal(budget_pool_roll(&p, 7000), 1);
	assert_int_equal(a->left, 0);
	assert_int_equal(a->debt, 150);
	assert_false(budget_pool_has_left(&p));
	/* Periods that passed without a call pay too. */
	assert_int_equal(budget_pool_roll(&p, 9999), 2);
	assert_int_equal(a->debt, 0);
	assert_int_equal(a->left, 50);
}

/* An overrun is first taken from what is left in the same period. */
static void test_overrun_of_a_part(void **state)
{
	struct budget_pool p;
	struct budget_part *a = begin(&p);

	(void)state;
	assert_int_equal(budget_pool_take(a, 50), 50);
	budget_pool_settle(a, 50, 60);
	assert_int_equal(a->left, 40);
	assert_int_equal(a->debt, 0);
	assert_int_equal(a->overrun, 0);
}

static void test_throttles_are_periods(void **state)
{
	struct budget_pool p;

	(void)state;
	(void)begin(&p);
	budget_pool_note_dry(&p);
	budget_pool_note_dry(&p);
	assert_int_equal(p.throttles, 1);
	assert_int_equal(budget_pool_roll(&p, 6000), 1);
	budget_pool_note_dry(&p);
	assert_int_equal(p.throttles, 2);
}

static void test_donation(void **state)
{
	struct budget_pool p;
	struct budget_part *a = begin(&p);

	(void)state;
	/* Its use is not known yet, so it keeps all. */
	assert_int_equal(budget_pool_donate(a), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(budget_pool_take(a, 40), 40);
		budget_pool_settle(a, 40, 40);
		assert_int_equal(budget_pool_roll(&p, p.next), 1);
	}
	/* 40 is expected, and an eighth more is kept. */
	assert_in_range(a->expected, 39, 41);
	assert_in_range(budget_pool_donate(a), 54, 56);
	assert_int_equal(a->left + a->donated, 100);
	/* The last eighth is never donated. */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(budget_pool_roll(&p, p.next), 1);
	}
	assert_int_equal(budget_pool_donate(a), 88);
	budget_pool_borrow(a, 30);
	assert_int_equal(a->left, 42);
	/* It needed what it had lent: in the next period it keeps all. */
	assert_int_equal(budget_pool_take(a, 12), 12);
	budget_pool_settle(a, 12, 12);
	assert_int_equal(budget_pool_roll(&p, p.next), 1);
	assert_int_equal(budget_pool_donate(a), 0);
	assert_int_equal(a->left, 100);
}

/*
 * Three users whose grants end at random times, sometimes late: no period
 * counts more than its budget, except what the last grants overran, which is
 * missing afterwards.
 */
static void test_random(void **state)
{
	enum { USERS = 3, STEPS = 200000 };
	uint64_t out[USERS] = { 0 }, counted[USERS] = { 0 };
	uint64_t total = 0, periods = 0, late = 0;
	struct budget_pool p;
	struct budget_part *a = begin(&p);
	ticks_t now = 5000;

	(void)state;
	srand(7);
	for (int i = 0; i < STEPS; i++) {
		unsigned int u = (unsigned int)rand() % USERS;

		now += (unsigned int)rand() % 50;
		if (out[u] == 0) {
			periods += budget_pool_roll(&p, now);
			out[u] = budget_pool_take(a, 1 + (unsigned int)rand() %
								     60);
		} else if (counted[u] < out[u] && rand() % 3) {
			counted[u] += 1 + (unsigned int)rand() %
						  (out[u] - counted[u]);
		} else {
			uint64_t over = 0;

			if (counted[u] == out[u] && rand() % 8 == 0) {
				over = (unsigned int)rand() % 20;
			}
			total += counted[u] + over;
			late = MAX(late, over);
			budget_pool_settle(a, out[u], counted[u] + over);
			out[u] = counted[u] = 0;
			periods += budget_pool_roll(&p, now);
		}
		assert_true(a->left + a->out <= 100);
		assert_int_equal(a->out, out[0] + out[1] + out[2]);
		assert_int_equal(a->used, total);
		/* Each late grant can add its overrun once. */
		assert_true(total + a->out <=
			    (periods + 1) * 100 + USERS * late);
	}
	/* The users did get something. */
	assert_true(total > periods * 80);
	assert_true(a->overrun > 0);
}

/* The largest numbers do not overflow. */
static void test_ends(void **state)
{
	const uint64_t big[BUDGET_KINDS] = { BUDGET_EVENTS_MAX,
					     BUDGET_EVENTS_MAX };
	struct budget_pool p;

	(void)state;
	budget_pool_begin(&p, big, 1, 0);
	assert_true(budget_pool_take(&p.part[1], UINT64_MAX) ==
		    BUDGET_EVENTS_MAX);
	budget_pool_settle(&p.part[1], BUDGET_EVENTS_MAX, UINT64_C(1) << 40);
	assert_true(budget_pool_roll(&p, UINT64_MAX - 1) == UINT64_MAX - 1);
	assert_true(p.part[1].left == BUDGET_EVENTS_MAX);
	assert_int_equal(p.part[1].debt, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_periods_are_absolute),
		cmocka_unit_test(test_all_is_granted_once),
		cmocka_unit_test(test_out_counts_in_the_next),
		cmocka_unit_test(test_late_overflow_is_charged),
		cmocka_unit_test(test_overrun_of_a_part),
		cmocka_unit_test(test_throttles_are_periods),
		cmocka_unit_test(test_donation),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
