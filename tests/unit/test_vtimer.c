/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's virtual timer while its VCPU is not loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/arm64_sysregs.h"

#include <arch_impl/host.h>

#include "arch/arm64/timer/vtimer.c"

#define OFFSET UINT64_C(1000000)

static struct guest guest;
static struct vcpu vcpu = { .guest = &guest };
static bool line;

struct vgic_host vgic_host;

void vgic_set_line(struct guest *g, struct vcpu *v, unsigned int intid,
		   bool level)
{
	assert_ptr_equal(g, &guest);
	assert_ptr_equal(v, &vcpu);
	assert_int_equal(intid, VTIMER_PPI_VIRT);
	line = level;
}

void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hwintid)
{
	(void)v;
	(void)intid;
	(void)hwintid;
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		assert_int_equal(timer_cpu_init(), 0);
		once = true;
	}
	mock_sysregs_clear();
	line = false;
	guest.arch.cntvoff = OFFSET;
	vtimer_init(&vcpu);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vtimer_fini(&vcpu);
	return 0;
}

/* The guest has set its timer, and is switched out. */
static void leave(uint64_t ctl, uint64_t cval)
{
	*mock_sysreg("cntv_ctl_el0") = ctl;
	*mock_sysreg("cntv_cval_el0") = cval;
	vtimer_save(&vcpu);
	assert_int_equal(*mock_sysreg("cntv_ctl_el0"), 0);
}

/* What the host's timer does until the guest's counter has value `count`. */
static void wait_for(uint64_t count)
{
	host_set_time(OFFSET + count);
	arch_irq_disable();
	timer_interrupt();
	arch_irq_enable();
}

static void test_stands_in(void **state)
{
	(void)state;
	wait_for(0);
	leave(CTL_ENABLE, 500);
	wait_for(499);
	assert_false(line);
	wait_for(500);
	assert_true(line);
	leave(CTL_ENABLE | CTL_IMASK, 600);
	line = false;
	wait_for(700);
	assert_false(line);
}

static void test_restored(void **state)
{
	(void)state;
	wait_for(0);
	leave(CTL_ENABLE | CTL_ISTATUS, 500);
	vtimer_restore(&vcpu);
	assert_int_equal(*mock_sysreg("cntv_cval_el0"), 500);
	assert_int_equal(*mock_sysreg("cntv_ctl_el0"), CTL_ENABLE);
	assert_int_equal(*mock_sysreg("cntvoff_el2"), OFFSET);
	wait_for(1000);
	assert_false(line);
}

/* The condition compares 64 bits without sign: what lies beyond the end of
 * the host's counter is not in the past. */
static void test_never(void **state)
{
	const uint64_t far[] = {
		UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - OFFSET,
		UINT64_MAX - OFFSET + 1, UINT64_MAX - OFFSET / 2,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
		wait_for(1000);
		leave(CTL_ENABLE, far[i]);
		wait_for(2000);
		assert_false(line);
		vtimer_pause(&vcpu);
		vtimer_resume(&vcpu);
		wait_for(3000);
		assert_false(line);
		vtimer_restore(&vcpu);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stands_in, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_restored, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_never, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
