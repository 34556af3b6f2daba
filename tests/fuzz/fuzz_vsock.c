/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers of vsock packets (VirtIO 1.2, 5.10.6): a hostile guest, a hostile
 * peer and a service of the hypervisor, which exchange packets with any type,
 * operation, ports, lengths and credit. Nothing passes between the guests
 * without a connection, under another's CID, or with more data than there is;
 * what the guest receives fits its buffer. Locks, timers and memory are checked
 * by emu_fake.h.
 */
#include <core/virtio_vsock.h>
#include <core/vsock.h>

#include "emulators/virtio/vsock.c"
#include "emulators/virtio/vsock_conn.c"
#include "emulators/virtio/vsock_peer.c"
#include "emulators/virtio/vsock_rx.c"
#include "emulators/virtio/vsock_tx.c"
#include "tests/unit/virtio_mmio_driver.h"
#include "tests/unit/vsock_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HDR sizeof(struct virtio_vsock_hdr)
#define QUEUES FAKE_RAM_BASE
#define RX_DATA (FAKE_RAM_BASE + 0x10000)
#define RX_BYTES 0x1000
#define TX_DATA (FAKE_RAM_BASE + 0x30000)
#define TX_BYTES 0x800
#define WAITS_MAX 1000
#define SIZE 16
#define CID 3
#define PEER 8 /* and the next one */
#define PEERS 2
#define PORTS 8
#define SERVICE_PORT 1000
#define TYPES 2

struct record {
	uint8_t what, cids, ports, op, type, flags;
	uint16_t bytes, says; /* of data; 16 bits of h->len */
	uint32_t buf_alloc, fwd_cnt;
};

static struct drv rx, tx;
static unsigned int waited;

/* --- a service that answers with what it gets ----------------------------- */

static bool on_accept(struct vsock_stream *s)
{
	return vsock_port(s) % 4 != 3;
}

static void on_receive(struct vsock_stream *s)
{
	uint8_t bytes[512];
	size_t n = vsock_read(s, bytes, MIN(vsock_room(s), sizeof(bytes)));

	fake_check(vsock_write(s, bytes, n) == n);
	if (vsock_ended(s)) {
		vsock_close(s);
	}
}

static const struct vsock_ops service_ops = {
	.accept = on_accept,
	.receive = on_receive,
	.writable = on_receive,
	.closed = vsock_close,
};

static const struct vsock_attr service = {
	.name = "fuzz",
	.port = SERVICE_PORT,
	.streams = 4,
	.streams_per_guest = 3,
	.receive_size = VSOCK_BUFFER_MIN,
	.send_size = VSOCK_BUFFER_MIN,
	.ops = &service_ops,
};
VSOCK_SERVICE(service);

/* --- connections that there may be ---------------------------------------- */

static bool connected[PEERS][PORTS][PORTS][TYPES];

/* Of a packet from the guest, or to it; NULL: there cannot be one. */
static bool *connection(const struct virtio_vsock_hdr *h, bool sent)
{
	uint64_t peer = (sent ? h->dst_cid : h->src_cid) - PEER;
	uint32_t local = sent ? h->src_port : h->dst_port;
	uint32_t remote = sent ? h->dst_port : h->src_port;
	uint32_t type = h->type - 1U;

	return peer < PEERS && local < PORTS && remote < PORTS && type < TYPES
		       ? &connected[peer][local][remote][type]
		       : NULL;
}

static void check_passed(const struct virtio_vsock_hdr *h, bool sent)
{
	const bool *there = connection(h, sent);

	fake_check(h->op > VIRTIO_VSOCK_OP_INVALID && h->op < VIRTIO_VSOCK_OPS);
	fake_check((sent ? h->src_cid : h->dst_cid) == CID);
	fake_check(h->op == VIRTIO_VSOCK_OP_REQUEST ||
		   (!sent && h->op == VIRTIO_VSOCK_OP_RST) ||
		   (there != NULL && *there));
}

static void note(const struct virtio_vsock_hdr *h, bool sent)
{
	bool *there = connection(h, sent);

	if (h->op == VIRTIO_VSOCK_OP_REQUEST && there != NULL) {
		*there = true;
	}
}

/* --- steps ---------------------------------------------------------------- */

static struct virtio_vsock_hdr header(const struct record *r, uint64_t src,
				      uint64_t dst)
{
	uint32_t a = r->ports % PORTS, b = r->ports / PORTS % PORTS;

	return (struct virtio_vsock_hdr){
		.src_cid = src,
		.dst_cid = dst,
		.src_port = a,
		.dst_port = dst == VSOCK_CID_HOST && b != 0 ? SERVICE_PORT : b,
		/* Often what there is, and anything. */
		.len = r->cids & 0x10 ? r->bytes : r->says,
		.type = r->cids & 0x20 ? 1 + (r->type & 1) : r->type,
		.op = r->cids & 0x40 ? r->op & 7 : r->op,
		.flags = r->flags,
		.buf_alloc = r->buf_alloc,
		.fwd_cnt = r->fwd_cnt,
	};
}

static void look_at_sent(unsigned int before, uint32_t most)
{
	struct virtio_vsock_hdr h;

	if (fake_vmsg->sends == before) {
		return;
	}
	memcpy(&h, fake_vmsg->head, HDR);
	check_passed(&h, true);
	fake_check(fake_vmsg->to == h.dst_cid && h.len <= most);
	if (h.op == VIRTIO_VSOCK_OP_RST &&
	    fake_vmsg->result == VMSG_DELIVERED) {
		*connection(&h, true) = false;
	}
}

static void guest_sends(const struct record *r)
{
	static const uint64_t to[] = { VSOCK_CID_HOST, PEER, PEER + 1,
				       PEER | BIT(32) };
	struct virtio_vsock_hdr h =
		header(r, r->cids & 8 ? PEER : CID, to[r->cids & 3]);
	uint16_t id = drv_free_id(&tx);
	uint64_t at = TX_DATA + id * TX_BYTES;
	uint32_t bytes = r->bytes % (TX_BYTES - HDR + 1);
	struct drv_buf buf = { at, (uint32_t)HDR + bytes, false };

	if (tx.free_descs == 0) {
		return;
	}
	h.len = r->cids & 0x10 ? bytes : h.len;
	memcpy(drv_at(at, HDR), &h, HDR);
	if (h.src_cid == CID) {
		note(&h, true);
	}
	(void)drv_add(&tx, &buf, 1, false);
	(void)mmio_kick(VIRTIO_VSOCK_TX);
}

static void peer_sends(const struct record *r)
{
	static uint8_t bytes[0x4000];
	struct virtio_vsock_hdr h = header(r, PEER + (r->cids & 1), CID);
	bool *there = connection(&h, false);

	/* What its own device lets pass (tx_parse(), peer_admit()). */
	h.len = r->bytes % (sizeof(bytes) + 1);
	if (there == NULL || h.op == VIRTIO_VSOCK_OP_INVALID ||
	    h.op >= VIRTIO_VSOCK_OPS) {
		return;
	}
	note(&h, false);
	if (fake_vmsg_give((uint32_t)h.src_cid, &h, HDR, bytes, h.len) ==
		    VMSG_TAKEN &&
	    h.op == VIRTIO_VSOCK_OP_RST) {
		*there = false;
	}
}

static void look_at_received(void)
{
	struct virtio_vsock_hdr h;
	uint32_t len;
	int id;

	while ((id = drv_used(&rx, &len)) >= 0) {
		memcpy(&h, drv_at(RX_DATA + (uint64_t)id * RX_BYTES, HDR), HDR);
		fake_check(len == HDR + h.len && len <= RX_BYTES);
		fake_check(h.dst_cid == CID);
		fake_check(h.type == VIRTIO_VSOCK_TYPE_STREAM ||
			   h.type == VIRTIO_VSOCK_TYPE_SEQPACKET ||
			   h.op == VIRTIO_VSOCK_OP_RST);
		if (h.src_cid >= PEER && h.op != VIRTIO_VSOCK_OP_RST) {
			fake_check(connection(&h, false) != NULL);
			fake_check(h.op < VIRTIO_VSOCK_OPS);
		}
	}
}

static void add_buffers(const struct record *r)
{
	for (unsigned int n = r->cids % 8; n > 0 && rx.free_descs > 0; n--) {
		struct drv_buf buf = { 0, 64 + r->bytes % (RX_BYTES - 63),
				       true };
		uint16_t id = drv_free_id(&rx);

		buf.addr = RX_DATA + (uint64_t)id * RX_BYTES;
		(void)drv_add(&rx, &buf, 1, false);
	}
	(void)mmio_kick(VIRTIO_VSOCK_RX);
}

static void set_result(const struct record *r)
{
	static const int results[] = { VMSG_DELIVERED, VMSG_PARKED, -ERR_BUSY,
				       -ERR_NOENT };

	fake_vmsg->result = results[r->cids & 3];
	if (fake_vmsg->nparked > 0 && r->cids & 4) {
		fake_vmsg_end(r->bytes % fake_vmsg->nparked,
			      r->cids & 8 ? VMSG_DELIVERED : VMSG_REFUSED);
		fake_vmsg->attr.ops->room(fake_vmsg);
	}
}

static void something_else(const struct record *r)
{
	const struct vmsg_ops *ops = fake_vmsg->attr.ops;

	if (r->cids & 1) {
		ops->given_up(fake_vmsg, PEER + (r->cids >> 1 & 1));
	}
	if (r->cids & 4) {
		ops->peer(fake_vmsg, PEER + (r->cids >> 1 & 1), r->cids & 8);
	}
	fake_advance((uint64_t)r->bytes << 16);
	(void)fake_run_work();
}

static void step(const struct record *r)
{
	unsigned int before = fake_vmsg->sends;

	switch (r->what & 7) {
	case 0:
	case 1:
	case 2:
		guest_sends(r);
		break;
	case 3:
		peer_sends(r);
		break;
	case 4:
		add_buffers(r);
		break;
	case 5:
		set_result(r);
		break;
	case 6:
		fake_run_threads();
		break;
	default:
		something_else(r);
		break;
	}
	look_at_sent(before, TX_BYTES - HDR);
	look_at_received();
	while (r->what & 0x80 && fake_run_work()) {}
	look_at_received();
}

static void begin(uint8_t how)
{
	uint64_t features = VIRTIO_F_VERSION_1 | VIRTIO_VSOCK_F_SEQPACKET;

	features |= how & 1 ? VIRTIO_F_EVENT_IDX : 0;
	features |= how & 2 ? VIRTIO_F_INDIRECT_DESC : 0;
	memset(connected, 0, sizeof(connected));
	fake_config("virtio,vsock", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	fake_check(fdt_property_u32(fake_blob, "cid", CID) == 0);
	fake_check(fdt_property_string(fake_blob, "domain", "d") == 0);
	fake_node_end();
	fake_check(fake_start() == 0);
	fake_vmsg->result = VMSG_DELIVERED;
	fake_check(mmio_negotiate(features));
	fake_check(mmio_queue(&rx, VIRTIO_VSOCK_RX, QUEUES, SIZE, features));
	fake_check(mmio_queue(&tx, VIRTIO_VSOCK_TX, QUEUES + DRV_AREA, SIZE,
			      features));
	mmio_driver_ok();
}

/* Let what a reset waits for end. */
static void meanwhile(void)
{
	fake_check(++waited < WAITS_MAX);
	fake_advance(1000000);
	(void)fake_run_work();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int service_memory = -1; /* which stays */
	struct record r;
	uint32_t len;

	if (size < 1) {
		return 0;
	}
	if (service_memory < 0) {
		vsock_services_start();
		service_memory = fake_heap_live;
	}
	fake_now = 1000000000;
	fake_asleep = meanwhile;
	waited = 0;
	memset(fake_ram, 0, sizeof(fake_ram));
	begin(data[0]);
	for (size_t at = 1; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		step(&r);
		while (drv_used(&tx, &len) >= 0) {}
	}
	emu_device_pause(&fake_dev, true);
	emu_device_stopped(&fake_dev);
	fake_heap_live -= service_memory;
	fake_check(fake_stop());
	fake_heap_live = service_memory;
	fake_run_threads();
	return 0;
}
