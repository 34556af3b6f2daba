/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reporting mistakes in a guest description. */
#include <core/dt_blob.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"

#define REPORT_MAX 512 /* bytes of a message */
#define REPORT_CELLS 6 /* shown of a value */
#define REPORT_TEXT 48 /* characters shown of a string */
#define REPORT_WORD 32 /* longest word for which a similar one is suggested */

/* The text comes from the description: keep control codes off the terminal. */
static void report_clean(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < ' ' || *s > '~') {
			*s = '?';
		}
	}
}

/* Write the path of a node of the description, truncated to the size. */
static const char *path_of(const struct config_parser *p, int node, char *buf,
			   size_t size)
{
	if (node < 0 || fdt_get_path(p->fdt, node, buf, (int)size) != 0) {
		const char *name = fdt_get_name(p->fdt, node, NULL);

		snprintf(buf, size, "/%s%.40s", name ? ".../" : "",
			 name ? name : "");
	}
	return buf;
}

void config_tell_place(struct config_parser *p, int node, const char *prop)
{
	config_tell(p, node, prop, "not allowed; socle-check says why");
}

void config_tell(struct config_parser *p, int node, const char *prop,
		 const char *fmt, ...)
{
	char path[CONFIG_TEXT], msg[REPORT_MAX];
	int n;
	va_list ap;

	p->mistakes++;
	if (p->mistakes > CONFIG_MAX_MISTAKES || !p->report) {
		return;
	}
	n = snprintf(msg, sizeof(msg), "%s: %.40s%s",
		     path_of(p, node, path, sizeof(path)), prop ? prop : "",
		     prop ? ": " : "");
	if (n > 0 && (size_t)n < sizeof(msg)) {
		va_start(ap, fmt);
		vsnprintf(msg + n, sizeof(msg) - (size_t)n, fmt, ap);
		va_end(ap);
	}
	report_clean(msg);
	p->report(p->ctx, msg);
}

/* By dtc's rule: printable strings, none empty if there are several. */
static bool report_is_text(const char *s, int len)
{
	int i;

	if (s[len - 1] != '\0') {
		return false;
	}
	for (i = 0; i < len - 1; i++) {
		if (s[i] == '\0' ? i == 0 || s[i + 1] == '\0'
				 : s[i] < ' ' || s[i] > '~') {
			return false;
		}
	}
	return true;
}

static void report_strings(const char *s, int len, char *buf, size_t size)
{
	int at = 0, left;
	size_t n = 0;

	do {
		left = REPORT_TEXT - at;
		n += (size_t)snprintf(buf + n, size - n, "%s\"%.*s\"",
				      at ? ", " : "", left, s + at);
		at += (int)strlen(s + at) + 1;
	} while (at < MIN(len, REPORT_TEXT) && n < size);
	if (n < size && len > REPORT_TEXT + 1) {
		snprintf(buf + n, size - n, "...");
	}
}

/* <cells>, or [bytes] if the length is not a multiple of a cell. */
static void report_numbers(const uint8_t *data, int len, char *buf, size_t size)
{
	bool bytes = len % CONFIG_CELL != 0;
	int i, count = bytes ? len : len / CONFIG_CELL;
	size_t n = (size_t)snprintf(buf, size, bytes ? "[" : "<");

	for (i = 0; i < MIN(count, REPORT_CELLS) && n < size; i++) {
		uint64_t cell = bytes ? data[i]
				      : dt_cells64(data + i * CONFIG_CELL, 1);

		n += (size_t)snprintf(buf + n, size - n,
				      bytes ? "%s%02x" : "%s0x%x", i ? " " : "",
				      (unsigned int)cell);
	}
	if (n < size) {
		snprintf(buf + n, size - n, "%s%c",
			 count > REPORT_CELLS ? " ..." : "", bytes ? ']' : '>');
	}
}

void config_show(const void *data, int len, char *buf, size_t size)
{
	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		buf[0] = '\0';
	} else if (len == 0) {
		snprintf(buf, size, "no value");
	} else if (report_is_text(data, len)) {
		report_strings(data, len, buf, size);
	} else {
		report_numbers(data, len, buf, size);
	}
}

void config_list(char *buf, size_t size, const char *word)
{
	size_t n = strnlen(buf, size - 1);

	if (IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		snprintf(buf + n, size - n, "%s%s", n ? ", " : "", word);
	}
}

/* Levenshtein distance, by rows. Both words are short. */
static unsigned int report_distance(const char *a, size_t na, const char *b,
				    size_t nb)
{
	unsigned int row[REPORT_WORD + 1];
	size_t i, j;

	for (j = 0; j <= nb; j++) {
		row[j] = (unsigned int)j;
	}
	for (i = 1; i <= na; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (j = 1; j <= nb; j++) {
			unsigned int change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1, change);
		}
	}
	return row[nb];
}

bool config_closer(const char *name, const char *candidate,
		   unsigned int *distance)
{
	size_t n = strnlen(name, REPORT_WORD + 1);
	size_t m = strnlen(candidate, REPORT_WORD + 1);
	unsigned int d;

	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY) || n > REPORT_WORD ||
	    m > REPORT_WORD) {
		return false;
	}
	d = report_distance(name, n, candidate, m);
	/* With more than about a third of it wrong it is another word. */
	if (d > MAX(n, m) / 3 + 1 || d >= MAX(n, m) || d >= *distance) {
		return false;
	}
	*distance = d;
	return true;
}
