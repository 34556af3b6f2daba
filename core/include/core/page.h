/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host RAM: a buddy allocator whose free lists know cache colours. Nothing is
 * allocated in traps or interrupt handlers; otherwise any context, with
 * interrupts masked or not. */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <libs/types.h>

#define PAGE_ORDER_MAX 18 /* 4 KiB << 18 = 1 GiB */

/*
 * A set of cache colours; bit n: colour n. PAGE_ANY_COLOUR: do not care. The
 * colour of a page is its frame number modulo page_colours(); a block has the
 * colours of all its pages.
 */
#define PAGE_ANY_COLOUR (~(colour_mask_t)0)

/*
 * Boot: RAM [base, base+size) exists; then take out what is in use. All
 * ranges first, then all reservations, then page_init_done(), which places
 * the allocator's own tables in that RAM. RAM must be mapped at
 * arch_phys_to_virt() before page_init_done().
 */
/* -ERR_EXIST: overlaps RAM given before; -ERR_NOSPC: more than 64 ranges. */
int __must_check page_add_ram(paddr_t base, uint64_t size);
/* Partly or not at all in RAM is fine. -ERR_NOSPC: more than 160 of them. */
int __must_check page_reserve(paddr_t base, uint64_t size);
/* -ERR_NOMEM: no room for the tables, a byte for each page. */
int __must_check page_init_done(void);
/* Boot: give a reserved range (initrd no longer needed...) to the allocator.
 * -ERR_INVAL if not all of it is reserved RAM of one range. */
int __must_check page_release_reserved(paddr_t base, uint64_t size);
/* Boot: a reserved page is an allocated one from now on, and keeps what is in
 * it. -ERR_INVAL unless it is reserved. */
int __must_check page_take_reserved(paddr_t pa);

/*
 * A naturally aligned block of 2^order pages, contents undefined. Interrupts
 * masked or not; not from interrupt handlers or traps (no allocation there).
 * -ERR_NOMEM; -ERR_INVAL if no block of that order lies within `colours`.
 */
int __must_check page_alloc(paddr_t *out, unsigned int order,
			    colour_mask_t colours);
/* As page_alloc(), zero filled. The zeroes may still be in the cache: for a
 * guest that has its own caches off, arch_zero_memory(). */
int __must_check page_alloc_zeroed(paddr_t *out, unsigned int order,
				   colour_mask_t colours);
/* As page_alloc_zeroed(), with all addresses below `end`: for devices that
 * reach no others. Looks at some of the free blocks. */
int __must_check page_alloc_below(paddr_t *out, unsigned int order,
				  colour_mask_t colours, uint64_t end);
/* Free a block as it was allocated. Double and misaligned frees panic. */
void page_free(paddr_t pa, unsigned int order);

/* Free all blocks that lie in [pa, pa + pages), however they were allocated;
 * none may reach out of it. Panics as page_free(). */
void page_free_range(paddr_t pa, uint64_t pages);

/*
 * `pages` contiguous pages, aligned to the next power of two; the rest of that
 * block stays free. They are freed together, with the same number. Errors as
 * page_alloc().
 */
int __must_check page_alloc_exact(paddr_t *out, uint64_t pages,
				  colour_mask_t colours);
void page_free_exact(paddr_t pa, uint64_t pages);

/*
 * Allocate the pages whose colours are in the set from 1 to `most` consecutive
 * rows (core/colour.h); returns the number of rows. They start at the row
 * `near` if its pages are free, otherwise elsewhere; *row is the first one's
 * address. -ERR_NOMEM: there is none, or none was found quickly; then
 * page_alloc() may still have pages.
 */
#define PAGE_ROWS_MAX 32 /* the most that are given at once */
int __must_check page_alloc_rows(paddr_t *row, colour_mask_t colours,
				 paddr_t near, uint64_t most);
void page_free_row(paddr_t row, colour_mask_t colours);

/*
 * Memory at a given address. Allocate the pages from `pa` on, contents
 * undefined; they are freed by page_free_range(). -ERR_BUSY: some are used or
 * reserved; -ERR_INVAL: some are no RAM, or of other colours; then nothing is
 * allocated. Thread context.
 */
int __must_check page_alloc_range(paddr_t pa, uint64_t pages,
				  colour_mask_t colours);
/* The same for the pages of these colours in one row; freed by page_free_row().
 * Errors as for page_alloc_range(). */
int __must_check page_alloc_row_at(paddr_t row, colour_mask_t colours);
/* Why that failed: the use of the first of the `pages` pages at *at that has
 * one of these colours and is not free; *at is set to its address. PAGE_FREE:
 * all are free now. Looks at each block. */
enum page_use page_first_taken(paddr_t *at, uint64_t pages,
			       colour_mask_t colours);
/* The lowest multiple of `align` from which all pages of these colours among
 * `pages` pages are free. -ERR_NOMEM. Looks at all RAM, for a message. */
int __must_check page_find_free(paddr_t *out, uint64_t pages, uint64_t align,
				colour_mask_t colours);

/*
 * Boot: keep free memory for guests at fixed host addresses. Only
 * page_alloc_range() and page_alloc_row_at() give it out, and what is freed of
 * it is held again; otherwise it counts as reserved. What is held already is
 * left out. -ERR_BUSY, -ERR_INVAL as for page_alloc_range(); -ERR_NOSPC: more
 * than 64 ranges. The part in front of the mistake is held.
 */
int __must_check page_hold(paddr_t pa, uint64_t pages);

/* Largest order whose blocks fit into `colours`; -ERR_INVAL for none. */
int page_max_order(colour_mask_t colours);

/* Set the hypervisor's own colours: from now on, allocations with
 * PAGE_ANY_COLOUR have these colours, except for blocks too large for them.
 * Boot. */
void page_set_own(colour_mask_t colours);
/* The hypervisor's own colours; PAGE_ANY_COLOUR: it has none. Any context after
 * boot. */
colour_mask_t page_own(void);

/* What a page is used for, and by a block of which order; its number among all
 * pages of RAM. Any context. */
enum page_use { PAGE_FREE, PAGE_USED, PAGE_RESERVED, PAGE_NO_RAM };
struct page_info {
	enum page_use use;
	unsigned int order;
	uint64_t number;
};
void page_inspect(paddr_t pa, struct page_info *out);
/* The first used block at or after *at; false: there is no more. */
bool page_next_used(paddr_t *at, struct page_info *out);
/* The number of contradictions between the allocator's states, lists and sums.
 * -ERR_BUSY: it was never at rest. Thread context; takes a while. */
int64_t page_check(void);

/* Number of colours of the last-level cache; 1 if it cannot be coloured. */
unsigned int page_colours(void);
/* A power of two <= 64. Boot, before page_add_ram(). */
void page_set_colours(unsigned int count);

/* First address after all RAM. After page_init_done(), any context. */
uint64_t page_ram_end(void);

struct page_stats {
	uint64_t total, free, reserved; /* pages */
	uint64_t hypervisor, guests;    /* used pages, by account */
	uint64_t free_blocks[PAGE_ORDER_MAX + 1];
};
void page_get_stats(struct page_stats *st);
/*
 * Guest RAM has an account of its own: call with +n on allocation, -n on free.
 */
void page_account_guest(int64_t pages);

#endif
