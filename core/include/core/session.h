/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: an operator, or a script, at a terminal. The terminal on the
 * host's serial port is one; others supply the same operations. Thread context,
 * of the session's own thread.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <core/command.h>
#include <core/hostcon.h>
#include <core/time.h>
#include <libs/types.h>

#define SESSION_IN 256

/* Output of a guest, in complete control sequences and characters, and the
 * bytes that redraw the row on which it leaves the cursor. */
struct session_row {
	const uint8_t *out, *redraw;
	size_t out_n, redraw_n; /* redraw_n 0: that is not known */
	bool fullscreen;        /* log lines are to be kept away */
};

struct session_ops {
	/* "\n" becomes whatever the terminal needs. Thread context. */
	void (*write)(struct session *s, const uint8_t *buf, size_t n);
	void (*write_raw)(struct session *s, const uint8_t *buf, size_t n);
	void (*show)(struct session *s, const struct session_row *row);
	/* Where log lines are shown too (else they do nothing): as
	 * hostcon_divert_log() and hostcon_write_log(). */
	void (*divert_log)(struct session *s, hostcon_divert_t divert,
			   void *ctx);
	void (*write_log)(struct session *s, const char *text, size_t n);
	/* Waits for at least one byte; 0: woken, or input has ended. */
	size_t (*read)(struct session *s, uint8_t *buf, size_t n);
	/* Waits for wake() alone. */
	void (*wait)(struct session *s);
	/* Makes read() and wait() return. Any context, with no lock held
	 * that comes after LOCK_WAIT. */
	void (*wake)(struct session *s);
	/* Was Ctrl-C (or Ctrl-], which leaves a console) typed since this was
	 * last asked? Ahead of the bytes read() gives. */
	bool (*take_interrupt)(struct session *s);
	bool (*take_detach)(struct session *s);
	/* Drop input that has not been read. */
	void (*discard)(struct session *s);
};

struct session {
	const struct session_ops *ops;
	void *port;             /* the operations' own */
	uint8_t in[SESSION_IN]; /* read and not used yet */
	size_t in_at, in_n;
	bool interrupted;              /* during this command */
	bool told;                     /* this command has reported its error */
	bool typed;                    /* lines are typed by an operator */
	const char *script;            /* running file, or NULL */
	unsigned int line;             /* in it */
	unsigned int depth;            /* scripts within scripts */
	const struct command *command; /* running, for its usage */
	const struct subcommand *sub;
};

/* A session without input or script; `ops` stay in use, and `port` is for
 * them. */
void session_init(struct session *s, const struct session_ops *ops, void *port);
/* Read up to n bytes: first what was read but not used, then by ops->read(). */
size_t session_read(struct session *s, uint8_t *buf, size_t n);
/* As session_read(), but no longer than until `deadline`: 0 then, too, and at
 * once where it has passed or input has ended. */
size_t session_read_until(struct session *s, uint8_t *buf, size_t n,
			  ticks_t deadline);
/* Drop all input. */
void session_discard(struct session *s);
/* The line editor has handled a Ctrl-C. */
void session_forget_interrupt(struct session *s);

/* Switch on or off that the terminal marks pasted text (xterm's mode 2004), for
 * code that reads bytes itself. Only in sessions whose lines are typed. */
void session_paste_marks(struct session *s, bool on);

/* Candidates for the end of `line`, for the line editor. */
struct lineedit;
void command_complete(struct lineedit *le, const char *line);

/*
 * Connect this session to the guest's console, until Ctrl-] or until the
 * console is gone. Sequences that would reprogram the terminal, or that it
 * would answer, are filtered unless `raw`; earlier output is always filtered.
 * -ERR_BUSY: another session is attached; -ERR_NOENT: it is gone; -ERR_NOMEM.
 */
struct vserial;
int session_attach(struct session *s, struct vserial *c, const char *name,
		   bool raw);

#endif
