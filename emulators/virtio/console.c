/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO console (VirtIO 1.2, 5.3). Each port is a serial line of the guest
 * (core/vserial.h), named hvc0, hvc1 and so on.
 *
 * Locks: [P] port's lock (LOCK_DEVICE), [L] vd->lock, [I] immutable.
 */
#include <core/guest.h>
#include <core/schema.h>
#include <core/virtio.h>
#include <core/virtio_console.h>
#include <core/virtio_mmio.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define CONSOLE_PORTS_MAX 8
#define CONSOLE_QUEUE_SIZE 256
#define CONSOLE_PARTS_MAX 32 /* most parts of a buffer */
/* Longer buffers are cut: drivers send at most 32 KiB. Also the limit of what
 * is moved in one trap. */
#define CONSOLE_BYTES_MAX 32768
#define CONSOLE_CHAINS_MAX 16
#define CONSOLE_PART 256 /* bytes moved at once */

struct named {
	struct virtio_console_control control;
	char name[VSERIAL_NAME_MAX];
} __packed;

struct console_port {
	struct spinlock lock;
	struct virtq_chain sent;                   /* lock */
	struct io_segment segs[CONSOLE_PARTS_MAX]; /* lock: of `sent` */
	struct virtio_device *vd;                  /* [I] */
	struct virtqueue *rx, *tx;                 /* [I] */
	struct vserial *line;                      /* [I] */
	uint16_t index;                            /* [I] */
	bool open;        /* [A] the driver has opened it */
	uint32_t to_tell; /* [A] a bit for each enum virtio_console_event */
};

struct virtio_console {
	struct virtio_console_config config; /* [I] */
	unsigned int nports;                 /* [I] */
	struct console_port ports[CONSOLE_PORTS_MAX];
};

static struct virtio_console *of(struct virtio_device *vd)
{
	return vd->state;
}

/* Take the next chain; if there is none, ask the driver to kick. */
static int next_chain(struct virtqueue *vq, struct virtq_chain *chain)
{
	int got = virtqueue_pop(vq, chain);

	if (got == 0 && virtqueue_kicks_on(vq)) {
		got = virtqueue_pop(vq, chain);
	}
	return got;
}

/* --- the guest sends ---------------------------------------------------- */

/* Give the line what a buffer holds, from where it lies; bytes. */
static size_t send_chain(struct console_port *p,
			 const struct virtq_chain *chain)
{
	const struct io_list *l = &chain->readable;
	size_t left = CONSOLE_BYTES_MAX;

	assert_held(&p->lock);
	for (unsigned int i = 0; i < l->n && left > 0; i++) {
		size_t n = MIN(l->segs[i].size, left);

		vserial_write(p->line, l->segs[i].va, n);
		left -= n;
	}
	return CONSOLE_BYTES_MAX - left;
}

/* The queue's lock is held; it is released while the line has the buffer. One
 * buffer: true, if there was one. */
static inline bool send_one(struct console_port *p, unsigned long *flags,
			    size_t *bytes)
{
	struct virtq_chain *chain = &p->sent;

	chain->segs = p->segs;
	chain->max = ARRAY_SIZE(p->segs);
	if (virtqueue_pop(p->tx, chain) != 1) {
		return false;
	}
	virtqueue_unlock(p->tx, *flags);
	*bytes += send_chain(p, chain);
	*flags = virtqueue_lock(p->tx);
	virtqueue_push(p->tx, chain, 0);
	return true;
}

static int port_send(struct console_port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock), inner;
	unsigned int chains = 0, what;
	size_t bytes = 0;
	bool due = false, full = false, more = true;

	inner = virtqueue_lock(p->tx);
	while (more && !full) {
		virtqueue_kicks_off(p->tx);
		while (!full && send_one(p, &inner, &bytes)) {
			full = ++chains >= CONSOLE_CHAINS_MAX ||
			       bytes >= CONSOLE_BYTES_MAX;
			if (virtqueue_seen(p->tx) == 0) {
				break;
			}
		}
		what = virtqueue_finish(p->tx);
		due |= (what & VIRTQUEUE_DUE) != 0;
		more = (what & VIRTQUEUE_MORE) != 0;
	}
	virtqueue_unlock(p->tx, inner);
	spin_unlock_irqrestore(&p->lock, flags);
	if (due) {
		virtio_interrupt(p->tx);
	}
	return more ? -ERR_BUSY : 0;
}

/* --- the guest receives ------------------------------------------------- */

/* Put input that waits at the line into one buffer. Returns bytes, 0 if there
 * was no buffer. */
static uint32_t receive_one(struct console_port *p)
{
	struct io_segment segs[CONSOLE_PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	uint8_t part[CONSOLE_PART];
	unsigned long flags = virtqueue_lock(p->rx);
	int got = next_chain(p->rx, &chain);
	uint32_t done = 0;

	virtqueue_unlock(p->rx, flags);
	if (got != 1) {
		return 0;
	}
	while (done < chain.writable_size && done < VSERIAL_IN_SIZE) {
		size_t n =
			MIN(sizeof(part), (size_t)(chain.writable_size - done));

		n = vserial_read(p->line, part, n);
		if (n == 0) {
			break;
		}
		(void)io_list_fill(&chain.writable, part, n);
		done += (uint32_t)n;
	}
	flags = virtqueue_lock(p->rx);
	virtqueue_push(p->rx, &chain, done);
	virtqueue_unlock(p->rx, flags);
	return done;
}

/* Does the driver keep what a port that it has not opened receives? */
static bool receiving(const struct console_port *p)
{
	return !virtio_has(p->vd, VIRTIO_CONSOLE_F_MULTIPORT) ||
	       READ_ONCE(p->open);
}

static void port_receive(struct console_port *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock), inner;
	bool due;

	for (unsigned int i = 0;
	     i < CONSOLE_CHAINS_MAX && receiving(p) && vserial_pending(p->line);
	     i++) {
		if (receive_one(p) == 0) {
			break;
		}
	}
	inner = virtqueue_lock(p->rx);
	due = virtqueue_publish(p->rx);
	virtqueue_unlock(p->rx, inner);
	spin_unlock_irqrestore(&p->lock, flags);
	if (due) {
		virtio_interrupt(p->rx);
	}
}

static void port_notify(void *port)
{
	port_receive(port);
}

/* --- control messages --------------------------------------------------- */

/* Write the next message of a port to buf. Returns its size, 0 if there is
 * none. */
static size_t next_message(struct console_port *p, struct named *buf)
{
	const struct virtio_console_config *cfg = &of(p->vd)->config;
	uint32_t waiting = __atomic_load_n(&p->to_tell, __ATOMIC_ACQUIRE);
	struct virtio_console_resize resize;

	if (waiting == 0) {
		return 0;
	}
	memset(buf, 0, sizeof(*buf));
	buf->control.id = p->index;
	buf->control.event = (uint16_t)__builtin_ctz(waiting);
	buf->control.value = 1;
	switch (buf->control.event) {
	case VIRTIO_CONSOLE_RESIZE:
		resize.control = buf->control;
		resize.cols = cfg->cols;
		resize.rows = cfg->rows;
		memcpy(buf, &resize, sizeof(resize));
		return sizeof(resize);
	case VIRTIO_CONSOLE_PORT_NAME:
		/* Without a terminator: 5.3.6.2. */
		(void)snprintf(buf->name, sizeof(buf->name), "%s",
			       vserial_device(p->line));
		return sizeof(buf->control) + strlen(buf->name);
	default:
		return sizeof(buf->control);
	}
}

/* Send waiting messages to the driver, as far as it has buffers. */
static void control_flush(struct virtio_device *vd)
{
	struct virtio_console *c = of(vd);
	struct virtqueue *vq = &vd->queues[VIRTIO_CONSOLE_CONTROL_RX];
	struct io_segment segs[CONSOLE_PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	unsigned long flags = virtqueue_lock(vq);
	struct named message;
	bool due;

	for (unsigned int i = 0; i < c->nports;) {
		struct console_port *p = &c->ports[i];
		size_t size = next_message(p, &message);

		if (size == 0) {
			i++;
			continue;
		}
		if (next_chain(vq, &chain) != 1) {
			break;
		}
		size = io_list_fill(&chain.writable, &message, size);
		virtqueue_push(vq, &chain, (uint32_t)size);
		(void)__atomic_fetch_and(&p->to_tell,
					 ~(1U << message.control.event),
					 __ATOMIC_ACQ_REL);
	}
	due = virtqueue_publish(vq);
	virtqueue_unlock(vq, flags);
	if (due) {
		virtio_interrupt(vq);
	}
}

static void tell(struct console_port *p, uint32_t events)
{
	(void)__atomic_fetch_or(&p->to_tell, events, __ATOMIC_ACQ_REL);
}

/* Handle a message of the driver. Returns a port to be looked at, or NULL.
 * Invalid messages are ignored, since there is no way to answer them. */
static struct console_port *
control_message(struct virtio_console *c,
		const struct virtio_console_control *m)
{
	uint64_t id = m->id;
	struct console_port *p;

	if (m->event == VIRTIO_CONSOLE_DEVICE_READY) {
		for (unsigned int i = 0; m->value == 1 && i < c->nports; i++) {
			tell(&c->ports[i], 1U << VIRTIO_CONSOLE_DEVICE_ADD);
		}
		return NULL;
	}
	if (!arch_index_below(&id, c->nports)) {
		return NULL;
	}
	p = &c->ports[id];
	if (m->event == VIRTIO_CONSOLE_PORT_READY && m->value == 1) {
		tell(p, 1U << VIRTIO_CONSOLE_CONSOLE_PORT |
				1U << VIRTIO_CONSOLE_PORT_NAME |
				1U << VIRTIO_CONSOLE_PORT_OPEN |
				(virtio_has(p->vd, VIRTIO_CONSOLE_F_SIZE)
					 ? 1U << VIRTIO_CONSOLE_RESIZE
					 : 0));
	} else if (m->event == VIRTIO_CONSOLE_PORT_OPEN) {
		WRITE_ONCE(p->open, m->value != 0);
		return p;
	}
	return NULL;
}

static int control_receive(struct virtio_device *vd)
{
	struct virtqueue *vq = &vd->queues[VIRTIO_CONSOLE_CONTROL_TX];
	struct io_segment segs[CONSOLE_PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	struct console_port *opened = NULL;
	unsigned long flags = virtqueue_lock(vq);
	unsigned int chains = 0;
	struct virtio_console_control m;
	int got = 0;
	bool due;

	while (!opened && chains++ < CONSOLE_CHAINS_MAX &&
	       (got = next_chain(vq, &chain)) == 1) {
		if (io_list_pull(&chain.readable, &m, sizeof(m)) == sizeof(m)) {
			opened = control_message(of(vd), &m);
		}
		virtqueue_push(vq, &chain, 0);
	}
	due = virtqueue_publish(vq);
	virtqueue_unlock(vq, flags);
	if (due) {
		virtio_interrupt(vq);
	}
	if (opened) {
		port_receive(opened);
	}
	control_flush(vd);
	return got == 1 ? -ERR_BUSY : 0;
}

/* --- the device --------------------------------------------------------- */

static int console_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	struct virtio_console *c = of(vd);
	unsigned int port = vq->index < 2 ? 0 : vq->index / 2 - 1;

	if (vq->index == VIRTIO_CONSOLE_CONTROL_RX) {
		control_flush(vd);
		return 0;
	}
	if (vq->index == VIRTIO_CONSOLE_CONTROL_TX) {
		return control_receive(vd);
	}
	if (vq->index % 2) {
		return port_send(&c->ports[port]);
	}
	port_receive(&c->ports[port]);
	return 0;
}

static uint64_t console_config_read(struct virtio_device *vd, uint32_t off,
				    uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)&of(vd)->config + off, size);
	return value;
}

/* 5.3.4: emergency write: a character from a guest without a driver yet. */
static void console_config_write(struct virtio_device *vd, uint32_t off,
				 uint32_t size, uint64_t value)
{
	uint8_t c = (uint8_t)value;

	if (off == offsetof(struct virtio_console_config, emerg_wr) &&
	    size <= 4) {
		vserial_write(of(vd)->ports[0].line, &c, 1);
	}
}

static void console_reset(struct virtio_device *vd)
{
	struct virtio_console *c = of(vd);

	for (unsigned int i = 0; i < c->nports; i++) {
		WRITE_ONCE(c->ports[i].open, false);
		__atomic_store_n(&c->ports[i].to_tell, 0, __ATOMIC_RELEASE);
	}
}

static void ports_fini(struct virtio_console *c)
{
	while (c->nports > 0) {
		vserial_destroy(c->ports[--c->nports].line);
	}
}

static int port_init(struct virtio_device *vd, struct console_port *p,
		     unsigned int index)
{
	p->vd = vd;
	p->index = (uint16_t)index;
	p->rx = &vd->queues[virtio_console_rx_queue(index)];
	p->tx = p->rx + 1;
	spin_init(&p->lock, LOCK_DEVICE);
	return vserial_create_numbered(&p->line, vd->guest->cfg->name, "hvc",
				       port_notify, p);
}

static int console_init(struct virtio_device *vd)
{
	struct virtio_console *c = of(vd);
	unsigned int ports = emu_prop_u32(vd->emu, "ports", 1);
	int err = 0;

	c->config.cols = (uint16_t)emu_prop_u32(vd->emu, "cols", 80);
	c->config.rows = (uint16_t)emu_prop_u32(vd->emu, "rows", 24);
	c->config.max_nr_ports = ports;
	vd->nqueues = (uint16_t)(2 + 2 * ports);
	while (err == 0 && c->nports < ports) {
		err = port_init(vd, &c->ports[c->nports], c->nports);
		c->nports += err == 0;
	}
	if (err) {
		ports_fini(c);
	}
	return err;
}

static void console_fini(struct virtio_device *vd)
{
	ports_fini(of(vd));
}

static const struct virtio_kind console_kind = {
	.id = VIRTIO_ID_CONSOLE,
	.max_queues = 2 + 2 * CONSOLE_PORTS_MAX,
	.queue_size = CONSOLE_QUEUE_SIZE,
	.config_size = sizeof(struct virtio_console_config),
	.state_size = sizeof(struct virtio_console),
	.features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT |
		    VIRTIO_CONSOLE_F_EMERG_WRITE | VIRTIO_F_IN_ORDER,
	.init = console_init,
	.fini = console_fini,
	.reset = console_reset,
	.kick = console_kick,
	.config_read = console_config_read,
	.config_write = console_config_write,
};

/* clang-format off */
static const struct schema_prop console_props[] = {
	{
		.name = "ports",
		.type = SCHEMA_U32,
		.min = 1,
		.max = CONSOLE_PORTS_MAX,
		.otherwise = REFERENCE("1"),
		.doc = REFERENCE("Number of ports; each is a serial line: hvc0, hvc1..."),
	},
	{
		.name = "cols",
		.type = SCHEMA_U32,
		.min = 1,
		.max = UINT16_MAX,
		.otherwise = REFERENCE("80"),
		.doc = REFERENCE("Width of the terminal, in characters."),
	},
	{
		.name = "rows",
		.type = SCHEMA_U32,
		.min = 1,
		.max = UINT16_MAX,
		.otherwise = REFERENCE("24"),
		.doc = REFERENCE("Height of the terminal, in lines."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};
/* clang-format on */

static const char *const console_compatible[] = { "virtio,console", NULL };

static const struct emulator console_emulator = {
	.name = "virtio-console",
	.compatible = console_compatible,
	.virtio = &console_kind,
	.props = console_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(console_emulator);
