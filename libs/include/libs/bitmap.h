/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of small numbers: arrays of 64-bit words, bit 0 first. */
#ifndef LIBS_BITMAP_H
#define LIBS_BITMAP_H

#include <libs/types.h>

#define BITMAP_WORDS(nbits) DIV_ROUND_UP(nbits, 64)
/* uint64_t BITMAP(name, nbits): an array big enough. */
#define BITMAP(name, nbits) name[BITMAP_WORDS(nbits)]

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

/* First set or clear bit at or after `from`; `nbits` when there is none. */
size_t bitmap_next_set(const uint64_t *map, size_t nbits, size_t from);
size_t bitmap_next_clear(const uint64_t *map, size_t nbits, size_t from);

static inline size_t bitmap_first_set(const uint64_t *map, size_t nbits)
{
	return bitmap_next_set(map, nbits, 0);
}

static inline size_t bitmap_first_clear(const uint64_t *map, size_t nbits)
{
	return bitmap_next_clear(map, nbits, 0);
}

/* Start of the first `count` clear bits in a row; `nbits` if there are none. */
size_t bitmap_find_clear_range(const uint64_t *map, size_t nbits, size_t count);
void bitmap_set_range(uint64_t *map, size_t from, size_t count);
void bitmap_clear_range(uint64_t *map, size_t from, size_t count);
/* How many of the first `nbits` are set. */
size_t bitmap_count(const uint64_t *map, size_t nbits);

#endif
