/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A switch's worker: when a port's owner may defer to it, and that nothing
 * stays deferred when the port is detached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/netswitch.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/work.h>
#include <libs/error.h>
#include <string.h>

#define SETTLE_ROUNDS 100000

/* What the owner still has to send, and has sent. */
static unsigned int left, sent;

static bool owner_send(struct netport *p)
{
	(void)p;
	if (left > 0) {
		left--;
		sent++;
	}
	return left > 0;
}

static unsigned int most;

static void owner_inline(struct netport *p, unsigned int n)
{
	(void)p;
	most = n;
}

static bool owner_receive(struct netport *p, const struct net_packet *pkt,
			  enum net_drop *why)
{
	(void)p;
	(void)pkt;
	(void)why;
	return true;
}

static const struct netport_ops ops = {
	.receive = owner_receive,
	.send = owner_send,
	.set_inline = owner_inline,
};

static struct netport *port;
static bool body_done;

static void settle(void)
{
	assert_true(host_settle(SETTLE_ROUNDS));
}

static void thread_main(void *fn)
{
	((void (*)(void))(uintptr_t)fn)();
	body_done = true;
}

/* In a thread on CPU 0, while CPU 1 is idle. */
static void run(void (*fn)(void))
{
	static struct cpumask first = { .bits = { 1 } };
	static const struct thread_attr attr = {
		.name = "test",
		.priority = 3,
		.affinity = &first,
	};

	body_done = false;
	host_irq_begin(0);
	assert_int_equal(thread_create(NULL, &attr, thread_main,
				       (void *)(uintptr_t)fn),
			 0);
	host_irq_end();
	settle();
	assert_true(body_done);
}

static void begin(void)
{
	struct netport_attr attr = {
		.name = "p0",
		.ops = &ops,
		.mac = { 2, 0, 0, 0, 0, 1 },
		.max_len = 1514,
	};

	assert_int_equal(netport_create(&port, &attr), 0);
	assert_false(netport_defer(port)); /* no switch, no worker */
	assert_int_equal(netport_attach(port, "lan", true), 0);
	assert_int_equal(most, NETSWITCH_INLINE);
	left = sent = 0;
}

static void end(void)
{
	netport_destroy(port);
	assert_int_equal(netswitch_destroy("lan"), 0);
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		host_boot(2);
		host_irq_begin(0);
		assert_int_equal(work_start(), 0);
		host_irq_end();
		once = true;
	}
	settle();
	run(begin);
	settle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run(end);
	return 0;
}

static struct netswitch_info info(void)
{
	struct netswitch_info i;

	assert_true(netswitch_get_info("lan", &i));
	return i;
}

static void set(const struct netswitch_worker *w)
{
	assert_int_equal(netswitch_set_worker("lan", w), 0);
}

/* As a trap on CPU 0 does. */
static bool defer(void)
{
	bool taken;

	host_irq_begin(0);
	taken = netport_defer(port);
	host_irq_end();
	return taken;
}

static void only_here(void)
{
	struct netswitch_worker w = info().worker;

	w.cpus = (struct cpumask){ .bits = { 1 } };
	set(&w);
}

/* With and without another idle CPU. */
static void test_rule(void **state)
{
	(void)state;
	left = 3;
	assert_true(defer());
	settle();
	assert_int_equal(sent, 3);
	assert_int_equal(info().worker_turns, 3);
	run(only_here);
	left = 2;
	assert_false(defer());
	settle();
	assert_int_equal(sent, 3);
}

static void nothing_inline(void)
{
	struct netswitch_worker w = info().worker;

	w.inline_packets = 0;
	set(&w);
	assert_int_equal(most, 0);
}

/* The operator's setting, whichever CPUs are idle. */
static void test_always(void **state)
{
	(void)state;
	run(only_here);
	run(nothing_inline);
	left = 2;
	assert_true(defer());
	assert_true(defer());
	settle();
	assert_int_equal(sent, 2);
}

static void leave_and_detach(void)
{
	left = 5;
	assert_true(netport_defer(port));
	assert_int_equal(netport_detach(port), 0);
	assert_int_equal(sent, 5);
	assert_false(netport_defer(port));
	assert_int_equal(netport_attach(port, "lan", false), 0);
	assert_int_equal(most, 0);
}

/* The port is detached before the worker runs. */
static void test_detach(void **state)
{
	(void)state;
	run(only_here);
	run(nothing_inline);
	run(leave_and_detach);
	settle();
	assert_int_equal(sent, 5);
	assert_int_equal(info().worker_turns, 0);
}

static void refused(void)
{
	struct netswitch_worker before = info().worker, w = before;

	w.priority = SCHED_PRIO_MAX + 1;
	assert_int_equal(netswitch_set_worker("lan", &w), -ERR_RANGE);
	w = before;
	w.inline_packets = NETSWITCH_INLINE + 1;
	assert_int_equal(netswitch_set_worker("lan", &w), -ERR_RANGE);
	w = before;
	w.cpus = (struct cpumask){ .bits = { 4 } };
	assert_int_equal(netswitch_set_worker("lan", &w), -ERR_INVAL);
	assert_int_equal(netswitch_set_worker("wan", &before), -ERR_NOENT);
	w = info().worker;
	assert_memory_equal(&w.cpus, &before.cpus, sizeof(w.cpus));
	assert_int_equal(w.inline_packets, before.inline_packets);
}

static void test_refused(void **state)
{
	(void)state;
	run(refused);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_rule),
		T(test_always),
		T(test_detach),
		T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
