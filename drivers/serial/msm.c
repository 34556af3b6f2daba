/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: Qualcomm's UARTDM, version 1.4 (APQ8016E Technical
 * Reference Manual, "UART"), without its DMA. The number of bytes to send is
 * written before them, here 1; and single-character mode makes each received
 * byte a word of its own.
 */
#include "simple_uart_priv.h"

#define MSM_RFWR 0x20
#define MSM_DMRX 0x34
#define MSM_DMEN 0x3c
#define MSM_NCF_TX 0x40
#define MSM_SR 0xa4
#define MSM_CR 0xa8
#define MSM_IMR 0xb0
#define MSM_ISR 0xb4
#define MSM_TF 0x100
#define MSM_RF 0x140

#define SR_RX_READY BIT(0)
#define SR_TX_EMPTY BIT(3)
#define SR_OVERRUN BIT(4)
#define ISR_RXSTALE BIT(3)
#define ISR_RXLEV BIT(4)
#define ISR_TX_READY BIT(7) /* all of NCF_TX were sent; not after a reset */
#define CR_RX_ENABLE BIT(0)
#define CR_TX_ENABLE BIT(2)
/* Commands, one a write. */
#define CR_RESET_RX (1U << 4)
#define CR_RESET_ERROR (3U << 4)
#define CR_RESET_STALE (8U << 4)
#define CR_RESET_TX_READY (3U << 8)
#define CR_STALE_ENABLE (5U << 8)
#define DMEN_RX_SC BIT(5)
#define DMRX_MOST 0xffffffU

static void msm_send(volatile void *regs, const struct simple_uart *s,
		     uint8_t c)
{
	simple_uart_set(regs, s, MSM_CR, CR_RESET_TX_READY);
	simple_uart_set(regs, s, MSM_NCF_TX, 1);
	/* The read keeps the two writes apart. */
	(void)simple_uart_get(regs, s, MSM_NCF_TX);
	simple_uart_set(regs, s, MSM_TF, c);
}

static void msm_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, MSM_IMR, 0);
	simple_uart_set(regs, s, MSM_CR, CR_RX_ENABLE | CR_TX_ENABLE);
}

/* A transfer of so many bytes, which a pause of the line ends. */
static void msm_receive(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, MSM_CR, CR_RESET_STALE);
	simple_uart_set(regs, s, MSM_DMRX, DMRX_MOST);
	simple_uart_set(regs, s, MSM_CR, CR_STALE_ENABLE);
}

static void msm_start(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, MSM_CR, CR_RESET_RX);
	simple_uart_set(regs, s, MSM_DMEN, DMEN_RX_SC);
	simple_uart_set(regs, s, MSM_RFWR, 0); /* for each byte */
	msm_receive(regs, s);
	simple_uart_set(regs, s, MSM_CR, CR_RX_ENABLE | CR_TX_ENABLE);
}

static void msm_clear(volatile void *regs, const struct simple_uart *s)
{
	if (simple_uart_get(regs, s, MSM_SR) & SR_OVERRUN) {
		simple_uart_set(regs, s, MSM_CR, CR_RESET_ERROR);
	}
	if (simple_uart_get(regs, s, MSM_ISR) & ISR_RXSTALE) {
		msm_receive(regs, s);
	}
}

static const struct simple_uart msm = {
	.width = 4,
	.data_width = 4,
	.tx = MSM_TF,
	.rx = MSM_RF,
	.room = { .reg = MSM_ISR, .mask = ISR_TX_READY },
	.idle = { .reg = MSM_SR, .mask = SR_TX_EMPTY },
	.received = { .reg = MSM_SR, .mask = SR_RX_READY },
	.tx_irq = { .reg = MSM_IMR, .mask = ISR_TX_READY },
	.rx_irq = { .reg = MSM_IMR, .mask = ISR_RXSTALE | ISR_RXLEV },
	.write_only = true,
	.send = msm_send,
	.open = msm_open,
	.start = msm_start,
	.clear = msm_clear,
};

static const char *const msm_compatible[] = {
	"qcom,msm-uartdm-v1.4",
	NULL,
};

SIMPLE_UART(msm, "msm-uartdm");
