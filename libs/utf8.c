/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding characters in UTF-8 text that has not been validated. */
#include <libs/utf8.h>

static size_t utf8_length(unsigned char c)
{
	if (c < 0x80) {
		return 1;
	}
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The second byte identifies C1 controls (which some terminals obey), overlong
 * forms, surrogates and code points beyond U+10FFFF. */
static bool utf8_second_ok(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xc2:
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

size_t utf8_char(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];
	size_t len = utf8_length(c);

	if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xc2) || c > 0xf4 ||
	    len > n) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return len == 1 || utf8_second_ok(c, (unsigned char)s[1]) ? len : 0;
}

static size_t utf8_step(const char *s, size_t n)
{
	size_t len = utf8_char(s, n);

	return len > 0 ? len : 1;
}

unsigned int utf8_columns(const char *s, size_t n)
{
	unsigned int columns = 0;

	for (size_t i = 0; i < n; i += utf8_step(s + i, n - i)) {
		columns++;
	}
	return columns;
}

size_t utf8_fit(const char *s, size_t n, unsigned int columns)
{
	size_t i = 0;

	for (; columns > 0 && i < n; columns--) {
		i += utf8_step(s + i, n - i);
	}
	return i;
}
