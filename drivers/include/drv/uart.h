/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host serial ports. */
#ifndef DRV_UART_H
#define DRV_UART_H

#include <core/dt.h>
#include <libs/types.h>

struct uart;

struct uart_ops {
	/* Transmit now if there is room. False: full. Lock held. */
	bool (*putc)(struct uart *u, uint8_t c);
	/* One received byte, or -1. */
	int (*getc)(struct uart *u);
	/* Ask (or no longer ask) for an interrupt when there is room to send. */
	void (*tx_irq)(struct uart *u, bool on);
	/* Start receiving with interrupts. */
	int (*start)(struct uart *u);
};

struct uart {
	const struct uart_ops *ops;
	volatile void *regs;
	unsigned int irq;
	uint32_t reg_shift, reg_io_width;
	dt_node_t node;
	void *priv;
};

/* Early console, before anything: the chosen UART polled, MMU on or off. */
struct earlycon {
	const char *const *compatible;
	void (*putc)(volatile void *regs, uint32_t reg_shift, uint8_t c);
};
#define EARLYCON(ident) REGISTRY_ADD(earlycon, struct earlycon, ident)

#endif
