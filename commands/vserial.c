/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: guests' serial lines, and what they are connected with. */
#include <core/command.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/session.h>
#include <core/uart.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <libs/termfilter.h>
#include <stdio.h>
#include <string.h>

#define LINE_NAME (2 * VSERIAL_NAME_MAX) /* GUEST/DEVICE */

static void line_name(struct vserial *c, char *buf, size_t size)
{
	struct vserial_info info;

	vserial_get_info(c, &info);
	(void)snprintf(buf, size, "%s/%s", info.owner, info.device);
}

/* The line GUEST/DEVICE, or the first of GUEST, with a reference; NULL if there
 * is none. */
static struct vserial *line_get(const char *name)
{
	const char *slash = strrchr(name, '/');
	char owner[LINE_NAME];
	size_t n = slash ? (size_t)(slash - name) : strlen(name);

	if (n >= sizeof(owner)) {
		return NULL;
	}
	memcpy(owner, name, n);
	owner[n] = '\0';
	return vserial_get(owner, slash ? slash + 1 : NULL);
}

/* Find the line that argv[1] names, with a reference; reports errors. */
static int line_argument(struct session *s, int argc, char **argv, int want,
			 struct vserial **out)
{
	if (argc != want) {
		return command_usage(s, want == 2 ? "one line is needed"
						  : "a line and its other end "
						    "are needed");
	}
	*out = line_get(argv[1]);
	if (!*out) {
		out_error(s,
			  "there is no serial line '%s'; 'vserial list' "
			  "lists them",
			  argv[1]);
		return -ERR_NOENT;
	}
	return 0;
}

static int list_run(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },      { "TERMINAL", COL_BOOL },
		{ "CONNECTED", COL_STR }, { "SENT", COL_U64 },
		{ "RECEIVED", COL_U64 },  { "LOST", COL_U64 },
	};
	struct vserial *c;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (c = vserial_get_nth(n)) != NULL; n++) {
		char name[LINE_NAME], other[LINE_NAME];
		struct vserial_info info;
		uint64_t lost = 0;
		bool connected;

		vserial_get_info(c, &info);
		line_name(c, name, sizeof(name));
		connected = vserial_connection(c, other, sizeof(other), &lost);
		table_str(t, name);
		table_u64(t, info.attached);
		table_str(t, connected ? other : NULL);
		table_u64(t, info.out_bytes);
		table_u64(t, info.in_bytes);
		table_u64(t, lost);
		vserial_put(c);
	}
	table_end(t);
	return 0;
}

static int info_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	char name[LINE_NAME], other[LINE_NAME];
	struct vserial_info info;
	uint64_t lost = 0;
	struct vserial *c;
	struct record r;
	bool connected;
	int err = line_argument(s, argc, argv, 2, &c);

	if (err) {
		return err;
	}
	vserial_get_info(c, &info);
	line_name(c, name, sizeof(name));
	connected = vserial_connection(c, other, sizeof(other), &lost);
	record_begin(&r, s, json);
	record_str(&r, "Name", name);
	record_str(&r, "Guest", info.owner);
	record_str(&r, "Device", info.device);
	record_u64(&r, "Terminal attached", COL_BOOL, info.attached);
	record_str(&r, "Connected with", connected ? other : NULL);
	record_u64(&r, "Bytes sent", COL_U64, info.out_bytes);
	record_u64(&r, "Bytes received", COL_U64, info.in_bytes);
	record_u64(&r, "Bytes waiting", COL_U64, info.in_waiting);
	record_u64(&r, "Bytes lost", COL_U64, lost);
	record_u64(&r, "Bytes of history", COL_U64, info.history);
	record_end(&r);
	vserial_put(c);
	return 0;
}

static int attach_run(struct session *s, int argc, char **argv)
{
	bool raw = take_flag(&argc, argv, "--raw");
	char name[LINE_NAME];
	struct vserial *c;
	int err = line_argument(s, argc, argv, 2, &c);

	if (err) {
		return err;
	}
	line_name(c, name, sizeof(name));
	if (!s->typed || s->depth > 0) {
		out_error(s, "a script cannot attach to a serial line");
		err = -ERR_NOSUPP;
	} else {
		err = session_attach(s, c, name, raw);
		if (err == -ERR_BUSY) {
			out_error(s, "another terminal is attached to it");
		}
	}
	vserial_put(c);
	return err;
}

/* A copy of the history, made while the line is locked. */
struct history {
	size_t n;
	uint8_t buf[VSERIAL_OUT_SIZE];
	struct termfilter filter;
};

static void history_sink(void *ctx, const uint8_t *buf, size_t n)
{
	struct history *h = ctx;

	n = MIN(n, sizeof(h->buf) - h->n);
	memcpy(h->buf + h->n, buf, n);
	h->n += n;
}

/* Sequences that would reprogram the terminal are left out. */
static void history_show(struct session *s, struct history *h)
{
	uint8_t end[TERMFILTER_OUT];
	size_t n;

	termfilter_init(&h->filter);
	for (size_t i = 0; i < h->n && !session_interrupted(s); i++) {
		const uint8_t *shown;

		n = termfilter_feed(&h->filter, h->buf[i], &shown);
		session_write(s, shown, n);
	}
	n = termfilter_leave(&h->filter, false, end);
	session_write(s, end, n);
	out(s, "\n");
}

static int replay_run(struct session *s, int argc, char **argv)
{
	struct history *h;
	struct vserial *c;
	int err = line_argument(s, argc, argv, 2, &c);

	if (err) {
		return err;
	}
	h = heap_alloc(sizeof(*h));
	if (h) {
		struct vserial_tap tap = { .sink = history_sink, .ctx = h };

		vserial_replay(c, &tap);
		history_show(s, h);
		heap_free(h);
	}
	vserial_put(c);
	return h ? 0 : -ERR_NOMEM;
}

static int connect_to(struct vserial *c, const char *name)
{
	struct vserial *other = line_get(name);
	struct uart *u;
	int err;

	if (other) {
		err = vserial_connect(c, other);
		vserial_put(other);
		return err;
	}
	u = uart_find(name);
	if (!u) {
		return -ERR_NOENT;
	}
	err = vserial_connect_port(c, u);
	uart_put(u);
	return err;
}

static int connect_run(struct session *s, int argc, char **argv)
{
	struct vserial *c;
	int err = line_argument(s, argc, argv, 3, &c);

	if (err) {
		return err;
	}
	err = connect_to(c, argv[2]);
	vserial_put(c);
	switch (err) {
	case -ERR_NOENT:
		out_error(s,
			  "'%s' is neither a serial line ('vserial list') nor "
			  "a serial port of the host ('device list')",
			  argv[2]);
		break;
	case -ERR_BUSY:
		out_error(s, "the port %s has a user ('device info %s')",
			  argv[2], argv[2]);
		break;
	case -ERR_EXIST:
		out_error(s, "it has a connection already; 'vserial "
			     "disconnect' ends one");
		break;
	case -ERR_INVAL:
		out_error(s, "a line cannot be connected with itself");
		break;
	default:
		break;
	}
	return err;
}

static int disconnect_run(struct session *s, int argc, char **argv)
{
	struct vserial *c;
	int err = line_argument(s, argc, argv, 2, &c);

	if (err) {
		return err;
	}
	err = vserial_disconnect(c);
	if (err == -ERR_NOENT) {
		out_error(s, "%s has no connection", argv[1]);
	}
	vserial_put(c);
	return err;
}

static void complete_lines(struct completion_ctx *ctx)
{
	char name[LINE_NAME];
	struct vserial *c;

	for (unsigned int n = 0; (c = vserial_get_nth(n)) != NULL; n++) {
		line_name(c, name, sizeof(name));
		complete_add(ctx, name);
		vserial_put(c);
	}
}

static void line_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_lines(c);
	}
}

static void connect_complete(struct completion_ctx *c, int argc, char **argv)
{
	struct uart *u;

	(void)argv;
	if (argc < 2) {
		complete_lines(c);
	}
	for (unsigned int n = 0; argc == 1 && (u = uart_nth(n, -1)) != NULL;
	     n++) {
		complete_add(c, u->dev->name);
		uart_put(u);
	}
}

/* clang-format off */
static const struct subcommand vserial_subs[] = {
	{ "list", "[--json]", "List guests' serial lines.",
	  list_run, NULL },
	{ "info", "LINE [--json]", "Show all about one line.",
	  info_run, line_complete },
	{ "attach", "LINE [--raw]",
	  "Attach to a line; Ctrl-] detaches. --raw: unfiltered output.",
	  attach_run, line_complete },
	{ "replay", "LINE", "Show what a line sent last.",
	  replay_run, line_complete },
	{ "connect", "LINE LINE|PORT",
	  "Connect a line with another, or with a port of the host.",
	  connect_run, connect_complete },
	{ "disconnect", "LINE", "End a line's connection.",
	  disconnect_run, line_complete },
	{ .name = NULL },
};
/* clang-format on */

static const struct command vserial_command = {
	.name = "vserial",
	.summary = "Guests' serial lines: attach, replay, connect.",
	.usage = "[--json]",
	.examples = "vserial list\n"
		    "vserial attach linux0/serial0\n"
		    "vserial connect linux0/hvc0 rtos/serial0\n"
		    "vserial disconnect linux0/hvc0\n",
	.run = list_run,
	.sub = vserial_subs,
};
COMMAND(vserial_command);
