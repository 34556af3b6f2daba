/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures: which frames are kept, what is lost, and the file format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/netcapture.h>
#include <libs/error.h>
#include <libs/netaddr.h>

#include "net_fake.h"

static struct fake_port a, b;
static uint8_t frame[2048], kept[NETCAPTURE_SNAP_MAX];

static int setup(void **state)
{
	(void)state;
	fake_thread();
	assert_int_equal(fake_port_create(&a, "a", 1), 0);
	assert_int_equal(fake_port_create(&b, "b", 2), 0);
	assert_int_equal(netport_attach(a.port, "lan", true), 0);
	assert_int_equal(netport_attach(b.port, "lan", true), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)!netcapture_stop("a");
	(void)!netcapture_stop("b");
	fake_port_destroy(&a);
	fake_port_destroy(&b);
	return netswitch_destroy("lan");
}

static struct netcapture_attr attr_of(uint32_t snap, uint64_t size)
{
	return (struct netcapture_attr){ .snap = snap, .size = size };
}

static void begin(const struct netcapture_attr *attr)
{
	assert_int_equal(netcapture_start(a.port, attr), 0);
}

static void test_both_ways(void **state)
{
	struct netcapture_attr attr = attr_of(NETCAPTURE_SNAP_MAX, MIB(1));
	struct netcapture_record r;
	struct netcapture *c;

	(void)state;
	begin(&attr);
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_EXIST);
	fake_frame(frame, 2, 1, 100);
	(void)fake_send(&a, frame, 100);
	frame[20] ^= 1;
	(void)fake_send(&a, frame, 100);
	fake_frame(frame, 1, 2, 1514);
	(void)fake_send(&b, frame, 1514);
	c = netcapture_get("a");
	assert_non_null(c);
	assert_true(netcapture_read(c, &r, kept));
	assert_int_equal(r.len, 100);
	assert_int_equal(r.n, 100);
	assert_false(r.out);
	assert_true(netcapture_read(c, &r, kept));
	assert_false(r.out);
	assert_true(netcapture_read(c, &r, kept));
	assert_true(r.out);
	assert_int_equal(r.n, 1514);
	assert_memory_equal(kept, frame, 1514);
	assert_false(netcapture_read(c, &r, kept));
	/* After it is stopped it exists for holders of a reference. */
	assert_int_equal(netcapture_stop("a"), 0);
	assert_int_equal(netcapture_stop("a"), -ERR_NOENT);
	(void)fake_send(&b, frame, 1514);
	assert_false(netcapture_read(c, &r, kept));
	assert_int_equal(netcapture_stream(c, "nowhere"), -ERR_STATE);
	netcapture_put(c);
	assert_null(netcapture_get("a"));
}

/* All packets of a batch, in captures on both sides. */
static void test_batch(void **state)
{
	struct netcapture_attr attr = attr_of(NETCAPTURE_SNAP_MAX, MIB(1));
	struct io_segment seg = { .va = frame, .size = 100 };
	struct net_packet pkts[3];

	(void)state;
	fake_frame(frame, 0xff, 2, 100);
	(void)fake_send(&b, frame, 100);
	fake_frame(frame, 2, 1, 100);
	for (unsigned int i = 0; i < ARRAY_SIZE(pkts); i++) {
		pkts[i] = (struct net_packet){ .segs = &seg,
					       .nsegs = 1,
					       .len = 100 };
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct netcapture_record r;
		struct netcapture *c;

		assert_int_equal(netcapture_start(i ? b.port : a.port, &attr),
				 0);
		(void)netport_send(a.port, pkts, ARRAY_SIZE(pkts));
		c = netcapture_get(i ? "b" : "a");
		for (unsigned int n = 0; n < ARRAY_SIZE(pkts); n++) {
			assert_true(netcapture_read(c, &r, kept));
			assert_int_equal(r.out, i);
		}
		assert_false(netcapture_read(c, &r, kept));
		netcapture_put(c);
		assert_int_equal(netcapture_stop(i ? "b" : "a"), 0);
	}
}

static void test_limits(void **state)
{
	struct netcapture_attr attr = attr_of(13, MIB(1));

	(void)state;
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_RANGE);
	attr = attr_of(NETCAPTURE_SNAP_MAX + 1, MIB(1));
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_RANGE);
	attr = attr_of(100, NETCAPTURE_SIZE_MIN - 1);
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_RANGE);
	attr = attr_of(100, NETCAPTURE_SIZE_MAX + 1);
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_RANGE);
	attr = attr_of(8192, 4096);
	assert_int_equal(netcapture_start(a.port, &attr), -ERR_RANGE);
}

/* The newest frames are kept, cut to the snap length. */
static void test_ring(void **state)
{
	struct netcapture_attr attr = attr_of(100, 4096);
	struct netcapture_record r;
	struct netcapture_info info;
	struct netcapture *c;
	unsigned int n = 0, first = 0;

	(void)state;
	begin(&attr);
	assert_int_equal(netswitch_set_storm("lan", 0), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		size_t len = 60 + i % 150;

		fake_frame(frame, 0xff, 1, len);
		frame[20] = (uint8_t)i;
		frame[21] = (uint8_t)(i >> 8);
		(void)fake_send(&a, frame, len);
		fake_forget(&b);
	}
	c = netcapture_get("a");
	netcapture_get_info(c, &info);
	assert_int_equal(info.frames, 1000);
	while (netcapture_read(c, &r, kept)) {
		unsigned int i = kept[20] | (unsigned int)kept[21] << 8;

		first = n == 0 ? i : first;
		assert_int_equal(i, first + n);
		assert_int_equal(r.len, 60 + i % 150);
		assert_int_equal(r.n, MIN(r.len, 100));
		n++;
	}
	assert_int_equal(first + n, 1000);
	assert_int_equal(info.lost, first);
	assert_in_range(n, 30, 50);
	netcapture_put(c);
}

/* Which of some frames a filter keeps, one bit each. */
static unsigned int matches(const struct netcapture_filter *f)
{
	struct netcapture_attr attr = attr_of(200, 65536);
	struct netcapture_record r;
	unsigned int got = 0;
	struct netcapture *c;

	attr.filter = *f;
	begin(&attr);
	for (unsigned int i = 0; i < 7; i++) {
		size_t len = 100;

		fake_frame(frame, 0xff, 1, len);
		memset(frame + 14, 0, 60);
		frame[14] = 0x45;
		frame[23] = i == 3 ? 1 : 17; /* ICMP; UDP */
		memcpy(frame + 26, "\x0a\0\0\1\x0a\0\0\2", 8);
		memcpy(frame + 34, "\x30\x39\0\x35", 4); /* 12345, 53 */
		if (i == 1) {                            /* options */
			memmove(frame + 38, frame + 34, 4);
			frame[14] = 0x46;
		} else if (i == 2) {
			len = fake_tag(frame, len, 1);
			frame[14] = frame[15] = 0;
		} else if (i == 4) { /* IPv6, TCP */
			frame[12] = 0x86;
			frame[13] = 0xdd;
			memset(frame + 14, 0, 60);
			frame[14] = 0x60;
			frame[20] = 6;
			frame[22] = 0xfe;
			frame[23] = 0x80;
			frame[37] = 9;
			frame[57] = 53;
		} else if (i == 5) { /* a fragment */
			frame[21] = 10;
		} else if (i == 6) {
			frame[6 + 5] = 7; /* another source */
			frame[13] = 6;    /* ARP */
		}
		frame[len - 1] = (uint8_t)i;
		(void)fake_send(&a, frame, len);
	}
	c = netcapture_get("a");
	while (netcapture_read(c, &r, kept)) {
		got |= 1U << kept[r.n - 1];
	}
	netcapture_put(c);
	assert_int_equal(netcapture_stop("a"), 0);
	return got;
}

static void test_filters(void **state)
{
	struct netcapture_filter f = { .has_mac = false };

	(void)state;
	assert_int_equal(matches(&f), 0x7f);
	f = (struct netcapture_filter){ .has_port = true, .port = 53 };
	assert_int_equal(matches(&f), 0x17);
	f.port = 12345;
	assert_int_equal(matches(&f), 0x07);
	f.port = 1;
	assert_int_equal(matches(&f), 0);
	f = (struct netcapture_filter){ .has_ip = true };
	assert_int_equal(netaddr_parse_ipv4("10.0.0.2", f.ip), 0);
	assert_int_equal(matches(&f), 0x2f);
	f.has_port = true;
	f.port = 53;
	assert_int_equal(matches(&f), 0x07);
	f = (struct netcapture_filter){ .has_ip = true, .ip6 = true };
	assert_int_equal(netaddr_parse_ipv6("fe80::9", f.ip), 0);
	assert_int_equal(matches(&f), 0x10);
	f = (struct netcapture_filter){ .has_type = true, .type = 0x806 };
	assert_int_equal(matches(&f), 0x40);
	f = (struct netcapture_filter){ .has_mac = true };
	f.mac = net_mac((const uint8_t *)"\2\0\0\0\0\7");
	assert_int_equal(matches(&f), 0x40);
}

static void test_file(void **state)
{
	/* tcpdump's and Wireshark's documentation of the format. */
	static const uint8_t header[PCAP_HEADER_SIZE] = {
		0x4d, 0x3c, 0xb2, 0xa1, 2,  0, 4, 0, 0, 0, 0, 0,
		0,    0,    0,    0,    96, 0, 0, 0, 1, 0, 0, 0,
	};
	static const uint8_t record[PCAP_RECORD_SIZE] = {
		2, 0, 0, 0, 3, 0, 0, 0, 60, 0, 0, 0, 0xea, 5, 0, 0,
	};
	struct netcapture_record r = { .ns = 2000000003, .len = 1514, .n = 60 };
	uint8_t buf[PCAP_HEADER_SIZE];

	(void)state;
	netcapture_pcap_header(buf, 96);
	assert_memory_equal(buf, header, sizeof(header));
	netcapture_pcap_record(buf, &r);
	assert_memory_equal(buf, record, sizeof(record));
}

/* The port is removed while it is captured; captured frames stay. */
static void test_port_goes(void **state)
{
	struct netcapture_attr attr = attr_of(100, 4096);
	struct netcapture_record r;
	struct netcapture *c;

	(void)state;
	begin(&attr);
	fake_frame(frame, 0xff, 1, 60);
	(void)fake_send(&a, frame, 60);
	fake_port_destroy(&a);
	c = netcapture_get("a");
	assert_true(netcapture_read(c, &r, kept));
	netcapture_put(c);
	assert_int_equal(netcapture_stop("a"), 0);
	assert_int_equal(fake_port_create(&a, "a", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH(test_both_ways), WITH(test_batch),   WITH(test_limits),
		WITH(test_ring),      WITH(test_filters), WITH(test_file),
		WITH(test_port_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
