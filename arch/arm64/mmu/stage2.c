/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage 2: a guest's physical address space. */
#include "pte.h"
#include "vmid.h"

#include <arch/mmu.h>
#include <arch/mmu_path.h>
#include <arch/stage2.h>
#include <arch_impl/cpu.h>
#include <arch_impl/features.h>
#include <core/page.h>
#include <core/percpu.h>
#include <libs/error.h>

#define VTTBR_VMID_SHIFT 48

static struct vmid_space vmids;
static bool vmids_ready;                                        /* [L] */
static struct spinlock vmids_lock = SPINLOCK_INIT(LOCK_STAGE2); /* L */

static int stage2_table_alloc(struct pgtable *pt, paddr_t *out)
{
	struct stage2 *s2 = container_of(pt, struct stage2, table);

	return page_alloc_zeroed(out, 0, s2->colours);
}

static void stage2_table_free(struct pgtable *pt, paddr_t table)
{
	(void)pt;
	page_free(table, 0);
}

static void stage2_sync(struct pgtable *pt)
{
	(void)pt;
	dsb(ishst);
}

static uint64_t vttbr_of(const struct stage2 *s2)
{
	uint64_t id = __atomic_load_n(&s2->vmid, __ATOMIC_RELAXED);

	return (vmid_number(id) << VTTBR_VMID_SHIFT) | s2->table.root.v;
}

/*
 * The guest registers of this CPU, saved while another guest's VMID is loaded.
 */
struct guest_regime {
	uint64_t vttbr, tcr, sctlr;
};

#define TCR_EPD (BIT(7) | BIT(23))
#define SCTLR_M BIT(0)

/*
 * TLB maintenance acts on the VMID in VTTBR_EL2. While that is not the loaded
 * guest's, no stage 1 walk of it may happen, not even a speculative one
 * (Cortex-A72 erratum 1319367): walks are off.
 */
static struct guest_regime regime_enter(uint64_t vttbr)
{
	struct guest_regime old = {
		.vttbr = read_sysreg(vttbr_el2),
		.tcr = read_sysreg(tcr_el1),
		.sctlr = read_sysreg(sctlr_el1),
	};

	if (old.vttbr == vttbr) {
		return old;
	}
	write_sysreg(old.tcr | TCR_EPD, tcr_el1);
	write_sysreg(old.sctlr | SCTLR_M, sctlr_el1);
	isb();
	write_sysreg(vttbr, vttbr_el2);
	isb();
	return old;
}

static void regime_leave(const struct guest_regime *old, uint64_t vttbr)
{
	if (old->vttbr == vttbr) {
		return;
	}
	write_sysreg(old->vttbr, vttbr_el2);
	isb();
	write_sysreg(old->tcr, tcr_el1);
	write_sysreg(old->sctlr, sctlr_el1);
	isb();
}

/* Above this many entries it is cheaper to invalidate all of the guest's. */
#define TLBI_MAX 512

/*
 * Arm ARM D8.14: stage 2 entries by IPA, then those that combine both stages.
 */
static void tlbi_ipas(uint64_t ipa, uint64_t end, uint64_t step)
{
	for (ipa = ALIGN_DOWN(ipa, step); ipa < end; ipa += step) {
		__asm__ volatile("tlbi ipas2e1is, %0"
				 :
				 : "r"(ipa >> PAGE_SHIFT)
				 : "memory");
	}
	dsb(ish);
	__asm__ volatile("tlbi vmalle1is" : : : "memory");
}

/*
 * A guest without a VMID has no TLB entries. If a guest is getting its first
 * VMID, or a new one, on another CPU at this moment, it walks the tables as
 * they are now: there is a barrier there between taking the VMID and the first
 * walk, and one here between writing the table and reading the VMID.
 */
static void stage2_tlbi(struct pgtable *pt, uint64_t ipa, uint64_t size,
			unsigned int level)
{
	struct stage2 *s2 = container_of(pt, struct stage2, table);
	struct guest_regime old;
	uint64_t vttbr;

	assert_held(&s2->lock); /* interrupts are masked */
	dsb(ish);
	vttbr = vttbr_of(s2);
	if (vttbr >> VTTBR_VMID_SHIFT == 0) {
		return;
	}
	old = regime_enter(vttbr);
	if (size / pte_span(level) > TLBI_MAX) {
		__asm__ volatile("tlbi vmalls12e1is" : : : "memory");
	} else {
		tlbi_ipas(ipa, ipa + size, pte_span(level));
	}
	dsb(ish);
	isb();
	regime_leave(&old, vttbr);
}

static const struct pgtable_ops stage2_ops = {
	.table_alloc = stage2_table_alloc,
	.table_free = stage2_table_free,
	.tlbi = stage2_tlbi,
	.sync = stage2_sync,
};

/* Every CPU, every VMID; and a VIVT or VMID-tagged instruction cache. */
static void flush_all_vmids(void)
{
	dsb(ishst);
	__asm__ volatile("tlbi alle1is" : : : "memory");
	if (FIELD(features_ctr(), 15, 14) < 2) {
		__asm__ volatile("ic ialluis" : : : "memory");
	}
	dsb(ish);
	isb();
}

static void vmids_start(void)
{
	unsigned long flags = spin_lock_irqsave(&vmids_lock);

	if (!vmids_ready) {
		vmid_init(&vmids, cpu_features.vmid16 ? 16 : 8, cpu_count,
			  flush_all_vmids);
		vmids_ready = true;
	}
	spin_unlock_irqrestore(&vmids_lock, flags);
}

unsigned int stage2_max_ipa_bits(void)
{
	return MIN((unsigned int)cpu_features.pa_bits,
		   (unsigned int)PTE_MAX_BITS);
}

unsigned int stage2_ipa_bits(uint64_t end)
{
	return parange_holding(end);
}

/* The deepest level whose root of concatenated tables can be of the colours:
 * where it cannot, one level more has a root of fewer tables. */
static unsigned int start_level(unsigned int bits, colour_mask_t colours)
{
	unsigned int level = stage2_start_level(bits);
	int order = page_max_order(colours);

	while (level > 0 && order >= 0 &&
	       stage2_root_pages(bits, level) > BIT((unsigned int)order)) {
		level--;
	}
	return level;
}

/* Level 0 can be the first level only with 44 address bits or more (Arm ARM
 * D8.2.7). */
#define LEVEL_0_BITS 44

int stage2_init(struct stage2 *s2, unsigned int bits, colour_mask_t colours)
{
	unsigned int max = stage2_max_ipa_bits();
	unsigned int level = start_level(bits, colours);
	paddr_t root;
	int err;

	if (bits > max) {
		return -ERR_RANGE;
	}
	if (level == 0 && max < LEVEL_0_BITS) {
		return -ERR_INVAL;
	}
	vmids_start();
	*s2 = (struct stage2){
		.vtcr = vtcr_encode(bits, level, parange_code(max),
				    cpu_features.vmid16),
		.colours = colours,
	};
	spin_init(&s2->lock, LOCK_STAGE2);
	err = page_alloc_exact(&root, stage2_root_pages(bits, level), colours);
	if (err) {
		return err;
	}
	s2->root_pages = stage2_root_pages(bits, level);
	arch_zero_pages(arch_phys_to_virt(root), s2->root_pages * PAGE_SIZE);
	pgtable_init(&s2->table, &stage2_ops, root, level, bits);
	s2->table.runs = true;
	return 0;
}

void stage2_fini(struct stage2 *s2)
{
	if (!s2->root_pages) {
		return;
	}
	/* TLB entries with its VMID remain until the VMID is reused, which is
	 * after a rollover. */
	pgtable_fini(&s2->table);
	page_free_exact(s2->table.root, s2->root_pages);
	s2->root_pages = 0;
}

static uint64_t stage2_attrs(enum stage2_prot prot)
{
	uint64_t normal = PTE_AF | PTE_SH_INNER | PTE_S2_NORMAL_WB |
			  PTE_S2_READ;

	/* Only shared memory has these. */
	if (IS_ENABLED(CONFIG_SHARED_MEMORY) && prot >= STAGE2_RO_NC) {
		return PTE_AF | PTE_SH_INNER | PTE_S2_NORMAL_NC | PTE_S2_READ |
		       PTE_XN | (prot == STAGE2_RW_NC ? PTE_S2_WRITE : 0);
	}
	switch (prot) {
	case STAGE2_NONE:
		return (normal & ~PTE_S2_READ) | PTE_XN;
	case STAGE2_RO:
		return normal | PTE_XN;
	case STAGE2_RW:
		return normal | PTE_S2_WRITE | PTE_XN;
	case STAGE2_RX:
		return normal;
	case STAGE2_DEVICE:
		return PTE_AF | PTE_S2_DEVICE_NGNRE | PTE_S2_READ |
		       PTE_S2_WRITE | PTE_XN;
	case STAGE2_RWX:
	case STAGE2_RO_NC:
	case STAGE2_RW_NC:
		break;
	}
	return normal | PTE_S2_WRITE;
}

static enum stage2_prot stage2_prot_of(uint64_t pte)
{
	if ((pte & PTE_S2_ATTR_MASK) == PTE_S2_DEVICE_NGNRE) {
		return STAGE2_DEVICE;
	}
	if (IS_ENABLED(CONFIG_SHARED_MEMORY) &&
	    (pte & PTE_S2_ATTR_MASK) == PTE_S2_NORMAL_NC) {
		return pte & PTE_S2_WRITE ? STAGE2_RW_NC : STAGE2_RO_NC;
	}
	if (!(pte & PTE_S2_READ)) {
		return STAGE2_NONE;
	}
	if (pte & PTE_S2_WRITE) {
		return pte & PTE_XN ? STAGE2_RW : STAGE2_RWX;
	}
	return pte & PTE_XN ? STAGE2_RO : STAGE2_RX;
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size,
	       enum stage2_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	int err =
		pgtable_map(&s2->table, ipa.v, pa.v, size, stage2_attrs(prot));

	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

int stage2_map_pieces(struct stage2 *s2, ipa_t ipa,
		      const struct stage2_piece *pieces, unsigned int n,
		      enum stage2_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	struct pgtable_cursor c = { .entry = NULL };
	uint64_t size = 0, attrs = stage2_attrs(prot);
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		err = pgtable_map_next(&s2->table, &c, ipa.v + size,
				       pieces[i].pa.v, pieces[i].size, attrs);
		size += err ? 0 : pieces[i].size;
	}
	if (err && size) {
		int undone = pgtable_unmap(&s2->table, ipa.v, size);

		err = undone ? undone : err;
	}
	stage2_sync(&s2->table);
	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

int stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	int err = pgtable_unmap(&s2->table, ipa.v, size);

	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

int stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size,
		   enum stage2_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	int err = pgtable_protect(&s2->table, ipa.v, size, stage2_attrs(prot));

	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
		  enum stage2_prot *prot)
{
	struct pgtable_walk w;

	if (!pgtable_lookup(&s2->table, ipa.v, &w)) {
		return -ERR_FAULT;
	}
	*pa = PADDR(w.pa);
	if (prot) {
		*prot = stage2_prot_of(w.pte);
	}
	return 0;
}

bool stage2_path(struct stage2 *s2, ipa_t ipa, struct mmu_path *out)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	struct pgtable_walk w;
	bool found = pgtable_path(&s2->table, ipa.v, out);

	if (found) {
		out->root_pages = s2->root_pages;
		out->ram = pgtable_lookup(&s2->table, ipa.v, &w) &&
			   (w.pte & PTE_S2_ATTR_MASK) != PTE_S2_DEVICE_NGNRE;
	}
	spin_unlock_irqrestore(&s2->lock, flags);
	return found;
}

bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write, bool exec)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	struct pgtable_walk w;
	bool ok = pgtable_lookup(&s2->table, ipa.v, &w) &&
		  (w.pte & PTE_S2_READ) && (!write || (w.pte & PTE_S2_WRITE)) &&
		  (!exec || !(w.pte & PTE_XN));

	spin_unlock_irqrestore(&s2->lock, flags);
	return ok;
}

void stage2_get_stats(struct stage2 *s2, struct stage2_stats *st)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);

	*st = (struct stage2_stats){
		.tables = s2->table.tables + s2->root_pages,
		.blocks_1g = s2->table.leaves[0],
		.blocks_2m = s2->table.leaves[1],
		.runs_64k = s2->table.nr_runs,
		.pages_4k =
			s2->table.leaves[2] - s2->table.nr_runs * PTE_RUN_PAGES,
	};
	spin_unlock_irqrestore(&s2->lock, flags);
}

static uint64_t vttbr_with(const struct stage2 *s2, uint64_t id)
{
	return (vmid_number(id) << VTTBR_VMID_SHIFT) | s2->table.root.v;
}

static __noinline uint64_t vttbr_locked(struct stage2 *s2)
{
	uint64_t before = __atomic_load_n(&s2->vmid, __ATOMIC_RELAXED);
	uint64_t id = vmid_get_locked(&vmids, cpu_id(), &s2->vmid);

	if (id != before) {
		dsb(ish); /* pairs with stage2_tlbi() */
	}
	return vttbr_with(s2, id);
}

uint64_t stage2_vttbr(struct stage2 *s2)
{
	uint64_t id = vmid_get_current(&vmids, cpu_id(), &s2->vmid);

	return likely(id) ? vttbr_with(s2, id) : vttbr_locked(s2);
}
