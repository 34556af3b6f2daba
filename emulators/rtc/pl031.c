/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated Arm PrimeCell real-time clock PL031 (DDI0224C). It shows the
 * host's wall-clock time, until the guest sets it; then it keeps the
 * difference, also over a reset of the guest, as one with a battery does.
 * It always runs: firmware has started it.
 */
#include "emulators/primecell.h"
#include <core/emulator.h>
#include <core/rtc.h>
#include <core/time.h>

/* DDI0224C 3.2, summary of registers. */
#define PL031_DR 0x000
#define PL031_MR 0x004
#define PL031_LR 0x008
#define PL031_CR 0x00c
#define PL031_IMSC 0x010
#define PL031_RIS 0x014
#define PL031_MIS 0x018
#define PL031_ICR 0x01c

#define PL031_PERIPH_ID 0x00141031 /* 3.3.9: Arm, part 031, r1 */
#define CR_START 1                 /* 3.3.4; cannot be stopped again */
#define NS_PER_S UINT64_C(1000000000)

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct pl031_regs {
	uint64_t alarm_ns; /* host's time of the match; 0: none */
	uint32_t offset;   /* s, added to the host's time */
	uint32_t mr, lr, imsc, ris;
	bool level; /* of the interrupt line */
};

struct pl031 {
	struct pl031_regs regs;
	struct timer alarm;
	struct emu_device *dev; /* [I] */
};

static uint32_t pl031_now(const struct pl031_regs *r)
{
	return (uint32_t)rtc_now_s() + r->offset;
}

static void pl031_update(struct emu_device *dev, struct pl031_regs *r)
{
	bool level = (r->ris & r->imsc) != 0;

	if (level != r->level) {
		r->level = level;
		emu_irq(dev, 0, level);
	}
}

static void pl031_set_timer(struct pl031 *p, uint64_t now)
{
	timer_set(&p->alarm, time_now() + ns_to_ticks(p->regs.alarm_ns - now));
}

/* The counter equals MR now, or will within 2^32 - 1 seconds. */
static void pl031_arm(struct pl031 *p)
{
	struct pl031_regs *r = &p->regs;
	uint64_t now = rtc_now_ns();
	uint64_t s = now / NS_PER_S;
	uint32_t ahead = r->mr - ((uint32_t)s + r->offset);

	if (ahead == 0) {
		r->alarm_ns = 0;
		r->ris = 1;
		return;
	}
	r->alarm_ns = (s + ahead) * NS_PER_S;
	pl031_set_timer(p, now);
}

static void pl031_alarm(struct timer *t)
{
	struct pl031 *p = container_of(t, struct pl031, alarm);
	struct pl031_regs *r = &p->regs;
	unsigned long flags = spin_lock_irqsave(&p->dev->lock);
	uint64_t now = rtc_now_ns();

	/* The counter or match may have been written while this waited for the
	 * lock, so that the alarm is not due yet. */
	if (r->alarm_ns != 0 && now >= r->alarm_ns) {
		r->alarm_ns = 0;
		r->ris = 1;
	} else if (r->alarm_ns != 0) {
		pl031_set_timer(p, now);
	}
	pl031_update(p->dev, r);
	spin_unlock_irqrestore(&p->dev->lock, flags);
}

static uint32_t pl031_read(const struct pl031_regs *r, uint64_t off)
{
	switch (off) {
	case PL031_DR:
		return pl031_now(r);
	case PL031_MR:
		return r->mr;
	case PL031_LR:
		return r->lr;
	case PL031_CR:
		return CR_START;
	case PL031_IMSC:
		return r->imsc;
	case PL031_RIS:
		return r->ris;
	case PL031_MIS:
		return r->ris & r->imsc;
	default:
		return 0;
	}
}

static void pl031_write(struct pl031 *p, uint64_t off, uint32_t v)
{
	struct pl031_regs *r = &p->regs;

	switch (off) {
	case PL031_MR:
		r->mr = v;
		pl031_arm(p);
		break;
	case PL031_LR:
		r->lr = v;
		r->offset = v - (uint32_t)rtc_now_s();
		if (r->alarm_ns != 0) {
			pl031_arm(p);
		}
		break;
	case PL031_IMSC:
		r->imsc = v & 1;
		break;
	case PL031_ICR:
		r->ris &= ~v;
		break;
	default:
		break;
	}
}

static int pl031_access(struct emu_device *dev, struct emu_access *a)
{
	struct pl031 *p = dev->state;

	if (a->off >= PRIMECELL_ID_BASE) {
		a->value = primecell_id(PL031_PERIPH_ID, a->off);
		return 0;
	}
	spin_lock(&dev->lock);
	if (a->write) {
		pl031_write(p, a->off, (uint32_t)a->value);
	} else {
		a->value = pl031_read(&p->regs, a->off);
	}
	pl031_update(dev, &p->regs);
	spin_unlock(&dev->lock);
	return 0;
}

static void pl031_reset(struct emu_device *dev)
{
	struct pl031 *p = dev->state;
	unsigned long flags;

	timer_cancel(&p->alarm);
	flags = spin_lock_irqsave(&dev->lock);
	p->regs = (struct pl031_regs){
		.offset = p->regs.offset,
		.level = true, /* whatever it was: drive it low */
	};
	pl031_update(dev, &p->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int pl031_init(struct emu_device *dev)
{
	struct pl031 *p = dev->state;

	p->dev = dev;
	timer_init(&p->alarm, pl031_alarm);
	return 0;
}

static void pl031_fini(struct emu_device *dev)
{
	struct pl031 *p = dev->state;

	timer_cancel(&p->alarm);
}

static const char *const pl031_compatible[] = { "arm,pl031", NULL };

static const char *const pl031_os_compatible[] = { "arm,pl031", "arm,primecell",
						   NULL };
static const char *const pl031_os_clocks[] = { "apb_pclk", NULL };

static const struct emulator pl031_emulator = {
	.name = "pl031",
	.compatible = pl031_compatible,
	.state_size = sizeof(struct pl031),
	.word_registers = true,
	.init = pl031_init,
	.fini = pl031_fini,
	.reset = pl031_reset,
	.access = pl031_access,
	.nregs = 1,
	.nirqs = 1,
	.min_size = KIB(4),
	.os_compatible = pl031_os_compatible,
	.os_clocks = pl031_os_clocks,
};
EMULATOR(pl031_emulator);
