/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CLIDR_EL1, CCSIDR_EL1 and part numbers, decoded; what is known of
 * interconnects. */
#include "cacheid.h"

#define CTYPE_BITS 3

static uint64_t bits(uint64_t reg, unsigned int shift, unsigned int width)
{
	return reg >> shift & (BIT(width) - 1);
}

enum cacheid_type cacheid_type(uint64_t clidr, unsigned int level)
{
	uint64_t type = bits(clidr, CTYPE_BITS * (level - 1), CTYPE_BITS);

	return type <= CACHEID_UNIFIED ? (enum cacheid_type)type : CACHEID_NONE;
}

/* Lines are at most 2 KiB: LineSize is log2 of the bytes, less 4. */
void cacheid_decode(uint64_t ccsidr, bool ccidx, struct cache_geometry *out)
{
	out->line = (uint32_t)16 << bits(ccsidr, 0, 3);
	if (ccidx) {
		out->ways = (uint32_t)bits(ccsidr, 3, 21) + 1;
		out->sets = (uint32_t)bits(ccsidr, 32, 24) + 1;
	} else {
		out->ways = (uint32_t)bits(ccsidr, 3, 10) + 1;
		out->sets = (uint32_t)bits(ccsidr, 13, 15) + 1;
	}
}

/* MIDR_EL1: implementer << 12 | part number. */
static const struct {
	uint32_t part;
	const char *why;
} hashed[] = {
	/* A64FX Microarchitecture Manual, "L2 cache". */
	{ 0x46001, "the A64FX hashes the index of its L2 cache" },
};

const char *cacheid_hashed(uint64_t midr)
{
	uint64_t part = bits(midr, 24, 8) << 12 | bits(midr, 4, 12);

	for (unsigned int i = 0; i < ARRAY_SIZE(hashed); i++) {
		if (hashed[i].part == part) {
			return hashed[i].why;
		}
	}
	return NULL;
}

static const struct cache_node hashed_nodes[] = {
	{ "arm,cmn-600", "the CMN-600's cache is in slices that a hash of the "
			 "address chooses" },
	{ "arm,cmn-650", "the CMN-650's cache is in slices that a hash of the "
			 "address chooses" },
	{ "arm,cmn-700", "the CMN-700's cache is in slices that a hash of the "
			 "address chooses" },
	{ "arm,ci-700", "the CI-700's cache is in slices that a hash of the "
			"address chooses" },
};

unsigned int cacheid_hashed_nodes(const struct cache_node **out)
{
	*out = hashed_nodes;
	return ARRAY_SIZE(hashed_nodes);
}
