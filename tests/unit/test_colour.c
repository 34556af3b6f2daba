/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of colours; rows of pages; and claims to colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <libs/error.h>

#include "core/mm/colour.c"
#include "core/mm/own_colours.c"
#include "core/mm/page.c"

static void test_sets(void **state)
{
	char text[COLOUR_TEXT];

	(void)state;
	nr_colours = 32;
	assert_int_equal(colour_count(0xf0f), 8);
	assert_int_equal(colour_count(PAGE_ANY_COLOUR), 32);
	assert_int_equal(colour_nth(0xf0f, 0), 0);
	assert_int_equal(colour_nth(0xf0f, 4), 8);
	assert_int_equal(colour_block(0xf00), 2);
	assert_int_equal(colour_block(0x1e), 0);
	assert_int_equal(colour_block(0x0c), 1);
	assert_string_equal(colour_text(0x10f, text, sizeof(text)), "0-3, 8");
	assert_string_equal(colour_text(0, text, sizeof(text)), "none");
	assert_string_equal(colour_text(0x80000000, text, sizeof(text)), "31");
	nr_colours = 64;
	assert_int_equal(colour_count(PAGE_ANY_COLOUR), 64);
	assert_int_equal(colour_block(PAGE_ANY_COLOUR), 6);
	assert_string_equal(colour_text(PAGE_ANY_COLOUR, text, sizeof(text)),
			    "0-63");
	/* The longest possible text. */
	assert_true(strlen(colour_text(0xaaaaaaaaaaaaaaaa, text,
				       sizeof(text))) < sizeof(text) - 1);
}

/* The largest blocks are chosen, because they give contiguous memory. */
static void test_choose(void **state)
{
	(void)state;
	nr_colours = 32;
	assert_int_equal(choose(PAGE_ANY_COLOUR, 8), 0xff);
	assert_int_equal(choose(0xffffff0e, 8), 0xff00);
	assert_int_equal(choose(0xffffff0e, 3), 0xe);
	assert_int_equal(choose(0xfff0, 12), 0xfff0);
	assert_int_equal(choose(0x5555, 3), 0x15);
	assert_int_equal(choose(0x5555, 9), 0);
	assert_int_equal(choose(PAGE_ANY_COLOUR, 33), 0);
}

static struct colour_claim claim_of(const char *owner, colour_mask_t set,
				    const char *shared)
{
	return (struct colour_claim){
		.owner = owner,
		.shared = shared,
		.set = set,
		.exclusive = set != 0,
	};
}

static void test_exclusive(void **state)
{
	struct colour_claim a = claim_of("a", 0xf, NULL);
	struct colour_claim b = claim_of("b", 0x18, NULL);
	struct colour_claim c = claim_of("c", 0xf0, NULL);
	struct colour_refusal why;

	(void)state;
	nr_colours = 16;
	assert_int_equal(colour_claim(&a, 0, &why), 0);
	assert_int_equal(colour_claim(&b, 0, &why), -ERR_BUSY);
	assert_int_equal(why.taken, 0x8);
	assert_int_equal(why.free, 0xfff0);
	assert_string_equal(why.owner, "a");
	assert_false(why.plain);
	/* It leaves nothing behind. */
	assert_int_equal(colour_claim(&c, 0, &why), 0);
	assert_int_equal(colour_foreign(&a), 0xf0);
	colour_release(&a);
	colour_release(&c);
	assert_int_equal(colour_claim(&b, 0, &why), 0);
	colour_release(&b);
}

static void test_counted(void **state)
{
	struct colour_claim a = claim_of("a", 0, NULL);
	struct colour_claim b = claim_of("b", 0, NULL);
	struct colour_refusal why;

	(void)state;
	nr_colours = 16;
	a.exclusive = b.exclusive = true;
	assert_int_equal(colour_claim(&a, 12, &why), 0);
	assert_int_equal(a.set, 0xfff);
	assert_int_equal(colour_claim(&b, 5, &why), -ERR_BUSY);
	assert_int_equal(colour_count(why.free), 4);
	assert_int_equal(colour_claim(&b, 4, &why), 0);
	assert_int_equal(b.set, 0xf000);
	colour_release(&a);
	colour_release(&b);
}

static void test_shared(void **state)
{
	struct colour_claim a = claim_of("a", 0xf, "pair");
	struct colour_claim b = claim_of("b", 0x1f, "pair");
	struct colour_claim c = claim_of("c", 0x1, "others");
	struct colour_claim d = claim_of("d", 0x1, NULL);
	struct colour_refusal why;

	(void)state;
	nr_colours = 16;
	assert_int_equal(colour_claim(&a, 0, &why), 0);
	assert_int_equal(colour_claim(&b, 0, &why), 0);
	assert_int_equal(colour_claim(&c, 0, &why), -ERR_BUSY);
	assert_int_equal(colour_claim(&d, 0, &why), -ERR_BUSY);
	assert_int_equal(colour_foreign(&a), 0);
	colour_release(&a);
	colour_release(&b);
}

/* A guest without colours of its own uses what is left, which is not given away
 * later. */
static void test_plain(void **state)
{
	struct colour_claim a = claim_of("a", 0xff, NULL);
	struct colour_claim b = claim_of("b", 0xff00, NULL);
	struct colour_claim plain = claim_of("plain", 0, NULL);
	struct colour_claim other = claim_of("other", 0, NULL);
	struct colour_refusal why;

	(void)state;
	nr_colours = 16;
	assert_int_equal(colour_claim(&plain, 0, &why), 0);
	assert_true(plain.set == PAGE_ANY_COLOUR);
	assert_int_equal(colour_claim(&a, 0, &why), -ERR_BUSY);
	assert_true(why.plain);
	assert_string_equal(why.owner, "plain");
	colour_release(&plain);
	assert_int_equal(colour_claim(&a, 0, &why), 0);
	plain = claim_of("plain", 0, NULL);
	assert_int_equal(colour_claim(&plain, 0, &why), 0);
	assert_int_equal(plain.set, 0xff00);
	assert_int_equal(colour_claim(&other, 0, &why), 0);
	assert_int_equal(other.set, 0xff00);
	assert_int_equal(colour_claim(&b, 0, &why), -ERR_BUSY);
	colour_release(&plain);
	colour_release(&other);
	assert_int_equal(colour_claim(&b, 0, &why), 0);
	assert_int_equal(colour_claim(&plain, 0, &why), -ERR_BUSY);
	assert_int_equal(why.free, 0);
	colour_release(&a);
	colour_release(&b);
}

/* --- the hypervisor's own ------------------------------------------------- */

static const char *uncoloured_as;

const char *cache_uncoloured(void)
{
	return uncoloured_as;
}

/* The result of the argument: the set, or PAGE_ANY_COLOUR with a line in the
 * log. */
static colour_mask_t own_of(const char *value, const char *told)
{
	enum log_level level;
	char line[256] = "";
	uint64_t pos = 0;
	colour_mask_t got;

	log_clear();
	own = PAGE_ANY_COLOUR;
	hypervisor.set = 0;
	list_init(&hypervisor.node);
	assert_true(take_argument(value));
	colour_own_init();
	got = own;
	while (log_next(&pos, &level, line, sizeof(line))) {}
	if (told) {
		assert_non_null(strstr(line, told));
	} else {
		assert_string_equal(line, "");
		colour_release(&hypervisor);
	}
	own = PAGE_ANY_COLOUR;
	return got;
}

static void test_own(void **state)
{
	(void)state;
	nr_colours = 16;
	uncoloured_as = NULL;
	assert_false(take_argument("x"));
	assert_false(take_argument("64"));
	assert_false(take_argument(""));
	assert_int_equal(own_of("0-3", NULL), 0xf);
	assert_int_equal(own_of("1,15", NULL), 0x8002);
	assert_true(own_of("16", "found 16; allowed a part of 0-15") ==
		    PAGE_ANY_COLOUR);
	assert_true(own_of("0-15", "found all colours") == PAGE_ANY_COLOUR);
	assert_true(own_of("all", "found all colours") == PAGE_ANY_COLOUR);
	uncoloured_as = "it is hashed";
	assert_true(own_of("0", "it is hashed") == PAGE_ANY_COLOUR);
	uncoloured_as = NULL;
}

/* An allocation without colours gets the hypervisor's, unless it is too
 * large. */
static void test_own_pages(void **state)
{
	paddr_t pa;

	(void)state;
	ram = (struct buddy){ .colours = 0 };
	started = ready = false;
	nr_reserved = 0;
	nr_colours = 1;
	page_set_colours(16);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), MIB(1)), 0);
	page_set_own(0x00c0);
	assert_int_equal(page_init_done(), 0);
	assert_int_equal(page_own(), 0x00c0);
	assert_int_equal(page_alloc(&pa, 4, PAGE_ANY_COLOUR), 0);
	page_free(pa, 4);
	assert_int_equal(page_alloc_below(&pa, 4, PAGE_ANY_COLOUR,
					  HOST_SPARE + MIB(1)),
			 0);
	page_free(pa, 4);
	assert_int_equal(page_alloc_below(&pa, 0, PAGE_ANY_COLOUR,
					  HOST_SPARE + MIB(1)),
			 0);
	assert_int_equal(pa.v / PAGE_SIZE % 16, 6);
	page_free(pa, 0);
	assert_int_equal(page_alloc_below(&pa, 0, 0x0100, HOST_SPARE + MIB(1)),
			 0);
	assert_int_equal(pa.v / PAGE_SIZE % 16, 8);
	page_free(pa, 0);
	for (unsigned int n = 0; n < 15; n++) {
		assert_int_equal(page_alloc(&pa, 1, PAGE_ANY_COLOUR), 0);
		assert_int_equal(pa.v / PAGE_SIZE % 16, 6);
	}
	while (page_alloc(&pa, 0, PAGE_ANY_COLOUR) == 0) {
		assert_true(BIT(pa.v / PAGE_SIZE % 16) & 0x00c0);
	}
	assert_true(ram.free > 100);
	assert_int_equal(page_alloc(&pa, 0, 0x00c0), -ERR_NOMEM);
	page_set_own(PAGE_ANY_COLOUR);
}

/* --- rows ----------------------------------------------------------------- */

#define ROWS 512
#define FIRST ((HOST_SPARE >> PAGE_SHIFT) + 16)

static struct buddy buddy;
static uint8_t *state_bytes;

static int rows_setup(void **state)
{
	uint64_t pages = (uint64_t)ROWS * 16;

	(void)state;
	nr_colours = 16;
	buddy_init(&buddy, 16);
	assert_int_equal(buddy_add(&buddy, FIRST, FIRST + pages), 0);
	state_bytes = calloc(1, buddy_state_size(&buddy));
	buddy_set_state(&buddy, state_bytes);
	assert_int_equal(buddy_release_first(&buddy, FIRST, FIRST + pages), 0);
	return 0;
}

static int rows_teardown(void **state)
{
	struct buddy_check c = { .next = 0 };

	(void)state;
	assert_true(buddy_check_some(&buddy, &c, UINT32_MAX));
	assert_int_equal(buddy_check_end(&buddy, &c), 0);
	free(state_bytes);
	return 0;
}

static void test_alloc_at(void **state)
{
	uint64_t all = buddy.free, pfn = FIRST + 5;
	unsigned int order;

	(void)state;
	assert_int_equal(buddy_alloc_at(&buddy, pfn, 0), 0);
	assert_int_equal(buddy.free, all - 1);
	assert_int_equal(buddy_use(&buddy, pfn, &order), PAGE_USED);
	assert_int_equal(buddy_use(&buddy, pfn - 1, &order), PAGE_FREE);
	assert_int_equal(buddy_alloc_at(&buddy, pfn, 0), -ERR_BUSY);
	assert_int_equal(buddy_alloc_at(&buddy, FIRST, 3), -ERR_BUSY);
	assert_int_equal(buddy_alloc_at(&buddy, FIRST + 1, 1), -ERR_INVAL);
	assert_int_equal(buddy_alloc_at(&buddy, 3, 0), -ERR_INVAL);
	assert_int_equal(buddy_alloc_at(&buddy, FIRST + 8, 3), 0);
	assert_int_equal(buddy_free(&buddy, pfn, 0), 0);
	assert_int_equal(buddy_free(&buddy, FIRST + 8, 3), 0);
	assert_int_equal(buddy.free, all);
}

/* Two owners take turns, and each gets row after row. */
static void test_rows(void **state)
{
	const colour_mask_t masks[] = { 0x00f3, 0xff0c };
	uint64_t row[2][ROWS], all = buddy.free;
	unsigned int jumps = 0;

	(void)state;
	for (unsigned int n = 0; n < ROWS; n++) {
		for (unsigned int i = 0; i < 2; i++) {
			uint64_t near = n ? row[i][n - 1] + 16 : 0;

			assert_int_equal(buddy_alloc_rows(&buddy, masks[i],
							  near, 1, &row[i][n]),
					 1);
			assert_int_equal(row[i][n] % 16, 0);
			jumps += row[i][n] != near;
		}
	}
	assert_int_equal(buddy.free, 0);
	/* A few extents describe them. */
	assert_true(jumps <= 2 * (ROWS / 48 + 2));
	assert_int_equal(buddy_alloc_rows(&buddy, 1, 0, 1, &row[0][0]),
			 -ERR_NOMEM);
	for (unsigned int n = 0; n < ROWS; n++) {
		assert_int_equal(
			buddy_free_row(&buddy, masks[0], FIRST + n * 16), 0);
		assert_int_equal(
			buddy_free_row(&buddy, masks[1], FIRST + n * 16), 0);
	}
	assert_int_equal(buddy_free_row(&buddy, masks[0], FIRST), -ERR_INVAL);
	assert_int_equal(buddy.free, all);
}

/* Rows that an owner has freed are taken in ascending order. */
static void test_rows_left(void **state)
{
	uint64_t row, left, next;

	(void)state;
	for (unsigned int n = 0; n < 128; n++) {
		assert_int_equal(buddy_alloc_rows(&buddy, 0xff,
						  n ? row + 16 : 0, 1, &row),
				 1);
	}
	assert_int_equal(buddy_alloc_rows(&buddy, 0xff00, 0, 16, &left), 16);
	assert_true(left < row);
	left += 15 * 16;
	for (unsigned int n = 16; n < 64; n++) {
		assert_int_equal(buddy_alloc_rows(&buddy, 0xff00, left + 16, 1,
						  &next),
				 1);
		assert_int_equal(next, left + 16);
		left = next;
	}
}

/* If one page of a row is used, nothing of the row is taken. */
static void test_row_used(void **state)
{
	uint64_t row, all;

	(void)state;
	assert_int_equal(buddy_alloc_at(&buddy, FIRST + 9, 0), 0);
	all = buddy.free;
	assert_int_equal(buddy_alloc_rows(&buddy, 0x0201, 0, 9, &row),
			 -ERR_NOMEM);
	assert_int_equal(buddy.free, all);
	assert_int_equal(buddy_alloc_rows(&buddy, 0x0201, FIRST + 16, 9, &row),
			 9);
	assert_int_equal(row, FIRST + 16);
	/* Up to a row that is partly used. */
	assert_int_equal(buddy_alloc_at(&buddy, FIRST + 12 * 16 + 9, 0), 0);
	assert_int_equal(
		buddy_alloc_rows(&buddy, 0x0201, FIRST + 10 * 16, 9, &row), 2);
}

static uint64_t rnd(uint64_t n)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

#define OWNERS 300

/* Whatever is taken is free before, of the colours, and in the rows that are
 * told; what is between stays free and is merged with its neighbours later. */
static void test_rows_random(void **state)
{
	static struct {
		colour_mask_t mask;
		uint64_t row;
		int rows;
	} owned[OWNERS];
	uint64_t all = buddy.free, want = all;

	(void)state;
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)rnd(OWNERS), order;
		struct buddy_check c = { .next = 0 };

		if (owned[i].rows > 0) {
			for (int n = 0; n < owned[i].rows; n++) {
				assert_int_equal(
					buddy_free_row(&buddy, owned[i].mask,
						       owned[i].row + n * 16),
					0);
			}
			want += (uint64_t)owned[i].rows *
				colour_count(owned[i].mask);
			owned[i].rows = 0;
		} else {
			uint64_t near = FIRST + rnd(ROWS) * 16;
			int most = 1 + (int)rnd(24);

			owned[i].mask = 1 + rnd(0xffff);
			owned[i].rows = buddy_alloc_rows(&buddy, owned[i].mask,
							 rnd(2) ? near : 0,
							 (unsigned int)most,
							 &owned[i].row);
			assert_true(owned[i].rows <= most);
			for (int n = 0; n < owned[i].rows * 16; n++) {
				bool mine = owned[i].mask & BIT(n % 16);

				assert_true(!mine ||
					    buddy_use(&buddy, owned[i].row + n,
						      &order) == PAGE_USED);
			}
			want -= owned[i].rows > 0
					? (uint64_t)owned[i].rows *
						  colour_count(owned[i].mask)
					: 0;
		}
		assert_int_equal(buddy.free, want);
		if (step % 64 == 0) {
			assert_true(buddy_check_some(&buddy, &c, UINT32_MAX));
			assert_int_equal(buddy_check_end(&buddy, &c), 0);
		}
	}
	for (unsigned int i = 0; i < OWNERS; i++) {
		for (int n = 0; n < owned[i].rows; n++) {
			assert_int_equal(buddy_free_row(&buddy, owned[i].mask,
							owned[i].row + n * 16),
					 0);
		}
	}
	assert_int_equal(buddy.free, all);
	/* All is in as few blocks as at first. */
	assert_int_equal(buddy.blocks[0] + buddy.blocks[1], 0);
}

/* The check finds inconsistencies that the test makes. */
static void test_check_broken(void **state)
{
	struct buddy_check c = { .next = 0 };
	uint64_t free = buddy.free;

	(void)state;
	buddy.free--;
	assert_true(buddy_check_some(&buddy, &c, UINT32_MAX));
	assert_true(buddy_check_end(&buddy, &c) > 0);
	buddy.free = free;
	c = (struct buddy_check){ .next = 0 };
	/* A few blocks at a time. */
	while (!buddy_check_some(&buddy, &c, 1)) {}
	assert_int_equal(buddy_check_end(&buddy, &c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_exclusive),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_own_pages),
		cmocka_unit_test_setup_teardown(test_alloc_at, rows_setup,
						rows_teardown),
		cmocka_unit_test_setup_teardown(test_rows, rows_setup,
						rows_teardown),
		cmocka_unit_test_setup_teardown(test_rows_left, rows_setup,
						rows_teardown),
		cmocka_unit_test_setup_teardown(test_row_used, rows_setup,
						rows_teardown),
		cmocka_unit_test_setup_teardown(test_rows_random, rows_setup,
						rows_teardown),
		cmocka_unit_test_setup_teardown(test_check_broken, rows_setup,
						rows_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
