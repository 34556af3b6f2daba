/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's Cadence UART driver on a model of its registers (UG585 B.33). What
 * the manual leaves open is modelled both ways: status bits that follow the
 * FIFO's level, as in QEMU, and status bits that only an event sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define ARCH_MMIO_H /* instead of <arch/mmio.h>: the model */

#include <libs/types.h>

#define FIFO_SIZE 64

static uint8_t model_regs[0x100]; /* for their address */
static bool level;                /* how status bits behave */
static uint32_t model_cr, model_imr, model_isr, model_rxwm, model_rxtout;
static uint8_t rx_fifo[FIFO_SIZE];
static size_t rx_used, tx_used;
static bool idle_counting; /* the time-out comes when the line becomes idle */
static char sent[4096];
static size_t nsent;
static void (*meanwhile)(void); /* before each access */

static void model_update(void)
{
	if (level) {
		model_isr |= (rx_used >= model_rxwm ? 1U : 0) |
			     (tx_used == 0 ? 8U : 0);
	}
}

static void model_receive(uint8_t c)
{
	assert_true(rx_used < FIFO_SIZE);
	rx_fifo[rx_used++] = c;
	if (rx_used == model_rxwm) {
		model_isr |= 1;
	}
	idle_counting = true;
	model_update();
}

static void model_idle(void)
{
	if (idle_counting && model_rxtout) {
		model_isr |= 0x100;
		idle_counting = false;
	}
}

static void model_drain(void)
{
	if (tx_used > 0) {
		tx_used = 0;
		model_isr |= 8;
	}
}

static uint32_t model_read_fifo(void)
{
	uint8_t c = rx_fifo[0];

	assert_true(rx_used > 0);
	rx_used--;
	memmove(rx_fifo, rx_fifo + 1, rx_used);
	return c;
}

static inline uint32_t mmio_read32(volatile void *reg)
{
	if (meanwhile) {
		meanwhile();
	}
	switch ((volatile uint8_t *)reg - model_regs) {
	case 0x00:
		return model_cr;
	case 0x10:
		return model_imr;
	case 0x14:
		return model_isr;
	case 0x2c:
		return (rx_used == 0 ? 2U : 0) | (tx_used == 0 ? 8U : 0) |
		       (tx_used == FIFO_SIZE ? 16U : 0);
	case 0x30:
		return model_read_fifo();
	default:
		fail();
		return 0;
	}
}

static void model_control(uint32_t v)
{
	if (v & 1) {
		rx_used = 0;
	}
	if (v & 2) {
		tx_used = 0;
	}
	if (v & 0x40) {
		idle_counting = true;
	}
	model_cr = v & ~0x43U;
}

static inline void mmio_write32(volatile void *reg, uint32_t v)
{
	if (meanwhile) {
		meanwhile();
	}
	switch ((volatile uint8_t *)reg - model_regs) {
	case 0x00:
		model_control(v);
		break;
	case 0x08:
		model_imr |= v;
		break;
	case 0x0c:
		model_imr &= ~v;
		break;
	case 0x14:
		model_isr &= ~v;
		break;
	case 0x1c:
		model_rxtout = v;
		break;
	case 0x20:
		model_rxwm = v;
		break;
	case 0x30:
		/* Nothing is sent while the transmitter is off. */
		assert_true(tx_used < FIFO_SIZE && nsent < sizeof(sent) - 1);
		assert_int_equal(model_cr & 0x3c, 0x14);
		sent[nsent++] = (char)v;
		tx_used++;
		break;
	default:
		fail();
	}
	model_update();
}

#include "drivers/serial/cadence.c"

static struct uart port;
static bool irq_on;
static size_t wanted; /* bytes that the client accepts */
static char received[8192];
static size_t nreceived, ntyped;
static const char *to_send = "";

int uart_probe(struct device *dev, const struct uart_ops *ops,
	       void (*handler)(unsigned int irq, void *uart))
{
	assert_ptr_equal(handler, cadence_irq);
	port = (struct uart){ .dev = dev, .ops = ops, .regs = model_regs };
	return 0;
}

void uart_remove(struct device *dev)
{
	(void)dev;
}

int uart_irq_enable(struct uart *u)
{
	assert_ptr_equal(u, &port);
	irq_on = true;
	return 0;
}

static bool client_rx(void *arg, uint8_t c)
{
	(void)arg;
	assert_true(nreceived < sizeof(received));
	received[nreceived++] = (char)c;
	if (wanted == 0 || --wanted == 0) {
		port.ops->rx_irq(&port, false);
		return false;
	}
	return true;
}

static void client_tx_ready(void *arg)
{
	(void)arg;
	while (*to_send && port.ops->putc(&port, (uint8_t)*to_send)) {
		to_send++;
	}
	port.ops->tx_irq(&port, *to_send != '\0');
}

static const struct uart_client client = {
	.rx = client_rx,
	.tx_ready = client_tx_ready,
};

static void interrupts(void)
{
	for (int n = 0; irq_on && (model_imr & model_isr); n++) {
		assert_true(n < 1000);
		cadence_irq(0, &port);
	}
}

static void type_next(void)
{
	model_receive((uint8_t)('!' + ntyped++ % 89));
}

static void check_received(void)
{
	assert_int_equal(nreceived, ntyped);
	for (size_t i = 0; i < nreceived; i++) {
		assert_int_equal(received[i], '!' + i % 89);
	}
}

static void start(bool with_level)
{
	static struct device dev = { .name = "uart" };

	level = with_level;
	meanwhile = NULL;
	to_send = "";
	nsent = nreceived = ntyped = rx_used = tx_used = 0;
	memset(sent, 0, sizeof(sent));
	irq_on = false;
	wanted = SIZE_MAX;
	idle_counting = false;
	model_cr = 0x128; /* after reset: all off */
	model_imr = 0x1fff;
	model_isr = 0;
	model_rxwm = 32;
	model_rxtout = 0;
	assert_int_equal(cadence_probe(&dev), 0);
	/* Not touched before it is opened. */
	assert_int_equal(model_cr, 0x128);
	port.client = &client;
	port.ops->open(&port);
	assert_int_equal(model_imr, 0);
	assert_int_equal(model_cr, 0x14);
	assert_int_equal(port.ops->start(&port), 0);
	interrupts();
}

static void test_receive(void **state)
{
	for (int with = 0; with < 2; with++) {
		(void)state;
		start(with);
		for (int i = 0; i < 5; i++) {
			type_next();
		}
		model_idle();
		interrupts();
		check_received();
		for (int i = 0; i < 1000; i++) {
			type_next();
			if (i % 40 == 0) {
				interrupts();
			}
		}
		model_idle();
		interrupts();
		check_received();
	}
}

/* Bytes that the client refuses stay in the port, and come when it accepts
 * them, although nothing more is typed. */
static void test_receive_paused(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++) {
		start(with);
		wanted = 3;
		for (int i = 0; i < 50; i++) {
			type_next();
		}
		model_idle();
		interrupts();
		assert_int_equal(nreceived, 3);
		wanted = SIZE_MAX;
		port.ops->rx_irq(&port, true);
		model_idle();
		interrupts();
		check_received();
	}
}

static unsigned int countdown, gap;

static void type_sometimes(void)
{
	if (ntyped < 500 && rx_used < FIFO_SIZE && --countdown == 0) {
		countdown = gap;
		type_next();
		model_idle();
	}
}

/* A byte arrives, and then the line's time-out, between any two accesses of the
 * handler. */
static void test_no_interrupt_is_lost(void **state)
{
	(void)state;
	for (gap = 1; gap <= 24; gap++) {
		start(gap % 2);
		countdown = gap;
		meanwhile = type_sometimes;
		while (ntyped < 500) {
			if (rx_used < FIFO_SIZE) {
				type_next();
				model_idle();
			}
			interrupts();
			assert_int_equal(rx_used, 0);
		}
		meanwhile = NULL;
		interrupts();
		check_received();
	}
}

static void drain_later(void)
{
	if (--countdown == 0) {
		model_drain();
	}
}

/* The FIFO, which the handler fills, is empty again before the handler
 * returns. */
static void test_send(void **state)
{
	static char text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (gap = 1; gap <= 200; gap++) {
		start(gap % 2);
		to_send = text;
		client_tx_ready(NULL);
		countdown = gap;
		meanwhile = drain_later;
		for (int i = 0; i < 12; i++) {
			model_drain();
			interrupts();
		}
		meanwhile = NULL;
		assert_string_equal(sent, text);
		assert_int_equal(model_imr & IXR_TX_EMPTY, 0);
	}
}

/* Without firmware the port is off; with it, nothing is reset. */
static void test_early(void **state)
{
	(void)state;
	start(true);
	model_cr = 0x128;
	cadence_early_putc(model_regs, 0, 'h');
	model_receive('t');
	cadence_early_putc(model_regs, 0, 'i');
	assert_string_equal(sent, "hi");
	assert_int_equal(rx_used, 1);
	assert_int_equal(tx_used, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_receive_paused),
		cmocka_unit_test(test_no_interrupt_is_lost),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
