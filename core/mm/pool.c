/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of objects of equal size. */
#include "pool_priv.h"

#include <arch/mmu.h>
#include <core/log.h>
#include <core/page.h>
#include <string.h>

static struct list pools = LIST_INIT(pools);                  /* [P] */
static struct spinlock pools_lock = SPINLOCK_INIT(LOCK_HEAP); /* P */

void pool_init(struct pool *p, const char *name, size_t object_size)
{
	unsigned long flags;

	*p = (struct pool){ .name = name, .object_size = object_size };
	spin_init(&p->lock, LOCK_HEAP);
	p->stride = (uint32_t)ALIGN_UP(MAX(object_size, (size_t)1),
				       (size_t)OBJECT_ALIGN);
	p->per_slab = (uint16_t)((PAGE_SIZE - SLAB_HEAD) / p->stride);
	assert(p->per_slab && p->per_slab <= SLAB_OBJECTS_MAX);
	list_init(&p->partial);
	list_init(&p->full);
	flags = spin_lock_irqsave(&pools_lock);
	list_append(&pools, &p->node);
	spin_unlock_irqrestore(&pools_lock, flags);
}

static struct slab *slab_create(struct pool *p)
{
	paddr_t pa;
	struct slab *s;

	if (page_alloc(&pa, 0, PAGE_ANY_COLOUR)) {
		return NULL;
	}
	s = arch_phys_to_virt(pa);
	*s = (struct slab){ .pool = p };
	list_init(&s->node);
	arch_mem_poison((char *)s + SLAB_HEAD, PAGE_SIZE - SLAB_HEAD);
	p->slabs++;
	return s;
}

static void slab_destroy(struct pool *p, struct slab *s)
{
	arch_mem_unpoison(s, PAGE_SIZE);
	s->pool = NULL;
	p->slabs--;
	page_free(arch_virt_to_phys(s), 0);
}

static unsigned int slab_take(struct pool *p, struct slab *s)
{
	unsigned int word = 0, n;

	while (s->taken[word] == ~UINT64_C(0)) {
		word++;
	}
	n = word * 64 + (unsigned int)__builtin_ctzll(~s->taken[word]);
	assert(n < p->per_slab);
	s->taken[word] |= BIT(n % 64);
	s->used++;
	return n;
}

static struct slab *slab_with_room(struct pool *p)
{
	struct slab *s;

	if (!list_empty(&p->partial)) {
		return list_first(&p->partial, struct slab, node);
	}
	s = p->spare ? p->spare : slab_create(p);
	p->spare = NULL;
	if (s) {
		list_push(&p->partial, &s->node);
	}
	return s;
}

static void *alloc_locked(struct pool *p)
{
	struct slab *s = slab_with_room(p);
	unsigned int n;

	assert_held(&p->lock);
	if (!s) {
		p->failures++;
		return NULL;
	}
	n = slab_take(p, s);
	if (s->used == p->per_slab) {
		list_remove(&s->node);
		list_push(&p->full, &s->node);
	}
	p->used++;
	p->allocs++;
	return (char *)s + SLAB_HEAD + (size_t)n * p->stride;
}

void *pool_alloc(struct pool *p, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);
	void *obj = alloc_locked(p);

	spin_unlock_irqrestore(&p->lock, flags);
	if (obj) {
		arch_mem_unpoison(obj, size);
		memset(obj, 0, size);
	}
	return obj;
}

struct pool *pool_of(const void *obj)
{
	uintptr_t head = ALIGN_DOWN((uintptr_t)obj, (uintptr_t)PAGE_SIZE);

	return ((const struct slab *)head)->pool;
}

/* The slab was full or has become empty: put it into the right list. */
static void slab_settle(struct pool *p, struct slab *s)
{
	list_remove(&s->node);
	if (s->used) {
		list_push(&p->partial, &s->node);
	} else if (p->spare) {
		slab_destroy(p, s);
	} else {
		p->spare = s;
	}
}

/* True if `obj` was an object in use; it is free now. */
static bool free_locked(struct pool *p, void *obj)
{
	uintptr_t at = (uintptr_t)obj;
	struct slab *s = (struct slab *)ALIGN_DOWN(at, (uintptr_t)PAGE_SIZE);
	size_t off = at - (uintptr_t)s;
	size_t n;

	assert_held(&p->lock);
	if (off < SLAB_HEAD || (off - SLAB_HEAD) % p->stride || s->pool != p) {
		return false;
	}
	n = (off - SLAB_HEAD) / p->stride;
	if (n >= p->per_slab || !(s->taken[n / 64] & BIT(n % 64))) {
		return false;
	}
	s->taken[n / 64] &= ~BIT(n % 64);
	s->used--;
	p->used--;
	p->frees++;
	arch_mem_poison(obj, p->stride);
	if (s->used == 0 || s->used + 1U == p->per_slab) {
		slab_settle(p, s);
	}
	return true;
}

void pool_free(struct pool *p, void *obj)
{
	unsigned long flags;
	bool ok;

	if (!obj) {
		return;
	}
	flags = spin_lock_irqsave(&p->lock);
	ok = free_locked(p, obj);
	spin_unlock_irqrestore(&p->lock, flags);
	if (!ok) {
		panic("pool %s: %p is not in use", p->name, obj);
	}
}

/* A pool's lock is taken inside the list's lock, which has the same class. */
static void lock_nested(struct pool *p)
{
	spin_lock_nested(&p->lock);
}

void pool_trim_all(void)
{
	unsigned long flags = spin_lock_irqsave(&pools_lock);
	struct pool *p;

	list_for_each(p, &pools, node) {
		lock_nested(p);
		if (p->spare) {
			slab_destroy(p, p->spare);
			p->spare = NULL;
		}
		spin_unlock(&p->lock);
	}
	spin_unlock_irqrestore(&pools_lock, flags);
}

static void fill_stats(struct pool *p, struct pool_stats *st)
{
	lock_nested(p);
	*st = (struct pool_stats){
		.name = p->name,
		.object_size = p->object_size,
		.used = p->used,
		.capacity = p->slabs * p->per_slab,
		.pages = p->slabs,
	};
	spin_unlock(&p->lock);
}

bool pool_get_stats(unsigned int n, struct pool_stats *st)
{
	unsigned long flags = spin_lock_irqsave(&pools_lock);
	bool found = false;
	struct pool *p;

	list_for_each(p, &pools, node) {
		if (n-- == 0) {
			fill_stats(p, st);
			found = true;
			break;
		}
	}
	spin_unlock_irqrestore(&pools_lock, flags);
	return found;
}
