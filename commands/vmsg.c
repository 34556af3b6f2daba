/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vmsg: what its parts share, and the table of subcommands. */
#include <core/suggest.h>
#include <libs/error.h>

#include "vmsg_cmd.h"

struct vmsg_node *vmsg_cmd_node(struct session *s, const char *name)
{
	struct vmsg_node *n = vmsg_node_get(name);
	struct suggest near;

	if (n != NULL) {
		return n;
	}
	suggest_begin(&near, name);
	for (unsigned int i = 0; (n = vmsg_node_get_nth(i)) != NULL; i++) {
		suggest_word(&near, vmsg_node_name(n));
		vmsg_node_put(n);
	}
	if (near.best[0] != '\0') {
		out_error(s, "there is no node '%s'; did you mean '%s'?", name,
			  near.best);
	} else {
		out_error(s,
			  "there is no node '%s'; 'vmsg node list' lists them",
			  name);
	}
	return NULL;
}

int vmsg_cmd_domain_error(struct session *s, const char *name, int err)
{
	if (err == -ERR_NOENT) {
		out_error(s,
			  "there is no domain '%s'; 'vmsg domain list' lists "
			  "them",
			  name);
	} else if (err == -ERR_EXIST) {
		out_error(s, "there is already a domain '%s'", name);
	} else if (err == -ERR_INVAL) {
		out_error(s,
			  "'%s' is not a name: letters, digits, '-', '_', '.' "
			  "and '@', %d at most",
			  name, VMSG_NAME_MAX - 1);
	} else if (err == -ERR_NOSPC) {
		out_error(s, "there are already %d domains, the maximum",
			  VMSG_DOMAINS_MAX);
	}
	return err;
}

void vmsg_cmd_counts(struct record *r, const struct vmsg_counts *counts)
{
	record_u64(r, "Sent", COL_U64, counts->sent);
	record_u64(r, "Sent bytes", COL_U64, counts->sent_bytes);
	record_u64(r, "Received", COL_U64, counts->received);
	record_u64(r, "Received bytes", COL_U64, counts->received_bytes);
	record_u64(r, "Had to wait", COL_U64, counts->parked);
	record_u64(r, "Was blocked", COL_U64, counts->blocked);
	record_u64(r, "Dropped", COL_U64, counts->dropped);
	record_u64(r, "No such peer", COL_U64, counts->refused);
	record_u64(r, "Forged", COL_U64, counts->faults[VMSG_FAULT_FORGED]);
	record_u64(r, "Malformed", COL_U64,
		   counts->faults[VMSG_FAULT_MALFORMED]);
	record_u64(r, "Names refused", COL_U64,
		   counts->faults[VMSG_FAULT_NAMES]);
	record_u64(r, "Notices lost", COL_U64, counts->lost_notices);
}

void vmsg_complete_domain(struct completion_ctx *c, int argc, char **argv)
{
	struct vmsg_domain_info info;

	(void)argv;
	for (unsigned int n = 0; argc == 0 && vmsg_domain_nth(n, &info); n++) {
		complete_add(c, info.name);
	}
}

void vmsg_complete_node(struct completion_ctx *c, int argc, char **argv)
{
	struct vmsg_node *n;

	(void)argv;
	for (unsigned int i = 0;
	     argc == 0 && (n = vmsg_node_get_nth(i)) != NULL; i++) {
		complete_add(c, vmsg_node_name(n));
		vmsg_node_put(n);
	}
}

/* clang-format off */
static const struct subcommand vmsg_subs[] = {
	{ "domain list", "[--json]", "List the messaging domains.",
	  vmsg_cmd_domain_list, NULL },
	{ "domain create", "DOMAIN [block|drop]",
	  "Create a domain; senders to a full receiver wait, or lose messages.",
	  vmsg_cmd_domain_create, vmsg_complete_policy },
	{ "domain destroy", "DOMAIN", "Detach its nodes and remove it.",
	  vmsg_cmd_domain_destroy, vmsg_complete_domain },
	{ "domain policy", "DOMAIN block|drop",
	  "Change what becomes of messages to a full receiver.",
	  vmsg_cmd_domain_policy, vmsg_complete_policy },
	{ "domain ports", "DOMAIN all|none|FIRST[-LAST]...",
	  "Say with which ports connections between its guests may begin.",
	  vmsg_cmd_domain_ports, vmsg_complete_domain },
	{ "domain stats", "DOMAIN [--json]",
	  "Count what its nodes have sent, and what was refused and why.",
	  vmsg_cmd_domain_stats, vmsg_complete_domain },
	{ "domain monitor", "DOMAIN [count=N]",
	  "Print the heads of messages as they pass, until Ctrl-C.",
	  vmsg_cmd_domain_monitor, vmsg_complete_domain },
	{ "node list", "[--json]", "List the nodes: what sends and receives.",
	  vmsg_cmd_node_list, NULL },
	{ "node stats", "NODE [--json]",
	  "Show a node, what it has sent, and what was refused and why.",
	  vmsg_cmd_node_stats, vmsg_complete_node },
	{ "node names", "NODE [--json]", "List the names that it has announced.",
	  vmsg_cmd_node_names, vmsg_complete_node },
	{ "node create", "NODE DOMAIN [address=N] [announce=NAME]",
	  "Create a node of yours, for messages by hand.",
	  vmsg_cmd_node_create, vmsg_complete_create },
	{ "node destroy", "NODE", "Remove a node of yours.",
	  vmsg_cmd_node_destroy, vmsg_complete_node },
	{ "node send", "NODE ADDRESS:ENDPOINT TEXT",
	  "Send a text from a node of yours.", vmsg_cmd_node_send,
	  vmsg_complete_node },
	{ "node read", "NODE [--json]",
	  "Show what a node of yours has got, and remove it.",
	  vmsg_cmd_node_read, vmsg_complete_node },
	{ "node attach", "NODE DOMAIN", "Let a node talk to those of a domain.",
	  vmsg_cmd_node_attach, vmsg_complete_attach },
	{ "node detach", "NODE", "Take a node out of its domain.",
	  vmsg_cmd_node_detach, vmsg_complete_node },
#ifdef CONFIG_COPROCESSOR
	{ "link list", "[--json]",
	  "List who shares a coprocessor: messages, answers, exits, latency.",
	  vmsg_cmd_link_list, NULL },
	{ "link stats", "NODE [--json]",
	  "Show a coprocessor, and the sums of its links.",
	  vmsg_cmd_link_stats, vmsg_complete_node },
#endif
	{ .name = NULL },
};
/* clang-format on */

static const struct command vmsg_command = {
	.name = "vmsg",
	.summary = "Say which guests may exchange messages; watch them.",
	.usage = "[--json]",
	.examples = "vmsg domain create control\n"
		    "vmsg node attach linux0.rpmsg0 control\n"
		    "vmsg node stats linux0.rpmsg0\n"
		    "vmsg domain monitor control count=10\n"
		    "vmsg node create me control announce=rpmsg-raw\n"
		    "vmsg node send me 1:0x400 hello\n"
		    "vmsg node read me\n",
	.run = vmsg_cmd_node_list,
	.sub = vmsg_subs,
};
COMMAND(vmsg_command);
