/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host RAM: the system's buddy allocator with its start, lock and statistics.
 * The colour of a page follows from its number: buddy.c. */
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

static struct buddy ram; /* [L] */
static struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGE);
static int64_t guest_pages;                 /* [A] */
static unsigned int nr_colours = 1;         /* [I] after boot */
static colour_mask_t own = PAGE_ANY_COLOUR; /* [I] after boot */

#ifdef CONFIG_GUEST_FIXED_MEMORY
/* Reserved pages that page_alloc_range() and page_alloc_row_at() may have. */
#define MAX_HELD 64
static struct frames held[MAX_HELD]; /* [I] after boot */
static unsigned int nr_held;         /* [I] after boot */

static bool is_held(uint64_t pfn)
{
	for (unsigned int i = 0; i < nr_held; i++) {
		if (held[i].first <= pfn && pfn < held[i].end) {
			return true;
		}
	}
	return false;
}

/* What is held is reserved again. A block is held as a whole, or not at all. */
static int free_locked(uint64_t pfn, unsigned int order)
{
	return is_held(pfn) ? buddy_reserve(&ram, pfn, order)
			    : buddy_free(&ram, pfn, order);
}
#else
static int free_locked(uint64_t pfn, unsigned int order)
{
	return buddy_free(&ram, pfn, order);
}
#endif

/* Boot only. */
static struct frames reserved[MAX_RESERVED];
static unsigned int nr_reserved;
static bool started, ready;

static void page_start(void)
{
	if (!started) {
		buddy_init(&ram, nr_colours);
		started = true;
	}
}

int page_add_ram(paddr_t base, uint64_t size)
{
	uint64_t first = ALIGN_UP(base.v, PAGE_SIZE) >> PAGE_SHIFT;
	uint64_t end = (base.v + size) >> PAGE_SHIFT;

	assert(!ready);
	page_start();
	/* Address 0 means "none" in many places. */
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

/* The first gap of unreserved pages in [first, end); empty if there is none. */
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

/* Reserve room for the page states, in the first gap that is large enough. */
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

#ifdef CONFIG_COLOURS
int page_take_reserved(paddr_t pa)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	int err = buddy_take_reserved(&ram, pa.v >> PAGE_SHIFT);

	spin_unlock_irqrestore(&page_lock, flags);
	return err;
}
#endif

static int alloc_locked(unsigned int order, colour_mask_t colours,
			uint64_t *pfn)
{
	int err;

	if (colours != PAGE_ANY_COLOUR) {
		return buddy_alloc(&ram, order, colours, pfn);
	}
	err = buddy_alloc(&ram, order, own, pfn);
	if (err == -ERR_INVAL) {
		err = buddy_alloc(&ram, order, colours, pfn);
	}
	return err;
}

int page_alloc(paddr_t *out, unsigned int order, colour_mask_t colours)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	uint64_t pfn = 0;
	int err = ready ? alloc_locked(order, colours, &pfn) : -ERR_NOMEM;

	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		return err;
	}
	*out = PADDR(pfn << PAGE_SHIFT);
	return 0;
}

int page_alloc_zeroed(paddr_t *out, unsigned int order, colour_mask_t colours)
{
	int err = page_alloc(out, order, colours);

	if (!err) {
		arch_zero_pages(arch_phys_to_virt(*out), PAGE_SIZE << order);
	}
	return err;
}

/* Apart from alloc_locked(): an image without DMA has none of this. */
static int below_locked(unsigned int order, colour_mask_t colours, uint64_t end,
			uint64_t *pfn)
{
	int err;

	if (colours != PAGE_ANY_COLOUR) {
		return buddy_alloc_below(&ram, order, colours, end, pfn);
	}
	err = buddy_alloc_below(&ram, order, own, end, pfn);
	if (err == -ERR_INVAL) {
		err = buddy_alloc_below(&ram, order, colours, end, pfn);
	}
	return err;
}

int page_alloc_below(paddr_t *out, unsigned int order, colour_mask_t colours,
		     uint64_t end)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	uint64_t pfn = 0;
	int err = -ERR_NOMEM;

	if (ready) {
		err = below_locked(order, colours, end >> PAGE_SHIFT, &pfn);
	}
	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		return err;
	}
	*out = PADDR(pfn << PAGE_SHIFT);
	arch_zero_pages(arch_phys_to_virt(*out), PAGE_SIZE << order);
	return 0;
}

void page_free(paddr_t pa, unsigned int order)
{
	unsigned long flags;
	int err;

	flags = spin_lock_irqsave(&page_lock);
	err = IS_ALIGNED(pa.v, PAGE_SIZE)
		      ? free_locked(pa.v >> PAGE_SHIFT, order)
		      : -ERR_INVAL;
	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		panic("page_free: 0x%llx is not an allocated block of order %u",
		      (unsigned long long)pa.v, order);
	}
}

void page_free_range(paddr_t pa, uint64_t pages)
{
	while (pages > 0) {
		unsigned long flags = spin_lock_irqsave(&page_lock);
		int order = buddy_order(&ram, pa.v >> PAGE_SHIFT);

		spin_unlock_irqrestore(&page_lock, flags);
		if (order < 0 || BIT((unsigned int)order) > pages) {
			panic("page_free_range: 0x%llx begins no block of at "
			      "most %llu pages",
			      (unsigned long long)pa.v,
			      (unsigned long long)pages);
		}
		page_free(pa, (unsigned int)order);
		pa.v += PAGE_SIZE << order;
		pages -= BIT((unsigned int)order);
	}
}

int page_alloc_exact(paddr_t *out, uint64_t pages, colour_mask_t colours)
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
	err = page_alloc(out, order, colours);
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

#ifdef CONFIG_GUEST_FIXED_MEMORY
/* Blocks that are taken out of what is held are not larger: each page is looked
 * at with interrupts masked. */
#define HELD_ORDER 9

/* A held block, of which no page is used, is allocated. */
static int held_alloc_at(uint64_t pfn, unsigned int order)
{
	uint64_t end = pfn + BIT(order);
	int err;

	if (order > HELD_ORDER || !is_held(end - 1)) {
		return -ERR_BUSY;
	}
	err = buddy_release(&ram, pfn, end);
	return err ? -ERR_BUSY : buddy_alloc_at(&ram, pfn, order);
}

static int alloc_at_locked(uint64_t pfn, unsigned int order)
{
	return is_held(pfn) ? held_alloc_at(pfn, order)
			    : buddy_alloc_at(&ram, pfn, order);
}

/* Allocate the block at this address. -ERR_BUSY: part of it is used;
 * -ERR_INVAL: it is not RAM, or not aligned to its size. */
static int page_alloc_at(paddr_t pa, unsigned int order)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	int err = alloc_at_locked(pa.v >> PAGE_SHIFT, order);

	spin_unlock_irqrestore(&page_lock, flags);
	return err;
}

/* The order of the largest block that begins at `pa` and has at most `pages`
 * pages. */
static unsigned int largest_order(paddr_t pa, uint64_t pages)
{
	unsigned int order = 0;

	while (order < PAGE_ORDER_MAX && BIT(order + 1) <= pages &&
	       IS_ALIGNED(pa.v, PAGE_SIZE << (order + 1))) {
		order++;
	}
	return order;
}

/* Has each of these pages one of the colours? */
static bool are_coloured(paddr_t pa, uint64_t pages, colour_mask_t colours)
{
	unsigned int n = page_colours();

	for (uint64_t i = 0; i < MIN(pages, (uint64_t)n); i++) {
		if (!(colours & BIT(((pa.v >> PAGE_SHIFT) + i) % n))) {
			return false;
		}
	}
	return true;
}

int page_alloc_range(paddr_t pa, uint64_t pages, colour_mask_t colours)
{
	paddr_t at = pa;
	int err = are_coloured(pa, pages, colours) ? 0 : -ERR_INVAL;

	while (!err && pages > 0) {
		unsigned int order = largest_order(at, pages);

		/* A block does not reach across two ranges of RAM. */
		while ((err = page_alloc_at(at, order)) != 0 && order > 0) {
			order--;
		}
		if (!err) {
			at.v += PAGE_SIZE << order;
			pages -= BIT(order);
		}
	}
	if (err) {
		page_free_range(pa, (at.v - pa.v) / PAGE_SIZE);
	}
	return err;
}

/* Hold [first, end), none of which is. */
static int hold_some(uint64_t first, uint64_t end)
{
	int err;

	if (nr_held == MAX_HELD) {
		return -ERR_NOSPC;
	}
	err = page_alloc_range(PADDR(first << PAGE_SHIFT), end - first,
			       PAGE_ANY_COLOUR);
	for (uint64_t at = first; !err && at < end;) {
		unsigned int order = (unsigned int)buddy_order(&ram, at);

		err = buddy_reserve(&ram, at, order);
		at += BIT(order);
	}
	if (!err) {
		held[nr_held++] = (struct frames){ first, end };
	}
	return err;
}

int page_hold(paddr_t pa, uint64_t pages)
{
	uint64_t at = pa.v >> PAGE_SHIFT, end = at + pages;
	int err = 0;

	while (!err && at < end) {
		uint64_t first = at;

		while (at < end && !is_held(at)) {
			at++;
		}
		if (first < at) {
			err = hold_some(first, at);
		}
		while (at < end && is_held(at)) {
			at++;
		}
	}
	return err;
}

/* `held_too`: pages that are held and not used are not free, either. */
static enum page_use first_taken(paddr_t *at, uint64_t pages,
				 colour_mask_t colours, bool held_too)
{
	uint64_t end = at->v + pages * PAGE_SIZE;
	struct page_info page = { .use = PAGE_FREE };

	while (at->v < end && page.use == PAGE_FREE) {
		if (!(colours & BIT(at->v / PAGE_SIZE % nr_colours))) {
			at->v += PAGE_SIZE;
			continue;
		}
		page_inspect(*at, &page);
		if (!held_too && page.use == PAGE_RESERVED &&
		    is_held(at->v / PAGE_SIZE)) {
			page.use = PAGE_FREE;
		}
		if (page.use == PAGE_FREE) {
			at->v = ALIGN_DOWN(at->v, PAGE_SIZE << page.order) +
				(PAGE_SIZE << page.order);
		}
	}
	return page.use;
}

enum page_use page_first_taken(paddr_t *at, uint64_t pages,
			       colour_mask_t colours)
{
	return first_taken(at, pages, colours, false);
}

/* As page_find_free(), in one range of RAM. */
static int find_in_range(const struct buddy_range *r, paddr_t *out,
			 uint64_t pages, uint64_t align, colour_mask_t colours)
{
	uint64_t end = r->end << PAGE_SHIFT;
	paddr_t at = PADDR(ALIGN_UP(r->first << PAGE_SHIFT, align));

	while (at.v < end && (end - at.v) / PAGE_SIZE >= pages) {
		*out = at;
		if (first_taken(&at, pages, colours, true) == PAGE_FREE) {
			return 0;
		}
		at.v = ALIGN_UP(at.v + PAGE_SIZE, align);
	}
	return -ERR_NOMEM;
}

int page_find_free(paddr_t *out, uint64_t pages, uint64_t align,
		   colour_mask_t colours)
{
	int err = -ERR_NOMEM;

	for (unsigned int i = 0; err && i < ram.nr_ranges; i++) {
		err = find_in_range(&ram.ranges[i], out, pages, align, colours);
	}
	return err;
}
#endif

#ifdef CONFIG_COLOURS
int page_alloc_rows(paddr_t *row, colour_mask_t colours, paddr_t near,
		    uint64_t most)
{
	unsigned int n = (unsigned int)MIN(most, (uint64_t)PAGE_ROWS_MAX);
	unsigned long flags = spin_lock_irqsave(&page_lock);
	uint64_t pfn;
	int got =
		buddy_alloc_rows(&ram, colours, near.v >> PAGE_SHIFT, n, &pfn);

	spin_unlock_irqrestore(&page_lock, flags);
	if (got > 0) {
		*row = PADDR(pfn << PAGE_SHIFT);
	}
	return got;
}

#ifdef CONFIG_GUEST_FIXED_MEMORY
/* A free page becomes reserved, if it is held. Locked. */
static void hold_page(uint64_t pfn)
{
	int err;

	if (is_held(pfn) && buddy_alloc_at(&ram, pfn, 0) == 0) {
		err = buddy_reserve(&ram, pfn, 0);
		assert(!err);
	}
}

/* The same for the pages of these colours in a row. */
static void hold_row(uint64_t row, colour_mask_t colours)
{
	for (unsigned int c = 0; c < nr_colours; c++) {
		if (colours & BIT(c)) {
			hold_page(row + c);
		}
	}
}

int page_alloc_row_at(paddr_t row, colour_mask_t colours)
{
	uint64_t first = row.v >> PAGE_SHIFT;
	unsigned long flags = spin_lock_irqsave(&page_lock);
	int err;

	for (unsigned int c = 0; c < nr_colours; c++) {
		if ((colours & BIT(c)) && is_held(first + c)) {
			/* If it is used, the row is refused. */
			err = buddy_release(&ram, first + c, first + c + 1);
			(void)err;
		}
	}
	err = buddy_alloc_row(&ram, colours, first);
	if (err) {
		hold_row(first, colours);
	}
	spin_unlock_irqrestore(&page_lock, flags);
	return err;
}
#else
static void hold_row(uint64_t row, colour_mask_t colours)
{
	(void)row;
	(void)colours;
}
#endif

void page_free_row(paddr_t row, colour_mask_t colours)
{
	unsigned long flags = spin_lock_irqsave(&page_lock);
	int err = buddy_free_row(&ram, colours, row.v >> PAGE_SHIFT);

	if (!err) {
		hold_row(row.v >> PAGE_SHIFT, colours);
	}
	spin_unlock_irqrestore(&page_lock, flags);
	if (err) {
		panic("page_free_row: not all of 0x%llx's pages are allocated",
		      (unsigned long long)row.v);
	}
}

#endif

unsigned int page_colours(void)
{
	return nr_colours;
}

void page_set_own(colour_mask_t colours)
{
	own = colours;
}

colour_mask_t page_own(void)
{
	return own;
}

void page_set_colours(unsigned int count)
{
	assert(!started && count && count <= BUDDY_COLOURS &&
	       (count & (count - 1)) == 0);
	nr_colours = count;
}

int page_max_order(colour_mask_t colours)
{
	return buddy_mask_order(&ram, colours);
}

uint64_t page_ram_end(void)
{
	return ram.ranges[ram.nr_ranges - 1].end << PAGE_SHIFT;
}

#if defined(CONFIG_TERMINAL) || defined(CONFIG_GUEST_FIXED_MEMORY)
void page_inspect(paddr_t pa, struct page_info *out)
{
	uint64_t pfn = pa.v >> PAGE_SHIFT;
	unsigned long flags = spin_lock_irqsave(&page_lock);

	out->use = buddy_use(&ram, pfn, &out->order);
	out->number = buddy_number(&ram, pfn);
	spin_unlock_irqrestore(&page_lock, flags);
}
#endif

#ifdef CONFIG_TERMINAL
bool page_next_used(paddr_t *at, struct page_info *out)
{
	for (unsigned int i = 0; i < ram.nr_ranges; i++) {
		const struct buddy_range *r = &ram.ranges[i];
		uint64_t pfn = MAX(at->v >> PAGE_SHIFT, r->first);

		while (pfn < r->end) {
			*at = PADDR(pfn << PAGE_SHIFT);
			page_inspect(*at, out);
			if (out->use == PAGE_USED) {
				return true;
			}
			pfn = (pfn & ~(BIT(out->order) - 1)) + BIT(out->order);
		}
	}
	return false;
}

#define CHECK_STEPS 64 /* blocks for which the lock is held at once */
#define CHECK_TRIES 8

int64_t page_check(void)
{
	for (unsigned int i = 0; i < CHECK_TRIES; i++) {
		struct buddy_check c = { .next = 0 };
		int64_t bad = -ERR_BUSY;
		bool done = false;

		while (!done) {
			unsigned long flags = spin_lock_irqsave(&page_lock);

			done = buddy_check_some(&ram, &c, CHECK_STEPS);
			if (done && c.changes == ram.changes) {
				bad = (int64_t)buddy_check_end(&ram, &c);
			}
			spin_unlock_irqrestore(&page_lock, flags);
		}
		if (bad >= 0) {
			return bad;
		}
	}
	return -ERR_BUSY;
}
#endif

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
	st->guests =
		MIN((uint64_t)__atomic_load_n(&guest_pages, __ATOMIC_RELAXED),
		    used);
	st->hypervisor = used - st->guests;
}
