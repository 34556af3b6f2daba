/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EL2's configuration of one CPU: everything the architecture lets a guest
 * reach is either switched with its VCPU or trapped from here on. What the
 * reset values are is IMPLEMENTATION DEFINED or UNKNOWN, so that every such
 * register is written. docs/design/cpu.md has the table.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>

/*
 * Fine-grained traps: a set bit traps, except for the features whose names
 * begin with n, where a clear bit does. All zero leaves the rules of HCR_EL2
 * and hides what is newer than they are.
 */
static void fgt_init(void)
{
	write_sysreg(0, s3_4_c1_c1_4);		/* HFGRTR_EL2 */
	write_sysreg(0, s3_4_c1_c1_5);		/* HFGWTR_EL2 */
	write_sysreg(0, s3_4_c1_c1_6);		/* HFGITR_EL2 */
	write_sysreg(0, s3_4_c3_c1_4);		/* HDFGRTR_EL2 */
	write_sysreg(0, s3_4_c3_c1_5);		/* HDFGWTR_EL2 */
	if (cpu_features.amu) {
		write_sysreg(0, s3_4_c3_c1_6);	/* HAFGRTR_EL2 */
	}
}

static void mpam_init(void)
{
	/* MPAM2_EL2: EL1's accesses to MPAM0_EL1, MPAM1_EL1 trap. */
	write_sysreg(BIT(49) | BIT(48), s3_4_c10_c5_0);
	if (read_sysreg(s3_0_c10_c4_4) & BIT(17)) {
		/* MPAMIDR_EL1.HAS_HCR: the identification register too. */
		write_sysreg(BIT(31), s3_4_c10_c4_0);	/* MPAMHCR_EL2 */
	}
}

static void debug_init(void)
{
	uint64_t hpmn = read_sysreg(mdcr_el2) & MDCR_HPMN;

	/* HPMN is the number of counters at reset; keep them all for us. */
	write_sysreg(hpmn | MDCR_TPM | MDCR_TPMCR | MDCR_TDA | MDCR_TDOSA |
		     MDCR_TDRA | MDCR_HPMD | MDCR_HCCD |
		     (cpu_features.spe ? MDCR_TPMS : 0) |
		     (cpu_features.trf ? MDCR_TTRF : 0) |
		     (cpu_features.fgt ? MDCR_TDCC : 0), mdcr_el2);
	/* Nothing breaks or steps until a guest asks; the OS lock, which a
	 * guest's debugger would need open, is emulated for guests. */
	write_sysreg(0, mdscr_el1);
	write_sysreg(0, oslar_el1);
	write_sysreg(0, osdlr_el1);
	if (cpu_features.pmu) {
		write_sysreg(0, pmuserenr_el0);
	}
}

void cpu_init_el2(void)
{
	/* Physical interrupts are taken at EL2, guest or not. */
	write_sysreg(HCR_RW | HCR_IMO | HCR_FMO | HCR_AMO, hcr_el2);
	write_sysreg(CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA | CPTR_TFP |
		     (cpu_features.amu ? CPTR_TAM : 0), cptr_el2);
	write_sysreg(0, hstr_el2);
	write_sysreg(0, hacr_el2);
	write_sysreg(read_sysreg(midr_el1), vpidr_el2);
	write_sysreg(read_sysreg(mpidr_el1), vmpidr_el2);
	/* Guests read the physical counter; its timer is emulated. */
	write_sysreg(CNTHCTL_EL1PCTEN, cnthctl_el2);
	write_sysreg(0, cntvoff_el2);
	write_sysreg(0, cntv_ctl_el0);
	write_sysreg(2, cntp_ctl_el0);
	write_sysreg(0, vttbr_el2);
	if (cpu_features.hcx) {
		write_sysreg(0, s3_4_c1_c2_2);	/* HCRX_EL2 */
	}
	if (cpu_features.fgt) {
		fgt_init();
	}
	if (cpu_features.mpam) {
		mpam_init();
	}
	debug_init();
	isb();
}
