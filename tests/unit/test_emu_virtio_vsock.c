/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VirtIO socket device, driven over virtio-mmio, and the hypervisor's end
 * of it: connections to services at CID 2, their credit, and what guests do
 * wrong.
 */
#include "tests/unit/vsock_case.h"

static void test_configuration(void **state)
{
	(void)state;
	begin();
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_VSOCK);
	assert_true(mmio_offered() & VIRTIO_VSOCK_F_STREAM);
	assert_true(mmio_offered() & VIRTIO_VSOCK_F_SEQPACKET);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG), CID);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG + 4), 0);
	end();
}

static void test_both_ways(void **state)
{
	struct vsock_stream *s;
	struct virtio_vsock_hdr h;
	const uint8_t *data;
	uint8_t buf[200];
	char name[16];

	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	s = connect_from(50);
	assert_int_equal(vsock_cid(s), CID);
	assert_int_equal(vsock_port(s), 50);
	assert_int_equal(vsock_number(s), 0);
	vsock_guest_name(s, name, sizeof(name));
	assert_string_equal(name, "guest");
	send_data(50, 100, 7);
	fake_run_threads();
	assert_int_equal(nreceive, 1);
	assert_int_equal(vsock_read(s, buf, sizeof(buf)), 100);
	assert_int_equal(buf[0], 7);
	assert_int_equal(buf[99], 7);
	assert_int_equal(vsock_read(s, buf, sizeof(buf)), 0);
	assert_false(vsock_ended(s));
	expect_nothing();
	memset(buf, 9, sizeof(buf));
	assert_int_equal(vsock_write(s, buf, sizeof(buf)), sizeof(buf));
	assert_true(next_packet(&h, &data));
	assert_int_equal(h.op, VIRTIO_VSOCK_OP_RW);
	assert_int_equal(h.len, sizeof(buf));
	assert_memory_equal(data, buf, sizeof(buf));
	/* Credit goes with each packet. */
	assert_int_equal(h.fwd_cnt, 100);
	end();
}

/* What is written goes into several buffers, and no further than the guest has
 * room for. */
static void test_credit_of_guest(void **state)
{
	static uint8_t buf[2 * BUFFER];
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	struct vsock_stream *s;
	uint32_t got = 0;

	(void)state;
	begin();
	receive_buffers(8, 1044);
	h.buf_alloc = 2500;
	send_packet(&h, 0, 0);
	fake_run_threads();
	(void)expect(VIRTIO_VSOCK_OP_RESPONSE, 50);
	s = accepted[0];
	assert_int_equal(vsock_room(s), BUFFER);
	assert_int_equal(vsock_write(s, buf, sizeof(buf)), BUFFER);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(next_packet(&h, NULL));
		assert_int_equal(h.op, VIRTIO_VSOCK_OP_RW);
		assert_int_equal(h.len, i < 2 ? 1000 : 500);
		got += h.len;
	}
	(void)expect(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 50);
	/* A lie about what was forwarded gives no more. */
	h = header(VIRTIO_VSOCK_OP_CREDIT_UPDATE, 50);
	h.buf_alloc = 2500;
	h.fwd_cnt = 100000;
	send_packet(&h, 0, 0);
	(void)expect(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 50);
	h.fwd_cnt = 700;
	send_packet(&h, 0, 0);
	fake_run_threads();
	assert_true(next_packet(&h, NULL));
	assert_int_equal(h.len, 700);
	assert_int_equal(nwritable, 1);
	(void)expect(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 50);
	end();
}

/* The guest is told of room that was made; what is more than that is the end of
 * the connection. */
static void test_credit_of_service(void **state)
{
	static uint8_t buf[BUFFER];
	struct vsock_stream *s;
	struct virtio_vsock_hdr h;

	(void)state;
	begin();
	receive_buffers(8, RX_BYTES);
	s = connect_from(50);
	send_data(50, BUFFER, 1);
	fake_run_threads();
	expect_nothing();
	assert_int_equal(vsock_read(s, buf, BUFFER / 2 - 1), BUFFER / 2 - 1);
	expect_nothing();
	assert_int_equal(vsock_read(s, buf, 1), 1);
	h = expect(VIRTIO_VSOCK_OP_CREDIT_UPDATE, 50);
	assert_int_equal(h.fwd_cnt, BUFFER / 2);
	send_op(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 50);
	(void)expect(VIRTIO_VSOCK_OP_CREDIT_UPDATE, 50);
	send_data(50, BUFFER / 2 + 1, 2);
	(void)expect(VIRTIO_VSOCK_OP_RST, 50);
	fake_run_threads();
	assert_int_equal(nclosed, 1);
	/* What came before it can be read. */
	assert_int_equal(vsock_read(s, buf, BUFFER), BUFFER / 2);
	assert_true(vsock_ended(s));
	assert_int_equal(vsock_write(s, buf, 1), 0);
	vsock_close(s);
	end();
}

static void test_shutdown(void **state)
{
	struct virtio_vsock_hdr h;
	struct vsock_stream *s;
	uint8_t buf[16];

	(void)state;
	begin();
	receive_buffers(12, RX_BYTES);
	/* The guest's half first: the other still works. */
	s = connect_from(50);
	send_data(50, 10, 1);
	h = header(VIRTIO_VSOCK_OP_SHUTDOWN, 50);
	h.flags = VIRTIO_VSOCK_SHUTDOWN_SEND;
	send_packet(&h, 0, 0);
	fake_run_threads();
	assert_false(vsock_ended(s));
	assert_int_equal(vsock_read(s, buf, sizeof(buf)), 10);
	assert_true(vsock_ended(s));
	assert_int_equal(vsock_write(s, buf, 5), 5);
	vsock_close(s);
	assert_true(next_packet(&h, NULL));
	assert_int_equal(h.op, VIRTIO_VSOCK_OP_RW);
	h = expect(VIRTIO_VSOCK_OP_SHUTDOWN, 50);
	assert_int_equal(h.flags, VIRTIO_VSOCK_SHUTDOWN_BOTH);
	send_op(VIRTIO_VSOCK_OP_RST, 50);
	expect_nothing();
	assert_int_equal(services[0]->streams[0].state, VSOCK_FREE);
	/* The service's half first. */
	s = connect_from(51);
	vsock_shutdown(s);
	h = expect(VIRTIO_VSOCK_OP_SHUTDOWN, 51);
	assert_int_equal(h.flags, VIRTIO_VSOCK_SHUTDOWN_SEND);
	assert_int_equal(vsock_write(s, buf, 1), 0);
	send_data(51, 10, 1);
	/* A guest that has closed its socket waits for RST. */
	h = header(VIRTIO_VSOCK_OP_SHUTDOWN, 51);
	h.flags = VIRTIO_VSOCK_SHUTDOWN_BOTH;
	send_packet(&h, 0, 0);
	(void)expect(VIRTIO_VSOCK_OP_RST, 51);
	fake_run_threads();
	assert_int_equal(nclosed, 1);
	assert_int_equal(vsock_read(s, buf, sizeof(buf)), 10);
	vsock_close(s);
	end();
}

static void test_refused(void **state)
{
	struct virtio_vsock_hdr h;

	(void)state;
	begin();
	receive_buffers(12, RX_BYTES);
	accepts = false;
	send_op(VIRTIO_VSOCK_OP_REQUEST, 50);
	fake_run_threads();
	(void)expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(nclosed, 0);
	accepts = true;
	/* No service, no such type, no connection, nobody at that CID. */
	h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	h.dst_port++;
	send_packet(&h, 0, 0);
	h = expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(h.src_port, PORT + 1);
	h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	h.type = VIRTIO_VSOCK_TYPE_SEQPACKET;
	send_packet(&h, 0, 0);
	h = expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(h.type, VIRTIO_VSOCK_TYPE_SEQPACKET);
	h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	h.type = 99;
	send_packet(&h, 0, 0);
	h = expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(h.type, 99);
	send_data(60, 5, 1);
	(void)expect(VIRTIO_VSOCK_OP_RST, 60);
	h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	h.dst_cid = 12;
	send_packet(&h, 0, 0);
	h = expect(VIRTIO_VSOCK_OP_RST, 50);
	assert_int_equal(h.src_cid, 12);
	/* RST has no answer. */
	send_op(VIRTIO_VSOCK_OP_RST, 60);
	expect_nothing();
	/* More than streams_per_guest. */
	(void)connect_from(1);
	(void)connect_from(2);
	send_op(VIRTIO_VSOCK_OP_REQUEST, 3);
	(void)expect(VIRTIO_VSOCK_OP_RST, 3);
	/* One that the service has closed is used again. */
	vsock_close(accepted[0]);
	(void)expect(VIRTIO_VSOCK_OP_SHUTDOWN, 1);
	(void)connect_from(3);
	end();
}

/* Forged sources and lengths have no effect and no answer. */
static void test_malformed(void **state)
{
	struct virtio_vsock_hdr h;
	struct drv_buf buf = { TX_DATA, HDR - 1, false };
	uint32_t len;

	(void)state;
	begin();
	receive_buffers(4, RX_BYTES);
	h = header(VIRTIO_VSOCK_OP_REQUEST, 50);
	h.src_cid = CID + 1;
	send_packet(&h, 0, 0);
	h.src_cid = CID | BIT(40);
	send_packet(&h, 0, 0);
	h = header(VIRTIO_VSOCK_OP_RW, 50);
	h.len = 11;
	send_packet(&h, 10, 0);
	h.len = UINT32_MAX;
	send_packet(&h, 10, 0);
	assert_true(drv_add(&tx, &buf, 1, false) >= 0);
	(void)mmio_kick(VIRTIO_VSOCK_TX);
	assert_true(drv_used(&tx, &len) >= 0);
	fake_run_threads();
	expect_nothing();
	assert_int_equal(naccepted, 0);
	end();
	/* A receive buffer without room for a byte. */
	begin();
	receive_buffers(1, HDR);
	send_op(VIRTIO_VSOCK_OP_RW, 1);
	assert_true(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	end();
}

/* A guest that takes no answers is not served; nothing is lost when it does. */
static void test_no_buffers(void **state)
{
	struct virtio_vsock_hdr h;
	unsigned int answers = 0, sent = 0;
	uint32_t len;

	(void)state;
	begin();
	for (; sent < VSOCK_REPLIES; sent++) {
		h = header(VIRTIO_VSOCK_OP_RW, sent);
		send_packet(&h, 0, 0);
	}
	/* This one is kept by the device. */
	for (; sent < VSOCK_REPLIES + 3; sent++) {
		struct drv_buf buf = { TX_DATA + sent * HDR, HDR, false };

		h = header(VIRTIO_VSOCK_OP_RW, sent);
		memcpy(drv_at(buf.addr, HDR), &h, HDR);
		assert_true(drv_add(&tx, &buf, 1, false) >= 0);
	}
	(void)mmio_kick(VIRTIO_VSOCK_TX);
	assert_int_equal(drv_used(&tx, &len), -1);
	while (answers < sent) {
		receive_buffers(4, RX_BYTES);
		(void)fake_run_work();
		while (next_packet(&h, NULL)) {
			assert_int_equal(h.op, VIRTIO_VSOCK_OP_RST);
			assert_int_equal(h.dst_port, answers);
			answers++;
		}
	}
	assert_true(drv_used(&tx, &len) >= 0);
	end();
}

/* A reset gives back what is held, and ends connections. */
static void test_reset(void **state)
{
	struct virtio_vsock_hdr h;
	struct vsock_stream *s;

	(void)state;
	begin();
	receive_buffers(4, RX_BYTES);
	s = connect_from(50);
	for (unsigned int i = 0; i < VSOCK_REPLIES + 8; i++) {
		h = header(VIRTIO_VSOCK_OP_RW, 70);
		if (tx.free_descs > 0) {
			send_packet(&h, 0, 0);
		}
	}
	drive(0);
	(void)fake_run_work();
	fake_run_threads();
	assert_int_equal(nclosed, 1);
	assert_true(vsock_ended(s));
	vsock_close(s);
	receive_buffers(4, RX_BYTES);
	expect_nothing();
	(void)connect_from(50);
	end();
}

static void test_listen(void **state)
{
	struct vsock_attr other = attr;
	int before = fake_heap_live;

	(void)state;
	assert_int_equal(vsock_listen(&attr), -ERR_EXIST);
	other.port++;
	other.send_size = BUFFER + 1;
	assert_int_equal(vsock_listen(&other), -ERR_INVAL);
	other.send_size = BUFFER;
	fake_thread_error = -ERR_NOMEM;
	assert_int_equal(vsock_listen(&other), -ERR_NOMEM);
	fake_thread_error = 0;
	for (int budget = 0; budget < 4; budget++) {
		fake_heap_budget = budget;
		assert_int_equal(vsock_listen(&other), -ERR_NOMEM);
	}
	fake_heap_budget = -1;
	assert_int_equal(fake_heap_live, before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_credit_of_guest),
		cmocka_unit_test(test_credit_of_service),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_buffers),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
