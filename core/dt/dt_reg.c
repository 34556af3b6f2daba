/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `reg` as the CPU's address: translated through the `ranges` of each bus. */
#include <string.h>

#include <libs/error.h>

#include "dt_priv.h"

struct dt_window {
	dt_addr_t base, size;
};

/* The first cell of a PCI address has flags, so plain arithmetic is wrong. */
static bool dt_bus_is_pci(dt_node_t bus)
{
	const char *type = dt_type(bus);

	return type && (strcmp(type, "pci") == 0 || strcmp(type, "pciex") == 0);
}

/* True if `w` lies wholly in [base, base + size). */
static bool dt_window_inside(const struct dt_window *w, dt_addr_t base,
			     dt_addr_t size)
{
	return w->base >= base && w->base - base <= size &&
	       w->size <= size - (w->base - base);
}

/* Widths of one entry of `ranges`, in cells. */
struct dt_range_shape {
	unsigned int child, parent, size;
};

/* Find `w` in the bus's ranges and move it to the parent's addresses. */
static int dt_through_ranges(const uint8_t *ranges, int len,
			     const struct dt_range_shape *shape,
			     struct dt_window *w)
{
	int step = (int)(shape->child + shape->parent + shape->size) * DT_CELL;

	if (step == 0 || len % step != 0) {
		return -ERR_FORMAT;
	}
	for (; len > 0; len -= step, ranges += step) {
		const uint8_t *parent = ranges + shape->child * DT_CELL;
		const uint8_t *size = parent + shape->parent * DT_CELL;
		dt_addr_t base = dt_cells(ranges, shape->child);

		if (dt_window_inside(w, base, dt_cells(size, shape->size))) {
			w->base = w->base - base +
				  dt_cells(parent, shape->parent);
			return 0;
		}
	}
	return -ERR_RANGE;
}

/* From the addresses of `bus` to those of the bus above it. */
static int dt_up(dt_node_t bus, dt_node_t above, struct dt_window *w)
{
	struct dt_range_shape shape;
	unsigned int unused;
	const uint8_t *ranges;
	int len, err;

	if (dt_bus_is_pci(bus)) {
		return -ERR_NOSUPP;
	}
	ranges = dt_prop(bus, "ranges", &len);
	if (!ranges) {
		return -ERR_NOSUPP; /* not in the CPU's address space */
	}
	err = dt_bus_cells(bus, &shape.child, &shape.size);
	if (err == 0) {
		err = dt_bus_cells(above, &shape.parent, &unused);
	}
	if (err < 0 || len == 0) {
		return err; /* empty `ranges`: an identity mapping */
	}
	return dt_through_ranges(ranges, len, &shape, w);
}

static int dt_translate(dt_node_t bus, struct dt_window *w)
{
	unsigned int depth;

	for (depth = 0; depth < DT_MAX_BUSES; depth++) {
		dt_node_t above = dt_parent(bus);
		int err;

		if (above < 0) {
			return 0;
		}
		err = dt_up(bus, above, w);
		if (err < 0) {
			return err;
		}
		bus = above;
	}
	return -ERR_RANGE;
}

int dt_translate_up(dt_node_t bus, dt_addr_t base, dt_addr_t size, paddr_t *out)
{
	struct dt_window w = { base, size };
	int err = dt_translate(bus, &w);

	if (err < 0) {
		return err;
	}
	if (w.base > UINT64_MAX || w.size > UINT64_MAX ||
	    w.size > (dt_addr_t)UINT64_MAX + 1 - w.base) {
		return -ERR_RANGE;
	}
	*out = PADDR((uint64_t)w.base);
	return 0;
}

static int dt_reg_read(dt_node_t node, dt_node_t bus, unsigned int index,
		       struct dt_window *w)
{
	unsigned int na, ns;
	const uint8_t *reg;
	int len, err, step;

	reg = dt_reg_prop(node, &len);
	if (!reg) {
		return -ERR_NOENT;
	}
	err = dt_bus_cells(bus, &na, &ns);
	if (err < 0) {
		return err;
	}
	step = (int)(na + ns) * DT_CELL;
	if (na == 0 || len % step != 0) {
		return -ERR_FORMAT;
	}
	if (index >= (unsigned int)(len / step)) {
		return -ERR_NOENT;
	}
	reg += index * (unsigned int)step;
	w->base = dt_cells(reg, na);
	w->size = dt_cells(reg + na * DT_CELL, ns);
	return 0;
}

int dt_reg(dt_node_t node, unsigned int index, paddr_t *base, uint64_t *size)
{
	dt_node_t bus = dt_parent(node);
	struct dt_window w;
	int err;

	if (bus < 0) {
		return -ERR_NOENT;
	}
	err = dt_reg_read(node, bus, index, &w);
	if (err < 0) {
		return err;
	}
	err = dt_translate_up(bus, w.base, w.size, base);
	if (err < 0) {
		return err;
	}
	*size = (uint64_t)w.size;
	return 0;
}
