/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte-granular allocation on top of the page allocator; always zeroed. */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <libs/types.h>

/* Zeroed, aligned to 16 bytes (a page when size >= PAGE_SIZE); NULL when out
 * of memory. Thread or boot context, not from interrupts or traps. */
void *heap_alloc(size_t size);
/* count * size with overflow check. */
void *heap_alloc_array(size_t count, size_t size);
char *heap_strdup(const char *s);
/* NULL is allowed. Double or foreign frees panic. */
void heap_free(void *p);

struct heap_stats {
	uint64_t bytes_used;		/* as asked for, rounded to the class */
	uint64_t bytes_held;		/* pages taken from the page allocator */
	uint64_t allocations;		/* live */
	uint64_t total_allocs, total_frees, failures;
};
void heap_get_stats(struct heap_stats *st);
/* Give wholly free pages, pools' too, back to the page allocator. */
void heap_trim(void);

/*
 * Pool of equal objects, with named statistics: `memory` and `heap` list
 * them, and so they do the size classes of heap_alloc(). Objects lie in slabs
 * of pages, whose head has a bit for each; a wholly free slab is kept in
 * hand, others go back at once. Aligned to 16 bytes. Same contexts as
 * heap_alloc(). `name` must stay; NULL when out of memory.
 */
struct pool;
struct pool *pool_create(const char *name, size_t object_size);
void pool_destroy(struct pool *p);	/* all objects must be back */
void *pool_alloc(struct pool *p);	/* zeroed, NULL when out of memory */
void pool_free(struct pool *p, void *obj);
struct pool_stats {
	const char *name;
	size_t object_size;
	uint64_t used, capacity, pages;
};
/* Fill `st` for pool number `n`; false past the last. */
bool pool_get_stats(unsigned int n, struct pool_stats *st);

#endif
