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

/* What ARCH_FEATURES says about the workarounds of speculation flaws, of any
 * CPU. */
enum { WA1, WA2, WA3, WA_COUNT };
static int32_t host[WA_COUNT] = { SMCCC_NOT_SUPPORTED, SMCCC_NOT_SUPPORTED,
				  SMCCC_NOT_SUPPORTED };

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
static uint32_t predictor_call(const int32_t wa[WA_COUNT], uint64_t pfr0,
			       uint64_t mmfr1)
{
	unsigned int csv2 = (unsigned int)FIELD(pfr0, 59, 56);
	bool targets = csv2 == 0;
	bool history = csv2 < 3 && FIELD(mmfr1, 63, 60) == 0;

	if (wa[WA3] == SMCCC_SUCCESS && (targets || history)) {
		return SMCCC_WORKAROUND_3;
	}
	return wa[WA1] == SMCCC_SUCCESS && targets ? SMCCC_WORKAROUND_1 : 0;
}

void smccc_cpu_probe(uint64_t pfr0, uint64_t mmfr1)
{
	static const uint32_t fn[WA_COUNT] = {
		SMCCC_WORKAROUND_1, SMCCC_WORKAROUND_2, SMCCC_WORKAROUND_3,
	};
	int32_t wa[WA_COUNT];

	if (!psci_host_present() ||
	    host_call(PSCI_FEATURES, SMCCC_VERSION) < 0 ||
	    host_call(SMCCC_VERSION, 0) < SMCCC_1_1) {
		return;
	}
	for (unsigned int i = 0; i < WA_COUNT; i++) {
		wa[i] = host_call(SMCCC_ARCH_FEATURES, fn[i]);
		host[i] = either(host[i], wa[i]);
	}
	this_cpu()->arch.predictor_call = predictor_call(wa, pfr0, mmfr1);
}

static int64_t arch_features(uint32_t fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return SMCCC_SUCCESS;
	case SMCCC_WORKAROUND_1:
		return host[WA1];
	case SMCCC_WORKAROUND_2:
		/* The firmware's mitigation is on for good: nothing for a
		 * guest to switch. */
		return host[WA2] < 0 ? SMCCC_NOT_SUPPORTED : SMCCC_NOT_REQUIRED;
	case SMCCC_WORKAROUND_3:
		return host[WA3];
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
		x[0] = (uint64_t)workaround(fn, host[WA1]);
		return;
	case SMCCC_WORKAROUND_2:
		x[0] = (uint64_t)(host[WA2] < 0 ? SMCCC_NOT_SUPPORTED :
						 SMCCC_SUCCESS);
		return;
	case SMCCC_WORKAROUND_3:
		x[0] = (uint64_t)workaround(fn, host[WA3]);
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
