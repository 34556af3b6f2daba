/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers trapped from AArch32 at EL0: of those that a guest's kernel can
 * open to it (CNTKCTL_EL1.EL0PTEN) the physical timer's alone are ours, by
 * CNTHCTL_EL2.EL1PCEN. All else is UNDEFINED.
 */
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/vcpu.h>

/*
 * Where a condition fails, the trap is still an implementation's choice (Arm
 * ARM G1.17.1). A bit for each value of NZCV, by COND[3:1]: EQ, CS, MI, VS, HI,
 * GE, GT, AL; COND[0] is the opposite.
 */
static bool condition_holds(uint64_t spsr, uint64_t esr)
{
	static const uint16_t holds[] = {
		0xf0f0, 0xcccc, 0xff00, 0xaaaa, 0x0c0c, 0xaa55, 0x0a05, 0xffff,
	};
	unsigned int cond = esr_cond(esr);

	if (!(esr & ESR_CV)) {
		/* T32: IT[7:4], or no IT block. */
		cond = spsr & PSR32_IT ? FIELD(spsr, 15, 12) : 14;
	}
	return (holds[cond >> 1] >> FIELD(spsr, 31, 28) & 1) != (cond & 1);
}

#define CP15_READ BIT(0)
#define CP15_TVAL SYSREG(0, 0, 14, 2, 0)
#define CP15_CTL SYSREG(0, 0, 14, 2, 1)
#define CP15_NAME (ESR_SYS_NAME & ~SYSREG(3, 0, 0, 0, 0))

/* MRC, MCR: laid out as MRS and MSR are. */
void trap_cp15_32(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	unsigned int rt = esr_sys_rt(esr);
	uint64_t val = (uint32_t)trap_reg(regs, rt);
	bool ctl = (esr & CP15_NAME) == CP15_CTL;

	if (!ctl && (esr & CP15_NAME) != CP15_TVAL) {
		inject_undef(v);
		return;
	}
	if (!condition_holds(regs->spsr, esr)) {
		/* Done as it is. */
	} else if (esr & CP15_READ) {
		val = ctl ? vtimer_read_cntp_ctl(v) : vtimer_read_cntp_tval(v);
		trap_set_reg(regs, rt, (uint32_t)val);
	} else if (ctl) {
		vtimer_write_cntp_ctl(v, val);
	} else {
		vtimer_write_cntp_tval(v, val);
	}
	trap_skip_aa32(regs, esr);
}

/* MRRC, MCRR: Opc1 at 19:16, Rt2 at 14:10, else alike. */
#define CP15_64_NAME (GENMASK(19, 16) | GENMASK(4, 1))
#define CP15_64_CVAL (2u << 16 | 14u << 1)

void trap_cp15_64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	unsigned int rt = esr_sys_rt(esr);
	unsigned int rt2 = (unsigned int)FIELD(esr, 14, 10);
	uint64_t val;

	if ((esr & CP15_64_NAME) != CP15_64_CVAL) {
		inject_undef(v);
		return;
	}
	if (!condition_holds(regs->spsr, esr)) {
		/* Done as it is. */
	} else if (esr & CP15_READ) {
		val = vtimer_read_cntp_cval(v);
		trap_set_reg(regs, rt, (uint32_t)val);
		trap_set_reg(regs, rt2, val >> 32);
	} else {
		vtimer_write_cntp_cval(v, trap_reg(regs, rt2) << 32 |
						  (uint32_t)trap_reg(regs, rt));
	}
	trap_skip_aa32(regs, esr);
}
