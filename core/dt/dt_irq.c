/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `interrupts` and `interrupts-extended`: finds the controller and the cells.
 * The controller's driver decodes them (core/irq_dispatch.h).
 */
#include <string.h>

#include <libs/error.h>

#include "dt_priv.h"

int dt_irq_cells(dt_node_t controller, unsigned int *cells)
{
	uint32_t n;

	if (dt_u32(controller, "#interrupt-cells", &n) < 0 || n == 0 ||
	    n > DT_MAX_IRQ_CELLS) {
		return -ERR_FORMAT;
	}
	*cells = n;
	return 0;
}

/* The node's unit address, for a nexus: the address in its first `reg`. */
static void dt_irq_address(dt_node_t node, struct dt_irq_spec *spec)
{
	unsigned int address, size;
	const uint8_t *reg;
	int len;

	spec->address_cells = 0;
	reg = dt_prop(node, "reg", &len);
	if (reg && dt_bus_cells(dt_parent(node), &address, &size) == 0 &&
	    (size_t)len >= address * DT_CELL) {
		spec->address_cells = address;
		memcpy(spec->address, reg, address * DT_CELL);
	}
}

void dt_irq_out(const struct dt_irq_spec *spec, struct dt_interrupt *out)
{
	out->controller = spec->parent;
	out->cells = spec->irq_cells;
	for (unsigned int i = 0; i < spec->irq_cells; i++) {
		out->cell[i] = (uint32_t)dt_cells(spec->irq + i * DT_CELL, 1);
	}
}

/* Resolve the specifier of `node` at p, of `cells` cells at `parent`. */
static int dt_irq_resolve(dt_node_t node, dt_node_t parent, const uint8_t *p,
			  unsigned int cells, struct dt_interrupt *out)
{
	struct dt_irq_spec spec = { .parent = parent, .irq_cells = cells };
	int err;

	memcpy(spec.irq, p, cells * DT_CELL);
	if (dt_prop(parent, "interrupt-map", NULL)) {
		if (!IS_ENABLED(CONFIG_DT_INTERRUPT_MAP)) {
			return -ERR_NOSUPP;
		}
		dt_irq_address(node, &spec);
		err = dt_irq_map(&spec);
		if (err < 0) {
			return err;
		}
	}
	dt_irq_out(&spec, out);
	return 0;
}

/* The interrupt parent of the node, for its `interrupts`. */
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

static int dt_irq_extended(dt_node_t node, const uint8_t *p, unsigned int len,
			   unsigned int index, struct dt_interrupt *out)
{
	unsigned int cells;

	for (; len >= DT_CELL; len -= cells * DT_CELL, p += cells * DT_CELL) {
		dt_node_t controller = dt_by_phandle((uint32_t)dt_cells(p, 1));
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
			return dt_irq_resolve(node, controller, p, cells, out);
		}
	}
	return len == 0 ? -ERR_NOENT : -ERR_FORMAT;
}

int dt_interrupt(dt_node_t node, unsigned int index, struct dt_interrupt *out)
{
	unsigned int cells;
	const uint8_t *p;
	int len, step, err;
	dt_node_t controller;

	p = dt_prop(node, "interrupts-extended", &len);
	if (p) {
		return dt_irq_extended(node, p, (unsigned int)len, index, out);
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
	return dt_irq_resolve(node, controller, p + index * (unsigned int)step,
			      cells, out);
}

/* The index of the string `name` in the property; negative: it has none. */
static int dt_str_index(dt_node_t node, const char *prop, const char *name)
{
	int len;
	const char *s = dt_prop(node, prop, &len);
	size_t left = s && len > 0 ? (size_t)len : 0;

	for (int i = 0; left > 0; i++) {
		const char *end = memchr(s, '\0', left);

		if (!end) {
			break;
		}
		if (strcmp(s, name) == 0) {
			return i;
		}
		left -= (size_t)(end + 1 - s);
		s = end + 1;
	}
	return -ERR_NOENT;
}

int dt_interrupt_named(dt_node_t node, const char *name, unsigned int otherwise,
		       struct dt_interrupt *out)
{
	int index = (int)otherwise;

	if (dt_prop(node, "interrupt-names", NULL)) {
		index = dt_str_index(node, "interrupt-names", name);
		if (index < 0) {
			return index;
		}
	}
	return dt_interrupt(node, (unsigned int)index, out);
}
