/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's own translation tables (VMSAv8-64 stage 1), walked in software:
 * to fetch an instruction, to name a fault's level, to print a backtrace of a
 * guest that does not run. Pure but for the reader of guest memory.
 */
#ifndef VCPU_S1WALK_H
#define VCPU_S1WALK_H

#include <libs/types.h>

struct s1_regs {
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};

/* 8 bytes at `ipa`, little endian; false if nothing readable is there. */
typedef bool (*s1_read_t)(void *ctx, uint64_t ipa, uint64_t *out);

enum s1_status {
	S1_OK,
	S1_FAULT,	/* no translation */
	S1_NO_TABLE,	/* a table could not be read */
};

struct s1_result {
	enum s1_status status;
	uint64_t ipa;		/* of the address, or of the missing entry */
	unsigned int level;	/* where the walk ended */
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

/* At most four reads. */
void s1_walk(const struct s1_regs *regs, uint64_t va, s1_read_t read,
	     void *ctx, struct s1_result *out);

#endif
