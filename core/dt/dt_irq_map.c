/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt nexus nodes: from a child's interrupt specifier to that of the
 * controller (Devicetree Specification 0.4, 2.4.3 and 2.4.4).
 */
#include <string.h>

#include <libs/error.h>

#include "dt_priv.h"

#define DT_MAX_NEXUS 8 /* in a chain */

/* The widths, in cells, of unit addresses and specifiers at a node. */
struct dt_irq_shape {
	unsigned int address, irq;
};

static int dt_irq_shape(dt_node_t node, struct dt_irq_shape *out)
{
	uint32_t n;
	int err = dt_u32(node, "#address-cells", &n);

	/* 2.4.3.1: without it a parent's unit address has no cells. */
	if (err == -ERR_NOENT) {
		n = 0;
	} else if (err < 0 || n > DT_MAX_CELLS) {
		return -ERR_FORMAT;
	}
	out->address = n;
	return dt_irq_cells(node, &out->irq);
}

/*
 * The unit addresses in a nexus's own rows are those of its children's bus. If
 * the nexus does not have #address-cells, an ancestor's are used.
 */
static int dt_nexus_shape(dt_node_t nexus, struct dt_irq_shape *out)
{
	unsigned int depth = 0;
	int err = dt_irq_shape(nexus, out);
	dt_node_t node = nexus;

	while (err == 0 && node >= 0 && depth++ < DT_MAX_DEPTH) {
		uint32_t n;

		if (dt_u32(node, "#address-cells", &n) == 0) {
			out->address = n;
			return n <= DT_MAX_CELLS ? 0 : -ERR_FORMAT;
		}
		node = dt_parent(node);
	}
	return err;
}

/* Are they equal in the bits of the mask (NULL: all)? */
static bool dt_map_match(const uint8_t *row, const uint8_t *child,
			 const uint8_t *mask, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((row[i] ^ child[i]) & (mask ? mask[i] : 0xff)) != 0) {
			return false;
		}
	}
	return true;
}

static void dt_map_take(struct dt_irq_spec *spec, dt_node_t parent,
			const struct dt_irq_shape *shape, const uint8_t *p)
{
	spec->parent = parent;
	spec->irq_cells = shape->irq;
	spec->address_cells = shape->address;
	memcpy(spec->address, p, shape->address * DT_CELL);
	memcpy(spec->irq, p + shape->address * DT_CELL, shape->irq * DT_CELL);
}

/*
 * Find the row for `child`, the bytes of its unit address and specifier. A
 * row's length depends on its parent, so rows are walked one after another.
 */
static int dt_map_find(dt_node_t nexus, const uint8_t *child,
		       const uint8_t *mask, size_t n, struct dt_irq_spec *spec)
{
	struct dt_irq_shape shape;
	int len, err;
	const uint8_t *p = dt_prop(nexus, "interrupt-map", &len);
	size_t left = (size_t)len;

	while (left > 0) {
		size_t rest;
		dt_node_t parent;

		if (left < n + DT_CELL) {
			return -ERR_FORMAT;
		}
		parent = dt_by_phandle((uint32_t)dt_cells(p + n, 1));
		err = parent < 0 ? -ERR_FORMAT : dt_irq_shape(parent, &shape);
		if (err < 0) {
			return err;
		}
		rest = (shape.address + shape.irq) * DT_CELL;
		if (left - n - DT_CELL < rest) {
			return -ERR_FORMAT;
		}
		if (dt_map_match(p, child, mask, n)) {
			dt_map_take(spec, parent, &shape, p + n + DT_CELL);
			return 0;
		}
		p += n + DT_CELL + rest;
		left -= n + DT_CELL + rest;
	}
	return -ERR_RANGE;
}

static int dt_map_once(struct dt_irq_spec *spec)
{
	uint8_t child[(DT_MAX_CELLS + DT_MAX_IRQ_CELLS) * DT_CELL] = { 0 };
	struct dt_irq_shape shape;
	const uint8_t *mask;
	size_t n;
	int len, err = dt_nexus_shape(spec->parent, &shape);

	if (err < 0) {
		return err;
	}
	if (shape.irq != spec->irq_cells) {
		return -ERR_FORMAT;
	}
	n = (shape.address + shape.irq) * DT_CELL;
	mask = dt_prop(spec->parent, "interrupt-map-mask", &len);
	if (mask && (size_t)len != n) {
		return -ERR_FORMAT;
	}
	memcpy(child, spec->address,
	       MIN(shape.address, spec->address_cells) * DT_CELL);
	memcpy(child + shape.address * DT_CELL, spec->irq, shape.irq * DT_CELL);
	return dt_map_find(spec->parent, child, mask, n, spec);
}

int dt_irq_map(struct dt_irq_spec *spec)
{
	for (unsigned int i = 0; i < DT_MAX_NEXUS; i++) {
		int err;

		if (!dt_prop(spec->parent, "interrupt-map", NULL)) {
			return 0;
		}
		err = dt_map_once(spec);
		if (err < 0) {
			return err;
		}
	}
	return -ERR_FORMAT;
}
