/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling bitmaps. */
#include <libs/bitmap.h>

/* The bits of word `i` that belong to [from, end). */
static uint64_t bitmap_mask(size_t i, size_t from, size_t end)
{
	uint64_t mask = ~UINT64_C(0);

	if (i == from / 64) {
		mask <<= from % 64;
	}
	if (i == end / 64) {
		mask &= BIT(end % 64) - 1;
	}
	return mask;
}

void bitmap_set_range(uint64_t *map, size_t from, size_t count)
{
	size_t end = from + count;

	for (size_t i = from / 64; i < BITMAP_WORDS(end); i++) {
		map[i] |= bitmap_mask(i, from, end);
	}
}
