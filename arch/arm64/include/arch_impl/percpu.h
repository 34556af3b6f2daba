/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the architecture's part of struct percpu. */
#ifndef ARCH_IMPL_PERCPU_H
#define ARCH_IMPL_PERCPU_H

#include <libs/types.h>

struct vcpu;

/* All [C]: only this CPU touches them, interrupts masked. */
struct arch_percpu {
	struct vcpu *loaded;	/* whose EL1 state the registers hold, or NULL */
	struct vcpu *fp_owner;	/* whose FP/SIMD state the registers hold */
	uint64_t midr, mpidr;	/* [I] */
	uint64_t scratch[2];	/* entry code */
	uint32_t predictor_call;	/* [I] firmware call between guests, or 0 */
};

#endif
