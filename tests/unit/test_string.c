/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image's memory and string functions, against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The real file, under names that do not clash with the host's own. */
void *t_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *t_memmove(void *dst, const void *src, size_t n);
void *t_memset(void *dst, int c, size_t n);
int t_memcmp(const void *a, const void *b, size_t n);
void *t_memchr(const void *s, int c, size_t n);
size_t t_strlen(const char *s);
size_t t_strnlen(const char *s, size_t max);
int t_strcmp(const char *a, const char *b);
int t_strncmp(const char *a, const char *b, size_t n);
char *t_strchr(const char *s, int c);
char *t_strrchr(const char *s, int c);
char *t_strstr(const char *s, const char *word);
size_t t_strspn(const char *s, const char *accept);
size_t t_strcspn(const char *s, const char *reject);
unsigned long t_strtoul(const char *s, char **end, int base);
unsigned long long t_strtoull(const char *s, char **end, int base);

#define memcpy t_memcpy
#define memmove t_memmove
#define memset t_memset
#define memcmp t_memcmp
#define memchr t_memchr
#define strlen t_strlen
#define strnlen t_strnlen
#define strcmp t_strcmp
#define strncmp t_strncmp
#define strchr t_strchr
#define strrchr t_strrchr
#define strstr t_strstr
#define strspn t_strspn
#define strcspn t_strcspn
#define strtoul t_strtoul
#define strtoull t_strtoull
#include "libs/string.c"
#include "libs/strtoul.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr
#undef strspn
#undef strcspn
#undef strtoul
#undef strtoull

#define AREA 400

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + 1);
}

static void fill(uint8_t *area)
{
	for (size_t i = 0; i < AREA; i++) {
		area[i] = pattern(i);
	}
}

/* Check that exactly area[to .. to+n) has what was at `from`. */
static void check_moved(const uint8_t *area, size_t to, size_t from, size_t n)
{
	for (size_t i = 0; i < AREA; i++) {
		if (i >= to && i < to + n) {
			assert_int_equal(area[i], pattern(i - to + from));
		} else {
			assert_int_equal(area[i], pattern(i));
		}
	}
}

static void test_memcpy(void **state)
{
	_Alignas(8) uint8_t area[AREA];

	(void)state;
	for (size_t to = 0; to < 9; to++) {
		for (size_t from = 200; from < 209; from++) {
			for (size_t n = 0; n < 150; n++) {
				fill(area);
				assert_ptr_equal(t_memcpy(area + to,
							  area + from, n),
						 area + to);
				check_moved(area, to, from, n);
			}
		}
	}
}

static void test_memmove_overlap(void **state)
{
	_Alignas(8) uint8_t area[AREA];

	(void)state;
	for (size_t to = 80; to < 120; to++) {
		for (size_t n = 0; n < 150; n++) {
			fill(area);
			assert_ptr_equal(t_memmove(area + to, area + 100, n),
					 area + to);
			check_moved(area, to, 100, n);
		}
	}
}

static void test_memset(void **state)
{
	_Alignas(8) uint8_t area[AREA];

	(void)state;
	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 200; n++) {
			fill(area);
			assert_ptr_equal(t_memset(area + at, 0x1ab, n),
					 area + at);
			for (size_t i = 0; i < AREA; i++) {
				assert_int_equal(area[i], i >= at && i < at + n
								  ? 0xab
								  : pattern(i));
			}
		}
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void test_memcmp(void **state)
{
	_Alignas(8) uint8_t a[64], b[64];

	(void)state;
	for (size_t n = 0; n < sizeof(a); n++) {
		for (size_t at = 0; at < sizeof(a); at++) {
			memset(a, 0x80, sizeof(a));
			memset(b, 0x80, sizeof(b));
			a[at] = 0xff;
			assert_int_equal(sign(t_memcmp(a, b, n)), at < n);
			assert_int_equal(sign(t_memcmp(b, a, n)), -(at < n));
			assert_int_equal(sign(t_memcmp(a + 1, b + 1, n / 2)),
					 at > 0 && at - 1 < n / 2);
		}
	}
}

static void test_strings(void **state)
{
	static const char *const words[] = { "",     "a",      "ab",
					     "abc",  "abd",    "b",
					     "\xff", "abcabc", "cab" };

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		const char *a = words[i];

		assert_int_equal(t_strlen(a), strlen(a));
		assert_int_equal(t_strnlen(a, 2), strnlen(a, 2));
		for (const char *c = "abc\xffz"; *c != '\0'; c++) {
			assert_ptr_equal(t_strchr(a, *c), strchr(a, *c));
			assert_ptr_equal(t_strrchr(a, *c), strrchr(a, *c));
			assert_ptr_equal(t_memchr(a, *c, strlen(a)),
					 memchr(a, *c, strlen(a)));
		}
		assert_ptr_equal(t_strchr(a, 0), a + strlen(a));
		assert_ptr_equal(t_strrchr(a, 0), a + strlen(a));
		for (size_t k = 0; k < 9; k++) {
			const char *b = words[k];

			assert_int_equal(sign(t_strcmp(a, b)),
					 sign(strcmp(a, b)));
			assert_int_equal(sign(t_strncmp(a, b, 2)),
					 sign(strncmp(a, b, 2)));
			assert_ptr_equal(t_strstr(a, b), strstr(a, b));
			assert_int_equal(t_strspn(a, b), strspn(a, b));
			assert_int_equal(t_strcspn(a, b), strcspn(a, b));
		}
	}
}

static void test_strtoul(void **state)
{
	static const char *const texts[] = { "0",
					     "12",
					     "0x1fg",
					     "0xg",
					     "017",
					     " +5",
					     "-1",
					     "",
					     "x",
					     "7fff",
					     "18446744073709551615",
					     "18446744073709551616",
					     "0x",
					     "zz" };
	static const int bases[] = { 0, 8, 10, 16, 36 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t k = 0; k < sizeof(bases) / sizeof(bases[0]); k++) {
			char *end, *want_end;
			unsigned long v = t_strtoul(texts[i], &end, bases[k]);

			assert_int_equal(v, strtoul(texts[i], &want_end,
						    bases[k]));
			assert_ptr_equal(end, want_end);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy),
		cmocka_unit_test(test_memmove_overlap),
		cmocka_unit_test(test_memset),
		cmocka_unit_test(test_memcmp),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_strtoul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
