/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Priority inheritance of mutexes: whose owner has which priority while others
 * wait, and that a thread of middle priority does not keep one of high priority
 * from a mutex.
 */
#include "sched_puppet.h"

#include <core/sync.h>

enum {
	LOW,
	MIDDLE,
	HIGH,
	HIGHER,
	PRIO_LOW = 1,
	PRIO_MIDDLE = 3,
	PRIO_HIGH = 5,
	PRIO_HIGHER = 6
};

static struct mutex a, b;
static unsigned int order[8], ordered;

static unsigned int number(const struct puppet *p)
{
	return (unsigned int)(p - puppets);
}

static void take_a(struct puppet *p)
{
	mutex_lock(&a);
	order[ordered++] = number(p);
}

static void take_b(struct puppet *p)
{
	mutex_lock(&b);
	order[ordered++] = number(p);
}

static void give_a(struct puppet *p)
{
	(void)p;
	mutex_unlock(&a);
}

static void give_b(struct puppet *p)
{
	(void)p;
	mutex_unlock(&b);
}

static void take_and_give_a(struct puppet *p)
{
	take_a(p);
	mutex_unlock(&a);
}

/* A thread on this CPU that does this first. */
static void begin_on(unsigned int cpu, unsigned int n, unsigned int prio,
		     void (*todo)(struct puppet *p))
{
	struct cpumask m = only(cpu);

	create_on(0, n, prio, &m);
	puppets[n].todo = todo;
	rounds(3);
}

static void begin(unsigned int n, unsigned int prio,
		  void (*todo)(struct puppet *p))
{
	begin_on(1, n, prio, todo);
}

static unsigned int priority(unsigned int n)
{
	return puppets[n].v->params.priority;
}

static void step(unsigned int n, void (*todo)(struct puppet *p))
{
	puppets[n].todo = todo;
	rounds(3);
}

static int begin_test(void **state)
{
	mutex_init(&a);
	mutex_init(&b);
	ordered = 0;
	return setup(state);
}

static int end_test(void **state)
{
	assert_true(list_empty(&a.waiters) && list_empty(&b.waiters));
	assert_int_equal(a.owner, 0);
	assert_int_equal(b.owner, 0);
	return teardown(state);
}

/* The three threads: low has the mutex, high wants it, middle computes. */
static void test_inversion(void **state)
{
	unsigned int middle;

	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin(HIGH, PRIO_HIGH, take_a);
	assert_int_equal(puppets[HIGH].v->state, VCPU_BLOCKED);
	begin(MIDDLE, PRIO_MIDDLE, NULL);
	middle = puppets[MIDDLE].runs;
	puppets[LOW].todo = give_a;
	rounds(4);
	assert_int_equal(ordered, 2);
	assert_int_equal(order[1], HIGH);
	assert_int_equal(puppets[MIDDLE].runs, middle);
	/* From then on low is what it was. */
	assert_int_equal(priority(LOW), PRIO_LOW);
	step(HIGH, give_a);
	step(HIGH, block);
	assert_ptr_equal(current_of(1), puppets[MIDDLE].v);
}

/* Nobody waits: nothing is inherited, whatever else happens. */
static void test_nobody_waits(void **state)
{
	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin(HIGH, PRIO_HIGH, take_b);
	assert_int_equal(priority(LOW), PRIO_LOW);
	step(HIGH, give_b);
	step(HIGH, block);
	step(LOW, give_a);
	assert_int_equal(priority(LOW), PRIO_LOW);
	assert_int_equal(ordered, 2);
}

/* The highest of the waiters is next, then who has waited longer. */
static void test_order(void **state)
{
	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin_on(2, MIDDLE, PRIO_MIDDLE, take_and_give_a);
	assert_int_equal(priority(LOW), PRIO_MIDDLE);
	begin_on(3, HIGHER, PRIO_HIGH, take_and_give_a);
	begin_on(0, HIGH, PRIO_HIGH, take_and_give_a);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	step(LOW, give_a);
	rounds(6);
	assert_int_equal(ordered, 4);
	assert_int_equal(order[1], HIGHER);
	assert_int_equal(order[2], HIGH);
	assert_int_equal(order[3], MIDDLE);
	assert_int_equal(priority(MIDDLE), PRIO_MIDDLE);
}

/* Low has a; middle has b and waits for a; high waits for b: low runs for it.
 * */
static void test_chain(void **state)
{
	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin(MIDDLE, PRIO_MIDDLE, take_b);
	step(MIDDLE, take_a);
	assert_int_equal(priority(LOW), PRIO_MIDDLE);
	begin(HIGH, PRIO_HIGH, take_b);
	assert_int_equal(priority(MIDDLE), PRIO_HIGH);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	step(LOW, give_a);
	assert_int_equal(priority(LOW), PRIO_LOW);
	assert_int_equal(order[2], MIDDLE);
	assert_int_equal(priority(MIDDLE), PRIO_HIGH);
	step(MIDDLE, give_b);
	assert_int_equal(priority(MIDDLE), PRIO_MIDDLE);
	assert_int_equal(order[3], HIGH);
	step(HIGH, give_b);
	step(HIGH, block);
	step(MIDDLE, give_a);
}

/* Of several mutexes: what those inherit that are still waited for. */
static void test_two_mutexes(void **state)
{
	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	step(LOW, take_b);
	begin(HIGH, PRIO_HIGH, take_b);
	begin(HIGHER, PRIO_HIGHER, take_a);
	assert_int_equal(priority(LOW), PRIO_HIGHER);
	step(LOW, give_a);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	step(HIGHER, give_a);
	step(HIGHER, block);
	step(LOW, give_b);
	assert_int_equal(priority(LOW), PRIO_LOW);
	step(HIGH, give_b);
}

/* A person's priority counts once nothing is inherited, or if it is higher. */
static void test_changed_meanwhile(void **state)
{
	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin(HIGH, PRIO_HIGH, take_a);
	set_priority(puppets[LOW].v, 2);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	set_priority(puppets[LOW].v, PRIO_HIGHER);
	assert_int_equal(priority(LOW), PRIO_HIGHER);
	set_priority(puppets[LOW].v, 2);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	step(LOW, give_a);
	assert_int_equal(priority(LOW), 2);
	step(HIGH, give_a);
}

/* Whoever reads the parameters and sets them with a change does not make what
 * is inherited the thread's own. */
static void test_read_meanwhile(void **state)
{
	struct sched_params p;

	(void)state;
	begin(LOW, PRIO_LOW, take_a);
	begin(HIGH, PRIO_HIGH, take_a);
	sched_get_params(puppets[LOW].v, &p);
	assert_int_equal(p.priority, PRIO_LOW);
	step(LOW, give_a);
	step(HIGH, give_a);
	step(HIGH, block);
	host_irq_begin(0);
	assert_int_equal(sched_set_params(puppets[LOW].v, &p, NULL), 0);
	host_irq_end();
	assert_int_equal(priority(LOW), PRIO_LOW);
	/* What is inherited at the moment may be made its own. */
	step(LOW, take_a);
	puppets[HIGH].todo = take_a;
	host_irq_begin(0);
	sched_wake(puppets[HIGH].v);
	host_irq_end();
	rounds(3);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	p.priority = PRIO_HIGH;
	host_irq_begin(0);
	assert_int_equal(sched_set_params(puppets[LOW].v, &p, NULL), 0);
	host_irq_end();
	step(LOW, give_a);
	assert_int_equal(priority(LOW), PRIO_HIGH);
	step(HIGH, give_a);
}

int main(void)
{
#define M(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
	const struct CMUnitTest tests[] = {
		M(test_inversion),      M(test_nobody_waits),
		M(test_order),          M(test_chain),
		M(test_two_mutexes),    M(test_changed_meanwhile),
		M(test_read_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
