/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vmsg: nodes. */
#include <libs/error.h>

#include "vmsg_cmd.h"

static const char *node_state(const struct vmsg_node_info *info)
{
	if (info->domain[0] == '\0') {
		return "detached";
	}
	return info->up ? "up" : "down";
}

int vmsg_cmd_node_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },     { "KIND", COL_STR },
		{ "DOMAIN", COL_STR },   { "ADDRESS", COL_U64 },
		{ "STATE", COL_STR },    { "SENT", COL_U64 },
		{ "RECEIVED", COL_U64 }, { "WAITING", COL_U64 },
	};
	struct vmsg_node_info info;
	struct vmsg_node *n;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err != 0) {
		return err;
	}
	for (unsigned int i = 0; (n = vmsg_node_get_nth(i)) != NULL; i++) {
		vmsg_node_info(n, &info);
		vmsg_node_put(n);
		table_str(t, info.name);
		table_str(t, info.kind);
		table_str(t, info.domain[0] != '\0' ? info.domain : NULL);
		if (info.address != 0) {
			table_u64(t, info.address);
		} else {
			table_none(t);
		}
		table_str(t, node_state(&info));
		table_u64(t, info.counts.sent);
		table_u64(t, info.counts.received);
		table_u64(t, info.waiting);
	}
	table_end(t);
	return 0;
}

/* The one node that is named, with a reference. */
static int node_named(struct session *s, int argc, char **argv,
		      struct vmsg_node **n)
{
	if (argc != 2) {
		return command_usage(s, "one node is needed");
	}
	*n = vmsg_cmd_node(s, argv[1]);
	return *n != NULL ? 0 : -ERR_NOENT;
}

int vmsg_cmd_node_stats(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct vmsg_node_info info;
	struct vmsg_node *n;
	struct record r;
	int err = node_named(s, argc, argv, &n);

	if (err != 0) {
		return err;
	}
	vmsg_node_info(n, &info);
	vmsg_node_put(n);
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_str(&r, "Kind", info.kind);
	record_str(&r, "Domain", info.domain[0] != '\0' ? info.domain : NULL);
	record_u64(&r, "Address", COL_U64, info.address);
	record_str(&r, "State", node_state(&info));
	record_str(&r, "Of", info.service ? "the hypervisor" : "a guest");
	record_u64(&r, "Peers", COL_U64, info.peers);
	record_u64(&r, "Names", COL_U64, info.endpoints);
	record_u64(&r, "Waiting for it", COL_U64, info.waiting);
	vmsg_cmd_counts(&r, &info.counts);
	record_end(&r);
	return 0;
}

int vmsg_cmd_node_names(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },
		{ "ENDPOINT", COL_HEX },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct vmsg_notice notice;
	struct vmsg_node *n;
	struct table *t;
	int err = node_named(s, argc, argv, &n);

	if (err != 0) {
		return err;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int i = 0; vmsg_node_endpoint(n, i, &notice); i++) {
		table_str(t, notice.name);
		table_u64(t, notice.endpoint);
	}
	vmsg_node_put(n);
	table_end(t);
	return 0;
}

static void attach_error(struct session *s, char **argv, int err)
{
	struct vmsg_domain_info info;

	if (err == -ERR_STATE) {
		out_error(s,
			  "'%s' is in a domain already; 'vmsg node detach %s' "
			  "ends that",
			  argv[1], argv[1]);
	} else if (!vmsg_domain_info(argv[2], &info)) {
		(void)vmsg_cmd_domain_error(s, argv[2], -ERR_NOENT);
	} else if (err == -ERR_EXIST) {
		out_error(s, "another node of %s has its address", argv[2]);
	} else if (err == -ERR_NOSPC) {
		out_error(s, "%s has %d nodes, the maximum", argv[2],
			  VMSG_NODES_MAX);
	}
}

int vmsg_cmd_node_attach(struct session *s, int argc, char **argv)
{
	struct vmsg_node *n;
	int err;

	if (argc != 3) {
		return command_usage(s, "a node and a domain are needed");
	}
	n = vmsg_cmd_node(s, argv[1]);
	if (n == NULL) {
		return -ERR_NOENT;
	}
	err = vmsg_node_attach(n, argv[2], false);
	vmsg_node_put(n);
	if (err != 0) {
		attach_error(s, argv, err);
	}
	return err;
}

int vmsg_cmd_node_detach(struct session *s, int argc, char **argv)
{
	struct vmsg_node *n;
	int err = node_named(s, argc, argv, &n);

	if (err != 0) {
		return err;
	}
	err = vmsg_node_detach(n);
	vmsg_node_put(n);
	if (err == -ERR_STATE) {
		out_error(s, "'%s' is in no domain", argv[1]);
	}
	return err;
}

void vmsg_complete_attach(struct completion_ctx *c, int argc, char **argv)
{
	vmsg_complete_node(c, argc, argv);
	if (argc == 1) {
		vmsg_complete_domain(c, 0, argv);
	}
}
