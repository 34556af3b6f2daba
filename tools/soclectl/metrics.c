/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics in Prometheus' text format 0.0.4, made of what commands print as
 * JSON: each number of a row is a metric, each text a label's value.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JSMN_HEADER
#include <jsmn.h>

#include "soclectl.h"

#define TOKENS_MAX 65536
#define REQUEST_MAX 4096
#define REQUEST_MS 5000

/* The members whose values are labels of all metrics of the row. */
static const char *const label_keys[] = { "name", "guest", "device", "cpu",
					  "vcpu" };

static const struct source {
	const char *command, *prefix;
} sources[] = {
	{ "guest list --json", "socle_guest" },
	{ "vcpu times --guests --json", "socle_guest_times" },
	{ "vcpu exits --guests --json", "socle_guest_exits" },
	{ "vcpu times --json", "socle_vcpu_times" },
	{ "host info --json", "socle_host" },
	{ "host cpus --json", "socle_cpu" },
	{ "vdisk stats --json", "socle_vdisk" },
	{ "net port list --json", "socle_net_port" },
	{ "budget list --json", "socle_budget" },
};

/* Text that grows. */
struct text {
	char *s;
	size_t n, size;
};

static void text_add(struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->size) {
		t->size = (t->n + n + 1) * 2;
		t->s = realloc(t->s, t->size);
		if (t->s == NULL) {
			perror("soclectl");
			exit(STATUS_FAILED);
		}
	}
	memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = '\0';
}

static void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

static void gather(void *ctx, bool error, const char *text, size_t n)
{
	if (error) {
		fprintf(stderr, "error: %.*s\n", (int)n, text);
	} else {
		text_add(ctx, text, n);
	}
}

/* --- rows --------------------------------------------------------------- */

/* A command's output: an array of objects, or one object. */
struct rows {
	const char *json;
	jsmntok_t *tokens;
	int n;
};

/* The token behind a value and all that it contains. */
static int behind(const struct rows *r, int at)
{
	int end = r->tokens[at].end;

	for (at++; at < r->n && r->tokens[at].start < end; at++) {}
	return at;
}

static bool same(const struct rows *r, int a, const char *s, size_t n)
{
	const jsmntok_t *t = &r->tokens[a];

	return (size_t)(t->end - t->start) == n &&
	       memcmp(r->json + t->start, s, n) == 0;
}

/* The value of a member of the row at `row`; 0: none. */
static int member(const struct rows *r, int row, const char *key, size_t n)
{
	int end = behind(r, row);

	for (int at = row + 1; at + 1 < end; at = behind(r, at + 1)) {
		if (same(r, at, key, n)) {
			return at + 1;
		}
	}
	return 0;
}

static void add_value(struct text *out, const struct rows *r, int at)
{
	const jsmntok_t *t = &r->tokens[at];

	/* JSON's escapes are those of a label's value but for \u. */
	text_add(out, r->json + t->start, (size_t)(t->end - t->start));
}

static bool is_label(const struct rows *r, int key)
{
	for (size_t i = 0; i < sizeof(label_keys) / sizeof(*label_keys); i++) {
		if (same(r, key, label_keys[i], strlen(label_keys[i]))) {
			return true;
		}
	}
	return false;
}

static void add_labels(struct text *out, const struct rows *r, int row)
{
	for (size_t i = 0; i < sizeof(label_keys) / sizeof(*label_keys); i++) {
		int at = member(r, row, label_keys[i], strlen(label_keys[i]));

		if (at == 0) {
			continue;
		}
		text_puts(out, out->s[out->n - 1] == '{' ? "" : ",");
		text_puts(out, label_keys[i]);
		text_puts(out, "=\"");
		add_value(out, r, at);
		text_puts(out, "\"");
	}
}

/* One line: a number as it is, a truth value as 1 or 0, and a text as a label
 * of a metric that is 1. */
static void add_sample(struct text *out, const struct source *source,
		       const struct rows *r, int row, int key)
{
	int at = member(r, row, r->json + r->tokens[key].start,
			(size_t)(r->tokens[key].end - r->tokens[key].start));
	const jsmntok_t *v = &r->tokens[at];
	char first = at > 0 ? r->json[v->start] : 'n';
	bool text = at > 0 && v->type == JSMN_STRING;

	if (first == 'n' && !text) {
		return; /* null, or no such member */
	}
	text_puts(out, source->prefix);
	text_puts(out, "_");
	add_value(out, r, key);
	text_puts(out, "{");
	add_labels(out, r, row);
	if (text) {
		text_puts(out, out->s[out->n - 1] == '{' ? "" : ",");
		text_puts(out, "value=\"");
		add_value(out, r, at);
		text_puts(out, "\"");
	}
	text_puts(out, "} ");
	if (text || first == 't' || first == 'f') {
		text_puts(out, first == 'f' && !text ? "0" : "1");
	} else {
		add_value(out, r, at);
	}
	text_puts(out, "\n");
}

/* All samples of a metric stand together. */
static void add_metrics(struct text *out, const struct source *source,
			const struct rows *r, int first, int end)
{
	int keys_end = behind(r, first);

	for (int key = first + 1; key + 1 < keys_end;
	     key = behind(r, key + 1)) {
		if (is_label(r, key) || same(r, key, "id", 2) ||
		    r->tokens[key + 1].type == JSMN_ARRAY ||
		    r->tokens[key + 1].type == JSMN_OBJECT) {
			continue;
		}
		for (int row = first; row < end; row = behind(r, row)) {
			add_sample(out, source, r, row, key);
		}
	}
}

static void add_rows(struct text *out, const struct source *source,
		     const struct text *json)
{
	struct rows r = { .json = json->s };
	jsmn_parser parser;

	r.tokens = calloc(TOKENS_MAX, sizeof(*r.tokens));
	if (r.tokens == NULL) {
		perror("soclectl");
		exit(STATUS_FAILED);
	}
	jsmn_init(&parser);
	r.n = jsmn_parse(&parser, json->s, json->n, r.tokens, TOKENS_MAX);
	if (r.n > 0 && r.tokens[0].type == JSMN_OBJECT) {
		add_metrics(out, source, &r, 0, behind(&r, 0));
	} else if (r.n > 1 && r.tokens[1].type == JSMN_OBJECT) {
		add_metrics(out, source, &r, 1, behind(&r, 0));
	}
	free(r.tokens);
}

/* What this channel may not ask for is left out. */
static enum status collect(struct channel *c, struct text *out)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		struct text json = { 0 };
		enum status status;

		text_puts(&json, "");
		status = channel_run(c, sources[i].command, gather, &json);
		if (status == STATUS_OK) {
			add_rows(out, &sources[i], &json);
		}
		free(json.s);
		if (status == STATUS_CONNECTION) {
			return status;
		}
	}
	return STATUS_OK;
}

enum status metrics_print(struct channel *c)
{
	struct text out = { 0 };
	enum status status;

	text_puts(&out, "");
	status = collect(c, &out);
	if (status == STATUS_OK) {
		fwrite(out.s, 1, out.n, stdout);
	}
	free(out.s);
	return status;
}

/* --- HTTP (RFC 9112) ---------------------------------------------------- */

/* `at`: PORT, or ADDRESS:PORT. */
static int listen_on(const char *at)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const char *colon = strrchr(at, ':');
	const char *port = colon != NULL ? colon + 1 : at;
	unsigned long number = strtoul(port, NULL, 10);
	char host[INET_ADDRSTRLEN];
	int fd, one = 1;

	(void)snprintf(host, sizeof(host), "%.*s",
		       colon != NULL ? (int)(colon - at) : 0, at);
	if (number < 1 || number > UINT16_MAX ||
	    strspn(port, "0123456789") != strlen(port) ||
	    (colon != NULL &&
	     inet_pton(AF_INET, host, &address.sin_addr) != 1)) {
		fprintf(stderr,
			"soclectl: %s: PORT or ADDRESS:PORT, such as "
			"127.0.0.1:9100\n",
			at);
		return -1;
	}
	address.sin_port = htons((uint16_t)number);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 8) != 0) {
		fprintf(stderr, "soclectl: %s: %s\n", at, strerror(errno));
		return -1;
	}
	return fd;
}

/* Read a request up to its empty line. False: there is none in time. */
static bool read_request(int fd, char *request, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (n + 1 == size || poll(&p, 1, REQUEST_MS) <= 0) {
			return false;
		}
		got = read(fd, request + n, size - 1 - n);
		if (got <= 0) {
			return false;
		}
		n += (size_t)got;
		request[n] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL) {
			return true;
		}
	}
}

static void answer(int fd, const char *status, const char *body, size_t n)
{
	char head[160];
	int len = snprintf(head, sizeof(head),
			   "HTTP/1.1 %s\r\nContent-Type: text/plain; "
			   "version=0.0.4\r\nContent-Length: %zu\r\n"
			   "Connection: close\r\n\r\n",
			   status, n);

	if (send(fd, head, (size_t)len, MSG_NOSIGNAL) == len) {
		while (n > 0) {
			ssize_t done = send(fd, body, n, MSG_NOSIGNAL);

			if (done <= 0) {
				return;
			}
			body += done;
			n -= (size_t)done;
		}
	}
}

static enum status serve_one(struct channel *c, int fd)
{
	static const char none[] = "There is /metrics.\n";
	struct text out = { 0 };
	char request[REQUEST_MAX];
	enum status status = STATUS_OK;

	if (!read_request(fd, request, sizeof(request))) {
		return STATUS_OK;
	}
	if (strncmp(request, "GET /metrics ", 13) != 0) {
		answer(fd, "404 Not Found", none, sizeof(none) - 1);
		return STATUS_OK;
	}
	text_puts(&out, "");
	status = collect(c, &out);
	if (status == STATUS_OK) {
		answer(fd, "200 OK", out.s, out.n);
	}
	free(out.s);
	return status;
}

enum status metrics_serve(struct channel *c, const char *listen_at)
{
	int listening = listen_on(listen_at);
	enum status status = STATUS_OK;

	if (listening < 0) {
		return STATUS_CONNECTION;
	}
	while (status == STATUS_OK) {
		int fd = accept(listening, NULL, NULL);

		if (fd < 0) {
			continue;
		}
		status = serve_one(c, fd);
		close(fd);
	}
	close(listening);
	return status;
}
