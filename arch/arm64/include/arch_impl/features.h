/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what the CPUs can do, found at run time; what all of them have. */
#ifndef ARCH_IMPL_FEATURES_H
#define ARCH_IMPL_FEATURES_H

#include <libs/types.h>

/* Shrinks as CPUs come up, each before it is online; read anywhere. */
struct cpu_features {
	bool fp, sve, sme, mte;		/* mte: tags in memory (FEAT_MTE2) */
	bool pauth, bti, ssbs, csv2_2, ras, rng;
	bool pan, vhe, lor, uao, dit, lse, wfxt;
	bool vmid16, fgt, hcx, ecv, evt, fwb, mpam, amu, spe, trbe, trf, pmu;
	bool aa32_el0;
	bool more_regs;			/* pauth, csv2_2, ras or sme */
	bool ctr_differs;		/* CPUs disagree about CTR_EL0 */
	uint8_t pa_bits;
	uint8_t brps, wrps;		/* breakpoints, watchpoints */
};
extern struct cpu_features cpu_features;

/* Take part of this CPU. Each CPU once, interrupts masked; the boot CPU
 * before anything else asks. */
void features_cpu_init(void);

/* This CPU's EL2 configuration, with nothing trapped amiss. After
 * features_cpu_init(), interrupts masked. */
void cpu_init_el2(void);

/* CTR_EL0 good for all CPUs. */
uint64_t features_ctr(void);

/* ID registers as guests see them, but for what differs between guests; by
 * the slots of vcpu/idreg.h. */
extern uint64_t features_guest_idregs[];

#endif
