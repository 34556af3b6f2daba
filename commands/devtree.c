/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's device tree. */
#include <core/command.h>
#include <core/dt.h>
#include <libfdt.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "dts.h"

#define DEVTREE_PATH 256

/* The node that argv[1] names, or the root without an argument. */
static int devtree_node(struct session *s, int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/";
	dt_node_t node = dt_path(path);

	if (argc > 2) {
		return command_usage(s, "at most one path is allowed");
	}
	if (node < 0) {
		out_error(s,
			  "'%s' is not a node of the host's tree; 'devtree ls' "
			  "lists them",
			  path);
		return -ERR_NOENT;
	}
	return node;
}

static int devtree_ls(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NODE", COL_STR },
		{ "COMPATIBLE", COL_STR },
		{ "STATUS", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	int parent = devtree_node(s, argc, argv), node;
	struct table *t;

	if (parent < 0) {
		return parent;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	fdt_for_each_subnode(node, dt_blob(), parent) {
		table_str(t, dt_name(node));
		table_str(t, dt_str(node, "compatible"));
		table_str(t, dt_available(node) ? "okay" : "disabled");
	}
	table_end(t);
	return 0;
}

static int devtree_cat(struct session *s, int argc, char **argv)
{
	int node = devtree_node(s, argc, argv);

	if (node < 0) {
		return node;
	}
	dts_properties(s, dt_blob(), node, 0);
	return 0;
}

static int devtree_dump(struct session *s, int argc, char **argv)
{
	int node = devtree_node(s, argc, argv);

	if (node < 0) {
		return node;
	}
	return dts_tree(s, dt_blob(), node);
}

static void devtree_complete(struct completion_ctx *c, int argc, char **argv)
{
	char path[DEVTREE_PATH], full[2 * DEVTREE_PATH];
	const char *word = complete_word(c);
	const char *slash = strrchr(word, '/');
	size_t n = slash != NULL ? (size_t)(slash - word) : 0;
	int parent, node;

	(void)argv;
	if (argc > 0 || n >= sizeof(path)) {
		return;
	}
	memcpy(path, word, n);
	path[n] = '\0';
	parent = dt_path(n > 0 ? path : "/");
	if (parent < 0) {
		return;
	}
	fdt_for_each_subnode(node, dt_blob(), parent) {
		bool inner = fdt_first_subnode(dt_blob(), node) >= 0;

		(void)snprintf(full, sizeof(full), "%s/%s%s", path,
			       dt_name(node), inner ? "/" : "");
		complete_add(c, full);
	}
}

static const struct subcommand devtree_subs[] = {
	{ "ls", "[PATH] [--json]", "List the nodes below a node.", devtree_ls,
	  devtree_complete },
	{ "cat", "[PATH]", "Print a node's properties.", devtree_cat,
	  devtree_complete },
	{ "dump", "[PATH]", "Print a node and all below it as source.",
	  devtree_dump, devtree_complete },
	{ .name = NULL },
};

static const struct command devtree_command = {
	.name = "devtree",
	.summary = "Look at the host's device tree.",
	.examples = "devtree ls /\ndevtree cat /chosen\ndevtree dump /cpus\n",
	.sub = devtree_subs,
};
COMMAND(devtree_command);
