/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures: frames that pass a port of a virtual switch, kept for the operator
 * or streamed over a serial port. docs/design/net.md. Thread context.
 */
#ifndef CORE_NETCAPTURE_H
#define CORE_NETCAPTURE_H

#include <core/netswitch.h>
#include <libs/types.h>

struct netcapture;

#define NETCAPTURE_SNAP_MAX 65535
#define NETCAPTURE_SNAP 262 /* default of bytes kept of a frame */
#define NETCAPTURE_SIZE_MIN KIB(4)
#define NETCAPTURE_SIZE_MAX MIB(16)
#define NETCAPTURE_SIZE KIB(256) /* default of bytes kept in all */

/* The frames to be captured: those that match every field that is set. */
struct netcapture_filter {
	bool has_mac, has_type, has_ip, has_port;
	net_mac_t mac; /* source or destination */
	uint16_t type; /* EtherType, behind any tag */
	bool ip6;
	uint8_t ip[16]; /* source or destination; IPv4: the first four */
	uint16_t port;  /* of TCP or UDP, source or destination */
};

struct netcapture_attr {
	uint32_t snap; /* bytes kept of a frame */
	uint64_t size; /* bytes kept in all, rounded up to a power of two */
	struct netcapture_filter filter;
};

/*
 * Start a capture at a port, which can have one; it has the port's name. New
 * frames displace the oldest. -ERR_EXIST; -ERR_RANGE; -ERR_NOMEM. Thread
 * context, as for all functions that follow.
 */
int __must_check netcapture_start(struct netport *p,
				  const struct netcapture_attr *attr);
/* End a capture and delete what was kept. -ERR_NOENT. */
int __must_check netcapture_stop(const char *name);

/* Find a capture by name, or by number n, with a counted reference; NULL if
 * there is none. */
struct netcapture *netcapture_get(const char *name);
struct netcapture *netcapture_get_nth(unsigned int n);
void netcapture_put(struct netcapture *c);

struct netcapture_info {
	const char *name;
	uint32_t snap;
	uint64_t size, used; /* bytes */
	uint64_t frames;     /* that matched */
	uint64_t lost;       /* matching frames that were not kept, or displaced
				before they were read */
	const char *stream;  /* the serial port, or NULL */
};
void netcapture_get_info(struct netcapture *c, struct netcapture_info *out);

/* One frame. */
struct netcapture_record {
	uint64_t ns;  /* since 1970-01-01 */
	uint32_t len; /* bytes it had */
	uint32_t n;   /* bytes kept */
	bool out;     /* it left the switch at the port */
};
/* Take the oldest frame out of the capture; false if there is none. buf has
 * room for `snap` bytes. */
bool netcapture_read(struct netcapture *c, struct netcapture_record *r,
		     uint8_t *buf);

/*
 * From now on stream the capture over the serial port of a device, in the
 * format that tools/socle-capture reads. -ERR_NOENT: no such port; -ERR_BUSY:
 * the port, or the capture, is in use; -ERR_STATE: the capture has ended;
 * -ERR_NOMEM.
 */
int __must_check netcapture_stream(struct netcapture *c, const char *device);

/*
 * A file that tcpdump and Wireshark read is PCAP_HEADER_SIZE bytes and, for
 * each frame, PCAP_RECORD_SIZE bytes and its data (libpcap's file format, with
 * nanoseconds).
 */
#define PCAP_HEADER_SIZE 24
#define PCAP_RECORD_SIZE 16
void netcapture_pcap_header(uint8_t buf[PCAP_HEADER_SIZE], uint32_t snap);
void netcapture_pcap_record(uint8_t buf[PCAP_RECORD_SIZE],
			    const struct netcapture_record *r);

#endif
