/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up addresses in a table of function names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/ksym.h>
#include <string.h>

#define SELF(code) [(code)] = { (code), (code) }
#define NE 0x80   /* "ne" and the end */
#define HREE 0x81 /* "hree" and the end */

/*
 * 66 functions: "one" and "three", which use pairs, 61 named "f" and a "g"; in
 * the second block "last" and a name longer than the buffer.
 */
#define F4 "\1f\0\1f\0\1f\0\1f\0"
#define F20 F4 F4 F4 F4 F4
const uint32_t ksyms_count = 66;
const uint32_t ksyms_shift = 0;
const uint32_t ksyms_addresses[] = { 0x10, 0x200 };
const uint32_t ksyms_at[] = { 0, 193 };
const uint8_t ksyms_pairs[256][2] = {
	SELF('a'),
	SELF('e'),
	SELF('f'),
	SELF('g'),
	SELF('h'),
	SELF('l'),
	SELF('n'),
	SELF('o'),
	SELF('r'),
	SELF('s'),
	SELF('t'),
	[NE] = { 'n', 0x82 },
	[0x82] = { 'e', 0 },
	[0x83] = { 'h', 'r' },
	[0x84] = { 'e', 0x82 },
	[HREE] = { 0x83, 0x84 },
	[0x85] = { 0x83, 0x86 },
	[0x86] = { 'e', 'e' },
};
const uint8_t ksyms_entries[] = "\0o\x80\x10t\x81\xe0\x01"
				"f\0" F20 F20 F20 "\1"
				"g\0\0last\0\x10\x85\x85\x81";

static char name[8];

static const char *name_at(int64_t offset, uint64_t *off)
{
	return ksym_lookup((uint64_t)(uintptr_t)_start + (uint64_t)offset, name,
			   sizeof(name), off)
		       ? name
		       : NULL;
}

static void test_inside(void **state)
{
	uint64_t off;

	(void)state;
	assert_string_equal(name_at(0x10, &off), "one");
	assert_int_equal(off, 0);
	assert_string_equal(name_at(0x1f, &off), "one");
	assert_int_equal(off, 0xf);
	assert_string_equal(name_at(0x20, &off), "three");
	assert_int_equal(off, 0);
	assert_string_equal(name_at(0xff, &off), "three");
	assert_int_equal(off, 0xdf);
	assert_string_equal(name_at(0x100, &off), "f");
	assert_string_equal(name_at(0x13c, &off), "f");
	assert_int_equal(off, 0);
}

static void test_from_block_to_block(void **state)
{
	uint64_t off;

	(void)state;
	assert_string_equal(name_at(0x13d, &off), "g");
	assert_int_equal(off, 0);
	assert_string_equal(name_at(0x1ff, &off), "g");
	assert_int_equal(off, 0xc2);
	assert_string_equal(name_at(0x200, &off), "last");
	assert_int_equal(off, 0);
	assert_string_equal(name_at(0x20f, &off), "last");
	assert_int_equal(off, 0xf);
}

static void test_a_long_name_is_cut(void **state)
{
	uint64_t off;

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_string_equal(name_at(0x210, &off), "hreehre");
}

static void test_ends(void **state)
{
	uint64_t off = 77;

	(void)state;
	assert_null(name_at(-1, &off));
	assert_null(name_at(0, &off));
	assert_null(name_at(0xf, &off));
	assert_int_equal(off, 77);
	assert_string_equal(name_at(0x1210, &off), "hreehre");
	assert_int_equal(off, 0x1000);
	assert_non_null(name_at(0x420f, &off));
	assert_null(name_at(0x4210, &off));
	assert_null(name_at(0xdead0000, &off));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_from_block_to_block),
		cmocka_unit_test(test_a_long_name_is_cut),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
