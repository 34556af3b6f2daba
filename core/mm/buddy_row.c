/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows: the pages of some colours in adjacent parts of memory, so that a few
 * words describe where a coloured guest's pages are. */
#include "buddy_priv.h"

#include <core/colour.h>
#include <libs/error.h>

/* How many rows below the one that was found are tried: these are then
 * allocated in ascending order. */
#define ROW_LOOKS 64

/* For each block of colours in a set, the lowest first. */
#define for_each_block(rest, mask, first, order) \
	for ((rest) = (mask); \
	     (rest) && ((first) = (unsigned int)__builtin_ctzll(rest), \
		       (order) = colour_block(rest), true); \
	     (rest) &= ~colour_bits(first, order))

static bool row_is_free(struct buddy *b, colour_mask_t mask, uint64_t row)
{
	unsigned int first, order;
	colour_mask_t rest;

	for_each_block(rest, mask, first, order)
	{
		if (!buddy_is_free(b, row + first, order)) {
			return false;
		}
	}
	return true;
}

int buddy_alloc_row(struct buddy *b, colour_mask_t mask, uint64_t row)
{
	unsigned int first, order;
	colour_mask_t rest;

	mask &= GENMASK(b->colours - 1, 0);
	for_each_block(rest, mask, first, order)
	{
		int err = buddy_alloc_at(b, row + first, order);

		if (err) {
			int undone = buddy_free_row(b, mask & ~rest, row);

			return undone ? undone : err;
		}
	}
	return 0;
}

/* A row in which the first block of `mask` is free, or a free row below it. */
static int row_find(struct buddy *b, colour_mask_t mask, uint64_t *row)
{
	unsigned int first = (unsigned int)__builtin_ctzll(mask);
	unsigned int order = colour_block(mask);
	uint64_t pfn;
	int err = buddy_alloc(b, order, colour_bits(first, order), &pfn);

	if (!err) {
		err = buddy_free(b, pfn, order);
	}
	if (err) {
		return err;
	}
	pfn &= ~((uint64_t)b->colours - 1);
	for (unsigned int n = 0; n < ROW_LOOKS && pfn > b->colours &&
				 row_is_free(b, mask, pfn - b->colours);
	     n++) {
		pfn -= b->colours;
	}
	*row = pfn;
	return 0;
}

int buddy_alloc_rows(struct buddy *b, colour_mask_t mask, uint64_t near,
		     unsigned int most, uint64_t *row)
{
	unsigned int n = 0;
	int err;

	mask &= GENMASK(b->colours - 1, 0);
	*row = near;
	if (!near || buddy_alloc_row(b, mask, near) != 0) {
		err = row_find(b, mask, row);
		if (err) {
			return err;
		}
		if (buddy_alloc_row(b, mask, *row) != 0) {
			return -ERR_NOMEM;
		}
	}
	do {
		n++;
	} while (n < most &&
		 buddy_alloc_row(b, mask, *row + n * b->colours) == 0);
	return (int)n;
}

int buddy_free_row(struct buddy *b, colour_mask_t mask, uint64_t row)
{
	unsigned int first, order;
	colour_mask_t rest;

	for_each_block(rest, mask & GENMASK(b->colours - 1, 0), first, order)
	{
		int err = buddy_free(b, row + first, order);

		if (err) {
			return err;
		}
	}
	return 0;
}
