/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host serial port: the UART of Amlogic's SoCs (S905X3 datasheet, "UART"). */
#include "simple_uart_priv.h"

#define MESON_WFIFO 0x00
#define MESON_RFIFO 0x04
#define MESON_CONTROL 0x08
#define MESON_STATUS 0x0c
#define MESON_MISC 0x10

#define CONTROL_TX_EN BIT(12)
#define CONTROL_RX_EN BIT(13)
#define CONTROL_RX_INT BIT(27)
#define CONTROL_TX_INT BIT(28)
#define STATUS_RX_EMPTY BIT(20)
#define STATUS_TX_FULL BIT(21)
/* Interrupt when a byte is there, and when less than half of the smallest FIFO
 * (64 bytes) is left to be sent. */
#define MISC_RX_1 1U
#define MISC_TX_32 (32U << 8)

static void meson_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, MESON_CONTROL,
			   CONTROL_RX_INT | CONTROL_TX_INT,
			   CONTROL_RX_EN | CONTROL_TX_EN);
}

static void meson_start(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, MESON_MISC, 0xffff, MISC_RX_1 | MISC_TX_32);
}

/* The line is an edge: it rises when a level is reached or its interrupt is
 * enabled. Parity and framing errors raise none. */
static const struct simple_uart meson = {
	.width = 4,
	.data_width = 4,
	.tx = MESON_WFIFO,
	.rx = MESON_RFIFO,
	.room = { .reg = MESON_STATUS,
		  .mask = STATUS_TX_FULL,
		  .inverted = true },
	.received = { .reg = MESON_STATUS,
		      .mask = STATUS_RX_EMPTY,
		      .inverted = true },
	.tx_irq = { .reg = MESON_CONTROL, .mask = CONTROL_TX_INT },
	.rx_irq = { .reg = MESON_CONTROL, .mask = CONTROL_RX_INT },
	.open = meson_open,
	.start = meson_start,
};

static const char *const meson_compatible[] = {
	"amlogic,meson-ao-uart",
	"amlogic,meson-gx-uart",
	"amlogic,meson-s4-uart",
	"amlogic,meson-a1-uart",
	NULL,
};

SIMPLE_UART(meson, "meson-uart");
