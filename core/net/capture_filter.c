/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selecting the frames that a capture keeps, and writing the pcap headers. */
#include <string.h>

#include "capture_priv.h"

#define TYPE_CUSTOMER_TAG 0x8100
#define TYPE_SERVICE_TAG 0x88a8
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TAGS_MAX 2 /* most VLAN tags that are skipped */
#define PROTO_TCP 6
#define PROTO_UDP 17
/* Two tags, the longest IPv4 header, and ports. */
#define LOOKED_AT (NET_ETH_LEN + TAGS_MAX * NET_TAG_LEN + 60 + 4)

/* libpcap's file format: nanoseconds, version 2.4, Ethernet. */
#define PCAP_MAGIC 0xa1b23c4dU
#define PCAP_MAJOR 2
#define PCAP_MINOR 4
#define PCAP_ETHERNET 1
#define NS_PER_SECOND UINT64_C(1000000000)

/* The beginning of a frame. */
struct looked_at {
	uint8_t data[LOOKED_AT];
	size_t n;  /* bytes there */
	size_t l3; /* offset of the network layer's header */
	uint16_t type;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void look(struct looked_at *l, const struct net_packet *pkt)
{
	l->n = net_packet_head(pkt, l->data, sizeof(l->data));
	l->l3 = NET_ETH_LEN;
	l->type = l->n < l->l3 ? 0 : get16(l->data + 2 * NET_MAC_LEN);
	for (unsigned int i = 0;
	     i < TAGS_MAX &&
	     (l->type == TYPE_CUSTOMER_TAG || l->type == TYPE_SERVICE_TAG) &&
	     l->n >= l->l3 + NET_TAG_LEN;
	     i++) {
		l->type = get16(l->data + l->l3 + 2);
		l->l3 += NET_TAG_LEN;
	}
}

static bool match_mac(const struct netcapture_filter *f,
		      const struct looked_at *l)
{
	return l->n >= NET_ETH_LEN &&
	       (net_mac(l->data) == f->mac ||
		net_mac(l->data + NET_MAC_LEN) == f->mac);
}

static bool match_ip(const struct netcapture_filter *f,
		     const struct looked_at *l)
{
	size_t size = f->ip6 ? 16 : 4;
	size_t at = l->l3 + (f->ip6 ? 8 : 12);

	return l->type == (f->ip6 ? TYPE_IPV6 : TYPE_IPV4) &&
	       l->n >= at + 2 * size &&
	       (memcmp(l->data + at, f->ip, size) == 0 ||
		memcmp(l->data + at + size, f->ip, size) == 0);
}

/* All fragments but the first, and IPv6 packets with extension headers, match
 * no port. */
static bool match_port(const struct netcapture_filter *f,
		       const struct looked_at *l)
{
	const uint8_t *ip = l->data + l->l3;
	size_t l4;
	uint8_t proto;

	if (l->type == TYPE_IPV4 && l->n >= l->l3 + 20) {
		if (get16(ip + 6) & 0x1fff) {
			return false;
		}
		l4 = l->l3 + (ip[0] & 15U) * 4;
		proto = ip[9];
	} else if (l->type == TYPE_IPV6 && l->n >= l->l3 + 40) {
		l4 = l->l3 + 40;
		proto = ip[6];
	} else {
		return false;
	}
	return (proto == PROTO_TCP || proto == PROTO_UDP) && l->n >= l4 + 4 &&
	       (get16(l->data + l4) == f->port ||
		get16(l->data + l4 + 2) == f->port);
}

bool capture_match(const struct netcapture_filter *f,
		   const struct net_packet *pkt)
{
	struct looked_at l;

	if (!f->has_mac && !f->has_type && !f->has_ip && !f->has_port) {
		return true;
	}
	look(&l, pkt);
	return (!f->has_mac || match_mac(f, &l)) &&
	       (!f->has_type || f->type == l.type) &&
	       (!f->has_ip || match_ip(f, &l)) &&
	       (!f->has_port || match_port(f, &l));
}

static uint8_t *put(uint8_t *to, uint32_t v, size_t n)
{
	memcpy(to, &v, n);
	return to + n;
}

/* The byte order of the magic number is that of the whole file. */
void netcapture_pcap_header(uint8_t buf[PCAP_HEADER_SIZE], uint32_t snap)
{
	buf = put(buf, PCAP_MAGIC, 4);
	buf = put(buf, PCAP_MAJOR, 2);
	buf = put(buf, PCAP_MINOR, 2);
	buf = put(buf, 0, 4); /* UTC */
	buf = put(buf, 0, 4);
	buf = put(buf, snap, 4);
	(void)put(buf, PCAP_ETHERNET, 4);
}

void netcapture_pcap_record(uint8_t buf[PCAP_RECORD_SIZE],
			    const struct netcapture_record *r)
{
	buf = put(buf, (uint32_t)(r->ns / NS_PER_SECOND), 4);
	buf = put(buf, (uint32_t)(r->ns % NS_PER_SECOND), 4);
	buf = put(buf, r->n, 4);
	(void)put(buf, r->len, 4);
}
