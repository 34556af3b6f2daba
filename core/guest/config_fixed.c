/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host addresses of a guest's memory in a description. Whether the memory is
 * there and free is checked when the guest is created (memory_fixed.c). */
#include <core/dt_blob.h>
#include <inttypes.h>
#include <libfdt.h>

#include "config_priv.h"

#define HOST_ADDRESS "host-address"

/* The value of a node's host-address; 0: none, or its mistake was reported. */
static uint64_t fixed_address(const struct config_parser *p, int node)
{
	int len = 0;
	const uint8_t *data = fdt_getprop(p->fdt, node, HOST_ADDRESS, &len);
	uint64_t at;

	if (!data || (len != CONFIG_CELL && len != 2 * CONFIG_CELL)) {
		return 0;
	}
	at = dt_cells64(data, (unsigned int)len / CONFIG_CELL);
	return IS_ALIGNED(at, PAGE_SIZE) && at < CONFIG_HOST_END ? at : 0;
}

/* How many ranges the node of range `i` has; 0 for all but its first one. */
static uint32_t fixed_ranges(const struct config_parser *p, uint32_t i)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < p->cfg->nmemory; k++) {
		if (p->memory_nodes[k] == p->memory_nodes[i]) {
			if (k < i) {
				return 0;
			}
			n++;
		}
	}
	return n;
}

static void fixed_overlap(struct config_parser *p, uint32_t i, uint32_t k)
{
	const struct guest_config *cfg = p->cfg;
	uint64_t a = cfg->memory_host[i], b = cfg->memory_host[k];
	uint64_t a_last = a + cfg->memory[i].size - 1;
	uint64_t b_last = b + cfg->memory[k].size - 1;

	/* With colours, memory takes more addresses than its size. That is
	 * checked against the host's colours. */
	if (a <= b_last && b <= a_last) {
		config_mistake(p, p->memory_nodes[i], HOST_ADDRESS,
			       "found 0x%" PRIx64 "..0x%" PRIx64
			       ", which memory@%" PRIx64 " has too (0x%" PRIx64
			       "..0x%" PRIx64 "); allowed addresses of its own",
			       a, a_last, cfg->memory[k].base, b, b_last);
	}
}

static void fixed_range(struct config_parser *p, uint32_t i, uint64_t at)
{
	struct guest_config *cfg = p->cfg;
	uint32_t ranges = fixed_ranges(p, i);

	if (ranges > 1) {
		config_mistake(p, p->memory_nodes[i], HOST_ADDRESS,
			       "found with %u ranges in reg; allowed with one",
			       ranges);
	}
	if (ranges != 1) {
		return;
	}
	if (cfg->memory[i].size > CONFIG_HOST_END - at) {
		config_mistake(p, p->memory_nodes[i], HOST_ADDRESS,
			       "found 0x%" PRIx64 " bytes at 0x%" PRIx64
			       "; allowed below 0x%" PRIx64,
			       cfg->memory[i].size, at,
			       (uint64_t)CONFIG_HOST_END);
		return;
	}
	cfg->memory_host[i] = at;
	for (uint32_t k = 0; k < i; k++) {
		if (cfg->memory_host[k]) {
			fixed_overlap(p, i, k);
		}
	}
}

void config_fixed(struct config_parser *p)
{
	/* The root's property `memory` has no host address. */
	for (uint32_t i = 0; p->memory_node >= 0 && i < p->cfg->nmemory; i++) {
		uint64_t at = fixed_address(p, p->memory_nodes[i]);

		if (at) {
			fixed_range(p, i, at);
		}
	}
}
