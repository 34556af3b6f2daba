/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables: those that tools make, damaged ones, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libs/crc32.h>
#include <libs/error.h>

#include "core/block/block_priv.h"

#define SECTORS 4096

static uint8_t disk[SECTORS * 512];
static struct partition_table t;
static uint64_t broken; /* this sector cannot be read; 0: all can */
static unsigned int reads;

static int read_disk(void *ctx, uint64_t sector, void *buf, uint64_t n)
{
	(void)ctx;
	assert_true(n > 0 && sector < t.nsectors && n <= t.nsectors - sector);
	assert_int_equal((sector | n) % t.block, 0);
	reads++;
	if (broken && sector <= broken && broken < sector + n) {
		return -ERR_IO;
	}
	memcpy(buf, disk + sector * 512, n * 512);
	return 0;
}

static int read_table(void)
{
	int err;

	reads = 0;
	err = partition_table_read(&t);
	/* Any partition that is found is valid. */
	for (unsigned int i = 0; i < t.count; i++) {
		const struct partition *p = &t.part[i];

		assert_true(p->nsectors > 0 && p->start < t.nsectors);
		assert_true(p->nsectors <= t.nsectors - p->start);
		for (unsigned int k = 0; k < i; k++) {
			const struct partition *o = &t.part[k];

			assert_true(p->start + p->nsectors <= o->start ||
				    o->start + o->nsectors <= p->start);
		}
	}
	return err;
}

static int setup(void **state)
{
	(void)state;
	memset(disk, 0, sizeof(disk));
	memset(&t, 0, sizeof(t));
	t.name = "disk";
	t.nsectors = SECTORS;
	t.block = 1;
	t.read = read_disk;
	broken = 0;
	return 0;
}

static void expect(unsigned int i, unsigned int number, uint64_t start,
		   uint64_t n)
{
	assert_true(i < t.count);
	assert_int_equal(t.part[i].number, number);
	assert_int_equal(t.part[i].start, start);
	assert_int_equal(t.part[i].nsectors, n);
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* --- MBR ------------------------------------------------------------------ */

static void mbr(uint64_t sector, unsigned int n, uint8_t type, uint32_t start,
		uint32_t count)
{
	uint8_t *b = disk + sector * 512;
	uint8_t *e = b + 446 + 16 * n;

	b[510] = 0x55;
	b[511] = 0xaa;
	e[4] = type;
	put32(e + 8, start);
	put32(e + 12, count);
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 0);
	t.nsectors = 1;
	assert_int_equal(read_table(), 0);
	assert_int_equal(reads, 0);
	t.nsectors = 0;
	assert_int_equal(read_table(), 0);
}

static void test_mbr(void **state)
{
	(void)state;
	mbr(0, 0, 0x83, 64, 100);
	mbr(0, 2, 0x0c, 1000, 3096);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 2);
	expect(0, 1, 64, 100);
	expect(1, 3, 1000, 3096);

	mbr(0, 1, 0x83, 4000, 97); /* one too many */
	mbr(0, 2, 0x83, 163, 1);   /* inside the first */
	mbr(0, 3, 0x83, 0, 10);    /* the table */
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);

	mbr(0, 0, 0x83, 64, 0);
	mbr(0, 1, 0x83, UINT32_MAX, UINT32_MAX);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	expect(0, 3, 163, 1);
	disk[510] = 0;
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 0);
}

/* The table is in logical blocks. */
static void test_large_blocks(void **state)
{
	(void)state;
	t.block = 8;
	mbr(0, 0, 0x83, 16, 100);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	expect(0, 1, 128, 800);
	mbr(0, 0, 0x83, 16, 512 - 15);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 0);
}

static void test_extended(void **state)
{
	(void)state;
	mbr(0, 0, 0x83, 10, 90);
	mbr(0, 1, 0x0f, 100, 3000);
	mbr(100, 0, 0x83, 10, 50);   /* 110 */
	mbr(100, 1, 0x05, 100, 200); /* link at 200 */
	mbr(200, 0, 0x82, 5, 60);    /* 205 */
	mbr(200, 1, 0x05, 300, 100); /* link at 400 */
	mbr(400, 0, 0, 0, 0);        /* an empty one, which takes a number */
	mbr(400, 1, 0x85, 500, 100); /* link at 600 */
	mbr(600, 0, 0x83, 1, 9);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 4);
	expect(0, 1, 10, 90);
	expect(1, 5, 110, 50);
	expect(2, 6, 205, 60);
	expect(3, 8, 601, 9);

	/* A logical partition over the next link: its user could write the
	 * table. */
	mbr(100, 0, 0x83, 10, 91);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 2);
	expect(1, 5, 110, 91);
}

/* A chain that loops, one that does not end, and one that leaves the disk. */
static void test_chains(void **state)
{
	(void)state;
	mbr(0, 0, 0x05, 100, 3000);
	mbr(100, 1, 0x05, 50, 10);
	mbr(150, 1, 0x05, 50, 10);
	assert_int_equal(read_table(), 0);
	assert_true(reads < 100);

	for (unsigned int i = 0; i < 1000; i++) {
		mbr(100 + 2 * i, 0, 0x83, 1, 1);
		mbr(100 + 2 * i, 1, 0x05, 2 * (i + 1), 2);
	}
	assert_int_equal(read_table(), 0);
	assert_true(reads < 100);
	assert_true(t.count > 32 && t.count <= PARTITIONS_MAX);

	mbr(100, 1, 0x05, UINT32_MAX, 2);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	/* All four primary partitions are chains. */
	for (unsigned int i = 0; i < 4; i++) {
		mbr(0, i, 0x0f, 500 * (i + 1), 500);
		for (unsigned int k = 0; k < 240; k++) {
			mbr(500 * (i + 1) + 2 * k, 0, 0x83, 1, 1);
			mbr(500 * (i + 1) + 2 * k, 1, 0x05, 2 * (k + 1), 2);
		}
	}
	assert_int_equal(read_table(), 0);
	assert_true(t.count <= PARTITIONS_MAX);
	assert_true(reads < 400);

	broken = 500;
	assert_int_equal(read_table(), -ERR_IO);
}

/* --- GPT ------------------------------------------------------------------ */

static uint32_t entry_size, entries;

static uint8_t *header(uint64_t lba)
{
	return disk + lba * 512 * t.block;
}

static void seal(uint64_t lba)
{
	uint8_t *h = header(lba);
	uint64_t array;
	uint32_t n, size;

	memcpy(&array, h + 72, 8);
	memcpy(&n, h + 80, 4);
	memcpy(&size, h + 84, 4);
	/* A table that leaves the disk has no checksum. */
	if (array < SECTORS && (uint64_t)n * size < 65536 &&
	    (uint64_t)n * size <=
		    (size_t)(disk + sizeof(disk) - header(array))) {
		put32(h + 88, crc32(0, header(array), (size_t)n * size));
	}
	put32(h + 16, 0);
	put32(h + 16, crc32(0, h, 92));
}

static void gpt_header(uint64_t lba, uint64_t other, uint64_t array)
{
	uint8_t *h = header(lba);

	memcpy(h, "EFI PART", 8);
	put32(h + 8, 0x00010000);
	put32(h + 12, 92);
	put64(h + 24, lba);
	put64(h + 32, other);
	put64(h + 40, 40);
	put64(h + 48, t.nsectors / t.block - 40);
	put64(h + 72, array);
	put32(h + 80, entries);
	put32(h + 84, entry_size);
	seal(lba);
}

static void gpt_entry(unsigned int n, uint64_t first, uint64_t last)
{
	uint64_t end = t.nsectors / t.block - 1;
	uint64_t arrays[] = { 2, end - 33 };

	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *e = header(arrays[i]) + (n - 1) * entry_size;

		memset(e, 0xab, 16);
		put64(e + 32, first);
		put64(e + 40, last);
	}
	seal(1);
	seal(end);
}

static void gpt(uint32_t block)
{
	uint64_t end;

	t.block = block;
	entry_size = 128;
	entries = 128;
	end = t.nsectors / t.block - 1;
	mbr(0, 0, 0xee, 1, UINT32_MAX);
	gpt_header(1, end, 2);
	gpt_header(end, 1, end - 33);
}

static void test_gpt(void **state)
{
	(void)state;
	gpt(1);
	gpt_entry(1, 40, 99);
	gpt_entry(2, 100, 100);
	gpt_entry(128, 2000, SECTORS - 40);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 3);
	expect(0, 1, 40, 60);
	expect(1, 2, 100, 1);
	expect(2, 128, 2000, SECTORS - 2039);
}

static void test_gpt_large_blocks(void **state)
{
	(void)state;
	gpt(2);
	gpt_entry(1, 40, 99);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	expect(0, 1, 80, 120);
}

/* If the first table is damaged in any way the backup is used; if both are,
 * none, and not the MBR either. */
static void test_gpt_backup(void **state)
{
	static const unsigned int bytes[] = { 0, 9, 12, 16, 24, 72, 80, 84, 88 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bytes); i++) {
		(void)setup(NULL);
		gpt(1);
		gpt_entry(3, 50, 59);
		disk[512 + bytes[i]] ^= 0x40;
		assert_int_equal(read_table(), 0);
		assert_int_equal(t.count, 1);
		disk[(SECTORS - 1) * 512 + bytes[i]] ^= 0x40;
		mbr(0, 1, 0x83, 100, 10);
		assert_int_equal(read_table(), -ERR_FORMAT);
		assert_int_equal(t.count, 0);
	}
	/* A damaged entry, and a sector that cannot be read. */
	(void)setup(NULL);
	gpt(1);
	gpt_entry(3, 50, 59);
	disk[1024 + 5] ^= 1;
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	broken = 1;
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
	broken = SECTORS - 3;
	assert_int_equal(read_table(), -ERR_IO);
	broken = 0;
	disk[1024 + 5] ^= 1;
	broken = SECTORS - 1;
	assert_int_equal(read_table(), 0);
}

/* Both CRCs are right, but the contents are not. */
static void test_gpt_lies(void **state)
{
	(void)state;
	gpt(1);
	gpt_entry(1, 40, 99);
	gpt_entry(2, 99, 120);         /* overlaps the first */
	gpt_entry(3, 130, 129);        /* ends before it begins */
	gpt_entry(4, 30, 39);          /* before the usable sectors */
	gpt_entry(5, 200, SECTORS);    /* after the usable sectors */
	gpt_entry(6, 0, UINT64_MAX);   /* all possible sectors */
	gpt_entry(7, UINT64_MAX, 300); /* ends before it begins */
	gpt_entry(8, 400, 499);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 2);
	expect(1, 8, 400, 100);
	assert_int_equal(t.refused, 6);

	/* The header says that all is usable: not the tables themselves. */
	put64(disk + 512 + 40, 0);
	put64(disk + 512 + 48, SECTORS - 1);
	gpt_entry(1, 0, 0);
	gpt_entry(2, 33, 39);
	gpt_entry(3, SECTORS - 1, SECTORS - 1);
	gpt_entry(4, 34, 39);
	assert_int_equal(read_table(), 0);
	expect(0, 4, 34, 6);
	assert_int_equal(t.count, 2);
}

/* The sizes that a header can ask for are bounded. */
static void test_gpt_sizes(void **state)
{
	static const uint32_t sizes[][2] = {
		{ 0, 128 },          { UINT32_MAX, 128 }, { 1025, 128 },
		{ 128, 0 },          { 128, 64 },         { 128, 192 },
		{ 128, UINT32_MAX }, { 1024, 4096 },      { 1, 1u << 31 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		(void)setup(NULL);
		gpt(1);
		for (unsigned int k = 0; k < 2; k++) {
			uint64_t lba = k ? SECTORS - 1 : 1;

			put32(header(lba) + 80, sizes[i][0]);
			put32(header(lba) + 84, sizes[i][1]);
			seal(lba);
		}
		assert_int_equal(read_table(), -ERR_FORMAT);
		assert_true(reads <= 3);
	}
	/* Entries past the end of the disk. */
	(void)setup(NULL);
	gpt(1);
	put64(header(1) + 72, UINT64_MAX);
	put32(header(1) + 16, 0);
	put32(header(1) + 16, crc32(0, header(1), 92));
	gpt_entry(1, 50, 60);
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 1);
}

/* More partitions than are used, and larger entries. */
static void test_gpt_many(void **state)
{
	(void)state;
	gpt(1);
	for (unsigned int i = 1; i <= 128; i++) {
		gpt_entry(i, 40 + 4 * i, 42 + 4 * i);
	}
	assert_int_equal(read_table(), 0);
	assert_int_equal(t.count, 128);
	expect(127, 128, 552, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_mbr, setup),
		cmocka_unit_test_setup(test_large_blocks, setup),
		cmocka_unit_test_setup(test_extended, setup),
		cmocka_unit_test_setup(test_chains, setup),
		cmocka_unit_test_setup(test_gpt, setup),
		cmocka_unit_test_setup(test_gpt_large_blocks, setup),
		cmocka_unit_test_setup(test_gpt_backup, setup),
		cmocka_unit_test_setup(test_gpt_lies, setup),
		cmocka_unit_test_setup(test_gpt_sizes, setup),
		cmocka_unit_test_setup(test_gpt_many, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
