/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VirtIO RPMSG device, driven over virtio-mmio. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/rpmsg.c"
#include "emulators/virtio/rpmsg_receive.c"
#include "emulators/virtio/rpmsg_send.c"
#include "tests/unit/virtio_mmio_driver.h"

#define QUEUES FAKE_RAM_BASE
#define RX_DATA (FAKE_RAM_BASE + 0x10000)
#define TX_DATA (FAKE_RAM_BASE + 0x20000)
#define SIZE 32
#define HDR 16

static struct drv rx, tx;
static uint8_t payload[RPMSG_BUFFER];

static void device(const char *domain, uint32_t address)
{
	fake_config("virtio,rpmsg", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	if (domain != NULL) {
		assert_int_equal(
			fdt_property_string(fake_blob, "domain", domain), 0);
	}
	if (address != 0) {
		assert_int_equal(
			fdt_property_u32(fake_blob, "address", address), 0);
	}
	assert_int_equal(fdt_property_string(fake_blob, "ring", "packed"), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), 7);
	rd(VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void drive(uint64_t features)
{
	features |= VIRTIO_F_VERSION_1;
	assert_true(mmio_negotiate(features));
	assert_true(mmio_queue(&rx, 0, QUEUES, SIZE, features));
	assert_true(mmio_queue(&tx, 1, QUEUES + DRV_AREA, SIZE, features));
	assert_false(fake_vmsg->up);
	mmio_driver_ok();
	assert_true(fake_vmsg->up);
}

static void begin(void)
{
	device("d", 5);
	drive(VIRTIO_RPMSG_F_NS);
	fake_vmsg->result = VMSG_DELIVERED;
}

/* Make a message available whose header says `says` bytes. */
static void put(unsigned int slot, uint32_t src, uint32_t dst, uint32_t len,
		uint32_t says)
{
	const struct rpmsg_header h = {
		.src = src,
		.dst = dst,
		.reserved = 0x55,
		.len = (uint16_t)says,
		.flags = 3,
	};
	uint64_t at = TX_DATA + slot * RPMSG_BUFFER;
	struct drv_buf buf = { at, HDR + len, false };

	memcpy(drv_at(at, HDR), &h, HDR);
	memcpy(drv_at(at + HDR, len), payload, len);
	assert_true(drv_add(&tx, &buf, 1, false) >= 0);
}

static void fill(uint32_t len, uint8_t seed)
{
	for (uint32_t i = 0; i < len; i++) {
		payload[i] = (uint8_t)(i * 31 + seed);
	}
}

static unsigned int back(void)
{
	unsigned int n = 0;
	uint32_t len;

	while (drv_used(&tx, &len) >= 0) {
		assert_int_equal(len, 0);
		n++;
	}
	return n;
}

/* Some traps, since one takes back a few messages only. */
static unsigned int reset(void)
{
	unsigned int n = 0;
	uint64_t v = 0;

	while (fake_access(0, VIRTIO_MMIO_STATUS, 4, true, &v) != 0) {
		assert_true(++n < 100);
		v = 0;
	}
	return n;
}

/* --- from the guest ------------------------------------------------------- */

static void test_send(void **state)
{
	static const uint64_t rings[] = {
		0,
		VIRTIO_F_EVENT_IDX,
		VIRTIO_F_RING_PACKED,
		VIRTIO_F_RING_PACKED | VIRTIO_F_EVENT_IDX,
	};
	const struct rpmsg_header *h;

	(void)state;
	for (unsigned int r = 0; r < ARRAY_SIZE(rings); r++) {
		device("d", 5);
		assert_string_equal(fake_vmsg->domain, "d");
		assert_string_equal(fake_vmsg->name, "guest.device@9000000");
		assert_int_equal(fake_vmsg->attr.address, 5);
		drive(rings[r]);
		fake_vmsg->result = VMSG_DELIVERED;
		for (unsigned int i = 0; i < 100; i++) {
			uint32_t len = i * 97 % (RPMSG_DATA_MAX + 1);

			fill(len, (uint8_t)i);
			put(i % SIZE, 1024 + i, rpmsg_address(9, 77), len, len);
			assert_true(drv_kick_needed(&tx, 1));
			assert_int_equal(mmio_kick(1), 1);
			assert_int_equal(fake_vmsg->to, 9);
			assert_int_equal(fake_vmsg->len, len);
			assert_memory_equal(fake_vmsg->data, payload, len);
			h = (const void *)fake_vmsg->head;
			assert_int_equal(h->src, 1024 + i);
			assert_int_equal(h->len, len);
			assert_int_equal(back(), 1);
		}
		assert_int_equal(fake_vmsg->sends, 100);
		assert_int_equal(fake_vmsg->flushes, 100);
		assert_true(fake_stop());
	}
}

/* In parts, on two pages; longer than the header says. */
static void test_parts(void **state)
{
	const struct rpmsg_header h = {
		.src = 1,
		.dst = rpmsg_address(2, 3),
		.len = 200,
	};
	uint64_t at = TX_DATA + 0x1000 - 100;
	struct drv_buf bufs[] = {
		{ at, 5, false },
		{ at + 5, 60, false },
		{ at + 65, 400, false },
	};

	(void)state;
	begin();
	fill(449, 3);
	for (unsigned int i = 0; i < HDR; i++) {
		*(uint8_t *)drv_at(at + i, 1) = ((const uint8_t *)&h)[i];
	}
	for (unsigned int i = 0; i < 449; i++) {
		*(uint8_t *)drv_at(at + HDR + i, 1) = payload[i];
	}
	assert_true(drv_add(&tx, bufs, 3, false) >= 0);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->len, 200);
	assert_memory_equal(fake_vmsg->data, payload, 200);
	assert_int_equal(back(), 1);
	assert_true(fake_stop());
}

static void test_refused(void **state)
{
	struct drv_buf tiny = { TX_DATA, HDR - 1, false };

	(void)state;
	begin();
	put(0, rpmsg_address(7, 1), rpmsg_address(9, 1), 10, 10); /* forged */
	put(1, 1, rpmsg_address(9, 1), 10, 11);
	put(2, 1, rpmsg_address(9, 1), RPMSG_DATA_MAX, RPMSG_DATA_MAX + 1);
	put(3, 1, rpmsg_address(9, 53), 40, 40); /* name service of a peer */
	put(4, 1, rpmsg_address(RPMSG_NODE_ALL, 53), 40, 40);
	assert_true(drv_add(&tx, &tiny, 1, false) >= 0);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->sends, 0);
	assert_int_equal(fake_vmsg->faults[VMSG_FAULT_FORGED], 3);
	assert_int_equal(fake_vmsg->faults[VMSG_FAULT_MALFORMED], 3);
	assert_int_equal(back(), 6);
	/* Its own node has no peer; core says so. */
	fake_vmsg->result = -ERR_NOENT;
	put(5, 1, 1024, 10, 10);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->to, 0);
	assert_int_equal(back(), 1);
	assert_false(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	assert_true(fake_stop());
}

static void announce(const char *name, uint32_t address, uint32_t flags,
		     uint32_t len)
{
	struct rpmsg_ns_message ns = { .address = address, .flags = flags };

	memcpy(ns.name, name, MIN(strlen(name) + 1, sizeof(ns.name)));
	memset(payload, 0, sizeof(payload));
	memcpy(payload, &ns, sizeof(ns));
	put(0, address, RPMSG_NS_ADDRESS, len, len);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(back(), 1);
}

static void test_name_service(void **state)
{
	const unsigned int *faults;

	(void)state;
	begin();
	faults = &fake_vmsg->faults[VMSG_FAULT_NAMES];
	announce("echo", 1024, RPMSG_NS_CREATE, 40);
	assert_int_equal(fake_vmsg->announces, 1);
	assert_string_equal(fake_vmsg->announced, "echo");
	assert_int_equal(fake_vmsg->endpoint, 1024);
	announce("echo", 1024, RPMSG_NS_DESTROY, 40);
	assert_int_equal(fake_vmsg->withdraws, 1);
	assert_int_equal(*faults, 0);
	announce("echo", 1024, 2, 40);
	announce("echo", 1024, RPMSG_NS_CREATE, 39);
	announce("echo", 1024, RPMSG_NS_CREATE, 41);
	announce("12345678901234567890123456789012", 1, RPMSG_NS_CREATE, 40);
	assert_int_equal(*faults, 4);
	assert_int_equal(fake_vmsg->announces, 1);
	fake_vmsg->announce_result = -ERR_NOSPC;
	announce("more", 1, RPMSG_NS_CREATE, 40);
	assert_int_equal(*faults, 5);
	assert_int_equal(fake_vmsg->sends, 0);
	assert_true(fake_stop());
}

/* Another's endpoint: the header's source is its own. */
static void test_name_forged(void **state)
{
	struct rpmsg_ns_message ns = { .name = "x",
				       .address = rpmsg_address(3, 1) };

	(void)state;
	begin();
	memcpy(payload, &ns, sizeof(ns));
	put(0, 1, RPMSG_NS_ADDRESS, 40, 40);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->announces, 0);
	assert_int_equal(fake_vmsg->faults[VMSG_FAULT_NAMES], 1);
	assert_int_equal(back(), 1);
	assert_true(fake_stop());
}

static void test_parked(void **state)
{
	(void)state;
	begin();
	fake_vmsg->result = VMSG_PARKED;
	for (unsigned int i = 0; i < SIZE; i++) {
		fill(8, (uint8_t)i);
		put(i, i, rpmsg_address(2, 1), 8, 8);
	}
	(void)mmio_kick(1);
	assert_int_equal(fake_vmsg->nparked, SIZE);
	assert_int_equal(back(), 0);
	fake_line_calls = 0;
	fake_vmsg_end(3, VMSG_DELIVERED);
	assert_int_equal(back(), 1);
	assert_true(fake_line_calls > 0);
	fill(8, 3);
	assert_memory_equal(fake_vmsg->data, payload, 8);
	fake_vmsg_end(0, VMSG_REFUSED);
	assert_int_equal(back(), 1);
	/* A reset takes all back. */
	assert_in_range(reset(), 1, 3);
	assert_false(fake_vmsg->up);
	assert_int_equal(fake_vmsg->nparked, 0);
	drive(0);
	fake_vmsg->result = VMSG_DELIVERED;
	put(0, 1, rpmsg_address(2, 1), 8, 8);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(back(), 1);
	assert_true(fake_stop());
}

/* No room: the message stays in the queue until there is. */
static void test_blocked(void **state)
{
	(void)state;
	begin();
	fake_vmsg->result = -ERR_BUSY;
	put(0, 1, rpmsg_address(2, 1), 8, 8);
	put(1, 2, rpmsg_address(2, 1), 8, 8);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->sends, 1);
	assert_int_equal(back(), 0);
	assert_null(fake_work);
	assert_false(drv_kick_needed(&tx, 1));
	fake_vmsg->result = VMSG_DELIVERED;
	fake_vmsg->attr.ops->room(fake_vmsg);
	assert_non_null(fake_work);
	assert_int_equal(fake_vmsg->sends, 1);
	assert_true(fake_run_work());
	assert_int_equal(fake_vmsg->sends, 3);
	assert_int_equal(back(), 2);
	assert_null(fake_work);
	assert_true(fake_stop());
}

static void test_broadcast(void **state)
{
	(void)state;
	begin();
	fill(100, 9);
	fake_vmsg->peers = 0x8000000000000015;
	put(0, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 100, 100);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->sends, 4);
	assert_memory_equal(fake_vmsg->data, payload, 100);
	assert_int_equal(back(), 1);
	/* To each that has no buffer it waits; it is over with the last. */
	fake_vmsg->result = VMSG_PARKED;
	put(1, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 100, 100);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->nparked, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(back(), 0);
		memset(fake_vmsg->data, 0, 100);
		fake_vmsg_end(0, VMSG_DELIVERED);
		assert_memory_equal(fake_vmsg->data, payload, 100);
	}
	assert_int_equal(back(), 1);
	/* Blocked in the middle, it goes on where it was. */
	fake_vmsg->result = -ERR_BUSY;
	put(2, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 100, 100);
	fake_vmsg->sends = 0;
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->sends, 1);
	fake_vmsg->result = VMSG_DELIVERED;
	fake_vmsg->attr.ops->room(fake_vmsg);
	assert_true(fake_run_work());
	assert_int_equal(fake_vmsg->sends, 5);
	assert_int_equal(back(), 1);
	/* Nobody is there. */
	fake_vmsg->peers = 0;
	put(3, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 100, 100);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(back(), 1);
	/* A reset in the middle. */
	fake_vmsg->peers = 7;
	fake_vmsg->result = -ERR_BUSY;
	put(4, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 100, 100);
	assert_int_equal(mmio_kick(1), 1);
	(void)reset();
	assert_int_equal(rd(VIRTIO_MMIO_STATUS), 0);
	assert_true(fake_stop());
}

/* What one trap does is bounded. */
static void test_bounded(void **state)
{
	(void)state;
	begin();
	for (unsigned int i = 0; i < SIZE; i++) {
		put(i, 1, rpmsg_address(2, 1), 8, 8);
	}
	assert_in_range(mmio_kick(1), 2, 4);
	assert_int_equal(fake_vmsg->sends, SIZE);
	fake_vmsg->peers = UINT64_MAX >> 1;
	assert_int_equal(back(), SIZE);
	put(0, 1, rpmsg_address(RPMSG_NODE_ALL, 1), 8, 8);
	assert_in_range(mmio_kick(1), 4, 5);
	assert_int_equal(fake_vmsg->sends, SIZE + 63);
	assert_int_equal(back(), 1);
	assert_true(fake_stop());
}

/* --- to the guest --------------------------------------------------------- */

static void buffers(unsigned int n, uint32_t size)
{
	for (unsigned int i = 0; i < n; i++) {
		struct drv_buf buf = { RX_DATA + i * RPMSG_BUFFER, size, true };

		assert_true(drv_add(&rx, &buf, 1, false) >= 0);
	}
	(void)mmio_kick(0);
}

static enum vmsg_take give(uint32_t source, uint32_t len)
{
	const struct rpmsg_header h = {
		.src = 1024,
		.dst = rpmsg_address(5, 77),
		.reserved = 9,
		.len = (uint16_t)len,
		.flags = 3,
	};

	return fake_vmsg_give(source, &h, sizeof(h), payload, len);
}

static void test_receive(void **state)
{
	struct rpmsg_header h;
	uint32_t len;

	(void)state;
	begin();
	fill(RPMSG_DATA_MAX, 5);
	assert_int_equal(give(9, 10), VMSG_FULL);
	buffers(3, RPMSG_BUFFER);
	assert_int_equal(fake_vmsg->readies, 1);
	assert_false(drv_kick_needed(&rx, 1));
	assert_int_equal(give(9, 10), VMSG_TAKEN);
	assert_true(fake_line);
	assert_int_equal(drv_used(&rx, &len), 0);
	assert_int_equal(len, HDR + 10);
	memcpy(&h, drv_at(RX_DATA, HDR), HDR);
	assert_int_equal(h.src, rpmsg_address(9, 1024));
	assert_int_equal(h.dst, 77);
	assert_int_equal(h.reserved, 0);
	assert_int_equal(h.len, 10);
	assert_int_equal(h.flags, 3);
	assert_memory_equal(drv_at(RX_DATA + HDR, 10), payload, 10);
	assert_int_equal(give(9, RPMSG_DATA_MAX), VMSG_TAKEN);
	assert_int_equal(drv_used(&rx, &len), 1);
	assert_int_equal(len, RPMSG_BUFFER);
	assert_memory_equal(drv_at(RX_DATA + RPMSG_BUFFER + HDR,
				   RPMSG_DATA_MAX),
			    payload, RPMSG_DATA_MAX);
	assert_int_equal(give(9, 0), VMSG_TAKEN);
	assert_int_equal(drv_used(&rx, &len), 2);
	assert_int_equal(len, HDR);
	assert_int_equal(give(9, 0), VMSG_FULL);
	assert_true(drv_kick_needed(&rx, 1));
	/* One that is too small takes what fits. */
	buffers(1, 100);
	assert_int_equal(give(9, 85), VMSG_TURNED_DOWN);
	assert_int_equal(fake_vmsg->faults[VMSG_FAULT_MALFORMED], 1);
	assert_int_equal(give(9, 84), VMSG_TAKEN);
	assert_true(fake_stop());
}

/* A queue that is wrong: nothing is taken from it until a reset. */
static void test_bad_buffer(void **state)
{
	struct drv_buf bad = { 0x1000, RPMSG_BUFFER, true };

	(void)state;
	begin();
	assert_true(drv_add(&rx, &bad, 1, false) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(give(9, 10), VMSG_FULL);
	assert_true(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(give(9, 10), VMSG_FULL);
	assert_true(fake_stop());
}

static void notice(const char *name, bool gone)
{
	struct vmsg_notice *n = &fake_vmsg->notices[fake_vmsg->nnotices++];

	*n = (struct vmsg_notice){
		.address = 9,
		.endpoint = 1024,
		.gone = gone,
	};
	memcpy(n->name, name, strlen(name) + 1);
}

static void told(unsigned int slot, const char *name, uint32_t flags)
{
	struct rpmsg_announcement a;
	uint32_t len;

	assert_int_equal(drv_used(&rx, &len), slot);
	assert_int_equal(len, sizeof(a));
	memcpy(&a, drv_at(RX_DATA + slot * RPMSG_BUFFER, sizeof(a)), sizeof(a));
	assert_int_equal(a.h.dst, RPMSG_NS_ADDRESS);
	assert_int_equal(a.h.len, 40);
	assert_int_equal(a.ns.address, rpmsg_address(9, 1024));
	assert_string_equal(a.ns.name, name);
	assert_int_equal(a.ns.flags, flags);
}

/* What is to be told waits for buffers, and is told then. */
static void test_notices(void **state)
{
	(void)state;
	begin();
	notice("a", false);
	notice("b", true);
	fake_vmsg->attr.ops->notice(fake_vmsg);
	assert_int_equal(fake_vmsg->notice_at, 0);
	assert_true(drv_kick_needed(&rx, 1));
	buffers(3, RPMSG_BUFFER);
	told(0, "a", RPMSG_NS_CREATE);
	told(1, "b", RPMSG_NS_DESTROY);
	notice("c", false);
	fake_vmsg->attr.ops->notice(fake_vmsg);
	told(2, "c", RPMSG_NS_CREATE);
	assert_true(fake_stop());
	/* Without the feature nothing is. */
	device("d", 5);
	drive(0);
	notice("a", false);
	buffers(3, RPMSG_BUFFER);
	fake_vmsg->attr.ops->notice(fake_vmsg);
	assert_int_equal(fake_vmsg->notice_at, 0);
	assert_true(fake_stop());
}

/* --- life ----------------------------------------------------------------- */

static void test_pause(void **state)
{
	(void)state;
	begin();
	fake_vmsg->result = VMSG_PARKED;
	put(0, 1, rpmsg_address(2, 1), 8, 8);
	assert_int_equal(mmio_kick(1), 1);
	emu_device_pause(&fake_dev, true);
	assert_true(fake_vmsg->paused);
	put(1, 1, rpmsg_address(2, 1), 8, 8);
	assert_int_equal(mmio_kick(1), 1);
	assert_int_equal(fake_vmsg->sends, 1);
	emu_device_pause(&fake_dev, false);
	assert_false(fake_vmsg->paused);
	assert_int_equal(fake_vmsg->sends, 2);
	assert_true(fake_stop());
}

static void test_counts(void **state)
{
	struct queue_counts c;
	struct virtio_device *vd;

	(void)state;
	begin();
	vd = virtio_mmio_device(&fake_dev);
	put(0, 1, rpmsg_address(2, 1), 8, 8);
	assert_int_equal(mmio_kick(1), 1);
	buffers(1, RPMSG_BUFFER);
	assert_int_equal(give(9, 100), VMSG_TAKEN);
	assert_true(virtio_queue_counts(vd, 1, &c));
	assert_string_equal(c.name, "transmit");
	assert_int_equal(c.bytes, 24);
	assert_true(virtio_queue_counts(vd, 0, &c));
	assert_string_equal(c.name, "receive");
	assert_int_equal(c.bytes, 116);
	assert_true(fake_stop());
}

static void test_no_memory(void **state)
{
	int err = -ERR_NOMEM;

	(void)state;
	for (int budget = 0; err != 0; budget++) {
		fake_config("virtio,rpmsg", VIRTIO_MMIO_SIZE);
		fake_heap_budget = budget;
		err = fake_start();
		fake_heap_budget = -1;
		assert_true(err == 0 || err == -ERR_NOMEM);
		assert_true(err == 0 || (fake_heap_live == 0 && !fake_vmsg));
	}
	assert_string_equal(fake_vmsg->domain, "");
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_name_service),
		cmocka_unit_test(test_name_forged),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_bad_buffer),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
