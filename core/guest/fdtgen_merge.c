/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging the description's os-tree into the generated tree. */
#include <libfdt.h>
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
 * A change inside a node moves only what comes after the node's start, so the
 * offsets of its parents stay valid. config_walk.c has checked the depth.
 */
/* NOLINTNEXTLINE(misc-no-recursion): CONFIG_MAX_DEPTH levels at most */
static int merge_node(void *fdt, int to, const void *blob, int from,
		      unsigned int depth)
{
	int child, err = merge_props(fdt, to, blob, from);

	if (err < 0 || depth > CONFIG_MAX_DEPTH) {
		return err;
	}
	fdt_for_each_subnode(child, blob, from) {
		const char *name = fdt_get_name(blob, child, NULL);
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
