/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor stacks, each with unmapped addresses below it. */
#include <arch/mmu.h>
#include <core/log.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/window.h>

#define STACK_PAGES (CONFIG_STACK_SIZE / PAGE_SIZE)

_Static_assert(CONFIG_STACK_SIZE % PAGE_SIZE == 0, "stacks are whole pages");

static void stack_unmap(vaddr_t va, unsigned int pages)
{
	while (pages-- > 0) {
		vaddr_t at = VADDR(va.v + pages * PAGE_SIZE);
		paddr_t pa = PADDR(0);
		int err = arch_mmu_lookup(at, &pa, NULL);

		assert(!err);
		err = arch_mmu_unmap(at, PAGE_SIZE);
		assert(!err);
		page_free(pa, 0);
	}
}

/* Page by page: they need not be contiguous, and with colours they cannot
 * be. */
static bool stack_map(vaddr_t va)
{
	for (unsigned int n = 0; n < STACK_PAGES; n++) {
		paddr_t pa;

		if (page_alloc_zeroed(&pa, 0, PAGE_ANY_COLOUR)) {
			stack_unmap(va, n);
			return false;
		}
		if (arch_mmu_map(VADDR(va.v + n * PAGE_SIZE), pa, PAGE_SIZE,
				 MMU_RW)) {
			page_free(pa, 0);
			stack_unmap(va, n);
			return false;
		}
	}
	return true;
}

uint8_t *stack_alloc(void)
{
	vaddr_t va;

	if (window_alloc(&va, CONFIG_STACK_SIZE)) {
		return NULL;
	}
	if (!stack_map(va)) {
		window_free(va, CONFIG_STACK_SIZE);
		return NULL;
	}
	return (uint8_t *)(uintptr_t)va.v;
}

void stack_free(uint8_t *stack)
{
	vaddr_t va = VADDR((uintptr_t)stack);

	if (!stack) {
		return;
	}
	stack_unmap(va, STACK_PAGES);
	window_free(va, CONFIG_STACK_SIZE);
}
