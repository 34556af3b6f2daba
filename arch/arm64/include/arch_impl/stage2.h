/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: a guest's stage 2. */
#ifndef ARCH_IMPL_STAGE2_H
#define ARCH_IMPL_STAGE2_H

#include <core/spinlock.h>
#include <libs/types.h>

struct stage2 {
	struct spinlock lock;
	paddr_t root;		/* [I] first table (or concatenated tables) */
	uint32_t root_pages;	/* [I] 1..16, concatenated */
	uint8_t ipa_bits;	/* [I] */
	uint8_t start_level;	/* [I] */
	uint64_t vtcr;		/* [I] VTCR_EL2 */
	uint64_t vmid;		/* [A] generation | VMID */
	uint64_t tables;	/* [L] table pages */
	uint64_t blocks[3];	/* [L] leaf entries: 1G, 2M, 4K */
};

/* VTTBR_EL2 for this CPU: assigns a VMID of the current generation if
 * needed. Interrupts masked, called when switching in. */
uint64_t stage2_vttbr(struct stage2 *s2);

#endif
