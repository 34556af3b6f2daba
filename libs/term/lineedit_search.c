/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's walks through the history. */
#include "lineedit_priv.h"
#include <string.h>

/* Save the line being edited before another is shown. */
static void search_save(struct lineedit *le)
{
	if (le->back == 0) {
		memcpy(le->saved, le->buf, le->len + 1);
	}
}

void lineedit_older(struct lineedit *le)
{
	unsigned int back;

	search_save(le);
	if (le->back == 0) {
		le->prefix = le->cursor;
	}
	back = le->back;
	do {
		back = history_older(le->history, back, le->saved, le->prefix,
				     false);
	} while (back != 0 &&
		 strcmp(history_get(le->history, back), le->buf) == 0);
	if (back == 0) {
		le->bell = true;
		return;
	}
	le->back = back;
	lineedit_set(le, history_get(le->history, back));
}

void lineedit_newer(struct lineedit *le)
{
	unsigned int back = le->back;

	if (back == 0) {
		le->bell = true;
		return;
	}
	do {
		back = history_newer(le->history, back, le->saved, le->prefix);
	} while (back != 0 &&
		 strcmp(history_get(le->history, back), le->buf) == 0);
	le->back = back;
	lineedit_set(le,
		     back != 0 ? history_get(le->history, back) : le->saved);
}

/* Show the first match beyond `from`. */
static void search_show(struct lineedit *le, unsigned int from)
{
	unsigned int back = history_older(le->history, from, le->pattern,
					  le->pattern_len, true);

	if (back == 0) {
		le->bell = true;
		return;
	}
	le->back = back;
	lineedit_set(le, history_get(le->history, back));
}

void lineedit_search(struct lineedit *le)
{
	if (le->searching) {
		search_show(le, le->back);
		return;
	}
	search_save(le);
	le->searching = true;
	le->prefix = 0;
	le->pattern_len = 0;
}

static void search_cancel(struct lineedit *le)
{
	le->searching = false;
	le->back = 0;
	lineedit_set(le, le->saved);
}

bool lineedit_search_key(struct lineedit *le, uint8_t c)
{
	if (c == 0x07 || c == 0x03) { /* ^G, ^C */
		search_cancel(le);
		return true;
	}
	if (c == 0x12) { /* ^R */
		lineedit_search(le);
		return true;
	}
	if (c == 0x08 || c == 0x7f) {
		le->pattern_len -= le->pattern_len > 0;
		search_show(le, 0);
		return true;
	}
	if (c >= ' ') {
		if (le->pattern_len < sizeof(le->pattern)) {
			le->pattern[le->pattern_len++] = (char)c;
			search_show(le, le->back > 0 ? le->back - 1 : 0);
		}
		return true;
	}
	/* Any other key takes the line found and does its own work. */
	le->searching = false;
	return false;
}
