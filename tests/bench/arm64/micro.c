/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures the cost of traps. When all figures have been taken, each is printed
 * as
 *   bench NAME MIN MEAN MAX in units of 1/100 ns, which under -icount shift=0
 * is 1/100 instruction. The counter's step bounds MIN and MAX; MEAN is over
 * many rounds, placed so that it is exact. Rounds are marked for a plugin
 * (tests/plugins), and their series are named in the order in which they were
 * made:
 *   series NAME
 */
#include <string.h>

#include "docs/howto/examples/shared-ring/doorbell.h"
#include "micro.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define UNKNOWN_CALL 0x84001234u /* defined by no specification */
#define ROUNDS 4096
#define TIMER_ROUNDS 2048
#define PSCI_ROUNDS 1024
#define MAX_RESULTS 32

/* Is `name` in the list of wanted figures, or is there no list? */
static bool wanted(const char *name)
{
	size_t length = strlen(name);
	const char *p = platform.only;

	while (*p && (strncmp(p, name, length) != 0 ||
		      (p[length] && p[length] != ','))) {
		p = strchr(p, ',');
		if (!p) {
			return false;
		}
		p++;
	}
	return *p || !platform.only[0];
}

static unsigned int rounds(unsigned int usual)
{
	return platform.rounds ? platform.rounds : usual;
}

static const char *series_names[MAX_RESULTS];
static unsigned int series_count;

/* Begin a series: rounds from here on belong to this name. */
static void series(const char *name)
{
	if (series_count < MAX_RESULTS) {
		series_names[series_count++] = name;
	}
	mark(MARK_SERIES);
}

static void print_series(void)
{
	mark(MARK_SERIES); /* the last is over */
	put("\n");
	for (unsigned int i = 0; i < series_count; i++) {
		put("series ");
		put(series_names[i]);
		put("\n");
	}
}

static uint64_t hz;

struct figure {
	uint64_t min, max, sum, n; /* counter ticks */
};

/* Results are printed at the end: a hypervisor may still be working on output
 * during later measurements. */
static struct result {
	const char *name;
	uint64_t min, mean, max; /* 1/100 ns */
} results[MAX_RESULTS];
static unsigned int result_count;

/* Written by the handler of either CPU. */
static volatile uint64_t irq_at, irq_done, irq_count;
static volatile uint64_t other_at, other_count;
static volatile uint64_t second_at;
static volatile bool second_up, second_stop, second_spin, second_silent;

static uint64_t now(void)
{
	isb();
	return sysreg_read(cntvct_el0);
}

/*
 * The counter advances once in several instructions: start each round at a
 * different phase, so that means are exact. An iteration has three
 * instructions, which is prime to 16.
 */
static void dither(unsigned int i)
{
	uint64_t n = i % 64 + 1;

	__asm__ volatile("1: nop\n\tsubs %0, %0, #1\n\tb.ne 1b"
			 : "+r"(n)
			 :
			 : "cc");
}

static void add(struct figure *f, uint64_t ticks)
{
	f->min = f->n == 0 || ticks < f->min ? ticks : f->min;
	f->max = ticks > f->max ? ticks : f->max;
	f->sum += ticks;
	f->n++;
}

/* 1/100 ns; hz divides 10^11 on all machines of interest or nearly. */
static uint64_t centi(uint64_t ticks, uint64_t n)
{
	return ticks * (100000000000ull / hz) / n;
}

static uint64_t without(uint64_t value, uint64_t less)
{
	return value > less ? value - less : 0;
}

/* `less` is the cost of measuring, which is part of each round. */
static void result(const char *name, const struct figure *f, uint64_t less)
{
	struct result *r = &results[result_count];

	if (f->n == 0 || result_count == MAX_RESULTS) {
		return;
	}
	r->name = name;
	r->min = without(centi(f->min, 1), less);
	r->mean = without(centi(f->sum, f->n), less);
	r->max = without(centi(f->max, 1), less);
	result_count++;
}

static void print_results(void)
{
	for (const struct result *r = results; r < results + result_count;
	     r++) {
		put("bench ");
		put(r->name);
		put(" ");
		put_number(r->min);
		put(" ");
		put_number(r->mean);
		put(" ");
		put_number(r->max);
		put("\n");
	}
}

/* The cost of measuring a round, subtracted from means: two reads of the
 * counter. */
static uint64_t overhead;
/* Likewise the instructions of start.S before it reads the counter. */
#define IRQ_ENTRY (IRQ_ENTRY_INSNS * 100)

#define MEASURE(name, code) \
	do { \
		struct figure f_ = { 0 }; \
		unsigned int n_ = wanted(name) ? rounds(ROUNDS) : 0; \
		if (n_ > 0) { \
			series(name); \
		} \
		for (unsigned int i_ = 0; i_ < n_; i_++) { \
			uint64_t t_; \
			dither(i_); \
			mark(MARK_BEGIN); \
			t_ = now(); \
			code; \
			t_ = now() - t_; \
			mark(MARK_END); \
			add(&f_, t_); \
		} \
		result(name, &f_, overhead); \
	} while (0)

static void measure_overhead(void)
{
	struct figure f = { 0 };

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t t;

		dither(i);
		t = now();
		add(&f, now() - t);
	}
	overhead = centi(f.sum, f.n);
}

static void timer_off(unsigned int ppi)
{
	if (ppi == TIMER_VIRT) {
		sysreg_write(cntv_ctl_el0, 0);
	} else {
		sysreg_write(cntp_ctl_el0, 0);
	}
	isb();
}

static void device_or_timer(unsigned int intid)
{
	if (intid > 31) {
		(void)doorbell_read(platform.doorbell, DOORBELL_ACK);
	} else {
		timer_off(intid);
	}
}

void irq_handler(uint64_t at);
void irq_handler(uint64_t at)
{
	bool second = (sysreg_read(mpidr_el1) & 0xf) != 0;
	uint32_t iar = gic_ack();

	if ((iar & 0x3ff) > 15) {
		device_or_timer(iar & 0x3ff);
	}
	gic_eoi(iar);
	if (second) {
		other_at = at;
		other_count++;
		if (!second_silent) {
			/* The sender may be waiting, perhaps on this CPU. */
			gic_sgi_cpu(0, 1);
		}
	} else {
		irq_at = at;
		irq_count++;
		irq_done = sysreg_read(cntvct_el0);
	}
}

static void irqs_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

static void irqs_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline void hvc(uint32_t fn)
{
	register uint64_t r0 __asm__("x0") = fn;

	__asm__ volatile("hvc #0" : "+r"(r0) : : "x1", "x2", "x3", "memory");
}

static void calls(void)
{
	MEASURE("hypercall", hvc(PSCI_VERSION));
	MEASURE("hypercall-unknown", hvc(UNKNOWN_CALL));
	MEASURE("sysreg-id", sysreg_read(id_aa64pfr0_el1));
}

/*
 * Two devices, one access to either in turn; the mean of both. Each pair begins
 * at a different phase of the counter, as each round does elsewhere: if both
 * accesses of a pair did, the first ones would only have even phases, or only
 * odd ones.
 */
static void in_turn(void)
{
	static const char name[] = "mmio-in-turn";
	struct figure f = { 0 };
	unsigned int n = wanted(name) ? rounds(ROUNDS) : 0;

	if (n > 0) {
		series(name);
	}
	for (unsigned int i = 0; i < n; i++) {
		uint64_t reg = i % 2 ? platform.uart + 0x18 : platform.gicd + 4;
		uint64_t t;

		dither(i % 2 ? 0 : i / 2);
		/* Both are one round. */
		if (i % 2 == 0) {
			mark(MARK_BEGIN);
		}
		t = now();
		read32(reg);
		t = now() - t;
		if (i % 2 != 0) {
			mark(MARK_END);
		}
		add(&f, t);
	}
	result(name, &f, overhead);
}

/* A character, as Linux sends it. Measured last, because showing it keeps a
 * hypervisor busy for some time. */
static void send(void)
{
	MEASURE("uart-send-half", write16(platform.uart, '.'));
}

static void mmio(void)
{
	uint64_t gicd = platform.gicd;

	MEASURE("uart-read", read32(platform.uart + 0x18));
	MEASURE("uart-write", write32(platform.uart + 0x44, 0));
	MEASURE("uart-read-half", read16(platform.uart + 0x18));
	MEASURE("uart-write-half", write16(platform.uart + 0x44, 0));
	MEASURE("gicd-typer-read", read32(gicd + 4));
	MEASURE("gicd-isenabler-read", read32(gicd + 0x104));
	MEASURE("gicd-isenabler-write", write32(gicd + 0x104, 0));
}

/* Enable a private interrupt that was disabled. */
static void own_enable(void)
{
	uint64_t frame = gic_private();
	struct figure f = { 0 };

	series("isenabler0-write");
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint64_t t;

		write32(frame + 0x180, 1u << TIMER_PHYS);
		dither(i);
		mark(MARK_BEGIN);
		t = now();
		write32(frame + 0x100, 1u << TIMER_PHYS);
		t = now() - t;
		mark(MARK_END);
		add(&f, t);
	}
	result("isenabler0-write", &f, overhead);
}

static void self_sgi(void)
{
	struct figure handler = { 0 }, whole = { 0 };

	series("sgi-self-eoi");
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint64_t before = irq_count, t;

		dither(i);
		mark(MARK_BEGIN);
		t = now();
		gic_sgi_self(0);
		while (irq_count == before) {}
		mark(MARK_END);
		add(&handler, irq_at - t);
		add(&whole, irq_done - t);
	}
	result("sgi-self", &handler, IRQ_ENTRY);
	result("sgi-self-eoi", &whole, IRQ_ENTRY);
}

/* More SGIs than there are list registers, one after the other. */
static void sgi_rotation(void)
{
	struct figure f = { 0 };

	series("sgi-rotation");
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint64_t before = irq_count, t;

		dither(i);
		/* All sixteen are one round. */
		if (i % 16 == 0) {
			mark(MARK_BEGIN);
		}
		t = now();
		gic_sgi_self(i % 16);
		while (irq_count == before) {}
		if (i % 16 == 15) {
			mark(MARK_END);
		}
		add(&f, irq_at - t);
	}
	result("sgi-rotation", &f, IRQ_ENTRY);
}

static void eoi(void)
{
	struct figure f = { 0 };

	series("irq-end");
	irqs_off();
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint32_t iar;
		uint64_t t;

		gic_sgi_self(0);
		do {
			iar = gic_ack();
		} while ((iar & 0x3ff) > 1019);
		dither(i);
		mark(MARK_BEGIN);
		t = now();
		gic_eoi(iar);
		t = now() - t;
		mark(MARK_END);
		add(&f, t);
	}
	irqs_on();
	result("irq-end", &f, overhead);
}

/* How far the physical counter is ahead of the virtual one; the value read is
 * never too small. */
static uint64_t physical_ahead(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t at = now();
		uint64_t ahead = sysreg_read(cntpct_el0) - at;

		least = ahead < least ? ahead : least;
		dither(i);
	}
	return least;
}

static void timer_start(unsigned int ppi, uint64_t at, uint64_t ahead)
{
	if (ppi == TIMER_VIRT) {
		sysreg_write(cntv_cval_el0, at);
		sysreg_write(cntv_ctl_el0, 1);
	} else {
		sysreg_write(cntp_cval_el0, at + ahead);
		sysreg_write(cntp_ctl_el0, 1);
	}
	isb();
}

/* `at` and the handler's time are of the virtual counter, for both timers. */
static void timer(const char *name, unsigned int ppi, bool wait)
{
	uint64_t ahead = physical_ahead();
	struct figure f = { 0 };
	unsigned int n = wanted(name) ? rounds(TIMER_ROUNDS) : 0;

	if (n > 0) {
		series(name);
	}
	for (unsigned int i = 0; i < n; i++) {
		uint64_t before = irq_count, at;

		/* Far enough ahead for a guest, and its hypervisor, to go to
		 * sleep. The deadline is a step of the counter, which is read 0
		 * to 15 instructions later, so that the mean of the values is
		 * exact. */
		irqs_off();
		irq_delay = i % 16;
		mark(MARK_BEGIN);
		at = now() + (wait ? hz / 5000 : hz / 50000) + i % 61;
		timer_start(ppi, at, ahead);
		if (wait) {
			__asm__ volatile("wfi");
		}
		irqs_on();
		while (irq_count == before) {}
		mark(MARK_END);
		add(&f, irq_at - at);
	}
	irq_delay = 0;
	result(name, &f, IRQ_ENTRY);
}

static void memory(void)
{
	static uint8_t here;
	struct figure f = { 0 };
	uint64_t page = ((uint64_t)&here & ~0xfffull) + (16u << 20);

	for (unsigned int i = 0; i < 1024; i++, page += 4096) {
		uint64_t t;

		if (page + 4096 > platform.ram + platform.ram_size) {
			break;
		}
		dither(i);
		t = now();
		*(volatile uint64_t *)page = i;
		add(&f, now() - t);
	}
	result("first-touch", &f, overhead);
}

/* While counting, QEMU runs one CPU at a time: switch to the other. */
static void yield(void)
{
	__asm__ volatile("yield" : : : "memory");
}

void second_main(uint64_t at);
void second_main(uint64_t at)
{
	second_at = at;
	gic_cpu_init();
	irqs_on();
	second_up = true;
	__asm__ volatile("dsb sy; sev" : : : "memory");
	gic_sgi_cpu(0, 1);
	while (!second_stop) {
		if (second_spin) {
			yield();
		} else {
			__asm__ volatile("wfi");
		}
	}
	irqs_off();
	psci(PSCI_CPU_OFF, 0, 0, 0);
}

static void wait_sgi(uint64_t before)
{
	for (;;) {
		irqs_off();
		if (irq_count != before) {
			break;
		}
		__asm__ volatile("wfi");
		irqs_on();
	}
	irqs_on();
}

/* Sleep for 20 us, so that another VCPU of this CPU runs. */
static void nap(void)
{
	irqs_off();
	sysreg_write(cntv_cval_el0, now() + hz / 50000);
	sysreg_write(cntv_ctl_el0, 1);
	isb();
	while (sysreg_read(cntv_ctl_el0) & 1) {
		__asm__ volatile("wfi");
		irqs_on();
		irqs_off();
	}
	irqs_on();
}

static void tell_by_sgi(void)
{
	gic_sgi_cpu(1, 0);
}

/* At the same guest: the peer is found by its number all the same. */
static void tell_by_doorbell(void)
{
	write32(platform.doorbell + DOORBELL_RING, 0);
}

/* `tell` is known where it is called from, so that no call is measured. */
static inline __attribute__((always_inline)) void
tell_other(const char *there, const char *back, void (*tell)(void))
{
	struct figure ipi = { 0 }, round = { 0 };

	gic_sgi_cpu(1, 0);
	nap(); /* until it waits as it will */
	series(back);
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint64_t before = irq_count, t;

		dither(i);
		mark(MARK_BEGIN);
		t = now();
		tell();
		yield();
		wait_sgi(before);
		mark(MARK_END);
		add(&ipi, other_at - t);
		add(&round, irq_at - t);
	}
	result(there, &ipi, IRQ_ENTRY);
	result(back, &round, IRQ_ENTRY);
}

static void sgi_other(const char *there, const char *back)
{
	tell_other(there, back, tell_by_sgi);
}

/* Vector 0 of the only peer, which interrupts the other CPU. */
static void doorbell_other(const char *there, const char *back)
{
	gic_spi_on(platform.doorbell_intid, true, 1);
	doorbell_write(platform.doorbell, DOORBELL_ENABLE, 1);
	doorbell_write(platform.doorbell, DOORBELL_STATE, 1);
	tell_other(there, back, tell_by_doorbell);
}

/* Only IPIs, to count what a hypervisor does for one: both CPUs run all the
 * time, and no IPI is answered. */
static void ipi(void)
{
	second_spin = true;
	second_silent = true;
	series("ipi-el2");
	for (unsigned int i = 0; i < rounds(ROUNDS); i++) {
		uint64_t before = other_count;

		mark(MARK_BEGIN);
		gic_sgi_cpu(1, 0);
		while (other_count == before) {
			yield();
		}
		mark(MARK_END);
	}
}

static void second_cpu(void)
{
	struct figure on = { 0 };
	unsigned int n = wanted("cpu-on") ? rounds(PSCI_ROUNDS) : 1;

	series("cpu-on");
	for (unsigned int i = 0; i < n; i++) {
		uint64_t before = irq_count, t;

		second_up = false;
		second_stop = false;
		dither(i);
		mark(MARK_BEGIN);
		t = now();
		if (psci(PSCI_CPU_ON, platform.second_mpidr,
			 (uint64_t)second_entry, 0) != 0) {
			return;
		}
		while (!second_up) {
			wait_sgi(before);
			yield();
		}
		mark(MARK_END);
		add(&on, second_at - t);
		second_stop = i + 1 < n;
		if (second_stop) {
			gic_sgi_cpu(1, 0);
			while (psci(PSCI_AFFINITY_INFO, platform.second_mpidr,
				    0, 0) != 1) {
				nap();
			}
		}
	}
	result("cpu-on", &on, overhead / 2);
	if (wanted("sgi-other")) {
		sgi_other("sgi-other", "sgi-round-trip");
	}
	if (platform.doorbell && wanted("doorbell-other")) {
		doorbell_other("doorbell-other", "doorbell-trip");
	}
	/* Only if the other VCPU has its own CPU: on this one we would wait for
	 * the end of a slice. */
	if (platform.only[0] && wanted("sgi-other-spin")) {
		second_spin = true;
		sgi_other("sgi-other-spin", "sgi-round-trip-spin");
	}
	if (platform.doorbell && wanted("doorbell-other-spin")) {
		second_spin = true;
		doorbell_other("doorbell-other-spin", "doorbell-trip-spin");
	}
	if (platform.only[0] && wanted("ipi")) {
		ipi();
	}
}

/*
 * Two guests on one CPU, each spinning: each records when it was not running,
 * by the counter that both share. A switch lasts from one leaving to the other
 * running; whoever reads both consoles combines the two.
 */
#define GAPS 16

static void switches(void)
{
	static struct {
		uint64_t left, back;
	} gaps[GAPS];
	uint64_t much = hz / 2000, last = sysreg_read(cntpct_el0);
	uint64_t end = last + hz / 5;
	unsigned int n = 0, most = rounds(GAPS);

	series("switch");
	while (n < most && last < end) {
		uint64_t at = sysreg_read(cntpct_el0);

		if (at - last > much) {
			/* From the other guest leaving, its last mark, to us: a
			 * round is one switch. */
			mark(MARK_END);
			mark(MARK_BEGIN);
			gaps[n % GAPS].left = last;
			gaps[n++ % GAPS].back = at;
			end = at + hz / 20;
		}
		last = at;
	}
	print_series();
	for (unsigned int i = 0; i < n && i < GAPS; i++) {
		put("gap ");
		put_number(centi(gaps[i].left, 1));
		put(" ");
		put_number(centi(gaps[i].back, 1));
		put("\n");
	}
}

/* The host's counter, which starts at power-on. */
static void power_on(uint64_t at)
{
	struct figure f = { at, at, at, 1 };

	result("power-on", &f, 0);
}

void micro_main(const void *tree, uint64_t at);
void micro_main(const void *tree, uint64_t at)
{
	platform_init(tree);
	hz = sysreg_read(cntfrq_el0);
	if (strcmp(platform.only, "switch") == 0) {
		switches();
		put("bench done\n");
		psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	}
	measure_overhead();
	power_on(at);
	gic_init();
	gic_cpu_init();
	calls();
	mmio();
	in_turn();
	if (wanted("isenabler0-write")) {
		own_enable();
	}
	irqs_on();
	if (wanted("sgi-self")) {
		self_sgi();
	}
	if (wanted("irq-end")) {
		eoi();
	}
	timer("timer-spin", TIMER_VIRT, false);
	timer("timer-wfi", TIMER_VIRT, true);
	if (wanted("first-touch")) {
		memory();
	}
	if (platform.cpus > 1 &&
	    (wanted("cpu-on") || wanted("sgi-other") ||
	     wanted("sgi-other-spin") || wanted("ipi") ||
	     wanted("doorbell-other") || wanted("doorbell-other-spin"))) {
		second_cpu();
	}
	if (wanted("sgi-rotation")) {
		sgi_rotation();
	}
	send();
	/* Measured last: a guest that has used both timers may have to be
	 * switched with both. */
	timer("ptimer-spin", TIMER_PHYS, false);
	timer("ptimer-wfi", TIMER_PHYS, true);
	put("\nbench start\n");
	print_series();
	print_results();
	put("bench undef ");
	put_number(undef_count);
	put("\nbench done\n");
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}
