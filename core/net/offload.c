/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums and segmentation in software. The headers are copied and the copy
 * is checked; the payload is summed and passed on in place. A sender that
 * changes it meanwhile only spoils its own checksum.
 */
#include <string.h>

#include "offload_priv.h"

#define ETH_TYPE 12
#define TYPE_TAG 0x8100
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd

/* Offsets: RFC 791, 8200, 9293, 768. */
#define IPV4_SIZE 20
#define IPV4_LENGTH 2
#define IPV4_ID 4
#define IPV4_SUM 10
#define IPV4_ADDRS 12
#define IPV6_SIZE 40
#define IPV6_LENGTH 4
#define IPV6_ADDRS 8
#define TCP_SIZE 20
#define TCP_SEQ 4
#define TCP_DATA 12
#define TCP_FLAGS 13
#define TCP_SUM 16
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80
#define UDP_SIZE 8
#define UDP_LENGTH 4
#define UDP_SUM 6
#define PROTO_TCP 6
#define PROTO_UDP 17

/* A position in a packet's data. */
struct cursor {
	const struct io_segment *seg, *end;
	size_t off; /* in *seg */
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Sums are kept in the byte order of memory: on a little-endian CPU, with the
 * bytes exchanged. */
static uint16_t sum_of(uint16_t value)
{
	uint8_t bytes[2];

	put16(bytes, value);
	return net_sum(bytes, sizeof(bytes));
}

static void put_sum(uint8_t *p, uint16_t sum, bool udp)
{
	uint16_t v = (uint16_t)~sum;

	/* RFC 768: 0 would mean that there is no checksum. */
	if (udp && v == 0) {
		v = UINT16_MAX;
	}
	memcpy(p, &v, sizeof(v));
}

bool net_offload_ok(const struct net_offload *o, uint32_t head, uint32_t len)
{
	uint8_t type = o->gso_type & (uint8_t)~NET_HDR_GSO_ECN;
	uint32_t end = (uint32_t)o->csum_start + o->csum_offset + 2;

	if ((o->flags & NET_HDR_NEEDS_CSUM) &&
	    (o->csum_start < head || end > len)) {
		return false;
	}
	if (o->gso_type == NET_HDR_GSO_NONE) {
		return true;
	}
	/* 5.1.6.2: segmentation requires a checksum. */
	return (o->flags & NET_HDR_NEEDS_CSUM) && o->gso_size != 0 &&
	       (type == NET_HDR_GSO_TCPV4 || type == NET_HDR_GSO_TCPV6 ||
		o->gso_type == NET_HDR_GSO_UDP_L4) &&
	       len - o->csum_start <= (uint32_t)o->gso_size << NET_GSO_SHIFT;
}

static struct cursor cursor_begin(const struct net_packet *pkt)
{
	return (struct cursor){ pkt->segs, pkt->segs + pkt->nsegs, 0 };
}

/* Take up to n contiguous bytes and move past them; 0 at the end. */
static size_t cursor_take(struct cursor *c, size_t n, uint8_t **at)
{
	size_t here;

	while (c->seg < c->end && c->off == c->seg->size) {
		c->seg++;
		c->off = 0;
	}
	if (c->seg == c->end) {
		return 0;
	}
	here = MIN(n, c->seg->size - c->off);
	*at = (uint8_t *)c->seg->va + c->off;
	c->off += here;
	return here;
}

/* Copy n bytes, which the packet has. */
static void cursor_copy(struct cursor *c, uint8_t *to, size_t n)
{
	uint8_t *at;

	for (size_t part; n > 0; n -= part, to += part) {
		part = cursor_take(c, n, &at);
		if (part == 0) {
			memset(to, 0, n);
			return;
		}
		memcpy(to, at, part);
	}
}

/*
 * Append the next n bytes to `segs` as segments, and add them, from an even
 * offset on, to *sum. Returns the number of segments.
 */
static unsigned int cursor_slice(struct cursor *c, size_t n,
				 struct io_segment *segs, uint16_t *sum)
{
	unsigned int count = 0;
	bool odd = false;
	uint8_t *at;

	for (size_t part; n > 0; n -= part) {
		uint16_t piece;

		part = cursor_take(c, n, &at);
		if (part == 0) {
			break;
		}
		piece = net_sum(at, part);
		*sum = net_sum_add(*sum,
				   odd ? __builtin_bswap16(piece) : piece);
		odd ^= part & 1;
		segs[count++] = (struct io_segment){ .va = at, .size = part };
	}
	return count;
}

/* Only a checksum, no segmentation: the sum begins within the headers. */
static bool complete_checksum(const struct net_packet *pkt, net_emit_t emit,
			      void *ctx)
{
	const struct net_offload *o = &pkt->offload;
	size_t field = (size_t)o->csum_start + o->csum_offset;
	/* The rest is summed from an even offset on. */
	size_t copied = o->csum_start + ALIGN_UP((size_t)o->csum_offset + 2, 2);
	struct io_segment segs[NET_SEGS_RECEIVE_MAX];
	uint8_t head[NET_HEADERS_MAX] __aligned(8);
	struct net_packet out = { .segs = segs, .len = pkt->len };
	struct cursor c = cursor_begin(pkt);
	uint16_t sum;

	copied = MIN(copied, pkt->len);
	if (copied > sizeof(head)) {
		return false;
	}
	cursor_copy(&c, head, copied);
	segs[0] = (struct io_segment){ .va = head, .size = copied };
	/* The field holds the sum of the pseudo header (5.1.6.2). */
	sum = net_sum(head + o->csum_start, copied - o->csum_start);
	out.nsegs = 1 + cursor_slice(&c, pkt->len - copied, segs + 1, &sum);
	put_sum(head + field, sum, o->csum_offset == UDP_SUM);
	emit(ctx, &out);
	return true;
}

/* A packet that is cut into segments. */
struct gso {
	uint8_t head[NET_HEADERS_MAX] __aligned(
		8); /* headers of the whole packet */
	uint32_t l3, l4,
		size;     /* offsets of the headers; bytes of all of them */
	uint32_t payload; /* bytes after the headers */
	uint16_t pseudo;  /* sum of addresses and protocol */
	bool ipv4, udp;
};

static bool gso_read_ipv4(struct gso *g, size_t copied)
{
	const uint8_t *ip = g->head + g->l3;
	uint8_t proto = g->udp ? PROTO_UDP : PROTO_TCP;

	return g->l4 >= g->l3 + IPV4_SIZE && copied >= g->l4 &&
	       ip[0] >> 4 == 4 && (ip[0] & 15U) * 4 == g->l4 - g->l3 &&
	       ip[9] == proto;
}

/* There may be extension headers. */
static bool gso_read_ipv6(struct gso *g, size_t copied)
{
	return g->l4 >= g->l3 + IPV6_SIZE && copied >= g->l4 &&
	       g->head[g->l3] >> 4 == 6;
}

/* Read the headers of a packet, of which the first `copied` bytes are at hand.
 * False if they do not agree with its offload. */
static bool gso_read(struct gso *g, const struct net_packet *pkt, size_t copied)
{
	const struct net_offload *o = &pkt->offload;
	uint8_t type = o->gso_type & (uint8_t)~NET_HDR_GSO_ECN;
	uint16_t ethertype;
	uint32_t addrs, l4_size = UDP_SIZE;

	if (copied < NET_ETH_LEN + NET_TAG_LEN) {
		return false;
	}
	g->l3 = NET_ETH_LEN;
	ethertype = get16(g->head + ETH_TYPE);
	if (ethertype == TYPE_TAG) {
		g->l3 += NET_TAG_LEN;
		ethertype = get16(g->head + ETH_TYPE + NET_TAG_LEN);
	}
	g->l4 = o->csum_start;
	g->udp = type == NET_HDR_GSO_UDP_L4;
	g->ipv4 = ethertype == TYPE_IPV4 && type != NET_HDR_GSO_TCPV6;
	if (g->ipv4 ? !gso_read_ipv4(g, copied)
		    : ethertype != TYPE_IPV6 || type == NET_HDR_GSO_TCPV4 ||
			      !gso_read_ipv6(g, copied)) {
		return false;
	}
	if (!g->udp) {
		if (copied < g->l4 + TCP_SIZE) {
			return false;
		}
		l4_size = (uint32_t)(g->head[g->l4 + TCP_DATA] >> 4) * 4;
	}
	g->size = g->l4 + l4_size;
	if ((!g->udp && l4_size < TCP_SIZE) || g->size > copied ||
	    g->size >= pkt->len) {
		return false;
	}
	g->payload = pkt->len - g->size;
	addrs = g->l3 + (g->ipv4 ? IPV4_ADDRS : IPV6_ADDRS);
	g->pseudo = net_sum_add(net_sum(g->head + addrs, g->ipv4 ? 8 : 32),
				sum_of(g->udp ? PROTO_UDP : PROTO_TCP));
	return true;
}

/* Write the headers of segment number `i`, with n bytes of payload from `off`
 * on, to `head`; without the checksum of TCP or UDP. */
static void gso_head(const struct gso *g, uint8_t *head, uint32_t i,
		     uint32_t off, uint32_t n)
{
	uint8_t *ip = head + g->l3, *l4 = head + g->l4;

	memcpy(head, g->head, g->size);
	if (g->ipv4) {
		put16(ip + IPV4_LENGTH, g->size - g->l3 + n);
		put16(ip + IPV4_ID, get16(ip + IPV4_ID) + i);
		put16(ip + IPV4_SUM, 0);
		put_sum(ip + IPV4_SUM, net_sum(ip, g->l4 - g->l3), false);
	} else {
		put16(ip + IPV6_LENGTH, g->size - g->l3 - IPV6_SIZE + n);
	}
	if (g->udp) {
		put16(l4 + UDP_LENGTH, UDP_SIZE + n);
		put16(l4 + UDP_SUM, 0);
		return;
	}
	put32(l4 + TCP_SEQ, get32(l4 + TCP_SEQ) + off);
	if (off + n < g->payload) {
		l4[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	}
	if (i > 0) {
		/* RFC 3168, 6.1.2: only the first segment carries it. */
		l4[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	}
	put16(l4 + TCP_SUM, 0);
}

static bool complete_segments(const struct net_packet *pkt, net_emit_t emit,
			      void *ctx)
{
	struct io_segment segs[NET_SEGS_RECEIVE_MAX];
	uint8_t head[NET_HEADERS_MAX] __aligned(8);
	uint32_t mss = pkt->offload.gso_size;
	struct cursor c = cursor_begin(pkt);
	struct gso g;
	size_t copied = MIN(sizeof(g.head), pkt->len);

	cursor_copy(&c, g.head, copied);
	if (!gso_read(&g, pkt, copied)) {
		return false;
	}
	c = cursor_begin(pkt);
	cursor_copy(&c, head, g.size);
	for (uint32_t i = 0, off = 0, n; off < g.payload; i++, off += n) {
		struct net_packet out = { .segs = segs };
		uint32_t l4_size = g.size - g.l4;
		uint16_t sum = g.pseudo, data = 0;

		n = MIN(mss, g.payload - off);
		gso_head(&g, head, i, off, n);
		segs[0] = (struct io_segment){ .va = head, .size = g.size };
		out.nsegs = 1 + cursor_slice(&c, n, segs + 1, &data);
		out.len = g.size + n;
		sum = net_sum_add(sum, sum_of((uint16_t)(l4_size + n)));
		sum = net_sum_add(sum, net_sum(head + g.l4, l4_size));
		sum = net_sum_add(sum, data);
		put_sum(head + g.l4 + (g.udp ? UDP_SUM : TCP_SUM), sum, g.udp);
		emit(ctx, &out);
	}
	return true;
}

bool net_offload_complete(const struct net_packet *pkt, net_emit_t emit,
			  void *ctx)
{
	if (pkt->offload.gso_type == NET_HDR_GSO_NONE) {
		return complete_checksum(pkt, emit, ctx);
	}
	return complete_segments(pkt, emit, ctx);
}
