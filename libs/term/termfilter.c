/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of what guests send to terminals: finding where text, control
 * sequences (ECMA-48 5.4) and control strings (5.6) begin and end. Sequences
 * are kept back until they are complete, so that the terminal never has to
 * agree with us on what an incomplete or odd one means.
 */
#include "termfilter_priv.h"
#include <libs/utf8.h>
#include <string.h>

#define C0_BEL 0x07
#define C0_LF 0x0a
#define C0_CAN 0x18
#define C0_SUB 0x1a
#define C0_ESC 0x1b
#define C0_DEL 0x7f

#define PALETTE_DIGITS 7

void termfilter_init(struct termfilter *f)
{
	memset(f, 0, sizeof(*f));
	termfilter_defaults(f);
}

void termfilter_put(struct termfilter *f, const void *bytes, size_t n)
{
	n = MIN(n, sizeof(f->out) - f->out_n);
	memcpy(f->out + f->out_n, bytes, n);
	f->out_n += n;
}

static void termfilter_begin(struct termfilter *f, enum termfilter_state state)
{
	f->state = state;
	f->seq_n = 0;
}

static void termfilter_keep(struct termfilter *f, uint8_t c)
{
	if (f->seq_n < sizeof(f->seq)) {
		f->seq[f->seq_n] = c;
	}
	f->seq_n += f->seq_n <= sizeof(f->seq);
}

/*
 * BEL, BS, HT, LF, VT, FF, CR, SO and SI. Not ENQ, which is answered, nor XON
 * and XOFF, which stop the line, nor what begins a file transfer (CAN).
 */
static void termfilter_control(struct termfilter *f, uint8_t c)
{
	if (c < C0_BEL || c > 0x0f) {
		return;
	}
	f->off_row |= c == 0x0b || c == 0x0c;
	if (c >= 0x0e) {
		f->shifted = c == 0x0e;
	}
	termfilter_put(f, &c, 1);
}

static void termfilter_text(struct termfilter *f, uint8_t c)
{
	if (c == C0_ESC) {
		termfilter_begin(f, TERMFILTER_ESC);
	} else if (c < ' ') {
		termfilter_control(f, c);
	} else if (c < C0_DEL) {
		termfilter_put(f, &c, 1);
	} else if (c >= 0xc2 && c <= 0xf4) {
		termfilter_begin(f, TERMFILTER_UTF8);
		termfilter_keep(f, c);
	} else if (c != C0_DEL) {
		/* Not UTF-8. 0x80 to 0x9f are C1 controls (CSI, DCS, OSC and
		 * the rest) to 8-bit terminals. */
		termfilter_put(f, "?", 1);
	}
}

static size_t termfilter_utf8_length(uint8_t first)
{
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static void termfilter_utf8(struct termfilter *f, uint8_t c)
{
	if ((c & 0xc0) != 0x80) {
		termfilter_put(f, "?", 1);
		f->state = TERMFILTER_TEXT;
		termfilter_text(f, c);
		return;
	}
	termfilter_keep(f, c);
	if (f->seq_n < termfilter_utf8_length(f->seq[0])) {
		return;
	}
	f->state = TERMFILTER_TEXT;
	if (utf8_char((const char *)f->seq, f->seq_n) == f->seq_n) {
		termfilter_put(f, f->seq, f->seq_n);
	} else {
		termfilter_put(f, "?", 1);
	}
}

/* Behind ESC: a control string, also those that only the Linux console or
 * screen(1) know ("ESC k"), or a sequence. */
static void termfilter_esc(struct termfilter *f, uint8_t c)
{
	if (f->seq_n == 0 && c == '[') {
		termfilter_begin(f, TERMFILTER_CSI);
		return;
	}
	if (f->seq_n == 0 && strchr("]PX^_k", c) != NULL) {
		termfilter_begin(f, TERMFILTER_STR);
		f->string_n = 0;
		f->in_dcs = c == 'P';
		if (c == ']') {
			f->state = TERMFILTER_PALETTE;
		}
		return;
	}
	termfilter_keep(f, c);
	if (c >= 0x30) {
		f->state = TERMFILTER_TEXT;
		if (f->seq_n <= sizeof(f->seq)) {
			termfilter_pass_esc(f);
		}
	}
}

static void termfilter_csi(struct termfilter *f, uint8_t c)
{
	termfilter_keep(f, c);
	if (c >= 0x40) {
		f->state = TERMFILTER_TEXT;
		if (f->seq_n <= sizeof(f->seq)) {
			termfilter_pass_csi(f);
		}
	}
}

/* Within a sequence: controls act at once, as on a terminal. */
static void termfilter_sequence(struct termfilter *f, uint8_t c)
{
	if (c >= 0x80) {
		f->state = TERMFILTER_TEXT;
		termfilter_text(f, c);
	} else if (c == C0_CAN || c == C0_SUB) {
		f->state = TERMFILTER_TEXT;
	} else if (c < ' ') {
		termfilter_control(f, c);
	} else if (c == C0_DEL) {
		return;
	} else if (f->state == TERMFILTER_ESC) {
		termfilter_esc(f, c);
	} else {
		termfilter_csi(f, c);
	}
}

/*
 * A string ends with ST (ESC and a backslash, which then do nothing by
 * themselves), with BEL, or at what cannot be in it. A string without an end
 * swallows the rest of its line, or TERMFILTER_STRING bytes.
 */
static void termfilter_string(struct termfilter *f, uint8_t c)
{
	f->string_n++;
	if (c == C0_BEL || c == C0_CAN || c == C0_SUB) {
		f->state = TERMFILTER_TEXT;
	} else if (c == C0_LF && !f->in_dcs) {
		f->state = TERMFILTER_TEXT;
		termfilter_control(f, c);
	} else if (f->string_n >= TERMFILTER_STRING) {
		f->state = TERMFILTER_TEXT;
	}
}

static bool termfilter_is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
	       (c >= 'a' && c <= 'f');
}

/* "ESC ] R" and "ESC ] P" with seven digits; else it is a string. */
static void termfilter_palette(struct termfilter *f, uint8_t c)
{
	if (f->seq_n == 0 && c == 'R') {
		f->state = TERMFILTER_TEXT;
	} else if (f->seq_n == 0 ? c == 'P' : termfilter_is_hex(c)) {
		termfilter_keep(f, c);
		if (f->seq_n == 1 + PALETTE_DIGITS) {
			f->state = TERMFILTER_TEXT;
		}
	} else {
		f->state = TERMFILTER_STR;
		termfilter_string(f, c);
	}
}

size_t termfilter_feed(struct termfilter *f, uint8_t c, const uint8_t **out)
{
	f->out_n = 0;
	f->off_row = false;
	*out = f->out;
	if (f->state == TERMFILTER_TEXT) {
		termfilter_text(f, c);
	} else if (f->state == TERMFILTER_UTF8) {
		termfilter_utf8(f, c);
	} else if (c == C0_ESC) {
		/* ESC begins a new sequence wherever it comes. */
		termfilter_begin(f, TERMFILTER_ESC);
	} else if (f->state == TERMFILTER_STR) {
		termfilter_string(f, c);
	} else if (f->state == TERMFILTER_PALETTE) {
		termfilter_palette(f, c);
	} else {
		termfilter_sequence(f, c);
	}
	return f->out_n;
}
