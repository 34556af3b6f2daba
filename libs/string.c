/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and string functions of the image.
 *
 * Bulk operations go by the widest access both pointers allow: 8 bytes, or 4
 * (the contents of newc archives are aligned to 4). Nothing is accessed
 * unaligned, so that they work with the MMU off, too. The Makefile keeps the
 * compiler from turning these loops into calls of the same functions.
 */
#include <stdint.h>
#include <string.h>

/* Words of any object: exempt from the aliasing rules. */
typedef uint64_t __attribute__((may_alias)) word8;
typedef uint32_t __attribute__((may_alias)) word4;

/* All 64 bytes are loaded before any is stored, so the two may overlap if d is
 * below s. */
static inline void string_copy64(word8 *d, const word8 *s)
{
	word8 a = s[0], b = s[1], c = s[2], e = s[3];
	word8 f = s[4], g = s[5], h = s[6], i = s[7];

	d[0] = a;
	d[1] = b;
	d[2] = c;
	d[3] = e;
	d[4] = f;
	d[5] = g;
	d[6] = h;
	d[7] = i;
}

static void string_copy8(word8 *d, const word8 *s, size_t words)
{
	/* Two cache lines of most CPUs: pages are copied for guests' disks. */
	for (; words >= 16; words -= 16, d += 16, s += 16) {
		string_copy64(d, s);
		string_copy64(d + 8, s + 8);
	}
	if (words >= 8) {
		string_copy64(d, s);
		words -= 8;
		d += 8;
		s += 8;
	}
	for (; words > 0; words--) {
		*d++ = *s++;
	}
}

static void string_copy4(word4 *d, const word4 *s, size_t words)
{
	for (; words >= 4; words -= 4, d += 4, s += 4) {
		word4 a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a;
		d[1] = b;
		d[2] = c;
		d[3] = e;
	}
	for (; words > 0; words--) {
		*d++ = *s++;
	}
}

/* Ascending; right for overlapping areas, too, when dst is below src. */
static void string_copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
	uintptr_t apart = (uintptr_t)d ^ (uintptr_t)s;

	if (n >= 16 && (apart & 3) == 0) {
		size_t width = (apart & 7) == 0 ? 8 : 4;
		size_t bulk;

		for (; ((uintptr_t)d & (width - 1)) != 0; n--) {
			*d++ = *s++;
		}
		bulk = n & ~(width - 1);
		if (width == 8) {
			string_copy8((void *)d, (const void *)s, n / 8);
		} else {
			string_copy4((void *)d, (const void *)s, n / 4);
		}
		d += bulk;
		s += bulk;
		n -= bulk;
	}
	for (; n > 0; n--) {
		*d++ = *s++;
	}
}

static void string_copy_down(unsigned char *d, const unsigned char *s, size_t n)
{
	d += n;
	s += n;
	if ((((uintptr_t)d ^ (uintptr_t)s) & 7) == 0) {
		for (; n > 0 && ((uintptr_t)d & 7) != 0; n--) {
			*--d = *--s;
		}
		for (; n >= 8; n -= 8) {
			d -= 8;
			s -= 8;
			*(word8 *)(void *)d = *(const word8 *)(const void *)s;
		}
	}
	for (; n > 0; n--) {
		*--d = *--s;
	}
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	string_copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src < n) {
		string_copy_down(dst, src, n);
	} else {
		string_copy_up(dst, src, n);
	}
	return dst;
}

static inline void set_16(unsigned char *d, word8 fill)
{
	word8 *w = (void *)d;

	w[0] = fill;
	w[1] = fill;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	word8 fill = (unsigned char)c * UINT64_C(0x0101010101010101);

	for (; n > 0 && ((uintptr_t)d & 7) != 0; n--) {
		*d++ = (unsigned char)c;
	}
	for (; n >= 64; n -= 64, d += 64) {
		set_16(d, fill);
		set_16(d + 16, fill);
		set_16(d + 32, fill);
		set_16(d + 48, fill);
	}
	if (n & 32) {
		set_16(d, fill);
		set_16(d + 16, fill);
		d += 32;
	}
	if (n & 16) {
		set_16(d, fill);
		d += 16;
	}
	if (n & 8) {
		*(word8 *)(void *)d = fill;
		d += 8;
	}
	for (n &= 7; n > 0; n--) {
		*d++ = (unsigned char)c;
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	if ((((uintptr_t)x | (uintptr_t)y) & 7) == 0) {
		while (n >= 8 && *(const word8 *)(const void *)x ==
					 *(const word8 *)(const void *)y) {
			x += 8;
			y += 8;
			n -= 8;
		}
	}
	for (; n > 0; n--, x++, y++) {
		if (*x != *y) {
			return *x - *y;
		}
	}
	return 0;
}

/* As the C library does: takes a const pointer and returns one that the caller
 * may write through. */
static void *string_unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n > 0; n--, p++) {
		if (*p == (unsigned char)c) {
			return string_unconst(p);
		}
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p != '\0') {
		p++;
	}
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0') {
		n++;
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0; n--, a++, b++) {
		if (*a != *b || *a == '\0') {
			return (unsigned char)*a - (unsigned char)*b;
		}
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	while (*s != (char)c) {
		if (*s == '\0') {
			return NULL;
		}
		s++;
	}
	return string_unconst(s);
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c) {
			last = s;
		}
	} while (*s++ != '\0');
	return string_unconst(last);
}

char *strstr(const char *s, const char *word)
{
	size_t n = strlen(word);

	for (;; s++) {
		if (strncmp(s, word, n) == 0) {
			return string_unconst(s);
		}
		if (*s == '\0') {
			return NULL;
		}
	}
}

/* Length of the start of `s` whose characters all are (not) in `set`. */
static size_t string_span(const char *s, const char *set, int in)
{
	size_t n = 0;

	while (s[n] != '\0' && (strchr(set, s[n]) != NULL) == in) {
		n++;
	}
	return n;
}

size_t strspn(const char *s, const char *accept)
{
	return string_span(s, accept, 1);
}

size_t strcspn(const char *s, const char *reject)
{
	return string_span(s, reject, 0);
}
