/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host GICv2 (IHI0048): distributor, CPU interface, virtual interface. */
#include <arch/ipi.h>
#include <arch/mmio.h>
#include <arch_impl/cpu.h>
#include <arch_impl/gic_compatible.h>
#include <arch_impl/vgic.h>
#include <core/device.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/percpu.h>
#include <libs/error.h>

#include "gic_regs_priv.h"
#include "gic_spec_priv.h"

#define GICD_IIDR 0x008
/* Implementer Arm, product 0, revision 0: no real implementation with a GICV
 * has this value. */
#define GICD_IIDR_QEMU 0x43b
#define GICD_ISPENDR 0x200
#define GICD_ITARGETSR 0x800
#define GICD_SGIR 0xf00
#define GICC_CTLR 0x0000
#define GICC_PMR 0x0004
#define GICC_BPR 0x0008
#define GICC_IAR 0x000c
#define GICC_EOIR 0x0010
#define GICC_HPPIR 0x0018
#define GICC_IIDR 0x00fc
#define GICC_DIR 0x1000
#define GICC_SIZE_MIN 0x2000
#define GICC_SIZE_64K 0x20000
#define GICC_LAST_COPY 0xf000
#define GICH_HCR 0x00
#define GICH_VTR 0x04
#define MAX_INTERFACES 8
#define GICV2_MAINTENANCE 25 /* GIC-400 TRM (DDI0471) 2.3.2, PPIs */

static struct {
	volatile uint8_t *gicd, *gicc, *gich;
	uint8_t target[MAX_INTERFACES]; /* CPU's bit in ITARGETSR */
} gic;

static void gicv2_enable(unsigned int irq)
{
	mmio_write32(gic.gicd + GICD_ISENABLER + irq / 32 * 4,
		     (uint32_t)BIT(irq % 32));
}

static void gicv2_disable(unsigned int irq)
{
	mmio_write32(gic.gicd + GICD_ICENABLER + irq / 32 * 4,
		     (uint32_t)BIT(irq % 32));
}

static void gicv2_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	gic_write_cfg(gic.gicd, irq, trigger);
}

static void gicv2_set_priority(unsigned int irq, enum irq_priority priority)
{
	gic_write_priority(gic.gicd, irq, priority);
}

/*
 * An interrupt that pends goes with its target (IHI0048B 4.3.12). QEMU 7.2
 * leaves a message with the old one, where it never comes; making it pending
 * once more moves it, and changes nothing elsewhere.
 */
static void gicv2_set_affinity(unsigned int irq, unsigned int cpu)
{
	volatile uint8_t *pends = gic.gicd + GICD_ISPENDR + irq / 32 * 4;
	uint32_t edge = mmio_read32(gic.gicd + GICD_ICFGR + irq / 16 * 4) >>
			(irq % 16 * 2 + 1);
	uint32_t bit = (uint32_t)BIT(irq % 32);

	mmio_write8(gic.gicd + GICD_ITARGETSR + irq, gic.target[cpu]);
	if ((edge & 1) != 0 && (mmio_read32(pends) & bit) != 0) {
		mmio_write32(pends, bit);
	}
}

static void gicv2_send_ipi(unsigned int cpu, unsigned int ipi)
{
	dsb(ishst);
	mmio_write32(gic.gicd + GICD_SGIR,
		     (uint32_t)gic.target[cpu] << 16 | ipi);
}

static struct irqchip gicv2_chip;

static unsigned int gicv2_pending(void)
{
	return mmio_read32(gic.gicc + GICC_HPPIR) & 0x3ff;
}

static void gicv2_dispatch(void)
{
	/* The source CPU of an SGI is part of the value to be written back. */
	uint32_t iar = mmio_read32(gic.gicc + GICC_IAR);
	unsigned int irq = iar & 0x3ff;

	/* 1020-1023 mean none. */
	if (unlikely(irq >= gicv2_chip.nr_irqs)) {
		return;
	}
	mmio_write32(gic.gicc + GICC_EOIR, iar);
	if (irq < GIC_NR_SGIS) {
		/*
		 * Read what the sender wrote only after the acknowledgement: a
		 * further IPI of the same kind that came before it was merged
		 * with this one. Pairs with gicv2_send_ipi().
		 */
		arch_rmb();
		mmio_write32(gic.gicc + GICC_DIR, iar);
		irq_handle_ipi(irq);
		return;
	}
	irq_handle(irq);
}

static void gicv2_deactivate(unsigned int irq)
{
	mmio_write32(gic.gicc + GICC_DIR, irq);
}

static void gicv2_activate(unsigned int irq)
{
	mmio_write32(gic.gicd + GICD_ISACTIVER + irq / 32 * 4, 1U << irq % 32);
}

/* Private ITARGETSR bytes read as the reading CPU's own bit. */
static uint8_t own_target(void)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < 32; i += 4) {
		val |= mmio_read32(gic.gicd + GICD_ITARGETSR + i);
	}
	val |= val >> 16;
	val |= val >> 8;
	return (uint8_t)val;
}

static __cold int gicv2_cpu_init(void)
{
	uint8_t target = own_target();

	if (cpu_id() >= MAX_INTERFACES) {
		log_err("gic: CPU %u is more than GICv2 has interfaces for",
			cpu_id());
		return -ERR_RANGE;
	}
	/* A uniprocessor implementation reads as zero. */
	gic.target[cpu_id()] = target ? target : 1;
	gic_init_private(gic.gicd, false);
	mmio_write32(gic.gich + GICH_HCR, 0);
	mmio_write32(gic.gicc + GICC_PMR, 0xff);
	mmio_write32(gic.gicc + GICC_BPR, 0);
	/* Bit 0 enables our group and bit 9 is our EOImode both in the
	 * Non-secure view and with a single security state (IHI0048
	 * 4.4.1), so interrupts keep the group they have. */
	mmio_write32(gic.gicc + GICC_CTLR, 0x201);
	return 0;
}

static struct irqchip gicv2_chip = {
	.name = "GICv2",
	.nr_private = GIC_FIRST_SPI,
	.decode = gic_spec_decode,
	.dispatch = gicv2_dispatch,
	.pending = gicv2_pending,
	.deactivate = gicv2_deactivate,
	.enable = gicv2_enable,
	.disable = gicv2_disable,
	.set_trigger = gicv2_set_trigger,
	.set_priority = gicv2_set_priority,
	.set_affinity = gicv2_set_affinity,
	.send_ipi = gicv2_send_ipi,
	.cpu_init = gicv2_cpu_init,
};

/*
 * For hosts with 64 KiB pages the two 4 KiB pages of the interface may be 64
 * KiB apart, each repeated 16 times. The last copy of the first page is
 * followed directly by the second, as on other hosts.
 */
static void gicv2_skip_copies(uint64_t size)
{
	if (size >= GICC_SIZE_64K &&
	    mmio_read32(gic.gicc + GICC_LAST_COPY + GICC_IIDR) ==
		    mmio_read32(gic.gicc + GICC_IIDR)) {
		gic.gicc += GICC_LAST_COPY;
	}
}

static int map_frames(struct device *dev)
{
	volatile uint8_t **const frames[] = { &gic.gicd, &gic.gicc, &gic.gich };
	volatile void *regs;
	paddr_t base;
	uint64_t size;

	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
		if (dt_reg(dev->dt, i, &base, &size)) {
			log_err("gic: reg entry %u of the GICv2 node is "
				"missing; distributor, CPU, hypervisor and "
				"virtual CPU interface are needed",
				i);
			return -ERR_FORMAT;
		}
		if (i == 1 && size < GICC_SIZE_MIN) {
			log_warn("gic: GICC of 0x%llx bytes in the host tree "
				 "has no DIR; taken as 0x%x",
				 (unsigned long long)size, GICC_SIZE_MIN);
			size = GICC_SIZE_MIN;
		}
		if (device_map_range(dev, base, size, &regs)) {
			return -ERR_NOMEM;
		}
		*frames[i] = regs;
		if (i == 1) {
			gicv2_skip_copies(size);
		}
	}
	if (dt_reg(dev->dt, 3, &base, &size)) {
		return -ERR_FORMAT;
	}
	vgic_host.gicv_base = base.v;
	vgic_host.gicv_size = size;
	return 0;
}

static __cold int gicv2_probe(struct device *dev)
{
	dt_node_t node = dev->dt;
	uint32_t vtr, lines;
	enum irq_trigger trigger;
	int err = map_frames(dev);

	if (err) {
		return err;
	}
	mmio_write32(gic.gicd + GICD_CTLR, 0);
	lines = gic_nr_irqs(gic.gicd);
	gic_init_shared(gic.gicd, lines, false);
	for (unsigned int i = GIC_FIRST_SPI; i < lines; i++) {
		mmio_write8(gic.gicd + GICD_ITARGETSR + i, 1);
	}
	mmio_write32(gic.gicd + GICD_CTLR, 1);
	gicv2_chip.nr_irqs = lines;
	gicv2_chip.node = node;
	err = irqchip_install(&gicv2_chip);
	if (err) {
		return err;
	}
	err = irqchip_cpu_init();
	if (err) {
		return err;
	}
	vtr = mmio_read32(gic.gich + GICH_VTR);
	vgic_host.version = 2;
	vgic_host.gich = (volatile uint32_t *)gic.gich;
	vgic_host.nr_lrs = (uint8_t)((vtr & 0x3f) + 1);
	vgic_host.nr_pri_bits = 5;
	vgic_host.nr_apr = 1;
	vgic_host.deactivate = gicv2_deactivate;
	vgic_host.activate = gicv2_activate;
	vgic_host.overlooks = mmio_read32(gic.gicd + GICD_IIDR) ==
			      GICD_IIDR_QEMU;
	if (irq_of_node(node, 0, &vgic_host.maintenance_irq, &trigger)) {
		vgic_host.maintenance_irq = GICV2_MAINTENANCE;
		log_warn("gic: the GICv2 node has no usable interrupts; taking "
			 "%u, GIC-400's, for maintenance",
			 GICV2_MAINTENANCE);
	}
	log_info("gic: GICv2, %u lines, %u list registers", lines,
		 vgic_host.nr_lrs);
	return 0;
}

static const char *const gicv2_compatible[] = {
	GICV2_COMPATIBLE,
	NULL,
};
static const struct driver gicv2_driver = {
	.name = "gicv2",
	.class = DEVICE_IRQCHIP,
	.compatible = gicv2_compatible,
	.probe = gicv2_probe,
};
DRIVER(gicv2_driver);
