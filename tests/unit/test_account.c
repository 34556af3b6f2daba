/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's time on behalf of VCPUs: what is counted, and when. */
#include <core/account.h>

#include "sched_puppet.h"

static int result;
static struct guest *a_guest = (struct guest *)&result; /* never looked at */

static void do_start(struct puppet *p)
{
	(void)p;
	result = account_start();
}

static void do_stop(struct puppet *p)
{
	(void)p;
	result = account_stop();
}

/* Let a thread on CPU 0 do it; calls between CPUs take some rounds. */
static int ask(void (*todo)(struct puppet *p))
{
	result = 1;
	puppets[0].todo = todo;
	rounds(40);
	assert_null(puppets[0].todo);
	return result;
}

/* Its VCPU takes a trap, or goes on, on CPU 1. */
static void exits(struct puppet *p)
{
	unsigned long flags = arch_irq_save();

	account_exit(p->v);
	arch_irq_restore(flags);
}

static void enters(struct puppet *p)
{
	unsigned long flags = arch_irq_save();

	account_enter(p->v);
	arch_irq_restore(flags);
}

static void does(unsigned int n, void (*todo)(struct puppet *p))
{
	puppets[n].todo = todo;
	rounds(1);
	assert_null(puppets[n].todo);
}

static struct account of(unsigned int n)
{
	struct account a;

	host_irq_begin(1);
	account_get(puppets[n].v, &a);
	host_irq_end();
	return a;
}

/* A thread for the commands on CPU 0, a VCPU on CPU 1. */
static void begin(void)
{
	struct cpumask first = only(0), second = only(1);

	create_on(0, 0, 3, &first);
	create_on(0, 1, 3, &second);
	rounds(3);
	puppets[1].v->guest = a_guest;
}

static void finish(void)
{
	puppets[1].v->guest = NULL;
}

/* From the trap to the entry, not before and not behind. */
static void test_trap(void **state)
{
	ticks_t before;

	(void)state;
	begin();
	assert_false(of(1).any);
	host_advance(500);
	assert_int_equal(ask(do_start), 0);
	assert_int_equal(ask(do_start), -ERR_STATE);
	assert_true(of(1).any);
	assert_int_equal(of(1).traps, 0);
	before = of(1).running;
	host_advance(100);
	does(1, exits);
	host_advance(30);
	assert_int_equal(of(1).traps, 30);
	does(1, enters);
	host_advance(200);
	assert_int_equal(of(1).traps, 30);
	assert_int_equal(of(1).running, before + 330);
	does(1, exits);
	host_advance(4);
	does(1, enters);
	assert_int_equal(of(1).traps, 34);
	/* What is read afterwards is what was measured. */
	assert_int_equal(ask(do_stop), 0);
	assert_int_equal(ask(do_stop), -ERR_STATE);
	before = of(1).running;
	host_advance(50);
	assert_true(of(1).any);
	assert_int_equal(of(1).running, before);
	assert_int_equal(of(1).traps, 34);
	/* And again from zero. */
	assert_int_equal(ask(do_start), 0);
	assert_int_equal(of(1).traps, 0);
	assert_int_equal(ask(do_stop), 0);
	finish();
}

/* It waits and is preempted in a trap: that is not this hypervisor's time. */
static void test_not_running(void **state)
{
	struct cpumask second = only(1);

	(void)state;
	begin();
	assert_int_equal(ask(do_start), 0);
	does(1, exits);
	host_advance(10);
	puppets[1].todo = block;
	rounds(2);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	host_advance(1000);
	/* Somebody of a higher priority. */
	create_on(0, 2, 5, &second);
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	host_advance(300);
	rounds(2);
	assert_int_equal(puppets[1].v->state, VCPU_READY);
	assert_int_equal(of(1).traps, 10);
	puppets[2].todo = block;
	rounds(3);
	host_advance(7);
	does(1, enters);
	assert_int_equal(of(1).traps, 17);
	assert_int_equal(ask(do_stop), 0);
	finish();
}

/* A trap that began before it was measured. */
static void test_begins_within(void **state)
{
	(void)state;
	begin();
	assert_int_equal(ask(do_start), 0);
	does(1, exits);
	host_advance(10);
	assert_int_equal(ask(do_stop), 0);
	assert_int_equal(ask(do_start), 0);
	host_advance(20);
	does(1, enters);
	assert_int_equal(of(1).traps, 0);
	assert_int_equal(ask(do_stop), 0);
	finish();
}

/* Threads are this hypervisor's, always. */
static void test_thread(void **state)
{
	ticks_t before;

	(void)state;
	begin();
	assert_int_equal(ask(do_start), 0);
	before = of(0).running;
	host_advance(12);
	assert_int_equal(of(0).running, before + 12);
	assert_int_equal(of(0).traps, of(0).running);
	assert_int_equal(ask(do_stop), 0);
	finish();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_trap),
		T(test_not_running),
		T(test_begins_within),
		T(test_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
