/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HVC and SMC from a guest: one dispatcher for both conduits. Results are in
 * x0-x3; x4-x17 are preserved, as SMCCC 1.2 asks (DEN0028 2.6), by not
 * touching them.
 */
#include "smccc.h"

#include <arch_impl/esr.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <arch_impl/trap.h>
#include <core/percpu.h>

/* What ARCH_FEATURES says about the workarounds of speculation flaws. */
struct workarounds {
	int32_t wa1, wa2, wa3;
};

/* On any of the CPUs. */
static struct workarounds host = { SMCCC_NOT_SUPPORTED, SMCCC_NOT_SUPPORTED, SMCCC_NOT_SUPPORTED };

#define PSCI_FEATURES 0x8400000au

static int32_t host_call(uint32_t fn, uint64_t arg)
{
	return (int32_t)smccc_call(fn, arg, 0, 0, NULL);
}

/* A call that one CPU needs is offered; the others return from it at once. */
static int32_t either(int32_t a, int32_t b)
{
	if (a < 0 || b < 0) {
		return MAX(a, b);
	}
	return MIN(a, b);
}

/*
 * The call by which one guest's branches and their history are kept from
 * steering another's, 0 if this CPU needs none: FEAT_CSV2 tells targets apart
 * by VMID, FEAT_CSV2_3 the history too, FEAT_ECBHB ends it with an exception.
 * WORKAROUND_3 includes what WORKAROUND_1 does (DEN0028 7.3, 7.5).
 */
static uint32_t predictor_call(const struct workarounds *w, uint64_t pfr0,
			       uint64_t mmfr1)
{
	unsigned int csv2 = (unsigned int)FIELD(pfr0, 59, 56);
	bool targets = csv2 == 0;
	bool history = csv2 < 3 && FIELD(mmfr1, 63, 60) == 0;

	if (w->wa3 == SMCCC_SUCCESS && (targets || history)) {
		return SMCCC_WORKAROUND_3;
	}
	return w->wa1 == SMCCC_SUCCESS && targets ? SMCCC_WORKAROUND_1 : 0;
}

void smccc_cpu_probe(uint64_t pfr0, uint64_t mmfr1)
{
	struct workarounds w;

	if (!psci_host_present() ||
	    host_call(PSCI_FEATURES, SMCCC_VERSION) < 0 ||
	    host_call(SMCCC_VERSION, 0) < SMCCC_1_1) {
		return;
	}
	w.wa1 = host_call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1);
	w.wa2 = host_call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_2);
	w.wa3 = host_call(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3);
	this_cpu()->arch.predictor_call = predictor_call(&w, pfr0, mmfr1);
	host.wa1 = either(host.wa1, w.wa1);
	host.wa2 = either(host.wa2, w.wa2);
	host.wa3 = either(host.wa3, w.wa3);
}

static int64_t arch_features(uint32_t fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return SMCCC_SUCCESS;
	case SMCCC_WORKAROUND_1:
		return host.wa1;
	case SMCCC_WORKAROUND_2:
		/* The firmware's mitigation is on for good: nothing for a
		 * guest to switch. */
		return host.wa2 < 0 ? SMCCC_NOT_SUPPORTED : SMCCC_NOT_REQUIRED;
	case SMCCC_WORKAROUND_3:
		return host.wa3;
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

/* A workaround that the host has acts on this CPU: pass it on. */
static int64_t workaround(uint32_t fn, int32_t available)
{
	if (available < 0) {
		return SMCCC_NOT_SUPPORTED;
	}
	(void)host_call(fn, 0);
	return SMCCC_SUCCESS;
}

static void arch_call(uint64_t *x)
{
	uint32_t fn = (uint32_t)x[0];

	switch (fn) {
	case SMCCC_VERSION:
		x[0] = SMCCC_1_2;
		return;
	case SMCCC_ARCH_FEATURES:
		x[0] = (uint64_t)arch_features((uint32_t)x[1]);
		return;
	case SMCCC_WORKAROUND_1:
		x[0] = (uint64_t)workaround(fn, host.wa1);
		return;
	case SMCCC_WORKAROUND_2:
		x[0] = (uint64_t)(host.wa2 < 0 ? SMCCC_NOT_SUPPORTED :
						 SMCCC_SUCCESS);
		return;
	case SMCCC_WORKAROUND_3:
		x[0] = (uint64_t)workaround(fn, host.wa3);
		return;
	default:
		x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
}

/* Everything that is not PSCI. */
static void call_other(uint64_t *x)
{
	uint32_t fn = (uint32_t)x[0];

	if (smccc_is_arch(fn)) {
		arch_call(x);
	} else if (smccc_is_trng(fn)) {
		trng_call(x);
	} else {
		x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	}
}

/* Immediates other than 0 are reserved (DEN0028 2.9): no call is there. */
static inline void call(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	uint32_t fn = (uint32_t)regs->x[0];
	psci_fn_t handler;

	if (unlikely(esr_imm16(esr))) {
		regs->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
	if (unlikely(!smccc_is_psci(fn))) {
		call_other(regs->x);
		return;
	}
	handler = psci_table[psci_index(fn)];
	if (unlikely(!handler)) {
		regs->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
	handler(v, regs);
}

void trap_hvc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	call(v, regs, esr);
}

/* Unlike HVC, a trapped SMC has not been executed. */
void trap_smc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	trap_skip_a64(regs);
	call(v, regs, esr);
}
