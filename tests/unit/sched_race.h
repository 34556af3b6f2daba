/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of races: four simulated CPUs stop wherever another could
 * interleave, with or without locks held, and a random CPU continues; with many
 * seeds. A lost wakeup shows as a run that does not end, a use after free is
 * found by AddressSanitizer.
 */
#ifndef TESTS_SCHED_RACE_H
#define TESTS_SCHED_RACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch_impl/host.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/sched_policy.h>
#include <core/smp.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/work.h>
#include <libs/error.h>

#define CPUS 4
#define THREADS 6
#define STEPS 400000
#define SEEDS 40

static uint64_t rng;

static unsigned int rnd(unsigned int n)
{
	rng = rng * UINT64_C(6364136223846793005) +
	      UINT64_C(1442695040888963407);
	return (unsigned int)(rng >> 33) % n;
}

/* Stop at one point in four. Spin loops always stop. */
static bool maybe_stop(void)
{
	return rnd(4) == 0;
}

static bool everybody_idle(void)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		if (percpu_table[i]->current != percpu_table[i]->idle ||
		    percpu_table[i]->rq->nr_ready) {
			return false;
		}
	}
	return true;
}

/* No VCPU may be on two CPUs. */
static void check(void)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		struct vcpu *v = percpu_table[i]->current;

		assert_true(v->on_cpu != ON_CPU_NO);
		for (unsigned int k = i + 1; k < CPUS; k++) {
			assert_ptr_not_equal(v, percpu_table[k]->current);
		}
	}
}

/* At rest no VCPU may be ready: it would have been forgotten. */
static void check_lost(struct vcpu *v, void *arg)
{
	(void)arg;
	if (v->state == VCPU_READY) {
		assert_true((v->held & SCHED_HOLD_PAUSE) ||
			    percpu_table[v->cpu]->idle == v);
	}
}

static void run_until(const bool *done, unsigned int live)
{
	unsigned int n = 0;

	host_point_hook = maybe_stop;
	for (unsigned int i = 0; i < STEPS && n < live; i++) {
		(void)host_run(rnd(CPUS));
		check();
		host_advance(rnd(20000));
		n = 0;
		for (unsigned int k = 0; k < live; k++) {
			n += done[k];
		}
	}
	host_point_hook = NULL;
	assert_int_equal(n, live);
	/* The work queue may still have to reap the last thread. */
	for (unsigned int i = 0; i < 200 && !everybody_idle(); i++) {
		(void)host_run(i % CPUS);
		host_advance(100000);
	}
	assert_true(host_settle(1000));
	sched_for_each(check_lost, NULL);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(percpu_table[i]->rq->nr_ready, 0);
		assert_ptr_equal(percpu_table[i]->current,
				 percpu_table[i]->idle);
		assert_null(percpu_table[i]->held);
	}
}

/* --- threads by number --- */

static bool done[THREADS];
static struct vcpu *threads[THREADS];

static void spawn(unsigned int n, unsigned int prio, bool joinable,
		  void (*fn)(void *))
{
	const struct thread_attr attr = {
		.name = "racer",
		.priority = (uint8_t)prio,
		.joinable = joinable,
	};

	host_irq_begin(rnd(CPUS));
	done[n] = false;
	assert_int_equal(
		thread_create(&threads[n], &attr, fn, (void *)(uintptr_t)n), 0);
	host_irq_end();
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		host_boot(CPUS);
		host_irq_begin(0);
		assert_int_equal(work_start(), 0);
		host_irq_end();
		once = true;
	}
	assert_true(host_settle(100));
	return 0;
}

static struct heap_stats heap_before;

static void begin(unsigned int seed)
{
	rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	heap_get_stats(&heap_before);
}

static void end(unsigned int live)
{
	struct heap_stats after;

	run_until(done, live);
	heap_get_stats(&after);
	assert_int_equal(after.allocations, heap_before.allocations);
}

#define T(name) cmocka_unit_test_setup(name, setup)

#endif
