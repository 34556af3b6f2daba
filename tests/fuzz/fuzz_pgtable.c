/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any sequence of operations on translation tables, against the model. */
#define MODEL_PAGES ((UINT64_C(1) << 18) + 2048) /* all levels, and fast */
#include "tests/unit/pgtable_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed;

static uint64_t rnd(void)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed >> 17;
}

static void model_fail(const char *what, uint64_t where)
{
	fprintf(stderr, "%s at 0x%llx\n", what, (unsigned long long)where);
	abort();
}

struct geometry {
	uint8_t level, bits;
	uint64_t base;
};

static const struct geometry geometries[] = {
	{ 0, 48, BIT(39) - GIB(1) },
	{ 1, 40, BIT(40) - GIB(2) },
	{ 1, 36, GIB(2) },
	{ 2, 33, GIB(5) },
};

/* Seven bytes an operation; positions are near each other, so that they meet.
 * */
static void operation(struct model *m, const uint8_t *d)
{
	static const uint64_t unit[] = { 1, 8, 512, 1 << 18 };
	uint64_t page =
		((uint64_t)d[1] * unit[d[0] & 3] + (d[2] & 15)) % MODEL_PAGES;
	uint64_t n = ((uint64_t)(d[3] & 15) + 1) * unit[(d[0] >> 2) & 3];
	/* Aligned as the address, to runs and more, or not. */
	uint64_t pa = (page + (d[4] & 3) * 64 + ((d[4] >> 2) & 1) * 3)
		      << PAGE_SHIFT;
	uint64_t attrs = PTE_AF | PTE_S2_READ | PTE_SH_INNER;

	attrs |= d[5] & 1 ? PTE_S2_NORMAL_WB : PTE_S2_DEVICE_NGNRE;
	attrs |= d[5] & 2 ? PTE_XN : 0;
	m->allocs_left = d[6] & 8 ? -1 : d[6] & 7;
	model_apply(m, (enum model_op)(d[0] >> 4) % MODEL_OPS, page,
		    MIN(n, MODEL_PAGES - page), pa, attrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	const struct geometry *g;

	if (size < 1 || size > 7 * 64) {
		return 0;
	}
	seed = data[0];
	g = &geometries[data[0] % ARRAY_SIZE(geometries)];
	model_init(&m, g->level, g->bits, g->base, rnd);
	m.pt.runs = !(data[0] & 0x80);
	for (size_t at = 1; at + 7 <= size; at += 7) {
		operation(&m, data + at);
	}
	m.allocs_left = -1;
	if (pgtable_unmap(&m.pt, m.base, MODEL_PAGES * PAGE_SIZE) ||
	    m.pt.tables) {
		model_fail("tables left", m.pt.tables);
	}
	model_fini(&m);
	return 0;
}
