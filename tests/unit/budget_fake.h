/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of core/budget/account.c and budget.c: two guests, two CPUs, their
 * scheduler and timers, and counters that the test turns.
 */
#ifndef TESTS_BUDGET_FAKE_H
#define TESTS_BUDGET_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/pmu.h>
#include <arch_impl/host.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <libs/error.h>

#include "core/budget/budget_priv.h"

#define CPUS 2
#define VCPUS 40
#define EVENTS 64000
#define PERIOD_US 1000
#define PERIOD 1000 /* ticks: a microsecond each */
#define ACCESSES 1  /* events of arch/host/pmu.c */
#define WRITES 2

/* --- the world ---------------------------------------------------------- */

static struct percpu cpus[CPUS];
static unsigned int here;
static struct vcpu nobody[CPUS];
static ticks_t now;

/* Two guests with VCPUs, and what the scheduler would know of them. */
static struct guest guests[2];
static struct guest_config cfgs[2];
static struct vcpu vcpus[2][VCPUS];
static struct vcpu *lists[2][VCPUS];
static bool throttled[2][VCPUS];
static unsigned int holds;
static int hold_error;
static int allocations = -1; /* that still succeed; negative: all */
static bool mutex_held;
static char message[512];

static struct timer *armed[2 * VCPUS + 4];

struct percpu *arch_percpu(void)
{
	return &cpus[here];
}

unsigned long arch_irq_save(void)
{
	return 0;
}

void arch_irq_restore(unsigned long flags)
{
	(void)flags;
}

void spin_init(struct spinlock *l, enum lock_class class)
{
	(void)class;
	memset(l, 0, sizeof(*l));
}

static struct spinlock *locked[4];
static unsigned int nlocked;

void spin_lock(struct spinlock *l)
{
	for (unsigned int i = 0; i < nlocked; i++) {
		assert_ptr_not_equal(locked[i], l);
	}
	assert_true(nlocked < ARRAY_SIZE(locked));
	locked[nlocked++] = l;
}

void spin_unlock(struct spinlock *l)
{
	assert_ptr_equal(locked[--nlocked], l);
}

#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
void assert_held(const struct spinlock *l)
{
	bool held = false;

	for (unsigned int i = 0; i < nlocked; i++) {
		held = held || locked[i] == l;
	}
	assert_true(held);
}
#endif

void mutex_lock(struct mutex *m)
{
	(void)m;
	assert_false(mutex_held);
	mutex_held = true;
}

void mutex_unlock(struct mutex *m)
{
	(void)m;
	assert_true(mutex_held);
	mutex_held = false;
}

void *heap_alloc(size_t size)
{
	if (allocations == 0) {
		return NULL;
	}
	allocations -= allocations > 0;
	return calloc(1, size);
}

void heap_free(void *p)
{
	free(p);
}

ticks_t time_now(void)
{
	return now;
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return ns / 1000;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn };
}

void timer_cancel(struct timer *t)
{
	t->rank = 0;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		armed[i] = armed[i] == t ? NULL : armed[i];
	}
}

void timer_set(struct timer *t, ticks_t deadline)
{
	size_t i = 0;

	timer_cancel(t);
	while (armed[i]) {
		i++;
		assert_true(i < ARRAY_SIZE(armed));
	}
	armed[i] = t;
	t->rank = 1;
	t->deadline = deadline;
	t->cpu = here;
}

static struct vcpu *of_index(unsigned int g, unsigned int n)
{
	return &vcpus[g][n];
}

static bool *flag_of(const struct vcpu *v)
{
	return &throttled[v->guest - guests][v->index];
}

/* Nobody watches. */
void event_post(enum event_kind kind, const char *guest, const char *fmt, ...)
{
	(void)kind;
	(void)guest;
	(void)fmt;
}

void sched_throttle(struct vcpu *v)
{
	assert_false(*flag_of(v));
	*flag_of(v) = true;
}

void sched_unthrottle(struct vcpu *v)
{
	assert_true(*flag_of(v));
	*flag_of(v) = false;
}

/* A guest is held while none of its VCPUs is on a CPU. */
int guest_hold(struct guest *g)
{
	if (hold_error) {
		return hold_error;
	}
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_ptr_not_equal(cpus[i].current->guest, g);
	}
	holds++;
	return 0;
}

void guest_release(struct guest *g)
{
	(void)g;
	holds--;
}

/* --- what the scheduler and the CPUs do ----------------------------------- */

static void on(unsigned int cpu)
{
	here = cpu;
}

static void leave(unsigned int cpu)
{
	struct vcpu *v = cpus[cpu].current;

	on(cpu);
	if (v->budget) {
		budget_switch_out(v);
	}
	cpus[cpu].current = &nobody[cpu];
}

static void enter(unsigned int cpu, struct vcpu *v)
{
	on(cpu);
	assert_false(*flag_of(v));
	cpus[cpu].current = v;
	if (v->budget) {
		budget_switch_in(v);
	}
	/* Throttled at once: need_resched takes it away. */
	if (*flag_of(v)) {
		leave(cpu);
	}
}

/* The VCPU on `cpu` causes events, until it has or is throttled; it notices an
 * overflow `late` events after it. How many it caused. */
static unsigned int cause_late(unsigned int cpu, unsigned int kind,
			       unsigned int events, unsigned int late)
{
	unsigned int caused = 0;

	on(cpu);
	while (caused < events && cpus[cpu].current != &nobody[cpu]) {
		unsigned int left = host_pmu_left(cpu, kind);
		unsigned int step = MIN(left, events - caused);

		if (!host_pmu_on(cpu, kind)) {
			return events;
		}
		caused += step;
		if (host_pmu_count(cpu, kind, step)) {
			(void)host_pmu_count(cpu, kind, late);
			caused += late;
			budget_overflow();
		}
		if (*flag_of(cpus[cpu].current)) {
			leave(cpu);
		}
	}
	return caused;
}

static inline unsigned int cause(unsigned int cpu, unsigned int events)
{
	return cause_late(cpu, BUDGET_ACCESSES, events, 0);
}

static struct timer *first_due(void)
{
	struct timer *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		if (armed[i] && armed[i]->deadline <= now &&
		    (!first || armed[i]->deadline < first->deadline)) {
			first = armed[i];
		}
	}
	return first;
}

/* Interrupts of timers that are due, each on its CPU: how many. */
static unsigned int interrupts(void)
{
	struct timer *t;
	unsigned int n = 0;

	while ((t = first_due()) != NULL) {
		unsigned int cpu = t->cpu;

		on(cpu);
		timer_cancel(t);
		t->fn(t);
		n++;
		if (cpus[cpu].current != &nobody[cpu] &&
		    *flag_of(cpus[cpu].current)) {
			leave(cpu);
		}
	}
	return n;
}

static inline void advance(ticks_t ticks)
{
	for (; ticks > 0; ticks--) {
		now++;
		(void)interrupts();
	}
}

static inline unsigned int count_throttled(unsigned int g)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < VCPUS; i++) {
		n += throttled[g][i];
	}
	return n;
}

static void report(void *ctx, const char *text)
{
	(void)ctx;
	snprintf(message, sizeof(message), "%s", text);
}

static struct budget_spec spec_of(uint64_t events)
{
	return (struct budget_spec){ .events = { events, 0 },
				     .event = { ACCESSES, 0 },
				     .period_us = PERIOD_US };
}

static int set_spec(unsigned int g, uint32_t index,
		    const struct budget_spec *spec)
{
	message[0] = '\0';
	return budget_set(&guests[g], index, spec, report, NULL);
}

static inline void give(unsigned int g, uint32_t index, uint64_t events)
{
	struct budget_spec spec = spec_of(events);

	assert_int_equal(set_spec(g, index, &spec), 0);
}

static inline struct budget_info info_of(unsigned int g, uint32_t index)
{
	struct budget_info info;

	assert_true(budget_get_info(&guests[g], index, &info));
	return info;
}

static int setup(void **state)
{
	(void)state;
	now = 5000;
	here = 0;
	memset(throttled, 0, sizeof(throttled));
	memset(guests, 0, sizeof(guests));
	memset(cfgs, 0, sizeof(cfgs));
	memset(vcpus, 0, sizeof(vcpus));
	for (unsigned int i = 0; i < CPUS; i++) {
		cpus[i].id = i;
		cpus[i].current = &nobody[i];
	}
	for (unsigned int g = 0; g < 2; g++) {
		cfgs[g].vcpus = VCPUS;
		guests[g].cfg = &cfgs[g];
		guests[g].vcpus = lists[g];
		for (unsigned int i = 0; i < VCPUS; i++) {
			vcpus[g][i].index = i;
			vcpus[g][i].guest = &guests[g];
			lists[g][i] = of_index(g, i);
		}
	}
	host_pmu_counters = ARCH_PMU_COUNTERS;
	hold_error = 0;
	allocations = -1;
	return 0;
}

/* Nothing is left: no timer, no promise, no lock. */
static int teardown(void **state)
{
	struct budget_bandwidth b;

	(void)state;
	for (unsigned int i = 0; i < CPUS; i++) {
		leave(i);
	}
	for (unsigned int g = 0; g < 2; g++) {
		budget_fini(&guests[g]);
		assert_null(guests[g].budget);
	}
	for (unsigned int i = 0; budget_bandwidth_nth(i, &b); i++) {
		assert_int_equal(b.promised, 0);
		assert_int_equal(b.spare, 0);
		assert_int_equal(budget_set_bandwidth(b.event, 0), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		assert_null(armed[i]);
	}
	assert_int_equal(holds, 0);
	assert_int_equal(nlocked, 0);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
