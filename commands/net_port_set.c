/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: the settings of ports. */
#include <core/heap.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "net_cmd.h"

int net_port_attach(struct session *s, int argc, char **argv)
{
	struct netport *p;
	int err;

	if (argc != 3) {
		return command_usage(s, "a port and a switch are needed");
	}
	p = net_cmd_port(s, argv[1]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = netport_attach(p, argv[2], false);
	netport_put(p);
	if (err == -ERR_STATE) {
		out_error(s,
			  "'%s' is already attached; 'net port detach' comes "
			  "first",
			  argv[1]);
	} else if (err == -ERR_NOSPC) {
		out_error(s, "%s already has %d ports, the maximum", argv[2],
			  NETSWITCH_PORTS_MAX);
	}
	return net_cmd_switch_error(s, argv[2], err);
}

int net_port_detach(struct session *s, int argc, char **argv)
{
	struct netport *p;
	int err;

	if (argc != 2) {
		return command_usage(s, "one port is needed");
	}
	p = net_cmd_port(s, argv[1]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = netport_detach(p);
	netport_put(p);
	if (err == -ERR_STATE) {
		out_error(s, "'%s' is not attached", argv[1]);
	}
	return err;
}

/* RATE [BURST], or none. Without BURST it is what a tenth of a second may have,
 * and at least one frame. */
static int limit_arguments(struct session *s, int argc, char **argv,
			   struct netport_limit *limit)
{
	*limit = (struct netport_limit){ 0 };
	if (strcmp(argv[3], "none") == 0) {
		return argc == 4 ? 0
				 : command_usage(s,
						 "with none there is no burst");
	}
	if (parse_size(argv[3], &limit->bytes_per_second) != 0 ||
	    limit->bytes_per_second == 0) {
		out_error(s, "'%s' is not a rate; one is 10M, or none",
			  argv[3]);
		return -ERR_INVAL;
	}
	limit->burst =
		MAX(limit->bytes_per_second / 10, (uint64_t)NET_FRAME_MAX);
	if (argc == 5 && parse_size(argv[4], &limit->burst) != 0) {
		out_error(s, "'%s' is not a size; one is 256K", argv[4]);
		return -ERR_INVAL;
	}
	return 0;
}

int net_port_limit(struct session *s, int argc, char **argv)
{
	enum netport_direction dir = NETPORT_IN;
	struct netport_limit limit;
	struct netport *p;
	int err;

	if (argc < 4 || argc > 5) {
		return command_usage(s, "a port, a direction and a rate are "
					"needed");
	}
	if (strcmp(argv[2], "out") == 0) {
		dir = NETPORT_OUT;
	} else if (strcmp(argv[2], "in") != 0) {
		return command_usage(s, "the direction is in or out");
	}
	err = limit_arguments(s, argc, argv, &limit);
	if (err != 0) {
		return err;
	}
	p = net_cmd_port(s, argv[1]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = netport_set_limit(p, dir, &limit);
	netport_put(p);
	if (err == -ERR_RANGE) {
		out_error(s,
			  "a rate is %llu to %llu bytes a second, a burst %d "
			  "bytes or more",
			  (unsigned long long)NET_RATE_MIN,
			  (unsigned long long)NET_RATE_MAX, NET_FRAME_MAX);
	}
	return err;
}

static int set_link(struct session *s, struct netport *p, const char *value)
{
	bool down = strcmp(value, "down") == 0;

	if (!down && strcmp(value, "up") != 0) {
		out_error(s, "a link is up or down");
		return -ERR_INVAL;
	}
	netport_set_down(p, down);
	return 0;
}

static int set_vlan(struct session *s, struct netport *p, const char *value)
{
	struct netport_vlan vlan = { .trunk = false };
	int err = net_cmd_vlan(s, value, &vlan.vid);

	return err != 0 ? err : netport_set_vlan(p, &vlan);
}

/* The native VLAN stays as it is; a port that was an access port has none. */
static int set_trunk(struct session *s, struct netport *p, const char *value)
{
	struct netport_vlan vlan = { .trunk = true };
	struct netport_info info;

	netport_get_info(p, &info);
	vlan.vid = info.vlan.trunk ? info.vlan.vid : 0;
	if (strcmp(value, "all") == 0) {
		memset(vlan.allowed, 0xff, sizeof(vlan.allowed));
		vlan.allowed[0] &= ~BIT(0);
		vlan.allowed[63] &= ~BIT(63);
	} else if (parse_list(value, vlan.allowed, NET_VLAN_MAX + 1) != 0 ||
		   (vlan.allowed[0] & BIT(0)) != 0) {
		out_error(
			s,
			"'%s' is not a list of VLANs; one is 10,20-29, or all",
			value);
		return -ERR_INVAL;
	}
	return netport_set_vlan(p, &vlan);
}

static int set_native(struct session *s, struct netport *p, const char *value)
{
	struct netport_info info;
	int err = 0;

	netport_get_info(p, &info);
	if (!info.vlan.trunk) {
		out_error(s,
			  "'%s' is not a trunk: 'net port set %s trunk' makes "
			  "it one",
			  info.name, info.name);
		return -ERR_STATE;
	}
	if (strcmp(value, "none") == 0) {
		info.vlan.vid = 0;
	} else {
		err = net_cmd_vlan(s, value, &info.vlan.vid);
	}
	return err != 0 ? err : netport_set_vlan(p, &info.vlan);
}

static int set_isolated(struct session *s, struct netport *p, const char *value)
{
	bool on;
	int err = net_cmd_switch_on(s, value, &on);

	if (err == 0) {
		netport_set_isolated(p, on);
	}
	return err;
}

static int set_check_source(struct session *s, struct netport *p,
			    const char *value)
{
	bool on;
	int err = net_cmd_switch_on(s, value, &on);

	if (err == 0) {
		netport_set_check_source(p, on);
	}
	return err;
}

static const struct setting {
	const char *name;
	int (*set)(struct session *s, struct netport *p, const char *value);
	const char *values[3]; /* for completion */
} settings[] = {
	{ "link", set_link, { "up", "down" } },
	{ "vlan", set_vlan, { NULL } },
	{ "trunk", set_trunk, { "all" } },
	{ "native", set_native, { "none" } },
	{ "isolated", set_isolated, { "on", "off" } },
	{ "check-source", set_check_source, { "on", "off" } },
};

static const struct setting *setting_find(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].name, name) == 0) {
			return &settings[i];
		}
	}
	return NULL;
}

int net_port_set(struct session *s, int argc, char **argv)
{
	const struct setting *setting;
	struct netport *p;
	int err;

	if (argc != 4) {
		return command_usage(
			s, "a port, a setting and its value are needed");
	}
	setting = setting_find(argv[2]);
	if (setting == NULL) {
		return command_usage(s, "there is no such setting");
	}
	p = net_cmd_port(s, argv[1]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = setting->set(s, p, argv[3]);
	netport_put(p);
	return err;
}

void net_port_complete_attach(struct completion_ctx *c, int argc, char **argv)
{
	net_complete_port(c, argc, argv);
	if (argc == 1) {
		net_complete_switches(c);
	}
}

void net_port_complete_limit(struct completion_ctx *c, int argc, char **argv)
{
	net_complete_port(c, argc, argv);
	if (argc == 1) {
		complete_add(c, "in");
		complete_add(c, "out");
	} else if (argc == 2) {
		complete_add(c, "none");
	}
}

void net_port_complete_set(struct completion_ctx *c, int argc, char **argv)
{
	const struct setting *setting;

	net_complete_port(c, argc, argv);
	for (unsigned int i = 0; argc == 1 && i < ARRAY_SIZE(settings); i++) {
		complete_add(c, settings[i].name);
	}
	setting = argc == 2 ? setting_find(argv[1]) : NULL;
	for (unsigned int i = 0; setting != NULL && setting->values[i] != NULL;
	     i++) {
		complete_add(c, setting->values[i]);
	}
}
