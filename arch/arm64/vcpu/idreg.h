/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ID registers: the values that several CPUs have in common, and the part of
 * them that a guest sees. Pure. A list of fields decides what guests see: all
 * others read as zero, so that features of new CPUs stay hidden until somebody
 * has decided how they are switched or trapped.
 */
#ifndef VCPU_IDREG_H
#define VCPU_IDREG_H

#include <arch_impl/features.h>
#include <libs/types.h>

#define IDREG_SLOT(crm, op2) ((crm)*8 + (op2))

enum {
	ID_PFR0 = IDREG_SLOT(1, 0),
	ID_PFR1 = IDREG_SLOT(1, 1),
	ID_DFR0 = IDREG_SLOT(1, 2),
	ID_MMFR0 = IDREG_SLOT(1, 4),
	ID_MMFR1 = IDREG_SLOT(1, 5),
	ID_MMFR2 = IDREG_SLOT(1, 6),
	ID_MMFR3 = IDREG_SLOT(1, 7),
	ID_ISAR0 = IDREG_SLOT(2, 0),
	ID_ISAR1 = IDREG_SLOT(2, 1),
	ID_ISAR2 = IDREG_SLOT(2, 2),
	ID_ISAR3 = IDREG_SLOT(2, 3),
	ID_ISAR4 = IDREG_SLOT(2, 4),
	ID_ISAR5 = IDREG_SLOT(2, 5),
	ID_MMFR4 = IDREG_SLOT(2, 6),
	ID_ISAR6 = IDREG_SLOT(2, 7),
	ID_MVFR0 = IDREG_SLOT(3, 0),
	ID_MVFR1 = IDREG_SLOT(3, 1),
	ID_MVFR2 = IDREG_SLOT(3, 2),
	ID_PFR2 = IDREG_SLOT(3, 4),
	ID_MMFR5 = IDREG_SLOT(3, 6),
	ID_AA64PFR0 = IDREG_SLOT(4, 0),
	ID_AA64PFR1 = IDREG_SLOT(4, 1),
	ID_AA64DFR0 = IDREG_SLOT(5, 0),
	ID_AA64ISAR0 = IDREG_SLOT(6, 0),
	ID_AA64ISAR1 = IDREG_SLOT(6, 1),
	ID_AA64ISAR2 = IDREG_SLOT(6, 2),
	ID_AA64MMFR0 = IDREG_SLOT(7, 0),
	ID_AA64MMFR1 = IDREG_SLOT(7, 1),
	ID_AA64MMFR2 = IDREG_SLOT(7, 2),
};

/* common := what both `common` and a further CPU's `cpu` have. */
void idreg_merge(uint64_t common[IDREG_COUNT], const uint64_t cpu[IDREG_COUNT]);

/* What guests are told of `common`, but for what differs between guests. */
void idreg_sanitize(const uint64_t common[IDREG_COUNT],
		    uint64_t guest[IDREG_COUNT]);

/* What differs between guests, in `guest`, which idreg_sanitize() made: for one
 * with this GIC, this IPA size, which is one that PARange has a code for, and
 * this PMUVer, 0 for no PMU. */
void idreg_for_guest(uint64_t guest[IDREG_COUNT], unsigned int gic_version,
		     unsigned int ipa_bits, unsigned int pmu_version);

/* CTR_EL0 for code that may run on either CPU: smallest lines, and only the
 * maintenance that neither needs left out. */
uint64_t idreg_merge_ctr(uint64_t a, uint64_t b);

#endif
