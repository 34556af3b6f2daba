/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict parsing of numbers, sizes and lists of numbers. */
#include <libs/bitmap.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

static unsigned int parse_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
		return (unsigned int)((c | 0x20) - 'a') + 10;
	}
	return 16;
}

/* Read the number that *s begins with, and move *s behind it. */
static int parse_digits(const char **s, uint64_t *out)
{
	const char *p = *s, *start;
	unsigned int base = 10, d;
	uint64_t v = 0;
	bool overflow = false;

	if (p[0] == '0' && (p[1] | 0x20) == 'x') {
		base = 16;
		p += 2;
	}
	for (start = p; (d = parse_digit(*p)) < base; p++) {
		overflow |= __builtin_mul_overflow(v, base, &v);
		overflow |= __builtin_add_overflow(v, d, &v);
	}
	if (p == start) {
		return -ERR_INVAL;
	}
	if (overflow) {
		return -ERR_RANGE;
	}
	*s = p;
	*out = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *out)
{
	int ret = parse_digits(&s, out);

	if (ret == 0 && *s != '\0') {
		return -ERR_INVAL;
	}
	return ret;
}

int parse_u64_max(const char *s, uint64_t max, uint64_t *out)
{
	int ret = parse_u64(s, out);

	if (ret == 0 && *out > max) {
		return -ERR_RANGE;
	}
	return ret;
}

int parse_size(const char *s, uint64_t *out)
{
	static const char units[] = "KMGT";
	int ret = parse_digits(&s, out);
	unsigned int shift;

	if (ret != 0 || *s == '\0') {
		return ret;
	}
	for (shift = 0; units[shift] != '\0'; shift++) {
		if ((*s & ~0x20) == units[shift]) {
			break;
		}
	}
	if (units[shift] == '\0') {
		return -ERR_INVAL;
	}
	s++;
	if (*s == 'i') {
		s++;
	}
	if (*s == 'B') {
		s++;
	}
	if (*s != '\0') {
		return -ERR_INVAL;
	}
	if (__builtin_mul_overflow(*out, UINT64_C(1024) << (10 * shift), out)) {
		return -ERR_RANGE;
	}
	return 0;
}

static int parse_list_item(const char **s, uint64_t *map, size_t nbits)
{
	uint64_t first, last;
	int ret = parse_digits(s, &first);

	last = first;
	if (ret == 0 && **s == '-') {
		(*s)++;
		ret = parse_digits(s, &last);
	}
	if (ret != 0) {
		return ret;
	}
	if (last < first) {
		return -ERR_INVAL;
	}
	if (last >= nbits) {
		return -ERR_RANGE;
	}
	bitmap_set_range(map, first, last - first + 1);
	return 0;
}

int parse_duration(const char *s, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
	};
	char digits[24];
	size_t n = 0;
	uint64_t v;
	int err;

	while (s[n] >= '0' && s[n] <= '9' && n < sizeof(digits) - 1) {
		digits[n] = s[n];
		n++;
	}
	digits[n] = '\0';
	err = parse_u64(digits, &v);
	for (size_t i = 0; !err && i < ARRAY_SIZE(units); i++) {
		if (strcmp(s + n, units[i].name) == 0) {
			return checked_mul(v, units[i].ns, ns) ? 0 : -ERR_RANGE;
		}
	}
	return err ? err : -ERR_INVAL;
}

int parse_list(const char *s, uint64_t *map, size_t nbits)
{
	memset(map, 0, BITMAP_WORDS(nbits) * sizeof(*map));
	if (strcmp(s, "all") == 0) {
		bitmap_set_range(map, 0, nbits);
		return 0;
	}
	for (;;) {
		int ret = parse_list_item(&s, map, nbits);

		if (ret != 0) {
			return ret;
		}
		if (*s == '\0') {
			return 0;
		}
		if (*s++ != ',') {
			return -ERR_INVAL;
		}
	}
}

size_t parse_name(const char *s, const char *others)
{
	size_t n = 0;

	for (; s[n]; n++) {
		char c = s[n];
		char lower = (char)(c | 0x20);

		if ((lower < 'a' || lower > 'z') && (c < '0' || c > '9') &&
		    !strchr(others, c)) {
			break;
		}
	}
	return n;
}
