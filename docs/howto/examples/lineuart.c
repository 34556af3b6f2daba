/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: Line UART, a made-up one that this how-to writes a driver
 * for. Four registers of 32 bits: data, status, interrupt enable, interrupt
 * pending (write 1 to clear).
 */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/uart.h>
#include <libs/error.h>

#define LINE_DATA 0x0
#define LINE_STATUS 0x4
#define LINE_ENABLE 0x8
#define LINE_PENDING 0xc

#define STATUS_RX BIT(0)   /* a byte waits in DATA */
#define STATUS_FULL BIT(1) /* DATA takes none */
#define INT_RX BIT(0)      /* follows STATUS_RX */
#define INT_TX BIT(1)      /* room came; stays until cleared */

/* Times the transmitter may be found full before it is given up on. */
#define LINE_SPINS 10000000

static uint32_t line_get(volatile void *regs, unsigned int off)
{
	return mmio_read32((volatile uint8_t *)regs + off);
}

static void line_set(volatile void *regs, unsigned int off, uint32_t v)
{
	mmio_write32((volatile uint8_t *)regs + off, v);
}

static bool line_putc(struct uart *u, uint8_t c)
{
	if (line_get(u->regs, LINE_STATUS) & STATUS_FULL) {
		return false;
	}
	line_set(u->regs, LINE_DATA, c);
	return true;
}

static int line_getc(struct uart *u)
{
	if (!(line_get(u->regs, LINE_STATUS) & STATUS_RX)) {
		return -1;
	}
	return (int)(line_get(u->regs, LINE_DATA) & 0xff);
}

static void line_irq_set(struct uart *u, uint32_t bit, bool on)
{
	uint32_t enable = line_get(u->regs, LINE_ENABLE);

	line_set(u->regs, LINE_ENABLE, on ? enable | bit : enable & ~bit);
}

static void line_tx_irq(struct uart *u, bool on)
{
	line_irq_set(u, INT_TX, on);
}

static bool line_rx_irq(struct uart *u, bool on)
{
	line_irq_set(u, INT_RX, on);
	return true;
}

/*
 * The transmit interrupt is cleared before the client fills the port: room
 * that comes meanwhile raises it again, and none is lost.
 */
static void line_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	uint32_t pending = line_get(u->regs, LINE_PENDING) &
			   line_get(u->regs, LINE_ENABLE);
	int c;

	(void)irq;
	for (unsigned int n = 0; (pending & INT_RX) && n < UART_RX_BATCH; n++) {
		c = line_getc(u);
		if (c < 0 || !uart_rx(u, (uint8_t)c)) {
			break;
		}
	}
	if (pending & INT_TX) {
		line_set(u->regs, LINE_PENDING, INT_TX);
		uart_tx_ready(u);
	}
}

static void line_open(struct uart *u)
{
	line_set(u->regs, LINE_ENABLE, 0);
	line_set(u->regs, LINE_PENDING, INT_TX);
}

static int line_start(struct uart *u)
{
	line_set(u->regs, LINE_ENABLE, INT_RX);
	return uart_irq_enable(u);
}

static const struct uart_ops line_ops = {
	.open = line_open,
	.putc = line_putc,
	.getc = line_getc,
	.tx_irq = line_tx_irq,
	.rx_irq = line_rx_irq,
	.start = line_start,
};

static int line_probe(struct device *dev)
{
	return uart_probe(dev, &line_ops, line_irq);
}

static const char *const line_compatible[] = { "example,line-uart", NULL };

static const struct driver line_driver = {
	.name = "lineuart",
	.class = DEVICE_SERIAL,
	.compatible = line_compatible,
	.probe = line_probe,
	.remove = uart_remove,
};
DRIVER(line_driver);

/* Before anything else: polled, with the firmware's settings. */
static void line_early_putc(volatile void *regs, uint32_t reg_shift, uint8_t c)
{
	(void)reg_shift;
	for (int i = 0; i < LINE_SPINS; i++) {
		if (!(line_get(regs, LINE_STATUS) & STATUS_FULL)) {
			break;
		}
	}
	line_set(regs, LINE_DATA, c);
}

static const struct earlycon line_earlycon = {
	.compatible = line_compatible,
	.putc = line_early_putc,
};
EARLYCON(line_earlycon);
