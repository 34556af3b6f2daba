/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VirtIO network device, driven over virtio-mmio. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/net.c"
#include "emulators/virtio/net_control.c"
#include "emulators/virtio/net_data.c"
#include "emulators/virtio/net_steer.c"
#include "tests/unit/virtio_mmio_driver.h"

#define HDR 12
#define QUEUES FAKE_RAM_BASE
#define RX_DATA (FAKE_RAM_BASE + 0x18000)
#define TX_DATA (FAKE_RAM_BASE + 0x28000)
#define CTRL_DATA (FAKE_RAM_BASE + 0x3c000)
#define SIZE 32

static struct drv rx, tx, ctrl;
static uint8_t packet[NET_FRAME_MAX];

static void property_bytes(const char *name, const void *data, int n)
{
	assert_int_equal(fdt_property(fake_blob, name, data, n), 0);
}

static void device(void (*properties)(void))
{
	fake_config("virtio,net", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	if (properties != NULL) {
		properties();
	}
	fake_node_end();
	assert_int_equal(fake_start(), 0);
}

static void drive(uint64_t features)
{
	uint32_t control = features & VIRTIO_NET_F_MQ ? 4 : 2;

	features |= VIRTIO_F_VERSION_1;
	assert_true(mmio_negotiate(features));
	assert_true(mmio_queue(&rx, 0, QUEUES, SIZE, features));
	assert_true(mmio_queue(&tx, 1, QUEUES + DRV_AREA, SIZE, features));
	if (features & VIRTIO_NET_F_CTRL_VQ) {
		assert_true(mmio_queue(&ctrl, control, QUEUES + 2 * DRV_AREA,
				       SIZE, features));
	}
	assert_false(fake_netport->carrier);
	mmio_driver_ok();
	assert_true(fake_netport->carrier);
}

static void fill(uint32_t len, uint8_t seed)
{
	for (uint32_t i = 0; i < len; i++) {
		packet[i] = (uint8_t)(i * 31 + seed);
	}
	packet[0] &= 0xfe;
}

/* Make a packet available for sending, with its header, in parts. */
static void send_packet(const struct virtio_net_hdr *h, uint32_t len,
			uint64_t at, bool indirect, bool split)
{
	struct drv_buf bufs[] = {
		{ at, HDR, false },
		{ at + HDR, len / 2, false },
		{ at + HDR + len / 2, len - len / 2, false },
	};
	struct drv_buf odd[] = {
		{ at, 5, false },
		{ at + 5, HDR + 3 - 5, false },
		{ at + HDR + 3, len - 3, false },
	};

	memcpy(drv_at(at, HDR), h, HDR);
	memcpy(drv_at(at + HDR, len), packet, len);
	assert_true(drv_add(&tx, split ? odd : bufs, 3, indirect) >= 0);
}

static void test_transmit(void **state)
{
	static const uint64_t rings[] = {
		0,
		VIRTIO_F_EVENT_IDX,
		VIRTIO_F_INDIRECT_DESC,
		VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
	};
	struct virtio_net_hdr h = { .flags = 0 };
	uint32_t len;

	(void)state;
	for (unsigned int r = 0; r < 2 * ARRAY_SIZE(rings); r++) {
		uint64_t ring = rings[r / 2];

		device(NULL);
		drive(ring);
		for (unsigned int i = 0; i < 100; i++) {
			uint32_t n = 60 + i * 97 % 1455;

			fill(n, (uint8_t)i);
			send_packet(&h, n, TX_DATA, ring & BIT(28), r & 1);
			assert_true(drv_kick_needed(&tx, 1));
			assert_int_equal(mmio_kick(1), 1);
			assert_int_equal(fake_netport->nsent, i + 1);
			assert_int_equal(
				fake_netport->sent[i % FAKE_SENT_MAX].len, n);
			assert_memory_equal(fake_netport->data, packet, n);
			assert_true(drv_used(&tx, &len) >= 0);
		}
		assert_true(fake_stop());
	}
}

/* Several packets go to the switch together, with one interrupt. */
static void test_batch(void **state)
{
	struct virtio_net_hdr h = { .flags = 0 };
	unsigned int n = 0;
	uint32_t len;

	(void)state;
	device(NULL);
	drive(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
	fill(100, 1);
	for (unsigned int i = 0; i < SIZE; i++) {
		send_packet(&h, 100, TX_DATA + i * 200, true, false);
	}
	drv_interrupts(&tx, true, 0);
	fake_line_calls = 0;
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_netport->nsent, SIZE);
	assert_int_equal(fake_netport->calls, 1);
	assert_int_equal(fake_line_calls, 1);
	for (; drv_used(&tx, &len) >= 0; n++) {}
	assert_int_equal(n, SIZE);
	assert_true(fake_stop());
}

static void test_offload(void **state)
{
	uint64_t gso = VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4;
	struct virtio_net_hdr h = {
		.flags = 0xff,
		.gso_type = NET_HDR_GSO_TCPV4,
		.hdr_len = 54,
		.gso_size = 1448,
		.csum_start = 34,
		.csum_offset = 16,
	};
	const struct net_offload *o;

	(void)state;
	fill(200, 3);
	device(NULL);
	/* Not negotiated: it is ignored. */
	drive(0);
	send_packet(&h, 200, TX_DATA, false, false);
	(void)mmio_kick(1);
	o = &fake_netport->sent[0].offload;
	assert_int_equal(o->flags, 0);
	assert_int_equal(o->gso_type, 0);
	drive(gso);
	send_packet(&h, 200, TX_DATA, false, false);
	(void)mmio_kick(1);
	o = &fake_netport->sent[1].offload;
	assert_int_equal(o->flags, NET_HDR_NEEDS_CSUM);
	assert_int_equal(o->gso_type, NET_HDR_GSO_TCPV4);
	assert_int_equal(o->gso_size, 1448);
	assert_int_equal(o->csum_start, 34);
	assert_int_equal(o->csum_offset, 16);
	/* A kind of segmentation that was not negotiated is malformed. */
	h.gso_type = NET_HDR_GSO_TCPV6;
	send_packet(&h, 200, TX_DATA, false, false);
	(void)mmio_kick(1);
	assert_int_equal(fake_netport->sent[2].offload.gso_type, 0xff);
	assert_true(fake_stop());
}

static void receive_buffers(unsigned int n, uint32_t size)
{
	for (unsigned int i = 0; i < n; i++) {
		struct drv_buf buf = { RX_DATA + i * size, size, true };

		assert_true(drv_add(&rx, &buf, 1, false) >= 0);
	}
	(void)mmio_kick(0);
}

static bool give(uint32_t len)
{
	bool ok = fake_port_give(packet, len, NULL);

	fake_netport->attr.ops->receive_done(fake_netport);
	return ok;
}

static void test_receive(void **state)
{
	struct virtio_net_hdr h;
	uint32_t len;

	(void)state;
	device(NULL);
	drive(VIRTIO_F_EVENT_IDX);
	fill(1000, 5);
	assert_false(give(1000));
	assert_int_equal(fake_netport->dropped[NET_DROP_NO_BUFFER], 1);
	receive_buffers(4, 1600);
	drv_interrupts(&rx, true, 0);
	fake_line_calls = 0;
	assert_true(give(1000));
	assert_int_equal(fake_line_calls, 1);
	assert_int_equal(drv_used(&rx, &len), 0);
	assert_int_equal(len, HDR + 1000);
	memcpy(&h, drv_at(RX_DATA, HDR), HDR);
	assert_int_equal(h.num_buffers, 1);
	assert_int_equal(h.flags, 0);
	assert_memory_equal(drv_at(RX_DATA + HDR, 1000), packet, 1000);
	/* Without MRG_RXBUF it must fit into one buffer. */
	fill(1589, 6);
	assert_false(give(1589));
	assert_true(give(1588));
	assert_int_equal(drv_used(&rx, &len), 1);
	/* A buffer that was left is used by the next packet. */
	assert_true(give(60));
	assert_int_equal(drv_used(&rx, &len), 2);
	assert_int_equal(len, HDR + 60);
	assert_true(fake_stop());
}

/* A packet that comes alone is published by the same call; with its head apart
 * or not. */
static void test_receive_alone(void **state)
{
	const struct netport_ops *ops;
	enum net_drop why = NET_DROPS;
	struct io_segment segs[2];
	struct net_packet pkt = { .segs = segs, .nsegs = 2, .len = 1000 };
	uint32_t len;

	(void)state;
	device(NULL);
	ops = fake_netport->attr.ops;
	drive(VIRTIO_F_EVENT_IDX);
	fill(1000, 8);
	segs[0] = (struct io_segment){ .va = packet, .size = NET_ETH_LEN };
	segs[1] = (struct io_segment){ .va = packet + NET_ETH_LEN,
				       .size = 1000 - NET_ETH_LEN };
	assert_false(ops->receive_alone(fake_netport, &pkt, &why));
	assert_int_equal(why, NET_DROP_NO_BUFFER);
	receive_buffers(2, 1600);
	drv_interrupts(&rx, true, 0);
	fake_line_calls = 0;
	assert_true(ops->receive_alone(fake_netport, &pkt, &why));
	assert_int_equal(fake_line_calls, 1);
	assert_int_equal(drv_used(&rx, &len), 0);
	assert_int_equal(len, HDR + 1000);
	assert_memory_equal(drv_at(RX_DATA + HDR, 1000), packet, 1000);
	segs[0].size = 500;
	segs[1] = (struct io_segment){ .va = packet + 500, .size = 500 };
	assert_true(ops->receive_alone(fake_netport, &pkt, &why));
	assert_int_equal(drv_used(&rx, &len), 1);
	assert_memory_equal(drv_at(RX_DATA + 1600 + HDR, 1000), packet, 1000);
	assert_true(fake_stop());
}

static void test_mergeable(void **state)
{
	struct net_offload o = {
		.flags = NET_HDR_NEEDS_CSUM,
		.gso_type = NET_HDR_GSO_TCPV4,
		.hdr_len = 54,
		.gso_size = 1000,
		.csum_start = 34,
		.csum_offset = 16,
	};
	struct virtio_net_hdr h;
	uint32_t len, at = 0;

	(void)state;
	device(NULL);
	drive(VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM |
	      VIRTIO_NET_F_GUEST_TSO4);
	assert_int_equal(fake_netport->accepts,
			 NET_ACCEPT_CSUM | NET_ACCEPT_TSO4);
	receive_buffers(10, 1000);
	fill(9989, 7);
	assert_false(fake_port_give(packet, 9989, &o));
	assert_true(fake_port_give(packet, 9988, &o));
	fake_netport->attr.ops->receive_done(fake_netport);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t skip = i == 0 ? HDR : 0;

		assert_int_equal(drv_used(&rx, &len), i);
		assert_int_equal(len, 1000);
		assert_memory_equal(drv_at(RX_DATA + i * 1000 + skip,
					   1000 - skip),
				    packet + at, 1000 - skip);
		at += 1000 - skip;
	}
	memcpy(&h, drv_at(RX_DATA, HDR), HDR);
	assert_int_equal(h.num_buffers, 10);
	assert_int_equal(h.flags, NET_HDR_NEEDS_CSUM);
	assert_int_equal(h.gso_type, NET_HDR_GSO_TCPV4);
	assert_int_equal(h.gso_size, 1000);
	assert_int_equal(h.csum_start, 34);
	assert_true(fake_stop());
}

/* The work of one trap is bounded, and all is sent in the end. */
static void test_bounded(void **state)
{
	struct virtio_net_hdr h = { .flags = 0 };

	(void)state;
	device(NULL);
	drive(VIRTIO_F_INDIRECT_DESC);
	fill(40000, 1);
	for (unsigned int i = 0; i < SIZE; i++) {
		/* All packets use the same memory. */
		send_packet(&h, 40000, TX_DATA, true, false);
	}
	assert_in_range(mmio_kick(1), 3, 8);
	assert_int_equal(fake_netport->nsent, SIZE);
	assert_true(fake_stop());
}

static uint8_t control(uint8_t class, uint8_t command, const void *data,
		       uint32_t n)
{
	struct drv_buf bufs[] = {
		{ CTRL_DATA, 2, false },
		{ CTRL_DATA + 2, n, false },
		{ CTRL_DATA + 0x1000, 1, true },
	};
	uint32_t len;
	uint8_t *ack = drv_at(CTRL_DATA + 0x1000, 1);

	*ack = 0x55;
	memcpy(drv_at(CTRL_DATA, 2), (uint8_t[]){ class, command }, 2);
	memcpy(drv_at(CTRL_DATA + 2, n), data, n);
	assert_true(drv_add(&ctrl, bufs, 3, false) >= 0);
	assert_true(drv_kick_needed(&ctrl, 3));
	assert_int_equal(mmio_kick(2), 1);
	assert_true(drv_used(&ctrl, &len) >= 0);
	assert_int_equal(len, 1);
	return *ack;
}

static bool passes(const char *mac)
{
	uint64_t before = fake_netport->dropped[NET_DROP_FILTER];

	memcpy(packet, mac, 6);
	(void)give(60);
	return fake_netport->dropped[NET_DROP_FILTER] == before;
}

#define OWN "\x02\0\0\0\0\x01"
#define OTHER "\x02\0\0\0\0\x02"
#define GROUP "\x01\0\x5e\0\0\x01"
#define BROADCAST "\xff\xff\xff\xff\xff\xff"

static void own_mac(void)
{
	property_bytes("mac", OWN, 6);
}

static void test_filter(void **state)
{
	static const uint8_t on = 1, off = 0;
	uint8_t table[4 + 6 * 40 + 4 + 6];
	uint32_t one = 1, none = 0, many = 40;

	(void)state;
	device(own_mac);
	drive(VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
	      VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_CTRL_VLAN |
	      VIRTIO_F_EVENT_IDX);
	fill(60, 1);
	packet[12] = 8;
	assert_true(passes(OTHER));
	assert_int_equal(control(0, 0, &off, 1), 0);
	assert_true(passes(OWN));
	assert_false(passes(OTHER));
	assert_false(passes(GROUP));
	assert_true(passes(BROADCAST));
	assert_int_equal(control(0, 1, &on, 1), 0);
	assert_true(passes(GROUP));
	assert_int_equal(control(0, 3, &on, 1), 0);
	assert_false(passes(GROUP));
	assert_int_equal(control(0, 5, &on, 1), 0);
	assert_false(passes(BROADCAST));
	assert_int_equal(control(0, 2, &on, 1), 0);
	assert_true(passes(OTHER));
	assert_int_equal(control(0, 4, &on, 1), 0);
	assert_false(passes(OWN));
	assert_int_equal(control(0, 6, &on, 1), 1);
	assert_int_equal(control(9, 0, &on, 1), 1);
	/* Tables. */
	for (uint8_t c = 1; c < 6; c++) {
		assert_int_equal(control(0, c, &off, 1), 0);
	}
	memcpy(table, &one, 4);
	memcpy(table + 4, OTHER, 6);
	memcpy(table + 10, &one, 4);
	memcpy(table + 14, GROUP, 6);
	assert_int_equal(control(1, 0, table, 20), 0);
	assert_true(passes(OTHER));
	assert_true(passes(GROUP));
	assert_false(passes("\x02\0\0\0\0\x03"));
	assert_int_equal(control(1, 0, table, 19), 1);
	memcpy(table, &many, 4);
	memset(table + 4, 2, 240);
	memcpy(table + 244, &none, 4);
	assert_int_equal(control(1, 0, table, 248), 0);
	assert_true(passes("\x02\0\0\0\0\x03"));
	assert_false(passes(GROUP));
	/* VLANs. */
	packet[12] = 0x81;
	packet[13] = 0;
	packet[14] = 0xe1;
	packet[15] = 0x23;
	assert_false(passes(OWN));
	assert_int_equal(control(2, 0, "\x23\x01", 2), 0);
	assert_true(passes(OWN));
	assert_int_equal(control(2, 1, "\x23\x01", 2), 0);
	assert_false(passes(OWN));
	/* Not negotiated. */
	assert_int_equal(control(1, 1, OTHER, 6), 1);
	assert_int_equal(control(4, 0, "\x01\0", 2), 1);
	assert_int_equal(control(3, 0, "", 0), 1);
	assert_true(fake_stop());
}

static void two_pairs(void)
{
	assert_int_equal(fdt_property_u32(fake_blob, "queues", 2), 0);
	assert_int_equal(fdt_property_u32(fake_blob, "mtu", 4000), 0);
	assert_int_equal(fdt_property_string(fake_blob, "switch", "lan"), 0);
	assert_int_equal(fdt_property_u32(fake_blob, "vlan", 7), 0);
	assert_int_equal(fdt_property(fake_blob, "isolated", NULL, 0), 0);
	property_bytes("trunk", "\0\0\0\x0a\0\0\x0f\xfe", 8);
}

static void test_properties(void **state)
{
	uint64_t want[64] = { BIT(10) };

	(void)state;
	want[63] = BIT(62);
	device(two_pairs);
	assert_string_equal(fake_netport->name, "guest.device@9000000");
	assert_string_equal(fake_netport->sw, "lan");
	assert_true(fake_netport->isolated);
	assert_false(fake_netport->check_source);
	assert_true(fake_netport->vlan.trunk);
	assert_int_equal(fake_netport->vlan.vid, 7);
	assert_memory_equal(fake_netport->vlan.allowed, want, sizeof(want));
	assert_int_equal(fake_netport->attr.max_len, 4014);
	assert_int_equal(fake_netport->attr.mac[0] & 3, 2);
	/* Configuration: address, status, pairs, MTU. */
	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(fake_read(0x100 + i, 1),
				 fake_netport->attr.mac[i]);
	}
	assert_int_equal(fake_read(0x106, 2), VIRTIO_NET_S_LINK_UP);
	assert_int_equal(fake_read(0x108, 2), 2);
	assert_int_equal(fake_read(0x10a, 2), 4000);
	assert_true(mmio_offered() & VIRTIO_NET_F_MQ);
	assert_true(fake_stop());
	/* Equal names give the same address; other names another one. */
	device(NULL);
	assert_false(mmio_offered() & VIRTIO_NET_F_MQ);
	assert_string_equal(fake_netport->sw, "");
	assert_int_equal(fake_read(0x106, 2), 0);
	assert_true(fake_stop());
}

static bool queue(unsigned int n, struct queue_counts *out)
{
	return fake_netport->attr.ops->queue(fake_netport, n, out);
}

static void test_pairs(void **state)
{
	struct queue_counts c;
	uint64_t features = VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_MQ;
	struct virtio_net_hdr h = { .flags = 0 };
	struct drv rx2, tx2;
	uint32_t len;

	(void)state;
	device(two_pairs);
	features |= VIRTIO_F_VERSION_1;
	assert_true(mmio_negotiate(features));
	assert_true(mmio_queue(&rx, 0, QUEUES, SIZE, features));
	assert_true(mmio_queue(&tx2, 1, QUEUES + DRV_AREA, SIZE, features));
	assert_true(mmio_queue(&rx2, 2, QUEUES + 2 * DRV_AREA, SIZE, features));
	assert_true(mmio_queue(&tx, 3, QUEUES + 3 * DRV_AREA, SIZE, features));
	assert_true(
		mmio_queue(&ctrl, 4, QUEUES + 4 * DRV_AREA, SIZE, features));
	mmio_driver_ok();
	{
		struct drv_buf bufs[] = {
			{ CTRL_DATA, 4, false },
			{ CTRL_DATA + 8, 1, true },
		};

		memcpy(drv_at(CTRL_DATA, 4), "\x04\0\x02\0", 4);
		assert_true(drv_add(&ctrl, bufs, 2, false) >= 0);
		(void)mmio_kick(4);
		assert_int_equal(*(uint8_t *)drv_at(CTRL_DATA + 8, 1), 0);
	}
	/* A flow sent by the second pair is received by it. */
	fill(60, 9);
	memcpy(packet + 12, "\x08\0\x45", 3);
	packet[14 + 9] = 17;
	receive_buffers(2, 1600);
	{
		struct drv_buf buf = { TX_DATA + 0x4000, 1600, true };

		assert_true(drv_add(&rx2, &buf, 1, false) >= 0);
	}
	send_packet(&h, 60, TX_DATA, false, false);
	(void)mmio_kick(3);
	/* The other direction: addresses and ports exchanged. */
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t b = packet[26 + i];

		packet[26 + i] = packet[30 + i];
		packet[30 + i] = b;
	}
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t b = packet[34 + i];

		packet[34 + i] = packet[36 + i];
		packet[36 + i] = b;
	}
	assert_true(give(60));
	assert_int_equal(drv_used(&rx, &len), -1);
	assert_int_equal(drv_used(&rx2, &len), 0);
	/* Another flow: the first. */
	packet[30]++;
	assert_true(give(60));
	assert_int_equal(drv_used(&rx, &len), 0);
	for (unsigned int i = 0; i < 5; i++) {
		static const char *const names[] = { "receive 0", "transmit 0",
						     "receive 1", "transmit 1",
						     "control" };
		/* The port's bytes without the second pair's. */
		static const uint32_t bytes[] = { 2000002 - 60, 1000001 - 60,
						  60, 60, 0 };
		static const uint32_t requests[] = { 1, 0, 1, 1, 1 };

		assert_true(queue(i, &c));
		assert_string_equal(c.name, names[i]);
		assert_int_equal(c.bytes, bytes[i]);
		assert_int_equal(c.bytes_counted, i < 4);
		assert_int_equal(c.requests, requests[i]);
	}
	assert_int_equal(c.kicks, 1);
	assert_false(queue(5, &c));
	assert_true(fake_stop());
}

/* A kick may leave the rest to the switch's worker. */
static void test_left(void **state)
{
	struct virtio_net_hdr h = { .flags = 0 };

	(void)state;
	device(NULL);
	drive(0);
	fake_deferred = 0;
	fake_netport->attr.ops->set_inline(fake_netport, 0);
	fake_worker = true;
	fill(60, 1);
	send_packet(&h, 60, TX_DATA, false, false);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_netport->nsent, 0);
	assert_int_equal(fake_deferred, 1);
	assert_false(fake_netport->attr.ops->send(fake_netport));
	assert_int_equal(fake_netport->nsent, 1);
	/* No worker: the guest's instruction is executed again. */
	fake_worker = false;
	send_packet(&h, 60, TX_DATA, false, false);
	assert_int_equal(mmio_kick(1), 2);
	assert_int_equal(fake_netport->nsent, 2);
	assert_true(fake_stop());
}

/* The only pair's counts are the port's. */
static void test_counts(void **state)
{
	struct queue_counts c;

	(void)state;
	device(NULL);
	drive(0);
	assert_true(queue(0, &c));
	assert_int_equal(c.bytes, netport_bytes_received(NULL));
	assert_true(queue(1, &c));
	assert_int_equal(c.bytes, netport_bytes_sent(NULL));
	assert_int_equal(c.entries, SIZE);
	assert_true(queue(2, &c));
	assert_int_equal(c.entries, 0);
	assert_true(fake_stop());
}

static void test_link(void **state)
{
	(void)state;
	device(NULL);
	drive(VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ |
	      VIRTIO_NET_F_GUEST_ANNOUNCE);
	fake_line_calls = 0;
	fake_netport->attr.ops->link(fake_netport, true);
	assert_int_equal(fake_line_calls, 1);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 2);
	assert_int_equal(fake_read(0x106, 2), 3);
	assert_int_equal(control(3, 0, "", 0), 0);
	assert_int_equal(fake_read(0x106, 2), 1);
	fake_netport->attr.ops->link(fake_netport, false);
	assert_int_equal(fake_read(0x106, 2), 0);
	assert_true(fake_stop());
}

/* 5.1.3.1 */
static void test_features(void **state)
{
	(void)state;
	device(NULL);
	assert_false(
		mmio_negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_HOST_TSO4));
	assert_false(
		mmio_negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_GUEST_TSO6));
	assert_false(mmio_negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_RX));
	assert_true(mmio_negotiate(mmio_offered()));
	assert_true(fake_stop());
}

/* After a reset nothing is delivered, and the driver's settings are gone. */
static void test_reset(void **state)
{
	uint8_t off = 0;

	(void)state;
	device(own_mac);
	drive(VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
	      VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_CSUM);
	receive_buffers(4, 1600);
	assert_int_equal(control(0, 0, &off, 1), 0);
	assert_int_equal(control(1, 1, OTHER, 6), 0);
	assert_int_equal(fake_read(0x105, 1), 2);
	assert_int_equal(fake_netport->accepts, NET_ACCEPT_CSUM);
	wr(VIRTIO_MMIO_STATUS, 0);
	assert_false(fake_netport->carrier);
	assert_int_equal(fake_netport->accepts, 0);
	assert_int_equal(fake_read(0x105, 1), 1);
	fill(60, 1);
	memcpy(packet, OTHER, 6);
	assert_false(give(60));
	assert_int_equal(fake_netport->dropped[NET_DROP_NO_BUFFER], 1);
	assert_true(fake_stop());
}

static void no_headers(void)
{
	assert_int_equal(fdt_property_string(fake_blob, "transport", "legacy"),
			 0);
}

/* Each allocation that fails leaves nothing behind. */
static void test_no_memory(void **state)
{
	int err = -ERR_NOMEM;

	(void)state;
	for (int budget = 0; err != 0; budget++) {
		fake_config("virtio,net", VIRTIO_MMIO_SIZE);
		fake_heap_budget = budget;
		err = fake_start();
		fake_heap_budget = -1;
		assert_true(err == 0 || err == -ERR_NOMEM);
		assert_true(err == 0 || (fake_heap_live == 0 && !fake_netport));
	}
	assert_true(fake_stop());
}

static void test_legacy(void **state)
{
	(void)state;
	device(no_headers);
	wr(VIRTIO_MMIO_STATUS, 0);
	wr(VIRTIO_MMIO_STATUS, 3);
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, 0);
	fake_write(0x105, 0x77, 1);
	assert_int_equal(fake_read(0x105, 1), 0x77);
	wr(VIRTIO_MMIO_STATUS, 7);
	assert_int_equal(((struct net_dev *)fake_netport->attr.arg)->header,
			 VIRTIO_NET_HDR_SHORT);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transmit),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_offload),
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_receive_alone),
		cmocka_unit_test(test_mergeable),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_legacy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
