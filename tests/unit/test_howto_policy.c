/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The example of docs/howto/add-a-scheduling-policy.md does what the page says;
 * this also tests the policy interface.
 */
#include "sched_puppet.h"

#include "docs/howto/examples/ration.c"

#define PERIOD UINT64_C(100000)

static struct sched_group group;

static int ration_setup(void **state)
{
	int ret = setup(state);

	assert_int_equal(sched_group_init(&group), 0);
	assert_int_equal(set_policy("ration", NULL, NULL), 0);
	return ret;
}

static int ration_teardown(void **state)
{
	int ret = teardown(state);

	assert_int_equal(set_policy("prio", NULL, NULL), 0);
	sched_group_fini(&group);
	puppet_group = NULL;
	return ret;
}

static int set_budget(unsigned int n, ticks_t budget, ticks_t period)
{
	struct sched_params p = puppets[n].v->params;
	int ret;

	p.budget = budget;
	p.period = period;
	host_irq_begin(0);
	ret = sched_set_params(puppets[n].v, &p, NULL);
	host_irq_end();
	rounds(1);
	return ret;
}

static struct vcpu_times times_of(unsigned int n)
{
	struct vcpu_times t;

	sched_times(puppets[n].v, &t);
	return t;
}

static void pass(ticks_t time, ticks_t step)
{
	for (; time > 0; time -= step) {
		host_advance(step);
		rounds(1);
	}
}

static void create_one(unsigned int n, unsigned int cpu)
{
	struct cpumask m = only(cpu);

	create_on(0, n, 3, &m);
}

/* Alone it runs for its budget in each period, to the tick, and then its CPU
 * idles. */
static void test_budget(void **state)
{
	struct vcpu_times t;

	(void)state;
	create_one(0, 1);
	rounds(2);
	assert_int_equal(set_budget(0, PERIOD / 4, PERIOD), 0);
	t = times_of(0);
	for (unsigned int i = 0; i < 10; i++) {
		assert_ptr_equal(current_of(1), puppets[0].v);
		pass(PERIOD / 4 - 1, PERIOD / 4 - 1);
		assert_ptr_equal(current_of(1), puppets[0].v);
		pass(1, 1);
		assert_true(idle(1));
		assert_int_equal(percpu_table[1]->rq->nr_ready, 0);
		assert_string_equal(vcpu_state_name(puppets[0].v), "throttled");
		pass(PERIOD / 4 * 3 - 1, PERIOD / 4 * 3 - 1);
		assert_true(idle(1));
		pass(1, 1);
	}
	assert_int_equal(times_of(0).running - t.running, PERIOD / 4 * 10);
	assert_int_equal(times_of(0).throttled - t.throttled,
			 PERIOD / 4 * 3 * 10);
	assert_int_equal(times_of(0).ready, t.ready);
}

/* The rest goes to another VCPU, which gets no less because the first one
 * runs. */
static void test_beside(void **state)
{
	(void)state;
	create_one(0, 1);
	create_one(1, 1);
	rounds(2);
	assert_int_equal(set_budget(0, PERIOD / 4, PERIOD), 0);
	assert_int_equal(set_budget(1, PERIOD / 2, PERIOD), 0);
	pass(PERIOD, PERIOD / 100); /* both have started */
	for (unsigned int i = 0; i < 20; i++) {
		struct vcpu_times t0 = times_of(0), t1 = times_of(1);

		pass(PERIOD, PERIOD / 100);
		assert_int_equal(times_of(0).running - t0.running, PERIOD / 4);
		assert_int_equal(times_of(1).running - t1.running, PERIOD / 2);
	}
}

/* Blocked time, in place or not, uses no budget: the policy is told. */
static void test_blocked(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		create_one(i, 1 + i);
	}
	puppets[1].guest = (struct guest *)(uintptr_t)64; /* never used */
	rounds(2);
	for (unsigned int i = 0; i < 2; i++) {
		struct ration_vcpu *r = sched_data(puppets[i].v);

		assert_int_equal(set_budget(i, PERIOD / 4, PERIOD), 0);
		pass(10, 10);
		puppets[i].todo = block;
		rounds(1);
		assert_int_equal(puppets[i].v->state, VCPU_BLOCKED);
		assert_int_equal(idle(1 + i), i == 0);
		assert_int_equal(r->left, PERIOD / 4 - 10);
		pass(PERIOD / 2, PERIOD / 2);
		assert_int_equal(puppets[i].v->state, VCPU_BLOCKED);
		host_irq_begin(0);
		sched_wake(puppets[i].v);
		host_irq_end();
		rounds(1);
		assert_ptr_equal(current_of(1 + i), puppets[i].v);
		pass(PERIOD / 4 - 11, PERIOD / 4 - 11);
		assert_ptr_equal(current_of(1 + i), puppets[i].v);
		pass(1, 1);
		assert_true(idle(1 + i));
	}
}

static void test_admission(void **state)
{
	struct sched_params p;

	(void)state;
	create_one(0, 1);
	create_one(1, 2);
	rounds(2);
	assert_int_equal(set_budget(0, PERIOD / 4, PERIOD), 0);
	p = puppets[1].v->params;
	assert_int_equal(set_budget(1, PERIOD / 4 * 3 + 1, PERIOD), -ERR_BUSY);
	assert_int_equal(set_budget(1, PERIOD + 1, PERIOD), -ERR_INVAL);
	assert_int_equal(set_budget(1, 0, PERIOD), -ERR_INVAL);
	assert_int_equal(set_budget(1, 1, UINT64_MAX), -ERR_INVAL);
	assert_memory_equal(&puppets[1].v->params, &p, sizeof(p));
	assert_int_equal(set_budget(1, PERIOD / 4 * 3, PERIOD), 0);
	/* Its own old share does not count, nor do shares of VCPUs that have
	 * left. */
	assert_int_equal(set_budget(1, PERIOD / 2, PERIOD), 0);
	assert_int_equal(set_budget(1, PERIOD / 4 * 3, PERIOD), 0);
	stop(0);
	assert_int_equal(set_budget(1, PERIOD, PERIOD), 0);
}

/* A pool whose VCPUs have too much promised keeps its policy, on all CPUs. */
static void test_change_refused(void **state)
{
	(void)state;
	create_one(0, 1);
	create_one(1, 2);
	rounds(2);
	assert_int_equal(set_policy("prio", NULL, NULL), 0);
	assert_int_equal(set_budget(0, PERIOD / 4 * 3, PERIOD), 0);
	assert_int_equal(set_budget(1, PERIOD / 2, PERIOD), 0);
	assert_int_equal(set_policy("ration", NULL, NULL), -ERR_BUSY);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_string_equal(percpu_table[i]->rq->policy->name, "prio");
	}
	assert_int_equal(set_budget(1, PERIOD / 4, PERIOD), 0);
	assert_int_equal(set_policy("ration", NULL, NULL), 0);
	pass(PERIOD, PERIOD / 8);
	assert_int_equal(times_of(1).throttled, PERIOD / 4 * 3);
}

/* Running, ready, parked and blocked VCPUs and groups are all taken over, both
 * ways. */
static void test_change(void **state)
{
	struct cpumask all;

	(void)state;
	cpumask_set_all(&all);
	for (unsigned int i = 0; i < 6; i++) {
		puppet_group = i % 2 ? &group : NULL;
		create_one(i, 1);
	}
	rounds(2);
	assert_int_equal(set_budget(0, PERIOD / 4, PERIOD), 0);
	puppets[5].todo = block;
	pass(PERIOD / 4, PERIOD / 8);
	assert_string_equal(vcpu_state_name(puppets[0].v), "throttled");
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(
			set_policy(i % 2 ? "ration" : "prio", NULL, NULL), 0);
		assert_int_equal(percpu_table[1]->rq->nr_ready,
				 5 - (puppets[5].v->state == VCPU_BLOCKED));
		pass(PERIOD / 8, PERIOD / 8);
		/* The group's data on a CPU belongs to that CPU's policy. */
		set_affinity(puppets[1 + i % 4].v, &all);
		rounds(1);
		for (unsigned int k = 0; k < 5; k++) {
			struct cpumask m = only(1);

			set_affinity(puppets[k].v, &m);
		}
		rounds(2);
	}
	assert_int_equal(set_policy("prio", NULL, NULL), 0);
	pass(SLICE * 20, SLICE / 2);
	for (unsigned int i = 0; i < 5; i++) {
		assert_true(puppets[i].runs > 0);
	}
}

/* Throttling from an interrupt, under any policy: the VCPU leaves its CPU at
 * once, and is not ready before it is released. */
static void test_throttle(void **state)
{
	struct vcpu_times t;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(set_policy(i ? "prio" : "ration", NULL, NULL),
				 0);
		create_one(i, 1);
		rounds(2);
		t = times_of(i);
		host_irq_begin(1);
		sched_throttle(puppets[i].v);
		host_irq_end();
		rounds(1);
		assert_true(idle(1));
		assert_int_equal(percpu_table[1]->rq->nr_ready, 0);
		assert_string_equal(vcpu_state_name(puppets[i].v), "throttled");
		host_irq_begin(0);
		sched_wake(puppets[i].v);
		host_irq_end();
		pass(PERIOD, PERIOD);
		assert_true(idle(1));
		assert_int_equal(times_of(i).throttled - t.throttled, PERIOD);
		/* Both holds keep it from running. */
		host_irq_begin(0);
		sched_pause(puppets[i].v);
		sched_unthrottle(puppets[i].v);
		host_irq_end();
		rounds(1);
		assert_true(idle(1));
		resume_on(2, puppets[i].v);
		rounds(1);
		assert_ptr_equal(current_of(1), puppets[i].v);
		stop(i);
	}
	assert_int_equal(set_policy("ration", NULL, NULL), 0);
}

#define R(name) \
	cmocka_unit_test_setup_teardown(name, ration_setup, ration_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		R(test_budget),    R(test_beside),         R(test_blocked),
		R(test_admission), R(test_change_refused), R(test_change),
		R(test_throttle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
