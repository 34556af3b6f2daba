/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a disk: its partitions are within it and apart, and finding them
 * reads no more than a bounded part of it. With bit 7 of the first byte set,
 * the CRCs of a GPT are made right first; bits 0 to 2 choose the logical block.
 */
#include <stdlib.h>
#include <string.h>

#include <core/log.h>
#include <libs/crc32.h>
#include <libs/types.h>

#include "core/block/block_priv.h"

#define DISK_MAX (128 * 1024)
/* Sectors: the first, GPT twice over each copy, links of four chains. */
#define READ_MAX (4 * (1 + 2048 + 16) + 4 * 72 * 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t disk[DISK_MAX];
static struct partition_table t;
static uint64_t sectors_read;

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static int read_disk(void *ctx, uint64_t sector, void *buf, uint64_t n)
{
	(void)ctx;
	check(n > 0 && sector < t.nsectors && n <= t.nsectors - sector);
	memcpy(buf, disk + sector * 512, n * 512);
	sectors_read += n;
	return 0;
}

/* UEFI 2.10, 5.3.2. */
static void seal(uint64_t lba)
{
	uint64_t block = t.block * 512, total = t.nsectors * 512, array;
	uint8_t *h = disk + lba * block;
	uint32_t n, entry, header, crc = 0;

	memcpy(&header, h + 12, 4);
	memcpy(&array, h + 72, 8);
	memcpy(&n, h + 80, 4);
	memcpy(&entry, h + 84, 4);
	if (header < 92 || header > block) {
		return;
	}
	if (array < total / block &&
	    (uint64_t)n * entry <= total - array * block) {
		crc = crc32(0, disk + array * block, (size_t)n * entry);
		memcpy(h + 88, &crc, 4);
	}
	memset(h + 16, 0, 4);
	crc = crc32(0, h, header);
	memcpy(h + 16, &crc, 4);
}

static void check_apart(void)
{
	for (unsigned int i = 0; i < t.count; i++) {
		const struct partition *p = &t.part[i];

		check(p->number > 0 && p->nsectors > 0);
		check(p->start < t.nsectors);
		check(p->nsectors <= t.nsectors - p->start);
		check((p->start | p->nsectors) % t.block == 0);
		for (unsigned int k = 0; k < i; k++) {
			const struct partition *o = &t.part[k];

			check(p->start + p->nsectors <= o->start ||
			      o->start + o->nsectors <= p->start);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	log_set_console_level(LOG_ERR);
	memset(&t, 0, sizeof(t));
	memset(disk, 0, sizeof(disk));
	size = MIN(size, DISK_MAX);
	memcpy(disk, data, size);
	t.name = "disk";
	t.block = 1u << (data[0] % 5);
	t.nsectors = ALIGN_DOWN(size / 512, t.block);
	t.read = read_disk;
	if ((data[0] & 0x80) && t.nsectors >= 2 * t.block) {
		seal(1);
		seal(t.nsectors / t.block - 1);
	}
	sectors_read = 0;
	if (partition_table_read(&t) == 0) {
		check_apart();
	}
	check(sectors_read <= READ_MAX);
	return 0;
}
