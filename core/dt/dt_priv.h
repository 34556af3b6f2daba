/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that read the host device tree. */
#ifndef CORE_DT_PRIV_H
#define CORE_DT_PRIV_H

#include <core/dt.h>
#include <core/dt_blob.h>
#include <libs/types.h>

/*
 * An address on some bus: up to four cells. Only the address at the root has to
 * fit in 64 bits (a bus may have chip selects in a third cell).
 */
typedef unsigned __int128 dt_addr_t;

#define DT_MAX_CELLS 4
#define DT_CELL 4 /* bytes */
/* How deep buses may nest. A blob cannot loop, but it can be absurdly deep. */
#define DT_MAX_BUSES 32
#define DT_MAX_DEPTH 64 /* of nodes above one another */

/* An interrupt specifier at `parent`, a controller or a nexus, and the unit
 * address that belongs to it, as bytes of the tree. */
struct dt_irq_spec {
	dt_node_t parent;
	unsigned int irq_cells, address_cells;
	uint8_t irq[DT_MAX_IRQ_CELLS * DT_CELL];
	uint8_t address[DT_MAX_CELLS * DT_CELL];
};

/* Devicetree Specification 0.4, 2.3.5: if a bus does not have them. */
#define DT_DEFAULT_ADDRESS_CELLS 2
#define DT_DEFAULT_SIZE_CELLS 1

/* A bus's #address-cells and #size-cells. -ERR_FORMAT above four. */
int __must_check dt_bus_cells(dt_node_t bus, unsigned int *address,
			      unsigned int *size);
/* A controller's or nexus's #interrupt-cells. -ERR_FORMAT. */
int __must_check dt_irq_cells(dt_node_t controller, unsigned int *cells);
/* Convert a specifier at a controller. */
void dt_irq_out(const struct dt_irq_spec *spec, struct dt_interrupt *out);
/* Translate [base, base + size) on `bus` to the CPUs' address. -ERR_RANGE,
 * -ERR_NOSUPP, -ERR_FORMAT. */
int __must_check dt_translate_up(dt_node_t bus, dt_addr_t base, dt_addr_t size,
				 paddr_t *out);
/* Follow interrupt-map from nexus to nexus to a controller. -ERR_RANGE: no row
 * matches; -ERR_FORMAT. */
int __must_check dt_irq_map(struct dt_irq_spec *spec);
/* The node at the first `len` bytes of a path, which may begin with an
 * alias. */
dt_node_t dt_path_n(const char *path, size_t len);
/* Called once, by dt_init(). */
void dt_index_build(const void *fdt);
/* `reg`, as dt_prop(). */
const void *dt_reg_prop(dt_node_t node, int *len);
/* device_type, as dt_str(). */
const char *dt_type(dt_node_t node);
dt_node_t dt_parent(dt_node_t node);
/* The child after `from`, or the first one if `from` is the parent. Negative:
 * no more. */
dt_node_t dt_child(dt_node_t parent, dt_node_t from);
#define dt_for_each_child(node, parent) \
	for ((node) = dt_child((parent), (parent)); (node) >= 0; \
	     (node) = dt_child((parent), (node)))
/* The child whose name is the first `n` bytes, with or without its unit
 * address. -ERR_NOENT. */
dt_node_t dt_subnode(dt_node_t parent, const char *name, size_t n);
dt_node_t dt_by_phandle(uint32_t phandle);
/* Does the IOMMU with this phandle translate? Not if its node is disabled. If
 * no node has the phandle, assume that it does. */
bool dt_iommu_translates(uint32_t phandle);
/* dt_get_chosen() from the tree itself. */
void dt_chosen_read(struct dt_chosen *out);

#endif
