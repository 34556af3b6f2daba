/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of descriptions that only arm64's guests have. */
#include <core/config_parser.h>

#include "platform_priv.h"

/* In the order of enum kernel_format. */
static const char *const format_choices[] = { "auto", "image", "elf", "raw",
					      NULL };
/* In the order of enum guest_counters. */
static const char *const pmu_choices[] = { "auto", "host", "none", NULL };
static const char *const conduit_choices[] = { "smc", "hvc", NULL };

/* clang-format 14 would break the columns of this table. */
/* clang-format off */
const struct schema_prop guest_rows[] = {
	{
		.node = "/",
		.name = "psci-conduit", /* tree.c takes it from there */
		.type = SCHEMA_CHOICE,
		.choices = conduit_choices,
		.otherwise = REFERENCE("hvc"),
		.doc = REFERENCE("The conduit of PSCI in the OS's tree; both always "
				 "work."),
	},
	{
		.node = "/cpus",
		.name = "native-wfi",
		.type = SCHEMA_FLAG,
		CONFIG_STORE(native_wait),
		.otherwise = REFERENCE("WFI gives the CPU to others"),
		.doc = REFERENCE("WFI is not trapped: the host CPU sleeps in the guest, "
				 "and interrupts arrive sooner. For VCPUs with a CPU of "
				 "their own: others on that CPU run only at the end of "
				 "a slice, or with a higher priority."),
	},
	{
		.node = "/cpus",
		.name = "pmu",
		.type = SCHEMA_CHOICE,
		.choices = pmu_choices,
		CONFIG_STORE(counters),
		.otherwise = REFERENCE("auto"),
		.doc = REFERENCE("Performance counters: a PMUv3 of the counters that "
		       "the hypervisor does not need, as the host has them; "
		       "host: it must have them; or none."),
	},
	{
		.node = "/boot",
		.name = "entry",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		CONFIG_STORE_HAS(entry),
		.otherwise = REFERENCE("as the file says; raw: where it is loaded"),
		.doc = REFERENCE("Where VCPU 0 starts, a physical address within "
		       "what is loaded; without `kernel` in a flash bank "
		       "whose `image` is firmware."),
	},
	{
		.node = "/boot",
		.name = "format",
		.type = SCHEMA_CHOICE,
		.choices = format_choices,
		CONFIG_STORE(format),
		.otherwise = REFERENCE("auto"),
		.doc = REFERENCE("How `kernel` is loaded: as a Linux Image, an ELF file "
		       "or a raw binary; auto looks at its first bytes."),
	},
	{
		.node = "/boot",
		.name = "initrd-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		CONFIG_STORE_HAS(initrd_addr),
		.otherwise = REFERENCE("the middle of the first bank, RAM + 128 MiB at "
			     "most; above `kernel`"),
		.doc = REFERENCE("Where `initrd` is loaded."),
	},
	{
		.node = "/boot",
		.name = "dtb-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 8,
		CONFIG_STORE_HAS(dtb_addr),
		.otherwise = REFERENCE("a 2 MiB boundary above `initrd`; ELF, or without "
			     "`kernel`: the start of RAM"),
		.doc = REFERENCE("Where the OS's device tree is put; VCPU 0 gets the "
		       "address in x0."),
	},
	{
		.node = "/devices/*",
		.name = "interrupts",
		.type = SCHEMA_IRQS,
		.otherwise = REFERENCE("the default machine's device at that address, "
			     "or the slot's"),
		.doc = REFERENCE("Shared interrupts, in three cells: 0, number, and 1 "
		       "(edge) or 4 (level)."),
	},
	{
		.node = "/devices/intc",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.required = true,
		.doc = REFERENCE("\"arm,gic-v3\", or \"arm,cortex-a15-gic\" or "
		       "\"arm,gic-400\" for a GICv2."),
	},
	{
		.node = "/devices/intc",
		.name = "reg",
		.type = SCHEMA_REG,
		.align = PAGE_SIZE,
		.otherwise = REFERENCE("as on QEMU's virt machine; with more than 123 "
			     "VCPUs the redistributors are at 0x3d000000"),
		.doc = REFERENCE("Distributor, then redistributors (GICv3, 128 KiB for "
		       "each VCPU) or CPU interface (GICv2)."),
	},
	{
		.node = "/devices/intc",
		.name = "interrupt-controller",
		.type = SCHEMA_FLAG,
		.otherwise = REFERENCE("implied"),
		.doc = REFERENCE("Accepted because dtc asks for it; has no effect."),
	},
	{
		.node = "/devices/intc",
		.name = "#interrupt-cells",
		.type = SCHEMA_U32,
		.min = GIC_CELLS,
		.max = GIC_CELLS,
		.otherwise = REFERENCE("3"),
		.doc = REFERENCE("Accepted because dtc asks for it; has no effect."),
	},
	{ .name = NULL },
};
/* clang-format on */
