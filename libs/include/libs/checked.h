/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic on sizes and offsets that reports overflow. */
#ifndef LIBS_CHECKED_H
#define LIBS_CHECKED_H

#include <libs/types.h>

/* The sum; false if it does not fit, and *out is then not to be used. */
static inline bool __must_check checked_add(uint64_t a, uint64_t b,
					    uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

/* The product; the same. */
static inline bool __must_check checked_mul(uint64_t a, uint64_t b,
					    uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

/* Does [off, off + n) lie within [0, size)? n may be 0. */
static inline bool range_within(uint64_t off, uint64_t n, uint64_t size)
{
	return off <= size && n <= size - off;
}

/* Do [a, a + an) and [b, b + bn) share an address? Neither may wrap. */
static inline bool ranges_overlap(uint64_t a, uint64_t an, uint64_t b,
				  uint64_t bn)
{
	return an != 0 && bn != 0 && a <= b + (bn - 1) && b <= a + (an - 1);
}

#endif
