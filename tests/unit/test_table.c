/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listings and records, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/session_fake.h"

static struct session s;

/* Allocations that still succeed; negative: all. */
static int budget = -1;

void *heap_alloc(size_t size);
void *heap_alloc_array(size_t count, size_t size);
void heap_free(void *p);

void *heap_alloc(size_t size)
{
	if (budget == 0) {
		return NULL;
	}
	budget -= budget > 0;
	return calloc(1, size);
}

void *heap_alloc_array(size_t count, size_t size)
{
	return heap_alloc(count * size);
}

void heap_free(void *p)
{
	free(p);
}

static int setup(void **state)
{
	(void)state;
	fake_session_init(&s);
	budget = -1;
	return 0;
}

static const struct column cols[] = {
	{ "ID", COL_U64 },        { "NAME", COL_STR },   { "SIZE", COL_SIZE },
	{ "CPU%", COL_PERMILLE }, { "RUN S", COL_BOOL }, { "AT", COL_HEX },
	{ "NOTE", COL_STR },
};

static void two_rows(bool json)
{
	struct table *t = table_begin(&s, cols, ARRAY_SIZE(cols), json);

	table_u64(t, 0);
	table_str(t, "linux0");
	table_u64(t, 256 << 20);
	table_u64(t, 121);
	table_u64(t, 1);
	table_u64(t, 0x40000000);
	table_str(t, NULL);
	table_u64(t, 12);
	table_fmt(t, "%c\"\\\033\n", 'b');
	table_u64(t, 1536);
	table_none(t);
	table_u64(t, 0);
	table_none(t);
	table_str(t, "\303\244\377");
	table_end(t);
}

static void test_table(void **state)
{
	(void)state;
	two_rows(false);
	assert_string_equal(
		screen,
		"ID  NAME    SIZE  CPU%  RUN S          AT  NOTE\n"
		" 0  linux0  256M  12.1    yes  0x40000000  -\n"
		"12  b\"\\?\n   1.5K     -     no           -  \303\244?\n");
}

static void test_json(void **state)
{
	(void)state;
	two_rows(true);
	assert_string_equal(
		screen,
		"[\n {\"id\": 0, \"name\": \"linux0\", \"size\": 268435456, "
		"\"cpu_percent\": 12.1, \"run_s\": true, "
		"\"at\": \"0x40000000\", \"note\": null},\n"
		" {\"id\": 12, \"name\": \"b\\\"\\\\\\u001b\\u000a\", "
		"\"size\": 1536, \"cpu_percent\": null, \"run_s\": false, "
		"\"at\": null, \"note\": \"\303\244\\ufffd\"}\n]\n");
}

static void test_empty(void **state)
{
	(void)state;
	table_end(table_begin(&s, cols, 2, true));
	assert_string_equal(screen, "[]\n");
	screen_clear();
	table_end(table_begin(&s, cols, 2, false));
	assert_string_equal(screen, "ID  NAME\n");
}

/* Columns of text are cut; no line is longer than 80. */
static void test_width(void **state)
{
	static const struct column wide[] = {
		{ "A", COL_STR },
		{ "B", COL_STR },
		{ "N", COL_U64 },
	};
	struct table *t = table_begin(&s, wide, 3, false);
	char text[120];

	(void)state;
	for (int i = 0; i < 119; i++) {
		text[i] = (char)('a' + i % 26);
	}
	text[119] = '\0';
	table_str(t, text);
	table_str(t, "short");
	table_u64(t, UINT64_MAX);
	table_str(t, "\303\244\303\244");
	table_str(t, text);
	table_u64(t, 1);
	table_end(t);
	for (char *line = strtok(screen, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		size_t n = 0;

		for (const char *p = line; *p != '\0'; p++) {
			n += (*p & 0xc0) != 0x80;
		}
		assert_int_equal(n, 80);
	}
}

/* A cut name of a VCPU still has its number. */
static void test_cut_keeps_the_number(void **state)
{
	static const struct column wide[] = {
		{ "A", COL_STR },
		{ "B", COL_STR },
	};
	struct table *t = table_begin(&s, wide, 2, false);
	char text[80];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[79] = '\0';
	table_str(t, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv/127");
	table_str(t, text);
	table_str(t, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu/images");
	table_str(t, text);
	table_end(t);
	assert_non_null(strstr(screen, "\nabcdefghijklmnopqrstuvwxyzabcdefgh"
				       "~/127  xxx"));
	assert_non_null(strstr(screen, "\nabcdefghijklmnopqrstuvwxyzabcdefgh"
				       "ijkl~  xxx"));
}

/* If memory runs out it is reported, and whole rows are shown. */
static void test_no_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct table *t;

		screen_clear();
		budget = i;
		t = table_begin(&s, cols, 1, true);
		for (unsigned int k = 0; k < 200; k++) {
			table_u64(t, k);
		}
		table_end(t);
		if (strstr(screen, "error: ") == NULL) {
			assert_true(i > 3);
			assert_non_null(strstr(screen, "199}\n]"));
			return;
		}
		assert_null(strstr(screen, "199"));
	}
	fail();
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 1025, "1.0K" },
		{ 2047, "1.9K" },
		{ 1 << 20, "1M" },
		{ (1 << 20) - 1, "1023.9K" },
		{ UINT64_C(3) << 40, "3T" },
		{ UINT64_MAX, "15.9E" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(value_text(buf, sizeof(buf), COL_SIZE,
					       cases[i].v),
				    cases[i].text);
	}
}

static void facts(bool json)
{
	struct record r;

	record_begin(&r, &s, json);
	record_str(&r, "Name", "a \"b\"");
	record_str(&r, "Nothing", NULL);
	record_u64(&r, "Memory free", COL_SIZE, 4096);
	record_fmt(&r, "Text", "%d", 5);
	record_u64(&r, "Load", COL_PERMILLE, 5);
	record_u64(&r, "Took", COL_MILLI, 12045);
	record_end(&r);
}

static void test_record(void **state)
{
	(void)state;
	facts(false);
	assert_string_equal(screen, "Name:             a \"b\"\n"
				    "Nothing:          -\n"
				    "Memory free:      4K\n"
				    "Text:             5\n"
				    "Load:             0.5%\n"
				    "Took:             12.045\n");
	screen_clear();
	facts(true);
	assert_string_equal(
		screen, "{\n \"name\": \"a \\\"b\\\"\",\n \"nothing\": null,\n"
			" \"memory_free\": 4096,\n \"text\": \"5\",\n"
			" \"load\": 0.5,\n \"took\": 12.045\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_json, setup),
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_width, setup),
		cmocka_unit_test_setup(test_cut_keeps_the_number, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_record, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
