/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of virtual serial lines with a port of the host or with another
 * line. What one end sends waits in a ring until the other end takes it. A work
 * item moves it, because neither end may be called in the context in which the
 * other sends.
 *
 * Locks: [M] links_lock, a mutex; [L] the link's lock, which also is the one
 * that the port's driver requires; [I] immutable; [A] atomic.
 */
#include <core/device.h>
#include <core/heap.h>
#include <core/sync.h>
#include <core/uart.h>
#include <core/vserial.h>
#include <core/work.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <stdio.h>
#include <string.h>

#define LINK_RING 4096 /* bytes that wait, each way */
#define LINK_PART 256  /* moved at once */
#define LINK_PARTS 16  /* moved in one run of the work item */
#define LINK_TRIES 8   /* to take what waits in a port and let it go on */

struct link;

/* One end. Its ring has what it sent. */
struct link_end {
	struct link *link;      /* [I] */
	struct vserial *line;   /* [I] or NULL: then it is a port */
	struct uart *port;      /* [L] NULL when it is closed */
	bool gone;              /* [A] the port was removed */
	struct vserial_tap tap; /* of a line */
	struct ring from;       /* [L] */
	uint8_t buf[LINK_RING];
};

struct link {
	struct list node; /* [M] */
	struct spinlock lock;
	struct work work;
	struct link_end ends[2]; /* [I] the first is a line */
	uint64_t lost;           /* [L] bytes for which there was no room */
};

static struct list links = LIST_INIT(links); /* [M] */
static struct mutex links_lock = MUTEX_INIT(links_lock);
static bool links_broken; /* [A] a link is broken and has to be ended */

static void links_unlock(void);

static struct link_end *other_end(struct link_end *e)
{
	return &e->link->ends[e == &e->link->ends[0]];
}

/* --- what an end sends -------------------------------------------------- */

/* The line is locked, so the output is only queued. */
static void link_sink(void *ctx, const uint8_t *buf, size_t n)
{
	struct link_end *e = ctx;
	unsigned long flags = spin_lock_irqsave(&e->link->lock);

	if (n > 0) {
		e->link->lost += n - ring_write(&e->from, buf, n);
	}
	spin_unlock_irqrestore(&e->link->lock, flags);
	work_queue(&e->link->work);
}

/* Called in the port's interrupt. When the ring is full the rest waits in the
 * port. */
static bool link_rx(void *arg, uint8_t c)
{
	struct link_end *e = arg;
	unsigned long flags = spin_lock_irqsave(&e->link->lock);
	bool room;

	(void)ring_put(&e->from, c);
	room = ring_free(&e->from) > 0;
	if (!room) {
		(void)e->port->ops->rx_irq(e->port, false);
	}
	spin_unlock_irqrestore(&e->link->lock, flags);
	work_queue(&e->link->work);
	return room;
}

/* --- what an end receives ----------------------------------------------- */

/* Move what fits from the other end's ring into the port, and enable the
 * interrupt for the rest. */
static void port_drain_locked(struct link_end *e)
{
	struct ring *r = &other_end(e)->from;

	assert_held(&e->link->lock);
	if (!e->port) {
		return; /* closed already */
	}
	while (ring_used(r) > 0 && e->port->ops->putc(e->port, ring_at(r, 0))) {
		(void)ring_get(r);
	}
	e->port->ops->tx_irq(e->port, ring_used(r) > 0);
}

static void link_tx_ready(void *arg)
{
	struct link_end *e = arg;
	unsigned long flags = spin_lock_irqsave(&e->link->lock);

	port_drain_locked(e);
	spin_unlock_irqrestore(&e->link->lock, flags);
}

static void link_gone(void *arg)
{
	struct link_end *e = arg;

	__atomic_store_n(&e->gone, true, __ATOMIC_RELEASE);
	work_queue(&e->link->work);
}

static const struct uart_client link_client = {
	.rx = link_rx,
	.tx_ready = link_tx_ready,
	.gone = link_gone,
};

/* There is room for what the port receives: take what waits in it, and let it
 * receive again. */
static void port_go_on_locked(struct link_end *e)
{
	int c;

	assert_held(&e->link->lock);
	for (unsigned int n = 0; n < LINK_TRIES; n++) {
		if (ring_free(&e->from) == 0 ||
		    e->port->ops->rx_irq(e->port, true)) {
			return;
		}
		while (ring_free(&e->from) > 0 &&
		       (c = e->port->ops->getc(e->port)) >= 0) {
			(void)ring_put(&e->from, (uint8_t)c);
		}
	}
}

/* Give a line one part of what the other end sent. False: there is no more, or
 * the line takes no more now (its tap is told when it does). */
static bool line_receive(struct link_end *e)
{
	struct link_end *o = other_end(e);
	uint8_t part[LINK_PART];
	size_t n = 0, done;
	unsigned long flags = spin_lock_irqsave(&e->link->lock);
	uint32_t used = ring_used(&o->from);

	while (n < sizeof(part) && n < used) {
		part[n] = ring_at(&o->from, (uint32_t)n);
		n++;
	}
	spin_unlock_irqrestore(&e->link->lock, flags);
	done = n > 0 ? vserial_input(e->line, part, n) : 0;
	flags = spin_lock_irqsave(&e->link->lock);
	/* Others only append to the ring: what was copied is still at its
	 * start. */
	(void)ring_read(&o->from, part, done);
	if (o->port && done > 0) { /* not closed meanwhile */
		port_go_on_locked(o);
	}
	spin_unlock_irqrestore(&e->link->lock, flags);
	return n > 0 && done == n;
}

static bool link_broken(const struct link *l)
{
	return !vserial_alive(l->ends[0].line) ||
	       __atomic_load_n(&l->ends[1].gone, __ATOMIC_ACQUIRE) ||
	       (l->ends[1].line && !vserial_alive(l->ends[1].line));
}

static void link_work(struct work *w)
{
	struct link *l = container_of(w, struct link, work);
	bool more = false;

	if (link_broken(l)) {
		/* If the lock is taken, its holder may wait for this work
		 * item and must not be waited for: it ends the link when it
		 * unlocks. */
		__atomic_store_n(&links_broken, true, __ATOMIC_SEQ_CST);
		if (mutex_trylock(&links_lock)) {
			links_unlock(); /* frees `l` */
		}
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(l->ends); i++) {
		struct link_end *e = &l->ends[i];
		unsigned int parts = 0;

		if (!e->line) {
			link_tx_ready(e);
			continue;
		}
		while (parts < LINK_PARTS && line_receive(e)) {
			parts++;
		}
		more |= parts == LINK_PARTS;
	}
	if (more) {
		work_queue(w);
	}
}

/* --- making and ending -------------------------------------------------- */

/* Close the end: nothing is sent or received any more. */
static void end_silence(struct link_end *e)
{
	unsigned long flags = spin_lock_irqsave(&e->link->lock);
	struct uart *port = e->port;

	e->port = NULL;
	spin_unlock_irqrestore(&e->link->lock, flags);
	if (port) {
		uart_close(port);
	} else if (e->line) {
		vserial_detach(e->line, &e->tap);
	}
}

static void link_end(struct link *l)
{
	mutex_assert_held(&links_lock);
	list_remove(&l->node);
	for (unsigned int i = 0; i < ARRAY_SIZE(l->ends); i++) {
		end_silence(&l->ends[i]);
	}
	work_cancel(&l->work);
	for (unsigned int i = 0; i < ARRAY_SIZE(l->ends); i++) {
		if (l->ends[i].line) {
			vserial_put(l->ends[i].line);
		}
	}
	heap_free(l);
}

/* Unlock, and end broken links, also those that link_work() noticed. */
static void links_unlock(void)
{
	do {
		struct link *l, *next;

		list_for_each_safe(l, next, &links, node) {
			if (link_broken(l)) {
				link_end(l);
			}
		}
		mutex_unlock(&links_lock);
	} while (__atomic_exchange_n(&links_broken, false, __ATOMIC_SEQ_CST) &&
		 mutex_trylock(&links_lock));
}

static struct link *link_of(const struct vserial *c)
{
	struct link *l;

	mutex_assert_held(&links_lock);
	list_for_each(l, &links, node) {
		if (l->ends[0].line == c || l->ends[1].line == c) {
			return l;
		}
	}
	return NULL;
}

static int end_init_line(struct link_end *e, struct vserial *c)
{
	int err;

	list_init(&e->tap.node);
	e->tap.sink = link_sink;
	e->tap.ctx = e;
	err = vserial_tap(c, &e->tap);
	if (err == 0) {
		vserial_ref(c);
		e->line = c;
	}
	return err;
}

static int end_init_port(struct link_end *e, struct uart *u)
{
	int err = uart_open(u, "connection of a guest", &link_client, e);

	if (err) {
		return err;
	}
	e->port = u;
	return u->ops->start(u);
}

static struct link *link_alloc(void)
{
	struct link *l = heap_alloc(sizeof(*l));

	if (!l) {
		return NULL;
	}
	spin_init(&l->lock, LOCK_UART);
	work_init(&l->work, &work_shared, link_work);
	for (unsigned int i = 0; i < ARRAY_SIZE(l->ends); i++) {
		l->ends[i].link = l;
		ring_init(&l->ends[i].from, l->ends[i].buf, LINK_RING);
	}
	return l;
}

/* Connect `c` with `other` or, if that is NULL, with the port. */
static int link_make(struct vserial *c, struct vserial *other, struct uart *u)
{
	struct link *l;
	int err;

	mutex_assert_held(&links_lock);
	if (c == other) {
		return -ERR_INVAL;
	}
	if (link_of(c) || (other && link_of(other))) {
		return -ERR_EXIST;
	}
	l = link_alloc();
	if (!l) {
		return -ERR_NOMEM;
	}
	list_append(&links, &l->node);
	err = end_init_line(&l->ends[0], c);
	if (err == 0) {
		err = other ? end_init_line(&l->ends[1], other)
			    : end_init_port(&l->ends[1], u);
	}
	if (err) {
		link_end(l);
	}
	return err;
}

int vserial_connect_port(struct vserial *c, struct uart *u)
{
	int err;

	mutex_lock(&links_lock);
	err = link_make(c, NULL, u);
	links_unlock();
	return err;
}

int vserial_connect(struct vserial *c, struct vserial *other)
{
	int err;

	mutex_lock(&links_lock);
	err = link_make(c, other, NULL);
	links_unlock();
	return err;
}

int vserial_disconnect(struct vserial *c)
{
	struct link *l;

	mutex_lock(&links_lock);
	l = link_of(c);
	if (l) {
		link_end(l);
	}
	links_unlock();
	return l ? 0 : -ERR_NOENT;
}

bool vserial_connection(struct vserial *c, char *name, size_t size,
			uint64_t *lost)
{
	struct link *l;

	mutex_lock(&links_lock);
	l = link_of(c);
	if (l) {
		const struct link_end *o =
			&l->ends[l->ends[0].line == c ? 1 : 0];

		if (o->line) {
			struct vserial_info info;

			vserial_get_info(o->line, &info);
			(void)snprintf(name, size, "%s/%s", info.owner,
				       info.device);
		} else {
			(void)snprintf(name, size, "%s", o->port->dev->name);
		}
		*lost = l->lost;
	}
	links_unlock();
	return l != NULL;
}
