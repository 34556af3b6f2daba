/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's page allocator, as arch/host booted it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/page.h>
#include <libs/error.h>

static struct page_stats stats(void)
{
	struct page_stats st;
	uint64_t blocks = 0;

	page_get_stats(&st);
	for (unsigned int i = 0; i <= PAGE_ORDER_MAX; i++) {
		blocks += st.free_blocks[i] << i;
	}
	assert_int_equal(blocks, st.free);
	assert_int_equal(st.free + st.reserved + st.hypervisor + st.guests,
			 st.total);
	return st;
}

/* The page states take a byte for each page, and nothing else is used. */
static void test_boot(void **state)
{
	struct page_stats st = stats();

	(void)state;
	assert_int_equal(st.total, HOST_RAM_SIZE >> PAGE_SHIFT);
	assert_int_equal(st.reserved, DIV_ROUND_UP(st.total, PAGE_SIZE));
	assert_int_equal(st.hypervisor, 0);
}

static void test_alloc(void **state)
{
	struct page_stats before = stats(), st;
	paddr_t pa[PAGE_ORDER_MAX];

	(void)state;
	for (unsigned int order = 0; order <= 15; order++) {
		uint8_t *p;

		assert_int_equal(page_alloc(&pa[order], order, PAGE_ANY_COLOUR),
				 0);
		assert_true(IS_ALIGNED(pa[order].v, PAGE_SIZE << order));
		p = arch_phys_to_virt(pa[order]);
		p[0] = 1;
		p[(PAGE_SIZE << order) - 1] = 1;
	}
	st = stats();
	assert_int_equal(st.hypervisor, (1 << 16) - 1);
	page_account_guest(100);
	st = stats();
	assert_int_equal(st.guests, 100);
	assert_int_equal(st.hypervisor, (1 << 16) - 1 - 100);
	page_account_guest(-100);
	for (unsigned int order = 0; order <= 15; order++) {
		page_free(pa[order], order);
	}
	st = stats();
	assert_memory_equal(&st, &before, sizeof(st));
}

static void test_zeroed(void **state)
{
	paddr_t pa;
	uint8_t *p;

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(page_alloc_zeroed(&pa, 3, PAGE_ANY_COLOUR), 0);
		p = arch_phys_to_virt(pa);
		for (unsigned int i = 0; i < PAGE_SIZE << 3; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xff, PAGE_SIZE << 3);
		page_free(pa, 3);
	}
}

static void test_exact(void **state)
{
	struct page_stats before = stats(), st;
	paddr_t pa, other;

	(void)state;
	for (uint64_t n = 1; n < 300; n += 7) {
		assert_int_equal(page_alloc_exact(&pa, n, PAGE_ANY_COLOUR), 0);
		assert_int_equal(stats().hypervisor, n);
		assert_int_equal(page_alloc(&other, 0, PAGE_ANY_COLOUR), 0);
		assert_true(other.v < pa.v || other.v >= pa.v + n * PAGE_SIZE);
		page_free(other, 0);
		page_free_exact(pa, n);
	}
	assert_int_equal(page_alloc_exact(&pa, 0, PAGE_ANY_COLOUR), -ERR_INVAL);
	assert_int_equal(page_alloc_exact(&pa, (1 << 18) + 1, PAGE_ANY_COLOUR),
			 -ERR_INVAL);
	assert_int_equal(page_alloc_exact(&pa, 1 << 18, PAGE_ANY_COLOUR),
			 -ERR_NOMEM);
	st = stats();
	assert_memory_equal(&st, &before, sizeof(st));
}

/* Adjacent blocks of any orders are freed as one range. */
static void test_free_range(void **state)
{
	struct page_stats before = stats(), st;
	paddr_t pa;

	(void)state;
	assert_int_equal(page_alloc_exact(&pa, 8 + 4 + 1, PAGE_ANY_COLOUR), 0);
	/* An address inside a block, or a block larger than the range. */
	assert_true(host_panics(page_free_range(PADDR(pa.v + PAGE_SIZE), 1)));
	assert_true(host_panics(page_free_range(pa, 7)));
	page_free_range(pa, 8 + 4 + 1);
	st = stats();
	assert_memory_equal(&st, &before, sizeof(st));
	assert_true(host_panics(page_free_range(pa, 1)));
}

static void test_bad_frees(void **state)
{
	paddr_t pa;

	(void)state;
	assert_int_equal(page_alloc(&pa, 2, PAGE_ANY_COLOUR), 0);
	assert_true(host_panics(page_free(PADDR(pa.v + 16), 2)));
	assert_true(host_panics(page_free(PADDR(pa.v + PAGE_SIZE), 0)));
	assert_true(host_panics(page_free(pa, 1)));
	assert_true(host_panics(page_free(pa, 3)));
	assert_true(host_panics(page_free(PADDR(0), 0)));
	page_free(pa, 2);
	assert_true(host_panics(page_free(pa, 2)));
	/* In RAM, but never allocated: the allocator's own table. */
	assert_true(host_panics(page_free(PADDR(HOST_RAM_BASE), 0)));
}

static void test_release_reserved(void **state)
{
	uint64_t free = stats().free;

	(void)state;
	/* Free or used pages are not reserved. */
	assert_int_equal(page_release_reserved(PADDR(HOST_RAM_BASE +
						     HOST_RAM_SIZE - PAGE_SIZE),
					       PAGE_SIZE),
			 -ERR_INVAL);
	assert_int_equal(page_release_reserved(PADDR(0), PAGE_SIZE),
			 -ERR_INVAL);
	assert_int_equal(stats().free, free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_free_range),
		cmocka_unit_test(test_bad_frees),
		cmocka_unit_test(test_release_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
