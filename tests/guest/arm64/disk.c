/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that sends wrong requests of every kind to its disk, in the first
 * slot: each gets the status of VirtIO 1.2, 5.2.6, nothing is written in wrong
 * places, and the disk continues to work. With `disk=cost` in the boot
 * arguments it measures valid requests instead, in ticks of its counter; with
 * `disk=flight` it has reads in flight on a disk that may not answer; with
 * `disk=cut` it goes on while its disk is truncated and detached.
 */
#include <guest.h>
#include <probe.h>
#include <virtio.h>

#define SLOT VIRTIO_SLOT(0)
#define SLOT_INTID 48
#define GICD 0x08000000UL
#define GICC 0x08010000UL
#define GICR 0x080a0000UL
#define FLASH 0x00000000UL
#define RAM 0x40000000UL
#define RAM_END (RAM + (16UL << 20))

#define RING 0x40800000UL
#define DESC RING
#define DRIVER (RING + 0x1000)
#define DEVICE (RING + 0x2000)
#define HEADERS (RING + 0x3000)
#define STATUS (RING + 0x4000)
#define DATA (RING + 0x10000)
#define SIZE 128

#define READ 0
#define WRITE 1
#define FLUSH 4
#define GET_ID 8
#define DISCARD 11
#define WRITE_ZEROES 13

#define OK 0
#define IOERR 1
#define UNSUPP 2
#define NONE 0xff /* not written */

static volatile struct virtio_desc *const desc = (void *)DESC;
static volatile struct virtio_avail *const avail = (void *)DRIVER;
static volatile struct virtio_used *const used = (void *)DEVICE;
static uint16_t added, seen;
static uint64_t sectors;

static uint32_t reg(uint32_t off)
{
	return guest_read32(SLOT + off);
}

static void set(uint32_t off, uint32_t v)
{
	guest_write32(SLOT + off, v);
}

static void barrier(void)
{
	__asm__ volatile("dmb ish" : : : "memory");
}

static void start(uint64_t features)
{
	static const uint32_t places[] = { VIRTIO_QUEUE_DESC,
					   VIRTIO_QUEUE_DRIVER,
					   VIRTIO_QUEUE_DEVICE };
	static const uint32_t at[] = { DESC, DRIVER, DEVICE };
	uint32_t status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER;

	for (uint64_t i = RING; i < DATA; i += 8) {
		*(volatile uint64_t *)i = 0;
	}
	added = seen = 0;
	set(VIRTIO_STATUS, 0);
	set(VIRTIO_STATUS, status);
	for (uint32_t i = 0; i < 2; i++) {
		set(VIRTIO_DRIVER_FEATURES_SEL, i);
		set(VIRTIO_DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
	}
	status |= VIRTIO_FEATURES_OK;
	set(VIRTIO_STATUS, status);
	set(VIRTIO_QUEUE_SEL, 0);
	set(VIRTIO_QUEUE_NUM, SIZE);
	for (unsigned int i = 0; i < 3; i++) {
		set(places[i], at[i]);
		set(places[i] + 4, 0);
	}
	set(VIRTIO_QUEUE_READY, 1);
	set(VIRTIO_STATUS, status | VIRTIO_DRIVER_OK);
	sectors = (uint64_t)reg(VIRTIO_CONFIG + 4) << 32 | reg(VIRTIO_CONFIG);
}

/* Request n: header, data (unless its size is 0), status. */
static void fill(unsigned int n, uint32_t type, uint64_t sector, uint64_t data,
		 uint32_t size, uint64_t status)
{
	volatile uint32_t *header = (volatile uint32_t *)(HEADERS + 16 * n);
	unsigned int i = 3 * n;

	header[0] = type;
	header[1] = 0;
	header[2] = (uint32_t)sector;
	header[3] = (uint32_t)(sector >> 32);
	*(volatile uint8_t *)(STATUS + n) = NONE;
	desc[i].addr = HEADERS + 16 * n;
	desc[i].len = 16;
	desc[i].flags = VIRTIO_NEXT;
	desc[i].next = (uint16_t)(i + (size ? 1 : 2));
	desc[i + 1].addr = data;
	desc[i + 1].len = size;
	desc[i + 1].flags = VIRTIO_NEXT |
			    (type == READ || type == GET_ID ? VIRTIO_WRITE : 0);
	desc[i + 1].next = (uint16_t)(i + 2);
	desc[i + 2].addr = status;
	desc[i + 2].len = 1;
	desc[i + 2].flags = VIRTIO_WRITE;
}

static void add(unsigned int n)
{
	avail->ring[added % SIZE] = (uint16_t)(3 * n);
	added++;
}

static void publish(void)
{
	barrier();
	avail->idx = added;
	barrier();
}

static void kick(void)
{
	set(VIRTIO_QUEUE_NOTIFY, 0);
}

static bool needs_reset(void)
{
	return (reg(VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) != 0;
}

/* Do one request; its status, or NONE if it does not come back. */
static uint8_t run(uint32_t type, uint64_t sector, uint64_t data, uint32_t size)
{
	fill(0, type, sector, data, size, STATUS);
	add(0);
	publish();
	kick();
	for (unsigned int i = 0; i < 10000000 && !needs_reset(); i++) {
		if (used->idx == added) {
			break;
		}
	}
	barrier();
	return used->idx == added ? *(volatile uint8_t *)STATUS : NONE;
}

static void expect(const char *name, uint8_t is, uint8_t wanted)
{
	probe_report_value(name, is == wanted && !needs_reset(), is);
}

static void fill_data(uint64_t at, uint8_t value, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		*(volatile uint8_t *)(at + i) = value;
	}
}

static bool holds(uint64_t at, uint8_t value, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (*(volatile uint8_t *)(at + i) != value) {
			return false;
		}
	}
	return true;
}

/* Check that the disk's first sectors have their original content. */
static void untouched(const char *name)
{
	fill_data(DATA, 0, 4096);
	probe_report(name,
		     run(READ, 0, DATA, 4096) == OK && holds(DATA, 0x5a, 4096));
}

static void bad_places(void)
{
	expect("disk-last", run(READ, sectors - 1, DATA, 512), OK);
	expect("disk-past-end", run(READ, sectors - 1, DATA, 1024), IOERR);
	expect("disk-write-past-end", run(WRITE, sectors - 1, DATA, 1024),
	       IOERR);
	expect("disk-at-end", run(WRITE, sectors, DATA, 512), IOERR);
	expect("disk-far", run(WRITE, UINT64_C(1) << 55, DATA, 512), IOERR);
	expect("disk-wraps", run(WRITE, UINT64_MAX, DATA, 1024), IOERR);
	expect("disk-no-bytes", run(READ, 0, DATA, 0), IOERR);
	expect("disk-write-no-bytes", run(WRITE, 0, DATA, 0), IOERR);
	expect("disk-half-sector", run(WRITE, 0, DATA, 700), IOERR);
	expect("disk-one-byte", run(READ, 0, DATA, 1), IOERR);
	expect("disk-unknown", run(77, 0, DATA, 512), UNSUPP);
	expect("disk-unknown-far", run(UINT32_MAX, 0, DATA, 512), UNSUPP);
	expect("disk-range-short", run(DISCARD, 0, DATA, 8), IOERR);
	*(volatile uint64_t *)DATA = sectors - 1;
	*(volatile uint32_t *)(DATA + 8) = 2;
	*(volatile uint32_t *)(DATA + 12) = 0;
	expect("disk-discard-past-end", run(DISCARD, 0, DATA, 16), IOERR);
	expect("disk-zero-past-end", run(WRITE_ZEROES, 0, DATA, 16), IOERR);
	*(volatile uint64_t *)DATA = 0;
	*(volatile uint32_t *)(DATA + 12) = 0x80;
	expect("disk-range-flags", run(WRITE_ZEROES, 0, DATA, 16), UNSUPP);
	/* More than the whole disk, and all of our memory. */
	expect("disk-huge", run(WRITE, 0, RAM, 15 << 20), IOERR);
}

/* Buffers that overlap each other, or the rings: the result does not matter,
 * but the device must still work. */
static void overlaps(void)
{
	fill(0, READ, 0, DATA, 512, DATA + 100);
	add(0);
	publish();
	kick();
	probe_report("disk-status-in-data",
		     used->idx == added && !needs_reset());
	fill(0, READ, 0, HEADERS, 512, STATUS);
	add(0);
	publish();
	kick();
	probe_report("disk-data-on-header",
		     used->idx == added && !needs_reset());
	fill(0, READ, 0, DESC, 4096, STATUS);
	add(0);
	publish();
	kick();
	probe_report("disk-data-on-ring", used->idx == added);
	start(VIRTIO_VERSION_1);
}

/* Buffers that are not RAM never reach the disk: the ring is faulty (2.1.2). */
static void bad_memory(void)
{
	static const uint64_t places[] = {
		0x30000000,       FLASH, SLOT, RAM_END - 512, UINT64_MAX - 511,
		UINT64_C(1) << 47
	};

	for (unsigned int i = 0; i < sizeof(places) / sizeof(*places); i++) {
		uint8_t status = run(i & 1 ? READ : WRITE, 0, places[i], 4096);

		probe_report_value("disk-not-ram",
				   status == NONE && needs_reset(), i);
		start(VIRTIO_VERSION_1);
	}
}

static void hostile(void)
{
	start(VIRTIO_VERSION_1);
	probe_report_value("disk-there", sectors > 16, sectors);
	fill_data(DATA, 0x5a, 4096);
	expect("disk-write", run(WRITE, 0, DATA, 4096), OK);
	bad_places();
	untouched("disk-after-places");
	overlaps();
	untouched("disk-after-overlaps");
	bad_memory();
	untouched("disk-after-memory");
	expect("disk-flush", run(FLUSH, 0, DATA, 0), OK);
	expect("disk-id", run(GET_ID, 0, DATA, 20), OK);
	/* A reset right after requests. */
	fill_data(DATA, 0x5a, 4096);
	for (unsigned int i = 0; i < 100; i++) {
		for (unsigned int n = 0; n < 32; n++) {
			fill(n, WRITE, n * 8, DATA, 4096, STATUS + n);
			add(n);
		}
		publish();
		kick();
		set(VIRTIO_STATUS, 0);
		start(VIRTIO_VERSION_1);
	}
	untouched("disk-after-resets");
}

/* --- a disk that is cut off ----------------------------------------------- */

/* Asks for a change of the disk, and reads the last sector until the status is
 * `wanted`. The interrupt that announces a new size is ignored. */
static void until(const char *ask, uint8_t wanted)
{
	guest_puts(ask);
	while (run(READ, sectors - 1, DATA, 512) != wanted && !needs_reset()) {}
}

/* Requests to the first sectors and to the last. */
static void both(uint8_t first, uint8_t last)
{
	fill_data(DATA, 0x5a, 4096);
	expect("cut-write", run(WRITE, 0, DATA, 4096), first);
	expect("cut-write-last", run(WRITE, sectors - 8, DATA, 4096), last);
	expect("cut-read", run(READ, 0, DATA, 4096), first);
}

static void cut_off(void)
{
	start(VIRTIO_VERSION_1);
	until("CUT ME\n", IOERR);
	both(OK, IOERR);
	until("STRETCH ME\n", OK);
	both(OK, OK);
	until("DETACH ME\n", IOERR);
	both(IOERR, IOERR);
	until("ATTACH ME\n", OK);
	both(OK, OK);
}

/* --- requests in flight --------------------------------------------------- */

#define FLIGHT 32 /* reads of 4 KiB */

static void crash(void)
{
	/* There is no memory, so that the vector cannot be fetched either. */
	guest_sysreg_write(vbar_el1, 0x30000000);
	__asm__ volatile("isb\n\tbrk #0");
}

/* Reads into zeroed memory, all started by one kick; their sectors are not
 * adjacent, since QEMU would merge adjacent reads. */
static void in_flight(bool then_crash)
{
	unsigned int good = 0;

	start(VIRTIO_VERSION_1);
	for (unsigned int i = 0; i < FLIGHT; i++) {
		fill(i, READ, 16 * i, DATA + 4096 * i, 4096, STATUS + i);
		add(i);
	}
	publish();
	kick();
	guest_puts("ASKED\n");
	if (then_crash) {
		crash();
	}
	while (used->idx != added) {}
	barrier();
	for (unsigned int i = 0; i < FLIGHT; i++) {
		good += *(volatile uint8_t *)(STATUS + i) == OK &&
			holds(DATA + 4096 * i, 0xa5, 4096);
	}
	probe_report_value("disk-flight", good == FLIGHT, good);
}

/* --- cost ----------------------------------------------------------------- */

#define ROUNDS 400

static bool v3;

static void gic_init(void)
{
	v3 = (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
	/* An edge, as the tree says (GICD_ICFGR). */
	guest_write32(GICD + 0xc00 + SLOT_INTID / 16 * 4,
		      2U << (SLOT_INTID % 16 * 2));
	if (!v3) {
		guest_write32(GICD, 1);
		guest_write32(GICD + 0x800 + SLOT_INTID, 0x01);
		guest_write32(GICD + 0x100 + 4, 1U << (SLOT_INTID - 32));
		guest_write32(GICC + 4, 0xff);
		guest_write32(GICC, 1);
		return;
	}
	guest_write32(GICD, 0x12); /* ARE, group 1 */
	guest_write32(GICD + 0x80 + 4, 1U << (SLOT_INTID - 32));
	guest_write32(GICD + 0x6000 + 8 * SLOT_INTID, 0);
	guest_write32(GICD + 0x100 + 4, 1U << (SLOT_INTID - 32));
	guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	__asm__ volatile("isb");
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	__asm__ volatile("isb");
}

/* If the request has ended when the kick returns, nothing is waited for. */
static uint32_t acknowledge(void)
{
	for (;;) {
		uint32_t iar = v3 ? (uint32_t)guest_sysreg_read(s3_0_c12_c12_0)
				  : guest_read32(GICC + 0xc);

		if ((iar & 0x3ff) == SLOT_INTID) {
			return iar;
		}
		guest_wait();
	}
}

static void end(uint32_t iar)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c12_1, iar);
	} else {
		guest_write32(GICC + 0x10, iar);
	}
}

static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return guest_sysreg_read(cntvct_el0);
}

static void report(const char *name, uint64_t ticks, uint64_t requests)
{
	guest_puts("COST ");
	guest_puts(name);
	guest_puts(" ");
	guest_puthex(ticks);
	guest_puts(" ");
	guest_puthex(requests);
	guest_puts("\n");
}

/*
 * One request, its interrupt and its end: only kick, status and acknowledgement
 * trap. `dry`: without these and their consequences, which gives our own part
 * of the cost.
 */
static void one(uint32_t size, bool dry)
{
	uint32_t iar;

	fill(0, READ, 0, DATA, size, STATUS);
	add(0);
	publish();
	if (dry) {
		seen = added;
		return;
	}
	kick();
	iar = acknowledge();
	set(VIRTIO_INTERRUPT_ACK, reg(VIRTIO_INTERRUPT_STATUS));
	end(iar);
	while (used->idx != added) {}
	seen = added;
}

/* `n` requests with one kick and without an interrupt, as a polling driver
 * does. */
static void batch(unsigned int n, uint32_t size, bool dry)
{
	for (unsigned int i = 0; i < n; i++) {
		fill(i, READ, 8 * i, DATA, size, STATUS + i);
		add(i);
	}
	publish();
	if (!dry) {
		kick();
		while (used->idx != added) {}
	}
	/* used_event far ahead, so that there are no interrupts (2.7.10). */
	*(volatile uint16_t *)(DRIVER + 4 + 2 * SIZE) = (uint16_t)(added - 1);
	seen = added;
}

static uint64_t measure(unsigned int n, uint32_t size, bool dry)
{
	uint64_t begin = now();

	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (n == 1) {
			one(size, dry);
		} else {
			batch(n, size, dry);
		}
	}
	return now() - begin;
}

static void cost(const char *name, unsigned int n, uint32_t size)
{
	uint64_t features = VIRTIO_VERSION_1;
	uint64_t with, without;

	if (n > 1) {
		features |= VIRTIO_EVENT_IDX;
	}
	start(features);
	with = measure(n, size, false);
	start(features);
	without = measure(n, size, true);
	report(name, with - without, ROUNDS * n);
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "disk=");

	guest_puts("\ndisk\n");
	probe_mmu_on();
	if (what && guest_begins(what, "cost-host")) {
		/* Requests that the host's disk does by itself. */
		gic_init();
		cost("read-4k", 1, 4096);
		cost("read-128k", 1, 131072);
	} else if (what && guest_begins(what, "cost-worker")) {
		/* Requests that a thread does. */
		gic_init();
		cost("read-4k", 1, 4096);
		cost("read-64k", 1, 65536);
	} else if (what && guest_begins(what, "cost")) {
		gic_init();
		cost("read-4k", 1, 4096);
		cost("read-512", 1, 512);
		cost("batch-4k", 8, 4096);
		cost("batch-512", 8, 512);
		cost("read-64k", 1, 65536);
	} else if (what && guest_begins(what, "cut")) {
		cut_off();
	} else if (what && guest_begins(what, "flight")) {
		in_flight(guest_begins(what, "flight-crash"));
	} else {
		hostile();
	}
	guest_puts("\nDONE\n");
}
