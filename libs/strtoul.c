/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers from text as the C library reads them, for linked libraries. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static unsigned int strtoul_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	if (c >= 'a' && c <= 'z') {
		return (unsigned int)(c - 'a') + 10;
	}
	if (c >= 'A' && c <= 'Z') {
		return (unsigned int)(c - 'A') + 10;
	}
	return 99;
}

static const char *strtoul_prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') &&
		   strtoul_digit(s[2]) < 16;

	if (hex && (*base == 0 || *base == 16)) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0) {
		*base = s[0] == '0' ? 8 : 10;
	}
	return s;
}

unsigned long long strtoull(const char *s, char **end, int base)
{
	const char *p = s, *digits;
	unsigned int radix = (unsigned int)base, d;
	unsigned long long value = 0;
	bool negative, overflow = false;

	while (*p == ' ' || (*p >= '\t' && *p <= '\r')) {
		p++;
	}
	negative = *p == '-';
	if (*p == '-' || *p == '+') {
		p++;
	}
	digits = p = strtoul_prefix(p, &radix);
	for (; (d = strtoul_digit(*p)) < radix; p++) {
		overflow |= __builtin_mul_overflow(value, radix, &value);
		overflow |= __builtin_add_overflow(value, d, &value);
	}
	if (end != NULL) {
		*end = (char *)(uintptr_t)(p == digits ? s : p);
	}
	if (overflow) {
		return UINT64_MAX;
	}
	return negative ? 0 - value : value;
}

/* unsigned long has 64 bits on every architecture there is. */
_Static_assert(sizeof(unsigned long) == sizeof(unsigned long long),
	       "strtoul() and strtoull() are one");

unsigned long strtoul(const char *s, char **end, int base)
{
	return strtoull(s, end, base);
}
