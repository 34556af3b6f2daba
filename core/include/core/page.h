/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host RAM: a buddy allocator whose free lists know cache colours. */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <libs/types.h>

#define PAGE_ORDER_MAX 18		/* 4 KiB << 18 = 1 GiB */

/*
 * A set of cache colours; bit n: colour n. PAGE_ANY_COLOUR: do not care. The
 * colour of a page is its frame number modulo page_colours(); a block has the
 * colours of all its pages.
 */
typedef uint64_t colour_mask_t;
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
/* Free a block as it was allocated. Double and misaligned frees panic. */
void page_free(paddr_t pa, unsigned int order);

/*
 * `pages` contiguous pages, aligned to the power of two that holds them; what
 * of that block is not needed stays free. Freed as a whole, with the same
 * number. Errors as page_alloc().
 */
int __must_check page_alloc_exact(paddr_t *out, uint64_t pages,
				  colour_mask_t colours);
void page_free_exact(paddr_t pa, uint64_t pages);

/* Largest order whose blocks fit into `colours`; -ERR_INVAL for none. */
int page_max_order(colour_mask_t colours);

/* Number of colours of the last-level cache; 1 if it cannot be coloured. */
unsigned int page_colours(void);
/* A power of two <= 64. Boot, before page_add_ram(). */
void page_set_colours(unsigned int count);

struct page_stats {
	uint64_t total, free, reserved;		/* pages */
	uint64_t hypervisor, guests;		/* of those used, by account */
	uint64_t free_blocks[PAGE_ORDER_MAX + 1];
};
void page_get_stats(struct page_stats *st);
/* Guest RAM is accounted apart: call with +n on allocation, -n on free. */
void page_account_guest(int64_t pages);

#endif
