/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking an exception to EL1: PSTATE, SPSR and vector, pure; and the forms of
 * injection used inside vcpu/.
 */
#ifndef VCPU_INJECT_H
#define VCPU_INJECT_H

#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>

struct vcpu;

/* With the rest of the syndrome; current VCPU only. */
void inject_abort(struct vcpu *v, bool insn, uint64_t iss, uint64_t far);

/* Offset from VBAR_EL1 for a synchronous exception taken from `spsr`. */
static inline uint64_t inject_vector(uint64_t spsr)
{
	if (spsr & PSR_AA32) {
		return 0x600;
	}
	switch (spsr & PSR_MODE) {
	case PSR_EL1T:
		return 0x000;
	case PSR_EL1H:
		return 0x200;
	default:
		return 0x400;
	}
}

/* SPSR_EL1 for it: SPSR_EL2 has the same layout, AArch32's included. */
static inline uint64_t inject_spsr(uint64_t spsr)
{
	return spsr;
}

/* PSTATE in the handler. */
static inline uint64_t inject_pstate(uint64_t spsr, uint64_t sctlr,
				     const struct cpu_features *f)
{
	uint64_t out = PSR_EL1H | PSR_D | PSR_A | PSR_I | PSR_F;

	/* Kept: flags, PAN unless EL1 wants it set, DIT. BTYPE, SS, IL, UAO
	 * and IT become 0. */
	out |= spsr & PSR_NZCV;
	if (f->pan) {
		out |= sctlr & SCTLR_SPAN ? spsr & PSR_PAN : PSR_PAN;
	}
	if (f->dit && (spsr & (spsr & PSR_AA32 ? PSR32_DIT : PSR_DIT))) {
		out |= PSR_DIT;
	}
	if (f->ssbs && (sctlr & SCTLR_DSSBS)) {
		out |= PSR_SSBS;
	}
	if (f->mte) {
		out |= PSR_TCO;
	}
	return out;
}

#endif
