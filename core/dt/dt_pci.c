/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI host bridge's node: windows, interrupts, message-signalled interrupts,
 * and DMA (PCI Bus Binding to IEEE Std 1275-1994; Linux
 * Documentation/devicetree/bindings/pci/).
 */
#include <core/dt_pci.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_PCI_ADDRESS_CELLS 3
#define DT_PCI_SIZE_CELLS 2
#define DT_PCI_MAP_CELLS 4 /* of a row of msi-map */
/* phys.hi: the space, and whether reads there have no side effects. */
#define DT_PCI_HI_SPACE(hi) FIELD(hi, 25, 24)
#define DT_PCI_HI_PREFETCHABLE BIT(30)

/* `ranges` or `dma-ranges`, in rows of child address, parent address, size. */
struct dt_pci_rows {
	unsigned int parent_cells, step, n;
	const uint8_t *at;
};

static void dt_pci_rows(dt_node_t bridge, const char *prop,
			struct dt_pci_rows *out)
{
	unsigned int unused;
	int len;

	out->n = 0;
	out->at = dt_prop(bridge, prop, &len);
	if (!out->at ||
	    dt_bus_cells(dt_parent(bridge), &out->parent_cells, &unused) < 0) {
		return;
	}
	out->step =
		(DT_PCI_ADDRESS_CELLS + out->parent_cells + DT_PCI_SIZE_CELLS) *
		DT_CELL;
	if ((unsigned int)len % out->step == 0) {
		out->n = (unsigned int)len / out->step;
	}
}

static bool dt_pci_range(dt_node_t bridge, const struct dt_pci_rows *rows,
			 unsigned int index, struct dt_pci_range *out)
{
	const uint8_t *row = rows->at + index * rows->step;
	const uint8_t *parent = row + DT_PCI_ADDRESS_CELLS * DT_CELL;
	uint32_t hi = (uint32_t)dt_cells(row, 1);

	*out = (struct dt_pci_range){
		.space = (unsigned int)DT_PCI_HI_SPACE(hi),
		.prefetchable = (hi & DT_PCI_HI_PREFETCHABLE) != 0,
		.bus = dt_cells64(row + DT_CELL, 2),
		.size = dt_cells64(parent + rows->parent_cells * DT_CELL, 2),
	};
	return dt_translate_up(dt_parent(bridge),
			       dt_cells(parent, rows->parent_cells), out->size,
			       &out->cpu) == 0;
}

unsigned int dt_pci_ranges(dt_node_t bridge, struct dt_pci_range *out,
			   unsigned int max)
{
	struct dt_pci_rows rows;
	unsigned int n = 0;

	dt_pci_rows(bridge, "ranges", &rows);
	for (unsigned int i = 0; i < rows.n && n < max; i++) {
		n += dt_pci_range(bridge, &rows, i, &out[n]);
	}
	return n;
}

int dt_pci_interrupt(dt_node_t bridge, uint16_t rid, unsigned int pin,
		     struct dt_interrupt *out)
{
	struct dt_irq_spec spec = {
		.parent = bridge,
		.irq_cells = 1,
		.address_cells = DT_PCI_ADDRESS_CELLS,
	};
	int err;

	if (!IS_ENABLED(CONFIG_DT_INTERRUPT_MAP)) {
		return -ERR_NOSUPP;
	}
	/* phys.hi: bus, device and function in bits 23 to 8. */
	spec.address[1] = (uint8_t)(rid >> 8);
	spec.address[2] = (uint8_t)rid;
	spec.irq[3] = (uint8_t)pin;
	err = dt_irq_map(&spec);
	if (err < 0) {
		return err;
	}
	if (spec.parent == bridge) {
		return -ERR_NOENT; /* it has no map */
	}
	dt_irq_out(&spec, out);
	return 0;
}

/* The row of msi-map for a requester ID; -ERR_NOENT: none. */
static int dt_pci_msi_map(dt_node_t bridge, uint16_t rid, dt_node_t *controller,
			  uint32_t *device)
{
	uint32_t mask;
	const uint8_t *p;
	int len;

	if (dt_u32(bridge, "msi-map-mask", &mask)) {
		mask = ~0U;
	}
	p = dt_prop(bridge, "msi-map", &len);
	if (!p || len % (DT_PCI_MAP_CELLS * DT_CELL) != 0) {
		return -ERR_FORMAT;
	}
	for (; len > 0; len -= DT_PCI_MAP_CELLS * DT_CELL) {
		uint32_t first = (uint32_t)dt_cells(p, 1);
		uint32_t n = (uint32_t)dt_cells(p + 3 * DT_CELL, 1);
		uint32_t at = (rid & mask) - first;

		if ((rid & mask) >= first && at < n) {
			*controller = dt_by_phandle(
				(uint32_t)dt_cells(p + DT_CELL, 1));
			*device = (uint32_t)dt_cells(p + 2 * DT_CELL, 1) + at;
			return *controller < 0 ? -ERR_FORMAT : 0;
		}
		p += DT_PCI_MAP_CELLS * DT_CELL;
	}
	return -ERR_NOENT;
}

int dt_pci_msi(dt_node_t bridge, uint16_t rid, dt_node_t *controller,
	       uint32_t *device)
{
	uint32_t phandle;

	if (dt_prop(bridge, "msi-map", NULL)) {
		return dt_pci_msi_map(bridge, rid, controller, device);
	}
	if (dt_u32(bridge, "msi-parent", &phandle)) {
		return -ERR_NOENT;
	}
	*controller = dt_by_phandle(phandle);
	*device = rid;
	return *controller < 0 ? -ERR_FORMAT : 0;
}

/* Does an IOMMU in `iommu-map` translate for any function? */
static bool dt_pci_translated(dt_node_t bridge)
{
	const int row = DT_PCI_MAP_CELLS * DT_CELL;
	int len;
	const uint8_t *p = dt_prop(bridge, "iommu-map", &len);

	for (; p && len > 0; p += row, len -= row) {
		if (len < row ||
		    dt_iommu_translates((uint32_t)dt_cells(p + DT_CELL, 1))) {
			return true;
		}
	}
	return false;
}

void dt_pci_dma(dt_node_t bridge, struct dt_dma *out)
{
	struct dt_pci_rows rows;
	uint64_t widest = 0;

	dt_dma(bridge, out);
	out->translated |= dt_pci_translated(bridge);
	dt_pci_rows(bridge, "dma-ranges", &rows);
	for (unsigned int i = 0; i < rows.n; i++) {
		const uint8_t *row = rows.at + i * rows.step;
		const uint8_t *parent = row + DT_PCI_ADDRESS_CELLS * DT_CELL;
		uint64_t bus = dt_cells64(row + DT_CELL, 2);
		uint64_t size =
			dt_cells64(parent + rows.parent_cells * DT_CELL, 2);

		if (size <= widest) {
			continue;
		}
		widest = size;
		out->offset =
			(uint64_t)dt_cells(parent, rows.parent_cells) - bus;
		out->limit = bus + size - 1;
	}
}
