/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's PL011 driver on the emulated PL011. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/serial/pl011.c"
#include "tests/unit/uart_fake.h"

#define pl011_receive host_pl011_receive
#define pl011_compatible host_pl011_compatible
#include "core/device/uart.c"
#include "drivers/serial/pl011.c"

static int setup(void **state)
{
	(void)state;
	fake_meanwhile = NULL;
	fake_afterwards = NULL;
	fake_gone();
	fake_nrx = 0;
	fake_typed = 0;
	fake_irq_enabled = false;
	fake_compatible = "arm,pl011\0";
	fake_config("arm,pl011", 0x1000);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	fake_meanwhile = NULL;
	fake_afterwards = NULL;
	fake_gone();
	return fake_stop() ? 0 : -1;
}

static void start(void)
{
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	assert_true(fake_irq_enabled);
}

static void test_probe_enables(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_IMSC, 0x7ff);
	/* It is not touched before it is opened, as others may use it. */
	assert_int_equal(pl011_probe(&fake_device), 0);
	assert_int_equal(rd(PL011_CR), 0);
	assert_int_equal(rd(PL011_IMSC), 0x7ff);
	fake_open();
	assert_int_equal(rd(PL011_CR) & 0x301, 0x301);
	assert_int_equal(rd(PL011_LCR_H), 0x70);
	assert_int_equal(rd(PL011_IMSC), 0);
	assert_false(fake_irq_enabled);
	assert_int_equal(uart_open(fake_port, "other", &fake_client, NULL),
			 -ERR_BUSY);
	assert_ptr_equal(uart_find("uart"), fake_port);
	assert_ptr_equal(uart_nth(0, FAKE_NODE), fake_port);
	uart_put(fake_port);
	uart_put(fake_port);
	assert_null(uart_nth(0, FAKE_NODE + 1));
	assert_null(uart_nth(1, -1));
}

static void test_firmware_settings_stay(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_LCR_H, 0x52); /* 7 bits, parity, FIFOs */
	wr(PL011_CR, 0x301);
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	assert_int_equal(rd(PL011_LCR_H), 0x52);
	assert_int_equal(rd(PL011_CR), 0x301);
}

/* The SBSA's subset does not have these registers, unless it is a PL011 too. */
static void test_sbsa(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_LCR_H, 0);
	fake_compatible = "arm,sbsa-uart\0";
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	assert_int_equal(rd(PL011_CR), 0);
	assert_int_equal(rd(PL011_LCR_H), 0);
	fake_gone();
	fake_compatible = "arm,pl011\0arm,sbsa-uart\0";
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	assert_int_equal(rd(PL011_CR) & 0x301, 0x301);
	assert_int_equal(rd(PL011_LCR_H), 0x70);
}

static void test_paste(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 3000; i++) {
		fake_type_next();
		if (i % 7 == 0) {
			(void)fake_interrupts();
		}
	}
	(void)fake_interrupts();
	assert_true(fake_all_received());
}

static void test_typed_before_start(void **state)
{
	(void)state;
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	for (int i = 0; i < 100; i++) {
		fake_type_next();
	}
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	(void)fake_interrupts();
	assert_true(fake_all_received());
}

/* A byte that comes, and its interrupt, as soon as one is read. */
static void type_and_interrupt(void)
{
	static bool inside;

	if (!inside) {
		inside = true;
		if (fake_typed < 50) {
			fake_type_next();
		}
		(void)fake_interrupts();
		inside = false;
	}
}

/* The handler does not overtake bytes that are read at the start. */
static void test_typed_while_starting(void **state)
{
	(void)state;
	assert_int_equal(pl011_probe(&fake_device), 0);
	fake_open();
	fake_type_next();
	fake_afterwards = type_and_interrupt;
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	fake_afterwards = NULL;
	(void)fake_interrupts();
	assert_true(fake_all_received());
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

/* A byte arrives between any two accesses of the handler: when the handler has
 * returned and the line is low, nothing is left in the port. */
static void test_no_interrupt_is_lost(void **state)
{
	(void)state;
	start();
	for (gap = 1; gap <= 12; gap++) {
		fake_nrx = 0;
		fake_typed = 0;
		countdown = gap;
		fake_meanwhile = type_sometimes;
		while (fake_typed < 500) {
			fake_type_next();
			(void)fake_interrupts();
			assert_true(fake_all_received());
		}
		fake_meanwhile = NULL;
	}
}

/* Some parts assert the time-out with nothing to read, and a byte may arrive
 * just when it is cleared. */
static void test_time_out_without_data(void **state)
{
	struct pl011 *p = fake_dev.state;
	unsigned int n;

	(void)state;
	start();
	for (gap = 1; gap <= 8; gap++) {
		fake_nrx = 0;
		fake_typed = 0;
		p->regs.ris |= INT_RT;
		(void)rd(PL011_RIS); /* updates the line */
		assert_true(fake_line);
		countdown = gap;
		fake_meanwhile = type_sometimes;
		n = fake_interrupts();
		assert_in_range(n, 1, 4 + fake_typed / UART_RX_BATCH);
		fake_meanwhile = NULL;
		assert_false(fake_line);
		assert_true(fake_all_received());
	}
}

static void transmitter_goes_on(void)
{
	if (--countdown == 0) {
		fake_meanwhile = NULL;
		wr(PL011_CR, CR_UARTEN | CR_RXE | CR_TXE);
	}
}

/* The FIFO, which the handler fills, is empty again before the handler
 * returns. */
static void test_no_transmit_interrupt_is_lost(void **state)
{
	(void)state;
	start();
	for (gap = 1; gap <= 80; gap++) {
		wr(PL011_DR, '.'); /* raises the interrupt */
		wr(PL011_CR, CR_UARTEN | CR_RXE);
		fake_tx = "0123456789abcdef0123456789abcdefXYZ";
		fake_port->ops->tx_irq(fake_port, true);
		countdown = gap;
		fake_meanwhile = transmitter_goes_on;
		(void)fake_interrupts();
		fake_meanwhile = NULL;
		wr(PL011_CR, CR_UARTEN | CR_RXE | CR_TXE);
		(void)fake_interrupts();
		assert_string_equal(fake_tx, "");
	}
}

static void test_output(void **state)
{
	(void)state;
	start();
	fake_tx = "hello, world";
	fake_tx_ready(NULL);
	(void)fake_interrupts();
	assert_memory_equal(fake_console->out, "hello, world", 12);
	assert_int_equal(rd(PL011_IMSC) & INT_TX, 0);
	/* A full FIFO accepts no more, and interrupts when it has room. */
	wr(PL011_CR, CR_UARTEN | CR_RXE);
	fake_tx = "0123456789abcdef0123456789abcdefXYZ";
	fake_tx_ready(NULL);
	assert_string_equal(fake_tx, "XYZ");
	wr(PL011_CR, CR_UARTEN | CR_RXE | CR_TXE);
	assert_true(fake_line);
	(void)fake_interrupts();
	assert_string_equal(fake_tx, "");
	assert_int_equal(fake_console->nout, 12 + 32 + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_probe_enables, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_firmware_settings_stay,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_sbsa, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paste, setup, teardown),
		cmocka_unit_test_setup_teardown(test_typed_before_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_typed_while_starting,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_interrupt_is_lost,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_out_without_data,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_transmit_interrupt_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
