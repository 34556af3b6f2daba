/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal's commands: one file each, found through a registry. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <libs/registry.h>
#include <libs/types.h>

/* Where a command reads and prints: terminal session or script. */
struct session;

void out(struct session *s, const char *fmt, ...) __printf(2, 3);
/* One line "error: ..." that says what is wrong and what would be right. */
void out_error(struct session *s, const char *fmt, ...) __printf(2, 3);
/* True when Ctrl-C was pressed since the command started: stop soon. */
bool session_interrupted(struct session *s);
/* Raw mode for `guest console`: next byte typed, blocking; -ERR_INTR... */
int session_getc(struct session *s);
/* Raw bytes to the person, unformatted. Any thread. */
void session_write(struct session *s, const uint8_t *buf, size_t n);

/* Words a person could type next: call completer(s, word) for each. */
struct completion_ctx;
void complete_add(struct completion_ctx *c, const char *word);

struct subcommand {
	const char *name;
	const char *usage;	/* arguments: "NAME [--json]" */
	const char *summary;	/* one line */
	int (*run)(struct session *s, int argc, char **argv);
	/* Candidates for argument number argc (0-based after subcommand). */
	void (*complete)(struct completion_ctx *c, int argc, char **argv);
};

struct command {
	const char *name;
	const char *summary;
	const char *usage;	/* for a command without subcommands */
	const char *examples;	/* lines shown by `help NAME` */
	int (*run)(struct session *s, int argc, char **argv);
	void (*complete)(struct completion_ctx *c, int argc, char **argv);
	const struct subcommand *sub;	/* ends with a NULL name; or NULL */
};
#define COMMAND(ident) REGISTRY_ADD(command, struct command, ident)
REGISTRY_DECLARE(command, struct command);

/* Ready-made completers. */
void complete_guests(struct completion_ctx *c);
void complete_paths(struct completion_ctx *c, const char *prefix);

/*
 * A listing, printed as a table within 80 columns or as JSON (an array of
 * objects) when `--json` was given: declare columns, add rows, print.
 */
enum column_type { COL_STR, COL_U64, COL_HEX, COL_SIZE, COL_PERMILLE, COL_BOOL };
struct column {
	const char *title;	/* table heading; JSON key is its lower case */
	enum column_type type;
};
struct table;
struct table *table_begin(struct session *s, const struct column *cols,
			  unsigned int ncols, bool json);
void table_str(struct table *t, const char *v);
void table_u64(struct table *t, uint64_t v);	/* U64, HEX, SIZE, PERMILLE, BOOL */
void table_end(struct table *t);		/* prints and frees */
/* Remove "--json" from argv; true if it was there. */
bool take_flag(int *argc, char **argv, const char *flag);

/* Run one line, as typed. The command's result. */
int command_run_line(struct session *s, const char *line);
/* Run a script; stops at the first error, naming file and line. */
int command_run_file(struct session *s, const char *path);

#endif
