/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other code does to a VCPU: affinity, priority, pause, a CPU's policy;
 * and its times and statistics.
 */
#include "sched_puppet.h"

static void test_affinity(void **state)
{
	struct cpumask m = only(0);
	struct cpumask none = { 0 };

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(0), puppets[0].v);
	/* Running, then queued, then blocked. */
	m = only(3);
	set_affinity(puppets[0].v, &m);
	rounds(3);
	assert_ptr_equal(current_of(3), puppets[0].v);
	assert_ptr_equal(current_of(0), puppets[1].v);
	set_affinity(puppets[1].v, &m);
	rounds(3);
	assert_true(idle(0));
	m = only(2);
	set_affinity(puppets[1].v, &m);
	rounds(3);
	assert_ptr_equal(current_of(2), puppets[1].v);
	puppets[1].todo = block;
	rounds(2);
	m = only(1);
	set_affinity(puppets[1].v, &m);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(3);
	assert_ptr_equal(current_of(1), puppets[1].v);

	assert_int_equal(sched_set_affinity(puppets[1].v, &none, NULL),
			 -ERR_INVAL);
	cpumask_set(&none, CPUS);
	assert_int_equal(sched_set_affinity(puppets[1].v, &none, NULL),
			 -ERR_INVAL);
}

static void test_set_priority(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 2, &m);
	rounds(2);
	set_priority(puppets[1].v, 4);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	set_priority(puppets[1].v, 1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	assert_int_equal(sched_set_priority(puppets[1].v, SCHED_PRIO_MAX + 1),
			 -ERR_INVAL);
}

/* What is lent counts until it is taken back, and is not a VCPU's own. */
static void test_lend(void **state)
{
	struct cpumask m = only(1);
	struct sched_params p;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 2, &m);
	rounds(2);
	host_irq_begin(0);
	sched_lend(puppets[1].v, 6);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	sched_get_params(puppets[1].v, &p);
	assert_int_equal(p.priority, 2);
	set_priority(puppets[1].v, 4);
	host_irq_begin(0);
	sched_lend(puppets[0].v, 5);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	host_irq_begin(0);
	sched_lend(puppets[1].v, 0);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_irq_begin(0);
	sched_lend(puppets[0].v, 0);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
}

static void test_pause(void **state)
{
	struct cpumask m = only(1), m2 = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m2);
	rounds(2);
	puppets[1].todo = pause_0;
	rounds(3);
	assert_true(idle(1));
	assert_int_equal(puppets[0].v->state, VCPU_READY);
	assert_string_equal(vcpu_state_name(puppets[0].v), "paused");
	/* A wakeup changes nothing now, and is not lost. */
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(2);
	assert_true(idle(1));
	resume_on(0, puppets[0].v);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);

	/* Blocked while paused, woken while paused. */
	puppets[0].todo = block;
	rounds(1); /* consumes the wakeup */
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
	puppets[1].todo = pause_0;
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(2);
	assert_true(idle(1));
	resume_on(3, puppets[0].v);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);

	/* Queued. */
	create_on(0, 2, 5, &m);
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_READY);
	puppets[1].todo = pause_0;
	rounds(2);
	assert_int_equal(percpu_table[1]->rq->nr_ready, 0);
	puppets[2].todo = block;
	rounds(2);
	assert_true(idle(1));
	resume_on(0, puppets[0].v);
}

static void test_times(void **state)
{
	struct cpumask m = only(1);
	struct vcpu_times t;

	(void)state;
	create_on(0, 0, 3, &m);
	rounds(2);
	host_advance(100);
	create_on(0, 1, 5, &m);
	rounds(1);
	host_advance(30);
	puppets[1].todo = block;
	rounds(1);
	host_advance(7);
	puppets[0].todo = block;
	rounds(1);
	host_advance(1000);
	sched_times(puppets[0].v, &t);
	assert_int_equal(t.running, 107);
	assert_int_equal(t.ready, 30);
	assert_int_equal(t.blocked, 1000);
	assert_int_equal(t.paused, 0);
	assert_int_equal(t.switches, 2);
	host_irq_begin(0);
	sched_pause(puppets[0].v);
	host_irq_end();
	host_advance(50);
	sched_times(puppets[0].v, &t);
	assert_int_equal(t.paused, 50);
	assert_int_equal(t.blocked, 1000);
	resume_on(0, puppets[0].v);
}

static uint64_t longest(unsigned int n)
{
	struct vcpu_times t;

	sched_times(puppets[n].v, &t);
	return t.longest;
}

/* Puppet 1 has CPU 1 for `ticks`, and puppet 0 waits. */
static void wait_for(unsigned int ticks)
{
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	host_advance(ticks);
	puppets[1].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
}

/* The longest wait, not the last and not the sum. */
static void test_longest(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	rounds(2);
	create_on(0, 1, 5, &m);
	rounds(1);
	puppets[1].todo = block;
	rounds(1);
	assert_int_equal(longest(0), 0);
	wait_for(30);
	assert_int_equal(longest(0), 30);
	wait_for(50);
	wait_for(20);
	assert_int_equal(longest(0), 50);
	assert_int_equal(longest(1), 0);
	sched_clear_longest(puppets[0].v);
	assert_int_equal(longest(0), 0);
	wait_for(10);
	assert_int_equal(longest(0), 10);

	/* A look at a wait shows it so far, and does not cut it in two. */
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(1);
	host_advance(40);
	assert_int_equal(longest(0), 40);
	host_advance(40);
	puppets[1].todo = block;
	rounds(1);
	assert_int_equal(longest(0), 80);

	/* What it was blocked and paused for is not a wait. */
	puppets[0].todo = block;
	rounds(1);
	host_advance(500);
	host_irq_begin(0);
	sched_pause(puppets[0].v);
	host_irq_end();
	host_advance(500);
	resume_on(0, puppets[0].v);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	assert_int_equal(longest(0), 80);
}

static void collect(struct vcpu *v, void *arg)
{
	uint32_t *last = arg;

	assert_true(*last == UINT32_MAX || v->id > *last);
	*last = v->id;
}

static void test_ids(void **state)
{
	uint32_t last = UINT32_MAX, freed;

	(void)state;
	create_on(0, 0, 3, NULL);
	create_on(0, 1, 3, NULL);
	create_on(0, 2, 3, NULL);
	rounds(2);
	freed = puppets[1].v->id;
	stop(1);
	create_on(0, 3, 3, NULL);
	assert_int_equal(puppets[3].v->id, freed);
	sched_for_each(collect, &last);
	assert_int_equal(last, puppets[2].v->id);
}

static void test_policy(void **state)
{
	struct sched_pool *pool = sched_pool_find("default");
	const struct sched_choice nothing = { .policy = "nothing" };
	const struct sched_choice prio = { .policy = "prio" };
	struct cpumask m = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	create_on(0, 2, 4, &m);
	rounds(2);
	host_irq_begin(0);
	assert_int_equal(sched_pool_set_policy(pool, &nothing, NULL),
			 -ERR_NOENT);
	assert_null(sched_pool_find("nothing"));
	assert_int_equal(sched_pool_set_policy(pool, &prio, NULL), 0);
	host_irq_end();
	rounds(2);
	assert_int_equal(percpu_table[2]->rq->nr_ready, 2);
	assert_ptr_equal(current_of(2), puppets[2].v);
	puppets[2].todo = block;
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[0].v);
	host_advance(SLICE);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[1].v);
}

static void test_bad_arguments(void **state)
{
	struct thread_attr attr = {
		.name = "bad",
		.priority = SCHED_PRIO_MAX + 1,
	};
	struct cpumask none = { 0 };

	(void)state;
	assert_int_equal(thread_create(NULL, &attr, puppet_main, NULL),
			 -ERR_INVAL);
	attr.priority = 0;
	attr.affinity = &none;
	assert_int_equal(thread_create(NULL, &attr, puppet_main, NULL),
			 -ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_affinity), T(test_set_priority), T(test_lend),
		T(test_pause),    T(test_times),        T(test_longest),
		T(test_ids),      T(test_policy),       T(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
