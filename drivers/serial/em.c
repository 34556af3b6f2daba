/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: the UART of Renesas's EMMA Mobile and RZ/V2M (RZ/V2M User's
 * Manual: Hardware, "UART"): a 16750 whose line status is in another place.
 */
#include "simple_uart_priv.h"

#define EM_DATA 0x00
#define EM_IER 0x04
#define EM_IIR 0x08
#define EM_LSR 0x18

#define IER_RDA BIT(0)
#define IER_THRE BIT(1)
#define IER_ALL 0x0f
#define LSR_DR BIT(0)
#define LSR_THRE BIT(5)

static void em_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, EM_IER, IER_ALL, 0);
}

/* Reading IIR clears the transmitter's interrupt, reading LSR errors. */
static void em_clear(volatile void *regs, const struct simple_uart *s)
{
	(void)simple_uart_get(regs, s, EM_IIR);
	(void)simple_uart_get(regs, s, EM_LSR);
}

static const struct simple_uart em = {
	.width = 4,
	.data_width = 1,
	.tx = EM_DATA,
	.rx = EM_DATA,
	.room = { .reg = EM_LSR, .mask = LSR_THRE },
	.received = { .reg = EM_LSR, .mask = LSR_DR },
	.tx_irq = { .reg = EM_IER, .mask = IER_THRE },
	.rx_irq = { .reg = EM_IER, .mask = IER_RDA },
	.open = em_open,
	.clear = em_clear,
};

static const char *const em_compatible[] = {
	"renesas,em-uart",
	NULL,
};

SIMPLE_UART(em, "em-uart");
