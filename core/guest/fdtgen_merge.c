/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging the description's os-tree into the generated tree. */
#include <libfdt.h>
#include <libs/dtb.h>
#include <string.h>

#include "config_priv.h"

static int merge_props(void *fdt, int to, const void *blob, int from)
{
	int offset, err;

	fdt_for_each_property_offset(offset, blob, from) {
		const char *name;
		const void *data;
		int len;

		data = fdt_getprop_by_offset(blob, offset, &name, &len);
		if (!data) {
			return len;
		}
		err = fdt_setprop(fdt, to, name, data, len);
		if (err < 0) {
			return err;
		}
	}
	return 0;
}

/*
 * Changing a node moves what lies behind its start, never the start: the
 * offsets of the nodes above stay good. Depth was checked with the rest.
 */
static int merge_node(void *fdt, int to, const void *blob, int from,
		      unsigned int depth)
{
	int child, err = merge_props(fdt, to, blob, from);

	if (err < 0 || depth > CONFIG_MAX_DEPTH) {
		return err;
	}
	dtb_for_each_child(child, blob, from) {
		const char *name = dtb_name(blob, child);
		int at = fdt_subnode_offset(fdt, to, name);

		if (at == -FDT_ERR_NOTFOUND) {
			at = fdt_add_subnode(fdt, to, name);
		}
		if (at < 0) {
			return at;
		}
		err = merge_node(fdt, at, blob, child, depth + 1);
		if (err < 0) {
			return err;
		}
	}
	return 0;
}

int fdtgen_merge(const struct guest_config *cfg, void *fdt, int size)
{
	int err = fdt_open_into(fdt, fdt, size);

	if (err == 0) {
		err = merge_node(fdt, 0, cfg->blob, cfg->extra_node, 0);
	}
	if (err == 0) {
		err = fdt_pack(fdt);
	}
	return err;
}
