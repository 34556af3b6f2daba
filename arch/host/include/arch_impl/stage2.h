/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a guest's second stage is a sorted array of mapped ranges. */
#ifndef ARCH_IMPL_STAGE2_H
#define ARCH_IMPL_STAGE2_H

#include <core/spinlock.h>
#include <libs/types.h>

struct stage2_range {
	uint64_t ipa, pa, size;
	int prot;
};

#define STAGE2_HOST_RANGES 256

struct stage2 {
	struct spinlock lock;
	uint32_t root_pages;         /* [I] 0: not initialised */
	uint8_t ipa_bits;            /* [I] */
	unsigned int nr;             /* [L] */
	struct stage2_range *ranges; /* [L] sorted */
};

#endif
