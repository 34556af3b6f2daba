/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation tables: chosen cases, and random ones against the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch/mmu_path.h>

#include "pgtable_model.h"

#define ATTRS (PTE_AF | PTE_SH_INNER | PTE_S2_NORMAL_WB | PTE_S2_READ)

static uint64_t seed;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void model_fail(const char *what, uint64_t where)
{
	fail_msg("%s at 0x%llx", what, (unsigned long long)where);
}

static struct model m;

static void start(unsigned int level, unsigned int bits, uint64_t base)
{
	seed = 0x9e3779b97f4a7c15;
	model_init(&m, level, bits, base, rnd);
}

static void test_arguments(void **state)
{
	(void)state;
	start(1, 40, 0);
	assert_int_equal(pgtable_map(&m.pt, 1, 0, 4096, ATTRS), -ERR_INVAL);
	assert_int_equal(pgtable_map(&m.pt, 0, 1, 4096, ATTRS), -ERR_INVAL);
	assert_int_equal(pgtable_map(&m.pt, 0, 0, 4095, ATTRS), -ERR_INVAL);
	assert_int_equal(pgtable_map(&m.pt, 0, 0, 0, ATTRS), -ERR_INVAL);
	assert_int_equal(pgtable_map(&m.pt, BIT(40), 0, 4096, ATTRS),
			 -ERR_RANGE);
	assert_int_equal(pgtable_map(&m.pt, BIT(40) - 4096, 0, 8192, ATTRS),
			 -ERR_RANGE);
	assert_int_equal(pgtable_map(&m.pt, ~PAGE_MASK, 0, 8192, ATTRS),
			 -ERR_RANGE);
	assert_int_equal(pgtable_map(&m.pt, 0, BIT(48), 4096, ATTRS),
			 -ERR_RANGE);
	assert_int_equal(pgtable_map(&m.pt, 0, BIT(48) - 4096, 8192, ATTRS),
			 -ERR_RANGE);
	assert_int_equal(pgtable_unmap(&m.pt, BIT(40), 4096), -ERR_RANGE);
	assert_int_equal(pgtable_protect(&m.pt, 0, 4096, ATTRS), -ERR_NOENT);
	model_check(&m);
	model_fini(&m);
}

static void test_top_page(void **state)
{
	struct pgtable_walk w;

	(void)state;
	start(0, 48, 0);
	assert_int_equal(pgtable_map(&m.pt, BIT(48) - 4096, BIT(48) - 4096,
				     4096, ATTRS),
			 0);
	assert_true(pgtable_lookup(&m.pt, BIT(48) - 1, &w));
	assert_int_equal(w.pa, BIT(48) - 1);
	assert_int_equal(w.level, 3);
	assert_int_equal(m.pt.tables, 3);
	assert_false(pgtable_lookup(&m.pt, BIT(48), &w));
	assert_false(pgtable_lookup(&m.pt, ~UINT64_C(0), &w));
	assert_int_equal(pgtable_unmap(&m.pt, BIT(48) - 4096, 4096), 0);
	assert_int_equal(m.pt.tables, 0);
	model_fini(&m);
}

static void test_largest_blocks(void **state)
{
	struct pgtable_walk w;

	(void)state;
	start(0, 48, 0);
	/* From 1 page below 2M to 1 page above 2G. */
	model_apply(&m, MODEL_MAP, 511, (2 << 18) + 1 - 511 + 1,
		    511 * PAGE_SIZE, ATTRS);
	assert_int_equal(m.pt.leaves[0], 1);
	assert_int_equal(m.pt.leaves[1], 511);
	assert_int_equal(m.pt.leaves[2], 3);
	assert_true(pgtable_lookup(&m.pt, GIB(1) + 5, &w));
	assert_int_equal(w.level, 1);
	/* The same address with another alignment of the output: only pages. */
	model_apply(&m, MODEL_UNMAP, 0, MODEL_PAGES, 0, 0);
	assert_int_equal(m.pt.tables, 0);
	model_apply(&m, MODEL_MAP, 512, 1024, PAGE_SIZE, ATTRS);
	assert_int_equal(m.pt.leaves[2], 1024);
	assert_int_equal(m.pt.leaves[1], 0);
	model_check(&m);
	model_fini(&m);
}

static void test_split(void **state)
{
	(void)state;
	start(1, 40, GIB(5));
	model_apply(&m, MODEL_MAP, 0, 1 << 18, GIB(7), ATTRS);
	assert_int_equal(m.pt.leaves[0], 1);
	model_apply(&m, MODEL_UNMAP, 1000, 1, 0, 0);
	assert_int_equal(m.pt.leaves[0], 0);
	assert_int_equal(m.pt.leaves[1], 511);
	assert_int_equal(m.pt.leaves[2], 511);
	model_apply(&m, MODEL_PROTECT, 2048, 1, 0, ATTRS | PTE_XN);
	assert_int_equal(m.pt.leaves[1], 510);
	model_check(&m);
	/* The rest of both blocks is unmapped, with its tables. */
	model_apply(&m, MODEL_UNMAP, 0, 1 << 18, 0, 0);
	assert_int_equal(m.pt.tables, 0);
	model_fini(&m);
}

/* 16 pages that are adjacent and aligned on both sides. */
static void test_runs(void **state)
{
	struct mmu_path path;

	(void)state;
	start(1, 40, 0);
	/* 5 pages, 2 runs, 3 pages. */
	model_apply(&m, MODEL_MAP, 11, 40, GIB(1) + 11 * PAGE_SIZE, ATTRS);
	assert_int_equal(m.pt.nr_runs, 2);
	assert_int_equal(m.pt.leaves[2], 40);
	/* The other side is not aligned alike. */
	model_apply(&m, MODEL_MAP, 64, 64, GIB(1) + 8 * PAGE_SIZE, ATTRS);
	assert_int_equal(m.pt.nr_runs, 2);
	/* 15 of 16; and then the one that was missing. */
	model_apply(&m, MODEL_MAP, 129, 15, GIB(1) + 129 * PAGE_SIZE, ATTRS);
	model_apply(&m, MODEL_MAP, 128, 1, GIB(1) + 128 * PAGE_SIZE, ATTRS);
	assert_int_equal(m.pt.nr_runs, 2);
	model_check(&m);

	/* A walk takes a run for one entry, from each of its pages. */
	assert_true(pgtable_path(&m.pt, 31 * PAGE_SIZE, &path));
	assert_true(path.mapped && !path.bad);
	assert_int_equal(path.base, 16 * PAGE_SIZE);
	assert_int_equal(path.size, PTE_RUN_BYTES);
	assert_int_equal(path.pa.v, GIB(1) + 16 * PAGE_SIZE);
	assert_true(pgtable_path(&m.pt, 48 * PAGE_SIZE, &path));
	assert_int_equal(path.size, PAGE_SIZE);

	/* As a whole it stays one. */
	model_apply(&m, MODEL_PROTECT, 16, 16, 0, ATTRS | PTE_XN);
	model_apply(&m, MODEL_PROTECT, 0 + 11, 40, 0, ATTRS | PTE_S2_WRITE);
	assert_int_equal(m.pt.nr_runs, 2);
	/* Another type of memory, too. */
	model_apply(&m, MODEL_PROTECT, 32, 16, 0,
		    PTE_AF | PTE_S2_DEVICE_NGNRE | PTE_S2_READ);
	assert_int_equal(m.pt.nr_runs, 2);
	model_check(&m);
	/* Parts of it are pages. */
	model_apply(&m, MODEL_PROTECT, 31, 1, 0, ATTRS);
	assert_int_equal(m.pt.nr_runs, 1);
	model_check(&m);
	model_apply(&m, MODEL_UNMAP, 32, 4, 0, 0);
	assert_int_equal(m.pt.nr_runs, 0);
	model_check(&m);
	model_apply(&m, MODEL_UNMAP, 0, 200, 0, 0);

	/* A block that is split, at a page in the middle. */
	model_apply(&m, MODEL_MAP, 512, 512, GIB(1), ATTRS);
	model_apply(&m, MODEL_PROTECT, 777, 1, 0, ATTRS | PTE_XN);
	assert_int_equal(m.pt.nr_runs, 31);
	model_check(&m);
	model_apply(&m, MODEL_UNMAP, 512, 512, 0, 0);
	assert_int_equal(m.pt.nr_runs, 0);
	assert_int_equal(m.pt.tables, 0);
	model_fini(&m);
}

/* A run that contradicts itself is told. */
static void test_bad_run(void **state)
{
	struct pgtable_walk w;
	struct mmu_path path;
	uint64_t *entry;

	(void)state;
	start(1, 40, 0);
	model_apply(&m, MODEL_MAP, 0, 16, GIB(1), ATTRS);
	assert_true(pgtable_lookup(&m.pt, 5 * PAGE_SIZE, &w));
	entry = (uint64_t *)(uintptr_t)w.entry;
	for (unsigned int bit = 0; bit < 54; bit += 6) {
		*entry ^= BIT(bit);
		assert_true(pgtable_path(&m.pt, 3 * PAGE_SIZE, &path));
		assert_true(path.bad);
		assert_int_equal(path.size, PAGE_SIZE);
		*entry ^= BIT(bit);
	}
	assert_true(pgtable_path(&m.pt, 3 * PAGE_SIZE, &path));
	assert_false(path.bad);
	model_apply(&m, MODEL_UNMAP, 0, 16, 0, 0);
	model_fini(&m);
}

static void test_memory_type(void **state)
{
	(void)state;
	start(1, 40, 0);
	model_apply(&m, MODEL_MAP, 0, 600, GIB(1), ATTRS);
	model_apply(&m, MODEL_PROTECT, 100, 450, 0,
		    PTE_AF | PTE_S2_DEVICE_NGNRE | PTE_S2_READ);
	model_check(&m);
	model_fini(&m);
}

/* Each allocation of each operation fails once, which changes nothing. */
static void test_no_memory(void **state)
{
	uint64_t allocs;

	(void)state;
	start(0, 48, BIT(39) - GIB(1));
	for (allocs = 0;; allocs++) {
		m.allocs_left = (int64_t)allocs;
		/* Crosses a level 0 and many level 1 and 2 boundaries. */
		model_apply(&m, MODEL_MAP, (1 << 18) - 700, 1400, 5 * PAGE_SIZE,
			    ATTRS);
		if (m.allocs_left || m.ref[1 << 18].attrs) {
			break;
		}
		assert_int_equal(m.pt.tables, 0);
	}
	assert_int_equal(allocs, 8);
	model_check(&m);
	m.allocs_left = -1;
	model_apply(&m, MODEL_UNMAP, (1 << 18) - 700, 1400, 0, 0);
	model_apply(&m, MODEL_MAP, 0, 1 << 18, 0, ATTRS);
	for (allocs = 0; allocs < 3; allocs++) {
		m.allocs_left = (int64_t)allocs;
		model_apply(&m, MODEL_UNMAP, 3, (1 << 18) - 10, 0, 0);
		assert_int_equal(m.ref[4].attrs, ATTRS);
		model_check(&m);
		m.allocs_left = -1;
		model_apply(&m, MODEL_UNMAP, 0, 1 << 18, 0, 0);
		model_apply(&m, MODEL_MAP, 0, 1 << 18, 0, ATTRS);
	}
	/* The 1G block is split once, then a 2M one at each end. */
	m.allocs_left = 3;
	model_apply(&m, MODEL_UNMAP, 3, (1 << 18) - 10, 0, 0);
	assert_int_equal(m.ref[4].attrs, 0);
	model_check(&m);
	model_fini(&m);
}

/* Consecutive pieces across the ends of tables: the same as one map. */
static void test_map_next(void **state)
{
	struct pgtable_cursor c = { .entry = NULL };
	struct mmu_path t;
	uint64_t va;

	(void)state;
	start(1, 39, 0);
	va = MIB(2) - 5 * PAGE_SIZE;
	for (unsigned int i = 0; i < 1100; i++) {
		assert_int_equal(pgtable_map_next(&m.pt, &c, va,
						  GIB(1) + 3 * i * PAGE_SIZE,
						  PAGE_SIZE, ATTRS),
				 0);
		m.ref[va / PAGE_SIZE] = (struct model_page){
			.pa = GIB(1) + 3 * i * PAGE_SIZE,
			.attrs = ATTRS,
		};
		va += PAGE_SIZE;
	}
	model_check(&m);
	assert_int_equal(m.pt.leaves[2], 1100);
	/* Addresses that are mapped already, inside a table and at its end. */
	c = (struct pgtable_cursor){ .entry = NULL };
	assert_int_equal(pgtable_map_next(&m.pt, &c, va, 0, PAGE_SIZE, ATTRS),
			 0);
	m.ref[va / PAGE_SIZE] = (struct model_page){ .attrs = ATTRS };
	assert_int_equal(
		pgtable_map(&m.pt, va + 2 * PAGE_SIZE, 0, PAGE_SIZE, ATTRS), 0);
	m.ref[va / PAGE_SIZE + 2] = (struct model_page){ .attrs = ATTRS };
	assert_int_equal(pgtable_map_next(&m.pt, &c, va + PAGE_SIZE, 0,
					  2 * PAGE_SIZE, ATTRS),
			 -ERR_EXIST);
	assert_int_equal(pgtable_map_next(&m.pt, &c, va + PAGE_SIZE, 5,
					  PAGE_SIZE, ATTRS),
			 -ERR_INVAL);
	model_check(&m);
	/* The path to an entry: root, two tables, the page. */
	assert_true(pgtable_path(&m.pt, MIB(2) + 5, &t));
	assert_int_equal(t.ntables, 3);
	assert_int_equal(t.tables[0].v, m.pt.root.v);
	assert_int_equal(t.base, MIB(2));
	assert_int_equal(t.size, PAGE_SIZE);
	assert_int_equal(t.pa.v, GIB(1) + 15 * PAGE_SIZE);
	assert_true(t.mapped);
	assert_true(pgtable_path(&m.pt, GIB(5), &t));
	assert_int_equal(t.ntables, 1);
	assert_int_equal(t.size, GIB(1));
	assert_false(t.mapped);
	assert_false(pgtable_path(&m.pt, BIT(39), &t));
	assert_int_equal(pgtable_unmap(&m.pt, 0, GIB(1)), 0);

	/* Pieces of 16 adjacent pages are runs, also in the next table. */
	memset(m.ref, 0, MODEL_PAGES * sizeof(m.ref[0]));
	c = (struct pgtable_cursor){ .entry = NULL };
	for (unsigned int i = 0; i < 40; i++) {
		uint64_t at = i * PTE_RUN_BYTES, pa = GIB(1) + 2 * at;

		assert_int_equal(pgtable_map_next(&m.pt, &c, at, pa,
						  PTE_RUN_BYTES, ATTRS),
				 0);
		model_set(&m, at / PAGE_SIZE, PTE_RUN_PAGES, &pa, ATTRS);
	}
	assert_int_equal(m.pt.nr_runs, 40);
	model_check(&m);
	assert_int_equal(pgtable_unmap(&m.pt, 0, GIB(1)), 0);
	assert_int_equal(m.pt.nr_runs, 0);
	model_fini(&m);
}

static void test_run(void **state)
{
	bool mapped;

	(void)state;
	start(0, 48, 0);
	model_apply(&m, MODEL_MAP, 3, 2000, 0, ATTRS);
	assert_int_equal(pgtable_run(&m.pt, 0, GIB(1), &mapped), 3 * PAGE_SIZE);
	assert_false(mapped);
	assert_int_equal(pgtable_run(&m.pt, 5 * PAGE_SIZE, GIB(1), &mapped),
			 2003 * PAGE_SIZE);
	assert_true(mapped);
	assert_int_equal(pgtable_run(&m.pt, 2003 * PAGE_SIZE, BIT(48), &mapped),
			 BIT(48));
	assert_false(mapped);
	model_fini(&m);
}

static uint64_t random_size(uint64_t page)
{
	static const uint64_t unit[] = { 1, 1, 16, 512, 512, 1 << 18 };
	uint64_t n = unit[rnd() % 6] * (rnd() % 4 + 1);

	n -= rnd() % 8 % n;
	return MIN(n, MODEL_PAGES - page);
}

static uint64_t random_page(void)
{
	static const uint64_t align[] = { 1, 512, 512, 1 << 18 };
	uint64_t page = rnd() % MODEL_PAGES;

	page = ALIGN_DOWN(page, align[rnd() % 4]);
	page += rnd() % 4 ? 0 : rnd() % 3;
	return MIN(page, MODEL_PAGES - 1);
}

static uint64_t random_attrs(void)
{
	uint64_t attrs = PTE_AF | PTE_S2_READ;

	attrs |= rnd() % 4 ? PTE_S2_NORMAL_WB | PTE_SH_INNER
			   : PTE_S2_DEVICE_NGNRE;
	attrs |= rnd() % 2 ? PTE_XN : 0;
	return attrs | (rnd() % 2 ? PTE_S2_WRITE : 0);
}

static void random_run(unsigned int level, unsigned int bits, uint64_t base)
{
	start(level, bits, base);
	for (unsigned int step = 0; step < 1500; step++) {
		uint64_t page = random_page();
		uint64_t n = random_size(page);
		/* Mostly with equal alignment, so that blocks are used. */
		uint64_t pa = (rnd() % 4 ? page : rnd() % MODEL_PAGES)
			      << PAGE_SHIFT;

		m.allocs_left = rnd() % 4 ? -1 : (int64_t)(rnd() % 4);
		model_apply(&m, (enum model_op)(rnd() % MODEL_OPS), page, n, pa,
			    random_attrs());
		if (step % 500 == 499) {
			model_check(&m);
		}
	}
	model_check(&m);
	m.allocs_left = -1;
	model_apply(&m, MODEL_UNMAP, 0, MODEL_PAGES, 0, 0);
	assert_int_equal(m.pt.tables, 0);
	model_fini(&m);
}

static void test_random(void **state)
{
	(void)state;
	random_run(0, 48, BIT(39) - GIB(1));
	random_run(1, 40, BIT(40) - GIB(3));
	random_run(1, 36, GIB(2));
	random_run(2, 33, GIB(5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_top_page),
		cmocka_unit_test(test_largest_blocks),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_bad_run),
		cmocka_unit_test(test_memory_type),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_map_next),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
