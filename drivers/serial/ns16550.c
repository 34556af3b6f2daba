/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: 16550A (PC16550D data sheet, section 8) and the DesignWare
 * UART made after it. Line settings are the firmware's.
 */
#include <core/hostcon.h>
#include <drv/driver.h>
#include <drv/mmio.h>
#include <drv/uart.h>
#include <libs/error.h>

/* 8.0, table II: registers, before `reg-shift`. */
#define NS_DATA 0
#define NS_IER 1
#define NS_IIR 2		/* FCR when written */
#define NS_MCR 4
#define NS_LSR 5
#define NS_DW_USR 31		/* DesignWare: UART status */

#define IER_RDA BIT(0)
#define IER_THRE BIT(1)
#define IIR_ID 0x0f
#define IIR_DW_BUSY 0x07	/* DesignWare: LCR was written while busy */
#define IIR_TIMEOUT 0xc
#define IIR_FIFOS 0xc0
#define FCR_ENABLE BIT(0)
#define FCR_RX_8 0x80		/* receive trigger level */
#define MCR_DTR BIT(0)
#define MCR_RTS BIT(1)
#define MCR_OUT2 BIT(3)		/* PC wiring: gates the interrupt */
#define LSR_DR BIT(0)
#define LSR_THRE BIT(5)
#define LSR_BREAK BIT(4)

#define NS_FIFO 16
/* Times the transmitter may be found busy before it is given up on. */
#define NS_SPINS 10000000
/* Bytes taken in one interrupt; it stays pending while there are more. */
#define NS_RX_BATCH 4096

static uint32_t tx_fifo = 1;	/* bytes that an empty transmitter takes */
static uint32_t tx_room;	/* of those, still to be had; hostcon's lock */

static uint32_t ns16550_get(struct uart *u, unsigned int reg)
{
	volatile uint8_t *p = (volatile uint8_t *)u->regs +
			      (reg << u->reg_shift);

	switch (u->reg_io_width) {
	case 4:
		return mmio_read32(p);
	case 2:
		return mmio_read16(p);
	default:
		return mmio_read8(p);
	}
}

static void ns16550_set(struct uart *u, unsigned int reg, uint8_t v)
{
	volatile uint8_t *p = (volatile uint8_t *)u->regs +
			      (reg << u->reg_shift);

	switch (u->reg_io_width) {
	case 4:
		mmio_write32(p, v);
		break;
	case 2:
		mmio_write16(p, v);
		break;
	default:
		mmio_write8(p, v);
		break;
	}
}

/* THRE says that the whole FIFO is empty, not that it has room. */
static bool ns16550_putc(struct uart *u, uint8_t c)
{
	if (tx_room == 0) {
		if (!(ns16550_get(u, NS_LSR) & LSR_THRE)) {
			return false;
		}
		tx_room = tx_fifo;
	}
	tx_room--;
	ns16550_set(u, NS_DATA, c);
	return true;
}

static int ns16550_getc(struct uart *u)
{
	uint32_t lsr, c;

	do {
		lsr = ns16550_get(u, NS_LSR);
		if (!(lsr & LSR_DR)) {
			return -1;
		}
		c = ns16550_get(u, NS_DATA);
	} while (lsr & LSR_BREAK);
	return c & 0xff;
}

static void ns16550_tx_irq(struct uart *u, bool on)
{
	uint32_t ier = ns16550_get(u, NS_IER) & IER_RDA;

	ns16550_set(u, NS_IER, ier | (on ? IER_THRE : 0));
}

static void ns16550_rx_irq(struct uart *u, bool on)
{
	uint32_t ier = ns16550_get(u, NS_IER) & IER_THRE;

	ns16550_set(u, NS_IER, ier | (on ? IER_RDA : 0));
}

static void ns16550_receive(struct uart *u)
{
	int c;

	for (unsigned int n = 0; n < NS_RX_BATCH; n++) {
		c = ns16550_getc(u);
		if (c < 0) {
			break;
		}
		if (!hostcon_rx((uint8_t)c)) {
			break;
		}
	}
}

/*
 * Data and time-out interrupts are levels that reading the data takes back,
 * so none can be lost. Reading IIR takes back the transmitter's, which comes
 * again when what is sent from here has gone.
 */
static void ns16550_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	uint32_t id = ns16550_get(u, NS_IIR) & IIR_ID;

	(void)irq;
	if (id == IIR_DW_BUSY) {
		(void)ns16550_get(u, NS_DW_USR);
	}
	/* DesignWare: a time-out without data goes away by a read only. */
	if (id == IIR_TIMEOUT && !(ns16550_get(u, NS_LSR) & LSR_DR)) {
		(void)ns16550_get(u, NS_DATA);
	}
	if (ns16550_get(u, NS_IER) & IER_RDA) {
		ns16550_receive(u);
	}
	if ((ns16550_get(u, NS_IER) & IER_THRE) &&
	    (ns16550_get(u, NS_LSR) & LSR_THRE)) {
		hostcon_tx_ready();
	}
}

static int ns16550_start(struct uart *u)
{
	int err;

	ns16550_set(u, NS_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	ns16550_set(u, NS_IER, IER_RDA);
	err = uart_irq_enable(u);
	if (err) {
		ns16550_set(u, NS_IER, 0);
		return err;
	}
	return 0;
}

static const struct uart_ops ns16550_ops = {
	.putc = ns16550_putc,
	.getc = ns16550_getc,
	.tx_irq = ns16550_tx_irq,
	.rx_irq = ns16550_rx_irq,
	.start = ns16550_start,
};

static int ns16550_probe(dt_node_t node)
{
	struct uart *u;
	int err = uart_probe(&u, node, &ns16550_ops, ns16550_irq);

	if (err) {
		return err;
	}
	ns16550_set(u, NS_IER, 0);
	ns16550_set(u, NS_IIR, FCR_ENABLE | FCR_RX_8);
	if ((ns16550_get(u, NS_IIR) & IIR_FIFOS) == IIR_FIFOS) {
		tx_fifo = NS_FIFO;
	}
	hostcon_set_uart(u);
	return 0;
}

/* The access width is not known this early; registers a word apart are words
 * where it matters, and it does not matter elsewhere. */
static void ns16550_early_putc(volatile void *regs, uint32_t reg_shift,
			       uint8_t c)
{
	struct uart u = {
		.regs = regs,
		.reg_shift = reg_shift,
		.reg_io_width = reg_shift >= 2 ? 4 : 1,
	};

	for (int i = 0; i < NS_SPINS; i++) {
		if (ns16550_get(&u, NS_LSR) & LSR_THRE) {
			break;
		}
	}
	ns16550_set(&u, NS_DATA, c);
}

static const char *const ns16550_compatible[] = {
	"ns16550a", "ns16550", "snps,dw-apb-uart", NULL,
};

static const struct driver ns16550_driver = {
	.name = "ns16550",
	.class = DRIVER_SERIAL,
	.compatible = ns16550_compatible,
	.probe = ns16550_probe,
};
DRIVER(ns16550_driver);

static const struct earlycon ns16550_earlycon = {
	.compatible = ns16550_compatible,
	.putc = ns16550_early_putc,
};
EARLYCON(ns16550_earlycon);
