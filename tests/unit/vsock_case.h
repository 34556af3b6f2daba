/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the VirtIO socket device: the device itself, the hypervisor's
 * end of it, a service there, and a driver. */
#ifndef TESTS_UNIT_VSOCK_CASE_H
#define TESTS_UNIT_VSOCK_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/msg/vsock_host.c"
#include "core/msg/vsock_service.c"
#include "core/msg/vsock_stream.c"
#include "emulators/virtio/vsock.c"
#include "emulators/virtio/vsock_conn.c"
#include "emulators/virtio/vsock_peer.c"
#include "emulators/virtio/vsock_rx.c"
#include "emulators/virtio/vsock_tx.c"
#include "tests/unit/virtio_mmio_driver.h"
#include "tests/unit/vsock_fake.h"

#define HDR sizeof(struct virtio_vsock_hdr)
#define QUEUES FAKE_RAM_BASE
#define RX_DATA (FAKE_RAM_BASE + 0x10000)
#define RX_BYTES 0x1000
#define TX_DATA (FAKE_RAM_BASE + 0x30000)
#define SIZE 16
#define PORT 1000
#define CID 3
#define BUFFER VSOCK_BUFFER_MIN

static struct drv rx, tx;
static int service_memory; /* allocations of the service, which stays */

/* --- a service ------------------------------------------------------------ */

static struct vsock_stream *accepted[VSOCK_STREAMS_MAX];
static unsigned int naccepted, nreceive, nwritable, nclosed;
static bool accepts;

static inline bool on_accept(struct vsock_stream *s)
{
	if (accepts) {
		accepted[naccepted++] = s;
	}
	return accepts;
}

static inline void on_receive(struct vsock_stream *s)
{
	(void)s;
	nreceive++;
}

static inline void on_writable(struct vsock_stream *s)
{
	(void)s;
	nwritable++;
}

static inline void on_closed(struct vsock_stream *s)
{
	(void)s;
	nclosed++;
}

static const struct vsock_ops ops = {
	.accept = on_accept,
	.receive = on_receive,
	.writable = on_writable,
	.closed = on_closed,
};

static struct vsock_attr attr = {
	.name = "test",
	.port = PORT,
	.streams = 3,
	.streams_per_guest = 2,
	.receive_size = BUFFER,
	.send_size = BUFFER,
	.ops = &ops,
};

/* --- the driver ----------------------------------------------------------- */

static inline void receive_buffers(unsigned int n, uint32_t size)
{
	for (unsigned int i = 0; i < n; i++) {
		struct drv_buf buf = { 0, size, true };
		uint16_t id = drv_free_id(&rx);

		buf.addr = RX_DATA + (uint64_t)id * RX_BYTES;
		assert_int_equal(drv_add(&rx, &buf, 1, false), id);
	}
	(void)mmio_kick(VIRTIO_VSOCK_RX);
}

static inline void drive(uint64_t features)
{
	features |= VIRTIO_F_VERSION_1;
	assert_true(mmio_negotiate(features));
	assert_true(mmio_queue(&rx, VIRTIO_VSOCK_RX, QUEUES, SIZE, features));
	assert_true(mmio_queue(&tx, VIRTIO_VSOCK_TX, QUEUES + DRV_AREA, SIZE,
			       features));
	mmio_driver_ok();
}

static const uint32_t *open_ports; /* the property, of four cells; or NULL */

static inline int start(void)
{
	uint32_t cells[4];

	fake_config("virtio,vsock", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "cid", CID), 0);
	assert_int_equal(fdt_property_string(fake_blob, "domain", "d"), 0);
	for (unsigned int i = 0; open_ports != NULL && i < 4; i++) {
		cells[i] = cpu_to_fdt32(open_ports[i]);
	}
	if (open_ports != NULL) {
		assert_int_equal(fdt_property(fake_blob, "ports", cells,
					      sizeof(cells)),
				 0);
	}
	fake_node_end();
	return fake_start();
}

static inline void begin(void)
{
	assert_int_equal(start(), 0);
	assert_string_equal(fake_vmsg->domain, "d");
	fake_vmsg->result = -ERR_NOENT;
	naccepted = nreceive = nwritable = nclosed = 0;
	accepts = true;
	drive(VIRTIO_VSOCK_F_SEQPACKET);
}

/* The service closes what it has, as closed() asks it to. */
static inline void end(void)
{
	fake_heap_live -= service_memory;
	assert_true(fake_stop());
	fake_heap_live = service_memory;
	fake_run_threads();
	for (unsigned int i = 0; i < attr.streams; i++) {
		struct vsock_stream *s = &services[0]->streams[i];

		if (s->owned) {
			vsock_close(s);
		}
		assert_int_equal(s->state, VSOCK_FREE);
	}
}

static inline struct virtio_vsock_hdr header(enum virtio_vsock_op op,
					     uint32_t from)
{
	return (struct virtio_vsock_hdr){
		.src_cid = CID,
		.dst_cid = VSOCK_CID_HOST,
		.src_port = from,
		.dst_port = PORT,
		.type = VIRTIO_VSOCK_TYPE_STREAM,
		.op = (uint16_t)op,
		.buf_alloc = 10000,
	};
}

/* Send a packet of h->len bytes, of which all have the value `fill`. */
static inline void send_packet(const struct virtio_vsock_hdr *h, uint32_t bytes,
			       uint8_t fill)
{
	struct drv_buf bufs[] = {
		{ TX_DATA, HDR, false },
		{ TX_DATA + HDR, bytes, false },
	};
	uint32_t len;

	memcpy(drv_at(TX_DATA, HDR), h, HDR);
	memset(drv_at(TX_DATA + HDR, bytes), fill, bytes);
	assert_true(drv_add(&tx, bufs, bytes > 0 ? 2 : 1, false) >= 0);
	(void)mmio_kick(VIRTIO_VSOCK_TX);
	(void)drv_used(&tx, &len);
}

static inline void send_op(enum virtio_vsock_op op, uint32_t from)
{
	struct virtio_vsock_hdr h = header(op, from);

	send_packet(&h, 0, 0);
}

static inline void send_data(uint32_t from, uint32_t bytes, uint8_t fill)
{
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_RW, from);

	h.len = bytes;
	send_packet(&h, bytes, fill);
}

/* The next packet that has come; false if none has. Its data is at `data`. */
static inline bool next_packet(struct virtio_vsock_hdr *h, const uint8_t **data)
{
	uint32_t len;
	int id = drv_used(&rx, &len);

	if (id < 0) {
		return false;
	}
	memcpy(h, drv_at(RX_DATA + (uint64_t)id * RX_BYTES, HDR), HDR);
	assert_int_equal(len, HDR + h->len);
	if (data != NULL) {
		*data = drv_at(RX_DATA + (uint64_t)id * RX_BYTES + HDR, h->len);
	}
	return true;
}

/* A packet with this operation has come, and no other. */
static inline struct virtio_vsock_hdr expect(enum virtio_vsock_op op,
					     uint32_t to)
{
	struct virtio_vsock_hdr h, more;

	assert_true(next_packet(&h, NULL));
	assert_int_equal(h.op, op);
	assert_int_equal(h.dst_port, to);
	assert_int_equal(h.dst_cid, CID);
	assert_false(next_packet(&more, NULL));
	return h;
}

static inline void expect_nothing(void)
{
	struct virtio_vsock_hdr h;

	assert_false(next_packet(&h, NULL));
}

static inline struct vsock_stream *connect_from(uint32_t from)
{
	struct virtio_vsock_hdr h;

	send_op(VIRTIO_VSOCK_OP_REQUEST, from);
	expect_nothing();
	fake_run_threads();
	h = expect(VIRTIO_VSOCK_OP_RESPONSE, from);
	assert_int_equal(h.src_cid, VSOCK_CID_HOST);
	assert_int_equal(h.src_port, PORT);
	assert_int_equal(h.type, VIRTIO_VSOCK_TYPE_STREAM);
	assert_int_equal(h.buf_alloc, BUFFER);
	assert_int_equal(h.fwd_cnt, 0);
	return accepted[naccepted - 1];
}

static inline int setup(void **state)
{
	(void)state;
	assert_int_equal(vsock_listen(&attr), 0);
	service_memory = fake_heap_live;
	return 0;
}

#endif
