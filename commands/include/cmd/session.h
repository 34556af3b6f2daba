/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: a person, or a script, at a terminal. The terminal on the host's
 * serial port is one; others supply the same operations.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include <cmd/command.h>
#include <libs/types.h>

#define SESSION_IN 256

struct session_ops {
	/* "\n" becomes whatever the terminal needs. Thread context. */
	void (*write)(struct session *s, const uint8_t *buf, size_t n);
	void (*write_raw)(struct session *s, const uint8_t *buf, size_t n);
	/* Waits for at least one byte; 0: woken, or input has ended. */
	size_t (*read)(struct session *s, uint8_t *buf, size_t n);
	/* Waits for wake() alone. */
	void (*wait)(struct session *s);
	/* Lets read() and wait() return. Any context, but for locks after
	 * LOCK_WAIT. */
	void (*wake)(struct session *s);
	/* Was Ctrl-C (or Ctrl-], which leaves a console) typed since this was
	 * last asked? Ahead of the bytes read() gives. */
	bool (*take_interrupt)(struct session *s);
	bool (*take_detach)(struct session *s);
	/* Forget what was typed and not read. */
	void (*discard)(struct session *s);
};

struct session {
	const struct session_ops *ops;
	uint8_t in[SESSION_IN]; /* read and not used yet */
	size_t in_at, in_n;
	bool interrupted;              /* during this command */
	bool told;                     /* this command has told its error */
	bool typed;                    /* lines come from a person */
	const char *script;            /* running file, or NULL */
	unsigned int line;             /* in it */
	unsigned int depth;            /* scripts within scripts */
	const struct command *command; /* running, for its usage */
	const struct subcommand *sub;
};

void session_init(struct session *s, const struct session_ops *ops);
/* Up to n bytes, what was read and not used first; else as ops->read(). */
size_t session_read(struct session *s, uint8_t *buf, size_t n);
/* Give back what was read and not used: the next read begins with it. */
void session_unread(struct session *s, const uint8_t *buf, size_t n);
/* Drop all input. */
void session_discard(struct session *s);
/* A person's Ctrl-C was dealt with by the line editor. */
void session_forget_interrupt(struct session *s);

/* Have the terminal mark what is pasted (xterm's mode 2004), or no longer:
 * for whoever reads bytes himself. Only where a person types. */
void session_paste_marks(struct session *s, bool on);

/* Candidates for the end of `line`, for the line editor. */
struct lineedit;
void command_complete(struct lineedit *le, const char *line);

/* The guest's console on this session, until Ctrl-] or its end. */
struct console;
int session_attach(struct session *s, struct console *c, const char *name);

#endif
