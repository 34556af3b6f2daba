/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial ports: the two UARTs of Marvell's Armada 3700 (88F37xx Functional
 * Specifications, "UART"). The second one, the extended UART, has other
 * offsets, and an interrupt for each direction.
 */
#include "simple_uart_priv.h"

#define MVEBU_RBR 0x00
#define MVEBU_TSH 0x04
#define MVEBU_CTRL 0x08
#define MVEBU_STAT 0x0c
#define MVEBU_EXT_CTRL1 0x04
#define MVEBU_EXT_RBR 0x18
#define MVEBU_EXT_TSH 0x1c
#define MVEBU_EXT_CTRL2 0x20

#define CTRL_ERROR_INTS 0x0f
#define CTRL_RX_INT BIT(4)
#define CTRL_TX_INT BIT(5)
#define EXT_RX_INT BIT(5)
#define EXT_TX_INT BIT(6)
#define STAT_ERRORS 0x0f /* break, framing, parity, overrun */
#define STAT_RX_RDY BIT(4)
#define STAT_TX_FULL BIT(11)
#define STAT_EXT_RX_RDY BIT(14)

static void mvebu_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s,
			   s->tx == MVEBU_TSH ? MVEBU_CTRL : MVEBU_EXT_CTRL1,
			   CTRL_ERROR_INTS, 0);
}

/* The extended one keeps errors until ones are written. */
static void mvebu_clear(volatile void *regs, const struct simple_uart *s)
{
	if (simple_uart_get(regs, s, MVEBU_STAT) & STAT_ERRORS) {
		simple_uart_set(regs, s, MVEBU_STAT, STAT_ERRORS);
	}
}

static const struct simple_uart mvebu = {
	.width = 4,
	.data_width = 4,
	.tx = MVEBU_TSH,
	.rx = MVEBU_RBR,
	.room = { .reg = MVEBU_STAT, .mask = STAT_TX_FULL, .inverted = true },
	.received = { .reg = MVEBU_STAT, .mask = STAT_RX_RDY },
	.tx_irq = { .reg = MVEBU_CTRL, .mask = CTRL_TX_INT },
	.rx_irq = { .reg = MVEBU_CTRL, .mask = CTRL_RX_INT },
	.open = mvebu_open,
	.clear = mvebu_clear,
};

static const char *const mvebu_compatible[] = {
	"marvell,armada-3700-uart",
	NULL,
};
SIMPLE_UART(mvebu, "mvebu-uart");

static const struct simple_uart mvebu_ext = {
	.width = 4,
	.data_width = 4,
	.irqs = 2, /* uart-tx, uart-rx */
	.tx = MVEBU_EXT_TSH,
	.rx = MVEBU_EXT_RBR,
	.room = { .reg = MVEBU_STAT, .mask = STAT_TX_FULL, .inverted = true },
	.received = { .reg = MVEBU_STAT, .mask = STAT_EXT_RX_RDY },
	.tx_irq = { .reg = MVEBU_EXT_CTRL2, .mask = EXT_TX_INT },
	.rx_irq = { .reg = MVEBU_EXT_CTRL2, .mask = EXT_RX_INT },
	.open = mvebu_open,
	.clear = mvebu_clear,
};

static const char *const mvebu_ext_compatible[] = {
	"marvell,armada-3700-uart-ext",
	NULL,
};
SIMPLE_UART(mvebu_ext, "mvebu-uart-ext");
