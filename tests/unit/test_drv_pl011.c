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
#include "drivers/serial/pl011.c"
#include "drivers/serial/uart.c"

static int setup(void **state)
{
	(void)state;
	fake_meanwhile = NULL;
	fake_afterwards = NULL;
	fake_port = NULL;
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
	return fake_stop() ? 0 : -1;
}

static void start(void)
{
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
	assert_non_null(fake_port);
	assert_int_equal(fake_port->ops->start(fake_port), 0);
	assert_true(fake_irq_enabled);
}

static void test_probe_enables(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_IMSC, 0x7ff);
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
	assert_int_equal(rd(PL011_CR) & 0x301, 0x301);
	assert_int_equal(rd(PL011_LCR_H), 0x70);
	assert_int_equal(rd(PL011_IMSC), 0);
	assert_false(fake_irq_enabled);
	/* Another port is left for others. */
	assert_int_equal(pl011_probe(FAKE_NODE), -ERR_NOSUPP);
	fake_port = NULL;
	fake_stdout = FAKE_NODE + 1;
	assert_int_equal(pl011_probe(FAKE_NODE), -ERR_NOSUPP);
	fake_stdout = -1;
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
	fake_stdout = FAKE_NODE;
}

static void test_firmware_settings_stay(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_LCR_H, 0x52);			/* 7 bits, parity, FIFOs */
	wr(PL011_CR, 0x301);
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
	assert_int_equal(rd(PL011_LCR_H), 0x52);
	assert_int_equal(rd(PL011_CR), 0x301);
}

/* The SBSA's subset has no registers for it; what is a PL011 as well has. */
static void test_sbsa(void **state)
{
	(void)state;
	wr(PL011_CR, 0);
	wr(PL011_LCR_H, 0);
	fake_compatible = "arm,sbsa-uart\0";
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
	assert_int_equal(rd(PL011_CR), 0);
	assert_int_equal(rd(PL011_LCR_H), 0);
	fake_port = NULL;
	fake_compatible = "arm,pl011\0arm,sbsa-uart\0";
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
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
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
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

/* The handler does not overtake what is taken at the start. */
static void test_typed_while_starting(void **state)
{
	(void)state;
	assert_int_equal(pl011_probe(FAKE_NODE), 0);
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

/* A byte that comes between any two accesses of the handler: when the
 * handler is done and the line is low, nothing is left behind. */
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

/* Some parts assert the time-out with nothing to read; and a byte may come
 * just when that is cleared. */
static void test_time_out_without_data(void **state)
{
	struct pl011 *p = fake_dev.state;

	(void)state;
	start();
	for (gap = 1; gap <= 8; gap++) {
		fake_nrx = 0;
		fake_typed = 0;
		p->regs.ris |= INT_RT;
		(void)rd(PL011_RIS);		/* lets it drive the line */
		assert_true(fake_line);
		countdown = gap;
		fake_meanwhile = type_sometimes;
		assert_in_range(fake_interrupts(), 1, 4);
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

/* The FIFO, filled by the handler, runs empty before the handler is done. */
static void test_no_transmit_interrupt_is_lost(void **state)
{
	(void)state;
	start();
	for (gap = 1; gap <= 80; gap++) {
		wr(PL011_DR, '.');		/* raises the interrupt */
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
	hostcon_tx_ready();
	(void)fake_interrupts();
	assert_memory_equal(fake_console->out, "hello, world", 12);
	assert_int_equal(rd(PL011_IMSC) & INT_TX, 0);
	/* A full FIFO takes no more, and tells when it has room. */
	wr(PL011_CR, CR_UARTEN | CR_RXE);
	fake_tx = "0123456789abcdef0123456789abcdefXYZ";
	hostcon_tx_ready();
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
