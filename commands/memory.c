/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the use of the host's memory. */
#include <core/command.h>
#include <core/guest.h>
#include <core/memory_check.h>
#include <core/page.h>
#include <libs/error.h>
#include <stdio.h>

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
	struct page_stats st;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	page_get_stats(&st);
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
	struct page_stats st;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	page_get_stats(&st);
	for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++) {
		table_u64(t, order);
		table_u64(t, PAGE_SIZE << order);
		table_u64(t, st.free_blocks[order]);
		table_u64(t, st.free_blocks[order] * (PAGE_SIZE << order));
	}
	table_end(t);
	return 0;
}

/* The largest block and its alignment within one colour, which shows what
 * colouring costs. */
static int memory_colours(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "COLOURS", COL_U64 },
		{ "LARGEST BLOCK", COL_SIZE },
	};
	unsigned int count = page_colours();
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
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
		{ "2M", COL_U64 },      { "64K", COL_U64 },
		{ "4K", COL_U64 },
	};
	struct guest *g;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		struct stage2_stats st;

		stage2_get_stats(&g->stage2, &st);
		table_str(t, g->name);
		table_u64(t, g->cfg->memory_size);
		table_u64(t, st.tables * PAGE_SIZE);
		table_u64(t, st.blocks_1g);
		table_u64(t, st.blocks_2m);
		table_u64(t, st.runs_64k);
		table_u64(t, st.pages_4k);
		guest_put(g);
	}
	table_end(t);
	return 0;
}

struct memory_checked {
	struct session *s;
	struct table *t;
	struct memory_check_row bad;     /* the first row with a mistake */
	char owner[CONFIG_NAME_LEN + 1]; /* of that row */
};

static void memory_checked_row(void *ctx, const struct memory_check_row *r)
{
	struct memory_checked *m = ctx;

	table_str(m->t, r->owner);
	table_str(m->t, r->what);
	table_u64(m->t, r->pages);
	table_u64(m->t, r->foreign);
	table_u64(m->t, r->twice);
	table_u64(m->t, r->unowned);
	table_u64(m->t, r->moved);
	if (!m->bad.what &&
	    (r->foreign || r->twice || r->unowned || r->moved)) {
		m->bad = *r;
		snprintf(m->owner, sizeof(m->owner), "%s", r->owner);
	}
}

static bool memory_interrupted(void *ctx)
{
	return session_interrupted(((struct memory_checked *)ctx)->s);
}

static int memory_check_run(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "OWNER", COL_STR }, { "PAGES OF", COL_STR },
		{ "PAGES", COL_U64 }, { "FOREIGN", COL_U64 },
		{ "TWICE", COL_U64 }, { "UNOWNED", COL_U64 },
		{ "MOVED", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct memory_checked m = { .s = s };
	int ret;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	m.t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	ret = memory_check(memory_checked_row, memory_interrupted, &m);
	table_end(m.t);
	if (ret == -ERR_FORMAT) {
		out_error(s,
			  "%s: wrong pages among its %s, the first at 0x%llx",
			  m.owner, m.bad.what,
			  (unsigned long long)m.bad.first.v);
	} else if (ret == 0 && !json) {
		out(s, "no page is of a foreign colour, and none is mapped "
		       "twice\n");
	}
	return ret;
}

static const struct subcommand memory_subs[] = {
	{ "list", "[--json]", "Show what the host's memory is used for.",
	  memory_list, NULL },
	{ "blocks", "[--json]", "Count the free blocks of each size.",
	  memory_blocks, NULL },
	{ "colours", "[--json]",
	  "Show the block sizes for numbers of cache colours.", memory_colours,
	  NULL },
	{ "guests", "[--json]",
	  "List the guests' memory, and how it is mapped.", memory_guests,
	  NULL },
	{ "check", "[--json]",
	  "Check that each mapped page has one owner and its colours.",
	  memory_check_run, NULL },
	{ .name = NULL },
};

static const struct command memory_command = {
	.name = "memory",
	.summary = "Show the use of the host's memory.",
	.usage = "[--json]",
	.examples = "memory\nmemory blocks\nmemory guests --json\n"
		    "memory check\n",
	.run = memory_list,
	.sub = memory_subs,
};
COMMAND(memory_command);
