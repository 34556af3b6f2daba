/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host serial ports. */
#ifndef DRV_UART_H
#define DRV_UART_H

#include <core/dt.h>
#include <libs/registry.h>
#include <libs/types.h>

struct uart;

struct uart_ops {
	/* Transmit now if there is room. False: full. Lock held. */
	bool (*putc)(struct uart *u, uint8_t c);
	/* One received byte, or -1. */
	int (*getc)(struct uart *u);
	/* Ask (or no longer ask) for an interrupt when there is room to send. */
	void (*tx_irq)(struct uart *u, bool on);
	/* Go on receiving or let what comes wait in the port (and so, where
	 * the line has flow control, at the sender). Lock held. */
	void (*rx_irq)(struct uart *u, bool on);
	/* Start receiving with interrupts; after an error the port can still
	 * be polled for output. */
	int (*start)(struct uart *u);
};

struct uart {
	const struct uart_ops *ops;
	volatile void *regs;
	unsigned int irq;
	bool has_irq;
	uint32_t reg_shift, reg_io_width;
	dt_node_t node;
	void *priv;
};

/*
 * For a driver's probe: the host console's port, if `node` is it (the tree's
 * stdout, or else the first there is), with its registers mapped and its
 * interrupt requested for `handler` (argument: the port) but not enabled.
 * The driver sets the device up, then calls hostcon_set_uart(). -ERR_NOSUPP:
 * some other port. Boot thread.
 */
int __must_check uart_probe(struct uart **out, dt_node_t node,
			    const struct uart_ops *ops,
			    void (*handler)(unsigned int irq, void *uart));
/* Enable the port's interrupt; -ERR_NOSUPP if it has none. */
int __must_check uart_irq_enable(struct uart *u);

/* Early console, before anything: the chosen UART polled, MMU on or off. */
struct earlycon {
	const char *const *compatible;
	void (*putc)(volatile void *regs, uint32_t reg_shift, uint8_t c);
};
#define EARLYCON(ident) REGISTRY_ADD(earlycon, struct earlycon, ident)
REGISTRY_DECLARE(earlycon, struct earlycon);

#endif
