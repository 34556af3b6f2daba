/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models of the registers of Qualcomm's UARTs, as in uart_models.h. */
#ifndef TESTS_UNIT_UART_MODELS_QCOM_H
#define TESTS_UNIT_UART_MODELS_QCOM_H

#include "tests/unit/uart_models.h"

/* --- GENI: commands ------------------------------------------------------ */

static void model_geni_reset(void)
{
	model_reg[0x40] = BIT(12); /* the loader receives */
	model_reg[0x284] = 0xfe;   /* four bytes a word */
	model_reg[0x258] = 1;
	model_reg[0x614] = 0x7f;
}

static bool model_geni_read(unsigned int off, uint32_t *v)
{
	if (off == 0x804) {
		*v = model_nrx ? model_nrx | BIT(31) : 0;
	} else if (off == 0x780) {
		assert_int_equal(model_reg[0x284], 0x0f);
		*v = model_take() & 0xff;
	} else {
		return false;
	}
	return true;
}

static bool model_geni_write(unsigned int off, uint32_t v)
{
	switch (off) {
	case 0x600:
		assert_int_equal(v, 1U << 27);
		assert_int_equal(model_reg[0x270], 1);
		model_reg[0x40] |= 1;
		break;
	case 0x700:
		assert_true(model_reg[0x40] & 1);
		model_put(v);
		break;
	case 0x618:
		model_reg[0x610] &= ~v;
		break;
	case 0x648:
		model_reg[0x640] &= ~v;
		break;
	case 0x634:
		model_reg[0x40] &= ~BIT(12);
		break;
	case 0x630:
		/* The loader's has ended, and the settings are ours. */
		assert_false(model_reg[0x40] & BIT(12));
		assert_int_equal(model_reg[0x284], 0x0f);
		assert_int_equal(model_reg[0x258], 0);
		model_reg[0x40] |= BIT(12);
		break;
	default:
		return false;
	}
	return true;
}

static bool model_geni_line(void)
{
	return ((model_reg[0xe1c] & 4) &&
		(model_reg[0x610] & model_reg[0x614])) ||
	       ((model_reg[0xe1c] & 8) &&
		(model_reg[0x640] & model_reg[0x644]));
}

static void model_geni_came(void)
{
	if (model_nrx > model_reg[0x810]) {
		model_reg[0x640] |= BIT(26);
	}
}

static void model_geni_paused(void)
{
	model_reg[0x640] |= BIT(27);
}

static void model_geni_gone(void)
{
	model_reg[0x40] &= ~1U;
	model_reg[0x610] |= 1;
}

static void model_geni_error(void)
{
	model_reg[0x640] |= BIT(12) | BIT(14);
}

/* --- UARTDM -------------------------------------------------------------- */

static bool model_msm_armed;

static void model_msm_reset(void)
{
	model_msm_armed = false;
	model_deaf = true; /* until it is told how many bytes */
	model_reg[0xb0] = 0xff;
}

static uint32_t model_msm_isr(void)
{
	return model_reg[0xb4] | (model_nrx > model_reg[0x20] ? BIT(4) : 0);
}

static bool model_msm_read(unsigned int off, uint32_t *v)
{
	switch (off) {
	case 0xa4:
		*v = model_reg[0xa4] | (model_nrx > 0 ? 1U : 0) |
		     (model_ntx == 0 ? BIT(3) : 0);
		return true;
	case 0xb4:
		*v = model_msm_isr();
		return true;
	case 0x140:
		assert_true(model_reg[0x3c] & BIT(5));
		*v = model_take() & 0xff;
		return true;
	case 0xa8:
	case 0xb0:
		fail(); /* write only */
		return true;
	default:
		return false;
	}
}

static void model_msm_command(uint32_t v)
{
	switch (v & 0xff0) {
	case 0x10:
		model_nrx = 0;
		break;
	case 0x30:
		model_reg[0xa4] &= ~BIT(4);
		break;
	case 0x80:
		model_reg[0xb4] &= ~BIT(3);
		break;
	case 0x300:
		model_reg[0xb4] &= ~BIT(7);
		break;
	case 0x500:
		model_msm_armed = true;
		break;
	default:
		break;
	}
}

static bool model_msm_write(unsigned int off, uint32_t v)
{
	switch (off) {
	case 0xa8:
		model_msm_command(v);
		return true;
	case 0x34:
		model_deaf = v == 0;
		return true;
	case 0x100:
		assert_int_equal(model_reg[0x40], 1);
		assert_false(model_reg[0xb4] & BIT(7));
		model_put(v);
		return true;
	default:
		return false;
	}
}

static bool model_msm_line(void)
{
	return model_msm_isr() & model_reg[0xb0];
}

static void model_msm_paused(void)
{
	/* The transfer ends. */
	if (model_msm_armed) {
		model_reg[0xb4] |= BIT(3);
		model_msm_armed = false;
	}
}

static void model_msm_gone(void)
{
	model_reg[0xb4] |= BIT(7);
}

static void model_msm_error(void)
{
	model_reg[0xa4] |= BIT(4);
}

#endif
