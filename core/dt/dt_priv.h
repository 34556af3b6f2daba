/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that read the host device tree. */
#ifndef CORE_DT_PRIV_H
#define CORE_DT_PRIV_H

#include <core/dt.h>
#include <libs/types.h>

/*
 * An address on some bus: up to four cells. Only what arrives at the root
 * has to fit in 64 bits (a bus may number its chip selects in a third cell).
 */
typedef unsigned __int128 dt_addr_t;

#define DT_MAX_CELLS 4
#define DT_CELL 4 /* bytes */

/* A bus's #address-cells and #size-cells. -ERR_FORMAT above four. */
int __must_check dt_bus_cells(dt_node_t bus, unsigned int *address,
			      unsigned int *size);
dt_node_t dt_parent(dt_node_t node);
dt_node_t dt_by_phandle(uint32_t phandle);
/* dt_get_chosen() from the tree itself. */
void dt_chosen_read(struct dt_chosen *out);

#endif
