/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EL2 address space from the first instruction to the page allocator.
 *
 * mmu_boot_init() runs with the MMU off: its data accesses go to memory past
 * the caches. start.S cleans the image's lines before and drops what was
 * speculatively filled after, so that nothing is to be done here for our own
 * tables.
 */
#include "el2_priv.h"
#include "pte.h"

#include <arch_impl/cpu.h>
#include <arch_impl/sections.h>
#include <core/page.h>
#include <libs/error.h>

/*
 * Tables before there is an arena, at worst: 9 for an image of 6 MiB (checked
 * by the linker script) across a 512 GiB boundary, the root among them; 5 for
 * the device tree, 3 for the console, 5 for the arena.
 */
#define BOOT_TABLES 24

#define FDT_MAGIC 0xd00dfeed
#define FDT_SIZE_MAX MIB(2)		/* Linux's boot protocol for arm64 */

static uint64_t boot_tables[BOOT_TABLES][PTE_COUNT] __aligned(PAGE_SIZE);

/* Where tables come from, in this order. Guarded as el2_table is. */
static struct {
	uint64_t spare;			/* chain of freed early tables */
	uint64_t next, end;		/* rest of the static tables or arena */
	uint64_t arena, arena_size;
	bool pages;			/* page_alloc() works */
} early;

struct pgtable el2_table;

/* enable.S spells these out. */
_Static_assert(MAIR_VALUE == 0xbb04ff, "enable.S: MAIR");
_Static_assert(TCR_EL2_VALUE == 0x80803510, "enable.S: TCR");
_Static_assert((SCTLR_EL2_RES1 | SCTLR_EL2_MMU) == 0x30cd183d,
	       "enable.S: SCTLR");

static int el2_table_alloc(struct pgtable *pt, paddr_t *out)
{
	uint64_t *table;

	(void)pt;
	if (early.spare) {
		*out = PADDR(early.spare);
		table = arch_phys_to_virt(*out);
		early.spare = table[0];
		table[0] = 0;
		return 0;
	}
	if (early.next < early.end) {
		*out = PADDR(early.next);
		early.next += PAGE_SIZE;
		return 0;
	}
	return early.pages ? page_alloc_zeroed(out, 0, PAGE_ANY_COLOUR) :
			     -ERR_NOMEM;
}

static bool is_early(uint64_t pa)
{
	uint64_t boot = (uint64_t)boot_tables;

	return pa - boot < sizeof(boot_tables) ||
	       pa - early.arena < early.arena_size;
}

/* A freed table is empty, that is, all zeroes. */
static void el2_table_free(struct pgtable *pt, paddr_t table)
{
	uint64_t *link = arch_phys_to_virt(table);

	(void)pt;
	if (is_early(table.v)) {
		*link = early.spare;
		early.spare = table.v;
	} else {
		page_free(table, 0);
	}
}

/* Above this many entries it is cheaper to forget everything. */
#define TLBI_MAX 64

static void el2_tlbi(struct pgtable *pt, uint64_t va, uint64_t size,
		     unsigned int level)
{
	uint64_t step = pte_span(level);
	uint64_t end = va + size;

	(void)pt;
	dsb(ishst);
	if (size / step > TLBI_MAX) {
		__asm__ volatile("tlbi alle2is" : : : "memory");
	} else {
		for (va = ALIGN_DOWN(va, step); va < end; va += step) {
			__asm__ volatile("tlbi vae2is, %0"
					 : : "r"(va >> PAGE_SHIFT) : "memory");
		}
	}
	dsb(ish);
	isb();
}

static void el2_sync(struct pgtable *pt)
{
	(void)pt;
	dsb(ishst);
	isb();
}

static const struct pgtable_ops el2_ops = {
	.table_alloc = el2_table_alloc,
	.table_free = el2_table_free,
	.tlbi = el2_tlbi,
	.sync = el2_sync,
};

/* Text may be a guarded page only if it was compiled with landing pads. */
static uint64_t guarded_page(void)
{
	uint64_t pfr1 = read_sysreg(id_aa64pfr1_el1);

	return IS_ENABLED(CONFIG_BRANCH_PROTECTION) && FIELD(pfr1, 3, 0) ?
	       PTE_S1_GP : 0;
}

uint64_t el2_attrs(enum mmu_prot prot)
{
	uint64_t attrs = PTE_AF | PTE_S1_AP_RES1 | PTE_SH_INNER;

	switch (prot) {
	case MMU_RO:
		return attrs | PTE_S1_ATTR(MAIR_NORMAL) | PTE_S1_RO | PTE_XN;
	case MMU_RX:
		return attrs | PTE_S1_ATTR(MAIR_NORMAL) | PTE_S1_RO |
		       guarded_page();
	case MMU_DEVICE:
		return attrs | PTE_S1_ATTR(MAIR_DEVICE) | PTE_XN;
	case MMU_WRITE_THROUGH:
		return attrs | PTE_S1_ATTR(MAIR_THROUGH) | PTE_XN;
	case MMU_RW:
		break;
	}
	return attrs | PTE_S1_ATTR(MAIR_NORMAL) | PTE_XN;
}

/* Map what of [start, end) is not mapped yet. */
static int map_around(uint64_t start, uint64_t end, enum mmu_prot prot)
{
	while (start < end) {
		bool mapped;
		uint64_t next = pgtable_run(&el2_table, start, end, &mapped);

		if (!mapped) {
			int err = pgtable_map_free(&el2_table, start, start,
						   next - start,
						   el2_attrs(prot));

			if (err) {
				return err;
			}
		}
		start = next;
	}
	return 0;
}

static uint64_t pa_limit(void)
{
	uint64_t mmfr0 = read_sysreg(id_aa64mmfr0_el1);

	return BIT(parange_bits(FIELD(mmfr0, 3, 0)));
}

/* Bytes to map for the tree. Its header may still be in a cache, dirty: the
 * boot protocol asks for cleaning of the image alone. */
static uint64_t fdt_size(uint64_t fdt_pa)
{
	const uint32_t *header = (const uint32_t *)fdt_pa;
	uint32_t size;

	__asm__ volatile("dc civac, %0\n\tdsb sy" : : "r"(header) : "memory");
	size = __builtin_bswap32(READ_ONCE(header[1]));
	if (__builtin_bswap32(READ_ONCE(header[0])) != FDT_MAGIC ||
	    size > FDT_SIZE_MAX) {
		return sizeof(uint64_t);
	}
	return size;
}

static int map_fdt(uint64_t fdt_pa)
{
	uint64_t limit = pa_limit() - FDT_SIZE_MAX;

	if (fdt_pa == 0 || fdt_pa >= limit || !IS_ALIGNED(fdt_pa, 8)) {
		return 0;
	}
	return map_around(ALIGN_DOWN(fdt_pa, PAGE_SIZE),
			  ALIGN_UP(fdt_pa + fdt_size(fdt_pa), PAGE_SIZE),
			  MMU_RO);
}

static int map_section(const char *start, const char *end, enum mmu_prot prot)
{
	return map_around((uint64_t)start, (uint64_t)end, prot);
}

uint64_t mmu_boot_init(uint64_t fdt_pa)
{
	int err;

	early.next = (uint64_t)boot_tables[1];
	early.end = (uint64_t)boot_tables + sizeof(boot_tables);
	pgtable_init(&el2_table, &el2_ops, PADDR((uint64_t)boot_tables), 0,
		     PTE_MAX_BITS);
	/* Parts of RAM change their type, arch_zero_memory(): a block of 1 GiB
	 * would have to be split under other CPUs' feet. */
	el2_table.first_leaf = 2;

	err = map_section(__text_start, __text_end, MMU_RX);
	if (!err) {
		err = map_section(__rodata_start, __rodata_end, MMU_RO);
	}
	if (!err) {
		err = map_section(__data_start, __image_end, MMU_RW);
	}
	if (!err) {
		err = map_fdt(fdt_pa);
	}
	return err ? 0 : el2_table.root.v;
}

int mmu_set_arena(paddr_t base, uint64_t size)
{
	uint64_t start = ALIGN_UP(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	int err = map_around(start, end, MMU_RW);

	if (err) {
		return err;
	}
	/* What is left of the static tables goes on being used. */
	for (; early.next < early.end; early.next += PAGE_SIZE) {
		el2_table_free(&el2_table, PADDR(early.next));
	}
	arch_zero_pages(arch_phys_to_virt(PADDR(start)), end - start);
	early.arena = start;
	early.arena_size = end - start;
	early.next = start;
	early.end = end;
	return 0;
}

int mmu_map_ram(paddr_t base, uint64_t size)
{
	return map_around(ALIGN_UP(base.v, PAGE_SIZE),
			  ALIGN_DOWN(base.v + size, PAGE_SIZE), MMU_RW);
}

int mmu_map_early_device(paddr_t pa)
{
	uint64_t page = ALIGN_DOWN(pa.v, PAGE_SIZE);

	return map_around(page, page + PAGE_SIZE, MMU_DEVICE);
}

void mmu_use_page_allocator(void)
{
	early.pages = true;
}

bool mmu_is_mapped(paddr_t pa, uint64_t size)
{
	bool mapped;
	uint64_t end = pa.v + size;

	if (size == 0 || end < pa.v || end > BIT(PTE_MAX_BITS)) {
		return false;
	}
	return pgtable_run(&el2_table, pa.v, end, &mapped) == end && mapped;
}
