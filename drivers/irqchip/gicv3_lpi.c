/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LPIs of a GICv3 (IHI0069 5.1): one configuration table, and a pending table
 * for each redistributor. Only the hypervisor has LPIs, guests have none. The
 * tables are made when the first device needs a message-signalled interrupt.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <core/log.h>
#include <core/page.h>
#include <core/percpu.h>
#include <libs/error.h>

#include "gic_regs_priv.h"
#include "gicv3_priv.h"

/* 12.11 */
#define GICR_CTLR 0x0000
#define GICR_TYPER 0x0008
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define CTLR_ENABLE_LPIS BIT(0)
#define TYPER_PLPIS BIT(0)
#define PENDBASER_PTZ BIT(62)

#define INNER_SHAREABLE (UINT64_C(1) << 10)
#define SHAREABILITY GENMASK(11, 10)
#define INNER_WB (UINT64_C(7) << 7) /* read and write allocate */
#define INNER_NC (UINT64_C(1) << 7)
#define INNER_CACHE GENMASK(9, 7)

#define ID_BITS 14   /* the minimum: 8192 LPIs */
#define PROP_ORDER 1 /* a byte for each */
#define PEND_ORDER 4 /* a bit for each INTID, aligned to 64 KiB */
_Static_assert((PAGE_SIZE << PROP_ORDER) == BIT(ID_BITS) - GICV3_FIRST_LPI,
	       "configuration table");

/* A byte of the configuration table (5.1.1). */
#define LPI_RES1 BIT(1)
#define LPI_ENABLE BIT(0)

static uint8_t *prop; /* [I] once made */
static bool flush;    /* [I] redistributors do not snoop the caches */

/* Write a base register, and use the attributes that it accepts: unsupported
 * shareability reads as 0. */
static void write_base(volatile uint8_t *reg, uint64_t val)
{
	mmio_write64(reg, val | INNER_SHAREABLE | INNER_WB);
	if ((mmio_read64(reg) & SHAREABILITY) != INNER_SHAREABLE) {
		mmio_write64(reg, val | INNER_NC);
		flush = true;
	}
}

static int start_cpu(unsigned int cpu)
{
	uint64_t pa;
	volatile uint8_t *rd = gicv3_redistributor(cpu, &pa);
	paddr_t pend;
	int err;

	if (!(mmio_read64(rd + GICR_TYPER) & TYPER_PLPIS)) {
		return -ERR_NOSUPP;
	}
	/* Once on, the tables cannot be changed (12.11.2). */
	if (mmio_read32(rd + GICR_CTLR) & CTLR_ENABLE_LPIS) {
		log_warn("gic: LPIs of CPU %u are in the firmware's hands",
			 cpu);
		return -ERR_NOSUPP;
	}
	err = page_alloc_zeroed(&pend, PEND_ORDER, PAGE_ANY_COLOUR);
	if (err) {
		return err;
	}
	arch_cache_clean_inval(arch_phys_to_virt(pend),
			       PAGE_SIZE << PEND_ORDER);
	write_base(rd + GICR_PROPBASER,
		   arch_virt_to_phys(prop).v | (ID_BITS - 1));
	write_base(rd + GICR_PENDBASER, pend.v | PENDBASER_PTZ);
	mmio_write32(rd + GICR_CTLR,
		     mmio_read32(rd + GICR_CTLR) | (uint32_t)CTLR_ENABLE_LPIS);
	return 0;
}

/* Tables that a redistributor was given are never freed: it may keep using
 * them. */
int gicv3_lpi_init(void)
{
	paddr_t pa;
	int err;

	if (prop) {
		return 0;
	}
	err = page_alloc_zeroed(&pa, PROP_ORDER, PAGE_ANY_COLOUR);
	if (err) {
		return err;
	}
	prop = arch_phys_to_virt(pa);
	arch_cache_clean_inval(prop, PAGE_SIZE << PROP_ORDER);
	for (unsigned int cpu = 0; !err && cpu < cpu_count; cpu++) {
		if (cpu_online(cpu)) {
			err = start_cpu(cpu);
		}
	}
	return err;
}

void gicv3_lpi_configure(unsigned int lpi, bool enabled)
{
	prop[lpi] = (uint8_t)(gic_priority(IRQ_PRIORITY_DEVICE) | LPI_RES1 |
			      (enabled ? LPI_ENABLE : 0));
	if (flush) {
		arch_cache_clean_inval(&prop[lpi], 1);
	}
	arch_dma_wmb();
}
