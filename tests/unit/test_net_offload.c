/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums and segmentation in software, checked by a parser that shares no
 * code with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/net/offload_priv.h"
#include "net_fake.h"

#define KEEP 200

/* The packets that were made. */
static uint8_t out[KEEP][2048];
static uint32_t out_len[KEEP];
static unsigned int out_n;

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void keep(void *ctx, const struct net_packet *pkt)
{
	uint32_t at = 0;

	assert_ptr_equal(ctx, out);
	assert_in_range(out_n, 0, KEEP - 1);
	assert_in_range(pkt->nsegs, 1, NET_SEGS_RECEIVE_MAX);
	assert_int_equal(pkt->offload.flags, 0);
	assert_int_equal(pkt->offload.gso_type, 0);
	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		assert_true(at + pkt->segs[i].size <= sizeof(out[0]));
		memcpy(&out[out_n][at], pkt->segs[i].va, pkt->segs[i].size);
		at += (uint32_t)pkt->segs[i].size;
	}
	assert_int_equal(at, pkt->len);
	out_len[out_n++] = at;
}

/* --- a reader: one byte at a time, as RFC 1071 says it ------------------- */

static uint32_t words(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	}
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

struct parsed {
	const uint8_t *ip, *l4, *data;
	unsigned int n, proto, id;
};

/* Parse a packet, which must be complete, with right lengths and checksums. */
static struct parsed parse(const uint8_t *p, uint32_t len)
{
	struct parsed r = { .ip = p + 14 };
	unsigned int type = be16(p + 12), l4_len;
	uint32_t pseudo;

	if (type == 0x8100) {
		type = be16(p + 16);
		r.ip += 4;
	}
	if (type == 0x0800) {
		unsigned int ihl = (r.ip[0] & 15) * 4U;

		assert_int_equal(fold(words(r.ip, ihl)), 0xffff);
		assert_int_equal(r.ip + be16(r.ip + 2) - p, len);
		r.id = be16(r.ip + 4);
		r.l4 = r.ip + ihl;
		r.proto = r.ip[9];
		l4_len = be16(r.ip + 2) - ihl;
		pseudo = words(r.ip + 12, 8);
	} else {
		assert_int_equal(type, 0x86dd);
		r.l4 = r.ip + 40;
		r.proto = r.ip[6];
		l4_len = be16(r.ip + 4);
		assert_int_equal(r.l4 + l4_len - p, len);
		pseudo = words(r.ip + 8, 32);
	}
	assert_int_equal(fold(pseudo + r.proto + l4_len + words(r.l4, l4_len)),
			 0xffff);
	if (r.proto == 17) {
		assert_int_equal(be16(r.l4 + 4), l4_len);
		assert_int_not_equal(be16(r.l4 + 6), 0);
		r.data = r.l4 + 8;
	} else {
		r.data = r.l4 + (r.l4[12] >> 4) * 4;
	}
	r.n = (unsigned int)(p + len - r.data);
	return r;
}

/* --- a writer ------------------------------------------------------------ */

struct shape {
	bool tag, ipv6, udp;
	unsigned int ip_options, tcp_options; /* bytes */
	uint32_t payload;
	uint8_t flags;
};

static uint8_t frame[70000];

static void put(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Make a frame as a driver gives it: the checksum field has the sum of the
 * pseudo header. */
static uint32_t make(const struct shape *s, struct net_offload *o)
{
	unsigned int l3 = s->tag ? 18 : 14, l4, data, l4_len;
	uint8_t *ip = frame + l3, *t;

	for (size_t i = 0; i < sizeof(frame); i++) {
		frame[i] = (uint8_t)rnd();
	}
	frame[0] &= 0xfe;
	frame[6] &= 0xfe;
	if (s->tag) {
		put(frame + 12, 0x8100);
		put(frame + 14, 0x0005);
	}
	put(frame + l3 - 2, s->ipv6 ? 0x86dd : 0x0800);
	l4 = l3 + (s->ipv6 ? 40 : 20 + s->ip_options);
	data = l4 + (s->udp ? 8 : 20 + s->tcp_options);
	l4_len = data - l4 + s->payload;
	t = frame + l4;
	if (s->ipv6) {
		ip[0] = 0x60;
		put(ip + 4, l4_len);
		ip[6] = s->udp ? 17 : 6;
	} else {
		ip[0] = (uint8_t)(0x40 | (20 + s->ip_options) / 4);
		put(ip + 2, l4 - l3 + l4_len);
		put(ip + 6, 0x4000);
		ip[9] = s->udp ? 17 : 6;
		put(ip + 10, 0);
		put(ip + 10, (uint16_t)~fold(words(ip, l4 - l3)));
	}
	if (s->udp) {
		put(t + 4, l4_len);
	} else {
		t[12] = (uint8_t)((20 + s->tcp_options) / 4 << 4);
		t[13] = s->flags;
	}
	*o = (struct net_offload){
		.flags = NET_HDR_NEEDS_CSUM,
		.csum_start = (uint16_t)l4,
		.csum_offset = s->udp ? 6 : 16,
		.hdr_len = (uint16_t)data,
	};
	put(t + o->csum_offset,
	    fold(words(ip + (s->ipv6 ? 8 : 12), s->ipv6 ? 32 : 8) +
		 (s->udp ? 17 : 6) + l4_len));
	return data + s->payload;
}

/* Cut into parts of random sizes. */
static unsigned int cut(struct io_segment *segs, uint32_t len)
{
	unsigned int n = 0;
	uint32_t at = 0;

	while (at < len) {
		uint32_t part = n == NET_SEGS_MAX - 1
					? len - at
					: (uint32_t)(rnd() % (len / 8 + 60));

		part = MIN(part, len - at);
		segs[n++] =
			(struct io_segment){ .va = frame + at, .size = part };
		at += part;
	}
	return n;
}

static bool complete(uint32_t len, const struct net_offload *o)
{
	struct io_segment segs[NET_SEGS_MAX];
	struct net_packet pkt = { .segs = segs, .len = len, .offload = *o };

	pkt.nsegs = cut(segs, len);
	out_n = 0;
	assert_true(net_offload_ok(o, 14, len));
	return net_offload_complete(&pkt, keep, out);
}

/* --- tests --------------------------------------------------------------- */

static void test_sum(void **state)
{
	static uint8_t data[512];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		size_t at = rnd() % 64, n = rnd() % 400;
		uint16_t sum;
		uint8_t bytes[2];

		for (size_t k = 0; k < n; k++) {
			data[at + k] = i % 2 ? 0xff : (uint8_t)rnd();
		}
		sum = net_sum(data + at, n);
		memcpy(bytes, &sum, 2);
		assert_int_equal(be16(bytes), fold(words(data + at, n)));
	}
}

static struct shape any_shape(uint32_t payload)
{
	return (struct shape){
		.tag = rnd() % 2,
		.ipv6 = rnd() % 2,
		.udp = rnd() % 2,
		.ip_options = (unsigned int)(rnd() % 11 * 4),
		.tcp_options = (unsigned int)(rnd() % 11 * 4),
		.payload = payload,
		.flags = (uint8_t)rnd(),
	};
}

static void test_checksum(void **state)
{
	struct net_offload o;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		struct shape s = any_shape((uint32_t)(rnd() % 1400));
		uint32_t len = make(&s, &o);
		struct parsed r;

		assert_true(complete(len, &o));
		assert_int_equal(out_n, 1);
		r = parse(out[0], out_len[0]);
		assert_int_equal(r.n, s.payload);
		assert_memory_equal(r.data, frame + len - s.payload, s.payload);
		/* All except the checksum is unchanged. */
		put(frame + o.csum_start + o.csum_offset,
		    be16(out[0] + o.csum_start + o.csum_offset));
		assert_memory_equal(out[0], frame, len);
	}
}

/* A sum of 0 is sent as all ones (RFC 768). */
static void test_udp_zero(void **state)
{
	struct shape s = { .udp = true, .payload = 2 };
	struct net_offload o;
	uint32_t len;
	unsigned int sum;

	(void)state;
	len = make(&s, &o);
	put(frame + len - 2, 0);
	sum = fold(words(frame + 26, 8) + 17 + 10 + words(frame + 34, 6));
	put(frame + len - 2, 0xffff - sum);
	assert_true(complete(len, &o));
	assert_int_equal(be16(out[0] + 40), 0xffff);
	(void)parse(out[0], out_len[0]);
}

static void check_segments(const struct shape *s, const struct net_offload *o,
			   uint32_t len)
{
	unsigned int n = DIV_ROUND_UP(s->payload, o->gso_size), at = 0;
	struct parsed whole = { .ip = frame + (s->tag ? 18 : 14) };

	assert_int_equal(out_n, n);
	for (unsigned int i = 0; i < n; i++) {
		struct parsed r = parse(out[i], out_len[i]);

		assert_int_equal(r.n, MIN(o->gso_size, s->payload - at));
		assert_memory_equal(r.data, frame + len - s->payload + at, r.n);
		if (!s->ipv6) {
			assert_int_equal(r.id,
					 (be16(whole.ip + 4) + i) & 0xffff);
		}
		if (!s->udp) {
			uint8_t flags = s->flags;

			assert_int_equal(be32(r.l4 + 4),
					 be32(frame + o->csum_start + 4) + at);
			flags &= i + 1 < n ? 0xf6 : 0xff; /* FIN, PSH */
			flags &= i > 0 ? 0x7f : 0xff;     /* CWR */
			assert_int_equal(r.l4[13], flags);
		}
		at += r.n;
	}
	assert_int_equal(at, s->payload);
}

static void test_segments(void **state)
{
	struct net_offload o;

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		struct shape s = any_shape((uint32_t)(1 + rnd() % 60000));
		uint32_t len = make(&s, &o);

		o.gso_size = (uint16_t)(536 + rnd() % 1000);
		o.gso_type = s.udp    ? NET_HDR_GSO_UDP_L4
			     : s.ipv6 ? NET_HDR_GSO_TCPV6
				      : NET_HDR_GSO_TCPV4;
		if (!s.udp && rnd() % 2) {
			o.gso_type |= NET_HDR_GSO_ECN;
		}
		assert_true(complete(len, &o));
		check_segments(&s, &o, len);
	}
}

/* Headers that contradict the offload. */
static void test_refused(void **state)
{
	struct shape s = { .payload = 4000 };
	struct net_offload o, wrong;
	uint32_t len;

	(void)state;
	len = make(&s, &o);
	o.gso_type = NET_HDR_GSO_TCPV4;
	o.gso_size = 1000;
	assert_true(complete(len, &o));
	wrong = o;
	wrong.gso_type = NET_HDR_GSO_TCPV6;
	assert_false(complete(len, &wrong));
	wrong = o;
	wrong.gso_type = NET_HDR_GSO_UDP_L4;
	assert_false(complete(len, &wrong));
	wrong = o;
	wrong.csum_start += 4;
	assert_false(complete(len, &wrong));
	wrong = o;
	wrong.csum_start = 300; /* beyond NET_HEADERS_MAX */
	assert_false(complete(len, &wrong));
	wrong.gso_type = NET_HDR_GSO_NONE;
	assert_false(complete(len, &wrong));
	/* A TCP header that is too short, or longer than the packet. */
	frame[o.csum_start + 12] = 0x40;
	assert_false(complete(len, &o));
	frame[o.csum_start + 12] = 0xf0;
	assert_true(complete(len, &o));
	assert_false(complete(o.csum_start + 30, &o));
	assert_false(complete(o.csum_start + 60, &o));
	assert_true(complete(o.csum_start + 61, &o));
	frame[14] = 0x65;
	assert_false(complete(len, &o));
}

static void test_numbers(void **state)
{
	struct net_offload o = { .flags = NET_HDR_NEEDS_CSUM,
				 .csum_start = 34,
				 .csum_offset = 16 };

	(void)state;
	assert_true(net_offload_ok(&o, 14, 52));
	assert_false(net_offload_ok(&o, 14, 51));
	o.csum_start = 13;
	assert_false(net_offload_ok(&o, 14, 100));
	o.csum_start = 17;
	assert_false(net_offload_ok(&o, 18, 100));
	o.csum_start = 0xffff;
	o.csum_offset = 0xffff;
	assert_false(net_offload_ok(&o, 14, 65562));
	o = (struct net_offload){ .flags = NET_HDR_NEEDS_CSUM,
				  .csum_start = 34,
				  .csum_offset = 16,
				  .gso_size = 100,
				  .gso_type = NET_HDR_GSO_TCPV4 };
	assert_true(net_offload_ok(&o, 14, 34 + 12800));
	/* Too many segments. */
	assert_false(net_offload_ok(&o, 14, 34 + 12801));
	o.gso_size = 0;
	assert_false(net_offload_ok(&o, 14, 1000));
	o.gso_size = 1000;
	o.flags = 0;
	assert_false(net_offload_ok(&o, 14, 1000));
	o.flags = NET_HDR_NEEDS_CSUM;
	for (unsigned int type = 1; type < 256; type++) {
		bool ok = type == 1 || type == 4 || type == 5 || type == 0x81 ||
			  type == 0x84;

		o.gso_type = (uint8_t)type;
		assert_int_equal(net_offload_ok(&o, 14, 1000), ok);
	}
}

/* Each receiver gets the offloads that it accepts, and others complete packets,
 * also when a tag is added or removed. */
static void test_through_a_switch(void **state)
{
	static struct fake_port from, whole, parts, trunk;
	struct netport_vlan vlan = { .trunk = true };
	struct shape s = { .payload = 5000, .flags = 0x18 };
	struct io_segment seg = { .va = frame };
	struct net_packet pkt = { .segs = &seg, .nsegs = 1 };

	(void)state;
	fake_thread();
	assert_int_equal(fake_port_create(&from, "from", 1), 0);
	assert_int_equal(fake_port_create(&whole, "whole", 2), 0);
	assert_int_equal(fake_port_create(&parts, "parts", 3), 0);
	assert_int_equal(fake_port_create(&trunk, "trunk", 4), 0);
	netport_set_accepts(whole.port, NET_ACCEPT_CSUM | NET_ACCEPT_TSO4);
	vlan.allowed[0] = BIT(1);
	assert_int_equal(netport_set_vlan(trunk.port, &vlan), 0);
	assert_int_equal(netport_attach(from.port, "lan", true), 0);
	assert_int_equal(netport_attach(whole.port, "lan", false), 0);
	assert_int_equal(netport_attach(parts.port, "lan", false), 0);
	assert_int_equal(netport_attach(trunk.port, "lan", false), 0);
	pkt.len = make(&s, &pkt.offload);
	pkt.offload.gso_type = NET_HDR_GSO_TCPV4;
	pkt.offload.gso_size = 1460;
	seg.size = pkt.len;
	(void)netport_send(from.port, &pkt, 1);
	assert_int_equal(whole.count, 1);
	assert_int_equal(whole.got[0].len, pkt.len);
	assert_memory_equal(&whole.got[0].offload, &pkt.offload,
			    sizeof(pkt.offload));
	assert_int_equal(parts.count, 4);
	assert_int_equal(parts.done, 1);
	assert_int_equal(trunk.count, 4);
	for (unsigned int i = 0; i < 4; i++) {
		(void)parse(parts.got[i].data, parts.got[i].len);
		assert_int_equal(be16(trunk.got[i].data + 12), 0x8100);
		assert_int_equal(be16(trunk.got[i].data + 14), 1);
		(void)parse(trunk.got[i].data, trunk.got[i].len);
		assert_int_equal(trunk.got[i].len, parts.got[i].len + 4);
	}
	/* Offsets are adjusted for the tag. */
	fake_forget(&trunk);
	netport_set_accepts(trunk.port, NET_ACCEPT_CSUM | NET_ACCEPT_TSO4);
	(void)netport_send(from.port, &pkt, 1);
	assert_int_equal(trunk.count, 1);
	assert_int_equal(trunk.got[0].offload.csum_start,
			 pkt.offload.csum_start + 4);
	/* With TCP options a segment is longer than the receiver accepts,
	 * although the offload does not show it. */
	s.tcp_options = 40;
	pkt.len = make(&s, &pkt.offload);
	pkt.offload.gso_type = NET_HDR_GSO_TCPV4;
	pkt.offload.gso_size = 1460;
	seg.size = pkt.len;
	fake_forget(&parts);
	(void)netport_send(from.port, &pkt, 1);
	assert_int_equal(parts.count, 1);
	assert_int_equal(fake_drops(&parts, NETPORT_OUT, NET_DROP_LENGTH), 3);
	fake_port_destroy(&from);
	fake_port_destroy(&whole);
	fake_port_destroy(&parts);
	fake_port_destroy(&trunk);
	assert_int_equal(netswitch_destroy("lan"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_udp_zero),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_through_a_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
