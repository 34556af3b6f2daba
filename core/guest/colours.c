/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's colours: claimed before anything is allocated for it, or
 * refused. */
#include <core/colour.h>
#include <core/guest.h>
#include <libs/error.h>
#include <stdio.h>

#include "guest_priv.h"

static void tell(const struct guest *g, const struct colour_refusal *why,
		 struct attempt *a)
{
	bool chosen = g->cfg->colours_count != 0;
	char taken[COLOUR_TEXT], free[COLOUR_TEXT];
	char line[2 * COLOUR_TEXT + 160];

	colour_text(why->taken, taken, sizeof(taken));
	colour_text(why->free, free, sizeof(free));
	if (!g->colours.exclusive) {
		snprintf(
			line, sizeof(line),
			"/: memory: no colour of the cache is left for a guest "
			"without colors of its own; guest %s has %s",
			why->owner, taken);
	} else if (why->plain) {
		snprintf(
			line, sizeof(line),
			"/: colors: guest %s has memory of all colours; allowed "
			"once it has colors of its own, or is gone",
			why->owner);
	} else if (chosen) {
		snprintf(
			line, sizeof(line),
			"/: colors-count: found %u; allowed %u at most: what is "
			"free is %s",
			g->cfg->colours_count, colour_count(why->free), free);
	} else {
		snprintf(
			line, sizeof(line),
			"/: colors: found %s, which %s has; allowed what is "
			"free, %s, or what is shared by the same colors-shared "
			"on both sides",
			taken, why->owner, free);
	}
	attempt_report(a, line);
}

int guest_colours_init(struct guest *g, struct attempt *a)
{
	const struct guest_config *cfg = g->cfg;
	struct colour_refusal why;
	int err;

	g->colours = (struct colour_claim){
		.owner = g->name,
		.shared = cfg->colours_shared,
		.set = cfg->colours,
		.exclusive = cfg->colours || cfg->colours_count,
	};
	list_init(&g->colours.node);
	err = colour_claim(&g->colours, cfg->colours_count, &why);
	if (err) {
		tell(g, &why, a);
	}
	return err;
}

void guest_colours_fini(struct guest *g)
{
	colour_release(&g->colours);
}
