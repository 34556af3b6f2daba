/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads, priorities, affinity and blocking, on the machine's CPUs. */
#include <core/heap.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/wbox.h>

#include "sem.h"

#define MAX_THREADS 8
#define LIMIT_MS 20000 /* for what should take milliseconds */

/* Runs n threads, each fn(number), and joins them. */
static bool run_threads(unsigned int n, uint8_t prio, void (*fn)(void *))
{
	struct vcpu *threads[MAX_THREADS];
	unsigned int made;
	const struct thread_attr attr = {
		.name = "wbox",
		.priority = prio,
		.joinable = true,
	};

	for (made = 0; made < n; made++) {
		if (thread_create(&threads[made], &attr, fn,
				  (void *)(uintptr_t)made)) {
			break;
		}
	}
	for (unsigned int i = 0; i < made; i++) {
		thread_join(threads[i]);
	}
	return made == n;
}

static unsigned int online(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		n += cpu_online(i);
	}
	return n;
}

/* --- tokens round a ring: every step is a wake and a block --- */

#define ROUNDS 200
#define CALLS 32 /* per thread; each waits for another CPU */

static struct semaphore ring[MAX_THREADS];
static uint32_t steps;

static void ring_main(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		sem_down(&ring[me]);
		__atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
		sem_up(&ring[(me + 1) % MAX_THREADS]);
	}
}

WBOX_TEST(sched_ring, "sched: semaphores round a ring of threads")
{
	steps = 0;
	for (unsigned int i = 0; i < MAX_THREADS; i++) {
		sem_init(&ring[i], i % 4 == 0);
	}
	WB_ASSERT(run_threads(MAX_THREADS, SCHED_PRIO_DEFAULT, ring_main));
	WB_ASSERT_EQ(steps, MAX_THREADS * ROUNDS);
}

/* --- mutex --- */

static struct mutex mutex;
static volatile uint32_t counter, inside;
static bool overlap;

static void mutex_main(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t seen;

		mutex_lock(&mutex);
		if (inside++ != 0) {
			overlap = true;
		}
		seen = counter;
		if (i % 16 == 0) {
			sched_relinquish();
		}
		counter = seen + 1;
		inside--;
		mutex_unlock(&mutex);
	}
}

WBOX_TEST(sched_mutex, "sched: a mutex excludes")
{
	mutex_init(&mutex);
	counter = 0;
	overlap = false;
	WB_ASSERT(run_threads(MAX_THREADS, SCHED_PRIO_DEFAULT, mutex_main));
	WB_ASSERT(!overlap);
	WB_ASSERT_EQ(counter, MAX_THREADS * ROUNDS);
}

/* --- spinlock, with interrupts coming in between --- */

static struct spinlock spin = SPINLOCK_INIT(LOCK_DEVICE);

static void spin_main(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long flags = spin_lock_irqsave(&spin);

		counter = counter + 1;
		spin_unlock_irqrestore(&spin, flags);
	}
}

WBOX_TEST(sched_spinlock, "sched: a spinlock excludes between CPUs")
{
	counter = 0;
	WB_ASSERT(run_threads(MAX_THREADS, SCHED_PRIO_DEFAULT, spin_main));
	WB_ASSERT_EQ(counter, MAX_THREADS * ROUNDS);
}

/* One CPU holds the lock until another wants it, and a little longer. */
static bool held, wanted, entered, entered_early;

static void wait_for(const bool *what, uint64_t ms)
{
	ticks_t limit = time_now() + ms_to_ticks(ms);

	while (!READ_ONCE(*what) && time_now() < limit) {
		arch_cpu_relax();
	}
}

static void hold_main(void *arg)
{
	unsigned long flags = spin_lock_irqsave(&spin);

	(void)arg;
	WRITE_ONCE(held, true);
	wait_for(&wanted, LIMIT_MS);
	wait_for(&entered, 5);
	entered_early |= READ_ONCE(entered);
	spin_unlock_irqrestore(&spin, flags);
}

static void want_main(void *arg)
{
	unsigned long flags;

	(void)arg;
	wait_for(&held, LIMIT_MS);
	WRITE_ONCE(wanted, true);
	flags = spin_lock_irqsave(&spin);
	WRITE_ONCE(entered, true);
	spin_unlock_irqrestore(&spin, flags);
}

WBOX_TEST(sched_spinlock_held, "sched: a held spinlock keeps another CPU out")
{
	struct cpumask m = { 0 };
	const struct thread_attr attr = {
		.name = "wbox",
		.priority = SCHED_PRIO_DEFAULT,
		.joinable = true,
		.affinity = &m,
	};
	void (*const mains[2])(void *) = { hold_main, want_main };
	struct vcpu *threads[2];
	unsigned int made;

	entered_early = false;
	/* With a single CPU there is no other to keep out. */
	for (unsigned int i = 0; cpu_online(1) && i < 10; i++) {
		held = wanted = entered = false;
		for (made = 0; made < 2; made++) {
			m = (struct cpumask){ 0 };
			cpumask_set(&m, made);
			if (thread_create(&threads[made], &attr, mains[made],
					  NULL)) {
				break;
			}
		}
		for (unsigned int k = 0; k < made; k++) {
			thread_join(threads[k]);
		}
		WB_ASSERT_EQ(made, 2);
		WB_ASSERT(wanted && entered);
	}
	WB_ASSERT(!entered_early);
}

/* --- a higher priority runs at once, on the same CPU --- */

static struct semaphore go;
static struct completion ran;
static bool ran_first;

static void high_main(void *arg)
{
	(void)arg;
	sem_down(&go);
	completion_done(&ran);
}

static void low_main(void *arg)
{
	ticks_t limit = time_now() + ms_to_ticks(LIMIT_MS);

	(void)arg;
	sem_up(&go);
	/* Never blocks: the other runs because it preempts, or not at all. */
	while (!READ_ONCE(ran.done) && time_now() < limit) {
		arch_cpu_relax();
	}
	ran_first = READ_ONCE(ran.done);
}

WBOX_TEST(sched_preempt, "sched: a woken thread of higher priority preempts")
{
	struct cpumask m = { 0 };
	struct thread_attr attr = {
		.name = "wbox",
		.priority = SCHED_PRIO_MAX,
		.joinable = true,
		.affinity = &m,
	};
	struct vcpu *high, *low;

	cpumask_set(&m, cpu_id());
	sem_init(&go, 0);
	completion_init(&ran);
	ran_first = false;
	WB_ASSERT(thread_create(&high, &attr, high_main, NULL) == 0);
	attr.priority = SCHED_PRIO_DEFAULT;
	if (thread_create(&low, &attr, low_main, NULL)) {
		sem_up(&go);
		thread_join(high);
		WB_ASSERT(false);
	}
	thread_join(low);
	thread_join(high);
	WB_ASSERT(ran_first);
}

/* --- threads that never block share a CPU --- */

static bool stop_spinning;
static uint64_t spins[2];

static void busy_main(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	while (!READ_ONCE(stop_spinning)) {
		WRITE_ONCE(spins[me], spins[me] + 1);
	}
}

WBOX_TEST(sched_slices, "sched: busy threads of one priority take turns")
{
	struct cpumask m = { 0 };
	const struct thread_attr attr = {
		.name = "wbox",
		.priority = 1,
		.joinable = true,
		.affinity = &m,
	};
	ticks_t limit = time_now() + ms_to_ticks(LIMIT_MS);
	struct vcpu *busy[2];
	struct vcpu_times t[2];

	cpumask_set(&m, cpu_id());
	stop_spinning = false;
	spins[0] = 0;
	spins[1] = 0;
	WB_ASSERT(thread_create(&busy[0], &attr, busy_main, NULL) == 0);
	if (thread_create(&busy[1], &attr, busy_main, (void *)1)) {
		stop_spinning = true;
		thread_join(busy[0]);
		WB_ASSERT(false);
	}
	/* How many turns fit into the time depends on the machine. */
	do {
		sleep_ms(SCHED_SLICE_MS);
		for (unsigned int i = 0; i < 2; i++) {
			sched_times(busy[i], &t[i]);
		}
	} while ((t[0].switches < 2 || t[1].switches < 2) &&
		 time_now() < limit);
	stop_spinning = true;
	thread_join(busy[0]);
	thread_join(busy[1]);
	WB_ASSERT(spins[0] > 0 && spins[1] > 0);
	WB_ASSERT(t[0].switches >= 2 && t[1].switches >= 2);
	/* How long a turn lasts depends on the machine that runs the emulator,
	 * too. */
	WB_ASSERT(t[0].running > 0 && t[1].running > 0);
}

/* --- affinity: one thread visits every CPU --- */

static uint32_t wrong_cpu;

static void visit_main(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < cpu_count * 8; i++) {
		struct cpumask m = { 0 };
		unsigned int cpu = i % cpu_count;

		if (!cpu_online(cpu)) {
			continue;
		}
		cpumask_set(&m, cpu);
		if (sched_set_affinity(vcpu_current(), &m, NULL) ||
		    cpu_id() != cpu) {
			wrong_cpu++;
		}
	}
}

WBOX_TEST(sched_affinity, "sched: a thread moves when its affinity does")
{
	wrong_cpu = 0;
	WB_ASSERT(run_threads(4, SCHED_PRIO_DEFAULT, visit_main));
	WB_ASSERT_EQ(wrong_cpu, 0);
}

/* --- pause --- */

WBOX_TEST(sched_pause_resume, "sched: a paused thread does not run")
{
	const struct thread_attr attr = {
		.name = "wbox",
		.priority = 1,
		.joinable = true,
	};
	struct vcpu *busy;
	uint64_t then = 0;
	bool stood_still = true;

	stop_spinning = false;
	spins[0] = 0;
	WB_ASSERT(thread_create(&busy, &attr, busy_main, NULL) == 0);
	sleep_ms(5);
	for (unsigned int i = 0; i < 20; i++) {
		sched_pause(busy);
		then = READ_ONCE(spins[0]);
		sleep_ms(1);
		stood_still = stood_still && READ_ONCE(spins[0]) == then;
		sched_resume(busy);
		sleep_ms(1);
	}
	for (unsigned int i = 0; i < 1000 && READ_ONCE(spins[0]) == then; i++) {
		sleep_ms(1);
	}
	stop_spinning = true;
	thread_join(busy);
	WB_ASSERT(stood_still);
	WB_ASSERT(spins[0] > then);
}

/* --- threads that nobody joins give everything back --- */

static void nothing_main(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
}

WBOX_TEST(sched_reap, "sched: ended threads are freed")
{
	const struct thread_attr attr = {
		.name = "wbox",
		.priority = SCHED_PRIO_DEFAULT,
	};
	ticks_t deadline = time_now() + ms_to_ticks(LIMIT_MS);
	struct heap_stats before, after;

	counter = 0;
	heap_get_stats(&before);
	for (unsigned int i = 0; i < 50; i++) {
		WB_ASSERT(thread_create(NULL, &attr, nothing_main, NULL) == 0);
	}
	do {
		sleep_ms(1);
		heap_get_stats(&after);
	} while ((counter < 50 || after.allocations > before.allocations) &&
		 time_now() < deadline);
	WB_ASSERT_EQ(counter, 50);
	WB_ASSERT(after.allocations <= before.allocations);
}

/* --- CPUs that call each other, all at once --- */

static uint32_t calls[CONFIG_MAX_CPUS];

static void called(void *arg)
{
	if (arch_irq_disabled() && cpu_id() == (unsigned int)(uintptr_t)arg) {
		calls[cpu_id()]++;
	}
}

static void caller_main(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < CALLS; i++) {
		unsigned int cpu = i % cpu_count;

		if (cpu_call(cpu, called, (void *)(uintptr_t)cpu, true)) {
			continue;
		}
	}
}

WBOX_TEST(sched_cpu_call, "sched: CPUs call each other")
{
	uint32_t expected = 0, got = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		calls[i] = 0;
	}
	WB_ASSERT(run_threads(MAX_THREADS, SCHED_PRIO_DEFAULT, caller_main));
	for (unsigned int i = 0; i < CALLS; i++) {
		expected += cpu_online(i % cpu_count);
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		got += calls[i];
	}
	WB_ASSERT_EQ(got, expected * MAX_THREADS);
	WB_ASSERT(online() >= 1);
}
