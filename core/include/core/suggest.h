/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guessing what a mistyped word was meant to be. */
#ifndef CORE_SUGGEST_H
#define CORE_SUGGEST_H

#include <libs/types.h>

/* Feed each possible word; `best` is then the nearest that is near enough. */
struct suggest {
	const char *typed;
	unsigned int distance;
	char best[32]; /* "": none */
};

/* For the word that was typed, kept in use; then one after another those it
 * could have been. Any context. */
#ifdef CONFIG_SUGGEST
void suggest_begin(struct suggest *g, const char *typed);
void suggest_word(struct suggest *g, const char *word);
#else
static inline void suggest_begin(struct suggest *g, const char *typed)
{
	(void)typed;
	g->best[0] = '\0';
}

static inline void suggest_word(struct suggest *g, const char *word)
{
	(void)g;
	(void)word;
}
#endif

#endif
