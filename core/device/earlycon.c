/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Early console: the port that is the console, polled, before there are
 * interrupts, threads and even the MMU. The firmware has set it up.
 */
#include <core/earlycon.h>
#include <core/uart.h>
#include <libs/error.h>

#include "earlycon_priv.h"

REGISTRY_DEFINE(earlycon);

static const struct earlycon *con;
static volatile void *con_regs;
static uint32_t con_shift;

static int use(const struct earlycon *e, paddr_t base,
	       volatile void *(*map)(paddr_t pa))
{
	con_regs = map ? map(base) : (volatile void *)(uintptr_t)base.v;
	if (!con_regs) {
		return -ERR_NOMEM;
	}
	con = e;
	return 0;
}

int earlycon_init(volatile void *(*map)(paddr_t pa))
{
	const struct earlycon *e;
	dt_node_t node = console_node();
	paddr_t base;
	uint64_t size;
	uint32_t width;

	if (node < 0) {
		return -ERR_NOENT;
	}
	e = earlycon_of(node);
	if (!e || dt_reg(node, 0, &base, &size)) {
		return -ERR_NOSUPP;
	}
	uart_layout(node, e->layouts, &con_shift, &width);
	return use(e, base, map);
}

int earlycon_salvage(const void *fdt, size_t max_size,
		     volatile void *(*map)(paddr_t pa))
{
	const struct earlycon *it;

	registry_for_each(earlycon, it) {
		const char *const *c = it->compatible;

		for (; *c; c++) {
			paddr_t base;

			if (dt_salvage(fdt, max_size, *c, &base) == 0) {
				return use(it, base, map);
			}
		}
	}
	return -ERR_NOENT;
}

void earlycon_putc(uint8_t c)
{
	if (con) {
		con->putc(con_regs, con_shift, c);
	}
}
