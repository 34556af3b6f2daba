/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte-granular allocation on top of the page allocator; always zeroed. */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <libs/types.h>

/*
 * Allocate zeroed memory, aligned to 16 bytes (to a page if size >= PAGE_SIZE);
 * NULL when out of memory. Thread or boot context, not from interrupts or
 * traps.
 */
void *heap_alloc(size_t size);
/* count * size with overflow check. */
void *heap_alloc_array(size_t count, size_t size);
/* NULL is allowed. Double or foreign frees panic. */
void heap_free(void *p);

struct heap_stats {
	uint64_t bytes_used;  /* as asked for, rounded to the class */
	uint64_t bytes_held;  /* pages taken from the page allocator */
	uint64_t allocations; /* live */
	uint64_t total_allocs, total_frees, failures;
};
/* Any context. */
void heap_get_stats(struct heap_stats *st);
/* Return pages that are completely free, to the page allocator. Thread
 * context. */
void heap_trim(void);

/* The heap's size classes are pools of equal objects; the commands `memory` and
 * `heap` list them. */
struct pool_stats {
	const char *name;
	size_t object_size;
	uint64_t used, capacity, pages;
};
/* Fill `st` for pool number `n`; false past the last. Thread
 * context. */
bool pool_get_stats(unsigned int n, struct pool_stats *st);

#endif
