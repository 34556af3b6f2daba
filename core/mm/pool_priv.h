/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of equal objects: the heap's size classes. */
#ifndef CORE_MM_POOL_PRIV_H
#define CORE_MM_POOL_PRIV_H

#include <core/heap.h>
#include <core/spinlock.h>
#include <libs/list.h>

#define SLAB_OBJECTS_MAX 256
#define OBJECT_ALIGN 16

/*
 * The header of a page; the objects follow. Because of it, no object is at a
 * page boundary, which is how heap_free() distinguishes objects from pages.
 */
struct slab {
	struct list node;  /* [L] in pool's list by fill */
	struct pool *pool; /* [I] */
	uint32_t used;     /* [L] objects */
	uint32_t unused;
	uint64_t taken[SLAB_OBJECTS_MAX / 64]; /* [L] bit n: object n */
};

#define SLAB_HEAD ALIGN_UP(sizeof(struct slab), (size_t)OBJECT_ALIGN)

struct pool {
	struct spinlock lock;             /* L */
	const char *name;                 /* [I] */
	size_t object_size;               /* [I] as asked for */
	uint32_t stride;                  /* [I] */
	uint16_t per_slab;                /* [I] */
	struct list partial, full;        /* [L] */
	struct slab *spare;               /* [L] one without objects, or NULL */
	uint64_t used, slabs;             /* [L] */
	uint64_t allocs, frees, failures; /* [L] */
	struct list node;                 /* [P] all pools */
};

/*
 * An empty pool, with a name for statistics. Objects are in slabs of one page,
 * whose header has a bit for each of them, and aligned to 16 bytes. One empty
 * slab is kept; others are freed at once. `name` must stay. At boot.
 */
void pool_init(struct pool *p, const char *name, size_t object_size);
/* A zeroed object of which only `size` bytes may be touched; NULL when out of
 * memory. Same contexts as heap_alloc(). */
void *pool_alloc(struct pool *p, size_t size);
/* NULL is allowed. Panics unless `obj` is an object of `p` in use. */
void pool_free(struct pool *p, void *obj);
/* The pool of an object. */
struct pool *pool_of(const void *obj);
/* Free the spare slabs of all pools. */
void pool_trim_all(void);

#endif
