/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every encoding of MRS and MSR with Op0 2 and 3, and of SYS with Op0 1.
 * Registers that can be read are written back, then written with ones and
 * restored; others are written with zero.
 */
#include "hostile.h"

#define ENCODINGS 0x4000 /* per Op0: Op1, CRn, CRm, Op2 */

static uint32_t mrs(uint32_t op0, uint32_t rest)
{
	return 0xd5200000 | op0 << 19 | rest << 5;
}

static uint32_t msr(uint32_t op0, uint32_t rest)
{
	return 0xd5000000 | op0 << 19 | rest << 5;
}

#define REST(op1, crn, crm, op2) ((op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Registers whose value is needed: they are only written back. */
static bool vital(uint32_t op0, uint32_t rest)
{
	static const uint16_t list[] = {
		REST(0, 1, 0, 0),                      /* SCTLR_EL1 */
		REST(0, 1, 0, 2),                      /* CPACR_EL1 */
		REST(0, 4, 2, 0),                      /* SPSel */
		REST(0, 12, 0, 0),                     /* VBAR_EL1 */
		REST(3, 4, 2, 1),                      /* DAIF */
		REST(0, 12, 12, 0), REST(0, 12, 8, 0), /* ICC_IAR: reads act */
	};

	for (unsigned int i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (op0 == 3 && rest == list[i]) {
			return true;
		}
	}
	return false;
}

/* Execute one instruction: at EL1 it must be UNDEFINED (with another exception
 * class for ID registers, FEAT_IDST) or work. */
static bool run(uint32_t insn, uint64_t arg, uint64_t *result)
{
	*result = probe_insn(insn, arg);
	if (probe.count == 0 ||
	    (probe.count == 1 && (probe_ec() == 0 || probe_ec() == 0x18))) {
		return true;
	}
	probe_report_value("sysreg-insn", false,
			   (uint64_t)probe.esr << 32 | insn);
	return false;
}

static unsigned int sweep(uint32_t op0, unsigned int *undefined)
{
	unsigned int bad = 0;

	for (uint32_t rest = 0; rest < ENCODINGS; rest++) {
		uint64_t val, none;

		bad += !run(mrs(op0, rest), 0, &val);
		if (probe.count) {
			val = 0;
			(*undefined)++;
		}
		bad += !run(msr(op0, rest), val, &none);
		if (!vital(op0, rest)) {
			bad += !run(msr(op0, rest), UINT64_MAX, &none);
			bad += !run(msr(op0, rest), val, &none);
		}
	}
	return bad;
}

/* Cache, TLB and address translation operations, on nonsense addresses;
 * DC ZVA and IVAC by address 0 may abort. */
static unsigned int sweep_sys(void)
{
	unsigned int bad = 0;

	for (uint32_t rest = 0; rest < ENCODINGS; rest++) {
		(void)probe_insn(msr(1, rest), 0);
		bad += probe.count > 1;
		(void)probe_insn(msr(1, rest), HOLE);
		bad += probe.count > 1;
		(void)probe_insn(mrs(1, rest), 0);
		bad += probe.count > 1;
	}
	return bad;
}

static bool undef(uint32_t op0, uint32_t rest)
{
	(void)probe_insn(mrs(op0, rest), 0);
	return probe.count == 1 && probe_ec() == 0;
}

static bool reads(uint32_t op0, uint32_t rest, uint64_t *val)
{
	*val = probe_insn(mrs(op0, rest), 0);
	return probe.count == 0;
}

/* Registers that ID registers hide must not exist. Returns how many do. */
static unsigned int hidden(void)
{
	static const uint16_t list[] = {
		REST(0, 1, 2, 0),  /* ZCR_EL1 */
		REST(0, 1, 2, 6),  /* SMCR_EL1 */
		REST(0, 10, 4, 0), /* LORSA_EL1 */
		REST(0, 10, 5, 0), /* MPAM1_EL1 */
		REST(0, 1, 0, 6),  /* GCR_EL1 */
		REST(4, 1, 1, 0),  /* HCR_EL2 */
		REST(6, 1, 1, 0),  /* SCR_EL3 */
		REST(0, 15, 0, 0), /* IMPLEMENTATION DEFINED */
	};
	unsigned int there = 0;

	for (unsigned int i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!undef(3, list[i])) {
			probe_report_value("sysreg-not-hidden", false, list[i]);
			there++;
		}
	}
	return there;
}

/* PMCR_EL0 and PMCCNTR_EL0 exist if PMUVer says so; it is that of PMUv3 for
 * v8.1 at most. */
static bool pmu_is_told(uint64_t dfr0)
{
	uint64_t version = dfr0 >> 8 & 0xf, val;

	if (version == 0) {
		return undef(3, REST(3, 9, 12, 0)) &&
		       undef(3, REST(3, 9, 13, 0));
	}
	return version <= 4 && reads(3, REST(3, 9, 12, 0), &val) &&
	       reads(3, REST(3, 9, 13, 0), &val);
}

static bool id_space(void)
{
	uint64_t val;

	/* ID_AA64PFR0: EL1 AArch64 only, no EL2. */
	if (!reads(3, REST(0, 0, 4, 0), &val) || (val & 0xff0) != 0x010) {
		return false;
	}
	/* ID_AA64DFR0: breakpoints. */
	if (!reads(3, REST(0, 0, 5, 0), &val) || (val & 0xf) != 6 ||
	    !pmu_is_told(val)) {
		return false;
	}
	/* Unallocated: zero. */
	return reads(3, REST(0, 0, 4, 7), &val) && val == 0 &&
	       reads(3, REST(0, 0, 7, 7), &val) && val == 0;
}

/* Debug registers keep what is written to them. */
static bool debug(void)
{
	uint64_t val;

	(void)probe_insn(msr(2, REST(0, 0, 0, 4)), 0x12345678);
	if (!reads(2, REST(0, 0, 0, 4), &val) || val != 0x12345678) {
		return false;
	}
	(void)probe_insn(msr(2, REST(0, 0, 0, 4)), 0);
	/* OSLAR, OSLSR. */
	(void)probe_insn(msr(2, REST(0, 1, 0, 4)), 1);
	if (!reads(2, REST(0, 1, 1, 4), &val) || val != 0xa) {
		return false;
	}
	(void)probe_insn(msr(2, REST(0, 1, 0, 4)), 0);
	return reads(2, REST(0, 1, 1, 4), &val) && val == 8;
}

/* An EL1 breakpoint that fires, by way of an emulated debug register. */
static bool breakpoint(void)
{
	static uint32_t target[2] __attribute__((aligned(64))) = {
		0xd503201f, 0xd65f03c0, /* nop; ret */
	};
	unsigned int ec;

	/* DBGBVR0, DBGBCR0: enabled, EL1, four bytes. */
	(void)probe_insn(msr(2, REST(0, 0, 0, 4)), (uint64_t)target);
	(void)probe_insn(msr(2, REST(0, 0, 0, 5)), 0x1e3);
	(void)probe_insn(msr(2, REST(0, 0, 2, 2)), 0xa000); /* MDE, KDE */
	__asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb");
	__asm__ volatile("msr daifclr, #8\n\tisb");
	probe_begin();
	__asm__ volatile("blr %0" : : "r"(target) : "x30", "memory");
	__asm__ volatile("msr daifset, #8");
	ec = probe_ec();
	(void)probe_insn(msr(2, REST(0, 0, 2, 2)), 0);
	(void)probe_insn(msr(2, REST(0, 0, 0, 5)), 0);
	return ec == 0x31;
}

void hostile_sysregs(void)
{
	unsigned int undefined = 0;
	unsigned int bad;

	/* FP, SVE, SME: no traps to ourselves. */
	guest_sysreg_write(cpacr_el1, UINT64_C(0x3330000));
	__asm__ volatile("isb");
	probe_report("sysreg-hidden", hidden() == 0);
	probe_report("sysreg-id", id_space());
	probe_report("sysreg-debug", debug());
	probe_report("sysreg-breakpoint", breakpoint());
	bad = sweep(3, &undefined);
	probe_report_value("sysreg-op0-3", bad == 0 && undefined > 10000, bad);
	undefined = 0;
	bad = sweep(2, &undefined);
	probe_report_value("sysreg-op0-2", bad == 0 && undefined > 10000, bad);
	probe_report_value("sysreg-op0-1", sweep_sys() == 0, 0);
	/* Everything still works as before. */
	probe_report("sysreg-after", id_space() && hidden() == 0);
}
