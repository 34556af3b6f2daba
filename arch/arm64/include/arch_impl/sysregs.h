/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: EL1 and EL0 system registers that belong to a VCPU. */
#ifndef ARCH_IMPL_SYSREGS_H
#define ARCH_IMPL_SYSREGS_H

#include <libs/types.h>

struct sysregs {
	uint64_t sctlr, actlr, cpacr, ttbr0, ttbr1, tcr, mair, amair, vbar;
	uint64_t contextidr, tpidr_el0, tpidrro_el0, tpidr_el1;
	uint64_t sp_el0, sp_el1, elr_el1, spsr_el1, esr, far, afsr0, afsr1;
	uint64_t par, cntkctl, csselr, mdscr;
};

#endif
