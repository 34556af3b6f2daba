/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: the UART of NXP's i.MX 6, 7 and 8M (i.MX 8M Plus
 * Applications Processor Reference Manual, IMX8MPRM, "UART").
 */
#include "simple_uart_priv.h"

#define IMX_URXD 0x00
#define IMX_UTXD 0x40
#define IMX_UCR1 0x80
#define IMX_UCR2 0x84
#define IMX_UCR4 0x8c
#define IMX_UFCR 0x90
#define IMX_UTS 0xb4

#define URXD_BRK BIT(11)
#define UCR1_UARTEN BIT(0)
#define UCR1_TRDYEN BIT(13)
/* Idle, receiver ready, transmitter empty, RTS, DMA. */
#define UCR1_OTHERS (BIT(12) | BIT(9) | BIT(8) | BIT(6) | BIT(5) | BIT(3))
#define UCR2_RXEN BIT(1)
#define UCR2_TXEN BIT(2)
#define UCR2_ATEN BIT(3) /* ageing timer */
#define UCR2_RTSEN BIT(4)
#define UCR4_DREN BIT(0) /* a byte or more waits */
#define UCR4_IRQS 0xff   /* but not bits of the line's settings: */
#define UCR4_KEEP (BIT(5) | BIT(6))
#define UFCR_TXTL (0x3fU << 10)
#define UFCR_TXTL_8 (8U << 10)
#define UTS_TXFULL BIT(4)
#define UTS_RXEMPTY BIT(5)

static void imx_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, IMX_UCR1, UCR1_OTHERS, UCR1_UARTEN);
	simple_uart_change(regs, s, IMX_UCR2, UCR2_ATEN | UCR2_RTSEN,
			   UCR2_RXEN | UCR2_TXEN);
	simple_uart_change(regs, s, IMX_UCR4, UCR4_IRQS & ~UCR4_KEEP, 0);
}

/* Both interrupts follow the FIFOs' levels. The transmitter's comes when fewer
 * bytes than this are left. */
static void imx_start(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, IMX_UFCR, UFCR_TXTL, UFCR_TXTL_8);
}

static const struct simple_uart imx = {
	.width = 4,
	.data_width = 4,
	.tx = IMX_UTXD,
	.rx = IMX_URXD,
	.room = { .reg = IMX_UTS, .mask = UTS_TXFULL, .inverted = true },
	.received = { .reg = IMX_UTS, .mask = UTS_RXEMPTY, .inverted = true },
	.tx_irq = { .reg = IMX_UCR1, .mask = UCR1_TRDYEN },
	.rx_irq = { .reg = IMX_UCR4, .mask = UCR4_DREN },
	.rx_break = URXD_BRK,
	.open = imx_open,
	.start = imx_start,
};

static const char *const imx_compatible[] = {
	"fsl,imx6q-uart",
	"fsl,imx21-uart",
	NULL,
};

SIMPLE_UART(imx, "imx-uart");
