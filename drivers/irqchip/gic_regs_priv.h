/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the distributors of GICv2 (IHI0048 4.3) and GICv3 share. */
#ifndef GIC_REGS_PRIV_H
#define GIC_REGS_PRIV_H

#include <core/irq.h>
#include <drv/mmio.h>

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ICFGR 0xc00

#define GIC_NR_SGIS 16
#define GIC_FIRST_SPI 32
/*
 * Nothing nests. But guests can have IPIs sent to their own VCPUs without end,
 * and at equal priority the lowest number is taken first: IPIs come after
 * timers and devices, of which each comes at a rate no guest sets.
 */
#define GIC_PRIORITY 0xa0a0a0a0u
#define GIC_PRIORITY_IPI 0xb0b0b0b0u

static inline uint32_t gic_nr_irqs(volatile uint8_t *gicd)
{
	uint32_t n = ((mmio_read32(gicd + GICD_TYPER) & 0x1f) + 1) * 32;

	return MIN(n, 1020u);
}

static inline void gic_write_cfg(volatile uint8_t *frame, unsigned int irq,
				 enum irq_trigger trigger)
{
	volatile uint8_t *reg = frame + GICD_ICFGR + irq / 16 * 4;
	uint32_t bit = UINT32_C(2) << (irq % 16 * 2);
	uint32_t val = mmio_read32(reg);

	mmio_write32(reg, trigger == IRQ_TRIGGER_EDGE ? val | bit
						      : val & ~bit);
}

/* Lines [first, last): disabled, idle, one priority, in group 1 if asked. */
static inline void gic_init_lines(volatile uint8_t *frame, unsigned int first,
				  unsigned int last, bool group1)
{
	for (unsigned int i = first; i < last; i += 32) {
		mmio_write32(frame + GICD_ICENABLER + i / 8, ~0u);
		mmio_write32(frame + GICD_ICPENDR + i / 8, ~0u);
		mmio_write32(frame + GICD_ICACTIVER + i / 8, ~0u);
		if (group1) {
			mmio_write32(frame + GICD_IGROUPR + i / 8, ~0u);
		}
	}
	for (unsigned int i = first; i < last; i += 4) {
		mmio_write32(frame + GICD_IPRIORITYR + i,
			     i < GIC_NR_SGIS ? GIC_PRIORITY_IPI : GIC_PRIORITY);
	}
}

static inline void gic_init_shared(volatile uint8_t *gicd, unsigned int lines,
				   bool group1)
{
	gic_init_lines(gicd, GIC_FIRST_SPI, lines, group1);
}

/* SGIs stay enabled: they are the hypervisor's own IPIs. */
static inline void gic_init_private(volatile uint8_t *frame, bool group1)
{
	gic_init_lines(frame, 0, GIC_FIRST_SPI, group1);
	mmio_write32(frame + GICD_ISENABLER, 0xffff);
}

#endif
