/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation tables of either stage: map, unmap, protect, look up. */
#include "pte.h"

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/mmu_path.h>
#include <arch_impl/pgtable.h>
#include <libs/error.h>

#define FIRST_LEAF 1u /* level of the largest leaves: 1 GiB */

/* Only coloured memory is mapped by many pages: an image without colours has no
 * runs. */
#define CONT (IS_ENABLED(CONFIG_COLOURS) ? PTE_CONT : 0)

/* An operation on [va, end), passed down the levels. */
struct span {
	uint64_t va, end;
	uint64_t pa;          /* map: where va goes */
	uint64_t attrs;       /* map, protect */
	unsigned int deepest; /* unmap, protect: deepest entry changed */
	uint64_t freed;       /* unmap: chain of unlinked tables */
	bool breaking;        /* protect: only make runs invalid */
};

static uint64_t *table_at(paddr_t pa)
{
	return arch_phys_to_virt(pa);
}

static uint64_t *entry_table(uint64_t pte)
{
	return table_at(PADDR(pte_addr(pte)));
}

static uint64_t entry_get(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

/* Release: what the entry points to was written before (Arm ARM B2.3: walks
 * are reads that are ordered by address dependency). */
static void entry_set(uint64_t *entry, uint64_t pte)
{
	__atomic_store_n(entry, pte, __ATOMIC_RELEASE);
}

static size_t root_entries(const struct pgtable *pt)
{
	return (size_t)1 << (pt->bits - pte_shift(pt->start_level));
}

/* Index of va in its table at `level`; the root may be concatenated. */
static size_t entry_index(const struct pgtable *pt, uint64_t va,
			  unsigned int level)
{
	size_t index = (size_t)(va >> pte_shift(level));

	return level == pt->start_level ? index : index & (PTE_COUNT - 1);
}

/* End of the part of [va, end) that one entry at `level` covers. */
static uint64_t entry_end(uint64_t va, uint64_t end, unsigned int level)
{
	uint64_t next = ALIGN_DOWN(va, pte_span(level)) + pte_span(level);

	return MIN(next, end);
}

static bool table_is_empty(const uint64_t *table)
{
	for (size_t i = 0; i < PTE_COUNT; i++) {
		if (pte_is_valid(table[i])) {
			return false;
		}
	}
	return true;
}

static int range_check(const struct pgtable *pt, uint64_t va, uint64_t size)
{
	uint64_t limit = BIT(pt->bits);

	if (((va | size) & PAGE_MASK) != 0 || size == 0) {
		return -ERR_INVAL;
	}
	if (size > limit || va > limit - size) {
		return -ERR_RANGE;
	}
	return 0;
}

void pgtable_init(struct pgtable *pt, const struct pgtable_ops *ops,
		  paddr_t root, unsigned int start_level, unsigned int bits)
{
	*pt = (struct pgtable){
		.ops = ops,
		.root = root,
		.start_level = (uint8_t)start_level,
		.bits = (uint8_t)bits,
	};
}

static int table_new(struct pgtable *pt, uint64_t **table, uint64_t *pte)
{
	paddr_t pa;
	int err = pt->ops->table_alloc(pt, &pa);

	if (err) {
		return err;
	}
	pt->tables++;
	*table = table_at(pa);
	*pte = pte_table(pa.v);
	return 0;
}

static void table_release(struct pgtable *pt, uint64_t pa)
{
	pt->tables--;
	pt->ops->table_free(pt, PADDR(pa));
}

/* NOLINTNEXTLINE(misc-no-recursion): at most four levels */
static __cold void fini_level(struct pgtable *pt, uint64_t *table, size_t count,
			      unsigned int level)
{
	for (size_t i = 0; i < count; i++) {
		if (pte_is_table(table[i], level)) {
			fini_level(pt, entry_table(table[i]), PTE_COUNT,
				   level + 1);
			table_release(pt, pte_addr(table[i]));
		}
		table[i] = 0;
	}
}

__cold void pgtable_fini(struct pgtable *pt)
{
	fini_level(pt, table_at(pt->root), root_entries(pt), pt->start_level);
	for (size_t i = 0; i < ARRAY_SIZE(pt->leaves); i++) {
		pt->leaves[i] = 0;
	}
	pt->nr_runs = 0;
}

static bool leaf_fits(const struct span *s, uint64_t end, unsigned int level)
{
	return level >= FIRST_LEAF && end - s->va == pte_span(level) &&
	       IS_ALIGNED(s->va | s->pa, pte_span(level));
}

/* Can pages that go from va to pa, `n` of them, have a run among them? */
static bool has_runs(const struct pgtable *pt, unsigned int level, uint64_t va,
		     uint64_t pa, uint64_t n)
{
	return CONT && n >= PTE_RUN_PAGES && pt->runs &&
	       level == PTE_LEAF_LEVEL && IS_ALIGNED(va ^ pa, PTE_RUN_BYTES);
}

static uint64_t *write_equal(uint64_t *entry, uint64_t pte, uint64_t n,
			     uint64_t span)
{
	for (; n > 0; n--) {
		entry_set(entry++, pte);
		pte += span;
	}
	return entry;
}

/* Write `n` leaves of one table, where there are none. */
static void write_leaves(struct pgtable *pt, uint64_t *entry,
			 unsigned int level, uint64_t va, uint64_t pa,
			 uint64_t n, uint64_t attrs)
{
	uint64_t pte = pte_leaf(pa, attrs, level), before, runs;

	if (!has_runs(pt, level, va, pa, n)) {
		(void)write_equal(entry, pte, n, pte_span(level));
		return;
	}
	before = (ALIGN_UP(va, PTE_RUN_BYTES) - va) / PAGE_SIZE;
	before = MIN(before, n);
	runs = (n - before) / PTE_RUN_PAGES;
	pt->nr_runs += runs;
	entry = write_equal(entry, pte, before, PAGE_SIZE);
	pte += before * PAGE_SIZE;
	entry = write_equal(entry, pte | CONT, runs * PTE_RUN_PAGES, PAGE_SIZE);
	pte += runs * PTE_RUN_BYTES;
	(void)write_equal(entry, pte, n - before - runs * PTE_RUN_PAGES,
			  PAGE_SIZE);
}

/* Leaves from `entry` on, as far as its table goes and is empty. */
static void map_leaves(struct pgtable *pt, uint64_t *entry, unsigned int level,
		       struct span *s, uint64_t end)
{
	uint64_t span = pte_span(level);
	uint64_t next = ALIGN_DOWN(s->va, span * PTE_COUNT) + span * PTE_COUNT;
	uint64_t most = (MIN(next, end) - s->va) / span, n = 1;

	while (n < most && !pte_is_valid(entry[n])) {
		n++;
	}
	write_leaves(pt, entry, level, s->va, s->pa, n, s->attrs);
	pt->leaves[level - 1] += n;
	s->pa += n * span;
	s->va += n * span;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most four levels */
static int map_level(struct pgtable *pt, uint64_t *table, unsigned int level,
		     struct span *s, uint64_t end)
{
	while (s->va < end) {
		uint64_t *entry = &table[entry_index(pt, s->va, level)];
		uint64_t next = entry_end(s->va, end, level);
		uint64_t pte = *entry;
		uint64_t *sub;
		int err;

		if (leaf_fits(s, next, level) && !pte_is_valid(pte)) {
			map_leaves(pt, entry, level, s, end);
			continue;
		}
		if (!pte_is_valid(pte)) {
			err = table_new(pt, &sub, &pte);
			if (err) {
				return err;
			}
			entry_set(entry, pte);
		}
		err = map_level(pt, entry_table(pte), level + 1, s, next);
		if (err) {
			return err;
		}
	}
	return 0;
}

/*
 * Put a table of equal leaves where a block is. The address is not mapped for a
 * moment (Arm ARM D8.16.1): code that may access it meanwhile on another CPU
 * must be able to take the fault and retry.
 */
static int entry_split(struct pgtable *pt, uint64_t *entry, uint64_t va,
		       unsigned int level)
{
	uint64_t old = *entry;
	uint64_t *sub;
	uint64_t pte;
	int err = table_new(pt, &sub, &pte);

	if (err) {
		return err;
	}
	va = ALIGN_DOWN(va, pte_span(level));
	write_leaves(pt, sub, level + 1, va, pte_addr(old), PTE_COUNT,
		     pte_attrs(old));
	entry_set(entry, 0);
	pt->ops->tlbi(pt, va, pte_span(level), level);
	entry_set(entry, pte);
	pt->ops->sync(pt);
	pt->leaves[level - 1]--;
	pt->leaves[level] += PTE_COUNT;
	return 0;
}

/*
 * Make a run single pages. As in entry_split(), the addresses are not mapped
 * for a moment (Arm ARM D8.16.1, "changing the Contiguous bit").
 */
static void run_split(struct pgtable *pt, uint64_t *first, uint64_t va)
{
	uint64_t pte = *first & ~CONT;

	for (size_t i = 0; i < PTE_RUN_PAGES; i++) {
		entry_set(first + i, 0);
	}
	pt->ops->tlbi(pt, va, PTE_RUN_BYTES, PTE_LEAF_LEVEL);
	for (size_t i = 0; i < PTE_RUN_PAGES; i++) {
		entry_set(first + i, pte + i * PAGE_SIZE);
	}
	pt->ops->sync(pt);
	pt->nr_runs--;
}

/* Split whatever block or run reaches across va, so that a leaf begins there.
 * */
static int split_at(struct pgtable *pt, uint64_t va)
{
	uint64_t *table = table_at(pt->root);
	unsigned int level = pt->start_level;

	if (va >= BIT(pt->bits)) {
		return 0;
	}
	for (; !IS_ALIGNED(va, pte_span(level)); level++) {
		uint64_t *entry = &table[entry_index(pt, va, level)];

		if (!pte_is_valid(*entry)) {
			return 0;
		}
		if (!pte_is_table(*entry, level)) {
			int err = entry_split(pt, entry, va, level);

			if (err) {
				return err;
			}
		}
		table = entry_table(*entry);
	}
	if (CONT && level == PTE_LEAF_LEVEL && !IS_ALIGNED(va, PTE_RUN_BYTES)) {
		size_t index = entry_index(pt, va, level);

		if (table[index] & CONT) {
			run_split(pt, &table[index & ~(PTE_RUN_PAGES - 1UL)],
				  ALIGN_DOWN(va, PTE_RUN_BYTES));
		}
	}
	return 0;
}

static int split_edges(struct pgtable *pt, uint64_t va, uint64_t size)
{
	int err = split_at(pt, va);

	return err ? err : split_at(pt, va + size);
}

/*
 * A table without entries is unlinked. Walks may still hold it until the TLB
 * maintenance is done, so it waits in a chain through its first entry, which
 * reads as invalid, being page aligned.
 */
static void table_retire(uint64_t *entry, unsigned int level, struct span *s)
{
	uint64_t pa = pte_addr(*entry);

	entry_set(entry, 0);
	entry_set(table_at(PADDR(pa)), s->freed);
	s->freed = pa;
	s->deepest = MAX(s->deepest, level);
}

/* NOLINTNEXTLINE(misc-no-recursion): at most four levels */
static void unmap_level(struct pgtable *pt, uint64_t *table, unsigned int level,
			struct span *s, uint64_t end)
{
	while (s->va < end) {
		uint64_t *entry = &table[entry_index(pt, s->va, level)];
		uint64_t next = entry_end(s->va, end, level);
		uint64_t pte = *entry;

		if (pte_is_table(pte, level)) {
			unmap_level(pt, entry_table(pte), level + 1, s, next);
			if (table_is_empty(entry_table(pte))) {
				table_retire(entry, level, s);
			}
		} else if (pte_is_valid(pte)) {
			entry_set(entry, 0);
			pt->leaves[level - 1]--;
			if ((pte & CONT) && IS_ALIGNED(s->va, PTE_RUN_BYTES)) {
				pt->nr_runs--;
			}
			s->deepest = MAX(s->deepest, level);
		}
		s->va = next;
	}
}

static void free_retired(struct pgtable *pt, uint64_t pa)
{
	/* Unlinked, then counted, then reused: pairs with walk(). */
	__atomic_store_n(&pt->generation, pt->generation + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (pa) {
		uint64_t *table = table_at(PADDR(pa));
		uint64_t next = table[0];

		table[0] = 0;
		table_release(pt, pa);
		pa = next;
	}
}

/* No leaf reaches across the ends. Cannot fail. */
static void unmap_range(struct pgtable *pt, uint64_t va, uint64_t size)
{
	struct span s = { .va = va, .end = va + size };

	unmap_level(pt, table_at(pt->root), pt->start_level, &s, s.end);
	if (s.deepest == 0 && !s.freed) {
		return;
	}
	pt->ops->tlbi(pt, va, size, s.deepest);
	if (s.freed) {
		free_retired(pt, s.freed);
	}
}

int pgtable_map(struct pgtable *pt, uint64_t va, uint64_t pa, uint64_t size,
		uint64_t attrs)
{
	bool mapped;

	if (range_check(pt, va, size) == 0 &&
	    (pgtable_run(pt, va, va + size, &mapped) != va + size || mapped)) {
		return -ERR_EXIST;
	}
	return pgtable_map_free(pt, va, pa, size, attrs);
}

int pgtable_map_free(struct pgtable *pt, uint64_t va, uint64_t pa,
		     uint64_t size, uint64_t attrs)
{
	struct span s = { .va = va, .end = va + size, .pa = pa, .attrs = attrs };
	int err = range_check(pt, va, size);

	if (err) {
		return err;
	}
	if ((pa & PAGE_MASK) != 0) {
		return -ERR_INVAL;
	}
	if (pa >= BIT(PTE_MAX_BITS) || size > BIT(PTE_MAX_BITS) - pa) {
		return -ERR_RANGE;
	}
	err = map_level(pt, table_at(pt->root), pt->start_level, &s, s.end);
	if (err) {
		unmap_range(pt, va, size);
		return err;
	}
	pt->ops->sync(pt);
	return 0;
}

/* The entry of a page's address, if there is a table of pages; or NULL. */
static uint64_t *page_entry(const struct pgtable *pt, uint64_t va)
{
	uint64_t *table = table_at(pt->root);

	for (unsigned int level = pt->start_level;; level++) {
		uint64_t *entry = &table[entry_index(pt, va, level)];

		if (level == PTE_LEAF_LEVEL) {
			return entry;
		}
		if (!pte_is_table(*entry, level)) {
			return NULL;
		}
		table = entry_table(*entry);
	}
}

/* Whether [va, va + size) is in the table that the cursor is in. */
static bool cursor_holds(const struct pgtable_cursor *c, uint64_t va,
			 uint64_t size)
{
	uint64_t span = pte_span(PTE_LEAF_LEVEL - 1);

	return c->entry && c->va == va && !IS_ALIGNED(va, span) && size > 0 &&
	       size <= ALIGN_UP(va, span) - va;
}

int pgtable_map_next(struct pgtable *pt, struct pgtable_cursor *c, uint64_t va,
		     uint64_t pa, uint64_t size, uint64_t attrs)
{
	uint64_t end = va + size;
	int err;

	if (!cursor_holds(c, va, size) || ((pa | size) & PAGE_MASK) != 0 ||
	    pa >= BIT(PTE_MAX_BITS) || size > BIT(PTE_MAX_BITS) - pa) {
		err = pgtable_map(pt, va, pa, size, attrs);
		c->entry = err || IS_ALIGNED(end, pte_span(PTE_LEAF_LEVEL - 1))
				   ? NULL
				   : page_entry(pt, end);
		c->va = end;
		return err;
	}
	for (uint64_t i = 0; i < size / PAGE_SIZE; i++) {
		if (pte_is_valid(c->entry[i])) {
			return -ERR_EXIST;
		}
	}
	write_leaves(pt, c->entry, PTE_LEAF_LEVEL, va, pa, size / PAGE_SIZE,
		     attrs);
	pt->leaves[PTE_LEAF_LEVEL - 1] += size / PAGE_SIZE;
	c->entry += size / PAGE_SIZE;
	c->va = end;
	return 0;
}

int pgtable_unmap(struct pgtable *pt, uint64_t va, uint64_t size)
{
	int err = range_check(pt, va, size);

	if (err) {
		return err;
	}
	err = split_edges(pt, va, size);
	if (err) {
		return err;
	}
	unmap_range(pt, va, size);
	return 0;
}

/* A leaf whose memory type changes is unmapped before it is mapped again. Those
 * of a run have been made invalid before. */
static void leaf_protect(struct pgtable *pt, uint64_t *entry, uint64_t va,
			 unsigned int level, uint64_t attrs)
{
	uint64_t old = *entry;
	uint64_t same = PTE_PERMISSIONS | CONT;

	if (pte_is_valid(old) && ((pte_attrs(old) ^ attrs) & ~same) != 0) {
		entry_set(entry, 0);
		pt->ops->tlbi(pt, va, pte_span(level), level);
	}
	entry_set(entry, pte_leaf(pte_addr(old), attrs | (old & CONT), level));
}

/* NOLINTNEXTLINE(misc-no-recursion): at most four levels */
static void protect_level(struct pgtable *pt, uint64_t *table,
			  unsigned int level, struct span *s, uint64_t end)
{
	uint64_t *entry = &table[entry_index(pt, s->va, level)];

	for (; s->va < end; entry++) {
		uint64_t next = entry_end(s->va, end, level);

		if (pte_is_table(*entry, level)) {
			protect_level(pt, entry_table(*entry), level + 1, s,
				      next);
		} else if (s->breaking) {
			if (*entry & CONT) {
				entry_set(entry, *entry & ~PTE_VALID);
			}
		} else {
			leaf_protect(pt, entry, s->va, level, s->attrs);
			s->deepest = MAX(s->deepest, level);
		}
		s->va = next;
	}
}

/* Break-before-make for the runs of a range: their entries stay as they are,
 * but invalid. */
static void break_runs(struct pgtable *pt, uint64_t va, uint64_t size)
{
	struct span s = { .va = va, .end = va + size, .breaking = true };

	if (CONT && pt->nr_runs > 0) {
		protect_level(pt, table_at(pt->root), pt->start_level, &s,
			      s.end);
		pt->ops->tlbi(pt, va, size, PTE_LEAF_LEVEL);
	}
}

int pgtable_protect(struct pgtable *pt, uint64_t va, uint64_t size,
		    uint64_t attrs)
{
	struct span s = { .va = va, .end = va + size, .attrs = attrs };
	bool mapped;
	int err = range_check(pt, va, size);

	if (err) {
		return err;
	}
	if (pgtable_run(pt, va, s.end, &mapped) != s.end || !mapped) {
		return -ERR_NOENT;
	}
	err = split_edges(pt, va, size);
	if (err) {
		return err;
	}
	break_runs(pt, va, size);
	protect_level(pt, table_at(pt->root), pt->start_level, &s, s.end);
	pt->ops->tlbi(pt, va, size, s.deepest);
	return 0;
}

enum walk_result { WALK_DONE, WALK_RACED };

/*
 * One descent. A table found before `generation` moved was live when found;
 * its page stays RAM, so reading it is safe even if it is freed just then,
 * and what was read is dropped when the generation is seen to have moved.
 */
static enum walk_result walk(const struct pgtable *pt, uint64_t va,
			     struct pgtable_walk *w)
{
	const uint64_t *table = table_at(pt->root);
	unsigned int level = pt->start_level;

	for (;; level++) {
		const uint64_t *entry = &table[entry_index(pt, va, level)];
		uint64_t pte = entry_get(entry);

		/* Pairs with the step in free_retired(). */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (READ_ONCE(pt->generation) != w->generation) {
			return WALK_RACED;
		}
		if (!pte_is_table(pte, level)) {
			w->level = level;
			w->entry = entry;
			w->pte = pte_is_valid(pte) ? pte : 0;
			w->pa = pte_addr(pte) | (va & (pte_span(level) - 1));
			return WALK_DONE;
		}
		table = entry_table(pte);
	}
}

bool pgtable_lookup(const struct pgtable *pt, uint64_t va,
		    struct pgtable_walk *w)
{
	*w = (struct pgtable_walk){ .level = pt->start_level };
	if (!arch_index_below(&va, BIT(pt->bits))) {
		return false;
	}
	do {
		w->generation =
			__atomic_load_n(&pt->generation, __ATOMIC_ACQUIRE);
	} while (walk(pt, va, w) == WALK_RACED);
	return w->pte != 0;
}

static bool trace_once(const struct pgtable *pt, uint64_t va,
		       struct pgtable_walk *w, struct mmu_path *out)
{
	*out = (struct mmu_path){ .ntables = 0 };
	for (unsigned int level = pt->start_level;; level++) {
		paddr_t at = out->ntables ? PADDR(pte_addr(w->pte)) : pt->root;
		uint64_t *entry = table_at(at) + entry_index(pt, va, level);

		out->tables[out->ntables++] = at;
		w->level = level;
		w->pte = entry_get(entry);
		/* As in walk(). */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (READ_ONCE(pt->generation) != w->generation) {
			return false;
		}
		if (!pte_is_table(w->pte, level)) {
			return true;
		}
	}
}

/* A run that leads to `pte` for its page number `n`, read after that: the whole
 * of it as one entry, or what contradicts it. */
static void trace_run(const struct pgtable *pt, uint64_t va,
		      const struct pgtable_walk *w, struct mmu_path *out)
{
	size_t index = entry_index(pt, va, PTE_LEAF_LEVEL);
	size_t n = index & (PTE_RUN_PAGES - 1);
	const uint64_t *first =
		table_at(out->tables[out->ntables - 1]) + (index - n);
	uint64_t pte = w->pte - n * PAGE_SIZE;

	out->bad = !IS_ALIGNED(pte_addr(pte), PTE_RUN_BYTES);
	for (size_t i = 0; i < PTE_RUN_PAGES; i++) {
		out->bad = out->bad ||
			   entry_get(first + i) != pte + i * PAGE_SIZE;
	}
	if (!out->bad) {
		out->size = PTE_RUN_BYTES;
		out->base = ALIGN_DOWN(va, PTE_RUN_BYTES);
		out->pa = PADDR(pte_addr(pte));
	}
}

__cold bool pgtable_path(const struct pgtable *pt, uint64_t va,
			 struct mmu_path *out)
{
	struct pgtable_walk w = { .level = pt->start_level };

	if (!arch_index_below(&va, BIT(pt->bits))) {
		return false;
	}
	do {
		w.generation =
			__atomic_load_n(&pt->generation, __ATOMIC_ACQUIRE);
	} while (!trace_once(pt, va, &w, out));
	out->size = pte_span(w.level);
	out->base = ALIGN_DOWN(va, out->size);
	out->mapped = pte_is_valid(w.pte);
	out->pa = PADDR(pte_addr(w.pte));
	if (w.level == PTE_LEAF_LEVEL && out->mapped && (w.pte & CONT)) {
		trace_run(pt, va, &w, out);
	}
	return true;
}

/* Skip, from va on, behind w's entry, all entries of the same table that are
 * alike. The end of the run is looked up again. */
static uint64_t skip_alike(const struct pgtable *pt, uint64_t va, uint64_t end,
			   const struct pgtable_walk *w)
{
	const uint64_t *entry = w->entry;
	uint64_t span = pte_span(w->level);
	uint64_t mask = PTE_VALID | (w->level < PTE_LEAF_LEVEL ? PTE_TABLE : 0);
	uint64_t alike = w->pte & mask;

	/* A table's bits are those of no leaf, nor of an invalid entry. */
	while (entry && va < end && (va & (span * PTE_COUNT - 1)) != 0) {
		uint64_t pte = entry_get(++entry);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (READ_ONCE(pt->generation) != w->generation ||
		    ((pte & PTE_VALID) ? pte & mask : 0) != alike) {
			break;
		}
		va += span;
	}
	return MIN(va, end);
}

uint64_t pgtable_run(const struct pgtable *pt, uint64_t va, uint64_t end,
		     bool *mapped)
{
	struct pgtable_walk w;

	*mapped = pgtable_lookup(pt, va, &w);
	do {
		va = entry_end(va, end, w.level);
		va = skip_alike(pt, va, end, &w);
	} while (va < end && pgtable_lookup(pt, va, &w) == *mapped);
	return va;
}
