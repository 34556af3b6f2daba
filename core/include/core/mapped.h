/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of the hypervisor that lie together by their addresses in the window,
 * wherever they are in memory: with colours of its own they need not be
 * adjacent there. */
#ifndef CORE_MAPPED_H
#define CORE_MAPPED_H

#include <arch/mmu.h>
#include <libs/types.h>

/* `count` pages, zero filled, with unmapped addresses in front of them. NULL:
 * out of memory or addresses. Thread or start-up context. */
void *mapped_alloc(uint64_t count);
void mapped_free(void *p, uint64_t count);

/* Is that the address of such a page? Any context. */
/* Where memory of the heap or the image begins that a device is to access;
 * *size, at least 1, becomes what of it lies together from there on. Any
 * context. */
#ifdef CONFIG_COLOURS
bool mapped_is(const void *va);
paddr_t mapped_phys(const void *va, uint64_t *size);
#else
static inline bool mapped_is(const void *va)
{
	(void)va;
	return false; /* stacks alone are, of which nobody asks */
}

static inline paddr_t mapped_phys(const void *va, uint64_t *size)
{
	(void)size;
	return arch_virt_to_phys(va);
}
#endif

#endif
