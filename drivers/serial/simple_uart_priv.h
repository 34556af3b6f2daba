/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UARTs that are used in the same few steps: look at a status, move a byte,
 * switch two interrupts. A driver describes its registers in a struct, and what
 * only its UART does in hooks. Line settings, clocks and pins are left as the
 * loader made them.
 */
#ifndef DRIVERS_SERIAL_SIMPLE_UART_PRIV_H
#define DRIVERS_SERIAL_SIMPLE_UART_PRIV_H

#include <core/device.h>
#include <core/uart.h>
#include <libs/error.h>

/* Bits of one register; `inverted`: they are 0 when it is so. */
struct simple_bits {
	uint16_t reg;
	bool inverted;
	uint32_t mask;
};

struct simple_uart {
	uint8_t width, data_width; /* bytes of a register, of tx and rx */
	bool big_endian;           /* words are */
	uint8_t irqs;    /* how many interrupts of the node it uses; 0: one */
	uint16_t tx, rx; /* data; one byte an access */
	/* There is room to send: any of these bits, or of `idle` if it has a
	 * mask. A byte was received: any bit. */
	struct simple_bits room, idle, received;
	/* Enable an interrupt: all of these bits. */
	struct simple_bits tx_irq, rx_irq;
	/* tx_irq and rx_irq are one register, which cannot be read. */
	bool write_only;
	/* In what is read from `rx`: it is a break, not a byte. */
	uint32_t rx_break;
	/*
	 * Hooks; NULL: nothing to do. send(): start to send a byte, if that is
	 * more than to write it; with the MMU on or off. open(): switch both
	 * directions on and interrupts off. start(): prepare for interrupts.
	 * clear(): clear events and errors that assert the interrupt and that
	 * moving data does not clear; called after the received bytes were
	 * taken, and before they are looked for once more.
	 */
	void (*send)(volatile void *regs, const struct simple_uart *s,
		     uint8_t c);
	void (*open)(volatile void *regs, const struct simple_uart *s);
	void (*start)(volatile void *regs, const struct simple_uart *s);
	void (*clear)(volatile void *regs, const struct simple_uart *s);
};

/* A register, for hooks. */
uint32_t simple_uart_get(volatile void *regs, const struct simple_uart *s,
			 unsigned int reg);
void simple_uart_set(volatile void *regs, const struct simple_uart *s,
		     unsigned int reg, uint32_t v);
/* Clear some bits of it and set others. */
void simple_uart_change(volatile void *regs, const struct simple_uart *s,
			unsigned int reg, uint32_t clear, uint32_t set);
/* Wait until one of the bits is so, or is given up; false then. */
bool simple_uart_wait(volatile void *regs, const struct simple_uart *s,
		      const struct simple_bits *b, unsigned int spins);

/* For a driver's probe(): uart_probe() and its errors. */
int __must_check simple_uart_probe(struct device *dev,
				   const struct simple_uart *s);
/* For its early console: waits for room, about a second at most. */
void simple_uart_early(volatile void *regs, const struct simple_uart *s,
		       uint8_t c);

/* The driver `title` and the early console of the registers `s`, for the
 * compatibles in s##_compatible. */
#define SIMPLE_UART(s, title) \
	static int s##_probe(struct device *dev) \
	{ \
		return simple_uart_probe(dev, &(s)); \
	} \
	static void s##_early(volatile void *regs, uint32_t reg_shift, \
			      uint8_t c) \
	{ \
		(void)reg_shift; \
		simple_uart_early(regs, &(s), c); \
	} \
	static const struct driver s##_driver = { \
		.name = (title), \
		.class = DEVICE_SERIAL, \
		.compatible = s##_compatible, \
		.probe = s##_probe, \
		.remove = uart_remove, \
	}; \
	DRIVER(s##_driver); \
	static const struct earlycon s##_earlycon = { \
		.compatible = s##_compatible, \
		.putc = s##_early, \
	}; \
	EARLYCON(s##_earlycon)

#endif
