/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host GICv3 (IHI0069): distributor, redistributors, CPU interface. */
#include <arch/ipi.h>
#include <arch/mmio.h>
#include <arch_impl/cpu.h>
#include <arch_impl/gic_compatible.h>
#include <arch_impl/vgic.h>
#include <core/device.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/time.h>
#include <libs/error.h>

#include "gic_regs_priv.h"
#include "gic_spec_priv.h"
#include "gicv3_priv.h"

/* IHI0069 12.9 to 12.11 */
#define GICD_IROUTER 0x6000
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_SGI_FRAME 0x10000
#define GICR_STRIDE 0x20000
#define GICR_TYPER_LAST BIT(4)
#define GICR_TYPER_VLPIS BIT(1)
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)
#define CTLR_RWP BIT(31)
#define CTLR_ARE_NS BIT(4)
#define CTLR_ENABLE_GRP1 BIT(1)

#define MAX_REGIONS 8
#define WAIT_US 100000

static struct {
	volatile uint8_t *gicd;
	struct {
		volatile uint8_t *base;
		uint64_t size, pa;
	} gicr[MAX_REGIONS];
	unsigned int nr_regions;
	volatile uint8_t *rd[CONFIG_MAX_CPUS]; /* [I] after cpu_init */
	unsigned int lines; /* [I] LPIs are numbered from here on */
	bool lpis;          /* [I] there are LPIs */
} gic;

#define GICD_TYPER_LPIS BIT(17)

unsigned int gicv3_first_lpi(void)
{
	return gic.lpis ? gic.lines : 0;
}

volatile uint8_t *gicv3_redistributor(unsigned int cpu, uint64_t *pa)
{
	volatile uint8_t *rd = gic.rd[cpu];

	for (unsigned int i = 0; i < gic.nr_regions; i++) {
		uint64_t off = (uint64_t)(rd - gic.gicr[i].base);

		if (rd >= gic.gicr[i].base && off < gic.gicr[i].size) {
			*pa = gic.gicr[i].pa + off;
		}
	}
	return rd;
}

static bool is_lpi(unsigned int irq)
{
	return unlikely(irq >= gic.lines);
}

/* Wait until `bit` is clear, such as RWP while a register write takes effect
 * (IHI0069 12.9.4). */
static int wait_clear(volatile uint8_t *reg, uint32_t bit)
{
	for (unsigned int us = 0; us < WAIT_US; us++) {
		if (!(mmio_read32(reg) & bit)) {
			return 0;
		}
		delay_us(1);
	}
	return -ERR_IO;
}

static volatile uint8_t *frame_of(unsigned int irq)
{
	if (irq < GIC_FIRST_SPI) {
		return gic.rd[cpu_id()] + GICR_SGI_FRAME;
	}
	return gic.gicd;
}

static void gicv3_enable(unsigned int irq)
{
	if (IS_ENABLED(CONFIG_DRV_GICV3_ITS) && is_lpi(irq)) {
		gicv3_its_enable(irq - gic.lines, true);
		return;
	}
	mmio_write32(frame_of(irq) + GICD_ISENABLER + irq / 32 * 4,
		     (uint32_t)BIT(irq % 32));
}

static void gicv3_disable(unsigned int irq)
{
	if (IS_ENABLED(CONFIG_DRV_GICV3_ITS) && is_lpi(irq)) {
		gicv3_its_enable(irq - gic.lines, false);
		return;
	}
	mmio_write32(frame_of(irq) + GICD_ICENABLER + irq / 32 * 4,
		     (uint32_t)BIT(irq % 32));
	(void)wait_clear(irq < GIC_FIRST_SPI ? gic.rd[cpu_id()] : gic.gicd,
			 (uint32_t)CTLR_RWP);
}

/* LPIs are always edge-triggered, with the priority of devices. */
static void gicv3_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	if (!is_lpi(irq)) {
		gic_write_cfg(frame_of(irq), irq, trigger);
	}
}

static void gicv3_set_priority(unsigned int irq, enum irq_priority priority)
{
	if (!is_lpi(irq)) {
		gic_write_priority(frame_of(irq), irq, priority);
	}
}

static void gicv3_set_affinity(unsigned int irq, unsigned int cpu)
{
	if (IS_ENABLED(CONFIG_DRV_GICV3_ITS) && is_lpi(irq)) {
		gicv3_its_set_affinity(irq - gic.lines, cpu);
		return;
	}
	/* IROUTER has the layout of MPIDR's affinity fields. */
	mmio_write64(gic.gicd + GICD_IROUTER + irq * 8,
		     percpu_table[cpu]->hwid);
}

static void gicv3_send_ipi(unsigned int cpu, unsigned int ipi)
{
	uint64_t hw = percpu_table[cpu]->hwid;
	uint64_t val = FIELD(hw, 39, 32) << 48 | FIELD(hw, 23, 16) << 32 |
		       FIELD(hw, 7, 4) << 44 | FIELD(hw, 15, 8) << 16 |
		       (uint64_t)ipi << 24 | BIT(hw & 0xf);

	dsb(ishst);
	write_sysreg(val, s3_0_c12_c11_5); /* ICC_SGI1R_EL1 */
	isb();
}

static struct irqchip gicv3_chip;

/*
 * LPIs have no active state, so only the priority is dropped (IHI0069 4.1.2).
 */
static void dispatch_lpi(unsigned int intid)
{
	unsigned int lpi = intid - GICV3_FIRST_LPI;

	if (intid >= GICV3_FIRST_LPI && lpi < GICV3_LPIS && gic.lpis) {
		write_sysreg(intid, s3_0_c12_c12_1); /* ICC_EOIR1_EL1 */
		isb();
		irq_handle_message(gic.lines + lpi);
	}
}

static unsigned int gicv3_pending(void)
{
	return (unsigned int)read_sysreg(s3_0_c12_c12_2); /* ICC_HPPIR1_EL1 */
}

static void gicv3_dispatch(void)
{
	unsigned int irq = (unsigned int)read_sysreg(s3_0_c12_c12_0);

	/* ICC_IAR1_EL1; 1020-1023 mean none. */
	if (unlikely(irq >= gic.lines)) {
		dispatch_lpi(irq);
		return;
	}
	write_sysreg(irq, s3_0_c12_c12_1); /* ICC_EOIR1_EL1: drop */
	isb();
	if (irq < GIC_NR_SGIS) {
		write_sysreg(irq, s3_0_c12_c11_1);
		irq_handle_ipi(irq);
		return;
	}
	irq_handle(irq);
}

static void gicv3_deactivate(unsigned int irq)
{
	write_sysreg(irq, s3_0_c12_c11_1); /* ICC_DIR_EL1 */
}

static void gicv3_activate(unsigned int irq)
{
	mmio_write32(frame_of(irq) + GICD_ISACTIVER + irq / 32 * 4,
		     1U << irq % 32);
}

/* This CPU's redistributor: the one whose TYPER has its affinity. */
static volatile uint8_t *find_redistributor(uint64_t hwid)
{
	uint64_t aff = FIELD(hwid, 39, 32) << 24 | FIELD(hwid, 23, 0);

	for (unsigned int i = 0; i < gic.nr_regions; i++) {
		uint64_t off = 0;

		while (off + GICR_STRIDE <= gic.gicr[i].size) {
			volatile uint8_t *rd = gic.gicr[i].base + off;
			uint64_t typer = mmio_read64(rd + GICR_TYPER);

			if (typer >> 32 == aff) {
				return rd;
			}
			if (typer & GICR_TYPER_LAST) {
				break;
			}
			off += GICR_STRIDE *
			       (typer & GICR_TYPER_VLPIS ? 2U : 1U);
		}
	}
	return NULL;
}

static void cpu_interface_init(void)
{
	/* ICC_SRE_EL2: SRE, DFB, DIB; not Enable: ICC_SRE_EL1 is shared by
	 * all guests. Where it can be cleared it must be set for them. */
	write_sysreg(0x7, s3_4_c12_c9_5);
	isb();
	write_sysreg(0x7, s3_0_c12_c12_5); /* ICC_SRE_EL1 */
	isb();
	write_sysreg(0, s3_4_c12_c11_0);      /* ICH_HCR_EL2 */
	write_sysreg(0xff, s3_0_c4_c6_0);     /* ICC_PMR_EL1 */
	write_sysreg(0, s3_0_c12_c12_3);      /* ICC_BPR1_EL1 */
	write_sysreg(BIT(1), s3_0_c12_c12_4); /* ICC_CTLR_EL1.EOImode */
	write_sysreg(1, s3_0_c12_c12_7);      /* ICC_IGRPEN1_EL1 */
	isb();
}

static __cold int gicv3_cpu_init(void)
{
	volatile uint8_t *rd = find_redistributor(this_cpu()->hwid);
	volatile uint8_t *sgi;
	int err;

	if (!rd) {
		log_err("gic: no redistributor for CPU %u (MPIDR 0x%llx)",
			cpu_id(), (unsigned long long)this_cpu()->hwid);
		return -ERR_NOENT;
	}
	gic.rd[cpu_id()] = rd;
	mmio_write32(rd + GICR_WAKER, mmio_read32(rd + GICR_WAKER) &
					      ~(uint32_t)WAKER_PROCESSOR_SLEEP);
	err = wait_clear(rd + GICR_WAKER, (uint32_t)WAKER_CHILDREN_ASLEEP);
	if (err) {
		log_err("gic: redistributor of CPU %u does not wake", cpu_id());
		return err;
	}
	sgi = rd + GICR_SGI_FRAME;
	gic_init_private(sgi, true);
	err = wait_clear(rd, (uint32_t)CTLR_RWP);
	cpu_interface_init();
	return err;
}

static struct irqchip gicv3_chip = {
	.name = "GICv3",
	.nr_private = GIC_FIRST_SPI,
	.decode = gic_spec_decode,
	.dispatch = gicv3_dispatch,
	.pending = gicv3_pending,
	.deactivate = gicv3_deactivate,
	.enable = gicv3_enable,
	.disable = gicv3_disable,
	.set_trigger = gicv3_set_trigger,
	.set_priority = gicv3_set_priority,
	.set_affinity = gicv3_set_affinity,
	.send_ipi = gicv3_send_ipi,
	.cpu_init = gicv3_cpu_init,
};

static int map_regions(struct device *dev)
{
	volatile void *regs;
	uint32_t n;
	paddr_t base;
	uint64_t size;

	if (device_map(dev, 0, &regs, NULL)) {
		return -ERR_FORMAT;
	}
	gic.gicd = regs;
	if (dt_u32(dev->dt, "#redistributor-regions", &n)) {
		n = 1;
	}
	if (n > MAX_REGIONS) {
		log_warn("gic: %u redistributor regions, %u are used", n,
			 MAX_REGIONS);
		n = MAX_REGIONS;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (dt_reg(dev->dt, 1 + i, &base, &size)) {
			return -ERR_FORMAT;
		}
		if (device_map_range(dev, base, size, &regs)) {
			return -ERR_NOMEM;
		}
		gic.gicr[i].base = regs;
		gic.gicr[i].size = size;
		gic.gicr[i].pa = base.v;
	}
	gic.nr_regions = n;
	return 0;
}

static void fill_vgic_host(dt_node_t node)
{
	uint64_t vtr = read_sysreg(s3_4_c12_c11_1); /* ICH_VTR_EL2 */
	unsigned int pre_bits = (unsigned int)FIELD(vtr, 28, 26) + 1;
	enum irq_trigger trigger;

	vgic_host.version = 3;
	vgic_host.nr_lrs = (uint8_t)(FIELD(vtr, 4, 0) + 1);
	vgic_host.nr_pri_bits = (uint8_t)(FIELD(vtr, 31, 29) + 1);
	vgic_host.nr_apr = (uint8_t)(pre_bits > 5 ? BIT(pre_bits - 5) : 1);
	vgic_host.has_tdir = (vtr & BIT(19)) != 0; /* TDS */
	vgic_host.deactivate = gicv3_deactivate;
	vgic_host.activate = gicv3_activate;
	if (irq_of_node(node, 0, &vgic_host.maintenance_irq, &trigger)) {
		vgic_host.maintenance_irq =
			25; /* SBSA's number; IHI0069 gives none */
	}
}

static __cold int gicv3_probe(struct device *dev)
{
	dt_node_t node = dev->dt;
	uint32_t lines;
	int err = map_regions(dev);

	if (err) {
		return err;
	}
	mmio_write32(gic.gicd + GICD_CTLR, 0);
	if (wait_clear(gic.gicd, (uint32_t)CTLR_RWP)) {
		return -ERR_IO;
	}
	lines = gic_nr_irqs(gic.gicd);
	mmio_write32(gic.gicd + GICD_CTLR, (uint32_t)CTLR_ARE_NS);
	(void)wait_clear(gic.gicd, (uint32_t)CTLR_RWP);
	gic_init_shared(gic.gicd, lines, true);
	mmio_write32(gic.gicd + GICD_CTLR,
		     (uint32_t)(CTLR_ARE_NS | CTLR_ENABLE_GRP1));
	(void)wait_clear(gic.gicd, (uint32_t)CTLR_RWP);

	gic.lines = lines;
	gic.lpis = IS_ENABLED(CONFIG_DRV_GICV3_ITS) &&
		   (mmio_read32(gic.gicd + GICD_TYPER) & GICD_TYPER_LPIS) != 0;
	gicv3_chip.nr_irqs = lines + (gic.lpis ? GICV3_LPIS : 0);
	gicv3_chip.node = node;
	err = irqchip_install(&gicv3_chip);
	if (err) {
		return err;
	}
	err = irqchip_cpu_init();
	if (err) {
		return err;
	}
	fill_vgic_host(node);
	log_info("gic: GICv3, %u lines, %u list registers", lines,
		 vgic_host.nr_lrs);
	return 0;
}

static const char *const gicv3_compatible[] = { GICV3_COMPATIBLE, NULL };
static const struct driver gicv3_driver = {
	.name = "gicv3",
	.class = DEVICE_IRQCHIP,
	.compatible = gicv3_compatible,
	.probe = gicv3_probe,
};
DRIVER(gicv3_driver);
