/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Injecting exceptions into the running guest: what AArch64.TakeException() of
 * the Arm ARM (J1.1.2) does for EL1 is done to the trap frame and to EL1's
 * registers, which are loaded.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/features.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/vcpu.h>

#include "inject.h"

static void enter_el1(struct vcpu *v, uint64_t esr)
{
	struct guest_regs *regs = v->arch.regs;
	uint64_t vector = read_sysreg(vbar_el1) + inject_vector(regs->spsr);

	write_sysreg(esr, esr_el1);
	write_sysreg(regs->elr, elr_el1);
	write_sysreg(inject_spsr(regs->spsr), spsr_el1);
	regs->spsr = inject_pstate(regs->spsr, read_sysreg(sctlr_el1),
				   &cpu_features);
	regs->elr = vector;
}

void inject_undef(struct vcpu *v)
{
	enter_el1(v, esr_make(EC_UNKNOWN, 0));
}

static bool from_el1(const struct guest_regs *regs)
{
	return (regs->spsr & (PSR_AA32 | PSR_EL)) == PSR_EL1T;
}

/*
 * If the vector for an instruction abort from EL1 cannot be fetched either,
 * the guest would trap for ever without executing anything.
 */
static bool no_vector(struct vcpu *v, uint64_t far)
{
	const struct guest_regs *regs = v->arch.regs;
	uint64_t vector = read_sysreg(vbar_el1) + inject_vector(regs->spsr);

	if (!from_el1(regs) || regs->elr != vector) {
		return false;
	}
	v->arch.fault = (struct vcpu_fault){
		.esr = read_sysreg(esr_el2),
		.far = far,
		.ipa = esr_fault_ipa(read_sysreg(hpfar_el2), far),
		.valid = true,
	};
	guest_crash(v, "exception vector at 0x%llx cannot be fetched",
		    (unsigned long long)vector);
	return true;
}

void inject_abort(struct vcpu *v, bool insn, uint64_t iss, uint64_t far)
{
	bool same = from_el1(v->arch.regs);
	enum esr_ec ec = insn ? (same ? EC_INSN_SAME : EC_INSN_LOWER)
			      : (same ? EC_DATA_SAME : EC_DATA_LOWER);

	if (insn && unlikely(no_vector(v, far))) {
		return;
	}
	write_sysreg(far, far_el1);
	enter_el1(v, esr_make(ec, iss));
}

void inject_insn_abort(struct vcpu *v, uint64_t far)
{
	inject_abort(v, true, FSC_SEA, far);
}

void trap_undef(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	(void)regs;
	(void)esr;
	inject_undef(v);
}

void trap_sve(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	trap_undef(v, regs, esr);
}
