/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A64 loads and stores (Arm ARM C4.1.89), from the instruction word. */
#include "decode.h"

static uint32_t bits(uint32_t insn, unsigned int h, unsigned int l)
{
	return (uint32_t)FIELD(insn, h, l);
}

static int64_t sbits(uint32_t insn, unsigned int h, unsigned int l)
{
	uint64_t val = FIELD(insn, h, l);
	uint64_t top = BIT(h - l);

	return (int64_t)((val ^ top) - top);
}

static void set_regs(struct decoded *d, uint32_t insn)
{
	d->count = 1;
	d->reg[0] = (uint8_t)bits(insn, 4, 0);
	d->base = (uint8_t)bits(insn, 9, 5);
}

/*
 * Size, direction and extension of a single register, from size, V and opc.
 * `prefetch`: this class has PRFM where a signed 64-bit load would be.
 */
static void single_type(struct decoded *d, uint32_t insn, bool prefetch)
{
	unsigned int size = bits(insn, 31, 30);
	unsigned int opc = bits(insn, 23, 22);

	d->kind = DECODE_ACCESS;
	d->write = (opc & 1) == 0;
	if (bits(insn, 26, 26)) {
		d->fp = true;
		d->size = (uint8_t)(opc & 2 ? 16 : 1 << size);
		if ((opc & 2) && size != 0) {
			d->kind = DECODE_NONE;
		}
		return;
	}
	d->size = (uint8_t)(1 << size);
	d->wide = size == 3;
	if (opc >= 2) {
		d->write = false;
		d->sign = true;
		d->wide = opc == 2;
		if (size + (opc & 1) >= 3) {
			d->kind = prefetch && size == 3 && opc == 2
					  ? DECODE_NOP
					  : DECODE_NONE;
		}
	}
}

static void unsigned_offset(uint32_t insn, struct decoded *d)
{
	set_regs(d, insn);
	single_type(d, insn, true);
	d->offset = (int64_t)bits(insn, 21, 10) * d->size;
}

static void register_offset(uint32_t insn, struct decoded *d)
{
	unsigned int option = bits(insn, 15, 13);

	if (!(option & 2)) {
		return;
	}
	set_regs(d, insn);
	single_type(d, insn, true);
	d->index = (uint8_t)bits(insn, 20, 16);
	d->extend = (uint8_t)option;
	if (bits(insn, 12, 12)) {
		d->shift = (uint8_t)__builtin_ctz(d->size);
	}
}

/* Unscaled, post-indexed, unprivileged, pre-indexed. */
static void imm9(uint32_t insn, struct decoded *d)
{
	unsigned int mode = bits(insn, 11, 10);

	if (mode == 2 && bits(insn, 26, 26)) {
		return;
	}
	set_regs(d, insn);
	single_type(d, insn, mode == 0);
	d->offset = sbits(insn, 20, 12);
	d->user = mode == 2;
	d->writeback = (mode & 1) != 0;
	d->post = mode == 1;
}

#define LDAPR 0x38bfc000u

/* Bits 29:27 = 111, 25:24 = 00. */
static void single(uint32_t insn, struct decoded *d)
{
	if (!bits(insn, 21, 21)) {
		imm9(insn, d);
	} else if (bits(insn, 11, 10) == 2) {
		register_offset(insn, d);
	} else if ((insn & 0x3ffffc00) == LDAPR) {
		set_regs(d, insn);
		d->kind = DECODE_ACCESS;
		d->size = (uint8_t)(1 << bits(insn, 31, 30));
		d->wide = d->size == 8;
	} else {
		/* Atomics; LDRAA, LDRAB; LD64B and its like. */
		d->kind = DECODE_REFUSED;
	}
}

static void pair(uint32_t insn, struct decoded *d)
{
	unsigned int opc = bits(insn, 31, 30);
	unsigned int mode = bits(insn, 24, 23);

	d->write = !bits(insn, 22, 22);
	d->fp = bits(insn, 26, 26);
	if (opc == 3) {
		return;
	}
	set_regs(d, insn);
	d->kind = DECODE_ACCESS;
	if (d->fp) {
		d->size = (uint8_t)(4 << opc);
	} else if (opc == 1) {
		/* LDPSW; the store is STGP, which writes tags. */
		d->size = 4;
		d->sign = true;
		d->wide = true;
		if (d->write || mode == 0) {
			d->kind = d->write && mode != 0 ? DECODE_REFUSED
							: DECODE_NONE;
		}
	} else {
		d->size = opc ? 8 : 4;
		d->wide = opc == 2;
	}
	d->count = 2;
	d->reg[1] = (uint8_t)bits(insn, 14, 10);
	d->offset = sbits(insn, 21, 15) * d->size;
	d->writeback = (mode & 1) != 0;
	d->post = mode == 1;
}

static void literal(uint32_t insn, struct decoded *d)
{
	unsigned int opc = bits(insn, 31, 30);

	d->count = 1;
	d->reg[0] = (uint8_t)bits(insn, 4, 0);
	d->base = DECODE_BASE_PC;
	d->offset = sbits(insn, 23, 5) * 4;
	d->kind = DECODE_ACCESS;
	if (bits(insn, 26, 26)) {
		d->fp = true;
		d->size = (uint8_t)(4 << opc);
		if (opc == 3) {
			d->kind = DECODE_NONE;
		}
		return;
	}
	d->size = opc == 1 ? 8 : 4;
	d->wide = opc != 0;
	d->sign = opc == 2;
	if (opc == 3) {
		d->kind = DECODE_NOP;
	}
}

/* Rs and Rt2 of what has neither. */
#define ORDERED_SBO 0x001f7c00u

/* Bits 29:24 = 001000: exclusives, compare and swap, acquire and release. */
static void ordered(uint32_t insn, struct decoded *d)
{
	/* o2, o1: only LDAR, LDLAR, STLR, STLLR are plain accesses. */
	if (bits(insn, 23, 23) != 1 || bits(insn, 21, 21) != 0) {
		d->kind = DECODE_REFUSED;
		return;
	}
	if ((insn & ORDERED_SBO) != ORDERED_SBO) {
		return;
	}
	set_regs(d, insn);
	d->kind = DECODE_ACCESS;
	d->size = (uint8_t)(1 << bits(insn, 31, 30));
	d->wide = d->size == 8;
	d->write = !bits(insn, 22, 22);
}

/* Bits 29:24 = 011001: LDAPUR, STLUR; and memory tags, copies. */
static void ordered_unscaled(uint32_t insn, struct decoded *d)
{
	if (bits(insn, 21, 21) || bits(insn, 11, 10) != 0) {
		d->kind = DECODE_REFUSED;
		return;
	}
	set_regs(d, insn);
	single_type(d, insn, false);
	d->offset = sbits(insn, 20, 12);
}

/* Bit 27 = 1, bit 25 = 0: the loads and stores. */
static void load_store(uint32_t insn, struct decoded *d)
{
	switch (bits(insn, 29, 27)) {
	case 1: /* 001: V = 0 ordered, V = 1 structures */
		if (bits(insn, 26, 24) == 0) {
			ordered(insn, d);
		} else {
			d->kind = DECODE_REFUSED;
		}
		break;
	case 3: /* 011 */
		if (bits(insn, 24, 24) == 0) {
			literal(insn, d);
		} else if (bits(insn, 26, 26) == 0) {
			ordered_unscaled(insn, d);
		}
		break;
	case 5: /* 101 */
		pair(insn, d);
		break;
	case 7: /* 111 */
		if (bits(insn, 24, 24)) {
			unsigned_offset(insn, d);
		} else {
			single(insn, d);
		}
		break;
	default: /* bits 29:27 with bit 27 set and bit 28 clear: none */
		break;
	}
}

#define DC_ZVA 0xd50b7420U

void decode(uint32_t insn, struct decoded *d)
{
	*d = (struct decoded){ .index = DECODE_NO_INDEX };
	if ((insn & ~0x1fU) == DC_ZVA) {
		d->kind = DECODE_REFUSED;
	} else if ((insn & 0x0a000000) == 0x08000000) {
		load_store(insn, d);
	}
	/*
	 * Loading the base that is also written back is CONSTRAINED
	 * UNPREDICTABLE; not writing it back is one of the choices.
	 */
	if (d->writeback && !d->write && !d->fp && d->base != 31 &&
	    (d->reg[0] == d->base || (d->count == 2 && d->reg[1] == d->base))) {
		d->writeback = false;
	}
}

uint64_t decode_offset(const struct decoded *d, uint64_t index)
{
	if (d->index == DECODE_NO_INDEX) {
		return (uint64_t)d->offset;
	}
	switch (d->extend) {
	case 2: /* UXTW */
		index = (uint32_t)index;
		break;
	case 6: /* SXTW */
		index = (uint64_t)(int64_t)(int32_t)(uint32_t)index;
		break;
	default: /* LSL, SXTX */
		break;
	}
	return index << d->shift;
}

uint64_t decode_extend(const struct decoded *d, uint64_t val)
{
	unsigned int unused = 64 - 8U * d->size;

	if (d->sign) {
		val = (uint64_t)((int64_t)(val << unused) >> unused);
	}
	return d->wide ? val : (uint32_t)val;
}
