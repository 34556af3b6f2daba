/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Races of wait queues, mutexes, completions, timers and work. */
#include "sched_race.h"

#include "tests/wbox/sem.h"

/* --- wait queues: tokens go round a ring of threads --- */

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
			/* The holder inherits priority, so it can run. */
			spawn(i, rnd(SCHED_PRIO_MAX + 1), false, mutex_main);
		}
		end(THREADS);
		assert_int_equal(counter, THREADS * 12);
	}
}

/* --- objects that the waiter frees at once --- */

struct job {
	struct completion done;
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

	completion_done(&j->done);
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
		timer_init(&j->timer, job_timer);
		work_init(&j->work, &work_shared, job_work);
		switch (rnd(5)) {
		case 0:
			timer_set(&j->timer, time_now() + rnd(100000));
			completion_wait(&j->done);
			timer_cancel(&j->timer);
			break;
		case 1:
			work_queue(&j->work);
			completion_wait(&j->done);
			work_cancel(&j->work);
			break;
		case 2:
			if (cpu_call(rnd(CPUS), job_call, j, false) == 0) {
				completion_wait(&j->done);
			}
			break;
		case 3:
			/* It may fire or not; cancelling makes it safe. */
			timer_set(&j->timer, time_now() + rnd(100000));
			(void)!completion_wait_until(&j->done,
						     time_now() + rnd(100000));
			timer_cancel(&j->timer);
			break;
		default:
			work_queue(&j->work);
			(void)!completion_wait_until(&j->done,
						     time_now() + rnd(50000));
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
	bool forbidden; /* cancelled, and not set again */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ring),   T(test_mutex), T(test_free_at_once),
		T(test_timers), T(test_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
