/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes typed into the line editor: what a VT100 shows after the small
 * updates must be what a full redraw shows.
 */
#include "tests/unit/vt100.h"
#include <libs/lineedit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vt100 vt, fresh;
static struct history history;
static struct lineedit le;

static void out(void *ctx, const char *s, size_t n)
{
	(void)ctx;
	vt_feed(&vt, s, n);
}

static void complete(void *ctx, struct lineedit *e, const char *line)
{
	size_t n = strlen(line);

	(void)ctx;
	if (n % 3 != 0) {
		lineedit_candidate(e, n - 1, "\303\244bc ");
	}
	if (n % 3 == 2) {
		lineedit_candidate(e, n - 1, "\303\244bd/e");
	}
}

static void check(void)
{
	char buf[512];
	size_t n = lineedit_redraw(&le, buf, sizeof(buf));

	memset(&fresh, 0, sizeof(fresh));
	vt_feed(&fresh, buf, n);
	if (vt.broken || fresh.broken || vt.column != fresh.column ||
	    strcmp(vt_text(&vt), vt_text(&fresh)) != 0) {
		abort();
	}
	if (le.cursor > le.len || le.len >= LINEEDIT_MAX ||
	    strlen(le.buf) > le.len) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lineedit_ops ops = { .out = out,
						 .complete = complete };

	memset(&vt, 0, sizeof(vt));
	memset(&history, 0, sizeof(history));
	lineedit_init(&le, &ops, NULL, &history);
	lineedit_begin(&le, "prompt> ");
	lineedit_flush(&le);
	for (size_t i = 0; i < size; i++) {
		if (lineedit_feed(&le, data[i]) != LINEEDIT_MORE) {
			lineedit_begin(&le, "p> ");
			vt.above[0] = '\0';
		}
		/* Several keys may come before the next flush. */
		if (data[i] % 4 != 0) {
			lineedit_flush(&le);
			check();
		}
	}
	return 0;
}
