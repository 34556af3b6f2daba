/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Editing one line on a VT100: a state machine that is fed the bytes typed and
 * returns the bytes to show. It uses neither threads nor devices; the
 * caller serialises calls.
 */
#ifndef LIBS_LINEEDIT_H
#define LIBS_LINEEDIT_H

#include <libs/history.h>
#include <libs/types.h>

#define LINEEDIT_MAX 1024 /* bytes of a line, terminator included */
#define LINEEDIT_COLUMNS 80
#define LINEEDIT_CANDIDATES 2048 /* bytes of completions kept */
/* Bytes of a drawn row: four for each column, and moving the cursor. */
#define LINEEDIT_ROW (4 * LINEEDIT_COLUMNS + 16)

enum lineedit_event {
	LINEEDIT_MORE,      /* the line goes on */
	LINEEDIT_LINE,      /* Enter: the line is in lineedit.buf */
	LINEEDIT_INTERRUPT, /* Ctrl-C */
	LINEEDIT_EOF,       /* Ctrl-D on an empty line */
};

struct lineedit;

struct lineedit_ops {
	void (*out)(void *ctx, const char *s, size_t n);
	/* Call lineedit_candidate() for all that `line`, the text up to the
	 * cursor, could go on with. NULL: no completion. */
	void (*complete)(void *ctx, struct lineedit *le, const char *line);
};

/* What a row shows. */
struct lineedit_row {
	char text[LINEEDIT_ROW];
	size_t len;
	unsigned int columns; /* of text */
	unsigned int cursor;  /* column */
};

struct lineedit {
	const struct lineedit_ops *ops;
	void *ctx;
	const char *prompt;
	struct history *history;

	char buf[LINEEDIT_MAX];
	size_t len, cursor; /* bytes; on character boundaries */
	bool overflow;      /* bytes were lost: do not run the line */
	bool bell;          /* to sound at the next flush */

	char killed[LINEEDIT_MAX];
	size_t killed_len;

	/* History: 0 is the line itself, kept in `saved` meanwhile. */
	unsigned int back;
	char saved[LINEEDIT_MAX];
	size_t prefix;

	bool searching; /* Ctrl-R; `saved` as above */
	char pattern[64];
	size_t pattern_len;

	/* Input that is not complete yet. */
	enum {
		KEY_PLAIN,
		KEY_ESC,
		KEY_CSI,
		KEY_SS3,
		KEY_STRING, /* a terminal's answer */
		KEY_SKIP,   /* `skip` bytes that belong to a sequence */
	} key;
	char csi[8];
	unsigned int csi_len;
	unsigned int skip;
	bool pasting;
	bool after_cr;

	char candidates[LINEEDIT_CANDIDATES]; /* terminated each */
	size_t candidates_used;
	unsigned int candidates_count;
	size_t word;   /* where the completed word begins */
	size_t common; /* bytes all have in common */
	bool candidates_lost;

	struct lineedit_row shown;
	size_t view; /* first byte shown when scrolled */
	bool drawn;  /* `shown` is what the terminal shows */
};

/* Initialise. `ops` and `history` must outlive the editor; `ctx` is passed to
 * each of `ops`. */
void lineedit_init(struct lineedit *le, const struct lineedit_ops *ops,
		   void *ctx, struct history *history);
/* Begin an empty line behind `prompt`, which must stay valid until the next
 * call, on an empty row. */
void lineedit_begin(struct lineedit *le, const char *prompt);
/* Feed one byte that was typed. Any result but LINEEDIT_MORE means that the row
 * is finished; call lineedit_begin() next. */
enum lineedit_event lineedit_feed(struct lineedit *le, uint8_t c);
/* Show what has changed; call this when no more input is waiting. */
void lineedit_flush(struct lineedit *le);
/* Write to buf what draws the whole row on an empty one. Returns bytes. */
size_t lineedit_redraw(const struct lineedit *le, char *buf, size_t size);

/* For ops->complete(): `word` may replace what begins at byte `start`. A word
 * that is complete ends with a blank, a directory with '/'. */
void lineedit_candidate(struct lineedit *le, size_t start, const char *word);

#endif
