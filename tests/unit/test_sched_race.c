/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Races of the scheduler: VCPUs that are paused, moved, started and stopped by
 * others, and get other policies, while they run, block and wait in place.
 */
#include "sched_race.h"

/* --- control from outside: pause, resume, affinity, priority --- */

static void check_paused(struct vcpu *v)
{
	assert_true((v->held & SCHED_HOLD_PAUSE));
	assert_false(v->queued);
	assert_int_not_equal(v->state, VCPU_RUNNING);
	assert_int_equal(v->on_cpu, ON_CPU_NO);
}

/* A VCPU is on an allowed CPU, or has been asked to leave. */
static void check_place(void)
{
	unsigned long flags = arch_irq_save();

	assert_true(cpumask_test(&this_cpu()->current->affinity, cpu_id()) ||
		    this_cpu()->need_resched);
	arch_irq_restore(flags);
}

/* Of the pool of all threads; "prio" is what each test begins and ends with. */
static void change_policy(const char *name)
{
	const struct sched_choice choice = {
		.policy = name,
		.options = strcmp(name, "arinc653") == 0 ? "frame=10ms" : NULL,
	};

	assert_int_equal(sched_pool_set_policy(sched_pool_find("default"),
					       &choice, NULL),
			 0);
}

static void change_any(void)
{
	static const char *const policies[] = { "prio", "edf", "fair", "rm",
						"arinc653" };

	change_policy(policies[rnd(ARRAY_SIZE(policies))]);
}

static void control_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 30; i++) {
		struct vcpu *v = threads[1 + rnd(THREADS - 1)];
		struct cpumask m = { 0 };

		switch (rnd(4)) {
		case 0:
			sched_pause(v);
			check_paused(v);
			if (rnd(2)) {
				host_pause();
			}
			sched_wake(v);
			check_paused(v);
			sched_resume(v);
			break;
		case 1:
			cpumask_set(&m, rnd(CPUS));
			cpumask_set(&m, rnd(CPUS));
			assert_int_equal(sched_set_affinity(v, &m, NULL), 0);
			break;
		case 2:
			assert_int_equal(sched_set_priority(v, rnd(8)), 0);
			break;
		default:
			change_any();
			break;
		}
	}
	change_policy("prio");
	done[n] = true;
}

static void victim_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	/* It ends only after the controller, which must not wake a dead
	 * thread. */
	while (!done[0]) {
		check_place();
		switch (rnd(4)) {
		case 0:
			(void)wait_block(time_now() + rnd(200000));
			break;
		case 1:
			sched_relinquish();
			break;
		case 2:
			preempt_disable();
			host_pause();
			preempt_enable();
			break;
		default:
			host_pause();
			break;
		}
	}
	done[n] = true;
}

static void test_control(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		for (unsigned int i = 1; i < THREADS; i++) {
			spawn(i, rnd(8), true, victim_main);
		}
		/* Highest priority: a spinning victim must not keep it from
		 * running. */
		spawn(0, SCHED_PRIO_MAX, true, control_main);
		run_until(done, THREADS);
		for (unsigned int i = 0; i < THREADS; i++) {
			host_irq_begin(0);
			thread_join(threads[i]);
			host_irq_end();
		}
		end(0);
	}
}

/* --- start and off --- */

static struct vcpu *guest;
static unsigned int entries, starts;

static void guest_main(struct vcpu *v)
{
	assert_ptr_equal(v, guest);
	entries++;
	if (rnd(2)) {
		host_pause();
	}
	sched_off();
}

static void starter_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 25; i++) {
		starts += sched_start(guest);
		if (rnd(2)) {
			host_pause();
		}
	}
	if (n == 0) {
		sched_wait_off(guest);
	}
	done[n] = true;
}

static void test_start_off(void **state)
{
	(void)state;
	host_guest = guest_main;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		entries = 0;
		starts = 0;
		guest = heap_alloc(sizeof(*guest));
		guest->guest = (struct guest *)(uintptr_t)64;
		guest->entry = arch_vcpu_enter;
		guest->arg = guest;
		guest->stack = stack_alloc();
		guest->stack_size = CONFIG_STACK_SIZE;
		guest->params.priority = 3;
		cpumask_set_all(&guest->affinity);
		assert_int_equal(sched_add(guest, NULL), 0);
		for (unsigned int i = 0; i < 3; i++) {
			spawn(i, 3, false, starter_main);
		}
		run_until(done, 3);
		assert_true(starts > 0);
		assert_int_equal(entries, starts);
		assert_true(sched_is_off(guest));
		sched_remove(guest);
		stack_free(guest->stack);
		heap_free(guest);
		end(0);
	}
	host_guest = NULL;
}

/* --- guests' VCPUs, which wait in place, and everything at once --- */

#define GUESTS 3

static struct vcpu *guests[GUESTS];
static unsigned int tokens[GUESTS], taken[GUESTS];

/* Take one token at a time, until told to stop. */
static void token_main(struct vcpu *v)
{
	unsigned int n = v->index;

	while (!READ_ONCE(v->stop_requested)) {
		unsigned long flags = arch_irq_save();

		if (READ_ONCE(tokens[n]) == taken[n]) {
			sched_block();
		}
		arch_irq_restore(flags);
		if (READ_ONCE(tokens[n]) != taken[n]) {
			taken[n]++;
		}
		check_place();
		if (rnd(3) == 0) {
			host_pause();
		}
	}
}

static void notify(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();

	vcpu_notify(v);
	arch_irq_restore(flags);
}

/* Do what guest_stop() does, after all kinds of disturbance. */
static void giver_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;
	struct vcpu *v = guests[n];

	for (unsigned int i = 0; i < 25; i++) {
		struct cpumask m = { 0 };

		switch (rnd(7)) {
		case 0:
			sched_pause(v);
			check_paused(v);
			sched_resume(v);
			break;
		case 1:
			cpumask_set(&m, rnd(CPUS));
			cpumask_set(&m, rnd(CPUS));
			assert_int_equal(sched_set_affinity(v, &m, NULL), 0);
			break;
		case 2:
			assert_int_equal(sched_set_priority(v, rnd(8)), 0);
			break;
		case 3:
			sleep_until(time_now() + rnd(50000));
			break;
		case 4:
			change_any();
			break;
		default:
			WRITE_ONCE(tokens[n], tokens[n] + 1);
			notify(v);
			break;
		}
		/* Every token is taken; no wakeup is lost. */
		while (rnd(2) && READ_ONCE(taken[n]) != tokens[n]) {
			sleep_until(time_now() + 20000);
		}
	}
	WRITE_ONCE(v->stop_requested, true);
	sched_wake(v);
	sched_wait_off(v);
	done[n] = true;
}

static void guest_create(unsigned int n)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	v->guest = (struct guest *)(uintptr_t)64;
	v->index = n;
	v->entry = arch_vcpu_enter;
	v->arg = v;
	v->stack = stack_alloc();
	v->stack_size = CONFIG_STACK_SIZE;
	v->params.priority = 2;
	cpumask_set_all(&v->affinity);
	assert_int_equal(sched_add(v, NULL), 0);
	guests[n] = v;
	tokens[n] = 0;
	taken[n] = 0;
	host_irq_begin(rnd(CPUS));
	assert_true(sched_start(v));
	host_irq_end();
}

static void test_guests(void **state)
{
	(void)state;
	host_guest = token_main;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		for (unsigned int i = 0; i < GUESTS; i++) {
			guest_create(i);
			spawn(i, SCHED_PRIO_MAX, false, giver_main);
		}
		run_until(done, GUESTS);
		host_irq_begin(0);
		change_policy("prio");
		host_irq_end();
		for (unsigned int i = 0; i < GUESTS; i++) {
			assert_true(sched_is_off(guests[i]));
			sched_remove(guests[i]);
			stack_free(guests[i]->stack);
			heap_free(guests[i]);
		}
		end(0);
	}
	host_guest = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_control),
		T(test_start_off),
		T(test_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
