/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's console: the serial port that the person at the machine sees.
 * Output is queued and sent by interrupts; input is queued by interrupts and
 * read by the terminal. Log lines appear above the line being edited.
 */
#ifndef CORE_HOSTCON_H
#define CORE_HOSTCON_H

#include <libs/types.h>

struct uart;

/*
 * Boot, in this order. Early: `putc` waits for room itself; the log kept so
 * far is printed. Later the port's driver: polled for output until
 * hostcon_start(), which starts its interrupts (threads must exist).
 */
void hostcon_set_early(void (*putc)(uint8_t c));
void hostcon_set_uart(struct uart *u);
int __must_check hostcon_start(void);
bool hostcon_present(void);

/*
 * The driver's interrupt handler: each byte received, false if no more is
 * wanted now (rx_irq() has been called; it is again when there is room); and
 * that there is room to send again (the driver has acknowledged its
 * interrupt). With no lock held.
 */
bool hostcon_rx(uint8_t c);
void hostcon_tx_ready(void);

/* Queue text as it is, "\n" becoming "\r\n". Waits for room in a thread. */
void hostcon_write(const uint8_t *buf, size_t n);
/* As above without touching a byte: for a guest's own output. */
void hostcon_write_raw(const uint8_t *buf, size_t n);

/* The next byte typed, waiting for it. One reader. */
int hostcon_getc(void);
/* At most n bytes, waiting for the first; their number: 0 only when woken. */
size_t hostcon_read(uint8_t *buf, size_t n);
/* Wait for hostcon_wake() alone, whatever has been typed. */
void hostcon_wait(void);
/* Let the reader return from either. Any context, but for locks after LOCK_WAIT. */
void hostcon_wake(void);
/* Drop what has been typed and not been read. */
void hostcon_discard(void);

/*
 * Ctrl-C, or Ctrl-]: typed since this was last asked? Known at once, also
 * while what was typed before it waits to be read, or, if more waits than is
 * kept here, after seconds without reading, the rest being dropped. Ctrl-]
 * wakes the reader. For the reader's thread.
 */
#define HOSTCON_INTERRUPT 0x03
#define HOSTCON_DETACH 0x1d
bool hostcon_take_interrupt(void);
bool hostcon_take_detach(void);

/*
 * The line being edited, for log lines to appear above it: `redraw` draws it
 * with its prompt from the beginning of an empty row. `out` is written
 * first, at once with the change. n 0: no line is being edited.
 */
#define HOSTCON_EDIT_MAX 768
void hostcon_edit(const uint8_t *out, size_t out_n, const uint8_t *redraw,
		  size_t n);

/* Polled and without locks: for panics. "\n" becomes "\r\n". */
void hostcon_panic_write(const uint8_t *buf, size_t n);

struct hostcon_stats {
	uint64_t rx_bytes, rx_pauses;	/* pauses: the terminal kept behind */
	uint64_t rx_dropped;		/* nobody read for seconds */
	uint64_t tx_bytes, log_dropped;	/* log lines there was no room for */
};
void hostcon_get_stats(struct hostcon_stats *st);

#endif
