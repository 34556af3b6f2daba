/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers of RPMSG messages and announcements to the name service: a hostile
 * guest, and peers that it has any names from. What passes has the guest's own
 * endpoint as its source, no more data than there is, and is not for the name
 * service of a peer; a name that is announced ends, and its endpoint has no
 * node in it. What the guest receives fits its buffer.
 */
#include <core/virtio_rpmsg.h>

#include "emulators/virtio/rpmsg.c"
#include "emulators/virtio/rpmsg_receive.c"
#include "emulators/virtio/rpmsg_send.c"
#include "tests/unit/virtio_mmio_driver.h"
#include "tests/unit/vsock_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HDR sizeof(struct rpmsg_header)
#define QUEUES FAKE_RAM_BASE
#define RX_DATA (FAKE_RAM_BASE + 0x10000)
#define TX_DATA (FAKE_RAM_BASE + 0x20000)
#define WAITS_MAX 1000
#define SIZE 32
#define NODE 5
#define RX 0
#define TX 1

struct record {
	uint8_t what, how;
	uint16_t says, bytes, flags;
	uint32_t src, dst;
	struct rpmsg_ns_message ns;
};

static struct drv rx, tx;
static unsigned int waited;

static void guest_sends(const struct record *r)
{
	uint16_t id = drv_free_id(&tx);
	uint64_t at = TX_DATA + id * RPMSG_BUFFER;
	uint32_t bytes = r->bytes % (RPMSG_DATA_MAX + 1U);
	struct drv_buf buf = { at, (uint32_t)HDR + bytes, false };
	struct rpmsg_header h = {
		.src = r->how & 1 ? rpmsg_endpoint(r->src) : r->src,
		.dst = r->how & 2 ? RPMSG_NS_ADDRESS : r->dst,
		.len = r->how & 4 ? (uint16_t)bytes : r->says,
		.flags = r->flags,
	};

	if (tx.free_descs == 0) {
		return;
	}
	if (r->how & 8) { /* an announcement that is one */
		bytes = sizeof(r->ns);
		buf.len = (uint32_t)HDR + bytes;
		h.len = (uint16_t)bytes;
	}
	memset(drv_at(at, RPMSG_BUFFER), 'x', RPMSG_BUFFER);
	memcpy(drv_at(at, HDR), &h, HDR);
	memcpy(drv_at(at + HDR, sizeof(r->ns)), &r->ns, sizeof(r->ns));
	(void)drv_add(&tx, &buf, 1, false);
	(void)mmio_kick(TX);
}

static void look_at_sent(unsigned int sends, unsigned int named)
{
	const struct vmsg_node *n = fake_vmsg;
	struct rpmsg_header h;

	if (n->sends != sends) {
		memcpy(&h, n->head, HDR);
		fake_check(rpmsg_node(h.src) == 0);
		fake_check(h.len <= RPMSG_DATA_MAX);
		fake_check(rpmsg_node(h.dst) == 0 ||
			   rpmsg_endpoint(h.dst) != RPMSG_NS_ADDRESS);
		fake_check(n->result < 0 || n->result == VMSG_PARKED ||
			   n->len == h.len);
	}
	if (n->announces + n->withdraws != named) {
		fake_check(memchr(n->announced, '\0', VMSG_ENDPOINT_NAME) !=
			   NULL);
		fake_check(rpmsg_node(n->endpoint) == 0);
	}
}

static void look_at_received(void)
{
	struct rpmsg_header h;
	uint32_t len;
	int id;

	while ((id = drv_used(&rx, &len)) >= 0) {
		memcpy(&h, drv_at(RX_DATA + (uint64_t)id * RPMSG_BUFFER, HDR),
		       HDR);
		fake_check(len == HDR + h.len && len <= RPMSG_BUFFER);
		fake_check(rpmsg_node(h.dst) == 0 && rpmsg_node(h.src) != 0);
	}
}

static void add_buffers(const struct record *r)
{
	for (unsigned int n = r->how % 8; n > 0 && rx.free_descs > 0; n--) {
		struct drv_buf buf = { 0, 1U + r->bytes % RPMSG_BUFFER, true };
		uint16_t id = drv_free_id(&rx);

		buf.addr = RX_DATA + (uint64_t)id * RPMSG_BUFFER;
		(void)drv_add(&rx, &buf, 1, false);
	}
	(void)mmio_kick(RX);
}

static void peer_sends(const struct record *r)
{
	static uint8_t bytes[RPMSG_DATA_MAX];
	struct rpmsg_header h = {
		.src = rpmsg_endpoint(r->src),
		.dst = r->dst,
		.len = (uint16_t)(r->says % (RPMSG_DATA_MAX + 1U)),
	};

	(void)fake_vmsg_give(1 + r->src % RPMSG_NODE_LAST, &h, HDR, bytes,
			     h.len);
}

static void peer_names(const struct record *r)
{
	struct vmsg_notice *notice = &fake_vmsg->notices[0];

	notice->address = 1 + r->src % RPMSG_NODE_LAST;
	notice->endpoint = rpmsg_endpoint(r->dst);
	notice->gone = r->how & 1;
	memcpy(notice->name, r->ns.name, sizeof(notice->name));
	fake_vmsg->nnotices = r->how % 4;
	for (unsigned int i = 1; i < fake_vmsg->nnotices; i++) {
		fake_vmsg->notices[i] = *notice;
	}
	fake_vmsg->notice_at = 0;
	fake_vmsg->attr.ops->notice(fake_vmsg);
}

static void set_result(const struct record *r)
{
	static const int results[] = { VMSG_DELIVERED, VMSG_PARKED, -ERR_BUSY,
				       -ERR_NOENT };

	fake_vmsg->result = results[r->how & 3];
	fake_vmsg->announce_result = r->how & 4 ? -ERR_NOSPC : 0;
	if (fake_vmsg->nparked > 0 && r->how & 8) {
		fake_vmsg_end(r->bytes % fake_vmsg->nparked,
			      r->how & 16 ? VMSG_DELIVERED : VMSG_REFUSED);
		fake_vmsg->attr.ops->room(fake_vmsg);
	}
	(void)fake_run_work();
}

static void step(const struct record *r)
{
	unsigned int sends = fake_vmsg->sends;
	unsigned int named = fake_vmsg->announces + fake_vmsg->withdraws;
	uint32_t len;

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
		peer_names(r);
		break;
	case 5:
		set_result(r);
		break;
	default:
		add_buffers(r);
		break;
	}
	look_at_sent(sends, named);
	look_at_received();
	while (drv_used(&tx, &len) >= 0) {}
}

static void begin(uint8_t how)
{
	uint64_t features = VIRTIO_F_VERSION_1;

	features |= how & 1 ? VIRTIO_F_EVENT_IDX : 0;
	features |= how & 2 ? 0 : VIRTIO_RPMSG_F_NS;
	fake_config("virtio,rpmsg", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	fake_check(fdt_property_string(fake_blob, "domain", "d") == 0);
	fake_check(fdt_property_u32(fake_blob, "address", NODE) == 0);
	fake_node_end();
	fake_check(fake_start() == 0);
	fake_vmsg->result = VMSG_DELIVERED;
	fake_vmsg->peers = how >> 2; /* for broadcasts */
	fake_check(mmio_negotiate(features));
	fake_check(mmio_queue(&rx, RX, QUEUES, SIZE, features));
	fake_check(mmio_queue(&tx, TX, QUEUES + DRV_AREA, SIZE, features));
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
	struct record r;

	if (size < 1) {
		return 0;
	}
	fake_now = 1000000000;
	fake_asleep = meanwhile;
	waited = 0;
	memset(fake_ram, 0, sizeof(fake_ram));
	begin(data[0]);
	for (size_t at = 1; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		step(&r);
	}
	emu_device_pause(&fake_dev, true);
	emu_device_stopped(&fake_dev);
	fake_check(fake_stop());
	return 0;
}
