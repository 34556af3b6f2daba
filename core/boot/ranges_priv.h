/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of address ranges, for use at boot before there is an allocator. */
#ifndef CORE_BOOT_RANGES_PRIV_H
#define CORE_BOOT_RANGES_PRIV_H

#include <libs/types.h>

struct range {
	uint64_t base, end; /* bytes; end is exclusive */
};

/* Sorted, disjoint. */
struct ranges {
	struct range *list; /* of max + 1 */
	unsigned int n, max;
};

/*
 * Add [base, end), merged with ranges that it overlaps or touches. If the list
 * is full, the two neighbours with the smallest gap are merged, and *lost is
 * that gap; otherwise *lost is empty. True if nothing was lost.
 */
bool ranges_add(struct ranges *r, uint64_t base, uint64_t end,
		struct range *lost);
/*
 * Remove [base, end). If that splits an entry and the list is full, the smaller
 * of the two parts is removed too, and is *lost. True if nothing was lost.
 */
bool ranges_cut(struct ranges *r, uint64_t base, uint64_t end,
		struct range *lost);
/* Do the ranges cover all of [base, end)? */
bool ranges_cover(const struct ranges *r, uint64_t base, uint64_t end);

#endif
