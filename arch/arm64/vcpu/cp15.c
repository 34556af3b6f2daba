/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers trapped from AArch32 at EL0: of those that a guest's kernel can
 * open to it (CNTKCTL_EL1.EL0PTEN) the physical timer's alone are ours, by
 * CNTHCTL_EL2.EL1PCEN. All else is UNDEFINED.
 */
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/vcpu.h>

/* Where a condition fails, the trap is still an implementation's choice (Arm
 * ARM G1.17.1). The syndrome has it, or T32's IT block does. */
static bool condition_holds(uint64_t spsr, uint64_t esr)
{
	unsigned int cond = esr_cond(esr, spsr);
	bool n = spsr & BIT(31), z = spsr & BIT(30);
	bool c = spsr & BIT(29), v = spsr & BIT(28);
	bool holds;

	switch (cond >> 1) {
	case 0:
		holds = z;
		break;
	case 1:
		holds = c;
		break;
	case 2:
		holds = n;
		break;
	case 3:
		holds = v;
		break;
	case 4:
		holds = c && !z;
		break;
	case 5:
		holds = n == v;
		break;
	case 6:
		holds = n == v && !z;
		break;
	default:
		return true;
	}
	return holds != (cond & 1);
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
	uint32_t name = (uint32_t)(esr & CP15_NAME);

	if (name != CP15_TVAL && name != CP15_CTL) {
		inject_undef(v);
		return;
	}
	if (!condition_holds(regs->spsr, esr)) {
		trap_skip(regs, esr);
		return;
	}
	if (!(esr & CP15_READ)) {
		if (name == CP15_CTL) {
			vtimer_write_cntp_ctl(v, val);
		} else {
			vtimer_write_cntp_tval(v, val);
		}
	} else {
		val = name == CP15_CTL ? vtimer_read_cntp_ctl(v) :
					 vtimer_read_cntp_tval(v);
		trap_set_reg(regs, rt, (uint32_t)val);
	}
	trap_skip(regs, esr);
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
		trap_skip(regs, esr);
		return;
	}
	if (!(esr & CP15_READ)) {
		vtimer_write_cntp_cval(v, trap_reg(regs, rt2) << 32 |
						  (uint32_t)trap_reg(regs, rt));
	} else {
		val = vtimer_read_cntp_cval(v);
		trap_set_reg(regs, rt, (uint32_t)val);
		trap_set_reg(regs, rt2, val >> 32);
	}
	trap_skip(regs, esr);
}
