/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the generic timer's EL2 physical timer (Arm ARM D11.2). */
#ifndef ARCH_IMPL_TIMER_H
#define ARCH_IMPL_TIMER_H

#include <arch_impl/cpu.h>

static inline uint64_t arch_timer_now(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

static inline void arch_timer_set(uint64_t deadline)
{
	write_sysreg(deadline, cnthp_cval_el2);
	write_sysreg(1, cnthp_ctl_el2);
	isb();
}

static inline void arch_timer_stop(void)
{
	write_sysreg(0, cnthp_ctl_el2);
	isb();
}

#endif
