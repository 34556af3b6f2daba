/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host interrupts that the virtual GIC passes on (HW bit of a list register):
 * who ends them, and that none is left active.
 */
#include "vgic_case.h"

static void test_hw_end_is_the_hosts(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	for (unsigned int i = 0; i < 3; i++) {
		m.timer[0] = true;
		m.cpu[0].lr_writes = 0;
		model_enter(0);
		assert_int_equal(m.cpu[0].lr_writes, 1);
		assert_true(model_lr(&m.cpu[0], 0).hw);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		m.timer[0] = false;
		model_eoi(0, MODEL_TIMER_PPI);
		assert_false(m.cpu[0].phys_active);
		model_enter(0);
		assert_int_equal(model_ack(0), 1023);
	}
	assert_int_equal(m.deactivations, 0);
	model_fini();
}

/* Moved while active: nothing stays behind on the old CPU, and the new one's
 * interrupt is bound to what the guest still handles. */
static void test_hw_moves_while_active(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		start(3, 1, 4);
		vgic_host.activate = i ? model_activate : NULL;
		model_setup(0, MODEL_TIMER_PPI, 0x80, false);
		m.timer[0] = true;
		model_enter(0);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		model_unload(0);
		assert_int_equal(m.deactivations, 1);
		model_load(3, 0);
		assert_true(m.cpu[3].phys_active);
		assert_int_equal(model_ack(3), 1023);
		model_eoi(3, MODEL_TIMER_PPI);
		assert_false(m.cpu[3].phys_active);
		model_enter(3);
		assert_int_equal(model_ack(3), MODEL_TIMER_PPI);
		m.timer[0] = false;
		model_unload(3);
		model_load(1, 0);
		model_eoi(1, MODEL_TIMER_PPI);
		model_enter(1);
		assert_int_equal(model_ack(1), 1023);
		model_fini();
	}
}

/* Fired while the guest has it disabled: held, so that it does not fire on;
 * when enabled again the hardware says whether it still matters. */
static void test_hw_while_disabled(void **state)
{
	(void)state;
	for (unsigned int still = 0; still < 2; still++) {
		start(3, 2, 4);
		m.timer[0] = true;
		model_enter(0);
		assert_true(m.cpu[0].phys_active);
		m.timer[0] = still;
		model_setup(1, MODEL_TIMER_PPI, 0x80, false);
		/* By another VCPU: the host interrupt is CPU 0's. */
		model_write_bits(1, 0, M_GROUP, 0, UINT32_MAX);
		model_write_bits(1, 0, M_ENABLE, 0, 1U << MODEL_TIMER_PPI);
		model_enter_all();
		assert_int_equal(m.deactivations, 1);
		assert_int_equal(m.cpu[0].phys_active, still);
		assert_int_equal(model_ack(0), still ? MODEL_TIMER_PPI : 1023);
		model_fini();
	}
}

static void test_hw_cleared_by_guest(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	m.timer[0] = true;
	model_enter(0);
	m.timer[0] = false;
	model_write_bits(0, 0, M_UNPEND, 0, 1U << MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	assert_int_equal(model_ack(0), 1023);
	m.timer[0] = true;
	model_enter(0);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	m.timer[0] = false;
	model_write_bits(0, 0, M_DEACTIVATE, 0, 1U << MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	model_fini();
}

/* Made pending by a register as well, while active: both must happen. */
static void test_hw_and_soft_pending(void **state)
{
	(void)state;
	for (unsigned int edge = 0; edge < 2; edge++) {
		start(3, 1, 4);
		model_setup(0, MODEL_TIMER_PPI, 0x80, edge);
		m.timer[0] = true;
		model_enter(0);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		model_write_bits(0, 0, M_PEND, 0, 1U << MODEL_TIMER_PPI);
		model_enter(0);
		m.timer[0] = false;
		model_eoi(0, MODEL_TIMER_PPI);
		model_enter(0);
		assert_false(m.cpu[0].phys_active);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		model_eoi(0, MODEL_TIMER_PPI);
		model_enter(0);
		assert_int_equal(model_ack(0), 1023);
		m.timer[0] = true;
		model_enter(0);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		model_fini();
	}
}

/* First made pending by a register, then by the host: bound only then. */
static void test_hw_after_soft(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	model_write_bits(0, 0, M_PEND, 0, 1U << MODEL_TIMER_PPI);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	model_eoi(0, MODEL_TIMER_PPI);
	m.timer[0] = true;
	model_enter(0);
	assert_true(model_lr(&m.cpu[0], 0).hw);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	m.timer[0] = false;
	model_eoi(0, MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	model_fini();
}

/* And if it is disabled meanwhile, the host interrupt still ends. */
static void test_hw_soft_pending_disabled(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	m.timer[0] = true;
	model_enter(0);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	model_write_bits(0, 0, M_PEND, 0, 1U << MODEL_TIMER_PPI);
	model_write_bits(0, 0, M_DISABLE, 0, 1U << MODEL_TIMER_PPI);
	m.timer[0] = false;
	model_eoi(0, MODEL_TIMER_PPI);
	model_enter(0);
	assert_false(m.cpu[0].phys_active);
	assert_int_equal(model_ack(0), 1023);
	model_write_bits(0, 0, M_ENABLE, 0, 1U << MODEL_TIMER_PPI);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	model_fini();
}

/* A line raised while the VCPU was away does not outlive its loading: the
 * hardware's line counts from then on. */
static void test_hw_line_on_load(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	m.timer[0] = true;
	model_enter(0);
	model_unload(0);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	m.timer[0] = false;
	model_load(0, 0);
	assert_int_equal(model_ack(0), 1023);
	model_fini();
}

/* The VCPU left before its interrupt was handled: it is let go. */
static void test_hw_for_absent_vcpu(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	model_unload(0);
	m.cpu[0].phys_active = true;
	model_be(0);
	vgic_cpuif_inject_hw(m.vc[0], MODEL_TIMER_PPI, MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	assert_int_equal(m.vc[0]->lr_used, 0);
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hw_end_is_the_hosts),
		cmocka_unit_test(test_hw_moves_while_active),
		cmocka_unit_test(test_hw_while_disabled),
		cmocka_unit_test(test_hw_cleared_by_guest),
		cmocka_unit_test(test_hw_and_soft_pending),
		cmocka_unit_test(test_hw_after_soft),
		cmocka_unit_test(test_hw_soft_pending_disabled),
		cmocka_unit_test(test_hw_line_on_load),
		cmocka_unit_test(test_hw_for_absent_vcpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
