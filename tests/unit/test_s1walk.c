/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The software walk of a guest's tables, on tables made by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arch/arm64/vcpu/s1walk.h"

/* Guest memory: 1 MiB from here on. */
#define MEM_BASE UINT64_C(0x40000000)
#define MEM_SIZE 0x100000

static uint64_t memory[MEM_SIZE / 8];
static unsigned int reads;

static bool mem_read(void *ctx, uint64_t ipa, uint64_t *out)
{
	(void)ctx;
	reads++;
	if (ipa < MEM_BASE || ipa - MEM_BASE >= MEM_SIZE || ipa % 8) {
		return false;
	}
	*out = memory[(ipa - MEM_BASE) / 8];
	return true;
}

static void put(uint64_t table, unsigned int index, uint64_t desc)
{
	memory[(table - MEM_BASE) / 8 + index] = desc;
}

#define SCTLR_ON 1
#define IPS48 (UINT64_C(5) << 32)
#define IPS52 (UINT64_C(6) << 32)
#define T0 MEM_BASE
#define T1 (MEM_BASE + 0x10000)
#define T2 (MEM_BASE + 0x20000)
#define T3 (MEM_BASE + 0x30000)

static struct s1_result walk(const struct s1_regs *r, uint64_t va)
{
	struct s1_result out;

	reads = 0;
	s1_walk(r, va, NULL, mem_read, NULL, &out);
	assert_true(reads <= 4);
	return out;
}

static void test_mmu_off(void **state)
{
	struct s1_regs r = { 0 };
	struct s1_result out = walk(&r, 0x12345678);

	(void)state;
	assert_int_equal(out.status, S1_OK);
	assert_int_equal(out.ipa, 0x12345678);
	assert_int_equal(reads, 0);
}

/* 4K, 48 bits in the lower half, four levels; each way in which a walk can
 * end. */
static void test_4k(void **state)
{
	struct s1_regs r = { SCTLR_ON, 16 | (UINT64_C(1) << 23) | IPS48, T0,
			     0 };
	uint64_t va = (UINT64_C(1) << 39) + (UINT64_C(2) << 30) +
		      (UINT64_C(3) << 21) + (UINT64_C(4) << 12) + 0x567;
	struct s1_result out;

	(void)state;
	memset(memory, 0, sizeof(memory));
	out = walk(&r, va);
	assert_int_equal(out.status, S1_FAULT);
	assert_int_equal(out.level, 0);
	put(T0, 1, T1 | 3);
	put(T1, 2, T2 | 3);
	put(T2, 3, T3 | 3);
	put(T3, 4, UINT64_C(0x0000123456789000) | 3);
	out = walk(&r, va);
	assert_int_equal(out.status, S1_OK);
	assert_true(out.ipa == UINT64_C(0x123456789567));
	assert_int_equal(reads, 4);

	/* A block at level 2, and one at level 0, which is not allowed. */
	put(T2, 3, UINT64_C(0x80200000) | 1);
	out = walk(&r, va);
	assert_int_equal(out.status, S1_OK);
	assert_true(out.ipa == 0x80204567);
	put(T1, 2, UINT64_C(0x80000000) | 1);
	out = walk(&r, va);
	assert_true(out.ipa == 0x80000000 + (va & 0x3fffffff));
	put(T0, 1, UINT64_C(0x80000000) | 1);
	assert_int_equal(walk(&r, va).status, S1_FAULT);

	/* Level 3 without its second bit is invalid. */
	put(T0, 1, T1 | 3);
	put(T1, 2, T2 | 3);
	put(T2, 3, T3 | 3);
	put(T3, 4, 0x80000000 | 1);
	out = walk(&r, va);
	assert_int_equal(out.status, S1_FAULT);
	assert_int_equal(out.level, 3);

	/* A table outside memory: its address and level are reported. */
	put(T1, 2, UINT64_C(0x30000000) | 3);
	out = walk(&r, va);
	assert_int_equal(out.status, S1_NO_TABLE);
	assert_int_equal(out.level, 2);
	assert_true(out.ipa == 0x30000000 + 3 * 8);

	/* Out of range, and walks disabled. */
	assert_int_equal(walk(&r, UINT64_C(1) << 48).status, S1_FAULT);
	assert_int_equal(reads, 0);
	assert_int_equal(walk(&r, ~UINT64_C(0)).status, S1_FAULT);
	r.tcr |= 1 << 7;
	assert_int_equal(walk(&r, va).status, S1_FAULT);
	assert_int_equal(reads, 0);
}

/* The upper half: 39 bits, three levels, tags ignored. */
static void test_upper(void **state)
{
	struct s1_regs r = { SCTLR_ON,
			     (UINT64_C(25) << 16) | (UINT64_C(2) << 30) |
				     1 << 7,
			     0, T0 };
	uint64_t va = UINT64_C(0xffffff8000000000) + 5 * 0x1000;
	struct s1_result out;

	(void)state;
	memset(memory, 0, sizeof(memory));
	put(T0, 0, T1 | 3);
	put(T1, 0, T2 | 3);
	put(T2, 5, 0x70000000 | 3);
	out = walk(&r, va);
	assert_int_equal(out.status, S1_OK);
	assert_int_equal(out.ipa, 0x70000000);
	assert_int_equal(reads, 3);
	assert_int_equal(walk(&r, va ^ BIT(60)).status, S1_FAULT);
	r.tcr |= BIT(38);
	assert_int_equal(walk(&r, va ^ BIT(60)).status, S1_OK);
	/* Bit 39 belongs to the address. */
	assert_int_equal(walk(&r, va ^ BIT(39)).status, S1_FAULT);
}

/* A first table of 8 entries (33 bits, 4K), aligned to its 64 bytes. */
static void test_small_root(void **state)
{
	struct s1_regs r = { SCTLR_ON, 31 | (UINT64_C(1) << 23) | IPS48,
			     T0 + 0x40, 0 };
	struct s1_result out;

	(void)state;
	memset(memory, 0, sizeof(memory));
	put(T0 + 0x40, 5, UINT64_C(0x140000000) | 1);
	out = walk(&r, UINT64_C(0x140000123));
	assert_int_equal(out.status, S1_OK);
	assert_true(out.ipa == UINT64_C(0x140000123));
	assert_int_equal(out.level, 1);
}

static void test_16k_and_64k(void **state)
{
	/* TG0: 1 = 64K, 2 = 16K. 42 bits with 64K: two levels. */
	struct s1_regs r = { SCTLR_ON,
			     22 | 1 << 14 | (UINT64_C(1) << 23) | IPS52, T0,
			     0 };
	struct s1_result out;

	(void)state;
	memset(memory, 0, sizeof(memory));
	put(T0, 3, T1 | 3);
	put(T1, 7, UINT64_C(0x50000) | 3 | UINT64_C(5) << 12);
	out = walk(&r, (UINT64_C(3) << 29) + 7 * 0x10000 + 0x1234);
	assert_int_equal(out.status, S1_OK);
	/* Bits 15:12 are address bits 51:48. */
	assert_true(out.ipa == (UINT64_C(5) << 48) + 0x51234);
	assert_int_equal(reads, 2);

	/* 16K, 36 bits: levels 2 and 3. */
	r.tcr = 28 | 2 << 14 | (UINT64_C(1) << 23);
	memset(memory, 0, sizeof(memory));
	put(T0, 1, T1 | 3);
	put(T1, 2, 0x60000000 | 3);
	out = walk(&r, (UINT64_C(1) << 25) + 2 * 0x4000 + 0x3fff);
	assert_int_equal(out.status, S1_OK);
	assert_int_equal(out.ipa, 0x60003fff);
}

static void test_big_endian(void **state)
{
	struct s1_regs r = { SCTLR_ON | BIT(25), 31 | (UINT64_C(1) << 23), T0,
			     0 };

	(void)state;
	memset(memory, 0, sizeof(memory));
	put(T0, 1, __builtin_bswap64(UINT64_C(0x80000001)));
	assert_int_equal(walk(&r, 0x40000010).status, S1_OK);
	assert_int_equal(walk(&r, 0x40000010).ipa, 0x80000010);
}

/* 25 bits, 4K: a table of level 2 and one of level 3. */
static const struct s1_regs small = { SCTLR_ON,
				      39 | (UINT64_C(1) << 23) | IPS48, T0, 0 };

#define AP_USER BIT(6)
#define AP_RO BIT(7)
#define AF BIT(10)
#define DBM BIT(51)
#define PXN BIT(53)
#define UXN BIT(54)
#define TCR_HA BIT(39)
#define TCR_HD BIT(40)
#define WXN BIT(19)
#define EPAN BIT(57)

enum who { EL1_READ, EL1_WRITE, EL1_EXEC, EL0_READ, EL0_WRITE, EL0_EXEC };

static struct s1_result ask(const struct s1_regs *r, uint64_t table,
			    uint64_t page, enum who who, bool pan)
{
	const struct s1_access a = {
		.user = who >= EL0_READ,
		.write = who % 3 == EL1_WRITE,
		.exec = who % 3 == EL1_EXEC,
		.pan = pan,
	};
	struct s1_result out;

	put(T0, 1, T1 | 3 | table);
	put(T1, 2, 0x80000000 | 3 | page);
	s1_walk(r, 0x202010, &a, mem_read, NULL, &out);
	assert_int_equal(out.level, 3);
	return out;
}

/* Which of the six kinds of access are allowed, as bits. */
static unsigned int allowed(const struct s1_regs *r, uint64_t table,
			    uint64_t page, bool pan)
{
	unsigned int may = 0;

	for (unsigned int who = EL1_READ; who <= EL0_EXEC; who++) {
		struct s1_result out = ask(r, table, page | AF, who, pan);

		if (out.status == S1_OK) {
			assert_true(out.ipa == 0x80000010);
			may |= 1u << who;
		} else {
			assert_int_equal(out.status, S1_FAULT);
			assert_int_equal(out.fsc, 0x0f);
		}
	}
	return may;
}

#define R1 (1u << EL1_READ)
#define W1 (1u << EL1_WRITE)
#define X1 (1u << EL1_EXEC)
#define R0 (1u << EL0_READ)
#define W0 (1u << EL0_WRITE)
#define X0 (1u << EL0_EXEC)

/* Arm ARM D8.4, data and instruction access permissions, tables D8-44 on. */
static void test_permissions(void **state)
{
	static const struct {
		uint64_t table, page, sctlr, tcr;
		bool pan;
		unsigned int may;
	} cases[] = {
		/* AP[2:1]. EL1 does not execute what EL0 may write. */
		{ 0, 0, 0, 0, 0, R1 | W1 | X1 | X0 },
		{ 0, AP_USER, 0, 0, 0, R1 | W1 | R0 | W0 | X0 },
		{ 0, AP_RO, 0, 0, 0, R1 | X1 | X0 },
		{ 0, AP_RO | AP_USER, 0, 0, 0, R1 | X1 | R0 | X0 },
		/* PXN, UXN, WXN */
		{ 0, AP_RO | PXN, 0, 0, 0, R1 | X0 },
		{ 0, AP_RO | UXN, 0, 0, 0, R1 | X1 },
		{ 0, 0, WXN, 0, 0, R1 | W1 | X0 },
		{ 0, AP_USER, WXN, 0, 0, R1 | W1 | R0 | W0 },
		{ 0, AP_RO | AP_USER, WXN, 0, 0, R1 | X1 | R0 | X0 },
		/* Tables: PXN, UXN, APTable; and TCR_EL1.HPD0. */
		{ BIT(59), AP_RO, 0, 0, 0, R1 | X0 },
		{ BIT(60), AP_RO, 0, 0, 0, R1 | X1 },
		{ BIT(61), AP_USER, 0, 0, 0, R1 | W1 | X1 | X0 },
		{ BIT(62), AP_USER, 0, 0, 0, R1 | X1 | R0 | X0 },
		{ GENMASK(62, 59), AP_USER, 0, BIT(41), 0,
		  R1 | W1 | R0 | W0 | X0 },
		/* PAN, EPAN: only for data, and only if EL0 has access. */
		{ 0, 0, 0, 0, 1, R1 | W1 | X1 | X0 },
		{ 0, AP_USER, 0, 0, 1, R0 | W0 | X0 },
		{ 0, AP_RO | AP_USER, 0, 0, 1, X1 | R0 | X0 },
		{ BIT(61), AP_USER, 0, 0, 1, R1 | W1 | X1 | X0 },
		{ 0, 0, EPAN, 0, 1, X1 | X0 },
		{ 0, UXN, EPAN, 0, 1, R1 | W1 | X1 },
		{ BIT(60), 0, EPAN, 0, 1, R1 | W1 | X1 },
		/* Hardware management of dirty state needs both bits, and
		 * DBM. */
		{ 0, AP_RO | DBM, 0, TCR_HA | TCR_HD, 0, R1 | W1 | X1 | X0 },
		{ 0, AP_RO | DBM, 0, TCR_HD, 0, R1 | X1 | X0 },
		{ 0, AP_RO, 0, TCR_HA | TCR_HD, 0, R1 | X1 | X0 },
		{ BIT(62), AP_RO | DBM, 0, TCR_HA | TCR_HD, 0, R1 | X1 | X0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct s1_regs r = small;

		r.sctlr |= cases[i].sctlr;
		r.tcr |= cases[i].tcr;
		assert_int_equal(allowed(&r, cases[i].table, cases[i].page,
					 cases[i].pan),
				 cases[i].may);
	}
}

static void test_fault_status(void **state)
{
	struct s1_regs r = small;
	struct s1_access user = { .user = true };
	struct s1_result out;

	(void)state;
	/* The access flag is checked before permissions; or set by hardware. */
	assert_int_equal(ask(&r, 0, 0, EL0_READ, false).fsc, 0x0b);
	r.tcr |= TCR_HA;
	assert_int_equal(ask(&r, 0, AP_USER, EL0_READ, false).status, S1_OK);
	/* A walk that only asks for the address needs neither. */
	assert_int_equal(walk(&small, 0x202010).status, S1_OK);
	/* Translation faults by level; a table outside memory. */
	assert_int_equal(walk(&small, 0x203000).fsc, 0x07);
	assert_int_equal(walk(&small, 0x400000).fsc, 0x06);
	assert_int_equal(walk(&small, BIT(25)).fsc, 0x04);
	put(T0, 3, 0x30000000 | 3);
	assert_int_equal(walk(&small, 0x600000).fsc, 0x17);
	/* Address size faults with 32 bits: of a page, a table and TTBR0. */
	r.tcr &= ~IPS48;
	put(T1, 2, BIT(32) | 3);
	assert_int_equal(walk(&r, 0x202000).fsc, 0x03);
	put(T0, 1, BIT(32) | T1 | 3);
	assert_int_equal(walk(&r, 0x202000).fsc, 0x02);
	r.ttbr0 |= BIT(32);
	assert_int_equal(walk(&r, 0x202000).fsc, 0x00);
	assert_int_equal(walk(&r, 0x202000).status, S1_FAULT);
	/* E0PD0: EL0 must not use this half. */
	r = small;
	r.tcr |= BIT(55);
	s1_walk(&r, 0x202000, &user, mem_read, NULL, &out);
	assert_int_equal(out.status, S1_FAULT);
	assert_int_equal(out.fsc, 0x04);
	assert_int_equal(ask(&r, 0, AF, EL1_READ, false).status, S1_OK);
	/* With TBID0 addresses of instructions are not tagged. */
	r = small;
	r.tcr |= BIT(37) | BIT(51);
	s1_walk(&r, 0x202000 | BIT(56), &user, mem_read, NULL, &out);
	assert_int_not_equal(out.fsc, 0x04);
	user.exec = true;
	s1_walk(&r, 0x202000 | BIT(56), &user, mem_read, NULL, &out);
	assert_int_equal(out.fsc, 0x04);
}

/* Whatever a guest writes, a walk reads at most four entries. */
static void test_any_registers(void **state)
{
	uint64_t x = 0x2545f4914f6cdd1d;
	struct s1_regs r;
	uint64_t v[6];

	(void)state;
	for (unsigned int i = 0; i < MEM_SIZE / 8; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		memory[i] = MEM_BASE + (x >> 44 & 0xff000) + 3;
	}
	for (unsigned int i = 0; i < 100000; i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(v); j++) {
			x = x * 6364136223846793005 + 1442695040888963407;
			v[j] = x ^ x >> 31;
		}
		r = (struct s1_regs){ v[0] | 1, v[1],
				      MEM_BASE + (v[2] & 0xff000),
				      MEM_BASE + (v[3] & 0xff000) };
		(void)walk(&r, v[4] >> (v[5] & 63));
	}
}

static void test_plain_address(void **state)
{
	uint64_t tcr = UINT64_C(16) << 16 | 25; /* 48 bits above, 39 below */

	(void)state;
	assert_true(s1_plain_address(tcr, UINT64_C(0x34b8a912c80faf88)) ==
		    UINT64_C(0xffffa912c80faf88));
	assert_true(s1_plain_address(tcr, UINT64_C(0x5a3fff8012345678)) ==
		    UINT64_C(0x12345678));
	assert_true(s1_plain_address(0, UINT64_C(0x5a80000000000000)) ==
		    UINT64_C(0x5a80000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mmu_off),
		cmocka_unit_test(test_4k),
		cmocka_unit_test(test_upper),
		cmocka_unit_test(test_small_root),
		cmocka_unit_test(test_16k_and_64k),
		cmocka_unit_test(test_big_endian),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_fault_status),
		cmocka_unit_test(test_any_registers),
		cmocka_unit_test(test_plain_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
