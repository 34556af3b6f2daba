/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test that includes files of an architecture uses that architecture's VCPUs,
 * guests and CPUs, which are larger than the simulated host's. The portable
 * code that it is linked with uses the same (tools/build/host.mk).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/vcpu.h>

#include "arch/arm64/vcpu/decode.h"
#include "core/guest/guest_priv.h"

static char said[64];

static void line(void *ctx, const char *s)
{
	(void)ctx;
	strncpy(said, s, sizeof(said) - 1);
}

static void test_vcpu(void **state)
{
	struct vcpu v = { .name = "here", .index = 1 };

	(void)state;
	assert_true(sizeof(v.arch) > sizeof(uint64_t)); /* the host's size */
	arch_vcpu_dump(&v, line, NULL);
	assert_string_equal(said, "here: a coroutine");
}

static void test_guest(void **state)
{
	struct guest g = { .cancels = 1 };

	(void)state;
	assert_true(sizeof(g.arch) > 0);
	assert_true(guest_given_up(&g));
	g.cancels = 0;
	memset(&g.arch, 0xff, sizeof(g.arch));
	assert_false(guest_given_up(&g));
}

static void test_cpu(void **state)
{
	(void)state;
	host_set_cpu(0);
	assert_true(sizeof(this_cpu()->arch) > 0);
	/* cpu.c counts threads, which are in no interrupt handler, as
	 * online. */
	assert_ptr_equal(percpu_table[0], this_cpu());
	assert_int_equal(this_cpu()->state, CPU_ONLINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vcpu),
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
