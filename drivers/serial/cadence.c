/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: Cadence UART, as AMD's Zynq has it (UG585, chapter 19 and
 * appendix B.33) and ZynqMP (UG1085, UG1087). Line settings are left as the
 * firmware made them.
 */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/uart.h>
#include <libs/error.h>

/* UG585 B.33: registers. */
#define CADENCE_CR 0x00
#define CADENCE_IER 0x08
#define CADENCE_IDR 0x0c
#define CADENCE_IMR 0x10
#define CADENCE_ISR 0x14
#define CADENCE_RXTOUT 0x1c
#define CADENCE_RXWM 0x20
#define CADENCE_SR 0x2c
#define CADENCE_FIFO 0x30

#define CR_RX_RESET BIT(0)
#define CR_TX_RESET BIT(1)
#define CR_RX_ENABLE BIT(2)
#define CR_RX_DISABLE BIT(3)
#define CR_TX_ENABLE BIT(4)
#define CR_TX_DISABLE BIT(5)
#define CR_RESTART_TIMEOUT BIT(6)
#define CR_SWITCHES 0x3c
#define CR_ON (CR_RX_ENABLE | CR_TX_ENABLE)

#define IXR_RX_TRIGGER BIT(0)
#define IXR_TX_EMPTY BIT(3)
#define IXR_TIMEOUT BIT(8)
#define IXR_RX (IXR_RX_TRIGGER | IXR_TIMEOUT)
#define IXR_ALL 0x1fff

#define SR_RX_EMPTY BIT(1)
#define SR_TX_FULL BIT(4)

/* Interrupt when half of the 64-byte FIFO is full, or when the line has been
 * idle for 10 * 4 bits, the time of four bytes. */
#define CADENCE_RX_LEVEL 32
#define CADENCE_IDLE 10

/* How often the transmitter may be found full before it is given up, about a
 * second. */
#define CADENCE_SPINS 10000000
/* Most bytes taken in one interrupt; another follows if there are more. */
#define CADENCE_RX_BATCH 4096

static uint32_t cadence_get(volatile void *regs, unsigned int off)
{
	return mmio_read32((volatile uint8_t *)regs + off);
}

static void cadence_set(volatile void *regs, unsigned int off, uint32_t v)
{
	mmio_write32((volatile uint8_t *)regs + off, v);
}

static bool cadence_putc(struct uart *u, uint8_t c)
{
	if (cadence_get(u->regs, CADENCE_SR) & SR_TX_FULL) {
		return false;
	}
	cadence_set(u->regs, CADENCE_FIFO, c);
	return true;
}

static int cadence_getc(struct uart *u)
{
	if (cadence_get(u->regs, CADENCE_SR) & SR_RX_EMPTY) {
		return -1;
	}
	return (int)(cadence_get(u->regs, CADENCE_FIFO) & 0xff);
}

static void cadence_tx_irq(struct uart *u, bool on)
{
	cadence_set(u->regs, on ? CADENCE_IER : CADENCE_IDR, IXR_TX_EMPTY);
}

/*
 * Status bits are set by events, and bytes that are already in the FIFO cause
 * no new one. Restarting the idle-line counter does: it times out whatever the
 * FIFO holds.
 */
static bool cadence_rx_irq(struct uart *u, bool on)
{
	cadence_set(u->regs, on ? CADENCE_IER : CADENCE_IDR, IXR_RX);
	if (on) {
		cadence_set(u->regs, CADENCE_CR, CR_ON | CR_RESTART_TIMEOUT);
	}
	return true;
}

/* Pass received bytes to the client; false if it wants no more. */
static bool cadence_receive(struct uart *u)
{
	for (unsigned int n = 0; n < CADENCE_RX_BATCH; n++) {
		int c = cadence_getc(u);

		if (c < 0) {
			return true;
		}
		if (!uart_rx(u, (uint8_t)c)) {
			return false;
		}
	}
	/* More bytes are there that no event will report. */
	cadence_set(u->regs, CADENCE_CR, CR_ON | CR_RESTART_TIMEOUT);
	return false;
}

/*
 * Where status bits follow the level of the FIFO (QEMU), they can be cleared
 * only when it is empty. Where events set them, a byte that comes while they
 * are being cleared is found only by looking at the FIFO again. So: empty it,
 * clear, empty it again. The transmitter's bit is cleared before the FIFO is
 * filled, or the next event could be lost.
 */
static void cadence_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	uint32_t on = cadence_get(u->regs, CADENCE_IMR);
	uint32_t status = cadence_get(u->regs, CADENCE_ISR) & on;

	(void)irq;
	if (status & IXR_RX) {
		bool empty = cadence_receive(u);

		cadence_set(u->regs, CADENCE_ISR, IXR_RX);
		if (empty) {
			(void)cadence_receive(u);
		}
	}
	if (status & IXR_TX_EMPTY) {
		cadence_set(u->regs, CADENCE_ISR, IXR_TX_EMPTY);
		uart_tx_ready(u);
	}
}

static int cadence_start(struct uart *u)
{
	int err;

	cadence_set(u->regs, CADENCE_RXWM, CADENCE_RX_LEVEL);
	cadence_set(u->regs, CADENCE_RXTOUT, CADENCE_IDLE);
	/* Take what was typed before now, while no interrupt can come: the
	 * handler could deliver later bytes first. */
	cadence_set(u->regs, CADENCE_ISR, IXR_ALL);
	(void)cadence_receive(u);
	(void)cadence_rx_irq(u, true);
	err = uart_irq_enable(u);
	if (err) {
		(void)cadence_rx_irq(u, false);
	}
	return err;
}

/*
 * Firmware leaves the UART on; without firmware it is off. "Disable" outweighs
 * "enable" (B.33, Control_reg0). Only a half that was off is reset: its FIFO
 * holds nothing meant for us.
 */
static void cadence_enable(volatile void *regs)
{
	if ((cadence_get(regs, CADENCE_CR) & CR_SWITCHES) != CR_ON) {
		cadence_set(regs, CADENCE_CR,
			    CR_ON | CR_RX_RESET | CR_TX_RESET);
	}
}

static void cadence_open(struct uart *u)
{
	cadence_set(u->regs, CADENCE_IDR, IXR_ALL);
	cadence_enable(u->regs);
}

static const struct uart_ops cadence_ops = {
	.open = cadence_open,
	.putc = cadence_putc,
	.getc = cadence_getc,
	.tx_irq = cadence_tx_irq,
	.rx_irq = cadence_rx_irq,
	.start = cadence_start,
};

static int cadence_probe(struct device *dev)
{
	return uart_probe(dev, &cadence_ops, cadence_irq);
}

static void cadence_early_putc(volatile void *regs, uint32_t reg_shift,
			       uint8_t c)
{
	(void)reg_shift;
	cadence_enable(regs);
	for (int i = 0; i < CADENCE_SPINS; i++) {
		if (!(cadence_get(regs, CADENCE_SR) & SR_TX_FULL)) {
			break;
		}
	}
	cadence_set(regs, CADENCE_FIFO, c);
}

static const char *const cadence_compatible[] = {
	"cdns,uart-r1p8",
	"cdns,uart-r1p12",
	"xlnx,xuartps",
	NULL,
};

static const struct driver cadence_driver = {
	.name = "cadence-uart",
	.class = DEVICE_SERIAL,
	.compatible = cadence_compatible,
	.probe = cadence_probe,
	.remove = uart_remove,
};
DRIVER(cadence_driver);

static const struct earlycon cadence_earlycon = {
	.compatible = cadence_compatible,
	.putc = cadence_early_putc,
};
EARLYCON(cadence_earlycon);
