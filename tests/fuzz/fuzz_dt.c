/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the host device tree, and every question put to it. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include <core/dt.h>
#include <libs/dtb.h>

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
	unsigned int i, irq;
	char path[64];
	bool edge;

	for (i = 0; i < 8 && dt_reg(node, i, &base, &size) == 0; i++) {
		if (size && base.v + (size - 1) < base.v) {
			abort();
		}
	}
	for (i = 0; i < 8 && dt_irq(node, i, &irq, &edge) == 0; i++) {}
	dt_node_path(node, path, sizeof(path));
	dt_available(node);
	dt_is_compatible(node, "arm,pl011");
}

static void agree(bool same)
{
	if (!same) {
		abort();
	}
}

static void compare_props(const void *blob, int node)
{
	struct dtb_prop own;
	bool more = dtb_first_prop(blob, node, &own);
	int offset;

	fdt_for_each_property_offset(offset, blob, node) {
		const char *name;
		int len;
		const void *data = fdt_getprop_by_offset(blob, offset, &name,
							 &len);

		agree(more && data == own.data && len == own.len &&
		      name == own.name);
		agree(fdt_getprop(blob, node, name, NULL) ==
		      dtb_prop(blob, node, name, NULL));
		more = dtb_next_prop(blob, &own);
	}
	agree(!more);
}

/* What our reader sees is what libfdt sees. */
static void compare(const void *blob)
{
	int theirs = -1, ours = -1, n = 0, depth = 0, level = 0;

	for (; n < NODES; n++) {
		theirs = fdt_next_node(blob, theirs, &depth);
		ours = dtb_next(blob, ours, &level);
		agree(MAX(theirs, -1) == ours || (depth < 0 && ours < 0));
		if (ours < 0) {
			return;
		}
		agree(depth == level);
		agree(fdt_get_name(blob, ours, NULL) == dtb_name(blob, ours));
		agree(MAX(fdt_first_subnode(blob, ours), -1) ==
		      dtb_first_child(blob, ours));
		agree(MAX(fdt_next_subnode(blob, ours), -1) ==
		      dtb_next_child(blob, ours));
		if (level < 60) {
			agree(MAX(fdt_parent_offset(blob, ours), -1) ==
			      dtb_parent(blob, ours));
		}
		compare_props(blob, ours);
	}
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
		compare(blob);
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
