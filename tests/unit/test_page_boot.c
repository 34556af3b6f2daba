/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of the page allocator on other machines: page.c is included, so that
 * each test begins without RAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/mm/page.c"

/* arch/host has added its RAM to this copy before main(): remove it. */
static int fresh(void **state)
{
	(void)state;
	memset(&ram, 0, sizeof(ram));
	nr_reserved = 0;
	started = false;
	ready = false;
	nr_colours = 1;
	nr_held = 0;
	return 0;
}

static uint64_t free_pages(void)
{
	struct page_stats st;

	page_get_stats(&st);
	return st.free;
}

/* No block may overlap [base, base + size). */
static void check_kept(uint64_t base, uint64_t size)
{
	paddr_t pa;

	while (!page_alloc(&pa, 0, PAGE_ANY_COLOUR)) {
		assert_true(pa.v + PAGE_SIZE <= base || pa.v >= base + size);
	}
	assert_int_equal(free_pages(), 0);
}

static void test_reservations(void **state)
{
	uint64_t base = HOST_SPARE;

	(void)state;
	assert_int_equal(page_add_ram(PADDR(base), MIB(16)), 0);
	/* Overlapping, unaligned, outside, and across the end. */
	assert_int_equal(page_reserve(PADDR(base), KIB(64)), 0);
	assert_int_equal(page_reserve(PADDR(base + KIB(60)), KIB(8)), 0);
	assert_int_equal(page_reserve(PADDR(base + MIB(1) + 5), 10), 0);
	assert_int_equal(page_reserve(PADDR(base + GIB(5)), MIB(1)), 0);
	assert_int_equal(page_reserve(PADDR(base + MIB(16) - 1), MIB(1)), 0);
	assert_int_equal(page_reserve(PADDR(base - MIB(1)), MIB(1)), 0);
	assert_int_equal(page_reserve(PADDR(base + MIB(2)), 0), 0);
	assert_int_equal(page_init_done(), 0);
	/* 17 + 1 + 1 pages and the table. */
	assert_int_equal(free_pages(), 4096 - 19 - 1);
	assert_int_equal(page_release_reserved(PADDR(base), KIB(68)), 0);
	assert_int_equal(free_pages(), 4096 - 2 - 1);
	check_kept(base + MIB(1), PAGE_SIZE);
}

/* The table is put where there is room, not over a reservation. */
static void test_table_place(void **state)
{
	uint64_t base = HOST_SPARE;
	uint8_t *kept = arch_phys_to_virt(PADDR(base + MIB(64)));

	(void)state;
	assert_int_equal(page_add_ram(PADDR(base), KIB(8)), 0);
	assert_int_equal(page_add_ram(PADDR(base + MIB(64)), MIB(64)), 0);
	assert_int_equal(page_reserve(PADDR(base + MIB(64)), KIB(512)), 0);
	assert_int_equal(page_reserve(PADDR(base + MIB(64) + KIB(516)), KIB(4)),
			 0);
	memset(kept, 0x5a, KIB(512));
	assert_int_equal(page_init_done(), 0);
	for (unsigned int i = 0; i < KIB(512); i++) {
		assert_int_equal(kept[i], 0x5a);
	}
	check_kept(base + MIB(64), KIB(512));
}

static void test_no_room(void **state)
{
	(void)state;
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), MIB(1)), 0);
	assert_int_equal(page_reserve(PADDR(HOST_SPARE), MIB(1)), 0);
	assert_int_equal(page_init_done(), -ERR_NOMEM);
}

/* What is held is given out only by address, and held again when it is free. */
static void test_held(void **state)
{
	uint64_t base = ALIGN_UP(HOST_SPARE, MIB(16)), at = base + MIB(4);
	uint64_t reserved_pages;
	struct page_stats st;
	struct page_info page;
	paddr_t pa;

	(void)state;
	page_set_colours(8);
	assert_int_equal(page_add_ram(PADDR(base), MIB(16)), 0);
	assert_int_equal(page_init_done(), 0);
	page_get_stats(&st);
	reserved_pages = st.reserved;
	assert_int_equal(page_alloc(&pa, 0, PAGE_ANY_COLOUR), 0);
	assert_int_equal(page_hold(PADDR(at), 1024), 0);
	/* Part of it is held already. */
	assert_int_equal(page_hold(PADDR(at + MIB(3)), 512), 0);
	assert_int_equal(page_hold(pa, 1), -ERR_BUSY);
	assert_int_equal(page_hold(PADDR(base + MIB(15)), 512), -ERR_INVAL);
	page_get_stats(&st);
	assert_int_equal(st.reserved, reserved_pages + 1280);

	/* By address: all, a part, and across the end. */
	assert_int_equal(page_alloc_range(PADDR(at), 1024, PAGE_ANY_COLOUR), 0);
	assert_int_equal(page_alloc_range(PADDR(at), 1, PAGE_ANY_COLOUR),
			 -ERR_BUSY);
	page_inspect(PADDR(at + KIB(4)), &page);
	assert_int_equal(page.use, PAGE_USED);
	page_free_range(PADDR(at), 1024);
	page_inspect(PADDR(at + KIB(4)), &page);
	assert_int_equal(page.use, PAGE_RESERVED);
	assert_int_equal(
		page_alloc_range(PADDR(at + MIB(4)), 512, PAGE_ANY_COLOUR), 0);
	page_free_range(PADDR(at + MIB(4)), 512);
	pa = PADDR(at);
	assert_int_equal(page_first_taken(&pa, 1024, PAGE_ANY_COLOUR),
			 PAGE_FREE);

	/* Some colours of a row; what is used stays so. */
	assert_int_equal(page_alloc_row_at(PADDR(at), 0x0f), 0);
	assert_int_equal(page_alloc_row_at(PADDR(at), 0x18), -ERR_BUSY);
	assert_int_equal(page_alloc_row_at(PADDR(at), 0x30), 0);
	page_free_row(PADDR(at), 0x30);
	page_free_row(PADDR(at), 0x0f);
	page_get_stats(&st);
	assert_int_equal(st.reserved, reserved_pages + 1280);
	assert_int_equal(page_check(), 0);

	/* Nobody else gets any. */
	while (!page_alloc(&pa, 0, PAGE_ANY_COLOUR)) {
		assert_true(pa.v < at || pa.v >= at + MIB(5));
	}
	assert_int_equal(free_pages(), 0);
	assert_int_equal(page_alloc_range(PADDR(at), 1280, PAGE_ANY_COLOUR), 0);
}

static void test_odd_ranges(void **state)
{
	paddr_t pa;

	(void)state;
	/* Partial pages, an empty range, and page 0. */
	assert_int_equal(page_add_ram(PADDR(0), MIB(1)), 0);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE + 1), KIB(4)), 0);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE + 1), KIB(12)), 0);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), KIB(8)), -ERR_EXIST);
	assert_int_equal(page_init_done(), 0);
	assert_int_equal(free_pages(), 255 + 2 - 1);
	while (!page_alloc(&pa, 0, PAGE_ANY_COLOUR)) {
		assert_int_not_equal(pa.v, 0);
	}
}

static void test_many_ranges(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(page_add_ram(PADDR(GIB(2) + i * GIB(3)),
					      i ? MIB(1) : GIB(2)),
				 0);
	}
	assert_int_equal(page_add_ram(PADDR(GIB(200)), MIB(1)), -ERR_NOSPC);
	assert_int_equal(page_init_done(), 0);
	assert_int_equal(ram.total, (GIB(2) + 63 * MIB(1)) / PAGE_SIZE);
}

static void test_64_gib(void **state)
{
	struct page_stats st;
	paddr_t pa;

	(void)state;
	assert_int_equal(page_add_ram(PADDR(GIB(2)), GIB(64)), 0);
	assert_int_equal(page_init_done(), 0);
	page_get_stats(&st);
	assert_int_equal(st.reserved, MIB(16) / PAGE_SIZE);
	assert_int_equal(st.free_blocks[18], 63);
	for (unsigned int i = 0; i < 63; i++) {
		assert_int_equal(page_alloc(&pa, 18, PAGE_ANY_COLOUR), 0);
	}
	assert_int_equal(page_alloc(&pa, 18, PAGE_ANY_COLOUR), -ERR_NOMEM);
}

static void test_colours(void **state)
{
	paddr_t pa;

	(void)state;
	page_set_colours(32);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), MIB(8)), 0);
	assert_int_equal(page_init_done(), 0);
	assert_int_equal(page_colours(), 32);
	assert_int_equal(page_max_order(0xff), 3);
	assert_int_equal(page_max_order(PAGE_ANY_COLOUR), PAGE_ORDER_MAX);
	while (!page_alloc(&pa, 3, 0xff00)) {
		assert_int_equal((pa.v >> PAGE_SHIFT) % 32, 8);
	}
	assert_int_equal(free_pages(), 2047 - 64 * 8);
	assert_int_equal(page_alloc(&pa, 4, 0xff00), -ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reservations, fresh),
		cmocka_unit_test_setup(test_table_place, fresh),
		cmocka_unit_test_setup(test_no_room, fresh),
		cmocka_unit_test_setup(test_held, fresh),
		cmocka_unit_test_setup(test_odd_ranges, fresh),
		cmocka_unit_test_setup(test_many_ranges, fresh),
		cmocka_unit_test_setup(test_64_gib, fresh),
		cmocka_unit_test_setup(test_colours, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
