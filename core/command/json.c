/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON output, and records: facts about one object, as text or JSON. */
#include "json_priv.h"
#include <libs/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RECORD_TITLE 18 /* columns of a fact's title and colon */

void json_string(struct session *s, const char *v)
{
	size_t n = strlen(v);
	char part[64];

	out(s, "\"");
	while (n > 0) {
		size_t used = n;

		out_text(s, part, json_escape(part, sizeof(part), v, &used));
		v += used;
		n -= used;
	}
	out(s, "\"");
}

void json_key(struct session *s, const char *title)
{
	char key[48];
	size_t n = 0;

	for (; *title != '\0' && n + 10 < sizeof(key); title++) {
		if (*title == '%') {
			n += (size_t)snprintf(key + n, sizeof(key) - n,
					      "_percent");
		} else if (*title >= 'A' && *title <= 'Z') {
			key[n++] = (char)(*title | 0x20);
		} else {
			key[n++] = *title == ' ' ? '_' : *title;
		}
	}
	key[n] = '\0';
	out(s, "\"%s\": ", key);
}

void json_value(struct session *s, enum column_type type, uint64_t v)
{
	char buf[32];

	switch (type) {
	case COL_BOOL:
		out(s, v != 0 ? "true" : "false");
		break;
	case COL_HEX:
		out(s, "\"%s\"", value_text(buf, sizeof(buf), type, v));
		break;
	case COL_PERMILLE:
	case COL_MILLI:
		out(s, "%s", value_text(buf, sizeof(buf), type, v));
		break;
	default:
		out(s, "%llu", (unsigned long long)v);
		break;
	}
}

void record_begin(struct record *r, struct session *s, bool json)
{
	*r = (struct record){ .s = s, .json = json, .first = true };
	if (json) {
		out(s, "{");
	}
}

static void record_title(struct record *r, const char *title)
{
	if (r->json) {
		out(r->s, r->first ? "\n " : ",\n ");
		json_key(r->s, title);
	} else {
		out(r->s, "%s:%*s", title,
		    (int)MAX(RECORD_TITLE - (int)strlen(title) - 1, 1), "");
	}
	r->first = false;
}

void record_str(struct record *r, const char *title, const char *v)
{
	record_title(r, title);
	if (!r->json) {
		if (v == NULL || v[0] == '\0') {
			v = "-";
		}
		out_text(r->s, v, strlen(v));
		out(r->s, "\n");
	} else if (v != NULL) {
		json_string(r->s, v);
	} else {
		out(r->s, "null");
	}
}

void record_fmt(struct record *r, const char *title, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	record_str(r, title, buf);
}

void record_u64(struct record *r, const char *title, enum column_type type,
		uint64_t v)
{
	char buf[32];

	record_title(r, title);
	if (r->json) {
		json_value(r->s, type, v);
	} else {
		out(r->s, "%s%s\n", value_text(buf, sizeof(buf), type, v),
		    type == COL_PERMILLE ? "%" : "");
	}
}

void record_end(struct record *r)
{
	if (r->json) {
		out(r->s, "%s}\n", r->first ? "" : "\n");
	}
}
