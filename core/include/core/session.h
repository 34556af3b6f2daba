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
#ifdef CONFIG_MANAGEMENT
	/* May this command, s->command with s->sub, be run? And may its output
	 * tell of this guest? NULL: all may. */
	bool (*may_run)(struct session *s, int argc, char **argv);
	bool (*may_see)(struct session *s, const char *guest);
#endif
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
#ifdef CONFIG_MANAGEMENT
	bool telling_error; /* what is written now is an error's text */
#endif
};

/* A session without input or script; `ops` stay in use, and `port` is for
 * them. */
void session_init(struct session *s, const struct session_ops *ops, void *port);

#ifdef CONFIG_MANAGEMENT

/* May the command that runs be run? */
static inline bool session_may_run(struct session *s, int argc, char **argv)
{
	return s->ops->may_run == NULL || s->ops->may_run(s, argc, argv);
}

/* May its output tell of this guest? */
static inline bool session_may_see(struct session *s, const char *guest)
{
	return s->ops->may_see == NULL || s->ops->may_see(s, guest);
}

/* What is written is an error's text, from now on or no more. */
static inline void session_tell_error(struct session *s, bool error)
{
	s->telling_error = error;
}

#else

/* Without management all may. */
static inline bool session_may_run(struct session *s, int argc, char **argv)
{
	(void)s;
	(void)argc;
	(void)argv;
	return true;
}

/* Likewise. */
static inline bool session_may_see(struct session *s, const char *guest)
{
	(void)s;
	(void)guest;
	return true;
}

/* Nobody asks. */
static inline void session_tell_error(struct session *s, bool error)
{
	(void)s;
	(void)error;
}

#endif

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

/*
 * What could stand at the end of `line`: `add` is called for each word that may
 * replace what begins at byte `start`. A word that is complete ends with a
 * blank, a directory with '/'.
 */
typedef void (*command_candidate_t)(void *ctx, size_t start, const char *word);
void command_complete(const char *line, command_candidate_t add, void *ctx);

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
