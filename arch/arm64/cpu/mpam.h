/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory System Resource Partitioning and Monitoring, the CPU's part (Arm
 * ARM D23.7, DDI0598): values of its registers. Pure.
 */
#ifndef ARM64_MPAM_H
#define ARM64_MPAM_H

#include <libs/types.h>

/* ID_AA64PFR0_EL1.MPAM is the major version, ID_AA64PFR1_EL1.MPAM_frac the
 * minor one: 0.1, 1.0 and 1.1 exist. 0.0: no MPAM. */
static inline bool mpam_implemented(uint64_t pfr0, uint64_t pfr1)
{
	return FIELD(pfr0, 43, 40) != 0 || FIELD(pfr1, 19, 16) != 0;
}

/* MPAMIDR_EL1 */
#define MPAMIDR_HAS_HCR BIT(17)
#define MPAMIDR_HAS_TIDR BIT(58)

/*
 * MPAM2_EL2. EL1's accesses to MPAM0_EL1 and MPAM1_EL1 trap, those to
 * MPAMSM_EL1 because EnMPAMSM (bit 50) is 0, and those to MPAMIDR_EL1 if TIDR
 * is there, which has the place of MPAMIDR_EL1's HAS_TIDR.
 */
static inline uint64_t mpam2_el2(uint64_t mpamidr)
{
	return (mpamidr & MPAMIDR_HAS_TIDR) | BIT(49) | BIT(48);
}

/* MPAMHCR_EL2.TRAP_MPAMIDR_EL1 */
#define MPAMHCR_EL2_VALUE BIT(31)

#endif
