/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot images: placement of Image, ELF and raw files, and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/guest/image.h"
#include <libs/error.h>
#include <string.h>

#define RAM 0x40000000ull
#define MACHINE 183

static uint8_t head[IMAGE_HEAD_SIZE];
static struct image_plan plan;
static const char *why;
static struct image_where where;

static void put(unsigned int at, uint64_t v, unsigned int bytes)
{
	while (bytes--) {
		head[at++] = (uint8_t)v;
		v >>= 8;
	}
}

static int setup(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	where = (struct image_where){
		.ram_base = RAM, .elf_machine = MACHINE,
	};
	why = NULL;
	return 0;
}

static int run(uint64_t file_size)
{
	size_t n = file_size < sizeof(head) ? (size_t)file_size : sizeof(head);

	return image_plan(&plan, &where, head, n, file_size, &why);
}

static void make_image(uint64_t offset, uint64_t size)
{
	put(8, offset, 8);
	put(16, size, 8);
	memcpy(head + 56, "ARM\x64", 4);
}

static void make_elf(unsigned int phnum)
{
	memcpy(head, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, MACHINE, 2);
	put(24, RAM + 0x1000, 8);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, phnum, 2);
	for (unsigned int i = 0; i < phnum; i++) {
		unsigned int ph = 64 + i * 56;

		put(ph, 1, 4);
		put(ph + 8, 0x1000 * i, 8);
		put(ph + 24, RAM + 0x10000 * i, 8);
		put(ph + 32, 0x800, 8);
		put(ph + 40, 0x900, 8);
	}
}

static void image_goes_above_the_tree(void **state)
{
	(void)state;
	make_image(0, 0x1800000);
	assert_int_equal(run(0x1700000), 0);
	assert_int_equal(plan.format, KERNEL_IMAGE);
	assert_int_equal(plan.nsegs, 1);
	assert_int_equal(plan.seg[0].addr, RAM + 0x200000);
	assert_int_equal(plan.seg[0].mem_size, 0x1800000);
	assert_int_equal(plan.entry, RAM + 0x200000);
}

static void image_text_offset_is_kept(void **state)
{
	(void)state;
	make_image(0x80000, 0x1000000);
	assert_int_equal(run(0x900000), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x280000);
}

static void old_image_has_the_old_offset(void **state)
{
	(void)state;
	make_image(0, 0);
	assert_int_equal(run(0x900000), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x280000);
	assert_int_equal(plan.seg[0].mem_size, 0x900000);
}

static void impossible_image_is_refused(void **state)
{
	(void)state;
	make_image(0, UINT64_MAX);
	assert_int_equal(run(0x900000), -ERR_FORMAT);
	assert_non_null(strstr(why, "image_size"));
}

static void short_image_is_raw_or_refused(void **state)
{
	(void)state;
	make_image(0, 0x1000);
	assert_int_equal(run(63), 0);
	assert_int_equal(plan.format, KERNEL_RAW);
	where.format = KERNEL_IMAGE;
	assert_int_equal(run(63), -ERR_FORMAT);
	assert_non_null(strstr(why, "64 bytes"));
}

/* What would crash is told, unless the person says that it is meant so. */
static void foreign_is_refused(void **state)
{
	static const struct {
		unsigned int at, n;
		const char *magic, *why;
	} files[] = {
		{ 0, 2, "\x1f\x8b", "gzip" },
		{ 0, 5, "\xfd" "7zXZ", "xz" },
		{ 0, 4, "\x28\xb5\x2f\xfd", "zstd" },
		{ 0, 4, "\x02\x21\x4c\x18", "lz4" },
		{ 0, 3, "BZh", "bzip2" },
		{ 0, 8, "MZ\0\0zimg", "zboot" },
		{ 0x202, 4, "HdrS", "x86" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		setup(state);
		memcpy(head + files[i].at, files[i].magic, files[i].n);
		assert_int_equal(run(files[i].at + files[i].n), -ERR_FORMAT);
		assert_non_null(strstr(why, files[i].why));
		assert_int_equal(run(files[i].at + files[i].n - 1), 0);
		where.format = KERNEL_RAW;
		assert_int_equal(run(0x1000), 0);
	}
	/* An Image is one, whatever its first instruction looks like. */
	setup(state);
	make_image(0, 0x10000);
	memcpy(head, "\x1f\x8b", 2);
	assert_int_equal(run(0x1000), 0);
	assert_int_equal(plan.format, KERNEL_IMAGE);
}

static void raw_goes_where_qemu_puts_it(void **state)
{
	(void)state;
	assert_int_equal(run(100), 0);
	assert_int_equal(plan.entry, RAM + 0x80000);
	where.has_addr = true;
	where.addr = RAM + 0x200000;
	where.has_entry = true;
	where.entry = RAM + 0x200040;
	assert_int_equal(run(100), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x200000);
	assert_int_equal(plan.entry, RAM + 0x200040);
}

static void empty_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run(0), -ERR_FORMAT);
}

static void elf_segments_are_taken(void **state)
{
	(void)state;
	make_elf(2);
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.format, KERNEL_ELF);
	assert_int_equal(plan.nsegs, 2);
	assert_int_equal(plan.seg[1].addr, RAM + 0x10000);
	assert_int_equal(plan.seg[1].file_off, 0x1000);
	assert_int_equal(plan.entry, RAM + 0x1000);
}

static void elf_can_be_moved(void **state)
{
	(void)state;
	make_elf(2);
	where.has_addr = true;
	where.addr = RAM + 0x400000;
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x400000);
	assert_int_equal(plan.seg[1].addr, RAM + 0x410000);
	assert_int_equal(plan.entry, RAM + 0x401000);
}

static void bad_elf_is_refused(void **state)
{
	static const struct { unsigned int at; uint64_t v; unsigned int n; }
	bad[] = {
		{ 4, 1, 1 }, { 5, 2, 1 }, { 18, 62, 2 }, { 16, 1, 2 },
		{ 54, 32, 2 }, { 56, 200, 2 }, { 56, 0, 2 },
		{ 32, UINT64_MAX, 8 }, { 64 + 8, UINT64_MAX - 4, 8 },
		{ 64 + 32, 0x901, 8 }, { 64 + 40, UINT64_MAX, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(head, 0, sizeof(head));
		make_elf(1);
		put(bad[i].at, bad[i].v, bad[i].n);
		assert_int_equal(run(0x3000), -ERR_FORMAT);
	}
	memset(head, 0, sizeof(head));
	make_elf(1);
	assert_int_equal(run(40), -ERR_FORMAT);
	assert_non_null(strstr(why, "truncated"));
	make_elf(20);
	assert_int_equal(run(0x40000), -ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(image_goes_above_the_tree, setup),
		cmocka_unit_test_setup(image_text_offset_is_kept, setup),
		cmocka_unit_test_setup(old_image_has_the_old_offset, setup),
		cmocka_unit_test_setup(impossible_image_is_refused, setup),
		cmocka_unit_test_setup(short_image_is_raw_or_refused, setup),
		cmocka_unit_test_setup(foreign_is_refused, setup),
		cmocka_unit_test_setup(raw_goes_where_qemu_puts_it, setup),
		cmocka_unit_test_setup(empty_file_is_refused, setup),
		cmocka_unit_test_setup(elf_segments_are_taken, setup),
		cmocka_unit_test_setup(elf_can_be_moved, setup),
		cmocka_unit_test_setup(bad_elf_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
