/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver model: a driver names the compatibles it serves and probes. */
#ifndef DRV_DRIVER_H
#define DRV_DRIVER_H

#include <core/dt.h>
#include <libs/registry.h>

enum driver_class { DRIVER_IRQCHIP, DRIVER_TIMER, DRIVER_SERIAL, DRIVER_OTHER };

struct driver {
	const char *name;
	enum driver_class class;
	const char *const *compatible;	/* NULL-terminated */
	/* Boot thread, in class order; an error refuses this node only. It is
	 * logged, but for -ERR_NOSUPP: this one is left to others. */
	int (*probe)(dt_node_t node);
};

#define DRIVER(ident) REGISTRY_ADD(driver, struct driver, ident)
REGISTRY_DECLARE(driver, struct driver);

/* Probe every available node a driver of `class` serves, in the tree's order;
 * the node's first compatible with a driver chooses. Number probed. */
unsigned int driver_probe(enum driver_class class);

#endif
