/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's memory, page by page. */
#include <cmd/command.h>
#include <core/guest.h>
#include <core/page.h>
#include <libs/error.h>

static void memory_row(struct table *t, const char *what, uint64_t pages)
{
	table_str(t, what);
	table_u64(t, pages);
	table_u64(t, pages * PAGE_SIZE);
}

static int memory_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "USE", COL_STR },
		{ "PAGES", COL_U64 },
		{ "SIZE", COL_SIZE },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct page_stats st;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	page_get_stats(&st);
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	memory_row(t, "total", st.total);
	memory_row(t, "free", st.free);
	memory_row(t, "guests", st.guests);
	memory_row(t, "hypervisor", st.hypervisor);
	memory_row(t, "reserved", st.reserved);
	table_end(t);
	return 0;
}

static int memory_blocks(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "ORDER", COL_U64 },
		{ "BLOCK", COL_SIZE },
		{ "FREE", COL_U64 },
		{ "TOTAL", COL_SIZE },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct page_stats st;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	page_get_stats(&st);
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++) {
		table_u64(t, order);
		table_u64(t, PAGE_SIZE << order);
		table_u64(t, st.free_blocks[order]);
		table_u64(t, st.free_blocks[order] * (PAGE_SIZE << order));
	}
	table_end(t);
	return 0;
}

/* Largest block and alignment within one colour: what colouring costs. */
static int memory_colours(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "COLOURS", COL_U64 },
		{ "LARGEST BLOCK", COL_SIZE },
	};
	bool json = take_flag(&argc, argv, "--json");
	unsigned int count = page_colours();
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 1; n <= count; n *= 2) {
		int order =
			page_max_order(n >= 64 ? PAGE_ANY_COLOUR : BIT(n) - 1);

		table_u64(t, n);
		table_u64(t, PAGE_SIZE << MAX(order, 0));
	}
	table_end(t);
	return 0;
}

static int memory_guests(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "GUEST", COL_STR },   { "RAM", COL_SIZE },
		{ "TABLES", COL_SIZE }, { "1G", COL_U64 },
		{ "2M", COL_U64 },      { "4K", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		struct stage2_stats st;

		stage2_get_stats(&g->stage2, &st);
		table_str(t, g->name);
		table_u64(t, g->cfg->memory_size);
		table_u64(t, st.tables * PAGE_SIZE);
		table_u64(t, st.blocks_1g);
		table_u64(t, st.blocks_2m);
		table_u64(t, st.pages_4k);
		guest_put(g);
	}
	table_end(t);
	return 0;
}

static const struct subcommand memory_subs[] = {
	{ "list", "[--json]", "What the host's memory is used for.",
	  memory_list, NULL },
	{ "blocks", "[--json]", "Free blocks of each size.", memory_blocks,
	  NULL },
	{ "colours", "[--json]", "Block sizes for numbers of cache colours.",
	  memory_colours, NULL },
	{ "guests", "[--json]", "Memory of each guest, and how it is mapped.",
	  memory_guests, NULL },
	{ .name = NULL },
};

static const struct command memory_command = {
	.name = "memory",
	.summary = "Show the use of the host's memory.",
	.usage = "[--json]",
	.examples = "memory\nmemory blocks\nmemory guests --json\n",
	.run = memory_list,
	.sub = memory_subs,
};
COMMAND(memory_command);
