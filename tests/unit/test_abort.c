/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data aborts on a device: what the syndrome describes, and what has to be
 * decoded; the real handlers over a device of 256 bytes at one IPA and guest
 * RAM of one page at another.
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

/* The simulated host's stage 2 has no such thing. */
bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write,
			   bool exec);

#include "arch/arm64/vcpu/abort.c"
#define emulate emulate_slow
#include "arch/arm64/vcpu/abort_slow.c"
#undef emulate
#include "arch/arm64/vcpu/s1guest.c"

#define DEVICE UINT64_C(0x9000000)
#define RAM UINT64_C(0x40000000)

static struct guest_config cfg;
static struct guest guest;
static struct vcpu vcpu;
static struct guest_regs regs;
static uint8_t device[256];
static uint32_t ram[1024];
static int device_access(struct emu_device *dev, struct emu_access *a);
static struct emu_region region = {
	.base = { DEVICE }, .size = 256, .access = device_access,
};
static unsigned int accesses;
static bool stale, stale_read_only;

/* --- what is called ----------------------------------------------------- */

static bool busy;

static int device_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	accesses++;
	if (busy) {
		return -ERR_BUSY;
	}
	if (a->write) {
		memcpy(device + a->off, &a->value, a->size);
	} else {
		/* Bits above the size are whatever the emulator leaves. */
		a->value = UINT64_MAX;
		memcpy(&a->value, device + a->off, a->size);
	}
	return 0;
}

const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa)
{
	(void)map;
	return emu_region_holds(&region, ipa) ? &region : NULL;
}

int emu_access_region(const struct emu_region *r, ipa_t ipa, unsigned int size,
		      bool write, uint64_t *value)
{
	struct emu_access a = {
		.off = ipa.v - r->base.v, .size = (uint8_t)size,
		.write = write, .value = *value,
	};
	int err;

	if (a.off + size > r->size || a.off % size) {
		return -ERR_FAULT;
	}
	err = r->access(r->dev, &a);
	*value = size == 8 ? a.value : a.value & (BIT(8 * size) - 1);
	return err;
}

int guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n)
{
	(void)g;
	if (ipa.v < RAM || ipa.v + n > RAM + sizeof(ram)) {
		return -ERR_FAULT;
	}
	memcpy(buf, (uint8_t *)ram + (ipa.v - RAM), n);
	return 0;
}

bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write, bool exec)
{
	(void)s2;
	(void)ipa;
	(void)exec;
	return stale && !(write && stale_read_only);
}

static struct {
	unsigned int count;
	bool insn;
	uint64_t iss, far;
} injected;

void inject_abort(struct vcpu *v, bool insn, uint64_t iss, uint64_t far)
{
	(void)v;
	injected.count++;
	injected.insn = insn;
	injected.iss = iss;
	injected.far = far;
}

void inject_insn_abort(struct vcpu *v, uint64_t far)
{
	inject_abort(v, true, FSC_SEA, far);
}

static unsigned int fp_puts;

struct fp_state *fp_image_get(struct vcpu *v)
{
	return &v->arch.fp;
}

void fp_image_put(struct vcpu *v)
{
	(void)v;
	fp_puts++;
}

/* --- helpers ------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	mock_sysregs_clear();
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&regs, 0, sizeof(regs));
	memset(&injected, 0, sizeof(injected));
	guest.cfg = &cfg;
	vcpu.guest = &guest;
	vcpu.arch.regs = &regs;
	regs.spsr = PSR_EL1H;
	regs.elr = RAM;
	for (unsigned int i = 0; i < sizeof(device); i++) {
		device[i] = (uint8_t)(0x80 + i);
	}
	accesses = 0;
	fp_puts = 0;
	stale = false;
	stale_read_only = false;
	region.base = IPA(DEVICE);
	busy = false;
	/* Nothing accessed yet: the general way. */
	vcpu.arch.region = &abort_no_region;
	region.plain = 0;
	return 0;
}

static void take_kind(unsigned int kind, uint64_t iss, uint64_t va)
{
	write_sysreg(va, far_el2);
	write_sysreg((va & ~PAGE_MASK) >> 8, hpfar_el2);
	trap_data_abort(&vcpu, &regs, UINT64_C(0x92000000) | iss | kind | 3);
}

static void take(uint64_t iss, uint64_t va)
{
	take_kind(FSC_KIND_TRANSLATION, iss, va);
}

/* Memory is there, and does not allow it: HPFAR_EL2 holds anything. */
static void take_denied(uint64_t iss, uint64_t va)
{
	write_sysreg(va, far_el2);
	write_sysreg(0x12340, hpfar_el2);
	trap_data_abort(&vcpu, &regs, UINT64_C(0x92000000) | iss |
				      FSC_KIND_PERMISSION | 3);
}

/* A described access of x`rt`. */
static uint64_t iss(unsigned int log_size, unsigned int rt, bool sign,
		    bool sf, bool write)
{
	return ESR_ISV | (uint64_t)log_size << 22 | (uint64_t)rt << 16 |
	       (sign ? ESR_SSE : 0) | (sf ? ESR_SF : 0) |
	       (write ? ESR_WNR : 0);
}

static void assert_done(void)
{
	assert_int_equal(injected.count, 0);
	assert_int_equal(regs.elr, RAM + 4);
	regs.elr = RAM;
}

static void assert_aborted(uint64_t far, bool write)
{
	assert_int_equal(injected.count, 1);
	assert_false(injected.insn);
	assert_int_equal(injected.iss, FSC_SEA | (write ? ESR_WNR : 0));
	assert_true(injected.far == far);
	assert_int_equal(regs.elr, RAM);
	injected.count = 0;
}

/* The instruction at PC, which accesses va. */
static void run(uint32_t insn, uint64_t va, bool write)
{
	ram[0] = insn;
	take(write ? ESR_WNR : 0, va);
}

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

/* The short way, once the device is known: the same results. */
static void test_short_way(void **state)
{
	test_described_reads(state);
	assert_ptr_equal(vcpu.arch.region, &region);
	region.plain = 0xf;
	regs.spsr = PSR_EL1H;
	test_described_reads(state);
	region.plain = 1 << 2;
	regs.spsr = PSR_EL1H;
	test_described_reads(state);
}

/* A device that has more to do has the instruction executed again. */
static void test_busy(void **state)
{
	(void)state;
	busy = true;
	for (unsigned int plain = 0; plain < 16; plain += 15) {
		region.plain = (uint8_t)plain;
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
	/* EL0 has a bit of its own. */
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
	/* Over the region's end; misaligned. */
	take(iss(3, 3, false, false, false), DEVICE + 252);
	assert_aborted(DEVICE + 252, false);
	take(iss(2, 3, false, false, false), DEVICE + 2);
	assert_aborted(DEVICE + 2, false);
	/* The tables say otherwise by now: try again. */
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
	/* 39 bits; TTBR0 leads nowhere. */
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

/* Its halves may lie in two pages. */
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
	/* Eight bytes over the page's end are too much for a device. */
	regs.x[0] = DEVICE - 4;
	run(0xa9400801, DEVICE - 4, false);
	assert_aborted(DEVICE - 4, false);
}

/* A pair whose second half lies outside changes nothing at all. */
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
	run(0x885f7c01, DEVICE, false);		/* ldxr w1, [x0] */
	assert_aborted(DEVICE, false);
	run(0xb8210002, DEVICE, true);		/* ldadd w1, w2, [x0] */
	assert_aborted(DEVICE, true);
	run(0xd50b7420, DEVICE, true);		/* dc zva, x0 */
	assert_aborted(DEVICE, true);
	assert_int_equal(accesses, 0);
}

/* The instruction is not the one that aborted: a sibling rewrote it. */
static void test_rewritten(void **state)
{
	(void)state;
	regs.x[0] = DEVICE;
	run(0x28c10801, DEVICE + 8, false);
	assert_aborted(DEVICE + 8, false);
	/* A store now, a load then. */
	run(0xb8004401, DEVICE, false);
	assert_aborted(DEVICE, false);
	/* Code where nothing can be read. */
	regs.elr = 0x1000;
	run(0x28c10801, DEVICE, false);
	assert_int_equal(injected.count, 1);
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
	/* IT was 0b00000110: the last but one of its block. */
	assert_int_equal(FIELD(regs.spsr, 15, 10) << 2 |
			 FIELD(regs.spsr, 26, 25), 0xc);
	/* Without a description there is no decoding of T32. */
	trap_data_abort(&vcpu, &regs, 0x92000007);
	assert_int_equal(injected.count, 1);
}

/* What a device shows as memory (struct guest_rom): stores go to the device,
 * as does everything while it is hidden. */
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
	/* Shown again by now: a load finds it there, a store does not. */
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
	/* What the guest cannot have written needs no maintenance. */
	take_denied(ESR_CM | ESR_WNR, DEVICE);
	assert_done();
	/* Exclusives and atomics are nothing for a device. */
	regs.x[0] = DEVICE;
	ram[0] = 0xb8210002;
	take_denied(ESR_WNR, DEVICE);
	assert_aborted(DEVICE, true);
	/* Nor is it RAM that tables can be updated in: no end of tries. */
	take_kind(FSC_KIND_PERMISSION, ESR_S1PTW | ESR_WNR, DEVICE);
	assert_int_equal(injected.count, 1);
	injected.count = 0;
	/* The guest's tables do not lead there any more. */
	write_sysreg(1, sctlr_el1);
	write_sysreg(25, tcr_el1);
	write_sysreg(0x30000000, ttbr0_el1);
	take_denied(iss(2, 3, false, false, true), DEVICE + 4);
	assert_aborted(DEVICE + 4, true);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_described_reads, setup),
		cmocka_unit_test_setup(test_described_writes, setup),
		cmocka_unit_test_setup(test_short_way, setup),
		cmocka_unit_test_setup(test_busy, setup),
		cmocka_unit_test_setup(test_big_endian, setup),
		cmocka_unit_test_setup(test_nothing_there, setup),
		cmocka_unit_test_setup(test_cache_maintenance, setup),
		cmocka_unit_test_setup(test_table_walk, setup),
		cmocka_unit_test_setup(test_pair, setup),
		cmocka_unit_test_setup(test_pair_over_pages, setup),
		cmocka_unit_test_setup(test_pair_fails_whole, setup),
		cmocka_unit_test_setup(test_stack_pointer, setup),
		cmocka_unit_test_setup(test_simd, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_rewritten, setup),
		cmocka_unit_test_setup(test_tagged, setup),
		cmocka_unit_test_setup(test_aa32, setup),
		cmocka_unit_test_setup(test_shown_memory, setup),
		cmocka_unit_test_setup(test_instruction, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
