/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot images: placement of Image, ELF and raw files, and refusals. */
#include <core/guest_image.h>

#include <libs/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define RAM 0x80000000ull
#define MACHINE 0 /* EM_NONE: the simulated host's */

#include "tests/unit/image_fixture.h"

/* The simulated host's Linux. */
static void make_image(uint32_t parameters)
{
	memcpy(head, "HOST", 4);
	put(4, parameters, 4);
}

static void make_elf(unsigned int phnum)
{
	memcpy(head, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, MACHINE, 2);
	put(24, RAM + 0x100, 8);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, phnum, 2);
	for (unsigned int i = 0; i < phnum; i++) {
		unsigned int ph = 64 + i * 56;

		put(ph, 1, 4);
		put(ph + 4, 5, 4);
		put(ph + 8, 0x1000 * i, 8);
		put(ph + 16, RAM + 0x10000 * i, 8);
		put(ph + 24, RAM + 0x10000 * i, 8);
		put(ph + 32, 0x800, 8);
		put(ph + 40, 0x900, 8);
	}
}

/* The architecture's format may need memory besides the file's. */
static void linux_is_the_architectures(void **state)
{
	(void)state;
	make_image(0x1800);
	assert_int_equal(run(0x900), 0);
	assert_int_equal(plan.format, KERNEL_LINUX);
	assert_int_equal(plan.nsegs, 2);
	assert_int_equal(plan.seg[0].addr, RAM);
	assert_int_equal(plan.entry, RAM);
	assert_int_equal(plan.seg[1].addr, RAM + 0x1000);
	assert_int_equal(plan.seg[1].file_size, 0);
	assert_int_equal(image_end(&plan), RAM + 0x2800);
	assert_false(image_is_loaded(&plan, RAM + 0x1000));
	where.has_addr = true;
	where.addr = RAM + 0x5000;
	assert_int_equal(run(0x900), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x5000);
	where.format = KERNEL_RAW;
	assert_int_equal(run(0x900), 0);
	assert_int_equal(plan.nsegs, 1);
}

static void bad_linux_is_refused(void **state)
{
	(void)state;
	make_image(0);
	assert_int_equal(run(0x900), -ERR_FORMAT);
	assert_non_null(strstr(why, "boot parameters"));
	make_image(0x1000);
	assert_int_equal(run(7), 0);
	assert_int_equal(plan.format, KERNEL_RAW);
	where.format = KERNEL_LINUX;
	assert_int_equal(run(7), -ERR_FORMAT);
	/* Another architecture's. */
	setup(state);
	memcpy(head + 56, "RSC\x05", 4);
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	assert_non_null(strstr(why, "another architecture"));
	where.format = KERNEL_LINUX;
	assert_int_equal(run(0x1000), -ERR_FORMAT);
}

/* A file that would crash is refused, unless the description gives the
 * format. */
static void foreign_is_refused(void **state)
{
	static const struct {
		unsigned int at, n;
		const char *magic, *why;
	} files[] = {
		/* clang-format off */
		{ 0, 3, "\x1f\x8b\x08", "gzip" },
		{ 0, 5, "\xfd" "7zXZ", "xz" },
		{ 0, 4, "\x28\xb5\x2f\xfd", "zstd" },
		{ 0, 4, "\x02\x21\x4c\x18", "lz4" },
		{ 0, 4, "\x04\x22\x4d\x18", "lz4" },
		{ 0, 9, "\x89LZO\0\r\n\x1a\n", "lzo" },
		{ 0, 13, "\x5d\0\0\x80\0" "\xff\xff\xff\xff\xff\xff\xff\xff",
		  "lzma" },
		{ 0, 13, "\x5d\0\0\0\x04\x12\x34\x56\x01\0\0\0\0", "lzma" },
		{ 0, 3, "BZh", "bzip2" },
		{ 0, 8, "MZ\0\0zimg", "zboot" },
		{ 0, 4, "\x27\x05\x19\x56", "uImage" },
		{ 0, 4, "\xd0\x0d\xfe\xed", "FIT" },
		{ 0, 8, "ANDROID!", "Android" },
		{ 0, 6, "070701", "cpio" },
		{ 0x202, 4, "HdrS", "x86" },
		{ 0x24, 4, "\x18\x28\x6f\x01", "32-bit" },
		/* clang-format on */
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
	/* A given format does not make it valid. */
	setup(state);
	memcpy(head, "\x1f\x8b\x08", 3);
	where.format = KERNEL_LINUX;
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	assert_non_null(strstr(why, "gzip"));
	where.format = KERNEL_ELF;
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	assert_non_null(strstr(why, "gzip"));
}

/* Other sizes than lzma's; a part of an EFI header is not one. Both are raw. */
static void alike_is_raw(void **state)
{
	(void)state;
	memcpy(head, "\x5d\0\0\x14\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13);
	assert_int_equal(run(0x1000), 0);
	assert_int_equal(plan.format, KERNEL_RAW);
	memset(head, 0, sizeof(head));
	memcpy(head, "MZ", 2);
	put(0x3c, 0x80, 4);
	assert_int_equal(run(0x1000), 0);
	memcpy(head + 0x80, "PE", 2);
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	assert_non_null(strstr(why, "EFI"));
	put(0x3c, UINT32_MAX, 4);
	assert_int_equal(run(0x1000), 0);
}

static void raw_goes_to_the_start_of_ram(void **state)
{
	(void)state;
	assert_int_equal(run(100), 0);
	assert_int_equal(plan.entry, RAM);
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
	assert_int_equal(plan.entry, RAM + 0x100);
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
	assert_int_equal(plan.entry, RAM + 0x400100);
}

#define VIRT 0xffff800008000000ull

/* One segment linked high and loaded low, as kernels are. */
static void make_virtual(unsigned int ph, uint64_t virt, uint64_t phys)
{
	put(ph + 16, virt, 8);
	put(ph + 24, phys, 8);
}

static void virtual_entry_is_made_physical(void **state)
{
	(void)state;
	make_elf(2);
	make_virtual(64, VIRT, RAM);
	make_virtual(64 + 56, VIRT + 0x10000, RAM + 0x200000);
	put(24, VIRT + 0x10040, 8);
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, RAM + 0x200040);
	assert_true(image_is_loaded(&plan, plan.entry));
	/* The last byte of the file's part, and one more. */
	put(24, VIRT + 0x7ff, 8);
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, RAM + 0x7ff);
	put(24, VIRT + 0x800, 8);
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, VIRT + 0x800);
	assert_false(image_is_loaded(&plan, plan.entry));
	/* The entry is not in a data segment. */
	put(24, VIRT + 0x10040, 8);
	put(64 + 56 + 4, 6, 4);
	assert_int_equal(run(0x3000), 0);
	assert_false(image_is_loaded(&plan, plan.entry));
	/* If it is moved, its entry moves too. */
	put(64 + 56 + 4, 5, 4);
	where.has_addr = true;
	where.addr = RAM + 0x400000;
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, RAM + 0x600040);
	/* The description's entry is a physical address. */
	where.has_entry = true;
	where.entry = RAM + 0x400100;
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, RAM + 0x400100);
}

static void physical_entry_of_a_virtual_file_is_kept(void **state)
{
	(void)state;
	make_elf(1);
	make_virtual(64, VIRT, RAM);
	put(24, RAM + 0x40, 8);
	assert_int_equal(run(0x3000), 0);
	assert_int_equal(plan.entry, RAM + 0x40);
	assert_true(image_is_loaded(&plan, plan.entry));
}

/* Only addresses of the file's contents count as loaded. */
static void only_the_file_is_loaded(void **state)
{
	(void)state;
	make_elf(2);
	assert_int_equal(run(0x3000), 0);
	assert_true(image_is_loaded(&plan, RAM));
	assert_true(image_is_loaded(&plan, RAM + 0x7ff));
	assert_false(image_is_loaded(&plan, RAM + 0x800));
	assert_false(image_is_loaded(&plan, RAM - 1));
	assert_true(image_is_loaded(&plan, RAM + 0x10000));
	assert_false(image_is_loaded(&plan, 0));
	assert_false(image_is_loaded(&plan, UINT64_MAX));
	assert_int_equal(image_end(&plan), RAM + 0x10900);
}

static void bad_elf_is_refused(void **state)
{
	static const struct {
		unsigned int at;
		uint64_t v;
		unsigned int n;
	} bad[] = {
		{ 4, 1, 1 },
		{ 5, 2, 1 },
		{ 18, 62, 2 },
		{ 16, 1, 2 },
		{ 54, 32, 2 },
		{ 56, 200, 2 },
		{ 56, 0, 2 },
		{ 32, UINT64_MAX, 8 },
		{ 64 + 8, UINT64_MAX - 4, 8 },
		{ 64 + 32, 0x901, 8 },
		{ 64 + 40, UINT64_MAX, 8 },
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
		cmocka_unit_test_setup(linux_is_the_architectures, setup),
		cmocka_unit_test_setup(bad_linux_is_refused, setup),
		cmocka_unit_test_setup(foreign_is_refused, setup),
		cmocka_unit_test_setup(alike_is_raw, setup),
		cmocka_unit_test_setup(raw_goes_to_the_start_of_ram, setup),
		cmocka_unit_test_setup(empty_file_is_refused, setup),
		cmocka_unit_test_setup(elf_segments_are_taken, setup),
		cmocka_unit_test_setup(elf_can_be_moved, setup),
		cmocka_unit_test_setup(virtual_entry_is_made_physical, setup),
		cmocka_unit_test_setup(physical_entry_of_a_virtual_file_is_kept,
				       setup),
		cmocka_unit_test_setup(only_the_file_is_loaded, setup),
		cmocka_unit_test_setup(bad_elf_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
