/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the host's PMUv3 (Arm ARM D11), and who has which counters. */
#ifndef ARCH_IMPL_PMU_H
#define ARCH_IMPL_PMU_H

#include <libs/types.h>

struct guest_regs;
struct vcpu;

/* What a switch has to see to: struct arch_vcpu.pmu. */
#define PMU_BUDGET BIT(0) /* core/budget counts it */
#define PMU_GUEST BIT(1)  /* the guest's counters count, or are open to EL0 */

/* This CPU: all counters off, the reserved ones beyond MDCR_EL2.HPMN. Returns
 * what MDCR_EL2 is to have of HPMN and HPME. Interrupts masked, in boot. */
uint64_t pmu_cpu_init(void);
/* Find the interrupt in the host's tree, and how the counters behave. On the
 * boot CPU, after the interrupt controller's probe and before other CPUs come
 * up. */
void pmu_host_init(void);

/* Event counters that guests have, beside the cycle counter. */
unsigned int pmu_guest_counters(void);
/* Can guests have a PMU at all? */
bool pmu_guest_possible(void);
/* PMUVer for guests, and PMCEID<i>_EL0 of the events that all CPUs have. */
unsigned int pmu_guest_version(void);
uint64_t pmu_ceid(unsigned int i);

#if IS_ENABLED(CONFIG_GUEST_PMU)
/* Determine what guests are told; called by pmu_host_init(), and by each CPU
 * that comes up before there are guests. */
void pmu_guest_init(void);
/* A trapped MSR or MRS that may be one of the PMU's: do it, or return false if
 * it is UNDEFINED. The VCPU is loaded; interrupts masked. */
bool pmu_guest_access(struct vcpu *v, const struct guest_regs *regs,
		      uint64_t esr, uint64_t *val);
/* `v`, which is off, has its PMU as after power-on; needed if it was used. */
void pmu_guest_reset(struct vcpu *v);
#else
static inline void pmu_guest_init(void)
{
}

static inline bool pmu_guest_access(struct vcpu *v,
				    const struct guest_regs *regs, uint64_t esr,
				    uint64_t *val)
{
	(void)v;
	(void)regs;
	(void)esr;
	(void)val;
	return false;
}

static inline void pmu_guest_reset(struct vcpu *v)
{
	(void)v;
}
#endif

/* A VCPU is switched out or in, with v->arch.pmu not 0. Interrupts masked. */
void pmu_switch_out(struct vcpu *v);
void pmu_switch_in(struct vcpu *v);

#endif
