/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Early consoles by their nodes. */
#ifndef CORE_DEVICE_EARLYCON_PRIV_H
#define CORE_DEVICE_EARLYCON_PRIV_H

#include <libfdt.h>

#include <core/uart.h>

/* The one for a node, or NULL. */
static inline const struct earlycon *earlycon_of(dt_node_t node)
{
	const struct earlycon *it;
	int len;
	const char *list = dt_compatible(node, &len);

	registry_for_each(earlycon, it) {
		const char *const *c = it->compatible;

		for (; list && *c; c++) {
			if (fdt_stringlist_contains(list, len, *c)) {
				return it;
			}
		}
	}
	return NULL;
}

#endif
