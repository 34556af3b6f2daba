/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated bell: the guest strikes it, it rings (its interrupt line is high)
 * for a while, and counts. The example of docs/howto/add-an-emulator.md; the
 * unit tests build and drive it.
 */
#include <core/emulator.h>
#include <core/schema.h>
#include <core/time.h>

/* Registers; a real device's cite its manual. */
#define BELL_STRIKE 0x0 /* write: ring */
#define BELL_STATUS 0x4 /* read: 1 while it rings */
#define BELL_COUNT 0x8  /* read: strikes since reset */

#define BELL_RING_MS 250

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct bell_regs {
	uint32_t count;
	bool ringing;
};

struct bell {
	struct bell_regs regs;
	struct timer silence;
	ticks_t ring_time;      /* [I] */
	struct emu_device *dev; /* [I] */
};

static void bell_set(struct bell *b, bool ringing)
{
	b->regs.ringing = ringing;
	emu_irq(b->dev, 0, ringing);
}

static void bell_silence(struct timer *t)
{
	struct bell *b = container_of(t, struct bell, silence);
	unsigned long flags = spin_lock_irqsave(&b->dev->lock);

	/* Struck again while this waited for the lock: the timer is armed
	 * anew, and it is not time yet. */
	if (!timer_armed(t)) {
		bell_set(b, false);
	}
	spin_unlock_irqrestore(&b->dev->lock, flags);
}

static void bell_strike(struct bell *b)
{
	b->regs.count++;
	bell_set(b, true);
	timer_set(&b->silence, time_now() + b->ring_time);
}

static int bell_access(struct emu_device *dev, struct emu_access *a)
{
	struct bell *b = dev->state;

	spin_lock(&dev->lock);
	if (a->write && a->off == BELL_STRIKE) {
		bell_strike(b);
	} else if (!a->write && a->off == BELL_STATUS) {
		a->value = b->regs.ringing;
	} else if (!a->write && a->off == BELL_COUNT) {
		a->value = b->regs.count;
	}
	spin_unlock(&dev->lock);
	return 0;
}

static void bell_reset(struct emu_device *dev)
{
	struct bell *b = dev->state;
	unsigned long flags;

	timer_cancel(&b->silence); /* without the lock its callback takes */
	flags = spin_lock_irqsave(&dev->lock);
	b->regs.count = 0;
	bell_set(b, false);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int bell_init(struct emu_device *dev)
{
	struct bell *b = dev->state;

	b->dev = dev;
	b->ring_time = ms_to_ticks(emu_prop_u32(dev, "ring-ms", BELL_RING_MS));
	timer_init(&b->silence, bell_silence);
	return 0;
}

static void bell_fini(struct emu_device *dev)
{
	struct bell *b = dev->state;

	timer_cancel(&b->silence);
}

static const struct schema_prop bell_props[] = {
	{
		.name = "ring-ms",
		.type = SCHEMA_U32,
		.min = 1,
		.max = 10000,
		.otherwise = REFERENCE("250"),
		.doc = REFERENCE("How long the bell rings, in milliseconds."),
	},
	{ .name = NULL },
};

static const char *const bell_compatible[] = { "example,bell", NULL };

/* The OS is told how long it rings, if the description does not say. */
static const struct emu_os_prop bell_os_props[] = {
	{ .name = "ring-ms", .cell = BELL_RING_MS },
	{ .name = NULL },
};

static const struct emulator bell_emulator = {
	.name = "bell",
	.compatible = bell_compatible,
	.state_size = sizeof(struct bell),
	.word_registers = true,
	.init = bell_init,
	.fini = bell_fini,
	.reset = bell_reset,
	.access = bell_access,
	.nregs = 1,
	.nirqs = 1,
	.min_size = KIB(4),
	.props = bell_props,
	.os_props = bell_os_props,
};
EMULATOR(bell_emulator);
