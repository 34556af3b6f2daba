/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host device tree: its check, nodes and properties.
 *
 * The tree is checked once as a whole (dt_blob_check()), and libfdt checks each
 * access again. A property's contents are checked where they are read. Nothing
 * is copied.
 */
#include <libfdt.h>
#include <string.h>

#include <core/dt.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_MAX_SIZE MIB(2) /* the largest that Linux accepts at boot */

static const void *dt_fdt;         /* [I] NULL before dt_init() */
static struct dt_chosen dt_chosen; /* [I] read once, as it is used often */
int dt_init(const void *fdt, size_t max_size, const char **why)
{
	*why = dt_blob_check(fdt, max_size);
	if (*why) {
		return -ERR_FORMAT;
	}
	*why = "";
	if (fdt_totalsize(fdt) > DT_MAX_SIZE) {
		*why = "larger than 2 MiB";
		return -ERR_FORMAT;
	}
	dt_fdt = fdt;
	dt_index_build(fdt);
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

/* The value of the alias whose name is the first `n` bytes, which must be an
 * absolute path and terminated; or NULL. An alias cannot name another (3.3). */
static const char *dt_alias(const char *name, size_t n)
{
	int len, aliases = dt_subnode(0, "aliases", strlen("aliases"));
	const char *path =
		fdt_getprop_namelen(dt_fdt, aliases, name, (int)n, &len);

	return path && len > 0 && path[0] == '/' &&
			       memchr(path, '\0', (size_t)len)
		       ? path
		       : NULL;
}

/* Bytes before the next slash. */
static size_t dt_component(const char *s, const char *end)
{
	const char *slash = memchr(s, '/', (size_t)(end - s));

	return (size_t)((slash ? slash : end) - s);
}

/* Descend from a node by names. There may be several slashes, and one at the
 * end. */
static dt_node_t dt_descend(dt_node_t node, const char *path, const char *end)
{
	for (size_t n; node >= 0 && path < end; path += n) {
		n = dt_component(path, end);
		if (n > 0) {
			node = dt_subnode(node, path, n);
		} else {
			n = 1;
		}
	}
	return node;
}

/* Not fdt_path_offset(): it walks through all that precedes the node, loops for
 * ever if an alias names itself, and reads past the end of one that is not
 * terminated. */
dt_node_t dt_path_n(const char *path, size_t len)
{
	const char *end = path + len, *alias;
	dt_node_t node;
	size_t n;

	if (len == 0 || len > INT_MAX) {
		return -ERR_NOENT;
	}
	if (path[0] == '/') {
		return dt_descend(0, path, end);
	}
	n = dt_component(path, end);
	alias = dt_alias(path, n);
	node = alias ? dt_descend(0, alias, alias + strlen(alias)) : -ERR_NOENT;
	return dt_descend(node, path + n, end);
}

dt_node_t dt_path(const char *path)
{
	return dt_path_n(path, strlen(path));
}

const char *dt_name(dt_node_t node)
{
	const char *name = fdt_get_name(dt_fdt, node, NULL);

	return name ? name : "";
}

const char *dt_node_path(dt_node_t node, char *buf, size_t size)
{
	if (size == 0) {
		return "";
	}
	if (size > INT_MAX || fdt_get_path(dt_fdt, node, buf, (int)size) != 0) {
		/* Too long, or no node: the name says more than a cut path. */
		const char *name = dt_name(node);
		size_t n = MIN(strlen(name), size - 1);

		memcpy(buf, name, n);
		buf[n] = '\0';
	}
	return buf;
}

const void *dt_prop(dt_node_t node, const char *name, int *len)
{
	return fdt_getprop(dt_fdt, node, name, len);
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
	*out = (uint64_t)dt_cells(p, (unsigned int)len / DT_CELL);
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

/* One cell is accepted too, as trees write small values that way. */
int dt_u64(dt_node_t node, const char *name, uint64_t *out)
{
	return dt_number(node, name, 2, out);
}

bool dt_is_compatible(dt_node_t node, const char *compatible)
{
	int len;
	const char *list = dt_compatible(node, &len);

	return list && fdt_stringlist_contains(list, len, compatible);
}
