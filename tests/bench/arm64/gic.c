/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measuring guests' GIC: SGIs, the timers, and SPIs of devices. */
#include "micro.h"

#define GICD_CTLR 0x000
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00
#define GICD_IROUTER 0x6000
#define GICR_WAKER 0x14
#define GICR_SGI 0x10000
#define GICR_STRIDE 0x20000
#define ENABLED (1u << TIMER_VIRT | 1u << TIMER_PHYS | 0xffffu) /* and SGIs */

void gic_init(void)
{
	/* v3: ARE and group 1; v2: the one group. */
	write32(platform.gicd + GICD_CTLR, platform.gicc ? 1 : 0x12);
}

static void init_private(uint64_t frame)
{
	for (unsigned int i = 0; i < 32; i += 4) {
		write32(frame + GICD_IPRIORITYR + i, 0x80808080u);
	}
	write32(frame + GICD_ISENABLER, ENABLED);
}

uint64_t gic_private(void)
{
	uint64_t cpu = sysreg_read(mpidr_el1) & 0xf;

	/* Affinity level 0 is the redistributor's number for our two. */
	return platform.gicc ? platform.gicd
			     : platform.gicr + cpu * GICR_STRIDE + GICR_SGI;
}

void gic_cpu_init(void)
{
	uint64_t frame = gic_private();

	if (platform.gicc) {
		init_private(frame);
		write32(platform.gicc + 4, 0xf0);
		write32(platform.gicc, 1);
		return;
	}
	write32(frame - GICR_SGI + GICR_WAKER, 0);
	while (read32(frame - GICR_SGI + GICR_WAKER) & 4) {}
	write32(frame + GICD_IGROUPR, ~0u);
	init_private(frame);
	sysreg_write(s3_0_c12_c12_5, 1); /* ICC_SRE_EL1 */
	isb();
	sysreg_write(s3_0_c4_c6_0, 0xf0); /* ICC_PMR_EL1 */
	sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	isb();
}

void gic_spi_on(uint32_t intid, bool edge, unsigned int cpu)
{
	uint64_t d = platform.gicd;
	uint32_t bit = 1u << intid % 32;

	if (platform.gicc) {
		*(volatile uint8_t *)(d + GICD_ITARGETSR + intid) =
			(uint8_t)(1u << cpu);
	} else {
		write32(d + GICD_IGROUPR + intid / 32 * 4,
			read32(d + GICD_IGROUPR + intid / 32 * 4) | bit);
		/* Affinity level 0, as gic_private() has it. */
		*(volatile uint64_t *)(d + GICD_IROUTER + 8 * intid) = cpu;
	}
	*(volatile uint8_t *)(d + GICD_IPRIORITYR + intid) = 0x80;
	write32(d + GICD_ICFGR + intid / 16 * 4,
		edge ? 2u << intid % 16 * 2 : 0);
	write32(d + GICD_ISENABLER + intid / 32 * 4, bit);
}

uint32_t gic_ack(void)
{
	if (platform.gicc) {
		return read32(platform.gicc + 0xc);
	}
	return (uint32_t)sysreg_read(s3_0_c12_c12_0);
}

void gic_eoi(uint32_t iar)
{
	if (platform.gicc) {
		write32(platform.gicc + 0x10, iar);
	} else {
		sysreg_write(s3_0_c12_c12_1, iar);
	}
}

void gic_sgi_cpu(unsigned int cpu, unsigned int sgi)
{
	if (platform.gicc) {
		write32(platform.gicd + GICD_SGIR, 1u << (16 + cpu) | sgi);
	} else {
		sysreg_write(s3_0_c12_c11_5, (uint64_t)sgi << 24 | 1u << cpu);
		isb();
	}
}

void gic_sgi_self(unsigned int sgi)
{
	if (platform.gicc) {
		write32(platform.gicd + GICD_SGIR, 2u << 24 | sgi);
	} else {
		gic_sgi_cpu((unsigned int)(sysreg_read(mpidr_el1) & 0xf), sgi);
	}
}
