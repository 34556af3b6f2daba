/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting lines into words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <libs/error.h>
#include <libs/tokenize.h>

static struct tokens t;

/* The words of `line`, joined by '|'. */
static void check(const char *line, const char *want)
{
	char got[TOKENS_TEXT + TOKENS_MAX] = "";

	assert_int_equal(tokenize(&t, line), 0);
	assert_null(t.error);
	for (int i = 0; i < t.argc; i++) {
		strcat(got, i > 0 ? "|" : "");
		strcat(got, t.argv[i]);
	}
	assert_null(t.argv[t.argc]);
	assert_string_equal(got, want);
}

static void refused(const char *line, const char *error, size_t at)
{
	assert_int_equal(tokenize(&t, line), -ERR_FORMAT);
	assert_string_equal(t.error, error);
	assert_int_equal(t.error_at, at);
}

static void test_words(void **state)
{
	(void)state;
	check("", "");
	check(" \t ", "");
	check("a", "a");
	check("  guest   start\tlinux0 ", "guest|start|linux0");
	check("a\\ b c", "a b|c");
	check("\\#x \\\\ \\'", "#x|\\|'");
	check("ls # all of it", "ls");
	assert_true(t.comment);
	check("ls '#'", "ls|#");
	assert_false(t.comment);
	check("# nothing", "");
	check("a#b", "a#b");
}

static void test_quotes(void **state)
{
	(void)state;
	check("'a b' \"c d\"", "a b|c d");
	check("a'b'c\"d\"", "abcd");
	check("'' \"\" x", "||x");
	check("'a\\b\"c' \"d\\\"e'f\"", "a\\b\"c|d\"e'f");
	check("echo '# no comment'", "echo|# no comment");
}

static void test_starts(void **state)
{
	(void)state;
	check("  ab 'c d' e", "ab|c d|e");
	assert_int_equal(t.start[0], 2);
	assert_int_equal(t.start[1], 5);
	assert_int_equal(t.start[2], 11);
	assert_true(t.open);
	check("ab ", "ab");
	assert_false(t.open);
}

static void test_errors(void **state)
{
	char line[2 * TOKENS_TEXT];

	(void)state;
	refused("echo 'abc", "the quote is not closed", 5);
	assert_int_equal(t.argc, 2);
	assert_string_equal(t.argv[1], "abc");
	assert_int_equal(t.quote, '\'');
	refused("a \"b", "the quote is not closed", 2);
	refused("a b\\", "nothing follows the backslash", 3);
	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		line[i] = 'x';
	}
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(tokenize(&t, line), -ERR_FORMAT);
	assert_string_equal(t.error, "the line is too long");
	for (size_t i = 0; i < 2 * TOKENS_MAX + 2; i++) {
		line[i] = i % 2 ? ' ' : 'x';
	}
	line[2 * TOKENS_MAX] = '\0';
	assert_int_equal(tokenize(&t, line), 0);
	assert_int_equal(t.argc, TOKENS_MAX);
	line[2 * TOKENS_MAX] = 'x';
	line[2 * TOKENS_MAX + 1] = '\0';
	refused(line, "too many words", 2 * TOKENS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
