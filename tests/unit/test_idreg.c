/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ID registers: merging those of all CPUs, and what guests read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arch/arm64/vcpu/idreg.h"

static uint64_t get(const uint64_t *regs, unsigned int slot, unsigned int shift)
{
	return regs[slot] >> shift & 0xf;
}

/* All fields have their largest value: unknown features must not reach
 * guests. */
static void test_all_ones(void **state)
{
	static const unsigned int hidden[][2] = {
		{ ID_AA64PFR0, 8 },   { ID_AA64PFR0, 32 },
		{ ID_AA64PFR0, 36 },  { ID_AA64PFR0, 40 },
		{ ID_AA64PFR0, 44 },  { ID_AA64PFR0, 52 },
		{ ID_AA64PFR1, 8 },   { ID_AA64PFR1, 12 },
		{ ID_AA64PFR1, 16 },  { ID_AA64PFR1, 24 },
		{ ID_AA64PFR1, 28 },  { ID_AA64PFR1, 36 },
		{ ID_AA64PFR1, 44 },  { ID_AA64DFR0, 4 },
		{ ID_AA64DFR0, 8 },   { ID_AA64DFR0, 32 },
		{ ID_AA64DFR0, 40 },  { ID_AA64DFR0, 44 },
		{ ID_AA64DFR0, 52 },  { ID_AA64ISAR0, 24 },
		{ ID_AA64ISAR1, 56 }, { ID_AA64ISAR1, 60 },
		{ ID_AA64ISAR2, 16 }, { ID_AA64MMFR0, 56 },
		{ ID_AA64MMFR0, 60 }, { ID_AA64MMFR1, 4 },
		{ ID_AA64MMFR1, 8 },  { ID_AA64MMFR1, 16 },
		{ ID_AA64MMFR1, 40 }, { ID_AA64MMFR2, 24 },
		{ ID_AA64MMFR2, 40 }, { ID_AA64MMFR2, 56 },
		{ ID_PFR0, 20 },      { ID_PFR0, 28 },
		{ ID_PFR1, 4 },       { ID_PFR1, 12 },
		{ ID_PFR1, 28 },      { ID_DFR0, 0 },
		{ ID_DFR0, 24 },
	};
	uint64_t common[IDREG_COUNT], guest[IDREG_COUNT];

	(void)state;
	memset(common, 0x77, sizeof(common));
	common[ID_AA64PFR0] &= ~UINT64_C(0xf);
	common[ID_AA64PFR0] |= 2;
	idreg_sanitize(common, guest);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		if (get(guest, hidden[i][0], hidden[i][1]) != 0) {
			fail_msg("slot %u, bit %u is told to guests",
				 hidden[i][0], hidden[i][1]);
		}
	}
	/* Registers without any rule. */
	for (unsigned int slot = 0; slot < IDREG_COUNT; slot++) {
		bool allocated =
			slot == ID_AA64PFR0 || slot == ID_AA64PFR1 ||
			slot == ID_AA64DFR0 ||
			(slot >= ID_AA64ISAR0 && slot <= ID_AA64ISAR2) ||
			(slot >= ID_AA64MMFR0 && slot <= ID_AA64MMFR2) ||
			slot < ID_AA64PFR0;

		if (!allocated) {
			assert_true(guest[slot] == 0);
		}
	}
	assert_int_equal(get(guest, ID_AA64PFR0, 4), 1);
	assert_int_equal(get(guest, ID_AA64DFR0, 0), 6);
	assert_int_equal(get(guest, ID_AA64DFR0, 36), 15);
	assert_int_equal(get(guest, ID_AA64ISAR0, 20), 2);
	assert_int_equal(get(guest, ID_AA64MMFR0, 0), 6);
}

static void test_signed_fields(void **state)
{
	uint64_t common[IDREG_COUNT] = { 0 }, guest[IDREG_COUNT];

	(void)state;
	/* No FP, no AdvSIMD; 4K with 52 bits, no 64K. */
	common[ID_AA64PFR0] = UINT64_C(0xff0000);
	common[ID_AA64MMFR0] = UINT64_C(0x1f000000);
	idreg_sanitize(common, guest);
	assert_int_equal(get(guest, ID_AA64PFR0, 16), 15);
	assert_int_equal(get(guest, ID_AA64PFR0, 20), 15);
	assert_int_equal(get(guest, ID_AA64MMFR0, 24), 15);
	assert_int_equal(get(guest, ID_AA64MMFR0, 28), 0);
}

static void test_no_aarch32(void **state)
{
	uint64_t common[IDREG_COUNT] = { 0 }, guest[IDREG_COUNT];

	(void)state;
	common[ID_AA64PFR0] = 1;
	common[ID_ISAR0] = 0x2101110;
	common[ID_MVFR0] = 0x10110222;
	idreg_sanitize(common, guest);
	assert_int_equal(guest[ID_ISAR0], 0);
	assert_int_equal(guest[ID_MVFR0], 0);
	common[ID_AA64PFR0] = 2;
	idreg_sanitize(common, guest);
	assert_int_equal(guest[ID_ISAR0], 0x2101110);
	assert_int_equal(guest[ID_MVFR0], 0x10110222);
}

static void test_merge(void **state)
{
	uint64_t a[IDREG_COUNT] = { 0 }, b[IDREG_COUNT] = { 0 };

	(void)state;
	a[ID_AA64ISAR0] = UINT64_C(2) << 20 | 2 << 4; /* atomics, PMULL */
	b[ID_AA64ISAR0] = UINT64_C(0) << 20 | 1 << 4;
	a[ID_AA64PFR0] = UINT64_C(0x1) << 16; /* FP16 */
	b[ID_AA64PFR0] = UINT64_C(0xf) << 16; /* no FP */
	a[ID_AA64ISAR1] = 1 << 4;             /* QARMA5 */
	b[ID_AA64ISAR1] = 1 << 8;             /* another algorithm */
	a[ID_ISAR5] = 0x11111;
	b[ID_ISAR5] = 0x01010;
	idreg_merge(a, b);
	assert_int_equal(get(a, ID_AA64ISAR0, 20), 0);
	assert_int_equal(get(a, ID_AA64ISAR0, 4), 1);
	assert_int_equal(get(a, ID_AA64PFR0, 16), 15);
	assert_int_equal(get(a, ID_AA64ISAR1, 4), 0);
	assert_int_equal(get(a, ID_AA64ISAR1, 8), 0);
	assert_int_equal(a[ID_ISAR5], 0x01010);
}

static void test_merge_is_idempotent(void **state)
{
	uint64_t a[IDREG_COUNT], once[IDREG_COUNT], twice[IDREG_COUNT];
	uint64_t x = 88172645463325252;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		for (unsigned int i = 0; i < IDREG_COUNT; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			a[i] = x;
		}
		memcpy(once, a, sizeof(a));
		idreg_merge(once, a);
		memcpy(twice, once, sizeof(a));
		idreg_merge(twice, a);
		assert_memory_equal(once, twice, sizeof(once));
	}
}

/* What a guest reads in `slot` if the host has all features. */
static uint64_t told(unsigned int slot, unsigned int gic_version,
		     unsigned int ipa_bits, unsigned int pmu_version)
{
	uint64_t regs[IDREG_COUNT];

	for (unsigned int i = 0; i < IDREG_COUNT; i++) {
		regs[i] = 1000 + i;
	}
	regs[ID_AA64PFR0] = 0x01000022;
	regs[ID_AA64DFR0] = 0x10305006;
	regs[ID_AA64MMFR0] = 0x75;
	idreg_for_guest(regs, gic_version, ipa_bits, pmu_version);
	return regs[slot];
}

static void test_per_guest(void **state)
{
	uint64_t small[IDREG_COUNT] = { [ID_AA64MMFR0] = 1 };

	(void)state;
	assert_int_equal(told(ID_AA64PFR0, 3, 40, 0), 0x01000022);
	assert_int_equal(told(ID_AA64PFR0, 2, 40, 0), 0x00000022);
	assert_int_equal(told(ID_AA64MMFR0, 3, 40, 0), 0x72);
	assert_int_equal(told(ID_AA64MMFR0, 3, 36, 0), 0x71);
	assert_int_equal(told(ID_AA64MMFR0, 3, 32, 0), 0x70);
	assert_int_equal(told(ID_AA64MMFR0, 3, 48, 0), 0x75);
	assert_int_equal(told(ID_AA64DFR0, 3, 40, 4), 0x10305406);
	assert_int_equal(told(ID_AA64DFR0, 3, 40, 0), 0x10305006);
	assert_int_equal(told(ID_AA64ISAR0, 2, 32, 4), 1000 + ID_AA64ISAR0);
	/* No more than the host has. */
	idreg_for_guest(small, 3, 48, 0);
	assert_int_equal(small[ID_AA64MMFR0], 1);
}

static void test_ctr(void **state)
{
	/* 64-byte lines, PIPT, IDC and DIC; 32-byte I lines, VIPT, neither. */
	uint64_t a = BIT(31) | BIT(28) | BIT(29) | 4 << 24 | 4 << 20 | 4 << 16 |
		     3 << 14 | 4;
	uint64_t b = BIT(31) | 5 << 24 | 3 << 20 | 4 << 16 | 2 << 14 | 3;
	uint64_t out = idreg_merge_ctr(a, b);

	(void)state;
	assert_int_equal(out & 0xf, 3);
	assert_int_equal(FIELD(out, 19, 16), 4);
	assert_int_equal(FIELD(out, 23, 20), 4);
	assert_int_equal(FIELD(out, 27, 24), 5);
	assert_int_equal(FIELD(out, 15, 14), 2);
	assert_int_equal(FIELD(out, 29, 28), 0);
	assert_true(idreg_merge_ctr(a, a) == a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_signed_fields),
		cmocka_unit_test(test_no_aarch32),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_is_idempotent),
		cmocka_unit_test(test_per_guest),
		cmocka_unit_test(test_ctr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
