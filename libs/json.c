/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escapes in the strings of JSON (RFC 8259, 7) */
#include <libs/error.h>
#include <libs/json.h>
#include <libs/utf8.h>
#include <stdio.h>
#include <string.h>

#define JSON_ESCAPE_MAX 6 /* bytes of "\uXXXX", without its terminator */
#define UTF8_MAX 4        /* bytes of a character */

size_t json_escape(char *to, size_t size, const char *v, size_t *n)
{
	size_t done = 0, at = 0;

	while (at < *n && size - done > JSON_ESCAPE_MAX) {
		unsigned char c = (unsigned char)v[at];
		size_t len = 1;

		if (c == '"' || c == '\\') {
			to[done++] = '\\';
			to[done++] = (char)c;
		} else if ((len = utf8_char(v + at, *n - at)) > 0) {
			memcpy(to + done, v + at, len);
			done += len;
		} else {
			/* A control character, or not UTF-8. */
			len = 1;
			done += (size_t)snprintf(to + done, JSON_ESCAPE_MAX + 1,
						 "\\u%04x",
						 c < 0x80 ? c : 0xfffdU);
		}
		at += len;
	}
	*n = at;
	return done;
}

/* The number of four hexadecimal digits; negative if they are none. */
static int32_t json_hex4(const char *v, size_t n)
{
	int32_t u = 0;

	if (n < 4) {
		return -1;
	}
	for (unsigned int i = 0; i < 4; i++) {
		char c = v[i], low = (char)(c | 0x20);

		if (c >= '0' && c <= '9') {
			u = u << 4 | (c - '0');
		} else if (low >= 'a' && low <= 'f') {
			u = u << 4 | (low - 'a' + 10);
		} else {
			return -1;
		}
	}
	return u;
}

static bool is_surrogate(int32_t u)
{
	return u >= 0xd800 && u < 0xe000;
}

/* The character of "uXXXX" at v, or of a pair of surrogates "uXXXX\uXXXX";
 * negative: neither. *used: bytes. */
static int32_t json_code_point(const char *v, size_t n, size_t *used)
{
	int32_t high = json_hex4(v + 1, n - 1), low;

	*used = 5;
	if (!is_surrogate(high)) {
		return high;
	}
	if (high >= 0xdc00 || n < 11 || v[5] != '\\' || v[6] != 'u') {
		return -1;
	}
	low = json_hex4(v + 7, n - 7);
	*used = 11;
	if (low < 0xdc00 || low >= 0xe000) {
		return -1;
	}
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* A character in UTF-8 (RFC 3629, 3); bytes. */
static size_t utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* The character behind a backslash, at v; *used: bytes. Negative: none. */
static int32_t json_escaped(const char *v, size_t n, size_t *used)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (n == 0) {
		return -1;
	}
	if (v[0] == 'u') {
		return json_code_point(v, n, used);
	}
	*used = 1;
	at = memchr(names, v[0], sizeof(names) - 1);
	return at != NULL ? meant[at - names] : -1;
}

/* One character of the string, from v to `to`, which has room for it; *used:
 * bytes of v, *put: bytes of `to`. */
static int json_unescape_one(char *to, size_t *put, const char *v, size_t n,
			     size_t *used)
{
	int32_t c;

	if (v[0] == '\\') {
		c = json_escaped(v + 1, n - 1, used);
		*used += 1;
		if (c < 0) {
			return -ERR_FORMAT;
		}
		*put = utf8_put(to, (uint32_t)c);
	} else {
		*used = utf8_char(v, n);
		if (*used == 0) {
			return (unsigned char)v[0] < 0x80 ? -ERR_INVAL
							  : -ERR_FORMAT;
		}
		*put = *used;
		memcpy(to, v, *used);
	}
	return utf8_char(to, *put) == *put ? 0 : -ERR_INVAL;
}

int json_unescape(char *to, size_t size, const char *v, size_t n)
{
	size_t done = 0;

	while (n > 0) {
		char one[UTF8_MAX];
		size_t used = 0, put = 0;
		int err = json_unescape_one(one, &put, v, n, &used);

		if (err != 0) {
			return err;
		}
		if (done + put >= size) {
			return -ERR_NOSPC;
		}
		memcpy(to + done, one, put);
		done += put;
		v += used;
		n -= used;
	}
	if (size == 0) {
		return -ERR_NOSPC;
	}
	to[done] = '\0';
	return 0;
}
