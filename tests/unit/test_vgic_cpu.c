/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VCPU of the virtual GIC: whether an interrupt is pending while it waits,
 * what wakes it, its reset, and the information about its interrupts.
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
	/* Binary point 7: 0x40 and 0x50 differ only in the subpriority. */
	model_eoi(0, 40);
	model_enter(0);
	assert_int_equal(model_ack(0), 41);
	model_eoi(0, 41);
	model_write_byte(0, 0, GICD_IPRIORITYR, 40, 0x50);
	c->vmcr |= 7 << 18;
	assert_int_equal(model_ack(0), 40);
	line(41, true);
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	assert_int_equal(model_ack(0), 1023);
	model_eoi(0, 40);
	c->vmcr &= ~(UINT64_C(7) << 18);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	/* The same in the saved state. */
	model_unload(0);
	assert_true(vgic_cpuif_has_pending(m.vc[0]));
	m.vc[0]->vmcr &= ~VMCR_GRP1;
	assert_false(vgic_cpuif_has_pending(m.vc[0]));
	model_fini();
}

/* An interrupt for a VCPU that is not loaded goes to its saved state, and wakes
 * it. */
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

/*
 * An interrupt's priority is changed while it is active: it keeps the priority
 * of its acknowledge until it ends. When it is pending again in the same list
 * register, loaded or not, it has the new one.
 */
static void test_priority_while_active(void **state)
{
	static const unsigned int intids[] = { 3, 40 };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int intid = intids[i & 1];
		bool away = i >= 2;

		start(3, 2, 4);
		model_setup(1, intid, 0x80, true);
		if (intid == 40) {
			model_route(0, 40, 1);
		}
		for (unsigned int round = 0; round < 2; round++) {
			model_be(0);
			if (round && away) {
				model_unload(1);
				model_be(0);
			}
			if (intid == 3) {
				vgic_sgi(m.vc[1], 3, 0, 3);
			} else {
				line(40, true);
			}
			if (round && away) {
				model_load(1, 1);
			}
			model_enter_all();
			assert_int_equal(model_lr(&m.cpu[1], 0).prio,
					 round ? 0x40 : 0x80);
			assert_int_equal(model_ack(1), intid);
			model_write_byte(0, 1, GICD_IPRIORITYR, intid, 0x40);
			model_enter_all();
			model_eoi(1, intid);
			model_enter_all();
		}
		/* It is delivered once, even if all is looked at again. */
		model_write_byte(0, 1, GICD_IPRIORITYR, intid, 0x40);
		model_enter_all();
		assert_int_equal(model_ack(1), 1023);
		model_fini();
	}
}

/* A VCPU in the hypervisor need not be notified by itself, unless it waits. */
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
	assert_int_equal(model_read_bits(0, 1, GICD_ISENABLER, 0), 0);
	/* An SPI stays pending when its target is reset. */
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 40), 1 << 8);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has_pending),
		cmocka_unit_test(test_not_loaded),
		cmocka_unit_test(test_priority_while_active),
		cmocka_unit_test(test_wake_of_oneself),
		cmocka_unit_test(test_vcpu_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
