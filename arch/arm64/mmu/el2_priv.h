/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one EL2 address space, shared by boot_map.c and stage1.c. */
#ifndef ARM64_MMU_EL2_PRIV_H
#define ARM64_MMU_EL2_PRIV_H

#include <arch/mmu.h>
#include <arch_impl/pgtable.h>

/* [L] LOCK_MMU, in stage1.c; at boot there is one CPU and no lock. */
extern struct pgtable el2_table;

/* Descriptor attributes for `prot`. */
uint64_t el2_attrs(enum mmu_prot prot);

#endif
