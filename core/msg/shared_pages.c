/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A region's memory: allocated in blocks of 2 MiB where the host has them,
 * cleared, and mapped in guests' windows. Guests never execute it: a guest that
 * may write it could change another's code.
 */
#include <arch/mmu.h>
#include <arch/stage2.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/page.h>
#include <libs/error.h>
#include <string.h>

#include "shared_priv.h"

#define BLOCK_ORDER 9 /* 2 MiB */
#define BLOCK (PAGE_SIZE << BLOCK_ORDER)
#define PIECES_FIRST 8u /* entries of the first table */

/* --- memory -------------------------------------------------------------- */

static int grow(struct shared_region *r)
{
	uint32_t room = r->room ? 2 * r->room : PIECES_FIRST;
	struct shared_piece *pieces = heap_alloc_array(room, sizeof(*pieces));

	if (!pieces) {
		return -ERR_NOMEM;
	}
	if (r->npieces) {
		memcpy(pieces, r->pieces, r->npieces * sizeof(*pieces));
	}
	heap_free(r->pieces);
	r->pieces = pieces;
	r->room = room;
	return 0;
}

/* Append `size` bytes at `pa`, to the last piece if they continue it. */
static int append(struct shared_region *r, paddr_t pa, uint64_t size)
{
	struct shared_piece *last = r->npieces ? &r->pieces[r->npieces - 1]
					       : NULL;
	int err = 0;

	if (last && last->pa.v + last->size == pa.v) {
		last->size += size;
		return 0;
	}
	if (r->npieces == r->room) {
		err = grow(r);
	}
	if (!err) {
		r->pieces[r->npieces++] = (struct shared_piece){ pa, size };
	}
	return err;
}

/* The largest block that is aligned at `off` and not larger than `left`. */
static unsigned int order_at(uint64_t off, uint64_t left, colour_mask_t colours)
{
	int most = page_max_order(colours);
	unsigned int order = 0;

	while (order < BLOCK_ORDER && (int)order < most &&
	       (PAGE_SIZE << (order + 1)) <= left &&
	       IS_ALIGNED(off, PAGE_SIZE << (order + 1))) {
		order++;
	}
	return order;
}

/* One block for the region's byte `off`; *size is what it has. */
static int add_block(struct shared_region *r, uint64_t off, uint64_t *size)
{
	colour_mask_t colours = r->colours.set;
	unsigned int order = order_at(off, r->size - off, colours);
	paddr_t pa;
	int err;

	for (;;) {
		err = page_alloc(&pa, order, colours);
		if (!err || order == 0) {
			break;
		}
		order--;
	}
	if (err) {
		return err;
	}
	*size = PAGE_SIZE << order;
	arch_zero_memory(arch_phys_to_virt(pa), *size);
	err = append(r, pa, *size);
	if (err) {
		page_free(pa, order);
		return err;
	}
	page_account_guest((int64_t)1 << order);
	return 0;
}

/* What was allocated stays in the region: shared_pages_free(). */
int shared_pages_alloc(struct shared_region *r)
{
	uint64_t size = 0;
	int err = 0;

	for (uint64_t off = 0; !err && off < r->size; off += size) {
		err = add_block(r, off, &size);
	}
	return err;
}

void shared_pages_free(struct shared_region *r)
{
	for (uint32_t i = 0; i < r->npieces; i++) {
		uint64_t pages = r->pieces[i].size / PAGE_SIZE;

		page_account_guest(-(int64_t)pages);
		page_free_range(r->pieces[i].pa, pages);
	}
	heap_free(r->pieces);
	r->pieces = NULL;
	r->npieces = 0;
}

/* --- mapping ------------------------------------------------------------- */

static enum stage2_prot prot_of(const struct shared_region *r,
				enum shared_access access)
{
	if (r->noncacheable) {
		return access == SHARED_WRITE ? STAGE2_RW_NC : STAGE2_RO_NC;
	}
	return access == SHARED_WRITE ? STAGE2_RW : STAGE2_RO;
}

/*
 * All is done in steps: a block where it is mapped as one, otherwise a few
 * pages, so that interrupts are not masked for long. What is mapped by one step
 * is unmapped by one: no block and no run of pages has to be split, which could
 * fail.
 */
#define SMALL_STEP KIB(256)

struct step {
	uint32_t piece;
	uint64_t at;  /* in the piece */
	uint64_t off; /* in the region */
	uint64_t size;
	ipa_t ipa;
	paddr_t pa;
};

/* False: there is no more. Zeroed at first. */
static bool step_next(const struct shared_region *r,
		      const struct shared_window *w, struct step *s)
{
	uint64_t left;

	s->off += s->size;
	s->at += s->size;
	if (s->piece < r->npieces && s->at == r->pieces[s->piece].size) {
		s->piece++;
		s->at = 0;
	}
	if (s->piece == r->npieces) {
		return false;
	}
	left = r->pieces[s->piece].size - s->at;
	s->ipa = IPA(w->base.v + s->off);
	s->pa = PADDR(r->pieces[s->piece].pa.v + s->at);
	if (left >= BLOCK && IS_ALIGNED(s->ipa.v | s->pa.v, BLOCK)) {
		s->size = BLOCK;
	} else {
		s->size = MIN(left, SMALL_STEP - s->ipa.v % SMALL_STEP);
	}
	return true;
}

/* The part in front of `end`. TLBs forget it as well before this returns
 * (arch/stage2.h). */
static void unmap_below(const struct shared_region *r,
			const struct shared_window *w, uint64_t end)
{
	struct step s = { .off = 0 };

	while (step_next(r, w, &s) && s.off < end) {
		int err = stage2_unmap(&w->dev->guest->stage2, s.ipa, s.size);

		assert(!err); /* nothing is split */
	}
}

int shared_pages_map(const struct shared_region *r,
		     const struct shared_window *w, enum shared_access access)
{
	struct step s = { .off = 0 };

	while (step_next(r, w, &s)) {
		int err = stage2_map(&w->dev->guest->stage2, s.ipa, s.pa,
				     s.size, prot_of(r, access));

		if (err) {
			unmap_below(r, w, s.off);
			return err;
		}
	}
	return 0;
}

void shared_pages_protect(const struct shared_region *r,
			  const struct shared_window *w,
			  enum shared_access access)
{
	struct step s = { .off = 0 };

	while (step_next(r, w, &s)) {
		int err = stage2_protect(&w->dev->guest->stage2, s.ipa, s.size,
					 prot_of(r, access));

		assert(!err); /* it is mapped, and nothing is split */
	}
}

void shared_pages_unmap(const struct shared_region *r,
			const struct shared_window *w)
{
	unmap_below(r, w, r->size);
}
