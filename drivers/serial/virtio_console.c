/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO console device of the host (VirtIO 1.2, 5.3): a serial port, or with
 * VIRTIO_CONSOLE_F_MULTIPORT several. Port 0 is the line of the device itself,
 * the others are devices on it, named after it and the port:
 * docs/design/virtio-drivers.md.
 *
 * Bytes to be sent are collected in one buffer while the device has the other,
 * so that the first byte is sent at once and the following ones together;
 * polled output works in the same way.
 */
#include <core/heap.h>
#include <core/irq.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "virtio_console_priv.h"

static uint8_t *buffer_at(struct port *p, unsigned int n)
{
	return (uint8_t *)p->mem.va + n * BUFFER_SIZE;
}

static uint64_t buffer_addr(struct port *p, unsigned int n)
{
	return p->mem.addr + (uint64_t)n * BUFFER_SIZE;
}

/* --- sending -------------------------------------------------------------- */

/* Give the collected bytes to the device, if it has none. */
static void tx_go(struct port *p)
{
	struct virtio_chain chain;

	assert_held(&p->lock);
	if (p->tx_busy && virtio_queue_take(p->tx, NULL)) {
		p->tx_busy = false;
	}
	if (p->tx_busy || p->tx_n == 0 ||
	    !virtio_chain_begin(p->tx, 1, &chain)) {
		return;
	}
	virtio_chain_put(&chain, buffer_addr(p, RX_BUFFERS + p->tx_at), p->tx_n,
			 false);
	virtio_chain_end(p->tx, &chain, token_of(0));
	virtio_queue_kick(p->tx);
	p->tx_at ^= 1;
	p->tx_n = 0;
	/* Earlier ones were taken by polling: ask for the interrupt of this
	 * one. If it has been used already, none comes. */
	p->tx_busy = virtio_queue_rearm(p->tx) ||
		     !virtio_queue_take(p->tx, NULL);
}

static bool vcon_putc(struct uart *u, uint8_t ch)
{
	struct port *p = u->priv;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool room;

	if (!READ_ONCE(p->present)) {
		/* The device has removed the port: what is sent is lost. */
		spin_unlock_irqrestore(&p->lock, flags);
		return true;
	}
	tx_go(p);
	room = p->tx_n < BUFFER_SIZE;
	if (room) {
		buffer_at(p, RX_BUFFERS + p->tx_at)[p->tx_n++] = ch;
		tx_go(p);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	return room;
}

static void vcon_tx_irq(struct uart *u, bool on)
{
	struct port *p = u->priv;
	unsigned long flags = spin_lock_irqsave(&p->lock);

	p->tx_wanted = on;
	spin_unlock_irqrestore(&p->lock, flags);
}

static void tx_used(struct virtio_queue *q)
{
	struct port *p = q->arg;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	struct uart *u = p->uart;
	bool tell;

	tx_go(p);
	(void)virtio_queue_rearm(q);
	tx_go(p);
	tell = u && p->tx_wanted && p->tx_n < BUFFER_SIZE;
	spin_unlock_irqrestore(&p->lock, flags);
	if (tell) {
		uart_tx_ready(u);
	}
}

/* --- receiving ------------------------------------------------------------ */

static void rx_lend(struct port *p, unsigned int n)
{
	struct virtio_chain chain;

	assert_held(&p->lock);
	if (virtio_chain_begin(p->rx, 1, &chain)) {
		virtio_chain_put(&chain, buffer_addr(p, n), BUFFER_SIZE, true);
		virtio_chain_end(p->rx, &chain, token_of(n));
		virtio_queue_kick(p->rx);
	}
}

/* Go on to the next buffer, perhaps an empty one; false: there is none. */
static bool rx_next(struct port *p)
{
	void *token;
	uint32_t n;

	assert_held(&p->lock);
	if (p->rx_have) {
		p->rx_have = false;
		rx_lend(p, p->rx_buf);
	}
	token = virtio_queue_take(p->rx, &n);
	if (!token) {
		return false;
	}
	p->rx_buf = (unsigned int)(uintptr_t)token - 1;
	p->rx_n = MIN(n, (uint32_t)BUFFER_SIZE);
	p->rx_off_at = 0;
	p->rx_have = true;
	return true;
}

/* Looks at no more than RX_BUFFERS buffers: a device may return each at once,
 * and empty. */
static int vcon_getc_locked(struct port *p)
{
	unsigned int taken = 0;

	assert_held(&p->lock);
	while (!p->rx_have || p->rx_off_at == p->rx_n) {
		if (taken++ == RX_BUFFERS || !rx_next(p)) {
			return -1;
		}
	}
	return buffer_at(p, p->rx_buf)[p->rx_off_at++];
}

static int vcon_getc(struct uart *u)
{
	struct port *p = u->priv;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	int ch = vcon_getc_locked(p);

	spin_unlock_irqrestore(&p->lock, flags);
	return ch;
}

/* Is nothing there, and is the next buffer announced? */
static bool rx_quiet(struct port *p)
{
	assert_held(&p->lock);
	return (!p->rx_have || p->rx_off_at == p->rx_n) &&
	       (virtio_queue_rearm(p->rx) || p->rx->broken);
}

static bool rx_begin(struct port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool mine = !p->receiving && !p->rx_off;

	p->rx_more = true;
	p->receiving |= mine;
	spin_unlock_irqrestore(&p->lock, flags);
	return mine;
}

/* True: what comes next raises an interrupt, or is not wanted. */
static bool rx_end(struct port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool quiet = p->rx_off || (!p->rx_more && rx_quiet(p));

	p->rx_more = false;
	p->receiving &= !quiet;
	spin_unlock_irqrestore(&p->lock, flags);
	return quiet;
}

static int rx_byte(struct port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	int ch = p->rx_off ? -1 : vcon_getc_locked(p);

	spin_unlock_irqrestore(&p->lock, flags);
	return ch;
}

/* Pass on what was received. True: there may be more. */
static bool rx_pass(struct port *p, struct uart *u)
{
	unsigned int rounds = 0, n = 0;

	do {
		int ch = rx_byte(p);

		while (ch >= 0 && uart_rx(u, (uint8_t)ch) &&
		       ++n < UART_RX_BATCH) {
			ch = rx_byte(p);
		}
		if (n == UART_RX_BATCH || ++rounds == RX_ROUNDS) {
			return true;
		}
	} while (!rx_end(p));
	return false;
}

/* By the port's interrupt or its work item; one of them at a time, so that
 * bytes stay in order. */
static void rx_used(struct virtio_queue *q)
{
	struct port *p = q->arg;
	struct uart *u = READ_ONCE(p->uart);
	unsigned long flags;

	if (!u || !rx_begin(p) || !rx_pass(p, u)) {
		return;
	}
	flags = spin_lock_irqsave(&p->lock);
	p->receiving = false;
	spin_unlock_irqrestore(&p->lock, flags);
	work_queue(&p->rx_work);
}

static void rx_work(struct work *w)
{
	struct port *p = container_of(w, struct port, rx_work);
	unsigned long flags = arch_irq_save();

	rx_used(p->rx);
	arch_irq_restore(flags);
}

static bool vcon_rx_irq(struct uart *u, bool on)
{
	struct port *p = u->priv;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool done = true;

	p->rx_off = !on;
	if (on && p->receiving) {
		p->rx_more = true; /* whoever does has not looked yet */
	} else if (on) {
		done = rx_quiet(p);
		p->rx_off = !done;
	}
	spin_unlock_irqrestore(&p->lock, flags);
	return done;
}

/* --- lines ---------------------------------------------------------------- */

static void vcon_open(struct uart *u)
{
	(void)u;
}

static int vcon_start(struct uart *u)
{
	struct port *p = u->priv;
	unsigned long flags = spin_lock_irqsave(&p->lock);
	bool quiet;

	p->rx_off = false;
	for (unsigned int n = 0; !p->lent && n < RX_BUFFERS; n++) {
		rx_lend(p, n);
	}
	p->lent = true;
	quiet = rx_quiet(p);
	spin_unlock_irqrestore(&p->lock, flags);
	if (!quiet) {
		work_queue(&p->rx_work);
	}
	vcon_control_open(p, true);
	return 0;
}

static void vcon_close(struct uart *u)
{
	struct port *p = u->priv;

	vcon_control_open(p, false);
	if (p->c->multiport) {
		work_queue(&p->c->changed); /* it may have been removed */
	}
}

static const struct uart_ops vcon_ops = {
	.open = vcon_open,
	.putc = vcon_putc,
	.getc = vcon_getc,
	.tx_irq = vcon_tx_irq,
	.rx_irq = vcon_rx_irq,
	.start = vcon_start,
	.close = vcon_close,
};

/* What the port of this number held before is not the new one's. */
static void discard(struct port *p)
{
	assert_held(&p->lock);
	for (unsigned int n = 0; n <= RX_BUFFERS && rx_next(p); n++) {}
	p->rx_off_at = p->rx_n;
	p->tx_n = 0;
}

int vcon_line_add(struct port *p, struct device *dev)
{
	struct uart *u;
	unsigned long flags;
	int err = 0;

	if (!p->mem.va) {
		err = dma_alloc(p->c->vh->dma, (RX_BUFFERS + 2) * BUFFER_SIZE,
				&p->mem);
	}
	if (!err) {
		err = uart_add(dev, &vcon_ops, p, &u);
	}
	if (!err) {
		flags = spin_lock_irqsave(&p->lock);
		discard(p);
		__atomic_store_n(&p->uart, u, __ATOMIC_RELEASE);
		spin_unlock_irqrestore(&p->lock, flags);
	}
	return err;
}

void vcon_line_remove(struct port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	struct uart *u = p->uart;

	__atomic_store_n(&p->uart, NULL, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&p->lock, flags);
	irq_synchronize(); /* handlers may still use it */
	work_cancel(&p->rx_work);
	uart_remove(u->dev);
}

/* --- the device ----------------------------------------------------------- */

static int port_queues(struct port *p)
{
	unsigned int at = virtio_console_rx_queue(p->id);
	int err = virtio_host_queue(p->c->vh, at, RX_BUFFERS, 1, rx_used, p,
				    &p->rx);

	return err ? err
		   : virtio_host_queue(p->c->vh, at + 1, 2, 1, tx_used, p,
				       &p->tx);
}

static unsigned int ports_of(struct vcon *c)
{
	c->max_ports = 1;
	if (c->multiport) {
		c->max_ports = virtio_host_config32(
			c->vh,
			offsetof(struct virtio_console_config, max_nr_ports));
	}
	return (unsigned int)MIN(MAX(c->max_ports, 1U), (uint32_t)PORTS_MAX);
}

static int start(struct vcon *c)
{
	int err = virtio_host_negotiate(c->vh, VIRTIO_CONSOLE_F_MULTIPORT);

	if (err) {
		return err;
	}
	c->multiport = virtio_host_has(c->vh, VIRTIO_CONSOLE_F_MULTIPORT);
	c->nports = ports_of(c);
	for (unsigned int n = 0; !err && n < c->nports; n++) {
		struct port *p = &c->ports[n];

		p->c = c;
		p->id = n;
		p->present = !c->multiport;
		spin_init(&p->lock, LOCK_SERIAL);
		work_init(&p->rx_work, &work_shared, rx_work);
		err = port_queues(p);
	}
	if (!err && c->multiport) {
		err = vcon_ports_init(c);
	}
	if (!err && c->multiport) {
		err = vcon_control_queues(c);
	}
	return err ? err : virtio_host_start(c->vh);
}

static void vcon_free(struct vcon *c)
{
	dma_free(c->vh->dma, &c->mem);
	for (unsigned int n = 0; n < c->nports; n++) {
		dma_free(c->vh->dma, &c->ports[n].mem);
	}
	vcon_put(c);
}

static int vcon_probe(struct device *dev)
{
	struct vcon *c = heap_alloc(sizeof(*c));
	int err;

	if (!c) {
		return -ERR_NOMEM;
	}
	c->vh = virtio_host(dev);
	c->vh->priv = c;
	c->refs = 1;
	c->probing = true;
	c->limit = (struct log_limit)LOG_LIMIT_INIT;
	spin_init(&c->lock, LOCK_SERIAL);
	err = start(c);
	if (err) {
		(void)virtio_host_stop(c->vh);
		vcon_free(c);
		return err;
	}
	if (c->multiport) {
		vcon_control_ask(c);
	}
	vcon_ports_update(c);
	return 0;
}

/* Not while one of its lines has a user. */
static void vcon_remove(struct device *dev)
{
	struct vcon *c = virtio_host(dev)->priv;

	(void)virtio_host_stop(c->vh);
	vcon_ports_remove(c);
	vcon_free(c);
}

static const uint16_t vcon_ids[] = { VIRTIO_ID_CONSOLE, 0 };

static const struct driver virtio_console_driver = {
	.name = "virtio-console",
	.class = DEVICE_SERIAL,
	.bus = &virtio_bus,
	.ids = vcon_ids,
	.probe = vcon_probe,
	.remove = vcon_remove,
};
DRIVER(virtio_console_driver);
