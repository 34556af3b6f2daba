/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host RAM: a buddy allocator whose free lists know cache colours. */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <libs/types.h>

#define PAGE_ORDER_MAX 18		/* 4 KiB << 18 = 1 GiB */

/* A set of cache colours; bit n: colour n. PAGE_ANY_COLOUR: do not care. */
typedef uint64_t colour_mask_t;
#define PAGE_ANY_COLOUR (~(colour_mask_t)0)

/*
 * Boot: RAM [base, base+size) exists; then take out what is in use. All
 * ranges first, then all reservations, then page_init_done(), which places
 * the allocator's own tables in that RAM. RAM must be mapped at
 * arch_phys_to_virt() before page_init_done().
 */
int __must_check page_add_ram(paddr_t base, uint64_t size);
int __must_check page_reserve(paddr_t base, uint64_t size);
int __must_check page_init_done(void);
/* Boot: give a reserved range (initrd no longer needed...) to the allocator. */
int __must_check page_release_reserved(paddr_t base, uint64_t size);

/* A naturally aligned block of 2^order pages, contents undefined. Interrupts
 * masked or not; not from interrupt handlers or traps (no allocation there).*/
int __must_check page_alloc(paddr_t *out, unsigned int order,
			    colour_mask_t colours);
/* As page_alloc(), zero filled. */
int __must_check page_alloc_zeroed(paddr_t *out, unsigned int order,
				   colour_mask_t colours);
/* Free a block as it was allocated. Double and misaligned frees panic. */
void page_free(paddr_t pa, unsigned int order);

/* Number of colours of the last-level cache; 1 if it cannot be coloured. */
unsigned int page_colours(void);
void page_set_colours(unsigned int count);	/* power of two <= 64; boot */

struct page_stats {
	uint64_t total, free, reserved;		/* pages */
	uint64_t hypervisor, guests;		/* of those used, by account */
	uint64_t free_blocks[PAGE_ORDER_MAX + 1];
};
void page_get_stats(struct page_stats *st);
/* Guest RAM is accounted apart: call with +n on allocation, -n on free. */
void page_account_guest(int64_t pages);

#endif
