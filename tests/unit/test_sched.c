/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler on four simulated CPUs, stepped one by one: which VCPU runs
 * when. Races are in test_sched_race.c.
 */
#include "sched_puppet.h"

static void yield(struct puppet *p)
{
	(void)p;
	sched_relinquish();
	host_pause();
}

static void test_priority(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 2, &m);
	create_on(0, 1, 5, &m);
	create_on(0, 2, 3, &m);
	rounds(3);
	assert_ptr_equal(current_of(1), puppets[1].v);
	assert_int_equal(puppets[0].runs + puppets[2].runs, 0);
	puppets[1].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	/* It preempts at once, and the preempted one continues before its
	 * peers. */
	create_on(0, 3, 3, &m);
	host_irq_begin(2);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	puppets[1].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	assert_int_equal(puppets[3].runs, 0);
}

static void test_round_robin(void **state)
{
	struct cpumask m = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[0].v);
	/* Alone on a CPU: no slice is set. */
	assert_int_equal(percpu_table[2]->rq->slice_end, 0);
	create_on(0, 1, 3, &m);
	create_on(0, 2, 3, &m);
	create_on(0, 3, 1, &m);
	rounds(1);
	for (unsigned int i = 0; i < 9; i++) {
		assert_ptr_equal(current_of(2), puppets[i % 3].v);
		host_advance(SLICE - 1);
		rounds(1);
		assert_ptr_equal(current_of(2), puppets[i % 3].v);
		host_advance(1);
		rounds(1);
	}
	assert_int_equal(puppets[3].runs, 0);
}

/* A preempted VCPU keeps exactly the rest of its slice. */
static void test_slice_kept(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(SLICE / 2);
	create_on(0, 2, 6, &m);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	host_advance(SLICE * 3);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	puppets[2].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(SLICE / 2 - 1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
}

/* The timer is set for later than the rest of an earlier VCPU's slice. */
static void test_slice_sooner(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	host_advance(SLICE - 10);
	create_on(0, 2, 5, &m);
	create_on(0, 3, 5, &m);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[2].v);
	host_advance(20);
	rounds(1);
	puppets[2].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[3].v);
	puppets[3].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(9);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
}

static void test_yield(void **state)
{
	struct cpumask m = only(3);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(3), puppets[0].v);
	puppets[0].todo = yield;
	rounds(1);
	assert_ptr_equal(current_of(3), puppets[1].v);
	puppets[1].todo = yield;
	rounds(1);
	assert_ptr_equal(current_of(3), puppets[0].v);
}

static void test_spread(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CPUS; i++) {
		create_on(0, i, 3, NULL);
	}
	rounds(2);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(puppets[i].v->state, VCPU_RUNNING);
	}
	/* A CPU that becomes idle takes a VCPU that waits elsewhere. */
	create_on(0, 4, 3, NULL);
	rounds(1);
	assert_int_equal(puppets[4].v->state, VCPU_READY);
	for (unsigned int i = 0; i < CPUS; i++) {
		if (i != puppets[4].v->cpu) {
			unsigned int p = 0;

			while (current_of(i) != puppets[p].v) {
				p++;
			}
			puppets[p].todo = block;
			break;
		}
	}
	rounds(2);
	assert_int_equal(puppets[4].v->state, VCPU_RUNNING);
}

/* A VCPU wakes on the CPU where it last ran, if that is idle. */
static void test_wake_last_cpu(void **state)
{
	unsigned int cpu;

	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(2);
	cpu = puppets[0].last_cpu;
	for (unsigned int i = 0; i < 10; i++) {
		puppets[0].todo = block;
		rounds(1);
		assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
		host_irq_begin((cpu + i) % CPUS);
		sched_wake(puppets[0].v);
		host_irq_end();
		rounds(1);
		assert_int_equal(puppets[0].last_cpu, cpu);
		assert_int_equal(puppets[0].runs, 2 * i + 4);
	}
}

/* Puppet 0 wakes puppet 1, which has a higher priority on the same CPU. */
static unsigned int runs_seen[2];

static void wake_above(struct puppet *p)
{
	unsigned long flags;

	(void)p;
	sched_wake(puppets[1].v);
	runs_seen[0] = puppets[1].runs;
	flags = arch_irq_save();
	sched_wake(puppets[1].v);
	assert_int_equal(puppets[1].runs, runs_seen[0]);
	arch_irq_restore(flags);
	runs_seen[1] = puppets[1].runs;
	preempt_disable();
	sched_wake(puppets[1].v);
	assert_int_equal(puppets[1].runs, runs_seen[1]);
	preempt_enable();
	assert_int_equal(puppets[1].runs, runs_seen[1] + 1);
}

static void block_again(struct puppet *p)
{
	p->todo = block_again;
	sched_block();
}

/* At once; with interrupts masked, when they are unmasked; with preemption
 * disabled, when it is enabled. */
static void test_wake_above(void **state)
{
	struct cpumask m = only(2);
	unsigned int runs;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 6, &m);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[1].v);
	puppets[1].todo = block_again;
	rounds(1);
	runs = puppets[1].runs;
	assert_ptr_equal(current_of(2), puppets[0].v);
	puppets[0].todo = wake_above;
	rounds(1);
	assert_int_equal(runs_seen[0], runs + 1);
	assert_int_equal(runs_seen[1], runs + 2);
	assert_ptr_equal(current_of(2), puppets[0].v);
}

static void test_wake_pending(void **state)
{
	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	sched_wake(puppets[0].v);
	host_irq_end();
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_RUNNING);
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_priority),     T(test_round_robin),
		T(test_slice_kept),   T(test_slice_sooner),
		T(test_wake_above),   T(test_yield),
		T(test_spread),       T(test_wake_last_cpu),
		T(test_wake_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
