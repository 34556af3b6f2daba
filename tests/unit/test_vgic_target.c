/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VCPU gets an interrupt of the virtual GIC, and what the others see of
 * it: private interrupts, routes, SGIs, and list registers of another CPU.
 */
#include "vgic_case.h"

/* ---- other CPUs ---- */

/* Make SPI 40 pending in a list register of VCPU 1, which runs on another
 * CPU. */
static void pend_on_running_cpu(void)
{
	start(3, 2, 4);
	model_setup(0, 40, 0x80, true);
	model_route(0, 40, 1);
	line(40, true);
	model_enter_all();
}

/* The result is exact although VCPU 1 has not trapped: it is made to
 * synchronise. */
static void test_clear_on_running_cpu(void **state)
{
	static const uint64_t regs[] = { GICD_ICPENDR, GICD_ICENABLER };

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

/* GICD_CTLR.RWP reads as zero: the groups are disabled when the write has
 * completed. */
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
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 40), 1 << 8);
	assert_int_equal(model_ack(1), 40);
	/* The other VCPU has not trapped: its list register is read. */
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 40), 0);
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40), 1 << 8);
	model_write_bits(0, 0, GICD_ICACTIVER, 40, 1 << 8);
	assert_int_equal(m.cpu[1].lr[0], 0);
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, 40), 0);
	/* And the other way round. */
	line(40, true);
	model_enter_all();
	model_write_bits(0, 0, GICD_ISACTIVER, 40, 1 << 8);
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
	assert_int_equal(model_read_bits(0, 1, GICD_ISPENDR, 3), 8);
	model_write_bits(0, 1, GICD_ICPENDR, 3, 8);
	assert_int_equal(model_ack(1), 1023);
	assert_int_equal(model_read_bits(0, 1, GICD_ISPENDR, 3), 0);
	model_fini();
}

static void sgi_meanwhile(void)
{
	m.before_sync = NULL;
	model_be(1);
	vgicv3_sgir(m.vc[1], VGIC_SGI1R, 3 << 24 | 2);
	model_be(0);
}

/* VCPU 1 sends itself an SGI after VCPU 0 has cleared one, but before VCPU 1's
 * list registers are read: the new one must stay. */
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
	model_write_bits(0, 1, GICD_ICPENDR, 3, 8);
	model_enter_all();
	assert_null(m.before_sync);
	assert_int_equal(model_ack(1), 3);
	model_fini();
}

/* A pending state moves with the route, an active one stays. */
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
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 40), 1 << 8);
	model_route(0, 40, 1);
	model_enter_all();
	assert_int_equal(model_ack(1), 40);
	model_fini();
}

static void sleep_state(unsigned int vcpu, bool processor_sleep)
{
	(void)model_access(0, 1, ((uint64_t)vcpu << 17) + 0x14, 4, true,
			   processor_sleep ? 2 : 0);
}

/* The VCPU that acknowledges `intid`; it must be exactly one. */
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
		(void)model_access(0, 0, GICD_IROUTER + 8 * i, 8, true,
				   BIT(31));
	}
	first = taker(40);
	second = taker(41);
	assert_in_range(first, 1, 2);
	assert_int_equal(first + second, 3);
	sleep_state(first, true);
	assert_int_equal(taker(40), second);
	/* All are asleep: one of them still gets it. */
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
	/* "All but self" has reached VCPU 0 too; filter 3 is reserved. */
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
		model_write_bits(0, v, GICD_ISENABLER, 1, 2);
		model_write_bits(0, v, GICD_IGROUPR, 1, 2);
	}
	/* Affinities 1.2 and 1.9, the latter of which does not exist. */
	vgicv3_sgir(m.vc[0], VGIC_SGI1R,
		    UINT64_C(1) << 24 | 1 << 16 | 1 << 2 | 1 << 9);
	for (unsigned int v = 0; v < 20; v++) {
		assert_int_equal(model_read_bits(0, v, GICD_ISPENDR, 1),
				 v == 18 ? 2 : 0);
	}
	/* Aff2, Aff3, a range: none of the VCPUs. */
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(32) | 1);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(48) | 1);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(44) | 1);
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 1), 0);
	/* The other two registers are not for group 1. */
	vgicv3_sgir(m.vc[0], VGIC_SGI0R, UINT64_C(1) << 24 | 1);
	vgicv3_sgir(m.vc[0], VGIC_ASGI1R, UINT64_C(1) << 24 | 1);
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 1), 0);
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, UINT64_C(1) << 24 | BIT(40));
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 1), 0);
	assert_int_equal(model_read_bits(0, 7, GICD_ISPENDR, 1), 2);
	model_write_bits(0, 0, GICD_IGROUPR, 1, 0);
	vgicv3_sgir(m.vc[0], VGIC_SGI0R, UINT64_C(1) << 24 | 1);
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, 1), 2);
	model_fini();
}

/*
 * With the largest number of VCPUs, each of which has to be woken: a few at a
 * time, whatever VCPU 0 writes by `op`.
 */
static void few_at_a_time(void (*op)(void))
{
	for (unsigned int i = 0; i < VGIC_MAX_VCPUS; i++) {
		m.vc[i]->vcpu->state = VCPU_BLOCKED;
	}
	model_be(0);
	m.burst = 0;
	m.longest = 0;
	m.wakes = 0;
	op();
	assert_in_range(m.wakes, 16, 10000);
	assert_in_range(m.longest, 1, 8);
	model_enter_all();
	model_check();
}

static void sgi_to_others(void)
{
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, BIT(40) | 3 << 24);
}

static void sgi_to_a_cluster(void)
{
	vgicv3_sgir(m.vc[0], VGIC_SGI1R, 2 << 16 | 4 << 24 | 0xffff);
}

static void groups_off(void)
{
	(void)model_access(0, 0, 0, 4, true, 0);
}

static void groups_on(void)
{
	(void)model_access(0, 0, 0, 4, true, 3);
}

static void bank_on(void)
{
	(void)model_access(0, 0, GICD_ICENABLER + 4, 4, true, UINT32_MAX);
	(void)model_access(0, 0, GICD_ISENABLER + 4, 4, true, UINT32_MAX);
}

static void test_few_at_a_time(void **state)
{
	static void (*const ops[])(void) = {
		sgi_to_others, sgi_to_a_cluster, groups_off, groups_on, bank_on,
	};

	(void)state;
	start(3, VGIC_MAX_VCPUS, 4);
	for (unsigned int i = 0; i < VGIC_MAX_VCPUS; i++) {
		model_setup(i, 3, 0x80, true);
		model_setup(i, 4, 0x80, true);
	}
	for (unsigned int i = 32; i < 64; i++) {
		model_setup(0, i, 0x80, true);
		model_route(0, i, i);
		line(i, true);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		few_at_a_time(ops[i]);
	}
	vgic_reset_state(m.vg);
	assert_in_range(m.longest, 1, 8);
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(test_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
