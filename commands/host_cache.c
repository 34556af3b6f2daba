/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command host cache: the host's caches, the colours of its pages, and the
 * portions of the last level. */
#include <core/cache.h>
#include <core/colour.h>
#include <core/page.h>
#include <core/portion.h>

#include "host_cmd.h"

static const char *const kinds[] = {
	[CACHE_INSTRUCTION] = "instruction",
	[CACHE_DATA] = "data",
	[CACHE_UNIFIED] = "unified",
};

static const char *const sources[] = {
	[CACHE_FROM_CPU] = "CPU",
	[CACHE_FROM_TREE] = "tree",
	[CACHE_FROM_ARGUMENT] = "llc=",
};

/* A number that is 0 if it is not known. */
static void cache_number(struct table *t, uint64_t n)
{
	if (n) {
		table_u64(t, n);
	} else {
		table_none(t);
	}
}

static void cache_row(struct table *t, const struct cache_info *c)
{
	const struct cache_geometry *g = &c->is;

	table_u64(t, g->level);
	table_str(t, kinds[g->kind]);
	cache_number(t, (uint64_t)g->line * g->ways * g->sets);
	cache_number(t, g->ways);
	cache_number(t, g->sets);
	cache_number(t, g->line);
	cache_number(t, cache_colours(g));
	table_str(t, sources[c->source]);
}

static void cache_tell_portions(struct session *s)
{
	const char *why;
	unsigned int n = portion_count(&why);

	if (n) {
		out(s, "level %u has %u portions, partition IDs 0-%u\n",
		    portion_level(), n, portion_ids() - 1);
	} else {
		out(s, "no portions: %s\n", why);
	}
}

int host_cmd_cache(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "LEVEL", COL_U64 },   { "KIND", COL_STR },
		{ "SIZE", COL_SIZE },   { "WAYS", COL_U64 },
		{ "SETS", COL_U64 },    { "LINE", COL_U64 },
		{ "COLOURS", COL_U64 }, { "TOLD BY", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	const struct cache_info *c;
	char text[COLOUR_TEXT];
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 0; (c = cache_nth(n)) != NULL; n++) {
		cache_row(t, c);
	}
	table_end(t);
	if (json) {
		return 0;
	}
	if (cache_uncoloured()) {
		out(s, "no colours: %s\n", cache_uncoloured());
	} else {
		out(s, "pages have %u colours\n", page_colours());
		if (page_own() != PAGE_ANY_COLOUR) {
			out(s, "the hypervisor's own: %s\n",
			    colour_text(page_own(), text, sizeof(text)));
		}
	}
	if (IS_ENABLED(CONFIG_CACHE_PORTIONS)) {
		cache_tell_portions(s);
	}
	return 0;
}
