/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resource table of a coprocessor's firmware, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/resource_table.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <string.h>

#define TABLE_AT 256 /* in the file */
#define ADDRESS 0x80001000U
#define NAMES "\0.text\0.resource_table"

static uint8_t file[2048];
static size_t file_size;
static struct resource_table t;
static const char *why;

static void put(size_t at, unsigned int bytes, uint64_t v)
{
	memcpy(file + at, &v, bytes);
}

static bool read_file(const void *arg, uint64_t off, void *buf, size_t n)
{
	assert_ptr_equal(arg, file);
	if (!range_within(off, n, file_size)) {
		return false;
	}
	memcpy(buf, file + off, n);
	return true;
}

/* A table of a trace buffer and of an RPMSG device; 124 bytes. */
static size_t table(size_t at)
{
	put(at, 4, 1);
	put(at + 4, 4, 2);
	put(at + 16, 4, 24);
	put(at + 20, 4, 56);
	put(at + 24, 4, 2); /* a trace buffer */
	put(at + 56, 4, 3);
	put(at + 60, 4, 7);
	put(at + 68, 4, 1); /* dfeatures */
	put(at + 80, 1, 0);
	put(at + 81, 1, 2);
	put(at + 84, 4, UINT32_MAX);
	put(at + 88, 4, 4096);
	put(at + 92, 4, 256);
	put(at + 104, 4, 0x80004000);
	put(at + 108, 4, 16);
	put(at + 112, 4, 64);
	return 124;
}

static void section(size_t at, bool wide, uint32_t name, uint64_t addr,
		    uint64_t offset, uint64_t size)
{
	put(at, 4, name);
	put(at + (wide ? 16 : 12), wide ? 8 : 4, addr);
	put(at + (wide ? 24 : 16), wide ? 8 : 4, offset);
	put(at + (wide ? 32 : 20), wide ? 8 : 4, size);
}

/* A file with three sections: names, .text, the table. */
static void elf(bool wide)
{
	size_t sections = 1024, each = wide ? 64 : 40;
	size_t size;

	memset(file, 0, sizeof(file));
	memset(&t, 0xa5, sizeof(t));
	file_size = sections + 3 * each;
	memcpy(file, "\177ELF", 4);
	put(4, 1, wide ? 2 : 1);
	put(5, 1, 1);
	put(wide ? 40 : 32, wide ? 8 : 4, sections);
	put(wide ? 58 : 46, 2, each);
	put(wide ? 60 : 48, 2, 3);
	put(wide ? 62 : 50, 2, 0);
	memcpy(file + 128, NAMES, sizeof(NAMES));
	size = table(TABLE_AT);
	section(sections, wide, 0, 0, 128, sizeof(NAMES));
	section(sections + each, wide, 1, 0, 512, 16);
	section(sections + 2 * each, wide, 7, ADDRESS, TABLE_AT, size);
}

static int read_it(void)
{
	const struct resource_file f = { read_file, file };

	why = NULL;
	return resource_table_read(&t, &f, &why);
}

static void test_right(void **state)
{
	(void)state;
	for (unsigned int wide = 0; wide < 2; wide++) {
		elf(wide != 0);
		assert_int_equal(read_it(), 0);
		assert_int_equal(t.address, ADDRESS);
		assert_int_equal(t.size, 124);
		assert_int_equal(t.vdev, 60);
		assert_int_equal(t.features, 1);
		assert_int_equal(t.ignored, 1);
		assert_int_equal(t.vring[0].at, 84);
		assert_true(t.vring[0].address == RESOURCE_ADDRESS_ANY);
		assert_int_equal(t.vring[0].align, 4096);
		assert_int_equal(t.vring[0].num, 256);
		assert_int_equal(t.vring[1].at, 104);
		assert_int_equal(t.vring[1].address, 0x80004000);
		assert_int_equal(t.vring[1].num, 64);
		assert_memory_equal(t.bytes, file + TABLE_AT, 124);
	}
}

/* A field of the table, or of the file, with another value is refused, for this
 * reason. */
static const struct {
	size_t at;
	unsigned int bytes;
	uint64_t value;
	const char *why;
} wrong[] = {
	{ 0, 1, 0, "not an ELF file" },
	{ 4, 1, 3, "neither 32 nor 64" },
	{ 5, 1, 2, "little-endian" },
	{ 40, 8, UINT64_MAX - 8, "sections is cut off" },
	{ 40, 8, 2000, "sections is cut off" },
	{ 58, 2, 40, "no table of sections" },
	{ 60, 2, 513, "no table of sections" },
	{ 60, 2, 0, "no table of sections" },
	{ 60, 2, 2, "no section .resource_table" },
	{ 62, 2, 3, "no table of sections" },
	{ 62, 2, 1, "no section .resource_table" },
	{ 1024 + 24, 8, UINT64_MAX, "no section .resource_table" },
	{ 1024 + 32, 8, 20, "no section .resource_table" },
	{ 1152, 4, UINT32_MAX, "no section .resource_table" },
	{ 1152 + 24, 8, UINT64_MAX, "table is cut off" },
	{ 1152 + 32, 8, UINT64_MAX, "not of 16 to 1024" },
	{ 1152 + 32, 8, 1025, "not of 16 to 1024" },
	{ 1152 + 32, 8, 15, "not of 16 to 1024" },
	{ 1152 + 32, 8, 20, "has room for" },
	{ 1152 + 32, 8, 58, "outside the table" },
	{ 1152 + 32, 8, 80, "device is cut off" },
	{ 1152 + 32, 8, 123, "RPMSG device is cut off" },
	{ TABLE_AT, 4, 2, "version 1" },
	{ TABLE_AT + 4, 4, 65, "more entries than 64" },
	{ TABLE_AT + 4, 4, UINT32_MAX, "more entries than 64" },
	{ TABLE_AT + 4, 4, 1, "no RPMSG device" },
	{ TABLE_AT + 16, 4, 20, "in the table's header" },
	{ TABLE_AT + 16, 4, 124, "outside the table" },
	{ TABLE_AT + 16, 4, UINT32_MAX, "outside the table" },
	{ TABLE_AT + 16, 4, 56, "two RPMSG devices" },
	{ TABLE_AT + 56, 4, 1, "no RPMSG device" },
	{ TABLE_AT + 60, 4, 3, "no RPMSG device" },
	{ TABLE_AT + 76, 4, 1, "RPMSG device is cut off" },
	{ TABLE_AT + 76, 4, UINT32_MAX, "RPMSG device is cut off" },
	{ TABLE_AT + 81, 1, 3, "not two vrings" },
	{ TABLE_AT + 88, 4, 0, "alignment" },
	{ TABLE_AT + 88, 4, 2, "alignment" },
	{ TABLE_AT + 88, 4, 48, "alignment" },
	{ TABLE_AT + 88, 4, 131072, "alignment" },
	{ TABLE_AT + 92, 4, 0, "number of entries" },
	{ TABLE_AT + 92, 4, 255, "number of entries" },
	{ TABLE_AT + 112, 4, 512, "number of entries" },
	{ TABLE_AT + 104, 4, 0x80004008, "multiple of its alignment" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		elf(true);
		put(wrong[i].at, wrong[i].bytes, wrong[i].value);
		if (read_it() != -ERR_FORMAT || why == NULL ||
		    strstr(why, wrong[i].why) == NULL) {
			fail_msg("number %u: %s", i, why != NULL ? why : "-");
		}
	}
}

/* Cut off at each byte: an error, and nothing is read beyond. */
static void test_cut_off(void **state)
{
	size_t whole;

	(void)state;
	elf(true);
	whole = file_size;
	for (file_size = 0; file_size < whole; file_size++) {
		assert_int_equal(read_it(), -ERR_FORMAT);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
