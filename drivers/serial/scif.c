/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host serial port: Renesas's SCIF and HSCIF (R-Car Series, 3rd Generation,
 * User's Manual: Hardware, "SCIF" and "HSCIF"; RZ/G2L Group User's Manual:
 * Hardware, "SCIFA"). The registers are the same in the same order: words apart
 * in R-Car, half-words in RZ.
 */
#include "simple_uart_priv.h"

/* Number of the register. */
#define SCIF_SCSCR 2
#define SCIF_SCFTDR 3
#define SCIF_SCFSR 4
#define SCIF_SCFRDR 5
#define SCIF_SCFCR 6
#define SCIF_SCFDR 7
#define SCIF_SCLSR 9

#define SCSCR_TIE BIT(7)
#define SCSCR_RIE BIT(6)
#define SCSCR_TE BIT(5)
#define SCSCR_RE BIT(4)
#define SCSCR_REIE BIT(3)
/* ER, TDFE, BRK, RDF, DR: events, cleared by a zero after they were read as
 * ones. Other bits of SCFSR are not changed by ones. */
#define SCFSR_EVENTS 0xb3
#define SCFCR_RTRG (3U << 6)
#define SCLSR_ORER BIT(0) /* nothing more is received until it is cleared */

static unsigned int scif_reg(const struct simple_uart *s, unsigned int n)
{
	return s->tx / SCIF_SCFTDR * n;
}

static void scif_open(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, scif_reg(s, SCIF_SCSCR),
			   SCSCR_TIE | SCSCR_RIE | SCSCR_REIE,
			   SCSCR_TE | SCSCR_RE);
}

/* RDF for a single byte. */
static void scif_start(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, scif_reg(s, SCIF_SCFCR), SCFCR_RTRG, 0);
}

/* An event that comes after SCFSR was read is not cleared. */
static void scif_clear(volatile void *regs, const struct simple_uart *s)
{
	simple_uart_change(regs, s, scif_reg(s, SCIF_SCFSR), SCFSR_EVENTS, 0);
	if (simple_uart_get(regs, s, scif_reg(s, SCIF_SCLSR)) & SCLSR_ORER) {
		simple_uart_set(regs, s, scif_reg(s, SCIF_SCLSR), 0);
	}
}

/* SCFDR counts what is in the FIFOs, to be sent in its upper half: the FIFO is
 * full if its count has the bit `tx_full`. */
#define SCIF_COMMON(step, tx_full, rx_count) \
	.width = 2, .data_width = 1, .tx = (step)*SCIF_SCFTDR, \
	.rx = (step)*SCIF_SCFRDR, \
	.room = { .reg = (step)*SCIF_SCFDR, \
		  .mask = (tx_full), \
		  .inverted = true }, \
	.received = { .reg = (step)*SCIF_SCFDR, .mask = (rx_count) }, \
	.tx_irq = { .reg = (step)*SCIF_SCSCR, .mask = SCSCR_TIE }, \
	.rx_irq = { .reg = (step)*SCIF_SCSCR, .mask = SCSCR_RIE }, \
	.open = scif_open, .start = scif_start, .clear = scif_clear

static const struct simple_uart scif = { SCIF_COMMON(4, BIT(12), 0x1f) };

static const char *const scif_compatible[] = {
	"renesas,scif",
	"renesas,rcar-gen3-scif",
	"renesas,rcar-gen4-scif",
	NULL,
};
SIMPLE_UART(scif, "scif");

static const struct simple_uart hscif = { SCIF_COMMON(4, BIT(15), 0xff) };

static const char *const hscif_compatible[] = {
	"renesas,hscif",
	NULL,
};
SIMPLE_UART(hscif, "hscif");

static const struct simple_uart scif_rz = {
	SCIF_COMMON(2, BIT(12), 0x1f),
	.irqs = 6, /* eri, rxi, txi, bri, dri, tei */
};

static const char *const scif_rz_compatible[] = {
	"renesas,scif-r7s9210",
	"renesas,scif-r9a07g044",
	"renesas,scif-r9a09g057",
	NULL,
};
SIMPLE_UART(scif_rz, "scif-rz");
