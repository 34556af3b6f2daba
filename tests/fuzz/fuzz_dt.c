/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the host device tree, and every function that reads it. */
#include <stdlib.h>
#include <string.h>

#include <core/dt.h>
#include <libfdt.h>

#include "core/dt/dt_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODES 256 /* asked about; a tree may have more */

static int count_memory(paddr_t base, uint64_t size, void *arg)
{
	uint64_t *last = arg;

	/* Ascending and disjoint, as promised. */
	if (size == 0 || base.v < *last) {
		abort();
	}
	*last = base.v + size;
	return *last == 0; /* nothing above the end of addresses */
}

static int count_reserved(paddr_t base, uint64_t size, bool no_map, void *arg)
{
	uint64_t *sum = arg;

	*sum += base.v + size + no_map;
	return 0;
}

static void ask_node(dt_node_t node)
{
	uint64_t size;
	paddr_t base;
	struct dt_interrupt in;
	unsigned int i;
	char path[64];

	for (i = 0; i < 8 && dt_reg(node, i, &base, &size) == 0; i++) {
		if (size && base.v + (size - 1) < base.v) {
			abort();
		}
	}
	for (i = 0; i < 8 && dt_interrupt(node, i, &in) == 0; i++) {}
	if (dt_interrupt_named(node, "virt", 2, &in) == 0 &&
	    !dt_prop(node, "interrupts", NULL) &&
	    !dt_prop(node, "interrupts-extended", NULL)) {
		abort();
	}
	/* The table of nodes and libfdt agree. */
	if (MAX(dt_parent(node), -1) !=
	    MAX(fdt_parent_offset(dt_blob(), node), -1)) {
		abort();
	}
	dt_node_path(node, path, sizeof(path));
	dt_available(node);
	dt_is_compatible(node, "arm,pl011");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* malloc() aligns enough, and the sanitizer guards its very end. */
	void *blob = malloc(size ? size : 1);
	uint64_t sum = 0, last = 0;
	struct dt_chosen chosen;
	struct dt_cpu cpus[8];
	const char *why, *args = NULL;
	char value[32];
	int node, n = 0, depth = 0;

	if (!blob) {
		return 0;
	}
	memcpy(blob, data, size);
	if (dt_init(blob, size, &why) == 0) {
		dt_for_each_memory(count_memory, &last);
		dt_for_each_reserved(count_reserved, &sum);
		dt_get_chosen(&chosen);
		dt_cpus(cpus, 8);
		while (dt_bootarg_next(&args, value, sizeof(value))) {}
		for (node = 0; node >= 0 && n < NODES; n++) {
			ask_node(node);
			node = dt_next(node, &depth);
		}
	}
	free(blob);
	return 0;
}
