/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buddy system behind page.h, in page frame numbers. It has no lock and
 * does not panic, so that a test can make several.
 *
 * A block of 2^order pages begins at a multiple of its size. Its colours are
 * those of its pages: pfn modulo the number of colours. Blocks that span all
 * colours are on one list per order; smaller ones are on a list for the colour
 * of their first page, so that a request for given colours takes a number of
 * steps bounded by the number of orders.
 */
#ifndef CORE_MM_BUDDY_PRIV_H
#define CORE_MM_BUDDY_PRIV_H

#include <core/page.h>
#include <libs/list.h>
#include <libs/types.h>

#define BUDDY_RANGES 64
#define BUDDY_COLOURS 64
#define BUDDY_ORDERS (PAGE_ORDER_MAX + 1)
/* Blocks of a list that buddy_alloc_below() looks at. Blocks of high orders are
 * few, so that it finds a low one if much low memory is free. */
#define BUDDY_LOOKS 64
/* 64 + 32 + ... + 2, then one for each order that spans all colours. */
#define BUDDY_LISTS (2 * BUDDY_COLOURS + BUDDY_ORDERS)

struct buddy_range {
	uint64_t first, end; /* page frame numbers */
	uint8_t *state;      /* one byte for each page */
};

struct buddy {
	struct buddy_range ranges[BUDDY_RANGES]; /* ascending, disjoint */
	unsigned int nr_ranges;
	unsigned int colours;
	uint64_t total, free, used;    /* pages */
	uint64_t changes;              /* of lists, counted */
	uint64_t blocks[BUDDY_ORDERS]; /* free ones */
	/* Bit c: there is a free block whose first page has colour c. */
	uint64_t avail[BUDDY_ORDERS];
	uint64_t starts[BUDDY_ORDERS]; /* bits that may ever be set there */
	uint8_t first_list[BUDDY_ORDERS];
	struct list lists[BUDDY_LISTS]; /* links in the free pages */
};

/* colours: a power of two up to BUDDY_COLOURS. */
void buddy_init(struct buddy *b, unsigned int colours);

/* Add pages [first, end). -ERR_EXIST: some are known already; -ERR_NOSPC: too
 * many ranges; -ERR_INVAL: none. */
int __must_check buddy_add(struct buddy *b, uint64_t first, uint64_t end);

/* Give it zeroed memory for the page states, when all ranges are known. All
 * pages are reserved then. */
size_t buddy_state_size(const struct buddy *b);
void buddy_set_state(struct buddy *b, uint8_t *state);

/* Reserved pages become free. -ERR_INVAL unless all of them are reserved. */
int __must_check buddy_release(struct buddy *b, uint64_t first, uint64_t end);
/* The same at boot, once for each page, without a check of each page's state:
 * it is most of RAM, and all of it is reserved. */
int __must_check buddy_release_first(struct buddy *b, uint64_t first,
				     uint64_t end);

/* A reserved page becomes an allocated one, of order 0; its contents stay.
 * -ERR_INVAL unless it is reserved. */
int __must_check buddy_take_reserved(struct buddy *b, uint64_t pfn);

/* -ERR_NOMEM; -ERR_INVAL: no block of that order has only those colours. */
int __must_check buddy_alloc(struct buddy *b, unsigned int order,
			     colour_mask_t mask, uint64_t *pfn);
/* The same, wholly below page `end`. */
int __must_check buddy_alloc_below(struct buddy *b, unsigned int order,
				   colour_mask_t mask, uint64_t end,
				   uint64_t *pfn);
/* Allocate the block that begins at pfn. -ERR_BUSY: part of it is not free;
 * -ERR_INVAL: no RAM, or misaligned. */
int __must_check buddy_alloc_at(struct buddy *b, uint64_t pfn,
				unsigned int order);

/*
 * buddy_row.c: allocate the pages of the colours in `mask`, which is not empty,
 * in 1 to `most` adjacent rows; returns how many rows. They begin at row `near`
 * if it is free, otherwise elsewhere (0: anywhere). *row is the first frame of
 * the first row, of whatever colour. -ERR_NOMEM: in the row with the first free
 * pages that were found, other pages of `mask` are used.
 */
int __must_check buddy_alloc_rows(struct buddy *b, colour_mask_t mask,
				  uint64_t near, unsigned int most,
				  uint64_t *row);
/*
 * A part of each row, as a block: the pieces of a row are all of it, in order.
 * buddy_take_rows(): of the free block that holds the row at frame `row`, take
 * the used pieces of as many rows from there on as it has, at most `most`; the
 * others stay free. Returns how many; 0: no free block holds the row.
 */
struct buddy_piece {
	uint8_t first; /* colour */
	uint8_t order;
	bool used;
};
/* Are the used pieces of a row free? Its first page is RAM. */
bool buddy_row_is_free(struct buddy *b, uint64_t row,
		       const struct buddy_piece *pieces, unsigned int n);
unsigned int buddy_take_rows(struct buddy *b, uint64_t row, unsigned int most,
			     const struct buddy_piece *pieces, unsigned int n);
/* Those of the row that begins at frame `row`, all or none. -ERR_BUSY: some are
 * used or reserved; -ERR_INVAL: some are no RAM. */
int __must_check buddy_alloc_row(struct buddy *b, colour_mask_t mask,
				 uint64_t row);
/* Free the pages of one row. -ERR_INVAL: one of its blocks was not
 * allocated. */
int __must_check buddy_free_row(struct buddy *b, colour_mask_t mask,
				uint64_t row);

/* -ERR_INVAL: not a block that was allocated with this order. */
int __must_check buddy_free(struct buddy *b, uint64_t pfn, unsigned int order);

/* An allocated block becomes reserved pages. Errors as for buddy_free(). */
int __must_check buddy_reserve(struct buddy *b, uint64_t pfn,
			       unsigned int order);

/* The use of page pfn, and the order of the block that it is in (reserved:
 * 0). */
enum page_use buddy_use(struct buddy *b, uint64_t pfn, unsigned int *order);
/* The number of pages of RAM below pfn. */
uint64_t buddy_number(const struct buddy *b, uint64_t pfn);

/*
 * buddy_check.c: a walk over all blocks, `steps` at a time, from a zeroed
 * struct until buddy_check_some() returns true. The result is valid only if
 * nothing was allocated or freed in between: `changes` must still equal that of
 * the buddy system. buddy_check_end() returns the number of contradictions.
 */
struct buddy_check {
	uint64_t changes, next, free, used, bad;
	unsigned int range;
	uint64_t blocks[BUDDY_ORDERS];
};
bool buddy_check_some(struct buddy *b, struct buddy_check *c,
		      unsigned int steps);
uint64_t buddy_check_end(const struct buddy *b, struct buddy_check *c);

/* Order of the allocated block that begins at pfn; -ERR_INVAL for none. */
int buddy_order(struct buddy *b, uint64_t pfn);

/*
 * Free the tail of an allocated block: `pages` of it stay allocated, as one
 * block for each bit of that number, the largest first. 0 < pages <= 2^order.
 */
void buddy_shrink(struct buddy *b, uint64_t pfn, unsigned int order,
		  uint64_t pages);

/* The largest order of a block with colours of `mask` only; -ERR_INVAL:
 * none. */
int buddy_mask_order(const struct buddy *b, colour_mask_t mask);

#endif
