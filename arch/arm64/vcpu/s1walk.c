/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage 1 table walk, Arm ARM D8.2. */
#include "s1walk.h"

#include <arch_impl/esr.h>
#include <limits.h>

#define SCTLR_M BIT(0)
#define SCTLR_WXN BIT(19)
#define SCTLR_EE BIT(25)
#define SCTLR_EPAN BIT(57)

/* TCR_EL1, Arm ARM D17.2.131; for TTBR0, and what is not a bit further. */
#define TCR_EPD(high) BIT((high) ? 23 : 7)
#define TCR_TBI(high) BIT((high) ? 38 : 37)
#define TCR_HA BIT(39)
#define TCR_HD BIT(40)
#define TCR_HPD(high) BIT((high) ? 42 : 41)
#define TCR_TBID(high) BIT((high) ? 52 : 51)
#define TCR_E0PD(high) BIT((high) ? 56 : 55)

/* Descriptors, D8.3. */
#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1)
#define DESC_AP_USER BIT(6) /* AP[1]: EL0 too */
#define DESC_AP_RO BIT(7)   /* AP[2] */
#define DESC_AF BIT(10)
#define DESC_DBM BIT(51)
#define DESC_PXN BIT(53)
#define DESC_UXN BIT(54)
#define TABLE_PXN BIT(59)
#define TABLE_UXN BIT(60)
#define TABLE_NO_USER BIT(61) /* APTable[0] */
#define TABLE_RO BIT(62)      /* APTable[1] */
#define TABLE_LIMITS (TABLE_PXN | TABLE_UXN | TABLE_NO_USER | TABLE_RO)

struct walk {
	const struct s1_regs *regs;
	const struct s1_access *access; /* NULL: any */
	uint64_t base;                  /* of the table */
	uint64_t limits;                /* TABLE_* bits of the tables so far */
	unsigned int grain;             /* log2 of the granule */
	unsigned int bits;              /* of the input address */
	unsigned int out_bits;          /* of addresses that come out */
	bool high;
};

/* Granule from TG0 or TG1, which number them differently. */
static unsigned int grain(unsigned int tg, bool high)
{
	static const uint8_t tg0[] = { 12, 16, 14, 0 };
	static const uint8_t tg1[] = { 0, 14, 12, 16 };

	return high ? tg1[tg] : tg0[tg];
}

static bool extends(uint64_t va, unsigned int bits, bool high)
{
	uint64_t top = va >> bits;

	return high ? top == UINT64_MAX >> bits : top == 0;
}

/* TCR_EL1.IPS; 52 bits are for the 64K granule. */
static unsigned int out_bits(uint64_t tcr, unsigned int granule)
{
	static const uint8_t ips[] = { 32, 36, 40, 42, 44, 48, 52, 52 };
	unsigned int n = ips[FIELD(tcr, 34, 32)];

	return granule == 16 ? n : MIN(n, 48U);
}

/* May this access be walked for at all? EPD0, EPD1, and E0PD. */
static bool walk_allowed(const struct walk *w)
{
	uint64_t tcr = w->regs->tcr;
	bool user = w->access && w->access->user;

	return !(tcr & TCR_EPD(w->high)) &&
	       !(user && (tcr & TCR_E0PD(w->high)));
}

/* D8.9.4: bits 63:56 do not count; TBID keeps them for instructions. */
static bool top_ignored(const struct walk *w)
{
	uint64_t tcr = w->regs->tcr;
	bool insn = w->access && w->access->exec;

	return (tcr & TCR_TBI(w->high)) && !(insn && (tcr & TCR_TBID(w->high)));
}

/* Which half `va` is in, and that half's parameters; false: no walk. */
static bool begin(struct walk *w, uint64_t *va)
{
	const struct s1_regs *r = w->regs;
	bool high = (*va & BIT(55)) != 0;
	uint64_t ttbr = high ? r->ttbr1 : r->ttbr0;

	w->high = high;
	if (top_ignored(w)) {
		*va = high ? *va | GENMASK(63, 56) : *va & GENMASK(55, 0);
	}
	w->bits = 64 - (unsigned int)(r->tcr >> (high ? 16 : 0) & 0x3f);
	w->grain = grain((unsigned int)(r->tcr >> (high ? 30 : 14) & 3), high);
	w->out_bits = out_bits(r->tcr, w->grain);
	if (!walk_allowed(w) || w->grain == 0 || w->bits > 52 || w->bits < 16 ||
	    !extends(*va, w->bits, high)) {
		return false;
	}
	w->base = ttbr & GENMASK(47, 1);
	if (w->out_bits > 48) {
		/* 64K and 52 bits: address bits 51:48 are at 5:2. */
		w->base = (ttbr & GENMASK(47, 6)) | FIELD(ttbr, 5, 2) << 48;
	}
	return true;
}

/* First level whose index has bits of the input address. */
static unsigned int first_level(const struct walk *w)
{
	unsigned int per = w->grain - 3;
	unsigned int level = 3;
	unsigned int covered = w->grain + per;

	while (level > 0 && covered < w->bits) {
		covered += per;
		level--;
	}
	return level;
}

static uint64_t output(const struct walk *w, uint64_t desc, unsigned int shift)
{
	uint64_t mask = GENMASK(47, 0) & ~(BIT(shift) - 1);
	uint64_t out = desc & mask;

	if (w->grain == 16) {
		out |= FIELD(desc, 15, 12) << 48;
	}
	return out;
}

/* Is a descriptor that is not a table a block this level may have? */
static bool block_allowed(const struct walk *w, unsigned int level)
{
	return level == 2 || (level == 1 && w->grain == 12);
}

/* Is it writable, at a level that has access? D8.4.1; D8.4.6: DBM and HD. */
static bool writable(const struct walk *w, uint64_t desc)
{
	const uint64_t managed = TCR_HA | TCR_HD;
	bool clean = (desc & DESC_DBM) && (w->regs->tcr & managed) == managed;

	return !(w->limits & TABLE_RO) && (!(desc & DESC_AP_RO) || clean);
}

/* D8.4: AP, XN, WXN, PAN, and what the tables before allow. */
static bool permitted(const struct walk *w, uint64_t desc)
{
	const struct s1_access *a = w->access;
	uint64_t sctlr = w->regs->sctlr;
	bool user = (desc & DESC_AP_USER) && !(w->limits & TABLE_NO_USER);
	bool write = writable(w, desc);
	bool uxn = (desc & DESC_UXN) || (w->limits & TABLE_UXN);
	bool pxn = (desc & DESC_PXN) || (w->limits & TABLE_PXN);

	if (a->exec && a->user) {
		return !uxn && !((sctlr & SCTLR_WXN) && user && write);
	}
	if (a->exec) {
		/* What EL0 may write is never executed at EL1. */
		return !pxn && !((user || (sctlr & SCTLR_WXN)) && write);
	}
	if (a->user ? !user
		    : a->pan && (user || ((sctlr & SCTLR_EPAN) && !uxn))) {
		return false;
	}
	return !a->write || write;
}

#define NO_FAULT UINT_MAX /* 0 is an address size fault */

/* NO_FAULT, or the kind of fault of a page or block. */
static unsigned int leaf_fault(const struct walk *w, uint64_t desc)
{
	if (w->access && !(desc & DESC_AF) && !(w->regs->tcr & TCR_HA)) {
		return FSC_KIND_ACCESS_FLAG;
	}
	return w->access && !permitted(w, desc) ? FSC_KIND_PERMISSION
						: NO_FAULT;
}

/* Bits of the input address that a block of this level leaves. */
static unsigned int block_bits(const struct walk *w, unsigned int level)
{
	return w->grain + (3 - level) * (w->grain - 3);
}

/* Where this level's entry is. The first table may be smaller than a page; its
 * address is aligned to its size. */
static uint64_t entry(const struct walk *w, unsigned int level, uint64_t va)
{
	unsigned int shift = block_bits(w, level);
	unsigned int top = MIN(shift + w->grain - 3, w->bits);
	uint64_t index = (va & (BIT(top) - 1)) >> shift;

	return (w->base & ~((BIT(top - shift) * 8) - 1)) + index * 8;
}

/* A table or page; or a block, where there can be one. */
static bool is_valid(const struct walk *w, unsigned int level, uint64_t desc)
{
	return (desc & DESC_VALID) &&
	       ((desc & DESC_TABLE) || block_allowed(w, level));
}

static bool is_leaf(unsigned int level, uint64_t desc)
{
	return level == 3 || !(desc & DESC_TABLE);
}

/* Follow the entry: NO_FAULT, or the kind of fault. */
static unsigned int follow(struct walk *w, unsigned int level, uint64_t desc)
{
	bool leaf = is_leaf(level, desc);

	if (!is_valid(w, level, desc)) {
		return FSC_KIND_TRANSLATION;
	}
	w->base = output(w, desc, leaf ? block_bits(w, level) : w->grain);
	if (w->base >> w->out_bits) {
		return FSC_KIND_SIZE;
	}
	if (leaf) {
		return leaf_fault(w, desc);
	}
	if (!(w->regs->tcr & TCR_HPD(w->high))) {
		w->limits |= desc & TABLE_LIMITS;
	}
	return NO_FAULT;
}

static void failed(struct s1_result *out, enum s1_status status,
		   unsigned int kind)
{
	out->status = status;
	out->fsc = kind + out->level;
}

static void walk_tables(struct walk *w, uint64_t va, s1_read_t read, void *ctx,
			struct s1_result *out)
{
	unsigned int fault;
	uint64_t desc;

	for (out->level = first_level(w);; out->level++) {
		out->ipa = entry(w, out->level, va);
		if (!read(ctx, out->ipa, &desc)) {
			failed(out, S1_NO_TABLE, FSC_SEA_WALK);
			return;
		}
		if (w->regs->sctlr & SCTLR_EE) {
			desc = __builtin_bswap64(desc);
		}
		fault = follow(w, out->level, desc);
		if (fault != NO_FAULT) {
			failed(out, S1_FAULT, fault);
			return;
		}
		if (is_leaf(out->level, desc)) {
			break;
		}
	}
	out->status = S1_OK;
	out->ipa = w->base | (va & (BIT(block_bits(w, out->level)) - 1));
}

void s1_walk(const struct s1_regs *regs, uint64_t va, const struct s1_access *a,
	     s1_read_t read, void *ctx, struct s1_result *out)
{
	struct walk w = { .regs = regs, .access = a };

	*out = (struct s1_result){ .status = S1_OK };
	if (!(regs->sctlr & SCTLR_M)) {
		out->ipa = va & GENMASK(51, 0);
	} else if (!begin(&w, &va)) {
		failed(out, S1_FAULT, FSC_KIND_TRANSLATION);
	} else if (w.base >> w.out_bits) {
		failed(out, S1_FAULT, FSC_KIND_SIZE); /* TTBR's: level 0 */
	} else {
		walk_tables(&w, va, read, ctx, out);
	}
}
