/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting of arrays in place. */
#ifndef LIBS_SORT_H
#define LIBS_SORT_H

#include <libs/types.h>

/*
 * Sort `n` elements of `size` bytes in O(n log n) whatever their order, without
 * recursion or allocation. `cmp` returns <0, 0 or >0. Not stable: let `cmp`
 * break ties. Pure if `cmp` is.
 */
void sort(void *base, size_t n, size_t size,
	  int (*cmp)(const void *a, const void *b));

#endif
