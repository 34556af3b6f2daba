/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CLIDR_EL1 and CCSIDR_EL1 (Arm ARM D19.2.26, D19.2.23), decoded. Pure. */
#ifndef ARM64_CACHEID_H
#define ARM64_CACHEID_H

#include <arch/cache.h>

/* Ctype1 to Ctype7. */
#define CACHEID_LEVELS 7

/* CLIDR_EL1.Ctype<level>, level from 1. */
enum cacheid_type {
	CACHEID_NONE = 0,
	CACHEID_INSTRUCTION = 1,
	CACHEID_DATA = 2,
	CACHEID_BOTH = 3, /* separate ones */
	CACHEID_UNIFIED = 4,
};
enum cacheid_type cacheid_type(uint64_t clidr, unsigned int level);

/* Line, ways and sets of CCSIDR_EL1; `ccidx`: in the format of FEAT_CCIDX. */
void cacheid_decode(uint64_t ccsidr, bool ccidx, struct cache_geometry *out);

/* What is known of a CPU whose last level hashes its index, by MIDR_EL1; or
 * NULL. */
const char *cacheid_hashed(uint64_t midr);
/* Interconnects whose cache is in slices. */
unsigned int cacheid_hashed_nodes(const struct cache_node **out);

#endif
