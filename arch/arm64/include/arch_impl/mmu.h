/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: RAM is mapped one to one at EL2. */
#ifndef ARCH_IMPL_MMU_H
#define ARCH_IMPL_MMU_H

#include <libs/types.h>

static inline void *arch_phys_to_virt(paddr_t pa)
{
	return (void *)pa.v;
}

static inline paddr_t arch_virt_to_phys(const void *va)
{
	return PADDR((uint64_t)va);
}

/* Addresses for stacks and other things that are not the direct map: the
 * last 512 GiB of the 48-bit space. */
#define MMU_WINDOW_BASE UINT64_C(0x0000ff8000000000)
#define MMU_WINDOW_SIZE GIB(512)

#endif
