/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Arm nodes of the OS's tree: CPUs, PSCI, timer. */
#include <stdio.h>

#include <arch_impl/mpidr.h>
#include <core/fdtgen.h>
#include <libfdt.h>

#include "platform_priv.h"

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
#define PMU_PPI 7 /* VPMU_PPI, as trees count */

void tree_root(struct fdtgen *g)
{
	fdtgen_u32(g, "interrupt-parent",
		   fdtgen_phandle(g, g->cfg->intc_node, FDTGEN_PHANDLE_INTC));
}

/* One socket and one cluster: VCPUs have no other topology. */
static void tree_cpu_map(struct fdtgen *g)
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

static void tree_cpus(struct fdtgen *g)
{
	char name[CONFIG_NAME_LEN];
	uint32_t i;

	fdtgen_begin(g, "cpus");
	fdtgen_u32(g, "#address-cells", 1);
	fdtgen_u32(g, "#size-cells", 0);
	for (i = 0; i < g->cfg->vcpus; i++) {
		uint32_t hwid = (uint32_t)vcpu_mpidr(i, g->cfg->intc_model);

		/*
		 * In hexadecimal, as the specification says; QEMU uses decimal.
		 */
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
	tree_cpu_map(g);
	fdtgen_end(g);
}

static void tree_psci(struct fdtgen *g)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
	const char *conduit =
		fdt_getprop(g->cfg->blob, 0, "psci-conduit", NULL);

	fdtgen_begin(g, "psci");
	fdtgen_bytes(g, "compatible", compatible, sizeof(compatible));
	/* The description was checked: "smc" or "hvc". */
	fdtgen_str(g, "method", conduit ? conduit : "hvc");
	fdtgen_u32(g, "cpu_suspend", PSCI_CPU_SUSPEND);
	fdtgen_u32(g, "cpu_off", PSCI_CPU_OFF);
	fdtgen_u32(g, "cpu_on", PSCI_CPU_ON);
	fdtgen_u32(g, "migrate", PSCI_MIGRATE);
	fdtgen_end(g);
}

/* With a GICv2 the flags hold the CPUs a private interrupt goes to. */
static uint32_t tree_ppi_flags(const struct fdtgen *g)
{
	if (g->cfg->intc_model == GUEST_GICV2) {
		return GIC_LEVEL | ((1U << g->cfg->vcpus) - 1) << 8;
	}
	return GIC_LEVEL;
}

static void tree_timer(struct fdtgen *g)
{
	static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
	uint32_t flags = tree_ppi_flags(g);
	uint32_t cells[] = {
		GIC_TYPE_PPI, TIMER_SECURE_PPI,   flags,
		GIC_TYPE_PPI, TIMER_PHYSICAL_PPI, flags,
		GIC_TYPE_PPI, TIMER_VIRTUAL_PPI,  flags,
		GIC_TYPE_PPI, TIMER_HYP_PPI,      flags,
	};

	fdtgen_begin(g, "timer");
	fdtgen_bytes(g, "compatible", compatible, sizeof(compatible));
	fdtgen_cells(g, "interrupts", cells, ARRAY_SIZE(cells));
	fdtgen_bytes(g, "always-on", NULL, 0);
	fdtgen_end(g);
}

static void tree_pmu(struct fdtgen *g)
{
	uint32_t cells[] = { GIC_TYPE_PPI, PMU_PPI, tree_ppi_flags(g) };

	if (g->cfg->counters == GUEST_COUNTERS_NONE) {
		return;
	}
	fdtgen_begin(g, "pmu");
	fdtgen_str(g, "compatible", "arm,armv8-pmuv3");
	fdtgen_cells(g, "interrupts", cells, ARRAY_SIZE(cells));
	fdtgen_end(g);
}

void tree_nodes(struct fdtgen *g)
{
	tree_cpus(g);
	tree_psci(g);
	tree_timer(g);
	tree_pmu(g);
	gic_tree_node(g);
}
