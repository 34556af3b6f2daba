/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session on the host's serial port; and services on further ports. */
#include "port.h"

#include <core/device.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/uart.h>
#include <libs/error.h>
#include <string.h>

#define PORT_GATHER_MS 2

static void port_write(struct session *s, const uint8_t *buf, size_t n)
{
	hostcon_write(s->port, buf, n);
}

static void port_write_raw(struct session *s, const uint8_t *buf, size_t n)
{
	hostcon_write_raw(s->port, buf, n);
}

static void port_show(struct session *s, const struct session_row *row)
{
	hostcon_edit(s->port,
		     row->fullscreen ? HOSTCON_FULLSCREEN : HOSTCON_STYLED,
		     row->out, row->out_n, row->redraw, row->redraw_n);
}

static void port_divert_log(struct session *s, hostcon_divert_t divert,
			    void *ctx)
{
	hostcon_divert_log(s->port, divert, ctx);
}

static void port_write_log(struct session *s, const char *text, size_t n)
{
	hostcon_write_log(s->port, text, n);
}

static size_t port_read(struct session *s, uint8_t *buf, size_t n)
{
	n = hostcon_read(s->port, buf, n);
	if (n == 0) {
		/* Woken by the first byte that a guest prints: wait a moment,
		 * and print a line with one switch to this thread. */
		sleep_ms(PORT_GATHER_MS);
	}
	return n;
}

static void port_wait(struct session *s)
{
	hostcon_wait(s->port);
}

static void port_wake(struct session *s)
{
	hostcon_wake(s->port);
}

static bool port_take_interrupt(struct session *s)
{
	return hostcon_take_interrupt(s->port);
}

static bool port_take_detach(struct session *s)
{
	return hostcon_take_detach(s->port);
}

static void port_discard(struct session *s)
{
	hostcon_discard(s->port);
}

const struct session_ops port_session_ops = {
	.write = port_write,
	.write_raw = port_write_raw,
	.show = port_show,
	.divert_log = port_divert_log,
	.write_log = port_write_log,
	.read = port_read,
	.wait = port_wait,
	.wake = port_wake,
	.take_interrupt = port_take_interrupt,
	.take_detach = port_take_detach,
	.discard = port_discard,
};

static int port_open(const char *name, int (*serve)(struct hostcon *con))
{
	struct uart *u = uart_find(name);
	struct hostcon *con;
	int err;

	if (u == NULL) {
		return -ERR_NOENT;
	}
	err = hostcon_create(&con, u);
	uart_put(u);
	if (err == 0) {
		err = serve(con);
		if (err != 0) {
			hostcon_destroy(con);
		}
	}
	return err;
}

void port_open_all(const char *what, const char *names,
		   int (*serve)(struct hostcon *con))
{
	char name[DEVICE_NAME_MAX];

	while (*names != '\0') {
		size_t n = strcspn(names, ",");
		int err = -ERR_NOENT;

		if (n < sizeof(name)) {
			memcpy(name, names, n);
			name[n] = '\0';
			err = port_open(name, serve);
		}
		if (err != 0) {
			log_err("%s: %.*s: %s; 'device list' has the serial "
				"ports",
				what, (int)n, names, err_str(err));
		}
		names += n + (names[n] == ',');
	}
}
