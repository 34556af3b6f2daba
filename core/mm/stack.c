/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor stacks, each with unmapped addresses below. */
#include <arch/mmu.h>
#include <core/log.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/window.h>

#define STACK_PAGES (CONFIG_STACK_SIZE / PAGE_SIZE)

_Static_assert(CONFIG_STACK_SIZE % PAGE_SIZE == 0, "stacks are whole pages");

static bool stack_map(vaddr_t va)
{
	paddr_t pa;

	if (page_alloc_exact(&pa, STACK_PAGES, PAGE_ANY_COLOUR)) {
		return false;
	}
	arch_zero_pages(arch_phys_to_virt(pa), CONFIG_STACK_SIZE);
	if (arch_mmu_map(va, pa, CONFIG_STACK_SIZE, MMU_RW)) {
		page_free_exact(pa, STACK_PAGES);
		return false;
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
	paddr_t pa = PADDR(0);
	int err;

	if (!stack) {
		return;
	}
	err = arch_mmu_lookup(va, &pa, NULL);
	assert(!err);
	err = arch_mmu_unmap(va, CONFIG_STACK_SIZE);
	assert(!err);
	window_free(va, CONFIG_STACK_SIZE);
	page_free_exact(pa, STACK_PAGES);
}
