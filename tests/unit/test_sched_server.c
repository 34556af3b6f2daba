/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies rm and edf against a model, with random sets of VCPUs: exactly
 * those that the model can schedule are admitted, and admitted VCPUs get their
 * budget in each period, whatever else spins on the CPU.
 */
#include "sched_puppet.h"

#define UNIT (HOST_TIMER_HZ / 10000)
#define HYPERPERIOD 200 /* units; all periods divide it */
#define SETS 40
#define MOST 5

static const unsigned int periods[] = { 10, 20, 40, 50, 100, 200 };

struct task {
	unsigned int period, budget, deadline; /* units */
};

static struct task tasks[MOST];
static unsigned int count;
static uint64_t rng = 1;

static unsigned int rnd(unsigned int n)
{
	rng = rng * UINT64_C(6364136223846793005) +
	      UINT64_C(1442695040888963407);
	return (unsigned int)(rng >> 33) % n;
}

/* --- the model: all begin at once, and always want more ------------------ */

/* Do all get their budget by the deadline of each period if each unit goes to
 * the VCPU with the shortest, or the earliest deadline? */
static bool model_keeps(bool by_deadline)
{
	unsigned int left[MOST] = { 0 };

	for (unsigned int now = 0; now < HYPERPERIOD; now++) {
		unsigned int best = MOST, best_key = UINT32_MAX;

		for (unsigned int i = 0; i < count; i++) {
			unsigned int p = tasks[i].period;
			unsigned int d = tasks[i].deadline;
			unsigned int key = by_deadline ? now / p * p + d : d;

			if ((now % p == 0 || now % p >= d) && left[i]) {
				return false;
			}
			if (now % p == 0) {
				left[i] = tasks[i].budget;
			}
			if (left[i] && key < best_key) {
				best = i;
				best_key = key;
			}
		}
		if (best < MOST) {
			left[best]--;
		}
	}
	for (unsigned int i = 0; i < count; i++) {
		if (left[i]) {
			return false;
		}
	}
	return true;
}

/* --- the scheduler ------------------------------------------------------- */

static struct sched_refusal why;

static int set_deadline(unsigned int n, unsigned int budget,
			unsigned int deadline, unsigned int period)
{
	struct sched_params p = puppets[n].v->params;
	int ret;

	p.budget = budget * UNIT;
	p.deadline = deadline * UNIT;
	p.period = period * UNIT;
	host_irq_begin(0);
	ret = sched_set_params(puppets[n].v, &p, &why);
	host_irq_end();
	return ret;
}

static int set_budget(unsigned int n, unsigned int budget, unsigned int period)
{
	return set_deadline(n, budget, 0, period);
}

static uint64_t units_of(unsigned int n)
{
	struct vcpu_times t;

	sched_times(puppets[n].v, &t);
	return t.running / UNIT;
}

static void one_on(unsigned int n, unsigned int cpu)
{
	struct cpumask m = only(cpu);

	create_on(0, n, 3, &m);
}

static int server_teardown(void **state)
{
	int ret = teardown(state);

	assert_int_equal(set_policy("prio", NULL, &why), 0);
	return ret;
}

static void random_set(void)
{
	count = 1 + rnd(MOST);
	for (unsigned int i = 0; i < count; i++) {
		tasks[i].period = periods[rnd(ARRAY_SIZE(periods))];
		tasks[i].budget =
			1 + rnd(tasks[i].period * 2 / count > 1
					? tasks[i].period * 2 / count - 1
					: 1);
		tasks[i].budget = MIN(tasks[i].budget, tasks[i].period);
		tasks[i].deadline = tasks[i].period;
	}
}

/* Some deadlines before the end of the period; budgets are smaller, or few sets
 * would be kept. */
static void constrain(void)
{
	for (unsigned int i = 0; i < count; i++) {
		tasks[i].budget = MAX(tasks[i].budget * 5 / 6, 1U);
		if (rnd(3) > 0) {
			tasks[i].deadline =
				tasks[i].budget +
				rnd(tasks[i].period - tasks[i].budget + 1);
		}
	}
}

/* Together with one without a budget that always wants the CPU. */
static void run_set(bool exact)
{
	uint64_t begun[MOST];

	for (unsigned int i = 0; i < count; i++) {
		begun[i] = units_of(i);
	}
	for (unsigned int now = 1; now <= HYPERPERIOD * 2; now++) {
		host_advance(UNIT);
		rounds(1);
		for (unsigned int i = 0; i < count; i++) {
			uint64_t k = now / tasks[i].period;
			uint64_t had = units_of(i) - begun[i];

			if (exact &&
			    now % tasks[i].period == tasks[i].deadline) {
				assert_int_equal(had,
						 (k + 1) * tasks[i].budget);
			}
			if (now % tasks[i].period) {
				continue;
			}
			if (exact) {
				assert_int_equal(had, k * tasks[i].budget);
			}
			assert_true(had <= k * tasks[i].budget);
			assert_true(had >= (k - 1) * tasks[i].budget);
		}
	}
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(puppets[i].v->times.misses, 0);
	}
}

static void random_sets(const char *policy, bool by_deadline, bool constrained)
{
	unsigned int kept = 0, refused = 0;

	for (unsigned int k = 0; k < SETS; k++) {
		int err = 0;

		random_set();
		if (constrained) {
			constrain();
		}
		for (unsigned int i = 0; i <= count; i++) {
			one_on(i, 1);
		}
		rounds(2);
		for (unsigned int i = 0; i < count; i++) {
			assert_int_equal(set_deadline(i, tasks[i].budget,
						      tasks[i].deadline,
						      tasks[i].period),
					 0);
		}
		err = set_policy(policy, "reserve=0", &why);
		assert_int_equal(err, model_keeps(by_deadline) ? 0 : -ERR_BUSY);
		if (err) {
			assert_non_null(strstr(why.text, "would fit"));
			refused++;
		} else {
			run_set(by_deadline);
			kept++;
		}
		/* Under prio each gets its turn, however time jumps. */
		assert_int_equal(set_policy("prio", NULL, &why), 0);
		for (unsigned int i = 0; i <= count; i++) {
			stop(i);
		}
	}
	assert_true(kept > 5 && refused > 5);
}

static void test_edf(void **state)
{
	(void)state;
	random_sets("edf", true, false);
}

/* Deadlines before the end of the period. */
static void test_edf_constrained(void **state)
{
	(void)state;
	random_sets("edf", true, true);
}

static void test_rm(void **state)
{
	(void)state;
	random_sets("rm", false, false);
}

static void test_rm_constrained(void **state)
{
	(void)state;
	random_sets("rm", false, true);
}

/* Budget, deadline and period are in this order; else nothing changes. */
static void test_bad_deadlines(void **state)
{
	(void)state;
	one_on(0, 1);
	rounds(2);
	assert_int_equal(set_deadline(0, 5, 10, 20), 0);
	assert_int_equal(set_deadline(0, 5, 4, 20), -ERR_INVAL);
	assert_int_equal(set_deadline(0, 5, 21, 20), -ERR_INVAL);
	assert_int_equal(puppets[0].v->params.deadline, 10 * UNIT);
	assert_int_equal(set_deadline(0, 5, 5, 20), 0);
	assert_int_equal(set_deadline(0, 5, 20, 20), 0);
}

static void pass(unsigned int units)
{
	for (unsigned int i = 0; i < units; i++) {
		host_advance(UNIT);
		rounds(1);
	}
}

/* A VCPU waits until after its deadline, with some of its budget left: from its
 * wakeup on it has that in a new period, and the next budget a period later. */
static void test_waits_in_period(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		one_on(i, 1);
	}
	rounds(2);
	assert_int_equal(set_deadline(0, 20, 40, 80), 0);
	assert_int_equal(set_deadline(1, 20, 40, 80), 0);
	assert_int_equal(set_policy("edf", "reserve=0", &why), 0);
	pass(79); /* both have used up their budgets */
	pass(1);
	for (unsigned int i = 0; i < 80 && units_of(0) % 20 != 15; i++) {
		pass(1);
	}
	puppets[0].todo = block;
	rounds(1);
	pass(35);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(1);
	for (unsigned int had = (unsigned int)units_of(0), k = 0; k < 3; k++) {
		pass(40);
		assert_int_equal(units_of(0) - had, 5 + 20 * k);
		pass(40);
		assert_int_equal(units_of(0) - had, 5 + 20 * k);
	}
	assert_int_equal(puppets[0].v->times.misses, 0);
	assert_int_equal(puppets[1].v->times.misses, 0);
	assert_int_equal(set_policy("prio", NULL, &why), 0);
}

/* Refused with the others, possible by force, and then reported. */
static void test_force(void **state)
{
	struct sched_pool_info info;
	struct sched_params p;

	(void)state;
	assert_int_equal(set_policy("edf", "reserve=10", &why), 0);
	assert_int_equal(set_policy("edf", "reserve=51", &why), -ERR_INVAL);
	assert_int_equal(set_policy("prio", "x", &why), -ERR_INVAL);
	one_on(0, 1);
	one_on(1, 1);
	assert_int_equal(set_budget(0, 50, 100), 0);
	assert_int_equal(set_budget(1, 41, 100), -ERR_BUSY);
	assert_non_null(strstr(why.text, "4000 us would fit"));
	/* It is the newcomer's fault, also if it asks for more than others. */
	assert_int_equal(set_budget(1, 80, 100), -ERR_BUSY);
	assert_non_null(strstr(why.text, puppets[1].v->name));
	assert_non_null(strstr(why.text, "4000 us would fit"));
	assert_int_equal(puppets[1].v->params.period, 0);
	p = puppets[1].v->params;
	p.period = 100 * UNIT;
	p.budget = 60 * UNIT;
	p.forced = true;
	host_irq_begin(0);
	assert_int_equal(sched_set_params(puppets[1].v, &p, &why), 0);
	assert_true(sched_pool_nth(0, &info));
	host_irq_end();
	assert_true(info.exceeded);
	/* Two on one CPU do not affect others elsewhere. */
	assert_int_equal(set_budget(1, 40, 100), 0);
	host_irq_begin(0);
	assert_true(sched_pool_nth(0, &info));
	host_irq_end();
	assert_false(info.exceeded);
}

/* A budget always ends a little late, and in several parts: over many periods
 * it is what was promised, and nothing is taken for a missed deadline. */
static void test_late_ends(void **state)
{
	uint64_t begun;

	(void)state;
	assert_int_equal(set_policy("rm", "reserve=0", &why), 0);
	one_on(0, 1);
	one_on(1, 1);
	one_on(2, 1);
	assert_int_equal(set_budget(0, 50, 100), 0);
	assert_int_equal(set_budget(1, 3, 20), 0);
	rounds(2);
	begun = units_of(0);
	for (unsigned int i = 0; i < 40000; i++) {
		host_advance(UNIT + UNIT / 7);
		rounds(1);
	}
	assert_int_equal(puppets[0].v->times.misses, 0);
	assert_int_equal(puppets[1].v->times.misses, 0);
	assert_in_range(units_of(0) - begun, 20000, 23000);
}

/* The hypervisor's threads get their share, whatever is promised. */
static void test_reserve(void **state)
{
	uint64_t begun;

	(void)state;
	assert_int_equal(set_policy("edf", "reserve=10", &why), 0);
	one_on(0, 1);
	one_on(1, 1);
	assert_int_equal(set_budget(0, 90, 100), 0);
	rounds(2);
	begun = units_of(1);
	for (unsigned int i = 0; i < 1000; i++) {
		host_advance(UNIT);
		rounds(1);
	}
	assert_in_range(units_of(1) - begun, 99, 101);
	assert_int_equal(puppets[0].v->times.misses, 0);
}

/* A thread that has used up that share continues in spare time, and then blocks
 * before the share is refilled: the refill must then find no thread. */
static void test_thread_waits_without_share(void **state)
{
	(void)state;
	assert_int_equal(set_policy("edf", "reserve=10", &why), 0);
	one_on(0, 1);
	one_on(1, 1);
	assert_int_equal(set_budget(0, 20, 100), 0);
	puppets[0].todo = block;
	rounds(2);
	for (unsigned int i = 0; i < 50; i++) {
		host_advance(UNIT);
		rounds(1);
	}
	assert_true(units_of(1) > 20);
	puppets[1].todo = block;
	rounds(2);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	for (unsigned int i = 0; i < 400; i++) {
		host_advance(UNIT);
		rounds(1);
	}
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);
	for (unsigned int i = 0; i < 400; i++) {
		host_advance(UNIT);
		rounds(1);
	}
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(2);
}

/* A VCPU that does not fit on one CPU goes to another. */
static void test_spread(void **state)
{
	(void)state;
	assert_int_equal(set_policy("rm", NULL, &why), 0);
	for (unsigned int i = 0; i < 5; i++) {
		create_on(0, i, 3, NULL);
	}
	rounds(2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(set_budget(i, 60, 100), 0);
	}
	assert_int_equal(set_budget(4, 60, 100), -ERR_BUSY);
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int k = 0; k < i; k++) {
			assert_int_not_equal(puppets[i].v->home,
					     puppets[k].v->home);
		}
	}
	host_advance(UNIT);
	rounds(4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(puppets[i].v->cpu, puppets[i].v->home);
	}
	/* Smaller ones make room. */
	assert_int_equal(set_budget(0, 10, 100), 0);
	assert_int_equal(set_budget(4, 60, 100), 0);
	assert_int_equal(puppets[4].v->home, puppets[0].v->home);
}

#define S(name) cmocka_unit_test_setup_teardown(name, setup, server_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		S(test_edf),
		S(test_edf_constrained),
		S(test_rm),
		S(test_rm_constrained),
		S(test_bad_deadlines),
		S(test_waits_in_period),
		S(test_force),
		S(test_late_ends),
		S(test_reserve),
		S(test_thread_waits_without_share),
		S(test_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
