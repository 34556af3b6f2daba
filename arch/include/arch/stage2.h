/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: a guest's second translation stage (stage 2, EPT, G-stage). */
#ifndef ARCH_STAGE2_H
#define ARCH_STAGE2_H

#include <arch_impl/stage2.h>
#include <libs/types.h>

/* struct stage2 from <arch_impl/stage2.h>, embedded in struct guest.
 * Locking is the implementation's (LOCK_STAGE2). Thread context. */

enum stage2_prot {
	STAGE2_RO = 1,
	STAGE2_RW = 2,
	STAGE2_RWX = 3,
	STAGE2_RX = 4,
	STAGE2_DEVICE = 5,	/* pass-through device, read/write */
	STAGE2_NONE = 6,	/* there, but every access faults */
};

/* Largest IPA size in bits this machine can give a guest. */
unsigned int stage2_max_ipa_bits(void);

int __must_check stage2_init(struct stage2 *s2, unsigned int ipa_bits);
void stage2_fini(struct stage2 *s2);	/* frees tables; no VCPU runs */

/* Map with the largest blocks alignment and contiguity allow. -ERR_RANGE
 * outside the IPA space, -ERR_EXIST if mapped, -ERR_NOMEM (nothing stays). */
int __must_check stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa,
			    uint64_t size, enum stage2_prot prot);
int __must_check stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size);
/* Change what mapped memory allows; -ERR_NOENT where some of it is not mapped.
 * Any context, and without allocating, for a range that was mapped at once. */
int __must_check stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size,
				enum stage2_prot prot);
/* Translation of one address: 0, or -ERR_FAULT. *prot may be NULL. Lock
 * free: any context. */
int __must_check stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
			       enum stage2_prot *prot);
/* Tables in pages, and mapped bytes by block size: for `guest info`. */
struct stage2_stats { uint64_t tables, blocks_1g, blocks_2m, pages_4k; };
void stage2_get_stats(struct stage2 *s2, struct stage2_stats *st);

#endif
