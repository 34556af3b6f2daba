/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's 16550 driver on the emulated 16550A. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/serial/ns16550.c"
#include "tests/unit/uart_fake.h"

#define ns16550_receive host_ns16550_receive
#define ns16550_compatible host_ns16550_compatible
#include "drivers/serial/ns16550.c"
#include "drivers/serial/uart.c"

static void start(uint32_t reg_shift, uint32_t io_width)
{
	fake_reg_shift = reg_shift;
	fake_io_width = io_width;
	fake_port = NULL;
	fake_nrx = 0;
	fake_typed = 0;
	tx_fifo = 1;
	fake_config("ns16550a", 0x100);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "reg-shift", reg_shift),
			 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(ns16550_probe(FAKE_NODE), 0);
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	assert_int_equal(tx_fifo, NS_FIFO);
}

static void test_layouts(void **state)
{
	static const uint32_t layouts[][2] = {
		{ 0, 1 }, { 0, 0 }, { 1, 2 }, { 2, 4 }, { 2, 1 }, { 3, 4 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(layouts); i++) {
		start(layouts[i][0], layouts[i][1]);
		fake_tx = "out";
		hostcon_tx_ready();
		(void)fake_interrupts();
		assert_memory_equal(fake_console->out, "out", 3);
		fake_type_next();
		(void)fake_interrupts();
		assert_true(fake_all_received());
		assert_true(fake_stop());
	}
}

static void test_paste(void **state)
{
	(void)state;
	start(0, 1);
	for (int i = 0; i < 3000; i++) {
		fake_type_next();
		if (i % 11 == 0) {
			(void)fake_interrupts();
		}
	}
	(void)fake_interrupts();
	assert_true(fake_all_received());
	assert_true(fake_stop());
}

static unsigned int countdown, gap;

static void type_sometimes(void)
{
	static bool typing;

	if (!typing && fake_typed < 500 && --countdown == 0) {
		typing = true;
		fake_type_next();
		typing = false;
		countdown = gap;
	}
}

static void test_no_interrupt_is_lost(void **state)
{
	(void)state;
	for (gap = 1; gap <= 12; gap++) {
		start(0, 1);
		countdown = gap;
		fake_meanwhile = type_sometimes;
		while (fake_typed < 500) {
			fake_type_next();
			(void)fake_interrupts();
			assert_true(fake_all_received());
		}
		fake_meanwhile = NULL;
		assert_true(fake_stop());
	}
}

/* More than fits at once goes by interrupts. */
static void test_long_output(void **state)
{
	static const char text[] = "The quick brown fox jumps over the dog.";

	(void)state;
	start(0, 1);
	fake_tx_helping = NS_FIFO;
	fake_tx = text;
	hostcon_tx_ready();
	(void)fake_interrupts();
	assert_int_equal(fake_console->nout, sizeof(text) - 1);
	assert_memory_equal(fake_console->out, text, sizeof(text) - 1);
	assert_false(fake_line);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_no_interrupt_is_lost),
		cmocka_unit_test(test_long_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
