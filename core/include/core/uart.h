/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host serial ports. */
#ifndef CORE_UART_H
#define CORE_UART_H

#include <core/dt.h>
#include <libs/list.h>
#include <libs/registry.h>
#include <libs/types.h>

struct device;
struct uart;

/*
 * Most bytes that a driver's interrupt handler takes, if those that are left
 * cause another interrupt. Interrupts are masked meanwhile, each byte can wake
 * the client's reader, and where the sender waits for room in the FIFO (QEMU)
 * there are always more. The smallest FIFO has as many.
 */
#define UART_RX_BATCH 16

/* Defaults for a compatible, where the tree gives no values. */
struct uart_layout {
	const char *compatible;
	uint8_t reg_shift, reg_io_width;
};

struct uart_ops {
	/* Make it ready to be polled, no interrupts yet; it was not touched
	 * before. Boot or thread context. */
	void (*open)(struct uart *u);
	/* Transmit now if there is room. False: full. Lock held. */
	bool (*putc)(struct uart *u, uint8_t c);
	/* One received byte, or -1. */
	int (*getc)(struct uart *u);
	/* Ask (or no longer ask) for an interrupt when there is room to send.
	 * */
	void (*tx_irq)(struct uart *u, bool on);
	/*
	 * Continue receiving, or leave received bytes in the port (so that flow
	 * control, if the line has it, stops the sender). False: it does not
	 * continue, since bytes wait for which no interrupt comes; they are to
	 * be taken with getc() first. Lock held.
	 */
	bool (*rx_irq)(struct uart *u, bool on);
	/* Start receiving with interrupts; after an error the port can still
	 * be polled for output. */
	int (*start)(struct uart *u);
	/* Its client has closed it. NULL: nothing to do. Thread context. */
	void (*close)(struct uart *u);
	const struct uart_layout *layouts; /* up to one with no name; or NULL */
};

/* The user of a port. Functions are called in interrupt context, with no lock
 * of the port held. */
struct uart_client {
	/* A byte was received. False: no more is wanted now, rx_irq() has been
	 * called and is again when there is room. */
	bool (*rx)(void *arg, uint8_t c);
	/* There is room to send again; the driver has acknowledged that. */
	void (*tx_ready)(void *arg);
	/*
	 * The port was removed: what is sent is lost, nothing more is received.
	 * The client closes it soon, but not in this call. NULL: it keeps the
	 * port, which may come back. Thread context, the list of devices is
	 * locked; takes spinlocks only.
	 */
	void (*gone)(void *arg);
};

/*
 * A serial port. [I] immutable after its probe, [L] the list of devices' lock,
 * [D] the driver's own. The list of ports holds a reference, and so does
 * whoever looked it up. While it is open the device has a user, so that its
 * driver is not taken away.
 */
struct uart {
	struct list node;           /* [L] in the list of ports */
	uint32_t refs;              /* [L] */
	bool gone;                  /* [L] its driver was removed */
	struct device *dev;         /* [I] */
	const struct uart_ops *ops; /* [I] */
	volatile void *regs;        /* [I] */
	unsigned int irq;           /* [I] */
	bool has_irq;               /* [I] */
	/* [D] its interrupts are on; its line was switched off for good */
	bool tx_on, rx_on, silenced;
	uint32_t reg_shift, reg_io_width; /* [I] */
	/* [L] NULL: not open. Read by the interrupt's handler, which
	 * uart_close() waits for. */
	const struct uart_client *client;
	void *client_arg;          /* [L] written before `client` */
	uint32_t tx_fifo, tx_room; /* [D] */
	void *priv;                /* [D] */
};

/*
 * For a driver's probe: make the port, with its registers mapped and its
 * interrupt requested for `handler` (argument: the port) but not enabled. The
 * hardware is not touched until the port is opened. device_map()'s errors,
 * -ERR_NOMEM. Boot or thread context.
 */
int __must_check uart_probe(struct device *dev, const struct uart_ops *ops,
			    void (*handler)(unsigned int irq, void *uart));
/* The same for a port without a node: its driver handles registers and
 * interrupts itself, and has `priv`. -ERR_NOMEM. */
int __must_check uart_add(struct device *dev, const struct uart_ops *ops,
			  void *priv, struct uart **out);
/* For a driver's remove(), when the port is not open. It is freed when the last
 * reference is dropped. */
void uart_remove(struct device *dev);

/* The client that has the port open, or NULL. Interrupt context. */
static inline const struct uart_client *uart_client(const struct uart *u)
{
	return __atomic_load_n(&u->client, __ATOMIC_ACQUIRE);
}

/* For a driver's interrupt handler: tell the client, if there is one. */
static inline bool uart_rx(struct uart *u, uint8_t c)
{
	const struct uart_client *client = uart_client(u);

	return client ? client->rx(u->client_arg, c) : true;
}

/* The same: there is room to send again. */
static inline void uart_tx_ready(struct uart *u)
{
	const struct uart_client *client = uart_client(u);

	if (client) {
		client->tx_ready(u->client_arg);
	}
}

/* For a driver whose port was removed, with the list of devices locked. */
static inline void uart_gone(struct uart *u)
{
	const struct uart_client *client = uart_client(u);

	if (client && client->gone) {
		client->gone(u->client_arg);
	}
}

/* Port number n of those whose node is `node` (negative: of all), or NULL; and
 * by its device's name. A counted reference. Boot or thread context. */
struct uart *uart_nth(unsigned int n, dt_node_t node);
struct uart *uart_find(const char *device);
void uart_put(struct uart *u);

/*
 * Open a port for polled output, as `user`; ops->start() starts receiving. The
 * caller need not keep its reference while it is open. -ERR_BUSY: it is in use;
 * -ERR_NOENT: its driver was removed after it was looked up. Boot or thread
 * context.
 */
int __must_check uart_open(struct uart *u, const char *user,
			   const struct uart_client *client, void *arg);
/*
 * Close a port: its interrupts are stopped, and the client is not called after
 * this returns. The caller holds no lock that the client takes. Thread context.
 */
void uart_close(struct uart *u);

/* The node's reg-shift and reg-io-width; else those of the first of `layouts`
 * (may be NULL) that it is compatible with; else 0 and 1. Any context. */
void uart_layout(dt_node_t node, const struct uart_layout *layouts,
		 uint32_t *reg_shift, uint32_t *reg_io_width);
/* Enable the port's interrupt; -ERR_NOSUPP if it has none. Thread context, or
 * at boot. */
int __must_check uart_irq_enable(struct uart *u);

/* Early consoles: a UART that is polled before anything else works, with the
 * MMU on or off. */
struct earlycon {
	const char *const *compatible;
	void (*putc)(volatile void *regs, uint32_t reg_shift, uint8_t c);
	const struct uart_layout *layouts; /* as in uart_ops */
};
#define EARLYCON(ident) REGISTRY_ADD(earlycon, struct earlycon, ident)
REGISTRY_DECLARE(earlycon);

#endif
