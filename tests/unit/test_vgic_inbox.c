/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GIC: edges of SPIs whose list register is written again, here or
 * by the inbox of the VCPU that has it on another CPU; and what comes between.
 */
#include "vgic_case.h"

#define SPI 40
#define BIT_OF_SPI (1U << SPI % 32)

static const unsigned int versions[] = { 2, 3 };
static unsigned int lrs = 4;

/* The SPI has been taken by VCPU 1, on CPU 1, and ended; we are on CPU 0. */
static void ended_on_cpu_1(unsigned int version)
{
	start(version, 3, lrs);
	model_setup(0, SPI, 0x80, true);
	model_route(0, SPI, 1);
	line(SPI, true);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_eoi(1, SPI);
	model_be(0);
	m.cpu[1].lr_writes = 0;
	m.wakes = 0;
}

static void ring(void)
{
	line(SPI, true);
	assert_int_equal(m.vc[1]->spi_inbox, 1U << m.vg->spis[SPI - 32].lr);
	assert_true(m.vc[1]->flush);
	assert_true(m.kicked[1]);
}

/* One list register is written, once, and none is read back. */
static void test_remote_edge(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(versions); i++) {
		uint32_t reads;

		ended_on_cpu_1(versions[i]);
		reads = m.vc[1]->lr_reads;
		for (unsigned int n = 1; n <= 3; n++) {
			ring();
			model_enter_all();
			assert_int_equal(m.vc[1]->spi_inbox, 0);
			assert_int_equal(m.cpu[1].lr_writes, n);
			assert_int_equal(m.wakes, n);
			assert_int_equal(model_ack(1), SPI);
			model_eoi(1, SPI);
			model_be(0);
		}
		assert_int_equal(model_ack(1), 1023);
		assert_int_equal(m.vc[1]->lr_reads, reads);
		model_check();
		model_fini();
	}
}

/* The same where the VCPU is loaded on this CPU. */
static void test_edge_here(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(versions); i++) {
		ended_on_cpu_1(versions[i]);
		model_be(1);
		line(SPI, true);
		assert_int_equal(m.vc[1]->spi_inbox, 0);
		assert_false(m.vc[1]->flush);
		assert_int_equal(m.cpu[1].lr_writes, 1);
		assert_int_equal(model_ack(1), SPI);
		/* Active: it stays so, and an edge is not lost. */
		line(SPI, true);
		assert_int_equal(model_read_bits(1, 1, GICD_ISACTIVER, SPI),
				 BIT_OF_SPI);
		model_eoi(1, SPI);
		model_enter_all();
		assert_int_equal(model_ack(1), SPI);
		model_check();
		model_fini();
	}
}

/* While it is active, and while it is pending, where it counts once. */
static void test_edge_while_active(void **state)
{
	(void)state;
	ended_on_cpu_1(3);
	ring();
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_be(0);
	ring();
	model_enter_all();
	assert_int_equal(model_read_bits(0, 0, GICD_ISACTIVER, SPI),
			 BIT_OF_SPI);
	model_eoi(1, SPI);
	model_enter_all();
	line(SPI, true);
	assert_int_equal(model_ack(1), SPI);
	model_be(0);
	line(SPI, true);
	line(SPI, true);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	model_eoi(1, SPI);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_eoi(1, SPI);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	model_check();
	model_fini();
}

/* Before the other CPU has looked, it is pending, and ICPENDR clears it. */
static void test_clear(void **state)
{
	(void)state;
	ended_on_cpu_1(3);
	ring();
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, SPI), BIT_OF_SPI);
	model_write_bits(0, 0, GICD_ICPENDR, SPI, BIT_OF_SPI);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	line(SPI, true);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_eoi(1, SPI);
	model_be(0);
	ring();
	model_write_bits(0, 0, GICD_ICPENDR, SPI, BIT_OF_SPI);
	assert_int_equal(m.vc[1]->spi_inbox, 0);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	/* Another edge, after that. */
	line(SPI, true);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_check();
	model_fini();
}

static void disable(void)
{
	model_write_bits(0, 0, GICD_ICENABLER, SPI, BIT_OF_SPI);
}

static void lower_priority(void)
{
	model_write_byte(0, 0, GICD_IPRIORITYR, SPI, 0x90);
}

/* What is changed before the other CPU has looked counts for it. */
static void test_changes(void **state)
{
	static void (*const changes[])(void) = { disable, lower_priority };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(changes); i++) {
		ended_on_cpu_1(3);
		ring();
		changes[i]();
		model_enter_all();
		assert_int_equal(m.vc[1]->spi_inbox, 0);
		if (changes[i] == disable) {
			assert_int_equal(model_ack(1), 1023);
			model_write_bits(0, 0, GICD_ISENABLER, SPI, BIT_OF_SPI);
			model_enter_all();
		}
		assert_int_equal(model_ack(1), SPI);
		model_check();
		model_fini();
	}
}

/* Changed on its own CPU while it is active: the next edge has what is new. */
static void test_priority_while_active(void **state)
{
	(void)state;
	ended_on_cpu_1(3);
	model_be(1);
	line(SPI, true);
	assert_int_equal(model_ack(1), SPI);
	model_write_byte(1, 1, GICD_IPRIORITYR, SPI, 0x40);
	model_eoi(1, SPI);
	line(SPI, true);
	model_enter_all();
	assert_int_equal(model_lr(&m.cpu[1], m.vg->spis[SPI - 32].lr).prio,
			 0x40);
	assert_int_equal(model_ack(1), SPI);
	model_check();
	model_fini();
}

static void test_route(void **state)
{
	(void)state;
	ended_on_cpu_1(3);
	ring();
	model_route(0, SPI, 2);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	assert_int_equal(model_ack(2), SPI);
	model_check();
	model_fini();
}

/* The VCPU leaves its CPU before it has looked. */
static void test_switched_out(void **state)
{
	(void)state;
	ended_on_cpu_1(2);
	ring();
	model_unload(1);
	assert_true(vgic_cpuif_has_pending(m.vc[1]));
	model_load(3, 1);
	assert_int_equal(model_ack(3), SPI);
	model_check();
	model_fini();
}

/* The only list register goes to another SPI meanwhile: each is taken. */
static void test_list_register_of_another(void **state)
{
	(void)state;
	lrs = 1;
	ended_on_cpu_1(3);
	lrs = 4;
	model_setup(0, SPI + 1, 0x40, true);
	model_route(0, SPI + 1, 1);
	ring();
	model_be(1);
	line(SPI + 1, true);
	assert_int_equal(m.vc[1]->lr_intid[0], SPI + 1);
	assert_int_equal(m.vc[1]->spi_inbox, 0);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI + 1);
	model_eoi(1, SPI + 1);
	model_enter_all();
	assert_int_equal(model_ack(1), SPI);
	model_eoi(1, SPI);
	model_enter_all();
	assert_int_equal(model_ack(1), 1023);
	model_check();
	model_fini();
}

/* A reset forgets it. */
static void test_reset(void **state)
{
	(void)state;
	ended_on_cpu_1(3);
	ring();
	vgic_reset_state(m.vg);
	assert_int_equal(m.vc[1]->spi_inbox, 0);
	model_enter_all();
	assert_int_equal(model_read_bits(0, 0, GICD_ISPENDR, SPI), 0);
	model_check();
	model_fini();
}

/* A level is looked at again at its end, and does not go that way. */
static void test_level(void **state)
{
	(void)state;
	start(3, 3, 4);
	model_setup(0, SPI, 0x80, false);
	model_route(0, SPI, 1);
	for (unsigned int n = 0; n < 2; n++) {
		model_be(0);
		line(SPI, true);
		assert_int_equal(m.vc[1]->spi_inbox, 0);
		model_enter_all();
		assert_int_equal(model_ack(1), SPI);
		model_eoi(1, SPI);
		model_enter_all();
		assert_int_equal(model_ack(1), SPI);
		model_be(0);
		line(SPI, false);
		model_eoi(1, SPI);
		model_enter_all();
		assert_int_equal(model_ack(1), 1023);
	}
	model_check();
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remote_edge),
		cmocka_unit_test(test_edge_here),
		cmocka_unit_test(test_edge_while_active),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_priority_while_active),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_switched_out),
		cmocka_unit_test(test_list_register_of_another),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
