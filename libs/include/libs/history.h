/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines typed before, the oldest giving way to new ones. */
#ifndef LIBS_HISTORY_H
#define LIBS_HISTORY_H

#include <libs/types.h>

#define HISTORY_BYTES 4096

struct history {
	size_t used;
	unsigned int count;
	char text[HISTORY_BYTES]; /* terminated lines, oldest first */
};

/* Empty lines and repetitions of the last are left out. */
void history_add(struct history *h, const char *line);
/* Line `back` steps ago, 1: the last; NULL when there is none. */
const char *history_get(const struct history *h, unsigned int back);
/* First `back` beyond `from` whose line begins with (or contains) the n bytes
 * of `text`; 0: none. */
unsigned int history_older(const struct history *h, unsigned int from,
			   const char *text, size_t n, bool anywhere);
/* As above, on the way to newer lines. */
unsigned int history_newer(const struct history *h, unsigned int from,
			   const char *text, size_t n);

#endif
