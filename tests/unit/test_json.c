/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of JSON, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <libs/error.h>
#include <libs/json.h>
#include <libs/types.h>

static char buf[256];

static void escapes(const char *text, size_t n, const char *want)
{
	size_t used = n;
	size_t len = json_escape(buf, sizeof(buf), text, &used);

	assert_int_equal(used, n);
	buf[len] = '\0';
	assert_string_equal(buf, want);
}

static void test_escape(void **state)
{
	(void)state;
	escapes("guest list", 10, "guest list");
	escapes("a\"b\\c", 5, "a\\\"b\\\\c");
	escapes("one\ntwo\t", 8, "one\\u000atwo\\u0009");
	escapes("\x1b[m\x7f\0", 5, "\\u001b[m\\u007f\\u0000");
	escapes("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
	/* A character that is cut, and a byte that begins none. */
	escapes("a\xc3", 2, "a\\ufffd");
	escapes("\xff\x80", 2, "\\ufffd\\ufffd");
	escapes("\xc2\x9b", 2, "\\ufffd\\ufffd"); /* a C1 control */
}

/* What does not fit is left, and no escape is cut. */
static void test_escape_bounded(void **state)
{
	(void)state;
	for (size_t size = 7; size < 40; size++) {
		const char *text = "\x01\x02\"abc\xc3\xbc\\\n";
		size_t left = strlen(text), total = 0;

		while (left > 0) {
			size_t used = left;
			size_t len =
				json_escape(buf + total, size, text, &used);

			assert_true(used > 0);
			assert_true(len <= size);
			total += len;
			text += used;
			left -= used;
		}
		buf[total] = '\0';
		assert_string_equal(buf,
				    "\\u0001\\u0002\\\"abc\xc3\xbc\\\\\\u000a");
	}
}

static void unescapes(const char *v, const char *want)
{
	assert_int_equal(json_unescape(buf, sizeof(buf), v, strlen(v)), 0);
	assert_string_equal(buf, want);
}

static void refuses(const char *v, int err)
{
	assert_int_equal(json_unescape(buf, sizeof(buf), v, strlen(v)), err);
}

static void test_unescape(void **state)
{
	(void)state;
	unescapes("", "");
	unescapes("guest \\u006cist", "guest list");
	unescapes("\\\"\\\\\\/", "\"\\/");
	unescapes("gr\\u00fc\\u00DF \\u20ac",
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
	unescapes("\\ud83d\\ude00", "\xf0\x9f\x98\x80");
	refuses("\\n", -ERR_INVAL);
	refuses("\\u0000", -ERR_INVAL);
	refuses("\\u001b", -ERR_INVAL);
	refuses("\\u009b", -ERR_INVAL);
	refuses("a\nb", -ERR_INVAL);
	refuses("\\x41", -ERR_FORMAT);
	refuses("\\", -ERR_FORMAT);
	refuses("\\u12", -ERR_FORMAT);
	refuses("\\u12g4", -ERR_FORMAT);
	refuses("\\ud83d", -ERR_FORMAT);
	refuses("\\ud83d\\u0041", -ERR_FORMAT);
	refuses("\\ude00", -ERR_FORMAT);
	refuses("\xc3", -ERR_FORMAT);
}

static void test_unescape_bounded(void **state)
{
	char small[4];

	(void)state;
	assert_int_equal(json_unescape(small, sizeof(small), "abc", 3), 0);
	assert_int_equal(json_unescape(small, sizeof(small), "abcd", 4),
			 -ERR_NOSPC);
	assert_int_equal(json_unescape(small, sizeof(small), "ab\\u00fc", 8),
			 -ERR_NOSPC);
	assert_int_equal(json_unescape(small, 0, "", 0), -ERR_NOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_bounded),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_unescape_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
