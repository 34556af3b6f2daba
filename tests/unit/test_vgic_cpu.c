/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VCPU of the virtual GIC: is anything pending for it while it waits, what
 * wakes it, its reset, and what is told about its interrupts.
 */
#include "vgic_case.h"

/* ---- waiting ---- */

static void test_has_pending(void **state)
{
	struct model_cpu *c = &m.cpu[0];

	(void)state;
	start(3, 1, 4);
	model_setup(0, 40, 0x80, true);
	model_setup(0, 41, 0x40, true);
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	line(40, true);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	c->vmcr = (c->vmcr & 0xffffff) | UINT64_C(0x80) << 24;
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	c->vmcr = (c->vmcr & 0xffffff) | UINT64_C(0x88) << 24;
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	c->vmcr &= ~VMCR_GRP1;
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	c->vmcr = MODEL_VMCR_ON;
	assert_int_equal(model_ack(0), 40);
	line(40, true);
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	line(41, true);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	/* Binary point 7: 0x40 and 0x50 differ in the subpriority only. */
	model_eoi(0, 40);
	model_enter(0);
	assert_int_equal(model_ack(0), 41);
	model_eoi(0, 41);
	model_write_byte(0, 0, M_PRIORITY, 40, 0x50);
	c->vmcr |= 7 << 18;
	assert_int_equal(model_ack(0), 40);
	line(41, true);
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	assert_int_equal(model_ack(0), 1023);
	model_eoi(0, 40);
	c->vmcr &= ~(UINT64_C(7) << 18);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	/* And the same of its image. */
	model_unload(0);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	m.vc[0]->vmcr &= ~VMCR_GRP1;
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	model_fini();
}

/* An interrupt for a VCPU that is not loaded goes to its image, and wakes. */
static void test_not_loaded(void **state)
{
	(void)state;
	start(3, 2, 4);
	model_setup(0, 40, 0x80, true);
	model_route(0, 40, 1);
	model_unload(1);
	m.kicked[1] = false;
	model_be(0);
	line(40, true);
	assert_true(m.kicked[1]);
	assert_false(m.vc[1]->flush);
	assert_true(vgic_cpuif_has_pending(m.vc[1]));
	model_load(2, 1);
	assert_int_equal(model_ack(2), 40);
	model_fini();
}

/* Itself in the hypervisor, it need not be told; unless it waits there. */
static void test_wake_of_oneself(void **state)
{
	struct percpu *cpu;

	(void)state;
	start(3, 1, 4);
	model_setup(0, MODEL_TIMER_PPI, 0x80, false);
	cpu = this_cpu();
	cpu->current = m.vc[0]->vcpu;
	for (unsigned int i = 0; i < 4; i++) {
		m.vc[0]->vcpu->state = i & 1 ? VCPU_BLOCKED : VCPU_RUNNING;
		m.timer[0] = true;
		m.wakes = 0;
		model_enter(0);
		assert_int_equal(m.wakes, i & 1);
		assert_int_equal(model_ack(0), MODEL_TIMER_PPI);
		m.timer[0] = false;
		model_eoi(0, MODEL_TIMER_PPI);
	}
	cpu->current = NULL;
	model_fini();
}

/* ---- reset of one VCPU ---- */

static void check_vcpu_reset(bool loaded_elsewhere)
{
	start(3, 2, 4);
	model_setup(1, MODEL_TIMER_PPI, 0x80, false);
	model_setup(1, 40, 0x80, true);
	model_route(1, 40, 1);
	m.timer[1] = true;
	line(40, true);
	model_enter_all();
	m.timer[1] = false;
	if (!loaded_elsewhere) {
		model_unload(1);
	}
	model_be(0);
	vgic_cpu_reset_state(m.vc[1]);
	assert_false(m.cpu[1].phys_active);
	assert_int_equal(model_read_bits(0, 1, M_ENABLE, 0), 0);
	/* An SPI outlives its target's reset. */
	assert_int_equal(model_read_bits(0, 0, M_PEND, 40), 1 << 8);
	if (!loaded_elsewhere) {
		model_load(1, 1);
	}
	assert_int_equal(m.cpu[1].vmcr, 0);
	assert_int_equal(model_ack(1), 1023);
	m.cpu[1].vmcr = MODEL_VMCR_ON;
	assert_int_equal(model_ack(1), 40);
	model_fini();
}

static void test_vcpu_reset(void **state)
{
	(void)state;
	check_vcpu_reset(false);
	check_vcpu_reset(true);
}

/* ---- what is told ---- */

static void test_info(void **state)
{
	struct vgic_irq_info info;

	(void)state;
	start(3, 2, 4);
	model_setup(0, 40, 0x88, true);
	model_route(0, 40, 1);
	line(40, true);
	assert_true(vgic_info(m.vg, NULL, 40, &info));
	assert_true(info.enabled && info.pending && info.edge);
	assert_false(info.active || info.hw);
	assert_int_equal(info.priority, 0x88);
	assert_int_equal(info.target, 1);
	assert_int_equal(info.group, 1);
	assert_false(vgic_info(m.vg, NULL, 96, &info));
	assert_false(vgic_info(m.vg, NULL, 3, &info));
	assert_true(vgic_info(m.vg, m.vc[1], 3, &info));
	assert_int_equal(info.target, 1);
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has_pending),
		cmocka_unit_test(test_not_loaded),
		cmocka_unit_test(test_wake_of_oneself),
		cmocka_unit_test(test_vcpu_reset),
		cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
