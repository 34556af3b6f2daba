/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window, and stacks with guard pages that fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/window.h>
#include <libs/error.h>

#include "core/mm/window.c"

static uint64_t free_pages(void)
{
	struct page_stats st;

	page_get_stats(&st);
	return st.free;
}

/* Let the kernel copy from it, which fails if nothing is mapped. */
static bool readable(const uint8_t *p)
{
	int fd[2];
	bool ok;

	assert_int_equal(pipe(fd), 0);
	ok = write(fd[1], p, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return ok;
}

static void test_guard(void **state)
{
	uint8_t *s = stack_alloc();
	enum mmu_prot prot;
	paddr_t pa;

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < CONFIG_STACK_SIZE; i++) {
		assert_int_equal(s[i], 0);
	}
	memset(s, 0xee, CONFIG_STACK_SIZE);
	assert_false(readable(s - 1));
	assert_false(readable(s - CONFIG_STACK_SIZE));
	assert_false(readable(s + CONFIG_STACK_SIZE));
	/* The exception entry relies on this. */
	assert_true((uintptr_t)s & CONFIG_STACK_SIZE);
	assert_true((uintptr_t)(s + CONFIG_STACK_SIZE - 1) & CONFIG_STACK_SIZE);
	assert_false((uintptr_t)(s - 1) & CONFIG_STACK_SIZE);
	assert_int_equal(arch_mmu_lookup(VADDR((uintptr_t)s + 5), &pa, &prot),
			 0);
	assert_int_equal(prot, MMU_RW);
	assert_int_equal(*(uint8_t *)arch_phys_to_virt(pa), 0xee);
	stack_free(s);
	assert_false(readable(s));
	assert_int_equal(arch_mmu_lookup(VADDR((uintptr_t)s), &pa, &prot),
			 -ERR_FAULT);
	/* It has no data of its last user. */
	s = stack_alloc();
	assert_int_equal(s[CONFIG_STACK_SIZE - 1], 0);
	stack_free(s);
	stack_free(NULL);
}

static void test_all_back(void **state)
{
	uint8_t *s[100];
	uint64_t before = free_pages();
	unsigned int slots = used;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 100; i++) {
			s[i] = stack_alloc();
			assert_non_null(s[i]);
			for (unsigned int k = 0; k < i; k++) {
				assert_ptr_not_equal(s[i], s[k]);
			}
		}
		assert_int_equal(used, slots + 100);
		for (unsigned int i = 0; i < 100; i++) {
			stack_free(s[(i * 37) % 100]);
		}
		assert_int_equal(used, slots);
		assert_int_equal(free_pages(), before);
		assert_int_equal(host_window_mapped(), 0);
	}
}

static void test_out_of_pages(void **state)
{
	uint64_t before = free_pages();
	unsigned int slots = used;
	paddr_t blocks[200];
	unsigned int n = 0;

	(void)state;
	for (unsigned int order = 17; order-- > 0;) {
		while (!page_alloc(&blocks[n], order, PAGE_ANY_COLOUR)) {
			blocks[n++].v |= order;
			assert_true(n < 200);
		}
	}
	assert_null(stack_alloc());
	assert_int_equal(used, slots);
	while (n--) {
		page_free(PADDR(blocks[n].v & ~PAGE_MASK),
			  (unsigned int)(blocks[n].v & PAGE_MASK));
	}
	assert_int_equal(free_pages(), before);
}

static void test_window(void **state)
{
	vaddr_t a, b, c;

	(void)state;
	assert_int_equal(window_alloc(&a, WINDOW_SLOT * 3), 0);
	assert_int_equal(window_alloc(&b, 1), 0);
	/* The guard of the second is after the end of the first. */
	assert_true(a.v + WINDOW_SLOT * 3 <= b.v - WINDOW_SLOT / 2);
	window_free(a, WINDOW_SLOT * 3);
	assert_int_equal(window_alloc(&c, WINDOW_SLOT * 4), 0);
	assert_true(c.v > b.v);
	window_free(c, WINDOW_SLOT * 4);
	assert_int_equal(window_alloc(&c, WINDOW_SLOT * 3), 0);
	assert_int_equal(c.v, a.v);
	window_free(c, WINDOW_SLOT * 3);
	window_free(b, 1);
	assert_int_equal(used, 0);
	/* One page more than half a slot takes a second slot. */
	assert_int_equal(window_alloc(&a, WINDOW_SLOT / 2 + PAGE_SIZE), 0);
	assert_int_equal(window_alloc(&b, 1), 0);
	assert_true(a.v + WINDOW_SLOT / 2 + PAGE_SIZE <= b.v - WINDOW_SLOT / 2);
	window_free(a, WINDOW_SLOT / 2 + PAGE_SIZE);
	window_free(b, 1);
	assert_int_equal(used, 0);
	assert_int_equal(window_alloc(&a, MMU_WINDOW_SIZE), -ERR_NOMEM);
	assert_int_equal(window_alloc(&a, UINT64_MAX), -ERR_NOMEM);
}

static void test_window_full(void **state)
{
	static vaddr_t va[WINDOW_SLOTS];
	vaddr_t more;

	(void)state;
	for (unsigned int i = 0; i < WINDOW_SLOTS; i++) {
		assert_int_equal(window_alloc(&va[i], CONFIG_STACK_SIZE), 0);
	}
	assert_int_equal(window_alloc(&more, 1), -ERR_NOMEM);
	window_free(va[1000], CONFIG_STACK_SIZE);
	assert_int_equal(window_alloc(&more, 1), 0);
	assert_int_equal(more.v, va[1000].v);
	for (unsigned int i = 0; i < WINDOW_SLOTS; i++) {
		window_free(va[i], CONFIG_STACK_SIZE);
	}
}

static void test_bad_frees(void **state)
{
	uint8_t *s = stack_alloc();

	(void)state;
	stack_free(s);
	assert_true(host_panics(stack_free(s)));
	assert_true(host_panics(stack_free((uint8_t *)&s)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_all_back),
		cmocka_unit_test(test_out_of_pages),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_full),
		cmocka_unit_test(test_bad_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
