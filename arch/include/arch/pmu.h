/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: each CPU's counters of events (instructions, cycles, accesses to
 * memory) that are the hypervisor's own: no guest can see, change or stop them.
 * core/budget uses them; docs/design/budgets.md.
 */
#ifndef ARCH_PMU_H
#define ARCH_PMU_H

#include <libs/types.h>

struct vcpu;

/* The most that a CPU may have; see arch_pmu_counters(). */
#define ARCH_PMU_COUNTERS 2

/* How many there are: 0 to ARCH_PMU_COUNTERS. Constant once guests can exist.
 * Any context. */
unsigned int arch_pmu_counters(void);

/*
 * An event by its name or number (0x for hexadecimal). -ERR_INVAL: no name that
 * is known, and no number that an event can have; -ERR_NOSUPP: the CPUs say
 * that they do not count it. Of some events a CPU does not say; they are
 * accepted. Any context.
 */
int __must_check arch_pmu_event(const char *text, uint32_t *event);
/* Its name; NULL: it has none that is known. */
const char *arch_pmu_event_name(uint32_t event);
/* The n-th event, ascending, that all CPUs say they count; false past the end.
 * */
bool arch_pmu_event_nth(unsigned int n, uint32_t *event);
/* The event for memory accesses if none is given: the best that the CPUs have.
 * -ERR_NOSUPP: they have no such event. */
int __must_check arch_pmu_event_default(uint32_t *event);

/*
 * Let counter `n` of this CPU count `event`, at all privileges, from now until
 * arch_pmu_stop(), and call budget_overflow() in an interrupt once it has
 * counted `left` (not 0). Interrupts masked.
 */
void arch_pmu_start(unsigned int n, uint32_t event, uint32_t left);
/* What it has counted since; more than `left`, if the interrupt was late. It
 * must have been started on this CPU. Interrupts masked. */
uint32_t arch_pmu_stop(unsigned int n);

/* Call budget_switch_in() and budget_switch_out() when `v` gets a CPU and when
 * it loses it; or stop doing so. It is on no CPU meanwhile. Thread context. */
void arch_pmu_follow(struct vcpu *v, bool on);

#endif
