/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syndromes, MPIDRs, and what taking an exception does to PSTATE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch_impl/esr.h>
#include <arch_impl/mpidr.h>

#include "arch/arm64/vcpu/inject.h"

static void test_fields(void **state)
{
	/* A data abort as QEMU reported one: ldrb w3, [x2] on a device. */
	uint64_t esr = 0x93830007;

	(void)state;
	assert_int_equal(esr_ec(0x93830007), EC_DATA_LOWER);
	assert_true(esr_il(esr));
	assert_true((esr & ESR_ISV) != 0);
	assert_int_equal(esr_access_size(0x93030007), 1);
	assert_int_equal(esr_access_size(esr), 4);
	assert_int_equal(esr_srt(esr), 3);
	assert_int_equal(esr_fsc(esr), 7);
	assert_int_equal(esr_fsc_kind(esr), FSC_KIND_TRANSLATION);
	assert_true(esr_hpfar_valid(esr));
	assert_false(esr_hpfar_valid(0x9383000f));
	assert_true(esr_hpfar_valid(0x9383008f));
	assert_false(esr_hpfar_valid(0x93830010));
	assert_int_equal(esr_make(EC_DATA_SAME, 0x10), 0x96000010);
	assert_true(esr_fault_ipa(0x90000, 0xffff800012345678) == 0x9000678);
	assert_true(esr_fault_ipa(UINT64_C(0xf0000ffffffffff0), 0) ==
		    UINT64_C(0xffffffffff000));
}

static void test_serror(void **state)
{
	(void)state;
	for (uint64_t aet = 0; aet < 8; aet++) {
		uint64_t esr = 0xbe000011 | aet << 10;

		assert_int_equal(esr_serror_harmless(esr, true),
				 aet == 2 || aet == 6);
		/* Without RAS, IMPLEMENTATION DEFINED, or uncategorized. */
		assert_false(esr_serror_harmless(esr, false));
		assert_false(esr_serror_harmless(esr | BIT(24), true));
		assert_false(esr_serror_harmless(esr & ~UINT64_C(0x3f), true));
	}
}

static void test_sysreg_names(void **state)
{
	/* mrs x5, id_aa64pfr0_el1 */
	uint64_t esr = UINT64_C(0x62300000) | 5 << 5 | 4 << 1 | 1;
	uint32_t name = SYSREG(3, 0, 0, 4, 0);

	(void)state;
	assert_int_equal(esr & ESR_SYS_NAME, name);
	assert_int_equal(esr_sys_rt(esr), 5);
	for (unsigned int i = 0; i < 0x8000; i++) {
		unsigned int op0 = 2 + (i >> 14), op1 = i >> 11 & 7;
		unsigned int crn = i >> 7 & 15, crm = i >> 3 & 15;
		unsigned int op2 = i & 7;

		name = SYSREG(op0, op1, crn, crm, op2);
		assert_int_equal(name & ~ESR_SYS_NAME, 0);
		assert_int_equal(SYSREG_OP0(name), op0);
		assert_int_equal(SYSREG_OP1(name), op1);
		assert_int_equal(SYSREG_CRN(name), crn);
		assert_int_equal(SYSREG_CRM(name), crm);
		assert_int_equal(SYSREG_OP2(name), op2);
	}
}

static void test_wfx(void **state)
{
	(void)state;
	assert_int_equal(esr_wfx_kind(0x7e00000), WFX_WFI);
	assert_int_equal(esr_wfx_kind(0x7e00001), WFX_WFE);
	assert_int_equal(esr_wfx_kind(0x7e00126), WFX_WFIT);
	assert_int_equal(esr_wfx_reg(0x7e00126), 9);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(esr_ec_name(EC_DATA_LOWER), "data abort");
	assert_string_equal(esr_ec_name(0x3f), "unknown");
	assert_string_equal(esr_fsc_name(FSC_SEA), "external abort");
	for (unsigned int i = 0; i < 100; i++) {
		assert_non_null(esr_ec_name(i));
		assert_non_null(esr_fsc_name(i));
	}
}

static void test_mpidr(void **state)
{
	(void)state;
	assert_int_equal(vcpu_mpidr(0, 3), 0);
	assert_int_equal(vcpu_mpidr(15, 3), 15);
	assert_int_equal(vcpu_mpidr(16, 3), 0x100);
	assert_int_equal(vcpu_mpidr(127, 3), 0x70f);
	assert_int_equal(vcpu_mpidr(7, 2), 7);
	for (unsigned int v = 2; v <= 3; v++) {
		for (unsigned int i = 0; i < 128; i++) {
			assert_int_equal(vcpu_mpidr_index(vcpu_mpidr(i, v), v),
					 i);
		}
	}
	assert_true(vcpu_mpidr_index(16, 3) == UINT64_MAX);
	assert_true(vcpu_mpidr_index(8, 2) == UINT64_MAX);
	assert_true(vcpu_mpidr_index(0x10000, 3) == UINT64_MAX);
	assert_true(vcpu_mpidr_index(BIT(32), 3) == UINT64_MAX);
	assert_true(vcpu_mpidr_index(UINT64_MAX, 3) == UINT64_MAX);
}

static void test_vectors(void **state)
{
	(void)state;
	assert_int_equal(inject_vector(PSR_EL1T), 0x000);
	assert_int_equal(inject_vector(PSR_EL1H | PSR_NZCV), 0x200);
	assert_int_equal(inject_vector(PSR_EL0T), 0x400);
	assert_int_equal(inject_vector(PSR_AA32), 0x600);
}

#define DAIF (PSR_D | PSR_A | PSR_I | PSR_F)

static void test_pstate(void **state)
{
	const struct cpu_features none = { 0 };
	const struct cpu_features all = {
		.pan = true,
		.dit = true,
		.ssbs = true,
		.mte = true,
		.uao = true,
	};
	uint64_t noise = PSR_SS | PSR_IL | PSR_BTYPE | PSR_UAO | PSR_SSBS;

	(void)state;
	assert_int_equal(inject_pstate(noise | PSR_EL0T, 0, &none),
			 PSR_EL1H | DAIF);
	assert_int_equal(inject_pstate(noise | PSR_NZCV, 0, &none),
			 PSR_EL1H | DAIF | PSR_NZCV);
	/* SPAN = 0 sets PAN; SPAN = 1 keeps it. */
	assert_int_equal(inject_pstate(0, 0, &all),
			 PSR_EL1H | DAIF | PSR_PAN | PSR_TCO);
	assert_int_equal(inject_pstate(0, SCTLR_SPAN, &all),
			 PSR_EL1H | DAIF | PSR_TCO);
	assert_int_equal(inject_pstate(PSR_PAN, SCTLR_SPAN, &all),
			 PSR_EL1H | DAIF | PSR_PAN | PSR_TCO);
	assert_int_equal(inject_pstate(PSR_DIT, SCTLR_SPAN | SCTLR_DSSBS, &all),
			 PSR_EL1H | DAIF | PSR_DIT | PSR_SSBS | PSR_TCO);
	/* In AArch32 DIT is another bit, and bit 24 is something else. */
	assert_int_equal(inject_pstate(PSR_AA32 | PSR32_DIT, SCTLR_SPAN, &all),
			 PSR_EL1H | DAIF | PSR_DIT | PSR_TCO);
	assert_int_equal(inject_pstate(PSR_AA32 | PSR_DIT, SCTLR_SPAN, &all),
			 PSR_EL1H | DAIF | PSR_TCO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_serror),
		cmocka_unit_test(test_sysreg_names),
		cmocka_unit_test(test_wfx),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_mpidr),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pstate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
