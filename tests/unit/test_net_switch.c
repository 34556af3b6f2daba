/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports, hubs and bridges: which ports get a frame, and what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/heap.h>
#include <libs/error.h>

#include "net_fake.h"

#define PORTS 4

static struct fake_port port[PORTS];
static uint8_t frame[2048];

static uint64_t heap_used(void)
{
	struct heap_stats st;

	heap_get_stats(&st);
	return st.bytes_used;
}

static uint64_t used_before;

static int setup_policy(const char *policy)
{
	used_before = heap_used();
	fake_thread();
	assert_int_equal(netswitch_create("lan", policy), 0);
	for (unsigned int i = 0; i < PORTS; i++) {
		char name[] = { 'p', (char)('0' + i), '\0' };

		assert_int_equal(
			fake_port_create(&port[i], name, (uint8_t)(i + 1)), 0);
		assert_int_equal(netport_attach(port[i].port, "lan", false), 0);
		assert_int_equal(port[i].link, 1);
	}
	return 0;
}

static int setup_bridge(void **state)
{
	(void)state;
	return setup_policy("bridge");
}

static int setup_hub(void **state)
{
	(void)state;
	return setup_policy("hub");
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PORTS; i++) {
		fake_port_destroy(&port[i]);
	}
	assert_int_equal(netswitch_destroy("lan"), 0);
	/* Nothing is left behind. */
	assert_int_equal(heap_used(), used_before);
	return 0;
}

/* Send from one port; returns which ports got it, one bit each. */
static unsigned int who_gets(unsigned int from, size_t len)
{
	unsigned int got = 0;

	for (unsigned int i = 0; i < PORTS; i++) {
		fake_forget(&port[i]);
	}
	(void)fake_send(&port[from], frame, len);
	for (unsigned int i = 0; i < PORTS; i++) {
		got |= port[i].count << i;
		/* It is told once, and only if it got something. */
		assert_int_equal(port[i].done, port[i].count != 0);
	}
	return got;
}

static unsigned int send_to(unsigned int from, uint8_t dst)
{
	fake_frame(frame, dst, (uint8_t)(from + 1), 60);
	return who_gets(from, 60);
}

static void test_hub(void **state)
{
	(void)state;
	assert_int_equal(send_to(0, 0xff), 0xe);
	assert_int_equal(send_to(1, 1), 0xd);
	/* Again: a hub learns nothing. */
	assert_int_equal(send_to(0, 2), 0xe);
	assert_int_equal(netswitch_set_ageing("lan", 10), -ERR_NOSUPP);
	assert_int_equal(netswitch_add_static("lan", 2, 1, port[0].port),
			 -ERR_NOSUPP);
}

static void test_learning(void **state)
{
	(void)state;
	/* The address is not known yet, and then known. */
	assert_int_equal(send_to(0, 2), 0xe);
	assert_int_equal(send_to(1, 1), 0x1);
	assert_int_equal(send_to(0, 2), 0x2);
	assert_memory_equal(port[1].got[0].data, frame, 60);
	assert_int_equal(port[1].got[0].len, 60);
	/* Broadcast and group addresses still go to all. */
	assert_int_equal(send_to(0, 0xff), 0xe);
	/* A frame does not go back to its port. */
	assert_int_equal(send_to(0, 1), 0);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_FILTER), 1);
	/* An address moves. */
	fake_frame(frame, 0xff, 2, 60);
	assert_int_equal(who_gets(3, 60), 0x7);
	assert_int_equal(send_to(0, 2), 0x8);
}

static void test_counts(void **state)
{
	struct netport_info info;

	(void)state;
	(void)send_to(1, 0xff);
	(void)send_to(0, 2);
	(void)send_to(0, 2);
	netport_get_info(port[0].port, &info);
	assert_int_equal(info.counts[NETPORT_IN].packets, 2);
	assert_int_equal(info.counts[NETPORT_IN].bytes, 120);
	assert_int_equal(info.counts[NETPORT_OUT].packets, 1);
	netport_get_info(port[1].port, &info);
	assert_int_equal(info.counts[NETPORT_OUT].packets, 2);
	assert_int_equal(info.counts[NETPORT_OUT].bytes, 120);
	/* Copied once for each receiver, and not for one that has no
	 * buffers. */
	fake_frame(frame, 0xff, 1, 60);
	assert_int_equal(fake_send(&port[0], frame, 60), 180);
	port[1].full = true;
	assert_int_equal(fake_send(&port[0], frame, 60), 120);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_NO_BUFFER),
			 1);
}

static void test_ageing(void **state)
{
	struct netswitch_entry e;
	unsigned int at = 0;

	(void)state;
	assert_int_equal(netswitch_set_ageing("lan", 0), -ERR_RANGE);
	assert_int_equal(netswitch_set_ageing("lan", 10), 0);
	(void)send_to(1, 0xff);
	host_advance(9 * HOST_TIMER_HZ);
	assert_int_equal(send_to(0, 2), 0x2);
	assert_true(netswitch_next("lan", &at, &e));
	/* Seen again, so its age begins again. */
	(void)send_to(1, 0xff);
	host_advance(9 * HOST_TIMER_HZ);
	assert_int_equal(send_to(0, 2), 0x2);
	host_advance(3 * HOST_TIMER_HZ);
	assert_int_equal(send_to(0, 2), 0xe);
	host_advance(100 * HOST_TIMER_HZ);
	at = 0;
	assert_false(netswitch_next("lan", &at, &e));
}

static net_mac_t address(uint8_t n)
{
	uint8_t bytes[NET_MAC_LEN] = { 2, 0, 0, 0, 0, n };

	return net_mac(bytes);
}

static void test_static(void **state)
{
	struct netswitch_entry e;
	unsigned int at = 0;

	(void)state;
	assert_int_equal(netswitch_add_static("lan", address(9), 0,
					      port[2].port),
			 -ERR_RANGE);
	assert_int_equal(netswitch_add_static("lan", NET_MAC_BROADCAST, 1,
					      port[2].port),
			 -ERR_RANGE);
	assert_int_equal(
		netswitch_add_static("lan", address(9), 1, port[2].port), 0);
	assert_int_equal(send_to(0, 9), 0x4);
	/* It neither ages nor moves. */
	host_advance(1000 * HOST_TIMER_HZ);
	fake_frame(frame, 0xff, 9, 60);
	(void)who_gets(3, 60);
	assert_int_equal(send_to(0, 9), 0x4);
	while (netswitch_next("lan", &at, &e) && !e.fixed) {}
	assert_true(e.fixed);
	assert_int_equal(e.mac, address(9));
	assert_int_equal(e.port, 2);
	assert_int_equal(netswitch_remove("lan", address(9), 1), 0);
	assert_int_equal(netswitch_remove("lan", address(9), 1), -ERR_NOENT);
	assert_int_equal(send_to(0, 9), 0xe);
}

/* When a port leaves, its learned addresses are removed, and its number may be
 * used again. */
static void test_detach(void **state)
{
	(void)state;
	(void)send_to(1, 0xff);
	assert_int_equal(netport_detach(port[1].port), 0);
	assert_int_equal(port[1].link, 0);
	assert_int_equal(netport_detach(port[1].port), -ERR_STATE);
	assert_int_equal(send_to(0, 2), 0xc);
	/* A detached port sends nothing. */
	assert_int_equal(send_to(1, 0xff), 0);
	assert_int_equal(fake_drops(&port[1], NETPORT_IN, NET_DROP_LINK_DOWN),
			 1);
	assert_int_equal(netport_attach(port[1].port, "wan", false),
			 -ERR_NOENT);
	assert_int_equal(netport_attach(port[1].port, "lan", false), 0);
	assert_int_equal(netport_attach(port[1].port, "lan", false),
			 -ERR_STATE);
	assert_int_equal(send_to(0, 2), 0xe);
}

static void test_link(void **state)
{
	(void)state;
	(void)send_to(1, 0xff);
	netport_set_carrier(port[1].port, false);
	assert_int_equal(send_to(0, 2), 0);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_LINK_DOWN),
			 1);
	assert_int_equal(send_to(1, 0xff), 0);
	netport_set_carrier(port[1].port, true);
	netport_set_down(port[1].port, true);
	assert_int_equal(port[1].link, 0);
	assert_int_equal(send_to(0, 2), 0);
	assert_int_equal(send_to(0, 0xff), 0xc);
	netport_set_down(port[1].port, false);
	assert_int_equal(port[1].link, 1);
	assert_int_equal(send_to(0, 2), 0x2);
}

static void test_queues(void **state)
{
	struct queue_counts c;
	uint64_t sent;

	(void)state;
	assert_int_equal(send_to(0, 2), 0xe);
	sent = netport_bytes_sent(port[0].port);
	assert_true(sent > 0);
	assert_int_equal(netport_bytes_received(port[1].port), sent);
	assert_int_equal(netport_bytes_received(port[0].port), 0);
	assert_true(netport_queue_counts(port[0].port, 1, &c));
	assert_int_equal(c.requests, 1);
	assert_false(netport_queue_counts(port[0].port, 2, &c));
}

static void test_isolated(void **state)
{
	(void)state;
	netport_set_isolated(port[1].port, true);
	netport_set_isolated(port[2].port, true);
	assert_int_equal(send_to(1, 0xff), 0x9);
	assert_int_equal(send_to(0, 0xff), 0xe);
	assert_int_equal(send_to(2, 2), 0);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_ISOLATED),
			 1);
	assert_int_equal(send_to(2, 1), 0x1);
}

static void test_source(void **state)
{
	(void)state;
	netport_set_check_source(port[0].port, true);
	assert_int_equal(send_to(0, 0xff), 0xe);
	fake_frame(frame, 0xff, 3, 60);
	assert_int_equal(who_gets(0, 60), 0);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_SOURCE), 1);
	/* A group address cannot be a source. */
	fake_frame(frame, 0xff, 2, 60);
	frame[6] |= 1;
	assert_int_equal(who_gets(1, 60), 0);
	assert_int_equal(fake_drops(&port[1], NETPORT_IN, NET_DROP_SOURCE), 1);
	fake_frame(frame, 1, 2, 60);
	assert_int_equal(who_gets(1, 60), 1);
	frame[6] |= 1;
	assert_int_equal(who_gets(1, 60), 0);
	assert_int_equal(fake_drops(&port[1], NETPORT_IN, NET_DROP_SOURCE), 2);
}

static unsigned int alone_calls;

static bool alone_receive(struct netport *p, const struct net_packet *pkt,
			  enum net_drop *why)
{
	alone_calls++;
	return fake_receive(p, pkt, why);
}

/* An owner that takes a packet that is alone by one call is told by it; of two
 * it is told after the last. */
static void test_alone(void **state)
{
	static const struct netport_ops ops = {
		.receive = fake_receive,
		.receive_done = fake_done,
		.receive_alone = alone_receive,
	};
	static struct fake_port one;
	struct netport_attr attr = {
		.name = "one",
		.ops = &ops,
		.arg = &one,
		.mac = { 2, 0, 0, 0, 0, 9 },
		.max_len = 1514,
	};
	struct io_segment seg = { .va = frame, .size = 60 };
	struct net_packet two[2] = { { .segs = &seg, .nsegs = 1, .len = 60 },
				     { .segs = &seg, .nsegs = 1, .len = 60 } };
	struct netport_info info;

	(void)state;
	alone_calls = 0;
	assert_int_equal(netport_create(&one.port, &attr), 0);
	assert_int_equal(netport_attach(one.port, "lan", false), 0);
	fake_frame(frame, 0xff, 9, 60);
	(void)fake_send(&one, frame, 60);
	fake_frame(frame, 9, 1, 60);
	assert_int_equal(fake_send(&port[0], frame, 60), 60);
	assert_int_equal(alone_calls, 1);
	assert_int_equal(one.count, 1);
	assert_memory_equal(one.got[0].data, frame, 60);
	assert_int_equal(one.done, 0);
	assert_int_equal(netport_send(port[0].port, two, 2), 120);
	assert_int_equal(alone_calls, 1);
	assert_int_equal(one.count, 3);
	assert_int_equal(one.done, 1);
	one.full = true;
	assert_int_equal(fake_send(&port[0], frame, 60), 0);
	assert_int_equal(alone_calls, 2);
	assert_int_equal(one.done, 1);
	netport_get_info(one.port, &info);
	assert_int_equal(info.counts[NETPORT_OUT].packets, 3);
	assert_int_equal(info.counts[NETPORT_OUT].bytes, 180);
	assert_int_equal(info.counts[NETPORT_OUT].drops[NET_DROP_NO_BUFFER], 1);
	fake_port_destroy(&one);
}

static void test_reserved(void **state)
{
	static const uint8_t stp[6] = { 1, 0x80, 0xc2, 0, 0, 0 };

	(void)state;
	for (uint8_t last = 0; last < 0x20; last++) {
		fake_frame(frame, 0xff, 1, 60);
		memcpy(frame, stp, 6);
		frame[5] = last;
		assert_int_equal(who_gets(0, 60), last < 0x10 ? 0 : 0xe);
	}
}

static void test_malformed(void **state)
{
	static uint8_t big[70000];
	struct io_segment segs[NET_SEGS_MAX + 1];
	struct net_packet pkt = { .segs = segs, .nsegs = NET_SEGS_MAX + 1 };

	(void)state;
	fake_frame(frame, 0xff, 1, 60);
	assert_int_equal(who_gets(0, 13), 0);
	assert_int_equal(who_gets(0, 14), 0xe);
	/* A tag that is cut off. */
	frame[12] = 0x81;
	assert_int_equal(who_gets(0, 17), 0);
	fake_frame(big, 0xff, 1, sizeof(big));
	(void)fake_send(&port[0], big, NET_FRAME_MAX + 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(segs); i++) {
		segs[i] = (struct io_segment){ .va = big + i, .size = 1 };
	}
	pkt.len = NET_SEGS_MAX + 1;
	(void)netport_send(port[0].port, &pkt, 1);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_MALFORMED),
			 4);
	/* The largest number of segments arrives in order. */
	pkt.nsegs = NET_SEGS_MAX;
	pkt.len = NET_SEGS_MAX;
	fake_forget(&port[1]);
	(void)netport_send(port[0].port, &pkt, 1);
	assert_int_equal(port[1].count, 1);
	assert_memory_equal(port[1].got[0].data, big, NET_SEGS_MAX);
	/* Longer than the receivers accept. */
	(void)fake_send(&port[0], big, 1515);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_LENGTH), 1);
}

static uint8_t late_src;

static void change_source(void)
{
	late_src = frame[11];
	frame[11] = 3;
	frame[12] = 0x81;
	frame[13] = 0x00;
}

/* A guest changes its packet after it was checked: the receiver gets what was
 * checked. */
static void test_changed_meanwhile(void **state)
{
	(void)state;
	netport_set_check_source(port[0].port, true);
	fake_frame(frame, 0xff, 1, 60);
	port[1].meanwhile = change_source;
	assert_int_equal(who_gets(0, 60), 0xe);
	assert_int_equal(late_src, 1);
	for (unsigned int i = 1; i < PORTS; i++) {
		assert_int_equal(port[i].got[0].data[11], 1);
		assert_int_equal(port[i].got[0].data[12], 8);
	}
}

static void test_storm(void **state)
{
	(void)state;
	assert_int_equal(netswitch_set_storm("lan", 100), 0);
	(void)send_to(1, 0xff);
	fake_forget(&port[1]);
	fake_frame(frame, 0xff, 1, 60);
	for (unsigned int i = 0; i < 150; i++) {
		(void)fake_send(&port[0], frame, 60);
	}
	assert_int_equal(port[1].count, 100);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_STORM), 50);
	/* Known addresses are not limited; other ports have their own
	 * limits. */
	assert_int_equal(send_to(0, 2), 0x2);
	assert_int_equal(send_to(2, 0xff), 0xb);
	/* After a tenth of a second, a tenth of the rate. */
	host_advance(HOST_TIMER_HZ / 10);
	fake_forget(&port[1]);
	fake_frame(frame, 0xff, 1, 60);
	for (unsigned int i = 0; i < 20; i++) {
		(void)fake_send(&port[0], frame, 60);
	}
	assert_int_equal(port[1].count, 10);
}

static void test_rate(void **state)
{
	struct netport_limit limit = { 1000000, NET_FRAME_MAX };

	(void)state;
	(void)send_to(1, 0xff);
	limit.burst = 1513;
	assert_int_equal(netport_set_limit(port[0].port, NETPORT_IN, &limit),
			 -ERR_RANGE);
	limit.burst = NET_FRAME_MAX;
	assert_int_equal(netport_set_limit(port[0].port, NETPORT_IN, &limit),
			 0);
	fake_forget(&port[1]);
	fake_frame(frame, 2, 1, 1000);
	for (unsigned int i = 0; i < 100; i++) {
		(void)fake_send(&port[0], frame, 1000);
	}
	assert_int_equal(port[1].count, NET_FRAME_MAX / 1000);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_RATE),
			 100 - NET_FRAME_MAX / 1000);
	/* 10 ms: 10,000 bytes more. */
	host_advance(HOST_TIMER_HZ / 100);
	fake_forget(&port[1]);
	for (unsigned int i = 0; i < 100; i++) {
		(void)fake_send(&port[0], frame, 1000);
	}
	assert_int_equal(port[1].count, 10);
	/* The other direction has its own limit. */
	assert_int_equal(netport_set_limit(port[0].port, NETPORT_IN,
					   &(struct netport_limit){ 0 }),
			 0);
	assert_int_equal(netport_set_limit(port[1].port, NETPORT_OUT, &limit),
			 0);
	fake_forget(&port[1]);
	for (unsigned int i = 0; i < 100; i++) {
		(void)fake_send(&port[0], frame, 1000);
	}
	assert_int_equal(port[1].count, NET_FRAME_MAX / 1000);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_RATE),
			 100 - NET_FRAME_MAX / 1000);
}

#define BATCH 10

/*
 * One call with packets that go where the one before went, and others: each is
 * treated as if it came alone.
 */
static void test_batch(void **state)
{
	static uint8_t frames[BATCH][2048];
	static const struct {
		uint8_t dst, src;
		size_t len;
		bool tag, two, arrives;
	} of[BATCH] = {
		{ .dst = 2, .src = 1, .len = 60, .arrives = true },
		{ .dst = 2, .src = 1, .len = 1514, .arrives = true },
		{ .dst = 2, .src = 4, .len = 60 },
		{ .dst = 2, .src = 1, .len = 60, .tag = true },
		{ .dst = 2, .src = 1, .len = 1515 },
		{ .dst = 2, .src = 1, .len = 60, .two = true, .arrives = true },
		{ .dst = 2, .src = 1, .len = 14, .arrives = true },
		{ .dst = 2, .src = 1, .len = 61, .arrives = true },
		{ .dst = 3, .src = 1, .len = 62 }, /* to another port */
		{ .dst = 2, .src = 1, .len = 63, .arrives = true },
	};
	struct io_segment segs[BATCH][2];
	struct net_packet pkts[BATCH];
	struct netport_info info;
	unsigned int n = 0;
	uint64_t bytes = 0;

	(void)state;
	(void)send_to(1, 0xff);
	(void)send_to(2, 0xff);
	netport_set_check_source(port[0].port, true);
	for (unsigned int i = 0; i < BATCH; i++) {
		size_t len = of[i].len;

		fake_frame(frames[i], of[i].dst, of[i].src, len);
		len = of[i].tag ? fake_tag(frames[i], len, 7) : len;
		segs[i][0] =
			(struct io_segment){ .va = frames[i],
					     .size = of[i].two ? 20 : len };
		segs[i][1] = (struct io_segment){ .va = frames[i] + 20,
						  .size = len - 20 };
		pkts[i] = (struct net_packet){ .segs = segs[i],
					       .nsegs = of[i].two ? 2 : 1,
					       .len = (uint32_t)len };
	}
	fake_forget(&port[1]);
	fake_forget(&port[2]);
	(void)netport_send(port[0].port, pkts, BATCH);
	for (unsigned int i = 0; i < BATCH; i++) {
		if (of[i].arrives) {
			assert_true(n < port[1].count);
			assert_int_equal(port[1].got[n].len, of[i].len);
			assert_memory_equal(port[1].got[n].data, frames[i],
					    of[i].len);
			bytes += of[i].len;
			n++;
		}
	}
	assert_int_equal(port[1].count, n);
	assert_int_equal(port[1].done, 1);
	assert_int_equal(port[2].count, 1);
	assert_int_equal(port[2].got[0].len, 62);
	netport_get_info(port[1].port, &info);
	assert_int_equal(info.counts[NETPORT_OUT].packets, n + 1);
	assert_int_equal(info.counts[NETPORT_OUT].bytes, bytes + 60);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_SOURCE), 1);
	assert_int_equal(fake_drops(&port[0], NETPORT_IN, NET_DROP_VLAN), 1);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_LENGTH), 1);
	/* A receiver without buffers. */
	port[1].full = true;
	(void)netport_send(port[0].port, pkts, 2);
	assert_int_equal(fake_drops(&port[1], NETPORT_OUT, NET_DROP_NO_BUFFER),
			 2);
}

/* Limits apply to each packet of a batch, on whichever port they are. */
static void test_batch_limited(void **state)
{
	const struct netport_limit limit = { 1000000, NET_FRAME_MAX };
	const struct netport_limit none = { 0, 0 };
	struct io_segment seg = { .va = frame, .size = 1000 };
	struct net_packet pkts[100];

	(void)state;
	(void)send_to(1, 0xff);
	fake_frame(frame, 2, 1, 1000);
	for (unsigned int i = 0; i < ARRAY_SIZE(pkts); i++) {
		pkts[i] = (struct net_packet){ .segs = &seg,
					       .nsegs = 1,
					       .len = 1000 };
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct netport *p = port[i].port;

		assert_int_equal(netport_set_limit(p,
						   i ? NETPORT_OUT : NETPORT_IN,
						   &limit),
				 0);
		fake_forget(&port[1]);
		(void)netport_send(port[0].port, pkts, ARRAY_SIZE(pkts));
		assert_int_equal(port[1].count, NET_FRAME_MAX / 1000);
		assert_int_equal(netport_set_limit(p,
						   i ? NETPORT_OUT : NETPORT_IN,
						   &none),
				 0);
	}
}

/* A port's invented addresses do not displace another port's. */
static void test_table_full(void **state)
{
	struct netswitch_entry e;
	unsigned int at = 0, of[PORTS] = { 0 };

	(void)state;
	assert_int_equal(netswitch_set_storm("lan", 0), 0);
	(void)send_to(1, 0xff);
	for (unsigned int i = 0; i < 20000; i++) {
		fake_frame(frame, 0xff, 0, 60);
		frame[7] = (uint8_t)(i >> 16);
		frame[8] = (uint8_t)(i >> 8);
		frame[9] = (uint8_t)i;
		(void)fake_send(&port[0], frame, 60);
		frame[10] = 1;
		(void)fake_send(&port[2], frame, 60);
		for (unsigned int p = 0; p < PORTS; p++) {
			fake_forget(&port[p]);
		}
	}
	assert_int_equal(send_to(3, 2), 0x2);
	(void)send_to(3, 0xff);
	assert_int_equal(send_to(1, 4), 0x8);
	while (netswitch_next("lan", &at, &e)) {
		of[e.port]++;
	}
	assert_in_range(of[0], 1, 512);
	assert_in_range(of[2], 1, 512);
	assert_int_equal(of[1], 1);
	assert_int_equal(of[3], 1);
	/* Addresses that are no longer seen make room. */
	host_advance((NETSWITCH_AGEING + 5) * HOST_TIMER_HZ);
	for (unsigned int i = 0; i < 200; i++) {
		fake_frame(frame, 0xff, 0, 60);
		frame[7] = 0xaa;
		frame[8] = (uint8_t)i;
		(void)fake_send(&port[0], frame, 60);
		fake_forget(&port[1]);
		fake_forget(&port[2]);
		fake_forget(&port[3]);
	}
	at = 0;
	of[0] = 0;
	while (netswitch_next("lan", &at, &e)) {
		of[e.port]++;
	}
	assert_in_range(of[0], 190, 200);
}

static void test_names(void **state)
{
	struct fake_port other, third;
	struct netswitch_info info;
	struct netport *p;

	(void)state;
	assert_int_equal(fake_port_create(&other, "p1", 9), -ERR_EXIST);
	assert_int_equal(fake_port_create(&other, "p 1", 9), -ERR_INVAL);
	assert_int_equal(fake_port_create(&other, "", 9), -ERR_INVAL);
	assert_int_equal(netswitch_create("lan", "bridge"), -ERR_EXIST);
	assert_int_equal(netswitch_create("a/b", "bridge"), -ERR_INVAL);
	assert_int_equal(netswitch_create("wan", "router"), -ERR_NOENT);
	assert_int_equal(netswitch_destroy("wan"), -ERR_NOENT);
	/* Cards are numbered. */
	assert_int_equal(fake_port_create(&other, NULL, 9), 0);
	assert_int_equal(fake_port_create(&third, NULL, 10), 0);
	assert_string_equal(netport_name(other.port), "eth0");
	assert_string_equal(netport_name(third.port), "eth1");
	/* A switch that does not exist is created. */
	assert_int_equal(netport_attach(other.port, "wan", true), 0);
	assert_int_equal(netport_attach(third.port, "wan", true), 0);
	assert_true(netswitch_get_info("wan", &info));
	assert_int_equal(info.ports, 2);
	assert_string_equal(info.policy, "bridge");
	/* A switch is destroyed, and its ports remain. */
	assert_int_equal(netswitch_destroy("wan"), 0);
	assert_int_equal(other.link, 0);
	p = netport_get("eth1");
	assert_ptr_equal(p, third.port);
	fake_port_destroy(&third);
	/* A reference still exists, but it cannot be attached any more. */
	assert_int_equal(netport_attach(p, "lan", false), -ERR_STATE);
	netport_put(p);
	assert_null(netport_get("eth1"));
	fake_port_destroy(&other);
}

static void test_many_ports(void **state)
{
	static struct fake_port many[NETSWITCH_PORTS_MAX + 1];

	(void)state;
	for (unsigned int i = 0; i <= NETSWITCH_PORTS_MAX; i++) {
		assert_int_equal(
			fake_port_create(&many[i], NULL, (uint8_t)(i + 20)), 0);
		assert_int_equal(netport_attach(many[i].port, "big", true),
				 i < NETSWITCH_PORTS_MAX ? 0 : -ERR_NOSPC);
	}
	fake_frame(frame, 0xff, 20, 60);
	(void)fake_send(&many[0], frame, 60);
	for (unsigned int i = 1; i < NETSWITCH_PORTS_MAX; i++) {
		assert_int_equal(many[i].count, 1);
	}
	for (unsigned int i = 0; i <= NETSWITCH_PORTS_MAX; i++) {
		fake_port_destroy(&many[i]);
	}
	assert_int_equal(netswitch_destroy("big"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH(kind, test) \
	cmocka_unit_test_setup_teardown(test, setup_##kind, teardown)
		WITH(hub, test_hub),
		WITH(bridge, test_learning),
		WITH(bridge, test_counts),
		WITH(bridge, test_ageing),
		WITH(bridge, test_static),
		WITH(bridge, test_detach),
		WITH(bridge, test_link),
		WITH(hub, test_queues),
		WITH(bridge, test_isolated),
		WITH(bridge, test_source),
		WITH(bridge, test_alone),
		WITH(bridge, test_reserved),
		WITH(bridge, test_malformed),
		WITH(hub, test_changed_meanwhile),
		WITH(bridge, test_storm),
		WITH(bridge, test_rate),
		WITH(bridge, test_batch),
		WITH(bridge, test_batch_limited),
		WITH(bridge, test_table_full),
		WITH(bridge, test_names),
		WITH(bridge, test_many_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
