/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UART driver of docs/howto/add-a-uart-driver.md, on a model of its
 * registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define ARCH_MMIO_H /* instead of <arch/mmio.h>: the model */

#include <libs/types.h>

static uint8_t model_regs[16]; /* for their address */
static const char *typed;      /* input that waits to be received */
static char sent[256];
static size_t nsent, room;
static uint32_t model_enable, model_pending;

static inline uint32_t mmio_read32(volatile void *reg)
{
	switch ((volatile uint8_t *)reg - model_regs) {
	case 0x0:
		assert_true(*typed);
		return (uint8_t)*typed++;
	case 0x4:
		return (*typed ? 1 : 0) | (room == 0 ? 2 : 0);
	case 0x8:
		return model_enable;
	default:
		return (*typed ? 1 : 0) | model_pending;
	}
}

static inline void mmio_write32(volatile void *reg, uint32_t v)
{
	switch ((volatile uint8_t *)reg - model_regs) {
	case 0x0:
		assert_true(room > 0 && nsent < sizeof(sent) - 1);
		sent[nsent++] = (char)v;
		room--;
		break;
	case 0x8:
		model_enable = v;
		break;
	case 0xc:
		model_pending &= ~v;
		break;
	default:
		fail();
	}
}

#include "docs/howto/examples/lineuart.c"

static struct uart port;
static bool irq_on, wanted = true;
static char received[64];
static size_t nreceived;
static const char *to_send = "";

int uart_probe(struct device *dev, const struct uart_ops *ops,
	       void (*handler)(unsigned int irq, void *uart))
{
	assert_ptr_equal(handler, line_irq);
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
	received[nreceived++] = (char)c;
	if (!wanted) {
		port.ops->rx_irq(&port, false);
	}
	return wanted;
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

/* Handle interrupts while the line is high. */
static void interrupts(void)
{
	for (int n = 0;
	     irq_on && (model_enable & (model_pending | (*typed ? 1 : 0)));
	     n++) {
		assert_true(n < 100);
		line_irq(0, &port);
	}
}

static void make_room(size_t n)
{
	room = n;
	model_pending |= INT_TX;
	interrupts();
}

static int setup(void **state)
{
	static struct device dev = { .name = "uart" };

	(void)state;
	typed = "";
	to_send = "";
	nsent = nreceived = room = 0;
	memset(sent, 0, sizeof(sent));
	memset(received, 0, sizeof(received));
	irq_on = false;
	wanted = true;
	model_enable = 3;
	model_pending = 2;
	assert_int_equal(line_probe(&dev), 0);
	/* The port is not touched before it is opened. */
	assert_int_equal(model_enable, 3);
	port.client = &client;
	port.ops->open(&port);
	assert_int_equal(model_enable | model_pending, 0);
	assert_int_equal(port.ops->start(&port), 0);
	return 0;
}

static void test_receive(void **state)
{
	(void)state;
	typed = "hello";
	interrupts();
	assert_string_equal(received, "hello");
}

/* Bytes that the client refuses stay in the port, and come later. */
static void test_receive_paused(void **state)
{
	(void)state;
	wanted = false;
	typed = "abc";
	interrupts();
	assert_string_equal(received, "a");
	wanted = true;
	port.ops->rx_irq(&port, true);
	interrupts();
	assert_string_equal(received, "abc");
}

static void test_send(void **state)
{
	(void)state;
	to_send = "a line longer than the port takes at once";
	client_tx_ready(NULL);
	assert_int_equal(nsent, 0);
	while (*to_send) {
		make_room(7);
	}
	assert_string_equal(sent, "a line longer than the port takes at once");
	assert_int_equal(model_enable & INT_TX, 0);
}

static void test_early(void **state)
{
	(void)state;
	room = 2;
	line_early_putc(model_regs, 0, 'h');
	line_early_putc(model_regs, 0, 'i');
	assert_string_equal(sent, "hi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_receive, setup),
		cmocka_unit_test_setup(test_receive_paused, setup),
		cmocka_unit_test_setup(test_send, setup),
		cmocka_unit_test_setup(test_early, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
