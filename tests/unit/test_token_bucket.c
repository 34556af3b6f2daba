/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Token buckets: rate and burst over long times, requests larger than the
 * burst, extreme numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libs/token_bucket.h>

#define HZ UINT64_C(62500000)

/* Take n tokens at a time, as soon as possible, until `end`. Returns the
 * sum. */
static uint64_t drain(struct token_bucket *b, uint64_t now, uint64_t end,
		      uint64_t n)
{
	uint64_t got = 0;

	for (;;) {
		uint64_t at = token_bucket_ready(b, n);

		now = MAX(now, at);
		if (now >= end) {
			return got;
		}
		token_bucket_take(b, now, n);
		got += n;
	}
}

static void test_none(void **state)
{
	struct token_bucket b;

	(void)state;
	token_bucket_init(&b, 0, 0, HZ);
	token_bucket_take(&b, 5, UINT64_MAX);
	assert_int_equal(token_bucket_ready(&b, UINT64_MAX), 0);
}

/* In t seconds at most the burst and t times the rate. */
static void test_rate(void **state)
{
	static const uint64_t rates[] = { 1,     3,       1000,
					  99999, 7 << 20, UINT64_C(10) << 30 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++) {
		uint64_t unit = rates[i] > 1000000 ? 4096 : 1;
		uint64_t burst = MAX(rates[i] / 2, unit);
		struct token_bucket b;
		uint64_t most = burst + 10 * rates[i], got;

		token_bucket_init(&b, rates[i], burst, HZ);
		got = drain(&b, 1000 * HZ, 1010 * HZ, unit);
		assert_true(got <= most);
		assert_true(got >= most - most / 1000 - 2 * unit);
	}
}

static void test_burst(void **state)
{
	struct token_bucket b;
	uint64_t now = 50 * HZ;

	(void)state;
	token_bucket_init(&b, 100, 5, HZ);
	for (unsigned int i = 0; i < 5; i++) {
		assert_true(token_bucket_ready(&b, 1) <= now);
		token_bucket_take(&b, now, 1);
	}
	assert_in_range(token_bucket_ready(&b, 1), now + HZ / 100 - 2,
			now + HZ / 100 + 2);
	/* Unused time gives no more than the burst. */
	now += 100 * HZ;
	assert_int_equal(drain(&b, now, now + 1, 1), 5);
	/* The default burst is that of a tenth of a second. */
	token_bucket_init(&b, 100, 0, HZ);
	assert_int_equal(drain(&b, now, now + 1, 1), 10);
	token_bucket_init(&b, 3, 0, HZ);
	assert_int_equal(drain(&b, now, now + 1, 1), 1);
}

/* Ten times the burst: it needs a full bucket, and then the time of ten
 * bursts. */
static void test_large(void **state)
{
	struct token_bucket b;
	uint64_t now = 7 * HZ, at;

	(void)state;
	token_bucket_init(&b, 1000, 100, HZ);
	assert_true(token_bucket_ready(&b, 1000) <= now);
	token_bucket_take(&b, now, 1000);
	at = token_bucket_ready(&b, 1000);
	assert_in_range(at, now + HZ - 1000, now + HZ + 1000);
	at = token_bucket_ready(&b, 1);
	assert_in_range(at, now + HZ - HZ / 10, now + HZ);
}

static void test_extremes(void **state)
{
	struct token_bucket b;

	(void)state;
	token_bucket_init(&b, 1, 1, HZ);
	token_bucket_take(&b, HZ, UINT64_MAX);
	token_bucket_take(&b, HZ, UINT64_MAX);
	assert_true(token_bucket_ready(&b, 1) > 1000000 * HZ);
	token_bucket_init(&b, 1, UINT64_MAX, HZ);
	token_bucket_take(&b, HZ, UINT64_MAX / 2);
	assert_true(token_bucket_ready(&b, 1) <= HZ);
	token_bucket_init(&b, UINT64_MAX, 1, HZ);
	for (unsigned int i = 0; i < 1000; i++) {
		token_bucket_take(&b, HZ, 1);
	}
	assert_true(token_bucket_ready(&b, 1) <= HZ + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),     cmocka_unit_test(test_rate),
		cmocka_unit_test(test_burst),    cmocka_unit_test(test_large),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
