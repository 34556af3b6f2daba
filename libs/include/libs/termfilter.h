/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters what a guest writes to a person's terminal (UTF-8, ECMA-48, the DEC
 * VT and xterm families). Only listed sequences pass: text, cursor movement,
 * erasing, attributes, and modes that termfilter_leave() can reset. Whatever
 * makes a terminal answer, store something, or talk to another program or
 * device is dropped. A state machine without heap, threads or devices; the
 * caller serialises calls.
 */
#ifndef LIBS_TERMFILTER_H
#define LIBS_TERMFILTER_H

#include <libs/types.h>

#define TERMFILTER_SEQ 64    /* bytes of a control sequence that may pass */
#define TERMFILTER_SGR 64    /* bytes of attributes remembered */
#define TERMFILTER_OUT 320   /* most bytes that one input byte becomes */
#define TERMFILTER_LEAVE 320 /* bytes of termfilter_leave(), at most */
#define TERMFILTER_ATTRS (TERMFILTER_SGR + 16)
/* Length at which a control string (OSC and the like) is given up, in bytes:
 * its end was lost, and what follows is treated as text. */
#define TERMFILTER_STRING 4096

enum termfilter_state {
	TERMFILTER_TEXT,
	TERMFILTER_UTF8, /* within a character */
	TERMFILTER_ESC,
	TERMFILTER_CSI,
	TERMFILTER_STR,     /* within a control string */
	TERMFILTER_PALETTE, /* Linux's "ESC ] P", which has no end mark */
};

struct termfilter {
	enum termfilter_state state;
	uint8_t seq[TERMFILTER_SEQ]; /* kept back: behind ESC, or of UTF-8 */
	size_t seq_n;                /* more than fit: it will not pass */
	unsigned int string_n;
	bool in_dcs; /* the string may hold line ends */

	/* What the terminal was told, for termfilter_leave(). */
	uint16_t alternate; /* private mode of the alternate screen, or 0 */
	bool region;        /* a scroll region or its origin mode */
	bool shape;         /* of the cursor */
	/* And for termfilter_attrs(). */
	uint8_t sgr[TERMFILTER_SGR];
	size_t sgr_n;
	uint8_t charset[2];
	bool shifted;

	/* The last output may have moved the cursor to another row. */
	bool off_row;
	uint8_t out[TERMFILTER_OUT];
	size_t out_n;
};

/* Initialise: the guest has written nothing yet. */
void termfilter_init(struct termfilter *f);

/*
 * Feed one byte from the guest. Returns how many bytes go to the terminal for
 * it; they are at *out until the next call. A control sequence comes out whole
 * or not at all.
 */
size_t termfilter_feed(struct termfilter *f, uint8_t c, const uint8_t **out);

/* Does the guest draw on a full screen, which other lines would spoil? */
static inline bool termfilter_fullscreen(const struct termfilter *f)
{
	return f->alternate != 0;
}

/*
 * Write to buf[TERMFILTER_ATTRS] what brings a terminal from its defaults to
 * the present attributes and character sets. Returns bytes.
 */
size_t termfilter_attrs(const struct termfilter *f, uint8_t *buf);

/*
 * Write to buf[TERMFILTER_LEAVE] what resets the terminal to the state that a
 * command line expects. Returns bytes. `raw`: the guest's bytes also went to
 * the terminal unfiltered, so that its state is not known and it may be within
 * a sequence.
 */
size_t termfilter_leave(const struct termfilter *f, bool raw, uint8_t *buf);

#endif
