/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of MPAM: a memory system component's registers (DDI0598 11), and
 * the cache that they divide. Written from the specification, not from the
 * driver: settings are kept per instance and PARTID, errors are recorded in
 * MPAMF_ESR, and what must not be accessed fails the test. The driver's
 * accesses to registers are redirected here.
 */
#ifndef TESTS_MSC_MODEL_H
#define TESTS_MSC_MODEL_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h> */

#include <libs/types.h>
#include <string.h>

#define MODEL_RIS 4
#define MODEL_PARTIDS 64
#define MODEL_WORDS 4 /* of a bitmap */

/* What reset leaves in settings of other PARTIDs than 0: anything. */
#define MODEL_UNKNOWN 0xdeadbeef

struct model_settings {
	uint32_t cpbm[MODEL_WORDS], mbw_pbm[MODEL_WORDS];
	uint32_t cmax, cmin, cassoc, mbw_max, mbw_min, mbw_prop, pri;
	bool enabled;
};

static struct model_msc {
	/* What it is; set by the test. */
	unsigned int partid_max, ris_max, intpartid_max, aidr, size;
	bool ext, narrowing, endis, esr_there, pri;
	unsigned int portions[MODEL_RIS]; /* CPBM_WD; 0: no such control */
	uint32_t ccap[MODEL_RIS];         /* CCAP_IDR; 0: no such control */
	uint32_t mbw[MODEL_RIS];
	bool broken; /* each write to a bitmap is an error */
	/* State. */
	uint32_t part_sel, ecr, mapped[MODEL_PARTIDS];
	uint64_t esr;
	struct model_settings s[MODEL_RIS][MODEL_PARTIDS];
	unsigned int writes;
} msc;

static uint8_t model_regs[0x4000]; /* for their address */

static void model_reset(void)
{
	memset(&msc, 0, sizeof(msc));
	msc.partid_max = MODEL_PARTIDS - 1;
	msc.intpartid_max = MODEL_PARTIDS - 1;
	msc.aidr = 0x10;
	msc.size = 0x3000;
	msc.esr_there = true;
	msc.portions[0] = 8;
	for (unsigned int r = 0; r < MODEL_RIS; r++) {
		for (unsigned int p = 0; p < MODEL_PARTIDS; p++) {
			struct model_settings *s = &msc.s[r][p];
			uint32_t val = p ? MODEL_UNKNOWN : UINT32_MAX;

			for (unsigned int w = 0; w < MODEL_WORDS; w++) {
				s->cpbm[w] = s->mbw_pbm[w] = val;
			}
			s->cmax = s->cassoc = s->mbw_max = p ? 1 : 0xffff;
			s->cmin = s->mbw_min = s->mbw_prop = p ? 0xff : 0;
			s->pri = p ? MODEL_UNKNOWN : 5;
			s->enabled = !p;
		}
	}
	memset(msc.mapped, 0xff, sizeof(msc.mapped));
	msc.esr = UINT64_C(0x500000000) | 2U << 24; /* from before */
	msc.ecr = 1;
}

static void model_error(unsigned int code)
{
	bool more = (msc.esr >> 24 & 0xf) != 0;

	msc.esr = (uint64_t)(msc.part_sel >> 24) << 32 | (more ? 1U : 0) << 31 |
		  code << 24 | (msc.part_sel & 0xffff);
}

static unsigned int model_ris(void)
{
	return msc.ris_max || msc.ext ? msc.part_sel >> 24 & 0xf : 0;
}

static uint64_t model_idr(void)
{
	unsigned int r = model_ris();
	uint64_t idr = msc.partid_max;

	assert_true(r <= msc.ris_max);
	idr |= msc.ccap[r] ? 1U << 24 : 0;
	idr |= msc.portions[r] ? 1U << 25 : 0;
	idr |= msc.mbw[r] ? 1U << 26 : 0;
	idr |= msc.pri ? 1U << 27 : 0;
	idr |= msc.narrowing ? UINT64_C(1) << 31 : 0;
	if (msc.ext) {
		idr |= 1U << 28 | UINT64_C(1) << 32 | UINT64_C(1) << 38;
		idr |= (uint64_t)msc.esr_there << 39;
		idr |= (uint64_t)msc.endis << 42;
		idr |= (uint64_t)msc.ris_max << 56;
	}
	return idr;
}

/* The settings that MPAMCFG_PART_SEL selects; NULL, and an error: none. */
static struct model_settings *model_selected(void)
{
	unsigned int partid = msc.part_sel & 0xffff;
	bool internal = msc.part_sel >> 16 & 1;

	assert_true(model_ris() <= msc.ris_max);
	if (partid > (msc.narrowing ? msc.intpartid_max : msc.partid_max)) {
		model_error(msc.narrowing ? 6 : 1);
		return NULL;
	}
	if (msc.narrowing && !internal) {
		model_error(6);
		return NULL;
	}
	return &msc.s[model_ris()][partid];
}

/* The setting at `off` of those; NULL: no such register. */
static uint32_t *model_setting(struct model_settings *s, unsigned int off)
{
	unsigned int r = model_ris();

	if (off >= 0x1000 && off < 0x2000) {
		unsigned int n = (off - 0x1000) / 4;

		assert_true(n < (msc.portions[r] + 31) / 32);
		return &s->cpbm[n];
	}
	if (off >= 0x2000) {
		unsigned int n = (off - 0x2000) / 4;

		assert_true(msc.mbw[r] >> 12 & 1);
		assert_true(n < ((msc.mbw[r] >> 16) + 31) / 32);
		return &s->mbw_pbm[n];
	}
	switch (off) {
	case 0x108:
		return msc.ccap[r] >> 30 & 1 ? NULL : &s->cmax;
	case 0x110:
		return msc.ccap[r] >> 29 & 1 ? &s->cmin : NULL;
	case 0x118:
		return msc.ccap[r] >> 28 & 1 ? &s->cassoc : NULL;
	case 0x200:
		return msc.mbw[r] >> 10 & 1 ? &s->mbw_min : NULL;
	case 0x208:
		return msc.mbw[r] >> 11 & 1 ? &s->mbw_max : NULL;
	case 0x400:
		return msc.pri ? &s->pri : NULL;
	case 0x500:
		return msc.mbw[r] >> 13 & 1 ? &s->mbw_prop : NULL;
	default:
		return NULL;
	}
}

static unsigned int model_offset(const volatile void *reg)
{
	size_t off = (size_t)((const volatile uint8_t *)reg - model_regs);

	assert_true(off + 4 <= msc.size && off % 4 == 0);
	return (unsigned int)off;
}

static uint32_t mmio_read32(volatile void *reg)
{
	unsigned int off = model_offset(reg), r = model_ris();
	struct model_settings *s;
	uint32_t *setting;

	switch (off) {
	case 0x00:
		return (uint32_t)model_idr();
	case 0x04:
		assert_true(msc.ext);
		return (uint32_t)(model_idr() >> 32);
	case 0x20:
		return msc.aidr;
	case 0x30:
		assert_true(msc.portions[r] != 0);
		return msc.portions[r];
	case 0x38:
		assert_true(msc.ccap[r] != 0);
		return msc.ccap[r];
	case 0x40:
		assert_true(msc.mbw[r] != 0);
		return msc.mbw[r];
	case 0x50:
		assert_true(msc.narrowing);
		return msc.intpartid_max;
	case 0xf8:
		assert_true(msc.esr_there);
		return (uint32_t)msc.esr;
	default:
		s = model_selected();
		assert_non_null(s);
		setting = model_setting(s, off);
		assert_non_null(setting);
		return *setting;
	}
}

static void model_map(uint32_t val)
{
	unsigned int partid = msc.part_sel & 0xffff;

	assert_true(msc.narrowing);
	if (msc.part_sel >> 16 & 1) {
		model_error(7);
	} else if ((val >> 16 & 1) == 0 || (val & 0xffff) > msc.intpartid_max) {
		model_error(6);
	} else {
		msc.mapped[partid] = val & 0xffff;
	}
}

static void mmio_write32(volatile void *reg, uint32_t val)
{
	unsigned int off = model_offset(reg);
	struct model_settings *s;
	uint32_t *setting;

	msc.writes++;
	switch (off) {
	case 0xf0:
		msc.ecr = val;
		return;
	case 0xf8:
		msc.esr = (msc.esr & ~(uint64_t)UINT32_MAX) | val;
		return;
	case 0xfc:
		/* While ERRCODE is not 0 nothing else writes it. */
		assert_true(msc.ext && (msc.esr >> 24 & 0xf) != 0);
		msc.esr = (uint32_t)msc.esr | (uint64_t)val << 32;
		return;
	case 0x100:
		msc.part_sel = val;
		return;
	case 0x300:
		assert_true(msc.endis && val <= msc.partid_max);
		msc.s[model_ris()][val].enabled = true;
		return;
	case 0x600:
		model_map(val);
		return;
	default:
		s = model_selected();
		if (!s) {
			return;
		}
		setting = model_setting(s, off);
		assert_non_null(setting);
		*setting = val;
		if (off >= 0x1000 && msc.broken) {
			model_error(1);
		}
	}
}

/* --- the cache ------------------------------------------------------------ */

/*
 * MODEL_WAYS ways, each a portion: a line may be put into the ways that its
 * PARTID's bitmap allows, and is found in any. The set is a hash of the
 * address, as where colours are of no use. Least recently used first.
 */
#define MODEL_WAYS 8
#define MODEL_SETS 64

static struct {
	uint64_t line, used;
	bool valid;
} model_cache[MODEL_SETS][MODEL_WAYS];
static uint64_t model_clock;

static void model_cache_clear(void)
{
	memset(model_cache, 0, sizeof(model_cache));
}

/* An access; true: it was a hit. */
static bool model_access(uint32_t partid, uint64_t line)
{
	uint32_t allowed = msc.s[0][partid].cpbm[0];
	unsigned int set =
		(unsigned int)((line * UINT64_C(0x9e3779b97f4a7c15)) >> 58) %
		MODEL_SETS;
	int victim = -1;

	model_clock++;
	for (int w = 0; w < MODEL_WAYS; w++) {
		if (model_cache[set][w].valid &&
		    model_cache[set][w].line == line) {
			model_cache[set][w].used = model_clock;
			return true;
		}
		if ((allowed >> w & 1) &&
		    (victim < 0 || model_cache[set][w].used <
					   model_cache[set][victim].used)) {
			victim = w;
		}
	}
	if (victim >= 0) {
		model_cache[set][victim].line = line;
		model_cache[set][victim].used = model_clock;
		model_cache[set][victim].valid = true;
	}
	return false;
}

#endif
