/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and control registers, against values computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/arm64/mmu/pte.h"

static void test_descriptors(void **state)
{
	(void)state;
	assert_int_equal(pte_leaf(0x40000000, PTE_AF, 1), 0x40000401);
	assert_int_equal(pte_leaf(0x40200000, PTE_AF, 2), 0x40200401);
	assert_int_equal(pte_leaf(0x40201000, PTE_AF, 3), 0x40201403);
	assert_int_equal(pte_table(0x40201000), 0x40201003);
	assert_true(pte_is_table(0x40201003, 2));
	assert_false(pte_is_table(0x40201003, 3));
	assert_false(pte_is_table(0x40201001, 2));
	assert_false(pte_is_table(0x40201002, 2));
	assert_false(pte_is_valid(0x40201002));
	assert_int_equal(pte_addr(UINT64_C(0x0060fffffffff7ff)),
			 UINT64_C(0xfffffffff000));
	assert_int_equal(pte_attrs(UINT64_C(0x0060fffffffff7ff)),
			 UINT64_C(0x00600000000007fc));
}

static void test_spans(void **state)
{
	(void)state;
	assert_int_equal(pte_span(0), GIB(512));
	assert_int_equal(pte_span(1), GIB(1));
	assert_int_equal(pte_span(2), MIB(2));
	assert_int_equal(pte_span(3), KIB(4));
}

static void test_parange(void **state)
{
	(void)state;
	assert_int_equal(parange_bits(0), 32);
	assert_int_equal(parange_bits(2), 40);
	assert_int_equal(parange_bits(5), 48);
	assert_int_equal(parange_bits(6), 48);
	assert_int_equal(parange_code(32), 0);
	assert_int_equal(parange_code(36), 1);
	assert_int_equal(parange_code(39), 2);
	assert_int_equal(parange_code(44), 4);
	assert_int_equal(parange_code(48), 5);
}

/* Arm ARM table D8-12: start level and concatenation for 4 KiB tables. */
static void test_stage2_shape(void **state)
{
	static const struct {
		uint8_t bits, level, pages;
	} rows[] = {
		{ 32, 2, 4 }, { 34, 2, 16 }, { 35, 1, 1 }, { 36, 1, 1 },
		{ 39, 1, 1 }, { 40, 1, 2 },  { 42, 1, 8 }, { 43, 1, 16 },
		{ 44, 0, 1 }, { 48, 0, 1 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(stage2_start_level(rows[i].bits),
				 rows[i].level);
		assert_int_equal(
			stage2_root_pages(rows[i].bits,
					  stage2_start_level(rows[i].bits)),
			rows[i].pages);
	}
}

/* A guest gets an address width that PARange can express. */
static void test_parange_holding(void **state)
{
	static const uint8_t next[] = { 32, 36, 36, 36, 36, 40, 40, 40, 40,
					42, 42, 44, 44, 48, 48, 48, 48 };

	(void)state;
	assert_int_equal(parange_holding(0), 32);
	for (unsigned int i = 0; i < ARRAY_SIZE(next); i++) {
		uint64_t end = BIT(32 + i);
		unsigned int bits = parange_holding(end);

		assert_int_equal(bits, next[i]);
		assert_int_equal(parange_bits(parange_code(bits)), bits);
		assert_int_equal(parange_holding(end - 1), bits);
		assert_int_equal(parange_holding(end + 1),
				 next[MIN(i + 1, ARRAY_SIZE(next) - 1)]);
	}
}

/*
 * Each PARange (Arm ARM, ID_AA64MMFR0_EL1; 6 and 7 mean more than 48 bits,
 * which a 4 KiB granule without LPA2 does not reach): VTCR_EL2 for stage 2 with
 * all bits, and with the fewest.
 */
static void test_every_parange(void **state)
{
	static const struct {
		uint8_t range, bits, ps, level, pages;
		uint32_t vtcr, small;
	} rows[] = {
		{ 0, 32, 0, 2, 4, 0x80003520, 0x80003520 },
		{ 1, 36, 1, 1, 1, 0x8001355c, 0x80013520 },
		{ 2, 40, 2, 1, 2, 0x80023558, 0x80023520 },
		{ 3, 42, 3, 1, 8, 0x80033556, 0x80033520 },
		{ 4, 44, 4, 0, 1, 0x80043594, 0x80043520 },
		{ 5, 48, 5, 0, 1, 0x80053590, 0x80053520 },
		{ 6, 48, 5, 0, 1, 0x80053590, 0x80053520 },
		{ 7, 48, 5, 0, 1, 0x80053590, 0x80053520 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int max = parange_bits(rows[i].range);
		unsigned int ps = parange_code(max);

		assert_int_equal(max, rows[i].bits);
		assert_int_equal(ps, rows[i].ps);
		assert_int_equal(vtcr_encode(max, stage2_start_level(max), ps,
					     false),
				 rows[i].vtcr);
		assert_int_equal(vtcr_encode(32, stage2_start_level(32), ps,
					     false),
				 rows[i].small);
		assert_int_equal(stage2_start_level(max), rows[i].level);
		assert_int_equal(stage2_root_pages(max,
						   stage2_start_level(max)),
				 rows[i].pages);
		/* VTCR_EL2.SL0: level 0 only with at least 44 bits. */
		for (unsigned int bits = 32; bits <= max; bits++) {
			assert_true(stage2_start_level(bits) > 0 ||
				    rows[i].range >= 4);
			assert_true(stage2_root_pages(
					    bits, stage2_start_level(bits)) <=
				    16);
		}
	}
}

static void test_control(void **state)
{
	(void)state;
	/* 40 bits: T0SZ 24, SL0 1, WB walks, SH inner, PS 40 bits, RES1. */
	assert_int_equal(vtcr_encode(40, stage2_start_level(40), 2, false),
			 0x80023558);
	assert_int_equal(vtcr_encode(48, stage2_start_level(48), 5, true),
			 0x800d3590);
	assert_int_equal(vtcr_encode(32, stage2_start_level(32), 0, false),
			 0x80003520);
	assert_int_equal(TCR_EL2_VALUE, 0x80803510);
	assert_int_equal(MAIR_VALUE >> (8 * MAIR_DEVICE) & 0xff, 0x04);
	assert_int_equal(MAIR_VALUE >> (8 * MAIR_NORMAL) & 0xff, 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_parange),
		cmocka_unit_test(test_stage2_shape),
		cmocka_unit_test(test_parange_holding),
		cmocka_unit_test(test_every_parange),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
