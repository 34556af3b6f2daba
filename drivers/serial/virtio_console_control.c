/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control queues of a VirtIO console of the host (VirtIO 1.2, 5.3.6.2):
 * which ports the device has, their names, and which side has them open. */
#include <core/time.h>
#include <libs/error.h>
#include <string.h>

#include "virtio_console_priv.h"

#define CONTROL_BUDGET 256 /* messages taken in one interrupt */
#define CONTROL_ROUNDS 4   /* looks at an empty queue */
#define CONTROL_ERRORS 64  /* invalid messages; then it is not listened to */
#define CONTROL_MS 200     /* for the device to say which ports it has */

static uint8_t *control_buffer(struct vcon *c, unsigned int n)
{
	return (uint8_t *)c->mem.va + n * CONTROL_RX_SIZE;
}

static void control_lend(struct vcon *c, unsigned int n)
{
	struct virtio_chain chain;

	assert_held(&c->lock);
	if (virtio_chain_begin(c->control_rx, 1, &chain)) {
		virtio_chain_put(&chain,
				 c->mem.addr + (uint64_t)n * CONTROL_RX_SIZE,
				 CONTROL_RX_SIZE, true);
		virtio_chain_end(c->control_rx, &chain, token_of(n));
	}
}

/* Take back the messages that the device has read. */
static void control_reap(struct vcon *c)
{
	void *token;

	assert_held(&c->lock);
	for (unsigned int n = 0; n < CONTROL_TX; n++) {
		token = virtio_queue_take(c->control_tx, NULL);
		if (!token) {
			return;
		}
		c->tx_used &= ~(1U << ((unsigned int)(uintptr_t)token - 1));
	}
}

/* A device that does not read its messages loses the next ones. */
static void control_send(struct vcon *c, unsigned int id, uint16_t event,
			 uint16_t value)
{
	const struct virtio_console_control m = { id, event, value };
	struct virtio_chain chain;
	uint32_t off;
	unsigned int n;

	assert_held(&c->lock);
	control_reap(c);
	if (c->tx_used == UINT32_MAX ||
	    !virtio_chain_begin(c->control_tx, 1, &chain)) {
		return;
	}
	n = (unsigned int)__builtin_ctz(~c->tx_used);
	off = CONTROL_RX * CONTROL_RX_SIZE + n * (uint32_t)sizeof(m);
	memcpy((uint8_t *)c->mem.va + off, &m, sizeof(m));
	c->tx_used |= 1U << n;
	virtio_chain_put(&chain, c->mem.addr + off, sizeof(m), false);
	virtio_chain_end(c->control_tx, &chain, token_of(n));
	virtio_queue_kick(c->control_tx);
}

static bool name_char(uint8_t ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	       (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
}

/* The name is what follows in the message, perhaps with a zero at its end. */
static const char *port_named(struct port *p, const uint8_t *name, uint32_t n)
{
	assert_held(&p->c->lock);
	if (n > 0 && name[n - 1] == 0) {
		n--;
	}
	if (n == 0 || n > PORT_NAME_MAX) {
		return "has a name that is empty or too long";
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!name_char(name[i])) {
			return "has a name with characters that are not used";
		}
	}
	/* The first one holds until the port is removed. */
	if (p->name[0] == '\0') {
		memcpy(p->name, name, n);
		p->name[n] = '\0';
	}
	return NULL;
}

static const char *port_added(struct vcon *c, struct port *p)
{
	assert_held(&c->lock);
	if (p->present) {
		return "was added twice";
	}
	p->name[0] = '\0';
	WRITE_ONCE(p->present, true);
	control_send(c, p->id, VIRTIO_CONSOLE_PORT_READY, 1);
	if (p->open) {
		control_send(c, p->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
	}
	return NULL;
}

static void port_removed(struct port *p)
{
	assert_held(&p->c->lock);
	WRITE_ONCE(p->present, false);
	WRITE_ONCE(p->removed, true);
	p->device_open = false;
}

/* Of a port that the device may have, but for which we have no queues. */
static const char unused_port[] = "is not used: the console has too many";

static const char *message_of_unused(struct vcon *c,
				     const struct virtio_console_control *m)
{
	assert_held(&c->lock);
	if (m->event == VIRTIO_CONSOLE_DEVICE_ADD) {
		control_send(c, m->id, VIRTIO_CONSOLE_PORT_READY, 0);
	}
	if (m->id >= c->max_ports) {
		return "is not one that the device may have";
	}
	return m->event == VIRTIO_CONSOLE_DEVICE_ADD ? unused_port : NULL;
}

/* What one message says. Returns what is wrong with it, or NULL. */
static const char *control_message(struct vcon *c,
				   const struct virtio_console_control *m,
				   const uint8_t *more, uint32_t n)
{
	struct port *p;

	assert_held(&c->lock);
	if (m->id >= c->nports) {
		return message_of_unused(c, m);
	}
	p = &c->ports[m->id];
	if (m->event == VIRTIO_CONSOLE_DEVICE_ADD) {
		return port_added(c, p);
	}
	if (!p->present) {
		return "has messages, but was not added";
	}
	switch (m->event) {
	case VIRTIO_CONSOLE_DEVICE_REMOVE:
		port_removed(p);
		return NULL;
	case VIRTIO_CONSOLE_CONSOLE_PORT:
		/* 5.3.6.2: this must be the answer. */
		control_send(c, p->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		return NULL;
	case VIRTIO_CONSOLE_RESIZE:
		return NULL;
	case VIRTIO_CONSOLE_PORT_OPEN:
		p->device_open = m->value != 0;
		return NULL;
	case VIRTIO_CONSOLE_PORT_NAME:
		return port_named(p, more, n);
	default:
		return "has messages that only a driver sends";
	}
}

/* Is it one after which lines have to be looked at? */
static bool changes_ports(const struct virtio_console_control *m)
{
	return m->event == VIRTIO_CONSOLE_DEVICE_ADD ||
	       m->event == VIRTIO_CONSOLE_DEVICE_REMOVE ||
	       m->event == VIRTIO_CONSOLE_PORT_NAME;
}

/* Take one message; false: there is none. */
static bool control_one(struct vcon *c, struct virtio_console_control *m,
			const char **wrong)
{
	uint8_t copy[CONTROL_RX_SIZE];
	uint32_t n;
	void *token = virtio_queue_take(c->control_rx, &n);
	unsigned int at = (unsigned int)(uintptr_t)token - 1;

	assert_held(&c->lock);
	if (!token) {
		return false;
	}
	*m = (struct virtio_console_control){ 0 };
	n = MIN(n, (uint32_t)CONTROL_RX_SIZE);
	if (n < sizeof(*m)) {
		*wrong = "has a message that is too short";
	} else {
		/* Read once, then checked: the device can still write it. */
		memcpy(copy, control_buffer(c, at), n);
		memcpy(m, copy, sizeof(*m));
		*wrong = control_message(c, m, copy + sizeof(*m),
					 n - (uint32_t)sizeof(*m));
	}
	c->errors += *wrong && *wrong != unused_port;
	control_lend(c, at);
	return true;
}

/* Read what the device says, at most CONTROL_BUDGET messages. True: there may
 * be more. */
static bool control_read(struct vcon *c)
{
	for (unsigned int n = 0; n < CONTROL_BUDGET; n++) {
		unsigned long flags = spin_lock_irqsave(&c->lock);
		const char *wrong = NULL;
		struct virtio_console_control m;
		bool any, deaf, changed = false;
		struct uart *u = NULL;

		control_reap(c);
		any = c->errors < CONTROL_ERRORS && control_one(c, &m, &wrong);
		deaf = any && c->errors == CONTROL_ERRORS;
		if (any) {
			virtio_queue_kick(c->control_rx);
			changed = !wrong && !c->probing && changes_ports(&m);
		}
		if (changed && m.event == VIRTIO_CONSOLE_DEVICE_REMOVE) {
			u = READ_ONCE(c->ports[m.id].uart);
		}
		spin_unlock_irqrestore(&c->lock, flags);
		/* Not under the lock: a line may go to a port of ours. */
		if (wrong && log_allow(&c->limit)) {
			log_warn("%s: port %u %s", c->vh->dev.name, m.id,
				 wrong);
		}
		if (deaf) {
			log_warn("%s: too many invalid control messages: "
				 "ignored from now on",
				 c->vh->dev.name);
		}
		if (u) {
			uart_tx_ready(u); /* to lose what waits for room */
		}
		if (changed) {
			work_queue(&c->changed);
		}
		if (!any) {
			return false;
		}
	}
	return true;
}

/* Is the next message announced? */
static bool control_quiet(struct vcon *c)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	bool quiet = c->errors >= CONTROL_ERRORS || c->control_rx->broken ||
		     virtio_queue_rearm(c->control_rx);

	spin_unlock_irqrestore(&c->lock, flags);
	return quiet;
}

/* Read until the device says no more; false: it does not stop. */
static bool control_read_all(struct vcon *c)
{
	for (unsigned int n = 0; n < CONTROL_ROUNDS; n++) {
		if (control_read(c)) {
			return false;
		}
		if (control_quiet(c)) {
			return true;
		}
	}
	return false;
}

static void control_used(struct virtio_queue *q)
{
	struct vcon *c = q->arg;

	if (!control_read_all(c)) {
		work_queue(&c->changed);
	}
}

void vcon_control_catch_up(struct vcon *c)
{
	unsigned long flags;

	if (control_read_all(c)) {
		return;
	}
	/* As invalid as a message is one that is always followed by others. */
	flags = spin_lock_irqsave(&c->lock);
	c->errors++;
	spin_unlock_irqrestore(&c->lock, flags);
	if (log_allow(&c->limit)) {
		log_warn("%s: does not stop sending control messages",
			 c->vh->dev.name);
	}
	work_queue(&c->changed);
}

void vcon_control_ask(struct vcon *c)
{
	ticks_t deadline = time_now() + ms_to_ticks(CONTROL_MS);
	unsigned long flags = spin_lock_irqsave(&c->lock);
	bool waits = true;

	for (unsigned int n = 0; n < CONTROL_RX; n++) {
		control_lend(c, n);
	}
	virtio_queue_kick(c->control_rx);
	virtio_queue_silence(c->control_tx);
	control_send(c, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	spin_unlock_irqrestore(&c->lock, flags);
	while (waits && time_now() < deadline) {
		delay_us(20);
		(void)control_read(c);
		flags = spin_lock_irqsave(&c->lock);
		waits = c->tx_used != 0;
		c->probing = waits;
		spin_unlock_irqrestore(&c->lock, flags);
	}
	flags = spin_lock_irqsave(&c->lock);
	c->probing = false;
	spin_unlock_irqrestore(&c->lock, flags);
	if (!control_quiet(c)) {
		work_queue(&c->changed);
	}
	if (waits) {
		log_warn("%s: does not read its control messages",
			 c->vh->dev.name);
	}
}

void vcon_control_open(struct port *p, bool open)
{
	struct vcon *c = p->c;
	unsigned long flags = spin_lock_irqsave(&c->lock);

	if (p->open != open) {
		p->open = open;
		if (c->multiport && p->present) {
			control_send(c, p->id, VIRTIO_CONSOLE_PORT_OPEN, open);
		}
	}
	spin_unlock_irqrestore(&c->lock, flags);
}

int vcon_control_queues(struct vcon *c)
{
	int err = virtio_host_queue(c->vh, VIRTIO_CONSOLE_CONTROL_RX,
				    CONTROL_RX, 1, control_used, c,
				    &c->control_rx);

	if (!err) {
		err = virtio_host_queue(c->vh, VIRTIO_CONSOLE_CONTROL_TX,
					CONTROL_TX, 1, NULL, c, &c->control_tx);
	}
	return err ? err
		   : dma_alloc(
			     c->vh->dma,
			     CONTROL_RX * CONTROL_RX_SIZE +
				     CONTROL_TX *
					     sizeof(struct virtio_console_control),
			     &c->mem);
}
