/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's completion: what all candidates agree on, or their list. */
#include "lineedit_priv.h"
#include <string.h>

void lineedit_candidate(struct lineedit *le, size_t start, const char *word)
{
	size_t n = strlen(word) + 1;
	const char *first = le->candidates;
	size_t same = 0;

	if (le->candidates_used + n > sizeof(le->candidates)) {
		le->candidates_lost = true;
		return;
	}
	if (le->candidates_count == 0) {
		le->common = n - 1;
		le->word = MIN(start, le->cursor);
	}
	memcpy(le->candidates + le->candidates_used, word, n);
	le->candidates_used += n;
	le->candidates_count++;
	while (same < le->common && first[same] == word[same]) {
		same++;
	}
	le->common = same;
}

/* Where the part of a candidate begins that is worth listing. */
static size_t complete_strip(const struct lineedit *le)
{
	size_t n = MIN(le->common, le->cursor - le->word);

	while (n > 0 && le->candidates[n - 1] != '/') {
		n--;
	}
	return n;
}

/* Bytes of a candidate's label, without the blank that marks it as complete. */
static size_t complete_label(const char *label)
{
	size_t n = strlen(label);

	return n > 0 && label[n - 1] == ' ' ? n - 1 : n;
}

static size_t complete_width(const struct lineedit *le, size_t strip)
{
	const char *p = le->candidates;
	size_t width = 0;

	for (unsigned int i = 0; i < le->candidates_count; i++) {
		width = MAX(width, complete_label(p + strip));
		p += strlen(p) + 1;
	}
	return width;
}

static void complete_put(struct lineedit *le, const char *s, size_t n,
			 size_t width)
{
	static const char blanks[LINEEDIT_COLUMNS + 1] =
		"                                        "
		"                                        ";

	for (size_t i = 0; i < n;) {
		size_t len = utf8_char(s + i, n - i);

		if (len > 0) {
			le->ops->out(le->ctx, s + i, len);
			i += len;
		} else {
			lineedit_out(le, "?");
			i++;
		}
	}
	if (n < width) {
		le->ops->out(le->ctx, blanks,
			     MIN(width - n, (size_t)LINEEDIT_COLUMNS));
	}
}

static void complete_list(struct lineedit *le)
{
	size_t strip = complete_strip(le);
	size_t width = complete_width(le, strip) + 2;
	size_t per_row = MAX(LINEEDIT_COLUMNS / width, (size_t)1);
	const char *p = le->candidates;

	lineedit_flush(le);
	for (unsigned int i = 0; i < le->candidates_count; i++) {
		bool last = (i + 1) % per_row == 0 ||
			    i + 1 == le->candidates_count;

		if (i % per_row == 0) {
			lineedit_out(le, "\r\n");
		}
		complete_put(le, p + strip, complete_label(p + strip),
			     last ? 0 : width);
		p += strlen(p) + 1;
	}
	lineedit_out(le, le->candidates_lost ? "\r\n...\r\n" : "\r\n");
	le->drawn = false;
}

void lineedit_complete(struct lineedit *le)
{
	char line[LINEEDIT_MAX];
	size_t typed;

	le->candidates_used = 0;
	le->candidates_count = 0;
	le->candidates_lost = false;
	memcpy(line, le->buf, le->cursor);
	line[le->cursor] = '\0';
	if (le->ops->complete != NULL) {
		le->ops->complete(le->ctx, le, line);
	}
	if (le->candidates_count == 0) {
		le->bell = true;
		return;
	}
	typed = le->cursor - le->word;
	if (le->common <= typed && le->candidates_count > 1) {
		complete_list(le);
	} else if (le->len - typed + le->common < sizeof(le->buf)) {
		lineedit_delete(le, le->word, le->cursor);
		(void)lineedit_insert(le, le->candidates, le->common);
	} else {
		le->bell = true;
	}
}
