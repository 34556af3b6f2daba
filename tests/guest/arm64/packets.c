/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest with two network cards on one switch: it sends by one and receives by
 * the other. First packets that are wrong in many ways, each followed by a good
 * one that must arrive; then rounds that tests/plugins counts, if asked to by
 * the boot argument `rounds`: packets of 1,514 bytes one at a time, and 32 at a
 * time.
 */
#include <guest.h>
#include <vq.h>

#include "tests/plugins/arm64/marks.h"

#define SEND VIRTIO_SLOT(0)
#define RECEIVE VIRTIO_SLOT(1)
#define RX_QUEUE 0
#define TX_QUEUE 1
/* The guest has 16 MiB, wherever. */
#define RAM ((uint64_t)&guest_main & ~UINT64_C(0xffffff))
#define RINGS (RAM + 0x800000) /* a page each: desc, driver, device; by card */
#define TX_DATA (RAM + 0x900000)
#define RX_DATA (RAM + 0xa00000)
#define BUFFER 2048
#define HEADER 12
#define FRAME 1514
#define ROUNDS 32

static struct vq tx, rx;

static void byte(uint64_t at, uint8_t v)
{
	*(volatile uint8_t *)at = v;
}

/* A good frame of `len` bytes behind a header of zeroes, to all. */
static void frame(uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < HEADER; i++) {
		byte(at + i, 0);
	}
	for (uint32_t i = 0; i < len; i++) {
		byte(at + HEADER + i, i < 6 ? 0xff : (uint8_t)(i + 2));
	}
	byte(at + HEADER + 6, 2);
	byte(at + HEADER + 12, 8);
	byte(at + HEADER + 13, 0);
}

static void buffers(uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		uint16_t id = rx.added % VQ_SIZE;

		vq_desc(&rx, id, RX_DATA + (uint64_t)id * BUFFER, BUFFER,
			VIRTIO_WRITE, 0);
		vq_add(&rx, id);
	}
}

/* Returns how many packets have arrived since the last call, without looking at
 * them. */
static unsigned int arrived(void)
{
	unsigned int n = (uint16_t)(rx.used->idx - rx.seen);

	rx.seen = rx.used->idx;
	return n;
}

static void start(void)
{
	uint64_t features = VIRTIO_VERSION_1 | VIRTIO_INDIRECT_DESC |
			    VIRTIO_EVENT_IDX | 1; /* CSUM */

	features |= UINT64_C(1) << 11; /* HOST_TSO4 */
	vq_begin(SEND, features);
	vq_init(&tx, SEND, TX_QUEUE, RINGS);
	vq_ready(SEND);
	vq_begin(RECEIVE, VIRTIO_VERSION_1 | VIRTIO_EVENT_IDX);
	vq_init(&rx, RECEIVE, RX_QUEUE, RINGS + 0x10000);
	vq_ready(RECEIVE);
	buffers(VQ_SIZE);
	vq_kick(&rx);
}

static bool good(void)
{
	unsigned int n;

	frame(TX_DATA, 60);
	vq_desc(&tx, 0, TX_DATA, HEADER + 60, 0, 0);
	vq_add(&tx, 0);
	vq_kick(&tx);
	n = arrived();
	buffers((uint16_t)n);
	return n == 1;
}

struct wrong {
	const char *what;
	uint32_t len; /* of the chain's one buffer */
	uint8_t header[HEADER];
	uint16_t type;    /* of the frame; 0: IPv4 */
	unsigned int get; /* most packets that may arrive from it */
};

/* 5.1.6: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset. */
static const struct wrong wrongs[] = {
	{ "nothing", 1, { 0 }, 0, 0 },
	{ "a header alone", HEADER, { 0 }, 0, 0 },
	{ "a frame of 13 bytes", HEADER + 13, { 0 }, 0, 0 },
	{ "a frame that is too long", 65536, { 0 }, 0, 0 },
	{ "a tag that is cut off", HEADER + 16, { 0 }, 0x8100, 0 },
	{ "a tag on an access port", HEADER + 100, { 0 }, 0x8100, 0 },
	{ "a checksum outside",
	  HEADER + 100,
	  { 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff },
	  0,
	  0 },
	{ "a checksum at the end",
	  HEADER + 100,
	  { 1, 0, 0, 0, 0, 0, 90, 0, 9, 0 },
	  0,
	  0 },
	{ "a checksum in the addresses",
	  HEADER + 100,
	  { 1, 0, 0, 0, 0, 0, 2, 0, 4, 0 },
	  0,
	  0 },
	{ "segments of no bytes",
	  HEADER + 1000,
	  { 1, 1, 0, 0, 0, 0, 34, 0, 16, 0 },
	  0,
	  0 },
	{ "segments of one byte",
	  HEADER + 1000,
	  { 1, 1, 0, 0, 1, 0, 34, 0, 16, 0 },
	  0,
	  0 },
	{ "segments without a checksum",
	  HEADER + 1000,
	  { 0, 1, 0, 0, 0, 2, 34, 0, 16, 0 },
	  0,
	  0 },
	{ "segments of no TCP",
	  HEADER + 1000,
	  { 1, 1, 0, 0, 0, 2, 34, 0, 16, 0 },
	  0x0806,
	  0 },
	{ "segments of no kind",
	  HEADER + 1000,
	  { 1, 0x7e, 0, 0, 0, 2, 34, 0, 16, 0 },
	  0,
	  0 },
	{ "headers that are lies",
	  HEADER + 1000,
	  { 1, 1, 0xff, 0xff, 0, 2, 34, 0, 16, 0 },
	  0,
	  2 },
};

static void try(const struct wrong *w)
{
	unsigned int n;

	frame(TX_DATA, 2000);
	for (uint32_t i = 0; i < HEADER; i++) {
		byte(TX_DATA + i, w->header[i]);
	}
	if (w->type != 0) {
		byte(TX_DATA + HEADER + 12, (uint8_t)(w->type >> 8));
		byte(TX_DATA + HEADER + 13, (uint8_t)w->type);
	}
	vq_desc(&tx, 0, TX_DATA, w->len, 0, 0);
	vq_add(&tx, 0);
	vq_kick(&tx);
	n = arrived();
	buffers((uint16_t)n);
	if (n > w->get || tx.used->idx != tx.added) {
		guest_puts("WRONG: ");
		guest_puts(w->what);
		guest_puts("\n");
	}
	if (!good()) {
		guest_puts("WRONG: nothing arrives after ");
		guest_puts(w->what);
		guest_puts("\n");
	}
}

/* Kicks one card with n packets; reads the other one's interrupt status and
 * acknowledges it. */
static void round_of(uint16_t n, uint32_t len)
{
	for (uint16_t i = 0; i < n; i++) {
		uint64_t at = TX_DATA + (uint64_t)i * BUFFER;

		vq_desc(&tx, i, at, HEADER + len, 0, 0);
		vq_add(&tx, i);
	}
	mark(MARK_BEGIN);
	vq_kick(&tx);
	guest_write32(RECEIVE + VIRTIO_INTERRUPT_ACK,
		      guest_read32(RECEIVE + VIRTIO_INTERRUPT_STATUS));
	mark(MARK_END);
	if (arrived() != n) {
		guest_puts("WRONG: packets are lost\n");
	}
	/* used_event, behind the VQ_SIZE entries: the next buffer raises an
	 * interrupt. */
	rx.avail->ring[VQ_SIZE] = rx.seen;
	buffers(n);
}

static void rounds(uint16_t n, uint32_t len)
{
	mark(MARK_SERIES);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		round_of(n, len);
	}
}

void guest_main(const void *tree)
{
	/* Read before the rings are set up: they may overwrite the tree. */
	bool counted = guest_argument(tree, "rounds=") != 0;

	start();
	if (!good()) {
		guest_puts("WRONG: nothing arrives\n");
	}
	for (unsigned int i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		try(&wrongs[i]);
	}
	if (counted) {
		for (uint16_t i = 0; i < 32; i++) {
			frame(TX_DATA + (uint64_t)i * BUFFER, FRAME);
		}
		rounds(1, FRAME);
		rounds(32, FRAME);
		rounds(1, 64);
		mark(MARK_SERIES); /* the last is over */
	}
	guest_puts("packets: done\n");
}
