/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: Arm PrimeCell UART PL011 (DDI0183G), and the SBSA generic
 * UART (Arm BSA DEN0094, appendix B), a subset of it. Line settings are left as
 * the firmware made them.
 */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/uart.h>
#include <libs/error.h>

/* DDI0183G 3.2, summary of registers. */
#define PL011_DR 0x000
#define PL011_FR 0x018
#define PL011_LCR_H 0x02c
#define PL011_CR 0x030
#define PL011_IMSC 0x038
#define PL011_MIS 0x040
#define PL011_ICR 0x044

#define DR_BREAK BIT(10)
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define LCR_H_FEN BIT(4)
#define LCR_H_8BIT (3U << 5)
#define CR_UARTEN BIT(0)
#define CR_TXE BIT(8)
#define CR_RXE BIT(9)
#define CR_DTR BIT(10)
#define CR_RTS BIT(11)
#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)
#define INT_ALL 0x7ff

/* How often the transmitter may be found busy before it is given up: about a
 * second, many times what a full FIFO takes at 9600 baud. */
#define PL011_SPINS 10000000
/* Most bytes taken where those left would cause no interrupt: more than any
 * FIFO has. */
#define PL011_RX_ALL 4096

static uint32_t pl011_get(volatile void *regs, unsigned int off)
{
	return mmio_read32((volatile uint8_t *)regs + off);
}

static void pl011_set(volatile void *regs, unsigned int off, uint32_t v)
{
	mmio_write32((volatile uint8_t *)regs + off, v);
}

static bool pl011_putc(struct uart *u, uint8_t c)
{
	if (pl011_get(u->regs, PL011_FR) & FR_TXFF) {
		return false;
	}
	pl011_set(u->regs, PL011_DR, c);
	return true;
}

static int pl011_getc(struct uart *u)
{
	uint32_t v;

	do {
		if (pl011_get(u->regs, PL011_FR) & FR_RXFE) {
			return -1;
		}
		v = pl011_get(u->regs, PL011_DR);
	} while (v & DR_BREAK);
	return (int)(v & 0xff);
}

static void pl011_tx_irq(struct uart *u, bool on)
{
	uint32_t mask = pl011_get(u->regs, PL011_IMSC);

	pl011_set(u->regs, PL011_IMSC,
		  on ? mask | INT_TX : mask & ~(uint32_t)INT_TX);
}

static bool pl011_rx_irq(struct uart *u, bool on)
{
	uint32_t mask = pl011_get(u->regs, PL011_IMSC);

	pl011_set(u->regs, PL011_IMSC,
		  on ? mask | INT_RX | INT_RT
		     : mask & ~(uint32_t)(INT_RX | INT_RT));
	return true;
}

/* Pass on at most `max` bytes. */
static void pl011_receive(struct uart *u, unsigned int max)
{
	int c;

	do {
		c = pl011_getc(u);
	} while (c >= 0 && uart_rx(u, (uint8_t)c) && --max > 0);
}

/*
 * Emptying the FIFO clears the receive interrupts (3.4.2, 3.4.4), and a byte
 * that comes meanwhile raises them again, so nothing is lost; bytes that are
 * left keep the one, or cause the other, the time-out. They are cleared
 * explicitly only when they are asserted with nothing to read, as on some
 * parts; then the FIFO is read all the same, since this may have cleared the
 * interrupt of a byte that has just come. The transmit interrupt is cleared
 * before the FIFO is filled, or the next one could be lost.
 */
static void pl011_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	uint32_t mis = pl011_get(u->regs, PL011_MIS);

	(void)irq;
	if (mis & (INT_RX | INT_RT)) {
		if (pl011_get(u->regs, PL011_FR) & FR_RXFE) {
			pl011_set(u->regs, PL011_ICR, INT_RX | INT_RT);
		}
		pl011_receive(u, UART_RX_BATCH);
	}
	if (mis & INT_TX) {
		pl011_set(u->regs, PL011_ICR, INT_TX);
		uart_tx_ready(u);
	}
}

static int pl011_start(struct uart *u)
{
	int err;

	/*
	 * The interrupt for what was typed before now has come already. Take it
	 * while no interrupt can come: the handler could deliver later bytes
	 * first.
	 */
	pl011_set(u->regs, PL011_ICR, INT_ALL);
	pl011_receive(u, PL011_RX_ALL);
	pl011_set(u->regs, PL011_IMSC, INT_RX | INT_RT);
	err = uart_irq_enable(u);
	if (err) {
		pl011_set(u->regs, PL011_IMSC, 0);
	}
	return err;
}

/*
 * Enable a UART that the firmware has left off. 3.3.7: the line control
 * register is written only while the UART is off and not sending. The settings
 * of the line are unknown then; 8 bits is what everybody uses.
 */
static void pl011_enable(volatile void *regs)
{
	uint32_t want = CR_UARTEN | CR_TXE | CR_RXE;
	uint32_t cr = pl011_get(regs, PL011_CR);
	uint32_t lcr = pl011_get(regs, PL011_LCR_H);

	if ((cr & want) == want && (lcr & LCR_H_FEN)) {
		return;
	}
	for (int i = 0; i < PL011_SPINS; i++) {
		if (!(pl011_get(regs, PL011_FR) & FR_BUSY)) {
			break;
		}
	}
	pl011_set(regs, PL011_CR, 0);
	if (!(cr & CR_UARTEN)) {
		lcr |= LCR_H_8BIT;
	}
	pl011_set(regs, PL011_LCR_H, lcr | LCR_H_FEN);
	pl011_set(regs, PL011_CR, cr | want | CR_DTR | CR_RTS);
}

static void pl011_open(struct uart *u)
{
	pl011_set(u->regs, PL011_IMSC, 0);
	/* The SBSA UART has no such registers: it is always on. */
	if (dt_is_compatible(u->dev->dt, "arm,pl011")) {
		pl011_enable(u->regs);
	}
}

static const struct uart_ops pl011_ops = {
	.open = pl011_open,
	.putc = pl011_putc,
	.getc = pl011_getc,
	.tx_irq = pl011_tx_irq,
	.rx_irq = pl011_rx_irq,
	.start = pl011_start,
};

static int pl011_probe(struct device *dev)
{
	return uart_probe(dev, &pl011_ops, pl011_irq);
}

static void pl011_early_putc(volatile void *regs, uint32_t reg_shift, uint8_t c)
{
	(void)reg_shift;
	for (int i = 0; i < PL011_SPINS; i++) {
		if (!(pl011_get(regs, PL011_FR) & FR_TXFF)) {
			break;
		}
	}
	pl011_set(regs, PL011_DR, c);
}

static const char *const pl011_compatible[] = {
	"arm,pl011",
	"arm,sbsa-uart",
	NULL,
};

static const struct driver pl011_driver = {
	.name = "pl011",
	.class = DEVICE_SERIAL,
	.compatible = pl011_compatible,
	.probe = pl011_probe,
	.remove = uart_remove,
};
DRIVER(pl011_driver);

static const struct earlycon pl011_earlycon = {
	.compatible = pl011_compatible,
	.putc = pl011_early_putc,
};
EARLYCON(pl011_earlycon);
