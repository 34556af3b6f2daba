/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch/host: the place of the simulated memory, whatever else is mapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host_ram.h>
#include <core/window.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE GIB(8)

/* Can it be read? The kernel tries, so that we do not fault. */
static bool readable(const void *p)
{
	int ends[2];
	bool good;

	assert_int_equal(pipe(ends), 0);
	good = write(ends[1], p, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return good;
}

/* Each time one more address is in use: no fixed address is needed. */
static void test_reserve(void **state)
{
	uint8_t *at[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		at[i] = host_reserve(SIZE);
		assert_true(IS_ALIGNED((uintptr_t)at[i], HOST_RESERVE_ALIGN));
		for (size_t j = 0; j < i; j++) {
			assert_true(at[i] + SIZE < at[j] ||
				    at[j] + SIZE < at[i]);
		}
		assert_ptr_equal(mmap(at[i], SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
					      MAP_NORESERVE,
				      -1, 0),
				 at[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		assert_true(readable(at[i]));
		assert_true(readable(at[i] + SIZE - 1));
		assert_false(readable(at[i] - 1));
		assert_false(readable(at[i] + SIZE));
		munmap(at[i], SIZE);
	}
}

static void test_around_memory(void **state)
{
	(void)state;
	assert_true(readable(arch_phys_to_virt(PADDR(0))));
	assert_true(readable(arch_phys_to_virt(PADDR(HOST_PHYS_SIZE - 1))));
	assert_false(readable(host_phys - 1));
	assert_false(readable(host_phys + HOST_PHYS_SIZE));
	assert_int_equal(arch_virt_to_phys(arch_phys_to_virt(PADDR(0x1234))).v,
			 0x1234);
}

static void test_around_the_window(void **state)
{
	vaddr_t va;

	(void)state;
	assert_true(IS_ALIGNED(MMU_WINDOW_BASE, WINDOW_SLOT));
	assert_int_equal(window_alloc(&va, PAGE_SIZE), 0);
	assert_false(readable((void *)(uintptr_t)va.v));
	assert_int_equal(arch_mmu_map(va, PADDR(HOST_SPARE), PAGE_SIZE, MMU_RW),
			 0);
	assert_true(readable((void *)(uintptr_t)va.v));
	assert_false(readable((void *)(uintptr_t)(va.v - 1)));
	assert_false(readable((void *)(uintptr_t)(va.v + PAGE_SIZE)));
	assert_int_equal(arch_mmu_unmap(va, PAGE_SIZE), 0);
	window_free(va, PAGE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_around_memory),
		cmocka_unit_test(test_around_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
