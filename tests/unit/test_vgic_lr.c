/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * List registers of the virtual GIC: their formats, how few writes and
 * maintenance interrupts an interrupt costs, and more interrupts than fit.
 */
#include "vgic_case.h"

/* ---- formats ---- */

static void test_lr_formats(void **state)
{
	const struct vlr soft = {
		.intid = 45, .prio = 0xa8, .state = LR_PENDING | LR_ACTIVE,
		.group1 = true, .eoi = true,
	};
	const struct vlr hard = {
		.intid = 27, .hwintid = 27, .prio = 0x10, .state = LR_PENDING,
		.hw = true,
	};
	const struct vlr sgi = {
		.intid = 3, .source = 5, .state = LR_ACTIVE, .eoi = true,
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

/* Self-SGI by VCPU 0, as the models' registers do it. */
static void self_sgi(unsigned int intid)
{
	model_be(0);
	if (m.vg->model == 3) {
		vgicv3_sgir(m.vc[0], VGIC_SGI1R, (uint64_t)intid << 24 | 1);
	} else {
		(void)model_access(0, 0, 0xf00, 4, true, 2 << 24 | intid);
	}
}

/* The next of the same kind goes where the last was: one write, no flush. */
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

/* What was written before a move is not repeated after it. */
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

/* Nor the request of one CPU as another's. */
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

/* Nor an active state that was put back. */
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
	vgic_cpuif_maintenance(m.vc[0]);
	assert_int_equal(model_lr(&m.cpu[0], 0).intid, 5);
	model_eoi(0, 5);
	self_sgi(5);
	assert_int_equal(model_ack(0), 5);
	model_fini();
}

/* A device quiet before the end of its interrupt: no maintenance. */
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

/* A line that drops before it is taken is gone. */
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
		/* Worst first, so that each must push another out. */
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

/* EOImode 0: each preempts the last; all end, innermost first. */
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
			assert_true(model_read_bits(0, 0, M_ACTIVATE, 40 + i) &
				    1U << (40 + i) % 32);
			model_dir(0, 40 + i);
			model_enter(0);
		}
		assert_false(model_read_bits(0, 0, M_ACTIVATE, 40 + i) &
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

/* In any order. */
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
	assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40), 0x36 << 8);
	/* Of another VCPU's, or none, it says nothing. */
	model_dir(0, 50);
	model_dir(0, 1020);
	assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40), 0x36 << 8);
	model_fini();
}

/* Ended without a list register, and switched out before the maintenance
 * interrupt is taken: the count must not be lost. */
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
	/* 42 has the list register, or was evicted for the next. */
	model_setup(0, 43, 0x10, true);
	line(43, true);
	model_enter(0);
	assert_int_equal(model_ack(0), 43);
	model_eoi(0, 43);
	model_eoi(0, 42);
	model_unload(0);
	model_load(1, 0);
	assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40), 3 << 8);
	model_fini();
}

/* Its priority changed while it had no list register: it ends by the one it
 * was taken with. */
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
	model_write_byte(0, 0, M_PRIORITY, 40, 0x08);
	model_write_byte(0, 0, M_PRIORITY, 41, 0x18);
	for (unsigned int i = 4; i-- > 0;) {
		model_eoi(0, 40 + i);
		/* Any look at the list registers loads what is left. */
		vgic_cpuif_maintenance(m.vc[0]);
		model_enter(0);
		assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40),
				 ((1U << i) - 1) << 8);
	}
	model_fini();
}

/* A disabled group does not keep the other from its list registers. */
static void test_disabled_group_gives_way(void **state)
{
	(void)state;
	start(3, 1, 2);
	m.cpu[0].vmcr &= ~VMCR_GRP0;
	for (unsigned int i = 0; i < 4; i++) {
		model_setup(0, 40 + i, 0x20, true);
		model_write_bits(0, 0, M_GROUP, 40, 0);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
