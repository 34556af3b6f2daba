/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers trapped from AArch32 at EL0: of those that a guest's kernel can
 * make accessible (CNTKCTL_EL1.EL0PTEN), only the physical timer's are trapped
 * by us, by CNTHCTL_EL2.EL1PCEN, until the VCPU has them: then the instruction
 * is executed again, with its condition. All others are UNDEFINED.
 */
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/vcpu.h>

#define CP15_TVAL SYSREG(0, 0, 14, 2, 0)
#define CP15_CTL SYSREG(0, 0, 14, 2, 1)
#define CP15_NAME (ESR_SYS_NAME & ~SYSREG(3, 0, 0, 0, 0))

/* MRC, MCR: laid out as MRS and MSR are. */
void trap_cp15_32(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	uint64_t name = esr & CP15_NAME;

	(void)regs;
	if ((name != CP15_CTL && name != CP15_TVAL) || !vtimer_own_phys(v)) {
		inject_undef(v);
	}
}

/* MRRC, MCRR: Opc1 at 19:16, Rt2 at 14:10, else alike. */
#define CP15_64_NAME (GENMASK(19, 16) | GENMASK(4, 1))
#define CP15_64_CVAL (2u << 16 | 14u << 1)

void trap_cp15_64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	(void)regs;
	if ((esr & CP15_64_NAME) != CP15_64_CVAL || !vtimer_own_phys(v)) {
		inject_undef(v);
	}
}
