/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivery by the virtual GIC, case by case: what it costs in list register
 * writes and maintenance interrupts, other CPUs, host interrupts, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vgic_model.h"

static void model_fail(const char *what)
{
	fail_msg("%s", what);
}

static void start(unsigned int version, unsigned int vcpus, unsigned int lrs)
{
	model_init(version, vcpus, 64, lrs);
	model_start();
}

static void line(unsigned int intid, bool level)
{
	vgic_line(m.vg, NULL, intid, level);
}

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

/* ---- list registers ---- */

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

/* ---- other CPUs ---- */

/* SPI 40 is pending in VCPU 1's list register, which runs elsewhere. */
static void pend_on_running_cpu(void)
{
	start(3, 2, 4);
	model_setup(0, 40, 0x80, true);
	model_route(0, 40, 1);
	line(40, true);
	model_enter_all();
}

/* Exact though VCPU 1 has not trapped since: it is made to look. */
static void test_clear_on_running_cpu(void **state)
{
	static const uint64_t regs[] = { M_UNPEND, M_DISABLE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		pend_on_running_cpu();
		assert_int_equal(m.vc[1]->lr_used, 1);
		m.syncs = 0;
		model_write_bits(0, 0, regs[i], 40, 1 << 8);
		assert_int_equal(m.syncs, 1);
		assert_int_equal(model_ack(1), 1023);
		model_fini();
	}
}

/* GICD_CTLR.RWP reads as zero: its groups are off when the write is done. */
static void test_groups_off_on_running_cpu(void **state)
{
	(void)state;
	pend_on_running_cpu();
	m.syncs = 0;
	(void)model_access(0, 0, 0, 4, true, 0);
	assert_int_equal(m.syncs, 1);
	assert_int_equal(model_ack(1), 1023);
	model_fini();
}

static void test_active_on_running_cpu(void **state)
{
	(void)state;
	pend_on_running_cpu();
	assert_int_equal(model_read_bits(0, 0, M_PEND, 40), 1 << 8);
	assert_int_equal(model_ack(1), 40);
	/* Nobody told: the list register is asked. */
	assert_int_equal(model_read_bits(0, 0, M_PEND, 40), 0);
	assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40), 1 << 8);
	model_write_bits(0, 0, M_DEACTIVATE, 40, 1 << 8);
	assert_int_equal(m.cpu[1].lr[0], 0);
	assert_int_equal(model_read_bits(0, 0, M_ACTIVATE, 40), 0);
	/* And the other way round. */
	line(40, true);
	model_enter_all();
	model_write_bits(0, 0, M_ACTIVATE, 40, 1 << 8);
	assert_int_equal(model_ack(1), 1023);
	model_fini();
}

static void test_private_of_another(void **state)
{
	(void)state;
	start(3, 2, 4);
	model_setup(1, 3, 0x80, true);
	model_be(0);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, 3 << 24 | 2);
	assert_true(m.kicked[1]);
	assert_true(m.vc[1]->flush);
	model_enter_all();
	assert_int_equal(model_read_bits(0, 1, M_PEND, 3), 8);
	model_write_bits(0, 1, M_UNPEND, 3, 8);
	assert_int_equal(model_ack(1), 1023);
	assert_int_equal(model_read_bits(0, 1, M_PEND, 3), 0);
	model_fini();
}

static void sgi_meanwhile(void)
{
	m.before_sync = NULL;
	model_be(1);
	vgicv3_sgir(m.vc[1], VGIC_SGI1R, 3 << 24 | 2);
	model_be(0);
}

/* VCPU 1 sends itself an SGI after VCPU 0 has cleared that, but before its
 * list registers have been looked at: it is not what was cleared. */
static void test_sgi_crosses_clearing(void **state)
{
	(void)state;
	start(3, 2, 4);
	model_setup(1, 3, 0x80, true);
	model_be(1);
	vgicv3_sgir(m.vc[1], VGIC_SGI1R, 3 << 24 | 2);
	assert_int_equal(model_ack(1), 3);
	model_eoi(1, 3);
	m.before_sync = sgi_meanwhile;
	model_write_bits(0, 1, M_UNPEND, 3, 8);
	model_enter_all();
	assert_null(m.before_sync);
	assert_int_equal(model_ack(1), 3);
	model_fini();
}

/* Pending moves with the route, active stays. */
static void test_route_change(void **state)
{
	(void)state;
	start(3, 3, 4);
	model_setup(0, 40, 0x80, true);
	model_route(0, 40, 1);
	line(40, true);
	model_enter_all();
	model_route(0, 40, 2);
	assert_int_equal(model_ack(1), 1023);
	model_enter_all();
	assert_int_equal(model_ack(2), 40);
	line(40, true);
	model_route(0, 40, 1);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	model_eoi(2, 40);
	model_enter_all();
	assert_int_equal(model_ack(1), 40);
	model_fini();
}

static void test_route_to_nobody(void **state)
{
	(void)state;
	start(3, 2, 4);
	model_setup(0, 40, 0x80, true);
	model_route(0, 40, 77);
	line(40, true);
	model_enter_all();
	assert_int_equal(model_ack(0), 1023);
	assert_int_equal(model_read_bits(0, 0, M_PEND, 40), 1 << 8);
	model_route(0, 40, 1);
	model_enter_all();
	assert_int_equal(model_ack(1), 40);
	model_fini();
}

static void sleep_state(unsigned int vcpu, bool asleep)
{
	(void)model_access(0, 1, ((uint64_t)vcpu << 17) + 0x14, 4, true,
			   asleep ? 2 : 0);
}

/* Who takes `intid`? Exactly one may. */
static unsigned int taker(unsigned int intid)
{
	unsigned int found = 99;

	line(intid, true);
	model_enter_all();
	for (unsigned int v = 0; v < 3; v++) {
		if (model_ack(v) == intid) {
			assert_int_equal(found, 99);
			found = v;
			model_eoi(v, intid);
		}
	}
	model_enter_all();
	return found;
}

/* 1-of-N: spread over the VCPUs that are awake. */
static void test_any_target(void **state)
{
	unsigned int first, second;

	(void)state;
	start(3, 3, 4);
	sleep_state(1, false);
	sleep_state(2, false);
	for (unsigned int i = 40; i < 42; i++) {
		model_setup(0, i, 0x80, true);
		(void)model_access(0, 0, M_ROUTER + 8 * i, 8, true, BIT(31));
	}
	first = taker(40);
	second = taker(41);
	assert_in_range(first, 1, 2);
	assert_int_equal(first + second, 3);
	sleep_state(first, true);
	assert_int_equal(taker(40), second);
	/* All asleep: still somebody's. */
	sleep_state(second, true);
	assert_in_range(taker(40), 0, 2);
	model_fini();
}

/* ---- SGIs ---- */

static void test_v2_sources(void **state)
{
	unsigned int first, second;

	(void)state;
	start(2, 3, 4);
	model_setup(2, 7, 0x80, true);
	(void)model_access(0, 0, 0xf00, 4, true, 4 << 16 | 7);
	(void)model_access(1, 0, 0xf00, 4, true, 1 << 24 | 7);
	model_enter_all();
	first = model_ack(2);
	assert_int_equal(first & 0x3ff, 7);
	assert_int_equal(model_ack(2), 1023);
	model_eoi(2, first);
	model_enter_all();
	second = model_ack(2);
	assert_int_equal(second & 0x3ff, 7);
	assert_int_equal((first ^ second) >> 10, 1);
	model_eoi(2, second);
	model_enter_all();
	assert_int_equal(model_ack(2), 1023);
	/* All but self reached VCPU 0 too; filter 3 is reserved. */
	assert_int_equal(model_access(0, 0, 0xf17, 1, false, 0), 2);
	(void)model_access(0, 0, 0xf00, 4, true, 3 << 24 | 7 << 16 | 7);
	assert_int_equal(model_access(0, 0, 0xf17, 1, false, 0), 2);
	model_fini();
}

static void test_v3_sgi_targets(void **state)
{
	(void)state;
	start(3, 20, 4);
	for (unsigned int v = 0; v < 20; v++) {
		model_write_bits(0, v, M_ENABLE, 1, 2);
		model_write_bits(0, v, M_GROUP, 1, 2);
	}
	/* Affinity 1.2 and 1.9 of which the latter is not there. */
	vgicv3_sgir(m.vc[0], VGIC_SGI1R,
		    UINT64_C(1) << 24 | 1 << 16 | 1 << 2 | 1 << 9);
	for (unsigned int v = 0; v < 20; v++) {
		assert_int_equal(model_read_bits(0, v, M_PEND, 1),
				 v == 18 ? 2 : 0);
	}
	/* Aff2, Aff3, a range: nobody. */
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(32) | 1);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(48) | 1);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(44) | 1);
	assert_int_equal(model_read_bits(0, 0, M_PEND, 1), 0);
	/* Group 1 is not for the other two registers. */
	vgicv3_sgir(m.vc[0], VGIC_SGI0R, UINT64_C(1) << 24 | 1);
	vgicv3_sgir(m.vc[0], VGIC_ASGI1R, UINT64_C(1) << 24 | 1);
	assert_int_equal(model_read_bits(0, 0, M_PEND, 1), 0);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(40));
	assert_int_equal(model_read_bits(0, 0, M_PEND, 1), 0);
	assert_int_equal(model_read_bits(0, 7, M_PEND, 1), 2);
	model_write_bits(0, 0, M_GROUP, 1, 0);
	vgicv3_sgir(m.vc[0], VGIC_SGI0R, UINT64_C(1) << 24 | 1);
	assert_int_equal(model_read_bits(0, 0, M_PEND, 1), 2);
	model_fini();
}

/* ---- host interrupts ---- */

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
		cmocka_unit_test(test_clear_on_running_cpu),
		cmocka_unit_test(test_groups_off_on_running_cpu),
		cmocka_unit_test(test_active_on_running_cpu),
		cmocka_unit_test(test_private_of_another),
		cmocka_unit_test(test_sgi_crosses_clearing),
		cmocka_unit_test(test_route_change),
		cmocka_unit_test(test_route_to_nobody),
		cmocka_unit_test(test_any_target),
		cmocka_unit_test(test_v2_sources),
		cmocka_unit_test(test_v3_sgi_targets),
		cmocka_unit_test(test_hw_end_is_the_hosts),
		cmocka_unit_test(test_hw_moves_while_active),
		cmocka_unit_test(test_hw_while_disabled),
		cmocka_unit_test(test_hw_cleared_by_guest),
		cmocka_unit_test(test_hw_and_soft_pending),
		cmocka_unit_test(test_hw_after_soft),
		cmocka_unit_test(test_hw_soft_pending_disabled),
		cmocka_unit_test(test_hw_line_on_load),
		cmocka_unit_test(test_hw_for_absent_vcpu),
		cmocka_unit_test(test_has_pending),
		cmocka_unit_test(test_not_loaded),
		cmocka_unit_test(test_wake_of_oneself),
		cmocka_unit_test(test_vcpu_reset),
		cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
