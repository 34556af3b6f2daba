/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mistyped word was meant to be. */
#ifndef COMMANDS_SUGGEST_H
#define COMMANDS_SUGGEST_H

#include <libs/types.h>

/* Feed each possible word; `best` is then the nearest that is near enough. */
struct suggest {
	const char *typed;
	unsigned int distance;
	char best[32]; /* "": none */
};

void suggest_begin(struct suggest *g, const char *typed);
void suggest_word(struct suggest *g, const char *word);

#endif
