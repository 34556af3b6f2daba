/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of PMUv3 by name and number; `ceid` is PMCEID0_EL0 and PMCEID1_EL0.
 * Pure. */
#ifndef PMU_EVENTS_H
#define PMU_EVENTS_H

#include <libs/types.h>

/* NULL: none that is known. */
const char *pmu_event_name(uint32_t event);
/* The n-th that the registers name, ascending; false past the end. */
bool pmu_event_nth(const uint64_t ceid[2], unsigned int n, uint32_t *event);
/* The one nearest to accesses to memory. -ERR_NOSUPP: none. */
int __must_check pmu_event_best(const uint64_t ceid[2], uint32_t *event);
/* -ERR_INVAL: neither a name that is known nor a number of 16 bits;
 * -ERR_NOSUPP: the registers say that it is not there. Those of which they say
 * nothing (64 to 0x3fff and from 0x4040 on) are accepted. */
int __must_check pmu_event_parse(const uint64_t ceid[2], const char *text,
				 uint32_t *event);

#endif
