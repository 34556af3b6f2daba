/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Arm nodes of the OS's tree: CPUs, PSCI, timer, interrupt controller. */
#include <libfdt.h>
#include <stdio.h>

#include "config_priv.h"

/* Cells of an interrupt: type, number, flags (Linux binding arm,gic-v3). */
#define GIC_SPI 0
#define GIC_PPI 1
#define GIC_EDGE 1
#define GIC_LEVEL 4

/* PSCI function numbers (DEN0022 5.1); 64-bit calls where there are such. */
#define PSCI_CPU_SUSPEND 0xc4000001
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xc4000003
#define PSCI_MIGRATE 0xc4000005

/* PPIs of the generic timer on virt (BSA 1.0, 3.8.4). */
#define TIMER_SECURE_PPI 13
#define TIMER_PHYSICAL_PPI 14
#define TIMER_VIRTUAL_PPI 11
#define TIMER_HYP_PPI 10

void fdtgen_arch_root(struct fdtgen *g)
{
	fdtgen_u32(g, "interrupt-parent",
		   fdtgen_phandle(g, g->cfg->gic_node, FDTGEN_PHANDLE_GIC));
}

void fdtgen_arch_irqs(struct fdtgen *g, const struct config_irq *irqs,
		      unsigned int n)
{
	uint32_t cells[CONFIG_MAX_IRQS * 3];
	unsigned int i;

	for (i = 0; i < n; i++) {
		bool spi = irqs[i].intid >= 32;

		cells[i * 3] = spi ? GIC_SPI : GIC_PPI;
		cells[i * 3 + 1] = irqs[i].intid - (spi ? 32 : 16);
		cells[i * 3 + 2] = irqs[i].edge ? GIC_EDGE : GIC_LEVEL;
	}
	fdtgen_cells(g, "interrupts", cells, n * 3);
}

/* One socket, one cluster: there is nothing else to know of VCPUs. */
static void fdtgen_cpu_map(struct fdtgen *g)
{
	char name[CONFIG_NAME_LEN];
	uint32_t i;

	fdtgen_begin(g, "cpu-map");
	fdtgen_begin(g, "socket0");
	fdtgen_begin(g, "cluster0");
	for (i = 0; i < g->cfg->vcpus; i++) {
		snprintf(name, sizeof(name), "core%u", i);
		fdtgen_begin(g, name);
		fdtgen_u32(g, "cpu", FDTGEN_PHANDLE_CPU + i);
		fdtgen_end(g);
	}
	fdtgen_end(g);
	fdtgen_end(g);
	fdtgen_end(g);
}

static void fdtgen_cpus(struct fdtgen *g)
{
	char name[CONFIG_NAME_LEN];
	uint32_t i;

	fdtgen_begin(g, "cpus");
	fdtgen_u32(g, "#address-cells", 1);
	fdtgen_u32(g, "#size-cells", 0);
	for (i = 0; i < g->cfg->vcpus; i++) {
		uint32_t hwid = (uint32_t)machine_hwid(g->cfg, i);

		/* As the specification has it; QEMU counts in decimal. */
		snprintf(name, sizeof(name), "cpu@%x", hwid);
		fdtgen_begin(g, name);
		fdtgen_str(g, "device_type", "cpu");
		fdtgen_str(g, "compatible", "arm,armv8");
		fdtgen_u32(g, "reg", hwid);
		if (g->cfg->vcpus > 1) {
			fdtgen_str(g, "enable-method", "psci");
		}
		fdtgen_u32(g, "phandle", FDTGEN_PHANDLE_CPU + i);
		fdtgen_end(g);
	}
	fdtgen_cpu_map(g);
	fdtgen_end(g);
}

static void fdtgen_psci(struct fdtgen *g)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";

	fdtgen_begin(g, "psci");
	fdtgen_bytes(g, "compatible", compatible, sizeof(compatible));
	fdtgen_str(g, "method", g->cfg->psci_hvc ? "hvc" : "smc");
	fdtgen_u32(g, "cpu_suspend", PSCI_CPU_SUSPEND);
	fdtgen_u32(g, "cpu_off", PSCI_CPU_OFF);
	fdtgen_u32(g, "cpu_on", PSCI_CPU_ON);
	fdtgen_u32(g, "migrate", PSCI_MIGRATE);
	fdtgen_end(g);
}

/* With a GICv2 the flags hold the CPUs a private interrupt goes to. */
static uint32_t fdtgen_ppi_flags(const struct fdtgen *g)
{
	if (g->cfg->gic_version == 2) {
		return GIC_LEVEL | ((1u << g->cfg->vcpus) - 1) << 8;
	}
	return GIC_LEVEL;
}

static void fdtgen_timer(struct fdtgen *g)
{
	static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
	uint32_t flags = fdtgen_ppi_flags(g);
	uint32_t cells[] = {
		GIC_PPI, TIMER_SECURE_PPI,   flags,
		GIC_PPI, TIMER_PHYSICAL_PPI, flags,
		GIC_PPI, TIMER_VIRTUAL_PPI,  flags,
		GIC_PPI, TIMER_HYP_PPI,      flags,
	};

	fdtgen_begin(g, "timer");
	fdtgen_bytes(g, "compatible", compatible, sizeof(compatible));
	fdtgen_cells(g, "interrupts", cells, ARRAY_SIZE(cells));
	fdtgen_bytes(g, "always-on", NULL, 0);
	fdtgen_end(g);
}

static void fdtgen_gic(struct fdtgen *g)
{
	const struct guest_config *cfg = g->cfg;
	bool v3 = cfg->gic_version == 3;
	struct config_range regs[] = {
		cfg->gicd,
		v3 ? cfg->gicr : cfg->gicc,
	};

	fdtgen_begin_at(g, "intc", cfg->gicd.base);
	fdtgen_str(g, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
	fdtgen_bytes(g, "interrupt-controller", NULL, 0);
	fdtgen_u32(g, "#interrupt-cells", 3);
	fdtgen_u32(g, "#address-cells", 2);
	fdtgen_u32(g, "#size-cells", 2);
	fdtgen_bytes(g, "ranges", NULL, 0);
	fdtgen_reg(g, regs, ARRAY_SIZE(regs));
	if (v3) {
		fdtgen_u32(g, "#redistributor-regions", 1);
	}
	fdtgen_u32(g, "phandle",
		   fdtgen_phandle(g, cfg->gic_node, FDTGEN_PHANDLE_GIC));
	fdtgen_end(g);
}

void fdtgen_arch_nodes(struct fdtgen *g)
{
	fdtgen_cpus(g);
	fdtgen_psci(g);
	fdtgen_timer(g);
	fdtgen_gic(g);
}
