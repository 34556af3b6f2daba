/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A buddy system whose free lists know cache colours. */
#include "buddy_priv.h"

#include <arch/mmu.h>
#include <libs/error.h>
#include <string.h>

/*
 * State of a page: that of the block it begins, with the order in the low
 * bits, or BLOCK_NONE. Pages inside of blocks and reserved ones are not told
 * apart, so that nothing is to be written for most of RAM when it is released.
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

/* Where blocks of `order` may begin so that all their colours are in mask. */
static uint64_t starts_within(const struct buddy *b, colour_mask_t mask,
			      unsigned int order)
{
	uint64_t m = mask & all_colours(b);

	for (unsigned int n = 1; n < b->colours && n < (1u << order); n *= 2) {
		m &= m >> n;
	}
	return m & b->starts[order];
}

/* From starts of wanted blocks to those of the blocks twice as big that hold
 * at least one of them. */
static uint64_t starts_around(const struct buddy *b, uint64_t starts,
			      unsigned int order)
{
	unsigned int half = 1u << (order - 1);

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

/* The last range that begins at or before pfn, if it holds pfn. */
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
		next += MAX(colours >> order, 1u);
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

	list_push(list_of(b, order, colour), node);
	b->avail[order] |= BIT(colour);
	b->blocks[order]++;
	*state_of(r, pfn) = (uint8_t)(BLOCK_FREE | order);
}

static void block_remove(struct buddy *b, struct buddy_range *r, uint64_t pfn,
			 unsigned int order)
{
	unsigned int colour = pfn_colour(b, pfn);

	list_remove(page_node(pfn));
	if (list_empty(list_of(b, order, colour))) {
		b->avail[order] &= ~BIT(colour);
	}
	b->blocks[order]--;
	*state_of(r, pfn) = BLOCK_NONE;
}

/* Put a block that is on no list back, as large as it gets. */
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

int buddy_release_first(struct buddy *b, uint64_t first, uint64_t end)
{
	struct buddy_range *r = range_of(b, first);

	if (!r || !r->state || end > r->end || first >= end) {
		return -ERR_INVAL;
	}
	b->free += end - first;
	while (first < end) {
		unsigned int order = MIN(log2_of(end - first),
					 (unsigned int)PAGE_ORDER_MAX);

		if (first) {
			order = MIN(order,
				    (unsigned int)__builtin_ctzll(first));
		}
		block_merge(b, r, first, order);
		first += BIT(order);
	}
	return 0;
}

/* Halve a block down to `order`; the half with a wanted start is kept. */
static uint64_t block_split(struct buddy *b, struct buddy_range *r,
			    uint64_t pfn, unsigned int from,
			    unsigned int order, uint64_t wanted)
{
	while (from > order) {
		uint64_t low = pfn, high;
		uint64_t in_low;

		from--;
		high = low + BIT(from);
		in_low = 1;
		if (BIT(from) < b->colours) {
			in_low = (wanted >> pfn_colour(b, low)) &
				 GENMASK((1u << from) - 1, 0);
		}
		pfn = in_low ? low : high;
		block_push(b, r, in_low ? high : low, from);
	}
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
		struct buddy_range *r;

		if (o > order) {
			starts = starts_around(b, starts, o);
		}
		hit = b->avail[o] & starts;
		if (!hit) {
			continue;
		}
		*pfn = node_pfn(list_of(b, o,
				(unsigned int)__builtin_ctzll(hit))->next);
		r = range_of(b, *pfn);
		block_remove(b, r, *pfn, o);
		*pfn = block_split(b, r, *pfn, o, order, wanted);
		*state_of(r, *pfn) = (uint8_t)(BLOCK_USED | order);
		b->free -= BIT(order);
		b->used += BIT(order);
		return 0;
	}
	return -ERR_NOMEM;
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
