/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arm Architecture Calls (DEN0028 7): version, features, and the workarounds
 * for speculation flaws, which are forwarded to the host's firmware. */
#include <arch_impl/esr.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <arch_impl/smccc_service.h>
#include <arch_impl/trap.h>
#include <core/percpu.h>
#include <core/vcpu.h>

#include "pvtime.h"
#include "smccc.h"

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
 * The firmware call that keeps branches of one guest, and their history, from
 * steering those of another; 0 if this CPU needs none: FEAT_CSV2 tells targets
 * apart by VMID, FEAT_CSV2_3 the history too, FEAT_ECBHB ends it with an
 * exception. WORKAROUND_3 includes what WORKAROUND_1 does (DEN0028 7.3, 7.5).
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

bool smccc_host_1_1(void)
{
	return psci_host_present() &&
	       host_call(PSCI_FEATURES, SMCCC_VERSION) >= 0 &&
	       host_call(SMCCC_VERSION, 0) >= SMCCC_1_1;
}

__cold void smccc_cpu_probe(uint64_t pfr0, uint64_t mmfr1)
{
	static const uint32_t fn[WA_COUNT] = {
		SMCCC_WORKAROUND_1,
		SMCCC_WORKAROUND_2,
		SMCCC_WORKAROUND_3,
	};
	int32_t wa[WA_COUNT];

	if (!smccc_host_1_1()) {
		return;
	}
	for (unsigned int i = 0; i < WA_COUNT; i++) {
		wa[i] = host_call(SMCCC_ARCH_FEATURES, fn[i]);
		host[i] = either(host[i], wa[i]);
	}
	this_cpu()->arch.predictor_call = predictor_call(wa, pfr0, mmfr1);
}

static int64_t arch_features(const struct vcpu *v, uint32_t fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return SMCCC_SUCCESS;
	case SMCCC_WORKAROUND_1:
		return host[WA1];
	case SMCCC_WORKAROUND_2:
		/* The firmware's mitigation is always on: a guest cannot switch
		 * it. */
		return host[WA2] < 0 ? SMCCC_NOT_SUPPORTED : SMCCC_NOT_REQUIRED;
	case SMCCC_WORKAROUND_3:
		return host[WA3];
	case PV_TIME_FEATURES:
		return pvtime_offered(v->guest) ? SMCCC_SUCCESS
						: SMCCC_NOT_SUPPORTED;
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

static void arch_call(struct vcpu *v, struct guest_regs *regs)
{
	uint64_t *x = regs->x;
	uint32_t fn = (uint32_t)x[0];

	switch (fn) {
	case SMCCC_VERSION:
		x[0] = SMCCC_1_2;
		return;
	case SMCCC_ARCH_FEATURES:
		x[0] = (uint64_t)arch_features(v, (uint32_t)x[1]);
		return;
	case SMCCC_WORKAROUND_1:
		x[0] = (uint64_t)workaround(fn, host[WA1]);
		return;
	case SMCCC_WORKAROUND_2:
		x[0] = (uint64_t)(host[WA2] < 0 ? SMCCC_NOT_SUPPORTED
						: SMCCC_SUCCESS);
		return;
	case SMCCC_WORKAROUND_3:
		x[0] = (uint64_t)workaround(fn, host[WA3]);
		return;
	default:
		x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
}

static const struct smccc_service arch_service = {
	.name = "arch",
	.first = 0x80000000,
	.last = 0x8000ffff,
	.call = arch_call,
};
SMCCC_SERVICE(arch_service);
