/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's life as it asks for it itself: power-off, reset, crash, in any
 * order and more than one at a time. The world around guest.c is made here;
 * the test is the worker.
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

/* --- the world ---------------------------------------------------------- */

static struct percpu cpu;
static struct guest guest;
static struct guest_config cfg;
static struct vcpu vcpu[2];
static struct vcpu *vcpus[] = { &vcpu[0], &vcpu[1] };
static bool running[2];
static bool freed;
static unsigned int loads, dumps_logged;
static bool load_fails;
static const char *dump_text = "registers";
static struct timer *armed;
static uint64_t now;
/* What a VCPU still does when it is told to stop. */
static enum guest_action last_words;

struct percpu *arch_percpu(void)
{
	return &cpu;
}

void host_point(void)
{
}

void log_line(enum log_level level, const char *fmt, ...)
{
	(void)level;
	dumps_logged += strcmp(fmt, "  %s") == 0;
}

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void heap_free(void *p)
{
	free(p);
}

uint64_t time_now_ns(void)
{
	return now;
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return ns;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
}

void timer_set(struct timer *t, ticks_t deadline)
{
	t->deadline = deadline;
	armed = t;
}

void timer_cancel(struct timer *t)
{
	armed = armed == t ? NULL : armed;
}

void mutex_init(struct mutex *m)
{
	memset(m, 0, sizeof(*m));
}

void mutex_lock(struct mutex *m)
{
	assert_null(m->owner);
	m->owner = &vcpu[0];
}

void mutex_unlock(struct mutex *m)
{
	assert_non_null(m->owner);
	m->owner = NULL;
}

void work_init(struct work *w, void (*fn)(struct work *w))
{
	w->fn = fn;
	w->pending = false;
}

void work_queue(struct work *w)
{
	w->pending = true;
}

void work_cancel(struct work *w)
{
	w->pending = false;
}

bool sched_start(struct vcpu *v)
{
	running[v->index] = true;
	return true;
}

void sched_wake(struct vcpu *v)
{
	(void)v;
}

void sched_pause(struct vcpu *v)
{
	(void)v;
}

void sched_resume(struct vcpu *v)
{
	(void)v;
}

void sched_wait_off(struct vcpu *v)
{
	assert_true(v->stop_requested);
	if (running[v->index] && last_words != GUEST_ACT_NONE) {
		guest_request(&guest, last_words);
	}
	running[v->index] = false;
}

int cpu_call(unsigned int target, void (*fn)(void *arg), void *arg, bool wait)
{
	(void)target;
	(void)wait;
	fn(arg);
	return 0;
}

void emu_device_pause(struct emu_device *dev, bool paused)
{
	(void)dev;
	(void)paused;
}

void emu_device_reset(struct emu_device *dev)
{
	(void)dev;
}

int emu_power_key(struct emu_device *devs, size_t n)
{
	(void)devs;
	(void)n;
	return -ERR_NOSUPP;
}

void arch_guest_reset(struct guest *g)
{
	(void)g;
}

void arch_guest_time_pause(struct guest *g)
{
	(void)g;
}

void arch_guest_time_resume(struct guest *g)
{
	(void)g;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	(void)entry;
	(void)arg;
	assert_false(running[v->index]);
}

void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx)
{
	assert_non_null(v);
	line(ctx, dump_text);
}

int guest_load(struct guest *g, struct guest_entry *entry,
	       config_report_t report, void *ctx)
{
	(void)g;
	(void)report;
	(void)ctx;
	*entry = (struct guest_entry){ 0 };
	loads++;
	return load_fails ? -ERR_NOENT : 0;
}

void guest_free(struct guest *g)
{
	assert_false(g->action_work.pending);
	assert_false(running[0] || running[1]);
	assert_null(armed);
	freed = true;
}

/* The worker, and time, until nothing is left to do. */
static void settle(void)
{
	while (!freed && guest.action_work.pending) {
		guest.action_work.pending = false;
		guest.action_work.fn(&guest.action_work);
	}
}

static void pass(uint64_t ns)
{
	struct timer *t = armed;

	now += ns;
	if (t && now >= t->deadline) {
		armed = NULL;
		t->fn(t);
	}
	settle();
}

static int setup(void **state)
{
	(void)state;
	free(guest.last_crash);
	memset(&guest, 0, sizeof(guest));
	memset(running, 0, sizeof(running));
	memset(vcpu, 0, sizeof(vcpu));
	vcpu[1].index = 1;
	vcpu[0].guest = &guest;
	vcpu[1].guest = &guest;
	cfg = (struct guest_config){ .vcpus = 2 };
	guest_life_init(&guest);
	guest.cfg = &cfg;
	guest.name = "g";
	guest.vcpus = vcpus;
	guest.refs = 2;
	list_init(&guests);
	list_append(&guests, &guest.node);
	freed = false;
	load_fails = false;
	loads = 0;
	dumps_logged = 0;
	armed = NULL;
	last_words = GUEST_ACT_NONE;
	now += 100 * SECOND;
	return guest_start(&guest, report_to_log, &guest);
}

/* --- tests -------------------------------------------------------------- */

static void test_power_off(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_POWEROFF);
	settle();
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_int_equal(guest_start(&guest, report_to_log, &guest), 0);
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
}

/* A guest that does nothing but reset costs one load in a second. */
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
	/* The log has the registers of the first ones only. */
	assert_int_equal(dumps_logged, 4);
}

/* The last crash's report is there after the restart, and after a stop. */
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
		assert_int_equal(
			guest_last_crash(&guest, &report, &crashes), 0);
		assert_int_equal(crashes, i + 1);
		assert_int_equal(report.at, now);
		assert_int_equal(report.vcpu, i % 2);
		assert_int_equal(report.reason[5], '0' + i);
		assert_int_equal(report.length, 10);
		assert_memory_equal(report.text, "registers\n", 10);
	}
	assert_int_equal(guest_stop(&guest), 0);
	assert_int_equal(guest_start(&guest, report_to_log, &guest), 0);
	assert_int_equal(guest_last_crash(&guest, &report, &crashes), 0);
}

/* More than a report takes: whole lines up to there. */
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
	assert_int_equal(guest_start(&guest, report_to_log, &guest), 0);
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

/* While it waits for its restart no VCPU of the guest runs, and a person
 * may do anything. */
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
	assert_int_equal(guest_start(&guest, report_to_log, &guest), 0);
	pass(2 * SECOND);
	assert_true(running[0]);
	assert_int_equal(loads, 2);
}

static void test_start_while_waiting(void **state)
{
	(void)state;
	guest_request(&guest, GUEST_ACT_RESET);
	settle();
	assert_int_equal(guest_reset(&guest, report_to_log, &guest), 0);
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

/* A VCPU asks for a reset while another's crash is being answered. */
/* Nothing runs and nothing comes by itself; it can be started anew. */
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
	assert_int_equal(guest_start(&guest, report_to_log, &guest), 0);
	assert_int_equal(guest.state, GUEST_RUNNING);
}

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
