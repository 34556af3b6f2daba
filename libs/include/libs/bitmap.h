/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of small numbers: arrays of 64-bit words, bit 0 first. The caller
 * serialises changes; otherwise any context. */
#ifndef LIBS_BITMAP_H
#define LIBS_BITMAP_H

#include <libs/types.h>

#define BITMAP_WORDS(nbits) DIV_ROUND_UP(nbits, 64)
/* uint64_t BITMAP(name, nbits): an array big enough. */
#define BITMAP(name, nbits) name[BITMAP_WORDS(nbits)]

/* Is `bit` in the set? */
static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

/* Put `bit` in. */
static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

/* Take `bit` out. */
static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

/* The lowest bit that is set, of an array with BITMAP_WORDS(nbits); nbits: none
 * is. */
static inline size_t bitmap_first(const uint64_t *map, size_t nbits)
{
	for (size_t i = 0; i < BITMAP_WORDS(nbits); i++) {
		if (map[i]) {
			return i * 64 + (size_t)__builtin_ctzll(map[i]);
		}
	}
	return nbits;
}

/* Write the bits that are set in one word as text, "0-3, 8" or "none", cut to
 * `size`; returns buf. */
const char *bitmap_text(uint64_t word, char *buf, size_t size);

/* Set `count` bits from `from` on. */
void bitmap_set_range(uint64_t *map, size_t from, size_t count);

#endif
