/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A buddy system with free lists by cache colour: a page gets its colour here.
 * */
#include "buddy_priv.h"

#include <arch/mmu.h>
#include <libs/error.h>
#include <string.h>

/*
 * State of a page: that of the block that begins there, with its order in the
 * low bits; or BLOCK_NONE, both for other pages of a block and for reserved
 * pages, so that most entries need not be written when RAM is released.
 */
#define BLOCK_NONE 0x00
#define BLOCK_FREE 0x40
#define BLOCK_USED 0x80

_Static_assert(PAGE_ORDER_MAX < BLOCK_FREE, "an order fits beside the state");
_Static_assert(BUDDY_LISTS <= UINT8_MAX, "list numbers are bytes");

static unsigned int log2_of(uint64_t x)
{
	return 63 - (unsigned int)__builtin_clzll(x);
}

/* Bits of `avail` at which a block of `order` may begin. */
static uint64_t start_bits(unsigned int colours, unsigned int order)
{
	uint64_t bits = 0;

	for (uint64_t c = 0; c < colours; c += BIT(order)) {
		bits |= BIT(c);
	}
	return bits;
}

static uint64_t all_colours(const struct buddy *b)
{
	return GENMASK(b->colours - 1, 0);
}

/* Bits at which a block of `order` may begin so that all its colours are in
 * `mask`. */
static uint64_t starts_within(const struct buddy *b, colour_mask_t mask,
			      unsigned int order)
{
	uint64_t m = mask & all_colours(b);

	for (unsigned int n = 1; n < b->colours && n < (1U << order); n *= 2) {
		m &= m >> n;
	}
	return m & b->starts[order];
}

/* From the starts of wanted blocks to the starts of those blocks of twice the
 * size that contain at least one of them. */
static uint64_t starts_around(const struct buddy *b, uint64_t starts,
			      unsigned int order)
{
	unsigned int half = 1U << (order - 1);

	if (half < b->colours) {
		starts |= starts >> half;
	}
	return starts & b->starts[order];
}

static unsigned int pfn_colour(const struct buddy *b, uint64_t pfn)
{
	return (unsigned int)(pfn & (b->colours - 1));
}

static struct list *list_of(struct buddy *b, unsigned int order,
			    unsigned int colour)
{
	return &b->lists[b->first_list[order] + (colour >> order)];
}

static struct list *page_node(uint64_t pfn)
{
	return arch_phys_to_virt(PADDR(pfn << PAGE_SHIFT));
}

static uint64_t node_pfn(const struct list *node)
{
	return arch_virt_to_phys(node).v >> PAGE_SHIFT;
}

/* The range that contains pfn, or NULL; a binary search. */
static struct buddy_range *range_of(struct buddy *b, uint64_t pfn)
{
	unsigned int lo = 0, hi = b->nr_ranges;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (b->ranges[mid].end <= pfn) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	if (lo == b->nr_ranges || pfn < b->ranges[lo].first) {
		return NULL;
	}
	return &b->ranges[lo];
}

static uint8_t *state_of(struct buddy_range *r, uint64_t pfn)
{
	return &r->state[pfn - r->first];
}

void buddy_init(struct buddy *b, unsigned int colours)
{
	unsigned int next = 0;

	*b = (struct buddy){ .colours = colours };
	for (unsigned int order = 0; order < BUDDY_ORDERS; order++) {
		b->first_list[order] = (uint8_t)next;
		next += MAX(colours >> order, 1U);
		b->starts[order] = start_bits(colours, order);
	}
	for (unsigned int i = 0; i < BUDDY_LISTS; i++) {
		list_init(&b->lists[i]);
	}
}

int buddy_add(struct buddy *b, uint64_t first, uint64_t end)
{
	unsigned int at = 0;

	if (first >= end) {
		return -ERR_INVAL;
	}
	while (at < b->nr_ranges && b->ranges[at].end <= first) {
		at++;
	}
	if (at < b->nr_ranges && b->ranges[at].first < end) {
		return -ERR_EXIST;
	}
	if (b->nr_ranges == BUDDY_RANGES) {
		return -ERR_NOSPC;
	}
	for (unsigned int i = b->nr_ranges; i > at; i--) {
		b->ranges[i] = b->ranges[i - 1];
	}
	b->ranges[at] = (struct buddy_range){ .first = first, .end = end };
	b->nr_ranges++;
	b->total += end - first;
	return 0;
}

size_t buddy_state_size(const struct buddy *b)
{
	return (size_t)b->total;
}

void buddy_set_state(struct buddy *b, uint8_t *state)
{
	for (unsigned int i = 0; i < b->nr_ranges; i++) {
		struct buddy_range *r = &b->ranges[i];
		uint64_t n = r->end - r->first;

		r->state = state;
		state += n;
	}
}

static void block_push(struct buddy *b, struct buddy_range *r, uint64_t pfn,
		       unsigned int order)
{
	unsigned int colour = pfn_colour(b, pfn);
	struct list *node = page_node(pfn);

	b->changes++;
	list_push(list_of(b, order, colour), node);
	b->avail[order] |= BIT(colour);
	b->blocks[order]++;
	*state_of(r, pfn) = (uint8_t)(BLOCK_FREE | order);
}

static void block_remove(struct buddy *b, struct buddy_range *r, uint64_t pfn,
			 unsigned int order)
{
	unsigned int colour = pfn_colour(b, pfn);

	b->changes++;
	list_remove(page_node(pfn));
	if (list_empty(list_of(b, order, colour))) {
		b->avail[order] &= ~BIT(colour);
	}
	b->blocks[order]--;
	*state_of(r, pfn) = BLOCK_NONE;
}

/* Put a block that is on no list back, merged with free buddies. */
static void block_merge(struct buddy *b, struct buddy_range *r, uint64_t pfn,
			unsigned int order)
{
	while (order < PAGE_ORDER_MAX) {
		uint64_t other = pfn ^ BIT(order);

		if (other < r->first || other >= r->end ||
		    *state_of(r, other) != (BLOCK_FREE | order)) {
			break;
		}
		block_remove(b, r, other, order);
		pfn &= ~BIT(order);
		order++;
	}
	block_push(b, r, pfn, order);
}

/* Is pfn in a block that begins before it? */
static bool is_inside(struct buddy_range *r, uint64_t pfn)
{
	for (unsigned int order = 1; order <= PAGE_ORDER_MAX; order++) {
		uint64_t start = pfn & ~(BIT(order) - 1);
		uint8_t state;

		if (start < r->first) {
			break;
		}
		state = *state_of(r, start);
		if (state && (state & (BLOCK_FREE - 1)) >= order) {
			return true;
		}
	}
	return false;
}

int buddy_release(struct buddy *b, uint64_t first, uint64_t end)
{
	struct buddy_range *r = range_of(b, first);

	if (!r || !r->state || is_inside(r, first)) {
		return -ERR_INVAL;
	}
	for (uint64_t p = first; p < MIN(end, r->end); p++) {
		if (*state_of(r, p) != BLOCK_NONE) {
			return -ERR_INVAL;
		}
	}
	return buddy_release_first(b, first, end);
}

/* Pages that are on no list become free. */
static void release_free(struct buddy *b, struct buddy_range *r, uint64_t first,
			 uint64_t end)
{
	b->free += end - first;
	while (first < end) {
		unsigned int order =
			MIN(log2_of(end - first), (unsigned int)PAGE_ORDER_MAX);

		if (first) {
			order = MIN(order,
				    (unsigned int)__builtin_ctzll(first));
		}
		block_merge(b, r, first, order);
		first += BIT(order);
	}
}

int buddy_release_first(struct buddy *b, uint64_t first, uint64_t end)
{
	struct buddy_range *r = range_of(b, first);

	if (!r || !r->state || end > r->end || first >= end) {
		return -ERR_INVAL;
	}
	release_free(b, r, first, end);
	return 0;
}

#ifdef CONFIG_COLOURS
int buddy_take_reserved(struct buddy *b, uint64_t pfn)
{
	struct buddy_range *r = range_of(b, pfn);

	if (!r || !r->state || is_inside(r, pfn) ||
	    *state_of(r, pfn) != BLOCK_NONE) {
		return -ERR_INVAL;
	}
	*state_of(r, pfn) = BLOCK_USED;
	b->used++;
	b->changes++;
	return 0;
}
#endif

/* Split a block down to `order`, and keep the half that has a wanted start. */
static uint64_t block_split(struct buddy *b, struct buddy_range *r,
			    uint64_t pfn, unsigned int from, unsigned int order,
			    uint64_t wanted)
{
	while (from > order) {
		uint64_t low = pfn, high;
		uint64_t in_low;

		from--;
		high = low + BIT(from);
		in_low = 1;
		if (BIT(from) < b->colours) {
			in_low = (wanted >> pfn_colour(b, low)) &
				 GENMASK((1U << from) - 1, 0);
		}
		pfn = in_low ? low : high;
		block_push(b, r, in_low ? high : low, from);
	}
	return pfn;
}

/* Take a block of `order` out of the free block of order `from` at pfn. */
static uint64_t block_take(struct buddy *b, uint64_t pfn, unsigned int from,
			   unsigned int order, uint64_t wanted)
{
	struct buddy_range *r = range_of(b, pfn);

	block_remove(b, r, pfn, from);
	pfn = block_split(b, r, pfn, from, order, wanted);
	*state_of(r, pfn) = (uint8_t)(BLOCK_USED | order);
	b->free -= BIT(order);
	b->used += BIT(order);
	return pfn;
}

int buddy_alloc(struct buddy *b, unsigned int order, colour_mask_t mask,
		uint64_t *pfn)
{
	uint64_t wanted, starts;

	if (order > PAGE_ORDER_MAX) {
		return -ERR_INVAL;
	}
	wanted = starts_within(b, mask, order);
	if (!wanted) {
		return -ERR_INVAL;
	}
	starts = wanted;
	for (unsigned int o = order; o <= PAGE_ORDER_MAX; o++) {
		uint64_t hit;

		if (o > order) {
			starts = starts_around(b, starts, o);
		}
		hit = b->avail[o] & starts;
		if (!hit) {
			continue;
		}
		*pfn = node_pfn(
			list_of(b, o, (unsigned int)__builtin_ctzll(hit))->next);
		*pfn = block_take(b, *pfn, o, order, wanted);
		return 0;
	}
	return -ERR_NOMEM;
}

/* The order of the free block that contains [pfn, pfn + 2^order); -ERR_BUSY if
 * part of that is not free. Free buddies are always merged, so that it is in
 * one block if it is free. The first block that is found to begin at or before
 * pfn, on multiples of growing sizes, decides. */
static int free_around(const struct buddy_range *r, uint64_t pfn,
		       unsigned int order)
{
	for (unsigned int o = order; o <= PAGE_ORDER_MAX; o++) {
		uint64_t start = pfn & ~(BIT(o) - 1);

		uint8_t state;

		if (start < r->first) {
			break;
		}
		state = r->state[start - r->first];
		if (state == BLOCK_NONE) {
			continue;
		}
		if ((state & BLOCK_FREE) == 0 || (state & ~BLOCK_FREE) < o) {
			break;
		}
		return state & ~BLOCK_FREE;
	}
	return -ERR_BUSY;
}

int buddy_alloc_at(struct buddy *b, uint64_t pfn, unsigned int order)
{
	struct buddy_range *r = range_of(b, pfn);
	unsigned int from;
	int around;

	if (!r || !r->state || order > PAGE_ORDER_MAX ||
	    !IS_ALIGNED(pfn, BIT(order))) {
		return -ERR_INVAL;
	}
	around = free_around(r, pfn, order);
	if (around < 0) {
		return around;
	}
	from = (unsigned int)around;
	block_remove(b, r, pfn & ~(BIT(from) - 1), from);
	while (from > order) {
		/* The half without pfn stays free. */
		from--;
		block_push(b, r, (pfn & ~(BIT(from) - 1)) ^ BIT(from), from);
	}
	*state_of(r, pfn) = (uint8_t)(BLOCK_USED | order);
	b->free -= BIT(order);
	b->used += BIT(order);
	return 0;
}

#ifdef CONFIG_COLOURS
bool buddy_row_is_free(struct buddy *b, uint64_t row,
		       const struct buddy_piece *pieces, unsigned int n)
{
	const struct buddy_range *r = range_of(b, row);

	if (!r || !r->state) {
		return false;
	}
	if (free_around(r, row, log2_of(b->colours)) >= 0) {
		return true;
	}
	for (unsigned int i = 0; i < n; i++) {
		const struct buddy_piece *p = &pieces[i];
		uint64_t pfn = row + p->first;

		if (p->used &&
		    (pfn < r->first || pfn + BIT(p->order) > r->end ||
		     free_around(r, pfn, p->order) < 0)) {
			return false;
		}
	}
	return true;
}

static void take_row(struct buddy *b, struct buddy_range *r, uint64_t row,
		     const struct buddy_piece *pieces, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct buddy_piece *p = &pieces[i];

		if (p->used) {
			*state_of(r, row + p->first) =
				(uint8_t)(BLOCK_USED | p->order);
			b->used += BIT(p->order);
		} else {
			block_push(b, r, row + p->first, p->order);
			b->free += BIT(p->order);
		}
	}
}

/* No piece that stays free has a free buddy: the buddy is a used piece, or
 * contains one. */
unsigned int buddy_take_rows(struct buddy *b, uint64_t row, unsigned int most,
			     const struct buddy_piece *pieces, unsigned int n)
{
	struct buddy_range *r = range_of(b, row);
	int order = r && r->state ? free_around(r, row, log2_of(b->colours))
				  : -ERR_INVAL;
	uint64_t start, end, rest;
	unsigned int rows;

	if (order < 0) {
		return 0;
	}
	start = row & ~(BIT((unsigned int)order) - 1);
	end = start + BIT((unsigned int)order);
	rows = (unsigned int)MIN(most, (end - row) / b->colours);
	rest = row + (uint64_t)rows * b->colours;
	block_remove(b, r, start, (unsigned int)order);
	b->free -= end - start;
	release_free(b, r, start, row);
	release_free(b, r, rest, end);
	for (; row < rest; row += b->colours) {
		take_row(b, r, row, pieces, n);
	}
	return rows;
}
#endif

/* The first block of a list that has `pages` pages below `end` from `offset`
 * on, among the first BUDDY_LOOKS; 0: none. */
static uint64_t find_below(const struct list *list, uint64_t offset,
			   uint64_t pages, uint64_t end)
{
	const struct list *node = list->next;

	for (unsigned int n = 0; node != list && n < BUDDY_LOOKS; n++) {
		if (node_pfn(node) + offset + pages <= end) {
			return node_pfn(node);
		}
		node = node->next;
	}
	return 0;
}

int buddy_alloc_below(struct buddy *b, unsigned int order, colour_mask_t mask,
		      uint64_t end, uint64_t *pfn)
{
	uint64_t wanted, starts;

	if (order > PAGE_ORDER_MAX) {
		return -ERR_INVAL;
	}
	wanted = starts_within(b, mask, order);
	if (!wanted) {
		return -ERR_INVAL;
	}
	starts = wanted;
	for (unsigned int o = order; o <= PAGE_ORDER_MAX; o++) {
		uint64_t left;

		if (o > order) {
			starts = starts_around(b, starts, o);
		}
		for (left = b->avail[o] & starts; left; left &= left - 1) {
			unsigned int first =
				(unsigned int)__builtin_ctzll(left);
			/* block_take() takes the lowest wanted part. */
			uint64_t offset =
				(uint64_t)__builtin_ctzll(wanted >> first);
			uint64_t at = find_below(list_of(b, o, first), offset,
						 BIT(order), end);

			/* Page 0 is never free. */
			if (at) {
				*pfn = block_take(b, at, o, order, wanted);
				return 0;
			}
		}
	}
	return -ERR_NOMEM;
}

enum page_use buddy_use(struct buddy *b, uint64_t pfn, unsigned int *order)
{
	struct buddy_range *r = range_of(b, pfn);

	*order = 0;
	if (!r || !r->state) {
		return PAGE_NO_RAM;
	}
	for (unsigned int o = 0; o <= PAGE_ORDER_MAX; o++) {
		uint64_t start = pfn & ~(BIT(o) - 1);
		uint8_t state;

		if (start < r->first) {
			break;
		}
		state = *state_of(r, start);
		if (state && (state & (BLOCK_FREE - 1)) >= o) {
			*order = state & (BLOCK_FREE - 1);
			return state & BLOCK_USED ? PAGE_USED : PAGE_FREE;
		}
	}
	return PAGE_RESERVED;
}

int buddy_order(struct buddy *b, uint64_t pfn)
{
	struct buddy_range *r = range_of(b, pfn);
	uint8_t state = r && r->state ? *state_of(r, pfn) : BLOCK_NONE;

	return state & BLOCK_USED ? (int)(state & (BLOCK_FREE - 1))
				  : -ERR_INVAL;
}

int buddy_free(struct buddy *b, uint64_t pfn, unsigned int order)
{
	struct buddy_range *r = range_of(b, pfn);

	if (!r || !r->state || order > PAGE_ORDER_MAX ||
	    *state_of(r, pfn) != (BLOCK_USED | order)) {
		return -ERR_INVAL;
	}
	*state_of(r, pfn) = BLOCK_NONE;
	b->free += BIT(order);
	b->used -= BIT(order);
	block_merge(b, r, pfn, order);
	return 0;
}

#ifdef CONFIG_GUEST_FIXED_MEMORY
int buddy_reserve(struct buddy *b, uint64_t pfn, unsigned int order)
{
	struct buddy_range *r = range_of(b, pfn);

	if (!r || !r->state || *state_of(r, pfn) != (BLOCK_USED | order)) {
		return -ERR_INVAL;
	}
	*state_of(r, pfn) = BLOCK_NONE;
	b->used -= BIT(order);
	b->changes++;
	return 0;
}
#endif

void buddy_shrink(struct buddy *b, uint64_t pfn, unsigned int order,
		  uint64_t pages)
{
	struct buddy_range *r = range_of(b, pfn);

	while (order > 0 && pages != BIT(order)) {
		order--;
		if (pages <= BIT(order)) {
			b->free += BIT(order);
			b->used -= BIT(order);
			*state_of(r, pfn) = (uint8_t)(BLOCK_USED | order);
			block_merge(b, r, pfn + BIT(order), order);
		} else {
			*state_of(r, pfn) = (uint8_t)(BLOCK_USED | order);
			pfn += BIT(order);
			pages -= BIT(order);
			*state_of(r, pfn) = (uint8_t)(BLOCK_USED | order);
		}
	}
}

int buddy_mask_order(const struct buddy *b, colour_mask_t mask)
{
	int order = -ERR_INVAL;

	for (unsigned int o = 0; o <= PAGE_ORDER_MAX; o++) {
		if (!starts_within(b, mask, o)) {
			break;
		}
		order = (int)o;
	}
	return order;
}
