/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `interrupts` and `interrupts-extended` as numbers of their controller. */

#include <libs/dtb.h>
#include <libs/error.h>

#include "dt_priv.h"

#define DT_MAX_IRQ_CELLS 8
#define DT_MAX_DEPTH 64 /* of nodes above one another */

/*
 * The Arm GIC's cells: type, number, flags (Linux
 * Documentation/devicetree/bindings/interrupt-controller/arm,gic-v3.yaml).
 */
static const struct {
	uint32_t count, intid;
} gic_types[] = {
	{ 988, 32 },    /* SPI */
	{ 16, 16 },     /* PPI */
	{ 1024, 4096 }, /* extended SPI */
	{ 64, 1056 },   /* extended PPI */
};

static bool dt_irq_edge(uint32_t flags)
{
	return (flags & 3) != 0 && (flags & 12) == 0;
}

static int dt_irq_decode(const uint8_t *p, unsigned int cells,
			 unsigned int *irq, bool *edge)
{
	uint32_t type, number;

	*edge = false;
	if (cells < 3) {
		*irq = (unsigned int)dtb_cells(p, 1);
		if (cells == 2) {
			*edge = dt_irq_edge((uint32_t)dtb_cells(p + DT_CELL, 1));
		}
		return 0;
	}
	type = (uint32_t)dtb_cells(p, 1);
	number = (uint32_t)dtb_cells(p + DT_CELL, 1);
	if (type >= ARRAY_SIZE(gic_types) || number >= gic_types[type].count) {
		return -ERR_RANGE;
	}
	*irq = gic_types[type].intid + number;
	*edge = dt_irq_edge((uint32_t)dtb_cells(p + 2 * DT_CELL, 1));
	return 0;
}

static int dt_irq_cells(dt_node_t controller, unsigned int *cells)
{
	uint32_t n;

	/* A nexus (interrupt-map) would need its table; PCI's only. */
	if (dt_prop(controller, "interrupt-map", NULL)) {
		return -ERR_NOSUPP;
	}
	if (dt_u32(controller, "#interrupt-cells", &n) < 0 || n == 0 ||
	    n > DT_MAX_IRQ_CELLS) {
		return -ERR_FORMAT;
	}
	*cells = n;
	return 0;
}

/* The controller that `interrupts` of this node is about. */
static dt_node_t dt_irq_parent(dt_node_t node)
{
	unsigned int depth;

	for (depth = 0; depth < DT_MAX_DEPTH && node >= 0; depth++) {
		uint32_t phandle;

		if (dt_u32(node, "interrupt-parent", &phandle) == 0) {
			return dt_by_phandle(phandle);
		}
		node = dt_parent(node);
		if (node >= 0 && dt_prop(node, "#interrupt-cells", NULL)) {
			return node;
		}
	}
	return -ERR_NOENT;
}

static int dt_irq_extended(const uint8_t *p, unsigned int len,
			   unsigned int index, unsigned int *irq, bool *edge)
{
	unsigned int cells;

	for (; len >= DT_CELL; len -= cells * DT_CELL, p += cells * DT_CELL) {
		dt_node_t controller =
			dt_by_phandle((uint32_t)dtb_cells(p, 1));
		int err = controller < 0 ? -ERR_FORMAT
					 : dt_irq_cells(controller, &cells);

		p += DT_CELL;
		len -= DT_CELL;
		if (err < 0) {
			return err;
		}
		if (cells * DT_CELL > len) {
			return -ERR_FORMAT;
		}
		if (index-- == 0) {
			return dt_irq_decode(p, cells, irq, edge);
		}
	}
	return len == 0 ? -ERR_NOENT : -ERR_FORMAT;
}

int dt_irq(dt_node_t node, unsigned int index, unsigned int *irq, bool *edge)
{
	unsigned int cells;
	const uint8_t *p;
	int len, step, err;
	dt_node_t controller;

	p = dt_prop(node, "interrupts-extended", &len);
	if (p) {
		return dt_irq_extended(p, (unsigned int)len, index, irq, edge);
	}
	p = dt_prop(node, "interrupts", &len);
	if (!p) {
		return -ERR_NOENT;
	}
	controller = dt_irq_parent(node);
	if (controller < 0) {
		return -ERR_FORMAT;
	}
	err = dt_irq_cells(controller, &cells);
	if (err < 0) {
		return err;
	}
	step = (int)cells * DT_CELL;
	if (len % step != 0) {
		return -ERR_FORMAT;
	}
	if (index >= (unsigned int)(len / step)) {
		return -ERR_NOENT;
	}
	return dt_irq_decode(p + index * (unsigned int)step, cells, irq, edge);
}
