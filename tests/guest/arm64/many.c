/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As many VCPUs as a guest can have: all wait, at first for timers that are
 * set to the same time; then with an interrupt pending that their CPU interface
 * does not accept, and the first executes single instructions that concern all
 * of them. Used to measure how long the hypervisor masks interrupts for that.
 * With GICv2 there are eight VCPUs, and no such interrupt.
 */
#include <guest.h>

#define VCPUS (v3 ? 128 : 8)

#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004

#define GICD UINT64_C(0x08000000)
#define GICC UINT64_C(0x08010000)
#define GICR UINT64_C(0x3d000000) /* for this number of VCPUs */
#define GICR_STRIDE UINT64_C(0x20000)
#define GICR_SGI UINT64_C(0x10000)
#define FW_CFG_DMA UINT64_C(0x09020010)
#define RAM UINT64_C(0x40000000)

#define KEPT 5 /* SGI of group 0, which no CPU interface has enabled */
#define SENT 1 /* SGI of group 1 */
#define TIMER_PPI 27

static bool v3;

/* Waits, and takes interrupts of group 1; uses no stack. x0: when its timer
 * fires, once. */
extern const uint8_t waiter[];
__asm__(".pushsection .text\n"
	".balign 4\n"
	"waiter:\n"
	"	msr cntv_cval_el0, x0\n"
	"	mov x0, #1\n"
	"	msr cntv_ctl_el0, x0\n"
	"	mov x0, #7\n"
	"	msr s3_0_c12_c12_5, x0\n" /* ICC_SRE_EL1 */
	"	isb\n"
	"	mov x0, #0xff\n"
	"	msr s3_0_c4_c6_0, x0\n" /* ICC_PMR_EL1 */
	"	mov x0, #1\n"
	"	msr s3_0_c12_c12_7, x0\n" /* ICC_IGRPEN1_EL1 */
	"	isb\n"
	"1:	wfi\n"
	"	msr cntv_ctl_el0, xzr\n"
	"2:	mrs x0, s3_0_c12_c12_0\n" /* ICC_IAR1_EL1 */
	"	cmp x0, #1020\n"
	"	b.hs 1b\n"
	"	msr s3_0_c12_c12_1, x0\n" /* ICC_EOIR1_EL1 */
	"	b 2b\n"
	".popsection\n");

/* The same, with GICv2. */
extern const uint8_t waiter_v2[];
__asm__(".pushsection .text\n"
	".balign 4\n"
	"waiter_v2:\n"
	"	msr cntv_cval_el0, x0\n"
	"	mov x0, #1\n"
	"	msr cntv_ctl_el0, x0\n"
	"	mov x1, #0x08000000\n" /* GICD */
	"	mov w0, #0x22\n"
	"	movk w0, #0x800, lsl #16\n"
	"	str w0, [x1, #0x100]\n" /* ISENABLER0: both SGIs, the timer */
	"	mov x1, #0x08010000\n"  /* GICC */
	"	mov w0, #0xff\n"
	"	str w0, [x1, #4]\n" /* PMR */
	"	mov w0, #1\n"
	"	str w0, [x1]\n" /* CTLR */
	"1:	wfi\n"
	"	msr cntv_ctl_el0, xzr\n"
	"2:	ldr w0, [x1, #0xc]\n" /* IAR */
	"	and w2, w0, #0x3ff\n"
	"	cmp w2, #1020\n"
	"	b.hs 1b\n"
	"	str w0, [x1, #0x10]\n" /* EOIR */
	"	b 2b\n"
	".popsection\n");

static uint64_t sgi_frame(uint64_t cpu)
{
	return GICR + cpu * GICR_STRIDE + GICR_SGI;
}

static uint64_t mpidr(uint64_t cpu)
{
	return v3 ? cpu / 16 << 8 | cpu % 16 : cpu;
}

static uint64_t entry(void)
{
	return (uint64_t)(v3 ? waiter : waiter_v2);
}

static void distributor(uint32_t groups)
{
	guest_write32(GICD, v3 ? 0x10 | groups : groups);
}

static void sgi_to_cluster(uint32_t cluster, uint32_t sgi)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c11_5, (uint64_t)sgi << 24 |
							   cluster << 16 |
							   0xffff);
	} else {
		guest_write32(GICD + 0xf00, 0xff0000 | sgi);
	}
}

static void sgi_to_others(uint32_t sgi)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c11_5,
				   UINT64_C(1) << 40 | (uint64_t)sgi << 24);
	} else {
		guest_write32(GICD + 0xf00, 1u << 24 | sgi);
	}
}

/* SPIs 32 to 63, of group 1 with GICv3, edge-triggered, each for another VCPU
 * if there are enough. */
static void shared(void)
{
	guest_write32(GICD + 0x84, v3 ? ~0u : 0);
	guest_write32(GICD + 0xc08, 0xaaaaaaaa);
	guest_write32(GICD + 0xc0c, 0xaaaaaaaa);
	for (uint64_t i = 32; i < 64; i++) {
		if (v3) {
			*(volatile uint64_t *)(GICD + 0x6000 + 8 * i) =
				mpidr(4 * (i - 32) + 3);
		} else {
			*(volatile uint8_t *)(GICD + 0x800 + i) =
				(uint8_t)(1 << i % 8);
		}
	}
}

static uint64_t now(void)
{
	return guest_sysreg_read(cntvct_el0);
}

static void start(void)
{
	uint64_t when;

	distributor(3);
	shared();
	for (uint64_t i = 0; i < VCPUS && v3; i++) {
		guest_write32(sgi_frame(i) + 0x80, ~(1u << KEPT));
		guest_write32(sgi_frame(i) + 0x100,
			      1u << KEPT | 1u << SENT | 1u << TIMER_PPI);
	}
	when = now() + guest_sysreg_read(cntfrq_el0) / 50;
	for (uint64_t i = 1; i < VCPUS; i++) {
		guest_hvc(CPU_ON, mpidr(i), entry(), when);
	}
	while (now() < when) {}
	for (uint32_t i = 0; i < VCPUS / 16; i++) {
		sgi_to_cluster(i, KEPT);
	}
}

/* DMA of a file's bytes, and zeroes behind them, to unused RAM. */
static void dma(void)
{
	static volatile uint32_t transfer[4];

	transfer[0] = __builtin_bswap32(0x19u << 16 | 0x8 | 0x2);
	transfer[1] = __builtin_bswap32(64u << 10);
	transfer[2] = 0;
	transfer[3] = __builtin_bswap32((uint32_t)(RAM + (4u << 20)));
	__asm__ volatile("dsb sy" : : : "memory");
	*(volatile uint64_t *)FW_CFG_DMA =
		__builtin_bswap64((uint64_t)transfer);
	while (transfer[0] & __builtin_bswap32(~1u)) {}
}

static void round(void)
{
	/* Groups off and on; SGIs to all others, and to a list of 16. */
	distributor(0);
	distributor(3);
	sgi_to_others(SENT);
	sgi_to_cluster(3, SENT);
	/* 32 SPIs at once, then one by one elsewhere. */
	guest_write32(GICD + 0x184, ~0u);
	guest_write32(GICD + 0x204, ~0u);
	guest_write32(GICD + 0x104, ~0u);
	guest_write32(GICD + 0x184, ~0u);
	guest_write32(GICD + 0x204, ~0u);
	shared();
	guest_write32(GICD + 0x284, ~0u);
	for (uint64_t i = 1; i < VCPUS && v3; i += 31) {
		(void)guest_read32(sgi_frame(i) + 0x200);
		guest_write32(sgi_frame(i) + 0x180, 1u << KEPT);
		guest_write32(sgi_frame(i) + 0x100, 1u << KEPT);
		guest_write32(sgi_frame(i) + 0x300, ~0u);
		guest_write32(sgi_frame(i) + 0x380, ~0u);
	}
	guest_hvc(AFFINITY_INFO, 0, 3, 0);
	guest_hvc(CPU_ON, mpidr(VCPUS - 1), entry(), 0);
	/* By set and way; and a file. */
	__asm__ volatile("dc cisw, xzr" : : : "memory");
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1));
	dma();
}

void guest_main(const void *tree)
{
	(void)tree;
	v3 = (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
	start();
	round();
	guest_puts("many: done\n");
}
