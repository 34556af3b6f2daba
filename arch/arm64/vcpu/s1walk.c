/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage 1 table walk, Arm ARM D8.2. */
#include "s1walk.h"

#define SCTLR_M BIT(0)
#define SCTLR_EE BIT(25)

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1)

struct walk {
	uint64_t base;		/* of the table */
	unsigned int grain;	/* log2 of the granule */
	unsigned int bits;	/* of the input address */
	bool big_endian;
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

/* Which half `va` is in, and that half's parameters; false: no walk. */
static bool begin(const struct s1_regs *r, uint64_t *va, struct walk *w)
{
	bool high = (*va & BIT(55)) != 0;
	unsigned int shift = high ? 16 : 0;
	bool tbi = (r->tcr & (high ? BIT(38) : BIT(37))) != 0;
	uint64_t ttbr = high ? r->ttbr1 : r->ttbr0;

	if (tbi) {
		*va = high ? *va | GENMASK(63, 56) : *va & GENMASK(55, 0);
	}
	if (r->tcr & BIT(7 + shift)) {
		return false;		/* EPD0, EPD1 */
	}
	w->bits = 64 - (unsigned int)(r->tcr >> shift & 0x3f);
	w->grain = grain((unsigned int)(r->tcr >> (high ? 30 : 14) & 3), high);
	w->big_endian = (r->sctlr & SCTLR_EE) != 0;
	if (w->grain == 0 || w->bits > 52 || w->bits < 16 ||
	    !extends(*va, w->bits, high)) {
		return false;
	}
	w->base = ttbr & GENMASK(47, 1);
	if (w->bits > 48) {
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

void s1_walk(const struct s1_regs *regs, uint64_t va, s1_read_t read,
	     void *ctx, struct s1_result *out)
{
	struct walk w = { 0 };
	unsigned int level;

	*out = (struct s1_result){ .status = S1_FAULT };
	if (!(regs->sctlr & SCTLR_M)) {
		out->status = S1_OK;
		out->ipa = va & GENMASK(51, 0);
		return;
	}
	if (!begin(regs, &va, &w)) {
		return;
	}
	for (level = first_level(&w);; level++) {
		unsigned int shift = w.grain + (3 - level) * (w.grain - 3);
		unsigned int top = MIN(shift + w.grain - 3, w.bits);
		uint64_t index = (va & (BIT(top) - 1)) >> shift;
		uint64_t desc;

		/* The first table may be smaller than a page; its address is
		 * aligned to its size. */
		out->ipa = (w.base & ~((BIT(top - shift) * 8) - 1)) +
			   index * 8;
		out->level = level;
		if (!read(ctx, out->ipa, &desc)) {
			out->status = S1_NO_TABLE;
			return;
		}
		if (w.big_endian) {
			desc = __builtin_bswap64(desc);
		}
		if (!(desc & DESC_VALID)) {
			return;
		}
		if (level < 3 && (desc & DESC_TABLE)) {
			w.base = output(&w, desc, w.grain);
			continue;
		}
		if (level == 3 ? !(desc & DESC_TABLE) :
				 !block_allowed(&w, level)) {
			return;
		}
		out->status = S1_OK;
		out->ipa = output(&w, desc, shift) | (va & (BIT(shift) - 1));
		return;
	}
}
