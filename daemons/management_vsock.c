/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Management channels for guests: port 1 of CID 2. Each connection has a thread
 * of its own, with the guest's rights as they were when it connected. All that
 * is done with a stream is done by that thread; the service's thread wakes it.
 */
#include <core/guest.h>
#include <core/log.h>
#include <core/management.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/vsock.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define MANAGEMENT_PORT 1 /* also tools/soclectl/connect.c's */
#define MANAGEMENT_GUESTS_PRIORITY SCHED_PRIO_DEFAULT
#define CONNECTIONS 16
#define CONNECTIONS_PER_GUEST 2
#define CONNECTION_BUFFER 4096
#define CONNECTION_IN 512
/* For a guest that does not read what it has asked for. */
#define CONNECTION_WRITE_MS 5000
#define CONNECTION_INTERRUPT 0x03

/* [S] the service's thread, in accept(); [T] the connection's thread; [A]
 * atomic. */
struct connection {
	struct vsock_stream *stream;        /* [S] */
	struct management_rights rights;    /* [S] */
	char lists[2][MANAGEMENT_LIST_MAX]; /* [S] of `rights` */
	struct waitqueue wq;
	bool woken;                /* [A] */
	bool over;                 /* [A] reset by the guest, or gone */
	bool given_up;             /* [T] the guest does not read */
	bool interrupt;            /* [T] the byte 03 has arrived */
	uint8_t in[CONNECTION_IN]; /* [T] arrived and not read yet */
	size_t in_n;
};

/* By vsock_number(). Taken anew only once the stream before was closed, which
 * is the last that its thread does with it. */
static struct connection connections[CONNECTIONS];

static struct connection *connection_of(const struct vsock_stream *s)
{
	return &connections[vsock_number(s)];
}

/* --- the connection's thread -------------------------------------------- */

/* Take what has arrived, as far as there is room. */
static void connection_pump(struct connection *c)
{
	size_t n =
		vsock_read(c->stream, c->in + c->in_n, sizeof(c->in) - c->in_n);

	c->interrupt |= memchr(c->in + c->in_n, CONNECTION_INTERRUPT, n) !=
			NULL;
	c->in_n += n;
}

static bool connection_closed(void *ctx)
{
	struct connection *c = ctx;

	return c->given_up || READ_ONCE(c->over) ||
	       (c->in_n == 0 && vsock_ended(c->stream));
}

/* Is there something to read, or a reason not to wait for it? */
static bool connection_ready(struct connection *c)
{
	connection_pump(c);
	return c->in_n > 0 || connection_closed(c) ||
	       __atomic_exchange_n(&c->woken, false, __ATOMIC_ACQ_REL);
}

static size_t connection_read(void *ctx, uint8_t *buf, size_t n)
{
	struct connection *c = ctx;

	wait_event(&c->wq, connection_ready(c));
	n = MIN(n, c->in_n);
	memcpy(buf, c->in, n);
	c->in_n -= n;
	memmove(c->in, c->in + n, c->in_n);
	return n;
}

/* Is there room, or none that will ever be? */
static bool connection_room(struct connection *c)
{
	return vsock_room(c->stream) > 0 || READ_ONCE(c->over);
}

/* Wait for the guest to read; not for ever. */
static void connection_wait_room(struct connection *c)
{
	ticks_t end = time_now() + ms_to_ticks(CONNECTION_WRITE_MS);
	int err;

	wait_event_until(&c->wq, connection_room(c), end, err);
	c->given_up = err != 0;
}

static void connection_write(void *ctx, const uint8_t *buf, size_t n)
{
	struct connection *c = ctx;

	while (n > 0 && !c->given_up && !READ_ONCE(c->over)) {
		size_t done = vsock_write(c->stream, buf, n);

		buf += done;
		n -= done;
		if (n > 0) {
			connection_wait_room(c);
		}
	}
}

static void connection_wake(void *ctx)
{
	struct connection *c = ctx;

	__atomic_store_n(&c->woken, true, __ATOMIC_RELEASE);
	wait_wake_all(&c->wq);
}

static bool connection_interrupted(void *ctx)
{
	struct connection *c = ctx;
	bool was;

	connection_pump(c);
	was = c->interrupt;
	c->interrupt = false;
	return was;
}

static void connection_run(void *arg)
{
	struct connection *c = arg;
	const struct management_stream stream = {
		.read = connection_read,
		.write = connection_write,
		.wake = connection_wake,
		.closed = connection_closed,
		.interrupted = connection_interrupted,
		.ctx = c,
	};
	int err = management_serve(&stream, &c->rights);

	if (err != 0) {
		log_warn("guest %s: management: %s", c->rights.guest,
			 err_str(err));
	}
	vsock_close(c->stream);
}

/* --- the service's thread ----------------------------------------------- */

static size_t copy_list(char *to, const char *list, uint16_t size)
{
	if (size > 0) {
		memcpy(to, list, size);
	}
	return size;
}

/* What the guest's description allows it; nothing if it is gone. */
static void take_rights(struct connection *c)
{
	struct management_rights *r = &c->rights;
	struct guest *g;

	memset(r, 0, sizeof(*r));
	vsock_guest_name(c->stream, r->guest, sizeof(r->guest));
	g = guest_get(r->guest);
	if (g == NULL) {
		return;
	}
	r->observe = c->lists[0];
	r->operate = c->lists[1];
	r->observe_size =
		copy_list(c->lists[0], g->cfg->observe, g->cfg->observe_size);
	r->operate_size =
		copy_list(c->lists[1], g->cfg->operate, g->cfg->operate_size);
	guest_put(g);
}

static bool management_accept(struct vsock_stream *s)
{
	const struct thread_attr attr = {
		.name = "management",
		.priority = MANAGEMENT_GUESTS_PRIORITY,
	};
	struct connection *c = connection_of(s);

	c->stream = s;
	take_rights(c);
	wait_init(&c->wq);
	c->woken = false;
	c->over = false;
	c->given_up = false;
	c->interrupt = false;
	c->in_n = 0;
	return thread_create(NULL, &attr, connection_run, c) == 0;
}

static void management_receive(struct vsock_stream *s)
{
	wait_wake_all(&connection_of(s)->wq);
}

static void management_closed(struct vsock_stream *s)
{
	struct connection *c = connection_of(s);

	WRITE_ONCE(c->over, true);
	wait_wake_all(&c->wq);
}

static const struct vsock_ops management_ops = {
	.accept = management_accept,
	.receive = management_receive,
	.writable = management_receive,
	.closed = management_closed,
};

static const struct vsock_attr management_attr = {
	.name = "management-vsock",
	.port = MANAGEMENT_PORT,
	.priority = MANAGEMENT_GUESTS_PRIORITY,
	.streams = CONNECTIONS,
	.streams_per_guest = CONNECTIONS_PER_GUEST,
	.receive_size = CONNECTION_BUFFER,
	.send_size = CONNECTION_BUFFER,
	.ops = &management_ops,
};
VSOCK_SERVICE(management_attr);
