/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that records on its disk what it was told is durable. An epoch is
 * eight writes to slots of one sector; after them comes a flush, and during the
 * flush the first writes of the next epoch; after the flush, a sector with the
 * epoch of each slot (the mark). A record of all writes and flushes can then be
 * checked for marks that claim too much. With `flush=durable` in the boot
 * arguments the driver does not accept VIRTIO_BLK_F_FLUSH: then each completed
 * write is durable (VirtIO 1.2, 5.2.6.2).
 */
#include <vq.h>

#define SLOT VIRTIO_SLOT(0)
#define RINGS 0x40800000UL
#define HEADERS (RINGS + 0x4000)
#define DATA (RINGS + 0x8000)
#define SECTOR 512
#define WORDS (SECTOR / 8)

#define EPOCHS 120
#define SLOTS 64
#define SLOT_SECTOR 64 /* of the first slot */
#define WRITES 8
#define EARLY 4 /* writes of the next epoch during the flush */
#define MARK WRITES
#define FLUSH_ID (WRITES + 1)
#define REQUESTS (WRITES + 2)
#define MAGIC UINT64_C(0x6b72616d00000000)

#define WRITE 1
#define FLUSH 4
#define F_FLUSH (UINT64_C(1) << 9)

static struct vq disk;
static bool busy[REQUESTS];
static uint32_t told[SLOTS];

static void wait(unsigned int n)
{
	while (busy[n]) {
		uint16_t head;
		uint32_t len;

		if (!vq_get(&disk, &head, &len)) {
			continue;
		}
		if (*(volatile uint8_t *)(HEADERS + 32 * (head / 3) + 16) !=
		    0) {
			guest_puts("WRONG: a request failed\n");
		}
		busy[head / 3] = false;
	}
}

static void submit(unsigned int n, uint32_t type, uint32_t sector)
{
	volatile uint32_t *header = (volatile uint32_t *)(HEADERS + 32 * n);
	uint16_t i = (uint16_t)(3 * n);

	header[0] = type;
	header[1] = 0;
	header[2] = sector;
	header[3] = 0;
	header[4] = 0xff;
	vq_desc(&disk, i, HEADERS + 32 * n, 16, VIRTIO_NEXT,
		type == WRITE ? i + 1 : i + 2);
	vq_desc(&disk, i + 1, DATA + SECTOR * n, SECTOR, VIRTIO_NEXT, i + 2);
	vq_desc(&disk, i + 2, HEADERS + 32 * n + 16, 1, VIRTIO_WRITE, 0);
	busy[n] = true;
	vq_add(&disk, i);
}

/* Eight different slots, not the same in each epoch. */
static unsigned int slot_of(uint32_t epoch, unsigned int n)
{
	return (epoch * 37 + n * 11) % SLOTS;
}

static void write_slot(uint32_t epoch, unsigned int n)
{
	volatile uint64_t *p = (volatile uint64_t *)(DATA + SECTOR * n);
	unsigned int slot = slot_of(epoch, n);

	p[0] = epoch;
	p[1] = slot;
	for (unsigned int i = 2; i < WORDS; i++) {
		p[i] = ((uint64_t)epoch << 32 | slot << 16) + i;
	}
	submit(n, WRITE, SLOT_SECTOR + slot);
}

static void write_mark(uint32_t epoch)
{
	volatile uint64_t *p = (volatile uint64_t *)(DATA + SECTOR * MARK);

	p[0] = MAGIC | epoch;
	for (unsigned int i = 0; i < SLOTS / 2; i++) {
		p[1 + i] = told[2 * i] | (uint64_t)told[2 * i + 1] << 32;
	}
	submit(MARK, WRITE, 0);
}

static void run_epoch(uint32_t epoch, bool flushes)
{
	for (unsigned int n = epoch == 1 ? 0 : EARLY; n < WRITES; n++) {
		write_slot(epoch, n);
	}
	vq_kick(&disk);
	for (unsigned int n = 0; n < WRITES; n++) {
		wait(n);
		told[slot_of(epoch, n)] = epoch;
	}
	if (flushes) {
		submit(FLUSH_ID, FLUSH, 0);
	}
	for (unsigned int n = 0; n < EARLY; n++) {
		write_slot(epoch + 1, n);
	}
	vq_kick(&disk);
	wait(FLUSH_ID);
	write_mark(epoch);
	vq_kick(&disk);
	wait(MARK);
}

void guest_main(const void *tree)
{
	const char *how = guest_argument(tree, "flush=");
	bool flushes = !how || !guest_begins(how, "durable");

	vq_begin(SLOT, VIRTIO_VERSION_1 | (flushes ? F_FLUSH : 0));
	vq_init(&disk, SLOT, 0, RINGS);
	vq_ready(SLOT);
	for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
		run_epoch(epoch, flushes);
	}
	for (unsigned int n = 0; n < WRITES; n++) {
		wait(n);
	}
	guest_puts("DONE\n");
}
