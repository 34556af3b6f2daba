/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the distributors of GICv2 (IHI0048 4.3) and GICv3 share. */
#ifndef GIC_REGS_PRIV_H
#define GIC_REGS_PRIV_H

#include <arch/mmio.h>
#include <core/irq.h>

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
 * The hardware priority for an irq_priority. Four bits are used, which is what
 * an implementation with five bits shows in the Non-secure view (IHI0048 3.3.1,
 * IHI0069 4.8.1).
 */
static inline uint8_t gic_priority(enum irq_priority priority)
{
	return (uint8_t)(0x80 + 0x10 * priority);
}

static inline void gic_write_priority(volatile uint8_t *frame, unsigned int irq,
				      enum irq_priority priority)
{
	mmio_write8(frame + GICD_IPRIORITYR + irq, gic_priority(priority));
}

static inline uint32_t gic_nr_irqs(volatile uint8_t *gicd)
{
	uint32_t n = ((mmio_read32(gicd + GICD_TYPER) & 0x1f) + 1) * 32;

	return MIN(n, 1020U);
}

static inline void gic_write_cfg(volatile uint8_t *frame, unsigned int irq,
				 enum irq_trigger trigger)
{
	volatile uint8_t *reg = frame + GICD_ICFGR + irq / 16 * 4;
	uint32_t bit = UINT32_C(2) << (irq % 16 * 2);
	uint32_t val = mmio_read32(reg);

	mmio_write32(reg, trigger == IRQ_TRIGGER_EDGE ? val | bit : val & ~bit);
}

/* Initialise lines [first, last): disabled, inactive, not pending, in group 1
 * if asked. SGIs get the priority of IPIs, others that of devices. */
static inline void gic_init_lines(volatile uint8_t *frame, unsigned int first,
				  unsigned int last, bool group1)
{
	for (unsigned int i = first; i < last; i += 32) {
		mmio_write32(frame + GICD_ICENABLER + i / 8, ~0U);
		mmio_write32(frame + GICD_ICPENDR + i / 8, ~0U);
		mmio_write32(frame + GICD_ICACTIVER + i / 8, ~0U);
		if (group1) {
			mmio_write32(frame + GICD_IGROUPR + i / 8, ~0U);
		}
	}
	for (unsigned int i = first; i < last; i += 4) {
		mmio_write32(
			frame + GICD_IPRIORITYR + i,
			0x01010101U *
				gic_priority(i < GIC_NR_SGIS
						     ? IRQ_PRIORITY_IPI
						     : IRQ_PRIORITY_DEVICE));
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
