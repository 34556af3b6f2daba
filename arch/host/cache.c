/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: caches as a test says; none by itself, and so no colours. */
#include <arch/cache.h>
#include <arch_impl/host.h>

struct cache_geometry host_caches[HOST_CACHES];
unsigned int host_cache_count;
const char *host_cache_hash;

unsigned int arch_cache_levels(struct cache_geometry *out, unsigned int max)
{
	unsigned int n = MIN(host_cache_count, max);

	for (unsigned int i = 0; i < n; i++) {
		out[i] = host_caches[i];
	}
	return n;
}

const char *arch_cache_hashed(void)
{
	return host_cache_hash;
}

unsigned int arch_cache_hashed_nodes(const struct cache_node **out)
{
	static const struct cache_node nodes[] = {
		{ "host,slices", "the slices are chosen by a hash" },
		{ "host,slices-2", "these slices are chosen by a hash" },
	};

	*out = nodes;
	return ARRAY_SIZE(nodes);
}
