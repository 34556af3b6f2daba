/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO network device: finding the flow of a packet, for steering. */
#include <string.h>

#include "net_priv.h"

#define TYPE_IPV4 0x0008 /* as it lies in memory */
#define TYPE_IPV6 0xdd86
#define TYPE_TAG 0x0081
#define PROTO_TCP 6
#define PROTO_UDP 17
/* A tag, the longest IPv4 header, and ports. */
#define FLOW_HEAD (NET_ETH_LEN + NET_TAG_LEN + 60 + 4)

/* 16-bit words are added, so that the sum is the same in both directions. */
static uint32_t flow_add(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (; n >= 2; n -= 2, p += 2) {
		uint16_t v;

		memcpy(&v, p, sizeof(v));
		sum += v;
	}
	return sum;
}

uint32_t net_flow(const struct net_packet *pkt)
{
	uint8_t head[FLOW_HEAD] = { 0 };
	size_t l3 = NET_ETH_LEN, addrs, size, ports;
	uint32_t sum;
	uint8_t proto;
	uint16_t type;

	(void)net_packet_head(pkt, head, sizeof(head));
	memcpy(&type, head + l3 - 2, sizeof(type));
	if (type == TYPE_TAG) {
		l3 += NET_TAG_LEN;
		memcpy(&type, head + l3 - 2, sizeof(type));
	}
	if (type == TYPE_IPV4) {
		addrs = l3 + 12;
		size = 8;
		ports = l3 + (head[l3] & 15U) * 4;
		proto = head[l3 + 9];
	} else if (type == TYPE_IPV6) {
		addrs = l3 + 8;
		size = 32;
		ports = l3 + 40;
		proto = head[l3 + 6];
	} else {
		return 0;
	}
	sum = flow_add(head + addrs, size);
	if (proto == PROTO_TCP || proto == PROTO_UDP) {
		sum += flow_add(head + ports, 4);
	}
	return (sum * UINT32_C(0x9e3779b1)) >> 24;
}
