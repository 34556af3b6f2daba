/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor: keys and what they do to the line. */
#include "lineedit_priv.h"
#include <string.h>

#define CTRL(c) ((c)&0x1f)
#define KEY_DELETE 0x7f

void lineedit_init(struct lineedit *le, const struct lineedit_ops *ops,
		   void *ctx, struct history *history)
{
	memset(le, 0, sizeof(*le));
	le->ops = ops;
	le->ctx = ctx;
	le->history = history;
	le->prompt = "";
}

void lineedit_begin(struct lineedit *le, const char *prompt)
{
	le->prompt = prompt;
	le->buf[0] = '\0';
	le->len = 0;
	le->cursor = 0;
	le->view = 0;
	le->overflow = false;
	le->back = 0;
	le->searching = false;
	le->drawn = false;
}

bool lineedit_insert(struct lineedit *le, const char *s, size_t n)
{
	if (n >= sizeof(le->buf) - le->len) {
		return false;
	}
	memmove(le->buf + le->cursor + n, le->buf + le->cursor,
		le->len - le->cursor + 1);
	memcpy(le->buf + le->cursor, s, n);
	le->len += n;
	le->cursor += n;
	return true;
}

void lineedit_delete(struct lineedit *le, size_t from, size_t to)
{
	memmove(le->buf + from, le->buf + to, le->len - to + 1);
	le->len -= to - from;
	le->cursor = from;
}

void lineedit_set(struct lineedit *le, const char *s)
{
	le->len = MIN(strlen(s), sizeof(le->buf) - 1);
	memmove(le->buf, s, le->len);
	le->buf[le->len] = '\0';
	le->cursor = le->len;
}

/* Delete [from, to) and keep it for Ctrl-Y. */
static void lineedit_kill(struct lineedit *le, size_t from, size_t to)
{
	if (from == to) {
		le->bell = true;
		return;
	}
	le->killed_len = to - from;
	memcpy(le->killed, le->buf + from, to - from);
	lineedit_delete(le, from, to);
}

static size_t lineedit_left(const struct lineedit *le, size_t at)
{
	size_t n;

	/* A character begins at most four bytes back. */
	for (n = 1; n <= 4 && n <= at; n++) {
		if (utf8_char(le->buf + at - n, n) == n) {
			return at - n;
		}
	}
	return at > 0 ? at - 1 : 0;
}

static size_t lineedit_right(const struct lineedit *le, size_t at)
{
	size_t n;

	if (at == le->len) {
		return at;
	}
	n = utf8_char(le->buf + at, le->len - at);
	return at + (n > 0 ? n : 1);
}

/* Blanks separate words; for moving and Alt keys, so does punctuation. */
static bool lineedit_in_word(char c, bool punctuation)
{
	bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		     (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;

	return punctuation ? alnum : c != ' ';
}

static size_t lineedit_word_left(const struct lineedit *le, bool punctuation)
{
	size_t at = le->cursor;

	while (at > 0 && !lineedit_in_word(le->buf[at - 1], punctuation)) {
		at--;
	}
	while (at > 0 && lineedit_in_word(le->buf[at - 1], punctuation)) {
		at--;
	}
	return at;
}

static size_t lineedit_word_right(const struct lineedit *le)
{
	size_t at = le->cursor;

	while (at < le->len && !lineedit_in_word(le->buf[at], true)) {
		at++;
	}
	while (at < le->len && lineedit_in_word(le->buf[at], true)) {
		at++;
	}
	return at;
}

/* Exchange the characters around the cursor, or the last two. */
static void lineedit_transpose(struct lineedit *le)
{
	size_t mid, left, right;
	char first[4];

	mid = le->cursor == le->len ? lineedit_left(le, le->cursor)
				    : le->cursor;
	left = lineedit_left(le, mid);
	right = lineedit_right(le, mid);
	if (left == mid || right == mid) {
		le->bell = true;
		return;
	}
	memcpy(first, le->buf + left, mid - left);
	memmove(le->buf + left, le->buf + mid, right - mid);
	memcpy(le->buf + left + (right - mid), first, mid - left);
	le->cursor = right;
}

static void lineedit_move(struct lineedit *le, size_t to)
{
	le->bell |= to == le->cursor;
	le->cursor = to;
}

/* The row is finished: show all of it, with the cursor behind it. */
static enum lineedit_event lineedit_finish(struct lineedit *le,
					   enum lineedit_event event,
					   const char *mark)
{
	le->searching = false;
	le->cursor = le->len;
	lineedit_flush(le);
	lineedit_out(le, mark);
	lineedit_out(le, "\r\n");
	le->drawn = false;
	return event;
}

static enum lineedit_event lineedit_enter(struct lineedit *le)
{
	if (!le->overflow) {
		history_add(le->history, le->buf);
	}
	return lineedit_finish(le, LINEEDIT_LINE, "");
}

static enum lineedit_event lineedit_end_of_input(struct lineedit *le)
{
	if (le->len == 0) {
		return lineedit_finish(le, LINEEDIT_EOF, "");
	}
	lineedit_delete(le, le->cursor, lineedit_right(le, le->cursor));
	return LINEEDIT_MORE;
}

static void lineedit_text(struct lineedit *le, uint8_t c)
{
	char byte = (char)c;

	if (!lineedit_insert(le, &byte, 1)) {
		le->overflow = true;
		le->bell = true;
	}
}

static void lineedit_clear_screen(struct lineedit *le)
{
	lineedit_out(le, "\033[H\033[2J");
	le->drawn = false;
}

static enum lineedit_event lineedit_control(struct lineedit *le, uint8_t c)
{
	switch (c) {
	case CTRL('A'):
		lineedit_move(le, 0);
		break;
	case CTRL('B'):
		lineedit_move(le, lineedit_left(le, le->cursor));
		break;
	case CTRL('C'):
		return lineedit_finish(le, LINEEDIT_INTERRUPT, "^C");
	case CTRL('D'):
		return lineedit_end_of_input(le);
	case CTRL('E'):
		lineedit_move(le, le->len);
		break;
	case CTRL('F'):
		lineedit_move(le, lineedit_right(le, le->cursor));
		break;
	case CTRL('H'):
	case KEY_DELETE:
		lineedit_delete(le, lineedit_left(le, le->cursor), le->cursor);
		break;
	case CTRL('I'):
		lineedit_complete(le);
		break;
	case CTRL('J'):
	case CTRL('M'):
		return lineedit_enter(le);
	case CTRL('K'):
		lineedit_kill(le, le->cursor, le->len);
		break;
	case CTRL('L'):
		lineedit_clear_screen(le);
		break;
	case CTRL('N'):
		lineedit_newer(le);
		break;
	case CTRL('P'):
		lineedit_older(le);
		break;
	case CTRL('R'):
		lineedit_search(le);
		break;
	case CTRL('T'):
		lineedit_transpose(le);
		break;
	case CTRL('U'):
		lineedit_kill(le, 0, le->cursor);
		break;
	case CTRL('W'):
		lineedit_kill(le, lineedit_word_left(le, false), le->cursor);
		break;
	case CTRL('Y'):
		le->bell |= !lineedit_insert(le, le->killed, le->killed_len);
		break;
	default:
		le->bell = true;
		break;
	}
	return LINEEDIT_MORE;
}

/* The key that "ESC [ 1 ~" and its like stand for, as "ESC [ H". */
static char lineedit_tilde_key(const struct lineedit *le)
{
	switch (le->csi[0]) {
	case '1':
	case '7':
		return 'H';
	case '4':
	case '8':
		return 'F';
	case '3':
		return 'P';
	default:
		return 0;
	}
}

/* A key that sends "ESC [ ... final" or "ESC O final". */
static void lineedit_special(struct lineedit *le, char final)
{
	/* ";5": with Ctrl, ";3": with Alt. */
	bool words = le->csi_len == 3 && le->csi[1] == ';' &&
		     (le->csi[2] == '5' || le->csi[2] == '3');

	if (final == '~' && le->csi_len == 3 && le->csi[0] == '2' &&
	    le->csi[1] == '0') {
		le->pasting = le->csi[2] == '0';
		return;
	}
	if (le->pasting) {
		return;
	}
	switch (final == '~' && le->csi_len == 1 ? lineedit_tilde_key(le)
						 : final) {
	case 'A':
		lineedit_older(le);
		break;
	case 'B':
		lineedit_newer(le);
		break;
	case 'C':
		lineedit_move(le, words ? lineedit_word_right(le)
					: lineedit_right(le, le->cursor));
		break;
	case 'D':
		lineedit_move(le, words ? lineedit_word_left(le, true)
					: lineedit_left(le, le->cursor));
		break;
	case 'F':
		lineedit_move(le, le->len);
		break;
	case 'H':
		lineedit_move(le, 0);
		break;
	case 'P':
		lineedit_delete(le, le->cursor, lineedit_right(le, le->cursor));
		break;
	default:
		break;
	}
}

/* ESC and a plain key: that key with Alt. */
static void lineedit_alt(struct lineedit *le, uint8_t c)
{
	switch (c) {
	case 'b':
		lineedit_move(le, lineedit_word_left(le, true));
		break;
	case 'f':
		lineedit_move(le, lineedit_word_right(le));
		break;
	case 'd':
		lineedit_kill(le, le->cursor, lineedit_word_right(le));
		break;
	case CTRL('H'):
	case KEY_DELETE:
		lineedit_kill(le, lineedit_word_left(le, true), le->cursor);
		break;
	default:
		break;
	}
}

/* What ESC begins. */
static void lineedit_escape_begin(struct lineedit *le, uint8_t c)
{
	le->csi_len = 0;
	switch (c) {
	case 0x1b:
		return;
	case '[':
		le->key = KEY_CSI;
		return;
	case 'O':
		le->key = KEY_SS3;
		return;
	case 'P': /* DCS, SOS, OSC, PM, APC */
	case 'X':
	case ']':
	case '^':
	case '_':
		le->key = KEY_STRING;
		return;
	default:
		le->key = KEY_PLAIN;
		if (!le->pasting) {
			lineedit_alt(le, c);
		}
		return;
	}
}

/*
 * A control string (ECMA-48 5.6) is the answer of a terminal to a query, and
 * was not typed. A guest may have chosen its text in order to have it run here,
 * so nothing but the string terminator ends it (or Ctrl-C, for a person who
 * began one by mistake).
 */
static void lineedit_string(struct lineedit *le, uint8_t c)
{
	if (c == 0x1b) {
		/*
		 * ESC and a backslash end it; by itself that pair does nothing.
		 */
		le->key = KEY_ESC;
	} else if (c == 0x07 || c == 0x18 || c == 0x1a) { /* BEL, CAN, SUB */
		le->key = KEY_PLAIN;
	} else if (c == '\r' || c == '\n') {
		le->bell = true;
	}
}

static void lineedit_csi(struct lineedit *le, uint8_t c)
{
	if (c == 0x1b) {
		le->key = KEY_ESC;
	} else if (c >= 0x20 && c < 0x40) {
		/*
		 * A sequence that is too long is read to its end and ignored.
		 */
		if (le->csi_len < sizeof(le->csi)) {
			le->csi[le->csi_len] = (char)c;
		}
		le->csi_len += le->csi_len < UINT16_MAX;
	} else if (le->csi_len == 0 && (c == 'M' || c == '[')) {
		/* After an X10 mouse report come button, column and row; after
		 * the prefix of a Linux console function key, its letter. */
		le->key = KEY_SKIP;
		le->skip = c == 'M' ? 3 : 1;
	} else {
		le->key = KEY_PLAIN;
		if (c >= 0x40 && c < 0x7f) {
			lineedit_special(le, (char)c);
		}
	}
}

/* A byte within an escape sequence (ECMA-48 5.4). */
static void lineedit_escape(struct lineedit *le, uint8_t c)
{
	switch (le->key) {
	case KEY_ESC:
		lineedit_escape_begin(le, c);
		break;
	case KEY_STRING:
		lineedit_string(le, c);
		break;
	case KEY_CSI:
		lineedit_csi(le, c);
		break;
	case KEY_SKIP:
		if (--le->skip == 0) {
			le->key = KEY_PLAIN;
		}
		break;
	default:
		le->key = KEY_PLAIN;
		if (c >= 0x40 && c < 0x7f) {
			lineedit_special(le, (char)c);
		}
		break;
	}
}

/* Pasted text is inserted as it is; its line ends are Enter. */
static enum lineedit_event lineedit_paste(struct lineedit *le, uint8_t c)
{
	if (c == '\r' || c == '\n') {
		return lineedit_enter(le);
	}
	if (c == '\t') {
		c = ' ';
	}
	if (c >= ' ' && c != KEY_DELETE) {
		lineedit_text(le, c);
	}
	return LINEEDIT_MORE;
}

enum lineedit_event lineedit_feed(struct lineedit *le, uint8_t c)
{
	bool second = le->after_cr && c == '\n';

	le->after_cr = c == '\r';
	if (second) {
		return LINEEDIT_MORE;
	}
	/* Ctrl-C gets through whatever came before it. */
	if (c == CTRL('C') && !le->searching) {
		le->key = KEY_PLAIN;
		le->pasting = false;
		return lineedit_control(le, c);
	}
	if (le->key != KEY_PLAIN) {
		lineedit_escape(le, c);
		return LINEEDIT_MORE;
	}
	if (le->searching && lineedit_search_key(le, c)) {
		return LINEEDIT_MORE;
	}
	if (c == 0x1b) {
		le->key = KEY_ESC;
		return LINEEDIT_MORE;
	}
	if (le->pasting) {
		return lineedit_paste(le, c);
	}
	if (c >= ' ' && c != KEY_DELETE) {
		lineedit_text(le, c);
		return LINEEDIT_MORE;
	}
	return lineedit_control(le, c);
}
