/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vmsg: coprocessors, and their links to guests that share them. */
#include <core/rproc.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "vmsg_cmd.h"

/* The node's name, if it is still there. */
static void peer_name(const struct rproc_link_info *link, char *out,
		      size_t size)
{
	struct vmsg_node_info info;
	struct vmsg_node *n;

	out[0] = '\0';
	for (unsigned int i = 0; (n = vmsg_node_get_nth(i)) != NULL; i++) {
		vmsg_node_info(n, &info);
		vmsg_node_put(n);
		if (info.address == link->address &&
		    strcmp(info.domain, link->domain) == 0 &&
		    strcmp(info.kind, "rpmsg") == 0) {
			(void)snprintf(out, size, "%s", info.name);
			return;
		}
	}
}

int vmsg_cmd_link_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "COPROCESSOR", COL_STR }, { "PEER", COL_STR },
		{ "SENT", COL_U64 },        { "ANSWERS", COL_U64 },
		{ "EXITS", COL_U64 },       { "WAITING", COL_U64 },
		{ "LIMITED", COL_U64 },     { "LOST", COL_U64 },
		{ "LATENCY US", COL_U64 },  { "WORST US", COL_U64 },
	};
	char peer[VMSG_NODE_NAME_MAX];
	struct rproc_link_info link;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err != 0) {
		return err;
	}
	for (unsigned int n = 0; rproc_link_nth(n, &link); n++) {
		peer_name(&link, peer, sizeof(peer));
		table_str(t, link.name);
		table_str(t, peer[0] != '\0' ? peer : NULL);
		table_u64(t, link.to.messages);
		table_u64(t, link.from.messages);
		table_u64(t, link.to.exits + link.from.exits);
		table_u64(t, link.waiting);
		table_u64(t, link.limited);
		table_u64(t, link.lost);
		table_u64(t, link.mean_ns / 1000);
		table_u64(t, link.worst_ns / 1000);
	}
	table_end(t);
	return 0;
}

/* The sums of all links of a coprocessor. */
static void sum_links(const char *name, struct rproc_link_info *sum,
		      uint64_t *links)
{
	struct rproc_link_info link;

	*sum = (struct rproc_link_info){ .address = 0 };
	*links = 0;
	for (unsigned int n = 0; rproc_link_nth(n, &link); n++) {
		if (strcmp(link.name, name) != 0) {
			continue;
		}
		(*links)++;
		sum->to.messages += link.to.messages;
		sum->to.bytes += link.to.bytes;
		sum->to.exits += link.to.exits;
		sum->from.messages += link.from.messages;
		sum->from.bytes += link.from.bytes;
		sum->from.exits += link.from.exits;
		sum->limited += link.limited;
		sum->stopped += link.stopped;
		sum->lost += link.lost;
	}
}

static void show_sums(struct record *r, const struct rproc_link_info *sum)
{
	record_u64(r, "Sent", COL_U64, sum->to.messages);
	record_u64(r, "Sent bytes", COL_U64, sum->to.bytes);
	record_u64(r, "Exits of peers", COL_U64, sum->to.exits);
	record_u64(r, "Answers", COL_U64, sum->from.messages);
	record_u64(r, "Answers bytes", COL_U64, sum->from.bytes);
	record_u64(r, "Exits of it", COL_U64, sum->from.exits);
	record_u64(r, "Came to the rate", COL_U64, sum->limited);
	record_u64(r, "Had answers waiting", COL_U64, sum->stopped);
	record_u64(r, "Answers lost", COL_U64, sum->lost);
}

int vmsg_cmd_link_stats(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct rproc_link_info sum;
	struct rproc_info info;
	uint64_t links;
	struct record r;

	if (argc != 2) {
		return command_usage(s, "the node of a coprocessor is needed");
	}
	if (rproc_get_info(argv[1], &info) != 0) {
		out_error(s,
			  "there is no coprocessor '%s'; 'vmsg node list' "
			  "lists all nodes",
			  argv[1]);
		return -ERR_NOENT;
	}
	sum_links(argv[1], &sum, &links);
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_str(&r, "State", info.state);
	record_u64(&r, "Starts", COL_U64, info.starts);
	record_u64(&r, "Broken vrings", COL_U64, info.breaks);
	record_u64(&r, "Rate", COL_U64, info.rate);
	record_u64(&r, "Burst", COL_U64, info.burst);
	record_u64(&r, "Peers", COL_U64, links);
	show_sums(&r, &sum);
	record_end(&r);
	return 0;
}
