/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of core/block. */
#ifndef CORE_BLOCK_PRIV_H
#define CORE_BLOCK_PRIV_H

#include <core/blockdev.h>

/* Most partitions of one device; a table may have more, which are not used. */
#define PARTITIONS_MAX 128
/* Most areas of a device that hold parts of the table itself. */
#define PARTITION_TABLES_MAX 72

/* An area of a device, as given by a table on it. */
struct partition {
	unsigned int number; /* from 1, as the table numbers them */
	uint64_t start, nsectors;
};

/*
 * A partition table that is being read. All numbers are in sectors, whatever
 * the block size. Large: allocate it from the heap.
 */
struct partition_table {
	const char *name;  /* of the device, for messages */
	uint64_t nsectors; /* of the device */
	uint32_t block;    /* sectors in a logical block, the unit of tables */
	/* Read whole blocks; 0 or an error. */
	int (*read)(void *ctx, uint64_t sector, void *buf, uint64_t nsectors);
	void *ctx;

	unsigned int count, tables;
	unsigned int refused; /* partitions; including those not logged */
	struct partition part[PARTITIONS_MAX];
	/* Where the table itself is; no partition may overlap this. */
	struct partition table[PARTITION_TABLES_MAX];
};

/*
 * Read the device's table: GPT, else MBR. All partitions found lie within the
 * device, none is empty, and none overlaps another or a part of the table;
 * others are refused and logged. -ERR_FORMAT: there should be a GPT, but
 * neither copy is valid; an error of read(); -ERR_NOMEM. Thread context.
 */
int __must_check partition_table_read(struct partition_table *t);

/* Most refusals that are logged for one table. */
#define PARTITION_REFUSALS_MAX 8

/* For the readers of one kind of table. Log why a partition is refused. */
void partition_refuse(struct partition_table *t, unsigned int number,
		      const char *why);
/* Accept a partition, or an area of the table; false, after logging why, if it
 * is not valid. In logical blocks. */
bool partition_take(struct partition_table *t, unsigned int number,
		    uint64_t start, uint64_t blocks);
bool partition_take_table(struct partition_table *t, uint64_t start,
			  uint64_t blocks);
/*
 * Read logical blocks. -ERR_RANGE: not all within the device; errors of read().
 */
int __must_check partition_read_blocks(const struct partition_table *t,
				       uint64_t block, void *buf, uint64_t n);
/* GPT, for a device whose first block says that there is one; `buf` has room
 * for GPT_BUFFER bytes. Errors as of partition_table_read(). */
#define GPT_BUFFER KIB(64)
int __must_check gpt_read(struct partition_table *t, uint8_t *buf);

/* Create the block device of a partition, which holds a reference to `whole`;
 * it is not listed yet. NULL: out of memory. Thread context. */
struct blockdev *partition_create(struct blockdev *whole,
				  const struct partition *p);

#endif
