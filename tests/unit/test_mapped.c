/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of the hypervisor's own colours, none of which are adjacent, as objects
 * of the heap and as a device's buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/heap.h>
#include <core/thread.h>

#include "core/block/request.c"
#include "core/mm/page.c"

#define COLOURS 16
#define OWN 0x00a2 /* 1, 5, 7 */

static colour_mask_t own_set;

static int setup(void **state)
{
	(void)state;
	ram = (struct buddy){ .colours = 0 };
	started = ready = false;
	nr_reserved = 0;
	nr_colours = 1;
	page_set_colours(COLOURS);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), MIB(2)), 0);
	assert_int_equal(page_init_done(), 0);
	page_set_own(own_set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	heap_trim();
	assert_int_equal(ram.used, 0);
	assert_int_equal(page_check(), 0);
	return 0;
}

/* Every page of it has an own colour, is its alone, and lies behind the one
 * before. */
static void check_pages(const uint8_t *p, uint64_t pages)
{
	paddr_t pa, before = PADDR(0);

	for (uint64_t n = 0; n < pages; n++) {
		const uint8_t *at = p + n * PAGE_SIZE;
		uint64_t size = PAGE_SIZE;

		pa = mapped_phys(at, &size);
		assert_int_equal(size, PAGE_SIZE);
		assert_true(BIT(pa.v / PAGE_SIZE % COLOURS) & OWN);
		assert_int_not_equal(pa.v, before.v);
		before = pa;
		/* The same memory. */
		assert_int_equal(*(uint8_t *)arch_phys_to_virt(pa), at[0]);
	}
}

static void test_heap(void **state)
{
	static const size_t sizes[] = { 1, 4033, 4096, 4097, 12288, 70000 };
	uint8_t *p[ARRAY_SIZE(sizes)];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		p[i] = heap_alloc(sizes[i]);
		assert_non_null(p[i]);
		for (size_t n = 0; n < sizes[i]; n++) {
			assert_int_equal(p[i][n], 0);
		}
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (unsigned int i = 1; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(p[i][sizes[i] - 1], i + 1);
		check_pages(p[i], DIV_ROUND_UP(sizes[i], PAGE_SIZE));
		assert_int_equal(mapped_is(p[i]), sizes[i] > PAGE_SIZE);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		heap_free(p[i]);
	}
}

/* When the own colours are used up there is no more, whatever others have. */
static void test_used_up(void **state)
{
	uint8_t *p[200];
	unsigned int n = 0;
	uint64_t used;

	(void)state;
	do {
		assert_true(n < ARRAY_SIZE(p));
		p[n] = heap_alloc(3 * PAGE_SIZE);
	} while (p[n++]);
	assert_true(n > 10 && ram.free > ram.total / 2);
	/* What was taken for the last one was given back. */
	used = ram.used;
	assert_null(heap_alloc(3 * PAGE_SIZE));
	assert_int_equal(ram.used, used);
	while (n-- > 0) {
		heap_free(p[n]);
	}
}

/* Without own colours, pages are adjacent in memory. */
static void test_adjacent(void **state)
{
	uint64_t size = 5 * PAGE_SIZE;
	uint8_t *p = heap_alloc(size);

	(void)state;
	assert_false(mapped_is(p));
	assert_int_equal(mapped_phys(p, &size).v, arch_virt_to_phys(p).v);
	assert_int_equal(size, 5 * PAGE_SIZE);
	heap_free(p);
}

static void expect_segments(const struct sync_request *s, const uint8_t *buf,
			    uint64_t sectors)
{
	uint64_t total = 0;

	for (unsigned int n = 0; n < s->rq.nsegs; n++) {
		const struct io_segment *seg = &s->segs[n];

		assert_ptr_equal(seg->va, buf + total);
		assert_memory_equal(arch_phys_to_virt(seg->pa), seg->va,
				    seg->size);
		total += seg->size;
	}
	assert_int_equal(total, sectors << BLOCK_SECTOR_SHIFT);
}

/* A buffer of such pages is as many segments; a request ends with a block. */
static void test_request(void **state)
{
	struct blockdev bd = {
		.max_segments = 4,
		.max_segment_size = 65536,
		.max_sectors = 1024,
		.block_size = 512,
	};
	uint8_t *buf = heap_alloc(20 * PAGE_SIZE);
	struct sync_request s = { .rq = { .op = BLOCK_READ } };

	(void)state;
	for (unsigned int n = 0; n < 20 * PAGE_SIZE; n++) {
		buf[n] = (uint8_t)(n / 64 + n);
	}
	assert_int_equal(sync_fill(&bd, &s, buf, 160), 32);
	assert_int_equal(s.rq.nsegs, 4);
	expect_segments(&s, buf, 32);
	assert_int_equal(sync_fill(&bd, &s, buf + 512, 3), 3);
	assert_int_equal(s.rq.nsegs, 1);
	expect_segments(&s, buf + 512, 3);
	/* Blocks of 4096 bytes, in pieces of 1024 and 3072. */
	bd.block_size = 4096;
	assert_int_equal(sync_fill(&bd, &s, buf + 3072, 100), 24);
	expect_segments(&s, buf + 3072, 24);
	bd.max_segments = 1;
	assert_int_equal(sync_fill(&bd, &s, buf + 3072, 100), 0);
	heap_free(buf);
}

static int setup_own(void **state)
{
	own_set = OWN;
	return setup(state);
}

static int setup_any(void **state)
{
	own_set = PAGE_ANY_COLOUR;
	return setup(state);
}

#define O(name) cmocka_unit_test_setup_teardown(name, setup_own, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		O(test_heap),
		O(test_used_up),
		O(test_request),
		cmocka_unit_test_setup_teardown(test_adjacent, setup_any,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
