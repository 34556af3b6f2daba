/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual and the physical timer, as a busy guest uses them and in unusual
 * ways: each part prints a line PASS or FAIL. With `timers=far` in the boot
 * arguments it sets deadlines in the far future, prints FAR and spins, with a
 * line for each key; with `timers=load` it ticks for ever, and prints how
 * often.
 */
#include <guest.h>
#include <probe.h>

#define GICD 0x08000000UL
#define GICC 0x08010000UL
#define GICR 0x080a0000UL
#define UART_FR (GUEST_UART + 0x18)
#define RXFE (1U << 4)

#define ENABLE 1
#define IMASK 2
#define ISTATUS 4

#define ROUNDS 100
#define PATIENCE 10 /* seconds after which an interrupt counts as lost */

static bool v3;
static uint64_t hz;

/* ---- the two timers ---- */

static const struct clock {
	const char *name;
	unsigned int ppi;
} clocks[] = {
	{ "virtual", 27 },
	{ "physical", 30 },
};
static const struct clock *clock; /* the one being tested */

static void sync(void)
{
	__asm__ volatile("isb" : : : "memory");
}

static bool is_virtual(void)
{
	return clock == &clocks[0];
}

static uint64_t now(void)
{
	sync();
	return is_virtual() ? guest_sysreg_read(cntvct_el0)
			    : guest_sysreg_read(cntpct_el0);
}

static uint64_t ctl(void)
{
	sync();
	return is_virtual() ? guest_sysreg_read(cntv_ctl_el0)
			    : guest_sysreg_read(cntp_ctl_el0);
}

static void set_ctl(uint64_t v)
{
	if (is_virtual()) {
		guest_sysreg_write(cntv_ctl_el0, v);
	} else {
		guest_sysreg_write(cntp_ctl_el0, v);
	}
	sync();
}

static uint64_t cval(void)
{
	return is_virtual() ? guest_sysreg_read(cntv_cval_el0)
			    : guest_sysreg_read(cntp_cval_el0);
}

static void set_cval(uint64_t v)
{
	if (is_virtual()) {
		guest_sysreg_write(cntv_cval_el0, v);
	} else {
		guest_sysreg_write(cntp_cval_el0, v);
	}
	sync();
}

static void set_tval(uint32_t v)
{
	if (is_virtual()) {
		guest_sysreg_write(cntv_tval_el0, v);
	} else {
		guest_sysreg_write(cntp_tval_el0, v);
	}
	sync();
}

/* ---- interrupts ---- */

static void irqs_on(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

static void irqs_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static void gic_init(void)
{
	uint32_t both = 1U << clocks[0].ppi | 1U << clocks[1].ppi;

	v3 = (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
	if (!v3) {
		guest_write32(GICD, 1);
		guest_write32(GICD + 0x100, both);
		guest_write32(GICC + 4, 0xff);
		guest_write32(GICC, 1);
		return;
	}
	guest_write32(GICD, 0x12);             /* ARE, group 1 */
	guest_write32(GICR + 0x10080, ~0u);    /* IGROUPR0 */
	guest_write32(GICR + 0x10100, both);   /* ISENABLER0 */
	guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	sync();
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	sync();
}

static uint32_t acknowledge(void)
{
	return v3 ? (uint32_t)guest_sysreg_read(s3_0_c12_c12_0)
		  : guest_read32(GICC + 0xc);
}

static void end(uint32_t iar)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c12_1, iar);
		sync();
	} else {
		guest_write32(GICC + 0x10, iar);
	}
}

static volatile uint64_t count, others, at;
static volatile enum { MASK_FIRST, END_FIRST, SET_LATE } manner;

static void interrupt(unsigned int vector, struct guest_frame *frame)
{
	uint32_t iar = acknowledge();

	(void)frame;
	at = now();
	if ((vector & 3) != 1 || (iar & 0x3ff) != clock->ppi) {
		others++;
		if ((iar & 0x3ff) < 1020) {
			end(iar);
		}
		return;
	}
	count++;
	switch (manner) {
	case MASK_FIRST:
		set_ctl(0);
		end(iar);
		break;
	case END_FIRST:
		end(iar);
		set_ctl(0);
		break;
	case SET_LATE:
		/* It fires again before this one is ended. */
		if (count < ROUNDS) {
			set_cval(now());
			while (!(ctl() & ISTATUS)) {}
		} else {
			set_ctl(0);
		}
		end(iar);
		break;
	}
}

static void begin(void)
{
	irqs_off();
	set_ctl(0);
	manner = MASK_FIRST;
	count = 0;
	others = 0;
	irqs_on();
}

/* Until `n` interrupts have come; false: they do not. */
static bool comes(uint64_t n)
{
	uint64_t until = now() + PATIENCE * hz;

	while (count < n) {
		if (now() > until) {
			return false;
		}
	}
	return true;
}

/* A while in which nothing more may come. */
static void pass_time(void)
{
	uint64_t until = now() + hz / 1000;

	while (now() < until) {}
}

static void report(const char *part, bool ok)
{
	guest_puts(ok ? "\nPASS " : "\nFAIL ");
	guest_puts(clock->name);
	guest_puts("-");
	guest_puts(part);
	guest_puts(" ");
	guest_puthex(count);
	guest_puts(" ");
	guest_puthex(others);
	guest_puts("\n");
}

/* ---- the parts ---- */

static void registers(void)
{
	uint32_t left;
	bool ok;

	begin();
	set_cval(UINT64_C(0x123456789abcdef0));
	ok = cval() == UINT64_C(0x123456789abcdef0) && ctl() == 0;
	set_ctl(ENABLE | IMASK);
	ok = ok && ctl() == (ENABLE | IMASK);
	set_cval(now() - 1);
	ok = ok && ctl() == (ENABLE | IMASK | ISTATUS);
	set_tval(1000000);
	left = (uint32_t)(is_virtual() ? guest_sysreg_read(cntv_tval_el0)
				       : guest_sysreg_read(cntp_tval_el0));
	ok = ok && left <= 1000000;
	set_ctl(0);
	report("registers", ok && count == 0);
}

/* Each comes exactly once, and not before its time. */
static void deadlines(const char *part, bool wait)
{
	bool ok = true;

	begin();
	for (unsigned int i = 1; i <= ROUNDS && ok; i++) {
		uint64_t when;

		irqs_off();
		when = now() + hz / 2000 + 37 * i;
		set_cval(when);
		set_ctl(ENABLE);
		while (wait && count < i) {
			__asm__ volatile("wfi");
			irqs_on();
			irqs_off();
		}
		irqs_on();
		ok = comes(i) && at >= when;
	}
	pass_time();
	report(part, ok && count == ROUNDS && others == 0);
}

static void late(void)
{
	bool ok;

	begin();
	manner = SET_LATE;
	set_cval(now());
	set_ctl(ENABLE);
	ok = comes(ROUNDS);
	pass_time();
	report("late", ok && count == ROUNDS && others == 0);
}

/* The interrupt is ended while its line is high; the line falls before a second
 * one is taken. On a loaded host the guest may be stopped in between, so a
 * second one is allowed, and the count printed. */
static void ends_first(void)
{
	bool ok = true;

	begin();
	manner = END_FIRST;
	for (unsigned int i = 1; i <= ROUNDS && ok; i++) {
		set_tval((uint32_t)(hz / 10000));
		set_ctl(ENABLE);
		ok = comes(i);
		pass_time();
	}
	report("ends-first", ok && count <= 2 * ROUNDS);
}

/* ISTATUS says that the line is high: the interrupt is there. */
static void status(void)
{
	bool ok = true;

	begin();
	for (unsigned int i = 1; i <= ROUNDS && ok; i++) {
		irqs_off();
		set_cval(now() + hz / 10000 + i);
		set_ctl(ENABLE);
		while (!(ctl() & ISTATUS)) {}
		irqs_on();
		ok = count == i;
	}
	report("status", ok);
}

/* None of these is near, but the machine goes on. */
static void far(void)
{
	static const uint64_t values[] = {
		UINT64_MAX,
		UINT64_MAX - 1,
		UINT64_MAX - (UINT64_C(1) << 20),
		UINT64_C(1) << 63,
		(UINT64_C(1) << 63) - 1,
		UINT64_C(1) << 62,
	};

	begin();
	for (unsigned int i = 0; i < sizeof(values) / sizeof(*values); i++) {
		set_cval(values[i]);
		set_ctl(ENABLE);
		pass_time();
		set_ctl(ENABLE | IMASK);
		set_ctl(ENABLE);
		pass_time();
		set_ctl(0);
	}
	report("far", count == 0 && others == 0);
	/* Into the past, perhaps to before the counter's start. */
	irqs_off();
	set_tval(UINT32_C(1) << 31);
	set_ctl(ENABLE);
	pass_time();
	set_ctl(0);
	irqs_on();
	report("tval", true);
}

/* ---- what the other end drives ---- */

static void wait_key(void)
{
	while (guest_read32(UART_FR) & RXFE) {}
	(void)guest_read32(GUEST_UART);
}

/* Both set to the far future, across a pause. */
static void far_and_wait(void)
{
	uint64_t virt = 0, phys = 0;

	for (unsigned int i = 0; i < 2; i++) {
		clock = &clocks[i];
		begin();
		set_cval(UINT64_MAX);
		set_ctl(ENABLE);
	}
	for (char n = '0';; n++) {
		clock = &clocks[0];
		guest_puts("FAR ");
		guest_putc(n);
		guest_puts(" virtual ");
		guest_puthex(now() - virt);
		virt = now();
		clock = &clocks[1];
		guest_puts(" physical ");
		guest_puthex(now() - phys);
		phys = now();
		guest_puts(" enabled ");
		guest_puthex(guest_sysreg_read(cntv_ctl_el0) << 4 |
			     guest_sysreg_read(cntp_ctl_el0));
		guest_puts(" irqs ");
		guest_puthex(count + others);
		guest_puts("\n");
		wait_key();
	}
}

/* Both tick, in a busy guest, perhaps beside another on the same CPU. */
static volatile uint64_t ticks[2];

static void tick(unsigned int vector, struct guest_frame *frame)
{
	uint32_t iar = acknowledge();

	(void)vector;
	(void)frame;
	for (unsigned int i = 0; i < 2; i++) {
		if ((iar & 0x3ff) == clocks[i].ppi) {
			clock = &clocks[i];
			set_tval((uint32_t)(hz / 1000));
			ticks[i]++;
		}
	}
	if ((iar & 0x3ff) < 1020) {
		end(iar);
	}
}

static void load(void)
{
	guest_on_exception = tick;
	for (unsigned int i = 0; i < 2; i++) {
		clock = &clocks[i];
		set_tval(1000);
		set_ctl(ENABLE);
	}
	for (uint64_t last = 0;; last = ticks[0]) {
		irqs_on();
		while (ticks[0] < last + 500 || ticks[1] < last + 400) {}
		irqs_off();
		guest_puts("TICKS ");
		guest_puthex(ticks[0]);
		guest_puts(" ");
		guest_puthex(ticks[1]);
		guest_puts("\n");
	}
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "timers=");

	hz = guest_sysreg_read(cntfrq_el0);
	gic_init();
	guest_on_exception = interrupt;
	if (what && guest_begins(what, "far")) {
		far_and_wait();
	}
	if (what && guest_begins(what, "load")) {
		load();
	}
	for (unsigned int i = 0; i < 2; i++) {
		clock = &clocks[i];
		registers();
		deadlines("spinning", false);
		deadlines("waiting", true);
		late();
		ends_first();
		status();
		far();
	}
	guest_puts("\nDONE\n");
}
