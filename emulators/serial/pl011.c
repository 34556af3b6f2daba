/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated Arm PrimeCell UART PL011 r1p5 (DDI0183G), on a line of unlimited
 * speed: what is sent is gone at once, and input that waits in the console
 * moves into the receive FIFO as soon as there is room, so that nothing is
 * lost. When the console has no more, the line is idle and the receive timeout
 * has passed.
 *
 * The power-on state is that in which firmware leaves the UART: enabled.
 * Bare-metal images and early consoles rely on this. Baud rate, parity and word
 * length are kept, but mean nothing to a console.
 */

#include "emulators/primecell.h"
#include <core/emulator.h>
#include <core/guest.h>
#include <core/vserial.h>

/* DDI0183G 3.2, summary of registers. */
#define PL011_DR 0x000
#define PL011_RSR 0x004 /* ECR when written */
#define PL011_FR 0x018
#define PL011_ILPR 0x020
#define PL011_IBRD 0x024
#define PL011_FBRD 0x028
#define PL011_LCR_H 0x02c
#define PL011_CR 0x030
#define PL011_IFLS 0x034
#define PL011_IMSC 0x038
#define PL011_RIS 0x03c
#define PL011_MIS 0x040
#define PL011_ICR 0x044
#define PL011_DMACR 0x048

#define PL011_PERIPH_ID 0x00341011 /* 3.3.14: Arm, part 011, r1p5 */
#define PL011_FIFO 32              /* 16 before r1p5 */

/* 3.3.1, 3.3.2: overrun as UARTDR and as UARTRSR show it. */
#define DR_OE BIT(11)
#define RSR_OE BIT(3)

/* 3.3.3 UARTFR */
#define FR_CTS BIT(0)
#define FR_DSR BIT(1)
#define FR_DCD BIT(2)
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)
#define FR_RI BIT(8)

#define LCR_H_FEN BIT(4) /* 3.3.7 */

/* 3.3.8 UARTCR */
#define CR_UARTEN BIT(0)
#define CR_LBE BIT(7)
#define CR_TXE BIT(8)
#define CR_RXE BIT(9)
#define CR_DTR BIT(10)
#define CR_RTS BIT(11)
#define CR_OUT1 BIT(12)
#define CR_OUT2 BIT(13)
#define CR_CTSEN BIT(15)
#define CR_MASK 0xff87

#define IFLS_RESET 0x12 /* 3.3.9: both at one half */

/* 3.3.10 UARTIMSC, and RIS, MIS, ICR alike */
#define INT_RI BIT(0)
#define INT_CTS BIT(1)
#define INT_DCD BIT(2)
#define INT_DSR BIT(3)
#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)
#define INT_OE BIT(10)
#define INT_MASK 0x7ff

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct pl011_regs {
	uint8_t rx[PL011_FIFO];
	uint8_t tx[PL011_FIFO]; /* only while it may not send */
	uint32_t rx_head, rx_count, tx_count;
	uint32_t rsr, fr, ilpr, ibrd, fbrd, lcr_h, cr, ifls;
	uint32_t imsc, ris, dmacr;
	bool overrun; /* since the last byte received */
	bool idle;    /* no input waits in the console */
	bool level;   /* of the interrupt line */
};

struct pl011 {
	struct pl011_regs regs;
	struct vserial *console; /* [I] */
};

static uint32_t pl011_depth(const struct pl011_regs *r)
{
	return r->lcr_h & LCR_H_FEN ? PL011_FIFO : 1;
}

/* Bytes at which the receive interrupt is raised. */
static uint32_t pl011_rx_trigger(const struct pl011_regs *r)
{
	static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

	if (!(r->lcr_h & LCR_H_FEN)) {
		return 1;
	}
	return eighths[FIELD(r->ifls, 5, 3)] * (PL011_FIFO / 8);
}

static bool pl011_enabled(const struct pl011_regs *r, uint32_t direction)
{
	uint32_t both = CR_UARTEN | direction;

	return (r->cr & both) == both;
}

/* Modem inputs: a terminal that is always ready, or our own outputs in loopback
 * mode. */
static uint32_t pl011_modem(const struct pl011_regs *r)
{
	if (!(r->cr & CR_LBE)) {
		return FR_CTS | FR_DSR | FR_DCD;
	}
	return (r->cr & CR_RTS ? FR_CTS : 0) | (r->cr & CR_DTR ? FR_DSR : 0) |
	       (r->cr & CR_OUT1 ? FR_DCD : 0) | (r->cr & CR_OUT2 ? FR_RI : 0);
}

/* After any change: the flags that are read without the lock, and the line. */
static void pl011_update(struct emu_device *dev, struct pl011_regs *r)
{
	uint32_t depth = pl011_depth(r);
	bool level = (r->ris & r->imsc) != 0;
	uint32_t fr = pl011_modem(r);

	fr |= r->tx_count == 0 ? FR_TXFE : FR_BUSY;
	fr |= r->tx_count >= depth ? FR_TXFF : 0;
	fr |= r->rx_count == 0 ? FR_RXFE : 0;
	fr |= r->rx_count >= depth ? FR_RXFF : 0;
	WRITE_ONCE(r->fr, fr);
	if (level != r->level) {
		r->level = level;
		emu_irq(dev, 0, level);
	}
}

static void pl011_receive(struct pl011_regs *r, uint8_t c)
{
	if (r->rx_count >= pl011_depth(r)) {
		r->overrun = true;
		r->rsr |= RSR_OE;
		r->ris |= INT_OE;
		return;
	}
	r->overrun = false;
	r->rx[(r->rx_head + r->rx_count) % PL011_FIFO] = c;
	r->rx_count++;
	if (r->rx_count >= pl011_rx_trigger(r)) {
		r->ris |= INT_RX;
	}
}

/* Move input from the console into the FIFO, if receiving is enabled. */
static void pl011_fill(struct pl011 *p)
{
	struct pl011_regs *r = &p->regs;
	uint32_t depth = pl011_depth(r);
	uint8_t buf[PL011_FIFO];
	size_t room, n;

	if (!pl011_enabled(r, CR_RXE) || (r->cr & CR_LBE) || r->idle ||
	    r->rx_count >= depth) {
		return;
	}
	room = depth - r->rx_count;
	n = vserial_read(p->console, buf, room);
	for (size_t i = 0; i < n; i++) {
		pl011_receive(r, buf[i]);
	}
	r->idle = n < room;
	if (r->idle && r->rx_count > 0) {
		r->ris |= INT_RT;
	}
}

/* Input waits in the console. */
static void pl011_notify(void *ctx)
{
	struct emu_device *dev = ctx;
	struct pl011 *p = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);

	p->regs.idle = false;
	pl011_fill(p);
	pl011_update(dev, &p->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static uint32_t pl011_read_dr(struct pl011 *p)
{
	struct pl011_regs *r = &p->regs;
	uint32_t v;

	if (r->rx_count == 0) {
		return 0;
	}
	v = r->rx[r->rx_head] | (r->overrun ? DR_OE : 0);
	r->rx_head = (r->rx_head + 1) % PL011_FIFO;
	r->rx_count--;
	if (r->rx_count == 0) {
		r->ris &= ~(uint32_t)INT_RT;
	}
	if (r->rx_count < pl011_rx_trigger(r)) {
		r->ris &= ~(uint32_t)INT_RX;
		pl011_fill(p);
	}
	return v;
}

/* 3.4.3: the transmit interrupt is raised by the transition to empty, which
 * happens at once here. */
static void pl011_send(struct pl011 *p, const uint8_t *buf, size_t n)
{
	struct pl011_regs *r = &p->regs;

	if (r->cr & CR_LBE) {
		for (size_t i = 0; i < n; i++) {
			pl011_receive(r, buf[i]);
		}
		if (r->rx_count > 0) {
			r->ris |= INT_RT;
		}
	} else {
		vserial_write(p->console, buf, n);
	}
	r->ris |= INT_TX;
}

static bool pl011_may_send(const struct pl011_regs *r)
{
	return pl011_enabled(r, CR_TXE) &&
	       (!(r->cr & CR_CTSEN) || (pl011_modem(r) & FR_CTS));
}

static void pl011_write_dr(struct pl011 *p, uint8_t c)
{
	struct pl011_regs *r = &p->regs;

	if (likely(pl011_may_send(r))) {
		pl011_send(p, &c, 1);
	} else if (r->tx_count < pl011_depth(r)) {
		r->tx[r->tx_count++] = c;
		r->ris &= ~(uint32_t)INT_TX;
	}
}

static void pl011_write_lcr_h(struct pl011_regs *r, uint32_t v)
{
	/* 3.3.7: clearing FEN flushes. Input stays: hardware would be
	 * listening to a line on which nothing has arrived yet. */
	if ((r->lcr_h & ~v) & LCR_H_FEN) {
		r->tx_count = 0;
	}
	r->lcr_h = v;
}

static void pl011_write_cr(struct pl011 *p, uint32_t v)
{
	struct pl011_regs *r = &p->regs;
	uint32_t before = pl011_modem(r);
	uint32_t changed;

	r->cr = v & CR_MASK;
	changed = before ^ pl011_modem(r);
	r->ris |= (changed & FR_CTS ? INT_CTS : 0) |
		  (changed & FR_DSR ? INT_DSR : 0) |
		  (changed & FR_DCD ? INT_DCD : 0) |
		  (changed & FR_RI ? INT_RI : 0);
	if (r->tx_count > 0 && pl011_may_send(r)) {
		pl011_send(p, r->tx, r->tx_count);
		r->tx_count = 0;
	}
}

static uint32_t pl011_read(struct pl011 *p, uint64_t off)
{
	const struct pl011_regs *r = &p->regs;

	switch (off) {
	case PL011_DR:
		return pl011_read_dr(p);
	case PL011_RSR:
		return r->rsr;
	case PL011_ILPR:
		return r->ilpr;
	case PL011_IBRD:
		return r->ibrd;
	case PL011_FBRD:
		return r->fbrd;
	case PL011_LCR_H:
		return r->lcr_h;
	case PL011_CR:
		return r->cr;
	case PL011_IFLS:
		return r->ifls;
	case PL011_IMSC:
		return r->imsc;
	case PL011_RIS:
		return r->ris;
	case PL011_MIS:
		return r->ris & r->imsc;
	case PL011_DMACR:
		return r->dmacr;
	default:
		return 0;
	}
}

static void pl011_write(struct pl011 *p, uint64_t off, uint32_t v)
{
	struct pl011_regs *r = &p->regs;

	switch (off) {
	case PL011_DR:
		pl011_write_dr(p, (uint8_t)v);
		break;
	case PL011_RSR:
		r->rsr = 0;
		break;
	case PL011_ILPR:
		r->ilpr = v & 0xff;
		break;
	case PL011_IBRD:
		r->ibrd = v & 0xffff;
		break;
	case PL011_FBRD:
		r->fbrd = v & 0x3f;
		break;
	case PL011_LCR_H:
		pl011_write_lcr_h(r, v & 0xff);
		pl011_fill(p);
		break;
	case PL011_CR:
		pl011_write_cr(p, v);
		pl011_fill(p);
		break;
	case PL011_IFLS:
		r->ifls = v & 0x3f;
		pl011_fill(p);
		break;
	case PL011_IMSC:
		r->imsc = v & INT_MASK;
		break;
	case PL011_ICR:
		r->ris &= ~v;
		break;
	case PL011_DMACR:
		r->dmacr = v & 0x7;
		break;
	default:
		break;
	}
}

static __noinline int pl011_access_register(struct emu_device *dev,
					    struct emu_access *a)
{
	struct pl011 *p = dev->state;

	if (a->off >= PRIMECELL_ID_BASE) {
		a->value = primecell_id(PL011_PERIPH_ID, a->off);
		return 0;
	}
	spin_lock(&dev->lock);
	if (a->write) {
		pl011_write(p, a->off, (uint32_t)a->value);
	} else {
		a->value = pl011_read(p, a->off);
	}
	pl011_update(dev, &p->regs);
	spin_unlock(&dev->lock);
	return 0;
}

/* Registers that guests poll are read without lock or stack frame. */
static int pl011_access(struct emu_device *dev, struct emu_access *a)
{
	const struct pl011 *p = dev->state;

	if (likely(a->off == PL011_FR)) {
		a->value = READ_ONCE(p->regs.fr);
		return 0;
	}
	return pl011_access_register(dev, a);
}

static __cold void pl011_reset(struct emu_device *dev)
{
	struct pl011 *p = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);

	p->regs = (struct pl011_regs){
		.cr = CR_UARTEN | CR_TXE | CR_RXE,
		.ifls = IFLS_RESET,
		.level = true, /* whatever it was: drive it low */
	};
	pl011_fill(p);
	pl011_update(dev, &p->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int pl011_init(struct emu_device *dev)
{
	struct pl011 *p = dev->state;

	return vserial_create_numbered(&p->console, dev->guest->cfg->name,
				       "serial", pl011_notify, dev);
}

static void pl011_fini(struct emu_device *dev)
{
	struct pl011 *p = dev->state;

	vserial_destroy(p->console);
}

static const char *const pl011_compatible[] = { "arm,pl011", NULL };

static const char *const pl011_os_compatible[] = { "arm,pl011", "arm,primecell",
						   NULL };
static const char *const pl011_os_clocks[] = { "uartclk", "apb_pclk", NULL };

static const struct emulator pl011_emulator = {
	.name = "pl011",
	.compatible = pl011_compatible,
	.state_size = sizeof(struct pl011),
	.word_registers = true,
	.init = pl011_init,
	.fini = pl011_fini,
	.reset = pl011_reset,
	.access = pl011_access,
	.nregs = 1,
	.nirqs = 1,
	.min_size = KIB(4),
	.os_compatible = pl011_os_compatible,
	.os_clocks = pl011_os_clocks,
	.console = true,
};
EMULATOR(pl011_emulator);
