/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and replies on a management channel: a line of JSON each
 * (docs/design/management.md).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jsmn.h>

#include "soclectl.h"

#define TOKENS_MAX 32
#define REQUEST_SIZE 8192
#define INTERRUPT 0x03

static volatile sig_atomic_t interrupted;

void channel_interrupt(void)
{
	interrupted = 1;
}

/* --- lines -------------------------------------------------------------- */

static bool write_all(int fd, const char *buf, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, buf, n);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done <= 0) {
			fprintf(stderr, "soclectl: %s\n", strerror(errno));
			return false;
		}
		buf += done;
		n -= (size_t)done;
	}
	return true;
}

/* Wait for input, and send an interrupt that comes meanwhile. 1: there is
 * some; 0: the time is over; -1: an error. */
static int wait_input(struct channel *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		int ready = poll(&p, 1, timeout_ms);

		if (ready < 0 && errno != EINTR) {
			return -1;
		}
		if (interrupted) {
			const char byte = INTERRUPT;

			interrupted = 0;
			if (!write_all(c->fd, &byte, 1)) {
				return -1;
			}
		}
		if (ready >= 0) {
			return ready;
		}
	}
}

/* The next line, terminated, or NULL after it has said why there is none. It
 * stays until the next call. `used`: bytes of the buffer the last one took. */
static char *next_line(struct channel *c, size_t *used, int timeout_ms)
{
	memmove(c->line, c->line + *used, c->line_n - *used);
	c->line_n -= *used;
	*used = 0;
	for (;;) {
		char *end = memchr(c->line, '\n', c->line_n);
		ssize_t n;

		if (end != NULL) {
			*end = '\0';
			*used = (size_t)(end - c->line) + 1;
			return c->line;
		}
		if (c->line_n == sizeof(c->line)) {
			c->line_n = 0; /* no line of ours is so long */
		}
		switch (wait_input(c, timeout_ms)) {
		case 0:
			fprintf(stderr, "soclectl: no answer within %d s\n",
				timeout_ms / 1000);
			return NULL;
		case 1:
			break;
		default:
			fprintf(stderr, "soclectl: %s\n", strerror(errno));
			return NULL;
		}
		n = read(c->fd, c->line + c->line_n,
			 sizeof(c->line) - c->line_n);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			fprintf(stderr, "soclectl: the other end has closed\n");
			return NULL;
		}
		c->line_n += n > 0 ? (size_t)n : 0;
	}
}

/* --- JSON --------------------------------------------------------------- */

/* Append text as a JSON string's inside. False: it does not fit. */
static bool put_escaped(char *to, size_t size, size_t *at, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char ch = (unsigned char)*text;
		int n;

		if (*at + 8 > size) {
			return false;
		}
		if (ch == '"' || ch == '\\') {
			n = sprintf(to + *at, "\\%c", ch);
		} else if (ch < ' ') {
			n = sprintf(to + *at, "\\u%04x", ch);
		} else {
			n = sprintf(to + *at, "%c", ch);
		}
		*at += (size_t)n;
	}
	return true;
}

static size_t utf8_put(char *to, unsigned int u)
{
	if (u < 0x80) {
		to[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		to[0] = (char)(0xc0 | u >> 6);
		to[1] = (char)(0x80 | (u & 63));
		return 2;
	}
	to[0] = (char)(0xe0 | u >> 12);
	to[1] = (char)(0x80 | (u >> 6 & 63));
	to[2] = (char)(0x80 | (u & 63));
	return 3;
}

/* A JSON string's inside as text, in place; its length. The hypervisor escapes
 * only what is no UTF-8 of its own, so there are no surrogates. */
static size_t unescape(char *s, size_t n)
{
	static const char names[] = "bfnrt", meant[] = "\b\f\n\r\t";
	size_t from = 0, to = 0;

	while (from < n) {
		const char *named;

		if (s[from] != '\\' || from + 1 == n) {
			s[to++] = s[from++];
			continue;
		}
		named = strchr(names, s[from + 1]);
		if (s[from + 1] == 'u' && from + 6 <= n) {
			char hex[5] = { 0 };

			memcpy(hex, s + from + 2, 4);
			to += utf8_put(s + to,
				       (unsigned int)strtoul(hex, NULL, 16));
			from += 6;
		} else {
			s[to++] = named != NULL ? meant[named - names]
						: s[from + 1];
			from += 2;
		}
	}
	return to;
}

/* A line of a reply or an event. */
struct reply {
	char *line;
	jsmntok_t tokens[TOKENS_MAX];
	int n;
};

static bool reply_parse(struct reply *r, char *line)
{
	jsmn_parser parser;

	jsmn_init(&parser);
	r->line = line;
	r->n = jsmn_parse(&parser, line, strlen(line), r->tokens, TOKENS_MAX);
	return r->n > 0 && r->tokens[0].type == JSMN_OBJECT;
}

/* The value of a member of the reply, or NULL. */
static const jsmntok_t *reply_find(const struct reply *r, const char *key)
{
	for (int i = 1; i + 1 < r->n; i += 2) {
		const jsmntok_t *k = &r->tokens[i];
		size_t n = (size_t)(k->end - k->start);

		if (strlen(key) == n &&
		    memcmp(r->line + k->start, key, n) == 0) {
			return k + 1;
		}
	}
	return NULL;
}

static bool value_is(const struct reply *r, const jsmntok_t *v,
		     const char *text)
{
	size_t n = (size_t)(v->end - v->start);

	return strlen(text) == n && memcmp(r->line + v->start, text, n) == 0;
}

static bool reply_is_to(const struct reply *r, uint64_t id)
{
	const jsmntok_t *v = reply_find(r, "id");

	return v != NULL && strtoull(r->line + v->start, NULL, 10) == id;
}

static void give(const struct reply *r, const jsmntok_t *v, bool error,
		 text_sink sink, void *ctx)
{
	if (v != NULL && v->type == JSMN_STRING) {
		char *text = r->line + v->start;

		sink(ctx, error, text,
		     unescape(text, (size_t)(v->end - v->start)));
	}
}

/* --- requests ----------------------------------------------------------- */

/* Take the replies to the last request. */
static enum status take_replies(struct channel *c, text_sink sink, void *ctx)
{
	size_t used = 0;
	struct reply r;
	char *line;

	while ((line = next_line(c, &used, c->timeout_ms)) != NULL) {
		const jsmntok_t *end;

		if (!reply_parse(&r, line) || !reply_is_to(&r, c->id)) {
			continue; /* an event, or left by an earlier user */
		}
		end = reply_find(&r, "end");
		if (end != NULL) {
			enum status status = value_is(&r, end, "ok") ? STATUS_OK
					     : value_is(&r, end, "denied")
						     ? STATUS_DENIED
						     : STATUS_FAILED;

			memmove(c->line, c->line + used, c->line_n - used);
			c->line_n -= used;
			return status;
		}
		give(&r, reply_find(&r, "candidate"), false, sink, ctx);
		give(&r, reply_find(&r, "output"), false, sink, ctx);
		give(&r, reply_find(&r, "error"), true, sink, ctx);
	}
	return STATUS_CONNECTION;
}

static void to_output(void *ctx, bool error, const char *text, size_t n)
{
	(void)ctx;
	if (error) {
		fprintf(stderr, "error: %.*s\n", (int)n, text);
	} else {
		fwrite(text, 1, n, stdout);
	}
}

enum status channel_begin(struct channel *c, int fd, int timeout_ms)
{
	char request[96];
	int n;

	c->fd = fd;
	c->timeout_ms = timeout_ms;
	c->line_n = 0;
	/* So that replies to others are not taken for ours. */
	c->id = ((uint64_t)time(NULL) << 16 |
		 ((unsigned int)getpid() & 0xffff)) &
		0xffffffffffULL;
	n = snprintf(request, sizeof(request),
		     "%c\n{\"id\": %llu, \"watch\": false}\n", INTERRUPT,
		     (unsigned long long)c->id);
	if (!write_all(fd, request, (size_t)n)) {
		return STATUS_CONNECTION;
	}
	return take_replies(c, to_output, NULL);
}

/* A request with a line, and its replies. */
static enum status ask(struct channel *c, const char *what, const char *command,
		       text_sink sink, void *ctx)
{
	char request[REQUEST_SIZE];
	size_t at = (size_t)snprintf(request, sizeof(request),
				     "{\"id\": %llu, \"%s\": \"",
				     (unsigned long long)++c->id, what);

	if (!put_escaped(request, sizeof(request) - 4, &at, command)) {
		fprintf(stderr, "soclectl: the command is too long\n");
		return STATUS_FAILED;
	}
	at += (size_t)sprintf(request + at, "\"}\n");
	if (!write_all(c->fd, request, at)) {
		return STATUS_CONNECTION;
	}
	return take_replies(c, sink, ctx);
}

static void to_lines(void *ctx, bool error, const char *text, size_t n)
{
	(void)ctx;
	if (!error) {
		printf("%.*s\n", (int)n, text);
	}
}

enum status channel_complete(struct channel *c, const char *line)
{
	return ask(c, "complete", line, to_lines, NULL);
}

enum status channel_run(struct channel *c, const char *command, text_sink sink,
			void *ctx)
{
	enum status status = ask(c, "command", command,
				 sink != NULL ? sink : to_output, ctx);

	fflush(stdout);
	if (status == STATUS_DENIED) {
		fprintf(stderr, "denied: %s\n", command);
	}
	return status;
}

/* --- events ------------------------------------------------------------- */

/* An event as a line for people: seconds since boot, kind, guest, text. */
static void print_event(struct reply *r)
{
	const jsmntok_t *kind = reply_find(r, "event");
	const jsmntok_t *at = reply_find(r, "at_ns");
	const jsmntok_t *guest = reply_find(r, "guest");
	const jsmntok_t *text = reply_find(r, "text");
	unsigned long long ns;

	if (at == NULL || guest == NULL || text == NULL) {
		printf("%s\n", r->line);
		return;
	}
	ns = strtoull(r->line + at->start, NULL, 10);
	printf("%llu.%06llu %.*s %.*s ", ns / 1000000000, ns / 1000 % 1000000,
	       kind->end - kind->start, r->line + kind->start,
	       guest->type == JSMN_STRING ? guest->end - guest->start : 1,
	       guest->type == JSMN_STRING ? r->line + guest->start : "-");
	fwrite(r->line + text->start, 1,
	       unescape(r->line + text->start,
			(size_t)(text->end - text->start)),
	       stdout);
	printf("\n");
}

/* The request to watch these kinds of events. False: it is too long. */
static bool watch_request(struct channel *c, char *const *kinds)
{
	char request[REQUEST_SIZE];
	size_t at = (size_t)snprintf(
		request, sizeof(request),
		"{\"id\": %llu, \"watch\": ", (unsigned long long)++c->id);

	at += (size_t)sprintf(request + at, kinds[0] != NULL ? "[" : "true");
	for (unsigned int i = 0; kinds[i] != NULL; i++) {
		at += (size_t)sprintf(request + at, i > 0 ? ", \"" : "\"");
		if (!put_escaped(request, sizeof(request) - 16, &at,
				 kinds[i])) {
			fprintf(stderr, "soclectl: these names are too long\n");
			return false;
		}
		at += (size_t)sprintf(request + at, "\"");
	}
	at += (size_t)sprintf(request + at, kinds[0] != NULL ? "]}\n" : "}\n");
	return write_all(c->fd, request, at);
}

enum status channel_watch(struct channel *c, char *const *kinds, bool json)
{
	enum status status;
	size_t used = 0;
	char *line;

	if (!watch_request(c, kinds)) {
		return STATUS_CONNECTION;
	}
	status = take_replies(c, to_output, NULL);
	while (status == STATUS_OK &&
	       (line = next_line(c, &used, -1)) != NULL) {
		struct reply r;

		if (!reply_parse(&r, line) || reply_find(&r, "event") == NULL) {
			continue;
		}
		if (json) {
			printf("%s\n", line);
		} else {
			print_event(&r);
		}
		fflush(stdout);
	}
	return status == STATUS_OK ? STATUS_CONNECTION : status;
}
