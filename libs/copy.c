/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying by words wherever they lie: a packet's data stands at an odd place
 * in one guest's buffer and at an even one in another's. CPUs access normal
 * memory unaligned at the cost of a cache line's border now and then.
 *
 * A word of 16 bytes is a pair of registers, which one instruction loads.
 */
#include <libs/copy.h>

/* Words of any object, anywhere. */
typedef unsigned __int128 __attribute__((may_alias, aligned(1))) word16;
typedef uint64_t __attribute__((may_alias, aligned(1))) word8;
typedef uint32_t __attribute__((may_alias, aligned(1))) word4;

static inline void copy_word16(uint8_t *d, const uint8_t *s)
{
	*(word16 *)(void *)d = *(const word16 *)(const void *)s;
}

static inline void copy_word8(uint8_t *d, const uint8_t *s)
{
	*(word8 *)(void *)d = *(const word8 *)(const void *)s;
}

static inline void copy_word4(uint8_t *d, const uint8_t *s)
{
	*(word4 *)(void *)d = *(const word4 *)(const void *)s;
}

/* A cache line of most CPUs. All is loaded before any of it is stored: CPUs
 * that execute in order would wait for each load. */
static inline void copy_line(uint8_t *d, const uint8_t *s)
{
	const word16 *from = (const void *)s;
	word16 *to = (void *)d;
	word16 a = from[0], b = from[1], c = from[2], e = from[3];

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	to[0] = a;
	to[1] = b;
	to[2] = c;
	to[3] = e;
}

/* 16 bytes or more: the last word may overlap the one before. */
static void copy_words(uint8_t *d, const uint8_t *s, size_t n)
{
	const uint8_t *last = s + n - 16;
	uint8_t *last_to = d + n - 16;

	for (; n >= 128; n -= 128, d += 128, s += 128) {
		copy_line(d, s);
		copy_line(d + 64, s + 64);
	}
	if (n >= 64) {
		copy_line(d, s);
		n -= 64;
		d += 64;
		s += 64;
	}
	for (; n > 16; n -= 16, d += 16, s += 16) {
		copy_word16(d, s);
	}
	copy_word16(last_to, last);
}

void copy_bytes(void *restrict dst, const void *restrict src, size_t n)
{
	const uint8_t *s = src;
	uint8_t *d = dst;

	if (n >= 16) {
		copy_words(d, s, n);
	} else if (n >= 8) {
		copy_word8(d + n - 8, s + n - 8);
		copy_word8(d, s);
	} else if (n >= 4) {
		copy_word4(d + n - 4, s + n - 4);
		copy_word4(d, s);
	} else {
		for (; n > 0; n--) {
			*d++ = *s++;
		}
	}
}
