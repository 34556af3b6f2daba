/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: a guest's second translation stage (stage 2, EPT, G-stage). Locking
 * is the implementation's (LOCK_STAGE2). Thread context, unless it says
 * otherwise.
 */
#ifndef ARCH_STAGE2_H
#define ARCH_STAGE2_H

#include <arch_impl/stage2.h>
#include <libs/types.h>

/* struct stage2 from <arch_impl/stage2.h>, embedded in struct guest. */

enum stage2_prot {
	STAGE2_RO = 1,
	STAGE2_RW = 2,
	STAGE2_RWX = 3,
	STAGE2_RX = 4,
	STAGE2_DEVICE = 5, /* pass-through device, read/write */
	STAGE2_NONE = 6,   /* mapped, but every access faults */
	STAGE2_RO_NC = 7,  /* Normal, non-cacheable */
	STAGE2_RW_NC = 8,
};

/* Largest IPA size in bits this machine can give a guest. */
unsigned int stage2_max_ipa_bits(void);

/*
 * Bits of the smallest IPA space that has all addresses below `end` and that a
 * guest's registers can express: these give the address width in a few steps,
 * and must promise neither less than its memory needs nor more than stage 2
 * translates. May be more than stage2_max_ipa_bits(). Any context.
 */
unsigned int stage2_ipa_bits(uint64_t end);

/* `ipa_bits` as stage2_ipa_bits() gives them; all tables are of `colours`.
 * -ERR_RANGE if this machine has fewer; -ERR_INVAL if no root can be of these
 * colours; -ERR_NOMEM. */
int __must_check stage2_init(struct stage2 *s2, unsigned int ipa_bits,
			     colour_mask_t colours);
void stage2_fini(struct stage2 *s2); /* frees tables; no VCPU runs */

/* Map with the largest blocks that alignment and contiguity allow. -ERR_RANGE
 * outside the IPA space, -ERR_EXIST if mapped, -ERR_NOMEM (nothing remains
 * mapped). */
int __must_check stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa,
			    uint64_t size, enum stage2_prot prot);
/* Map `n` pieces of memory, contiguously for the guest. Errors as above. */
struct stage2_piece {
	paddr_t pa;
	uint64_t size;
};
int __must_check stage2_map_pieces(struct stage2 *s2, ipa_t ipa,
				   const struct stage2_piece *pieces,
				   unsigned int n, enum stage2_prot prot);
int __must_check stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size);
/*
 * Change the permissions of mapped memory; -ERR_NOENT if some of it is not
 * mapped. For a range that was mapped by one call: any context, and no
 * allocation.
 */
int __must_check stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size,
				enum stage2_prot prot);
/* Translation of one address: 0, or -ERR_FAULT. *prot may be NULL. Lock
 * free: any context. */
int __must_check stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
			       enum stage2_prot *prot);
/* The entry of `ipa`; false: no such address. Thread context. */
struct mmu_path;
bool stage2_path(struct stage2 *s2, ipa_t ipa, struct mmu_path *out);
/* Tables in pages, and what is mapped by block size: for `guest info`. A run is
 * 16 pages that may be one entry of a TLB. */
struct stage2_stats {
	uint64_t tables, blocks_1g, blocks_2m, runs_64k, pages_4k;
};
void stage2_get_stats(struct stage2 *s2, struct stage2_stats *st);

#endif
