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
	return ((pfr0 >> 40 | pfr1 >> 16) & 0xf) != 0;
}

/* MPAMIDR_EL1 */
#define MPAMIDR_HAS_HCR BIT(17)
#define MPAMIDR_HAS_TIDR BIT(58)

static inline uint32_t mpam_partids(uint64_t mpamidr)
{
	return (uint32_t)FIELD(mpamidr, 15, 0) + 1;
}

/* MPAMn_ELx: PARTID_D and PARTID_I, for data and instructions. PMG_D and
 * PMG_I, for monitors only, are 0. */
static inline uint64_t mpam_label(uint32_t partid)
{
	return (uint64_t)partid << 16 | partid;
}

#define MPAM_MPAMEN BIT(63) /* read-only where there is an EL3 */

/*
 * MPAM2_EL2. EL1's accesses to MPAM0_EL1 and MPAM1_EL1 trap, those to
 * MPAMSM_EL1 because EnMPAMSM (bit 50) is 0, and those to MPAMIDR_EL1 if TIDR
 * is there, which has the place of MPAMIDR_EL1's HAS_TIDR.
 */
static inline uint64_t mpam2_el2(uint64_t mpamidr, uint32_t partid)
{
	return MPAM_MPAMEN | (mpamidr & MPAMIDR_HAS_TIDR) | BIT(49) | BIT(48) |
	       mpam_label(partid);
}

/* MPAMHCR_EL2.TRAP_MPAMIDR_EL1. EL1_VPMEN and EL0_VPMEN are 0: the PARTIDs in
 * MPAM1_EL1 and MPAM0_EL1 are not mapped by MPAMVPMn_EL2. */
#define MPAMHCR_EL2_VALUE BIT(31)

/* This CPU has the MPAMIDR_EL1 given, 0 if it has no MPAM, and its MPAM2_EL2 is
 * written. The PARTID that EL2 has. Once on each CPU, when it starts. */
#ifdef CONFIG_CACHE_PORTIONS
void mpam_cpu_join(uint64_t mpamidr, bool enabled);
uint32_t mpam_own(void);
#else
static inline void mpam_cpu_join(uint64_t mpamidr, bool enabled)
{
	(void)mpamidr;
	(void)enabled;
}
static inline uint32_t mpam_own(void)
{
	return 0;
}
#endif

#endif
