/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt specifiers of the GIC: type, number, flags, and optionally, with a
 * GICv3, a partition of CPUs (Linux
 * Documentation/devicetree/bindings/interrupt-controller/arm,gic-v3.yaml).
 */
#include <libs/error.h>

#include "gic_spec_priv.h"

#define CELLS_MIN 3
/* Flags: rising or falling edge, high or low level. */
#define FLAGS_EDGE 3
#define FLAGS_LEVEL 12

static const struct {
	uint32_t count, intid;
} gic_types[] = {
	{ 988, 32 },    /* SPI */
	{ 16, 16 },     /* PPI */
	{ 1024, 4096 }, /* extended SPI */
	{ 64, 1056 },   /* extended PPI */
};

int gic_spec_decode(const uint32_t *cells, unsigned int n, unsigned int *irq,
		    enum irq_trigger *trigger)
{
	uint32_t type, number, flags;

	if (n < CELLS_MIN) {
		return -ERR_FORMAT;
	}
	type = cells[0];
	number = cells[1];
	flags = cells[2];
	if (type >= ARRAY_SIZE(gic_types) || number >= gic_types[type].count) {
		return -ERR_RANGE;
	}
	*irq = gic_types[type].intid + number;
	*trigger = (flags & FLAGS_EDGE) && !(flags & FLAGS_LEVEL)
			   ? IRQ_TRIGGER_EDGE
			   : IRQ_TRIGGER_LEVEL;
	return 0;
}
