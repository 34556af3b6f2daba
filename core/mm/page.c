/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host RAM: the system's buddy allocator, its boot, its lock, its accounts. */
#include "buddy_priv.h"

#include <arch/mmu.h>
#include <core/log.h>
#include <core/spinlock.h>
#include <libs/error.h>
#include <string.h>

#define MAX_RESERVED 160

struct frames {
	uint64_t first, end;
};

static struct buddy ram;		/* [L] */
static struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGE);
static int64_t guest_pages;		/* [A] */
static unsigned int colours = 1;	/* [I] after boot */

/* Boot only. */
static struct frames reserved[MAX_RESERVED];
static unsigned int nr_reserved;
static bool started, ready;

static void page_start(void)
{
	if (!started) {
		buddy_init(&ram, colours);
		started = true;
	}
}

int page_add_ram(paddr_t base, uint64_t size)
{
	uint64_t first = ALIGN_UP(base.v, PAGE_SIZE) >> PAGE_SHIFT;
	uint64_t end = (base.v + size) >> PAGE_SHIFT;

	assert(!ready);
	page_start();
	/* Address 0 stands for "none" in many places. */
	first = MAX(first, UINT64_C(1));
	return first < end ? buddy_add(&ram, first, end) : 0;
}

int page_reserve(paddr_t base, uint64_t size)
{
	uint64_t first = base.v >> PAGE_SHIFT;
	uint64_t end = ALIGN_UP(base.v + size, PAGE_SIZE) >> PAGE_SHIFT;

	assert(!ready);
	if (first >= end) {
		return 0;
	}
	if (nr_reserved == MAX_RESERVED) {
		return -ERR_NOSPC;
	}
	reserved[nr_reserved++] = (struct frames){ first, end };
	return 0;
}

/* The first stretch of unreserved pages in [first, end); empty: none. */
static struct frames next_free(uint64_t first, uint64_t end)
{
	struct frames gap = { first, end };
	bool moved;

	do {
		moved = false;
		for (unsigned int i = 0; i < nr_reserved; i++) {
			if (reserved[i].first <= gap.first &&
			    gap.first < reserved[i].end) {
				gap.first = reserved[i].end;
				moved = true;
			}
		}
	} while (moved);
	for (unsigned int i = 0; i < nr_reserved; i++) {
		if (reserved[i].first > gap.first) {
			gap.end = MIN(gap.end, reserved[i].first);
		}
	}
	gap.first = MIN(gap.first, end);
	return gap;
}

/* Reserve room for the page states in the first gap that takes them. */
static int place_state(void)
{
	uint64_t pages = DIV_ROUND_UP(buddy_state_size(&ram), PAGE_SIZE);

	for (unsigned int i = 0; i < ram.nr_ranges; i++) {
		const struct buddy_range *r = &ram.ranges[i];
		struct frames gap = { r->first, r->first };

		while (gap.end < r->end) {
			paddr_t pa;

			gap = next_free(gap.end, r->end);
			if (gap.first >= gap.end ||
			    gap.end - gap.first < pages) {
				continue;
			}
			pa = PADDR(gap.first << PAGE_SHIFT);
			arch_zero_pages(arch_phys_to_virt(pa),
					pages << PAGE_SHIFT);
			buddy_set_state(&ram, arch_phys_to_virt(pa));
			return page_reserve(pa, pages << PAGE_SHIFT);
		}
	}
	return -ERR_NOMEM;
}

static void release_range(const struct buddy_range *r)
{
	struct frames gap = next_free(r->first, r->end);

	while (gap.first < gap.end) {
		int err = buddy_release_first(&ram, gap.first, gap.end);

		assert(!err);
		gap = next_free(gap.end, r->end);
	}
}

int page_init_done(void)
{
	int err;

	assert(!ready);
	page_start();
	err = place_state();
	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < ram.nr_ranges; i++) {
		release_range(&ram.ranges[i]);
	}
	ready = true;
	return 0;
}

int page_release_reserved(paddr_t base, uint64_t size)
{
	uint64_t first = ALIGN_UP(base.v, PAGE_SIZE) >> PAGE_SHIFT;
	uint64_t end = (base.v + size) >> PAGE_SHIFT;
	unsigned long flags;
	int err;

	if (first >= end) {
		return 0;
	}
	flags = spin_lock_irqsave(&page_lock);
	err = buddy_release(&ram, first, end);
	spin_unlock_irqrestore(&page_lock, flags);
	return err;
}

int page_alloc(paddr_t *out, unsigned int order, colour_mask_t mask)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	uint64_t pfn = 0;
	int err = ready ? buddy_alloc(&ram, order, mask, &pfn) : -ERR_NOMEM;

	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		return err;
	}
	*out = PADDR(pfn << PAGE_SHIFT);
	return 0;
}

int page_alloc_zeroed(paddr_t *out, unsigned int order, colour_mask_t mask)
{
	int err = page_alloc(out, order, mask);

	if (!err) {
		arch_zero_pages(arch_phys_to_virt(*out), PAGE_SIZE << order);
	}
	return err;
}

void page_free(paddr_t pa, unsigned int order)
{
	unsigned long flags;
	int err;

	flags = spin_lock_irqsave(&page_lock);
	err = IS_ALIGNED(pa.v, PAGE_SIZE) ?
	      buddy_free(&ram, pa.v >> PAGE_SHIFT, order) : -ERR_INVAL;
	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		panic("page_free: 0x%llx is not an allocated block of order %u",
		      (unsigned long long)pa.v, order);
	}
}

int page_alloc_exact(paddr_t *out, uint64_t pages, colour_mask_t mask)
{
	unsigned int order = 0;
	unsigned long flags;
	int err;

	if (pages == 0 || pages > BIT(PAGE_ORDER_MAX)) {
		return -ERR_INVAL;
	}
	while (BIT(order) < pages) {
		order++;
	}
	err = page_alloc(out, order, mask);
	if (err) {
		return err;
	}
	flags = spin_lock_irqsave(&page_lock);
	buddy_shrink(&ram, out->v >> PAGE_SHIFT, order, pages);
	spin_unlock_irqrestore(&page_lock, flags);
	return 0;
}

void page_free_exact(paddr_t pa, uint64_t pages)
{
	for (unsigned int order = PAGE_ORDER_MAX + 1; order-- > 0;) {
		if (pages & BIT(order)) {
			page_free(pa, order);
			pa.v += PAGE_SIZE << order;
		}
	}
}

unsigned int page_colours(void)
{
	return colours;
}

void page_set_colours(unsigned int count)
{
	assert(!started && count && count <= BUDDY_COLOURS &&
	       (count & (count - 1)) == 0);
	colours = count;
}

int page_max_order(colour_mask_t mask)
{
	return buddy_mask_order(&ram, mask);
}

void page_account_guest(int64_t pages)
{
	__atomic_fetch_add(&guest_pages, pages, __ATOMIC_RELAXED);
}

void page_get_stats(struct page_stats *st)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	uint64_t used = ram.used;

	st->total = ram.total;
	st->free = ram.free;
	st->reserved = ram.total - ram.free - used;
	for (unsigned int i = 0; i <= PAGE_ORDER_MAX; i++) {
		st->free_blocks[i] = ram.blocks[i];
	}
	spin_unlock_irqrestore(&page_lock, flags);
	st->guests = MIN((uint64_t)__atomic_load_n(&guest_pages,
						   __ATOMIC_RELAXED), used);
	st->hypervisor = used - st->guests;
}
