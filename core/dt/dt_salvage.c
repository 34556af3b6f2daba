/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of a host tree that dt_init() refused: a console to say so on.
 * Nothing in it is to be trusted, so libfdt reads it, which looks at every
 * bound, and no node is expected where a path would lead.
 */
#include <libfdt.h>

#include <core/dt.h>
#include <libs/checked.h>
#include <libs/dtb.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_VERSION 17 /* libfdt 1.6 is not safe with trees before 16 */

/* With these right libfdt stays in the blob, whatever is in it. */
static bool dt_is_bounded(const void *fdt, size_t max_size)
{
	return fdt && IS_ALIGNED((uintptr_t)fdt, 8u) &&
	       max_size >= sizeof(struct fdt_header) &&
	       fdt_magic(fdt) == FDT_MAGIC && fdt_version(fdt) >= DT_VERSION &&
	       fdt_check_header(fdt) == 0 &&
	       range_within(fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt),
			    max_size) &&
	       range_within(fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt),
			    max_size);
}

/* Where `reg` leads if the buses above do not say: one or two cells each for
 * address and size, as long as it is. */
static int dt_salvage_base(const void *fdt, int node, paddr_t *base)
{
	int len;
	const uint8_t *reg = fdt_getprop(fdt, node, "reg", &len);

	if (!reg || (len != 2 * DT_CELL && len != 4 * DT_CELL)) {
		return -ERR_FORMAT;
	}
	base->v = (uint64_t)dtb_cells(reg, (unsigned int)len / 2 / DT_CELL);
	return 0;
}

int dt_salvage(const void *fdt, size_t max_size, const char *compatible,
	       paddr_t *base)
{
	int end;

	if (!dt_is_bounded(fdt, max_size)) {
		return -ERR_FORMAT;
	}
	/* Every place where a node could begin: libfdt says whether one does. */
	end = (int)fdt_size_dt_struct(fdt);
	for (int node = 0; node < end; node += DT_CELL) {
		if (fdt_node_check_compatible(fdt, node, compatible) == 0) {
			return dt_salvage_base(fdt, node, base);
		}
	}
	return -ERR_NOENT;
}
