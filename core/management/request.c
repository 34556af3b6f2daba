/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading requests: an object with the members "id", "command" and "watch".
 * jsmn finds the tokens; what they may be is checked here.
 */
#include <libs/error.h>
#include <libs/json.h>
#include <libs/parse.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#include <jsmn.h>

#include "request_priv.h"

#define REQUEST_TOKENS_MAX 48
#define REQUEST_NUMBER_MAX 24                    /* characters */
#define REQUEST_ID_MAX ((UINT64_C(1) << 53) - 1) /* RFC 8259, 6 */

/* A request that is being read. */
struct reading {
	const char *line;
	jsmntok_t token[REQUEST_TOKENS_MAX];
	int ntokens;
	struct management_request *out;
	const char *why;
};

static bool token_is(const struct reading *r, const jsmntok_t *t,
		     const char *text)
{
	size_t n = (size_t)(t->end - t->start);

	return strlen(text) == n && memcmp(r->line + t->start, text, n) == 0;
}

/* Each of these reads the value that begins at token *at, and moves *at behind
 * it. False: r->why says what is wrong. */
static bool read_id(struct reading *r, int *at)
{
	const jsmntok_t *t = &r->token[(*at)++];
	size_t n = (size_t)(t->end - t->start);
	char number[REQUEST_NUMBER_MAX];

	r->why = "\"id\" is a whole number from 0 to 9007199254740991";
	if (t->type != JSMN_PRIMITIVE || n >= sizeof(number)) {
		return false;
	}
	memcpy(number, r->line + t->start, n);
	number[n] = '\0';
	r->out->has_id = memchr(number, 'x', n) == NULL &&
			 parse_u64_max(number, REQUEST_ID_MAX, &r->out->id) ==
				 0;
	return r->out->has_id;
}

/* "command", or "complete". */
static bool read_command(struct reading *r, int *at)
{
	const jsmntok_t *t = &r->token[(*at)++];
	int err;

	r->why = "\"command\" is a line of the terminal, such as \"guest "
		 "list\", and there is one";
	if (t->type != JSMN_STRING || r->out->has_command) {
		return false;
	}
	r->out->has_command = true;
	err = json_unescape(r->out->command, sizeof(r->out->command),
			    r->line + t->start, (size_t)(t->end - t->start));
	if (err == -ERR_INVAL) {
		r->why = "\"command\" has no control characters";
	} else if (err == -ERR_NOSPC) {
		r->why = "\"command\" has 1023 bytes at most";
	} else if (err != 0) {
		r->why = "\"command\" is text in UTF-8";
	}
	return err == 0;
}

static bool read_kind(struct reading *r, const jsmntok_t *t)
{
	enum event_kind kind;

	if (t->type != JSMN_STRING) {
		return false;
	}
	kind = event_find(r->line + t->start, (size_t)(t->end - t->start));
	if (kind == EVENT_KINDS) {
		return false;
	}
	r->out->watch |= BIT(kind);
	return true;
}

static bool read_watch(struct reading *r, int *at)
{
	const jsmntok_t *t = &r->token[(*at)++];

	r->why = "\"watch\" is true, false, or an array of: guest, crash, "
		 "watchdog, deadline, throttled, disk, link, denied";
	r->out->has_watch = true;
	if (t->type == JSMN_PRIMITIVE) {
		r->out->watch = token_is(r, t, "true")
					? GENMASK(EVENT_KINDS - 1, 0)
					: 0;
		return r->out->watch != 0 || token_is(r, t, "false");
	}
	if (t->type != JSMN_ARRAY) {
		return false;
	}
	for (int i = 0; i < t->size; i++) {
		if (!read_kind(r, &r->token[(*at)++])) {
			return false;
		}
	}
	return true;
}

static bool read_member(struct reading *r, int *at)
{
	const jsmntok_t *key = &r->token[(*at)++];

	r->why = "a request is {\"id\": NUMBER, \"command\": TEXT} or "
		 "{\"id\": NUMBER, \"watch\": ...}";
	if (key->type != JSMN_STRING || key->size != 1 || *at >= r->ntokens) {
		return false;
	}
	if (token_is(r, key, "id")) {
		return read_id(r, at);
	}
	if (token_is(r, key, "command")) {
		return read_command(r, at);
	}
	if (token_is(r, key, "complete")) {
		r->out->complete = true;
		return read_command(r, at);
	}
	return token_is(r, key, "watch") && read_watch(r, at);
}

static bool read_object(struct reading *r)
{
	int at = 1, members = r->token[0].size;

	if (r->token[0].type != JSMN_OBJECT) {
		return false;
	}
	for (int i = 0; i < members; i++) {
		if (at >= r->ntokens || !read_member(r, &at)) {
			return false;
		}
	}
	r->why = "a line holds one request";
	if (at != r->ntokens) {
		return false;
	}
	r->why =
		"a request has an \"id\", and a \"command\", a \"complete\" or "
		"a \"watch\"";
	return r->out->has_id && r->out->has_command != r->out->has_watch;
}

int management_parse(const char *line, size_t n, struct management_request *out,
		     const char **why)
{
	struct reading r = {
		.line = line,
		.out = out,
		.why = "a request is one line with a JSON object",
	};
	jsmn_parser parser;
	bool ok = false;

	out->id = 0;
	out->has_id = false;
	out->has_command = false;
	out->complete = false;
	out->has_watch = false;
	out->watch = 0;
	jsmn_init(&parser);
	r.ntokens = jsmn_parse(&parser, line, n, r.token, REQUEST_TOKENS_MAX);
	if (r.ntokens > 0) {
		ok = read_object(&r);
	}
	*why = r.why;
	return ok ? 0 : -ERR_FORMAT;
}
