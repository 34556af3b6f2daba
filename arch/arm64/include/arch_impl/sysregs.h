/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: EL1 and EL0 system registers that belong to a VCPU. */
#ifndef ARCH_IMPL_SYSREGS_H
#define ARCH_IMPL_SYSREGS_H

#include <libs/types.h>

/* Switched by vcpu/context.c, two by two in this order. */
struct sysregs {
	uint64_t sctlr, tcr, cpacr, ttbr0, ttbr1, mair, vbar, contextidr;
	uint64_t tpidr_el0, tpidrro_el0, tpidr_el1, sp_el0, sp_el1, elr_el1;
	uint64_t spsr_el1, esr, far, par, cntkctl, csselr;
	/* Where the CPU has them. */
	uint64_t amair, afsr0, afsr1;
	uint64_t pauth[10]; /* keys IA, IB, DA, DB, GA: low, high */
	uint64_t scxtnum_el0, scxtnum_el1;
	uint64_t disr;   /* VDISR_EL2 is the guest's DISR_EL1 */
	uint64_t tpidr2; /* SME's; not trappable without FGT */
};

/* Emulated (vcpu/debug.c); the hardware is only ever written from here. */
struct debug_regs {
	uint64_t mdscr;
	uint32_t mdccint, claim;
	bool os_lock;
	bool banks_written; /* what follows may be other than zero */
	struct debug_banks {
		uint64_t bvr[16], wvr[16];
		uint32_t bcr[16], wcr[16];
	} banks;
};

#endif
