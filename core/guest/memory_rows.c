/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM of a guest that has only some colours: in whole rows of pages, and in
 * remains of rows that are partly used. */
#include <arch/mmu.h>
#include <core/colour.h>
#include <core/guest.h>
#include <libs/error.h>

#include "guest_priv.h"

uint64_t guest_rows_end(const struct guest_extent *e)
{
	uint64_t per_row = colour_count(e->colours) * PAGE_SIZE;

	return e->size % per_row
		       ? 0
		       : e->pa.v + e->size / per_row * colour_row_bytes();
}

void guest_rows_free(const struct guest_extent *e)
{
	uint64_t per_row = colour_count(e->colours) * PAGE_SIZE;
	paddr_t row = e->pa;

	for (uint64_t off = 0; off < e->size; off += per_row) {
		page_free_row(row, e->colours);
		row.v += colour_row_bytes();
	}
}

/* Pieces mapped by one call. */
#define PIECES 64

struct batch {
	struct guest *g;
	enum stage2_prot prot;
	ipa_t ipa; /* of the first piece */
	uint64_t size;
	struct stage2_piece piece[PIECES];
	unsigned int n;
};

static int batch_flush(struct batch *b)
{
	int err = 0;

	if (b->n > 0) {
		err = stage2_map_pieces(&b->g->stage2, b->ipa, b->piece, b->n,
					b->prot);
	}
	b->ipa.v += b->size;
	b->size = 0;
	b->n = 0;
	return err;
}

static int batch_add(struct batch *b, paddr_t pa, uint64_t size)
{
	int err = guest_memory_clear(b->g, pa, size);

	if (err) {
		return err;
	}
	b->piece[b->n++] = (struct stage2_piece){ pa, size };
	b->size += size;
	return b->n == PIECES ? batch_flush(b) : 0;
}

static int batch_add_row(struct batch *b, uint64_t row, colour_mask_t set)
{
	while (set) {
		unsigned int colour = (unsigned int)__builtin_ctzll(set);
		uint64_t at = row + colour * PAGE_SIZE, size = 0;
		int err;

		for (; set & BIT(colour); colour++) {
			set &= ~BIT(colour);
			size += PAGE_SIZE;
			if (colour == 63) {
				break;
			}
		}
		err = batch_add(b, PADDR(at), size);
		if (err) {
			return err;
		}
	}
	return 0;
}

int guest_rows_fill(struct guest *g, const struct guest_extent *e)
{
	uint64_t per_row = colour_count(e->colours) * PAGE_SIZE;
	struct batch b = { .g = g, .prot = e->prot, .ipa = e->ipa };
	uint64_t row = e->pa.v;
	int err = 0;

	for (uint64_t off = 0; !err && off < e->size; off += per_row) {
		err = batch_add_row(&b, row, e->colours);
		row += colour_row_bytes();
	}
	return err ? err : batch_flush(&b);
}

/* Any block of the guest's colours, when no whole row is left. */
static int take_block(struct guest_extent *e, colour_mask_t set, uint64_t left)
{
	int order = page_max_order(set);
	int err = -ERR_NOMEM;
	unsigned int colour;
	paddr_t pa;

	while (order >= 0 && (BIT((unsigned int)order) > left ||
			      BIT((unsigned int)order) > page_colours())) {
		order--;
	}
	for (; order >= 0; order--) {
		err = page_alloc(&pa, (unsigned int)order, set);
		if (!err) {
			break;
		}
	}
	if (err) {
		return err;
	}
	colour = (unsigned int)(pa.v / PAGE_SIZE % page_colours());
	e->pa = PADDR(ALIGN_DOWN(pa.v, colour_row_bytes()));
	e->colours = colour_bits(colour, (unsigned int)order);
	e->size = PAGE_SIZE << order;
	return 0;
}

/* Contiguous rows, as many as there are, with all colours of the guest, or
 * fewer if fewer pages are left to find. */
static int take_rows(struct guest_extent *e, colour_mask_t set, uint64_t left,
		     paddr_t near)
{
	unsigned int per_row = colour_count(set);
	int rows;

	e->colours = set;
	for (; per_row > left; per_row--) {
		e->colours &= ~BIT(63 - __builtin_clzll(e->colours));
	}
	rows = page_alloc_rows(&e->pa, e->colours, near, left / per_row);
	if (rows > 0) {
		e->size = (uint64_t)rows * per_row * PAGE_SIZE;
	}
	return MIN(rows, 0);
}

int guest_rows_init(struct guest *g, uint64_t ipa, uint64_t end)
{
	colour_mask_t set = g->colours.set & colour_all();
	paddr_t near = PADDR(0);

	while (ipa < end) {
		struct guest_extent e = { .ipa = IPA(ipa), .prot = STAGE2_RWX };
		uint64_t left = (end - ipa) / PAGE_SIZE;
		int err = take_rows(&e, set, left, near);

		if (err) {
			err = take_block(&e, set, left);
		}
		if (err) {
			return err;
		}
		err = guest_rows_fill(g, &e);
		if (!err) {
			err = guest_extents_append(&g->memory.extents, &e);
		}
		if (err) {
			guest_rows_free(&e);
			return err;
		}
		page_account_guest((int64_t)(e.size / PAGE_SIZE));
		near = PADDR(guest_rows_end(&e));
		ipa += e.size;
	}
	return 0;
}
