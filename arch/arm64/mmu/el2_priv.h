/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one EL2 address space, shared by boot_map.c, move_image.c and stage1.c.
 * */
#ifndef ARM64_MMU_EL2_PRIV_H
#define ARM64_MMU_EL2_PRIV_H

#include <arch/mmu.h>
#include <arch_impl/pgtable.h>
#include <core/page.h>

/* [L] LOCK_MMU, in stage1.c; at boot there is one CPU and no lock. */
extern struct pgtable el2_table;

/* What the boot has found and taken, by physical address. Guarded as el2_table.
 * */
struct el2_early {
	uint64_t image;               /* where the loader put it */
	uint64_t fdt;                 /* 0: not mapped */
	uint64_t console;             /* its page; 0: not mapped */
	uint64_t tables, tables_size; /* the static ones */
	/* Where tables come from, in this order. */
	uint64_t spare;     /* chain of freed early tables */
	uint64_t next, end; /* rest of the static tables or arena */
	uint64_t arena, arena_size;
	colour_mask_t colours; /* of the arena's pages that are used */
	bool pages;            /* page_alloc() works */
};
extern struct el2_early el2_early;

/* Descriptor attributes for `prot`. */
uint64_t el2_attrs(enum mmu_prot prot);
/* Begin with an empty table; the root is zeroed. */
void el2_begin(paddr_t root);
/* The first page of the arena from `at` on that may be used. */
uint64_t el2_arena_page(uint64_t at);
/* A zeroed page for a table. */
int __must_check el2_table_alloc(struct pgtable *pt, paddr_t *out);
/* Map the parts of [start, end) that are not mapped yet. */
int __must_check el2_map_around(uint64_t start, uint64_t end,
				enum mmu_prot prot);
/* The image's first page and the tree, at their physical addresses. */
int __must_check el2_map_loaded(void);

#endif
