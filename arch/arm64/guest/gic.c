/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GIC of a guest's description, and in its OS's tree. */
#include <inttypes.h>
#include <stdio.h>

#include <core/config_parser.h>
#include <core/dt_blob.h>
#include <core/fdtgen.h>

#include "platform_priv.h"

static const char *const gicv3_compatible[] = { "arm,gic-v3", NULL };
static const char *const gicv2_compatible[] = { "arm,cortex-a15-gic",
						"arm,gic-400", NULL };

/* clang-format 14 crashes on the nested braces. */
/* clang-format off */
const struct platform_intc gic_models[GIC_MODELS] = {
	{
		.id = GUEST_GICV3,
		.name = "GICv3",
		.compatible = gicv3_compatible,
		.max_vcpus = CONFIG_MAX_VCPUS,
	},
	{
		.id = GUEST_GICV2,
		.name = "GICv2",
		.compatible = gicv2_compatible,
		.max_vcpus = 8, /* GICv2 IHI0048B 1.4 */
	},
};
/* clang-format on */

#define GICD_BASE 0x08000000
#define GICD_SIZE KIB(64)
#define GICC_BASE 0x08010000
#define GICC_SIZE KIB(64)
#define GICC_MIN_SIZE KIB(8) /* GICv2 IHI0048B 4.1.2 */
#define GICR_BASE 0x080a0000
#define GICR_SIZE 0x00f60000 /* up to the PL011 */
#define GICR_STRIDE KIB(128) /* GICv3 IHI0069 12.10 */
#define GICV3_ALIGN KIB(64)

/*
 * QEMU gives the redistributors of CPUs 123 and up a second region above
 * 256 GiB. Here all of them move together into one region in the window
 * that QEMU keeps for PCIe: within reach of hosts with 36 address bits.
 */
#define GICR_BIG_BASE 0x3d000000
#define GICR_BIG_SIZE (CONFIG_MAX_VCPUS * GICR_STRIDE)

/* Only shared interrupts: PPIs belong to devices of the CPU itself. */
bool gic_irq_decode(const uint8_t *cells, struct config_irq *out)
{
	uint64_t type = dt_cells64(cells, 1);
	uint64_t number = dt_cells64(cells + CONFIG_CELL, 1);
	uint64_t flags = dt_cells64(cells + 2 * CONFIG_CELL, 1);

	if (type != GIC_TYPE_SPI || number >= GUEST_NR_SPIS ||
	    (flags != GIC_EDGE && flags != GIC_LEVEL)) {
		return false;
	}
	out->line = GUEST_SPI((uint32_t)number);
	out->edge = flags == GIC_EDGE;
	return true;
}

unsigned int gic_irq_encode(const struct guest_config *cfg,
			    const struct config_irq *irq, uint32_t *cells)
{
	bool spi = irq->line >= GUEST_SPI(0);

	(void)cfg; /* both models have the same */
	cells[0] = spi ? GIC_TYPE_SPI : GIC_TYPE_PPI;
	cells[1] = irq->line - (spi ? GUEST_SPI(0) : GUEST_PPI(0));
	cells[2] = irq->edge ? GIC_EDGE : GIC_LEVEL;
	return GIC_CELLS;
}

void gic_irq_name(uint32_t line, char *buf, size_t size)
{
	bool spi = line >= GUEST_SPI(0);

	snprintf(buf, size, "%s %u", spi ? "SPI" : "PPI",
		 line - (spi ? GUEST_SPI(0) : GUEST_PPI(0)));
}

static void gic_set(struct guest_config *cfg, uint64_t gicd, uint64_t gicd_size,
		    uint64_t other, uint64_t other_size)
{
	cfg->intc_regs[GUEST_GICD] = (struct config_range){ gicd, gicd_size };
	cfg->intc_regs[GUEST_GICR] = (struct config_range){ other, other_size };
	cfg->intc_nregs = 2;
}

void gic_default(struct guest_config *cfg)
{
	if (cfg->intc_model == GUEST_GICV2) {
		gic_set(cfg, GICD_BASE, GICD_SIZE, GICC_BASE, GICC_SIZE);
	} else if (cfg->vcpus * GICR_STRIDE <= GICR_SIZE) {
		gic_set(cfg, GICD_BASE, GICD_SIZE, GICR_BASE, GICR_SIZE);
	} else {
		gic_set(cfg, GICD_BASE, GICD_SIZE, GICR_BIG_BASE,
			GICR_BIG_SIZE);
	}
}

static bool gicv3_reg_ok(struct config_parser *p, const struct config_range *r)
{
	struct guest_config *cfg = p->cfg;

	if ((r[0].base | r[1].base) % GICV3_ALIGN || r[0].size < GICD_SIZE) {
		config_mistake(p, cfg->intc_node, "reg",
			       "found 0x%" PRIx64 " and 0x%" PRIx64
			       "; allowed multiples of 64 "
			       "KiB, the first of 64 KiB",
			       r[0].base, r[1].base);
		return false;
	}
	if (r[1].size < cfg->vcpus * GICR_STRIDE) {
		config_mistake(p, cfg->intc_node, "reg",
			       "found 0x%" PRIx64
			       " bytes of redistributors; allowed 0x%x for "
			       "each of %u VCPUs",
			       r[1].size, (unsigned int)GICR_STRIDE,
			       cfg->vcpus);
		return false;
	}
	return true;
}

static bool gicv2_reg_ok(struct config_parser *p, const struct config_range *r)
{
	if ((r[0].base | r[1].base) % PAGE_SIZE || r[0].size < PAGE_SIZE ||
	    r[1].size < GICC_MIN_SIZE) {
		config_mistake(p, p->cfg->intc_node, "reg",
			       "found 0x%" PRIx64 " and 0x%" PRIx64
			       "; allowed pages, 4 KiB and "
			       "8 KiB at least",
			       r[0].base, r[1].base);
		return false;
	}
	return true;
}

void gic_reg(struct config_parser *p, const struct config_range *r,
	     unsigned int n)
{
	if (n != 2) {
		config_mistake(p, p->cfg->intc_node, "reg",
			       "found %u entries; "
			       "allowed 2",
			       n);
	} else if (p->cfg->intc_model == GUEST_GICV3 ? gicv3_reg_ok(p, r)
						     : gicv2_reg_ok(p, r)) {
		gic_set(p->cfg, r[0].base, r[0].size, r[1].base, r[1].size);
	}
}

void gic_describe(const struct guest_config *cfg, char *buf, size_t size)
{
	snprintf(buf, size, "GICv%u, %u SPIs", cfg->intc_model, GUEST_NR_SPIS);
}

void gic_tree_node(struct fdtgen *g)
{
	const struct guest_config *cfg = g->cfg;
	bool v3 = cfg->intc_model == GUEST_GICV3;

	fdtgen_begin_at(g, "intc", cfg->intc_regs[GUEST_GICD].base);
	fdtgen_str(g, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
	fdtgen_bytes(g, "interrupt-controller", NULL, 0);
	fdtgen_u32(g, "#interrupt-cells", GIC_CELLS);
	fdtgen_u32(g, "#address-cells", 2);
	fdtgen_u32(g, "#size-cells", 2);
	fdtgen_bytes(g, "ranges", NULL, 0);
	fdtgen_reg(g, cfg->intc_regs, cfg->intc_nregs);
	if (v3) {
		fdtgen_u32(g, "#redistributor-regions", 1);
	}
	fdtgen_u32(g, "phandle",
		   fdtgen_phandle(g, cfg->intc_node, FDTGEN_PHANDLE_INTC));
	fdtgen_end(g);
}
