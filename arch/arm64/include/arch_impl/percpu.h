/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the architecture's part of struct percpu. */
#ifndef ARCH_IMPL_PERCPU_H
#define ARCH_IMPL_PERCPU_H

#include <core/time.h>
#include <libs/types.h>

struct vcpu;

/* All [C]: only this CPU touches them, interrupts masked. */
struct arch_percpu {
	struct vcpu *loaded;   /* whose EL1 state the registers hold, or NULL */
	struct vcpu *fp_owner; /* whose FP/SIMD state the registers hold */
	uint64_t midr, mpidr;  /* [I] */
	uint64_t scratch[2];   /* entry code */
	uint32_t predictor_call; /* [I] firmware call between guests, or 0 */
	bool reminding;          /* `remind` is armed */
	struct timer remind;     /* timer/remind.c */
	uint8_t pmu_first;       /* [I] first counter that guests do not have */
	uint32_t pmu_left[2];    /* of a reserved one, when it was started */
};

#endif
