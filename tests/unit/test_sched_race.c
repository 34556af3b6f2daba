/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Races of the scheduler and of all that blocks: four simulated CPUs are
 * stopped wherever another could interleave, locks held or not, and any CPU
 * goes on next; many seeds. A lost wakeup is a run that does not end, a use
 * after free is AddressSanitizer's to see.
 */
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

/* One point in four stops; the spin loops stop by themselves. */
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

/* No VCPU on two CPUs, ever. */
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

/* At rest: nobody is ready and forgotten. */
static void check_lost(struct vcpu *v, void *arg)
{
	(void)arg;
	if (v->state == VCPU_READY) {
		assert_true(v->paused || percpu_table[v->cpu]->idle == v);
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
	/* The last may still have to be reaped, by the work queue. */
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

/* --- semaphores: tokens go round a ring of threads --- */

static struct semaphore sems[THREADS];

static void ring_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 15; i++) {
		sem_down(&sems[n]);
		sem_up(&sems[(n + 1) % THREADS]);
	}
	done[n] = true;
}

static void test_ring(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		for (unsigned int i = 0; i < THREADS; i++) {
			sem_init(&sems[i], i % 3 == 0);
		}
		for (unsigned int i = 0; i < THREADS; i++) {
			spawn(i, rnd(SCHED_PRIO_MAX + 1), false, ring_main);
		}
		end(THREADS);
	}
}

/* --- mutex --- */

static struct mutex mutex;
static unsigned int inside_mutex, counter;

static void mutex_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 12; i++) {
		unsigned int seen;

		mutex_lock(&mutex);
		assert_int_equal(inside_mutex++, 0);
		seen = counter;
		if (rnd(2)) {
			host_pause();
		}
		if (rnd(8) == 0) {
			sched_relinquish();
		}
		counter = seen + 1;
		inside_mutex--;
		mutex_unlock(&mutex);
	}
	done[n] = true;
}

static void test_mutex(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		mutex_init(&mutex);
		counter = 0;
		for (unsigned int i = 0; i < THREADS; i++) {
			/* One priority: the holder must get to run. */
			spawn(i, 3, false, mutex_main);
		}
		end(THREADS);
		assert_int_equal(counter, THREADS * 12);
	}
}

/* --- objects that the waiter frees at once --- */

struct job {
	struct completion done;
	struct semaphore sem;
	struct timer timer;
	struct work work;
	unsigned int how;
};

static void job_timer(struct timer *t)
{
	struct job *j = container_of(t, struct job, timer);

	completion_done(&j->done);
}

static void job_work(struct work *w)
{
	struct job *j = container_of(w, struct job, work);

	sem_up(&j->sem);
}

static void job_call(void *arg)
{
	struct job *j = arg;

	completion_done(&j->done);
}

static void job_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 12; i++) {
		struct job *j = heap_alloc(sizeof(*j));

		completion_init(&j->done);
		sem_init(&j->sem, 0);
		timer_init(&j->timer, job_timer);
		work_init(&j->work, job_work);
		switch (rnd(5)) {
		case 0:
			timer_set(&j->timer, time_now() + rnd(100000));
			completion_wait(&j->done);
			timer_cancel(&j->timer);
			break;
		case 1:
			work_queue(&j->work);
			sem_down(&j->sem);
			work_cancel(&j->work);
			break;
		case 2:
			if (cpu_call(rnd(CPUS), job_call, j, false) == 0) {
				completion_wait(&j->done);
			}
			break;
		case 3:
			/* Gives up, or not: cancel is what makes it safe. */
			timer_set(&j->timer, time_now() + rnd(100000));
			(void)!completion_wait_until(&j->done,
						     time_now() + rnd(100000));
			timer_cancel(&j->timer);
			break;
		default:
			work_queue(&j->work);
			(void)!sem_down_until(&j->sem, time_now() + rnd(50000));
			work_cancel(&j->work);
			break;
		}
		heap_free(j);
	}
	done[n] = true;
}

static void test_free_at_once(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		for (unsigned int i = 0; i < THREADS; i++) {
			spawn(i, rnd(SCHED_PRIO_MAX + 1), false, job_main);
		}
		end(THREADS);
	}
}

/* --- timers that several CPUs set and cancel --- */

#define SHARED 3

static struct shared {
	struct timer t;
	bool running;
	bool forbidden; /* cancelled, and not set since */
	unsigned int fired;
} shared[SHARED];
static struct mutex shared_mutex[SHARED];

static void shared_fn(struct timer *t)
{
	struct shared *s = container_of(t, struct shared, t);

	assert_false(s->running);
	s->running = true;
	s->fired++;
	host_point();
	assert_false(s->forbidden);
	if (rnd(8) == 0) {
		timer_set(t, time_now() + rnd(50000));
	}
	host_point();
	assert_false(s->forbidden);
	s->running = false;
}

static void timer_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 0; i < 40; i++) {
		unsigned int k = rnd(SHARED);
		struct shared *s = &shared[k];

		mutex_lock(&shared_mutex[k]);
		if (rnd(3)) {
			s->forbidden = false;
			timer_set(&s->t, time_now() + rnd(3) * rnd(40000));
		} else {
			timer_cancel(&s->t);
			assert_false(s->running);
			s->forbidden = true;
		}
		mutex_unlock(&shared_mutex[k]);
		if (rnd(2)) {
			host_pause();
		}
	}
	done[n] = true;
}

static void test_timers(void **state)
{
	unsigned int fired = 0;

	(void)state;
	for (unsigned int i = 0; i < SHARED; i++) {
		timer_init(&shared[i].t, shared_fn);
		mutex_init(&shared_mutex[i]);
	}
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		for (unsigned int i = 0; i < CPUS; i++) {
			spawn(i, 3, false, timer_main);
		}
		run_until(done, CPUS);
		for (unsigned int i = 0; i < SHARED; i++) {
			host_set_cpu(0);
			timer_cancel(&shared[i].t);
			fired += shared[i].fired;
		}
		end(0);
	}
	assert_true(fired > SEEDS * 10);
}

/* --- control from outside: pause, resume, affinity, priority --- */

static void check_paused(struct vcpu *v)
{
	assert_true(v->paused);
	assert_false(v->queued);
	assert_int_not_equal(v->state, VCPU_RUNNING);
	assert_int_equal(v->on_cpu, ON_CPU_NO);
}

/* Where it may be, or asked to leave. */
static void check_place(void)
{
	unsigned long flags = arch_irq_save();

	assert_true(cpumask_test(&this_cpu()->current->affinity, cpu_id()) ||
		    this_cpu()->need_resched);
	arch_irq_restore(flags);
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
			assert_int_equal(sched_set_affinity(v, &m), 0);
			break;
		case 2:
			assert_int_equal(sched_set_priority(v, rnd(8)), 0);
			break;
		default:
			assert_int_equal(sched_set_policy(rnd(CPUS), "prio"),
					 0);
			break;
		}
	}
	done[n] = true;
}

static void victim_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	/* Only ends when the controller has: it must not wake the dead. */
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
		/* Above all: a spinning victim must not keep it away. */
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
		guest->priority = 3;
		cpumask_set_all(&guest->affinity);
		assert_int_equal(sched_add(guest), 0);
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

/* One token at a time, until it is told to stop. */
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

/* What guest_stop() does, with all the disturbance before. */
static void giver_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;
	struct vcpu *v = guests[n];

	for (unsigned int i = 0; i < 25; i++) {
		struct cpumask m = { 0 };

		switch (rnd(6)) {
		case 0:
			sched_pause(v);
			check_paused(v);
			sched_resume(v);
			break;
		case 1:
			cpumask_set(&m, rnd(CPUS));
			cpumask_set(&m, rnd(CPUS));
			assert_int_equal(sched_set_affinity(v, &m), 0);
			break;
		case 2:
			assert_int_equal(sched_set_priority(v, rnd(8)), 0);
			break;
		case 3:
			sleep_until(time_now() + rnd(50000));
			break;
		default:
			WRITE_ONCE(tokens[n], tokens[n] + 1);
			sched_wake(v);
			vcpu_kick(v);
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
	v->priority = 2;
	cpumask_set_all(&v->affinity);
	assert_int_equal(sched_add(v), 0);
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

/* --- sleeping --- */

static uint64_t woke_at;

static void sleeper_main(void *arg)
{
	sleep_ms(7);
	woke_at = time_now();
	done[(uintptr_t)arg] = true;
}

static void test_sleep(void **state)
{
	uint64_t start;

	(void)state;
	begin(1);
	spawn(0, 3, false, sleeper_main);
	assert_true(host_settle(100));
	host_set_cpu(0);
	start = time_now();
	host_advance(HOST_TIMER_HZ / 1000 * 7 - 1);
	assert_true(host_settle(100));
	assert_false(done[0]);
	host_advance(1);
	assert_true(host_settle(100));
	assert_true(done[0]);
	assert_int_equal(woke_at - start, HOST_TIMER_HZ / 1000 * 7);
	end(1);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ring),         T(test_mutex),
		T(test_free_at_once), T(test_timers),
		T(test_control),      T(test_start_off),
		T(test_guests),       T(test_threads_and_calls),
		T(test_call_slots),   T(test_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
