/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the features that all CPUs have, found at run time. */
#ifndef ARCH_IMPL_FEATURES_H
#define ARCH_IMPL_FEATURES_H

#include <libs/types.h>

/* Shrinks as CPUs come up, each before it is online, but for aux_regs; read
 * anywhere. */
struct cpu_features {
	bool fp, sve, sme, mte; /* mte: tags in memory (FEAT_MTE2) */
	bool pauth, bti, ssbs, csv2_2, ras, rng;
	bool pan, vhe, lor, uao, dit, lse, wfxt;
	bool vmid16, fgt, hcx, ecv, evt, fwb, mpam, amu, spe, trbe, trf, pmu;
	bool aa32_el0;
	bool more_regs;   /* pauth, csv2_2, ras, sme, mpam or aux_regs */
	bool aux_regs;    /* any CPU's AMAIR_EL1, AFSR0_EL1 or AFSR1_EL1 */
	bool ctr_differs; /* CPUs disagree about CTR_EL0 */
	uint8_t pa_bits;
	uint8_t brps, wrps;  /* breakpoints, watchpoints */
	uint8_t pmu_version; /* PMUVer; 0: no PMUv3 */
};
extern struct cpu_features cpu_features;

/* Read the features of this CPU. Called once on each CPU, interrupts masked; on
 * the boot CPU before features are used. */
void features_cpu_init(void);

/* Set up this CPU's EL2 configuration. After features_cpu_init(), interrupts
 * masked. */
void cpu_init_el2(void);

/* A value of CTR_EL0 that is valid for all CPUs. Any context. */
uint64_t features_ctr(void);

/* ID registers as guests see them, except for what differs between guests;
 * indexed by the slots of vcpu/idreg.h: HCR_EL2.TID3's space (Op0 3, Op1 0, CRn
 * 0, CRm 1-7) in order. None for CRm 0: so two fields of three bits make a
 * slot, and no check is needed. */
#define IDREG_COUNT 64
extern uint64_t features_guest_idregs[IDREG_COUNT];

#endif
