/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a device reaches memory: dma-coherent, iommus, dma-ranges (Devicetree
 * Specification 0.4, 2.3.9 and 2.3.10). */

#include "dt_priv.h"

struct dt_dma_window {
	dt_addr_t child, parent, size;
};

/* The widest window of the bus. A bus with several windows splits RAM for
 * compatibility, and the widest one is enough for Linux's drivers too. */
static bool dt_dma_window(dt_node_t bus, struct dt_dma_window *out)
{
	unsigned int na, ns, pna, unused;
	dt_node_t above = dt_parent(bus);
	const uint8_t *p;
	int len, step;

	p = dt_prop(bus, "dma-ranges", &len);
	if (!p || len <= 0 || above < 0 || dt_bus_cells(bus, &na, &ns) ||
	    dt_bus_cells(above, &pna, &unused)) {
		return false;
	}
	step = (int)(na + pna + ns) * DT_CELL;
	if (step == 0 || len % step != 0) {
		return false;
	}
	out->size = 0;
	for (; len > 0; len -= step, p += step) {
		const uint8_t *parent = p + na * DT_CELL;
		dt_addr_t size = dt_cells(parent + pna * DT_CELL, ns);

		if (size > out->size) {
			out->child = dt_cells(p, na);
			out->parent = dt_cells(parent, pna);
			out->size = size;
		}
	}
	return out->size > 0;
}

bool dt_iommu_translates(uint32_t phandle)
{
	dt_node_t iommu = dt_by_phandle(phandle);

	return iommu < 0 || dt_available(iommu);
}

/* Does an IOMMU in the node's `iommus` translate? If the property is malformed,
 * assume that one does, as it is not known how the device reaches memory. */
static bool dt_translated(dt_node_t node)
{
	int len;
	const uint8_t *p = dt_prop(node, "iommus", &len);

	while (p && len > 0) {
		uint32_t phandle, cells;

		if (len < DT_CELL) {
			return true;
		}
		phandle = (uint32_t)dt_cells(p, 1);
		if (dt_iommu_translates(phandle) ||
		    dt_u32(dt_by_phandle(phandle), "#iommu-cells", &cells) ||
		    cells > (uint32_t)len / DT_CELL - 1) {
			return true;
		}
		p += (1 + cells) * DT_CELL;
		len -= (int)(1 + cells) * DT_CELL;
	}
	return false;
}

void dt_dma(dt_node_t node, struct dt_dma *out)
{
	unsigned int depth;
	dt_node_t bus;

	*out = (struct dt_dma){ .limit = UINT64_MAX };
	out->coherent = dt_prop(node, "dma-coherent", NULL) != NULL;
	out->translated = dt_translated(node);
	bus = dt_parent(node);
	for (depth = 0; bus >= 0 && depth < DT_MAX_BUSES; depth++) {
		struct dt_dma_window w;

		/* Coherency is inherited from the bus, unless the node says
		 * no. */
		out->coherent |= dt_prop(bus, "dma-coherent", NULL) != NULL &&
				 !dt_prop(node, "dma-noncoherent", NULL);
		if (dt_dma_window(bus, &w)) {
			dt_addr_t last = w.child + w.size - 1;

			out->offset += (uint64_t)(w.parent - w.child);
			if (last < out->limit) {
				out->limit = (uint64_t)last;
			}
		}
		bus = dt_parent(bus);
	}
}
