/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing the edited line: one row, scrolled sideways when it does not fit,
 * of which only what changed is sent.
 */
#include "lineedit_priv.h"
#include <stdio.h>
#include <string.h>

void lineedit_out(struct lineedit *le, const char *s)
{
	le->ops->out(le->ctx, s, strlen(s));
}

/* Bytes and columns of a character; one that cannot be shown becomes '?'. */
static size_t draw_step(const char *s, size_t n)
{
	size_t len = utf8_char(s, n);

	return len > 0 ? len : 1;
}

static void row_put(struct lineedit_row *row, const char *s, size_t n)
{
	size_t len = utf8_char(s, n);

	if (len == 0) {
		s = "?";
		len = 1;
	}
	memcpy(row->text + row->len, s, len);
	row->len += len;
	row->columns++;
}

/* Text in front of the line: the prompt or the search. */
static size_t lead_text(const struct lineedit *le, char *buf, size_t size)
{
	int n;

	if (!le->searching) {
		n = snprintf(buf, size, "%s", le->prompt);
	} else {
		n = snprintf(buf, size, "(search '%.*s'): ",
			     (int)MIN(le->pattern_len, (size_t)24),
			     le->pattern);
	}
	return MIN((size_t)n, size - 1);
}

/* The first byte to show so that the cursor is among `width` columns. */
static size_t draw_view(const struct lineedit *le, unsigned int width)
{
	size_t view = MIN(le->view, le->cursor);

	/* All fits: no scrolling, also after deleting. */
	if (utf8_columns(le->buf, le->len) <= width) {
		return 0;
	}
	/* One column at either end is for the marks '<' and '>'. */
	if (le->view > 0 && le->cursor <= le->view) {
		unsigned int behind = width / 2;

		while (view > 0 && behind-- > 0) {
			view--;
			while (view > 0 && (le->buf[view] & 0xc0) == 0x80) {
				view--;
			}
		}
	}
	while (utf8_columns(le->buf + view, le->cursor - view) + 2 >= width) {
		view += draw_step(le->buf + view, le->len - view);
	}
	return view;
}

static void draw_row(const struct lineedit *le, struct lineedit_row *row,
		     size_t *view)
{
	char lead[48];
	size_t lead_len = lead_text(le, lead, sizeof(lead)), i;
	/* The last columns are for the cursor, and for "^C" behind it. */
	unsigned int end = LINEEDIT_COLUMNS - 3;

	row->len = 0;
	row->columns = 0;
	for (i = 0; i < lead_len; i += draw_step(lead + i, lead_len - i)) {
		row_put(row, lead + i, lead_len - i);
	}
	*view = draw_view(le, end - row->columns);
	row->cursor = row->columns;
	for (i = *view; i < le->len && row->columns < end;
	     i += draw_step(le->buf + i, le->len - i)) {
		bool more = row->columns + 1 == end &&
			    i + draw_step(le->buf + i, le->len - i) < le->len;

		if (i == le->cursor) {
			row->cursor = row->columns;
		}
		if (more) {
			row_put(row, ">", 1);
		} else if (i == *view && i > 0) {
			row_put(row, "<", 1);
		} else {
			row_put(row, le->buf + i, le->len - i);
		}
	}
	if (le->cursor == le->len) {
		row->cursor = row->columns;
	}
}

/* Move the terminal's cursor from one column to another. */
static size_t draw_move(char *buf, size_t size, unsigned int from,
			unsigned int to)
{
	int n = 0;

	if (to > from) {
		n = snprintf(buf, size, "\033[%uC", to - from);
	} else if (to == 0 && from > 0) {
		n = snprintf(buf, size, "\r");
	} else if (from - to == 1) {
		n = snprintf(buf, size, "\b");
	} else if (from > to) {
		n = snprintf(buf, size, "\033[%uD", from - to);
	}
	return MIN((size_t)n, size - 1);
}

/* Bytes both rows begin with, whole characters only. */
static size_t draw_same(const struct lineedit_row *a,
			const struct lineedit_row *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len) {
		size_t n = draw_step(a->text + i, a->len - i);

		if (i + n > b->len ||
		    memcmp(a->text + i, b->text + i, n) != 0) {
			break;
		}
		i += n;
	}
	return i;
}

void lineedit_flush(struct lineedit *le)
{
	struct lineedit_row *old = &le->shown;
	struct lineedit_row row;
	char move[16];
	size_t same, n;
	unsigned int at;

	if (le->bell) {
		lineedit_out(le, "\a");
		le->bell = false;
	}
	if (!le->drawn) {
		*old = (struct lineedit_row){ .len = 0 };
		le->drawn = true;
	}
	draw_row(le, &row, &le->view);
	same = draw_same(old, &row);
	at = old->cursor;
	if (same < old->len || same < row.len) {
		unsigned int to = utf8_columns(row.text, same);

		n = draw_move(move, sizeof(move), at, to);
		le->ops->out(le->ctx, move, n);
		le->ops->out(le->ctx, row.text + same, row.len - same);
		if (row.columns < old->columns) {
			lineedit_out(le, "\033[K");
		}
		at = row.columns;
	}
	n = draw_move(move, sizeof(move), at, row.cursor);
	le->ops->out(le->ctx, move, n);
	*old = row;
}

size_t lineedit_redraw(const struct lineedit *le, char *buf, size_t size)
{
	const struct lineedit_row *row = &le->shown;
	size_t n = row->len;

	if (!le->drawn || n + 16 > size) {
		return 0;
	}
	memcpy(buf, row->text, n);
	return n + draw_move(buf + n, size - n, row->columns, row->cursor);
}
