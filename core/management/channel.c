/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A management channel: reads requests, runs their commands in a session whose
 * output becomes replies, and tells of events.
 */
#include <core/event.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/management.h>
#include <core/session.h>
#include <libs/error.h>
#include <libs/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "request_priv.h"
#include "rights_priv.h"

#define CHANNEL_TEXT 512 /* bytes of output in one reply */
/* All of them escaped, and what stands around them. */
#define CHANNEL_HEAD 192
#define CHANNEL_REPLY (CHANNEL_TEXT * 6 + CHANNEL_HEAD + 4)
#define CHANNEL_EVENTS 16 /* told before the next request is looked at */
#define CHANNEL_INTERRUPT 0x03

static const char error_prefix[] = "error: ";

struct channel {
	struct session session;
	const struct management_stream *stream;
	const struct management_rights *rights; /* NULL: an operator's */
	struct management_request request;      /* that is carried out */
	char line[REQUEST_LINE_MAX];            /* being received */
	size_t line_n;
	bool line_long;          /* and is dropped up to its end */
	char text[CHANNEL_TEXT]; /* output that no reply has yet */
	size_t text_n;
	bool text_error, denied;
	uint64_t next_event;
	struct event_listener listener;
	struct log_limit limit;
	char reply[CHANNEL_REPLY];
};

static struct channel *of(struct session *s)
{
	return container_of(s, struct channel, session);
}

/* --- replies ------------------------------------------------------------ */

/* Begin a reply with `fmt`, add the text as a JSON string, and end it. */
static void __printf(4, 5) channel_say(struct channel *c, const char *text,
				       size_t n, const char *fmt, ...)
{
	size_t at, used = n;
	va_list ap;

	va_start(ap, fmt);
	at = (size_t)vsnprintf(c->reply, CHANNEL_HEAD, fmt, ap);
	va_end(ap);
	assert(at < CHANNEL_HEAD);
	if (text != NULL) {
		c->reply[at++] = '"';
		at += json_escape(c->reply + at, sizeof(c->reply) - at - 3,
				  text, &used);
		c->reply[at++] = '"';
	}
	c->reply[at++] = '}';
	c->reply[at++] = '\n';
	c->stream->write(c->stream->ctx, (const uint8_t *)c->reply, at);
}

/* Send the output that has been gathered. */
static void channel_flush(struct channel *c)
{
	const char *text = c->text;
	size_t n = c->text_n;

	c->text_n = 0;
	if (n == 0) {
		return;
	}
	if (c->text_error) {
		size_t prefix = sizeof(error_prefix) - 1;

		if (n > prefix && memcmp(text, error_prefix, prefix) == 0) {
			text += prefix;
			n -= prefix;
		}
		n -= text[n - 1] == '\n';
	}
	channel_say(c, text, n, "{\"id\": %llu, \"%s\": ",
		    (unsigned long long)c->request.id,
		    c->text_error ? "error" : "output");
}

static void channel_end(struct channel *c, int ret)
{
	const char *end = ret == 0 ? "ok" : c->denied ? "denied" : "failed";

	channel_flush(c);
	channel_say(c, end, strlen(end), "{\"id\": %llu, \"end\": ",
		    (unsigned long long)c->request.id);
}

/* --- the session of its commands ---------------------------------------- */

static void channel_write(struct session *s, const uint8_t *buf, size_t n)
{
	struct channel *c = of(s);

	if (c->text_error != s->telling_error) {
		channel_flush(c);
		c->text_error = s->telling_error;
	}
	while (n > 0) {
		size_t part = MIN(n, sizeof(c->text) - c->text_n);

		memcpy(c->text + c->text_n, buf, part);
		c->text_n += part;
		buf += part;
		n -= part;
		if (n > 0) {
			channel_flush(c);
		}
	}
	if (c->text_error && c->text_n > 0 && c->text[c->text_n - 1] == '\n') {
		channel_flush(c);
	}
}

static void channel_show(struct session *s, const struct session_row *row)
{
	channel_write(s, row->out, row->out_n);
}

static void channel_divert_log(struct session *s, hostcon_divert_t divert,
			       void *ctx)
{
	(void)s;
	(void)divert;
	(void)ctx;
}

static void channel_write_log(struct session *s, const char *text, size_t n)
{
	(void)s;
	(void)text;
	(void)n;
}

/* A command gets no input: there is nobody who types. */
static size_t channel_read(struct session *s, uint8_t *buf, size_t n)
{
	(void)s;
	(void)buf;
	(void)n;
	return 0;
}

static void channel_wait(struct session *s)
{
	(void)s;
}

static void channel_wake(struct session *s)
{
	struct channel *c = of(s);

	c->stream->wake(c->stream->ctx);
}

static bool channel_take_interrupt(struct session *s)
{
	struct channel *c = of(s);

	return c->stream->closed(c->stream->ctx) ||
	       c->stream->interrupted(c->stream->ctx);
}

static bool channel_take_detach(struct session *s)
{
	return of(s)->stream->closed(of(s)->stream->ctx);
}

static void channel_discard(struct session *s)
{
	(void)s;
}

/* Report what a guest was denied, but not as often as it likes. */
static void channel_deny(struct channel *c)
{
	const struct session *s = &c->session;
	char what[EVENT_TEXT_MAX];

	c->denied = true;
	(void)snprintf(what, sizeof(what), "%s%s%s", s->command->name,
		       s->sub != NULL ? " " : "",
		       s->sub != NULL ? s->sub->name : "");
	event_post(EVENT_DENIED, c->rights->guest, "%s", what);
	if (log_allow(&c->limit)) {
		log_warn("guest %s: management: denied: %s", c->rights->guest,
			 what);
	}
	c->session.told = true;
}

static bool channel_may_run(struct session *s, int argc, char **argv)
{
	struct channel *c = of(s);

	if (c->rights == NULL ||
	    management_may_run(c->rights, s->command, s->sub, argc, argv)) {
		return true;
	}
	channel_deny(c);
	return false;
}

static bool channel_may_see(struct session *s, const char *guest)
{
	const struct management_rights *r = of(s)->rights;

	return r == NULL || management_may_see(r, guest);
}

static const struct session_ops channel_session_ops = {
	.write = channel_write,
	.write_raw = channel_write,
	.show = channel_show,
	.divert_log = channel_divert_log,
	.write_log = channel_write_log,
	.read = channel_read,
	.wait = channel_wait,
	.wake = channel_wake,
	.take_interrupt = channel_take_interrupt,
	.take_detach = channel_take_detach,
	.discard = channel_discard,
	.may_run = channel_may_run,
	.may_see = channel_may_see,
};

/* --- requests ----------------------------------------------------------- */

static void channel_candidate(void *ctx, size_t start, const char *word)
{
	struct channel *c = ctx;

	channel_say(c, word, strlen(word),
		    "{\"id\": %llu, \"start\": %u, \"candidate\": ",
		    (unsigned long long)c->request.id, (unsigned int)start);
}

static int channel_complete(struct channel *c)
{
	if (c->rights != NULL) {
		c->denied = true; /* candidates are names of all guests */
		return -ERR_PERM;
	}
	command_complete(c->request.command, channel_candidate, c);
	return 0;
}

static void channel_watch(struct channel *c, uint32_t kinds)
{
	event_unlisten(&c->listener);
	c->listener.kinds = kinds;
	c->next_event = event_end();
	if (kinds != 0) {
		event_listen(&c->listener);
	}
}

static void channel_run(struct channel *c)
{
	int ret = 0;

	c->denied = false;
	c->text_error = false;
	if (c->request.has_watch) {
		channel_watch(c, c->request.watch);
	} else if (c->request.complete) {
		ret = channel_complete(c);
	} else {
		ret = command_run_line(&c->session, c->request.command);
	}
	channel_end(c, ret);
}

static void channel_refuse(struct channel *c, const char *why)
{
	if (c->request.has_id) {
		channel_say(c, why, strlen(why), "{\"id\": %llu, \"error\": ",
			    (unsigned long long)c->request.id);
		channel_end(c, -ERR_FORMAT);
	} else {
		channel_say(c, why, strlen(why), "{\"error\": ");
	}
}

/* A line has been received. Lines without text are ignored. */
static void channel_line(struct channel *c)
{
	const char *why;
	size_t n = c->line_n;
	bool overflow = c->line_long;

	c->line_n = 0;
	c->line_long = false;
	if (overflow) {
		c->request.has_id = false;
		channel_refuse(c, "a request has 4096 bytes at most");
	} else if (n > 0) {
		if (management_parse(c->line, n, &c->request, &why) == 0) {
			channel_run(c);
		} else {
			channel_refuse(c, why);
		}
	}
}

static void channel_byte(struct channel *c, uint8_t b)
{
	if (b == '\n') {
		channel_line(c);
	} else if (b == CHANNEL_INTERRUPT) {
		/* Its command has ended already; and whoever comes newly to a
		 * port begins with it, to end what was left. */
		c->line_n = 0;
		c->line_long = false;
		(void)c->stream->interrupted(c->stream->ctx);
	} else if (b != '\r' && c->line_n < sizeof(c->line)) {
		c->line[c->line_n++] = (char)b;
	} else if (b != '\r') {
		c->line_long = true;
	}
}

/* --- events ------------------------------------------------------------- */

static void channel_event(struct channel *c, const struct event *e)
{
	if ((c->listener.kinds & BIT(e->kind)) == 0 ||
	    (c->rights != NULL && !management_may_see(c->rights, e->guest))) {
		return;
	}
	channel_say(c, e->text, strlen(e->text),
		    "{\"event\": \"%s\", \"at_ns\": %llu, \"guest\": %s%s%s, "
		    "\"left_out\": %u, \"text\": ",
		    event_name(e->kind), (unsigned long long)e->at_ns,
		    e->guest[0] != '\0' ? "\"" : "",
		    e->guest[0] != '\0' ? e->guest : "null",
		    e->guest[0] != '\0' ? "\"" : "", e->left_out);
}

static void channel_events(struct channel *c)
{
	struct event e;
	uint64_t lost;

	for (unsigned int n = 0; n < CHANNEL_EVENTS && c->listener.kinds != 0 &&
				 event_next(&c->next_event, &e, &lost);
	     n++) {
		if (lost > 0) {
			channel_say(c, NULL, 0,
				    "{\"event\": \"lost\", \"count\": %llu",
				    (unsigned long long)lost);
		}
		channel_event(c, &e);
	}
}

static bool channel_events_wait(const struct channel *c)
{
	return c->listener.kinds != 0 && c->next_event < event_end();
}

static void channel_listener_wake(struct event_listener *l)
{
	struct channel *c = container_of(l, struct channel, listener);

	c->stream->wake(c->stream->ctx);
}

static void channel_serve(struct channel *c)
{
	const struct management_stream *st = c->stream;
	uint8_t buf[128];

	while (!st->closed(st->ctx)) {
		size_t n = channel_events_wait(c)
				   ? 0
				   : st->read(st->ctx, buf, sizeof(buf));

		for (size_t i = 0; i < n; i++) {
			channel_byte(c, buf[i]);
		}
		channel_events(c);
	}
}

int management_serve(const struct management_stream *stream,
		     const struct management_rights *rights)
{
	struct channel *c = heap_alloc(sizeof(*c));

	if (c == NULL) {
		return -ERR_NOMEM;
	}
	session_init(&c->session, &channel_session_ops, NULL);
	c->stream = stream;
	c->rights = rights;
	c->limit = (struct log_limit)LOG_LIMIT_INIT;
	list_init(&c->listener.node);
	c->listener.wake = channel_listener_wake;
	channel_serve(c);
	event_unlisten(&c->listener);
	heap_free(c);
	return 0;
}
