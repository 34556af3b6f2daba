/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's own translation tables (VMSAv8-64 stage 1), walked in software: for
 * the pages of an emulated access that hardware has not translated, to find the
 * level of a fault, and to print a backtrace of a guest that is not running.
 * Pure but for the reader of guest memory.
 *
 * Extensions that are hidden from guests (idreg.c) are not supported here:
 * 52-bit addresses with granules of 4K and 16K, permission indirection and
 * overlays.
 */
#ifndef VCPU_S1WALK_H
#define VCPU_S1WALK_H

#include <libs/types.h>

struct s1_regs {
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};

/* 8 bytes at `ipa`, little endian; false if nothing readable is there. */
typedef bool (*s1_read_t)(void *ctx, uint64_t ipa, uint64_t *out);

/* What an access needs permission for; neither write nor exec: a read. */
struct s1_access {
	bool user; /* as EL0: at EL0, or unprivileged at EL1 */
	bool write;
	bool exec;
	bool pan; /* PSTATE.PAN, for accesses that are not user's */
};

enum s1_status {
	S1_OK,
	S1_FAULT,    /* no translation, or not for this access */
	S1_NO_TABLE, /* a table could not be read */
};

struct s1_result {
	enum s1_status status;
	uint64_t ipa;       /* of the address, or of the missing entry */
	unsigned int level; /* where the walk ended */
	/* Fault status code with the level, as ESR_EL1 says it; S1_NO_TABLE is
	 * an external abort on the walk. */
	unsigned int fsc;
};

/*
 * A return address without its authentication code: the bits above the
 * range's size are as bit 55 (DDI0487 D8.10.1).
 */
static inline uint64_t s1_plain_address(uint64_t tcr, uint64_t va)
{
	bool upper = (va >> 55 & 1) != 0;
	unsigned int unused = (upper ? tcr >> 16 : tcr) & 63; /* T1SZ, T0SZ */
	uint64_t mask = unused > 0 ? ~UINT64_C(0) << (64 - unused) : 0;

	return upper ? va | mask : va & ~mask;
}

/*
 * Translate `va` for an access; with `a` NULL just say where it is, whoever
 * may go there. At most four reads. Nothing is written: where hardware sets
 * access flags and dirty states (TCR_EL1.HA, HD), they are taken as set.
 */
void s1_walk(const struct s1_regs *regs, uint64_t va, const struct s1_access *a,
	     s1_read_t read, void *ctx, struct s1_result *out);

#endif
