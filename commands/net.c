/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: what its parts share, and the table of subcommands. */
#include <core/suggest.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "net_cmd.h"

struct netport *net_cmd_port(struct session *s, const char *name)
{
	struct netport *p = netport_get(name);
	struct suggest near;

	if (p != NULL) {
		return p;
	}
	suggest_begin(&near, name);
	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		suggest_word(&near, netport_name(p));
		netport_put(p);
	}
	if (near.best[0] != '\0') {
		out_error(s, "there is no port '%s'; did you mean '%s'?", name,
			  near.best);
	} else {
		out_error(s,
			  "there is no port '%s'; 'net port list' lists them",
			  name);
	}
	return NULL;
}

int net_cmd_switch_error(struct session *s, const char *name, int err)
{
	struct netswitch_info info;

	if (err == -ERR_NOENT && !netswitch_get_info(name, &info)) {
		out_error(s,
			  "there is no switch '%s'; 'net switch list' lists "
			  "them",
			  name);
	} else if (err == -ERR_NOSUPP && netswitch_get_info(name, &info)) {
		out_error(s, "%s is a %s, which has no table of addresses",
			  name, info.policy);
	}
	return err;
}

int net_cmd_vlan(struct session *s, const char *text, uint16_t *out)
{
	uint64_t v;

	if (parse_u64_max(text, NET_VLAN_MAX, &v) != 0 || v == 0) {
		out_error(s, "'%s' is not a VLAN; they are numbered 1 to %d",
			  text, NET_VLAN_MAX);
		return -ERR_RANGE;
	}
	*out = (uint16_t)v;
	return 0;
}

int net_cmd_switch_on(struct session *s, const char *text, bool *out)
{
	*out = strcmp(text, "on") == 0;
	if (!*out && strcmp(text, "off") != 0) {
		out_error(s, "'%s' is neither on nor off", text);
		return -ERR_INVAL;
	}
	return 0;
}

void net_complete_ports(struct completion_ctx *c)
{
	struct netport *p;

	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		complete_add(c, netport_name(p));
		netport_put(p);
	}
}

void net_complete_switches(struct completion_ctx *c)
{
	struct netswitch_info info;

	for (unsigned int n = 0; netswitch_get_nth(n, &info); n++) {
		complete_add(c, info.name);
	}
}

void net_complete_port(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		net_complete_ports(c);
	}
}

void net_complete_switch(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		net_complete_switches(c);
	}
}

/* clang-format off */
static const struct subcommand net_subs[] = {
	{ "switch list", "[--json]", "List the switches.",
	  net_switch_list, NULL },
	{ "switch info", "SWITCH [--json]", "Show a switch and its ports.",
	  net_switch_info, net_complete_switch },
	{ "switch create", "SWITCH [POLICY]",
	  "Create a switch: a bridge, if no policy is named.",
	  net_switch_create, net_switch_complete_create },
	{ "switch destroy", "SWITCH", "Detach its ports and remove it.",
	  net_switch_destroy, net_complete_switch },
	{ "switch set", "SWITCH ageing|storm NUMBER",
	  "Seconds until an address is forgotten; flooded frames/s (0: any).",
	  net_switch_set, net_switch_complete_set },
	{ "switch worker", "SWITCH [cpus=LIST] [priority=N] [inline=N]",
	  "Set where its thread runs, and how many packets go without it.",
	  net_switch_worker, net_switch_complete_worker },
	{ "switch entries", "SWITCH [--json]",
	  "List the addresses that a bridge has learned or was told.",
	  net_switch_entries, net_complete_switch },
	{ "switch add", "SWITCH MAC PORT [VLAN]",
	  "Fix the port of an address; it neither ages nor moves.",
	  net_switch_add, net_switch_complete_add },
	{ "switch remove", "SWITCH MAC [VLAN]", "Make it forget an address.",
	  net_switch_remove, net_complete_switch },
	{ "port list", "[--json]", "List the ports.", net_port_list, NULL },
	{ "port info", "PORT [--json]", "Show a port and its settings.",
	  net_port_info, net_complete_port },
	{ "port stats", "PORT [--json]",
	  "Count what passed, and what was dropped and why.",
	  net_port_stats, net_complete_port },
	{ "port queues", "PORT [--json]",
	  "Count what passed the queues of the device or card behind it.",
	  net_port_queues, net_complete_port },
	{ "port attach", "PORT SWITCH", "Connect a port to a switch.",
	  net_port_attach, net_port_complete_attach },
	{ "port detach", "PORT", "Disconnect it from its switch.",
	  net_port_detach, net_complete_port },
	{ "port limit", "PORT in|out RATE|none [BURST]",
	  "Limit the bytes a second in one direction.",
	  net_port_limit, net_port_complete_limit },
	{ "port set", "PORT link|vlan|trunk|native|isolated|check-source VALUE",
	  "Set its link (up, down), VLANs or protection.",
	  net_port_set, net_port_complete_set },
	{ "capture list", "[--json]", "List the captures.",
	  net_capture_list, NULL },
	{ "capture start",
	  "PORT [snap=N] [size=N] [mac=A] [ip=A] [port=N] [type=N]",
	  "Keep the matching frames that pass a port.",
	  net_capture_start, net_capture_complete_start },
	{ "capture stop", "PORT", "End a capture and delete what it kept.",
	  net_capture_stop, net_capture_complete },
	{ "capture print", "PORT",
	  "Print and delete what was kept: a pcap file in base64.",
	  net_capture_print, net_capture_complete },
	{ "capture stream", "PORT DEVICE",
	  "Send frames over a serial port, to tools/socle-capture.",
	  net_capture_stream, net_capture_complete_stream },
	{ .name = NULL },
};
/* clang-format on */

static const struct command net_command = {
	.name = "net",
	.summary = "Connect guests and cards by virtual switches; watch them.",
	.usage = "[--json]",
	.examples = "net switch create lan\n"
		    "net port attach eth0 lan\n"
		    "net port set linux0.net0 vlan 10\n"
		    "net port limit linux0.net0 in 10M\n"
		    "net port stats linux0.net0\n"
		    "net capture start linux0.net0 ip=10.0.0.1 port=80\n",
	.run = net_port_list,
	.sub = net_subs,
};
COMMAND(net_command);
