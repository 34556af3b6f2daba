/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buddy system against a reference that records the owner of each page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/mmu.h>
#include <libs/error.h>

#include "core/mm/buddy_priv.h"

#define FIRST (HOST_SPARE >> PAGE_SHIFT)

static struct buddy b;
static uint8_t *state;

static void setup(unsigned int colours, unsigned int nr,
		  const uint64_t (*ranges)[2])
{
	buddy_init(&b, colours);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(buddy_add(&b, FIRST + ranges[i][0],
					   FIRST + ranges[i][1]),
				 0);
	}
	free(state);
	state = calloc(1, buddy_state_size(&b));
	assert_non_null(state);
	buddy_set_state(&b, state);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(buddy_release(&b, FIRST + ranges[i][0],
					       FIRST + ranges[i][1]),
				 0);
	}
}

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* The free lists agree with the counters and with `avail`. */
static void check_lists(void)
{
	uint64_t pages = 0;

	for (unsigned int o = 0; o < BUDDY_ORDERS; o++) {
		uint64_t blocks = 0;

		for (unsigned int c = 0; c < b.colours; c += 1u << o) {
			struct list *head =
				&b.lists[b.first_list[o] + (c >> o)];
			struct list *n;

			assert_int_equal(!list_empty(head),
					 (b.avail[o] >> c) & 1);
			for (n = head->next; n != head; n = n->next) {
				blocks++;
			}
		}
		assert_int_equal(blocks, b.blocks[o]);
		pages += blocks << o;
	}
	assert_int_equal(pages, b.free);
}

static void test_ranges(void **st)
{
	(void)st;
	buddy_init(&b, 1);
	assert_int_equal(buddy_add(&b, 10, 20), 0);
	assert_int_equal(buddy_add(&b, 30, 40), 0);
	assert_int_equal(buddy_add(&b, 20, 30), 0);
	assert_int_equal(buddy_add(&b, 5, 11), -ERR_EXIST);
	assert_int_equal(buddy_add(&b, 39, 41), -ERR_EXIST);
	assert_int_equal(buddy_add(&b, 1, 100), -ERR_EXIST);
	assert_int_equal(buddy_add(&b, 50, 50), -ERR_INVAL);
	assert_int_equal(b.total, 30);
	for (uint64_t i = 3; i < BUDDY_RANGES; i++) {
		assert_int_equal(buddy_add(&b, i * 100, i * 100 + 1), 0);
	}
	assert_int_equal(buddy_add(&b, 1, 2), -ERR_NOSPC);
	for (unsigned int i = 1; i < b.nr_ranges; i++) {
		assert_true(b.ranges[i - 1].end <= b.ranges[i].first);
	}
}

static void test_whole_gib(void **st)
{
	static const uint64_t r[][2] = { { 0, 2 << 18 } };
	uint64_t pfn, other;

	(void)st;
	setup(1, 1, r);
	assert_int_equal(b.blocks[18], 2);
	assert_int_equal(buddy_alloc(&b, 18, PAGE_ANY_COLOUR, &pfn), 0);
	assert_int_equal(pfn % (1 << 18), 0);
	assert_int_equal(buddy_alloc(&b, 0, PAGE_ANY_COLOUR, &other), 0);
	assert_int_equal(b.blocks[18], 0);
	assert_int_equal(buddy_alloc(&b, 18, PAGE_ANY_COLOUR, &other),
			 -ERR_NOMEM);
	assert_int_equal(buddy_alloc(&b, 19, PAGE_ANY_COLOUR, &other),
			 -ERR_INVAL);
	assert_int_equal(buddy_free(&b, pfn, 18), 0);
	assert_int_equal(b.blocks[18], 1);
	check_lists();
}

/* Low pages for devices that reach no others, also from a block that begins low
 * and ends high; none above the limit; all colours equally. */
static void test_below(void **st)
{
	static const uint64_t r[][2] = { { 0, 64 }, { 1 << 18, 1 << 19 } };
	uint64_t pfn;

	(void)st;
	for (unsigned int colours = 1; colours <= 16; colours *= 4) {
		setup(colours, 2, r);
		for (unsigned int i = 0; i < 6; i++) {
			assert_int_equal(buddy_alloc_below(&b, 3,
							   PAGE_ANY_COLOUR,
							   FIRST + 50, &pfn),
					 0);
			assert_true(pfn >= FIRST && pfn + 8 <= FIRST + 50);
			check_lists();
		}
		assert_int_equal(buddy_alloc_below(&b, 3, PAGE_ANY_COLOUR,
						   FIRST + 50, &pfn),
				 -ERR_NOMEM);
		assert_int_equal(buddy_alloc_below(&b, 1, PAGE_ANY_COLOUR,
						   FIRST + 50, &pfn),
				 0);
		assert_int_equal(pfn, FIRST + 48);
		assert_int_equal(buddy_free(&b, pfn, 1), 0);
		assert_int_equal(b.free, 16 + (1 << 18));
		check_lists();
	}
	assert_int_equal(buddy_alloc_below(&b, 19, PAGE_ANY_COLOUR, UINT64_MAX,
					   &pfn),
			 -ERR_INVAL);
}

/* Of 64 pages in 16 colours, the low ones of colours 4 to 7: alone, as a block
 * of four, and where only a wanted part of a block is below the limit. */
static void test_below_of_colours(void **st)
{
	static const uint64_t r[][2] = { { 0, 64 } };
	const colour_mask_t mask = 0xf0;
	uint64_t pfn;

	(void)st;
	setup(16, 1, r);
	for (unsigned int i = 0; i < 2 * 4; i++) {
		assert_int_equal(
			buddy_alloc_below(&b, 0, mask, FIRST + 32, &pfn), 0);
		assert_true(pfn >= FIRST && pfn < FIRST + 32);
		assert_true(mask & BIT(pfn % 16));
		check_lists();
	}
	assert_int_equal(buddy_alloc_below(&b, 0, mask, FIRST + 32, &pfn),
			 -ERR_NOMEM);
	assert_int_equal(buddy_alloc_below(&b, 2, mask, FIRST + 39, &pfn),
			 -ERR_NOMEM);
	assert_int_equal(buddy_alloc_below(&b, 2, mask, FIRST + 40, &pfn), 0);
	assert_int_equal(pfn, FIRST + 36);
	check_lists();
	assert_int_equal(buddy_alloc_below(&b, 3, mask, FIRST + 64, &pfn),
			 -ERR_INVAL);
	assert_int_equal(buddy_alloc_below(&b, 0, 0, FIRST + 64, &pfn),
			 -ERR_INVAL);
	assert_int_equal(b.free, 64 - 2 * 4 - 4);
}

static void test_wrong_frees(void **st)
{
	static const uint64_t r[][2] = { { 0, 64 } };
	uint64_t pfn;

	(void)st;
	setup(1, 1, r);
	assert_int_equal(buddy_alloc(&b, 2, PAGE_ANY_COLOUR, &pfn), 0);
	assert_int_equal(buddy_free(&b, pfn, 1), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, pfn, 3), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, pfn + 1, 0), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, FIRST + 64, 2), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, FIRST - 1, 0), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, pfn, 2), 0);
	assert_int_equal(buddy_free(&b, pfn, 2), -ERR_INVAL);
	assert_int_equal(b.free, 64);
}

static void test_release(void **st)
{
	static const uint64_t r[][2] = { { 3, 1000 } };
	uint64_t pfn;

	(void)st;
	setup(1, 1, r);
	buddy_init(&b, 1); /* all reserved again */
	assert_int_equal(buddy_add(&b, FIRST + 3, FIRST + 1000), 0);
	memset(state, 0, buddy_state_size(&b));
	buddy_set_state(&b, state);
	assert_int_equal(buddy_release(&b, FIRST + 2, FIRST + 5), -ERR_INVAL);
	assert_int_equal(buddy_release(&b, FIRST + 999, FIRST + 1001),
			 -ERR_INVAL);
	assert_int_equal(buddy_release(&b, FIRST + 5, FIRST + 700), 0);
	assert_int_equal(buddy_release(&b, FIRST + 699, FIRST + 701),
			 -ERR_INVAL);
	/* Inside a free block, and inside a used one. */
	assert_int_equal(buddy_release(&b, FIRST + 129, FIRST + 130),
			 -ERR_INVAL);
	assert_int_equal(buddy_alloc(&b, 7, PAGE_ANY_COLOUR, &pfn), 0);
	assert_int_equal(buddy_release(&b, pfn + 127, pfn + 128), -ERR_INVAL);
	assert_int_equal(buddy_free(&b, pfn, 7), 0);
	assert_int_equal(b.free, 695);
	assert_int_equal(buddy_release(&b, FIRST + 700, FIRST + 1000), 0);
	assert_int_equal(buddy_release(&b, FIRST + 3, FIRST + 5), 0);
	assert_int_equal(b.free, 997);
	check_lists();
}

/* Blocks are not merged across the end of a range, even if another follows at
 * once. */
static void test_no_merge_across(void **st)
{
	static const uint64_t r[][2] = { { 0, 32 }, { 32, 64 } };
	uint64_t pfn;

	(void)st;
	setup(1, 2, r);
	assert_int_equal(b.blocks[5], 2);
	assert_int_equal(b.blocks[6], 0);
	assert_int_equal(buddy_alloc(&b, 6, PAGE_ANY_COLOUR, &pfn), -ERR_NOMEM);
}

static bool within(uint64_t pfn, unsigned int order, colour_mask_t mask)
{
	for (uint64_t p = pfn; p < pfn + (1ull << order); p++) {
		if (!(mask & BIT(p % b.colours))) {
			return false;
		}
	}
	return true;
}

static void test_colour_masks(void **st)
{
	static const uint64_t r[][2] = { { 0, 256 } };
	uint64_t pfn;

	(void)st;
	setup(16, 1, r);
	assert_int_equal(buddy_mask_order(&b, 0), -ERR_INVAL);
	assert_int_equal(buddy_mask_order(&b, BIT(5)), 0);
	assert_int_equal(buddy_mask_order(&b, BIT(5) | BIT(6)), 0);
	assert_int_equal(buddy_mask_order(&b, BIT(4) | BIT(5)), 1);
	assert_int_equal(buddy_mask_order(&b, 0xff00), 3);
	assert_int_equal(buddy_mask_order(&b, 0xffff), PAGE_ORDER_MAX);
	/* Colours that do not exist. */
	assert_int_equal(buddy_mask_order(&b, ~UINT64_C(0xffff)), -ERR_INVAL);
	assert_int_equal(buddy_alloc(&b, 1, BIT(5) | BIT(6), &pfn), -ERR_INVAL);
	/* All pages of one colour, and none of another. */
	for (unsigned int i = 0; i < 16; i++) {
		assert_int_equal(buddy_alloc(&b, 0, BIT(5), &pfn), 0);
		assert_int_equal(pfn % 16, 5);
	}
	assert_int_equal(buddy_alloc(&b, 0, BIT(5), &pfn), -ERR_NOMEM);
	for (unsigned int i = 0; i < 32; i++) {
		assert_int_equal(buddy_alloc(&b, 2, 0xf0f0 & ~0xf0u, &pfn),
				 i < 16 ? 0 : -ERR_NOMEM);
	}
	check_lists();
}

static void test_shrink(void **st)
{
	static const uint64_t r[][2] = { { 0, 1024 } };

	(void)st;
	setup(1, 1, r);
	for (uint64_t pages = 1; pages <= 1024; pages++) {
		unsigned int order = 0;
		uint64_t pfn, at;

		while (BIT(order) < pages) {
			order++;
		}
		assert_int_equal(buddy_alloc(&b, order, PAGE_ANY_COLOUR, &pfn),
				 0);
		buddy_shrink(&b, pfn, order, pages);
		assert_int_equal(b.used, pages);
		assert_int_equal(b.free, 1024 - pages);
		check_lists();
		at = pfn;
		for (int o = 10; o >= 0; o--) {
			if (pages & BIT(o)) {
				assert_int_equal(
					buddy_free(&b, at, (unsigned int)o), 0);
				at += BIT(o);
			}
		}
		assert_int_equal(b.blocks[10], 1);
	}
}

#define LIVE 600
#define PAGES 5000

struct live {
	uint64_t pfn;
	unsigned int order;
};

static uint8_t owner[PAGES + 64];

static void take_pages(const struct live *l, uint8_t from, uint8_t to)
{
	for (uint64_t p = l->pfn; p < l->pfn + BIT(l->order); p++) {
		assert_int_equal(owner[p - FIRST], from);
		owner[p - FIRST] = to;
	}
}

/* Is there a free aligned block of that order and those colours? */
static bool exists(unsigned int order, colour_mask_t mask)
{
	for (uint64_t at = 0; at + BIT(order) <= PAGES; at += BIT(order)) {
		bool all = within(FIRST + at, order, mask);

		for (uint64_t p = at; all && p < at + BIT(order); p++) {
			all = owner[p] == 1;
		}
		if (all) {
			return true;
		}
	}
	return false;
}

static void random_run(unsigned int colours)
{
	static const uint64_t r[][2] = {
		{ 1, 700 }, { 832, 833 }, { 1024, 3001 }, { 3100, PAGES }
	};
	static struct live live[LIVE];
	unsigned int n = 0;

	setup(colours, 4, r);
	memset(owner, 0, sizeof(owner));
	for (unsigned int i = 0; i < 4; i++) {
		memset(owner + r[i][0], 1, r[i][1] - r[i][0]);
	}
	for (unsigned int step = 0; step < 6000; step++) {
		colour_mask_t mask = rnd() % 2 ? PAGE_ANY_COLOUR : rnd();
		unsigned int order = (unsigned int)(rnd() % 6);
		unsigned int pick = (unsigned int)(rnd() % LIVE);
		struct live l = { 0, order };
		int err;

		if (pick < n) {
			take_pages(&live[pick], 2, 1);
			assert_int_equal(buddy_free(&b, live[pick].pfn,
						    live[pick].order),
					 0);
			live[pick] = live[--n];
			continue;
		}
		err = buddy_alloc(&b, order, mask, &l.pfn);
		if (err) {
			assert_false(exists(order, mask));
			continue;
		}
		assert_int_equal(l.pfn & (BIT(order) - 1), 0);
		assert_true(within(l.pfn, order, mask));
		take_pages(&l, 1, 2);
		live[n++] = l;
	}
	check_lists();
	while (n) {
		n--;
		assert_int_equal(buddy_free(&b, live[n].pfn, live[n].order), 0);
	}
	assert_int_equal(b.free, b.total);
	check_lists();
}

static void test_random(void **st)
{
	(void)st;
	random_run(1);
	random_run(2);
	random_run(16);
	random_run(64);
}

/* 64 GiB in ranges with holes between. */
static void test_large(void **st)
{
	uint64_t r[BUDDY_RANGES][2], pfn;

	(void)st;
	for (unsigned int i = 0; i < BUDDY_RANGES; i++) {
		r[i][0] = ((uint64_t)i << 18) + 1;
		r[i][1] = ((uint64_t)(i + 1) << 18) - 1;
	}
	setup(1, BUDDY_RANGES, (const uint64_t(*)[2])r);
	assert_int_equal(b.free, BUDDY_RANGES * ((1u << 18) - 2));
	for (unsigned int i = 0; i < BUDDY_RANGES; i++) {
		assert_int_equal(buddy_alloc(&b, 16, PAGE_ANY_COLOUR, &pfn), 0);
	}
	check_lists();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_whole_gib),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_below_of_colours),
		cmocka_unit_test(test_wrong_frees),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_no_merge_across),
		cmocka_unit_test(test_colour_masks),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
