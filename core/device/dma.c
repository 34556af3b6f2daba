/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct memory access of the host's devices.
 *
 * A device that reaches all RAM and is coherent with the caches has no pool,
 * and mapping is one addition. Any other device has a pool of bounce buffers:
 * for segments that it does not reach, and, if it is not coherent, for segments
 * it writes that share a cache line with other data, because the cache may
 * write back the whole line.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <core/dma.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/page.h>
#include <core/spinlock.h>
#include <core/window.h>
#include <libs/error.h>
#include <string.h>

#define SLOT_SIZE PAGE_SIZE
#define SLOTS 64 /* one bit each in a word */
#define POOL_ORDER 6
_Static_assert((PAGE_SIZE << POOL_ORDER) == SLOTS * SLOT_SIZE, "slots");

/* [I] after dma_init(), [L] lock. */
struct dma_pool {
	struct spinlock lock;
	uint64_t used;          /* [L] a bit for each slot */
	uint64_t last;          /* [I] the highest address the device can use */
	paddr_t pa;             /* [I] of the slots; 0: there are none */
	struct dma_stats stats; /* [L] */
};

static uint64_t last_address(const struct device *dev, unsigned int bits)
{
	uint64_t own = bits >= 64 ? UINT64_MAX : BIT(bits) - 1;

	return MIN(dev->dma.limit, own);
}

/* Does a device whose highest address is `last` reach all of it? */
static bool reaches(const struct device *dev, uint64_t last, paddr_t pa,
		    size_t size)
{
	uint64_t addr = pa.v - dev->dma.offset;

	return addr <= last && size - 1 <= last - addr;
}

/* The first physical address above those that it reaches. */
static uint64_t reach_end(const struct device *dev, uint64_t last)
{
	uint64_t end = last + dev->dma.offset + 1;

	return last == UINT64_MAX || end <= last ? UINT64_MAX : end;
}

/* Read when it is first needed: it takes many properties of each node. */
const struct dt_dma *device_dma(struct device *dev)
{
	if (dev->dma_unread) {
		dt_dma(dev->dt, &dev->dma);
		dev->dma_unread = false;
	}
	return &dev->dma;
}

__cold int dma_init(struct device *dev, unsigned int bits)
{
	struct dma_pool *pool;
	uint64_t last;
	int err;

	dma_fini(dev);
	(void)device_dma(dev);
	last = last_address(dev, bits);
	if (dev->dma.coherent && reach_end(dev, last) >= page_ram_end()) {
		return 0;
	}
	pool = heap_alloc(sizeof(*pool));
	if (!pool) {
		return -ERR_NOMEM;
	}
	err = page_alloc_below(&pool->pa, POOL_ORDER, PAGE_ANY_COLOUR,
			       reach_end(dev, last));
	if (err) {
		heap_free(pool);
		return err;
	}
	spin_init(&pool->lock, LOCK_DMA);
	pool->last = last;
	pool->stats.pool_bytes = SLOTS * SLOT_SIZE;
	dev->dma_pool = pool;
	return 0;
}

__cold void dma_fini(struct device *dev)
{
	struct dma_pool *pool = dev->dma_pool;

	if (!pool) {
		return;
	}
	assert(pool->used == 0);
	dev->dma_pool = NULL;
	page_free(pool->pa, POOL_ORDER);
	heap_free(pool);
}

/* --- shared memory ------------------------------------------------------ */

static __cold unsigned int order_of(size_t size)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < size) {
		order++;
	}
	return order;
}

/*
 * Map the pages at a second address without caches. Their lines at the first
 * address are cleaned and invalidated, and that address is not used again. The
 * CPU may still fetch such lines speculatively, but these are never dirty and
 * so never written back (arch_mmu_map() of MMU_UNCACHED).
 */
static __cold int map_uncached(struct dma_buffer *b, size_t bytes)
{
	vaddr_t va;
	int err = window_alloc(&va, bytes);

	if (err) {
		return err;
	}
	arch_cache_clean_inval(b->va, bytes);
	err = arch_mmu_map(va, b->pa, bytes, MMU_UNCACHED);
	if (err) {
		window_free(va, bytes);
		return err;
	}
	b->va = (void *)(uintptr_t)va.v;
	return 0;
}

__cold int dma_alloc(struct device *dev, size_t size, struct dma_buffer *out)
{
	uint64_t last = dev->dma_pool ? dev->dma_pool->last : UINT64_MAX;
	unsigned int order = order_of(size);
	struct dma_buffer b = { .size = size };
	int err;

	err = page_alloc_below(&b.pa, order, PAGE_ANY_COLOUR,
			       reach_end(dev, last));
	if (err) {
		return err;
	}
	b.va = arch_phys_to_virt(b.pa);
	b.addr = b.pa.v - dev->dma.offset;
	if (!dev->dma.coherent) {
		err = map_uncached(&b, PAGE_SIZE << order);
	}
	if (err) {
		page_free(b.pa, order);
		return err;
	}
	*out = b;
	return 0;
}

__cold void dma_free(struct device *dev, struct dma_buffer *b)
{
	unsigned int order = order_of(b->size);
	uint64_t bytes = PAGE_SIZE << order;

	if (!b->va) {
		return;
	}
	if (!dev->dma.coherent) {
		vaddr_t va = VADDR((uintptr_t)b->va);
		int err = arch_mmu_unmap(va, bytes);

		assert(!err);
		window_free(va, bytes);
		/* Lines that were fetched at the first address are stale. */
		arch_cache_clean_inval(arch_phys_to_virt(b->pa), bytes);
	}
	page_free(b->pa, order);
	*b = (struct dma_buffer){ .va = NULL };
}

/* --- segments ----------------------------------------------------------- */

/* Take `n` adjacent slots; returns the first, or SLOTS if there are none. */
static unsigned int slots_take(struct dma_pool *pool, unsigned int n)
{
	uint64_t mask = n == SLOTS ? ~UINT64_C(0) : BIT(n) - 1;

	assert_held(&pool->lock);
	for (unsigned int at = 0; at + n <= SLOTS; at++) {
		if ((pool->used & mask << at) == 0) {
			pool->used |= mask << at;
			return at;
		}
	}
	return SLOTS;
}

static void *slot_at(const struct dma_pool *pool, unsigned int slot)
{
	return (uint8_t *)arch_phys_to_virt(pool->pa) + slot * SLOT_SIZE;
}

/* A device that is not coherent writes past the caches: no line with a byte of
 * the segment may contain other data. */
static bool shares_lines(const struct io_segment *seg)
{
	size_t granule = arch_cache_granule();

	return !IS_ALIGNED((uintptr_t)seg->va | seg->size, granule);
}

static bool must_bounce(const struct device *dev, const struct io_segment *seg,
			enum dma_dir dir)
{
	if (!reaches(dev, dev->dma_pool->last, seg->pa, seg->size)) {
		return true;
	}
	return !dev->dma.coherent && dir == DMA_FROM_DEVICE &&
	       shares_lines(seg);
}

static void sync(const struct device *dev, const void *va, size_t size)
{
	if (!dev->dma.coherent) {
		arch_cache_clean_inval(va, size);
	}
}

int dma_map_pooled(struct device *dev, const struct io_segment *seg,
		   enum dma_dir dir, uint64_t *addr)
{
	struct dma_pool *pool = dev->dma_pool;
	unsigned int n = (unsigned int)DIV_ROUND_UP(seg->size, SLOT_SIZE);
	unsigned long flags;
	unsigned int slot;

	if (seg->size == 0 || seg->size > DMA_BOUNCE_MAX) {
		return -ERR_RANGE;
	}
	if (!must_bounce(dev, seg, dir)) {
		sync(dev, seg->va, seg->size);
		*addr = seg->pa.v - dev->dma.offset;
		return 0;
	}
	flags = spin_lock_irqsave(&pool->lock);
	slot = slots_take(pool, n);
	if (slot == SLOTS) {
		pool->stats.refused++;
	} else {
		pool->stats.segments++;
		pool->stats.bytes += seg->size;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (slot == SLOTS) {
		return -ERR_NOMEM;
	}
	if (dir == DMA_TO_DEVICE) {
		memcpy(slot_at(pool, slot), seg->va, seg->size);
	}
	sync(dev, slot_at(pool, slot), seg->size);
	*addr = pool->pa.v + slot * SLOT_SIZE - dev->dma.offset;
	return 0;
}

void dma_unmap_pooled(struct device *dev, const struct io_segment *seg,
		      enum dma_dir dir, uint64_t addr)
{
	struct dma_pool *pool = dev->dma_pool;
	uint64_t off = addr + dev->dma.offset - pool->pa.v;
	unsigned int n = (unsigned int)DIV_ROUND_UP(seg->size, SLOT_SIZE);
	unsigned int slot = (unsigned int)(off / SLOT_SIZE);
	unsigned long flags;

	if (off >= SLOTS * SLOT_SIZE) {
		if (dir == DMA_FROM_DEVICE) {
			sync(dev, seg->va, seg->size);
		}
		return;
	}
	if (dir == DMA_FROM_DEVICE) {
		sync(dev, slot_at(pool, slot), seg->size);
		memcpy(seg->va, slot_at(pool, slot), seg->size);
	}
	flags = spin_lock_irqsave(&pool->lock);
	pool->used &= ~((BIT(n) - 1) << slot);
	spin_unlock_irqrestore(&pool->lock, flags);
}

__cold bool dma_get_stats(const struct device *dev, struct dma_stats *st)
{
	struct dma_pool *pool = dev->dma_pool;
	unsigned long flags;

	if (!pool) {
		return false;
	}
	flags = spin_lock_irqsave(&pool->lock);
	*st = pool->stats;
	spin_unlock_irqrestore(&pool->lock, flags);
	return true;
}
