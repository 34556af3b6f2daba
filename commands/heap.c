/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the hypervisor's heap and its pools. */
#include <core/command.h>
#include <core/heap.h>

/* The heap as a whole first, then each pool. */
static int heap_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },  { "OBJECT", COL_U64 },
		{ "LIVE", COL_U64 },  { "USED", COL_SIZE },
		{ "HELD", COL_SIZE },
	};
	struct heap_stats heap;
	struct pool_stats pool;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	heap_get_stats(&heap);
	table_str(t, "heap");
	table_none(t);
	table_u64(t, heap.allocations);
	table_u64(t, heap.bytes_used);
	table_u64(t, heap.bytes_held);
	for (unsigned int n = 0; pool_get_stats(n, &pool); n++) {
		table_str(t, pool.name);
		table_u64(t, pool.object_size);
		table_u64(t, pool.used);
		table_u64(t, pool.used * pool.object_size);
		table_u64(t, pool.pages * PAGE_SIZE);
	}
	table_end(t);
	return 0;
}

static int heap_stats(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct heap_stats st;
	struct record r;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	heap_get_stats(&st);
	record_begin(&r, s, json);
	record_u64(&r, "Used", COL_SIZE, st.bytes_used);
	record_u64(&r, "Held", COL_SIZE, st.bytes_held);
	record_u64(&r, "Live allocations", COL_U64, st.allocations);
	record_u64(&r, "Allocations", COL_U64, st.total_allocs);
	record_u64(&r, "Frees", COL_U64, st.total_frees);
	record_u64(&r, "Failures", COL_U64, st.failures);
	record_end(&r);
	return 0;
}

static int heap_trim_run(struct session *s, int argc, char **argv)
{
	struct heap_stats before, after;
	char size[32];

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	heap_get_stats(&before);
	heap_trim();
	heap_get_stats(&after);
	out(s, "%s freed\n",
	    value_text(size, sizeof(size), COL_SIZE,
		       before.bytes_held - after.bytes_held));
	return 0;
}

static const struct subcommand heap_subs[] = {
	{ "list", "[--json]", "List the heap and its pools.", heap_list, NULL },
	{ "stats", "[--json]", "Show counters of the heap.", heap_stats, NULL },
	{ "trim", "", "Free the pages that nothing lies in.", heap_trim_run,
	  NULL },
	{ .name = NULL },
};

static const struct command heap_command = {
	.name = "heap",
	.summary = "Show the hypervisor's own memory: heap and pools.",
	.usage = "[--json]",
	.examples = "heap\nheap stats\n",
	.run = heap_list,
	.sub = heap_subs,
};
COMMAND(heap_command);
