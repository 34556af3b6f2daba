/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's self-hosted debug. Its debug registers are always trapped
 * (MDCR_EL2.TDA). Their values are in v->arch.debug, and are written to the
 * hardware while the guest has debug exceptions enabled and runs on this CPU.
 * So they are never saved, and not loaded for guests that do not debug. Arm ARM
 * D2, D17.3.
 */
#include "debug.h"

#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <core/vcpu.h>
#include <string.h>

#define BCR_ENABLE BIT(0)

/*
 * What a guest may set. HMC and PMC/PAC select exception levels and security
 * states; with HMC = 0 only EL1 and EL0 match. SSC is Secure state.
 */
#define BCR_MASK (GENMASK(23, 16) | GENMASK(8, 5) | GENMASK(2, 0))
#define WCR_MASK (GENMASK(28, 24) | GENMASK(20, 16) | GENMASK(12, 0))
/* TDCC, and what enables debug exceptions. */
#define MDSCR_MASK (MDSCR_MDE | MDSCR_KDE | BIT(12) | MDSCR_SS)

#define CASES(CASE) \
	CASE(0) \
	CASE(1) \
	CASE(2) \
	CASE(3) \
	CASE(4) \
	CASE(5) \
	CASE(6) \
	CASE(7) \
	CASE(8) \
	CASE(9) \
	CASE(10) \
	CASE(11) \
	CASE(12) \
	CASE(13) \
	CASE(14) \
	CASE(15)

static void hw_breakpoint(unsigned int n, uint64_t value, uint64_t control)
{
#define CASE(i) \
	case i: \
		write_sysreg(value, dbgbvr##i##_el1); \
		write_sysreg(control, dbgbcr##i##_el1); \
		break;
	switch (n) {
		CASES(CASE)
	default:
		break;
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
	default:
		break;
	}
#undef CASE
}

void debug_reset(struct vcpu *v)
{
	struct debug_regs *d = &v->arch.debug;

	d->mdscr = 0;
	d->mdccint = 0;
	d->claim = 0;
	d->os_lock = true;
	if (d->banks_written) {
		memset(&d->banks, 0, sizeof(d->banks));
		d->banks_written = false;
	}
}

static void load_banks(const struct debug_regs *d)
{
	for (unsigned int i = 0; i < cpu_features.brps; i++) {
		hw_breakpoint(i, d->banks.bvr[i], d->banks.bcr[i]);
	}
	for (unsigned int i = 0; i < cpu_features.wrps; i++) {
		hw_watchpoint(i, d->banks.wvr[i], d->banks.wcr[i]);
	}
}

void debug_load_enabled(const struct debug_regs *d)
{
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

	if (!debug_enabled(d)) {
		return;
	}
	if (bank == DEBUG_BVR || bank == DEBUG_BCR) {
		hw_breakpoint(n, d->banks.bvr[n], d->banks.bcr[n]);
	} else {
		hw_watchpoint(n, d->banks.wvr[n], d->banks.wcr[n]);
	}
}

__cold bool debug_bank_access(struct vcpu *v, enum debug_bank bank,
			      unsigned int n, bool write, uint64_t *val)
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
			d->banks.bvr[n] = *val;
		} else {
			*val = d->banks.bvr[n];
		}
		break;
	case DEBUG_WVR:
		access_value(&d->banks.wvr[n], write, val);
		break;
	case DEBUG_BCR:
		if (write) {
			d->banks.bcr[n] = sane_bcr(*val);
		}
		*val = d->banks.bcr[n];
		break;
	case DEBUG_WCR:
		if (write) {
			d->banks.wcr[n] = (uint32_t)(*val & WCR_MASK);
		}
		*val = d->banks.wcr[n];
		break;
	}
	if (write) {
		d->banks_written = true;
		write_through(v, bank, n);
	}
	return true;
}
