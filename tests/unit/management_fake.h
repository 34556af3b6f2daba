/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream whose manager has sent all that it will, and keeps what it gets. */
#ifndef TESTS_MANAGEMENT_FAKE_H
#define TESTS_MANAGEMENT_FAKE_H

#include <core/management.h>
#include <string.h>

static const char *stream_in; /* what is still to be read */
static size_t stream_in_n, stream_step = 7;
static char stream_out[131072];
static size_t stream_out_n;
static bool stream_interrupt;
static unsigned int stream_wakes;
static void (*stream_idle)(void); /* before a read that finds nothing */
static bool stream_ended;

static size_t stream_read(void *ctx, uint8_t *buf, size_t n)
{
	(void)ctx;
	n = MIN(MIN(n, stream_in_n), stream_step);
	if (n == 0) {
		if (stream_idle != NULL) {
			stream_idle();
			stream_idle = NULL;
		} else {
			stream_ended = true;
		}
		return 0;
	}
	memcpy(buf, stream_in, n);
	stream_in += n;
	stream_in_n -= n;
	return n;
}

static void stream_write(void *ctx, const uint8_t *buf, size_t n)
{
	(void)ctx;
	n = MIN(n, sizeof(stream_out) - 1 - stream_out_n);
	memcpy(stream_out + stream_out_n, buf, n);
	stream_out_n += n;
	stream_out[stream_out_n] = '\0';
}

static void stream_wake(void *ctx)
{
	(void)ctx;
	stream_wakes++;
}

static bool stream_closed(void *ctx)
{
	(void)ctx;
	return stream_ended;
}

static bool stream_interrupted(void *ctx)
{
	bool was = stream_interrupt;

	(void)ctx;
	stream_interrupt = false;
	return was;
}

static const struct management_stream fake_stream = {
	.read = stream_read,
	.write = stream_write,
	.wake = stream_wake,
	.closed = stream_closed,
	.interrupted = stream_interrupted,
};

/* Serve a manager that sends this. */
static inline int serve(const char *sent, size_t n,
			const struct management_rights *r)
{
	stream_in = sent;
	stream_in_n = n;
	stream_out_n = 0;
	stream_out[0] = '\0';
	stream_ended = false;
	return management_serve(&fake_stream, r);
}

#endif
