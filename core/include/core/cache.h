/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's caches, and how many colours pages have in the last level. */
#ifndef CORE_CACHE_H
#define CORE_CACHE_H

#include <arch/cache.h>
#include <libs/types.h>

#define CACHE_MAX 24

enum cache_source { CACHE_FROM_CPU, CACHE_FROM_TREE, CACHE_FROM_ARGUMENT };

struct cache_info {
	struct cache_geometry is; /* zero ways, sets or line: not known */
	enum cache_source source;
};

/*
 * Find the caches, and set the page allocator's number of colours. Boot: the
 * tree is there, the page allocator has no RAM yet.
 */
#ifdef CONFIG_COLOURS
void cache_init(void);
#else
static inline void cache_init(void)
{
}
#endif

/* Cache number n, in ascending order of levels; NULL past the last. Any
 * context after boot. */
const struct cache_info *cache_nth(unsigned int n);

/* Colours that pages have in this cache; 0 if its index is not known, or does
 * not consist of plain address bits. Pure. */
unsigned int cache_colours(const struct cache_geometry *c);

/* Why memory cannot be coloured here; NULL if it can. Any context. */
#ifdef CONFIG_COLOURS
const char *cache_uncoloured(void);
#else
static inline const char *cache_uncoloured(void)
{
	return NULL;
}
#endif

#endif
