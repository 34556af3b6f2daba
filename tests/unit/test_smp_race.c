/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Races of threads that create and join threads, and of calls between CPUs. */
#include "sched_race.h"

/* --- threads that make threads, and calls between all CPUs --- */

static unsigned int calls[CPUS], children;

static void count_call(void *arg)
{
	assert_true(arch_irq_disabled());
	assert_int_equal(cpu_id(), (unsigned int)(uintptr_t)arg);
	calls[cpu_id()]++;
}

static void count_all(void *arg)
{
	(void)arg;
	calls[cpu_id()]++;
}

static void child_main(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&children, 1, __ATOMIC_RELAXED);
}

static void parent_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 6; i++) {
		const struct thread_attr attr = {
			.name = "child",
			.priority = (uint8_t)rnd(8),
			.joinable = rnd(2),
		};
		unsigned int cpu = rnd(CPUS);
		struct vcpu *t;

		assert_int_equal(thread_create(&t, &attr, child_main, NULL), 0);
		assert_int_equal(cpu_call(cpu, count_call,
					  (void *)(uintptr_t)cpu, true),
				 0);
		if (i == 3) {
			cpu_call_all(count_all, NULL);
		}
		if (attr.joinable) {
			thread_join(t);
		}
	}
	done[n] = true;
}

static void test_threads_and_calls(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		unsigned int total = 0;

		begin(seed);
		memset(calls, 0, sizeof(calls));
		children = 0;
		for (unsigned int i = 0; i < THREADS; i++) {
			spawn(i, 4, false, parent_main);
		}
		end(THREADS);
		for (unsigned int i = 0; i < CPUS; i++) {
			total += calls[i];
		}
		assert_int_equal(total, THREADS * (6 + CPUS));
		assert_int_equal(children, THREADS * 6);
	}
}

/* --- calls without waiting: bounded, in order --- */

static unsigned int last_call;

static void in_order(void *arg)
{
	assert_int_equal((unsigned int)(uintptr_t)arg, last_call + 1);
	last_call++;
}

static void test_call_slots(void **state)
{
	unsigned int n = 0;
	int err;

	(void)state;
	last_call = 0;
	host_irq_begin(0);
	do {
		n++;
		err = cpu_call(1, in_order, (void *)(uintptr_t)n, false);
	} while (!err);
	host_irq_end();
	assert_int_equal(err, -ERR_BUSY);
	assert_int_equal(n, CPU_CALL_SLOTS + 1);
	(void)host_run(1);
	assert_int_equal(last_call, CPU_CALL_SLOTS);
	host_irq_begin(0);
	assert_int_equal(cpu_call(1, in_order, (void *)(uintptr_t)n, false), 0);
	assert_int_equal(cpu_call(CPUS, in_order, NULL, false), -ERR_STATE);
	host_irq_end();
	(void)host_run(1);
	assert_int_equal(last_call, CPU_CALL_SLOTS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_threads_and_calls),
		T(test_call_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
