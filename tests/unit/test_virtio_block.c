/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio block device with a driver's queue: any framing, malformed
 * requests, and more requests than it works on. The disk is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/block.c"
#include "tests/unit/virtio_block_disk.h"
#include "tests/unit/virtio_driver.h"

#define RING FAKE_RAM_BASE
#define DATA (FAKE_RAM_BASE + 0x20000)

/* --- the driver ----------------------------------------------------------- */

static struct drv drv;
static uint64_t features;

static void describe_node(uint32_t queues, bool read_only)
{
	fake_config("virtio,block", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	fake_check(fdt_property_string(fake_blob, "disk", "data") == 0);
	fake_check(fdt_property_u32(fake_blob, "queues", queues) == 0);
	if (read_only) {
		fake_check(fdt_property(fake_blob, "read-only", NULL, 0) == 0);
	}
	fake_node_end();
}

static int setup(void **state)
{
	(void)state;
	geometry = (struct vdisk_geometry){ .nsectors = DISK_SECTORS,
					    .block_size = 512,
					    .physical_size = 4096,
					    .max_discard = 8,
					    .max_write_zeroes = 8 };
	nheld = batches = ended = refs = cancels = 0;
	hold = paused_now = false;
	bind_error = result = 0;
	describe_node(1, false);
	return 0;
}

static uint64_t offered(void)
{
	uint64_t f;

	wr(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	f = rd(VIRTIO_MMIO_DEVICE_FEATURES);
	wr(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return f | (uint64_t)rd(VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void queue_setup(unsigned int index, struct drv *d, uint64_t base)
{
	drv_init(d, base, 64, features);
	wr(VIRTIO_MMIO_QUEUE_SEL, index);
	assert_true(rd(VIRTIO_MMIO_QUEUE_NUM_MAX) >= 64);
	wr(VIRTIO_MMIO_QUEUE_NUM, 64);
	wr(VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DRV_DESC(d));
	wr(VIRTIO_MMIO_QUEUE_DRIVER_LOW, (uint32_t)DRV_DRIVER(d));
	wr(VIRTIO_MMIO_QUEUE_DEVICE_LOW, (uint32_t)DRV_DEVICE(d));
	wr(VIRTIO_MMIO_QUEUE_READY, 1);
}

/* Initialise as in 3.1.1, with all features offered except `without`. */
static void go(uint64_t without)
{
	wr(VIRTIO_MMIO_STATUS, 0);
	wr(VIRTIO_MMIO_STATUS,
	   VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	features = offered() & ~without;
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	wr(VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE |
				       VIRTIO_STATUS_DRIVER |
				       VIRTIO_STATUS_FEATURES_OK);
	assert_true(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK);
	queue_setup(0, &drv, RING);
	wr(VIRTIO_MMIO_STATUS,
	   VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
		   VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
	drv_interrupts(&drv, true, 0);
}

static void start(uint64_t without)
{
	assert_int_equal(fake_start(), 0);
	go(without);
}

static void kick(void)
{
	uint64_t v = 0;

	while (fake_access(0, VIRTIO_MMIO_QUEUE_NOTIFY, 4, true, &v)) {}
}

/* A request's memory: header, data, status. */
struct request {
	uint64_t header, data, status;
	int id;
};

static struct request place(unsigned int n, uint32_t type, uint64_t sector)
{
	struct request r = { .header = DATA + n * 0x1800 };

	r.data = r.header + 0x100;
	r.status = r.header + 0x1700;
	memcpy(drv_at(r.header, 4), &type, 4);
	memset(drv_at(r.header + 4, 4), 0, 4);
	memcpy(drv_at(r.header + 8, 8), &sector, 8);
	*(uint8_t *)drv_at(r.status, 1) = 0xff;
	return r;
}

/* The usual framing: three buffers. */
static struct request add(unsigned int n, uint32_t type, uint64_t sector,
			  uint32_t size)
{
	bool in = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	struct request r = place(n, type, sector);
	struct drv_buf bufs[3] = {
		{ r.header, 16, false },
		{ r.data, size, in },
		{ r.status, 1, true },
	};

	if (size == 0) {
		bufs[1] = bufs[2];
	}
	r.id = drv_add(&drv, bufs, size ? 3 : 2, n & 1);
	assert_true(r.id >= 0);
	return r;
}

static uint8_t status_at(const struct request *r)
{
	return *(uint8_t *)drv_at(r->status, 1);
}

/* Check that it is the next one returned; returns its status. */
static uint8_t used(const struct request *r)
{
	uint32_t len = 0;

	assert_int_equal(drv_used(&drv, &len), r->id);
	assert_true(len >= 1);
	return status_at(r);
}

static uint8_t do_one(uint32_t type, uint64_t sector, uint32_t size)
{
	struct request r = add(0, type, sector, size);

	kick();
	return used(&r);
}

/* --- what is offered ------------------------------------------------------ */

static void test_config(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_BLOCK);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 8), DISK_SECTORS);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG), DISK_SECTORS);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG + 12), BLOCK_SEG_MAX);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG + 20), 512);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 24, 1), 3);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 26, 2), 8);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 34, 2), 1);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG + 40), 1);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG + 52), 1);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 56, 1), 1);
	assert_true(features & VIRTIO_BLK_F_DISCARD);
	assert_true(features & VIRTIO_BLK_F_FLUSH);
	assert_false(features & (VIRTIO_BLK_F_RO | VIRTIO_BLK_F_MQ));
	assert_true(fake_stop());
	assert_int_equal(refs, 0);

	geometry.max_discard = geometry.max_write_zeroes = 0;
	describe_node(4, true);
	start(0);
	assert_true(features & VIRTIO_BLK_F_RO);
	assert_true(features & VIRTIO_BLK_F_MQ);
	assert_false(features &
		     (VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES));
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 34, 2), 4);
	assert_int_equal(do_one(VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ended, 0);
	assert_true(fake_stop());
}

static void test_resized(void **state)
{
	uint32_t generation;

	(void)state;
	start(0);
	generation = rd(VIRTIO_MMIO_CONFIG_GENERATION);
	client->resized(client, 99);
	assert_true(fake_line);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 8), 99);
	assert_int_not_equal(rd(VIRTIO_MMIO_CONFIG_GENERATION), generation);
	assert_true(fake_stop());
}

/* Creation fails without virtual disk or memory, and leaves nothing behind. */
static void test_refused(void **state)
{
	(void)state;
	memcpy(disk.name, "date", 5);
	assert_int_equal(fake_start(), -ERR_NOENT);
	memcpy(disk.name, "data", 5);
	bind_error = -ERR_BUSY;
	assert_int_equal(fake_start(), -ERR_BUSY);
	bind_error = 0;
	for (int n = 0; n < 4; n++) {
		fake_heap_budget = n;
		assert_int_equal(fake_start(), -ERR_NOMEM);
		assert_int_equal(refs, 0);
		assert_int_equal(fake_heap_live, 0);
	}
	fake_heap_budget = -1;
}

static void test_limits(void **state)
{
	(void)state;
	fake_config("virtio,block", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	fake_check(fdt_property_string(fake_blob, "disk", "data") == 0);
	fake_check(fdt_property_u32(fake_blob, "iops-limit", 500) == 0);
	fake_check(fdt_property_string(fake_blob, "bytes-limit", "2M") == 0);
	fake_check(fdt_property_u32(fake_blob, "interrupt-hold-us", 300) == 0);
	fake_check(fdt_property_u32(fake_blob, "queues", 2) == 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_true(client->has_hold);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(container_of(client, struct block, client)
					 ->queues[i]
					 .hold.longest,
				 ns_to_ticks(300000));
	}
	assert_int_equal(client->limits.iops, 500);
	assert_int_equal(client->limits.bytes, MIB(2));
	assert_true(fake_stop());
}

/* --- requests ------------------------------------------------------------- */

static void test_kinds(void **state)
{
	struct virtio_blk_range range = { 3, 5, 0 };
	struct request r;

	(void)state;
	start(0);
	memset(drv_at(DATA + 0x100, 1024), 0x77, 1024);
	assert_int_equal(do_one(VIRTIO_BLK_T_OUT, 2, 1024), VIRTIO_BLK_S_OK);
	assert_int_equal(bytes[1023], 0);
	assert_int_equal(bytes[1024], 0x77);
	assert_int_equal(bytes[2047], 0x77);
	assert_int_equal(bytes[2048], 0);
	memset(drv_at(DATA + 0x100, 1024), 0, 1024);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 1, 1024), VIRTIO_BLK_S_OK);
	assert_int_equal(*(uint8_t *)drv_at(DATA + 0x100 + 511, 1), 0);
	assert_int_equal(*(uint8_t *)drv_at(DATA + 0x100 + 512, 1), 0x77);
	assert_int_equal(do_one(VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);

	assert_int_equal(do_one(VIRTIO_BLK_T_GET_ID, 0, 20), VIRTIO_BLK_S_OK);
	assert_string_equal(drv_at(DATA + 0x100, 20), "data");
	assert_int_equal(do_one(VIRTIO_BLK_T_GET_ID, 0, 3), VIRTIO_BLK_S_OK);

	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 255, 1024),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, UINT64_MAX, 1024),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 1000), VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(VIRTIO_BLK_T_OUT, 0, 513), VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(2, 0, 512), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(do_one(0xffffffff, 0, 512), VIRTIO_BLK_S_UNSUPP);

	/* 5.2.6.2: flags of a range. */
	r = add(0, VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(range));
	range.flags = VIRTIO_BLK_WRITE_ZEROES_UNMAP;
	memcpy(drv_at(r.data, sizeof(range)), &range, sizeof(range));
	kick();
	assert_int_equal(used(&r), VIRTIO_BLK_S_OK);
	r = add(0, VIRTIO_BLK_T_DISCARD, 0, sizeof(range));
	kick();
	assert_int_equal(used(&r), VIRTIO_BLK_S_UNSUPP);
	range.flags = 0;
	memcpy(drv_at(r.data, sizeof(range)), &range, sizeof(range));
	assert_int_equal(do_one(VIRTIO_BLK_T_DISCARD, 0, sizeof(range)),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(do_one(VIRTIO_BLK_T_DISCARD, 0, 2 * sizeof(range)),
			 VIRTIO_BLK_S_IOERR);
	result = -ERR_NOSUPP;
	assert_int_equal(do_one(VIRTIO_BLK_T_DISCARD, 0, sizeof(range)),
			 VIRTIO_BLK_S_UNSUPP);
	result = -ERR_TIMEOUT;
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_true(fake_stop());
}

/* 5.2.6: writes of a driver without FLUSH are durable when they complete. */
static void test_durable(void **state)
{
	(void)state;
	start(VIRTIO_BLK_F_FLUSH);
	hold = true;
	(void)add(0, VIRTIO_BLK_T_OUT, 0, 512);
	kick();
	assert_true(held[0]->durable);
	end_held(0);
	go(0);
	(void)add(0, VIRTIO_BLK_T_OUT, 0, 512);
	kick();
	assert_false(held[0]->durable);
	end_held(0);
	assert_true(fake_stop());
}

static uint32_t rnd_state = 1;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(rnd_state >> 8) * below >> 24);
}

/* Cut [addr, addr + size) into random pieces, some of one byte. */
static unsigned int scatter(struct drv_buf *bufs, unsigned int n, uint64_t addr,
			    uint32_t size, bool write)
{
	while (size > 0) {
		uint32_t piece = rnd(4) ? 1 + rnd(size) : 1;

		if (n == 30) {
			piece = size;
		}
		bufs[n++] = (struct drv_buf){ addr, piece, write };
		addr += piece;
		size -= piece;
	}
	return n;
}

/* The same request in any framing (2.7.4.2): header and data in one buffer,
 * data and status in one, each in many. */
static void one_framing(bool write)
{
	struct drv_buf bufs[64];
	uint64_t sector = rnd(DISK_SECTORS - 8);
	uint32_t size = 512 * (1 + rnd(8)), len = 0;
	struct request r =
		place(0, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, sector);
	unsigned int n;
	uint8_t *data;

	/* Header, data and status are adjacent. */
	r.data = r.header + 16;
	r.status = r.data + size;
	data = drv_at(r.data, size);
	for (uint32_t i = 0; i < size; i++) {
		data[i] = (uint8_t)rnd(256);
		bytes[sector * 512 + i] = (uint8_t)rnd(256);
	}
	data[size] = 0xff;
	n = scatter(bufs, 0, r.header, write ? 16 + size : 16, false);
	n = scatter(bufs, n, write ? r.status : r.data, write ? 1 : size + 1,
		    true);
	r.id = drv_add(&drv, bufs, n, false);
	assert_true(r.id >= 0);
	kick();
	assert_int_equal(drv_used(&drv, &len), r.id);
	assert_int_equal(len, write ? 1 : size + 1);
	assert_int_equal(status_at(&r), VIRTIO_BLK_S_OK);
	assert_memory_equal(data, bytes + sector * 512, size);
}

static void test_framing(void **state)
{
	(void)state;
	start(0);
	for (unsigned int i = 0; i < 400; i++) {
		one_framing(i & 1);
	}
	assert_true(fake_stop());
}

/* Too short for a header, and without room for the status. */
static void test_malformed(void **state)
{
	struct request r = place(0, VIRTIO_BLK_T_IN, 0);
	struct drv_buf bufs[2] = { { r.header, 15, false },
				   { r.status, 1, true } };

	(void)state;
	start(0);
	r.id = drv_add(&drv, bufs, 2, false);
	kick();
	assert_int_equal(used(&r), VIRTIO_BLK_S_IOERR);
	bufs[1].write = false;
	assert_true(drv_add(&drv, bufs, 2, false) >= 0);
	kick();
	assert_true(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	/* And back to the working state. */
	go(0);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_true(fake_stop());
}

/* --- batches -------------------------------------------------------------- */

static void test_batch(void **state)
{
	struct request r[8];
	unsigned int calls;

	(void)state;
	start(0);
	for (unsigned int i = 0; i < 8; i++) {
		r[i] = add(i, VIRTIO_BLK_T_IN, i, 512);
	}
	batches = 0;
	calls = fake_line_calls;
	kick();
	assert_int_equal(batches, 1);
	assert_int_equal(ended, 8);
	assert_int_equal(fake_line_calls, calls + 1);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(used(&r[i]), VIRTIO_BLK_S_OK);
	}
	assert_true(fake_stop());
}

/* Leave the device `n` requests to work on. */
static void leave(unsigned int n)
{
	struct block *b = client ? container_of(client, struct block, client)
				 : NULL;
	struct block_req *r;

	assert_non_null(b);
	r = b->queues[0].free;
	while (--n > 0) {
		r = r->next;
	}
	r->next = NULL;
}

/* More than it works on at a time: the rest stays in the ring and is taken when
 * others end, without a kick. */
static void test_starved(void **state)
{
	struct request r[12];
	uint32_t len;

	(void)state;
	start(0);
	leave(3);
	hold = true;
	for (unsigned int i = 0; i < 12; i++) {
		r[i] = add(i, VIRTIO_BLK_T_IN, i, 512);
	}
	kick();
	assert_int_equal(nheld, 3);
	assert_int_equal(drv_used(&drv, &len), -1);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(nheld, MIN(3u, 12 - i));
		end_held(0);
		assert_int_equal(used(&r[i]), VIRTIO_BLK_S_OK);
	}
	assert_int_equal(nheld, 0);
	/* And kicks work again. */
	hold = false;
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_true(fake_stop());
}

static void test_out_of_order(void **state)
{
	struct request r[3];

	(void)state;
	start(0);
	hold = true;
	for (unsigned int i = 0; i < 3; i++) {
		r[i] = add(i, VIRTIO_BLK_T_IN, i, 512);
	}
	kick();
	end_held(1);
	assert_int_equal(used(&r[1]), VIRTIO_BLK_S_OK);
	end_held(1);
	assert_int_equal(used(&r[2]), VIRTIO_BLK_S_OK);
	end_held(0);
	assert_int_equal(used(&r[0]), VIRTIO_BLK_S_OK);
	assert_true(fake_stop());
}

/* --- reset and pause ------------------------------------------------------ */

static void test_reset(void **state)
{
	struct request r[4];
	uint64_t zero = 0;

	(void)state;
	start(0);
	hold = true;
	for (unsigned int i = 0; i < 4; i++) {
		r[i] = add(i, VIRTIO_BLK_T_IN, i, 512);
	}
	kick();
	assert_int_equal(nheld, 4);
	/* The hardware still has one: the store to Status is repeated. */
	assert_int_equal(fake_access(0, VIRTIO_MMIO_STATUS, 4, true, &zero),
			 -ERR_BUSY);
	assert_int_equal(cancels, 3);
	assert_int_equal(nheld, 1);
	assert_int_equal(fake_access(0, VIRTIO_MMIO_STATUS, 4, true, &zero),
			 -ERR_BUSY);
	end_held(0);
	zero = 0;
	assert_int_equal(fake_access(0, VIRTIO_MMIO_STATUS, 4, true, &zero), 0);
	assert_int_equal(rd(VIRTIO_MMIO_STATUS), 0);
	/* The driver's ring has not changed. */
	assert_int_equal(drv_get16(DRV_DEVICE(&drv) + 2), 0);
	(void)r;
	hold = false;
	go(0);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_true(fake_stop());
}

static void test_pause(void **state)
{
	struct request r;

	(void)state;
	start(0);
	emu_device_pause(&fake_dev, true);
	assert_true(paused_now);
	r = add(0, VIRTIO_BLK_T_IN, 0, 512);
	kick();
	assert_int_equal(ended, 0);
	emu_device_pause(&fake_dev, false);
	assert_false(paused_now);
	assert_int_equal(used(&r), VIRTIO_BLK_S_OK);
	assert_true(fake_stop());
}

static void test_queues(void **state)
{
	struct request r = place(0, VIRTIO_BLK_T_FLUSH, 0);
	struct drv_buf bufs[2] = { { r.header, 16, false },
				   { r.status, 1, true } };
	struct vdisk_stats sum = { 0 };
	struct queue_counts c;
	struct drv second;
	uint32_t len;

	(void)state;
	describe_node(2, false);
	start(0);
	queue_setup(1, &second, RING + DRV_AREA);
	r.id = drv_add(&second, bufs, 2, false);
	kick();
	assert_int_equal(drv_used(&second, &len), -1);
	wr(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	assert_int_equal(drv_used(&second, &len), r.id);
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 1024), VIRTIO_BLK_S_OK);
	result = -ERR_IO;
	assert_int_equal(do_one(VIRTIO_BLK_T_IN, 0, 1024), VIRTIO_BLK_S_IOERR);
	client->stats(client, &sum);
	assert_int_equal(sum.requests[BLOCK_FLUSH], 1);
	assert_int_equal(sum.requests[BLOCK_READ], 1);
	assert_int_equal(sum.sectors[BLOCK_READ], 2);
	assert_int_equal(sum.errors, 1);
	assert_true(client->queue(client, 0, &c));
	assert_string_equal(c.name, "requests 0");
	assert_int_equal(c.requests, 2);
	assert_int_equal(c.kicks, 3);
	assert_true(c.bytes_counted);
	assert_int_equal(c.bytes, 1024);
	assert_int_equal(c.interrupts, 1);
	assert_true(client->queue(client, 1, &c));
	assert_string_equal(c.name, "requests 1");
	assert_int_equal(c.requests, 1);
	assert_int_equal(c.kicks, 1);
	assert_int_equal(c.bytes, 0);
	assert_false(client->queue(client, 2, &c));
	assert_true(fake_stop());
}

#define T(name) cmocka_unit_test_setup(name, setup)

static void test_held_back(void **state)
{
	(void)state;
	start(0);
	fake_vcpus[0].state = VCPU_RUNNING; /* and no VCPU waits */
	(void)add(0, VIRTIO_BLK_T_IN, 0, 512);
	kick();
	assert_false(fake_line);
	virtio_raise_held(&fake_guest);
	assert_true(fake_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_config),  T(test_resized),      T(test_refused),
		T(test_limits),  T(test_kinds),        T(test_durable),
		T(test_framing), T(test_malformed),    T(test_batch),
		T(test_starved), T(test_out_of_order), T(test_reset),
		T(test_pause),   T(test_queues),       T(test_held_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
