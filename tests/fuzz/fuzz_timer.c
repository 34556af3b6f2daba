/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: any sequence of set, cancel and passing time on two CPUs, also from
 * callbacks, compared with an array.
 */
#include <stdint.h>
#include <stdlib.h>

#include <arch/cpu.h>
#include <arch_impl/host.h>
#include <core/percpu.h>
#include <core/time.h>

#define TIMERS 16
#define CPUS 2

static struct {
	struct timer t;
	bool armed;
	uint64_t deadline;
	unsigned int cpu;
} model[TIMERS];

static const uint8_t *in;
static size_t left;
static uint64_t now;

static unsigned int next(void)
{
	if (left == 0) {
		return 0;
	}
	left--;
	return *in++;
}

static void check(bool ok)
{
	if (!ok) {
		abort();
	}
}

/* Set or cancel one, here. */
static void act(void)
{
	unsigned int i = next() % TIMERS;
	unsigned int how = next();

	if (how % 4 == 0) {
		model[i].armed = false;
		timer_cancel(&model[i].t);
	} else {
		model[i].armed = true;
		model[i].deadline = now + how * (how % 8);
		model[i].cpu = cpu_id();
		timer_set(&model[i].t, model[i].deadline);
	}
	check(timer_armed(&model[i].t) == model[i].armed);
}

static void fired(struct timer *t)
{
	size_t i = (size_t)((uintptr_t)t - (uintptr_t)model) / sizeof(model[0]);

	check(model[i].armed && model[i].deadline <= now &&
	      model[i].cpu == cpu_id());
	model[i].armed = false;
	if (left) {
		act();
	}
}

static void pass_time(void)
{
	now += next() * 4;
	host_set_time(now);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		host_set_cpu(cpu);
		host_deliver();
		for (unsigned int i = 0; i < TIMERS; i++) {
			check(!model[i].armed || model[i].cpu != cpu ||
			      (model[i].deadline > now &&
			       host_timer_deadline(cpu) <= model[i].deadline));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool once;

	for (unsigned int cpu = 0; !once && cpu < CPUS; cpu++) {
		host_set_cpu(cpu);
		check(timer_cpu_init() == 0);
	}
	once = true;
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_init(&model[i].t, fired);
		model[i].armed = false;
	}
	in = data;
	left = size;
	while (left) {
		host_set_cpu(next() % CPUS);
		if (next() % 4 == 0) {
			pass_time();
		} else {
			act();
		}
	}
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_cancel(&model[i].t);
	}
	return 0;
}
