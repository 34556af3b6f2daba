/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapped system registers: the table, debug registers, set/way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/arm64_sysregs.h"

#include <arch/mmu.h>

/* Bytes of memory that would be flushed. */
static uint64_t flushed;

static void mock_flush(uint64_t pa, size_t size)
{
	assert_int_equal(size, PAGE_SIZE);
	assert_true(IS_ALIGNED(pa, PAGE_SIZE));
	flushed += size;
}

#define arch_phys_to_virt(pa) (pa).v
#define arch_cache_clean_inval(pa, size) mock_flush(pa, size)

#include "arch/arm64/vcpu/debug.c"
#include "arch/arm64/vcpu/flush.c"
#undef CHUNK
#include "arch/arm64/vcpu/sysreg.c"

static struct guest_config cfg;
static struct guest guest;
static struct vcpu vcpu;
static struct guest_regs regs;
static unsigned int undefs;

struct cpu_features cpu_features;

uint64_t features_ctr(void)
{
	return 0x84448004;
}

void inject_undef(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	undefs++;
}

void trap_skip_aa32(struct guest_regs *r, uint64_t esr)
{
	(void)r;
	(void)esr;
	fail();
}

static unsigned int sgi_which;
static uint64_t sgi_val;

bool vgic_sgi1r(struct vcpu *v, unsigned int which, uint64_t val)
{
	sgi_which = which;
	sgi_val = val;
	return v->guest->cfg->intc_model == 3;
}

bool vgic_dir(struct vcpu *v, uint64_t val)
{
	(void)val;
	return v->guest->cfg->intc_model == 3;
}

static bool owns_phys;

bool vtimer_own_phys(struct vcpu *v)
{
	bool first = !owns_phys;

	assert_ptr_equal(v, &vcpu);
	owns_phys = true;
	return first;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
		  enum stage2_prot *prot)
{
	(void)s2;
	(void)prot;
	*pa = PADDR(ipa.v);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	mock_sysregs_clear();
	cfg = (struct guest_config){ .intc_model = 3 };
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&regs, 0, sizeof(regs));
	guest.cfg = &cfg;
	vcpu.guest = &guest;
	vcpu.arch.regs = &regs;
	regs.spsr = PSR_EL1H;
	for (unsigned int i = 0; i < IDREG_COUNT; i++) {
		guest.arch.idregs[i] = 0x1000000000000000 + i;
	}
	cpu_features.brps = 6;
	cpu_features.wrps = 4;
	undefs = 0;
	flushed = 0;
	return 0;
}

/* Trap an access with x5; true if it was emulated. */
static bool trap(uint32_t name, bool read, uint64_t *val)
{
	uint64_t pc = regs.elr;
	unsigned int before = undefs;

	regs.x[5] = *val;
	trap_sysreg(&vcpu, &regs, UINT64_C(0x62000000) | name | 5 << 5 | read);
	*val = regs.x[5];
	/* Emulated, UNDEFINED, or to be executed again: exactly one. */
	assert_true((regs.elr == pc + 4) + (undefs == before + 1) <= 1);
	return regs.elr == pc + 4;
}

static bool get(uint32_t name, uint64_t *val)
{
	*val = 0xdead;
	return trap(name, true, val);
}

static bool set(uint32_t name, uint64_t val)
{
	return trap(name, false, &val);
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(rows[ROW_NONE].flags, 0);
	for (unsigned int i = 1; i < ROW_COUNT; i++) {
		assert_ptr_equal(find(rows[i].name), &rows[i]);
		assert_non_null(rows[i].access);
		assert_true((rows[i].flags & RW) != 0);
	}
}

/* All encodings: in the table, in an array, or UNDEFINED. */
static void test_all(void **state)
{
	unsigned int known = 0;

	(void)state;
	for (unsigned int i = 0; i < 0x10000; i++) {
		uint32_t name = SYSREG(i >> 14, i >> 11 & 7, i >> 7 & 15,
				       i >> 3 & 15, i & 7);
		const struct row *row = find(name);
		bool array = is_id_space(name) || is_debug_bank(name);
		uint64_t val;

		if (row == rows && !array) {
			assert_false(get(name, &val));
			assert_false(set(name, 0));
			assert_int_equal(val, 0xdead);
		} else {
			known++;
		}
	}
	assert_int_equal(known, ROW_COUNT - 1 + 56 + 64);
}

static void test_id_space(void **state)
{
	uint64_t val;

	(void)state;
	assert_true(get(SYSREG(3, 0, 0, 4, 0), &val));
	assert_true(val == 0x1000000000000000 + IDREG_SLOT(4, 0));
	assert_true(get(SYSREG(3, 0, 0, 7, 7), &val));
	assert_true(val == 0x1000000000000000 + IDREG_SLOT(7, 7));
	assert_false(set(SYSREG(3, 0, 0, 4, 0), 0));
	/* CRm 0 and 8 do not belong to it. */
	assert_false(get(SYSREG(3, 0, 0, 0, 1), &val));
	assert_false(get(SYSREG(3, 0, 0, 8, 0), &val));
	/* Into the zero register. */
	regs.elr = 0;
	trap_sysreg(&vcpu, &regs,
		    0x62000000 | SYSREG(3, 0, 0, 4, 0) | 31 << 5 | 1);
	assert_int_equal(regs.elr, 4);
}

static void test_directions(void **state)
{
	uint64_t val;

	(void)state;
	/* OSLAR is write only, OSLSR read only. */
	assert_false(get(SYSREG(2, 0, 1, 0, 4), &val));
	assert_false(set(SYSREG(2, 0, 1, 1, 4), 0));
	assert_int_equal(undefs, 2);
	/* EL0 has the timer, not the debug registers. */
	regs.spsr = PSR_EL0T;
	owns_phys = false;
	assert_false(get(SYSREG(3, 3, 14, 2, 1), &val));
	assert_int_equal(undefs, 2);
	assert_false(get(SYSREG(2, 0, 0, 2, 2), &val));
	assert_false(get(SYSREG(2, 0, 0, 0, 4), &val));
	assert_int_equal(undefs, 4);
}

static void test_interrupts(void **state)
{
	uint64_t val;

	(void)state;
	assert_true(set(SYSREG(3, 0, 12, 11, 5), 0x123));
	assert_int_equal(sgi_which, VGIC_SGI1R);
	assert_int_equal(sgi_val, 0x123);
	assert_true(get(SYSREG(3, 0, 12, 12, 5), &val));
	assert_int_equal(val, 7);
	cfg.intc_model = 2;
	assert_false(set(SYSREG(3, 0, 12, 11, 5), 0x123));
	assert_false(get(SYSREG(3, 0, 12, 12, 5), &val));
	assert_false(set(SYSREG(3, 0, 12, 11, 1), 0));
}

/* The first access gives the VCPU the timer and is executed again; one that
 * traps after that is UNDEFINED. */
static void test_timer(void **state)
{
	static const uint32_t names[] = {
		SYSREG(3, 3, 14, 2, 0),
		SYSREG(3, 3, 14, 2, 1),
		SYSREG(3, 3, 14, 2, 2),
	};
	uint64_t val;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		owns_phys = false;
		assert_false(set(names[i], 11));
		assert_int_equal(undefs, 2 * i);
		assert_true(owns_phys);
		assert_int_equal(regs.elr, 0);
		assert_false(get(names[i], &val));
		assert_int_equal(undefs, 2 * i + 1);
		/* From EL0, if its kernel allows it. */
		regs.spsr = PSR_EL0T;
		owns_phys = false;
		assert_false(get(names[i], &val));
		assert_int_equal(undefs, 2 * i + 1);
		assert_true(owns_phys);
		regs.spsr = PSR_EL1H;
		undefs++;
	}
}

static void test_debug_banks(void **state)
{
	uint64_t val;

	(void)state;
	assert_true(set(SYSREG(2, 0, 0, 5, 4), 0x1234)); /* BVR5 */
	assert_true(get(SYSREG(2, 0, 0, 5, 4), &val));
	assert_int_equal(val, 0x1234);
	assert_false(set(SYSREG(2, 0, 0, 6, 4), 0));         /* BVR6 */
	assert_true(set(SYSREG(2, 0, 0, 3, 7), UINT64_MAX)); /* WCR3 */
	assert_true(get(SYSREG(2, 0, 0, 3, 7), &val));
	assert_true(val == WCR_MASK);
	assert_false(set(SYSREG(2, 0, 0, 4, 7), 0)); /* WCR4 */
	/* HMC and SSC, which could match EL2, are not writable; nor are types
	 * that match EL2's context. */
	assert_true(set(SYSREG(2, 0, 0, 0, 5), UINT64_MAX));
	assert_true(get(SYSREG(2, 0, 0, 0, 5), &val));
	assert_int_equal(val & (GENMASK(15, 13) | BCR_ENABLE), 0);
	/* Nothing is enabled: the hardware has not been written. */
	assert_int_equal(read_sysreg(dbgbvr5_el1), 0);
}

static void test_debug_enable(void **state)
{
	uint64_t val;

	(void)state;
	assert_true(set(SYSREG(2, 0, 0, 1, 4), 0x4000));
	assert_true(set(SYSREG(2, 0, 0, 1, 5), 0x1e5));
	assert_true(set(SYSREG(2, 0, 0, 2, 2), MDSCR_MDE));
	assert_int_equal(read_sysreg(dbgbvr1_el1), 0x4000);
	assert_int_equal(read_sysreg(dbgbcr1_el1), 0x1e5);
	assert_int_equal(read_sysreg(mdscr_el1), MDSCR_MDE);
	/* From now on writes go to the hardware. */
	assert_true(set(SYSREG(2, 0, 0, 2, 6), 0x8000));
	assert_int_equal(read_sysreg(dbgwvr2_el1), 0x8000);
	/* The OS lock disables it; the register still reads as written. */
	assert_true(set(SYSREG(2, 0, 1, 0, 4), 1));
	assert_int_equal(read_sysreg(mdscr_el1), 0);
	assert_true(get(SYSREG(2, 0, 0, 2, 2), &val));
	assert_int_equal(val, MDSCR_MDE);
	assert_true(get(SYSREG(2, 0, 1, 1, 4), &val));
	assert_int_equal(val, 0xa);
	assert_true(set(SYSREG(2, 0, 1, 0, 4), 0));
	assert_int_equal(read_sysreg(mdscr_el1), MDSCR_MDE);
	/* Another VCPU without debug settings is loaded. */
	debug_reset(&vcpu);
	debug_load(&vcpu);
	assert_int_equal(read_sysreg(mdscr_el1), 0);
}

static void test_claim(void **state)
{
	uint64_t val;

	(void)state;
	assert_true(set(SYSREG(2, 0, 7, 8, 6), 0xff5));
	assert_true(get(SYSREG(2, 0, 7, 8, 6), &val));
	assert_int_equal(val, 0xff);
	assert_true(set(SYSREG(2, 0, 7, 9, 6), 0x1));
	assert_true(get(SYSREG(2, 0, 7, 9, 6), &val));
	assert_int_equal(val, 0xf4);
}

#define CISW SYSREG(1, 0, 7, 14, 2)

static void test_set_way(void **state)
{
	unsigned int traps = 0;

	(void)state;
	cfg.nmemory = 2;
	cfg.memory[0] = (struct config_range){ 0x40000000, MIB(1) };
	cfg.memory[1] = (struct config_range){ 0x80000000, KIB(300) };
	while (!set(CISW, 0)) {
		assert_int_equal(undefs, 0);
		traps++;
		assert_true(flushed <= traps * KIB(256));
		assert_true(traps < 100);
	}
	assert_int_equal(flushed, MIB(1) + KIB(300));
	assert_true((read_sysreg(hcr_el2) & HCR_TVM) != 0);
	/* There is nothing more to do until the caches are switched on or
	 * off. */
	assert_true(set(CISW, 0));
	assert_int_equal(flushed, MIB(1) + KIB(300));

	/* Switched on: flushed once more before that, and no traps after. */
	flushed = 0;
	while (!set(SYSREG(3, 0, 1, 0, 0), SCTLR_M | SCTLR_C)) {
		assert_int_equal(read_sysreg(sctlr_el1), 0);
	}
	assert_int_equal(flushed, MIB(1) + KIB(300));
	assert_int_equal(read_sysreg(sctlr_el1), SCTLR_M | SCTLR_C);
	assert_int_equal(read_sysreg(hcr_el2) & HCR_TVM, 0);
	assert_int_equal(vcpu.arch.hcr & HCR_TVM, 0);
}

static void test_vm_registers(void **state)
{
	(void)state;
	assert_true(set(SYSREG(3, 0, 2, 0, 0), 1));
	assert_true(set(SYSREG(3, 0, 2, 0, 1), 2));
	assert_true(set(SYSREG(3, 0, 2, 0, 2), 3));
	assert_true(set(SYSREG(3, 0, 10, 2, 0), 4));
	assert_true(set(SYSREG(3, 0, 13, 0, 1), 5));
	assert_int_equal(read_sysreg(ttbr0_el1), 1);
	assert_int_equal(read_sysreg(ttbr1_el1), 2);
	assert_int_equal(read_sysreg(tcr_el1), 3);
	assert_int_equal(read_sysreg(mair_el1), 4);
	assert_int_equal(read_sysreg(contextidr_el1), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_all, setup),
		cmocka_unit_test_setup(test_id_space, setup),
		cmocka_unit_test_setup(test_directions, setup),
		cmocka_unit_test_setup(test_interrupts, setup),
		cmocka_unit_test_setup(test_timer, setup),
		cmocka_unit_test_setup(test_debug_banks, setup),
		cmocka_unit_test_setup(test_debug_enable, setup),
		cmocka_unit_test_setup(test_claim, setup),
		cmocka_unit_test_setup(test_set_way, setup),
		cmocka_unit_test_setup(test_vm_registers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
