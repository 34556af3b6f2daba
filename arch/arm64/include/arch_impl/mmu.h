/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: RAM is mapped one to one at EL2, the image at addresses of its own;
 * setting that up at boot. */
#ifndef ARCH_IMPL_MMU_H
#define ARCH_IMPL_MMU_H

#include <arch/image.h>
#include <libs/types.h>

static inline void *arch_phys_to_virt(paddr_t pa)
{
	return (void *)pa.v;
}

/* Addresses for stacks and other things that are not the direct map: the
 * last 512 GiB of the 48-bit space, but for the image's GiB at their end. */
#define MMU_WINDOW_BASE UINT64_C(0x0000ff8000000000)
#define MMU_WINDOW_SIZE GIB(511)
#define MMU_IMAGE_BASE UINT64_C(0x0000ffffc0000000)

/* The address that this byte of .idmap.text has with the MMU on or off. */
paddr_t mmu_idmap(const void *code);

static inline paddr_t arch_virt_to_phys(const void *va)
{
	uint64_t addr = (uint64_t)va;

	return addr >= MMU_IMAGE_BASE ? arch_image_phys(va) : PADDR(addr);
}

/* No memory tagging yet: see arch/mmu.h. */
static inline void arch_mem_poison(const void *p, size_t size)
{
	(void)p;
	(void)size;
}

static inline void arch_mem_unpoison(const void *p, size_t size)
{
	(void)p;
	(void)size;
}

/*
 * Boot, MMU and caches off, on the boot stack: build tables that map the
 * image by section and the device tree's pages read only (one page if its
 * header is not that of a tree; none if `fdt_pa` is no possible address).
 * Returns what mmu_enable() takes.
 */
uint64_t mmu_boot_init(uint64_t fdt_pa);
/* The first thing once the MMU is on: pointers have been relocated since. */
void mmu_boot_enabled(void);
/* Where the loader put the image: its first byte. */
paddr_t mmu_image_loaded(void);

/* Turn this CPU's MMU and caches on. Uses neither stack nor data. */
void mmu_enable(uint64_t ttbr);

/*
 * Boot CPU alone, MMU on, before threads. The arena is RAM that
 * mmu_map_ram() takes translation tables from, until page_alloc() works;
 * the caller keeps it out of the page allocator. 64 pages are plenty for
 * 16 ranges of RAM. -ERR_NOMEM if the static tables cannot map it.
 */
int __must_check mmu_set_arena(paddr_t base, uint64_t size);
/* Map RAM one to one, read/write, around what is mapped already. Partial
 * pages at the ends are left out. */
int __must_check mmu_map_ram(paddr_t base, uint64_t size);
/* One page of device registers, for the early console. */
int __must_check mmu_map_early_device(paddr_t pa);
/* page_init_done() has been called: take tables from page_alloc(). */
void mmu_use_page_allocator(void);

#endif
