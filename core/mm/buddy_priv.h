/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buddy system behind page.h: page frames by number, no lock, no panic,
 * so that tests can make as many as they like.
 *
 * A block of 2^order pages begins at a multiple of its size. Its colours are
 * those of its pages: pfn modulo the number of colours. Blocks that span all
 * colours lie on one list per order; smaller ones on a list per colour of
 * their first page, so that a request for given colours finds a block, or
 * knows there is none, in a number of steps bounded by the orders.
 */
#ifndef CORE_MM_BUDDY_PRIV_H
#define CORE_MM_BUDDY_PRIV_H

#include <core/page.h>
#include <libs/list.h>
#include <libs/types.h>

#define BUDDY_RANGES 64
#define BUDDY_COLOURS 64
#define BUDDY_ORDERS (PAGE_ORDER_MAX + 1)
/* 64 + 32 + ... + 2, then one for each order that spans all colours. */
#define BUDDY_LISTS (2 * BUDDY_COLOURS + BUDDY_ORDERS)

struct buddy_range {
	uint64_t first, end;		/* page frame numbers */
	uint8_t *state;			/* one byte for each page */
};

struct buddy {
	struct buddy_range ranges[BUDDY_RANGES];	/* ascending, apart */
	unsigned int nr_ranges;
	unsigned int colours;
	uint64_t total, free, used;	/* pages */
	uint64_t blocks[BUDDY_ORDERS];	/* free ones */
	/* Bit c: there is a free block whose first page has colour c. */
	uint64_t avail[BUDDY_ORDERS];
	uint64_t starts[BUDDY_ORDERS];	/* bits that may ever be set there */
	uint8_t first_list[BUDDY_ORDERS];
	struct list lists[BUDDY_LISTS];	/* links in the free pages */
};

/* colours: a power of two up to BUDDY_COLOURS. */
void buddy_init(struct buddy *b, unsigned int colours);

/* Pages [first, end) exist. -ERR_EXIST: some are known already; -ERR_NOSPC:
 * too many ranges. */
int __must_check buddy_add(struct buddy *b, uint64_t first, uint64_t end);

/* Memory for the page states, zeroed, once all ranges are known; every page
 * is reserved then. */
size_t buddy_state_size(const struct buddy *b);
void buddy_set_state(struct buddy *b, uint8_t *state);

/* Reserved pages become free. -ERR_INVAL unless all of them are reserved. */
int __must_check buddy_release(struct buddy *b, uint64_t first, uint64_t end);
/* The same at boot, when nothing but what was passed here is not reserved: each
 * page once. It is most of RAM, and there is nothing to look at. */
int __must_check buddy_release_first(struct buddy *b, uint64_t first,
				     uint64_t end);

/* -ERR_NOMEM; -ERR_INVAL: no block of that order has only those colours. */
int __must_check buddy_alloc(struct buddy *b, unsigned int order,
			     colour_mask_t mask, uint64_t *pfn);
/* -ERR_INVAL: not a block that was allocated with this order. */
int __must_check buddy_free(struct buddy *b, uint64_t pfn,
			    unsigned int order);

/*
 * Free the tail of an allocated block: `pages` of it stay, as the blocks that
 * their number's binary digits name, largest first. 0 < pages <= 2^order.
 */
void buddy_shrink(struct buddy *b, uint64_t pfn, unsigned int order,
		  uint64_t pages);

/* Largest order whose blocks can lie within `mask`; -ERR_INVAL if empty. */
int buddy_mask_order(const struct buddy *b, colour_mask_t mask);

#endif
