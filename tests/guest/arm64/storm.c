/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest whose VCPUs all do the same thing as fast as they can, for ever: what
 * `storm=` in its boot arguments names. It must not keep the hypervisor from
 * answering, or from stopping the guest.
 */
#include <guest.h>

#define VCPUS GUEST_VCPUS

#define CPU_OFF 0x84000002
#define SYSTEM_RESET 0x84000009
#define CPU_SUSPEND 0xc4000001
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004

#define GICD 0x08000000UL
#define GICR 0x080a0000UL
#define GICR_STRIDE 0x20000UL
#define FW_CFG_DMA 0x09020010UL
#define HOLE 0x30000000UL

static struct {
	uint64_t random;
	uint32_t transfer[8];
} cpus[VCPUS];

static void run(void);

static unsigned int self(void)
{
	return (unsigned int)(guest_sysreg_read(mpidr_el1) & (VCPUS - 1));
}

/* Xorshift: each VCPU its own. */
static uint64_t next(void)
{
	uint64_t *s = &cpus[self()].random;

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void turn_on_at(uint64_t cpu, uint64_t entry)
{
	guest_hvc(CPU_ON, cpu, entry, (uint64_t)run);
}

static void turn_on(uint64_t cpu)
{
	turn_on_at(cpu, (uint64_t)guest_secondary);
}

/* --- storms ------------------------------------------------------------- */

static void spin(void)
{
	__asm__ volatile("msr daifset, #15");
	for (;;) {}
}

static void psci(void)
{
	uint64_t r = next();

	turn_on(r & 7);
	guest_hvc(AFFINITY_INFO, r >> 3 & 7, r >> 6 & 3, 0);
	guest_hvc(CPU_ON, r >> 8 & 7, r & ~UINT64_C(3), 0);
	if (self() != 0 && (r & 0x1000)) {
		guest_hvc(CPU_OFF, 0, 0, 0);
	}
}

static void sgi(void)
{
	/* ICC_SGI1R_EL1: to all in the list, or to itself alone. */
	uint64_t list = next() & 1 ? 0xff : UINT64_C(1) << self();

	guest_sysreg_write(s3_0_c12_c11_5, list | (next() & 15) << 24);
}

static void gic(void)
{
	uint64_t r = next();
	uint64_t at = r & 1 ? GICD + (r >> 8 & 0xfffc)
			    : GICR + (r >> 8 & (VCPUS * GICR_STRIDE - 4));

	if (r & 2) {
		guest_write32(at, (uint32_t)next());
	} else {
		(void)guest_read32(at);
	}
	sgi();
}

static void timer(void)
{
	guest_sysreg_write(cntv_cval_el0,
			   next() & 1 ? 0 : guest_sysreg_read(cntvct_el0));
	guest_sysreg_write(cntv_ctl_el0, 1);
	guest_sysreg_write(cntp_cval_el0,
			   guest_sysreg_read(cntpct_el0) + (next() & 0xff));
	guest_sysreg_write(cntp_ctl_el0, next() & 3);
	__asm__ volatile("wfi");
}

static void reset(void)
{
	guest_hvc(SYSTEM_RESET, 0, 0, 0);
}

static void crash(void)
{
	guest_sysreg_write(vbar_el1, HOLE);
	__asm__ volatile("isb\n\tbrk #0");
}

static void console(void)
{
	guest_puts("storm storm storm storm storm storm storm storm\n");
}

/* DMA over itself, over RAM, or to unmapped addresses; of a few bytes or of
 * gigabytes. */
static void dma(void)
{
	uint32_t *t = cpus[self()].transfer;
	uint64_t r = next();
	uint64_t to = r & 1 ? (uint64_t)t : next();

	t[0] = __builtin_bswap32((uint32_t)(next() & 0x1f001f));
	t[1] = __builtin_bswap32((uint32_t)next() >> (r & 2 ? 0 : 20));
	t[2] = __builtin_bswap32((uint32_t)(to >> 32));
	t[3] = __builtin_bswap32((uint32_t)to);
	__asm__ volatile("dsb sy" : : : "memory");
	*(volatile uint64_t *)FW_CFG_DMA =
		__builtin_bswap64(r & 4 ? (uint64_t)t + (r >> 8 & 31) : next());
}

/* Changes any VCPU's interrupts: enabled, pending, active, priority, target;
 * while VCPUs come and go, groups are disabled, and caches are flushed. */
static void race(void)
{
	static const uint16_t kinds[] = { 0x80,  0x100, 0x180, 0x200,
					  0x280, 0x300, 0x380 };
	uint64_t r = next(), cpu = r >> 4 & (VCPUS - 1);
	uint64_t frame = r & 8 ? GICD + 4 * (1 + (r >> 8 & 3))
			       : GICR + cpu * GICR_STRIDE + 0x10000;

	switch (r & 7) {
	case 0:
		guest_write32(GICD, r & 0x100 ? 0x12 : 0x10);
		break;
	case 1:
		turn_on(cpu);
		break;
	case 2:
		if (self() != 0 && (r & 0x700) == 0) {
			guest_hvc(CPU_OFF, 0, 0, 0);
		}
		break;
	case 3:
		*(volatile uint64_t *)(GICD + 0x6000 +
				       8 * (32 + (r >> 8 & 63))) =
			r & 0x80 ? cpu : UINT64_C(1) << 31;
		break;
	case 4:
		guest_write32((r & 8 ? GICD + 0x420 + (r >> 8 & 0x3c)
				     : frame + 0x400 + (r >> 8 & 0x1c)),
			      (uint32_t)next());
		break;
	case 5:
		if ((r & 0xf00) == 0) {
			__asm__ volatile("dc cisw, xzr");
		}
		sgi();
		break;
	default:
		frame += kinds[(r >> 16) % 7];
		guest_write32(frame, (uint32_t)next());
		(void)guest_read32(frame);
		break;
	}
}

/* CPU_ON at addresses without code or memory, for VCPUs that exist or not. */
static void odd(void)
{
	static const uint64_t places[] = {
		0,
		1,
		2,
		HOLE,
		GICD,
		FW_CFG_DMA,
		0x3ffffffc,
		UINT64_MAX,
		UINT64_MAX - 3,
		UINT64_C(1) << 40,
		UINT64_C(1) << 52,
		0x40000001,
		0x40000002,
		UINT64_C(0x8000000040000000),
	};
	uint64_t r = next();
	uint64_t entry = r & 1 ? (uint64_t)guest_secondary
			       : places[(r >> 8) % (sizeof(places) / 8)];
	uint64_t cpu = r & 2 ? r >> 16 & (VCPUS - 1) : next() >> (r >> 24 & 63);

	/* The first never waits: when all do, nothing ends it. */
	switch (self() == 0 ? 3 : r >> 2 & 3) {
	case 0:
		guest_hvc(CPU_SUSPEND, r >> 40 & 0x10000, entry, r);
		break;
	case 1:
		guest_hvc(CPU_SUSPEND, next() & 0x3010003, entry, r);
		break;
	case 2:
		if (!(r & 0x7000)) {
			guest_hvc(CPU_OFF, 0, 0, 0);
		}
		break;
	default:
		turn_on_at(cpu, entry);
		break;
	}
	/* Ends a wait in there. */
	sgi();
}

static void wfx(void)
{
	uint64_t r = next();

	guest_sysreg_write(cntv_cval_el0,
			   guest_sysreg_read(cntvct_el0) + (r >> 8 & 0xfff));
	guest_sysreg_write(cntv_ctl_el0, 1);
	switch (r & 7) {
	case 0:
		__asm__ volatile("wfi");
		break;
	case 1:
		__asm__ volatile("sevl\n\twfe");
		break;
	case 2:
		__asm__ volatile("sev");
		break;
	case 3:
		__asm__ volatile("yield");
		break;
	default:
		__asm__ volatile("wfe");
		break;
	}
}

/* The physical timer at its ends. The virtual one's upper half is left out:
 * once the guest has been paused QEMU 7.2 itself stands still then. */
static void times(void)
{
	static const uint64_t ends[] = {
		0,
		1,
		UINT64_MAX,
		UINT64_MAX - 1,
		UINT64_C(1) << 63,
		(UINT64_C(1) << 63) - 1,
		UINT64_C(1) << 62,
		UINT32_MAX,
	};
	uint64_t r = next(), cval = ends[r >> 8 & 7];

	if (r & 1) {
		guest_sysreg_write(cntp_cval_el0, cval);
	} else if (r & 2) {
		guest_sysreg_write(cntp_tval_el0, r & 4 ? 0x80000000 : cval);
	} else {
		guest_sysreg_write(cntp_cval_el0, next());
	}
	guest_sysreg_write(cntp_ctl_el0, r >> 16 & 7);
	guest_sysreg_write(cntv_cval_el0, cval >> 2);
	guest_sysreg_write(cntv_ctl_el0, r >> 20 & 3);
	(void)guest_sysreg_read(cntp_tval_el0);
	if ((r & 0xff000000) == 0) {
		guest_sysreg_write(cntp_ctl_el0, 1);
		guest_sysreg_write(cntp_tval_el0, 10000);
		__asm__ volatile("wfi");
	}
}

/* Incomplete flash commands, invalid buffers, and random words written to
 * fw_cfg, RTC, GPIO and VirtIO. */
static void devices(void)
{
	static const uint8_t commands[] = { 0x10, 0x40, 0xe8, 0xe8, 0xe8, 0x20,
					    0xd0, 0xd0, 0x60, 0x01, 0xff, 0x70,
					    0x90, 0x98, 0x50, 0xb0 };
	static const uint32_t others[] = { 0x09020000, 0x09010000, 0x09030000,
					   0x0a000000 };
	uint64_t r = next(), at, val;

	if (r & 7) {
		/* Near each other, so that some overlap; or anywhere. */
		at = (r >> 8 & 0x7ffffff) & (r & 8 ? 0x7fff : ~UINT64_C(0));
		val = r & 0x10 ? commands[r >> 36 & 15] : r >> 40 & 0x3ff;
	} else {
		at = others[r >> 4 & 3] + (r >> 8 & 0xfff);
		val = next();
	}
	at &= ~((UINT64_C(1) << (r >> 60 & 3)) - 1);
	switch (r >> 60 & 7) {
	case 0:
		*(volatile uint8_t *)at = (uint8_t)val;
		break;
	case 1:
		*(volatile uint16_t *)at = (uint16_t)val;
		break;
	case 2:
		guest_write32(at, (uint32_t)val);
		break;
	case 3:
		*(volatile uint64_t *)at = val;
		break;
	default:
		(void)*(volatile uint8_t *)at;
		break;
	}
}

/* Caches off and on, with set/way operations before and after: each time the
 * hypervisor flushes all of the guest's memory. 1 GiB blocks, 1:1. */
static void setway(void)
{
	static volatile uint64_t table[512] __attribute__((aligned(4096)));

	table[0] = 0x401;              /* AF, device (0 of MAIR) */
	table[1] = 0x40000000 | 0x709; /* AF, shareable, normal (2 of MAIR) */
	guest_sysreg_write(mair_el1, UINT64_C(0xff) << 16);
	guest_sysreg_write(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23);
	guest_sysreg_write(ttbr0_el1, (uint64_t)table);
	__asm__ volatile("dsb sy\n\tisb\n\ttlbi vmalle1\n\tdsb sy\n\tisb");
	__asm__ volatile("dc cisw, %0" : : "r"(next() & 0xfffffff0));
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1) | 0x1005);
	__asm__ volatile("isb\n\tdc isw, xzr\n\tdc csw, xzr");
	guest_sysreg_write(sctlr_el1,
			   guest_sysreg_read(sctlr_el1) & ~UINT64_C(0x1005));
	__asm__ volatile("isb");
}

/* Of this guest's translations and instructions, on all CPUs. */
static void broadcast(void)
{
	uint64_t page = next() & 0xfffffffffff;

	__asm__ volatile("tlbi vmalle1is\n\tdsb ish\n\t"
			 "tlbi vae1is, %0\n\ttlbi vaale1is, %0\n\t"
			 "tlbi aside1is, %0\n\tdsb ish\n\t"
			 "ic ialluis\n\tdsb ish\n\tisb"
			 :
			 : "r"(page)
			 : "memory");
}

static const struct storm {
	const char *name;
	void (*step)(void);
	bool alone; /* one VCPU does */
} storms[] = {
	{ "spin", spin, false },
	{ "psci", psci, false },
	{ "sgi", sgi, false },
	{ "gic", gic, false },
	{ "timer", timer, false },
	{ "reset", reset, true },
	{ "crash", crash, true },
	{ "console", console, false },
	{ "dma", dma, false },
	{ "race", race, false },
	{ "odd", odd, false },
	{ "wfx", wfx, false },
	{ "times", times, false },
	{ "devices", devices, false },
	{ "setway", setway, false },
	{ "broadcast", broadcast, false },
	{ 0 },
};

static const struct storm *chosen;

/* --- beginning ---------------------------------------------------------- */

/* All interrupts, of group 1 (GICv3), at any priority. */
static void interrupts_on(void)
{
	uint64_t frame = GICR + self() * GICR_STRIDE + 0x10000;

	guest_write32(GICD, 0x12);             /* CTLR: ARE, group 1 */
	guest_write32(frame + 0x80, ~0u);      /* IGROUPR0 */
	guest_write32(frame + 0x100, ~0u);     /* ISENABLER0 */
	guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	__asm__ volatile("isb");
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	__asm__ volatile("isb\n\tmsr daifclr, #2");
}

static void on_exception(unsigned int vector, struct guest_frame *frame)
{
	uint64_t intid;

	if ((vector & 3) != 1) {
		frame->elr += 4; /* synchronous: not that one */
		return;
	}
	intid = guest_sysreg_read(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
	guest_sysreg_write(s3_0_c12_c12_1, intid); /* ICC_EOIR1_EL1 */
}

static void run(void)
{
	cpus[self()].random = guest_sysreg_read(cntvct_el0) << 4 | 1 |
			      (uint64_t)self() << 1;
	if (!chosen->alone) {
		interrupts_on();
	}
	for (;;) {
		chosen->step();
	}
}

static const struct storm *find(const void *tree)
{
	const char *text = guest_argument(tree, "storm=");

	for (const struct storm *s = storms; text && s->name; s++) {
		if (guest_begins(text, s->name)) {
			return s;
		}
	}
	return 0;
}

void guest_main(const void *tree)
{
	chosen = find(tree);
	if (!chosen) {
		guest_puts("\nstorm: which?\n");
		return;
	}
	guest_puts("\nstorm: ");
	guest_puts(chosen->name);
	guest_puts("\n");
	guest_on_exception = on_exception;
	for (uint64_t i = 1; i < VCPUS && !chosen->alone; i++) {
		turn_on(i);
	}
	run();
}
