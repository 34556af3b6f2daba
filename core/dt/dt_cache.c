/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Caches above a CPU's first level (Devicetree Specification 0.4, 3.8.1,
 * 3.9). */

#include "dt_priv.h"

static uint32_t dt_cache_u32(dt_node_t node, const char *name)
{
	uint32_t value;

	return dt_u32(node, name, &value) ? 0 : value;
}

static void dt_cache_read(dt_node_t node, struct dt_cache *out)
{
	*out = (struct dt_cache){
		.node = node,
		.level = dt_cache_u32(node, "cache-level"),
		.size = dt_cache_u32(node, "cache-size"),
		.sets = dt_cache_u32(node, "cache-sets"),
		.line = dt_cache_u32(node, "cache-line-size"),
	};
	if (!out->line) {
		out->line = dt_cache_u32(node, "cache-block-size");
	}
}

bool dt_cache_next(dt_node_t from, struct dt_cache *out)
{
	uint32_t phandle;
	dt_node_t node;

	if (dt_u32(from, "next-level-cache", &phandle) &&
	    dt_u32(from, "l2-cache", &phandle)) {
		return false;
	}
	node = dt_by_phandle(phandle);
	if (node < 0) {
		return false;
	}
	dt_cache_read(node, out);
	return true;
}

bool dt_cache_of(dt_node_t node, const char *property, struct dt_cache *out)
{
	uint32_t phandle;
	dt_node_t cache = dt_u32(node, property, &phandle)
				  ? dt_parent(node)
				  : dt_by_phandle(phandle);

	if (cache < 0 || !dt_is_compatible(cache, "cache")) {
		return false;
	}
	dt_cache_read(cache, out);
	return true;
}
