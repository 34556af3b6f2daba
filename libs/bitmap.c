/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searching and filling bitmaps. */
#include <libs/bitmap.h>

/* First bit at or after `from` that is set in map[] ^ invert. */
static size_t bitmap_next(const uint64_t *map, size_t nbits, size_t from,
			  uint64_t invert)
{
	uint64_t word;
	size_t i = from / 64;

	if (from >= nbits) {
		return nbits;
	}
	word = (map[i] ^ invert) & (~UINT64_C(0) << (from % 64));
	while (word == 0) {
		if (++i >= BITMAP_WORDS(nbits)) {
			return nbits;
		}
		word = map[i] ^ invert;
	}
	return MIN(i * 64 + (size_t)__builtin_ctzll(word), nbits);
}

size_t bitmap_next_set(const uint64_t *map, size_t nbits, size_t from)
{
	return bitmap_next(map, nbits, from, 0);
}

size_t bitmap_next_clear(const uint64_t *map, size_t nbits, size_t from)
{
	return bitmap_next(map, nbits, from, ~UINT64_C(0));
}

size_t bitmap_find_clear_range(const uint64_t *map, size_t nbits, size_t count)
{
	size_t start = bitmap_first_clear(map, nbits);

	while (start < nbits && count <= nbits - start) {
		size_t end = bitmap_next_set(map, start + count, start);

		if (end == start + count) {
			return start;
		}
		start = bitmap_next_clear(map, nbits, end);
	}
	return nbits;
}

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

void bitmap_clear_range(uint64_t *map, size_t from, size_t count)
{
	size_t end = from + count;

	for (size_t i = from / 64; i < BITMAP_WORDS(end); i++) {
		map[i] &= ~bitmap_mask(i, from, end);
	}
}

/* The population count is by hand: the builtin may be a call into libgcc. */
static size_t bitmap_weight(uint64_t w)
{
	size_t n = 0;

	for (; w != 0; w &= w - 1) {
		n++;
	}
	return n;
}

size_t bitmap_count(const uint64_t *map, size_t nbits)
{
	size_t n = 0;

	for (size_t i = 0; i < BITMAP_WORDS(nbits); i++) {
		n += bitmap_weight(map[i] & bitmap_mask(i, 0, nbits));
	}
	return n;
}
