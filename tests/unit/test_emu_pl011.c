/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated PL011, driven as drivers and bare-metal images drive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/serial/pl011.c"
#include "tests/unit/emu_fake.h"

static int setup(void **state)
{
	(void)state;
	fake_config("arm,pl011", 0x1000);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

/* As Linux sets the port up: FIFOs, triggers at one half, enabled. */
static void enable_fifos(void)
{
	wr(PL011_CR, 0);
	wr(PL011_LCR_H, 0x70);
	wr(PL011_CR, CR_UARTEN | CR_TXE | CR_RXE);
}

static void test_identification(void **state)
{
	static const uint8_t ids[] = {
		0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(rd(0xfe0 + 4 * i), ids[i]);
	}
	assert_string_equal(fake_console->name, "serial0");
}

static void test_writes_without_setup(void **state)
{
	(void)state;
	fake_write(PL011_DR, 'h', 1);
	fake_write(PL011_DR, 'i', 2);
	fake_write(PL011_DR, '!', 4);
	assert_int_equal(fake_console->nout, 3);
	assert_memory_equal(fake_console->out, "hi!", 3);
	assert_int_equal(rd(PL011_FR), 0x90 | FR_CTS | FR_DSR | FR_DCD);
}

static void test_registers_keep_their_bits(void **state)
{
	static const struct {
		uint32_t off, mask;
	} regs[] = {
		{ PL011_ILPR, 0xff },  { PL011_IBRD, 0xffff },
		{ PL011_FBRD, 0x3f },  { PL011_LCR_H, 0xff },
		{ PL011_CR, 0xff87 },  { PL011_IFLS, 0x3f },
		{ PL011_IMSC, 0x7ff }, { PL011_DMACR, 0x7 },
	};

	(void)state;
	assert_int_equal(rd(PL011_IFLS), 0x12);
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		wr(regs[i].off, 0xffffffff);
		assert_int_equal(rd(regs[i].off), regs[i].mask);
		wr(regs[i].off, 0);
		assert_int_equal(rd(regs[i].off), 0);
	}
	/* Read only, reserved, and the upper byte lanes of a register. */
	wr(PL011_RIS, 0xffffffff);
	wr(0x0fc, 0xffffffff);
	assert_int_equal(rd(PL011_RIS) & ~INT_MASK, 0);
	assert_int_equal(rd(0x0fc), 0);
	wr(PL011_IBRD, 0x1234);
	assert_int_equal(fake_read(PL011_IBRD + 1, 1), 0x12);
	assert_int_equal(fake_read(PL011_IBRD, 1), 0x34);
	assert_int_equal(fake_read(PL011_IBRD, 2), 0x1234);
}

static void test_transmit_interrupt_is_an_event(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_IMSC, INT_TX);
	/* Enabled with nothing ever sent: no interrupt (DDI0183G 3.4.3). */
	assert_false(fake_line);
	wr(PL011_DR, 'x');
	assert_true(fake_line);
	assert_int_equal(rd(PL011_MIS), INT_TX);
	wr(PL011_ICR, INT_TX);
	assert_false(fake_line);
	assert_int_equal(rd(PL011_RIS), 0);
	wr(PL011_DR, 'y');
	assert_true(fake_line);
	wr(PL011_IMSC, 0);
	assert_false(fake_line);
	assert_int_equal(rd(PL011_RIS), INT_TX);
}

static void test_disabled_transmitter_holds(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_CR, CR_UARTEN);
	for (int i = 0; i < PL011_FIFO; i++) {
		assert_int_equal(rd(PL011_FR) & FR_TXFF, 0);
		wr(PL011_DR, 'a' + (i & 15));
	}
	assert_int_equal(rd(PL011_FR) & (FR_TXFF | FR_TXFE | FR_BUSY),
			 FR_TXFF | FR_BUSY);
	wr(PL011_DR, '!'); /* full: lost */
	assert_int_equal(fake_console->nout, 0);
	wr(PL011_CR, CR_UARTEN | CR_TXE);
	assert_int_equal(fake_console->nout, PL011_FIFO);
	assert_memory_equal(fake_console->out, "abcdefgh", 8);
	assert_int_equal(rd(PL011_FR) & (FR_TXFE | FR_BUSY), FR_TXFE);
	/* Clearing FEN flushes what is held. */
	wr(PL011_CR, 0);
	wr(PL011_DR, 'z');
	wr(PL011_LCR_H, 0x60);
	wr(PL011_CR, CR_UARTEN | CR_TXE);
	assert_int_equal(fake_console->nout, PL011_FIFO);
}

static void test_receive_timeout(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_IMSC, INT_RX | INT_RT);
	fake_type("abc");
	assert_true(fake_line);
	assert_int_equal(rd(PL011_MIS), INT_RT);
	assert_int_equal(rd(PL011_FR) & FR_RXFE, 0);
	assert_int_equal(rd(PL011_DR), 'a');
	assert_int_equal(rd(PL011_DR), 'b');
	assert_true(fake_line);
	assert_int_equal(rd(PL011_DR), 'c');
	assert_false(fake_line);
	assert_int_equal(rd(PL011_FR) & FR_RXFE, FR_RXFE);
	assert_int_equal(rd(PL011_DR), 0);
}

static void test_receive_level(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_IMSC, INT_RX);
	fake_type("0123456789abcde"); /* 15 */
	assert_false(fake_line);
	fake_type("f"); /* 16: one half */
	assert_true(fake_line);
	assert_int_equal(rd(PL011_DR), '0');
	assert_false(fake_line);
	/* One eighth, and without FIFOs a single byte. */
	wr(PL011_IFLS, 0);
	fake_type("g");
	assert_true(fake_line);
}

static void test_without_fifos(void **state)
{
	(void)state;
	wr(PL011_IMSC, INT_RX);
	fake_type("xyz");
	assert_true(fake_line);
	assert_int_equal(rd(PL011_FR) & FR_RXFF, FR_RXFF);
	assert_int_equal(rd(PL011_DR), 'x');
	assert_true(fake_line); /* y has moved up */
	assert_int_equal(rd(PL011_DR), 'y');
	assert_int_equal(rd(PL011_DR), 'z');
	assert_false(fake_line);
}

/* However a driver reads, and whatever it clears before, all input arrives. */
static void test_paste_is_never_lost(void **state)
{
	static char text[1001];
	unsigned int got = 0, interrupts = 0;

	(void)state;
	enable_fifos();
	wr(PL011_IMSC, INT_RX | INT_RT);
	for (unsigned int i = 0; i < 1000; i++) {
		text[i] = (char)('!' + i % 90);
	}
	fake_type(text);
	while (fake_line && interrupts++ < 1000) {
		/* Takes at most 20 bytes for each interrupt. */
		wr(PL011_ICR, rd(PL011_MIS));
		for (int n = 0; n < 20; n++) {
			if (rd(PL011_FR) & FR_RXFE) {
				break;
			}
			assert_int_equal(rd(PL011_DR), text[got++]);
		}
	}
	assert_int_equal(got, 1000);
	assert_int_equal(rd(PL011_RIS) & INT_OE, 0);
	/* Room was filled in batches, not byte by byte. */
	assert_true(fake_console->reads < 150);
}

static void test_receiver_off_leaves_input(void **state)
{
	(void)state;
	wr(PL011_CR, CR_UARTEN | CR_TXE);
	fake_type("abc");
	assert_int_equal(rd(PL011_FR) & FR_RXFE, FR_RXFE);
	wr(PL011_CR, CR_UARTEN | CR_RXE);
	assert_int_equal(rd(PL011_DR), 'a');
}

static void test_loopback(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_CR, CR_UARTEN | CR_TXE | CR_RXE | CR_LBE);
	fake_type("not seen");
	wr(PL011_DR, 'q');
	assert_int_equal(fake_console->nout, 0);
	assert_int_equal(rd(PL011_DR), 'q');
	assert_int_equal(rd(PL011_FR) & FR_RXFE, FR_RXFE);
	/* In loopback, modem outputs are the inputs, and each change
	 * interrupts. */
	wr(PL011_ICR, INT_MASK);
	assert_int_equal(rd(PL011_FR) & (FR_CTS | FR_DSR | FR_DCD | FR_RI), 0);
	wr(PL011_CR, CR_UARTEN | CR_TXE | CR_RXE | CR_LBE | CR_RTS | CR_OUT2);
	assert_int_equal(rd(PL011_FR) & (FR_CTS | FR_DSR | FR_DCD | FR_RI),
			 FR_CTS | FR_RI);
	assert_int_equal(rd(PL011_RIS), INT_CTS | INT_RI);
	wr(PL011_ICR, INT_MASK);
	wr(PL011_CR, CR_UARTEN | CR_TXE | CR_RXE | CR_LBE | CR_DTR | CR_OUT1);
	assert_int_equal(rd(PL011_RIS), INT_CTS | INT_RI | INT_DSR | INT_DCD);
}

static void test_overrun(void **state)
{
	(void)state;
	enable_fifos();
	wr(PL011_CR, CR_UARTEN | CR_TXE | CR_RXE | CR_LBE);
	wr(PL011_IMSC, INT_OE);
	for (int i = 0; i < PL011_FIFO; i++) {
		wr(PL011_DR, 'o');
	}
	assert_int_equal(rd(PL011_FR) & FR_RXFF, FR_RXFF);
	assert_false(fake_line);
	wr(PL011_DR, 'p');
	assert_true(fake_line);
	assert_int_equal(rd(PL011_RSR), RSR_OE);
	assert_int_equal(rd(PL011_DR), 'o' | DR_OE);
	wr(PL011_RSR, 0);
	assert_int_equal(rd(PL011_RSR), 0);
	wr(PL011_DR, 'r'); /* room again */
	assert_int_equal(rd(PL011_DR), 'o');
}

static void test_flow_control(void **state)
{
	uint32_t cr = CR_UARTEN | CR_TXE | CR_RXE | CR_LBE | CR_CTSEN;

	(void)state;
	enable_fifos();
	wr(PL011_CR, cr); /* RTS off, so CTS is off */
	wr(PL011_DR, 'f');
	assert_int_equal(rd(PL011_FR) & (FR_RXFE | FR_BUSY), FR_RXFE | FR_BUSY);
	wr(PL011_CR, cr | CR_RTS);
	assert_int_equal(rd(PL011_DR), 'f');
}

static void test_reset_drops_the_line(void **state)
{
	(void)state;
	wr(PL011_IMSC, INT_TX);
	wr(PL011_DR, 'x');
	assert_true(fake_line);
	emu_device_reset(&fake_dev);
	assert_false(fake_line);
	assert_int_equal(rd(PL011_IMSC), 0);
	assert_int_equal(rd(PL011_CR), CR_UARTEN | CR_TXE | CR_RXE);
}

static void test_sizes(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(fake_access(0, 0, 8, false, &v), -ERR_FAULT);
	assert_int_equal(fake_access(0, 2, 4, false, &v), -ERR_FAULT);
	assert_int_equal(fake_access(0, 0xffe, 4, false, &v), -ERR_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_identification, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_writes_without_setup,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_registers_keep_their_bits,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_transmit_interrupt_is_an_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disabled_transmitter_holds,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive_timeout, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_receive_level, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_fifos, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_paste_is_never_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_receiver_off_leaves_input,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_loopback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overrun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flow_control, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reset_drops_the_line,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
