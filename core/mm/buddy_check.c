/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks the consistency of a buddy system: states, lists and sums. */
#include "buddy_priv.h"

uint64_t buddy_number(const struct buddy *b, uint64_t pfn)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < b->nr_ranges; i++) {
		const struct buddy_range *r = &b->ranges[i];

		if (pfn < r->end) {
			return n + (pfn > r->first ? pfn - r->first : 0);
		}
		n += r->end - r->first;
	}
	return n;
}

static void check_free(const struct buddy *b, uint64_t pfn, unsigned int order,
		       struct buddy_check *c)
{
	uint64_t colour = pfn & (b->colours - 1);

	c->free += BIT(order);
	c->blocks[order]++;
	if (!IS_ALIGNED(pfn, BIT(order)) ||
	    (b->avail[order] & BIT(colour)) == 0) {
		c->bad++;
	}
}

bool buddy_check_some(struct buddy *b, struct buddy_check *c,
		      unsigned int steps)
{
	if (c->range == 0 && c->next == 0) {
		*c = (struct buddy_check){ .changes = b->changes };
	}
	for (; c->range < b->nr_ranges; c->range++, c->next = 0) {
		const struct buddy_range *r = &b->ranges[c->range];

		if (c->next < r->first) {
			c->next = r->first;
		}
		while (c->next < r->end) {
			unsigned int order;
			enum page_use use;

			if (steps-- == 0) {
				return false;
			}
			use = buddy_use(b, c->next, &order);
			if (use == PAGE_FREE) {
				check_free(b, c->next, order, c);
			} else if (use == PAGE_USED) {
				c->used += BIT(order);
			}
			c->next += BIT(order);
			c->bad += c->next > r->end;
		}
	}
	return true;
}

uint64_t buddy_check_end(const struct buddy *b, struct buddy_check *c)
{
	c->bad += c->free != b->free;
	c->bad += c->used != b->used;
	for (unsigned int order = 0; order < BUDDY_ORDERS; order++) {
		c->bad += c->blocks[order] != b->blocks[order];
	}
	return c->bad;
}
