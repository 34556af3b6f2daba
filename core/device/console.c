/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which UART is the host's console where the tree's stdout-path does not name
 * one that has a driver: what an alias names, in their order, or else the first
 * one of the tree that is enabled.
 */
#include <core/earlycon.h>

#include "earlycon_priv.h"

#define CONSOLE_ALIASES 10 /* serial0 to serial9 */

/* Does a node below describe what is at the other end of the line: a Bluetooth
 * chip, a GNSS receiver? They would take a log for commands. */
static bool console_is_taken(dt_node_t node)
{
	int depth = 0, len;
	dt_node_t child = node;

	while ((child = dt_next(child, &depth)) >= 0 && depth > 0) {
		if (depth == 1 && dt_compatible(child, &len)) {
			return true;
		}
	}
	return false;
}

static bool console_may_be(dt_node_t node)
{
	return earlycon_of(node) && dt_available(node) &&
	       !console_is_taken(node);
}

static dt_node_t console_of_alias(void)
{
	char alias[] = "serial0";

	for (int n = 0; n < CONSOLE_ALIASES; n++, alias[6]++) {
		dt_node_t node = dt_path(alias);

		if (node >= 0 && console_may_be(node)) {
			return node;
		}
	}
	return -1;
}

dt_node_t console_search(void)
{
	struct dt_chosen chosen;
	dt_node_t node;
	bool named;

	dt_get_chosen(&chosen);
	/* A disabled UART is not touched: it may have no clock. */
	named = chosen.stdout_node >= 0 && dt_available(chosen.stdout_node);
	if (named && earlycon_of(chosen.stdout_node)) {
		return chosen.stdout_node;
	}
	node = console_of_alias();
	if (node >= 0) {
		return node;
	}
	for (node = dt_next(-1, NULL); node >= 0; node = dt_next(node, NULL)) {
		if (console_may_be(node)) {
			return node;
		}
	}
	return named ? chosen.stdout_node : -1;
}
