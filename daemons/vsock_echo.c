/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The echo protocol (RFC 862) at port 7 of CID 2: what a guest sends comes
 * back. For the tests of vsock, and to try a guest's vsock with.
 */
#include <core/log.h>
#include <core/sched.h>
#include <core/vsock.h>
#include <libs/error.h>

#define ECHO_PORT 7
#define ECHO_STREAMS 16
#define ECHO_STREAMS_PER_GUEST 4
#define ECHO_BUFFER 8192
#define ECHO_NAME 64  /* of a guest, as far as it is logged */
#define ECHO_PART 256 /* bytes moved at once */

static bool echo_accept(struct vsock_stream *s)
{
	char guest[ECHO_NAME];

	vsock_guest_name(s, guest, sizeof(guest));
	log_debug("vsock-echo: connection %u: from guest %s, CID %u, port %u",
		  vsock_number(s), guest, vsock_cid(s), vsock_port(s));
	return true;
}

/* What was read must be written: nothing is read without room for it. */
static void echo_move(struct vsock_stream *s)
{
	uint8_t part[ECHO_PART];
	size_t n;

	do {
		n = vsock_read(s, part, MIN(vsock_room(s), sizeof(part)));
		(void)vsock_write(s, part, n);
	} while (n > 0);
	if (vsock_ended(s)) {
		vsock_shutdown(s);
	}
}

static const struct vsock_ops echo_ops = {
	.accept = echo_accept,
	.receive = echo_move,
	.writable = echo_move,
	.closed = vsock_close,
};

static const struct vsock_attr echo_attr = {
	.name = "vsock-echo",
	.port = ECHO_PORT,
	.priority = SCHED_PRIO_DEFAULT,
	.streams = ECHO_STREAMS,
	.streams_per_guest = ECHO_STREAMS_PER_GUEST,
	.receive_size = ECHO_BUFFER,
	.send_size = ECHO_BUFFER,
	.ops = &echo_ops,
};
VSOCK_SERVICE(echo_attr);
