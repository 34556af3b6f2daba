/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest memory: where a guest's memory is in the host. */
#include <core/colour.h>
#include <core/guest.h>
#include <core/shared_memory.h>
#include <libs/error.h>

#include "guest_cmd.h"

/* How its place in the host was chosen. An extent may have several ranges of
 * the description, all fixed or none. */
static const char *memory_place(const struct guest *g,
				const struct guest_extent *e)
{
	const struct guest_config *cfg = g->cfg;

	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		if (e->ipa.v - cfg->memory[i].base < cfg->memory[i].size &&
		    cfg->memory_host[i]) {
			return e->colours == PAGE_ANY_COLOUR &&
					       e->ipa.v == e->pa.v
				       ? "1:1"
				       : "fixed";
		}
	}
	return "any";
}

/* The colours of an extent; a contiguous one has all if it is large. */
static colour_mask_t memory_colours_of(const struct guest_extent *e)
{
	uint64_t first = e->pa.v / PAGE_SIZE;
	colour_mask_t set = 0;

	if (e->colours != PAGE_ANY_COLOUR ||
	    e->size / PAGE_SIZE >= page_colours()) {
		return e->colours;
	}
	for (uint64_t n = 0; n < e->size / PAGE_SIZE; n++) {
		set |= BIT((first + n) % page_colours());
	}
	return set;
}

static void memory_extent(struct table *t, const struct guest *g,
			  const struct guest_extent *e)
{
	colour_mask_t set = memory_colours_of(e);
	bool some = IS_ENABLED(CONFIG_COLOURS) && set != PAGE_ANY_COLOUR;
	struct guest_piece last = guest_extent_piece(e, e->size - 1);
	char text[COLOUR_TEXT];

	table_u64(t, e->ipa.v);
	table_u64(t, e->pa.v);
	table_u64(t, last.pa.v + last.size - 1);
	table_u64(t, e->size);
	table_u64(t, guest_extent_piece(e, 0).size);
	table_str(t, memory_place(g, e));
	table_str(t, some ? colour_text(set, text, sizeof(text)) : "all");
}

/* Shared memory that is mapped: its first piece in the host, and the whole. */
static void memory_window(struct table *t, const struct shared_window *w)
{
	struct shared_piece p, last = { .size = 0 };
	uint64_t size = 0;

	for (unsigned int i = 0; shared_window_piece(w, i, &p); i++) {
		last = p;
		size += p.size;
	}
	if (shared_window_piece(w, 0, &p)) {
		table_u64(t, w->base.v);
		table_u64(t, p.pa.v);
		table_u64(t, last.pa.v + last.size - 1);
		table_u64(t, size);
		table_u64(t, p.size);
		table_fmt(t, "shared %s", w->name);
		table_none(t);
	}
}

static void memory_windows(struct table *t, const struct guest *g)
{
	const struct shared_window *w;

	shared_lock();
	for (unsigned int n = 0; (w = shared_window_nth(g, n)) != NULL; n++) {
		memory_window(t, w);
	}
	shared_unlock();
}

static void memory_extents(struct session *s, struct guest *g, bool json)
{
	static const struct column cols[] = {
		{ "ADDRESS", COL_HEX }, { "HOST", COL_HEX },
		{ "LAST", COL_HEX },    { "SIZE", COL_SIZE },
		{ "PIECES", COL_SIZE }, { "PLACE", COL_STR },
		{ "COLOURS", COL_STR },
	};
	const struct guest_extents *ex = g->memory.extents;
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);

	for (uint32_t i = 0; ex && i < ex->count; i++) {
		memory_extent(t, g, &ex->e[i]);
	}
	if (IS_ENABLED(CONFIG_SHARED_MEMORY)) {
		memory_windows(t, g);
	}
	table_end(t);
}

/* Pages of each colour, in the order of colours. */
static void memory_count(const struct guest *g, uint64_t *pages)
{
	const struct guest_extents *ex = g->memory.extents;

	for (uint32_t i = 0; ex && i < ex->count; i++) {
		const struct guest_extent *e = &ex->e[i];
		struct guest_piece p;

		for (uint64_t off = 0; off < e->size; off = p.off + p.size) {
			uint64_t first;

			p = guest_extent_piece(e, off);
			first = p.pa.v / PAGE_SIZE;
			for (uint64_t n = 0; n < p.size / PAGE_SIZE; n++) {
				pages[(first + n) % page_colours()]++;
			}
		}
	}
}

static void memory_colours(struct session *s, struct guest *g, bool json)
{
	static const struct column cols[] = {
		{ "COLOUR", COL_U64 },
		{ "PAGES", COL_U64 },
		{ "SIZE", COL_SIZE },
	};
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	uint64_t pages[64] = { 0 };

	memory_count(g, pages);
	for (unsigned int c = 0; c < page_colours(); c++) {
		if (pages[c]) {
			table_u64(t, c);
			table_u64(t, pages[c]);
			table_u64(t, pages[c] * PAGE_SIZE);
		}
	}
	table_end(t);
}

static void memory_portions(struct session *s, const struct guest *g)
{
	char text[PORTION_TEXT];

	if (g->portions.id) {
		out(s, "cache portions %s of level %u, partition ID %u\n",
		    portion_text(g->portions.set, text, sizeof(text)),
		    portion_level(), g->portions.id);
	}
}

int guest_cmd_memory(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	bool colours = take_flag(&argc, argv, "--colours");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct stage2_stats st;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	if (colours) {
		memory_colours(s, g, json);
	} else {
		memory_extents(s, g, json);
	}
	stage2_get_stats(&g->stage2, &st);
	if (!json && !colours) {
		out(s,
		    "mapped by %llu x 1G, %llu x 2M, %llu x 64K, %llu x 4K; "
		    "tables %llu KiB\n",
		    (unsigned long long)st.blocks_1g,
		    (unsigned long long)st.blocks_2m,
		    (unsigned long long)st.runs_64k,
		    (unsigned long long)st.pages_4k,
		    (unsigned long long)(st.tables * PAGE_SIZE / KIB(1)));
	}
	if (IS_ENABLED(CONFIG_CACHE_PORTIONS) && !json && !colours) {
		memory_portions(s, g);
	}
	guest_put(g);
	return 0;
}
