/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's self-hosted debug: breakpoints, watchpoints, stepping. */
#ifndef VCPU_DEBUG_H
#define VCPU_DEBUG_H

#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <core/vcpu.h>

void debug_reset(struct vcpu *v);

/* Can a debug exception happen? The OS lock suppresses all. */
static inline bool debug_enabled(const struct debug_regs *d)
{
	return (d->mdscr & (MDSCR_MDE | MDSCR_KDE | MDSCR_SS)) != 0 &&
	       !d->os_lock;
}

void debug_load_enabled(const struct debug_regs *d);
/* Bring the hardware in line with v->arch.debug. Interrupts masked; `v` is
 * current or about to be. */
static inline void debug_load(struct vcpu *v)
{
	const struct debug_regs *d = &v->arch.debug;

	if (unlikely(debug_enabled(d))) {
		debug_load_enabled(d);
	} else {
		/* Without MDE and SS the banks may hold another's: none
		 * matches. */
		write_sysreg(0, mdscr_el1);
	}
}

/* Emulated registers, from the system-register trap. */
enum debug_bank { DEBUG_BVR, DEBUG_BCR, DEBUG_WVR, DEBUG_WCR };
/* False: there is no register `n`. */
bool debug_bank_access(struct vcpu *v, enum debug_bank bank, unsigned int n,
		       bool write, uint64_t *val);
void debug_write_mdscr(struct vcpu *v, uint64_t val);
void debug_write_oslar(struct vcpu *v, uint64_t val);

#endif
