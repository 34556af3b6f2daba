/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: physical memory is a sparse file, all of it mapped in one piece.
 * The window is address space that nothing else uses; arch_mmu_map() maps
 * parts of the file there, so that a guard page really faults.
 *
 * Before main(), HOST_RAM_SIZE bytes are given to the page allocator. Tests
 * may use physical addresses from HOST_SPARE up as they like.
 */
#ifndef ARCH_IMPL_MMU_H
#define ARCH_IMPL_MMU_H

#include <libs/types.h>

#define HOST_PHYS_SIZE GIB(256)
#define HOST_RAM_BASE GIB(1)
#define HOST_RAM_SIZE MIB(512)
#define HOST_SPARE GIB(2)

#define MMU_WINDOW_BASE host_window
#define MMU_WINDOW_SIZE GIB(64)

/*
 * Where the window and physical address 0 are. Linux chooses: which addresses
 * are free differs with its layout, and with that of AddressSanitizer (LLVM 17
 * moved its heap to 0x500000000000).
 */
extern uint64_t host_window;
extern uint8_t *host_phys;

static inline void *arch_phys_to_virt(paddr_t pa)
{
	return host_phys + pa.v;
}

static inline paddr_t arch_virt_to_phys(const void *va)
{
	return PADDR((uintptr_t)va - (uintptr_t)host_phys);
}

/* For AddressSanitizer; nothing without it. */
void arch_mem_poison(const void *p, size_t size);
void arch_mem_unpoison(const void *p, size_t size);

/* Bytes that arch_mmu_map() has mapped in the window. */
uint64_t host_window_mapped(void);

#endif
