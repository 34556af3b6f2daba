/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot images of arm64's guests: Linux's Image, and where raw files go. */
#include <core/guest_image.h>

#include "arch/arm64/guest/platform_priv.h"
#include <libs/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define RAM 0x40000000ull

#include "tests/unit/image_fixture.h"

static void make_image(uint64_t offset, uint64_t size)
{
	put(8, offset, 8);
	put(16, size, 8);
	memcpy(head + 56, "ARM\x64", 4);
}

/* QEMU's own code is at the start of RAM: the image is 2 MiB higher if it would
 * overlap. */
static void image_goes_where_qemu_puts_it(void **state)
{
	static const struct {
		uint64_t offset, at;
	} rows[] = {
		{ 0, 0x200000 },        { 0xff8, 0x200ff8 },
		{ 0x1000, 0x1000 },     { 0x80000, 0x80000 },
		{ 0x200000, 0x200000 }, { 0x280000, 0x280000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		make_image(rows[i].offset, 0x1800000);
		assert_int_equal(run(0x1700000), 0);
		assert_int_equal(plan.format, KERNEL_LINUX);
		assert_int_equal(plan.nsegs, 1);
		assert_int_equal(plan.seg[0].addr, RAM + rows[i].at);
		assert_int_equal(plan.seg[0].mem_size, 0x1800000);
		assert_int_equal(plan.entry, RAM + rows[i].at);
		assert_int_equal(image_end(&plan),
				 RAM + rows[i].at + 0x1800000);
	}
}

static void image_base_is_aligned(void **state)
{
	(void)state;
	where.ram_base = RAM + 0x1000;
	make_image(0x80000, 0x1000000);
	assert_int_equal(run(0x900000), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x280000);
}

static void old_image_has_the_old_offset(void **state)
{
	(void)state;
	make_image(0, 0);
	assert_int_equal(run(0x900000), 0);
	assert_int_equal(plan.seg[0].addr, RAM + 0x80000);
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
	where.format = KERNEL_LINUX;
	assert_int_equal(run(63), -ERR_FORMAT);
	assert_non_null(strstr(why, "64 bytes"));
}

/* RISC-V's Image has the same header except for the magic. */
static void image_is_of_its_architecture(void **state)
{
	(void)state;
	make_image(0, 0x10000);
	memcpy(head + 56, "RSC\x05", 4);
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	assert_non_null(strstr(why, "another architecture"));
	where.format = KERNEL_LINUX;
	assert_int_equal(run(0x1000), -ERR_FORMAT);
}

/* "Booting AArch64 Linux": text_offset bytes from a 2 MiB boundary. */
static void image_keeps_its_alignment(void **state)
{
	(void)state;
	where.has_addr = true;
	for (uint64_t offset = 0; offset <= 0x280000; offset += 0x80000) {
		make_image(offset, 0x10000);
		where.addr = RAM + 0x400000 + offset;
		assert_int_equal(run(0x1000), 0);
		assert_int_equal(plan.seg[0].addr, where.addr);
		where.addr += 0x1000;
		assert_int_equal(run(0x1000), -ERR_FORMAT);
		assert_non_null(strstr(why, "text_offset"));
	}
	/* Before 3.17 the header did not have the offset. */
	make_image(0, 0);
	where.addr = RAM + 0x400000;
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	where.addr += 0x80000;
	assert_int_equal(run(0x1000), 0);
	where.format = KERNEL_RAW;
	where.addr = RAM + 0x1000;
	assert_int_equal(run(0x1000), 0);
}

/* Its first instruction may look like another format's magic number, and one of
 * a raw file as lzma begins (B 0x174). */
static void instructions_are_no_magic(void **state)
{
	(void)state;
	make_image(0, 0x10000);
	memcpy(head, "\x1f\x8b\x08", 3);
	assert_int_equal(run(0x1000), 0);
	assert_int_equal(plan.format, KERNEL_LINUX);
	memset(head, 0, sizeof(head));
	memcpy(head, "\x5d\0\0\x14\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13);
	assert_int_equal(run(0x1000), 0);
	assert_int_equal(plan.format, KERNEL_RAW);
}

/* ELF for the Arm 64-bit Architecture: e_machine is 183. */
static void elf_is_of_its_architecture(void **state)
{
	(void)state;
	memcpy(head, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 62, 2);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, 1, 2);
	put(64, 1, 4);
	put(64 + 24, RAM, 8);
	put(64 + 32, 0x800, 8);
	put(64 + 40, 0x800, 8);
	assert_int_equal(run(0x1000), -ERR_FORMAT);
	put(18, 183, 2);
	assert_int_equal(run(0x1000), 0);
	assert_int_equal(plan.format, KERNEL_ELF);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(image_goes_where_qemu_puts_it, setup),
		cmocka_unit_test_setup(image_base_is_aligned, setup),
		cmocka_unit_test_setup(old_image_has_the_old_offset, setup),
		cmocka_unit_test_setup(impossible_image_is_refused, setup),
		cmocka_unit_test_setup(short_image_is_raw_or_refused, setup),
		cmocka_unit_test_setup(image_is_of_its_architecture, setup),
		cmocka_unit_test_setup(image_keeps_its_alignment, setup),
		cmocka_unit_test_setup(instructions_are_no_magic, setup),
		cmocka_unit_test_setup(elf_is_of_its_architecture, setup),
		cmocka_unit_test_setup(raw_goes_where_qemu_puts_it, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
