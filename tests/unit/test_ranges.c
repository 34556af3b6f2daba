/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of address ranges, compared with a bitmap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/boot/ranges_priv.h"

#define ENTRIES 6
#define SPACE 64

static struct range list[ENTRIES + 1];
static struct ranges r = { list, 0, ENTRIES };
static bool map[SPACE];

static void check(void)
{
	assert_true(r.n <= ENTRIES);
	for (unsigned int i = 0; i < r.n; i++) {
		assert_true(list[i].base < list[i].end);
		assert_true(i == 0 || list[i - 1].end <= list[i].base);
	}
	for (unsigned int at = 0; at < SPACE; at++) {
		assert_int_equal(ranges_cover(&r, at, at + 1), map[at]);
	}
	for (unsigned int at = 0; at < SPACE; at++) {
		bool all = true;

		for (unsigned int end = at; end < SPACE; end++) {
			assert_int_equal(ranges_cover(&r, at, end), all);
			all &= map[end];
		}
	}
}

static void set(uint64_t base, uint64_t end, bool on)
{
	for (uint64_t at = base; at < end; at++) {
		map[at] = on;
	}
}

static void clear(void)
{
	r.n = 0;
	memset(map, 0, sizeof(map));
}

static void test_random(void **state)
{
	unsigned int lost_added = 0, lost_cut = 0;

	(void)state;
	srand(1);
	for (int n = 0; n < 20000; n++) {
		uint64_t base = (uint64_t)rand() % SPACE;
		uint64_t end = (uint64_t)rand() % SPACE;
		struct range lost;
		bool add = rand() % 2, whole;

		if (n % 50 == 0) {
			clear();
		}
		if (n % 3 != 0) {
			end = base + (uint64_t)rand() % 4;
			end = MIN(end, (uint64_t)SPACE);
		}
		whole = add ? ranges_add(&r, base, end, &lost)
			    : ranges_cut(&r, base, end, &lost);
		set(base, end, add);
		set(lost.base, lost.end, add);
		assert_int_equal(lost.base >= lost.end, whole);
		lost_added += add && !whole;
		lost_cut += !add && !whole;
		check();
	}
	/* Both have happened: the lists were full at times. */
	assert_true(lost_added > 100 && lost_cut > 100);
}

/* The smallest possible part is lost. */
static void test_least_is_lost(void **state)
{
	struct range lost;

	(void)state;
	clear();
	for (uint64_t i = 0; i < ENTRIES; i++) {
		assert_true(ranges_add(&r, i * 10, i * 10 + 3, &lost));
	}
	assert_false(ranges_add(&r, 35, 38, &lost));
	assert_int_equal(lost.base, 33);
	assert_int_equal(lost.end, 35);
	assert_false(ranges_cut(&r, 51, 52, &lost));
	assert_int_equal(lost.end - lost.base, 1);
	/* The ends of the address space. */
	clear();
	assert_true(ranges_add(&r, UINT64_MAX - 4096, UINT64_MAX, &lost));
	assert_true(ranges_cover(&r, UINT64_MAX - 1, UINT64_MAX));
	assert_false(ranges_cover(&r, 0, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_least_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
