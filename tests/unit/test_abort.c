/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data aborts on a device: what the syndrome describes, and what has to be
 * decoded; the real handlers over a device of 256 bytes at one IPA and guest
 * RAM of three pages at another: code, and two tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/arm64_sysregs.h"

#include <arch/stage2.h>
#include <libs/error.h>

/* The simulated host's stage 2 does not have this function. */
bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write, bool exec);

#include "arch/arm64/vcpu/abort.c"
#define emulate emulate_slow
#include "arch/arm64/vcpu/abort_slow.c"
#undef emulate
/* The simulated host has its own version. */
void arm64_vcpu_exits(const struct vcpu *v, uint64_t *counts);
#define arch_vcpu_exits arm64_vcpu_exits
#include "arch/arm64/vcpu/exits.c"
#include "arch/arm64/vcpu/s1guest.c"

#include "tests/unit/abort_fake.h"

/* --- tests -------------------------------------------------------------- */

static void test_described_reads(void **state)
{
	(void)state;
	regs.spsr |= PSR_SS;
	take(iss(0, 3, false, false, false), DEVICE + 1);
	assert_done();
	assert_int_equal(regs.spsr, PSR_EL1H);
	assert_int_equal(regs.x[3], 0x81);
	take(iss(1, 3, true, false, false), DEVICE + 2);
	assert_done();
	assert_true(regs.x[3] == 0xffff8382);
	take(iss(1, 3, true, true, false), DEVICE + 2);
	assert_done();
	assert_true(regs.x[3] == UINT64_C(0xffffffffffff8382));
	take(iss(2, 3, false, false, false), DEVICE + 4);
	assert_done();
	assert_true(regs.x[3] == 0x87868584);
	take(iss(2, 3, true, true, false), DEVICE + 4);
	assert_done();
	assert_true(regs.x[3] == UINT64_C(0xffffffff87868584));
	take(iss(3, 3, false, true, false), DEVICE + 8);
	assert_done();
	assert_true(regs.x[3] == UINT64_C(0x8f8e8d8c8b8a8988));
	/* Into the zero register. */
	take(iss(3, 31, false, true, false), DEVICE + 8);
	assert_done();
	assert_int_equal(regs.spsr, PSR_EL1H);
}

/* The fast path, when the device is known: the same results. */
static void test_short_way(void **state)
{
	test_described_reads(state);
	assert_ptr_equal(vcpu.arch.region, &region);
	set_plain(0xf);
	regs.spsr = PSR_EL1H;
	test_described_reads(state);
	set_plain(1 << 2);
	regs.spsr = PSR_EL1H;
	test_described_reads(state);
}

/* A narrower access at the start of a word register accesses the word. */
static void test_short_way_of_words(void **state)
{
	(void)state;
	set_plain(0xf);
	vcpu.arch.region = &region;
	for (unsigned int log2 = 0; log2 < 3; log2++) {
		region.plain_size[log2] = 4;
		region.plain_mask[log2] = 3;
	}
	take(iss(1, 3, false, false, false), DEVICE + 4);
	assert_done();
	assert_int_equal(last_size, 4);
	assert_int_equal(regs.x[3], 0x8584);
	take(iss(0, 3, true, true, false), DEVICE + 4);
	assert_done();
	assert_true(regs.x[3] == UINT64_C(0xffffffffffffff84));
	regs.x[9] = UINT64_C(0x1122334455667788);
	take(iss(1, 9, false, false, true), DEVICE + 16);
	assert_done();
	assert_int_equal(last_size, 4);
	assert_int_equal(last_value, 0x7788);
	/* Others need the framework's byte lanes. */
	take(iss(1, 3, false, false, false), DEVICE + 6);
	assert_done();
	assert_int_equal(last_size, 2);
}

/* The last two devices are remembered, whichever is accessed. */
static void test_two_in_turn(void **state)
{
	(void)state;
	set_plain(0xf);
	other_region = region;
	other_region.base = IPA(DEVICE + 0x1000);
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t at = DEVICE + (i % 2 ? 0x1000 : 0) + 4 * i;

		take(iss(2, 3, false, false, false), at);
		assert_done();
		assert_int_equal(regs.x[3] & 0xff, 0x80 + 4 * i);
		assert_ptr_equal(vcpu.arch.region,
				 i % 2 ? &other_region : &region);
	}
	assert_int_equal(finds, 2);
	/* A third device: the one before the last is forgotten. */
	take(iss(2, 3, false, false, false), DEVICE + 0x2000);
	assert_aborted(DEVICE + 0x2000, false);
	take(iss(2, 3, false, false, false), DEVICE);
	assert_done();
}

/* If a device has more to do, the instruction is executed again. */
static void test_busy(void **state)
{
	(void)state;
	busy = true;
	for (unsigned int plain = 0; plain < 16; plain += 15) {
		set_plain(plain);
		vcpu.arch.region = &region;
		take(iss(2, 3, false, false, false), DEVICE);
		assert_int_equal(regs.elr, RAM);
		assert_int_equal(injected.count, 0);
	}
	regs.x[0] = DEVICE;
	run(0x28c10801, DEVICE, false);
	assert_int_equal(regs.elr, RAM);
	assert_int_equal(injected.count, 0);
	assert_true(regs.x[0] == DEVICE);
	assert_int_equal(accesses, 3);
}

static void test_described_writes(void **state)
{
	(void)state;
	regs.x[9] = UINT64_C(0x1122334455667788);
	take(iss(2, 9, false, false, true), DEVICE + 16);
	assert_done();
	assert_int_equal(device[16], 0x88);
	assert_int_equal(device[19], 0x55);
	assert_int_equal(device[20], 0x80 + 20);
	take(iss(3, 31, false, true, true), DEVICE + 16);
	assert_done();
	assert_int_equal(device[16], 0);
	assert_int_equal(device[23], 0);
}

static void test_big_endian(void **state)
{
	(void)state;
	write_sysreg(SCTLR_EE, sctlr_el1);
	take(iss(2, 3, false, false, false), DEVICE + 4);
	assert_done();
	assert_int_equal(regs.x[3], 0x84858687);
	regs.x[3] = 0x1234;
	take(iss(1, 3, false, false, true), DEVICE + 4);
	assert_done();
	assert_int_equal(device[4], 0x12);
	/* From EL0 there is a separate check. */
	regs.spsr = PSR_EL0T;
	take(iss(1, 3, false, false, false), DEVICE + 8);
	assert_done();
	assert_int_equal(regs.x[3], 0x8988);
	write_sysreg(SCTLR_E0E, sctlr_el1);
	take(iss(1, 3, false, false, false), DEVICE + 8);
	assert_done();
	assert_int_equal(regs.x[3], 0x8889);
}

static void test_nothing_there(void **state)
{
	(void)state;
	take(iss(2, 3, false, false, false), DEVICE + 256);
	assert_aborted(DEVICE + 256, false);
	take(iss(2, 3, false, false, true), DEVICE - 4);
	assert_aborted(DEVICE - 4, true);
	/* Beyond the region's end; misaligned. */
	take(iss(3, 3, false, false, false), DEVICE + 252);
	assert_aborted(DEVICE + 252, false);
	take(iss(2, 3, false, false, false), DEVICE + 2);
	assert_aborted(DEVICE + 2, false);
	/* The tables have changed in between: try again. */
	stale = true;
	take(iss(2, 3, false, false, false), DEVICE + 256);
	assert_int_equal(injected.count, 0);
	assert_int_equal(regs.elr, RAM);
}

static void test_cache_maintenance(void **state)
{
	(void)state;
	take(ESR_CM | ESR_WNR, DEVICE + 0x1000);
	assert_done();
	assert_int_equal(accesses, 0);
}

static void test_table_walk(void **state)
{
	(void)state;
	/* 39 bits; TTBR0 points to no memory. */
	write_sysreg(1, sctlr_el1);
	write_sysreg(25, tcr_el1);
	write_sysreg(0x30000000, ttbr0_el1);
	take(ESR_S1PTW, 0x5000);
	assert_int_equal(injected.count, 1);
	assert_int_equal(injected.iss, FSC_SEA_WALK + 1);
	assert_int_equal(injected.far, 0x5000);
}

static void test_pair(void **state)
{
	(void)state;
	/* ldp w1, w2, [x0], #8 */
	regs.x[0] = DEVICE + 4;
	run(0x28c10801, DEVICE + 4, false);
	assert_done();
	assert_true(regs.x[1] == 0x87868584);
	assert_true(regs.x[2] == 0x8b8a8988);
	assert_true(regs.x[0] == DEVICE + 12);
	/* stp x1, xzr, [x0, #-16]! */
	regs.x[0] = DEVICE + 32;
	regs.x[1] = 0x55;
	run(0xa9bf7c01, DEVICE + 16, true);
	assert_done();
	assert_int_equal(device[16], 0x55);
	assert_int_equal(device[24], 0);
	assert_int_equal(device[31], 0);
	assert_true(regs.x[0] == DEVICE + 16);
	/* ldpsw x1, x2, [x0] */
	regs.x[0] = DEVICE + 4;
	run(0x69400801, DEVICE + 4, false);
	assert_done();
	assert_true(regs.x[1] == UINT64_C(0xffffffff87868584));
}

/* The halves of a pair may be in two pages. */
static void test_pair_over_pages(void **state)
{
	(void)state;
	region.base = IPA(DEVICE - 128);
	/* ldp x1, x2, [x0] */
	regs.x[0] = DEVICE - 8;
	run(0xa9400801, DEVICE - 8, false);
	assert_done();
	assert_true(regs.x[1] == UINT64_C(0xfffefdfcfbfaf9f8));
	assert_true(regs.x[2] == UINT64_C(0x0706050403020100));
	/* So may a single access, to a device that accepts any. */
	regs.x[0] = DEVICE - 4;
	run(0xa9400801, DEVICE - 4, false);
	assert_aborted(DEVICE - 4, false);
	emulator.unaligned = true;
	run(0xa9400801, DEVICE - 8, false);
	assert_aborted(DEVICE - 8, false);
	regs.x[1] = UINT64_C(0x1122334455667788);
	regs.x[2] = UINT64_C(0x99aabbccddeeff00);
	run(0xa9000801, DEVICE - 4, true);
	assert_done();
	assert_int_equal(device[124], 0x88);
	assert_int_equal(device[128], 0x44);
	assert_int_equal(device[131], 0x11);
	assert_int_equal(device[132], 0);
	assert_int_equal(device[139], 0x99);
	assert_int_equal(device[140], (0x80 + 140) & 0xff);
	/* An access that the syndrome describes. */
	ram[0] = 0xf9400003; /* ldr x3, [x0] */
	take(iss(3, 3, false, true, false), DEVICE - 4);
	assert_done();
	assert_true(regs.x[3] == UINT64_C(0x1122334455667788));
}

/* --- the guest's own rights ---------------------------------------------- */

#define PTE_USER BIT(6)
#define PTE_RO BIT(7)
#define PTE_AF BIT(10)
#define PTE_PXN BIT(53)
#define PTE_UXN BIT(54)
#define PTE_PAGE (PTE_AF | 3)
#define VA_CODE 0x3000
#define VA_LAST 0x5000 /* the first page of the device's two */
#define LDP 0xa9400801 /* ldp x1, x2, [x0] */
#define STP 0xa9000801
#define LDR 0xf9400001 /* ldr x1, [x0] */
#define LDTR 0xf8400801
#define STTR 0xf8000801

static void put_page(uint64_t va, uint64_t pte)
{
	((uint64_t *)ram)[1024 + va / PAGE_SIZE] = pte;
}

/*
 * 25 bits of addresses: a table of level 2, which takes `table`'s limits, and
 * one of level 3. The device lies over the end of its first page.
 */
static void map(uint64_t table, uint64_t code, uint64_t next)
{
	write_sysreg(1, sctlr_el1);
	write_sysreg(39 | BIT(23) | UINT64_C(5) << 32, tcr_el1);
	write_sysreg(RAM + PAGE_SIZE, ttbr0_el1);
	((uint64_t *)ram)[512] = (RAM + 2 * PAGE_SIZE) | 3 | table;
	put_page(VA_CODE, RAM | PTE_PAGE | code);
	put_page(VA_LAST, (DEVICE - PAGE_SIZE) | PTE_PAGE | PTE_USER);
	put_page(VA_LAST + PAGE_SIZE, next ? DEVICE | next : 0);
	region.base = IPA(DEVICE - 128);
	emulator.unaligned = true;
}

/* An access at x0 reaches beyond the device's first page. */
static void take_last(uint32_t insn, uint64_t spsr)
{
	bool pair = (insn & 0x3a000000) == 0x28000000;
	bool write = insn == STP || insn == STTR;
	uint64_t va = VA_LAST + PAGE_SIZE - (pair ? 8 : 4);

	ram[0] = insn;
	regs.elr = VA_CODE;
	regs.spsr = spsr;
	regs.x[0] = va;
	write_sysreg(va, far_el2);
	write_sysreg((DEVICE - PAGE_SIZE) >> 8, hpfar_el2);
	trap_data_abort(&vcpu, &regs,
			UINT64_C(0x92000007) | (write ? ESR_WNR : 0) |
				(pair ? 0 : iss(3, 1, 0, 1, write)));
}

#define PERM (FSC_KIND_PERMISSION + 3)
#define MISS (FSC_KIND_TRANSLATION + 3)

/*
 * An access that ends in another page needs that page's permission for its
 * kind. A fault there goes to the guest, and the device sees nothing.
 */
static void test_next_page_rights(void **state)
{
	static const struct {
		uint32_t insn;
		uint64_t spsr, table, next;
		unsigned int fsc; /* 0: done */
	} cases[] = {
		{ LDP, PSR_EL0T, 0, PTE_PAGE | PTE_USER, 0 },
		{ LDP, PSR_EL0T, 0, PTE_PAGE, PERM },
		{ STP, PSR_EL0T, 0, PTE_PAGE, PERM },
		{ LDR, PSR_EL0T, 0, PTE_PAGE | PTE_USER, 0 },
		{ LDR, PSR_EL0T, 0, PTE_PAGE, PERM },
		{ LDP, PSR_EL0T, 0, 0, MISS },
		{ LDP, PSR_EL0T, 0, 3 | PTE_USER, FSC_KIND_ACCESS_FLAG + 3 },
		{ STP, PSR_EL0T, 0, PTE_PAGE | PTE_USER | PTE_RO, PERM },
		{ LDP, PSR_EL0T, 0, PTE_PAGE | PTE_USER | PTE_RO, 0 },
		{ LDP, PSR_EL1H, 0, PTE_PAGE, 0 },
		{ STP, PSR_EL1H, 0, PTE_PAGE, 0 },
		{ STP, PSR_EL1H, 0, PTE_PAGE | PTE_RO, PERM },
		{ LDP, PSR_EL1H, 0, PTE_PAGE | PTE_USER, 0 },
		{ LDP, PSR_EL1H | PSR_PAN, 0, PTE_PAGE | PTE_USER, PERM },
		{ LDP, PSR_EL1H | PSR_PAN, 0, PTE_PAGE, 0 },
		/* An unprivileged access at EL1, to which PAN does not
		 * apply. */
		{ LDTR, PSR_EL1H, 0, PTE_PAGE, PERM },
		{ STTR, PSR_EL1H, 0, PTE_PAGE, PERM },
		{ LDTR, PSR_EL1H | PSR_PAN, 0, PTE_PAGE | PTE_USER, 0 },
		{ LDTR, PSR_EL1H | PSR_UAO, 0, PTE_PAGE, 0 },
		{ LDTR, PSR_EL1H | PSR_UAO | PSR_PAN, 0, PTE_PAGE | PTE_USER,
		  PERM },
		/* APTable. */
		{ STP, PSR_EL1H, BIT(62), PTE_PAGE, PERM },
		{ LDP, PSR_EL0T, BIT(61), PTE_PAGE | PTE_USER, PERM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool write = cases[i].insn == STP || cases[i].insn == STTR;

		accesses = 0;
		injected.count = 0;
		map(cases[i].table, 0, cases[i].next);
		take_last(cases[i].insn, cases[i].spsr);
		if (cases[i].fsc == 0) {
			assert_int_equal(injected.count, 0);
			assert_int_equal(regs.elr, VA_CODE + 4);
			assert_true(accesses > 0);
			continue;
		}
		assert_int_equal(accesses, 0);
		assert_int_equal(injected.count, 1);
		assert_false(injected.insn);
		assert_int_equal(injected.iss,
				 cases[i].fsc | (write ? ESR_WNR : 0));
		assert_true(injected.far == VA_LAST + PAGE_SIZE);
		assert_int_equal(regs.elr, VA_CODE);
	}
}

/* The instruction is read with the permission to execute, as it was fetched. */
static void test_fetch_rights(void **state)
{
	const uint64_t next = PTE_PAGE | PTE_USER;

	(void)state;
	map(0, PTE_UXN, next);
	take_last(LDP, PSR_EL1H);
	assert_int_equal(injected.count, 0);
	take_last(LDP, PSR_EL0T);
	assert_int_equal(injected.count, 1);
	assert_true(injected.insn);
	assert_int_equal(injected.iss, PERM);
	assert_true(injected.far == VA_CODE);
	map(0, PTE_PXN, next);
	take_last(LDP, PSR_EL1H);
	assert_int_equal(injected.count, 2);
	/* EL0 may execute what it cannot read. */
	take_last(LDP, PSR_EL0T);
	assert_int_equal(injected.count, 2);
}

/* A pair whose second half is outside changes nothing. */
static void test_pair_fails_whole(void **state)
{
	(void)state;
	regs.x[0] = DEVICE + 252;
	regs.x[1] = 1;
	regs.x[2] = 2;
	run(0x28c10801, DEVICE + 252, false);
	assert_aborted(DEVICE + 252, false);
	assert_int_equal(regs.x[1], 1);
	assert_int_equal(regs.x[2], 2);
	assert_true(regs.x[0] == DEVICE + 252);
}

static void test_stack_pointer(void **state)
{
	(void)state;
	/* str w1, [sp], #4 */
	write_sysreg(DEVICE + 8, sp_el1);
	write_sysreg(DEVICE + 16, sp_el0);
	regs.x[1] = 0xabcd;
	run(0xb80047e1, DEVICE + 8, true);
	assert_done();
	assert_int_equal(device[8], 0xcd);
	assert_true(read_sysreg(sp_el1) == DEVICE + 12);
	regs.spsr = PSR_EL0T;
	run(0xb80047e1, DEVICE + 16, true);
	assert_done();
	assert_true(read_sysreg(sp_el0) == DEVICE + 20);
}

static void test_simd(void **state)
{
	(void)state;
	/* ldr q1, [x0] */
	regs.x[0] = DEVICE + 16;
	run(0x3dc00001, DEVICE + 16, false);
	assert_done();
	assert_int_equal(fp_puts, 1);
	assert_memory_equal(&vcpu.arch.fp.q[1], device + 16, 16);
	/* ldr h1, [x0]: the rest becomes zero. */
	run(0x7d400001, DEVICE + 16, false);
	assert_done();
	assert_true(vcpu.arch.fp.q[1] == 0x9190);
	/* stp d1, d2, [x0] */
	vcpu.arch.fp.q[2] = 0x77;
	run(0x6d000801, DEVICE + 16, true);
	assert_done();
	assert_int_equal(device[16], 0x90);
	assert_int_equal(device[24], 0x77);
	assert_int_equal(device[25], 0);
}

static void test_refused(void **state)
{
	(void)state;
	regs.x[0] = DEVICE;
	run(0x885f7c01, DEVICE, false); /* ldxr w1, [x0] */
	assert_aborted(DEVICE, false);
	run(0xb8210002, DEVICE, true); /* ldadd w1, w2, [x0] */
	assert_aborted(DEVICE, true);
	run(0xd50b7420, DEVICE, true); /* dc zva, x0 */
	assert_aborted(DEVICE, true);
	assert_int_equal(accesses, 0);
}

/* The instruction is not the one that aborted, because another VCPU has
 * rewritten it. */
static void test_rewritten(void **state)
{
	(void)state;
	regs.x[0] = DEVICE;
	run(0x28c10801, DEVICE + 8, false);
	assert_aborted(DEVICE + 8, false);
	/* Now it is a store; it aborted as a load. */
	run(0xb8004401, DEVICE, false);
	assert_aborted(DEVICE, false);
	/* Code at an address that cannot be read. */
	regs.elr = 0x1000;
	run(0x28c10801, DEVICE, false);
	assert_int_equal(injected.count, 1);
	assert_int_equal(injected.iss, FSC_SEA);
	assert_int_equal(accesses, 0);
}

/* Tagged pointers: bits 63:56 do not count. */
static void test_tagged(void **state)
{
	(void)state;
	regs.x[0] = DEVICE | UINT64_C(0xab) << 56;
	ram[0] = 0x28c10801;
	write_sysreg(DEVICE, far_el2);
	write_sysreg(DEVICE >> 8, hpfar_el2);
	trap_data_abort(&vcpu, &regs, 0x92000007);
	assert_done();
	assert_true(regs.x[0] == ((DEVICE + 8) | UINT64_C(0xab) << 56));
}

static void test_aa32(void **state)
{
	(void)state;
	/* A 16-bit T32 load in an IT block: PC and IT advance. */
	regs.spsr = PSR_AA32 | PSR32_T | UINT64_C(0x1) << 10 | BIT(26);
	regs.elr = RAM;
	write_sysreg(DEVICE, far_el2);
	write_sysreg(DEVICE >> 8, hpfar_el2);
	trap_data_abort(&vcpu, &regs, 0x90000007 | iss(2, 1, 0, 0, 0));
	assert_int_equal(regs.elr, RAM + 2);
	assert_int_equal(injected.count, 0);
	/* IT was 0b00000110: the last but one instruction of its block. */
	assert_int_equal(
		FIELD(regs.spsr, 15, 10) << 2 | FIELD(regs.spsr, 26, 25), 0xc);
	/* T32 instructions are not decoded: the syndrome must describe them. */
	trap_data_abort(&vcpu, &regs, 0x92000007);
	assert_int_equal(injected.count, 1);
}

/* Memory that a device shows (struct guest_rom): stores go to the device, and
 * while it is hidden all accesses do. */
static void test_shown_memory(void **state)
{
	(void)state;
	regs.x[3] = 0x11223344;
	take_denied(iss(2, 3, false, false, true), DEVICE + 4);
	assert_done();
	assert_int_equal(device[4], 0x44);
	take_denied(iss(0, 5, false, false, false), DEVICE + 4);
	assert_done();
	assert_int_equal(regs.x[5], 0x44);
	/* stp x1, xzr, [x0] */
	regs.x[0] = DEVICE + 16;
	ram[0] = 0xa9007c01;
	take_denied(ESR_WNR, DEVICE + 16);
	assert_done();
	assert_int_equal(device[24], 0);
	/* It is shown again in between: a load is repeated, a store is not. */
	accesses = 0;
	stale = true;
	stale_read_only = true;
	ram[0] = 0xa9400801;
	take_denied(0, DEVICE + 16);
	assert_int_equal(injected.count, 0);
	assert_int_equal(regs.elr, RAM);
	ram[0] = 0xa9007c01;
	take_denied(ESR_WNR, DEVICE + 16);
	assert_done();
	assert_int_equal(accesses, 2);
	/* The guest cannot have written it, so maintenance does nothing. */
	take_denied(ESR_CM | ESR_WNR, DEVICE);
	assert_done();
	/* A device does not accept exclusives and atomics. */
	regs.x[0] = DEVICE;
	ram[0] = 0xb8210002;
	take_denied(ESR_WNR, DEVICE);
	assert_aborted(DEVICE, true);
	/* Tables in it cannot be updated by hardware: that would be tried for
	 * ever. */
	take_kind(FSC_KIND_PERMISSION, ESR_S1PTW | ESR_WNR, DEVICE);
	assert_int_equal(injected.count, 1);
	injected.count = 0;
}

/* The address comes from the guest's tables, which another VCPU may have
 * changed since: to memory that this one may not access, or to nothing. */
static void test_shown_memory_changed(void **state)
{
	(void)state;
	map(0, 0, PTE_PAGE | PTE_USER);
	regs.spsr = PSR_EL0T;
	regs.x[3] = 0x55;
	take_denied(iss(2, 3, false, false, true), VA_LAST + PAGE_SIZE);
	assert_int_equal(injected.count, 0);
	assert_int_equal(device[128], 0x55);
	accesses = 0;
	map(0, 0, PTE_PAGE);
	take_denied(iss(2, 3, false, false, true), VA_LAST + PAGE_SIZE);
	assert_int_equal(injected.count, 1);
	assert_int_equal(injected.iss, PERM | ESR_WNR);
	assert_true(injected.far == VA_LAST + PAGE_SIZE);
	map(0, 0, 0);
	take_denied(iss(2, 3, false, false, false), VA_LAST + PAGE_SIZE);
	assert_int_equal(injected.count, 2);
	assert_int_equal(injected.iss, MISS);
	assert_int_equal(accesses, 0);
	/* A table outside memory. */
	write_sysreg(0x30000000, ttbr0_el1);
	take_denied(iss(2, 3, false, false, false), VA_LAST);
	assert_int_equal(injected.count, 3);
	assert_int_equal(injected.iss, FSC_SEA_WALK + 2);
}

static void test_instruction(void **state)
{
	(void)state;
	write_sysreg(0x30000000, far_el2);
	trap_insn_abort(&vcpu, &regs, 0x82000007);
	assert_int_equal(injected.count, 1);
	assert_true(injected.insn);
	assert_int_equal(injected.iss, FSC_SEA);
	stale = true;
	trap_insn_abort(&vcpu, &regs, 0x82000007);
	assert_int_equal(injected.count, 1);
}

/* entry.S counts data aborts by their class; the handler knows what was
 * accessed. */
static void take_counted(uint64_t iss, uint64_t va)
{
	vcpu.arch.exits[EC_DATA_LOWER]++;
	take(iss, va);
}

static void test_exits_of_data_aborts(void **state)
{
	uint64_t counts[VCPU_EXITS];

	(void)state;
	set_plain(0xf);
	/* Accesses to a device: two on the fast path, one decoded, one while it
	 * is busy. */
	take_counted(iss(2, 3, false, false, false), DEVICE);
	take_counted(iss(2, 3, false, false, true), DEVICE + 4);
	ram[0] = 0xb8404403; /* ldr w3, [x0], #4 */
	regs.elr = RAM;
	regs.x[0] = DEVICE;
	take_counted(0, DEVICE);
	busy = true;
	take_counted(iss(2, 3, false, false, true), DEVICE + 4);
	busy = false;
	assert_int_equal(accesses, 4);
	assert_int_equal(injected.count, 0);
	arch_vcpu_exits(&vcpu, counts);
	assert_int_equal(counts[VCPU_EXIT_MMIO], 4);
	assert_int_equal(counts[VCPU_EXIT_MEMORY], 0);
	/* Not to a device: a hole, cache maintenance of it, tables that were
	 * changing. */
	take_counted(iss(2, 3, false, false, false), DEVICE + 256);
	take_counted(ESR_CM | ESR_WNR, DEVICE + 0x1000);
	stale = true;
	take_counted(iss(2, 3, false, false, false), DEVICE + 256);
	arch_vcpu_exits(&vcpu, counts);
	assert_int_equal(counts[VCPU_EXIT_MMIO], 4);
	assert_int_equal(counts[VCPU_EXIT_MEMORY], 3);
}

/* Each class has one reason, and each reason has a name. */
static void test_exits_by_reason(void **state)
{
	static const struct {
		uint8_t class, why;
	} known[] = {
		{ VCPU_EXIT_CLASS_IRQ, VCPU_EXIT_IRQ },
		{ EC_WFX, VCPU_EXIT_WAIT },
		{ EC_HVC64, VCPU_EXIT_HYPERCALL },
		{ EC_SMC64, VCPU_EXIT_HYPERCALL },
		{ EC_SYSREG, VCPU_EXIT_SYSREG },
		{ EC_CP15_32, VCPU_EXIT_SYSREG },
		{ EC_FP, VCPU_EXIT_FP },
		{ EC_SVE, VCPU_EXIT_FP },
		{ EC_INSN_LOWER, VCPU_EXIT_MEMORY },
		{ EC_DATA_LOWER, VCPU_EXIT_MMIO },
		{ EC_BRK64, VCPU_EXIT_OTHER },
		{ EC_SERROR, VCPU_EXIT_OTHER },
		{ 63, VCPU_EXIT_OTHER },
	};
	uint64_t counts[VCPU_EXITS];
	uint64_t total = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		memset(&vcpu.arch, 0, sizeof(vcpu.arch));
		vcpu.arch.exits[known[i].class] = 5;
		arch_vcpu_exits(&vcpu, counts);
		assert_int_equal(counts[known[i].why], 5);
	}
	for (unsigned int i = 0; i < VCPU_EXIT_CLASSES; i++) {
		vcpu.arch.exits[i] = 1;
	}
	arch_vcpu_exits(&vcpu, counts);
	for (unsigned int i = 0; i < VCPU_EXITS; i++) {
		assert_true(counts[i] > 0);
		total += counts[i];
	}
	assert_int_equal(total, VCPU_EXIT_CLASSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_described_reads, setup),
		cmocka_unit_test_setup(test_described_writes, setup),
		cmocka_unit_test_setup(test_short_way, setup),
		cmocka_unit_test_setup(test_short_way_of_words, setup),
		cmocka_unit_test_setup(test_two_in_turn, setup),
		cmocka_unit_test_setup(test_busy, setup),
		cmocka_unit_test_setup(test_big_endian, setup),
		cmocka_unit_test_setup(test_nothing_there, setup),
		cmocka_unit_test_setup(test_cache_maintenance, setup),
		cmocka_unit_test_setup(test_table_walk, setup),
		cmocka_unit_test_setup(test_pair, setup),
		cmocka_unit_test_setup(test_pair_over_pages, setup),
		cmocka_unit_test_setup(test_next_page_rights, setup),
		cmocka_unit_test_setup(test_fetch_rights, setup),
		cmocka_unit_test_setup(test_pair_fails_whole, setup),
		cmocka_unit_test_setup(test_stack_pointer, setup),
		cmocka_unit_test_setup(test_simd, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_rewritten, setup),
		cmocka_unit_test_setup(test_tagged, setup),
		cmocka_unit_test_setup(test_aa32, setup),
		cmocka_unit_test_setup(test_shown_memory, setup),
		cmocka_unit_test_setup(test_shown_memory_changed, setup),
		cmocka_unit_test_setup(test_instruction, setup),
		cmocka_unit_test_setup(test_exits_of_data_aborts, setup),
		cmocka_unit_test_setup(test_exits_by_reason, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
