/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the partitions of a device. Whoever wrote to the device, perhaps a
 * guest, may have written the table: nothing in it is trusted, and every loop
 * over it is bounded. Partitions may belong to guests that must be isolated
 * from each other, so no two may overlap.
 */
#include <core/heap.h>
#include <core/log.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <string.h>

#include "block_priv.h"

/* The classical table (UEFI 2.10, 5.2.1), in the first sector of a block. */
#define MBR_ENTRIES 446
#define MBR_SIGNATURE 510
#define MBR_PROTECTIVE 0xee /* there is a GPT */
#define MBR_PRIMARIES 4
#define MBR_FIRST_LOGICAL 5
/* Most logical partitions that are followed: each is a link of a chain on the
 * disk. */
#define MBR_LOGICAL_MAX 64

struct mbr_entry {
	uint8_t status;
	uint8_t first_chs[3];
	uint8_t type; /* 0: unused */
	uint8_t last_chs[3];
	uint32_t start, blocks;
} __packed;

/* --- what readers find ---------------------------------------------------- */

int partition_read_blocks(const struct partition_table *t, uint64_t block,
			  void *buf, uint64_t n)
{
	if (!range_within(block, n, t->nsectors / t->block)) {
		return -ERR_RANGE;
	}
	return t->read(t->ctx, block * t->block, buf, n * t->block);
}

static bool overlaps(const struct partition *set, unsigned int n,
		     const struct partition *p)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ranges_overlap(set[i].start, set[i].nsectors, p->start,
				   p->nsectors)) {
			return true;
		}
	}
	return false;
}

/* Why a range of blocks is refused, or NULL and *p. */
static const char *refused(const struct partition_table *t, uint64_t start,
			   uint64_t blocks, struct partition *p)
{
	if (blocks == 0) {
		return "empty";
	}
	if (!range_within(start, blocks, t->nsectors / t->block)) {
		return "past the end of the device";
	}
	p->start = start * t->block;
	p->nsectors = blocks * t->block;
	if (overlaps(t->part, t->count, p)) {
		return "overlaps another partition";
	}
	return NULL;
}

void partition_refuse(struct partition_table *t, unsigned int number,
		      const char *why)
{
	if (++t->refused <= PARTITION_REFUSALS_MAX) {
		log_warn("block: %s: partition %u: %s", t->name, number, why);
	}
}

bool partition_take(struct partition_table *t, unsigned int number,
		    uint64_t start, uint64_t blocks)
{
	struct partition p = { .number = number };
	const char *why = refused(t, start, blocks, &p);

	if (!why && overlaps(t->table, t->tables, &p)) {
		why = "overlaps the partition table";
	}
	if (!why && t->count == PARTITIONS_MAX) {
		why = "too many partitions";
	}
	if (why) {
		partition_refuse(t, number, why);
		return false;
	}
	t->part[t->count++] = p;
	return true;
}

/* The parts of the table may overlap each other, since they hold no data of
 * users. */
bool partition_take_table(struct partition_table *t, uint64_t start,
			  uint64_t blocks)
{
	struct partition p = { .number = 0 };
	const char *why = refused(t, start, blocks, &p);

	if (!why && t->tables == PARTITION_TABLES_MAX) {
		why = "too many parts";
	}
	if (why) {
		log_warn("block: %s: partition table: %s", t->name, why);
		return false;
	}
	t->table[t->tables++] = p;
	return true;
}

/* --- MBR ------------------------------------------------------------------ */

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static bool is_table(const uint8_t *block)
{
	return block[MBR_SIGNATURE] == 0x55 && block[MBR_SIGNATURE + 1] == 0xaa;
}

static struct mbr_entry mbr_entry(const uint8_t *block, unsigned int n)
{
	struct mbr_entry e;

	memcpy(&e, block + MBR_ENTRIES + n * sizeof(e), sizeof(e));
	return e;
}

/*
 * The chain of an extended partition: each link gives the logical partition
 * that follows it (relative to the link) and the next link (relative to the
 * start of the extended partition).
 */
static int read_logical(struct partition_table *t, uint64_t base, uint8_t *buf)
{
	uint64_t link = base;

	for (unsigned int i = 0; i < MBR_LOGICAL_MAX; i++) {
		struct mbr_entry e, next;
		int err;

		if (!partition_take_table(t, link, 1)) {
			return 0;
		}
		err = partition_read_blocks(t, link, buf, 1);
		if (err) {
			return err;
		}
		if (!is_table(buf)) {
			return 0;
		}
		e = mbr_entry(buf, 0);
		next = mbr_entry(buf, 1);
		if (e.type != 0 && !is_extended(e.type)) {
			(void)partition_take(t, MBR_FIRST_LOGICAL + i,
					     link + e.start, e.blocks);
		}
		if (!is_extended(next.type) || next.start == 0) {
			return 0;
		}
		link = base + next.start;
	}
	log_warn("block: %s: more than %u logical partitions", t->name,
		 MBR_LOGICAL_MAX);
	return 0;
}

/* `first` holds the first block; buf has room for another. */
static int mbr_read(struct partition_table *t, const uint8_t *first,
		    uint8_t *buf)
{
	int err = 0;

	if (!partition_take_table(t, 0, 1)) {
		return -ERR_FORMAT;
	}
	for (unsigned int i = 0; i < MBR_PRIMARIES; i++) {
		struct mbr_entry e = mbr_entry(first, i);

		if (e.type != 0 && !is_extended(e.type)) {
			(void)partition_take(t, i + 1, e.start, e.blocks);
		}
	}
	for (unsigned int i = 0; i < MBR_PRIMARIES && !err; i++) {
		struct mbr_entry e = mbr_entry(first, i);

		if (is_extended(e.type)) {
			err = read_logical(t, e.start, buf);
		}
	}
	return err;
}

static bool has_gpt(const uint8_t *block)
{
	for (unsigned int i = 0; i < MBR_PRIMARIES; i++) {
		if (mbr_entry(block, i).type == MBR_PROTECTIVE) {
			return true;
		}
	}
	return false;
}

static int read_with(struct partition_table *t, uint8_t *first, uint8_t *buf)
{
	int err = partition_read_blocks(t, 0, first, 1);

	if (err || !is_table(first)) {
		return err;
	}
	return has_gpt(first) ? gpt_read(t, buf) : mbr_read(t, first, buf);
}

int partition_table_read(struct partition_table *t)
{
	size_t block = (size_t)t->block << BLOCK_SECTOR_SHIFT;
	uint8_t *buf;
	int err;

	t->count = 0;
	t->tables = 0;
	t->refused = 0;
	/* No known kind of table is in a larger block. */
	if (t->nsectors / t->block < 2 || block > GPT_BUFFER) {
		return 0;
	}
	buf = heap_alloc(block + GPT_BUFFER);
	if (!buf) {
		return -ERR_NOMEM;
	}
	err = read_with(t, buf, buf + block);
	heap_free(buf);
	if (t->refused > PARTITION_REFUSALS_MAX) {
		log_warn("block: %s: %u partitions refused", t->name,
			 t->refused);
	}
	return err;
}
