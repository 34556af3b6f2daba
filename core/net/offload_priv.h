/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that a sender left to its device: checksums and segmentation (VirtIO
 * 1.2, 5.1.6.2). Checked here, and done here for receivers that do not do it.
 * Pure.
 */
#ifndef CORE_NET_OFFLOAD_PRIV_H
#define CORE_NET_OFFLOAD_PRIV_H

#include <core/netport.h>

/*
 * Headers of a packet that is to be completed must lie within this many bytes.
 */
#define NET_HEADERS_MAX 256
/* Most segments of one packet: 64 KiB at the least MSS that hosts must accept
 * (RFC 879: 536 bytes), rounded up to a power of two. */
#define NET_GSO_SHIFT 7

static inline bool net_offload_any(const struct net_offload *o)
{
	return (o->flags & NET_HDR_NEEDS_CSUM) != 0 ||
	       o->gso_type != NET_HDR_GSO_NONE;
}

/* Are the fields of an offload valid for a frame of `len` bytes whose first
 * `head` bytes are addresses, tag and type? Any context. */
bool net_offload_ok(const struct net_offload *o, uint32_t head, uint32_t len);

/* Can a receiver with these NET_ACCEPT_* bits take the packet as it is? */
static inline bool net_offload_accepted(uint32_t accepts,
					const struct net_offload *o)
{
	static const uint8_t wanted[8] = {
		[NET_HDR_GSO_TCPV4] = NET_ACCEPT_TSO4,
		[NET_HDR_GSO_TCPV6] = NET_ACCEPT_TSO6,
		[NET_HDR_GSO_UDP_L4] = NET_ACCEPT_USO,
	};
	uint32_t want = wanted[o->gso_type & 7];

	if (o->flags & NET_HDR_NEEDS_CSUM) {
		want |= NET_ACCEPT_CSUM;
	}
	if (o->gso_type & NET_HDR_GSO_ECN) {
		want |= NET_ACCEPT_ECN;
	}
	return (want & ~accepts) == 0;
}

/* A lower bound of the length of each segment's frame but the last: options of
 * TCP and IP are not looked at here. */
static inline uint32_t net_offload_segment_len(const struct net_offload *o)
{
	uint32_t l4_size = o->gso_type == NET_HDR_GSO_UDP_L4 ? 8 : 20;

	return (uint32_t)o->csum_start + l4_size + o->gso_size;
}

/*
 * Call `emit` with the completed packet, or with its segments one by one; each
 * is valid during the call. The packet has passed net_offload_ok(). False,
 * without a call, if the headers do not agree with the offload or are too long.
 * Any context.
 */
typedef void (*net_emit_t)(void *ctx, const struct net_packet *pkt);
bool net_offload_complete(const struct net_packet *pkt, net_emit_t emit,
			  void *ctx);

/*
 * The sum for the Internet checksum (RFC 1071) of n bytes from an even offset
 * on, folded to 16 bits, in the byte order of memory; and adding two such sums.
 */
uint16_t net_sum(const void *data, size_t n);
static inline uint16_t net_sum_add(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return (uint16_t)(sum + (sum >> 16));
}

#endif
