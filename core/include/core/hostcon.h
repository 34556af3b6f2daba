/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles of the host: serial ports with an operator at the other end. Output
 * is queued and sent by interrupts; input is queued by interrupts and read by a
 * terminal. One is the main console: log lines, above the line being edited,
 * and panics appear there. Others are made on other ports.
 */
#ifndef CORE_HOSTCON_H
#define CORE_HOSTCON_H

#include <libs/types.h>

struct hostcon;
struct uart;

/*
 * The main console. Boot, in this order. Early: `putc` waits for room itself;
 * the log kept so far is printed. hostcon_init(), once serial ports are
 * probed, takes the tree's stdout, or else the first port: polled for output
 * until hostcon_start(), which starts its interrupts (threads must exist);
 * -ERR_NOENT: it has no port, or the port's own error.
 */
struct hostcon *hostcon_main(void);
void hostcon_set_early(void (*putc)(uint8_t c));
void hostcon_init(void);
int __must_check hostcon_start(struct hostcon *h);
/* Has it a port? Any context. */
bool hostcon_present(const struct hostcon *h);

/* A console on another port, started. -ERR_NOMEM; -ERR_BUSY: the port has a
 * user; or the driver's error. Thread context. */
int __must_check hostcon_create(struct hostcon **out, struct uart *u);
/* Close the port of one that was created, and free it; nobody uses it any more.
 * What has not been sent is dropped. Thread context. */
void hostcon_destroy(struct hostcon *h);

/* Queue text as it is, "\n" becoming "\r\n". Waits for room in a
 * thread; polls in any context that cannot wait. */
void hostcon_write(struct hostcon *h, const uint8_t *buf, size_t n);
/* As above, without any conversion: for a guest's own output. */
void hostcon_write_raw(struct hostcon *h, const uint8_t *buf, size_t n);

/* Read at most n bytes, waiting for the first. Returns their number, 0 only
 * after hostcon_wake(). There may be only one reader. Thread
 * context. */
size_t hostcon_read(struct hostcon *h, uint8_t *buf, size_t n);
/* Wait for hostcon_wake(), regardless of input. */
void hostcon_wait(struct hostcon *h);
/* Make the reader return from either. Any context, with no lock held that
 * comes after LOCK_WAIT. */
void hostcon_wake(struct hostcon *h);
/* Drop input that has not been read. */
void hostcon_discard(struct hostcon *h);

/*
 * Has Ctrl-C, or Ctrl-], been typed since the last call? This is known at once,
 * even while earlier input waits to be read. If more input waits than the ring
 * holds, it is known after a few seconds without reading, and the rest of the
 * input is dropped. Ctrl-] wakes the reader. Thread context, the
 * reader's.
 */
#define HOSTCON_INTERRUPT 0x03
#define HOSTCON_DETACH 0x1d
bool hostcon_take_interrupt(struct hostcon *h);
bool hostcon_take_detach(struct hostcon *h);

/*
 * The contents of the cursor's row, so that log lines can be written above it:
 * `redraw` draws it, from the start of an empty row. `out` is written first, in
 * the same step. n 0: there is nothing to redraw. Thread context.
 */
#define HOSTCON_EDIT_MAX 768
enum hostcon_row {
	HOSTCON_OWN,        /* a line being edited, with its prompt */
	HOSTCON_STYLED,     /* a guest's: it may have set attributes */
	HOSTCON_FULLSCREEN, /* log lines would spoil it: they are left out */
};
void hostcon_edit(struct hostcon *h, enum hostcon_row kind, const uint8_t *out,
		  size_t out_n, const uint8_t *redraw, size_t n);

/*
 * For code that has queued output which is older than the lines logged
 * meanwhile: `divert` is called for each log line, newline included.
 * HOSTCON_LATER: it has copied the line, and will pass it to
 * hostcon_write_log() later. Called in any context, with the log and the port
 * locked: it may only take LOCK_TERMINAL. NULL ends this; no call is in
 * progress when the function returns.
 */
enum hostcon_diverted {
	HOSTCON_SHOW, /* nothing waits: show it now */
	HOSTCON_LATER,
	HOSTCON_FULL, /* leave it out, and say so */
};
typedef enum hostcon_diverted (*hostcon_divert_t)(void *ctx, const char *s,
						  size_t n);
void hostcon_divert_log(struct hostcon *h, hostcon_divert_t divert, void *ctx);
/* A line that was diverted. Thread context. */
void hostcon_write_log(struct hostcon *h, const char *s, size_t n);

/* Polled and without locks: for panics. "\n" becomes "\r\n". Any context. */
void hostcon_panic_write(const uint8_t *buf, size_t n);

struct hostcon_stats {
	uint64_t rx_bytes, rx_pauses; /* pauses: the terminal did not keep up */
	uint64_t rx_dropped;          /* not read for seconds */
	uint64_t tx_bytes, log_dropped; /* log lines there was no room for */
};
/* Any context. */
void hostcon_get_stats(struct hostcon *h, struct hostcon_stats *st);

#endif
