/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds a console in a host tree that dt_init() has refused, in order to report
 * that. Nothing in it can be trusted: it is read with libfdt, which checks all
 * bounds, and nodes are not looked up by path.
 */
#include <libfdt.h>

#include <core/dt.h>
#include <libs/checked.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_VERSION 17 /* libfdt 1.6 is not safe with trees before 16 */

/* If these hold, libfdt stays inside the blob, whatever its contents. */
static bool dt_is_bounded(const void *fdt, size_t max_size)
{
	return fdt && IS_ALIGNED((uintptr_t)fdt, 8U) &&
	       max_size >= sizeof(struct fdt_header) &&
	       fdt_magic(fdt) == FDT_MAGIC && fdt_version(fdt) >= DT_VERSION &&
	       fdt_check_header(fdt) == 0 &&
	       range_within(fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt),
			    max_size) &&
	       range_within(fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt),
			    max_size);
}

/* The address in `reg` without the buses above: by its length, address and size
 * have one or two cells each. */
static int dt_salvage_base(const void *fdt, int node, paddr_t *base)
{
	int len;
	const uint8_t *reg = fdt_getprop(fdt, node, "reg", &len);

	if (!reg || (len != 2 * DT_CELL && len != 4 * DT_CELL)) {
		return -ERR_FORMAT;
	}
	base->v = (uint64_t)dt_cells(reg, (unsigned int)len / 2 / DT_CELL);
	return 0;
}

int dt_salvage(const void *fdt, size_t max_size, const char *compatible,
	       paddr_t *base)
{
	int end;

	if (!dt_is_bounded(fdt, max_size)) {
		return -ERR_FORMAT;
	}
	/* Try each offset where a node could begin: libfdt says if one does. */
	end = (int)fdt_size_dt_struct(fdt);
	for (int node = 0; node < end; node += DT_CELL) {
		if (fdt_node_check_compatible(fdt, node, compatible) == 0) {
			return dt_salvage_base(fdt, node, base);
		}
	}
	return -ERR_NOENT;
}
