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

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t ns;
	} cases[] = {
		{ "7ns", 0, 7 },
		{ "250us", 0, 250000 },
		{ "10ms", 0, 10000000 },
		{ "2s", 0, 2000000000 },
		{ "0s", 0, 0 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744073s", 0, UINT64_C(18446744073000000000) },
		{ "18446744074s", -ERR_RANGE, 0 },
		{ "18446744073709551616ns", -ERR_RANGE, 0 },
		{ "", -ERR_INVAL, 0 },
		{ "ms", -ERR_INVAL, 0 },
		{ "5", -ERR_INVAL, 0 },
		{ "5 ms", -ERR_INVAL, 0 },
		{ "5m", -ERR_INVAL, 0 },
		{ "5min", -ERR_INVAL, 0 },
		{ "5msx", -ERR_INVAL, 0 },
		{ "5MS", -ERR_INVAL, 0 },
		{ "1.5ms", -ERR_INVAL, 0 },
		{ "-1ms", -ERR_INVAL, 0 },
		{ "0x10ms", -ERR_INVAL, 0 },
		{ "00000000000000000000001s", 0, 1000000000 },
		{ "000000000000000000000001s", -ERR_INVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 7;

		assert_int_equal(parse_duration(cases[i].text, &ns),
				 cases[i].ret);
		if (cases[i].ret == 0) {
			assert_int_equal(ns, cases[i].ns);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(parse_name("", "-"), 0);
	assert_int_equal(parse_name("azAZ09-", "-"), 7);
	assert_int_equal(parse_name("a-b", ""), 1);
	assert_int_equal(parse_name("a b", "-_"), 1);
	/* Next to the letters and digits, and with bit 5 or 7 other. */
	for (const char *c = "@[`{/:\x1a\x10\x7f\xe1\xc1"; *c; c++) {
		assert_int_equal(parse_name(c, "-_."), 0);
	}
	assert_int_equal(parse_name("@a", "@"), 2);
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

/* All ranges, against each bit alone. */
static void test_bitmap_ranges(void **state)
{
	uint64_t BITMAP(map, NBITS);

	(void)state;
	for (size_t from = 0; from < NBITS; from += 3) {
		for (size_t n = 0; from + n <= NBITS; n += 5) {
			memset(map, 0, sizeof(map));
			bitmap_set_range(map, from, n);
			for (size_t bit = 0; bit < NBITS; bit++) {
				assert_int_equal(bitmap_test(map, bit),
						 bit >= from && bit < from + n);
			}
		}
	}
}

static void test_bitmap_first(void **state)
{
	uint64_t BITMAP(map, NBITS) = { 0 };

	(void)state;
	assert_int_equal(bitmap_first(map, NBITS), NBITS);
	for (size_t bit = NBITS; bit-- > 0;) {
		bitmap_set(map, bit);
		assert_int_equal(bitmap_first(map, NBITS), bit);
	}
	for (size_t bit = 0; bit < NBITS; bit++) {
		assert_int_equal(bitmap_first(map, NBITS), bit);
		bitmap_clear(map, bit);
	}
	assert_int_equal(bitmap_first(map, NBITS), NBITS);
}

static void test_ring(void **state)
{
	uint8_t storage[16], out[32];
	struct ring r = RING_INIT(storage);

	(void)state;
	/* Start where the counters are about to wrap, which must not matter. */
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
	assert_true(checked_mul(1 << 20, 1 << 20, &v) && v == BIT(40));
	assert_false(checked_mul(BIT(32), BIT(32), &v));
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
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bitmap_ranges),
		cmocka_unit_test(test_bitmap_first),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_history),
		cmocka_unit_test(test_checked),
		cmocka_unit_test(test_error_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
