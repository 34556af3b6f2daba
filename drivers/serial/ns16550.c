/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: 16550A (PC16550D data sheet, section 8) and the compatible
 * DesignWare UART. Line settings are left as the firmware made them.
 */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/uart.h>
#include <libs/error.h>

/* 8.0, table II: registers, before `reg-shift`. */
#define NS_DATA 0
#define NS_IER 1
#define NS_IIR 2 /* FCR when written */
#define NS_MCR 4
#define NS_LSR 5
#define NS_DW_USR 31 /* DesignWare: UART status */

#define IER_RDA BIT(0)
#define IER_THRE BIT(1)
#define IIR_ID 0x0f
#define IIR_DW_BUSY 0x07 /* DesignWare: LCR was written while busy */
#define IIR_TIMEOUT 0xc
#define IIR_FIFOS 0xc0
#define FCR_ENABLE BIT(0)
#define FCR_RX_8 0x80 /* receive trigger level */
#define MCR_DTR BIT(0)
#define MCR_RTS BIT(1)
#define MCR_OUT2 BIT(3) /* PC wiring: gates the interrupt */
#define LSR_DR BIT(0)
#define LSR_THRE BIT(5)
#define LSR_BREAK BIT(4)

#define NS_FIFO 16
/* How often the transmitter may be found busy before it is given up. */
#define NS_SPINS 10000000

static uint32_t ns16550_get(struct uart *u, unsigned int reg)
{
	volatile uint8_t *p =
		(volatile uint8_t *)u->regs + (reg << u->reg_shift);

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
	volatile uint8_t *p =
		(volatile uint8_t *)u->regs + (reg << u->reg_shift);

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

/* THRE says that the whole FIFO is empty, not that it has room: tx_fifo is the
 * size of the FIFO, tx_room how much of it is known to be free. */
static bool ns16550_putc(struct uart *u, uint8_t c)
{
	if (u->tx_room == 0) {
		if (!(ns16550_get(u, NS_LSR) & LSR_THRE)) {
			return false;
		}
		u->tx_room = u->tx_fifo;
	}
	u->tx_room--;
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
	return (int)(c & 0xff);
}

static void ns16550_tx_irq(struct uart *u, bool on)
{
	uint32_t ier = ns16550_get(u, NS_IER) & IER_RDA;

	ns16550_set(u, NS_IER, (uint8_t)(ier | (on ? IER_THRE : 0)));
}

static bool ns16550_rx_irq(struct uart *u, bool on)
{
	uint32_t ier = ns16550_get(u, NS_IER) & IER_THRE;

	ns16550_set(u, NS_IER, (uint8_t)(ier | (on ? IER_RDA : 0)));
	return true;
}

static void ns16550_receive(struct uart *u)
{
	int c;

	for (unsigned int n = 0; n < UART_RX_BATCH; n++) {
		c = ns16550_getc(u);
		if (c < 0) {
			break;
		}
		if (!uart_rx(u, (uint8_t)c)) {
			break;
		}
	}
}

/*
 * Data and time-out interrupts are levels, which reading the data clears, so
 * none can be lost. Reading IIR clears the transmitter's interrupt, which comes
 * again when the bytes sent here have gone.
 */
static void ns16550_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	uint32_t id = ns16550_get(u, NS_IIR) & IIR_ID;

	(void)irq;
	if (id == IIR_DW_BUSY) {
		(void)ns16550_get(u, NS_DW_USR);
	}
	/* DesignWare: a time-out without data is cleared only by a read. */
	if (id == IIR_TIMEOUT && !(ns16550_get(u, NS_LSR) & LSR_DR)) {
		(void)ns16550_get(u, NS_DATA);
	}
	if (ns16550_get(u, NS_IER) & IER_RDA) {
		ns16550_receive(u);
	}
	if ((ns16550_get(u, NS_IER) & IER_THRE) &&
	    (ns16550_get(u, NS_LSR) & LSR_THRE)) {
		uart_tx_ready(u);
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

/*
 * The bindings of these have neither reg-shift nor reg-io-width: the registers
 * are words, and some ignore byte accesses.
 */
static const struct uart_layout ns16550_layouts[] = {
	{ "brcm,bcm2835-aux-uart", 2, 4 },
	{ "intel,xscale-uart", 2, 4 },
	{ "mediatek,mt6577-uart", 2, 4 },
	{ "mrvl,mmp-uart", 2, 4 },
	{ "nvidia,tegra20-uart", 2, 4 },
	{ "ti,am3352-uart", 2, 4 },
	{ "ti,am4372-uart", 2, 4 },
	{ "ti,am654-uart", 2, 4 },
	{ "ti,dra742-uart", 2, 4 },
	{ "ti,omap4-uart", 2, 4 },
	{ NULL, 0, 1 },
};

static void ns16550_open(struct uart *u)
{
	ns16550_set(u, NS_IER, 0);
	ns16550_set(u, NS_IIR, FCR_ENABLE | FCR_RX_8);
	u->tx_room = 0;
	u->tx_fifo = 1;
	/* BCM2835 (ARM peripherals, 2.2.2): LSR says that there is room for
	 * one byte, not that the FIFO is empty. */
	if ((ns16550_get(u, NS_IIR) & IIR_FIFOS) == IIR_FIFOS &&
	    !dt_is_compatible(u->dev->dt, "brcm,bcm2835-aux-uart")) {
		u->tx_fifo = NS_FIFO;
	}
}

static const struct uart_ops ns16550_ops = {
	.open = ns16550_open,
	.layouts = ns16550_layouts,
	.putc = ns16550_putc,
	.getc = ns16550_getc,
	.tx_irq = ns16550_tx_irq,
	.rx_irq = ns16550_rx_irq,
	.start = ns16550_start,
};

static int ns16550_probe(struct device *dev)
{
	return uart_probe(dev, &ns16550_ops, ns16550_irq);
}

/* The access width is not known this early. Registers that are a word apart are
 * accessed as words: where byte accesses work, words do, too. */
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
	"ns16550a",          "ns16550",
	"snps,dw-apb-uart",  "brcm,bcm2835-aux-uart",
	"intel,xscale-uart", "mediatek,mt6577-uart",
	"mrvl,mmp-uart",     "nvidia,tegra20-uart",
	"ti,am3352-uart",    "ti,am4372-uart",
	"ti,am654-uart",     "ti,dra742-uart",
	"ti,omap4-uart",     NULL,
};

static const struct driver ns16550_driver = {
	.name = "ns16550",
	.class = DEVICE_SERIAL,
	.compatible = ns16550_compatible,
	.probe = ns16550_probe,
	.remove = uart_remove,
};
DRIVER(ns16550_driver);

static const struct earlycon ns16550_earlycon = {
	.compatible = ns16550_compatible,
	.putc = ns16550_early_putc,
	.layouts = ns16550_layouts,
};
EARLYCON(ns16550_earlycon);
