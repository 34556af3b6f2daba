/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streaming a capture over a serial port, for tools/socle-capture. Each frame
 * is a SLIP packet (RFC 1055), so that a reader may start at any time, and a
 * lost byte costs only one frame:
 *
 *   8 bytes nanoseconds since 1970-01-01 all little-endian 4 bytes length of
 *   the frame 4 bytes 0: it came into the switch, 1: it left it n bytes the
 *   part of it that was kept 4 bytes CRC-32 of all this
 */
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/uart.h>
#include <libs/crc32.h>
#include <libs/error.h>
#include <string.h>

#include "capture_priv.h"

#define SLIP_END 0xc0
#define SLIP_ESC 0xdb
#define SLIP_ESC_END 0xdc
#define SLIP_ESC_ESC 0xdd
#define STREAM_HEAD 16
#define STREAM_WAIT_MS 1 /* interval of trying again while the port is full */

/* Exists from netcapture_stream() to capture_stream_end(), or to the next
 * netcapture_stream() if its port was removed. [A] atomic, [N] net_mutex. */
struct capture_stream {
	struct netcapture *capture;
	struct uart *uart;
	struct vcpu *thread;
	struct spinlock lock; /* the port's operations */
	uint8_t *buf;         /* a frame */
	bool gone;            /* [A] the port was removed */
	bool ended;           /* [N] and the thread closes it, or has */
};

static bool stream_rx(void *arg, uint8_t c)
{
	(void)arg;
	(void)c;
	return true; /* input is ignored */
}

static void stream_tx_ready(void *arg)
{
	(void)arg;
}

static void stream_gone(void *arg)
{
	struct capture_stream *st = arg;

	__atomic_store_n(&st->gone, true, __ATOMIC_RELEASE);
	wait_wake_all(&st->capture->ready);
}

static const struct uart_client stream_client = {
	.rx = stream_rx,
	.tx_ready = stream_tx_ready,
	.gone = stream_gone,
};

static bool stream_should_stop(const struct capture_stream *st)
{
	return thread_should_stop() ||
	       __atomic_load_n(&st->gone, __ATOMIC_ACQUIRE);
}

static void stream_put_raw(struct capture_stream *st, uint8_t c)
{
	for (;;) {
		unsigned long flags = spin_lock_irqsave(&st->lock);
		bool sent = st->uart->ops->putc(st->uart, c);

		spin_unlock_irqrestore(&st->lock, flags);
		if (sent || stream_should_stop(st)) {
			return;
		}
		sleep_ms(STREAM_WAIT_MS);
	}
}

static void stream_put(struct capture_stream *st, const uint8_t *p, size_t n)
{
	for (; n > 0; n--, p++) {
		if (*p == SLIP_END) {
			stream_put_raw(st, SLIP_ESC);
			stream_put_raw(st, SLIP_ESC_END);
		} else if (*p == SLIP_ESC) {
			stream_put_raw(st, SLIP_ESC);
			stream_put_raw(st, SLIP_ESC_ESC);
		} else {
			stream_put_raw(st, *p);
		}
	}
}

static void stream_send(struct capture_stream *st,
			const struct netcapture_record *r)
{
	uint32_t dir = r->out, crc;
	uint8_t head[STREAM_HEAD];

	memcpy(head, &r->ns, 8);
	memcpy(head + 8, &r->len, 4);
	memcpy(head + 12, &dir, 4);
	crc = crc32(crc32(0, head, sizeof(head)), st->buf, r->n);
	/* Also one before the packet, which ends whatever noise on the line may
	 * have begun. */
	stream_put_raw(st, SLIP_END);
	stream_put(st, head, sizeof(head));
	stream_put(st, st->buf, r->n);
	stream_put(st, (const uint8_t *)&crc, sizeof(crc));
	stream_put_raw(st, SLIP_END);
}

/* The port was removed: what is captured waits for another reader. */
static void stream_give_up(struct capture_stream *st)
{
	struct netcapture *c = st->capture;

	log_warn("capture of %s: its stream ends, %s was removed", c->name,
		 st->uart->dev->name);
	mutex_lock(&net_mutex);
	st->ended = true;
	WRITE_ONCE(c->streamed, false);
	mutex_unlock(&net_mutex);
	uart_close(st->uart);
}

static void stream_run(void *stream)
{
	struct capture_stream *st = stream;
	struct netcapture *c = st->capture;
	struct netcapture_record r;

	while (!stream_should_stop(st)) {
		wait_event(&c->ready,
			   stream_should_stop(st) || netcapture_pending(c));
		while (!stream_should_stop(st) &&
		       netcapture_read(c, &r, st->buf)) {
			stream_send(st, &r);
		}
	}
	if (!thread_should_stop()) {
		stream_give_up(st);
	}
}

static void stream_free(struct capture_stream *st)
{
	heap_free(st->buf);
	heap_free(st);
}

/* NULL: nothing to do. */
static void stream_end(struct capture_stream *st)
{
	if (st != NULL) {
		thread_stop(st->thread);
		thread_join(st->thread);
		if (!st->ended) {
			uart_close(st->uart);
		}
		stream_free(st);
	}
}

/* Takes the lock of the list of devices, which comes before net_mutex. */
static int stream_open(struct capture_stream *st, const char *device)
{
	struct uart *u = uart_find(device);
	int err;

	if (u == NULL) {
		return -ERR_NOENT;
	}
	err = uart_open(u, "capture", &stream_client, st);
	if (err == 0) {
		st->uart = u;
	}
	uart_put(u);
	return err;
}

static int stream_possible(const struct netcapture *c)
{
	mutex_assert_held(&net_mutex);
	if (c->port == NULL) {
		return -ERR_STATE;
	}
	return c->stream != NULL && !c->stream->ended ? -ERR_BUSY : 0;
}

static int stream_begin(struct capture_stream *st)
{
	static const struct thread_attr attr = {
		.name = "net-capture",
		.priority = SCHED_PRIO_DEFAULT,
		.joinable = true,
	};
	struct netcapture *c = st->capture;
	int err = stream_possible(c);

	if (err != 0) {
		return err;
	}
	err = thread_create(&st->thread, &attr, stream_run, st);
	if (err == 0) {
		WRITE_ONCE(c->streamed, true);
		c->stream = st;
	}
	return err;
}

int netcapture_stream(struct netcapture *c, const char *device)
{
	struct capture_stream *st = heap_alloc(sizeof(*st)), *old = NULL;
	int err = -ERR_NOMEM;

	if (st == NULL) {
		return err;
	}
	st->capture = c;
	spin_init(&st->lock, LOCK_UART);
	st->buf = heap_alloc(c->snap);
	if (st->buf != NULL) {
		mutex_lock(&net_mutex);
		err = stream_possible(c);
		if (err == 0) {
			old = c->stream;
			c->stream = NULL;
		}
		mutex_unlock(&net_mutex);
		stream_end(old);
	}
	if (err == 0) {
		err = stream_open(st, device);
	}
	if (err == 0) {
		mutex_lock(&net_mutex);
		err = stream_begin(st);
		mutex_unlock(&net_mutex);
		if (err != 0) {
			uart_close(st->uart);
		}
	}
	if (err != 0) {
		stream_free(st);
	}
	return err;
}

const char *capture_stream_name(const struct netcapture *c)
{
	return c->stream != NULL && !c->stream->ended
		       ? c->stream->uart->dev->name
		       : NULL;
}

void capture_stream_end(struct netcapture *c)
{
	stream_end(c->stream);
	c->stream = NULL;
}
