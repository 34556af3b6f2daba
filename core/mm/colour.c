/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of cache colours, and the owners' claims to them. Which colour a page
 * has, and its allocation, is in buddy.c; what a guest asks for, in
 * core/guest/colours.c. */
#include <core/colour.h>
#include <core/spinlock.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

static struct spinlock claims_lock = SPINLOCK_INIT(LOCK_COLOUR);
static struct list claims = LIST_INIT(claims); /* [L] claims_lock */

/* --- sets ----------------------------------------------------------------- */

colour_mask_t colour_all(void)
{
	return GENMASK(page_colours() - 1, 0);
}

unsigned int colour_count(colour_mask_t set)
{
	unsigned int n = 0;

	for (set &= colour_all(); set; set &= set - 1) {
		n++;
	}
	return n;
}

unsigned int colour_nth(colour_mask_t set, unsigned int n)
{
	while (n-- > 0) {
		set &= set - 1;
	}
	return (unsigned int)__builtin_ctzll(set);
}

colour_mask_t colour_bits(unsigned int first, unsigned int order)
{
	return order >= 6 ? PAGE_ANY_COLOUR : (BIT(BIT(order)) - 1) << first;
}

/* The order of the largest aligned block of colours in `set` that begins at
 * `first`; at most `most`. */
static unsigned int block_at(colour_mask_t set, unsigned int first,
			     unsigned int most)
{
	unsigned int order = 0;

	while (order < most && first % (2U << order) == 0 &&
	       (colour_bits(first, order + 1) & ~set) == 0) {
		order++;
	}
	return order;
}

unsigned int colour_block(colour_mask_t set)
{
	return block_at(set, (unsigned int)__builtin_ctzll(set), 6);
}

const char *colour_text(colour_mask_t set, char *buf, size_t size)
{
	return bitmap_text(set & colour_all(), buf, size);
}

/* The lowest block of 2^order colours in `free`; empty if there is none. */
static colour_mask_t lowest_block(colour_mask_t free, unsigned int order)
{
	for (unsigned int c = 0; c < page_colours(); c += 1U << order) {
		colour_mask_t block = colour_bits(c, order);

		if ((block & ~free) == 0) {
			return block;
		}
	}
	return 0;
}

/* `n` of the colours in `free`, in blocks as large and aligned as there are; an
 * empty set if there are fewer. */
static colour_mask_t choose(colour_mask_t free, unsigned int n)
{
	colour_mask_t chosen = 0;
	unsigned int order = 6;

	free &= colour_all();
	if (n > colour_count(free)) {
		return 0;
	}
	while (n > 0) {
		colour_mask_t block = 0;

		if ((1U << order) <= MIN(n, page_colours())) {
			block = lowest_block(free, order);
		}
		if (!block) {
			order--; /* a block of order 0 always exists */
			continue;
		}
		chosen |= block;
		free &= ~block;
		n -= 1U << order;
	}
	return chosen;
}

/* --- claims --------------------------------------------------------------- */

static bool together(const struct colour_claim *a, const struct colour_claim *b)
{
	return a->exclusive && b->exclusive && a->shared && b->shared &&
	       strcmp(a->shared, b->shared) == 0;
}

/* The colours that `c` may not have because others have them; `exclusive`: by
 * exclusive claims only. */
static colour_mask_t others(const struct colour_claim *c, bool exclusive)
{
	const struct colour_claim *o;
	colour_mask_t set = 0;

	list_for_each(o, &claims, node) {
		if (o != c && !together(c, o) && (o->exclusive || !exclusive)) {
			set |= o->set & colour_all();
		}
	}
	return set;
}

static int refuse(const struct colour_claim *c, colour_mask_t wanted,
		  struct colour_refusal *why)
{
	const struct colour_claim *o;

	*why = (struct colour_refusal){
		.free = colour_all() & ~others(c, !c->exclusive),
	};
	list_for_each(o, &claims, node) {
		if (!together(c, o) && (o->set & wanted) &&
		    (o->exclusive || c->exclusive)) {
			why->taken = o->set & wanted & colour_all();
			why->plain = !o->exclusive;
			snprintf(why->owner, sizeof(why->owner), "%s",
				 o->owner);
			break;
		}
	}
	return -ERR_BUSY;
}

static int claim_exclusive(struct colour_claim *c, unsigned int n,
			   struct colour_refusal *why)
{
	colour_mask_t taken = others(c, false);

	if (n) {
		c->set = choose(colour_all() & ~taken, n);
		return c->set ? 0 : refuse(c, colour_all(), why);
	}
	return c->set & taken ? refuse(c, c->set, why) : 0;
}

static int claim_rest(struct colour_claim *c, struct colour_refusal *why)
{
	colour_mask_t taken = others(c, true);

	c->set = taken ? colour_all() & ~taken : PAGE_ANY_COLOUR;
	return c->set ? 0 : refuse(c, colour_all(), why);
}

int colour_claim(struct colour_claim *c, unsigned int n,
		 struct colour_refusal *why)
{
	unsigned long flags = spin_lock_irqsave(&claims_lock);
	int err;

	err = c->exclusive ? claim_exclusive(c, n, why) : claim_rest(c, why);
	if (!err) {
		list_append(&claims, &c->node);
	}
	spin_unlock_irqrestore(&claims_lock, flags);
	return err;
}

void colour_release(struct colour_claim *c)
{
	unsigned long flags = spin_lock_irqsave(&claims_lock);

	list_remove(&c->node);
	spin_unlock_irqrestore(&claims_lock, flags);
}

colour_mask_t colour_foreign(const struct colour_claim *c)
{
	unsigned long flags = spin_lock_irqsave(&claims_lock);
	colour_mask_t set = others(c, true);

	spin_unlock_irqrestore(&claims_lock, flags);
	return set;
}
