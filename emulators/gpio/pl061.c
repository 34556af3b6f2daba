/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated Arm PrimeCell GPIO PL061 (DDI0190B). Only the machine's power key is
 * wired to one of its eight lines, line 3, as on QEMU's virt machine.
 */
#include "emulators/primecell.h"
#include <core/emulator.h>
#include <core/time.h>

/* DDI0190B 3.2, summary of registers. */
#define PL061_DATA_END 0x400 /* 3.3.1: bits 9:2 of the address are a mask */
#define PL061_DIR 0x400
#define PL061_IS 0x404
#define PL061_IBE 0x408
#define PL061_IEV 0x40c
#define PL061_IE 0x410
#define PL061_RIS 0x414
#define PL061_MIS 0x418
#define PL061_IC 0x41c
#define PL061_AFSEL 0x420

#define PL061_PERIPH_ID 0x00041061 /* 3.3.11: Arm, part 061 */

#define POWER_KEY_LINE 3
#define POWER_KEY BIT(POWER_KEY_LINE)
#define KEY_PRESS_MS 100 /* longer than any debouncing */

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct pl061_regs {
	uint8_t in; /* what is driven from outside */
	uint8_t data, dir, is, ibe, iev, ie, afsel;
	uint8_t edges; /* detected, not yet cleared */
	bool level;    /* of the interrupt line */
};

struct pl061 {
	struct pl061_regs regs;
	struct timer release;
	struct emu_device *dev; /* [I] */
};

static uint8_t pl061_lines(const struct pl061_regs *r)
{
	return (r->data & r->dir) | (r->in & ~r->dir);
}

/* 3.4: edges are latched, levels are not. */
static uint8_t pl061_ris(const struct pl061_regs *r)
{
	return (r->edges & ~r->is) | (r->is & ~(pl061_lines(r) ^ r->iev));
}

/* After any change; `before` is what the lines were. */
static void pl061_update(struct emu_device *dev, struct pl061_regs *r,
			 uint8_t before)
{
	uint8_t lines = pl061_lines(r);
	uint8_t changed = lines ^ before;
	bool level;

	/* IEV selects the edge: it is the level of the line after the edge. */
	r->edges |= changed & ~r->is & (r->ibe | ~(lines ^ r->iev));
	level = (pl061_ris(r) & r->ie) != 0;
	if (level != r->level) {
		r->level = level;
		emu_irq(dev, 0, level);
	}
}

static void pl061_drive(struct pl061 *p, uint8_t line, bool high)
{
	unsigned long flags = spin_lock_irqsave(&p->dev->lock);
	uint8_t before = pl061_lines(&p->regs);

	p->regs.in = high ? p->regs.in | line : p->regs.in & ~line;
	pl061_update(p->dev, &p->regs, before);
	spin_unlock_irqrestore(&p->dev->lock, flags);
}

static void pl061_release(struct timer *t)
{
	pl061_drive(container_of(t, struct pl061, release), POWER_KEY, false);
}

static int pl061_power_key(struct emu_device *dev)
{
	struct pl061 *p = dev->state;

	pl061_drive(p, POWER_KEY, true);
	timer_set(&p->release, time_now() + ms_to_ticks(KEY_PRESS_MS));
	return 0;
}

static uint8_t pl061_read(const struct pl061_regs *r, uint64_t off)
{
	switch (off) {
	case PL061_DIR:
		return r->dir;
	case PL061_IS:
		return r->is;
	case PL061_IBE:
		return r->ibe;
	case PL061_IEV:
		return r->iev;
	case PL061_IE:
		return r->ie;
	case PL061_RIS:
		return pl061_ris(r);
	case PL061_MIS:
		return pl061_ris(r) & r->ie;
	case PL061_AFSEL:
		return r->afsel;
	default:
		return off < PL061_DATA_END
			       ? pl061_lines(r) & (uint8_t)(off >> 2)
			       : 0;
	}
}

static void pl061_write(struct pl061_regs *r, uint64_t off, uint8_t v)
{
	uint8_t mask;

	switch (off) {
	case PL061_DIR:
		r->dir = v;
		break;
	case PL061_IS:
		r->is = v;
		break;
	case PL061_IBE:
		r->ibe = v;
		break;
	case PL061_IEV:
		r->iev = v;
		break;
	case PL061_IE:
		r->ie = v;
		break;
	case PL061_IC:
		r->edges &= ~v;
		break;
	case PL061_AFSEL:
		r->afsel = v;
		break;
	default:
		if (off < PL061_DATA_END) {
			mask = (uint8_t)(off >> 2) & r->dir;
			r->data = (r->data & ~mask) | (v & mask);
		}
		break;
	}
}

static int pl061_access(struct emu_device *dev, struct emu_access *a)
{
	struct pl061 *p = dev->state;
	uint8_t before;

	if (a->off >= PRIMECELL_ID_BASE) {
		a->value = primecell_id(PL061_PERIPH_ID, a->off);
		return 0;
	}
	spin_lock(&dev->lock);
	before = pl061_lines(&p->regs);
	if (a->write) {
		pl061_write(&p->regs, a->off, (uint8_t)a->value);
	} else {
		a->value = pl061_read(&p->regs, a->off);
	}
	pl061_update(dev, &p->regs, before);
	spin_unlock(&dev->lock);
	return 0;
}

static void pl061_reset(struct emu_device *dev)
{
	struct pl061 *p = dev->state;
	unsigned long flags;

	timer_cancel(&p->release);
	flags = spin_lock_irqsave(&dev->lock);
	p->regs = (struct pl061_regs){
		.level = true, /* whatever it was: drive it low */
	};
	pl061_update(dev, &p->regs, 0);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int pl061_init(struct emu_device *dev)
{
	struct pl061 *p = dev->state;

	p->dev = dev;
	timer_init(&p->release, pl061_release);
	return 0;
}

static void pl061_fini(struct emu_device *dev)
{
	struct pl061 *p = dev->state;

	timer_cancel(&p->release);
}

static const char *const pl061_compatible[] = { "arm,pl061", NULL };

static const char *const pl061_os_compatible[] = { "arm,pl061", "arm,primecell",
						   NULL };
static const char *const pl061_os_clocks[] = { "apb_pclk", NULL };
static const struct emu_os_prop pl061_os_props[] = {
	{ .name = "#gpio-cells", .cell = 2 },
	{ .name = "gpio-controller", .flag = true },
	{ .name = NULL },
};
static const struct emu_power_key pl061_key = {
	.press = pl061_power_key,
	.gpio = { POWER_KEY_LINE, 0 }, /* active high */
};

static const struct emulator pl061_emulator = {
	.name = "pl061",
	.compatible = pl061_compatible,
	.state_size = sizeof(struct pl061),
	.word_registers = true,
	.init = pl061_init,
	.fini = pl061_fini,
	.reset = pl061_reset,
	.access = pl061_access,
	.power_key = &pl061_key,
	.nregs = 1,
	.nirqs = 1,
	.min_size = KIB(4),
	.os_compatible = pl061_os_compatible,
	.os_clocks = pl061_os_clocks,
	.os_props = pl061_os_props,
};
EMULATOR(pl061_emulator);
