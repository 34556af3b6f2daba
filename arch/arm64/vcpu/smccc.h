/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls a guest makes to its firmware: SMCCC (DEN0028), PSCI (DEN0022),
 * TRNG (DEN0098). */
#ifndef VCPU_SMCCC_H
#define VCPU_SMCCC_H

#include <libs/types.h>

struct vcpu;
struct guest_regs;

#define SMCCC_SUCCESS 0
#define SMCCC_NOT_SUPPORTED (-1)
#define SMCCC_NOT_REQUIRED 1
#define SMCCC_INVALID_PARAMETER (-3)

#define SMCCC_FAST BIT(31)
#define SMCCC_64 BIT(30)

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_ARCH_SOC_ID 0x80000002u
#define SMCCC_WORKAROUND_1 0x80008000u
#define SMCCC_WORKAROUND_2 0x80007fffu
#define SMCCC_WORKAROUND_3 0x80003fffu

#define SMCCC_1_1 0x10001
#define SMCCC_1_2 0x10002

/*
 * PSCI: functions 0-31 of the standard service range, by convention. Each
 * finds its arguments in regs->x, and leaves its answer there.
 */
#define PSCI_RANGE 0x84000000u
#define PSCI_COUNT 32u
typedef void (*psci_fn_t)(struct vcpu *v, struct guest_regs *regs);
extern const psci_fn_t psci_table[2 * PSCI_COUNT]; /* [64-bit][n] */

static inline bool smccc_is_psci(uint32_t fn)
{
	return (fn & ~((uint32_t)SMCCC_64 | (PSCI_COUNT - 1))) == PSCI_RANGE;
}

static inline unsigned int psci_index(uint32_t fn)
{
	return (fn & (PSCI_COUNT - 1)) + (fn & SMCCC_64 ? PSCI_COUNT : 0);
}

#endif
