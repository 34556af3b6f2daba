/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The polled console of early boot. Boot context. */
#ifndef CORE_EARLYCON_H
#define CORE_EARLYCON_H

#include <libs/types.h>

/*
 * Find the host tree's stdout and a way to print on it. `map` gives the
 * address of its page of registers; NULL: the MMU is off. -ERR_NOENT without
 * a stdout-path, -ERR_NOSUPP for an unknown UART, -ERR_NOMEM.
 */
int __must_check earlycon_init(volatile void *(*map)(paddr_t pa));

/* As above, for a tree that dt_init() refused: uses the first UART of a known
 * kind, wherever it is. -ERR_NOENT, -ERR_NOMEM. */
int __must_check earlycon_salvage(const void *fdt, size_t max_size,
				  volatile void *(*map)(paddr_t pa));

/* Polled. Does nothing before one of these has succeeded. Any context. */
void earlycon_putc(uint8_t c);

#endif
