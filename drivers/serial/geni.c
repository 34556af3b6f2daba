/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: a serial engine of Qualcomm's QUP v3 with UART firmware,
 * "GENI" (no manual is public; register names as in Linux's binding and
 * headers). What is sent is a command of the main sequencer, here one for each
 * byte, which is the same however many bytes a word of the FIFO is set to hold.
 * Reception is a command of the secondary sequencer that does not end.
 */
#include "simple_uart_priv.h"

#define GENI_STATUS 0x40
#define GENI_DMA_MODE_EN 0x258
#define GENI_TX_TRANS_LEN 0x270
#define GENI_RX_PACKING_CFG0 0x284
#define GENI_RX_PACKING_CFG1 0x288
#define GENI_RX_STALE_CNT 0x294
#define GENI_M_CMD0 0x600
#define GENI_M_IRQ_STATUS 0x610
#define GENI_M_IRQ_EN 0x614
#define GENI_M_IRQ_CLEAR 0x618
#define GENI_S_CMD0 0x630
#define GENI_S_CMD_CTRL 0x634
#define GENI_S_IRQ_STATUS 0x640
#define GENI_S_IRQ_EN 0x644
#define GENI_S_IRQ_CLEAR 0x648
#define GENI_TX_FIFO 0x700
#define GENI_RX_FIFO 0x780
#define GENI_RX_FIFO_STATUS 0x804
#define GENI_RX_WATERMARK 0x810
#define GENI_IRQ_EN 0xe1c

#define STATUS_M_ACTIVE BIT(0)
#define STATUS_S_ACTIVE BIT(12)
#define CMD_UART_START (1U << 27) /* of either sequencer: send, receive */
#define CMD_CANCEL BIT(2)
#define CMD_ABORT BIT(1)
#define M_CMD_DONE BIT(0)
#define M_SEC_IRQ BIT(31)
#define S_RX (BIT(26) | BIT(27)) /* FIFO's level, and the last before a pause */
#define RX_WORDS 0x1ffffffU
#define RX_ONE_BYTE 0x0f /* a word of the FIFO: bits 7:0, and no more */
#define RX_STALE_BITS 160
#define IRQ_EN_SEQUENCERS (BIT(2) | BIT(3))
#define GENI_SPINS 100000 /* until a command has ended, some milliseconds */

static const struct simple_bits s_idle = {
	.reg = GENI_STATUS,
	.mask = STATUS_S_ACTIVE,
	.inverted = true,
};

static void geni_send(volatile void *regs, const struct simple_uart *s,
		      uint8_t c)
{
	simple_uart_set(regs, s, GENI_TX_TRANS_LEN, 1);
	simple_uart_set(regs, s, GENI_M_CMD0, CMD_UART_START);
	simple_uart_set(regs, s, GENI_TX_FIFO, c);
}

static void geni_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, GENI_M_IRQ_EN, M_SEC_IRQ);
	simple_uart_set(regs, s, GENI_S_IRQ_EN, 0);
	simple_uart_set(regs, s, GENI_DMA_MODE_EN, 0);
	simple_uart_set(regs, s, GENI_IRQ_EN, IRQ_EN_SEQUENCERS);
}

/* The loader's own command, if it receives, ends first. */
static void geni_start(volatile void *regs, const struct simple_uart *s)
{
	if (simple_uart_get(regs, s, GENI_STATUS) & STATUS_S_ACTIVE) {
		simple_uart_set(regs, s, GENI_S_CMD_CTRL, CMD_CANCEL);
		if (!simple_uart_wait(regs, s, &s_idle, GENI_SPINS)) {
			simple_uart_set(regs, s, GENI_S_CMD_CTRL, CMD_ABORT);
			(void)simple_uart_wait(regs, s, &s_idle, GENI_SPINS);
		}
	}
	simple_uart_set(regs, s, GENI_RX_PACKING_CFG0, RX_ONE_BYTE);
	simple_uart_set(regs, s, GENI_RX_PACKING_CFG1, 0);
	simple_uart_set(regs, s, GENI_RX_STALE_CNT, RX_STALE_BITS);
	simple_uart_set(regs, s, GENI_RX_WATERMARK, 1);
	simple_uart_set(regs, s, GENI_S_CMD0, CMD_UART_START);
}

/* Interrupts stay until they are cleared. */
static void geni_clear(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_set(regs, s, GENI_M_IRQ_CLEAR,
			simple_uart_get(regs, s, GENI_M_IRQ_STATUS));
	simple_uart_set(regs, s, GENI_S_IRQ_CLEAR,
			simple_uart_get(regs, s, GENI_S_IRQ_STATUS));
}

static const struct simple_uart geni = {
	.width = 4,
	.data_width = 4,
	.tx = GENI_TX_FIFO,
	.rx = GENI_RX_FIFO,
	.room = { .reg = GENI_STATUS,
		  .mask = STATUS_M_ACTIVE,
		  .inverted = true },
	.received = { .reg = GENI_RX_FIFO_STATUS, .mask = RX_WORDS },
	.tx_irq = { .reg = GENI_M_IRQ_EN, .mask = M_CMD_DONE },
	.rx_irq = { .reg = GENI_S_IRQ_EN, .mask = S_RX },
	.send = geni_send,
	.open = geni_open,
	.start = geni_start,
	.clear = geni_clear,
};

static const char *const geni_compatible[] = {
	"qcom,geni-debug-uart",
	"qcom,geni-uart",
	NULL,
};

SIMPLE_UART(geni, "geni-uart");
