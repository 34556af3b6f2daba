/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's self-hosted debug. Its debug registers are always trapped
 * (MDCR_EL2.TDA): the truth is v->arch.debug, written through to the
 * hardware while the guest has debug exceptions enabled and this CPU is its.
 * So nothing is ever saved, and nothing loaded for guests that do not debug.
 * Arm ARM D2, D17.3.
 */
#include "debug.h"

#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <core/vcpu.h>

#define BCR_ENABLE BIT(0)
#define WCR_ENABLE BIT(0)

/*
 * What a guest may set. HMC and PMC/PAC select exception levels and security
 * states; with HMC = 0 only EL1 and EL0 match. SSC is Secure state.
 */
#define BCR_MASK (GENMASK(23, 16) | GENMASK(8, 5) | GENMASK(2, 0))
#define WCR_MASK (GENMASK(28, 24) | GENMASK(20, 16) | GENMASK(12, 0))
/* TDCC, and what enables debug exceptions. */
#define MDSCR_MASK (MDSCR_MDE | MDSCR_KDE | BIT(12) | MDSCR_SS)

#define CASES(CASE) \
	CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) \
	CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15)

static void hw_breakpoint(unsigned int n, uint64_t value, uint64_t control)
{
#define CASE(i) \
	case i: \
		write_sysreg(value, dbgbvr##i##_el1); \
		write_sysreg(control, dbgbcr##i##_el1); \
		break;
	switch (n) {
	CASES(CASE)
	}
#undef CASE
}

static void hw_watchpoint(unsigned int n, uint64_t value, uint64_t control)
{
#define CASE(i) \
	case i: \
		write_sysreg(value, dbgwvr##i##_el1); \
		write_sysreg(control, dbgwcr##i##_el1); \
		break;
	switch (n) {
	CASES(CASE)
	}
#undef CASE
}

void debug_reset(struct vcpu *v)
{
	v->arch.debug = (struct debug_regs){ .os_lock = true };
}

/* Can a debug exception happen? The OS lock suppresses all. */
static bool enabled(const struct debug_regs *d)
{
	return (d->mdscr & (MDSCR_MDE | MDSCR_KDE | MDSCR_SS)) != 0 &&
	       !d->os_lock;
}

static void load_banks(const struct debug_regs *d)
{
	for (unsigned int i = 0; i < cpu_features.brps; i++) {
		hw_breakpoint(i, d->bvr[i], d->bcr[i]);
	}
	for (unsigned int i = 0; i < cpu_features.wrps; i++) {
		hw_watchpoint(i, d->wvr[i], d->wcr[i]);
	}
}

void debug_load(struct vcpu *v)
{
	const struct debug_regs *d = &v->arch.debug;

	/* Without MDE and SS the banks may hold another's: none matches. */
	if (likely(!enabled(d))) {
		write_sysreg(0, mdscr_el1);
		return;
	}
	load_banks(d);
	write_sysreg(d->mdscr, mdscr_el1);
}

void debug_write_mdscr(struct vcpu *v, uint64_t val)
{
	v->arch.debug.mdscr = val & MDSCR_MASK;
	debug_load(v);
}

void debug_write_oslar(struct vcpu *v, uint64_t val)
{
	v->arch.debug.os_lock = (val & 1) != 0;
	debug_load(v);
}

/* A linked breakpoint's partner, or a type for EL2's contexts, is refused:
 * Arm ARM D17.3.2, BT. Types 0-5: address, context ID, address mismatch. */
static uint32_t sane_bcr(uint64_t val)
{
	uint64_t bcr = val & BCR_MASK;

	if (FIELD(bcr, 23, 20) > 5) {
		bcr &= ~BCR_ENABLE;
	}
	return (uint32_t)bcr;
}

static void access_value(uint64_t *reg, bool write, uint64_t *val)
{
	if (write) {
		*reg = *val & ~UINT64_C(3);
	} else {
		*val = *reg;
	}
}

static void write_through(struct vcpu *v, enum debug_bank bank, unsigned int n)
{
	const struct debug_regs *d = &v->arch.debug;

	if (!enabled(d)) {
		return;
	}
	if (bank == DEBUG_BVR || bank == DEBUG_BCR) {
		hw_breakpoint(n, d->bvr[n], d->bcr[n]);
	} else {
		hw_watchpoint(n, d->wvr[n], d->wcr[n]);
	}
}

bool debug_bank_access(struct vcpu *v, enum debug_bank bank, unsigned int n,
		       bool write, uint64_t *val)
{
	struct debug_regs *d = &v->arch.debug;
	bool brp = bank == DEBUG_BVR || bank == DEBUG_BCR;

	if (n >= (brp ? cpu_features.brps : cpu_features.wrps)) {
		return false;
	}
	switch (bank) {
	case DEBUG_BVR:
		/* A context ID breakpoint's value has its low bits. */
		if (write) {
			d->bvr[n] = *val;
		} else {
			*val = d->bvr[n];
		}
		break;
	case DEBUG_WVR:
		access_value(&d->wvr[n], write, val);
		break;
	case DEBUG_BCR:
		if (write) {
			d->bcr[n] = sane_bcr(*val);
		}
		*val = d->bcr[n];
		break;
	case DEBUG_WCR:
		if (write) {
			d->wcr[n] = (uint32_t)(*val & WCR_MASK);
		}
		*val = d->wcr[n];
		break;
	}
	if (write) {
		write_through(v, bank, n);
	}
	return true;
}
