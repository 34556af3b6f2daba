/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation of bytes: from a pool for each size class; larger ones are
 * pages. */
#include "pool_priv.h"

#include <arch/mmu.h>
#include <core/log.h>
#include <core/mapped.h>
#include <core/page.h>
#include <string.h>

/* The larger sizes are (PAGE_SIZE - SLAB_HEAD) / n, rounded down, which wastes
 * the least of a slab. */
static const struct {
	uint16_t size;
	char name[10];
} class_info[] = {
	{ 16, "heap-16" },     { 32, "heap-32" },     { 48, "heap-48" },
	{ 64, "heap-64" },     { 96, "heap-96" },     { 128, "heap-128" },
	{ 192, "heap-192" },   { 256, "heap-256" },   { 336, "heap-336" },
	{ 400, "heap-400" },   { 496, "heap-496" },   { 672, "heap-672" },
	{ 800, "heap-800" },   { 1008, "heap-1008" }, { 1344, "heap-1344" },
	{ 2016, "heap-2016" }, { 4032, "heap-4032" },
};
#define CLASSES ARRAY_SIZE(class_info)
#define CLASS_MAX 4032

_Static_assert(SLAB_HEAD + CLASS_MAX == PAGE_SIZE, "classes fit the slab");

/* An allocation of whole pages. */
struct large {
	struct list node;
	void *va;
	uint64_t pages;
};

#define LARGE_BUCKETS 32

static struct pool classes[CLASSES];
/* class_of[n]: the smallest class for sizes up to 16 * n. */
static uint8_t class_of[CLASS_MAX / OBJECT_ALIGN + 1];

static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP); /* L */
static struct list large[LARGE_BUCKETS];                     /* [L] */
static uint64_t large_pages, large_failures;                 /* [L] */
static bool ready; /* [I] after boot */

/* Called at the first allocation, when only the boot CPU runs. */
static void heap_init(void)
{
	unsigned int c = 0;

	for (unsigned int n = 0; n < ARRAY_SIZE(class_of); n++) {
		if (n * OBJECT_ALIGN > class_info[c].size) {
			c++;
		}
		class_of[n] = (uint8_t)c;
	}
	for (unsigned int i = 0; i < LARGE_BUCKETS; i++) {
		list_init(&large[i]);
	}
	for (unsigned int i = 0; i < CLASSES; i++) {
		pool_init(&classes[i], class_info[i].name, class_info[i].size);
	}
	ready = true;
}

static struct list *large_bucket(const void *va)
{
	return &large[((uintptr_t)va >> PAGE_SHIFT) % LARGE_BUCKETS];
}

static void *large_failed(struct large *l)
{
	unsigned long flags = spin_lock_irqsave(&heap_lock);

	large_failures++;
	spin_unlock_irqrestore(&heap_lock, flags);
	heap_free(l);
	return NULL;
}

/* Are so many adjacent pages more than lie within the hypervisor's colours? */
static bool too_many(uint64_t pages)
{
	return page_own() != PAGE_ANY_COLOUR &&
	       pages > BIT((unsigned int)page_max_order(page_own()));
}

/* Adjacent in memory if there can be such of the hypervisor's colours, else by
 * their addresses. Zero filled; NULL. */
static void *pages_alloc(uint64_t pages)
{
	paddr_t pa;
	void *va;

	if (IS_ENABLED(CONFIG_COLOURS) && too_many(pages)) {
		return mapped_alloc(pages);
	}
	if (page_alloc_exact(&pa, pages, PAGE_ANY_COLOUR)) {
		return NULL;
	}
	va = arch_phys_to_virt(pa);
	arch_zero_pages(va, pages * PAGE_SIZE);
	return va;
}

static void pages_free(void *va, uint64_t pages)
{
	if (mapped_is(va)) {
		mapped_free(va, pages);
	} else {
		page_free_exact(arch_virt_to_phys(va), pages);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): once: a descriptor is small */
static void *large_alloc(size_t size)
{
	struct large *l = heap_alloc(sizeof(*l));
	unsigned long flags;

	if (!l) {
		return NULL;
	}
	l->pages = size / PAGE_SIZE + ((size & PAGE_MASK) != 0);
	l->va = pages_alloc(l->pages);
	if (!l->va) {
		return large_failed(l);
	}
	arch_mem_poison((char *)l->va + size, l->pages * PAGE_SIZE - size);

	flags = spin_lock_irqsave(&heap_lock);
	list_push(large_bucket(l->va), &l->node);
	large_pages += l->pages;
	spin_unlock_irqrestore(&heap_lock, flags);
	return l->va;
}

static struct large *large_take(void *va)
{
	unsigned long flags = spin_lock_irqsave(&heap_lock);
	struct large *found = NULL, *l;

	list_for_each(l, large_bucket(va), node) {
		if (l->va == va) {
			found = l;
			break;
		}
	}
	if (found) {
		list_remove(&found->node);
		large_pages -= found->pages;
	}
	spin_unlock_irqrestore(&heap_lock, flags);
	return found;
}

/* NOLINTNEXTLINE(misc-no-recursion): once: a descriptor is small */
static void large_free(void *va)
{
	struct large *l = large_take(va);

	if (!l) {
		panic("heap_free: %p is not in use", va);
	}
	arch_mem_unpoison(va, l->pages * PAGE_SIZE);
	pages_free(va, l->pages);
	heap_free(l);
}

/* NOLINTNEXTLINE(misc-no-recursion): see large_alloc() */
void *heap_alloc(size_t size)
{
	unsigned int c;

	if (unlikely(!ready)) {
		heap_init();
	}
	if (size > CLASS_MAX) {
		return large_alloc(size);
	}
	c = class_of[DIV_ROUND_UP(size, (size_t)OBJECT_ALIGN)];
	return pool_alloc(&classes[c], MAX(size, (size_t)1));
}

void *heap_alloc_array(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		return NULL;
	}
	return heap_alloc(bytes);
}

/* NOLINTNEXTLINE(misc-no-recursion): see large_alloc() */
void heap_free(void *p)
{
	struct pool *pool;

	if (!p) {
		return;
	}
	if (IS_ALIGNED((uintptr_t)p, PAGE_SIZE)) {
		large_free(p);
		return;
	}
	pool = pool_of(p);
	if ((uintptr_t)pool - (uintptr_t)classes >= sizeof(classes)) {
		panic("heap_free: %p is not of the heap", p);
	}
	pool_free(pool, p);
}

static void add_class(struct heap_stats *st, struct pool *p)
{
	unsigned long flags = spin_lock_irqsave(&p->lock);

	st->bytes_used += p->used * p->stride;
	st->bytes_held += p->slabs * PAGE_SIZE;
	st->allocations += p->used;
	st->total_allocs += p->allocs;
	st->total_frees += p->frees;
	st->failures += p->failures;
	spin_unlock_irqrestore(&p->lock, flags);
}

void heap_get_stats(struct heap_stats *st)
{
	unsigned long flags;

	*st = (struct heap_stats){ 0 };
	for (unsigned int i = 0; ready && i < CLASSES; i++) {
		add_class(st, &classes[i]);
	}
	flags = spin_lock_irqsave(&heap_lock);
	/* A large allocation's descriptor was counted above, in its class. */
	st->bytes_used += large_pages * PAGE_SIZE;
	st->bytes_held += large_pages * PAGE_SIZE;
	st->failures += large_failures;
	spin_unlock_irqrestore(&heap_lock, flags);
}

void heap_trim(void)
{
	pool_trim_all();
}
