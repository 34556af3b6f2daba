/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: NXP's LPUART. With registers of a byte (Vybrid Reference
 * Manual, VFXXXRM, "UART"), or of a word: QorIQ (LS1021ARM and LS1028ARM,
 * "LPUART"), and, behind 16 more bytes of registers, i.MX 7ULP, 8 and 9
 * (IMX8DQXPRM, "LPUART").
 */
#include "simple_uart_priv.h"

/* Words: offsets from LPUART_STAT's neighbour BAUD. */
#define LPUART_STAT 0x04
#define LPUART_CTRL 0x08
#define LPUART_DATA 0x0c
#define LPUART_WATER 0x1c
#define LPUART_IMX 0x10 /* where these begin on i.MX */

#define STAT_TDRE BIT(23)
#define STAT_RDRF BIT(21)
/* IDLE, OR, NF, FE, PF: cleared by ones. After an overrun nothing is received
 * until OR is cleared. */
#define STAT_CLEAR (0x1fU << 16)
#define STAT_SETTINGS (0x1fU << 25)
#define CTRL_TIE BIT(23)
#define CTRL_RIE BIT(21)
#define CTRL_TE BIT(19)
#define CTRL_RE BIT(18)
#define CTRL_IRQS (0xffU << 20)
#define DATA_FRETSC BIT(13) /* received with a framing error: a break */
#define WATER_RX (0xffU << 16)

static void lpuart_open(volatile void *regs, const struct simple_uart *s)
{
	unsigned int base = s->rx - LPUART_DATA;

	/* An interrupt for each byte. The FIFO's settings may be written only
	 * while it is off. */
	if (simple_uart_get(regs, s, base + LPUART_WATER) & WATER_RX) {
		simple_uart_change(regs, s, base + LPUART_CTRL,
				   CTRL_RE | CTRL_TE, 0);
		simple_uart_change(regs, s, base + LPUART_WATER, WATER_RX, 0);
	}
	simple_uart_change(regs, s, base + LPUART_CTRL, CTRL_IRQS,
			   CTRL_RE | CTRL_TE);
}

/* TDRE and RDRF follow the FIFOs' levels. */
static void lpuart_clear(volatile void *regs, const struct simple_uart *s)
{
	unsigned int base = s->rx - LPUART_DATA;

	simple_uart_change(regs, s, base + LPUART_STAT, ~STAT_SETTINGS,
			   STAT_CLEAR);
}

#define LPUART_WORDS(first) \
	.width = 4, .data_width = 4, .tx = (first) + LPUART_DATA, \
	.rx = (first) + LPUART_DATA, \
	.room = { .reg = (first) + LPUART_STAT, .mask = STAT_TDRE }, \
	.received = { .reg = (first) + LPUART_STAT, .mask = STAT_RDRF }, \
	.tx_irq = { .reg = (first) + LPUART_CTRL, .mask = CTRL_TIE }, \
	.rx_irq = { .reg = (first) + LPUART_CTRL, .mask = CTRL_RIE }, \
	.rx_break = DATA_FRETSC, .open = lpuart_open, .clear = lpuart_clear

static const struct simple_uart lpuart_imx = { LPUART_WORDS(LPUART_IMX) };
static const struct simple_uart lpuart_le = { LPUART_WORDS(0) };
static const struct simple_uart lpuart_be = {
	LPUART_WORDS(0),
	.big_endian = true,
};

static const char *const lpuart_imx_compatible[] = {
	"fsl,imx7ulp-lpuart",
	"fsl,imx8qxp-lpuart",
	"fsl,imx8ulp-lpuart",
	NULL,
};
SIMPLE_UART(lpuart_imx, "lpuart-imx");

static const char *const lpuart_le_compatible[] = {
	"fsl,ls1028a-lpuart",
	NULL,
};
SIMPLE_UART(lpuart_le, "lpuart-le");

static const char *const lpuart_be_compatible[] = {
	"fsl,ls1021a-lpuart",
	NULL,
};
SIMPLE_UART(lpuart_be, "lpuart-be");

/* Bytes. */
#define LPUART8_C2 0x03
#define LPUART8_S1 0x04
#define LPUART8_D 0x07
#define LPUART8_SFIFO 0x12
#define LPUART8_RWFIFO 0x15

#define C2_TIE BIT(7)
#define C2_RIE BIT(5)
#define C2_TE BIT(3)
#define C2_RE BIT(2)
#define C2_IRQS 0xf0
#define S1_TDRE BIT(7)
#define S1_RDRF BIT(5)
#define S1_ERRORS 0x0f
#define SFIFO_RXUF BIT(0)

static void lpuart8_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, LPUART8_C2, C2_RE, 0);
	simple_uart_set(regs, s, LPUART8_RWFIFO, 1);
	simple_uart_change(regs, s, LPUART8_C2, C2_IRQS, C2_RE | C2_TE);
}

/* Errors are cleared by reading S1 and then D, which is an underflow when the
 * FIFO is empty. */
static void lpuart8_clear(volatile void *regs, const struct simple_uart *s)
{
	uint32_t s1 = simple_uart_get(regs, s, LPUART8_S1);

	if ((s1 & S1_ERRORS) && !(s1 & S1_RDRF)) {
		(void)simple_uart_get(regs, s, LPUART8_D);
		simple_uart_set(regs, s, LPUART8_SFIFO, SFIFO_RXUF);
	}
}

static const struct simple_uart lpuart8 = {
	.width = 1,
	.data_width = 1,
	.tx = LPUART8_D,
	.rx = LPUART8_D,
	.room = { .reg = LPUART8_S1, .mask = S1_TDRE },
	.received = { .reg = LPUART8_S1, .mask = S1_RDRF },
	.tx_irq = { .reg = LPUART8_C2, .mask = C2_TIE },
	.rx_irq = { .reg = LPUART8_C2, .mask = C2_RIE },
	.open = lpuart8_open,
	.clear = lpuart8_clear,
};

static const char *const lpuart8_compatible[] = {
	"fsl,vf610-lpuart",
	NULL,
};
SIMPLE_UART(lpuart8, "lpuart8");
