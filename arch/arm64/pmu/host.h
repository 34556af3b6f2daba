/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits of the PMU's registers (Arm ARM D17.5), and between the files here. */
#ifndef PMU_HOST_H
#define PMU_HOST_H

#include <libs/types.h>

struct vcpu;

#define PMCR_E BIT(0)
#define PMCR_P BIT(1)
#define PMCR_C BIT(2)
#define PMCR_D BIT(3)
#define PMCR_X BIT(4)
#define PMCR_DP BIT(5)
#define PMCR_LC BIT(6)

#define PMU_CYCLE_COUNTER 31
#define PMU_CYCLES BIT(PMU_CYCLE_COUNTER)

/* PMEVTYPER<n>_EL0: PL1 and EL0 not counted, and EL2 counted. */
#define PMU_TYPE_P BIT(31)
#define PMU_TYPE_U BIT(30)
#define PMU_TYPE_NSK BIT(29)
#define PMU_TYPE_NSU BIT(28)
#define PMU_TYPE_NSH BIT(27)
#define PMU_TYPE_M BIT(26)

#define ISR_I BIT(7) /* ISR_EL1: an interrupt pends */

#if IS_ENABLED(CONFIG_GUEST_PMU)
/* guest.c: the running VCPU's counters `over`, a set, have passed zero. */
void pmu_guest_overflow(uint64_t over);
/* The VCPU's counters out of the CPU and into it. Interrupts masked. */
void pmu_guest_save(struct vcpu *v);
void pmu_guest_load(struct vcpu *v);
#else
static inline void pmu_guest_overflow(uint64_t over)
{
	(void)over;
}

static inline void pmu_guest_save(struct vcpu *v)
{
	(void)v;
}

static inline void pmu_guest_load(struct vcpu *v)
{
	(void)v;
}
#endif

#endif
