/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal's commands: one file each, found through a registry. Thread
 * context. */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <libs/registry.h>
#include <libs/types.h>

/* Where a command reads and prints: terminal session or script. */
struct session;

/* Print at most 511 bytes; control characters except \n and \t become '?'. */
void out(struct session *s, const char *fmt, ...) __printf(2, 3);
/* The same for text of any length. */
void out_text(struct session *s, const char *text, size_t n);
/*
 * Print bytes as lines of base64: begin with only `s` filled in, put any
 * number of bytes any number of times, end.
 */
#define OUT_BASE64_LINE 57 /* 76 characters (RFC 2045, 6.8) */
struct out_base64 {
	struct session *s;
	size_t n;
	uint8_t buf[OUT_BASE64_LINE];
};
void out_base64_put(struct out_base64 *o, const void *data, size_t n);
void out_base64_end(struct out_base64 *o);
/* One line "error: ..." that says what is wrong and what is allowed. */
void out_error(struct session *s, const char *fmt, ...) __printf(2, 3);
/* True when Ctrl-C was pressed since the command started: stop soon. */
bool session_interrupted(struct session *s);
/* Send raw bytes to the operator, unformatted. Any thread. */
void session_write(struct session *s, const uint8_t *buf, size_t n);

/* Words that could be typed next: call completer(s, word) for each. */
struct completion_ctx;
void complete_add(struct completion_ctx *c, const char *word);

struct subcommand {
	const char *name;    /* one word, or two: "port list" */
	const char *usage;   /* arguments: "NAME [--json]" */
	const char *summary; /* one line */
	/* argv[0] is the subcommand's last word. Returns 0 or a negative error;
	 * the terminal reports an error that out_error() has not reported. */
	int (*run)(struct session *s, int argc, char **argv);
	/* Add candidates for argument number argc (0: the first); argv[0..argc)
	 * are the ones before it. */
	void (*complete)(struct completion_ctx *c, int argc, char **argv);
};

struct command {
	const char *name;
	const char *summary;
	const char *usage;    /* for a command without subcommands */
	const char *examples; /* lines shown by `help NAME` */
	/* With subcommands: run when none is named. argv[0] is the name. */
	int (*run)(struct session *s, int argc, char **argv);
	void (*complete)(struct completion_ctx *c, int argc, char **argv);
	const struct subcommand *sub; /* ends with a NULL name; or NULL */
};
#define COMMAND(ident) REGISTRY_ADD(command, struct command, ident)
REGISTRY_DECLARE(command);

/* What has been typed of the word so far. */
const char *complete_word(const struct completion_ctx *c);

/* Ready-made completers. */
void complete_guests(struct completion_ctx *c);
/* The next word of a subcommand's name; argv[0..argc) are those before it. */
void complete_subs(struct completion_ctx *c, const struct command *cmd,
		   int argc, char **argv);
/* Files except those whose names end in `but`, if that is not NULL. */
void complete_paths(struct completion_ctx *c, const char *prefix,
		    const char *but);

/*
 * A listing, printed as a table within 80 columns or as JSON (an array of
 * objects) when `--json` was given: declare columns, add rows cell by cell,
 * print.
 */
enum column_type {
	COL_STR,
	COL_U64,
	COL_HEX,      /* JSON: a string */
	COL_SIZE,     /* bytes, shown as "256M"; JSON: bytes */
	COL_PERMILLE, /* shown as per cent with one decimal */
	COL_MILLI,    /* thousandths, shown with three decimals */
	COL_BOOL,
};
struct column {
	const char *title; /* table heading; JSON key is its lower case,
				 * '%' becoming "_percent" */
	enum column_type type;
};
struct table;
struct table *table_begin(struct session *s, const struct column *cols,
			  unsigned int ncols, bool json);
/*
 * Begin the table of a command that takes no argument but --json. Gives 0 with
 * *t, or an error code once it has said what is wrong: -ERR_INVAL with the
 * usage, for another argument, or -ERR_NOMEM.
 */
int table_begin_args(struct session *s, int argc, char **argv,
		     const struct column *cols, unsigned int ncols,
		     struct table **t);
void table_str(struct table *t, const char *v); /* NULL: "-", JSON null */
void table_fmt(struct table *t, const char *fmt, ...) __printf(2, 3);
void table_u64(struct table *t,
	       uint64_t v);       /* U64, HEX, SIZE, PERMILLE, BOOL */
void table_none(struct table *t); /* no value: "-", JSON null */
void table_end(struct table *t);  /* prints and frees */

/* Facts about one thing: "Name:  value" lines, or a JSON object. */
struct record {
	struct session *s;
	bool json, first;
};
void record_begin(struct record *r, struct session *s, bool json);
void record_str(struct record *r, const char *title, const char *v);
void record_fmt(struct record *r, const char *title, const char *fmt, ...)
	__printf(3, 4);
void record_u64(struct record *r, const char *title, enum column_type type,
		uint64_t v);
void record_end(struct record *r);

/* Write a number to buf in the format of a column type, and return buf. */
const char *value_text(char *buf, size_t size, enum column_type type,
		       uint64_t v);

/* Remove `flag` (e.g. "--json") from argv; true if it was there. */
bool take_flag(int *argc, char **argv, const char *flag);

/* The command called `name`, or NULL; and number n by name, NULL past the end.
 * */
const struct command *command_find(const char *name);
/* The subcommand whose name is the first *words of argv[0..argc), or NULL. */
const struct subcommand *command_sub(const struct command *cmd, int argc,
				     char **argv, int *words);
/* Report that there is no such command, and suggest the nearest name. Returns
 * an error code. */
int command_unknown(struct session *s, const char *name);
int command_unknown_sub(struct session *s, const struct command *cmd, int argc,
			char **argv);
const struct command *command_nth(unsigned int n);
/* Wrong arguments: say so, with the usage. Gives -ERR_INVAL. */
int command_usage(struct session *s, const char *why);

/* Run one line, as typed. The command's result. */
int command_run_line(struct session *s, const char *line);
/* Run a script; stops at the first error, naming file and line. */
int command_run_file(struct session *s, const char *path);

#endif
