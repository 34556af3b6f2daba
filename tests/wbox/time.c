/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers and sleeping, on the machine's counter. */
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/wbox.h>

#include "sem.h"

#define TIMERS 32

struct probe {
	struct timer timer;
	ticks_t fired_at;
	unsigned int cpu;
	struct completion *last;
};

static struct probe probes[TIMERS];
static uint32_t left;

static void probe_fired(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	p->fired_at = time_now();
	p->cpu = cpu_id();
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) == 0) {
		completion_done(p->last);
	}
}

WBOX_TEST(time_timers, "time: timers fire on their CPU, none too early")
{
	ticks_t limit = time_now() + ms_to_ticks(20000);
	struct completion last;
	unsigned int cpu;
	ticks_t start;
	int err;

	completion_init(&last);
	left = TIMERS;
	preempt_disable();
	cpu = cpu_id();
	start = time_now();
	for (unsigned int i = 0; i < TIMERS; i++) {
		probes[i].last = &last;
		probes[i].fired_at = 0;
		timer_init(&probes[i].timer, probe_fired);
		/* Not in order. */
		timer_set(&probes[i].timer,
			  start + ms_to_ticks(1 + (i * 7) % TIMERS));
	}
	preempt_enable();
	err = completion_wait_until(&last, limit);
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_cancel(&probes[i].timer);
	}
	WB_ASSERT_EQ(err, 0);
	for (unsigned int i = 0; i < TIMERS; i++) {
		WB_ASSERT(probes[i].fired_at >=
			  start + ms_to_ticks(1 + (i * 7) % TIMERS));
		WB_ASSERT_EQ(probes[i].cpu, cpu);
	}
}

static void never(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	p->fired_at = time_now();
}

/*
 * An emulated machine may be stopped for longer than the time to the deadline,
 * so a timer may have fired before it is cancelled. It is set again until it
 * was cancelled in time; from then on it must not fire.
 */
WBOX_TEST(time_cancel, "time: a cancelled timer does not fire")
{
	ticks_t limit = time_now() + ms_to_ticks(20000);
	struct probe p;

	timer_init(&p.timer, never);
	do {
		p.fired_at = 0;
		timer_set(&p.timer, time_now() + ms_to_ticks(2));
		timer_cancel(&p.timer);
		WB_ASSERT(!timer_armed(&p.timer));
	} while (p.fired_at != 0 && time_now() < limit);
	WB_ASSERT_EQ(p.fired_at, 0);
	sleep_ms(4);
	WB_ASSERT_EQ(p.fired_at, 0);
}

WBOX_TEST(time_past, "time: a deadline in the past fires at once")
{
	struct probe p = { .fired_at = 0 };
	ticks_t limit = time_now() + ms_to_ticks(20000);

	timer_init(&p.timer, never);
	timer_set(&p.timer, time_now() - 1);
	while (READ_ONCE(p.fired_at) == 0 && time_now() < limit) {
		arch_cpu_relax();
	}
	timer_cancel(&p.timer);
	WB_ASSERT(p.fired_at != 0);
}

WBOX_TEST(time_sleep, "time: sleeping lasts as long as asked")
{
	static const uint64_t ms[] = { 0, 1, 3, 10, 20 };

	for (unsigned int i = 0; i < ARRAY_SIZE(ms); i++) {
		ticks_t start = time_now();

		sleep_ms(ms[i]);
		WB_ASSERT(time_now() - start >= ms_to_ticks(ms[i]));
	}
}

WBOX_TEST(time_monotonic, "time: the counter does not go back, on any CPU")
{
	ticks_t last = time_now();
	uint64_t last_ns = time_now_ns();

	for (unsigned int i = 0; i < cpu_count * 4; i++) {
		struct cpumask m = { 0 }, all;
		ticks_t now;
		uint64_t ns;

		if (!cpu_online(i % cpu_count)) {
			continue;
		}
		cpumask_set(&m, i % cpu_count);
		WB_ASSERT(sched_set_affinity(vcpu_current(), &m, NULL) == 0);
		now = time_now();
		ns = time_now_ns();
		cpumask_set_all(&all);
		WB_ASSERT(sched_set_affinity(vcpu_current(), &all, NULL) == 0);
		WB_ASSERT(now >= last);
		WB_ASSERT(ns >= last_ns);
		last = now;
		last_ns = ns;
	}
}

WBOX_TEST(time_wait_until, "time: waiting for what does not come ends")
{
	ticks_t deadline = time_now() + ms_to_ticks(5);
	struct semaphore s;

	sem_init(&s, 0);
	WB_ASSERT(sem_down_until(&s, deadline) != 0);
	WB_ASSERT(time_now() >= deadline);
	sem_up(&s);
	WB_ASSERT_EQ(sem_down_until(&s, time_now() + ms_to_ticks(20000)), 0);
}
