/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated 16550A UART (PC16550D data sheet, section 8) on a line of unlimited
 * speed: what is sent is gone at once, input moves from the console into the
 * FIFO as soon as there is room, and when the console has no more, the
 * character time-out has passed.
 */

#include <core/emulator.h>
#include <core/guest.h>
#include <core/schema.h>
#include <core/vserial.h>

/* 8.0, table II: registers, before `reg-shift`. */
#define NS_RBR 0 /* THR when written, DLL with DLAB */
#define NS_IER 1 /* DLM with DLAB */
#define NS_IIR 2 /* FCR when written */
#define NS_LCR 3
#define NS_MCR 4
#define NS_LSR 5
#define NS_MSR 6
#define NS_SCR 7

#define NS_FIFO 16

/* 8.6 interrupt enable */
#define IER_RDA BIT(0)
#define IER_THRE BIT(1)
#define IER_LINE BIT(2)
#define IER_MODEM BIT(3)

/* 8.5 interrupt identification, highest priority first */
#define IIR_LINE 0x6
#define IIR_RDA 0x4
#define IIR_TIMEOUT 0xc
#define IIR_THRE 0x2
#define IIR_MODEM 0x0
#define IIR_NONE 0x1
#define IIR_FIFOS 0xc0

/* 8.4 FIFO control */
#define FCR_ENABLE BIT(0)
#define FCR_RX_RESET BIT(1)

#define LCR_DLAB BIT(7) /* 8.1 */

/* 8.7 modem control */
#define MCR_DTR BIT(0)
#define MCR_RTS BIT(1)
#define MCR_OUT1 BIT(2)
#define MCR_OUT2 BIT(3)
#define MCR_LOOP BIT(4)
#define MCR_MASK 0x1f

/* 8.2 line status */
#define LSR_DR BIT(0)
#define LSR_OE BIT(1)
#define LSR_THRE BIT(5)
#define LSR_TEMT BIT(6)

/* 8.8 modem status: inputs, and below them what changed */
#define MSR_CTS BIT(4)
#define MSR_DSR BIT(5)
#define MSR_RI BIT(6)
#define MSR_DCD BIT(7)
#define MSR_TERI BIT(2) /* RI fell */

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct ns16550_regs {
	uint8_t rx[NS_FIFO];
	uint32_t rx_head, rx_count;
	uint8_t dll, dlm, ier, fcr, lcr, mcr, msr, scr;
	bool overrun; /* LSR_OE */
	bool timeout; /* input waits and the line is idle */
	bool thre;    /* transmitter's interrupt is due */
	bool idle;    /* no input waits in the console */
	bool level;   /* of the interrupt line */
};

struct ns16550 {
	struct ns16550_regs regs;
	struct vserial *console; /* [I] */
	uint32_t reg_shift;      /* [I] */
};

static uint32_t ns16550_depth(const struct ns16550_regs *r)
{
	return r->fcr & FCR_ENABLE ? NS_FIFO : 1;
}

static uint32_t ns16550_rx_trigger(const struct ns16550_regs *r)
{
	static const uint8_t triggers[4] = { 1, 4, 8, 14 };

	return r->fcr & FCR_ENABLE ? triggers[r->fcr >> 6] : 1;
}

/* 8.5, table III: the cause of highest priority. */
static uint8_t ns16550_cause(const struct ns16550_regs *r)
{
	if ((r->ier & IER_LINE) && r->overrun) {
		return IIR_LINE;
	}
	if (r->ier & IER_RDA) {
		if (r->rx_count >= ns16550_rx_trigger(r)) {
			return IIR_RDA;
		}
		if (r->timeout) {
			return IIR_TIMEOUT;
		}
	}
	if ((r->ier & IER_THRE) && r->thre) {
		return IIR_THRE;
	}
	if ((r->ier & IER_MODEM) && (r->msr & 0xf)) {
		return IIR_MODEM;
	}
	return IIR_NONE;
}

static void ns16550_update(struct emu_device *dev, struct ns16550_regs *r)
{
	bool level = ns16550_cause(r) != IIR_NONE;

	if (level != r->level) {
		r->level = level;
		emu_irq(dev, 0, level);
	}
}

static void ns16550_receive(struct ns16550_regs *r, uint8_t c)
{
	if (r->rx_count >= ns16550_depth(r)) {
		r->overrun = true;
		return;
	}
	r->rx[(r->rx_head + r->rx_count) % NS_FIFO] = c;
	r->rx_count++;
}

/* Move input from the console into the FIFO. */
static void ns16550_fill(struct ns16550 *s)
{
	struct ns16550_regs *r = &s->regs;
	uint32_t depth = ns16550_depth(r);
	uint8_t buf[NS_FIFO];
	size_t room, n;

	if ((r->mcr & MCR_LOOP) || r->idle || r->rx_count >= depth) {
		return;
	}
	room = depth - r->rx_count;
	n = vserial_read(s->console, buf, room);
	for (size_t i = 0; i < n; i++) {
		ns16550_receive(r, buf[i]);
	}
	r->idle = n < room;
	r->timeout = r->idle && r->rx_count > 0 && depth > 1;
}

/* Input waits in the console. */
static void ns16550_notify(void *ctx)
{
	struct emu_device *dev = ctx;
	struct ns16550 *s = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);

	s->regs.idle = false;
	ns16550_fill(s);
	ns16550_update(dev, &s->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static uint8_t ns16550_read_rbr(struct ns16550 *s)
{
	struct ns16550_regs *r = &s->regs;
	uint8_t c;

	if (r->rx_count == 0) {
		return 0;
	}
	c = r->rx[r->rx_head];
	r->rx_head = (r->rx_head + 1) % NS_FIFO;
	r->rx_count--;
	if (r->rx_count == 0) {
		r->timeout = false;
	}
	if (r->rx_count < ns16550_rx_trigger(r)) {
		ns16550_fill(s);
	}
	return c;
}

static uint8_t ns16550_read_iir(struct ns16550_regs *r)
{
	uint8_t cause = ns16550_cause(r);

	if (cause == IIR_THRE) {
		r->thre = false;
	}
	return cause | (r->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t ns16550_read_lsr(struct ns16550_regs *r)
{
	uint8_t v = LSR_THRE | LSR_TEMT;

	v |= r->rx_count ? LSR_DR : 0;
	v |= r->overrun ? LSR_OE : 0;
	r->overrun = false;
	return v;
}

static uint8_t ns16550_read_msr(struct ns16550_regs *r)
{
	uint8_t v = r->msr;

	r->msr &= 0xf0;
	return v;
}

static uint8_t ns16550_read(struct ns16550 *s, uint64_t reg)
{
	struct ns16550_regs *r = &s->regs;

	switch (reg) {
	case NS_RBR:
		return r->lcr & LCR_DLAB ? r->dll : ns16550_read_rbr(s);
	case NS_IER:
		return r->lcr & LCR_DLAB ? r->dlm : r->ier;
	case NS_IIR:
		return ns16550_read_iir(r);
	case NS_LCR:
		return r->lcr;
	case NS_MCR:
		return r->mcr;
	case NS_LSR:
		return ns16550_read_lsr(r);
	case NS_MSR:
		return ns16550_read_msr(r);
	case NS_SCR:
		return r->scr;
	default:
		return 0;
	}
}

static void ns16550_write_thr(struct ns16550 *s, uint8_t c)
{
	struct ns16550_regs *r = &s->regs;

	if (r->mcr & MCR_LOOP) {
		ns16550_receive(r, c);
		r->timeout = ns16550_depth(r) > 1;
	} else {
		vserial_write(s->console, &c, 1);
	}
	r->thre = true;
}

static void ns16550_write_ier(struct ns16550_regs *r, uint8_t v)
{
	/* Enabling this while the transmitter is empty raises the interrupt. */
	if (v & ~r->ier & IER_THRE) {
		r->thre = true;
	}
	r->ier = v & 0xf;
}

static void ns16550_write_fcr(struct ns16550 *s, uint8_t v)
{
	struct ns16550_regs *r = &s->regs;

	/* 8.4: changing the enable bit clears the FIFO too. */
	if ((v & FCR_RX_RESET) || ((v ^ r->fcr) & FCR_ENABLE)) {
		r->rx_count = 0;
		r->timeout = false;
	}
	/* Other bits are programmed only with the enable bit set. */
	r->fcr = v & FCR_ENABLE ? v & (FCR_ENABLE | 0xc0) : 0;
	ns16550_fill(s);
}

/* Modem inputs: a terminal that is always ready, or our own outputs in loopback
 * mode. */
static uint8_t ns16550_modem(uint8_t mcr)
{
	if (!(mcr & MCR_LOOP)) {
		return MSR_CTS | MSR_DSR | MSR_DCD;
	}
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void ns16550_write_mcr(struct ns16550 *s, uint8_t v)
{
	struct ns16550_regs *r = &s->regs;
	uint8_t before = ns16550_modem(r->mcr);
	uint8_t now, changed;

	r->mcr = v & MCR_MASK;
	now = ns16550_modem(r->mcr);
	changed = (before ^ now) >> 4;
	if ((changed & MSR_TERI) && (now & MSR_RI)) {
		changed &=
			(uint8_t)~MSR_TERI; /* only its trailing edge counts */
	}
	r->msr = now | (r->msr & 0xf) | changed;
	ns16550_fill(s);
}

static void ns16550_write(struct ns16550 *s, uint64_t reg, uint8_t v)
{
	struct ns16550_regs *r = &s->regs;
	bool dlab = r->lcr & LCR_DLAB;

	switch (reg) {
	case NS_RBR:
		if (dlab) {
			r->dll = v;
		} else {
			ns16550_write_thr(s, v);
		}
		break;
	case NS_IER:
		if (dlab) {
			r->dlm = v;
		} else {
			ns16550_write_ier(r, v);
		}
		break;
	case NS_IIR:
		ns16550_write_fcr(s, v);
		break;
	case NS_LCR:
		r->lcr = v;
		break;
	case NS_MCR:
		ns16550_write_mcr(s, v);
		break;
	case NS_SCR:
		r->scr = v;
		break;
	default:
		break;
	}
}

static int ns16550_access(struct emu_device *dev, struct emu_access *a)
{
	struct ns16550 *s = dev->state;
	uint64_t reg = a->off >> s->reg_shift;

	spin_lock(&dev->lock);
	if (a->write) {
		ns16550_write(s, reg, (uint8_t)a->value);
	} else {
		a->value = ns16550_read(s, reg);
	}
	ns16550_update(dev, &s->regs);
	spin_unlock(&dev->lock);
	return 0;
}

/* 8.0, table I: what a master reset leaves. */
static __cold void ns16550_reset(struct emu_device *dev)
{
	struct ns16550 *s = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);

	s->regs = (struct ns16550_regs){
		.msr = ns16550_modem(0),
		.thre = true,
		.level = true, /* whatever it was: drive it low */
	};
	ns16550_fill(s);
	ns16550_update(dev, &s->regs);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int ns16550_init(struct emu_device *dev)
{
	struct ns16550 *s = dev->state;

	s->reg_shift = emu_prop_u32(dev, "reg-shift", 0);
	return vserial_create_numbered(&s->console, dev->guest->cfg->name,
				       "serial", ns16550_notify, dev);
}

static void ns16550_fini(struct emu_device *dev)
{
	struct ns16550 *s = dev->state;

	vserial_destroy(s->console);
}

static const struct schema_prop ns16550_props[] = {
	{
		.name = "reg-shift",
		.type = SCHEMA_U32,
		.min = 0,
		.max = 3,
		.otherwise = REFERENCE("0"),
		.doc = REFERENCE("Registers are 1 << reg-shift bytes apart."),
	},
	{
		.name = "reg-io-width",
		.type = SCHEMA_U32,
		.min = 1,
		.max = 4,
		.otherwise = REFERENCE("1"),
		.doc = REFERENCE(
			"Access width the OS uses; all up to 4 are answered."),
	},
	{
		.name = "clock-frequency",
		.type = SCHEMA_U32,
		.min = 1,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("1843200"),
		.doc = REFERENCE("Input clock in Hz, for the OS's divisors."),
	},
	{ .name = NULL },
};

static const char *const ns16550_compatible[] = { "ns16550a", NULL };

static const struct emu_os_prop ns16550_os_props[] = {
	/* 115200 baud is a divisor of one. */
	{ .name = "clock-frequency", .cell = 1843200 },
	{ .name = NULL },
};

static const struct emulator ns16550_emulator = {
	.name = "ns16550",
	.compatible = ns16550_compatible,
	.state_size = sizeof(struct ns16550),
	.max_access = 4,
	.init = ns16550_init,
	.fini = ns16550_fini,
	.reset = ns16550_reset,
	.access = ns16550_access,
	.props = ns16550_props,
	.nregs = 1,
	.ports = true,
	.nirqs = 1,
	.min_size = 8,
	.os_props = ns16550_os_props,
	.console = true,
};
EMULATOR(ns16550_emulator);
