/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation tables of either stage: map, unmap, protect, look up. Pure: the
 * owner supplies memory and TLB maintenance, so that host tests run the same
 * code against a flat model.
 *
 * Invariants: no table but the root is empty; a range is mapped whole or not
 * at all; a live entry is never replaced by another valid one of a different
 * size, address or memory type without break-before-make. The pages of a run
 * (below) all have the Contiguous bit and the same attributes, or none has it;
 * nothing of them is changed without break-before-make.
 *
 * Locks: writers hold the owner's lock. pgtable_lookup() takes none.
 */
#ifndef ARCH_IMPL_PGTABLE_H
#define ARCH_IMPL_PGTABLE_H

#include <libs/types.h>

struct pgtable;

struct pgtable_ops {
	/* A page of zeroes, or -ERR_NOMEM. */
	int (*table_alloc)(struct pgtable *pt, paddr_t *out);
	void (*table_free)(struct pgtable *pt, paddr_t table);
	/*
	 * Invalidate cached translations of [va, va + size), including
	 * intermediate levels, on every CPU; no entry deeper than `level` has
	 * changed.
	 */
	void (*tlbi)(struct pgtable *pt, uint64_t va, uint64_t size,
		     unsigned int level);
	/* Make entries that were written visible to table walks. */
	void (*sync)(struct pgtable *pt);
};

struct pgtable {
	const struct pgtable_ops *ops; /* [I] */
	paddr_t root;                  /* [I] */
	uint8_t start_level;           /* [I] level of the root */
	uint8_t bits;                  /* [I] input address size */
	bool runs; /* [I] set by the owner after pgtable_init(): map runs */
	uint32_t generation; /* [A] steps before tables are freed */
	uint64_t tables;     /* [L] table pages below the root */
	uint64_t leaves[3];  /* [L] mapped 1G, 2M, 4K entries */
	/* [L] So many groups of 16 of those 4K entries are runs: one entry of
	 * 64K, if the TLB has such. */
	uint64_t nr_runs;
};

/* The root is owned by the caller: zeroed, of as many pages as concatenation
 * asks for, aligned to their size. */
void pgtable_init(struct pgtable *pt, const struct pgtable_ops *ops,
		  paddr_t root, unsigned int start_level, unsigned int bits);

/* Free every table below the root without TLB maintenance: nothing walks them
 * any more. The root is all zero afterwards. */
void pgtable_fini(struct pgtable *pt);

/*
 * Map [va, va + size) to pa with the largest entries. All page aligned.
 * -ERR_INVAL misaligned or empty, -ERR_RANGE outside the address space,
 * -ERR_EXIST if any of it is mapped, -ERR_NOMEM; then nothing has changed.
 */
int __must_check pgtable_map(struct pgtable *pt, uint64_t va, uint64_t pa,
			     uint64_t size, uint64_t attrs);

/* The same where pgtable_run() has just found that nothing is mapped. */
int __must_check pgtable_map_free(struct pgtable *pt, uint64_t va, uint64_t pa,
				  uint64_t size, uint64_t attrs);

/*
 * The same, for many small pieces one behind the other: it goes on in the table
 * where the last one ended. The cursor is zeroed at first, and may not be used
 * after anything else has changed the tables. The owner calls sync().
 */
struct pgtable_cursor {
	uint64_t *entry; /* NULL: none */
	uint64_t va;     /* of that */
};
int __must_check pgtable_map_next(struct pgtable *pt, struct pgtable_cursor *c,
				  uint64_t va, uint64_t pa, uint64_t size,
				  uint64_t attrs);

/* Unmap the mapped parts of [va, va + size). -ERR_INVAL and -ERR_RANGE as
 * above; -ERR_NOMEM if a block must be split and cannot: nothing changed. */
int __must_check pgtable_unmap(struct pgtable *pt, uint64_t va, uint64_t size);

/* Give [va, va + size) other attributes. -ERR_NOENT unless all of it is
 * mapped; else as pgtable_unmap(). */
int __must_check pgtable_protect(struct pgtable *pt, uint64_t va, uint64_t size,
				 uint64_t attrs);

/* The leaf that translates an address, or where the walk ended. */
struct pgtable_walk {
	uint64_t pte; /* 0 when nothing is mapped */
	uint64_t pa;  /* of the address itself */
	unsigned int level;
	const uint64_t *entry; /* private: where it was found, */
	uint32_t generation;   /* and when */
};

/* True if mapped. Lock free, any context: it may run while others unmap. */
bool pgtable_lookup(const struct pgtable *pt, uint64_t va,
		    struct pgtable_walk *w);

/* The way to an address's entry; false beyond the address space. Its `ram` and
 * `root_pages` are not set: only the owner knows. Lock free, any context; but a
 * run that is being changed looks bad without the owner's lock. */
struct mmu_path;
bool pgtable_path(const struct pgtable *pt, uint64_t va, struct mmu_path *out);

/*
 * End, at most `end`, of the run from va whose pages are all mapped, or all
 * not; which of the two in *mapped. Caller holds the owner's lock.
 */
uint64_t pgtable_run(const struct pgtable *pt, uint64_t va, uint64_t end,
		     bool *mapped);

#endif
