/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The default machine: QEMU's virt, with the same addresses and interrupts,
 * so that what is built for it starts unmodified. Devices without an
 * emulator here (PCIe, MSI frames, PMU) are left out.
 */
#include <inttypes.h>
#include <libs/dtb.h>

#include "config_priv.h"

const struct machine_device machine_devices[] = {
	{
		.name = "flash",
		.compatible = "cfi-flash",
		.regs = { { 0, MIB(64) }, { MIB(64), MIB(64) } },
		.nregs = 2,
		.spi = -1,
		.count = 1,
	},
	{
		.name = "pl011",
		.compatible = "arm,pl011",
		.regs = { { 0x09000000, KIB(4) } },
		.nregs = 1,
		.spi = 1,
		.count = 1,
	},
	{
		.name = "pl031",
		.compatible = "arm,pl031",
		.regs = { { 0x09010000, KIB(4) } },
		.nregs = 1,
		.spi = 2,
		.count = 1,
	},
	{
		.name = "fw-cfg",
		.compatible = "qemu,fw-cfg-mmio",
		.regs = { { 0x09020000, 0x18 } },
		.nregs = 1,
		.spi = -1,
		.count = 1,
	},
	{
		.name = "pl061",
		.compatible = "arm,pl061",
		.regs = { { 0x09030000, KIB(4) } },
		.nregs = 1,
		.spi = 7,
		.count = 1,
	},
	{
		.name = "virtio_mmio",
		.compatible = "virtio,mmio",
		.regs = { { 0x0a000000, 0x200 } },
		.nregs = 1,
		.spi = 16,
		.edge = true,
		.count = 32,
		.step = 0x200,
	},
};
const unsigned int machine_device_count = ARRAY_SIZE(machine_devices);

/* The first is GICv3's, the others are GICv2's. */
const char *const machine_gic_compatible[] = { "arm,gic-v3",
					       "arm,cortex-a15-gic",
					       "arm,gic-400", NULL };

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

/* CPUs in one cluster: as many as an SGI's target list holds. */
#define GICV2_CLUSTER 8
#define GICV3_CLUSTER 16

void machine_init(struct config_parser *p)
{
	uint32_t version = p->limits->gic_version;

	p->cfg->vcpus = 1;
	p->cfg->psci_hvc = true;
	p->cfg->nspis = MACHINE_NR_SPIS;
	p->cfg->gic_version = version ? version : 3;
}

uint64_t machine_hwid(const struct guest_config *cfg, unsigned int index)
{
	unsigned int cluster = cfg->gic_version == 3 ? GICV3_CLUSTER
						     : GICV2_CLUSTER;

	return (uint64_t)(index / cluster) << 8 | index % cluster;
}

static void machine_gic_layout(struct guest_config *cfg)
{
	cfg->gicd = (struct config_range){ GICD_BASE, GICD_SIZE };
	if (cfg->gic_version == 2) {
		cfg->gicc = (struct config_range){ GICC_BASE, GICC_SIZE };
	} else if (cfg->vcpus * GICR_STRIDE <= GICR_SIZE) {
		cfg->gicr = (struct config_range){ GICR_BASE, GICR_SIZE };
	} else {
		cfg->gicr =
			(struct config_range){ GICR_BIG_BASE, GICR_BIG_SIZE };
	}
}

static void machine_gic_host(struct config_parser *p)
{
	const struct config_limits *limits = p->limits;
	uint32_t version = p->cfg->gic_version;

	if (limits->gic_version == 0) {
		return; /* host not known */
	}
	if ((version == 2 && !limits->gicv2_ok) ||
	    (version == 3 && !limits->gicv3_ok)) {
		config_mistake(p, p->cfg->gic_node, "compatible",
			       "found a GICv%u; "
			       "allowed a GICv%u on this host",
			       version, version == 2 ? 3 : 2);
	}
}

static void machine_gic_v3(struct config_parser *p,
			   const struct config_range *r)
{
	struct guest_config *cfg = p->cfg;

	if ((r[0].base | r[1].base) % GICV3_ALIGN || r[0].size < GICD_SIZE) {
		config_mistake(p, p->cfg->gic_node, "reg",
			       "found 0x%" PRIx64 " and 0x%" PRIx64
			       "; allowed multiples of 64 "
			       "KiB, the first of 64 KiB",
			       r[0].base, r[1].base);
		return;
	}
	if (r[1].size < cfg->vcpus * GICR_STRIDE) {
		config_mistake(p, p->cfg->gic_node, "reg",
			       "found 0x%" PRIx64
			       " bytes of redistributors; allowed 0x%x for "
			       "each of %u VCPUs",
			       r[1].size, (unsigned int)GICR_STRIDE,
			       cfg->vcpus);
		return;
	}
	cfg->gicd = r[0];
	cfg->gicr = r[1];
}

static void machine_gic_v2(struct config_parser *p,
			   const struct config_range *r)
{
	if ((r[0].base | r[1].base) % PAGE_SIZE || r[0].size < PAGE_SIZE ||
	    r[1].size < GICC_MIN_SIZE) {
		config_mistake(p, p->cfg->gic_node, "reg",
			       "found 0x%" PRIx64 " and 0x%" PRIx64
			       "; allowed pages, 4 KiB and "
			       "8 KiB at least",
			       r[0].base, r[1].base);
		return;
	}
	p->cfg->gicd = r[0];
	p->cfg->gicc = r[1];
}

static void machine_gic_node(struct config_parser *p)
{
	struct config_range r[CONFIG_MAX_REGS];
	unsigned int n;

	if (!dtb_prop(p->fdt, p->cfg->gic_node, "reg", NULL)) {
		return;
	}
	n = config_reg(p, p->cfg->gic_node, p->devices_node, r,
		       CONFIG_MAX_REGS);
	if (n == 0) {
		return;
	}
	if (n != 2) {
		config_mistake(p, p->cfg->gic_node, "reg",
			       "found %u entries; "
			       "allowed 2",
			       n);
	} else if (p->cfg->gic_version == 3) {
		machine_gic_v3(p, r);
	} else {
		machine_gic_v2(p, r);
	}
}

void machine_gic(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;

	if (p->cfg->gic_node >= 0) {
		bool v3 = dtb_compatible(p->fdt, p->cfg->gic_node,
					 machine_gic_compatible[0]);

		cfg->gic_version = v3 ? 3 : 2;
		machine_gic_host(p);
	}
	machine_gic_layout(cfg);
	if (cfg->gic_version == 2 && cfg->vcpus > MACHINE_GIC_V2_VCPUS) {
		config_mistake(p, p->cpus_node, "count",
			       "found %u; allowed "
			       "1..%d with a GICv2",
			       cfg->vcpus, MACHINE_GIC_V2_VCPUS);
	}
	if (p->cfg->gic_node >= 0) {
		machine_gic_node(p);
	}
}
