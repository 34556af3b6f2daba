/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's history. */
#include <libs/history.h>
#include <string.h>

static void history_drop_oldest(struct history *h)
{
	size_t n = strlen(h->text) + 1;

	memmove(h->text, h->text + n, h->used - n);
	h->used -= n;
	h->count--;
}

void history_add(struct history *h, const char *line)
{
	size_t n = strlen(line) + 1;
	const char *last = history_get(h, 1);

	if (n == 1 || n > sizeof(h->text) ||
	    (last != NULL && strcmp(last, line) == 0)) {
		return;
	}
	while (h->used + n > sizeof(h->text)) {
		history_drop_oldest(h);
	}
	memcpy(h->text + h->used, line, n);
	h->used += n;
	h->count++;
}

const char *history_get(const struct history *h, unsigned int back)
{
	const char *p = h->text;

	if (back == 0 || back > h->count) {
		return NULL;
	}
	for (unsigned int skip = h->count - back; skip > 0; skip--) {
		p += strlen(p) + 1;
	}
	return p;
}

/* Does `line` begin with, or have somewhere, the n bytes of `text`? */
static bool history_match(const char *line, const char *text, size_t n,
			  bool anywhere)
{
	do {
		if (strncmp(line, text, n) == 0) {
			return true;
		}
	} while (anywhere && *line++ != '\0');
	return false;
}

unsigned int history_older(const struct history *h, unsigned int from,
			   const char *text, size_t n, bool anywhere)
{
	for (unsigned int back = from + 1; back <= h->count; back++) {
		if (history_match(history_get(h, back), text, n, anywhere)) {
			return back;
		}
	}
	return 0;
}

unsigned int history_newer(const struct history *h, unsigned int from,
			   const char *text, size_t n)
{
	for (unsigned int back = MIN(from, h->count + 1); back > 1; back--) {
		if (history_match(history_get(h, back - 1), text, n, false)) {
			return back - 1;
		}
	}
	return 0;
}
