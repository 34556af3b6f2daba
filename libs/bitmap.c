/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling bitmaps, and showing them. */
#include <libs/bitmap.h>
#include <stdio.h>

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

const char *bitmap_text(uint64_t word, char *buf, size_t size)
{
	size_t n = 0;

	(void)snprintf(buf, size, "none");
	for (unsigned int bit = 0; bit < 64 && n < size; bit++) {
		unsigned int last = bit;

		if (!(word & BIT(bit))) {
			continue;
		}
		while (last + 1 < 64 && (word & BIT(last + 1))) {
			last++;
		}
		n += (size_t)snprintf(buf + n, size - n, "%s%u", n ? ", " : "",
				      bit);
		if (last > bit && n < size) {
			n += (size_t)snprintf(buf + n, size - n, "-%u", last);
		}
		bit = last;
	}
	return buf;
}
