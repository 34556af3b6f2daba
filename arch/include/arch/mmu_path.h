/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the path of a translation through the tables, for checking them. */
#ifndef ARCH_MMU_PATH_H
#define ARCH_MMU_PATH_H

#include <libs/types.h>

#define MMU_PATH_TABLES 5

/* From the root to the entry of an address: the tables on the way, and what the
 * entry is for. */
struct mmu_path {
	paddr_t tables[MMU_PATH_TABLES]; /* pages; the first is the root */
	unsigned int ntables;
	unsigned int root_pages; /* contiguous */
	uint64_t base, size;     /* addresses that the entry is for */
	bool mapped;
	bool ram;   /* it leads to memory, not to a device */
	bool bad;   /* it contradicts the entries that it is one with */
	paddr_t pa; /* where `base` leads */
};

#endif
