/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: a VCPU's PMU (PMUv3), as its guest sees it. */
#ifndef ARCH_IMPL_VPMU_H
#define ARCH_IMPL_VPMU_H

#include <libs/types.h>

/* Number 31 is the cycle counter (PMCCNTR_EL0, PMCCFILTR_EL0). */
#define VPMU_COUNTERS 32

/* [C] of counters that the CPU has, the values are those when they were given
 * to it. */
struct vpmu {
	uint64_t counter[VPMU_COUNTERS];
	uint32_t type[VPMU_COUNTERS];
	uint32_t enabled;    /* PMCNTENSET_EL0 */
	uint32_t interrupts; /* PMINTENSET_EL1 */
	uint32_t overflowed; /* PMOVSSET_EL0 */
	uint32_t loaded;     /* counters that the CPU has */
	uint8_t control;     /* PMCR_EL0's bits that can be changed */
	uint8_t user;        /* PMUSERENR_EL0 */
	uint8_t selected;    /* PMSELR_EL0 */
	bool line;           /* its interrupt signals */
	bool used;           /* a register was written since the reset */
};

#endif
