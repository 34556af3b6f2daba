/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The polled console of early boot. Boot context. */
#ifndef CORE_EARLYCON_H
#define CORE_EARLYCON_H

#include <core/dt.h>
#include <libs/types.h>

/* Where stdout-path does not name a console with a driver: what an alias names,
 * or the first one of the tree. -1: none. Any context. */
dt_node_t console_search(void);

/*
 * The node of the host's console: what stdout-path or the alias serial0 names,
 * or console_search(). -1: none. It need not have a driver. Any context.
 */
static inline dt_node_t console_node(void)
{
	struct dt_chosen chosen;

	if (IS_ENABLED(CONFIG_CONSOLE_SEARCH)) {
		return console_search();
	}
	dt_get_chosen(&chosen);
	return chosen.stdout_node;
}

/*
 * Find the host's console and a way to print on it. `map` gives the
 * address of its page of registers; NULL: the MMU is off. -ERR_NOENT
 * without one, -ERR_NOSUPP for an unknown UART, -ERR_NOMEM.
 */
int __must_check earlycon_init(volatile void *(*map)(paddr_t pa));

/* As above, for a tree that dt_init() refused: uses the first UART of a known
 * kind, wherever it is. -ERR_NOENT, -ERR_NOMEM. */
int __must_check earlycon_salvage(const void *fdt, size_t max_size,
				  volatile void *(*map)(paddr_t pa));

/* Polled. Does nothing before one of these has succeeded. Any context. */
void earlycon_putc(uint8_t c);

#endif
