/* SPDX-License-Identifier: GPL-2.0-or-later */
/* soclectl's parts: the connection, requests and their replies, metrics. */
#ifndef SOCLECTL_H
#define SOCLECTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses. */
enum status {
	STATUS_OK,
	STATUS_FAILED,     /* a command failed */
	STATUS_CONNECTION, /* no hypervisor answers, or wrong arguments */
	STATUS_DENIED,     /* this guest may not do that */
};

/* --- connect.c ---------------------------------------------------------- */

/* Open the other end of a management channel: "vsock", a socket's path,
 * HOST:PORT, or a serial device. Returns a file descriptor; -1 after it has
 * said what is wrong. */
int connect_to(const char *where);

/* tcp.c: a connection's descriptor, or -1 with the reason in *why. */
int tcp_connect(const char *host, const char *port, const char **why);

/* --- channel.c ---------------------------------------------------------- */

#define LINE_SIZE 8192

struct channel {
	int fd;
	int timeout_ms; /* to wait for a line of a reply */
	uint64_t id;    /* of the last request */
	char line[LINE_SIZE];
	size_t line_n; /* bytes received of it */
};

/* Where the text of replies goes. */
typedef void (*text_sink)(void *ctx, bool error, const char *text, size_t n);

/* Begin to use the connection: what an earlier user has left is ended. 0, or
 * STATUS_CONNECTION after it has said what is wrong. */
enum status channel_begin(struct channel *c, int fd, int timeout_ms);
/* Have a command run, and give its output to `sink`. */
enum status channel_run(struct channel *c, const char *command, text_sink sink,
			void *ctx);
/* Print, a line each, the words that could stand at the end of `line`. */
enum status channel_complete(struct channel *c, const char *line);
/* Watch events; each is printed as a line, until the connection ends. kinds:
 * NULL-terminated names, none: all. */
enum status channel_watch(struct channel *c, char *const *kinds, bool json);
/* Ctrl-C: end the command that runs. Async-signal-safe. */
void channel_interrupt(void);

/* --- metrics.c ---------------------------------------------------------- */

/* Print what there is to know as metrics, in Prometheus' text format. */
enum status metrics_print(struct channel *c);
/* The same by HTTP at 127.0.0.1:port or address:port, for ever. */
enum status metrics_serve(struct channel *c, const char *listen_at);

#endif
