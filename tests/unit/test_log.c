/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: its ring, readers, sink, and rate limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <arch_impl/host.h>
#include <core/log.h>

#define RING (1U << CONFIG_LOG_BUF_SHIFT)
#define SECOND HOST_TIMER_HZ

static char shown[1 << 20];
static size_t shown_n;
static uint64_t now = SECOND;

static void sink(const char *s, size_t n)
{
	if (shown_n + n < sizeof(shown)) {
		memcpy(shown + shown_n, s, n);
		shown_n += n;
		shown[shown_n] = '\0';
	}
}

static void shown_clear(void)
{
	shown_n = 0;
	shown[0] = '\0';
}

static int setup(void **state)
{
	(void)state;
	host_set_cpu(0);
	host_set_time(now);
	log_set_sink(NULL);
	log_set_console_level(LOG_INFO);
	log_clear();
	shown_clear();
	return 0;
}

/* The text of the next line, after its time and CPU. */
static const char *next(uint64_t *pos, enum log_level *level)
{
	static char line[512];
	const char *text;

	if (!log_next(pos, level, line, sizeof(line))) {
		return NULL;
	}
	text = strstr(line, "cpu");
	assert_non_null(text);
	return strchr(text, ' ') + 1;
}

static void test_lines(void **state)
{
	enum log_level level;
	uint64_t pos = 0;
	char buf[512];

	(void)state;
	log_info("plain %d", 7);
	log_err("bad");
	log_warn("odd\n");
	log_debug("a\033[2J\tb\nc");
	assert_string_equal(next(&pos, &level), "plain 7");
	assert_int_equal(level, LOG_INFO);
	assert_string_equal(next(&pos, &level), "error: bad");
	assert_int_equal(level, LOG_ERR);
	assert_string_equal(next(&pos, &level), "warning: odd");
	assert_string_equal(next(&pos, &level), "a?[2J b c");
	assert_int_equal(level, LOG_DEBUG);
	assert_null(next(&pos, &level));
	log_info("later");
	assert_string_equal(next(&pos, &level), "later");
	pos = 0;
	assert_true(log_next(&pos, &level, buf, sizeof(buf)));
	assert_int_equal(buf[0], '[');
	assert_non_null(strstr(buf, "] cpu0: plain 7"));
}

/* Text from a guest is safe for a terminal: it has no control characters,
 * neither as bytes nor as UTF-8, complete or not. */
static void test_harmless(void **state)
{
	enum log_level level;
	uint64_t pos = 0;

	(void)state;
	log_info("a\033[6n\tb\nc\x7f");
	log_info("d\x9b"
		 "6n\302\233e\303\244f\344");
	assert_string_equal(next(&pos, &level), "a?[6n b c?");
	assert_string_equal(next(&pos, &level), "d?6n??e\303\244f?");
}

static void test_stamp(void **state)
{
	enum log_level level;
	unsigned int s0, us0, s1, us1;
	uint64_t pos = 0;
	char buf[512];

	(void)state;
	log_info("x");
	host_set_time(now + 3 * SECOND / 2);
	host_set_cpu(2);
	log_info("y");
	assert_true(log_next(&pos, &level, buf, sizeof(buf)));
	assert_int_equal(sscanf(buf, "[%u.%u] cpu0: x", &s0, &us0), 2);
	assert_true(log_next(&pos, &level, buf, sizeof(buf)));
	assert_int_equal(sscanf(buf, "[%u.%u] cpu2: y", &s1, &us1), 2);
	assert_int_equal((s1 - s0) * 1000000 + us1 - us0, 1500000);
}

static void test_long_line(void **state)
{
	char text[1000];
	enum log_level level;
	uint64_t pos = 0;
	const char *got;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	log_info("next");
	got = next(&pos, &level);
	assert_true(strlen(got) > 150 && strlen(got) < 256);
	assert_string_equal(next(&pos, &level), "next");
}

/* Old lines are removed whole, and readers that are behind continue at the
 * oldest line. */
static void test_wrap(void **state)
{
	unsigned int total = RING / 16, first, expect, value;
	enum log_level level;
	uint64_t pos = 0;
	const char *got;

	(void)state;
	for (unsigned int i = 0; i < total; i++) {
		log_info("number %u%s", i, i % 3 == 0 ? " and more" : "");
	}
	got = next(&pos, &level);
	assert_int_equal(sscanf(got, "number %u", &first), 1);
	assert_true(first > 0);
	expect = first;
	do {
		assert_int_equal(sscanf(got, "number %u", &value), 1);
		assert_int_equal(value, expect++);
		assert_int_equal(level, LOG_INFO);
		got = next(&pos, &level);
	} while (got != NULL);
	assert_int_equal(expect, total);
}

/* Whole lines of the log that fit into buf, as one text; its length. */
static size_t read_lines(uint64_t *pos, char *buf, size_t size)
{
	char line[256];
	enum log_level level;
	size_t n = 0;

	for (;;) {
		uint64_t next = *pos;
		size_t len;

		if (!log_next(&next, &level, line, sizeof(line))) {
			break;
		}
		len = strlen(line);
		if (n + len + 2 > size) {
			break;
		}
		memcpy(buf + n, line, len);
		buf[n + len] = '\n';
		n += len + 1;
		*pos = next;
	}
	if (size > 0) {
		buf[n] = '\0';
	}
	return n;
}

static void test_read(void **state)
{
	char buf[90];
	uint64_t pos = 0;
	size_t n;

	(void)state;
	log_info("one");
	log_info("two");
	log_info("three");
	log_info("four");
	n = read_lines(&pos, buf, sizeof(buf));
	assert_int_equal(n, strlen(buf));
	assert_non_null(strstr(buf, "one\n"));
	assert_non_null(strstr(buf, "three\n"));
	assert_null(strstr(buf, "four"));
	assert_true(read_lines(&pos, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, "four\n"));
	assert_int_equal(read_lines(&pos, buf, sizeof(buf)), 0);
	pos = 0;
	assert_int_equal(read_lines(&pos, buf, 4), 0);
	assert_string_equal(buf, "");
	log_clear();
	assert_int_equal(read_lines(&pos, buf, sizeof(buf)), 0);
}

static void test_sink(void **state)
{
	(void)state;
	log_info("kept");
	log_debug("not shown");
	log_set_sink(sink);
	assert_non_null(strstr(shown, "kept\n"));
	assert_null(strstr(shown, "not shown"));
	shown_clear();
	log_set_console_level(LOG_WARN);
	log_info("quiet");
	assert_int_equal(shown_n, 0);
	log_warn("loud");
	assert_non_null(strstr(shown, "] cpu0: warning: loud\n"));
	assert_int_equal(shown[0], '[');
	assert_int_equal(log_get_console_level(), LOG_WARN);
}

static void test_dump_tail(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		log_info("line %u", i);
	}
	log_dump_tail(3, sink);
	assert_null(strstr(shown, "line 6"));
	assert_non_null(strstr(shown, "line 7\n["));
	assert_non_null(strstr(shown, "line 9\n"));
	assert_int_equal(shown[0], '[');
	shown_clear();
	log_dump_tail(100, sink);
	assert_non_null(strstr(shown, "line 0\n"));
	for (unsigned int i = 0; i < RING / 16; i++) {
		log_info("more %u", i);
	}
	shown_clear();
	log_dump_tail(UINT32_MAX, sink);
	assert_int_equal(shown[0], '[');
	assert_true(shown_n <= RING);
	log_clear();
	shown_clear();
	log_dump_tail(5, sink);
	assert_int_equal(shown_n, 0);
}

static void test_limit(void **state)
{
	struct log_limit limit = LOG_LIMIT_INIT;
	unsigned int allowed = 0;
	enum log_level level;
	uint64_t pos = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		allowed += log_allow(&limit);
	}
	assert_int_equal(allowed, 10);
	host_set_time(now + 3 * SECOND / 2);
	log_clear();
	assert_true(log_allow(&limit));
	assert_string_equal(next(&pos, &level),
			    "warning: 90 lines like the next were left out");
	assert_false(log_allow(&limit));
	/* However long nothing happens, no more than a burst is saved up. */
	host_set_time(now + 1000 * SECOND);
	allowed = 0;
	for (int i = 0; i < 100; i++) {
		allowed += log_allow(&limit);
	}
	assert_int_equal(allowed, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, setup),
		cmocka_unit_test_setup(test_harmless, setup),
		cmocka_unit_test_setup(test_stamp, setup),
		cmocka_unit_test_setup(test_long_line, setup),
		cmocka_unit_test_setup(test_wrap, setup),
		cmocka_unit_test_setup(test_read, setup),
		cmocka_unit_test_setup(test_sink, setup),
		cmocka_unit_test_setup(test_dump_tail, setup),
		cmocka_unit_test_setup(test_limit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
