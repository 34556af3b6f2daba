/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Management channels on ports of the host, for programs of the operator
 * (tools/soclectl): the boot argument management= names the ports.
 */
#include <core/boot.h>
#include <core/daemon.h>
#include <core/heap.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <core/management.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>

#include "port.h"

#define MANAGEMENT_PRIORITY (SCHED_PRIO_MAX - 1)

/* Names of ports, which are looked up when the channels are opened. */
static char ports[BOOTARG_SIZE];

static bool management_take_argument(const char *value)
{
	(void)snprintf(ports, sizeof(ports), "%s", value);
	return *value != '\0';
}

static const struct bootarg management_arg = {
	.name = "management=",
	.usage = "management=DEVICE[,DEVICE]",
	.take = management_take_argument,
};
BOOTARG(management_arg);

static size_t port_stream_read(void *con, uint8_t *buf, size_t n)
{
	return hostcon_read(con, buf, n);
}

static void port_stream_write(void *con, const uint8_t *buf, size_t n)
{
	hostcon_write_raw(con, buf, n);
}

static void port_stream_wake(void *con)
{
	hostcon_wake(con);
}

/* A port has no end. */
static bool port_stream_closed(void *con)
{
	(void)con;
	return false;
}

static bool port_stream_interrupted(void *con)
{
	return hostcon_take_interrupt(con);
}

static void management_thread(void *con)
{
	const struct management_stream stream = {
		.read = port_stream_read,
		.write = port_stream_write,
		.wake = port_stream_wake,
		.closed = port_stream_closed,
		.interrupted = port_stream_interrupted,
		.ctx = con,
	};
	int err = management_serve(&stream, NULL);

	if (err != 0) {
		log_err("management: %s", err_str(err));
	}
	hostcon_destroy(con);
}

static int management_open(struct hostcon *con)
{
	const struct thread_attr attr = {
		.name = "management",
		.priority = MANAGEMENT_PRIORITY,
	};

	return thread_create(NULL, &attr, management_thread, con);
}

static void management_main(void *arg)
{
	(void)arg;
	port_open_all("management", ports, management_open);
}

static bool management_wanted(void)
{
	return ports[0] != '\0';
}

static const struct daemon management_daemon = {
	.name = "management",
	.priority = MANAGEMENT_PRIORITY,
	.run = management_main,
	.wanted = management_wanted,
};
DAEMON(management_daemon);
