/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: the UART of Samsung's SoCs (Exynos 5 Dual User's Manual,
 * "Universal Asynchronous Receiver and Transmitter"; S3C6400X User's Manual),
 * and Apple's, which has its interrupts in UCON and UTRSTAT.
 */
#include "simple_uart_priv.h"

#define SAMSUNG_UCON 0x04
#define SAMSUNG_UFCON 0x08
#define SAMSUNG_UTRSTAT 0x10
#define SAMSUNG_UERSTAT 0x14
#define SAMSUNG_UFSTAT 0x18
#define SAMSUNG_UTXH 0x20
#define SAMSUNG_URXH 0x24
#define SAMSUNG_UINTP 0x30
#define SAMSUNG_UINTM 0x38

/* Both directions by interrupts or polling, not DMA. */
#define UCON_MODES 0x0f
#define UCON_POLLED 0x05
#define UCON_RX_TIMEOUT BIT(7)
#define UCON_LEVELS (BIT(8) | BIT(9))
#define UFCON_ENABLE BIT(0)
#define INT_RXD BIT(0)
#define INT_TXD BIT(2)
#define INT_ALL 0x0f

static void samsung_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, SAMSUNG_UINTM, INT_ALL);
	simple_uart_change(regs, s, SAMSUNG_UFCON, 0, UFCON_ENABLE);
	simple_uart_change(regs, s, SAMSUNG_UCON, UCON_MODES,
			   UCON_POLLED | UCON_RX_TIMEOUT | UCON_LEVELS);
}

/* A cause that lasts sets its bit again. Reading UERSTAT clears errors. */
static void samsung_clear(volatile void *regs, const struct simple_uart *s)
{
	(void)simple_uart_get(regs, s, SAMSUNG_UERSTAT);
	simple_uart_set(regs, s, SAMSUNG_UINTP, INT_ALL);
}

/* UFSTAT: the FIFOs' counts, and that they are full. */
#define SAMSUNG_COMMON(rx_some, tx_full) \
	.width = 4, .data_width = 4, .tx = SAMSUNG_UTXH, .rx = SAMSUNG_URXH, \
	.room = { .reg = SAMSUNG_UFSTAT, \
		  .mask = (tx_full), \
		  .inverted = true }, \
	.received = { .reg = SAMSUNG_UFSTAT, .mask = (rx_some) }

#define SAMSUNG_INTERRUPTS \
	.tx_irq = { .reg = SAMSUNG_UINTM, .mask = INT_TXD, .inverted = true }, \
	.rx_irq = { .reg = SAMSUNG_UINTM, .mask = INT_RXD, .inverted = true }, \
	.open = samsung_open, .clear = samsung_clear

static const struct simple_uart exynos = {
	SAMSUNG_COMMON(0x1ff, BIT(24)),
	SAMSUNG_INTERRUPTS,
};

static const char *const exynos_compatible[] = {
	"samsung,s5pv210-uart",    "samsung,exynos4210-uart",
	"samsung,exynos5433-uart", "samsung,exynos850-uart",
	"samsung,exynos8895-uart", "google,gs101-uart",
	"axis,artpec8-uart",       NULL,
};
SIMPLE_UART(exynos, "exynos-uart");

static const struct simple_uart s3c6400 = {
	SAMSUNG_COMMON(0x7f, BIT(14)),
	SAMSUNG_INTERRUPTS,
};

static const char *const s3c6400_compatible[] = {
	"samsung,s3c6400-uart",
	NULL,
};
SIMPLE_UART(s3c6400, "s3c6400-uart");

/* Apple's: enabled in UCON, and cleared by ones in UTRSTAT. */
#define S5L_RX (BIT(9) | BIT(12))
#define S5L_TX BIT(13)
#define S5L_PENDING (BIT(4) | BIT(5) | BIT(9))

static void s5l_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, SAMSUNG_UFCON, 0, UFCON_ENABLE);
	simple_uart_change(regs, s, SAMSUNG_UCON,
			   UCON_MODES | UCON_RX_TIMEOUT | S5L_RX | S5L_TX,
			   UCON_POLLED);
}

static void s5l_clear(volatile void *regs, const struct simple_uart *s)
{
	(void)simple_uart_get(regs, s, SAMSUNG_UERSTAT);
	simple_uart_set(regs, s, SAMSUNG_UTRSTAT, S5L_PENDING);
}

static const struct simple_uart s5l = {
	SAMSUNG_COMMON(0x10f, BIT(9)),
	.tx_irq = { .reg = SAMSUNG_UCON, .mask = S5L_TX },
	.rx_irq = { .reg = SAMSUNG_UCON, .mask = S5L_RX },
	.open = s5l_open,
	.clear = s5l_clear,
};

static const char *const s5l_compatible[] = {
	"apple,s5l-uart",
	NULL,
};
SIMPLE_UART(s5l, "s5l-uart");
