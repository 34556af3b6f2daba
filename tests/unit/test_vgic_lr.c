/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * List registers of the virtual GIC: their formats, the number of writes and
 * maintenance interrupts that an interrupt costs, and more interrupts than
 * registers.
 */
#include "vgic_case.h"

/* ---- formats ---- */

static void test_lr_formats(void **state)
{
	const struct vlr soft = {
		.intid = 45,
		.prio = 0xa8,
		.state = LR_PENDING | LR_ACTIVE,
		.group1 = true,
		.eoi = true,
	};
	const struct vlr hard = {
		.intid = 27,
		.hwintid = 27,
		.prio = 0x10,
		.state = LR_PENDING,
		.hw = true,
	};
	const struct vlr sgi = {
		.intid = 3,
		.source = 5,
		.state = LR_ACTIVE,
		.eoi = true,
	};
	struct vlr out;

	(void)state;
	assert_int_equal(lr_v2_encode(&soft), 0x7a88002d);
	assert_int_equal(lr_v2_encode(&hard), 0x91006c1b);
	assert_int_equal(lr_v2_encode(&sgi), 0x20081403);
	assert_int_equal(lr_v3_encode(&soft), UINT64_C(0xd0a802000000002d));
	assert_int_equal(lr_v3_encode(&hard), UINT64_C(0x6010001b0000001b));
	out = lr_v2_decode(0x20081403);
	assert_memory_equal(&out, &sgi, sizeof(out));
	out = lr_v2_decode(0x91006c1b);
	assert_memory_equal(&out, &hard, sizeof(out));
	out = lr_v3_decode(UINT64_C(0xd0a802000000002d));
	assert_memory_equal(&out, &soft, sizeof(out));
	out = lr_v3_decode(lr_v3_encode(&sgi));
	assert_memory_equal(&out, &sgi, sizeof(out));
}

/* ---- costs ---- */

/* VCPU 0 sends itself an SGI, by the registers of each model. */
static void self_sgi(unsigned int intid)
{
	model_be(0);
	if (m.vg->model == 3) {
		vgicv3_sgir(m.vc[0], VGIC_SGI1R, (uint64_t)intid << 24 | 1);
	} else {
		(void)model_access(0, 0, 0xf00, 4, true, 2 << 24 | intid);
	}
}

/* The next SGI of the same kind uses the same list register: one write, no
 * flush. */
static void test_sgi_again_is_one_write(void **state)
{
	(void)state;
	for (unsigned int version = 2; version <= 3; version++) {
		start(version, 2, 4);
		model_setup(0, 5, 0x80, true);
		for (unsigned int i = 0; i < 3; i++) {
			m.cpu[0].lr_writes = 0;
			self_sgi(5);
			assert_int_equal(m.cpu[0].lr_writes, 1);
			assert_false(m.vc[0]->flush);
			assert_false(model_maintenance(&m.cpu[0]));
			assert_int_equal(model_ack(0), 5);
			model_eoi(0, 5);
			assert_false(model_maintenance(&m.cpu[0]));
		}
		assert_int_equal(__builtin_popcount(m.vc[0]->lr_used), 1);
		model_fini();
	}
}

/* The write is not repeated as it was after a move. */
static void test_sgi_again_after_move(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, 5, 0x80, true);
	self_sgi(5);
	assert_int_equal(model_ack(0), 5);
	model_eoi(0, 5);
	model_unload(0);
	model_load(2, 0);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, 5 << 24 | 1);
	assert_int_equal(model_ack(2), 5);
	model_fini();
}

/* Nor for the request of another CPU. */
static void test_sgi_again_from_another(void **state)
{
	(void)state;
	start(2, 2, 4);
	model_setup(0, 5, 0x80, true);
	(void)model_access(1, 0, 0xf00, 4, true, 1 << 16 | 5);
	model_enter_all();
	assert_int_equal(model_ack(0), 1 << 10 | 5);
	model_eoi(0, 1 << 10 | 5);
	self_sgi(5);
	assert_int_equal(model_ack(0), 5);
	model_fini();
}

/* Nor for an active state that was restored. */
static void test_again_after_eviction(void **state)
{
	(void)state;
	start(3, 1, 1);
	model_setup(0, 5, 0x80, true);
	model_setup(0, 40, 0x40, true);
	self_sgi(5);
	assert_int_equal(model_ack(0), 5);
	line(40, true);
	assert_int_equal(model_ack(0), 40);
	model_eoi(0, 40);
	(void)vgic_cpuif_maintenance_irq(m.vc[0]);
	assert_int_equal(model_lr(&m.cpu[0], 0).intid, 5);
	model_eoi(0, 5);
	self_sgi(5);
	assert_int_equal(model_ack(0), 5);
	model_fini();
}

/* The device lowers its line before the end of the interrupt: no
 * maintenance. */
static void test_level_lowered_before_end(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, 40, 0x80, false);
	line(40, true);
	assert_int_equal(model_ack(0), 40);
	line(40, false);
	model_eoi(0, 40);
	assert_false(model_maintenance(&m.cpu[0]));
	assert_int_equal(model_ack(0), 1023);
	model_fini();
}

static void test_level_still_high(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, 40, 0x80, false);
	line(40, true);
	assert_int_equal(model_ack(0), 40);
	model_eoi(0, 40);
	assert_true(model_maintenance(&m.cpu[0]));
	model_enter(0);
	assert_int_equal(model_ack(0), 40);
	/* Down and up again while active. */
	line(40, false);
	line(40, true);
	model_eoi(0, 40);
	model_enter(0);
	assert_int_equal(model_ack(0), 40);
	line(40, false);
	model_eoi(0, 40);
	model_enter(0);
	assert_int_equal(model_ack(0), 1023);
	model_fini();
}

/* A line that is lowered before the acknowledge is not pending any more. */
static void test_level_dropped(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, 40, 0x80, false);
	line(40, true);
	line(40, false);
	assert_int_equal(model_ack(0), 1023);
	assert_int_equal(m.vc[0]->lr_used, 0);
	model_fini();
}

static void test_edge_while_active(void **state)
{
	(void)state;
	start(3, 1, 4);
	model_setup(0, 40, 0x80, true);
	line(40, true);
	assert_int_equal(model_ack(0), 40);
	line(40, true);
	line(40, true);
	model_eoi(0, 40);
	assert_false(model_maintenance(&m.cpu[0]));
	assert_int_equal(model_ack(0), 40);
	model_eoi(0, 40);
	assert_int_equal(model_ack(0), 1023);
	model_fini();
}

/* ---- more than fits ---- */

static void test_overflow_by_priority(void **state)
{
	(void)state;
	start(3, 1, 4);
	for (unsigned int i = 0; i < 20; i++) {
		/* The lowest priority first, so that each must replace
		 * another. */
		model_setup(0, 40 + i, (uint8_t)(0xf0 - 8 * i), true);
		line(40 + i, true);
	}
	assert_true(m.cpu[0].hcr & HCR_NPIE);
	for (unsigned int i = 0; i < 20; i++) {
		model_enter(0);
		assert_int_equal(model_ack(0), 59 - i);
		model_eoi(0, 59 - i);
	}
	model_enter(0);
	assert_int_equal(model_ack(0), 1023);
	assert_int_equal(m.cpu[0].hcr, HCR_EN);
	model_fini();
}

/* EOImode 0: each preempts the one before; all end, the innermost first. */
static void check_nesting(unsigned int version, bool eoi_mode)
{
	start(version, 1, 2);
	if (eoi_mode) {
		m.cpu[0].vmcr |= VMCR_EOIM;
	}
	for (unsigned int i = 0; i < 20; i++) {
		model_setup(0, 40 + i, (uint8_t)(0xf0 - 8 * i), true);
		line(40 + i, true);
		model_enter(0);
		assert_int_equal(model_ack(0), 40 + i);
		model_enter(0);
	}
	for (unsigned int i = 20; i-- > 0;) {
		model_eoi(0, 40 + i);
		model_enter(0);
		if (eoi_mode) {
			assert_true(
				model_read_bits(0, 0, GICD_ISACTIVER, 40 + i) &
				1U << (40 + i) % 32);
			model_dir(0, 40 + i);
			model_enter(0);
		}
		assert_false(model_read_bits(0, 0, GICD_ISACTIVER, 40 + i) &
			     1U << (40 + i) % 32);
		assert_int_equal(model_ack(0), 1023);
	}
	for (unsigned int i = 0; i < 20; i++) {
		line(40 + i, true);
	}
	assert_int_equal(model_ack(0), 59);
	model_fini();
}

static void test_nesting(void **state)
{
	(void)state;
	check_nesting(2, false);
	check_nesting(3, false);
}

static void test_nesting_eoi_mode(void **state)
{
	(void)state;
	check_nesting(2, true);
	check_nesting(3, true);
}

/* Deactivated in any order. */
static void test_dir_out_of_order(void **state)
{
	(void)state;
	start(3, 1, 2);
	m.cpu[0].vmcr |= VMCR_EOIM;
	for (unsigned int i = 0; i < 6; i++) {
		model_setup(0, 40 + i, 0x80, true);
		line(40 + i, true);
		model_enter(0);
		assert_int_equal(model_ack(0), 40 + i);
		model_eoi(0, 40 + i);
		model_enter(0);
	}
	model_dir(0, 43);
	model_dir(0, 40);
	model_enter(0);
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40), 0x36 << 8);
	/* Another VCPU's interrupt, or none, is ignored. */
	model_dir(0, 50);
	model_dir(0, 1020);
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40), 0x36 << 8);
	model_fini();
}

/* An interrupt without a list register ends, and the VCPU is switched out
 * before the maintenance interrupt is taken: EOIcount must not be lost. */
static void test_save_counts_ends(void **state)
{
	(void)state;
	start(3, 1, 1);
	for (unsigned int i = 0; i < 3; i++) {
		model_setup(0, 40 + i, (uint8_t)(0xf0 - 8 * i), true);
		line(40 + i, true);
		model_enter(0);
		assert_int_equal(model_ack(0), 40 + i);
		model_enter(0);
	}
	/* 42 is in the list register, or was evicted for the next one. */
	model_setup(0, 43, 0x10, true);
	line(43, true);
	model_enter(0);
	assert_int_equal(model_ack(0), 43);
	model_eoi(0, 43);
	model_eoi(0, 42);
	model_unload(0);
	model_load(1, 0);
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40), 3 << 8);
	model_fini();
}

/* Its priority changes while it has no list register: it ends with the priority
 * of its acknowledge. */
static void test_priority_changed_while_active(void **state)
{
	(void)state;
	start(3, 1, 2);
	for (unsigned int i = 0; i < 4; i++) {
		model_setup(0, 40 + i, (uint8_t)(0xf0 - 8 * i), true);
		line(40 + i, true);
		model_enter(0);
		assert_int_equal(model_ack(0), 40 + i);
		model_enter(0);
	}
	model_write_byte(0, 0, GICD_IPRIORITYR, 40, 0x08);
	model_write_byte(0, 0, GICD_IPRIORITYR, 41, 0x18);
	for (unsigned int i = 4; i-- > 0;) {
		model_eoi(0, 40 + i);
		/* Each update of the list registers loads the remaining
		 * interrupts. */
		(void)vgic_cpuif_maintenance_irq(m.vc[0]);
		model_enter(0);
		assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40),
				 ((1U << i) - 1) << 8);
	}
	model_fini();
}

/* A disabled group does not keep the other group from list registers. */
static void test_disabled_group_gives_way(void **state)
{
	(void)state;
	start(3, 1, 2);
	m.cpu[0].vmcr &= ~VMCR_GRP0;
	for (unsigned int i = 0; i < 4; i++) {
		model_setup(0, 40 + i, 0x20, true);
		model_write_bits(0, 0, GICD_IGROUPR, 40, 0);
		line(40 + i, true);
	}
	for (unsigned int i = 0; i < 4; i++) {
		model_setup(0, 64 + i, 0x80, true);
		line(64 + i, true);
	}
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int n;

		model_enter(0);
		n = model_ack(0);
		assert_in_range(n, 64, 67);
		model_eoi(0, n);
	}
	model_enter(0);
	assert_int_equal(model_ack(0), 1023);
	m.cpu[0].vmcr |= VMCR_GRP0;
	model_enter(0);
	assert_in_range(model_ack(0), 40, 43);
	model_fini();
}

/* More SGIs than list registers, and group 1 disabled at the CPU interface, on
 * a machine that asserts VGrp0D for the wrong group: the guest is entered in
 * the end. */
static void test_one_group_and_wrong_hardware(void **state)
{
	(void)state;
	start(3, 1, 4);
	m.grp0_wrong = true;
	m.cpu[0].vmcr &= ~VMCR_GRP1;
	for (unsigned int i = 0; i < 8; i++) {
		model_setup(0, i, 0x80, true);
		model_write_bits(0, 0, GICD_IGROUPR, i, 0);
		self_sgi(i);
	}
	for (unsigned int i = 0; i < 8; i++) {
		model_enter(0);
		assert_int_equal(model_ack(0), i);
		model_eoi(0, i);
	}
	model_fini();
}

/* A group that is enabled while others wait is served then. */
static void test_group_changes_with_full_list_registers(void **state)
{
	static const uint64_t groups[] = { 0, VMCR_GRP0, VMCR_GRP1,
					   VMCR_GRP0 | VMCR_GRP1 };

	(void)state;
	for (unsigned int from = 0; from < 4; from++) {
		for (unsigned int to = 1; to < 4; to++) {
			unsigned int n;

			start(3, 1, 2);
			m.cpu[0].vmcr &= ~(VMCR_GRP0 | VMCR_GRP1);
			m.cpu[0].vmcr |= groups[from];
			for (unsigned int i = 0; i < 8; i++) {
				model_setup(0, i, 0x80, true);
			}
			model_write_bits(0, 0, GICD_IGROUPR, 0, 0xf0);
			for (unsigned int i = 0; i < 8; i++) {
				self_sgi(i);
			}
			model_enter(0);
			m.cpu[0].vmcr &= ~(VMCR_GRP0 | VMCR_GRP1);
			m.cpu[0].vmcr |= groups[to];
			model_enter(0);
			n = model_ack(0);
			assert_in_range(n, groups[to] & VMCR_GRP0 ? 0 : 4,
					groups[to] & VMCR_GRP1 ? 7 : 3);
			model_fini();
		}
	}
}

/* A maintenance interrupt without a cause is distinguished from one that the
 * guest has caused; while muted, none is requested. */
static void test_maintenance_without_cause(void **state)
{
	(void)state;
	start(3, 1, 2);
	for (unsigned int i = 0; i < 6; i++) {
		model_setup(0, i, 0x80, true);
		self_sgi(i);
	}
	(void)vgic_cpuif_maintenance_irq(m.vc[0]);
	assert_false(vgic_cpuif_maintenance_irq(m.vc[0]));
	(void)model_ack(0);
	assert_true(vgic_cpuif_maintenance_irq(m.vc[0]));
	assert_false(vgic_cpuif_maintenance_irq(m.vc[0]));
	self_sgi(0);
	m.cpu[0].vmcr ^= VMCR_GRP0;
	assert_true(vgic_cpuif_maintenance_irq(m.vc[0]));
	assert_int_not_equal(m.cpu[0].hcr, HCR_EN);
	vgic_cpuif_disable_maintenance(m.vc[0]);
	self_sgi(1);
	vgic_cpuif_flush(m.vc[0]);
	assert_int_equal(m.cpu[0].hcr, HCR_EN);
	vgic_cpu_reset_state(m.vc[0]);
	assert_false(m.vc[0]->maintenance_off);
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lr_formats),
		cmocka_unit_test(test_sgi_again_is_one_write),
		cmocka_unit_test(test_sgi_again_after_move),
		cmocka_unit_test(test_sgi_again_from_another),
		cmocka_unit_test(test_again_after_eviction),
		cmocka_unit_test(test_level_lowered_before_end),
		cmocka_unit_test(test_level_still_high),
		cmocka_unit_test(test_level_dropped),
		cmocka_unit_test(test_edge_while_active),
		cmocka_unit_test(test_overflow_by_priority),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_nesting_eoi_mode),
		cmocka_unit_test(test_dir_out_of_order),
		cmocka_unit_test(test_save_counts_ends),
		cmocka_unit_test(test_priority_changed_while_active),
		cmocka_unit_test(test_disabled_group_gives_way),
		cmocka_unit_test(test_one_group_and_wrong_hardware),
		cmocka_unit_test(test_maintenance_without_cause),
		cmocka_unit_test(test_group_changes_with_full_list_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
