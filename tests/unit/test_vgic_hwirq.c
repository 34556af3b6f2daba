/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host interrupts that the virtual GIC forwards (HW bit of a list register):
 * how they end, and that none stays active.
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

/* The VCPU moves while it is active: nothing stays active on the old CPU, and
 * the new CPU's interrupt is linked to the one that the guest still handles. */
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

/* It fires while the guest has it disabled: it is kept active, so that it does
 * not fire again; when the guest enables it, the hardware shows whether it is
 * still asserted. */
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
		/* Enabled by another VCPU: the host interrupt belongs to
		 * CPU 0. */
		model_write_bits(1, 0, GICD_IGROUPR, 0, UINT32_MAX);
		model_write_bits(1, 0, GICD_ISENABLER, 0,
				 1U << MODEL_TIMER_PPI);
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
	model_write_bits(0, 0, GICD_ICPENDR, 0, 1U << MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	assert_int_equal(model_ack(0), 1023);
	m.timer[0] = true;
	model_enter(0);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	m.timer[0] = false;
	model_write_bits(0, 0, GICD_ICACTIVER, 0, 1U << MODEL_TIMER_PPI);
	assert_false(m.cpu[0].phys_active);
	model_fini();
}

/* Made pending by a register too while active: both must be delivered. */
static void test_hw_and_soft_pending(void **state)
{
	(void)state;
	for (unsigned int edge = 0; edge < 2; edge++) {
		start(3, 1, 4);
		model_setup(0, MODEL_TIMER_PPI, 0x80, edge);
		m.timer[0] = true;
		model_enter(0);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		model_write_bits(0, 0, GICD_ISPENDR, 0, 1U << MODEL_TIMER_PPI);
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

/* First made pending by a register, then by the host: linked only then. */
static void test_hw_after_soft(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	model_write_bits(0, 0, GICD_ISPENDR, 0, 1U << MODEL_TIMER_PPI);
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

/* If it is disabled in between, the host interrupt still ends. */
static void test_hw_soft_pending_disabled(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	m.timer[0] = true;
	model_enter(0);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	model_write_bits(0, 0, GICD_ISPENDR, 0, 1U << MODEL_TIMER_PPI);
	model_write_bits(0, 0, GICD_ICENABLER, 0, 1U << MODEL_TIMER_PPI);
	m.timer[0] = false;
	model_eoi(0, MODEL_TIMER_PPI);
	model_enter(0);
	assert_false(m.cpu[0].phys_active);
	assert_int_equal(model_ack(0), 1023);
	model_write_bits(0, 0, GICD_ISENABLER, 0, 1U << MODEL_TIMER_PPI);
	assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
	model_fini();
}

/* A line raised while the VCPU was not loaded is dropped when it is loaded:
 * from then on the hardware's line counts. */
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

/* Raised by the software timer of a VCPU that is not loaded, and linked where
 * it is loaded. It had ended before, so no list register is kept. */
static void test_hw_raised_while_away(void **state)
{
	(void)state;
	for (unsigned int version = 2; version <= 3; version++) {
		start(version, 1, 4);
		vgic_host.activate = model_activate;
		model_setup(0, MODEL_TIMER_PPI, 0x80, false);
		m.timer[0] = true;
		model_enter(0);
		for (unsigned int cpu = 0; cpu < 3; cpu++) {
			assert_int_equal(model_ack(cpu), MODEL_TIMER_PPI);
			assert_true(m.cpu[cpu].phys_active);
			m.timer[0] = false;
			model_eoi(cpu, MODEL_TIMER_PPI);
			assert_false(m.cpu[cpu].phys_active);
			model_unload(cpu);
			assert_int_equal(m.vc[0]->lr_used, 0);
			assert_false(vgic_cpuif_has_pending(m.vc[0]));
			m.kicked[0] = false;
			m.timer[0] = true;
			vgic_line_private(m.vc[0], MODEL_TIMER_PPI, true);
			assert_true(m.kicked[0]);
			assert_true(vgic_cpuif_has_pending(m.vc[0]));
			model_load(cpu + 1, 0);
			assert_true(model_lr(&m.cpu[cpu + 1], 0).hw);
			assert_int_equal(m.activations, cpu + 1);
		}
		assert_int_equal(m.deactivations, 0);
		model_fini();
	}
}

/* The VCPU was switched out before its interrupt was handled: the host
 * interrupt is ended. */
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
		cmocka_unit_test(test_hw_raised_while_away),
		cmocka_unit_test(test_hw_for_absent_vcpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
