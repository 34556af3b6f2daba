/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GUID partition tables (UEFI 2.10, 5.3): the primary one, else the backup in
 * the last block. A copy counts only if both its CRCs are right.
 */
#include <core/log.h>
#include <libs/checked.h>
#include <libs/crc32.h>
#include <libs/error.h>
#include <string.h>

#include "block_priv.h"

#define GPT_PRIMARY 1           /* block of the primary header */
#define GPT_REVISION 0x00010000 /* major number in the upper half */
#define GPT_HEADER_SIZE 92      /* bytes, at least; at most a block */
#define GPT_ENTRY_SIZE 128      /* bytes, times a power of two */
#define GPT_ENTRY_SIZE_MAX 4096
/* Most entries that are read, and their bytes: sgdisk makes 128 entries, 16
 * KiB. */
#define GPT_ENTRIES_MAX 1024
#define GPT_ARRAY_MAX MIB(1)

/* 5.3.2, table 5.5; little-endian, as all of our hosts. */
struct gpt_header {
	uint8_t signature[8];
	uint32_t revision;
	uint32_t header_size;
	uint32_t header_crc;
	uint32_t reserved;
	uint64_t my_lba;
	uint64_t alternate_lba;
	uint64_t first_usable;
	uint64_t last_usable;
	uint8_t disk_guid[16];
	uint64_t entries_lba;
	uint32_t entries;
	uint32_t entry_size;
	uint32_t entries_crc;
} __packed;

/* 5.3.3, table 5.6. */
struct gpt_entry {
	uint8_t type[16]; /* all zero: unused */
	uint8_t guid[16];
	uint64_t first, last; /* both are part of the partition */
	uint64_t attributes;
	uint16_t name[36];
} __packed;

static bool header_crc_right(const struct gpt_header *h, uint8_t *block,
			     uint32_t size)
{
	memset(block + offsetof(struct gpt_header, header_crc), 0,
	       sizeof(h->header_crc));
	return crc32(0, block, size) == h->header_crc;
}

/* Why a header is not valid, or NULL. `block` is changed. */
static const char *header_wrong(const struct partition_table *t,
				const struct gpt_header *h, uint8_t *block,
				uint64_t lba)
{
	uint64_t size = (uint64_t)t->block << BLOCK_SECTOR_SHIFT;
	uint64_t blocks = t->nsectors / t->block;

	if (memcmp(h->signature, "EFI PART", 8) != 0) {
		return "no signature";
	}
	if (h->revision >> 16 != GPT_REVISION >> 16) {
		return "unknown revision";
	}
	if (h->header_size < GPT_HEADER_SIZE || h->header_size > size) {
		return "header size";
	}
	if (!header_crc_right(h, block, h->header_size)) {
		return "header CRC";
	}
	if (h->my_lba != lba) {
		return "header of another block";
	}
	if (h->entry_size < GPT_ENTRY_SIZE ||
	    h->entry_size > GPT_ENTRY_SIZE_MAX ||
	    (h->entry_size & (h->entry_size - 1)) != 0) {
		return "entry size";
	}
	if (h->entries == 0 || h->entries > GPT_ENTRIES_MAX ||
	    (uint64_t)h->entries * h->entry_size > GPT_ARRAY_MAX) {
		return "number of entries";
	}
	if (h->first_usable > h->last_usable || h->last_usable >= blocks) {
		return "usable blocks";
	}
	return NULL;
}

static uint64_t array_size(const struct gpt_header *h)
{
	return (uint64_t)h->entries * h->entry_size;
}

/* Read bytes [at, at + *n) of the entries into buf, as much as fits. */
static int read_array(const struct partition_table *t,
		      const struct gpt_header *h, uint64_t at, uint8_t *buf,
		      uint64_t *n)
{
	uint64_t size = (uint64_t)t->block << BLOCK_SECTOR_SHIFT;
	uint64_t blocks;

	*n = MIN(array_size(h) - at, GPT_BUFFER);
	blocks = DIV_ROUND_UP(*n, size);
	return partition_read_blocks(t, h->entries_lba + at / size, buf,
				     blocks);
}

static int array_check(const struct partition_table *t,
		       const struct gpt_header *h, uint8_t *buf)
{
	uint32_t crc = 0;
	uint64_t n;

	for (uint64_t at = 0; at < array_size(h); at += n) {
		int err = read_array(t, h, at, buf, &n);

		if (err) {
			return err;
		}
		crc = crc32(crc, buf, n);
	}
	return crc == h->entries_crc ? 0 : -ERR_FORMAT;
}

static void take_entry(struct partition_table *t, const struct gpt_header *h,
		       unsigned int number, const struct gpt_entry *e)
{
	static const uint8_t unused[16];

	if (memcmp(e->type, unused, sizeof(unused)) == 0) {
		return;
	}
	if (e->first > e->last || e->first < h->first_usable ||
	    e->last > h->last_usable) {
		partition_refuse(t, number, "not within the usable blocks");
		return;
	}
	(void)partition_take(t, number, e->first, e->last - e->first + 1);
}

static int take_entries(struct partition_table *t, const struct gpt_header *h,
			uint8_t *buf)
{
	unsigned int number = 1;
	uint64_t n;

	for (uint64_t at = 0; at < array_size(h); at += n) {
		int err = read_array(t, h, at, buf, &n);

		if (err) {
			return err;
		}
		for (uint64_t i = 0; i < n; i += h->entry_size) {
			struct gpt_entry e;

			memcpy(&e, buf + i, sizeof(e));
			take_entry(t, h, number++, &e);
		}
	}
	return 0;
}

/* Read the copy whose header is in block `lba`, if it is valid. */
static int try_copy(struct partition_table *t, uint64_t lba, uint8_t *buf,
		    struct gpt_header *h)
{
	const char *which = lba == GPT_PRIMARY ? "primary" : "backup";
	const char *why;
	int err = partition_read_blocks(t, lba, buf, 1);

	if (err) {
		return err;
	}
	memcpy(h, buf, sizeof(*h));
	why = header_wrong(t, h, buf, lba);
	if (!why) {
		err = array_check(t, h, buf);
		if (err == 0) {
			return 0;
		}
		why = err == -ERR_FORMAT ? "CRC of the entries"
					 : "entries cannot be read";
	}
	log_warn("block: %s: %s GPT: %s", t->name, which, why);
	return err ? err : -ERR_FORMAT;
}

int gpt_read(struct partition_table *t, uint8_t *buf)
{
	uint64_t size = (uint64_t)t->block << BLOCK_SECTOR_SHIFT;
	uint64_t last = t->nsectors / t->block - 1;
	struct gpt_header h;
	int err = try_copy(t, GPT_PRIMARY, buf, &h);

	if (err) {
		err = try_copy(t, last, buf, &h);
	}
	if (err) {
		return err;
	}
	/*
	 * No partition may overlap the entries of the other copy either. That
	 * each lies within the usable blocks is not enough, because the header
	 * says which blocks those are.
	 */
	if (!partition_take_table(t, 0, GPT_PRIMARY + 1) ||
	    !partition_take_table(t, last, 1) ||
	    !partition_take_table(t, h.entries_lba,
				  DIV_ROUND_UP(array_size(&h), size))) {
		return -ERR_FORMAT;
	}
	return take_entries(t, &h, buf);
}
