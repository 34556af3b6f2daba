/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of address ranges, for use before there is an allocator. */
#include "ranges_priv.h"

#include <string.h>

/* The index at which a range that begins at `base` belongs. */
static unsigned int ranges_place(const struct ranges *r, uint64_t base)
{
	unsigned int at = 0;

	while (at < r->n && r->list[at].base <= base) {
		at++;
	}
	return at;
}

static void ranges_insert(struct ranges *r, unsigned int at, uint64_t base,
			  uint64_t end)
{
	memmove(&r->list[at + 1], &r->list[at],
		(r->n - at) * sizeof(r->list[0]));
	r->list[at] = (struct range){ base, end };
	r->n++;
}

static void ranges_remove(struct ranges *r, unsigned int at)
{
	r->n--;
	memmove(&r->list[at], &r->list[at + 1],
		(r->n - at) * sizeof(r->list[0]));
}

/* Make entries i and i + 1 one. */
static void ranges_join(struct ranges *r, unsigned int i)
{
	r->list[i].end = MAX(r->list[i].end, r->list[i + 1].end);
	ranges_remove(r, i + 1);
}

static void ranges_join_nearest(struct ranges *r, struct range *lost)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i + 1 < r->n; i++) {
		if (r->list[i + 1].base - r->list[i].end <
		    r->list[best + 1].base - r->list[best].end) {
			best = i;
		}
	}
	*lost = (struct range){ r->list[best].end, r->list[best + 1].base };
	ranges_join(r, best);
}

bool ranges_add(struct ranges *r, uint64_t base, uint64_t end,
		struct range *lost)
{
	*lost = (struct range){ 0, 0 };
	if (base >= end) {
		return true;
	}
	ranges_insert(r, ranges_place(r, base), base, end);
	for (unsigned int i = 0; i + 1 < r->n;) {
		if (r->list[i + 1].base <= r->list[i].end) {
			ranges_join(r, i);
		} else {
			i++;
		}
	}
	if (r->n <= r->max) {
		return true;
	}
	ranges_join_nearest(r, lost);
	return false;
}

/* Cut [base, end), which leaves a part of entry i on either side. */
static bool ranges_split(struct ranges *r, unsigned int i, uint64_t base,
			 uint64_t end, struct range *lost)
{
	struct range low = { r->list[i].base, base };
	struct range high = { end, r->list[i].end };

	if (r->n < r->max) {
		r->list[i] = low;
		ranges_insert(r, i + 1, high.base, high.end);
		return true;
	}
	if (low.end - low.base >= high.end - high.base) {
		r->list[i] = low;
		*lost = high;
	} else {
		r->list[i] = high;
		*lost = low;
	}
	return false;
}

bool ranges_cut(struct ranges *r, uint64_t base, uint64_t end,
		struct range *lost)
{
	*lost = (struct range){ 0, 0 };
	for (unsigned int i = 0; base < end && i < r->n;) {
		struct range *e = &r->list[i];

		if (end <= e->base || base >= e->end) {
			i++;
		} else if (base > e->base && end < e->end) {
			return ranges_split(r, i, base, end, lost);
		} else if (base > e->base) {
			e->end = base;
			i++;
		} else if (end < e->end) {
			e->base = end;
			i++;
		} else {
			ranges_remove(r, i);
		}
	}
	return true;
}

bool ranges_cover(const struct ranges *r, uint64_t base, uint64_t end)
{
	for (unsigned int i = 0; i < r->n && base < end; i++) {
		if (base >= r->list[i].base && base < r->list[i].end) {
			base = r->list[i].end;
		}
	}
	return base >= end;
}
