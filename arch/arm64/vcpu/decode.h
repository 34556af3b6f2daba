/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A64 loads and stores, for data aborts whose syndrome does not describe the
 * access (ISV = 0): pairs, writeback, SIMD registers. Pure.
 */
#ifndef VCPU_DECODE_H
#define VCPU_DECODE_H

#include <libs/types.h>

enum decode_kind {
	DECODE_NONE,   /* no load or store, or not allocated */
	DECODE_ACCESS, /* described below */
	DECODE_NOP,    /* a prefetch: nothing to do */
	/* Accesses memory in ways a device does not answer: exclusives,
	 * atomics, structures, tags, DC ZVA. */
	DECODE_REFUSED,
};

#define DECODE_BASE_PC 32 /* else 0-30, or 31 for SP */
#define DECODE_NO_INDEX 0xff

struct decoded {
	enum decode_kind kind;
	bool write;
	bool fp;   /* registers are V0-V31 */
	bool sign; /* sign extend what was read .. */
	bool wide; /* .. to 64 bits, else to 32 */
	bool user; /* LDTR, STTR and their like: as EL0, from EL1 too */
	bool writeback;
	bool post;      /* the offset only counts for writeback */
	uint8_t size;   /* bytes per register: 1, 2, 4, 8, 16 */
	uint8_t count;  /* registers: 1 or 2 */
	uint8_t reg[2]; /* 31: zero, unless fp */
	uint8_t base;
	uint8_t index;  /* offset register, or DECODE_NO_INDEX .. */
	uint8_t extend; /* .. its extension (option field) .. */
	uint8_t shift;  /* .. and shift */
	int64_t offset; /* bytes */
};

void decode(uint32_t insn, struct decoded *d);

/* The offset in effect; `index` is the index register's value. */
uint64_t decode_offset(const struct decoded *d, uint64_t index);

/* Address of the first access, and what writeback leaves in the base. */
static inline uint64_t decode_address(const struct decoded *d, uint64_t base,
				      uint64_t index)
{
	return d->post ? base : base + decode_offset(d, index);
}

static inline uint64_t decode_new_base(const struct decoded *d, uint64_t base)
{
	return base + (uint64_t)d->offset;
}

/* What a general register becomes when `val` was read from memory. */
uint64_t decode_extend(const struct decoded *d, uint64_t val);

#endif
