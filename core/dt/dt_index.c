/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of the nodes of the host tree, made in one pass at the start: libfdt
 * finds a parent, a phandle or a compatible by walking from the root and
 * reading all properties on its way, and boot needs many. The table is static,
 * because there is no allocator yet. For a tree with too many nodes libfdt is
 * used.
 */
#include <libfdt.h>
#include <string.h>

#include <libs/error.h>

#include "dt_priv.h"

#define DT_INDEX_MAX 1536 /* the largest tree of Debian's kernel has 997 */

struct dt_entry {
	dt_node_t node;
	dt_node_t parent; /* -1: the root's */
	uint32_t phandle; /* 0: none */
	int compatible_len;
	const char *compatible; /* NULL: none */
	const char *type;       /* device_type, likewise */
	/* #address-cells and #size-cells, as dt_bus_cells() wants them. */
	uint8_t address_cells, size_cells;
	bool unavailable; /* by its status */
	int reg_len;
	const void *reg; /* NULL: none */
};

/* [I] Ascending by node. */
static struct dt_entry dt_index[DT_INDEX_MAX] __bulk;
static unsigned int dt_index_count; /* [I] 0: there is no table */

/* Without the property a node is available; any other value means no. */
static bool dt_status_okay(const char *status, int len)
{
	return (len == 5 && memcmp(status, "okay", 5) == 0) ||
	       (len == 3 && memcmp(status, "ok", 3) == 0);
}

/* A count of cells; 0xff if it is not valid. */
static uint8_t dt_index_cells(const void *value, int len)
{
	uint64_t n = len == DT_CELL ? dt_cells64(value, 1) : 0xff;

	return n <= DT_MAX_CELLS ? (uint8_t)n : 0xff;
}

static void dt_index_prop(const void *fdt, int offset, struct dt_entry *e)
{
	const char *name, *value;
	int len;

	value = fdt_getprop_by_offset(fdt, offset, &name, &len);
	if (!value) {
		return;
	}
	if (!e->compatible && strcmp(name, "compatible") == 0) {
		e->compatible = value;
		e->compatible_len = len;
	} else if (strcmp(name, "device_type") == 0) {
		e->type = dt_str(e->node, name);
	} else if (strcmp(name, "reg") == 0) {
		e->reg = value;
		e->reg_len = len;
	} else if (strcmp(name, "status") == 0) {
		e->unavailable = !dt_status_okay(value, len);
	} else if (strcmp(name, "#address-cells") == 0) {
		e->address_cells = dt_index_cells(value, len);
	} else if (strcmp(name, "#size-cells") == 0) {
		e->size_cells = dt_index_cells(value, len);
	} else if (strcmp(name, "phandle") == 0 ||
		   strcmp(name, "linux,phandle") == 0) {
		e->phandle = fdt_get_phandle(fdt, e->node);
	}
}

static void dt_entry_init(struct dt_entry *e, dt_node_t node)
{
	*e = (struct dt_entry){
		.node = node,
		.parent = -1,
		.address_cells = DT_DEFAULT_ADDRESS_CELLS,
		.size_cells = DT_DEFAULT_SIZE_CELLS,
	};
}

void dt_index_build(const void *fdt)
{
	dt_node_t above[DT_MAX_DEPTH];
	struct dt_entry *e = NULL; /* the node whose properties follow */
	unsigned int n = 0, depth = 0;
	int offset = 0, next;
	uint32_t tag;

	dt_index_count = 0;
	while ((tag = fdt_next_tag(fdt, offset, &next)) != FDT_END) {
		if (tag == FDT_BEGIN_NODE) {
			if (n == DT_INDEX_MAX || depth == DT_MAX_DEPTH) {
				return;
			}
			e = &dt_index[n++];
			dt_entry_init(e, offset);
			e->parent = depth ? above[depth - 1] : -1;
			above[depth++] = offset;
		} else if (tag == FDT_END_NODE) {
			depth--;
			e = NULL; /* properties come before nodes (5.4.2) */
		} else if (tag == FDT_PROP && e) {
			dt_index_prop(fdt, offset, e);
		}
		offset = next;
	}
	dt_index_count = n;
}

/* The index of the first entry after `node`. */
static unsigned int dt_index_behind(dt_node_t node)
{
	unsigned int low = 0, high = dt_index_count;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (dt_index[mid].node <= node) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static const struct dt_entry *dt_index_find(dt_node_t node)
{
	unsigned int n = dt_index_behind(node);

	return n > 0 && dt_index[n - 1].node == node ? &dt_index[n - 1] : NULL;
}

/* The entry of a node; without a table its properties are read into *read. What
 * is no node has none. */
static const struct dt_entry *dt_entry(dt_node_t node, struct dt_entry *read)
{
	int offset;

	if (dt_index_count) {
		const struct dt_entry *e = dt_index_find(node);

		if (e) {
			return e;
		}
		node = -1;
	}
	dt_entry_init(read, node);
	fdt_for_each_property_offset(offset, dt_blob(), node) {
		dt_index_prop(dt_blob(), offset, read);
	}
	return read;
}

dt_node_t dt_next(dt_node_t from, int *depth)
{
	dt_node_t node;
	unsigned int n;

	if (!depth && dt_index_count) {
		n = dt_index_behind(from);
		return n < dt_index_count ? dt_index[n].node : -ERR_NOENT;
	}
	node = fdt_next_node(dt_blob(), from, depth);
	/* There may be more nodes after the end of the one where it began. */
	return depth && *depth < 0 ? -ERR_NOENT : node;
}

/*
 * The nodes below a node follow it in the table; the parent of each is that
 * node or one with a higher offset.
 */
dt_node_t dt_child(dt_node_t parent, dt_node_t from)
{
	if (!dt_index_count) {
		return from == parent ? fdt_first_subnode(dt_blob(), parent)
				      : fdt_next_subnode(dt_blob(), from);
	}
	for (unsigned int i = dt_index_behind(from);
	     i < dt_index_count && dt_index[i].parent >= parent; i++) {
		if (dt_index[i].parent == parent) {
			return dt_index[i].node;
		}
	}
	return -ERR_NOENT;
}

/* The unit address may be left out in a path (2.2.3). */
static bool dt_is_named(dt_node_t node, const char *name, size_t n)
{
	int len;
	const char *own = fdt_get_name(dt_blob(), node, &len);

	return own && (size_t)len >= n && memcmp(own, name, n) == 0 &&
	       (own[n] == '\0' || (own[n] == '@' && !memchr(name, '@', n)));
}

dt_node_t dt_subnode(dt_node_t parent, const char *name, size_t n)
{
	dt_node_t node;

	dt_for_each_child(node, parent) {
		if (dt_is_named(node, name, n)) {
			return node;
		}
	}
	return -ERR_NOENT;
}

dt_node_t dt_parent(dt_node_t node)
{
	const struct dt_entry *e;

	if (!dt_index_count) {
		return fdt_parent_offset(dt_blob(), node);
	}
	e = dt_index_find(node);
	return e ? e->parent : -ERR_NOENT;
}

dt_node_t dt_by_phandle(uint32_t phandle)
{
	if (!dt_index_count) {
		return fdt_node_offset_by_phandle(dt_blob(), phandle);
	}
	for (unsigned int i = 0; phandle && i < dt_index_count; i++) {
		if (dt_index[i].phandle == phandle) {
			return dt_index[i].node;
		}
	}
	return -ERR_NOENT;
}

dt_node_t dt_next_compatible(dt_node_t from, const char *compatible)
{
	if (!dt_index_count) {
		return fdt_node_offset_by_compatible(dt_blob(), from,
						     compatible);
	}
	for (unsigned int i = dt_index_behind(from); i < dt_index_count; i++) {
		const struct dt_entry *e = &dt_index[i];

		if (e->compatible &&
		    fdt_stringlist_contains(e->compatible, e->compatible_len,
					    compatible)) {
			return e->node;
		}
	}
	return -ERR_NOENT;
}

const char *dt_compatible(dt_node_t node, int *len)
{
	struct dt_entry read;
	const struct dt_entry *e = dt_entry(node, &read);

	*len = e->compatible_len;
	return e->compatible;
}

const char *dt_type(dt_node_t node)
{
	struct dt_entry read;

	return dt_entry(node, &read)->type;
}

int dt_bus_cells(dt_node_t bus, unsigned int *address, unsigned int *size)
{
	struct dt_entry read;
	const struct dt_entry *e = dt_entry(bus, &read);

	*address = e->address_cells;
	*size = e->size_cells;
	return MAX(*address, *size) <= DT_MAX_CELLS ? 0 : -ERR_FORMAT;
}

bool dt_available(dt_node_t node)
{
	struct dt_entry read;

	return !dt_entry(node, &read)->unavailable;
}

const void *dt_reg_prop(dt_node_t node, int *len)
{
	struct dt_entry read;
	const struct dt_entry *e = dt_entry(node, &read);

	*len = e->reg_len;
	return e->reg;
}
