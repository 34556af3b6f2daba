/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EL2 address space from the first instruction to the page allocator.
 *
 * mmu_boot_init() runs with the MMU off: its data accesses bypass the caches.
 * start.S cleans the image's lines before, and invalidates what was filled
 * speculatively afterwards, so that our own tables need no maintenance here.
 */
#include "el2_priv.h"
#include "pte.h"

#include <arch_impl/cpu.h>
#include <arch_impl/sections.h>
#include <core/log.h>
#include <core/page.h>
#include <libs/error.h>

/*
 * Tables before there is an arena, at worst: 6 for an image of 6 MiB (checked
 * by the linker script), the root among them, and 8 for it at its physical
 * address, across a 512 GiB boundary; 5 for the device tree, 3 for the console,
 * 5 for the arena.
 */
#define BOOT_TABLES 28

#define FDT_MAGIC 0xd00dfeed
#define FDT_SIZE_MAX MIB(2) /* Linux's boot protocol for arm64 */

/* Used by its physical address only. */
static uint64_t boot_tables[BOOT_TABLES][PTE_COUNT] __aligned(PAGE_SIZE)
	__section(".sbss.tables");

struct el2_early el2_early;
struct pgtable el2_table;

/* enable.S spells these out. */
_Static_assert(MAIR_VALUE == 0x4404ff, "enable.S: MAIR");
_Static_assert(TCR_EL2_VALUE == 0x80803510, "enable.S: TCR");
_Static_assert((SCTLR_EL2_RES1 | SCTLR_EL2_MMU) == 0x30cd183d,
	       "enable.S: SCTLR");
_Static_assert(MMU_IMAGE_BASE == 0xffffc0000000, "start.S: IMAGE_BASE");

uint64_t el2_arena_page(uint64_t at)
{
	while (at < el2_early.end &&
	       !(el2_early.colours & BIT(at / PAGE_SIZE % page_colours()))) {
		at += PAGE_SIZE;
	}
	return at;
}

int el2_table_alloc(struct pgtable *pt, paddr_t *out)
{
	uint64_t *table;

	(void)pt;
	if (el2_early.spare) {
		*out = PADDR(el2_early.spare);
		table = arch_phys_to_virt(*out);
		el2_early.spare = table[0];
		table[0] = 0;
		return 0;
	}
	if (el2_early.next < el2_early.end) {
		*out = PADDR(el2_early.next);
		el2_early.next = el2_arena_page(el2_early.next + PAGE_SIZE);
		return 0;
	}
	return el2_early.pages ? page_alloc_zeroed(out, 0, PAGE_ANY_COLOUR)
			       : -ERR_NOMEM;
}

static bool is_early(uint64_t pa)
{
	return pa - el2_early.tables < el2_early.tables_size ||
	       pa - el2_early.arena < el2_early.arena_size;
}

/* A freed table is empty, that is, all zeroes. */
static void el2_table_free(struct pgtable *pt, paddr_t table)
{
	uint64_t *link = arch_phys_to_virt(table);

	(void)pt;
	if (is_early(table.v)) {
		*link = el2_early.spare;
		el2_early.spare = table.v;
	} else {
		page_free(table, 0);
	}
}

/* Above this many entries it is cheaper to invalidate everything. */
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
					 :
					 : "r"(va >> PAGE_SHIFT)
					 : "memory");
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

	return IS_ENABLED(CONFIG_BRANCH_PROTECTION) && FIELD(pfr1, 3, 0)
		       ? PTE_S1_GP
		       : 0;
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
	case MMU_UNCACHED:
		return attrs | PTE_S1_ATTR(MAIR_UNCACHED) | PTE_XN;
	case MMU_RW:
		break;
	}
	return attrs | PTE_S1_ATTR(MAIR_NORMAL) | PTE_XN;
}

int el2_map_around(uint64_t start, uint64_t end, enum mmu_prot prot)
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
	return el2_map_around(ALIGN_DOWN(fdt_pa, PAGE_SIZE),
			      ALIGN_UP(fdt_pa + fdt_size(fdt_pa), PAGE_SIZE),
			      MMU_RO);
}

static int map_section(const char *start, const char *end, enum mmu_prot prot)
{
	uint64_t off = (uint64_t)(start - __image_start);

	return pgtable_map(&el2_table, MMU_IMAGE_BASE + off,
			   el2_early.image + off, (uint64_t)(end - start),
			   el2_attrs(prot));
}

static int map_image(void)
{
	int err = map_section(__text_start, __text_end, MMU_RX);

	if (!err) {
		err = map_section(__rodata_start, __rodata_end, MMU_RO);
	}
	if (!err) {
		err = map_section(__data_start, __tables_start, MMU_RW);
	}
	return err ? err
		   : map_section(__boot_stack, __image_start + image_size(),
				 MMU_RW);
}

int el2_map_loaded(void)
{
	int err = el2_map_around(el2_early.image, el2_early.image + PAGE_SIZE,
				 MMU_RX);

	return err ? err : map_fdt(el2_early.fdt);
}

void el2_begin(paddr_t root)
{
	pgtable_init(&el2_table, &el2_ops, root, 0, PTE_MAX_BITS);
}

/*
 * At its physical address only the first page of the image runs, the tables are
 * written, and nothing else may be changed: the direct map of RAM goes around
 * it.
 */
static int map_image_direct(void)
{
	uint64_t end = el2_early.tables + el2_early.tables_size;
	int err = el2_map_loaded();

	if (!err) {
		err = el2_map_around(el2_early.tables, end, MMU_RW);
	}
	return err ? err
		   : el2_map_around(el2_early.image,
				    el2_early.image + image_size(), MMU_RO);
}

/* The symbols are physical addresses: the MMU is off. */
uint64_t mmu_boot_init(uint64_t fdt_pa)
{
	int err;

	el2_early.image = (uint64_t)__image_start;
	el2_early.fdt = fdt_pa;
	el2_early.tables = (uint64_t)boot_tables;
	el2_early.tables_size = sizeof(boot_tables);
	el2_early.colours = PAGE_ANY_COLOUR;
	el2_early.next = (uint64_t)boot_tables[1];
	el2_early.end = (uint64_t)boot_tables + sizeof(boot_tables);
	el2_begin(PADDR(el2_early.tables));

	err = map_image();
	if (!err) {
		err = map_image_direct();
	}
	return err ? 0 : el2_table.root.v;
}

void mmu_boot_enabled(void)
{
	el2_table.ops = &el2_ops;
}

paddr_t mmu_image_loaded(void)
{
	return PADDR(el2_early.image);
}

paddr_t arch_image_phys(const void *va)
{
	struct pgtable_walk w;
	bool mapped = pgtable_lookup(&el2_table, (uint64_t)va, &w);

	assert(mapped);
	return PADDR(w.pa);
}

paddr_t mmu_idmap(const void *code)
{
	return PADDR(el2_early.image +
		     (uint64_t)((const char *)code - __image_start));
}

int mmu_set_arena(paddr_t base, uint64_t size)
{
	uint64_t start = ALIGN_UP(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	int err = el2_map_around(start, end, MMU_RW);

	if (err) {
		return err;
	}
	/* The remaining static tables stay in use. */
	for (; el2_early.next < el2_early.end; el2_early.next += PAGE_SIZE) {
		el2_table_free(&el2_table, PADDR(el2_early.next));
	}
	arch_zero_pages(arch_phys_to_virt(PADDR(start)), end - start);
	el2_early.arena = start;
	el2_early.arena_size = end - start;
	el2_early.next = start;
	el2_early.end = end;
	return 0;
}

int mmu_map_ram(paddr_t base, uint64_t size)
{
	return el2_map_around(ALIGN_UP(base.v, PAGE_SIZE),
			      ALIGN_DOWN(base.v + size, PAGE_SIZE), MMU_RW);
}

int mmu_map_early_device(paddr_t pa)
{
	uint64_t page = ALIGN_DOWN(pa.v, PAGE_SIZE);

	el2_early.console = page;
	return el2_map_around(page, page + PAGE_SIZE, MMU_DEVICE);
}

void mmu_use_page_allocator(void)
{
	el2_early.pages = true;
}
