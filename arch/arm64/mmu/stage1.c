/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing the EL2 address space at run time. */
#include "el2_priv.h"
#include "pte.h"

#include <arch/mmu_path.h>
#include <arch_impl/cpu.h>
#include <core/spinlock.h>
#include <libs/error.h>

static struct spinlock el2_lock = SPINLOCK_INIT(LOCK_MMU);

int arch_mmu_map(vaddr_t va, paddr_t pa, uint64_t size, enum mmu_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&el2_lock);
	int err = pgtable_map(&el2_table, va.v, pa.v, size, el2_attrs(prot));

	spin_unlock_irqrestore(&el2_lock, flags);
	return err;
}

int arch_mmu_unmap(vaddr_t va, uint64_t size)
{
	unsigned long flags = spin_lock_irqsave(&el2_lock);
	int err = pgtable_unmap(&el2_table, va.v, size);

	spin_unlock_irqrestore(&el2_lock, flags);
	return err;
}

int arch_mmu_protect(vaddr_t va, uint64_t size, enum mmu_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&el2_lock);
	int err = pgtable_protect(&el2_table, va.v, size, el2_attrs(prot));

	spin_unlock_irqrestore(&el2_lock, flags);
	return err;
}

static enum mmu_prot leaf_prot(uint64_t pte)
{
	switch (pte & PTE_S1_ATTR_MASK) {
	case PTE_S1_ATTR(MAIR_DEVICE):
		return MMU_DEVICE;
	case PTE_S1_ATTR(MAIR_UNCACHED):
		return MMU_UNCACHED;
	default:
		break;
	}
	if ((pte & PTE_XN) == 0) {
		return MMU_RX;
	}
	return pte & PTE_S1_RO ? MMU_RO : MMU_RW;
}

int arch_mmu_lookup(vaddr_t va, paddr_t *pa, enum mmu_prot *prot)
{
	struct pgtable_walk w;

	if (!pgtable_lookup(&el2_table, va.v, &w)) {
		return -ERR_FAULT;
	}
	*pa = PADDR(w.pa);
	if (prot) {
		*prot = leaf_prot(w.pte);
	}
	return 0;
}

bool arch_mmu_path(vaddr_t va, struct mmu_path *out)
{
	struct pgtable_walk w;

	if (!pgtable_path(&el2_table, va.v, out)) {
		return false;
	}
	out->root_pages = 1;
	out->ram = pgtable_lookup(&el2_table, va.v, &w) &&
		   leaf_prot(w.pte) != MMU_DEVICE;
	return true;
}

/* Map the parts of the registers that are not mapped; the others must be device
 * memory. */
static int map_device_locked(uint64_t start, uint64_t end)
{
	assert_held(&el2_lock);
	while (start < end) {
		bool mapped;
		uint64_t next = pgtable_run(&el2_table, start, end, &mapped);
		struct pgtable_walk w;
		int err;

		for (uint64_t at = start; mapped && at < next;
		     at = ALIGN_DOWN(at, pte_span(w.level)) +
			  pte_span(w.level)) {
			if (!pgtable_lookup(&el2_table, at, &w) ||
			    leaf_prot(w.pte) != MMU_DEVICE) {
				return -ERR_EXIST;
			}
		}
		if (!mapped) {
			err = pgtable_map_free(&el2_table, start, start,
					       next - start,
					       el2_attrs(MMU_DEVICE));
			if (err) {
				return err;
			}
		}
		start = next;
	}
	return 0;
}

volatile void *arch_mmu_map_device(paddr_t pa, uint64_t size)
{
	uint64_t start = ALIGN_DOWN(pa.v, PAGE_SIZE);
	uint64_t end = ALIGN_UP(pa.v + size, PAGE_SIZE);
	unsigned long flags;
	int err;

	if (size == 0 || end <= start || end > MMU_WINDOW_BASE) {
		return NULL;
	}
	flags = spin_lock_irqsave(&el2_lock);
	err = map_device_locked(start, end);
	spin_unlock_irqrestore(&el2_lock, flags);
	return err ? NULL : arch_phys_to_virt(pa);
}

void arch_mmu_unmap_device(paddr_t pa, uint64_t size)
{
	int err = 0;

	if (el2_early.console - pa.v >= size) {
		err = arch_mmu_unmap(VADDR((uint64_t)arch_phys_to_virt(pa)),
				     size);
	}
	/* -ERR_NOMEM: nothing has changed. */
	(void)err;
}
