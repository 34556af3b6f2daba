/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image's vsnprintf(), against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

int t_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int t_snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define vsnprintf t_vsnprintf
#define snprintf t_snprintf
#include "libs/printf.c"
#undef vsnprintf
#undef snprintf

/* Formats that should not be used must work too. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define CHECK(...) \
	do { \
		char got_[256], want_[256]; \
		int got_n = t_snprintf(got_, sizeof(got_), __VA_ARGS__); \
		int want_n = snprintf(want_, sizeof(want_), __VA_ARGS__); \
		assert_string_equal(got_, want_); \
		assert_int_equal(got_n, want_n); \
	} while (0)

static void test_decimal(void **state)
{
	static const int values[] = { 0, 1, -1, 42, -42, INT_MAX, INT_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int v = values[i];

		CHECK("%d|%5d|%-5d|%05d|%+d|% d", v, v, v, v, v, v);
		CHECK("%.0d|%.3d|%8.3d|%-8.3d|%08.3d", v, v, v, v, v);
		CHECK("%u|%12u|%-12u|%012u", v, v, v, v);
		CHECK("%hd %hhd %hu %hhu", (short)v, (signed char)v,
		      (unsigned short)v, (unsigned char)v);
		CHECK("%*d|%-*d|%.*d", 7, v, 7, v, 4, v);
		CHECK("%*d", -7, v);
	}
	CHECK("%ld %lld %zd %jd %td", LONG_MIN, LLONG_MAX, (ptrdiff_t)-3,
	      (intmax_t)INT64_MIN, (ptrdiff_t)5);
	CHECK("%lu %llu %zu", ULONG_MAX, ULLONG_MAX, (size_t)0);
}

static void test_hex_and_octal(void **state)
{
	static const unsigned int values[] = { 0, 1, 0xabc, UINT_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		unsigned int v = values[i];

		CHECK("%x|%#x|%X|%#X|%o|%#o", v, v, v, v, v, v);
		CHECK("%08x|%#010x|%-10x|%#10x|%.4x|%#.4x", v, v, v, v, v, v);
		CHECK("%#.0x|%.0x|%#.3o", v, v, v);
	}
	CHECK("%lx %016llx", ULONG_MAX, 0x123456789abcULL);
	CHECK("%p", (void *)0x1234abcd);
	CHECK("%20p|%-20p|", (void *)0x1000, (void *)0x1000);
}

static void test_text(void **state)
{
	(void)state;
	CHECK("%s|%10s|%-10s|%.2s|%10.2s|%.0s", "abc", "abc", "abc", "abc",
	      "abc", "abc");
	CHECK("%c|%3c|%-3c|", 'x', 'y', 'z');
	CHECK("100%% plain");
	CHECK("%.*s", 3, "abcdef");
	/* A precision limits what is read: no terminator is needed. */
	CHECK("%.3s", (const char[3]){ 'x', 'y', 'z' });
}

static void test_null_string(void **state)
{
	char buf[16];
	const char *volatile none = NULL;

	(void)state;
	t_snprintf(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
}

static void test_truncation(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, 'Z', sizeof(buf));
	assert_int_equal(t_snprintf(buf, 4, "%s", "abcdef"), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(buf[4], 'Z');
	assert_int_equal(t_snprintf(buf, 1, "%d", 12345), 5);
	assert_string_equal(buf, "");
	assert_int_equal(t_snprintf(NULL, 0, "%s", "abcdef"), 6);
}

static int __attribute__((format(printf, 3, 0)))
unchecked(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = t_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

/* An unknown conversion is copied as it is, and reads no argument. */
static void test_unknown(void **state)
{
	static const char *const texts[] = { "%",  "a%",     "%k",
					     "%5", "%-0.3l", "%f" };
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unchecked(buf, sizeof(buf), texts[i]);
		assert_string_equal(buf, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_hex_and_octal),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_null_string),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
