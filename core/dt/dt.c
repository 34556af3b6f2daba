/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host device tree: acceptance, nodes and properties.
 *
 * The tree is checked once, whole, so that reading it looks at no bounds; what
 * a property means is checked where it is read. Nothing is copied.
 */
#include <libfdt.h>
#include <string.h>

#include <core/dt.h>
#include <libs/dtb.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_MAX_SIZE MIB(2) /* arm64 boot protocol */

static const void *dt_fdt; /* [I] NULL before dt_init() */
static struct dt_chosen dt_chosen; /* [I] many ask for it, for one thing each */
/* What was asked for last is nearly always asked for next, too. */
static dt_node_t dt_last_phandle; /* [A] the node */
static uint64_t dt_last_parent;	  /* [A] a node and its parent */

int dt_init(const void *fdt, size_t max_size, const char **why)
{
	*why = dtb_check(fdt, max_size);
	if (*why) {
		return -ERR_FORMAT;
	}
	*why = "";
	if (fdt_totalsize(fdt) > DT_MAX_SIZE) {
		*why = "larger than 2 MiB";
		return -ERR_FORMAT;
	}
	dt_fdt = fdt;
	dt_last_phandle = 0;
	dt_last_parent = (uint32_t)DTB_NONE; /* the root's */
	dt_chosen_read(&dt_chosen);
	return 0;
}

void dt_get_chosen(struct dt_chosen *out)
{
	*out = dt_chosen;
}

const void *dt_blob(void)
{
	return dt_fdt;
}

dt_node_t dt_path(const char *path)
{
	return dtb_path(dt_fdt, path, strlen(path));
}

dt_node_t dt_next_compatible(dt_node_t from, const char *compatible)
{
	do {
		from = dtb_next(dt_fdt, from, NULL);
	} while (from >= 0 && !dtb_compatible(dt_fdt, from, compatible));
	return from;
}

dt_node_t dt_next(dt_node_t from, int *depth)
{
	return dtb_next(dt_fdt, from, depth);
}

dt_node_t dt_parent(dt_node_t node)
{
	uint64_t last = READ_ONCE(dt_last_parent);

	if ((dt_node_t)(last >> 32) != node) {
		last = (uint64_t)(uint32_t)node << 32 |
		       (uint32_t)dtb_parent(dt_fdt, node);
		WRITE_ONCE(dt_last_parent, last);
	}
	return (dt_node_t)(uint32_t)last;
}

dt_node_t dt_by_phandle(uint32_t phandle)
{
	dt_node_t node = READ_ONCE(dt_last_phandle);

	if (!phandle || dtb_phandle(dt_fdt, node) != phandle) {
		node = dtb_by_phandle(dt_fdt, phandle);
	}
	if (node >= 0) {
		WRITE_ONCE(dt_last_phandle, node);
	}
	return node;
}

bool dt_available(dt_node_t node)
{
	const char *status = dt_str(node, "status");

	if (!status) {
		/* Absent is okay; present and unreadable is not. */
		return !dt_prop(node, "status", NULL);
	}
	return strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

const char *dt_name(dt_node_t node)
{
	return dtb_name(dt_fdt, node);
}

const char *dt_node_path(dt_node_t node, char *buf, size_t size)
{
	if (size == 0) {
		return "";
	}
	if (size > INT_MAX || fdt_get_path(dt_fdt, node, buf, (int)size) != 0) {
		/* Too long, or no node: the end of the path says most. */
		const char *name = dt_name(node);
		size_t n = MIN(strlen(name), size - 1);

		memcpy(buf, name, n);
		buf[n] = '\0';
	}
	return buf;
}

const void *dt_prop(dt_node_t node, const char *name, int *len)
{
	return dtb_prop(dt_fdt, node, name, len);
}

const char *dt_str(dt_node_t node, const char *name)
{
	int len;
	const char *s = dt_prop(node, name, &len);

	if (!s || len <= 0 || !memchr(s, '\0', (size_t)len)) {
		return NULL;
	}
	return s;
}

static int dt_number(dt_node_t node, const char *name, int max_cells,
		     uint64_t *out)
{
	int len;
	const void *p = dt_prop(node, name, &len);

	if (!p) {
		return -ERR_NOENT;
	}
	if (len <= 0 || len % DT_CELL != 0 || len / DT_CELL > max_cells) {
		return -ERR_FORMAT;
	}
	*out = (uint64_t)dtb_cells(p, (unsigned int)len / DT_CELL);
	return 0;
}

int dt_u32(dt_node_t node, const char *name, uint32_t *out)
{
	uint64_t value;
	int err = dt_number(node, name, 1, &value);

	if (err < 0) {
		return err;
	}
	*out = (uint32_t)value;
	return 0;
}

/* One cell is taken as well: trees write small values that way. */
int dt_u64(dt_node_t node, const char *name, uint64_t *out)
{
	return dt_number(node, name, 2, out);
}

bool dt_is_compatible(dt_node_t node, const char *compatible)
{
	return dtb_compatible(dt_fdt, node, compatible);
}
