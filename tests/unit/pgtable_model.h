/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model that translation tables are checked against: a flat map of pages,
 * and a TLB that holds leaves and table pointers until they are invalidated,
 * filled by walks whenever the code under test calls a function of the model.
 * Used by the unit test and the fuzz target; model_fail() tells what went
 * wrong.
 */
#ifndef TESTS_PGTABLE_MODEL_H
#define TESTS_PGTABLE_MODEL_H

#include <arch/mmu.h>
#include <arch_impl/pgtable.h>
#include <core/page.h>
#include <libs/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arm64/mmu/pte.h"

#ifndef MODEL_PAGES
#define MODEL_PAGES (UINT64_C(3) << 18) /* 3 GiB of addresses */
#endif
#define MODEL_TLB 64

static void model_fail(const char *what, uint64_t where);

struct model_page {
	uint64_t pa;
	uint64_t attrs; /* 0: not mapped */
};

/* A cached leaf (table = false) or pointer to a table, for one address. */
struct model_tlb {
	uint64_t va;  /* where the entry begins */
	uint64_t pte; /* 0: unused; of a run: the first page's */
	uint64_t size;
	unsigned int level;
	bool table;
};

struct model {
	struct pgtable pt;
	uint64_t base; /* address of ref[0] */
	struct model_page *ref;
	struct model_tlb tlb[MODEL_TLB];
	unsigned int tlb_next;
	uint64_t live_tables;
	int64_t allocs_left;     /* then -ERR_NOMEM; < 0: no limit */
	uint64_t focus, focus_n; /* pages of the operation at hand */
	uint64_t (*random)(void);
};

static struct model *model_of(struct pgtable *pt)
{
	return container_of(pt, struct model, pt);
}

static uint64_t model_index(const struct pgtable *pt, uint64_t va,
			    unsigned int level)
{
	uint64_t i = va >> pte_shift(level);

	return level == pt->start_level ? i : i % PTE_COUNT;
}

/* Put the result of a walk into the TLB, where nothing may contradict it. In a
 * run, permissions may not change either while an entry is cached: the others
 * of the run would contradict it. */
static void model_fill(struct model *m, const struct model_tlb *new)
{
	for (unsigned int i = 0; i < MODEL_TLB; i++) {
		struct model_tlb *t = &m->tlb[i];
		bool overlap = t->pte && t->va < new->va + new->size &&new->va <
						 t->va + t->size;

		if (!overlap || t->table != new->table ||
		    (new->table && t->level != new->level)) {
			continue;
		}
		if (t->level != new->level || t->size != new->size ||
		    ((t->pte ^ new->pte) &
		     ~(t->pte & PTE_CONT ? 0 : PTE_PERMISSIONS)) != 0) {
			model_fail("no break before make", new->va);
		}
	}
	m->tlb[m->tlb_next++ % MODEL_TLB] = *new;
}

/* All pages of a run must agree, as a TLB takes any of them for all. */
static void model_check_run(uint64_t va, const uint64_t *first)
{
	if (!IS_ALIGNED(pte_addr(*first), PTE_RUN_BYTES)) {
		model_fail("a run leads to no run", va);
	}
	for (unsigned int i = 0; i < PTE_RUN_PAGES; i++) {
		if (first[i] != *first + i * PAGE_SIZE) {
			model_fail("a run contradicts itself", va);
		}
	}
}

/* A walk, which the table walk unit may do at any time. */
static void model_touch(struct model *m, uint64_t va)
{
	const uint64_t *table = arch_phys_to_virt(m->pt.root);
	unsigned int level = m->pt.start_level;

	for (;; level++) {
		uint64_t index = model_index(&m->pt, va, level);
		struct model_tlb new = {
			.va = ALIGN_DOWN(va, pte_span(level)),
			.size = pte_span(level),
			.pte = table[index],
			.level = level,
			.table = pte_is_table(table[index], level),
		};

		if (!pte_is_valid(new.pte)) {
			return;
		}
		if (new.pte & PTE_CONT) {
			index &= ~(PTE_RUN_PAGES - UINT64_C(1));
			new.va = ALIGN_DOWN(va, PTE_RUN_BYTES);
			new.size = PTE_RUN_BYTES;
			new.pte = table[index];
			model_check_run(new.va, &table[index]);
		}
		model_fill(m, &new);
		if (!new.table) {
			return;
		}
		table = arch_phys_to_virt(PADDR(pte_addr(new.pte)));
	}
}

static void model_speculate(struct model *m)
{
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t page = m->focus + m->random() % m->focus_n;

		model_touch(m, m->base + page * PAGE_SIZE);
	}
}

static int model_table_alloc(struct pgtable *pt, paddr_t *out)
{
	struct model *m = model_of(pt);

	model_speculate(m);
	if (m->allocs_left == 0) {
		return -ERR_NOMEM;
	}
	m->allocs_left -= m->allocs_left > 0;
	m->live_tables++;
	return page_alloc_zeroed(out, 0, PAGE_ANY_COLOUR);
}

static void model_table_free(struct pgtable *pt, paddr_t table)
{
	struct model *m = model_of(pt);
	const uint64_t *entry = arch_phys_to_virt(table);

	for (unsigned int i = 0; i < MODEL_TLB; i++) {
		if (m->tlb[i].table && pte_addr(m->tlb[i].pte) == table.v) {
			model_fail("freed table is still cached", table.v);
		}
	}
	for (unsigned int i = 0; i < PTE_COUNT; i++) {
		if (entry[i]) {
			model_fail("freed table is not empty", table.v);
		}
	}
	m->live_tables--;
	page_free(table, 0);
}

/* Drop entries that cover one of the named addresses: each multiple of `step`
 * in the range, beginning at or below va. */
static void model_tlbi(struct pgtable *pt, uint64_t va, uint64_t size,
		       unsigned int level)
{
	struct model *m = model_of(pt);
	uint64_t step = pte_span(level);

	model_speculate(m);
	for (unsigned int i = 0; i < MODEL_TLB; i++) {
		struct model_tlb *t = &m->tlb[i];
		uint64_t first =
			MAX(ALIGN_UP(t->va, step), ALIGN_DOWN(va, step));

		if (t->pte && first < va + size && first < t->va + t->size) {
			*t = (struct model_tlb){ 0 };
		}
	}
	model_speculate(m);
}

static void model_sync(struct pgtable *pt)
{
	model_speculate(model_of(pt));
}

static const struct pgtable_ops model_ops = {
	model_table_alloc,
	model_table_free,
	model_tlbi,
	model_sync,
};

static void model_init(struct model *m, unsigned int start_level,
		       unsigned int bits, uint64_t base,
		       uint64_t (*random)(void))
{
	uint64_t pages =
		DIV_ROUND_UP(BIT(bits - pte_shift(start_level)), PTE_COUNT);
	paddr_t root;

	*m = (struct model){
		.base = base, .random = random, .focus_n = 1, .allocs_left = -1
	};
	m->ref = calloc(MODEL_PAGES, sizeof(m->ref[0]));
	if (!m->ref || page_alloc_exact(&root, pages, PAGE_ANY_COLOUR)) {
		abort();
	}
	arch_zero_pages(arch_phys_to_virt(root), pages * PAGE_SIZE);
	pgtable_init(&m->pt, &model_ops, root, start_level, bits);
	m->pt.runs = true;
}

static void model_fini(struct model *m)
{
	uint64_t pages = DIV_ROUND_UP(
		BIT(m->pt.bits - pte_shift(m->pt.start_level)), PTE_COUNT);

	/* These tables are not walked any more. */
	memset(m->tlb, 0, sizeof(m->tlb));
	pgtable_fini(&m->pt);
	if (m->live_tables || m->pt.tables) {
		model_fail("tables left", m->live_tables);
	}
	page_free_exact(m->pt.root, pages);
	free(m->ref);
}

static void model_check_page(struct model *m, uint64_t page)
{
	uint64_t va = m->base + page * PAGE_SIZE;
	const struct model_page *p = &m->ref[page];
	struct pgtable_walk w;
	bool mapped = pgtable_lookup(&m->pt, va + 0x123, &w);

	if (mapped != (p->attrs != 0)) {
		model_fail(mapped ? "mapped too much" : "not mapped", va);
	}
	if (mapped && (w.pa != p->pa + 0x123 ||
		       (pte_attrs(w.pte) & ~PTE_CONT) != p->attrs)) {
		model_fail("wrong translation", va);
	}
}

/* Check each page, the counters, and that the TLB's contents are right. */
static inline void model_check(struct model *m)
{
	uint64_t leaves = 0, in_runs = 0;
	struct pgtable_walk w;

	for (uint64_t i = 0; i < MODEL_PAGES; i++) {
		uint64_t va = m->base + i * PAGE_SIZE;

		model_check_page(m, i);
		leaves += m->ref[i].attrs != 0;
		if (pgtable_lookup(&m->pt, va, &w) && (w.pte & PTE_CONT)) {
			model_check_run(va, w.entry - i % PTE_RUN_PAGES);
			in_runs++;
		}
	}
	if (in_runs != m->pt.nr_runs * PTE_RUN_PAGES) {
		model_fail("runs counted wrong", in_runs);
	}
	if (m->pt.leaves[2] + (m->pt.leaves[1] << 9) +
		    (m->pt.leaves[0] << 18) !=
	    leaves) {
		model_fail("leaves counted wrong", leaves);
	}
	if (m->pt.tables != m->live_tables) {
		model_fail("tables counted wrong", m->pt.tables);
	}
	for (unsigned int i = 0; i < MODEL_TLB; i++) {
		const struct model_tlb *t = &m->tlb[i];

		if (t->pte && !t->table &&
		    (!pgtable_lookup(&m->pt, t->va, &w) || w.pte != t->pte)) {
			model_fail("stale translation is cached", t->va);
		}
	}
}

/* How many of [page, page + n) are mapped. */
static uint64_t model_mapped(const struct model *m, uint64_t page, uint64_t n)
{
	uint64_t mapped = 0;

	for (uint64_t i = page; i < page + n; i++) {
		mapped += m->ref[i].attrs != 0;
	}
	return mapped;
}

static void model_set(struct model *m, uint64_t page, uint64_t n,
		      const uint64_t *pa, uint64_t attrs)
{
	for (uint64_t i = 0; i < n; i++) {
		struct model_page *p = &m->ref[page + i];

		p->pa = pa ? *pa + i * PAGE_SIZE : attrs ? p->pa : 0;
		p->attrs = attrs;
	}
}

enum model_op { MODEL_MAP, MODEL_UNMAP, MODEL_PROTECT, MODEL_OPS };

/* Apply the operation to table and model. -ERR_NOMEM may come only when
 * allocations are limited. */
static void model_apply(struct model *m, enum model_op op, uint64_t page,
			uint64_t n, uint64_t pa, uint64_t attrs)
{
	uint64_t va = m->base + page * PAGE_SIZE, size = n * PAGE_SIZE;
	uint64_t mapped = model_mapped(m, page, n);
	uint64_t tables = m->live_tables;
	int want = 0, err;

	m->focus = page;
	m->focus_n = n;
	model_speculate(m);
	switch (op) {
	case MODEL_MAP:
		err = pgtable_map(&m->pt, va, pa, size, attrs);
		want = mapped ? -ERR_EXIST : 0;
		if (err == -ERR_NOMEM && m->live_tables != tables) {
			model_fail("tables left by failed map", va);
		}
		break;
	case MODEL_UNMAP:
		err = pgtable_unmap(&m->pt, va, size);
		attrs = 0;
		break;
	default:
		err = pgtable_protect(&m->pt, va, size, attrs);
		want = mapped == n ? 0 : -ERR_NOENT;
		break;
	}
	if (err != want &&
	    !(want == 0 && err == -ERR_NOMEM && m->allocs_left == 0)) {
		model_fail("wrong result", va);
	}
	if (!err) {
		model_set(m, page, n, op == MODEL_MAP ? &pa : NULL, attrs);
	}
	model_check_page(m, page);
	model_check_page(m, page + n - 1);
	if (page) {
		model_check_page(m, page - 1);
	}
	if (page + n < MODEL_PAGES) {
		model_check_page(m, page + n);
	}
}

#endif
