/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers of UARTs have in common whose registers a struct simple_uart
 * describes: output, input, interrupts, early console.
 */
#include <arch/mmio.h>
#include <core/irq.h>
#include <core/log.h>

#include "simple_uart_priv.h"

/* How often the transmitter may be found full before it is given up: about a
 * second, many times what a full FIFO takes at 9600 baud. And where the CPU
 * cannot be kept from all else: what a byte takes. */
#define SIMPLE_SPINS 10000000
#define SIMPLE_SPINS_SHORT 50000
/* Most bytes taken at once, as many as the deepest of the FIFOs has. */
#define SIMPLE_RX_MOST 256

static uint32_t simple_read(volatile void *regs, unsigned int reg,
			    unsigned int width)
{
	volatile uint8_t *p = (volatile uint8_t *)regs + reg;

	switch (width) {
	case 1:
		return mmio_read8(p);
	case 2:
		return mmio_read16(p);
	default:
		return mmio_read32(p);
	}
}

static void simple_write(volatile void *regs, unsigned int reg,
			 unsigned int width, uint32_t v)
{
	volatile uint8_t *p = (volatile uint8_t *)regs + reg;

	switch (width) {
	case 1:
		mmio_write8(p, (uint8_t)v);
		break;
	case 2:
		mmio_write16(p, (uint16_t)v);
		break;
	default:
		mmio_write32(p, v);
		break;
	}
}

/* Only words are ever big-endian. */
static uint32_t simple_order(const struct simple_uart *s, uint32_t v)
{
	return s->big_endian ? __builtin_bswap32(v) : v;
}

uint32_t simple_uart_get(volatile void *regs, const struct simple_uart *s,
			 unsigned int reg)
{
	return simple_order(s, simple_read(regs, reg, s->width));
}

void simple_uart_set(volatile void *regs, const struct simple_uart *s,
		     unsigned int reg, uint32_t v)
{
	simple_write(regs, reg, s->width, simple_order(s, v));
}

void simple_uart_change(volatile void *regs, const struct simple_uart *s,
			unsigned int reg, uint32_t clear, uint32_t set)
{
	uint32_t v = simple_uart_get(regs, s, reg);

	simple_uart_set(regs, s, reg, (v & ~clear) | set);
}

static const struct simple_uart *simple_of(const struct uart *u)
{
	return u->priv;
}

static bool simple_is(volatile void *regs, const struct simple_uart *s,
		      const struct simple_bits *b)
{
	uint32_t v = simple_uart_get(regs, s, b->reg);

	return ((v & b->mask) != 0) != b->inverted;
}

static bool simple_room(volatile void *regs, const struct simple_uart *s)
{
	return simple_is(regs, s, &s->room) ||
	       (s->idle.mask && simple_is(regs, s, &s->idle));
}

bool simple_uart_wait(volatile void *regs, const struct simple_uart *s,
		      const struct simple_bits *b, unsigned int spins)
{
	for (; spins > 0; spins--) {
		if (simple_is(regs, s, b)) {
			return true;
		}
	}
	return false;
}

static bool simple_wait_room(volatile void *regs, const struct simple_uart *s,
			     unsigned int spins)
{
	for (; spins > 0; spins--) {
		if (simple_room(regs, s)) {
			return true;
		}
	}
	return false;
}

static void simple_send(volatile void *regs, const struct simple_uart *s,
			uint8_t c)
{
	if (s->send) {
		s->send(regs, s, c);
	} else {
		simple_write(regs, s->tx, s->data_width, simple_order(s, c));
	}
}

static bool simple_putc(struct uart *u, uint8_t c)
{
	const struct simple_uart *s = simple_of(u);

	/* Of a silenced port nothing will say that there is room. */
	if (!simple_wait_room(u->regs, s,
			      READ_ONCE(u->silenced) ? SIMPLE_SPINS_SHORT
						     : 1)) {
		return false;
	}
	simple_send(u->regs, s, c);
	return true;
}

static bool simple_waits(struct uart *u)
{
	const struct simple_uart *s = simple_of(u);

	return simple_is(u->regs, s, &s->received);
}

static int simple_getc(struct uart *u)
{
	const struct simple_uart *s = simple_of(u);

	for (int n = 0; n < SIMPLE_RX_MOST && simple_waits(u); n++) {
		uint32_t v = simple_read(u->regs, s->rx, s->data_width);

		v = simple_order(s, v);
		if (!(v & s->rx_break)) {
			return (int)(v & 0xff);
		}
	}
	return -1;
}

static void simple_switch(struct uart *u, const struct simple_bits *b, bool on)
{
	const struct simple_uart *s = simple_of(u);
	uint32_t v;

	if (s->write_only) {
		v = (u->tx_on ? s->tx_irq.mask : 0) |
		    (u->rx_on ? s->rx_irq.mask : 0);
	} else {
		v = simple_uart_get(u->regs, s, b->reg) & ~b->mask;
		v |= on != b->inverted ? b->mask : 0;
	}
	simple_uart_set(u->regs, s, b->reg, v);
}

static void simple_tx_irq(struct uart *u, bool on)
{
	WRITE_ONCE(u->tx_on, on);
	simple_switch(u, &simple_of(u)->tx_irq, on);
}

/*
 * Where the interrupt is an event, bytes that wait cause none. They are then
 * taken first, with the interrupt off so that the handler takes no later ones
 * meanwhile. A byte that comes between the look and the switch causes it.
 */
static bool simple_rx_irq(struct uart *u, bool on)
{
	if (on && simple_waits(u)) {
		return false;
	}
	WRITE_ONCE(u->rx_on, on);
	simple_switch(u, &simple_of(u)->rx_irq, on);
	return true;
}

/* How many bytes were taken from the port. */
static unsigned int simple_receive(struct uart *u)
{
	unsigned int n;
	int c;

	for (n = 0; n < SIMPLE_RX_MOST && READ_ONCE(u->rx_on); n++) {
		c = simple_getc(u);
		if (c < 0 || !uart_rx(u, (uint8_t)c)) {
			break;
		}
	}
	return n;
}

/* The interrupt comes again and again, from something else than bytes. What is
 * still to be sent is sent by polling. */
static void simple_silence(struct uart *u, unsigned int irq)
{
	irq_silence(irq);
	WRITE_ONCE(u->silenced, true);
	uart_tx_ready(u);
}

/*
 * Some interrupts follow the FIFOs' levels, some are events, and some lines are
 * edges. So: take all bytes, clear, and look again for a byte that came before
 * the event was cleared. The transmitter's is cleared before the FIFO is
 * filled, or the next one could be lost. Registers that read as ones, of a UART
 * without clocks, seem to hold bytes without end: that counts as no cause.
 */
static void simple_irq(unsigned int irq, void *uart)
{
	struct uart *u = uart;
	const struct simple_uart *s = simple_of(u);
	unsigned int n = simple_receive(u);
	bool cause = n > 0 && n < SIMPLE_RX_MOST;

	if (s->clear) {
		s->clear(u->regs, s);
		n = simple_receive(u);
		cause = cause || (n > 0 && n < SIMPLE_RX_MOST);
	}
	if (READ_ONCE(u->tx_on) && simple_room(u->regs, s)) {
		uart_tx_ready(u);
		cause = true;
	}
	if (!cause && irq_spurious(irq)) {
		simple_silence(u, irq);
	}
}

static void simple_enable_more(struct uart *u)
{
	struct device *dev = u->dev;

	for (unsigned int i = 0; i < dev->nirqs; i++) {
		if (dev->irqs[i] != u->irq) {
			irq_enable(dev->irqs[i]);
		}
	}
}

static int simple_start(struct uart *u)
{
	const struct simple_uart *s = simple_of(u);
	int err;

	if (s->start) {
		s->start(u->regs, s);
	}
	/* What was typed before now comes first, while no interrupt can. */
	WRITE_ONCE(u->rx_on, true);
	(void)simple_receive(u);
	if (s->clear) {
		s->clear(u->regs, s);
		(void)simple_receive(u);
	}
	if (READ_ONCE(u->rx_on)) {
		simple_switch(u, &s->rx_irq, true);
	}
	err = uart_irq_enable(u);
	if (err) {
		(void)simple_rx_irq(u, false);
		return err;
	}
	simple_enable_more(u);
	return 0;
}

static void simple_open(struct uart *u)
{
	const struct simple_uart *s = simple_of(u);

	u->silenced = false;
	simple_tx_irq(u, false);
	(void)simple_rx_irq(u, false);
	if (s->open) {
		s->open(u->regs, s);
	}
}

/* uart_close() has disabled the first interrupt. With no client, the handler of
 * another does nothing that matters. */
static void simple_close(struct uart *u)
{
	struct device *dev = u->dev;

	simple_tx_irq(u, false);
	(void)simple_rx_irq(u, false);
	for (unsigned int i = 0; i < dev->nirqs; i++) {
		irq_disable(dev->irqs[i]);
	}
	irq_synchronize();
}

static const struct uart_ops simple_ops = {
	.open = simple_open,
	.putc = simple_putc,
	.getc = simple_getc,
	.tx_irq = simple_tx_irq,
	.rx_irq = simple_rx_irq,
	.start = simple_start,
	.close = simple_close,
};

/* The node's further interrupts. Two of them may be one line: then it has its
 * handler already. */
static int simple_more_irqs(struct device *dev, const struct simple_uart *s)
{
	unsigned int irq;
	int err = 0;

	for (unsigned int i = 1; i < s->irqs && !err; i++) {
		err = device_irq_request(dev, i, simple_irq, dev->priv, &irq);
		if (err == -ERR_BUSY) {
			err = 0;
		}
	}
	return err;
}

int simple_uart_probe(struct device *dev, const struct simple_uart *s)
{
	int err = uart_probe(dev, &simple_ops, simple_irq);
	struct uart *u = dev->priv;

	if (err) {
		return err;
	}
	u->priv = (void *)(uintptr_t)s;
	if (u->has_irq && simple_more_irqs(dev, s)) {
		/* As without an interrupt: it can print. */
		log_warn("%s: not all interrupts, so no input", dev->name);
		u->has_irq = false;
	}
	return 0;
}

void simple_uart_early(volatile void *regs, const struct simple_uart *s,
		       uint8_t c)
{
	static unsigned int spins = SIMPLE_SPINS;

	/* A transmitter that is stuck is waited for once, not for each byte. */
	spins = simple_wait_room(regs, s, spins) ? SIMPLE_SPINS : 1;
	simple_send(regs, s, c);
}
