/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows: the pages of some colours in adjacent parts of memory, so that a few
 * words describe where a coloured guest's pages are. */
#include "buddy_priv.h"

#include <core/colour.h>
#include <libs/error.h>

/*
 * What is done with interrupts masked: looks at rows below the one that was
 * found, which are then allocated in ascending order, and at blocks in them;
 * and pieces that are taken out of a free block, some 40 instructions each. A
 * block that is taken alone counts as several.
 */
#define ROW_LOOKS 64
#define ROW_BLOCK_LOOKS 80
#define ROW_PIECES 128
#define ROW_BLOCK 7

/* The pieces of a row: the blocks of a set, and what is between them. */
struct row {
	struct buddy_piece pieces[BUDDY_COLOURS];
	unsigned int n;
	unsigned int blocks; /* that are used */
};

/* For each block of colours in a set, the lowest first. */
#define for_each_block(rest, mask, first, order) \
	for ((rest) = (mask); \
	     (rest) && ((first) = (unsigned int)__builtin_ctzll(rest), \
		       (order) = colour_block(rest), true); \
	     (rest) &= ~colour_bits(first, order))

static struct row row_of(const struct buddy *b, colour_mask_t mask)
{
	colour_mask_t left = GENMASK(b->colours - 1, 0);
	struct row r = { .n = 0 };

	while (left) {
		unsigned int first = (unsigned int)__builtin_ctzll(left);
		bool used = mask & BIT(first);
		unsigned int order = colour_block(left & (used ? mask : ~mask));

		r.pieces[r.n++] = (struct buddy_piece){
			(uint8_t)first,
			(uint8_t)order,
			used,
		};
		r.blocks += used;
		left &= ~colour_bits(first, order);
	}
	return r;
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

/* A row in which the first block of the set is free, or a free row below it. */
static int row_find(struct buddy *b, const struct row *r, colour_mask_t mask,
		    uint64_t *row)
{
	unsigned int first = (unsigned int)__builtin_ctzll(mask);
	unsigned int order = colour_block(mask);
	unsigned int looks = MIN(ROW_LOOKS, ROW_BLOCK_LOOKS / r->blocks);
	uint64_t pfn;
	int err = buddy_alloc(b, order, colour_bits(first, order), &pfn);

	if (!err) {
		err = buddy_free(b, pfn, order);
	}
	if (err) {
		return err;
	}
	pfn &= ~((uint64_t)b->colours - 1);
	while (looks-- > 0 && pfn > b->colours &&
	       buddy_row_is_free(b, pfn - b->colours, r->pieces, r->n)) {
		pfn -= b->colours;
	}
	*row = pfn;
	return 0;
}

/* A row of which other parts are used. */
static bool take_blocks(struct buddy *b, const struct row *r, uint64_t at)
{
	if (!buddy_row_is_free(b, at, r->pieces, r->n)) {
		return false;
	}
	for (unsigned int i = 0; i < r->n; i++) {
		const struct buddy_piece *p = &r->pieces[i];

		if (p->used && buddy_alloc_at(b, at + p->first, p->order)) {
			return false; /* never: it is free */
		}
	}
	return true;
}

/* Rows from `row` on: as many at once as one free block holds, else one.
 * Returns how many, at most `most`. */
static unsigned int rows_from(struct buddy *b, const struct row *r,
			      uint64_t row, unsigned int most)
{
	unsigned int left = ROW_PIECES, rows = 0;

	while (rows < most && (left >= r->n || rows == 0)) {
		uint64_t at = row + (uint64_t)rows * b->colours;
		unsigned int some = MIN(most - rows, MAX(left / r->n, 1U));
		unsigned int cost;

		some = buddy_take_rows(b, at, some, r->pieces, r->n);
		cost = some * r->n;
		if (some == 0) {
			if (!take_blocks(b, r, at)) {
				break;
			}
			some = 1;
			cost = r->blocks * ROW_BLOCK;
		}
		rows += some;
		left -= MIN(left, cost);
	}
	return rows;
}

int buddy_alloc_rows(struct buddy *b, colour_mask_t mask, uint64_t near,
		     unsigned int most, uint64_t *row)
{
	struct row r;
	unsigned int n;
	int err;

	mask &= GENMASK(b->colours - 1, 0);
	r = row_of(b, mask);
	*row = near;
	n = near ? rows_from(b, &r, near, most) : 0;
	if (n == 0) {
		err = row_find(b, &r, mask, row);
		if (err) {
			return err;
		}
		n = rows_from(b, &r, *row, most);
	}
	return n ? (int)n : -ERR_NOMEM;
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
