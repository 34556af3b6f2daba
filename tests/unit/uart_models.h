/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models of the registers of the UARTs of drivers/serial/simple_uart.c: FIFOs,
 * and for each UART what its registers show of them, when it asserts its
 * interrupt, and what it must not be asked. The line is taken as an edge where
 * the trees give one.
 */
#ifndef TESTS_UNIT_UART_MODELS_H
#define TESTS_UNIT_UART_MODELS_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h>: the model */

#include <libs/types.h>

#define MODEL_RX 512
#define MODEL_BREAK 0x100 /* in the FIFO: not a byte */

struct model {
	const char *name;
	unsigned int width, data_width; /* of accesses, bytes */
	bool big_endian, edge;
	unsigned int tx_depth;
	/* Set registers as a loader might leave them. */
	void (*reset)(void);
	/* Registers that are not plain memory. write(): true if it was one. */
	bool (*read)(unsigned int off, uint32_t *v);
	bool (*write)(unsigned int off, uint32_t v);
	bool (*line)(void);
	/* A byte has come, the line has paused, bytes were sent, something
	 * went wrong on the line. Or NULL. */
	void (*came)(void), (*paused)(void), (*gone)(void), (*error)(void);
};

static const struct model *model;
static uint8_t model_regs[0x1000]; /* for their address */
static uint32_t model_reg[0x1000]; /* by offset */
static uint16_t model_rx[MODEL_RX];
static unsigned int model_nrx, model_ntx, model_taken;
static bool model_deaf;  /* receives nothing, after an overrun */
static bool model_stuck; /* the transmitter */
static bool model_ones;  /* without clocks: reads as ones */
static char model_sent[4096];
static unsigned int model_nsent;
static bool model_was_high, model_edge;
static void (*model_meanwhile)(void); /* before each access */

static void model_look(void)
{
	bool high = model_ones || (model->line && model->line());

	model_edge = model_edge || (high && !model_was_high);
	model_was_high = high;
}

static uint16_t model_take(void)
{
	uint16_t c = model_rx[0];

	assert_true(model_nrx > 0);
	model_nrx--;
	model_taken++;
	memmove(model_rx, model_rx + 1, model_nrx * sizeof(model_rx[0]));
	return c;
}

static void model_put(uint32_t c)
{
	assert_true(model_ntx < model->tx_depth);
	assert_true(model_nsent < sizeof(model_sent) - 1);
	model_sent[model_nsent++] = (char)c;
	model_ntx++;
}

static void model_arrive(uint16_t c)
{
	if (!model_deaf) {
		assert_true(model_nrx < MODEL_RX);
		model_rx[model_nrx++] = c;
		if (model->came) {
			model->came();
		}
	}
	model_look();
}

static void model_pause(void)
{
	if (model->paused && model_nrx > 0) {
		model->paused();
	}
	model_look();
}

static void model_drain(unsigned int n)
{
	n = MIN(n, model_ntx);
	if (n == 0 || model_stuck) {
		return;
	}
	model_ntx -= n;
	if (model->gone) {
		model->gone();
	}
	model_look();
}

static uint32_t model_access(volatile void *reg, unsigned int size, bool write,
			     uint32_t v)
{
	unsigned int off = (unsigned int)((volatile uint8_t *)reg - model_regs);

	if (model_meanwhile) {
		model_meanwhile();
	}
	assert_true(off < sizeof(model_regs));
	assert_true(size == model->width || size == model->data_width);
	if (model_ones) {
		return write ? 0 : UINT32_MAX >> (32 - 8 * size);
	}
	if (model->big_endian && write) {
		v = __builtin_bswap32(v);
	}
	if (write && !model->write(off, v)) {
		model_reg[off] = v;
	}
	if (!write && !model->read(off, &v)) {
		v = model_reg[off];
	}
	model_look();
	return model->big_endian ? __builtin_bswap32(v) : v;
}

#define MODEL_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(volatile void *reg) \
	{ \
		return (uint##bits##_t)model_access(reg, (bits) / 8, false, \
						    0); \
	} \
	static inline void mmio_write##bits(volatile void *reg, \
					    uint##bits##_t v) \
	{ \
		(void)model_access(reg, (bits) / 8, true, v); \
	}

MODEL_ACCESSORS(8)
MODEL_ACCESSORS(16)
MODEL_ACCESSORS(32)

/* --- i.MX: levels ------------------------------------------------------- */

static void model_imx_reset(void)
{
	model_reg[0x84] = 0x4027; /* framing, both directions, no reset */
	model_reg[0x80] = BIT(6); /* an interrupt that nobody wants now */
}

static bool model_imx_read(unsigned int off, uint32_t *v)
{
	if (off == 0xb4) {
		*v = (model_ntx == 32 ? 0x10U : 0) |
		     (model_nrx == 0 ? 0x20U : 0);
	} else if (off == 0x00) {
		*v = model_take();
		*v = *v == MODEL_BREAK ? 0xd800 : *v | 0x8000;
	}
	return off == 0xb4 || off == 0x00;
}

static bool model_imx_write(unsigned int off, uint32_t v)
{
	if (off == 0x40) {
		assert_int_equal(model_reg[0x84] & 0x6005, 0x4005);
		model_put(v);
	}
	return off == 0x40;
}

static bool model_imx_line(void)
{
	unsigned int level = model_reg[0x90] >> 10;

	return (model_nrx > 0 && (model_reg[0x8c] & 1)) ||
	       (model_ntx < level && (model_reg[0x80] & BIT(13))) ||
	       (model_ntx == 0 && (model_reg[0x80] & BIT(6)));
}

/* --- LPUART: levels, and an overrun that stops reception ----------------- */

static unsigned int model_lp; /* where BAUD is */

static void model_lp_reset(void)
{
	model_reg[model_lp + 0x04] = BIT(28);           /* inverted input */
	model_reg[model_lp + 0x08] = BIT(27) | BIT(19); /* ORIE, TE */
	model_reg[model_lp + 0x1c] = 3U << 16;
}

static void model_lp0_reset(void)
{
	model_lp = 0;
	model_lp_reset();
}

static void model_lp16_reset(void)
{
	model_lp = 0x10;
	model_lp_reset();
}

static uint32_t model_lp_stat(void)
{
	unsigned int water = (model_reg[model_lp + 0x1c] >> 16) & 0xff;

	return model_reg[model_lp + 4] | (model_ntx == 0 ? BIT(23) : 0) |
	       (model_nrx > water ? BIT(21) : 0);
}

static bool model_lp_read(unsigned int off, uint32_t *v)
{
	if (off == model_lp + 0x4) {
		*v = model_lp_stat();
	} else if (off == model_lp + 0xc) {
		*v = model_take();
		*v = *v == MODEL_BREAK ? BIT(13) : *v;
	} else {
		return false;
	}
	return true;
}

static bool model_lp_write(unsigned int off, uint32_t v)
{
	uint32_t *stat = &model_reg[model_lp + 4];

	if (off == model_lp + 0x4) {
		/* Settings are kept; flags are cleared by ones. */
		assert_int_equal(v & (0x1fU << 25), BIT(28));
		*stat &= ~(v & (0x1fU << 16));
		model_deaf = *stat & BIT(19);
	} else if (off == model_lp + 0xc) {
		assert_true(model_reg[model_lp + 8] & BIT(19));
		model_put(v);
	} else if (off == model_lp + 0x1c) {
		assert_false(model_reg[model_lp + 8] & (BIT(18) | BIT(19)));
		return false;
	} else {
		return false;
	}
	return true;
}

static bool model_lp_line(void)
{
	uint32_t stat = model_lp_stat(), ctrl = model_reg[model_lp + 8];

	/* TDRE, RDRF, OR: their enables are in the same or other places. */
	return (stat & ctrl & (BIT(23) | BIT(21))) ||
	       ((stat & BIT(19)) && (ctrl & BIT(27)));
}

static void model_lp_error(void)
{
	model_reg[model_lp + 4] |= 0xfU << 16;
	model_deaf = true;
}

static bool model_lp8_read(unsigned int off, uint32_t *v)
{
	if (off == 0x04) {
		*v = model_reg[4] | (model_ntx == 0 ? 0x80U : 0) |
		     (model_nrx >= model_reg[0x15] ? 0x20U : 0);
		*v &= model_nrx == 0 ? ~0x20U : ~0U;
	} else if (off == 0x07) {
		model_reg[4] = 0;
		model_deaf = false;
		*v = 0;
		if (model_nrx > 0) {
			*v = model_take() & 0xff;
		} else {
			model_reg[0x12] = 1; /* underflow */
		}
	} else {
		return false;
	}
	return true;
}

static bool model_lp8_write(unsigned int off, uint32_t v)
{
	if (off == 0x07) {
		model_put(v);
	} else if (off == 0x12) {
		model_reg[0x12] &= ~v;
	} else {
		return false;
	}
	return true;
}

static void model_lp8_reset(void)
{
	model_reg[0x15] = 4;
}

static bool model_lp8_line(void)
{
	return ((model_reg[3] & 0x80) && model_ntx == 0) ||
	       ((model_reg[3] & 0x20) && model_nrx > 0 &&
		model_nrx >= model_reg[0x15]);
}

static void model_lp8_error(void)
{
	model_reg[4] = 0x0f;
	model_deaf = true;
}

/* --- Meson: levels on an edge ------------------------------------------- */

static void model_meson_reset(void)
{
	model_reg[8] = BIT(12) | BIT(13) | BIT(27);
}

static bool model_meson_read(unsigned int off, uint32_t *v)
{
	if (off == 0x0c) {
		*v = (model_nrx == 0 ? BIT(20) : 0) |
		     (model_ntx == 64 ? BIT(21) : 0);
	} else if (off == 0x04) {
		*v = model_take() & 0xff;
	}
	return off == 0x0c || off == 0x04;
}

static bool model_meson_write(unsigned int off, uint32_t v)
{
	if (off == 0) {
		assert_true(model_reg[8] & BIT(12));
		model_put(v);
	}
	return off == 0;
}

static bool model_meson_line(void)
{
	uint32_t misc = model_reg[0x10], control = model_reg[8];

	return ((control & BIT(27)) && model_nrx > 0 &&
		model_nrx >= (misc & 0xff)) ||
	       ((control & BIT(28)) && model_ntx < ((misc >> 8) & 0xff));
}

/* --- Armada 3700: levels, and errors that stay --------------------------- */

static bool model_mvebu_read(unsigned int off, uint32_t *v)
{
	bool ext = model->edge;

	if (off == 0x0c) {
		*v = model_reg[0x0c] | (model_ntx == 32 ? BIT(11) : 0) |
		     (model_nrx > 0 ? BIT(ext ? 14 : 4) : 0) |
		     (model_ntx < 16 ? BIT(ext ? 15 : 5) : 0);
	} else if (off == (ext ? 0x18U : 0)) {
		*v = model_take() & 0xff;
		model_reg[0x0c] &= ext ? 0xf : 0;
	} else {
		return false;
	}
	return true;
}

static bool model_mvebu_write(unsigned int off, uint32_t v)
{
	if (off == 0x0c) {
		model_reg[0x0c] &= ~(v & 0xf);
	} else if (off == (model->edge ? 0x1cU : 4)) {
		model_put(v);
	} else {
		return false;
	}
	return true;
}

static bool model_mvebu_line(void)
{
	uint32_t on = model->edge ? model_reg[0x20] >> 1 : model_reg[8];
	uint32_t errors = model->edge ? model_reg[4] : model_reg[8];

	/* An error of the extended one asserts it until it is cleared. */
	return ((on & BIT(4)) && model_nrx > 0) ||
	       ((on & BIT(5)) && model_ntx < 16) ||
	       (errors & model_reg[0x0c] & 0xf) ||
	       (model->edge && (on & BIT(4)) && model_reg[0x0c]);
}

static void model_mvebu_reset(void)
{
	model_reg[model->edge ? 4 : 8] = 0xf;
}

static void model_mvebu_error(void)
{
	model_reg[0x0c] |= 0xf;
}

/* --- Exynos, S3C6400: latched, set again while they last ---------------- */

#define MODEL_TRIGGER 4

static void model_exynos_level(void)
{
	if (model_nrx >= MODEL_TRIGGER) {
		model_reg[0x30] |= 1;
	}
	if (model_ntx == 0) {
		model_reg[0x30] |= 4;
	}
}

static bool model_exynos_read(unsigned int off, uint32_t *v)
{
	bool old = model->tx_depth == 64;

	if (off == 0x18 && old) {
		*v = (model_nrx >= 64 ? 0x40U : model_nrx) |
		     (model_ntx == 64 ? 0x4000U : model_ntx << 8);
	} else if (off == 0x18) {
		*v = (model_nrx >= 256 ? 0x100U : model_nrx) |
		     (model_ntx == 256 ? BIT(24) : model_ntx << 16);
	} else if (off == 0x24) {
		*v = model_take() & 0xff;
	} else if (off == 0x14) {
		*v = model_reg[0x14];
		model_reg[0x14] = 0;
	} else {
		return false;
	}
	return true;
}

static bool model_exynos_write(unsigned int off, uint32_t v)
{
	if (off == 0x30) {
		model_reg[0x30] &= ~v;
		model_exynos_level();
	} else if (off == 0x20) {
		/* Without the FIFO, UFSTAT says nothing. */
		assert_true(model_reg[8] & 1);
		model_put(v);
	} else {
		return false;
	}
	return true;
}

static bool model_exynos_line(void)
{
	return model_reg[0x30] & ~model_reg[0x38];
}

static void model_exynos_paused(void)
{
	if (model_reg[4] & BIT(7)) {
		model_reg[0x30] |= 1;
	}
}

static void model_exynos_reset(void)
{
	model_reg[0x08] = 1; /* FIFO on; all interrupts unmasked */
}

static void model_exynos_error(void)
{
	model_reg[0x14] = 0xf;
	model_reg[0x30] |= 2;
}

/* Apple's. */

static void model_s5l_level(void)
{
	model_reg[0x10] |= (model_nrx >= MODEL_TRIGGER ? BIT(4) : 0) |
			   (model_ntx == 0 ? BIT(5) : 0);
}

static bool model_s5l_read(unsigned int off, uint32_t *v)
{
	if (off == 0x18) {
		*v = (model_nrx >= 16 ? 0x100U : model_nrx) |
		     (model_ntx == 16 ? 0x200U : model_ntx << 4);
		return true;
	}
	return model_exynos_read(off, v);
}

static bool model_s5l_write(unsigned int off, uint32_t v)
{
	if (off == 0x10) {
		model_reg[0x10] &= ~v;
		model_s5l_level();
		return true;
	}
	return off != 0x30 && model_exynos_write(off, v);
}

static bool model_s5l_line(void)
{
	uint32_t on = model_reg[4], is = model_reg[0x10];

	return ((on & BIT(12)) && (is & BIT(4))) ||
	       ((on & BIT(13)) && (is & BIT(5))) ||
	       ((on & BIT(9)) && (is & BIT(9)));
}

static void model_s5l_paused(void)
{
	model_reg[0x10] |= BIT(9);
}

/* --- SCIF: events, cleared by zeroes after they were read ---------------- */

static uint32_t model_scif_seen;

static unsigned int model_scif_reg(unsigned int n)
{
	return (model->tx_depth == 17 ? 2 : 4) * n;
}

static void model_scif_level(void)
{
	static const unsigned int triggers[] = { 1, 4, 8, 14 };
	unsigned int rtrg = triggers[model_reg[model_scif_reg(6)] >> 6 & 3];
	uint32_t *fsr = &model_reg[model_scif_reg(4)];

	*fsr |= (model_nrx >= rtrg ? 2U : 0) | (model_ntx <= 8 ? 0x20U : 0);
}

static bool model_scif_read(unsigned int off, uint32_t *v)
{
	if (off == model_scif_reg(4)) {
		model_scif_level();
		*v = model_scif_seen = model_reg[off];
	} else if (off == model_scif_reg(5)) {
		*v = model_take() & 0xff;
	} else if (off == model_scif_reg(7)) {
		*v = model_ntx << 8 | MIN(model_nrx, 16U);
	} else {
		return false;
	}
	return true;
}

static bool model_scif_write(unsigned int off, uint32_t v)
{
	if (off == model_scif_reg(3)) {
		assert_true(model_ntx < 128);
		model_put(v);
	} else if (off == model_scif_reg(4)) {
		model_reg[off] &= v | ~model_scif_seen;
		model_scif_seen = 0;
		model_scif_level();
	} else if (off == model_scif_reg(9)) {
		model_reg[off] &= v;
		model_deaf = model_reg[off] & 1;
	} else {
		return false;
	}
	return true;
}

static bool model_scif_line(void)
{
	uint32_t scr = model_reg[model_scif_reg(2)];
	uint32_t fsr = model_reg[model_scif_reg(4)];

	return ((scr & 0x40) && (fsr & 0x93)) || ((scr & 0x80) && (fsr & 0x20));
}

static void model_scif_reset(void)
{
	model_reg[model_scif_reg(6)] = 0xc0; /* at 14 bytes */
	model_reg[model_scif_reg(2)] = 0x02; /* a clock's source */
}

static void model_scif_error(void)
{
	model_reg[model_scif_reg(4)] |= 0x90;
	model_reg[model_scif_reg(9)] |= 1;
	model_deaf = true;
}

/* --- EM ------------------------------------------------------------------ */

static bool model_em_read(unsigned int off, uint32_t *v)
{
	if (off == 0x18) {
		*v = model_reg[0x18] | (model_nrx > 0 ? 1U : 0) |
		     (model_ntx == 0 ? 0x60U : 0);
		model_reg[0x18] = 0;
	} else if (off == 0) {
		*v = model_take() & 0xff;
	} else if (off == 8) {
		*v = model_reg[8] ? 2 : 1;
		model_reg[8] = 0;
	} else {
		return false;
	}
	return true;
}

static bool model_em_write(unsigned int off, uint32_t v)
{
	if (off == 0) {
		model_put(v);
	} else if (off == 4) {
		/* The interrupt comes also when it is enabled. */
		model_reg[8] = (v & 2) && model_ntx == 0;
		model_reg[4] = v;
	} else {
		return false;
	}
	return true;
}

static bool model_em_line(void)
{
	return ((model_reg[4] & 1) && model_nrx > 0) ||
	       ((model_reg[4] & 2) && model_reg[8]) ||
	       ((model_reg[4] & 4) && model_reg[0x18]);
}

static void model_em_reset(void)
{
	model_reg[4] = 4; /* line status */
}

static void model_em_gone(void)
{
	model_reg[8] = 1;
}

static void model_em_error(void)
{
	model_reg[0x18] = 0x1e;
}

#endif
