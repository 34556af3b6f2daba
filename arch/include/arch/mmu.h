/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the hypervisor's own address space. */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include <arch_impl/mmu.h>
#include <libs/types.h>

/*
 * Supplied by <arch_impl/mmu.h>; all RAM is mapped, one linear map:
 *
 *   void *arch_phys_to_virt(paddr_t pa);
 *   paddr_t arch_virt_to_phys(const void *va);   direct map and image only
 *   MMU_WINDOW_BASE, MMU_WINDOW_SIZE             addresses for other mappings
 *
 * Where a tool checks accesses (AddressSanitizer), it is told which memory is
 * not for use; no poison is left in pages that are freed. Elsewhere these do
 * nothing:
 *
 *   void arch_mem_poison(const void *p, size_t size);
 *   void arch_mem_unpoison(const void *p, size_t size);
 */

enum mmu_prot {
	MMU_RO,			/* normal memory, read only */
	MMU_RW,
	MMU_RX,
	MMU_DEVICE,		/* device nGnRE, read/write, never executable */
	MMU_WRITE_THROUGH,	/* normal memory; writes pass the caches */
};

/* Map `size` bytes (pages) at va; largest blocks. -ERR_EXIST if any part is
 * mapped already, -ERR_NOMEM. Thread or boot context. */
int __must_check arch_mmu_map(vaddr_t va, paddr_t pa, uint64_t size,
			      enum mmu_prot prot);
/* Take the mapping away on all CPUs; splits blocks where needed. */
int __must_check arch_mmu_unmap(vaddr_t va, uint64_t size);
/* Change permissions of mapped pages. */
int __must_check arch_mmu_protect(vaddr_t va, uint64_t size,
				  enum mmu_prot prot);

/* What a mapped address leads to: 0, or -ERR_FAULT. Any context; `prot` may
 * be NULL. */
int __must_check arch_mmu_lookup(vaddr_t va, paddr_t *pa,
				 enum mmu_prot *prot);

/* Map a device's registers; the pointer stays valid until unmapped. Page
 * granular; the same page may be asked for again. NULL when out of memory,
 * or when the range is partly RAM. */
volatile void *arch_mmu_map_device(paddr_t pa, uint64_t size);

/* Fill whole pages with zeroes, as fast as the CPU can. */
void arch_zero_pages(void *va, size_t size);
/* The same in memory, past the caches: for who begins with its own off. Nobody
 * else may touch these pages meanwhile, their mapping changes. Thread context
 * (FP registers are used). */
void arch_zero_memory(void *va, size_t size);

/* Clean + invalidate / clean data cache to the point of coherency. */
void arch_cache_clean_inval(const void *va, size_t size);
/* Make just-written instructions at the physical pages of [va, size)
 * executable for every observer (guest images). */
void arch_cache_sync_icache(const void *va, size_t size);
/* No CPU executes any more what was in memory before: when that is written
 * already, and others are about to fetch from it. */
void arch_icache_forget(void);

#endif
