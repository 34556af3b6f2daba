/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPAM, the CPU's part: what registers get, how many PARTIDs there are, and
 * which the hypervisor and guests have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/arm64_sysregs.h"

#include <libs/error.h>

#include <core/percpu.h>

static unsigned int calls;

/* Two CPUs, of which the second is offline. */
static int fake_call(unsigned int cpu, void (*fn)(void *arg), void *arg,
		     bool wait)
{
	assert_true(wait);
	if (cpu > 0) {
		return -ERR_STATE;
	}
	calls++;
	fn(arg);
	return 0;
}

#define cpu_call fake_call
#include "arch/arm64/cpu/mpam.c"

static struct guest guest;

static int setup(void **state)
{
	(void)state;
	mock_sysregs_clear();
	partids = own_partid = 0;
	any_cpu = not_enabled = false;
	cpu_count = 2;
	calls = 0;
	return 0;
}

static void test_versions(void **state)
{
	(void)state;
	assert_false(mpam_implemented(0, 0));
	assert_false(mpam_implemented(~(UINT64_C(0xf) << 40),
				      ~(UINT64_C(0xf) << 16)));
	/* 0.1, 1.0, 1.1 */
	assert_true(mpam_implemented(0, UINT64_C(1) << 16));
	assert_true(mpam_implemented(UINT64_C(1) << 40, 0));
	assert_true(mpam_implemented(UINT64_C(1) << 40, UINT64_C(1) << 16));
}

/* Guests' accesses to MPAM1_EL1 and MPAM0_EL1 trap, to MPAMSM_EL1 too (bit 50
 * is 0), and to MPAMIDR_EL1 if that can be; MPAM is enabled. */
static void test_el2(void **state)
{
	(void)state;
	assert_true(mpam2_el2(0x3f, 0) == UINT64_C(0x8003000000000000));
	assert_true(mpam2_el2(MPAMIDR_HAS_TIDR | 0x3f, 0) ==
		    UINT64_C(0x8403000000000000));
	assert_true(mpam2_el2(UINT64_MAX, 1) == UINT64_C(0x8403000000010001));
	assert_true(mpam_label(0) == 0);
	assert_true(mpam_label(0xabcd) == UINT64_C(0xabcdabcd));
	assert_int_equal(mpam_partids(UINT64_C(0xff0002003f)), 64);
	assert_int_equal(mpam_partids(UINT64_MAX), 65536);
}

/* All CPUs have so many. */
static void test_partids(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(arch_partition_ids(&why), 0);
	mpam_cpu_join(0x7f, true);
	assert_int_equal(arch_partition_ids(&why), 128);
	mpam_cpu_join(0x1f, true);
	assert_int_equal(arch_partition_ids(&why), 32);
	mpam_cpu_join(0x3f, true);
	assert_int_equal(arch_partition_ids(&why), 32);
	mpam_cpu_join(0, false);
	assert_int_equal(arch_partition_ids(&why), 0);
	assert_string_equal(why, "not all CPUs have MPAM (ID_AA64PFR0_EL1)");
	mpam_cpu_join(0x3f, true);
	assert_int_equal(arch_partition_ids(&why), 0);
}

static void test_not_enabled(void **state)
{
	const char *why;

	(void)state;
	mpam_cpu_join(0x3f, true);
	mpam_cpu_join(0x3f, false);
	assert_int_equal(arch_partition_ids(&why), 0);
	assert_string_equal(why, "the firmware has not enabled MPAM "
				 "(MPAM3_EL3.MPAMEN)");
}

static void test_owners(void **state)
{
	(void)state;
	*mock_sysreg("s3_0_c10_c4_4") = MPAMIDR_HAS_TIDR | MPAMIDR_HAS_HCR |
					0x3f;
	arch_partition_own(1);
	assert_int_equal(calls, 1);
	assert_true(*mock_sysreg("s3_4_c10_c5_0") ==
		    UINT64_C(0x8403000000010001));
	/* What a CPU that starts now writes. */
	assert_int_equal(mpam_own(), 1);
	arch_partition_guest(&guest, 7);
	assert_true(guest.arch.mpam == UINT64_C(0x70007));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_versions, setup),
		cmocka_unit_test_setup(test_el2, setup),
		cmocka_unit_test_setup(test_partids, setup),
		cmocka_unit_test_setup(test_not_enabled, setup),
		cmocka_unit_test_setup(test_owners, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
