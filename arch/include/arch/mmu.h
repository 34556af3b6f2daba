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
 *   MMU_WINDOW_BASE, MMU_WINDOW_SIZE             addresses for other mappings;
 *                                                the base may be a variable
 *
 * For tools that check accesses (AddressSanitizer): mark memory that must not
 * be used; pages must be unpoisoned before they are freed. Elsewhere these do
 * nothing:
 *
 *   void arch_mem_poison(const void *p, size_t size);
 *   void arch_mem_unpoison(const void *p, size_t size);
 */

enum mmu_prot {
	MMU_RO, /* normal memory, read only */
	MMU_RW,
	MMU_RX,
	MMU_DEVICE,   /* device registers: each access happens once, as it is
		       * written and in this order; read/write, never
		       * executable */
	MMU_UNCACHED, /* normal memory, not cached, read/write */
};

/* Map `size` bytes (pages) at va; largest blocks. -ERR_EXIST if any part is
 * mapped already, -ERR_NOMEM. Thread or boot context. */
int __must_check arch_mmu_map(vaddr_t va, paddr_t pa, uint64_t size,
			      enum mmu_prot prot);
/* Remove a mapping on all CPUs; splits blocks where needed. -ERR_NOMEM. Thread
 * or boot context. */
int __must_check arch_mmu_unmap(vaddr_t va, uint64_t size);
/* Change the permissions of mapped pages. -ERR_NOENT if some are not mapped,
 * -ERR_NOMEM. Thread or boot context. */
int __must_check arch_mmu_protect(vaddr_t va, uint64_t size,
				  enum mmu_prot prot);

/* Translate a mapped address: 0, or -ERR_FAULT. Any context; `prot` may be
 * NULL. */
int __must_check arch_mmu_lookup(vaddr_t va, paddr_t *pa, enum mmu_prot *prot);

/* The entry of `va` in the hypervisor's tables; false: no such address. Any
 * context; another CPU may change the tables meanwhile. */
struct mmu_path;
bool arch_mmu_path(vaddr_t va, struct mmu_path *out);

/* Map a device's registers; the pointer stays valid until unmapped. Page
 * granular; the same page may be asked for again. NULL when out of memory, or
 * when the range is partly RAM. Any context but interrupts. */
volatile void *arch_mmu_map_device(paddr_t pa, uint64_t size);
/* Unmap whole pages of registers on all CPUs, however often they were mapped.
 * All stay mapped if one is the early console's, to which a panic writes, or if
 * there is no memory to split a block. Thread or boot context. */
void arch_mmu_unmap_device(paddr_t pa, uint64_t size);

/* Fill whole pages with zeroes, as fast as the CPU can. Any context. */
void arch_zero_pages(void *va, size_t size);
/* The same, and the zeroes are in memory itself, for a guest that begins with
 * its caches off. Any context. */
void arch_zero_memory(void *va, size_t size);

/* Write what the data caches have back to memory, so that whoever reads it past
 * the caches sees it, and drop it from them. Any context. */
void arch_cache_clean_inval(const void *va, size_t size);
/* The most bytes that a cache writes to memory at once, a power of two: a
 * device that is not coherent shares no such piece with a CPU that writes. Any
 * context. */
size_t arch_cache_granule(void);
/* Make just-written instructions at the physical pages of [va, size) executable
 * for every observer (guest images). Any context. */
void arch_cache_sync_icache(const void *va, size_t size);
/* Make sure that no CPU executes stale instructions: called after code was
 * written, before others fetch it. Any context. */
void arch_icache_forget(void);

#endif
