/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the device tree for a guest's OS, front to back. Errors stick: the
 * first one ends the tree. Thread context.
 */
#ifndef CORE_FDTGEN_H
#define CORE_FDTGEN_H

#include <core/guest_config.h>
#include <libs/types.h>

struct fdtgen {
	const struct guest_config *cfg;
	void *fdt;
	int err; /* libfdt's number; sticky */
};
#define FDTGEN_PHANDLE_CLOCK 0x8000
#define FDTGEN_PHANDLE_INTC 0x8001
#define FDTGEN_PHANDLE_DEVICE 0x8002 /* first device; one each */
#define FDTGEN_PHANDLE_CPU 0x8100    /* first CPU; one each */

/*
 * Write the tree in order: a node's properties, its children, its end. The
 * first error stays in g->err, and nothing is written after it. `name` of a
 * node holds its unit address, or fdtgen_begin_at() adds it; numbers become
 * big-endian cells, `regs` two cells each of address and size. Thread context.
 */
void fdtgen_begin(struct fdtgen *g, const char *name);
void fdtgen_begin_at(struct fdtgen *g, const char *name, uint64_t address);
void fdtgen_end(struct fdtgen *g);
void fdtgen_bytes(struct fdtgen *g, const char *name, const void *val,
		  size_t len);
void fdtgen_str(struct fdtgen *g, const char *name, const char *s);
void fdtgen_u32(struct fdtgen *g, const char *name, uint32_t v);
void fdtgen_cells(struct fdtgen *g, const char *name, const uint32_t *cells,
		  unsigned int n);
void fdtgen_reg(struct fdtgen *g, const struct config_range *regs,
		unsigned int n);
/* The handle that the description's node has, or else our own. */
uint32_t fdtgen_phandle(const struct fdtgen *g, int node, uint32_t otherwise);

#endif
