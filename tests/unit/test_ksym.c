/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up addresses in a table of function names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libs/ksym.h>

const uint32_t ksyms_count = 3;
const uint32_t ksyms_offsets[] = { 0x10, 0x20, 0x100 };
const uint32_t ksyms_names_off[] = { 0, 4, 10 };
const char ksyms_names[] = "one\0three\0last";

static const char *name_at(int64_t offset, uint64_t *off)
{
	return ksym_lookup((uint64_t)(uintptr_t)_start + (uint64_t)offset, off);
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
}

static void test_ends(void **state)
{
	uint64_t off;

	(void)state;
	assert_null(name_at(-1, &off));
	assert_null(name_at(0, &off));
	assert_null(name_at(0xf, &off));
	assert_string_equal(name_at(0x100, &off), "last");
	assert_string_equal(name_at(0x1100, &off), "last");
	assert_int_equal(off, 0x1000);
	assert_string_equal(name_at(0x40ff, &off), "last");
	assert_null(name_at(0x4100, &off));
	assert_null(name_at(0xdead0000, &off));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
