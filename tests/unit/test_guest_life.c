/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's own requests: power-off, reset and crash, in any order and several
 * at a time. All around guest.c is faked; the test is the worker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "core/guest/crash.c"
#include "core/guest/guest.c"

#define SECOND UINT64_C(1000000000)

#include "tests/unit/guest_life_fake.h"

/* --- tests -------------------------------------------------------------- */

static void test_power_off(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_POWEROFF);
	settle();
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), 0);
	assert_int_equal(guest.state, GUEST_RUNNING);
	assert_true(running[0]);
}

static void test_reset(void **state)
{
	(void)state;
	now += SECOND;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_int_equal(guest.state, GUEST_RUNNING);
	assert_true(running[0]);
	assert_int_equal(loads, 2);
	assert_int_equal(guest.resets, 1);
}

static void test_reset_that_fails(void **state)
{
	(void)state;
	now += SECOND;
	load_fails = true;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_false(running[0]);
	assert_string_equal(last_error,
			    "guest g cannot be started: the image is bad");
}

static unsigned int told;

static void tell(void *ctx, const char *message)
{
	assert_ptr_equal(ctx, &told);
	assert_string_equal(message, "the image is bad");
	told++;
}

/* A start that fails is reported to its caller, and logged. */
static void test_start_that_fails(void **state)
{
	(void)state;
	told = 0;
	load_fails = true;
	assert_int_equal(guest_reset(&guest, tell, NULL, &told), -ERR_NOENT);
	assert_int_equal(told, 1);
	assert_int_equal(errors_logged, 1);
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_int_equal(guest_start(&guest, tell, NULL, &told), -ERR_NOENT);
	assert_int_equal(told, 2);
	assert_int_equal(errors_logged, 2);
	/* A start in the wrong state is not an attempt, and not logged. */
	load_fails = false;
	assert_int_equal(guest_start(&guest, tell, NULL, &told), 0);
	assert_int_equal(guest_start(&guest, tell, NULL, &told), -ERR_STATE);
	assert_int_equal(errors_logged, 2);
}

/* A guest that resets all the time is loaded only once a second. */
static void test_reset_storm(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		guest_request(&guest, GUEST_ACT_RESET);
		settle();
		pass(SECOND / 100);
	}
	assert_in_range(loads, 9, 11);
	assert_int_equal(guest.state, GUEST_RUNNING);
}

static void test_crash_storm(void **state)
{
	(void)state;
	cfg.on_crash = CRASH_RESTART;
	for (unsigned int i = 0; i < 1000; i++) {
		if (running[0]) {
			guest_crash(&vcpu[0], "%s", "boom");
		}
		settle();
		pass(SECOND / 100);
	}
	assert_in_range(guest.crashes, 9, 11);
	/* Only the first crashes are logged with registers. */
	assert_int_equal(dumps_logged, 4);
}

/* The last crash's report is kept after the restart, and after a stop. */
static void test_crash_report(void **state)
{
	struct crash_report report;
	uint32_t crashes;

	(void)state;
	cfg.on_crash = CRASH_RESTART;
	assert_int_equal(guest_last_crash(&guest, &report, &crashes),
			 -ERR_NOENT);
	for (unsigned int i = 0; i < 10; i++) {
		pass(2 * SECOND);
		guest_crash(&vcpu[i % 2], "boom %u", i);
		settle();
		assert_int_equal(guest.state, GUEST_RUNNING);
		assert_int_equal(guest_last_crash(&guest, &report, &crashes),
				 0);
		assert_int_equal(crashes, i + 1);
		assert_int_equal(report.at, now);
		assert_int_equal(report.vcpu, i % 2);
		assert_int_equal(report.reason[5], '0' + i);
		assert_int_equal(report.length, 10);
		assert_memory_equal(report.text, "registers\n", 10);
	}
	assert_int_equal(guest_stop(&guest), 0);
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), 0);
	assert_int_equal(guest_last_crash(&guest, &report, &crashes), 0);
}

/* A report that does not fit is cut after a whole line. */
static void test_crash_report_is_bounded(void **state)
{
	char line[GUEST_CRASH_TEXT_LEN];
	struct crash_report report;
	uint32_t crashes;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	dump_text = line;
	guest_crash(&vcpu[0], "%s", "boom");
	settle();
	assert_int_equal(guest_last_crash(&guest, &report, &crashes), 0);
	assert_int_equal(report.length, sizeof(line));
	assert_int_equal(report.text[sizeof(line) - 1], '\n');
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), 0);
	dump_text = "";
	guest_crash(&vcpu[0], "%s", "boom");
	settle();
	for (unsigned int i = 0; i < sizeof(line); i++) {
		struct recorder rec = { .report = guest.last_crash };

		record_line(&rec, "12");
	}
	assert_int_equal(guest.last_crash->length, 1 + 1023 * 3);
	dump_text = "registers";
}

/* While it waits for its restart no VCPU of the guest runs, and all commands
 * are possible. */
static void test_stop_while_waiting(void **state)
{
	(void)state;
	running[1] = true;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_int_equal(loads, 1);
	assert_false(running[0] || running[1]);
	assert_int_equal(guest_stop(&guest), 0);
	pass(2 * SECOND);
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_int_equal(loads, 1);
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), 0);
	pass(2 * SECOND);
	assert_true(running[0]);
	assert_int_equal(loads, 2);
}

static void test_start_while_waiting(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_int_equal(guest_reset(&guest, NULL, NULL, NULL), 0);
	assert_true(running[0]);
	pass(2 * SECOND);
	assert_int_equal(loads, 2);
	assert_true(running[0]);
}

static void test_destroy_while_waiting(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_non_null(armed);
	assert_int_equal(guest_destroy(&guest), 0);
	guest_put(&guest);
	assert_true(freed);
}

/* Nothing runs and nothing happens by itself; it can be started again. */
static void test_crash_halts(void **state)
{
	(void)state;
	cfg.on_crash = CRASH_HALT;
	guest_crash(&vcpu[1], "%s", "boom");
	settle();
	assert_int_equal(guest.state, GUEST_CRASHED);
	assert_false(running[0]);
	assert_false(running[1]);
	assert_int_equal(loads, 1);
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), 0);
	assert_int_equal(guest.state, GUEST_RUNNING);
}

/* A VCPU asks for a reset while another's crash is handled. */
static void test_crash_destroys(void **state)
{
	(void)state;
	cfg.on_crash = CRASH_DESTROY;
	guest.refs = 1;
	running[1] = true;
	last_words = GUEST_ACT_RESET;
	guest_crash(&vcpu[0], "%s", "boom");
	settle();
	assert_true(freed);
}

static void test_first_request_stands(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_POWEROFF);
	guest_crash(&vcpu[1], "%s", "boom");
	settle();
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_int_equal(guest.crashes, 0);
}

/* --- what a person says, and what the guest asks for ---------------------- */

enum asks { ASKS_POWEROFF, ASKS_RESET, ASKS_HALT, ASKS_RESTART, ASKS_DESTROY };
#define NR_ASKS (ASKS_DESTROY + 1)

/* When the guest asks, relative to the operator's command. */
enum moment {
	BEFORE,  /* before it, and the worker has not run yet */
	WAITING, /* its restart is due later */
	NR_MOMENTS
};

static void ask(enum asks what)
{
	static const enum crash_policy policies[] = {
		[ASKS_HALT] = CRASH_HALT,
		[ASKS_RESTART] = CRASH_RESTART,
		[ASKS_DESTROY] = CRASH_DESTROY,
	};

	if (what == ASKS_POWEROFF || what == ASKS_RESET) {
		guest_request(&guest, what == ASKS_RESET ? GUEST_ACT_RESET
							 : GUEST_ACT_POWEROFF);
		return;
	}
	cfg.on_crash = policies[what];
	guest_crash(&vcpu[0], "%s", "boom");
}

/* Set up a guest that asks for `what` at that moment; false: there is no such
 * case. */
static bool arrange(void **state, enum asks what, enum moment when)
{
	if (when == WAITING && what != ASKS_RESET && what != ASKS_RESTART) {
		return false;
	}
	assert_int_equal(setup(state), 0);
	running[1] = true;
	if (when != WAITING) {
		now += 2 * SECOND;
	}
	ask(what);
	if (when == WAITING) {
		settle();
		assert_non_null(armed);
	}
	return true;
}

#define FOR_ALL(what, when) \
	for (enum asks what = 0; what < NR_ASKS; what++) \
		for (enum moment when = 0; when < NR_MOMENTS; when++)

static void pass_long(void)
{
	for (unsigned int i = 0; i < 10; i++) {
		pass(SECOND);
	}
}

/* Check that its request was carried out. */
static void check_done(enum asks what, unsigned int loads_before)
{
	static const enum guest_state states[] = {
		[ASKS_POWEROFF] = GUEST_STOPPED, [ASKS_RESET] = GUEST_RUNNING,
		[ASKS_HALT] = GUEST_CRASHED,     [ASKS_RESTART] = GUEST_RUNNING,
		[ASKS_DESTROY] = GUEST_STOPPED,
	};
	bool runs = states[what] == GUEST_RUNNING;

	assert_int_equal(guest.state, states[what]);
	assert_int_equal(guest.destroyed, what == ASKS_DESTROY);
	assert_int_equal(running[0], runs);
	assert_false(running[1]);
	assert_int_equal(loads, loads_before + runs);
	assert_int_equal(guest.crashes, what >= ASKS_HALT);
}

static void test_pause_holds(void **state)
{
	FOR_ALL(what, when)
	{
		if (!arrange(state, what, when)) {
			continue;
		}
		assert_int_equal(guest_pause(&guest), 0);
		pass_long();
		assert_int_equal(guest.state, GUEST_PAUSED);
		assert_int_equal(loads, 1);
		assert_int_equal(guest_pause(&guest), -ERR_STATE);
		assert_int_equal(guest_start(&guest, NULL, NULL, NULL),
				 -ERR_STATE);
		/* The guest is held. */
		assert_int_equal(guest_hold(&guest), 0);
		guest_release(&guest);
		pass_long();
		assert_int_equal(guest.state, GUEST_PAUSED);
		assert_int_equal(loads, 1);
		assert_int_equal(guest_resume(&guest), 0);
		pass_long();
		check_done(what, 1);
	}
}

/* A request of a paused guest, from a VCPU's last trap. */
static void test_request_of_a_paused_guest(void **state)
{
	for (enum asks what = 0; what < NR_ASKS; what++) {
		assert_int_equal(setup(state), 0);
		now += 2 * SECOND;
		assert_int_equal(guest_pause(&guest), 0);
		ask(what);
		pass_long();
		assert_int_equal(guest.state, GUEST_PAUSED);
		assert_true(stands[0] && stands[1]);
		assert_int_equal(guest_resume(&guest), 0);
		pass_long();
		check_done(what, 1);
	}
}

static void test_stop_holds(void **state)
{
	FOR_ALL(what, when)
	{
		for (unsigned int first_pause = 0; first_pause < 2;
		     first_pause++) {
			if (!arrange(state, what, when)) {
				continue;
			}
			if (first_pause) {
				assert_int_equal(guest_pause(&guest), 0);
			}
			assert_int_equal(guest_stop(&guest), 0);
			pass_long();
			assert_int_equal(guest.state, GUEST_STOPPED);
			assert_int_equal(loads, 1);
			assert_false(running[0] || running[1]);
			/* A crash is counted once, whoever was first. */
			assert_int_equal(guest.crashes, what >= ASKS_HALT);
			assert_int_equal(guest_resume(&guest), -ERR_STATE);
			assert_int_equal(guest_start(&guest, NULL, NULL, NULL),
					 0);
			pass_long();
			assert_int_equal(guest.state, GUEST_RUNNING);
			assert_int_equal(loads, 2);
		}
	}
}

static void test_reset_holds(void **state)
{
	FOR_ALL(what, when)
	{
		for (unsigned int first_pause = 0; first_pause < 2;
		     first_pause++) {
			if (!arrange(state, what, when)) {
				continue;
			}
			if (first_pause) {
				assert_int_equal(guest_pause(&guest), 0);
			}
			assert_int_equal(guest_reset(&guest, NULL, NULL, NULL),
					 0);
			pass_long();
			assert_int_equal(guest.state, GUEST_RUNNING);
			assert_true(running[0]);
			assert_false(stands[0] || stands[1]);
			assert_int_equal(loads, 2);
			assert_int_equal(guest.crashes, what >= ASKS_HALT);
		}
	}
}

static void test_destroy_holds(void **state)
{
	FOR_ALL(what, when)
	{
		if (!arrange(state, what, when)) {
			continue;
		}
		assert_int_equal(guest_hold(&guest), 0);
		assert_int_equal(guest_destroy(&guest), 0);
		guest_release(&guest);
		assert_int_equal(guest_start(&guest, NULL, NULL, NULL),
				 -ERR_NOENT);
		assert_false(guest.action_work.pending);
		assert_null(armed);
		guest_put(&guest);
		assert_true(freed);
	}
}

static void test_power_key_holds(void **state)
{
	FOR_ALL(what, when)
	{
		if (!arrange(state, what, when) || when != WAITING) {
			continue;
		}
		assert_int_equal(guest_powerdown(&guest), 0);
		pass_long();
		assert_int_equal(guest.state, GUEST_STOPPED);
		assert_int_equal(loads, 1);
	}
}

/* Between the policy's decision and the end of the guest it cannot be
 * started. */
static void test_destroyed_by_policy_stays(void **state)
{
	assert_true(arrange(state, ASKS_DESTROY, BEFORE));
	settle();
	assert_int_equal(guest_start(&guest, NULL, NULL, NULL), -ERR_NOENT);
	assert_int_equal(guest_destroy(&guest), -ERR_NOENT);
	assert_int_equal(loads, 1);
	guest_put(&guest);
	assert_true(freed);
}

/* The end of a hold does not resume a guest that was paused since, and a guest
 * started during a hold does not run. */
static void test_holds(void **state)
{
	(void)state;
	assert_int_equal(guest_hold(&guest), 0);
	assert_int_equal(guest_hold(&guest), 0);
	assert_true(stands[0] && stands[1]);
	assert_int_equal(guest.state, GUEST_RUNNING);
	guest_release(&guest);
	assert_true(stands[0] && stands[1]);
	assert_int_equal(guest_pause(&guest), 0);
	guest_release(&guest);
	assert_true(stands[0] && stands[1]);
	assert_int_equal(guest_hold(&guest), 0);
	assert_int_equal(guest_resume(&guest), 0);
	assert_true(stands[0] && stands[1]);
	assert_int_equal(guest_reset(&guest, NULL, NULL, NULL), 0);
	assert_true(stands[0] && stands[1]);
	guest_release(&guest);
	assert_false(stands[0] || stands[1]);
	assert_true(running[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_power_off, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_reset_that_fails, setup),
		cmocka_unit_test_setup(test_reset_storm, setup),
		cmocka_unit_test_setup(test_crash_storm, setup),
		cmocka_unit_test_setup(test_crash_report, setup),
		cmocka_unit_test_setup(test_crash_report_is_bounded, setup),
		cmocka_unit_test_setup(test_stop_while_waiting, setup),
		cmocka_unit_test_setup(test_start_while_waiting, setup),
		cmocka_unit_test_setup(test_destroy_while_waiting, setup),
		cmocka_unit_test_setup(test_crash_halts, setup),
		cmocka_unit_test_setup(test_crash_destroys, setup),
		cmocka_unit_test_setup(test_first_request_stands, setup),
		cmocka_unit_test_setup(test_start_that_fails, setup),
		cmocka_unit_test_setup(test_pause_holds, setup),
		cmocka_unit_test_setup(test_request_of_a_paused_guest, setup),
		cmocka_unit_test_setup(test_stop_holds, setup),
		cmocka_unit_test_setup(test_reset_holds, setup),
		cmocka_unit_test_setup(test_destroy_holds, setup),
		cmocka_unit_test_setup(test_power_key_holds, setup),
		cmocka_unit_test_setup(test_destroyed_by_policy_stays, setup),
		cmocka_unit_test_setup(test_holds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
