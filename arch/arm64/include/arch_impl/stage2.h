/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: a guest's stage 2. */
#ifndef ARCH_IMPL_STAGE2_H
#define ARCH_IMPL_STAGE2_H

#include <arch_impl/pgtable.h>
#include <core/spinlock.h>
#include <libs/types.h>

struct stage2 {
	struct spinlock lock;
	struct pgtable table; /* [L] for writing */
	uint32_t root_pages;  /* [I] 1..16, concatenated; 0: no stage 2 */
	uint64_t colours;     /* [I] of its tables: colour_mask_t */
	uint64_t vtcr;        /* [I] VTCR_EL2 */
	uint64_t vmid;        /* [A] generation | VMID, see mmu/vmid.h */
};

/* VTTBR_EL2 for this CPU: assigns a VMID of the current generation if
 * needed. Interrupts masked, called when switching in. */
uint64_t stage2_vttbr(struct stage2 *s2);

/*
 * After a translation or permission fault: true if the tables, read under their
 * lock, have an entry for `ipa` that permits the access, so that the guest only
 * has to repeat it (another CPU was between break and make). Trap context, no
 * lock held.
 */
bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write, bool exec);

#endif
