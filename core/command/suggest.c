/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suggestions by the edit distance between a mistyped word and the known
 * ones. */
#include <core/suggest.h>
#include <string.h>

#define SUGGEST_MAX 31 /* longer words are not compared */

/*
 * How many characters have to be inserted, deleted, replaced or exchanged with
 * their neighbour to turn a into b (the optimal string alignment distance).
 */
static unsigned int suggest_distance(const char *a, const char *b)
{
	uint8_t row[3][SUGGEST_MAX + 1];
	size_t an = strlen(a), bn = strlen(b);

	if (an > SUGGEST_MAX || bn > SUGGEST_MAX) {
		return UINT32_MAX;
	}
	for (size_t k = 0; k <= bn; k++) {
		row[0][k] = (uint8_t)k;
	}
	for (size_t i = 1; i <= an; i++) {
		uint8_t *now = row[i % 3];
		const uint8_t *last = row[(i + 2) % 3];
		const uint8_t *older = row[(i + 1) % 3];

		now[0] = (uint8_t)i;
		for (size_t k = 1; k <= bn; k++) {
			bool differ = a[i - 1] != b[k - 1];
			uint8_t best = (uint8_t)(last[k - 1] + differ);

			best = MIN(best, (uint8_t)(last[k] + 1));
			best = MIN(best, (uint8_t)(now[k - 1] + 1));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1]) {
				best = MIN(best, (uint8_t)(older[k - 2] + 1));
			}
			now[k] = best;
		}
	}
	return row[an % 3][bn];
}

void suggest_begin(struct suggest *g, const char *typed)
{
	g->typed = typed;
	/* One mistake is accepted in words below 6 letters, otherwise two. */
	g->distance = strlen(typed) < 6 ? 2 : 3;
	g->best[0] = '\0';
}

void suggest_word(struct suggest *g, const char *word)
{
	size_t typed = strlen(g->typed), n = strlen(word);
	unsigned int d = suggest_distance(g->typed, word);

	if (n >= sizeof(g->best)) {
		return;
	}
	/* The beginning of a word is better than any mistyped one. */
	if (typed > 0 && n > typed && strncmp(g->typed, word, typed) == 0) {
		d = 0;
	}
	if (d < g->distance) {
		g->distance = d;
		memcpy(g->best, word, n + 1);
	}
}
