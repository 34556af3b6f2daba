/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: event counters that count what a test says (host_pmu_count()). */
#include <arch/pmu.h>
#include <arch_impl/host.h>
#include <core/budget.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#define EVENTS 4

static const char *const names[EVENTS] = { "none", "accesses", "writes",
					   "cycles" };

struct counter {
	bool on;
	uint32_t event, left, counted;
};

static struct counter counters[CONFIG_MAX_CPUS][ARCH_PMU_COUNTERS];
unsigned int host_pmu_counters = ARCH_PMU_COUNTERS;

unsigned int arch_pmu_counters(void)
{
	return host_pmu_counters;
}

int arch_pmu_event(const char *text, uint32_t *event)
{
	uint64_t number;

	for (uint32_t i = 0; i < EVENTS; i++) {
		if (strcmp(names[i], text) == 0) {
			*event = i;
			return 0;
		}
	}
	if (parse_u64_max(text, UINT16_MAX, &number) != 0) {
		return -ERR_INVAL;
	}
	*event = (uint32_t)number;
	return number < EVENTS ? 0 : -ERR_NOSUPP;
}

const char *arch_pmu_event_name(uint32_t event)
{
	return event < EVENTS ? names[event] : NULL;
}

bool arch_pmu_event_nth(unsigned int n, uint32_t *event)
{
	*event = n;
	return n < EVENTS;
}

int arch_pmu_event_default(uint32_t *event)
{
	*event = 1;
	return 0;
}

void arch_pmu_start(unsigned int n, uint32_t event, uint32_t left)
{
	counters[cpu_id()][n] = (struct counter){ true, event, left, 0 };
}

uint32_t arch_pmu_stop(unsigned int n)
{
	counters[cpu_id()][n].on = false;
	return counters[cpu_id()][n].counted;
}

void arch_pmu_follow(struct vcpu *v, bool on)
{
	(void)v;
	(void)on;
}

uint32_t host_pmu_left(unsigned int cpu, unsigned int n)
{
	const struct counter *c = &counters[cpu][n];

	return c->on && c->counted < c->left ? c->left - c->counted : 0;
}

bool host_pmu_on(unsigned int cpu, unsigned int n)
{
	return counters[cpu][n].on;
}

bool host_pmu_count(unsigned int cpu, unsigned int n, uint32_t events)
{
	struct counter *c = &counters[cpu][n];

	if (!c->on) {
		return false;
	}
	c->counted += events;
	return c->counted >= c->left;
}
