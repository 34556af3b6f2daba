/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The caches that this CPU's registers tell of. */
#include <arch/cache.h>
#include <arch_impl/cpu.h>
#include <arch_impl/features.h>

#include "cacheid.h"

#define CSSELR_INSTRUCTION BIT(0)

static bool has_ccidx(void)
{
	/* ID_AA64MMFR2_EL1.CCIDX; the name is newer than some assemblers. */
	return FIELD(read_sysreg(s3_0_c0_c7_2), 23, 20) != 0;
}

static void read_level(unsigned int level, enum cache_kind kind,
		       struct cache_geometry *out)
{
	uint64_t select = (uint64_t)(level - 1) << 1;

	if (kind == CACHE_INSTRUCTION) {
		select |= CSSELR_INSTRUCTION;
	}
	write_sysreg(select, csselr_el1);
	isb();
	*out = (struct cache_geometry){ .level = level, .kind = kind };
	cacheid_decode(read_sysreg(ccsidr_el1), has_ccidx(), out);
}

unsigned int arch_cache_levels(struct cache_geometry *out, unsigned int max)
{
	uint64_t clidr = read_sysreg(clidr_el1);
	unsigned int n = 0;

	for (unsigned int level = 1; level <= CACHEID_LEVELS; level++) {
		enum cacheid_type type = cacheid_type(clidr, level);

		if (type == CACHEID_NONE) {
			break;
		}
		if (type & CACHEID_INSTRUCTION && n < max) {
			read_level(level, CACHE_INSTRUCTION, &out[n++]);
		}
		if (type & CACHEID_DATA && n < max) {
			read_level(level, CACHE_DATA, &out[n++]);
		}
		if (type == CACHEID_UNIFIED && n < max) {
			read_level(level, CACHE_UNIFIED, &out[n++]);
		}
	}
	return n;
}

const char *arch_cache_hashed(void)
{
	return cacheid_hashed(read_sysreg(midr_el1));
}

unsigned int arch_cache_hashed_nodes(const struct cache_node **out)
{
	return cacheid_hashed_nodes(out);
}
