/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that lie together by their addresses only. */
#include <arch/mmu.h>
#include <core/log.h>
#include <core/mapped.h>
#include <core/page.h>
#include <core/window.h>

static vaddr_t nth(vaddr_t va, uint64_t n)
{
	return VADDR(va.v + n * PAGE_SIZE);
}

static void unmap(vaddr_t va, uint64_t count)
{
	while (count-- > 0) {
		paddr_t pa = PADDR(0);
		int err = arch_mmu_lookup(nth(va, count), &pa, NULL);

		assert(!err);
		err = arch_mmu_unmap(nth(va, count), PAGE_SIZE);
		assert(!err);
		page_free(pa, 0);
	}
}

static bool map(vaddr_t va, uint64_t count)
{
	for (uint64_t n = 0; n < count; n++) {
		paddr_t pa;

		if (page_alloc_zeroed(&pa, 0, PAGE_ANY_COLOUR)) {
			unmap(va, n);
			return false;
		}
		if (arch_mmu_map(nth(va, n), pa, PAGE_SIZE, MMU_RW)) {
			page_free(pa, 0);
			unmap(va, n);
			return false;
		}
	}
	return true;
}

void *mapped_alloc(uint64_t count)
{
	vaddr_t va;

	if (window_alloc(&va, count * PAGE_SIZE)) {
		return NULL;
	}
	if (!map(va, count)) {
		window_free(va, count * PAGE_SIZE);
		return NULL;
	}
	return (void *)(uintptr_t)va.v;
}

void mapped_free(void *p, uint64_t count)
{
	vaddr_t va = VADDR((uintptr_t)p);

	unmap(va, count);
	window_free(va, count * PAGE_SIZE);
}

#ifdef CONFIG_COLOURS
bool mapped_is(const void *va)
{
	return (uintptr_t)va - MMU_WINDOW_BASE < MMU_WINDOW_SIZE;
}

paddr_t mapped_phys(const void *va, uint64_t *size)
{
	uintptr_t at = (uintptr_t)va;
	paddr_t pa = PADDR(0);
	int err;

	if (!mapped_is(va)) {
		return arch_virt_to_phys(va);
	}
	err = arch_mmu_lookup(VADDR(ALIGN_DOWN(at, PAGE_SIZE)), &pa, NULL);
	assert(!err);
	*size = MIN(*size, PAGE_SIZE - (at & PAGE_MASK));
	return PADDR(pa.v + (at & PAGE_MASK));
}
#endif
