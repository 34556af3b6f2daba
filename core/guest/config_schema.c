/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of guest descriptions: every node and property there is, what it
 * may hold, and what holds if it is left out. The checker and the reference
 * page (docs/reference/guest-description.md) both come from here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <core/sched.h>

#include "config_priv.h"

const struct schema_node schema_nodes[] = {
	{
		.path = "/",
		.title = "The root",
		.doc = "Says what the guest is.",
		.required = true,
	},
	{
		.path = "/cpus",
		.title = "cpus",
		.doc = "The guest's VCPUs and where they run.",
	},
	{
		.path = "/memory",
		.title = "memory@ADDRESS",
		.doc = "The guest's RAM; several nodes are allowed, 8 ranges in "
		       "all. A root property `memory` with only a size takes "
		       "their place.",
		.many = true,
	},
	{
		.path = "/boot",
		.title = "boot",
		.doc = "What is loaded into RAM before the guest starts. Files "
		       "are those of the hypervisor's root file system.",
		.required = true,
	},
	{
		.path = "/devices",
		.title = "devices",
		.doc = "Changes and additions to the default machine.",
	},
	{
		.path = "/devices/*",
		.title = "devices/NAME@ADDRESS",
		.doc = "One device. With the address of a device of the default "
		       "machine it stands for that one, and what it leaves "
		       "out stays as it is there; else it is a new one. NAME "
		       "is also the name in the OS's tree. Some kinds have "
		       "properties of their own, see the end of this page.",
		.many = true,
	},
	{
		.path = "/devices/intc",
		.title = "devices/intc@ADDRESS",
		.doc = "The interrupt controller, known by its compatible.",
	},
	{
		.path = "/os-tree",
		.title = "os-tree",
		.doc = "Merged into the device tree that the guest's operating "
		       "system gets: nodes by path, properties replacing those "
		       "of the same name. Anything is allowed inside, "
		       "16 nodes deep.",
		.opaque = true,
	},
};
const unsigned int schema_node_count = ARRAY_SIZE(schema_nodes);

/* In the order of the enums in core/guest_config.h. */
static const char *const crash_choices[] = { "halt", "restart", "destroy",
					     NULL };
static const char *const format_choices[] = { "auto", "image", "elf", "raw",
					      NULL };
static const char *const conduit_choices[] = { "smc", "hvc", NULL };
static const char *const status_choices[] = { "okay", "disabled", NULL };

#define STORE(f) \
	.offset = offsetof(struct guest_config, f), \
	.size = sizeof(((struct guest_config *)NULL)->f)
#define STORE_HAS(f) STORE(f), .has = offsetof(struct guest_config, has_##f)

#define ADDRESS_CELLS(n) \
	{ \
		.node = (n), \
		.name = "#address-cells", \
		.type = SCHEMA_U32, \
		.min = 1, \
		.max = 2, \
		.otherwise = "that of the node above, 2 in the root", \
		.doc = "Cells of an address in `reg` of the nodes inside.", \
	}, \
	{ \
		.node = (n), .name = "#size-cells", .type = SCHEMA_U32, \
		.min = 1, .max = 2, \
		.otherwise = "that of the node above, 2 in the root", \
		.doc = "Cells of a size in `reg` of the nodes inside.", \
	}

const struct schema_prop schema_props[] = {
	{
		.node = "/",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.required = true,
		.take = config_take_compatible,
		.doc = "Holds \"socle,guest\".",
	},
	{
		.node = "/",
		.name = "model",
		.type = SCHEMA_NAME,
		.required = true,
		.min = 1,
		.max = CONFIG_NAME_LEN - 1,
		.take = config_take_model,
		.doc = "The guest's name at the terminal; no two guests share "
		       "one.",
	},
	{
		.node = "/",
		.name = "memory",
		.type = SCHEMA_SIZE,
		.min = MIB(1),
		.max = BIT(47),
		.align = PAGE_SIZE,
		.take = config_take_size,
		.doc = "RAM at 0x40000000, in place of `memory@` nodes.",
	},
	{
		.node = "/",
		.name = "on-crash",
		.type = SCHEMA_CHOICE,
		.choices = crash_choices,
		.otherwise = "halt",
		STORE(on_crash),
		.doc = "What happens when the guest cannot go on: stay for "
		       "inspection, start again, or go away.",
	},
	{
		.node = "/",
		.name = "autostart",
		.type = SCHEMA_FLAG,
		STORE(autostart),
		.otherwise = "not started",
		.doc = "The guest starts as soon as it is created.",
	},
	{
		.node = "/",
		.name = "psci-conduit",
		.type = SCHEMA_CHOICE,
		.choices = conduit_choices,
		.otherwise = "hvc",
		STORE(psci_hvc),
		.doc = "What the OS's tree says PSCI is called by; both "
		       "always work.",
	},
	{
		.node = "/",
		.name = "interrupt-parent",
		.type = SCHEMA_U32,
		.max = UINT32_MAX,
		.otherwise = "the guest's interrupt controller",
		.doc = "Accepted for the sake of dtc; has no effect.",
	},
	ADDRESS_CELLS("/"),
	{
		.node = "/cpus",
		.name = "count",
		.type = SCHEMA_U32,
		.min = 1,
		.max = CONFIG_MAX_VCPUS,
		STORE(vcpus),
		.otherwise = "1",
		.doc = "VCPUs; at most 8 with a GICv2.",
	},
	{
		.node = "/cpus",
		.name = "affinity",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_CPUS - 1,
		.otherwise = "all host CPUs",
		.doc = "The host CPU each VCPU runs on: `count` numbers, or "
		       "one for all.",
	},
	{
		.node = "/cpus",
		.name = "affinity-set",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_CPUS - 1,
		.otherwise = "all host CPUs",
		.doc = "Host CPUs that every VCPU may run on; not together "
		       "with `affinity`.",
	},
	{
		.node = "/cpus",
		.name = "priority",
		.type = SCHEMA_U32,
		.max = SCHED_PRIO_MAX,
		STORE(priority),
		.otherwise = "3",
		.doc = "Of all its VCPUs; higher runs first.",
	},
	{
		.node = "/cpus",
		.name = "native-wfi",
		.type = SCHEMA_FLAG,
		STORE(native_wfi),
		.otherwise = "WFI gives the CPU to others",
		.doc = "WFI is not trapped: the host CPU sleeps in the guest, "
		       "and an interrupt is there sooner. For VCPUs with a "
		       "CPU of their own: who shares it gets it only at the "
		       "end of a slice, or by a higher priority.",
	},
	{
		.node = "/memory",
		.name = "reg",
		.type = SCHEMA_REG,
		.required = true,
		.align = PAGE_SIZE,
		.take = config_take_memory,
		.doc = "Where the guest sees RAM; whole pages of 4 KiB.",
	},
	{
		.node = "/memory",
		.name = "device_type",
		.type = SCHEMA_TEXT,
		.min = 1,
		.max = CONFIG_NAME_LEN,
		.otherwise = "\"memory\"",
		.doc = "Accepted for the sake of custom; has no effect.",
	},
	{
		.node = "/boot",
		.name = "kernel",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		STORE(kernel),
		.otherwise = "what is in flash, at `entry`",
		.doc = "What the guest starts: a Linux Image, an ELF file or a "
		       "raw binary.",
	},
	{
		.node = "/boot",
		.name = "format",
		.type = SCHEMA_CHOICE,
		.choices = format_choices,
		STORE(format),
		.otherwise = "auto",
		.doc = "How `kernel` is loaded; auto looks at its first bytes.",
	},
	{
		.node = "/boot",
		.name = "kernel-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		STORE_HAS(kernel_addr),
		.otherwise = "raw: RAM + 0x80000; else as the file says",
		.doc = "Where `kernel` is loaded.",
	},
	{
		.node = "/boot",
		.name = "entry",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		STORE_HAS(entry),
		.otherwise = "as the file says; raw: where it is loaded",
		.doc = "Where VCPU 0 starts; without `kernel` in a flash "
		       "whose `image` is firmware.",
	},
	{
		.node = "/boot",
		.name = "initrd",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		STORE(initrd),
		.otherwise = "none",
		.doc = "An initial RAM disk.",
	},
	{
		.node = "/boot",
		.name = "initrd-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		STORE_HAS(initrd_addr),
		.otherwise = "a 2 MiB boundary where it fits",
		.doc = "Where `initrd` is loaded.",
	},
	{
		.node = "/boot",
		.name = "bootargs",
		.type = SCHEMA_TEXT,
		.max = 2047,
		STORE(bootargs),
		.otherwise = "none",
		.doc = "The kernel's command line, in /chosen.",
	},
	{
		.node = "/boot",
		.name = "dtb",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		STORE(dtb),
		.otherwise = "generated from this description",
		.doc = "A device tree blob given to the OS in place of the "
		       "generated one.",
	},
	{
		.node = "/boot",
		.name = "dtb-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 8,
		STORE_HAS(dtb_addr),
		.otherwise = "the start of RAM",
		.doc = "Where the OS's device tree is put.",
	},
	{
		.node = "/devices",
		.name = "no-defaults",
		.type = SCHEMA_FLAG,
		.take = config_take_no_defaults,
		.otherwise = "the default machine's devices are there",
		.doc = "Only the devices listed here exist, besides CPUs, "
		       "timer and interrupt controller.",
	},
	ADDRESS_CELLS("/devices"),
	{
		.node = "/devices",
		.name = "ranges",
		.type = SCHEMA_FLAG,
		.otherwise = "addresses are the guest's",
		.doc = "Accepted for the sake of custom; has no effect.",
	},
	{
		.node = "/devices",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.otherwise = "none",
		.doc = "Accepted for the sake of custom; has no effect.",
	},
	{
		.node = "/devices/*",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.otherwise = "the default machine's device at that address",
		.doc = "What the device is: the first one known counts.",
	},
	{
		.node = "/devices/*",
		.name = "reg",
		.type = SCHEMA_REG,
		.align = 8,
		.otherwise = "the default machine's device at that address",
		.doc = "Where its registers are.",
	},
	{
		.node = "/devices/*",
		.name = "interrupts",
		.type = SCHEMA_IRQS,
		.max = MACHINE_NR_SPIS - 1,
		.otherwise = "the default machine's device at that address",
		.doc = "Shared interrupts, in three cells: 0, number, and 1 "
		       "(edge) or 4 (level).",
	},
	{
		.node = "/devices/*",
		.name = "status",
		.type = SCHEMA_CHOICE,
		.choices = status_choices,
		.otherwise = "okay",
		.doc = "\"disabled\" takes a device of the default machine "
		       "away.",
	},
	{
		.node = "/devices/intc",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.required = true,
		.doc = "\"arm,gic-v3\", or \"arm,cortex-a15-gic\" or "
		       "\"arm,gic-400\" for a GICv2.",
	},
	{
		.node = "/devices/intc",
		.name = "reg",
		.type = SCHEMA_REG,
		.align = PAGE_SIZE,
		.otherwise = "as on QEMU's virt machine",
		.doc = "Distributor, then redistributors (GICv3, 128 KiB for "
		       "each VCPU) or CPU interface (GICv2).",
	},
	{
		.node = "/devices/intc",
		.name = "interrupt-controller",
		.type = SCHEMA_FLAG,
		.otherwise = "understood",
		.doc = "Accepted for the sake of dtc; has no effect.",
	},
	{
		.node = "/devices/intc",
		.name = "#interrupt-cells",
		.type = SCHEMA_U32,
		.min = 3,
		.max = 3,
		.otherwise = "3",
		.doc = "Accepted for the sake of dtc; has no effect.",
	},
};
const unsigned int schema_prop_count = ARRAY_SIZE(schema_props);

const struct schema_prop *schema_find(const char *node, const char *name,
				      const struct schema_prop *own)
{
	unsigned int i;

	for (i = 0; i < schema_prop_count; i++) {
		if (strcmp(schema_props[i].node, node) == 0 &&
		    strcmp(schema_props[i].name, name) == 0) {
			return &schema_props[i];
		}
	}
	for (; own && own->name; own++) {
		if (strcmp(own->name, name) == 0) {
			return own;
		}
	}
	return NULL;
}

static void schema_allowed_choices(const struct schema_prop *prop, char *buf,
				   size_t size)
{
	const char *const *choice;
	size_t n = 0;

	buf[0] = '\0';
	for (choice = prop->choices; *choice && n < size; choice++) {
		int len = snprintf(buf + n, size - n, "%s\"%s\"", n ? ", " : "",
				   *choice);

		n += len > 0 ? (size_t)len : 0;
	}
}

static void schema_allowed_number(const struct schema_prop *prop,
				  const char *what, char *buf, size_t size)
{
	char align[40] = "", range[48] = "";

	if (prop->align > 1) {
		snprintf(align, sizeof(align), ", a multiple of %" PRIu64,
			 prop->align);
	}
	if (prop->min == prop->max) {
		snprintf(range, sizeof(range), ", %" PRIu64, prop->min);
	} else if (prop->max < UINT32_MAX) {
		snprintf(range, sizeof(range), " %" PRIu64 "..%" PRIu64,
			 prop->min, prop->max);
	}
	snprintf(buf, size, "%s%s%s", what, range, align);
}

void schema_allowed(const struct schema_prop *prop, char *buf, size_t size)
{
	switch (prop->type) {
	case SCHEMA_FLAG:
		snprintf(buf, size, "no value");
		break;
	case SCHEMA_U32:
		schema_allowed_number(prop, "one cell", buf, size);
		break;
	case SCHEMA_U64:
		schema_allowed_number(prop, "one or two cells", buf, size);
		break;
	case SCHEMA_LIST:
		schema_allowed_number(prop, "one or more cells", buf, size);
		break;
	case SCHEMA_TEXT:
		snprintf(buf, size, "a string of %u..%u characters",
			 (unsigned int)prop->min, (unsigned int)prop->max);
		break;
	case SCHEMA_NAME:
		snprintf(buf, size, "1..%u of a-z A-Z 0-9 - _",
			 (unsigned int)prop->max);
		break;
	case SCHEMA_PATH:
		snprintf(buf, size, "a path from /, %u characters at most",
			 (unsigned int)prop->max);
		break;
	case SCHEMA_CHOICE:
		schema_allowed_choices(prop, buf, size);
		break;
	case SCHEMA_SIZE:
		snprintf(buf, size,
			 "a size such as \"256M\" or \"2G\", "
			 "%" PRIu64 "M at least, whole pages",
			 prop->min >> 20);
		break;
	case SCHEMA_STRINGS:
		snprintf(buf, size, "one or more strings");
		break;
	case SCHEMA_REG:
		snprintf(buf, size, "<address size>, multiples of %u",
			 (unsigned int)prop->align);
		break;
	case SCHEMA_IRQS:
		snprintf(buf, size, "<0 N FLAGS>, N 0..%u, FLAGS 1 or 4",
			 (unsigned int)prop->max);
		break;
	}
}
