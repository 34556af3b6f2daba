/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest whose virtqueues are faulty in every way, on the entropy device of
 * the first slot: each time the device must ask for a reset, and work again
 * after it. Then another VCPU writes to the ring while the device reads it.
 */
#include <guest.h>
#include <probe.h>
#include <virtio.h>

#define SLOT VIRTIO_SLOT(0)
#define FLASH 0x00000000UL
#define RAM 0x40000000UL
#define RAM_END (RAM + (16UL << 20))
#define RING 0x40800000UL /* 64 KiB for the rings; their parts below */
#define DESC (RING)
#define DRIVER (RING + 0x1000)
#define DEVICE (RING + 0x2000)
#define TABLE (RING + 0x3000)
#define DATA (RING + 0x8000)
#define SIZE 8

#define NEXT VIRTIO_NEXT
#define WRITE VIRTIO_WRITE
#define INDIRECT VIRTIO_INDIRECT

static uint64_t ring_features;

static uint32_t reg(uint32_t off)
{
	return guest_read32(SLOT + off);
}

static void set(uint32_t off, uint32_t v)
{
	guest_write32(SLOT + off, v);
}

static void set_64(uint32_t off, uint64_t v)
{
	set(off, (uint32_t)v);
	set(off + 4, (uint32_t)(v >> 32));
}

static void clear(uint64_t at, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i += 8) {
		*(volatile uint64_t *)(at + i) = 0;
	}
}

/* 3.1.1, with a queue at these places. */
static void start(uint64_t desc, uint64_t driver, uint64_t device,
		  uint32_t size)
{
	set(VIRTIO_STATUS, 0);
	set(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE);
	set(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		set(VIRTIO_DRIVER_FEATURES_SEL, i);
		set(VIRTIO_DRIVER_FEATURES,
		    (uint32_t)(ring_features >> (32 * i)));
	}
	set(VIRTIO_STATUS,
	    VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
	set(VIRTIO_QUEUE_SEL, 0);
	set(VIRTIO_QUEUE_NUM, size);
	set_64(VIRTIO_QUEUE_DESC, desc);
	set_64(VIRTIO_QUEUE_DRIVER, driver);
	set_64(VIRTIO_QUEUE_DEVICE, device);
	set(VIRTIO_QUEUE_READY, 1);
	set(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER |
				   VIRTIO_FEATURES_OK | VIRTIO_DRIVER_OK);
}

static bool needs_reset(void)
{
	return (reg(VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) != 0;
}

static bool packed(void)
{
	return (ring_features & VIRTIO_RING_PACKED) != 0;
}

static void desc_at(uint64_t at, uint64_t addr, uint32_t len, uint16_t flags,
		    uint16_t next)
{
	volatile struct virtio_desc *d = (volatile struct virtio_desc *)at;

	d->addr = addr;
	d->len = len;
	/* A packed ring has an id there, and the flags behind it. */
	d->flags = packed() ? 1 : flags;
	d->next = packed() ? flags : next;
}

static void desc(unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
		 uint16_t next)
{
	desc_at(DESC + 16 * i, addr, len,
		packed() ? flags | VIRTIO_PACKED_AVAIL : flags, next);
}

static void available(uint16_t head, uint16_t idx)
{
	volatile struct virtio_avail *a =
		(volatile struct virtio_avail *)DRIVER;

	a->ring[0] = head;
	__asm__ volatile("dmb ish" : : : "memory");
	a->idx = idx;
	__asm__ volatile("dmb ish" : : : "memory");
}

static void kick(void)
{
	__asm__ volatile("dmb ish" : : : "memory");
	set(VIRTIO_QUEUE_NOTIFY, 0);
}

static void begin(void)
{
	clear(RING, 0x8000);
	start(DESC, DRIVER, DEVICE, SIZE);
}

/* A correct request: are there random bytes in the buffer? */
static bool works(void)
{
	uint64_t had = 0;

	begin();
	clear(DATA, 64);
	desc(0, DATA, 64, WRITE, 0);
	available(0, 1);
	kick();
	for (unsigned int i = 0; i < 64; i += 8) {
		had |= *(volatile uint64_t *)(DATA + i);
	}
	return had != 0 && !needs_reset();
}

/* The ring's content is wrong: the device must report that as in 2.1.2, and
 * work again after a reset. */
static void wrong(const char *name)
{
	kick();
	probe_report(name, needs_reset() &&
				   (reg(VIRTIO_INTERRUPT_STATUS) &
				    VIRTIO_INT_CONFIG) &&
				   works());
}

static void one(const char *name, uint64_t addr, uint32_t len, uint16_t flags,
		uint16_t next)
{
	begin();
	desc(0, addr, len, flags, next);
	available(0, 1);
	wrong(name);
}

static void bad_buffers(void)
{
	one("ring-buffer-hole", 0x30000000, 16, WRITE, 0);
	one("ring-buffer-flash", FLASH, 16, WRITE, 0);
	one("ring-buffer-mmio", SLOT, 16, WRITE, 0);
	one("ring-buffer-past-end", RAM_END - 8, 16, WRITE, 0);
	one("ring-buffer-wraps", UINT64_MAX - 7, 16, WRITE, 0);
	one("ring-buffer-high", UINT64_C(1) << 47, 16, WRITE, 0);
	one("ring-buffer-huge", DATA, UINT32_MAX, WRITE, 0);
	begin();
	desc(0, DATA, 16, WRITE | NEXT, 1);
	desc(1, DATA, 16, 0, 0);
	available(0, 1);
	wrong("ring-order");
}

static void bad_tables(void)
{
	one("ring-table-hole", 0x30000000, 16, INDIRECT, 0);
	one("ring-table-empty", TABLE, 0, INDIRECT, 0);
	one("ring-table-half", TABLE, 24, INDIRECT, 0);
	one("ring-table-long", RAM, 1025 * 16, INDIRECT, 0);
	desc_at(RAM_END - 16, DATA, 0, NEXT, 1);
	one("ring-table-past-end", RAM_END - 16, 32, INDIRECT, 0);
	one("ring-table-goes-on", TABLE, 16, INDIRECT | NEXT, 0);
	if (packed()) {
		return;
	}
	begin();
	desc_at(TABLE, TABLE, 16, INDIRECT, 0);
	desc(0, TABLE, 16, INDIRECT, 0);
	available(0, 1);
	wrong("ring-table-nested");
	begin();
	desc_at(TABLE, DATA, 0, NEXT, 0);
	desc(0, TABLE, 1024 * 16, INDIRECT, 0);
	available(0, 1);
	wrong("ring-table-loop");
}

static void bad_indices(void)
{
	if (packed()) {
		begin();
		for (unsigned int i = 0; i < SIZE; i++) {
			desc(i, DATA, 0, NEXT, 0);
		}
		wrong("ring-packed-loop");
		return;
	}
	one("ring-loop", DATA, 0, NEXT, 0);
	one("ring-link", DATA, 0, NEXT, SIZE);
	one("ring-link-far", DATA, 0, NEXT, 0xffff);
	begin();
	available(SIZE, 1);
	wrong("ring-head");
	begin();
	available(0xffff, 1);
	wrong("ring-head-far");
	begin();
	available(0, SIZE + 1);
	wrong("ring-index");
	begin();
	available(0, 0xffff);
	wrong("ring-index-back");
}

static void place(const char *name, uint64_t d, uint64_t a, uint64_t u,
		  uint32_t size)
{
	bool refused;

	start(d, a, u, size);
	kick();
	refused = needs_reset() && reg(VIRTIO_QUEUE_READY) == 0;
	probe_report(name, refused && works());
}

static void bad_places(void)
{
	place("ring-in-flash", FLASH, FLASH + 0x1000, FLASH + 0x2000, SIZE);
	place("ring-in-mmio", SLOT, SLOT, SLOT, SIZE);
	place("ring-used-in-hole", DESC, DRIVER, 0x30000000, SIZE);
	place("ring-past-end", RAM_END - 16, DRIVER, DEVICE, SIZE);
	place("ring-unaligned", DESC + 1, DRIVER + 1, DEVICE + 1, SIZE);
	place("ring-no-size", DESC, DRIVER, DEVICE, 0);
	place("ring-large", DESC, DRIVER, DEVICE, 4096);
	place("ring-large-size", DESC, DRIVER, DEVICE, UINT32_MAX);
}

/* --- while the device reads ---------------------------------------------- */

static volatile bool racing;

/* The other VCPU: keeps changing every part of the ring. */
static void scribble(void)
{
	uint64_t x = 88172645463325252U;

	probe_mmu_on();
	for (;;) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (!racing) {
			continue;
		}
		desc(x & 7, x & 8 ? DATA : TABLE, (uint32_t)(x >> 40) & 0xfff,
		     (uint16_t)(x >> 4) & 7, (uint16_t)(x >> 8) & 7);
		desc_at(TABLE + 16 * ((x >> 16) & 7), DATA, 32,
			(uint16_t)(x >> 20) & 7, (uint16_t)(x >> 24) & 7);
		if ((x >> 28 & 15) == 0) {
			available((uint16_t)(x >> 32) & 7,
				  (uint16_t)(x >> 36) & 15);
		}
	}
}

#define RACES 300

static void race(void)
{
	racing = true;
	for (unsigned int i = 0; i < RACES; i++) {
		start(DESC, DRIVER, DEVICE, SIZE);
		for (unsigned int k = 0; k < 8 && !needs_reset(); k++) {
			kick();
		}
	}
	racing = false;
	/* The other one's last writes. */
	for (unsigned int i = 0; i < 100000; i++) {
		__asm__ volatile("yield");
	}
	probe_report(packed() ? "ring-race-packed" : "ring-race", works());
}

void guest_main(const void *tree)
{
	uint64_t err;

	(void)tree;
	guest_puts("\nrings\n");
	probe_mmu_on();
	err = guest_hvc(0xc4000003, 1, (uint64_t)guest_secondary,
			(uint64_t)scribble);
	probe_report_value("other-vcpu", err == 0, err);
	for (unsigned int i = 0; i < 2; i++) {
		ring_features = VIRTIO_VERSION_1 | VIRTIO_INDIRECT_DESC |
				(i ? VIRTIO_RING_PACKED : 0);
		probe_report(i ? "ring-packed" : "ring-split", works());
		bad_buffers();
		bad_tables();
		bad_indices();
		bad_places();
		race();
	}
	guest_puts("\nDONE\n");
}
