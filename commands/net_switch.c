/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: switches. */
#include <libs/error.h>
#include <libs/netaddr.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "net_cmd.h"
#include "usage.h"

int net_switch_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },   { "POLICY", COL_STR },
		{ "PORTS", COL_U64 },  { "STORM", COL_U64 },
		{ "AGEING", COL_U64 },
	};
	struct netswitch_info info;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; netswitch_get_nth(n, &info); n++) {
		table_str(t, info.name);
		table_str(t, info.policy);
		table_u64(t, info.ports);
		table_u64(t, info.storm);
		if (info.has_table) {
			table_u64(t, info.ageing);
		} else {
			table_none(t);
		}
	}
	table_end(t);
	return 0;
}

/* Find the switch that the only argument names; reports errors. */
static int switch_argument(struct session *s, int argc, char **argv,
			   struct netswitch_info *info)
{
	if (argc != 2) {
		return command_usage(s, "one switch is needed");
	}
	if (!netswitch_get_info(argv[1], info)) {
		return net_cmd_switch_error(s, argv[1], -ERR_NOENT);
	}
	return 0;
}

int net_switch_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct netswitch_info info;
	struct netport_info port;
	char cpus[USAGE_CPUS_TEXT];
	struct netport *p;
	struct record r;
	int err = switch_argument(s, argc, argv, &info);

	if (err != 0) {
		return err;
	}
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_str(&r, "Policy", info.policy);
	record_u64(&r, "Storm limit", COL_U64, info.storm);
	if (info.has_table) {
		record_u64(&r, "Ageing", COL_U64, info.ageing);
	}
	record_str(&r, "Worker CPUs",
		   cpumask_text(cpus, sizeof(cpus), &info.worker.cpus));
	record_u64(&r, "Worker priority", COL_U64, info.worker.priority);
	record_u64(&r, "Inline packets", COL_U64, info.worker.inline_packets);
	record_u64(&r, "By the worker", COL_U64, info.worker_turns);
	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		char title[24];

		netport_get_info(p, &port);
		netport_put(p);
		if (strcmp(port.switch_name, info.name) == 0) {
			(void)snprintf(title, sizeof(title), "Port %u",
				       port.index);
			record_str(&r, title, port.name);
		}
	}
	record_end(&r);
	return 0;
}

int net_switch_create(struct session *s, int argc, char **argv)
{
	const char *policy = argc > 2 ? argv[2] : "bridge";
	int err;

	if (argc < 2 || argc > 3) {
		return command_usage(s, "a name is needed");
	}
	err = netswitch_create(argv[1], policy);
	if (err == -ERR_EXIST) {
		out_error(s, "there is already a switch '%s'", argv[1]);
	} else if (err == -ERR_INVAL) {
		out_error(
			s,
			"'%s' is not a name: letters, digits, '-', '_', '.' and "
			"'@', %d at most",
			argv[1], NETSWITCH_NAME_MAX - 1);
	} else if (err == -ERR_NOENT) {
		const struct netswitch_policy *it;

		out_error(s, "there is no policy '%s'; there are:", policy);
		registry_for_each(netswitch_policy, it) {
			out(s, "  %-8s %s\n", it->name, it->summary);
		}
	} else if (err == -ERR_NOSPC) {
		out_error(s, "there are already %d switches, the maximum",
			  NETSWITCH_MAX);
	}
	return err;
}

int net_switch_destroy(struct session *s, int argc, char **argv)
{
	if (argc != 2) {
		return command_usage(s, "one switch is needed");
	}
	return net_cmd_switch_error(s, argv[1], netswitch_destroy(argv[1]));
}

int net_switch_set(struct session *s, int argc, char **argv)
{
	uint64_t v;
	int err;

	if (argc != 4) {
		return command_usage(
			s, "a switch, a setting and its value are needed");
	}
	if (parse_u64_max(argv[3], UINT32_MAX, &v) != 0) {
		out_error(s, "'%s' is not a number, or too large", argv[3]);
		return -ERR_INVAL;
	}
	if (strcmp(argv[2], "ageing") == 0) {
		err = netswitch_set_ageing(argv[1], (uint32_t)v);
		if (err == -ERR_RANGE) {
			out_error(s, "ageing is 1 to %d seconds",
				  NETSWITCH_AGEING_MAX);
		}
	} else if (strcmp(argv[2], "storm") == 0) {
		err = netswitch_set_storm(argv[1], (uint32_t)v);
	} else {
		return command_usage(s, "there is no such setting");
	}
	return net_cmd_switch_error(s, argv[1], err);
}

/* The name of the port at `index` of a switch; NULL if it has gone. */
static const char *port_name(const char *name, unsigned int index,
			     struct netport_info *info)
{
	struct netport *p;

	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		netport_get_info(p, info);
		netport_put(p);
		if (info->index == index &&
		    strcmp(info->switch_name, name) == 0) {
			return info->name;
		}
	}
	return NULL;
}

int net_switch_entries(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "ADDRESS", COL_STR }, { "VLAN", COL_U64 },
		{ "PORT", COL_STR },    { "STATIC", COL_BOOL },
		{ "IDLE", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct netswitch_info info;
	struct netswitch_entry e;
	struct netport_info port;
	unsigned int at = 0;
	struct table *t;
	int err = switch_argument(s, argc, argv, &info);

	if (err != 0) {
		return err;
	}
	if (!info.has_table) {
		return net_cmd_switch_error(s, argv[1], -ERR_NOSUPP);
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	while (!session_interrupted(s) && netswitch_next(argv[1], &at, &e)) {
		char text[NETADDR_MAC_TEXT];
		uint8_t mac[NET_MAC_LEN];

		net_mac_bytes(e.mac, mac);
		table_str(t, netaddr_mac_text(text, mac));
		table_u64(t, e.vlan);
		table_str(t, port_name(argv[1], e.port, &port));
		table_u64(t, e.fixed);
		table_u64(t, e.idle);
	}
	table_end(t);
	return 0;
}

static int address_argument(struct session *s, const char *text, net_mac_t *out)
{
	uint8_t mac[NET_MAC_LEN];

	if (netaddr_parse_mac(text, mac) != 0) {
		out_error(
			s,
			"'%s' is not an address; one is six pairs of digits, as "
			"02:00:00:00:00:01",
			text);
		return -ERR_INVAL;
	}
	*out = net_mac(mac);
	return 0;
}

int net_switch_add(struct session *s, int argc, char **argv)
{
	uint16_t vlan = NET_VLAN_DEFAULT;
	struct netport *p;
	net_mac_t mac = 0;
	int err;

	if (argc < 4 || argc > 5) {
		return command_usage(s, "a switch, an address and a port are "
					"needed");
	}
	err = address_argument(s, argv[2], &mac);
	if (err == 0 && argc == 5) {
		err = net_cmd_vlan(s, argv[4], &vlan);
	}
	if (err != 0) {
		return err;
	}
	p = net_cmd_port(s, argv[3]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = netswitch_add_static(argv[1], mac, vlan, p);
	netport_put(p);
	if (err == -ERR_RANGE) {
		out_error(s, "%s is a group address, not one device's",
			  argv[2]);
	} else if (err == -ERR_STATE) {
		out_error(s, "port '%s' is not attached to %s", argv[3],
			  argv[1]);
	}
	return net_cmd_switch_error(s, argv[1], err);
}

int net_switch_remove(struct session *s, int argc, char **argv)
{
	uint16_t vlan = NET_VLAN_DEFAULT;
	struct netswitch_info info;
	net_mac_t mac = 0;
	int err;

	if (argc < 3 || argc > 4) {
		return command_usage(s, "a switch and an address are needed");
	}
	err = address_argument(s, argv[2], &mac);
	if (err == 0 && argc == 4) {
		err = net_cmd_vlan(s, argv[3], &vlan);
	}
	if (err != 0) {
		return err;
	}
	err = netswitch_remove(argv[1], mac, vlan);
	if (err == -ERR_NOENT && netswitch_get_info(argv[1], &info)) {
		out_error(s, "%s does not know %s in VLAN %u", argv[1], argv[2],
			  vlan);
	}
	return net_cmd_switch_error(s, argv[1], err);
}

void net_switch_complete_create(struct completion_ctx *c, int argc, char **argv)
{
	const struct netswitch_policy *it;

	(void)argv;
	if (argc == 1) {
		registry_for_each(netswitch_policy, it) {
			complete_add(c, it->name);
		}
	}
}

void net_switch_complete_set(struct completion_ctx *c, int argc, char **argv)
{
	net_complete_switch(c, argc, argv);
	if (argc == 1) {
		complete_add(c, "ageing");
		complete_add(c, "storm");
	}
}

void net_switch_complete_add(struct completion_ctx *c, int argc, char **argv)
{
	net_complete_switch(c, argc, argv);
	if (argc == 2) {
		net_complete_ports(c);
	}
}
