/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What heap.c knows of pools: its size classes are pools it owns. */
#ifndef CORE_MM_POOL_PRIV_H
#define CORE_MM_POOL_PRIV_H

#include <core/heap.h>
#include <core/spinlock.h>
#include <libs/list.h>

#define SLAB_OBJECTS_MAX 256
#define OBJECT_ALIGN 16

/*
 * The head of a naturally aligned block of pages; the objects follow. One
 * that holds an object back from view is never at a page boundary in a slab
 * of one page, by which heap_free() tells objects from pages.
 */
struct slab {
	struct list node;		/* [L] in pool's list by fill */
	struct pool *pool;		/* [I] */
	uint32_t used;			/* [L] objects */
	uint32_t unused;
	uint64_t taken[SLAB_OBJECTS_MAX / 64];	/* [L] bit n: object n */
};

#define SLAB_HEAD ALIGN_UP(sizeof(struct slab), (size_t)OBJECT_ALIGN)

struct pool {
	struct spinlock lock;		/* L */
	const char *name;		/* [I] */
	size_t object_size;		/* [I] as asked for */
	uint32_t stride;		/* [I] */
	uint16_t per_slab;		/* [I] */
	uint16_t slab_order;		/* [I] */
	struct list partial, full;	/* [L] */
	struct slab *spare;		/* [L] one without objects, or NULL */
	uint64_t used, slabs;		/* [L] */
	uint64_t allocs, frees, failures;	/* [L] */
	struct list node;		/* [P] all pools */
};

/* In place. */
void pool_init(struct pool *p, const char *name, size_t object_size);
/* pool_alloc() of which only `size` bytes may be touched. */
void *pool_alloc_sized(struct pool *p, size_t size);
/* The pool of an object in a slab of one page. */
struct pool *pool_of(const void *obj);
/* Give back the spare slab of this pool, or of all. */
void pool_trim(struct pool *p);
void pool_trim_all(void);

#endif
