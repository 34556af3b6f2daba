/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of any size and alignment, which change nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "libs/copy.c"

#define SIZE_MOST 400 /* more than two rounds of the longest loop */
#define SHIFTS 17     /* two words and one more */
#define GUARD 32

static uint8_t from[SIZE_MOST + SHIFTS];
static uint8_t to[GUARD + SHIFTS + SIZE_MOST + GUARD];
static uint8_t want[sizeof(to)];

static void one(size_t size, size_t at, size_t where)
{
	memset(to, 0xee, sizeof(to));
	memset(want, 0xee, sizeof(want));
	memcpy(want + GUARD + where, from + at, size);
	copy_bytes(to + GUARD + where, from + at, size);
	assert_memory_equal(to, want, sizeof(to));
}

static void test_all_sizes_and_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(from); i++) {
		from[i] = (uint8_t)(i * 7 + i / 251);
	}
	for (size_t size = 0; size <= SIZE_MOST; size++) {
		for (size_t shift = 0; shift < SHIFTS; shift++) {
			one(size, shift, 0);
			one(size, 0, shift);
			one(size, shift, (size * 5 + shift) % SHIFTS);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes_and_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
