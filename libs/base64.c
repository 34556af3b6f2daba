/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 encoding of bytes that are sent through a terminal. */
#include <libs/base64.h>

size_t base64_encode(char *out, const void *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	char *at = out;

	for (; n > 0; p += 3) {
		size_t part = MIN(n, (size_t)3);
		uint32_t v = (uint32_t)p[0] << 16;

		v |= part > 1 ? (uint32_t)p[1] << 8 : 0;
		v |= part > 2 ? p[2] : 0;
		*at++ = digits[v >> 18];
		*at++ = digits[v >> 12 & 63];
		*at++ = part > 1 ? digits[v >> 6 & 63] : '=';
		*at++ = part > 2 ? digits[v & 63] : '=';
		n -= part;
	}
	return (size_t)(at - out);
}
