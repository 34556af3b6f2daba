/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: calls to the host's firmware (SMCCC, DEN0028). */
#ifndef ARCH_IMPL_SMCCC_HOST_H
#define ARCH_IMPL_SMCCC_HOST_H

#include <libs/types.h>

struct smccc_result {
	uint64_t x[4];
};

/* SMC #0; result registers into *res unless NULL. Returns x0. */
uint64_t smccc_call(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3,
		    struct smccc_result *res);

/* Is there firmware with SMCCC 1.1? Older firmware may not answer calls that it
 * does not know. */
bool smccc_host_1_1(void);

/*
 * Ask the host's firmware for its workarounds for speculation flaws of this
 * CPU, with these values of ID_AA64PFR0_EL1 and ID_AA64MMFR1_EL1: which of them
 * to offer to guests, and which to call between two guests (percpu's
 * `predictor_call`). Once on each CPU, in start-up code.
 */
void smccc_cpu_probe(uint64_t pfr0, uint64_t mmfr1);

#endif
