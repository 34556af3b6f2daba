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
#include "core/device/uart.c"
#include "drivers/serial/ns16550.c"

static void start(uint32_t reg_shift, uint32_t io_width)
{
	fake_reg_shift = reg_shift;
	fake_io_width = io_width;
	fake_gone();
	fake_nrx = 0;
	fake_typed = 0;
	fake_config("ns16550a", 0x100);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "reg-shift", reg_shift),
			 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(ns16550_probe(&fake_device), 0);
	fake_open();
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	assert_int_equal(fake_port->tx_fifo, *fake_compatible ? 1 : NS_FIFO);
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
		fake_tx_ready(NULL);
		(void)fake_interrupts();
		assert_memory_equal(fake_console->out, "out", 3);
		fake_type_next();
		(void)fake_interrupts();
		assert_true(fake_all_received());
		fake_gone();
		assert_true(fake_stop());
	}
}

/* For some compatibles the layout is known; it is used only if the tree does
 * not give it. */
static void test_layout_by_compatible(void **state)
{
	/* Those whose trees leave out reg-shift and reg-io-width; all have a
	 * word for each register. */
	static const char *const words[] = {
		"brcm,bcm2835-aux-uart\0",
		"mediatek,mt6577-uart\0",
		"nvidia,tegra20-uart\0",
		"ti,am654-uart\0",
	};
	uint32_t shift, width;

	(void)state;
	fake_reg_shift = 0;
	fake_io_width = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		fake_compatible = words[i];
		uart_layout(FAKE_NODE, ns16550_layouts, &shift, &width);
		assert_int_equal(shift, 2);
		assert_int_equal(width, 4);
	}
	fake_compatible = "nvidia,tegra210-uart\0nvidia,tegra20-uart\0";
	uart_layout(FAKE_NODE, ns16550_layouts, &shift, &width);
	assert_int_equal(shift, 2);
	assert_int_equal(width, 4);
	fake_io_width = 1;
	uart_layout(FAKE_NODE, ns16550_layouts, &shift, &width);
	assert_int_equal(shift, 2);
	assert_int_equal(width, 1);
	fake_io_width = 0;
	uart_layout(FAKE_NODE, NULL, &shift, &width);
	assert_int_equal(shift, 0);
	fake_compatible = "ns16550a\0";
	uart_layout(FAKE_NODE, ns16550_layouts, &shift, &width);
	assert_int_equal(shift, 0);
	assert_int_equal(width, 1);
	/* The driver has each layout's compatible. */
	for (unsigned int i = 0; ns16550_layouts[i].compatible; i++) {
		const char *const *c = host_ns16550_compatible;

		while (*c && strcmp(*c, ns16550_layouts[i].compatible) != 0) {
			c++;
		}
		assert_non_null(*c);
	}
	fake_compatible = "";
}

/* The Raspberry Pi's small UART: words, and one byte at a time. */
static void test_bcm2835(void **state)
{
	(void)state;
	fake_compatible = "brcm,bcm2835-aux-uart\0";
	start(2, 4);
	assert_int_equal(fake_port->tx_fifo, 1);
	fake_tx = "out";
	fake_tx_ready(NULL);
	(void)fake_interrupts();
	assert_memory_equal(fake_console->out, "out", 3);
	fake_gone();
	assert_true(fake_stop());
	fake_compatible = "";
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
	fake_gone();
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
		fake_gone();
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
	fake_tx_ready(NULL);
	(void)fake_interrupts();
	assert_int_equal(fake_console->nout, sizeof(text) - 1);
	assert_memory_equal(fake_console->out, text, sizeof(text) - 1);
	assert_false(fake_line);
	fake_gone();
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_layout_by_compatible),
		cmocka_unit_test(test_bcm2835),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_no_interrupt_is_lost),
		cmocka_unit_test(test_long_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
