/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the caches that the CPU reports, and what is known of others. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <libs/types.h>

enum cache_kind { CACHE_INSTRUCTION, CACHE_DATA, CACHE_UNIFIED };

struct cache_geometry {
	unsigned int level; /* 1: closest to the CPU */
	enum cache_kind kind;
	uint32_t line; /* bytes */
	uint32_t ways, sets;
};

/* The caches of the CPU this runs on, in ascending order of levels; their
 * number, at most `max`. Boot, no other code uses the registers meanwhile. */
unsigned int arch_cache_levels(struct cache_geometry *out, unsigned int max);

/* Why the set in this CPU's last-level cache is not given by the address bits
 * above a line (it hashes them); NULL if no such reason is known. Boot. */
const char *arch_cache_hashed(void);

/* The same of caches outside of the CPUs, by nodes of the host's tree. */
struct cache_node {
	const char *compatible;
	const char *why;
};
/* All that are known; their number. Boot. */
unsigned int arch_cache_hashed_nodes(const struct cache_node **out);

#endif
