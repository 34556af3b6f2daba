/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session on the host's serial port. */
#include "port.h"

#include <core/hostcon.h>
#include <core/time.h>
#include <core/sync.h>

#define PORT_GATHER_MS 2

static void port_write(struct session *s, const uint8_t *buf, size_t n)
{
	(void)s;
	hostcon_write(buf, n);
}

static void port_write_raw(struct session *s, const uint8_t *buf, size_t n)
{
	(void)s;
	hostcon_write_raw(buf, n);
}

static size_t port_read(struct session *s, uint8_t *buf, size_t n)
{
	(void)s;
	n = hostcon_read(buf, n);
	if (n == 0) {
		/* Woken by the first byte of what a guest prints: a moment
		 * later there is a line, for one switch to this thread. */
		sleep_ms(PORT_GATHER_MS);
	}
	return n;
}

static void port_wait(struct session *s)
{
	(void)s;
	hostcon_wait();
}

static void port_wake(struct session *s)
{
	(void)s;
	hostcon_wake();
}

static bool port_take_interrupt(struct session *s)
{
	(void)s;
	return hostcon_take_interrupt();
}

static bool port_take_detach(struct session *s)
{
	(void)s;
	return hostcon_take_detach();
}

static void port_discard(struct session *s)
{
	(void)s;
	hostcon_discard();
}

const struct session_ops port_session_ops = {
	.write = port_write,
	.write_raw = port_write_raw,
	.read = port_read,
	.wait = port_wait,
	.wake = port_wake,
	.take_interrupt = port_take_interrupt,
	.take_detach = port_take_detach,
	.discard = port_discard,
};
