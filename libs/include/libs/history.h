/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines typed before; new lines replace the oldest. The caller serialises
 * calls. */
#ifndef LIBS_HISTORY_H
#define LIBS_HISTORY_H

#include <libs/types.h>

#define HISTORY_BYTES 4096

struct history {
	size_t used;
	unsigned int count;
	char text[HISTORY_BYTES]; /* terminated lines, oldest first */
};

/* Add a line, unless it is empty or the same as the last. */
void history_add(struct history *h, const char *line);
/* The line `back` steps ago, where 1 is the last; NULL if there is none. */
const char *history_get(const struct history *h, unsigned int back);
/* The first step beyond `from`, towards older lines, whose line begins with (or
 * contains, if `anywhere`) the n bytes of `text`; 0 if there is none. */
unsigned int history_older(const struct history *h, unsigned int from,
			   const char *text, size_t n, bool anywhere);
/* As above, on the way to newer lines. */
unsigned int history_newer(const struct history *h, unsigned int from,
			   const char *text, size_t n);

#endif
