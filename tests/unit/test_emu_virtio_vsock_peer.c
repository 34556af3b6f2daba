/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VirtIO socket device: packets to other guests and from them, and the
 * table of connections. */
#include "tests/unit/vsock_case.h"

#define PEER 9

static struct virtio_vsock_hdr to_peer(enum virtio_vsock_op op, uint32_t port)
{
	struct virtio_vsock_hdr h = header(op, port);

	h.dst_cid = PEER;
	h.fwd_cnt = 123;
	return h;
}

/* A packet of the peer comes; what deliver() has said. */
static enum vmsg_take from_peer(struct vmsg *m, enum virtio_vsock_op op,
				uint32_t port, uint32_t len)
{
	static uint8_t bytes[3 * RX_BYTES];
	static struct io_segment segs[2];
	struct virtio_vsock_hdr h = {
		.src_cid = PEER,
		.dst_cid = CID,
		.src_port = PORT,
		.dst_port = port,
		.len = len,
		.type = VIRTIO_VSOCK_TYPE_SEQPACKET,
		.op = (uint16_t)op,
		.flags = VIRTIO_VSOCK_SEQ_EOM | VIRTIO_VSOCK_SEQ_EOR,
		.buf_alloc = 777,
	};
	enum vmsg_take take;

	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	}
	segs[0] = (struct io_segment){ .va = bytes, .size = 100 };
	segs[1] = (struct io_segment){ .va = bytes + 100,
				       .size = sizeof(bytes) - 100 };
	*m = (struct vmsg){ .data = { segs, 2 }, .len = len };
	memcpy(m->head, &h, sizeof(h));
	take = fake_vmsg->attr.ops->deliver(fake_vmsg, PEER, m);
	fake_vmsg->attr.ops->flush(fake_vmsg);
	return take;
}

static void test_peer_send(void **state)
{
	struct virtio_vsock_hdr h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 50);

	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	/* Nobody is there, or it has turned it down. */
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, 1);
	h = expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(h.src_cid, PEER);
	assert_int_equal(h.src_port, PORT);
	/* No connection: it does not pass. */
	h = to_peer(VIRTIO_VSOCK_OP_RW, 50);
	h.len = 100;
	send_packet(&h, 100, 5);
	(void)expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(fake_vmsg->sends, 1);
	/* With one it does, as it is. */
	fake_vmsg->result = VMSG_DELIVERED;
	h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 50);
	send_packet(&h, 0, 0);
	h = to_peer(VIRTIO_VSOCK_OP_RW, 50);
	h.len = 100;
	send_packet(&h, 100, 5);
	assert_int_equal(fake_vmsg->sends, 3);
	assert_int_equal(fake_vmsg->to, PEER);
	assert_int_equal(fake_vmsg->len, 100);
	assert_int_equal(fake_vmsg->data[99], 5);
	assert_memory_equal(fake_vmsg->head, &h, HDR);
	/* An operation that there is not, and a CID of more than 32 bits. */
	h = to_peer(VIRTIO_VSOCK_OPS, 50);
	send_packet(&h, 0, 0);
	h = to_peer(VIRTIO_VSOCK_OP_RW, 50);
	h.dst_cid |= BIT(32);
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, 3);
	assert_true(next_packet(&h, NULL));
	(void)expect(VIRTIO_VSOCK_OP_RST, 50);
	/* After RST there is none. */
	h = to_peer(VIRTIO_VSOCK_OP_RST, 50);
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, 4);
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, 4);
	expect_nothing();
	/* Another's source. */
	h.src_cid = PEER;
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->faults[VMSG_FAULT_FORGED], 1);
	end();
}

/* The chain of a packet that waits is kept; if it was refused in the end, the
 * connection is over. */
static void test_peer_parked(void **state)
{
	struct virtio_vsock_hdr h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 50);
	uint32_t len;

	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	fake_vmsg->result = VMSG_PARKED;
	send_packet(&h, 0, 0);
	h = to_peer(VIRTIO_VSOCK_OP_RW, 50);
	h.len = 10;
	send_packet(&h, 10, 1);
	assert_int_equal(fake_vmsg->nparked, 2);
	assert_int_equal(drv_used(&tx, &len), -1);
	fake_vmsg_end(0, VMSG_DELIVERED);
	assert_true(drv_used(&tx, &len) >= 0);
	expect_nothing();
	fake_vmsg_end(0, VMSG_REFUSED);
	assert_true(drv_used(&tx, &len) >= 0);
	(void)expect(VIRTIO_VSOCK_OP_RST, 50);
	/* No room: it is held, and sent when there is. */
	fake_vmsg->result = -ERR_BUSY;
	h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 51);
	send_packet(&h, 0, 0);
	h = to_peer(VIRTIO_VSOCK_OP_RST, 51);
	send_packet(&h, 0, 0);
	assert_int_equal(drv_used(&tx, &len), -1);
	fake_vmsg->result = VMSG_DELIVERED;
	fake_vmsg->attr.ops->room(fake_vmsg);
	assert_true(fake_run_work());
	assert_true(drv_used(&tx, &len) >= 0);
	assert_true(drv_used(&tx, &len) >= 0);
	/* A reset ends what waits. */
	fake_vmsg->result = VMSG_PARKED;
	h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 52);
	send_packet(&h, 0, 0);
	fake_vmsg->result = -ERR_BUSY;
	send_packet(&h, 0, 0);
	drive(0);
	assert_int_equal(fake_vmsg->nparked, 0);
	assert_true(fake_vmsg->up);
	end();
}

static void request_parked(uint32_t port)
{
	struct virtio_vsock_hdr h = to_peer(VIRTIO_VSOCK_OP_REQUEST, port);

	fake_vmsg->result = VMSG_PARKED;
	send_packet(&h, 0, 0);
}

/* A receiver that takes nothing: the queue is served until a quarter of it
 * waits, and then again when that receiver was given up. */
static void test_peer_stalled(void **state)
{
	struct virtio_vsock_hdr h;
	unsigned int n = 0;

	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	request_parked(50);
	fake_advance(UINT64_C(1000000) * (VSOCK_WAIT_MS - 1));
	for (uint32_t port = 51; port < 50 + SIZE / 4; port++) {
		request_parked(port);
	}
	assert_int_equal(fake_vmsg->nparked, SIZE / 4);
	assert_false(fake_timer_armed());
	/* For another, which would take it. */
	fake_vmsg->result = VMSG_DELIVERED;
	h = to_peer(VIRTIO_VSOCK_OP_REQUEST, 60);
	h.dst_cid = PEER + 1;
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, SIZE / 4);
	assert_true(fake_timer_armed());
	fake_advance(999999);
	assert_false(fake_work);
	expect_nothing();
	fake_advance(1);
	assert_true(fake_run_work());
	assert_int_equal(fake_vmsg->given_up, PEER);
	assert_int_equal(fake_vmsg->nparked, 0);
	assert_int_equal(fake_vmsg->sends, SIZE / 4 + 1);
	assert_int_equal(fake_vmsg->to, PEER + 1);
	while (next_packet(&h, NULL)) {
		assert_int_equal(h.op, VIRTIO_VSOCK_OP_RST);
		assert_int_equal(h.src_cid, PEER);
		n++;
	}
	assert_int_equal(n, SIZE / 4);
	end();
}

/* One that takes packets in time is not given up, nor is one for which the
 * queue need not wait, and a pause does not count. */
static void test_peer_slow(void **state)
{
	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	request_parked(50);
	fake_advance(UINT64_C(3000000) * VSOCK_WAIT_MS);
	assert_false(fake_work);
	fake_vmsg->attr.ops->room(fake_vmsg);
	assert_true(fake_run_work());
	assert_int_equal(fake_vmsg->given_up, 0);
	fake_vmsg_end(0, VMSG_DELIVERED);
	for (uint32_t port = 51; port <= 51 + SIZE / 4; port++) {
		request_parked(port);
	}
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(fake_vmsg->nparked, SIZE / 4);
		fake_advance(UINT64_C(1000000) * (VSOCK_WAIT_MS / 4 - 1));
		(void)fake_run_work();
		fake_vmsg_end(0, VMSG_DELIVERED);
		assert_true(fake_run_work());
		request_parked(70 + i);
	}
	assert_int_equal(fake_vmsg->given_up, 0);
	fake_vmsg_end(0, VMSG_DELIVERED);
	(void)fake_run_work();
	request_parked(90);
	vsock_pause(((struct vsock_dev *)fake_vmsg->attr.arg)->vd, true);
	fake_advance(UINT64_C(3000000) * VSOCK_WAIT_MS);
	vsock_pause(((struct vsock_dev *)fake_vmsg->attr.arg)->vd, false);
	(void)fake_run_work();
	assert_int_equal(fake_vmsg->given_up, 0);
	fake_advance(UINT64_C(1000000) * VSOCK_WAIT_MS);
	(void)fake_run_work();
	assert_int_equal(fake_vmsg->given_up, PEER);
	end();
}

static bool told(void)
{
	uint32_t status = rd(VIRTIO_MMIO_INTERRUPT_STATUS);

	wr(VIRTIO_MMIO_INTERRUPT_ACK, status);
	return status != 0;
}

/* The driver is told of packets that are done a quarter of the queue at a time,
 * or after a moment; without indirect tables at once. */
static void test_tx_told(void **state)
{
	struct virtio_vsock_hdr h;

	(void)state;
	begin();
	request_parked(40);
	fake_vmsg_end(0, VMSG_DELIVERED);
	assert_true(told());
	drive(VIRTIO_F_INDIRECT_DESC);
	for (unsigned int i = 1; i <= SIZE; i++) {
		request_parked(50 + i);
		fake_vmsg_end(0, VMSG_DELIVERED);
		assert_int_equal(told(), i % (SIZE / 4) == 0);
	}
	request_parked(80);
	fake_vmsg_end(0, VMSG_DELIVERED);
	fake_advance(UINT64_C(1000000) * VSOCK_TELL_MS - 1);
	assert_false(told());
	fake_advance(1);
	assert_true(told());
	assert_false(fake_timer_armed());
	/* With what it receives. */
	request_parked(81);
	fake_vmsg_end(0, VMSG_DELIVERED);
	receive_buffers(4, RX_BYTES);
	h = to_peer(VIRTIO_VSOCK_OP_RW, 40);
	send_packet(&h, 0, 0);
	assert_true(told());
	fake_advance(UINT64_C(3000000) * VSOCK_TELL_MS);
	assert_false(told());
	/* A queue that waits for a receiver is told all. */
	for (unsigned int i = 0; i <= SIZE / 4; i++) {
		request_parked(90 + i);
	}
	fake_vmsg_end(0, VMSG_DELIVERED);
	assert_true(told());
	end();
}

/* The receiver learns that it was given up. */
static void test_peer_given_up(void **state)
{
	struct vmsg m;

	(void)state;
	begin();
	receive_buffers(3, RX_BYTES);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_REQUEST, 60, 0),
			 VMSG_TAKEN);
	(void)expect(VIRTIO_VSOCK_OP_REQUEST, 60);
	fake_vmsg->attr.ops->given_up(fake_vmsg, PEER + 1);
	expect_nothing();
	fake_vmsg->attr.ops->given_up(fake_vmsg, PEER);
	(void)expect(VIRTIO_VSOCK_OP_RST, 60);
	end();
}

/* A message fills as many buffers as it needs, each with a header; its end is
 * marked in the last. Without buffers it goes on where it was. */
static void test_peer_deliver(void **state)
{
	struct virtio_vsock_hdr h;
	const uint8_t *data;
	uint32_t got = 0;
	struct vmsg m;

	(void)state;
	begin();
	receive_buffers(1, RX_BYTES);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RW, 60, 10),
			 VMSG_TURNED_DOWN);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RST, 60, 0), VMSG_TAKEN);
	expect_nothing();
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_REQUEST, 60, 0),
			 VMSG_TAKEN);
	h = expect(VIRTIO_VSOCK_OP_REQUEST, 60);
	assert_int_equal(h.src_cid, PEER);
	assert_int_equal(h.buf_alloc, 777);
	receive_buffers(1, RX_BYTES);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RW, 60, 9000),
			 VMSG_FULL);
	receive_buffers(4, 2000);
	assert_int_equal(fake_vmsg->attr.ops->deliver(fake_vmsg, PEER, &m),
			 VMSG_TAKEN);
	fake_vmsg->attr.ops->flush(fake_vmsg);
	while (next_packet(&h, &data)) {
		assert_int_equal(h.op, VIRTIO_VSOCK_OP_RW);
		for (uint32_t i = 0; i < h.len; i++, got++) {
			assert_int_equal(data[i],
					 (uint8_t)(got * 7 + (got >> 8)));
		}
		assert_int_equal(h.flags, got == 9000 ? 3 : 0);
	}
	assert_int_equal(got, 9000);
	/* Both can send now. */
	fake_vmsg->result = VMSG_DELIVERED;
	h = to_peer(VIRTIO_VSOCK_OP_RESPONSE, 60);
	h.type = VIRTIO_VSOCK_TYPE_SEQPACKET;
	send_packet(&h, 0, 0);
	assert_int_equal(fake_vmsg->sends, 1);
	/* The peer is gone. */
	fake_vmsg->attr.ops->peer(fake_vmsg, PEER + 1, false);
	expect_nothing();
	receive_buffers(1, RX_BYTES);
	fake_vmsg->attr.ops->peer(fake_vmsg, PEER, false);
	(void)expect(VIRTIO_VSOCK_OP_RST, 60);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RW, 60, 10),
			 VMSG_TURNED_DOWN);
	/* A driver that has no SEQPACKET. */
	drive(0);
	receive_buffers(1, RX_BYTES);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_REQUEST, 60, 0),
			 VMSG_TURNED_DOWN);
	end();
}

static void test_peer_ports(void **state)
{
	static const uint32_t good[] = { 10, 20, 30, 30 };
	static const uint32_t wrong[] = { 10, 20, 31, 30 };
	struct vmsg m;

	(void)state;
	open_ports = wrong;
	assert_int_equal(start(), -ERR_INVAL);
	open_ports = good;
	begin();
	receive_buffers(12, RX_BYTES);
	for (uint32_t port = 9; port < 32; port++) {
		bool open = port == 30 || (port >= 10 && port <= 20);

		assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_REQUEST, port,
					   0),
				 open ? VMSG_TAKEN : VMSG_TURNED_DOWN);
	}
	/* The domain's rules count, too; a connection that is there stays. */
	fake_vmsg->closed = 15;
	receive_buffers(3, RX_BYTES);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RW, 15, 1), VMSG_TAKEN);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_RST, 15, 0), VMSG_TAKEN);
	assert_int_equal(from_peer(&m, VIRTIO_VSOCK_OP_REQUEST, 15, 0),
			 VMSG_TURNED_DOWN);
	end();
	open_ports = NULL;
}

/* The table: one peer cannot have all of it, and nothing is lost. */
static void test_conns(void **state)
{
	static struct vsock_conns t;
	struct vsock_conn c = { .peer = PEER, .type = 1, .from_peer = true };
	struct vsock_conn out;
	unsigned int n = 0;

	(void)state;
	vsock_conns_reset(&t);
	for (c.local = 0; vsock_conns_add(&t, &c); c.local++) {}
	assert_int_equal(c.local, VSOCK_CONNS_PEER);
	c.local = 5;
	assert_true(vsock_conns_add(&t, &c));
	c.from_peer = false;
	for (c.local = 1000; vsock_conns_add(&t, &c); c.local++) {}
	assert_int_equal(c.local, 1000 + VSOCK_CONNS_MAX - VSOCK_CONNS_PEER);
	c.local = 1000;
	vsock_conns_remove(&t, &c);
	assert_null(vsock_conns_find(&t, &c));
	c.peer++;
	assert_true(vsock_conns_add(&t, &c));
	vsock_conns_end_peer(&t, PEER);
	for (; vsock_conns_take_over(&t, &out); n++) {
		assert_int_equal(out.peer, PEER);
	}
	assert_int_equal(n, VSOCK_CONNS_MAX - 1);
	assert_non_null(vsock_conns_find(&t, &c));
	vsock_conns_end(&t, &c);
	assert_true(vsock_conns_take_over(&t, &out));
	assert_int_equal(out.local, 1000);
	c = (struct vsock_conn){ .peer = PEER, .from_peer = true };
	for (c.local = 0; vsock_conns_add(&t, &c); c.local++) {}
	assert_int_equal(c.local, VSOCK_CONNS_PEER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_send),
		cmocka_unit_test(test_peer_parked),
		cmocka_unit_test(test_peer_stalled),
		cmocka_unit_test(test_peer_slow),
		cmocka_unit_test(test_peer_given_up),
		cmocka_unit_test(test_tx_told),
		cmocka_unit_test(test_peer_deliver),
		cmocka_unit_test(test_peer_ports),
		cmocka_unit_test(test_conns),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
