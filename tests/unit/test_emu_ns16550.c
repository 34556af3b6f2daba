/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated 16550A, driven as drivers drive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/serial/ns16550.c"
#include "tests/unit/emu_fake.h"

static int setup(void **state)
{
	(void)state;
	fake_config("ns16550a", 8);
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static uint8_t in(unsigned int reg)
{
	return (uint8_t)fake_read(reg, 1);
}

static void put(unsigned int reg, uint8_t v)
{
	fake_write(reg, v, 1);
}

static void test_power_on(void **state)
{
	(void)state;
	assert_int_equal(in(NS_IER), 0);
	assert_int_equal(in(NS_IIR), IIR_NONE);
	assert_int_equal(in(NS_LSR), LSR_THRE | LSR_TEMT);
	assert_int_equal(in(NS_MSR), MSR_CTS | MSR_DSR | MSR_DCD);
	assert_false(fake_line);
}

/* How Linux tells a 16550A from its relatives. */
static void test_probing(void **state)
{
	(void)state;
	put(NS_SCR, 0x5a);
	assert_int_equal(in(NS_SCR), 0x5a);
	put(NS_IER, 0xff);
	assert_int_equal(in(NS_IER), 0x0f); /* no XScale */
	put(NS_IER, 0);
	(void)in(NS_IIR);
	put(NS_IIR, 0x01);
	assert_int_equal(in(NS_IIR) >> 6, 3);
	put(NS_LCR, LCR_DLAB);
	put(NS_IIR, 0x21); /* 16750's 64 bytes */
	assert_int_equal(in(NS_IIR) >> 5, 6);
	put(NS_RBR, 0x34);
	put(NS_IER, 0x12);
	assert_int_equal(in(NS_RBR), 0x34);
	assert_int_equal(in(NS_IER), 0x12);
	put(NS_LCR, 3);
	assert_int_equal(in(NS_IER), 0);
	put(NS_IIR, 0);
	assert_int_equal(in(NS_IIR) >> 6, 0);
	put(NS_MCR, 0xff);
	assert_int_equal(in(NS_MCR), MCR_MASK);
}

static void test_transmit(void **state)
{
	(void)state;
	put(NS_RBR, 'A');
	assert_memory_equal(fake_console->out, "A", 1);
	assert_false(fake_line);
	put(NS_IER, IER_THRE);
	assert_true(fake_line);
	assert_int_equal(in(NS_IIR), IIR_THRE);
	assert_false(fake_line); /* reading IIR has cleared it */
	assert_int_equal(in(NS_IIR), IIR_NONE);
	put(NS_RBR, 'B');
	assert_true(fake_line);
	/* Masked and enabled again: the transmitter is still empty. */
	(void)in(NS_IIR);
	put(NS_IER, 0);
	put(NS_IER, IER_THRE);
	assert_true(fake_line);
	assert_int_equal(fake_console->nout, 2);
}

static void test_receive_without_fifo(void **state)
{
	(void)state;
	put(NS_IER, IER_RDA);
	fake_type("ab");
	assert_int_equal(in(NS_IIR), IIR_RDA);
	assert_int_equal(in(NS_LSR)&LSR_DR, LSR_DR);
	assert_int_equal(in(NS_RBR), 'a');
	assert_true(fake_line);
	assert_int_equal(in(NS_RBR), 'b');
	assert_false(fake_line);
	assert_int_equal(in(NS_RBR), 0);
}

static void test_fifo_trigger_and_timeout(void **state)
{
	(void)state;
	put(NS_IIR, FCR_ENABLE | 0x80); /* 8 */
	put(NS_IER, IER_RDA);
	fake_type("1234567");
	assert_int_equal(in(NS_IIR), IIR_TIMEOUT | IIR_FIFOS);
	fake_type("8");
	assert_int_equal(in(NS_IIR), IIR_RDA | IIR_FIFOS);
	for (int i = 1; i <= 8; i++) {
		assert_int_equal(in(NS_RBR), '0' + i);
		assert_int_equal(fake_line, i < 8);
	}
	/* Resetting the receiver drops what is in the FIFO. */
	fake_type("xyz");
	put(NS_IIR, FCR_ENABLE | FCR_RX_RESET | 0x80);
	assert_false(fake_line);
	assert_int_equal(in(NS_LSR)&LSR_DR, 0);
	/* So does turning the FIFO off. */
	fake_type("xyz");
	assert_int_equal(in(NS_LSR)&LSR_DR, LSR_DR);
	put(NS_IIR, 0);
	assert_int_equal(in(NS_LSR)&LSR_DR, 0);
}

static void test_paste_is_never_lost(void **state)
{
	static char text[1001];
	unsigned int got = 0, interrupts = 0;

	(void)state;
	put(NS_IIR, FCR_ENABLE | 0xc0); /* 14 */
	put(NS_IER, IER_RDA);
	for (unsigned int i = 0; i < 1000; i++) {
		text[i] = (char)('!' + i % 90);
	}
	fake_type(text);
	while (fake_line && interrupts++ < 1000) {
		for (int n = 0; n < 9 && (in(NS_LSR)&LSR_DR); n++) {
			assert_int_equal(in(NS_RBR), text[got++]);
		}
	}
	assert_int_equal(got, 1000);
}

static void test_priorities(void **state)
{
	(void)state;
	put(NS_IIR, FCR_ENABLE);
	put(NS_MCR, MCR_LOOP | MCR_RTS);
	put(NS_IER, 0x0f);
	for (int i = 0; i < NS_FIFO + 1; i++) {
		put(NS_RBR, 'x');
	}
	assert_int_equal(in(NS_IIR)&0xf, IIR_LINE);
	assert_int_equal(in(NS_LSR)&LSR_OE, LSR_OE);
	assert_int_equal(in(NS_LSR)&LSR_OE, 0);
	assert_int_equal(in(NS_IIR)&0xf, IIR_RDA);
	for (int i = 0; i < NS_FIFO; i++) {
		assert_int_equal(in(NS_RBR), 'x');
	}
	assert_int_equal(in(NS_IIR)&0xf, IIR_THRE);
	assert_int_equal(in(NS_IIR)&0xf, IIR_MODEM);
	assert_int_not_equal(in(NS_MSR)&0xf, 0);
	assert_int_equal(in(NS_IIR)&0xf, IIR_NONE);
	assert_int_equal(fake_console->nout, 0);
}

static void test_loopback_modem_lines(void **state)
{
	(void)state;
	put(NS_MCR, MCR_LOOP | 0x0f);
	assert_int_equal(in(NS_MSR) >> 4, 0xf);
	put(NS_MCR, MCR_LOOP | MCR_OUT1 | MCR_DTR);
	assert_int_equal(in(NS_MSR), MSR_RI | MSR_DSR | 0x9);
	put(NS_MCR, MCR_LOOP); /* RI falls: TERI */
	assert_int_equal(in(NS_MSR), 0x2 | MSR_TERI);
	put(NS_MCR, MCR_LOOP | MCR_OUT1); /* RI rises: nothing */
	assert_int_equal(in(NS_MSR), MSR_RI);
}

static void test_register_shift(void **state)
{
	(void)state;
	fake_config("ns16550a", 0x100);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "reg-shift", 2), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	wr(NS_SCR << 2, 0x12345678);
	assert_int_equal(rd(NS_SCR << 2), 0x78);
	assert_int_equal(rd(NS_LSR << 2), LSR_THRE | LSR_TEMT);
	assert_int_equal(rd(0x80), 0);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_probing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transmit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive_without_fifo,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_trigger_and_timeout,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_paste_is_never_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_priorities, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_loopback_modem_lines,
						setup, teardown),
		cmocka_unit_test(test_register_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
