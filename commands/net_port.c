/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: the ports, and what passed them. */
#include <libs/error.h>
#include <libs/netaddr.h>
#include <stdio.h>
#include <string.h>

#include "net_cmd.h"
#include "queues.h"

/* Write a set of VLANs as a list of ranges, cut to the buffer. */
static void vlan_list(char *buf, size_t size, const uint64_t allowed[64])
{
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned int v = 1; v <= NET_VLAN_MAX; v++) {
		unsigned int first = v;
		int n;

		while (v <= NET_VLAN_MAX && (allowed[v / 64] >> v % 64 & 1)) {
			v++;
		}
		if (v == first) {
			continue;
		}
		n = snprintf(buf + at, size - at,
			     v - first > 1 ? "%s%u-%u" : "%s%u",
			     at > 0 ? "," : "", first, v - 1);
		if (n < 0 || (size_t)n >= size - at) {
			(void)snprintf(buf + (at > 3 ? at - 3 : 0), 4, "...");
			return;
		}
		at += (size_t)n;
	}
}

static uint64_t dropped(const struct netport_info *info)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < NET_DROPS; i++) {
		n += info->counts[NETPORT_IN].drops[i] +
		     info->counts[NETPORT_OUT].drops[i];
	}
	return n;
}

static const char *link_state(const struct netport_info *info)
{
	if (info->set_down) {
		return "off";
	}
	return info->up ? "up" : "down";
}

static void port_row(struct table *t, const struct netport_info *info)
{
	char text[NETADDR_MAC_TEXT];

	table_str(t, info->name);
	table_str(t, info->switch_name[0] != '\0' ? info->switch_name : NULL);
	table_str(t, link_state(info));
	if (info->vlan.trunk) {
		table_str(t, "trunk");
	} else {
		table_fmt(t, "%u", info->vlan.vid);
	}
	table_str(t, netaddr_mac_text(text, info->mac));
	table_u64(t, info->counts[NETPORT_IN].packets);
	table_u64(t, info->counts[NETPORT_OUT].packets);
	table_u64(t, dropped(info));
}

int net_port_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },    { "SWITCH", COL_STR },
		{ "LINK", COL_STR },    { "VLAN", COL_STR },
		{ "ADDRESS", COL_STR }, { "IN", COL_U64 },
		{ "OUT", COL_U64 },     { "DROPPED", COL_U64 },
	};
	struct netport_info info;
	struct netport *p;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		netport_get_info(p, &info);
		netport_put(p);
		port_row(t, &info);
	}
	table_end(t);
	return 0;
}

/* The one port that is named, with a reference. */
static int port_named(struct session *s, int argc, char **argv,
		      struct netport **p)
{
	if (argc != 2) {
		return command_usage(s, "one port is needed");
	}
	*p = net_cmd_port(s, argv[1]);
	return *p != NULL ? 0 : -ERR_NOENT;
}

static int port_argument(struct session *s, int argc, char **argv,
			 struct netport_info *info)
{
	struct netport *p;
	int err = port_named(s, argc, argv, &p);

	if (err == 0) {
		netport_get_info(p, info);
		netport_put(p);
	}
	return err;
}

static void info_limit(struct record *r, const char *title,
		       const struct netport_limit *limit)
{
	if (limit->bytes_per_second == 0) {
		record_str(r, title, "none");
	} else {
		record_fmt(r, title, "%llu bytes/s, burst %llu",
			   (unsigned long long)limit->bytes_per_second,
			   (unsigned long long)limit->burst);
	}
}

static void info_vlan(struct record *r, const struct netport_vlan *vlan)
{
	char list[64];

	if (!vlan->trunk) {
		record_u64(r, "VLAN", COL_U64, vlan->vid);
		return;
	}
	vlan_list(list, sizeof(list), vlan->allowed);
	record_str(r, "Trunk", list);
	if (vlan->vid != 0) {
		record_u64(r, "Native VLAN", COL_U64, vlan->vid);
	} else {
		record_str(r, "Native VLAN", "none");
	}
}

static void info_accepts(struct record *r, uint32_t accepts)
{
	record_fmt(r, "Takes unfinished", "%s%s%s%s%s",
		   accepts & NET_ACCEPT_CSUM ? "checksums" : "nothing",
		   accepts & NET_ACCEPT_TSO4 ? ", TCP/IPv4" : "",
		   accepts & NET_ACCEPT_TSO6 ? ", TCP/IPv6" : "",
		   accepts & NET_ACCEPT_ECN ? ", ECN" : "",
		   accepts & NET_ACCEPT_USO ? ", UDP" : "");
}

int net_port_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	char text[NETADDR_MAC_TEXT];
	struct netport_info info;
	struct record r;
	int err = port_argument(s, argc, argv, &info);

	if (err != 0) {
		return err;
	}
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_str(&r, "Kind", info.uplink ? "card of the host" : "guest");
	record_str(&r, "Switch",
		   info.switch_name[0] != '\0' ? info.switch_name : NULL);
	record_str(&r, "Link", link_state(&info));
	record_str(&r, "Carrier", info.carrier ? "yes" : "no");
	record_str(&r, "Address", netaddr_mac_text(text, info.mac));
	record_u64(&r, "MTU", COL_U64, info.max_len - NET_ETH_LEN);
	info_vlan(&r, &info.vlan);
	record_str(&r, "Isolated", info.isolated ? "yes" : "no");
	record_str(&r, "Source checked", info.check_source ? "yes" : "no");
	info_limit(&r, "Limit in", &info.limit[NETPORT_IN]);
	info_limit(&r, "Limit out", &info.limit[NETPORT_OUT]);
	info_accepts(&r, info.accepts);
	record_end(&r);
	return 0;
}

int net_port_stats(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "COUNT", COL_STR },
		{ "IN", COL_U64 },
		{ "OUT", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	const struct netport_counts *in, *output;
	struct netport_info info;
	struct table *t;
	int err = port_argument(s, argc, argv, &info);

	if (err != 0) {
		return err;
	}
	in = &info.counts[NETPORT_IN];
	output = &info.counts[NETPORT_OUT];
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	table_str(t, "packets");
	table_u64(t, in->packets);
	table_u64(t, output->packets);
	table_str(t, "bytes");
	table_u64(t, in->bytes);
	table_u64(t, output->bytes);
	for (unsigned int i = 0; i < NET_DROPS; i++) {
		table_fmt(t, "dropped: %s", net_drop_name((enum net_drop)i));
		table_u64(t, in->drops[i]);
		table_u64(t, output->drops[i]);
	}
	table_end(t);
	return 0;
}

static bool port_queue(void *port, unsigned int n, struct queue_counts *out)
{
	return netport_queue_counts(port, n, out);
}

int net_port_queues(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct netport *p;
	int err = port_named(s, argc, argv, &p);

	if (err == 0) {
		queue_table(s, json, port_queue, p);
		netport_put(p);
	}
	return err;
}
