/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Management channels: the terminal's commands as requests and replies in JSON,
 * and events, for programs. A channel is over a stream of bytes: a port of the
 * host, or a guest's connection. docs/design/management.md.
 */
#ifndef CORE_MANAGEMENT_H
#define CORE_MANAGEMENT_H

#include <core/guest_config.h>
#include <libs/types.h>

/* A stream with a manager at the other end. All but wake(): thread context, of
 * the channel's thread. */
struct management_stream {
	/* Wait for bytes, at most n; 0: woken, or closed. */
	size_t (*read)(void *ctx, uint8_t *buf, size_t n);
	/* Send all, waiting for room, but not for ever: a peer that does not
	 * read is closed. */
	void (*write)(void *ctx, const uint8_t *buf, size_t n);
	/* Make read() return. Interrupt context, LOCK_LISTENER held. */
	void (*wake)(void *ctx);
	/* Has the manager closed the stream, or is it to be closed? */
	bool (*closed)(void *ctx);
	/* Has the manager sent the byte 03 since this was last asked, ahead of
	 * what was not read yet? It ends the command that runs. */
	bool (*interrupted)(void *ctx);
	void *ctx;
};

#define MANAGEMENT_LIST_MAX 256 /* bytes of a list of names */

/* What a guest may do on its channels, a list of names each: "linux1", or "*"
 * for all guests. */
struct management_rights {
	char guest[CONFIG_NAME_LEN]; /* its own name */
	const char *observe, *operate;
	size_t observe_size, operate_size; /* bytes: strings, one after other */
};

/* Serve the stream until it is closed. `rights` NULL: an operator, who may do
 * all. -ERR_NOMEM: there is no memory for a channel. Thread context. */
int __must_check management_serve(const struct management_stream *stream,
				  const struct management_rights *rights);

#endif
