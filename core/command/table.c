/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listings: collected whole, to find the columns' widths, then printed. */
#include <core/heap.h>
#include <core/log.h>
#include <core/session.h>
#include <libs/error.h>
#include <libs/utf8.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_priv.h"

#define TABLE_WIDTH 80
#define TABLE_GAP 2
#define TABLE_NARROWEST 6 /* columns of text get no narrower */
#define TABLE_END_KEPT 4  /* bytes of a cut cell's end */
#define TABLE_COLUMNS_MAX 16
#define TABLE_BYTES_MAX MIB(4)

struct cell {
	enum { CELL_NONE, CELL_TEXT, CELL_VALUE } kind;
	size_t text; /* offset in table.text */
	uint64_t value;
};

struct table {
	struct session *s;
	const struct column *cols;
	unsigned int ncols;
	bool json;
	bool lost; /* there was no memory for some cells */
	struct cell *cells;
	size_t ncells, cells_size; /* used and allocated */
	char *text;
	size_t used, text_size;
	unsigned int width[TABLE_COLUMNS_MAX];
};

struct table *table_begin(struct session *s, const struct column *cols,
			  unsigned int ncols, bool json)
{
	struct table *t = heap_alloc(sizeof(*t));

	if (t == NULL || ncols > TABLE_COLUMNS_MAX) {
		heap_free(t);
		out_error(s, "no memory for the listing");
		return NULL;
	}
	t->s = s;
	t->cols = cols;
	t->ncols = ncols;
	t->json = json;
	return t;
}

int table_begin_args(struct session *s, int argc, char **argv,
		     const struct column *cols, unsigned int ncols,
		     struct table **t)
{
	bool json = take_flag(&argc, argv, "--json");

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	*t = table_begin(s, cols, ncols, json);
	return *t ? 0 : -ERR_NOMEM;
}

/* Make *area of *size bytes at least `need` long, by doubling. */
static bool table_grow(void **area, size_t *size, size_t used, size_t need)
{
	size_t bigger = MAX(*size, (size_t)512);
	void *p;

	if (need <= *size) {
		return true;
	}
	while (bigger < need) {
		bigger *= 2;
	}
	p = bigger <= TABLE_BYTES_MAX ? heap_alloc(bigger) : NULL;
	if (p == NULL) {
		return false;
	}
	if (used > 0) {
		memcpy(p, *area, used);
	}
	heap_free(*area);
	*area = p;
	*size = bigger;
	return true;
}

static void table_add(struct table *t, struct cell cell)
{
	void *cells = t->cells;

	if (t->lost ||
	    !table_grow(&cells, &t->cells_size, t->ncells * sizeof(cell),
			(t->ncells + 1) * sizeof(cell))) {
		t->lost = true;
		return;
	}
	t->cells = cells;
	t->cells[t->ncells++] = cell;
}

void table_str(struct table *t, const char *v)
{
	void *text;
	size_t n;

	if (t == NULL) {
		return;
	}
	if (v == NULL) {
		table_none(t);
		return;
	}
	text = t->text;
	n = strlen(v) + 1;
	if (!table_grow(&text, &t->text_size, t->used, t->used + n)) {
		t->lost = true;
		return;
	}
	t->text = text;
	memcpy(t->text + t->used, v, n);
	table_add(t, (struct cell){ .kind = CELL_TEXT, .text = t->used });
	t->used += n;
}

void table_fmt(struct table *t, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	table_str(t, buf);
}

void table_u64(struct table *t, uint64_t v)
{
	if (t != NULL) {
		table_add(t, (struct cell){ .kind = CELL_VALUE, .value = v });
	}
}

void table_none(struct table *t)
{
	if (t != NULL) {
		table_add(t, (struct cell){ .kind = CELL_NONE });
	}
}

/* The text of a cell; buf is for numbers. */
static const char *table_text(const struct table *t, size_t i, char *buf,
			      size_t size)
{
	const struct cell *cell = &t->cells[i];

	switch (cell->kind) {
	case CELL_TEXT:
		return t->text + cell->text;
	case CELL_VALUE:
		return value_text(buf, size, t->cols[i % t->ncols].type,
				  cell->value);
	default:
		return "-";
	}
}

static void table_measure(struct table *t)
{
	char buf[32];

	for (unsigned int c = 0; c < t->ncols; c++) {
		t->width[c] = (unsigned int)strlen(t->cols[c].title);
	}
	for (size_t i = 0; i < t->ncells; i++) {
		const char *s = table_text(t, i, buf, sizeof(buf));
		unsigned int w = utf8_columns(s, strlen(s));

		t->width[i % t->ncols] = MAX(t->width[i % t->ncols], w);
	}
}

/* Cut the widest columns of text until a row fits. */
static void table_narrow(struct table *t)
{
	for (;;) {
		unsigned int sum = 0, widest = t->ncols;

		for (unsigned int c = 0; c < t->ncols; c++) {
			sum += t->width[c] + (c > 0 ? TABLE_GAP : 0);
			if (t->cols[c].type == COL_STR &&
			    t->width[c] > TABLE_NARROWEST &&
			    (widest == t->ncols ||
			     t->width[c] > t->width[widest])) {
				widest = c;
			}
		}
		if (sum <= TABLE_WIDTH || widest == t->ncols) {
			return;
		}
		t->width[widest]--;
	}
}

static void table_pad(struct session *s, unsigned int n)
{
	out(s, "%*s", (int)n, "");
}

/* When a name is cut, its end is kept if it is a VCPU's number, such as
 * "/12". */
static const char *table_end_kept(const char *text, unsigned int width)
{
	const char *slash = strrchr(text, '/');
	size_t n = slash != NULL ? strlen(slash) : 0;

	return n > 0 && n <= TABLE_END_KEPT && width > 2 * TABLE_END_KEPT
		       ? slash
		       : "";
}

/* Print one cell: text is aligned to the left, numbers to the right. */
static void table_print_cell(const struct table *t, unsigned int c,
			     const char *text)
{
	unsigned int width = t->width[c];
	const char *end = "";
	size_t n = strlen(text);
	unsigned int columns = utf8_columns(text, n);
	bool last = c + 1 == t->ncols, cut = columns > width;

	if (c > 0) {
		table_pad(t->s, TABLE_GAP);
	}
	if (cut) {
		end = table_end_kept(text, width);
		n = utf8_fit(text, n,
			     width - 1 - utf8_columns(end, strlen(end)));
		columns = width;
	}
	if (t->cols[c].type != COL_STR) {
		table_pad(t->s, width - columns);
	}
	out_text(t->s, text, n);
	if (cut) {
		out(t->s, "~%s", end);
	}
	if (t->cols[c].type == COL_STR && !last) {
		table_pad(t->s, width - columns);
	}
}

static void table_print(struct table *t)
{
	unsigned int ncols = t->ncols;
	char buf[32];

	assert(ncols > 0);
	table_measure(t);
	table_narrow(t);
	for (unsigned int c = 0; c < ncols; c++) {
		table_print_cell(t, c, t->cols[c].title);
	}
	out(t->s, "\n");
	for (size_t i = 0; i < t->ncells && !session_interrupted(t->s); i++) {
		table_print_cell(t, (unsigned int)(i % ncols),
				 table_text(t, i, buf, sizeof(buf)));
		if ((i + 1) % ncols == 0) {
			out(t->s, "\n");
		}
	}
}

static void table_print_json(struct table *t)
{
	out(t->s, "[");
	for (size_t i = 0; i < t->ncells; i++) {
		unsigned int c = (unsigned int)(i % t->ncols);
		const struct cell *cell = &t->cells[i];

		out(t->s, "%s", c > 0 ? ", " : i > 0 ? "},\n {" : "\n {");
		json_key(t->s, t->cols[c].title);
		if (cell->kind == CELL_TEXT) {
			json_string(t->s, t->text + cell->text);
		} else if (cell->kind == CELL_VALUE) {
			json_value(t->s, t->cols[c].type, cell->value);
		} else {
			out(t->s, "null");
		}
	}
	out(t->s, "%s]\n", t->ncells > 0 ? "}\n" : "");
}

void table_end(struct table *t)
{
	if (t == NULL) {
		return;
	}
	/* Whole rows only, even if memory ran out inside one. */
	t->ncells -= t->ncells % t->ncols;
	if (t->json) {
		table_print_json(t);
	} else {
		table_print(t);
	}
	if (t->lost) {
		out_error(t->s, "out of memory; the listing is not complete");
	}
	heap_free(t->cells);
	heap_free(t->text);
	heap_free(t);
}
