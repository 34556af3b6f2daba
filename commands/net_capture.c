/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: captures. */
#include <core/device.h>
#include <core/heap.h>
#include <core/netcapture.h>
#include <core/uart.h>
#include <libs/error.h>
#include <libs/netaddr.h>
#include <libs/parse.h>
#include <string.h>

#include "net_cmd.h"

int net_capture_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "PORT", COL_STR },   { "FRAMES", COL_U64 },
		{ "LOST", COL_U64 },   { "USED", COL_SIZE },
		{ "SIZE", COL_SIZE },  { "SNAP", COL_U64 },
		{ "STREAM", COL_STR },
	};
	struct netcapture_info info;
	struct netcapture *c;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (c = netcapture_get_nth(n)) != NULL; n++) {
		netcapture_get_info(c, &info);
		table_str(t, info.name);
		table_u64(t, info.frames);
		table_u64(t, info.lost);
		table_u64(t, info.used);
		table_u64(t, info.size);
		table_u64(t, info.snap);
		table_str(t, info.stream);
		netcapture_put(c);
	}
	table_end(t);
	return 0;
}

static int take_snap(struct netcapture_attr *a, const char *value)
{
	uint64_t v;
	int err = parse_u64_max(value, NETCAPTURE_SNAP_MAX, &v);

	a->snap = err == 0 ? (uint32_t)v : 0;
	return err;
}

static int take_size(struct netcapture_attr *a, const char *value)
{
	return parse_size(value, &a->size);
}

static int take_mac(struct netcapture_attr *a, const char *value)
{
	uint8_t mac[NET_MAC_LEN];
	int err = netaddr_parse_mac(value, mac);

	if (err == 0) {
		a->filter.has_mac = true;
		a->filter.mac = net_mac(mac);
	}
	return err;
}

static int take_ip(struct netcapture_attr *a, const char *value)
{
	a->filter.has_ip = true;
	a->filter.ip6 = strchr(value, ':') != NULL;
	return a->filter.ip6 ? netaddr_parse_ipv6(value, a->filter.ip)
			     : netaddr_parse_ipv4(value, a->filter.ip);
}

static int take_u16(const char *value, bool *has, uint16_t *out)
{
	uint64_t v;
	int err = parse_u64_max(value, UINT16_MAX, &v);

	if (err == 0) {
		*has = true;
		*out = (uint16_t)v;
	}
	return err;
}

static int take_port(struct netcapture_attr *a, const char *value)
{
	return take_u16(value, &a->filter.has_port, &a->filter.port);
}

static int take_type(struct netcapture_attr *a, const char *value)
{
	return take_u16(value, &a->filter.has_type, &a->filter.type);
}

static const struct capture_word {
	const char *name;
	int (*take)(struct netcapture_attr *a, const char *value);
} capture_words[] = {
	{ "snap=", take_snap }, { "size=", take_size }, { "mac=", take_mac },
	{ "ip=", take_ip },     { "port=", take_port }, { "type=", take_type },
};

static int capture_argument(struct session *s, struct netcapture_attr *a,
			    const char *word)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(capture_words); i++) {
		const struct capture_word *w = &capture_words[i];
		size_t n = strlen(w->name);

		if (strncmp(word, w->name, n) == 0) {
			if (w->take(a, word + n) == 0) {
				return 0;
			}
			out_error(s, "'%s' is not a value for %.*s", word + n,
				  (int)n - 1, word);
			return -ERR_INVAL;
		}
	}
	return command_usage(s, "there is no such condition");
}

int net_capture_start(struct session *s, int argc, char **argv)
{
	struct netcapture_attr attr = {
		.snap = NETCAPTURE_SNAP,
		.size = NETCAPTURE_SIZE,
	};
	struct netport *p;
	int err = 0;

	if (argc < 2) {
		return command_usage(s, "a port is needed");
	}
	for (int i = 2; err == 0 && i < argc; i++) {
		err = capture_argument(s, &attr, argv[i]);
	}
	if (err != 0) {
		return err;
	}
	p = net_cmd_port(s, argv[1]);
	if (p == NULL) {
		return -ERR_NOENT;
	}
	err = netcapture_start(p, &attr);
	netport_put(p);
	if (err == -ERR_EXIST) {
		out_error(s,
			  "'%s' is being captured; 'net capture stop %s' "
			  "ends that",
			  argv[1], argv[1]);
	} else if (err == -ERR_RANGE) {
		out_error(
			s,
			"snap is %d to %d bytes, size %llu to %llu and greater "
			"than snap",
			NET_ETH_LEN, NETCAPTURE_SNAP_MAX,
			(unsigned long long)NETCAPTURE_SIZE_MIN,
			(unsigned long long)NETCAPTURE_SIZE_MAX);
	}
	return err;
}

static int capture_none(struct session *s, const char *name)
{
	out_error(s,
		  "'%s' is not being captured; 'net capture list' lists "
		  "those that are",
		  name);
	return -ERR_NOENT;
}

int net_capture_stop(struct session *s, int argc, char **argv)
{
	int err;

	if (argc != 2) {
		return command_usage(s, "one port is needed");
	}
	err = netcapture_stop(argv[1]);
	return err == -ERR_NOENT ? capture_none(s, argv[1]) : err;
}

/* Print what was captured when the command began, at most a ring full: on a
 * busy port it would not end otherwise. */
static void capture_print(struct session *s, struct netcapture *c,
			  uint32_t snap, uint64_t size, uint8_t *buf)
{
	struct out_base64 lines = { .s = s };
	struct netcapture_record r;
	uint8_t head[PCAP_HEADER_SIZE];
	uint64_t printed = 0;

	netcapture_pcap_header(head, snap);
	out_base64_put(&lines, head, sizeof(head));
	while (printed < size && !session_interrupted(s) &&
	       netcapture_read(c, &r, buf)) {
		netcapture_pcap_record(head, &r);
		out_base64_put(&lines, head, PCAP_RECORD_SIZE);
		out_base64_put(&lines, buf, r.n);
		printed += PCAP_RECORD_SIZE + r.n;
	}
	out_base64_end(&lines);
}

int net_capture_print(struct session *s, int argc, char **argv)
{
	struct netcapture_info info;
	struct netcapture *c;
	uint8_t *buf;
	int err = 0;

	if (argc != 2) {
		return command_usage(s, "one port is needed");
	}
	c = netcapture_get(argv[1]);
	if (c == NULL) {
		return capture_none(s, argv[1]);
	}
	netcapture_get_info(c, &info);
	buf = heap_alloc(info.snap);
	if (info.stream != NULL) {
		out_error(s, "its frames are being sent over %s", info.stream);
		err = -ERR_BUSY;
	} else if (buf == NULL) {
		err = -ERR_NOMEM;
	} else {
		capture_print(s, c, info.snap, info.used, buf);
	}
	heap_free(buf);
	netcapture_put(c);
	return err;
}

int net_capture_stream(struct session *s, int argc, char **argv)
{
	struct netcapture *c;
	struct uart *u;
	int err;

	if (argc != 3) {
		return command_usage(s, "a port and a serial port are needed");
	}
	c = netcapture_get(argv[1]);
	if (c == NULL) {
		return capture_none(s, argv[1]);
	}
	err = netcapture_stream(c, argv[2]);
	if (err == -ERR_NOENT) {
		out_error(s,
			  "there is no serial port '%s'; there are:", argv[2]);
		for (unsigned int n = 0; (u = uart_nth(n, -1)) != NULL; n++) {
			out(s, "  %s\n", u->dev->name);
			uart_put(u);
		}
	} else if (err == -ERR_BUSY) {
		out_error(s, "the serial port or the capture is in use; "
			     "'device list' shows by whom");
	}
	netcapture_put(c);
	return err;
}

void net_capture_complete(struct completion_ctx *c, int argc, char **argv)
{
	struct netcapture_info info;
	struct netcapture *it;

	(void)argv;
	for (unsigned int n = 0;
	     argc == 0 && (it = netcapture_get_nth(n)) != NULL; n++) {
		netcapture_get_info(it, &info);
		complete_add(c, info.name);
		netcapture_put(it);
	}
}

void net_capture_complete_start(struct completion_ctx *c, int argc, char **argv)
{
	net_complete_port(c, argc, argv);
	for (unsigned int i = 0; argc > 0 && i < ARRAY_SIZE(capture_words);
	     i++) {
		complete_add(c, capture_words[i].name);
	}
}

void net_capture_complete_stream(struct completion_ctx *c, int argc,
				 char **argv)
{
	struct uart *u;

	net_capture_complete(c, argc, argv);
	for (unsigned int n = 0; argc == 1 && (u = uart_nth(n, -1)) != NULL;
	     n++) {
		complete_add(c, u->dev->name);
		uart_put(u);
	}
}
