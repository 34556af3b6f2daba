/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated Arm watchdog SP805 (DDI0270B), clocked at 24 MHz like the other
 * peripherals. The first time-out raises the interrupt; the second resets the
 * guest, if the interrupt has not been cleared. It stops while the guest is
 * paused.
 *
 * A timer is armed only while the next zero of the counter would change
 * something, so that a short period costs the host one timer for each write by
 * the guest, not one for each period.
 */
#include "emulators/primecell.h"
#include <core/emulator.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/time.h>

/* DDI0270B 3.2, summary of registers. */
#define SP805_LOAD 0x000
#define SP805_VALUE 0x004
#define SP805_CONTROL 0x008
#define SP805_INTCLR 0x00c
#define SP805_RIS 0x010
#define SP805_MIS 0x014
#define SP805_LOCK 0xc00

#define SP805_PERIPH_ID 0x00141805 /* 3.3.11: Arm, part 805, r1 */
#define SP805_UNLOCK 0x1acce551    /* 3.3.8 */

/* 3.3.3 WDOGCONTROL */
#define CONTROL_INTEN BIT(0)
#define CONTROL_RESEN BIT(1)

/* One count is 125/3 ns. */
#define NS_PER_COUNTS 125
#define COUNTS 3

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct sp805_regs {
	uint64_t zero_ns; /* counting: when it is next 0 */
	uint32_t held;    /* not counting: the counter */
	uint32_t load, control, ris;
	bool locked;
	bool paused;
	bool level; /* of the interrupt line */
};

struct sp805 {
	struct sp805_regs regs;
	struct timer timer;
	struct emu_device *dev; /* [I] */
};

static uint64_t sp805_now(void)
{
	return ticks_to_ns(time_now());
}

static bool sp805_counting(const struct sp805_regs *r)
{
	return (r->control & CONTROL_INTEN) && !r->paused;
}

static uint32_t sp805_value(const struct sp805_regs *r)
{
	uint64_t now = sp805_now();

	if (!sp805_counting(r)) {
		return r->held;
	}
	if (now <= r->zero_ns) {
		return (uint32_t)((r->zero_ns - now) * COUNTS / NS_PER_COUNTS);
	}
	/* After a zero that changed nothing, it counts again from LOAD. */
	return r->load - (uint32_t)((now - r->zero_ns) * COUNTS /
				    NS_PER_COUNTS % ((uint64_t)r->load + 1));
}

/* Count from `count` down, or hold it there. */
static void sp805_count(struct sp805 *w, uint32_t count)
{
	struct sp805_regs *r = &w->regs;
	uint64_t ns = DIV_ROUND_UP((uint64_t)count * NS_PER_COUNTS, COUNTS);

	r->held = count;
	if (!sp805_counting(r)) {
		return;
	}
	r->zero_ns = sp805_now() + ns;
	if (!r->ris || (r->control & CONTROL_RESEN)) {
		timer_set(&w->timer, ns_to_ticks(r->zero_ns));
	}
}

static void sp805_update(struct emu_device *dev, struct sp805_regs *r)
{
	bool level = r->ris && (r->control & CONTROL_INTEN);

	if (level != r->level) {
		r->level = level;
		emu_irq(dev, 0, level);
	}
}

/* The counter is 0. True: reset the guest. */
static bool sp805_expired(struct sp805 *w)
{
	struct sp805_regs *r = &w->regs;

	if (!r->ris) {
		r->ris = 1;
		sp805_count(w, r->load);
		sp805_update(w->dev, r);
		return false;
	}
	return r->control & CONTROL_RESEN;
}

static void sp805_timer(struct timer *t)
{
	struct sp805 *w = container_of(t, struct sp805, timer);
	unsigned long flags = spin_lock_irqsave(&w->dev->lock);
	bool reset = false;

	/* The guest may have written while this waited for the lock. */
	if (sp805_counting(&w->regs)) {
		if (sp805_now() >= w->regs.zero_ns) {
			reset = sp805_expired(w);
		} else {
			sp805_count(w, sp805_value(&w->regs));
		}
	}
	spin_unlock_irqrestore(&w->dev->lock, flags);
	if (reset) {
		event_post(EVENT_WATCHDOG, w->dev->guest->name, "%s: reset",
			   w->dev->name);
		guest_request(w->dev->guest, GUEST_ACT_RESET);
	}
}

static void sp805_write_control(struct sp805 *w, uint32_t v)
{
	struct sp805_regs *r = &w->regs;
	uint32_t value = sp805_value(r);

	v &= CONTROL_INTEN | CONTROL_RESEN;
	/* 3.3.3: enabling reloads; otherwise counting continues, or stops,
	 * where it is. */
	if (v & ~r->control & CONTROL_INTEN) {
		value = r->load;
	}
	r->control = v;
	sp805_count(w, value);
}

static void sp805_write(struct sp805 *w, uint64_t off, uint32_t v)
{
	struct sp805_regs *r = &w->regs;

	if (off == SP805_LOCK) {
		r->locked = v != SP805_UNLOCK;
	}
	if (r->locked) {
		return;
	}
	switch (off) {
	case SP805_LOAD:
		r->load = v;
		sp805_count(w, v);
		break;
	case SP805_CONTROL:
		sp805_write_control(w, v);
		break;
	case SP805_INTCLR:
		r->ris = 0;
		sp805_count(w, r->load);
		break;
	default:
		break;
	}
}

static uint32_t sp805_read(const struct sp805_regs *r, uint64_t off)
{
	switch (off) {
	case SP805_LOAD:
		return r->load;
	case SP805_VALUE:
		return sp805_value(r);
	case SP805_CONTROL:
		return r->control;
	case SP805_RIS:
		return r->ris;
	case SP805_MIS:
		return r->control & CONTROL_INTEN ? r->ris : 0;
	case SP805_LOCK:
		return r->locked;
	default:
		return 0;
	}
}

static int sp805_access(struct emu_device *dev, struct emu_access *a)
{
	struct sp805 *w = dev->state;

	if (a->off >= PRIMECELL_ID_BASE) {
		a->value = primecell_id(SP805_PERIPH_ID, a->off);
		return 0;
	}
	spin_lock(&dev->lock);
	if (a->write) {
		sp805_write(w, a->off, (uint32_t)a->value);
	} else {
		a->value = sp805_read(&w->regs, a->off);
	}
	sp805_update(dev, &w->regs);
	spin_unlock(&dev->lock);
	return 0;
}

static void sp805_pause(struct emu_device *dev, bool paused)
{
	struct sp805 *w = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);
	uint32_t value = sp805_value(&w->regs);

	w->regs.paused = paused;
	sp805_count(w, value);
	spin_unlock_irqrestore(&dev->lock, flags);
	if (paused) {
		/* From here on the device requests nothing: the guest may be
		 * freed. */
		timer_cancel(&w->timer);
	}
}

static void sp805_reset(struct emu_device *dev)
{
	struct sp805 *w = dev->state;
	unsigned long flags;

	timer_cancel(&w->timer);
	flags = spin_lock_irqsave(&dev->lock);
	w->regs = (struct sp805_regs){
		.load = UINT32_MAX,
		.held = UINT32_MAX,
		.level = true, /* whatever it was: drive it low */
	};
	sp805_update(dev, &w->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int sp805_init(struct emu_device *dev)
{
	struct sp805 *w = dev->state;

	w->dev = dev;
	timer_init(&w->timer, sp805_timer);
	return 0;
}

static void sp805_fini(struct emu_device *dev)
{
	struct sp805 *w = dev->state;

	timer_cancel(&w->timer);
}

static const char *const sp805_compatible[] = { "arm,sp805", NULL };

static const char *const sp805_os_compatible[] = { "arm,sp805", "arm,primecell",
						   NULL };
static const char *const sp805_os_clocks[] = { "wdog_clk", "apb_pclk", NULL };

static const struct emulator sp805_emulator = {
	.name = "sp805",
	.compatible = sp805_compatible,
	.state_size = sizeof(struct sp805),
	.word_registers = true,
	.init = sp805_init,
	.fini = sp805_fini,
	.reset = sp805_reset,
	.access = sp805_access,
	.pause = sp805_pause,
	.nregs = 1,
	.nirqs = 1,
	.min_size = KIB(4),
	.os_compatible = sp805_os_compatible,
	.os_clocks = sp805_os_clocks,
};
EMULATOR(sp805_emulator);
