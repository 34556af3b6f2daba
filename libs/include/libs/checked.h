/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic on sizes and offsets that tells when it does not fit. */
#ifndef LIBS_CHECKED_H
#define LIBS_CHECKED_H

#include <libs/types.h>

/* Each: false, and *out not to be used, if the result does not fit. */
static inline bool __must_check checked_add(uint64_t a, uint64_t b,
					    uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool __must_check checked_sub(uint64_t a, uint64_t b,
					    uint64_t *out)
{
	return !__builtin_sub_overflow(a, b, out);
}

static inline bool __must_check checked_mul(uint64_t a, uint64_t b,
					    uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

/* v rounded up to a multiple of `align`, a power of two. */
static inline bool __must_check checked_align_up(uint64_t v, uint64_t align,
						 uint64_t *out)
{
	if (!checked_add(v, align - 1, out)) {
		return false;
	}
	*out &= ~(align - 1);
	return true;
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
