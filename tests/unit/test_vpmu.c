/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of a guest's PMU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include <arch_impl/esr.h>

#include "arch/arm64/pmu/host.h"
#include "arch/arm64/pmu/vpmu.h"

static const struct vpmu_host host = {
	.ceid = { 0x7fff0f3f, 0x55 },
	.counters = 4,
	.version = 4,
	.id = 0x4123,
};
#define MASK (UINT64_C(0xf) | PMU_CYCLES)

static struct vpmu p;

static int setup(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	return 0;
}

static struct vpmu_access at(enum vpmu_register reg)
{
	return (struct vpmu_access){ reg, 0 };
}

static void put(enum vpmu_register reg, uint64_t val)
{
	vpmu_write(&p, &host, at(reg), val, false);
}

static uint64_t get(enum vpmu_register reg)
{
	return vpmu_read(&p, &host, at(reg));
}

static void test_decode(void **state)
{
	static const struct {
		uint64_t name;
		enum vpmu_register reg;
		unsigned int index;
	} cases[] = {
		{ SYSREG(3, 3, 9, 12, 0), VPMU_PMCR, 0 },
		{ SYSREG(3, 3, 9, 12, 7), VPMU_PMCEID1, 0 },
		{ SYSREG(3, 3, 9, 13, 0), VPMU_PMCCNTR, 0 },
		{ SYSREG(3, 3, 9, 13, 3), VPMU_NONE, 0 },
		{ SYSREG(3, 3, 9, 14, 0), VPMU_PMUSERENR, 0 },
		{ SYSREG(3, 3, 9, 14, 3), VPMU_PMOVSSET, 0 },
		{ SYSREG(3, 0, 9, 14, 1), VPMU_PMINTENSET, 0 },
		{ SYSREG(3, 0, 9, 14, 2), VPMU_PMINTENCLR, 0 },
		{ SYSREG(3, 0, 9, 14, 6), VPMU_NONE, 0 },
		{ SYSREG(3, 0, 9, 12, 0), VPMU_NONE, 0 },
		{ SYSREG(3, 3, 9, 11, 0), VPMU_NONE, 0 },
		{ SYSREG(3, 3, 9, 15, 0), VPMU_NONE, 0 },
		{ SYSREG(3, 3, 14, 8, 0), VPMU_PMEVCNTR, 0 },
		{ SYSREG(3, 3, 14, 11, 6), VPMU_PMEVCNTR, 30 },
		{ SYSREG(3, 3, 14, 11, 7), VPMU_NONE, 31 },
		{ SYSREG(3, 3, 14, 12, 0), VPMU_PMEVTYPER, 0 },
		{ SYSREG(3, 3, 14, 14, 1), VPMU_PMEVTYPER, 17 },
		{ SYSREG(3, 3, 14, 15, 7), VPMU_PMEVTYPER, 31 },
		{ SYSREG(3, 3, 14, 7, 0), VPMU_NONE, 0 },
		{ SYSREG(3, 2, 9, 12, 0), VPMU_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vpmu_access a =
			vpmu_decode(cases[i].name | ESR_SYS_READ);

		assert_int_equal(a.reg, cases[i].reg);
		assert_int_equal(a.index, cases[i].index);
	}
}

static void test_only_its_own(void **state)
{
	(void)state;
	assert_int_equal(get(VPMU_PMCR), 0x41232000);
	put(VPMU_PMCNTENSET, UINT64_MAX);
	put(VPMU_PMINTENSET, UINT64_MAX);
	put(VPMU_PMOVSSET, UINT64_MAX);
	assert_int_equal(get(VPMU_PMCNTENCLR), MASK);
	assert_int_equal(get(VPMU_PMINTENCLR), MASK);
	assert_int_equal(get(VPMU_PMOVSCLR), MASK);
	put(VPMU_PMCNTENCLR, ~UINT64_C(1));
	assert_int_equal(get(VPMU_PMCNTENSET), 1);
	for (unsigned int i = 4; i < 31; i++) {
		struct vpmu_access c = { VPMU_PMEVCNTR, i };

		assert_false(vpmu_allowed(&p, &host, c, false, false));
		assert_false(vpmu_allowed(&p, &host, c, true, false));
		c.reg = VPMU_PMEVTYPER;
		assert_false(vpmu_allowed(&p, &host, c, false, false));
		put(VPMU_PMSELR, i);
		put(VPMU_PMXEVCNTR, 5);
		put(VPMU_PMXEVTYPER, 5);
		assert_int_equal(get(VPMU_PMXEVCNTR), 0);
		assert_int_equal(get(VPMU_PMXEVTYPER), 0);
		assert_int_equal(p.counter[i], 0);
		assert_int_equal(p.type[i], 0);
	}
}

static void test_selected(void **state)
{
	(void)state;
	put(VPMU_PMSELR, 0xffffffe2);
	assert_int_equal(get(VPMU_PMSELR), 2);
	put(VPMU_PMXEVTYPER, UINT64_MAX);
	/* Only the filters that EL2 leaves to a guest. */
	assert_int_equal(p.type[2], 0xf000ffff);
	put(VPMU_PMXEVCNTR, UINT64_C(0x123456789a));
	assert_int_equal(get(VPMU_PMXEVCNTR), 0x3456789a);
	assert_int_equal(vpmu_reads_counter(&p, at(VPMU_PMXEVCNTR)), 2);
	put(VPMU_PMSELR, 31);
	put(VPMU_PMXEVTYPER, UINT64_MAX);
	assert_int_equal(p.type[31], 0xf0000000);
	put(VPMU_PMCCNTR, UINT64_MAX);
	assert_true(get(VPMU_PMCCNTR) == UINT64_MAX);
	assert_int_equal(get(VPMU_PMXEVCNTR), 0);
}

static void test_events_before_v81(void **state)
{
	struct vpmu_host old = host;

	(void)state;
	old.version = 1;
	vpmu_write(&p, &old, (struct vpmu_access){ VPMU_PMEVTYPER, 0 },
		   UINT64_MAX, false);
	assert_int_equal(p.type[0], 0xf00003ff);
}

static void test_control(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		p.counter[i] = i + 1;
	}
	put(VPMU_PMCCNTR, 99);
	put(VPMU_PMCR, UINT64_C(0xffffff80) | PMCR_E | PMCR_LC);
	assert_int_equal(get(VPMU_PMCR), 0x41232000 | PMCR_E | PMCR_LC);
	assert_int_equal(p.counter[3], 4);
	put(VPMU_PMCR, PMCR_P);
	assert_int_equal(p.counter[3], 0);
	assert_int_equal(get(VPMU_PMCCNTR), 99);
	put(VPMU_PMCR, PMCR_C);
	assert_int_equal(get(VPMU_PMCCNTR), 0);
	assert_int_equal(get(VPMU_PMCR), 0x41232000);
	put(VPMU_PMCNTENSET, 3);
	assert_int_equal(vpmu_counting(&p), 0);
	put(VPMU_PMCR, PMCR_E);
	assert_int_equal(vpmu_counting(&p), 3);
}

static void test_interrupt(void **state)
{
	(void)state;
	put(VPMU_PMOVSSET, 1);
	put(VPMU_PMINTENSET, 2);
	put(VPMU_PMCR, PMCR_E);
	assert_false(vpmu_signals(&p));
	put(VPMU_PMOVSSET, 2);
	assert_true(vpmu_signals(&p));
	put(VPMU_PMCR, 0);
	assert_false(vpmu_signals(&p));
	put(VPMU_PMCR, PMCR_E);
	put(VPMU_PMOVSCLR, 2);
	assert_false(vpmu_signals(&p));
}

static void test_software(void **state)
{
	(void)state;
	p.type[1] = 0x08;
	p.type[2] = (uint32_t)PMU_TYPE_P;
	put(VPMU_PMCNTENSET, 0x7);
	put(VPMU_PMSWINC, 0xf);
	assert_int_equal(p.counter[0], 0);
	put(VPMU_PMCR, PMCR_E);
	put(VPMU_PMSWINC, 0xf);
	assert_int_equal(p.counter[0], 1);
	assert_int_equal(p.counter[1], 0); /* counts something else */
	assert_int_equal(p.counter[2], 0); /* not at EL1 */
	assert_int_equal(p.counter[3], 0); /* off */
	vpmu_write(&p, &host, at(VPMU_PMSWINC), 4, true);
	assert_int_equal(p.counter[2], 1);
	p.counter[0] = UINT32_MAX;
	put(VPMU_PMSWINC, 1);
	assert_int_equal(p.counter[0], 0);
	assert_int_equal(p.overflowed, 1);
}

static bool el0(enum vpmu_register reg, bool write)
{
	return vpmu_allowed(&p, &host, at(reg), write, true);
}

static void test_el0(void **state)
{
	(void)state;
	assert_false(el0(VPMU_PMCR, false));
	assert_false(el0(VPMU_PMCCNTR, false));
	assert_true(el0(VPMU_PMUSERENR, false));
	assert_false(el0(VPMU_PMUSERENR, true));
	put(VPMU_PMUSERENR, VPMU_USER_CR);
	assert_true(el0(VPMU_PMCCNTR, false));
	assert_false(el0(VPMU_PMCCNTR, true));
	assert_false(el0(VPMU_PMEVCNTR, false));
	put(VPMU_PMUSERENR, VPMU_USER_ER);
	assert_true(el0(VPMU_PMEVCNTR, false));
	assert_false(el0(VPMU_PMEVCNTR, true));
	assert_true(el0(VPMU_PMXEVCNTR, false));
	assert_true(el0(VPMU_PMSELR, true));
	assert_false(el0(VPMU_PMXEVTYPER, false));
	put(VPMU_PMUSERENR, VPMU_USER_SW);
	assert_true(el0(VPMU_PMSWINC, true));
	assert_false(el0(VPMU_PMSWINC, false));
	put(VPMU_PMUSERENR, UINT64_MAX);
	assert_int_equal(get(VPMU_PMUSERENR), 0xf);
	assert_true(el0(VPMU_PMCR, true));
	assert_true(el0(VPMU_PMXEVTYPER, true));
	assert_false(el0(VPMU_PMINTENSET, false));
	assert_false(el0(VPMU_PMINTENCLR, true));
	assert_false(el0(VPMU_NONE, false));
	/* Its kernel needs no permission. */
	p.user = 0;
	assert_true(vpmu_allowed(&p, &host, at(VPMU_PMCR), true, false));
	assert_false(vpmu_allowed(&p, &host, at(VPMU_PMCEID0), true, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_decode, setup),
		cmocka_unit_test_setup(test_only_its_own, setup),
		cmocka_unit_test_setup(test_selected, setup),
		cmocka_unit_test_setup(test_events_before_v81, setup),
		cmocka_unit_test_setup(test_control, setup),
		cmocka_unit_test_setup(test_interrupt, setup),
		cmocka_unit_test_setup(test_software, setup),
		cmocka_unit_test_setup(test_el0, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
