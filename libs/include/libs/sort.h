/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting of arrays in place. */
#ifndef LIBS_SORT_H
#define LIBS_SORT_H

#include <libs/types.h>

/*
 * Sort `n` elements of `size` bytes: O(n log n) whatever their order, no
 * recursion, no memory. Not stable: let `cmp` (<0, 0, >0) break ties.
 */
void sort(void *base, size_t n, size_t size,
	  int (*cmp)(const void *a, const void *b));

#endif
