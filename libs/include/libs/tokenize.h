/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting a typed line into words. */
#ifndef LIBS_TOKENIZE_H
#define LIBS_TOKENIZE_H

#include <libs/types.h>

#define TOKENS_TEXT 1024 /* bytes of a line, terminator included */
#define TOKENS_MAX 48    /* words of a line */

struct tokens {
	int argc;
	char *argv[TOKENS_MAX + 1]; /* in text; the last is NULL */
	size_t start[TOKENS_MAX];   /* where each word begins in the line */
	bool open;                  /* the line ends within the last word */
	char quote;                 /* quote that is open at the end, or 0 */
	bool comment;               /* the line ends in a comment */
	const char *error; /* what is wrong, at which byte of the line */
	size_t error_at;
	char text[TOKENS_TEXT];
};

/*
 * Words are separated by blanks. '...' is taken as it stands; in "..." and
 * outside, a backslash takes the next character as it stands. '#' where a word
 * could begin starts a comment. 0, or -ERR_FORMAT with t->error; the words up
 * to there are filled in all the same, for completion. Pure.
 */
int tokenize(struct tokens *t, const char *line);

#endif
