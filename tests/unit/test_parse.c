/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, bitmaps, rings, checked arithmetic and error texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <libs/bitmap.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <libs/ring.h>

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "42", 0, 42 },
		{ "0x2a", 0, 42 },
		{ "0XFf", 0, 255 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "18446744073709551616", -ERR_RANGE, 0 },
		{ "0x10000000000000000", -ERR_RANGE, 0 },
		{ "", -ERR_INVAL, 0 },
		{ "0x", -ERR_INVAL, 0 },
		{ "-1", -ERR_INVAL, 0 },
		{ "+1", -ERR_INVAL, 0 },
		{ " 1", -ERR_INVAL, 0 },
		{ "1 ", -ERR_INVAL, 0 },
		{ "12a", -ERR_INVAL, 0 },
		{ "a", -ERR_INVAL, 0 },
		{ "0xg", -ERR_INVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 7;

		assert_int_equal(parse_u64(cases[i].text, &v), cases[i].ret);
		if (cases[i].ret == 0) {
			assert_int_equal(v, cases[i].value);
		}
	}
}

static void test_limit(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(parse_u64_max("7", 7, &v), 0);
	assert_int_equal(parse_u64_max("8", 7, &v), -ERR_RANGE);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "5", 0, 5 },
		{ "1K", 0, 1024 },
		{ "3k", 0, 3072 },
		{ "2MiB", 0, 2 << 20 },
		{ "1GB", 0, 1 << 30 },
		{ "0x10M", 0, 16 << 20 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "16777216T", -ERR_RANGE, 0 },
		{ "1Q", -ERR_INVAL, 0 },
		{ "K", -ERR_INVAL, 0 },
		{ "1KK", -ERR_INVAL, 0 },
		{ "1Kx", -ERR_INVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 7;

		assert_int_equal(parse_size(cases[i].text, &v), cases[i].ret);
		if (cases[i].ret == 0) {
			assert_int_equal(v, cases[i].value);
		}
	}
}

static void test_lists(void **state)
{
	uint64_t map[2];

	(void)state;
	assert_int_equal(parse_list("0,2-4,70", map, 100), 0);
	assert_int_equal(map[0], 0x1d);
	assert_int_equal(map[1], 1 << 6);
	assert_int_equal(parse_list("all", map, 66), 0);
	assert_int_equal(map[0], UINT64_MAX);
	assert_int_equal(map[1], 3);
	assert_int_equal(parse_list("4-2", map, 100), -ERR_INVAL);
	assert_int_equal(parse_list("1,", map, 100), -ERR_INVAL);
	assert_int_equal(parse_list("", map, 100), -ERR_INVAL);
	assert_int_equal(parse_list("1;2", map, 100), -ERR_INVAL);
	assert_int_equal(parse_list("100", map, 100), -ERR_RANGE);
	assert_int_equal(parse_list("1-1000000000000", map, 100), -ERR_RANGE);
}

#define NBITS 200

/* Every range, against a plain array of flags. */
static void test_bitmap_ranges(void **state)
{
	uint64_t BITMAP(map, NBITS);

	(void)state;
	for (size_t from = 0; from < NBITS; from += 3) {
		for (size_t n = 0; from + n <= NBITS; n += 5) {
			memset(map, 0, sizeof(map));
			bitmap_set_range(map, from, n);
			assert_int_equal(bitmap_count(map, NBITS), n);
			assert_int_equal(bitmap_first_set(map, NBITS),
					 n ? from : NBITS);
			assert_int_equal(bitmap_next_clear(map, NBITS, from),
					 from + n);
			memset(map, 0xff, sizeof(map));
			bitmap_clear_range(map, from, n);
			assert_int_equal(bitmap_count(map, NBITS), NBITS - n);
			assert_int_equal(bitmap_first_clear(map, NBITS),
					 n ? from : NBITS);
		}
	}
}

static void test_bitmap_find(void **state)
{
	uint64_t BITMAP(map, NBITS) = { 0 };

	(void)state;
	bitmap_set_range(map, 0, NBITS);
	bitmap_clear_range(map, 10, 5);
	bitmap_clear_range(map, 60, 10);
	bitmap_clear_range(map, 195, 5);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 5), 10);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 6), 60);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 10), 60);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 11), NBITS);
	bitmap_set(map, 61);
	bitmap_set(map, 10);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 5), 62);
	bitmap_set(map, 65);
	assert_int_equal(bitmap_find_clear_range(map, NBITS, 5), 195);
	assert_true(bitmap_test(map, 61));
	bitmap_clear(map, 61);
	assert_false(bitmap_test(map, 61));
}

static void test_ring(void **state)
{
	uint8_t storage[16], out[32];
	struct ring r = RING_INIT(storage);

	(void)state;
	/* Start near the wrap of the counters: nothing may depend on it. */
	r.head = r.tail = UINT32_MAX - 5;
	assert_int_equal(ring_get(&r), -1);
	assert_int_equal(
		ring_write(&r, (const uint8_t *)"0123456789abcdefXYZ", 19), 16);
	assert_false(ring_put(&r, 'n'));
	assert_int_equal(ring_used(&r), 16);
	assert_int_equal(ring_get(&r), '0');
	assert_true(ring_put(&r, 'g'));
	assert_int_equal(ring_read(&r, out, sizeof(out)), 16);
	assert_memory_equal(out, "123456789abcdefg", 16);
	assert_int_equal(ring_free(&r), 16);
}

static void test_ring_history(void **state)
{
	uint8_t storage[8], out[8];
	struct ring r = RING_INIT(storage);

	(void)state;
	ring_push_over(&r, (const uint8_t *)"abcde", 5);
	ring_push_over(&r, (const uint8_t *)"fghij", 5);
	assert_int_equal(ring_at(&r, 0), 'c');
	assert_int_equal(ring_at(&r, 7), 'j');
	ring_push_over(&r, (const uint8_t *)"0123456789", 10);
	assert_int_equal(ring_read(&r, out, 8), 8);
	assert_memory_equal(out, "23456789", 8);
}

static void test_checked(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(checked_add(1, 2, &v) && v == 3);
	assert_false(checked_add(UINT64_MAX, 1, &v));
	assert_true(checked_sub(2, 2, &v) && v == 0);
	assert_false(checked_sub(1, 2, &v));
	assert_true(checked_mul(1 << 20, 1 << 20, &v) && v == BIT(40));
	assert_false(checked_mul(BIT(32), BIT(32), &v));
	assert_true(checked_align_up(4097, 4096, &v) && v == 8192);
	assert_false(checked_align_up(UINT64_MAX, 4096, &v));
	assert_true(range_within(10, 0, 10));
	assert_false(range_within(11, 0, 10));
	assert_false(range_within(1, UINT64_MAX, 10));
	assert_true(ranges_overlap(0, 10, 9, 1));
	assert_false(ranges_overlap(0, 10, 10, 1));
	assert_false(ranges_overlap(0, 0, 0, 1));
	assert_true(ranges_overlap(UINT64_MAX, 1, 0, UINT64_MAX) == false);
}

static void test_error_texts(void **state)
{
	(void)state;
	assert_string_equal(err_str(0), "no error");
	assert_string_equal(err_str(-ERR_NOMEM), err_str(ERR_NOMEM));
	assert_string_equal(err_str(-ERR_STATE), "not possible in this state");
	assert_string_equal(err_str(-1000), "unknown error");
	assert_string_equal(err_str(INT_MIN), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bitmap_ranges),
		cmocka_unit_test(test_bitmap_find),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_history),
		cmocka_unit_test(test_checked),
		cmocka_unit_test(test_error_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
