/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EL2 configuration of one CPU: everything that the architecture lets a
 * guest access is either switched with its VCPU or trapped from here on. Reset
 * values are IMPLEMENTATION DEFINED or UNKNOWN, so every such register is
 * written. docs/design/cpu.md has the table.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <arch_impl/pmu.h>

#include "mpam.h"

/*
 * Fine-grained traps: a set bit traps, except for the features whose names
 * begin with n, where a clear bit does. All zero leaves the traps to HCR_EL2
 * and hides newer features.
 */
static void fgt_init(void)
{
	write_sysreg(0, s3_4_c1_c1_4); /* HFGRTR_EL2 */
	write_sysreg(0, s3_4_c1_c1_5); /* HFGWTR_EL2 */
	write_sysreg(0, s3_4_c1_c1_6); /* HFGITR_EL2 */
	write_sysreg(0, s3_4_c3_c1_4); /* HDFGRTR_EL2 */
	write_sysreg(0, s3_4_c3_c1_5); /* HDFGWTR_EL2 */
	if (cpu_features.amu) {
		write_sysreg(0, s3_4_c3_c1_6); /* HAFGRTR_EL2 */
	}
}

/* By this CPU's own registers: guests may run on it although others have
 * none. */
static void mpam_init(void)
{
	uint64_t mpamidr;

	if (!mpam_implemented(read_sysreg(id_aa64pfr0_el1),
			      read_sysreg(id_aa64pfr1_el1))) {
		mpam_cpu_join(0, false);
		return;
	}
	mpamidr = read_sysreg(s3_0_c10_c4_4); /* MPAMIDR_EL1 */
	/* MPAM2_EL2 */
	write_sysreg(mpam2_el2(mpamidr, mpam_own()), s3_4_c10_c5_0);
	if (mpamidr & MPAMIDR_HAS_HCR) {
		write_sysreg(MPAMHCR_EL2_VALUE, s3_4_c10_c4_0);
	}
	if (IS_ENABLED(CONFIG_CACHE_PORTIONS)) {
		isb();
		mpam_cpu_join(mpamidr,
			      read_sysreg(s3_4_c10_c5_0) & MPAM_MPAMEN);
	}
}

static void debug_init(void)
{
	uint64_t pmu = cpu_features.pmu ? pmu_cpu_init() : 0;

	write_sysreg(pmu | MDCR_TPM | MDCR_TPMCR | MDCR_TDA | MDCR_TDOSA |
			     MDCR_TDRA | MDCR_HPMD | MDCR_HCCD |
			     (cpu_features.spe ? MDCR_TPMS : 0) |
			     (cpu_features.trf ? MDCR_TTRF : 0) |
			     (cpu_features.fgt ? MDCR_TDCC : 0),
		     mdcr_el2);
	/*
	 * No breakpoints or stepping until a guest enables them; the OS lock,
	 * which a guest's debugger would have to unlock, is emulated for
	 * guests.
	 */
	write_sysreg(0, mdscr_el1);
	write_sysreg(0, oslar_el1);
	write_sysreg(0, osdlr_el1);
}

void cpu_init_el2(void)
{
	/* Physical interrupts are taken at EL2, guest or not. */
	write_sysreg(HCR_RW | HCR_IMO | HCR_FMO | HCR_AMO, hcr_el2);
	write_sysreg(CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA | CPTR_TFP |
			     (cpu_features.amu ? CPTR_TAM : 0),
		     cptr_el2);
	write_sysreg(0, hstr_el2);
	write_sysreg(0, hacr_el2);
	write_sysreg(read_sysreg(midr_el1), vpidr_el2);
	write_sysreg(read_sysreg(mpidr_el1), vmpidr_el2);
	/* Guests may read the physical counter; the physical timer is assigned
	 * by vtimer_own_phys(). */
	write_sysreg(CNTHCTL_EL1PCTEN, cnthctl_el2);
	write_sysreg(0, cntvoff_el2);
	write_sysreg(0, cntv_ctl_el0);
	write_sysreg(2, cntp_ctl_el0);
	write_sysreg(0, vttbr_el2);
	if (cpu_features.hcx) {
		write_sysreg(0, s3_4_c1_c2_2); /* HCRX_EL2 */
	}
	if (cpu_features.fgt) {
		fgt_init();
	}
	mpam_init();
	debug_init();
	isb();
}
