/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of guest descriptions: each property, the values allowed,
 * and the default. The architecture adds rows (core/guest_platform.h). Both the
 * checker and the reference page (docs/reference/guest-description.md) use it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <core/budget.h>
#include <core/sched.h>
#include <core/sched_pool.h>

#include "config_priv.h"

/* In the order of the enums in core/guest_config.h. */
static const char *const crash_choices[] = { "halt", "restart", "destroy",
					     NULL };
#ifdef CONFIG_SCHED_PARAMS
static const char *const overrun_choices[] = { "count", "log", "restart",
					       "stop", NULL };
#endif
static const char *const status_choices[] = { "okay", "disabled", NULL };

#define ADDRESS_CELLS(n) \
	{ \
		.node = (n), \
		.name = "#address-cells", \
		.type = SCHEMA_U32, \
		.min = 1, \
		.max = 2, \
		.otherwise = \
			REFERENCE("that of the node above, 2 in the root"), \
		.doc = REFERENCE( \
			"Cells of an address in `reg` of the nodes inside."), \
	}, \
	{ \
		.node = (n), .name = "#size-cells", .type = SCHEMA_U32, \
		.min = 1, .max = 2, \
		.otherwise = \
			REFERENCE("that of the node above, 2 in the root"), \
		.doc = REFERENCE( \
			"Cells of a size in `reg` of the nodes inside."), \
	}

static const struct schema_prop schema_props[] = {
	{
		.node = "/",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.required = true,
		.take = config_take_compatible,
		.doc = REFERENCE("Holds \"socle,guest\"."),
	},
	{
		.node = "/",
		.name = "model",
		.type = SCHEMA_NAME,
		.required = true,
		.min = 1,
		.max = CONFIG_NAME_LEN - 1,
		.take = config_take_model,
		.doc = REFERENCE(
			"The guest's name at the terminal; no two guests share "
			"one."),
	},
	{
		.node = "/",
		.name = "memory",
		.type = SCHEMA_SIZE,
		.min = MIB(1),
		.max = BIT(47),
		.align = PAGE_SIZE,
		.take = config_take_size,
		.doc = REFERENCE(
			"RAM where the default machine has it, in place of "
			"`memory@` nodes."),
	},
	{
		.node = "/",
		.name = "colors",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_COLOURS - 1,
		.take = config_take_colours,
		.otherwise = REFERENCE("any colour that no other guest has"),
		.doc = REFERENCE(
			"The guest's memory has only these colours of the "
			"last-level cache (`host cache`), and no other guest "
			"has one of them."),
	},
	{
		.node = "/",
		.name = "colors-count",
		.type = SCHEMA_U32,
		.min = 1,
		.max = CONFIG_MAX_COLOURS,
		CONFIG_STORE(colours_count),
		.otherwise = REFERENCE("as `colors` says"),
		.doc = REFERENCE("The same, with so many of the free colours."),
	},
	{
		.node = "/",
		.name = "colors-shared",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = CONFIG_NAME_LEN - 1,
		.take = config_take_colours_shared,
		.otherwise = REFERENCE("with nobody"),
		.doc = REFERENCE(
			"With `colors`: guests whose descriptions have the same "
			"name here may have the same colours."),
	},
#ifdef CONFIG_CACHE_PORTIONS
	{
		.node = "/",
		.name = "cache-portions",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_PORTIONS - 1,
		.take = config_take_portions,
		.otherwise = REFERENCE("the portions that no other guest has"),
		.doc = REFERENCE(
			"The guest's lines are put only into these portions of "
			"the last-level cache (`host cache`), and nobody else's "
			"are: for caches that hash their index, which colours "
			"cannot divide."),
	},
	{
		.node = "/",
		.name = "cache-portions-count",
		.type = SCHEMA_U32,
		.min = 1,
		.max = CONFIG_MAX_PORTIONS,
		CONFIG_STORE(portions_count),
		.otherwise = REFERENCE("as `cache-portions` says"),
		.doc = REFERENCE("The same, with so many of the free portions."),
	},
	{
		.node = "/",
		.name = "cache-portions-shared",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = CONFIG_NAME_LEN - 1,
		.take = config_take_portions_shared,
		.otherwise = REFERENCE("with nobody"),
		.doc = REFERENCE(
			"With `cache-portions`: guests whose descriptions have "
			"the same name here may have the same portions."),
	},
#endif
	{
		.node = "/",
		.name = "on-crash",
		.type = SCHEMA_CHOICE,
		.choices = crash_choices,
		.otherwise = REFERENCE("halt"),
		CONFIG_STORE(on_crash),
		.doc = REFERENCE(
			"What happens when the guest cannot go on: stay for "
			"inspection, start again, or go away."),
	},
	{
		.node = "/",
		.name = "autostart",
		.type = SCHEMA_FLAG,
		CONFIG_STORE(autostart),
		.otherwise = REFERENCE("not started"),
		.doc = REFERENCE("The guest starts as soon as it is created."),
	},
	{
		.node = "/",
		.name = "interrupt-parent",
		.type = SCHEMA_U32,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("the guest's interrupt controller"),
		.doc = REFERENCE(
			"Accepted because dtc asks for it; has no effect."),
	},
	ADDRESS_CELLS("/"),
#ifdef CONFIG_BUDGET
	{
		.node = "/",
		.name = "mem-budget",
		.type = SCHEMA_LIST,
		.max = UINT32_MAX,
		.take = config_take_budget,
		.otherwise = REFERENCE("no limit"),
		.doc = REFERENCE(
			"Events that all its VCPUs together may cause in each "
			"period, and the period in microseconds; when they are "
			"used up, its VCPUs wait for the next period. See "
			"docs/design/budgets.md."),
	},
	{
		.node = "/",
		.name = "mem-budget-writes",
		.type = SCHEMA_U32,
		.min = BUDGET_EVENTS_MIN,
		.max = UINT32_MAX,
		CONFIG_STORE(budget_writes),
		.otherwise = REFERENCE("writes are not limited separately"),
		.doc = REFERENCE(
			"A second budget, of writes; with `mem-budget` and "
			"`mem-budget-write-event`."),
	},
	{
		.node = "/",
		.name = "mem-budget-event",
		.type = SCHEMA_TEXT,
		.min = 1,
		.max = CONFIG_NAME_LEN,
		CONFIG_STORE(budget_event),
		.otherwise = REFERENCE(
			"the host's `budget-event=`, or what its CPUs have"),
		.doc = REFERENCE("What its budgets count, by name or number; "
				 "`budget events` lists what a host has."),
	},
	{
		.node = "/",
		.name = "mem-budget-write-event",
		.type = SCHEMA_TEXT,
		.min = 1,
		.max = CONFIG_NAME_LEN,
		CONFIG_STORE(budget_write_event),
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("What the budgets of writes count."),
	},
	{
		.node = "/",
		.name = "mem-budget-reclaim",
		.type = SCHEMA_FLAG,
		CONFIG_STORE(budget_reclaim),
		.otherwise = REFERENCE("budgets are not lent or borrowed"),
		.doc = REFERENCE(
			"Its budgets lend what they are not likely to use, and "
			"borrow from others that do when they run out."),
	},
	{
		.node = "/",
		.name = "mem-budget-share",
		.type = SCHEMA_FLAG,
		CONFIG_STORE(budget_share),
		.otherwise = REFERENCE("budgets are not enlarged"),
		.doc = REFERENCE(
			"Its budgets are enlarged by a share, in proportion, of "
			"the bandwidth that nobody was promised."),
	},
#endif
	{
		.node = "/cpus",
		.name = "count",
		.type = SCHEMA_U32,
		.min = 1,
		.max = CONFIG_MAX_VCPUS,
		CONFIG_STORE(vcpus),
		.otherwise = REFERENCE("1"),
		.doc = REFERENCE(
			"VCPUs; an interrupt controller may take fewer."),
	},
	{
		.node = "/cpus",
		.name = "affinity",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_CPUS - 1,
		.otherwise = REFERENCE("all host CPUs"),
		.doc = REFERENCE(
			"The host CPU each VCPU runs on: `count` numbers, or "
			"one for all."),
	},
	{
		.node = "/cpus",
		.name = "affinity-set",
		.type = SCHEMA_LIST,
		.max = CONFIG_MAX_CPUS - 1,
		.otherwise = REFERENCE("all host CPUs"),
		.doc = REFERENCE(
			"Host CPUs that every VCPU may run on; not together "
			"with `affinity`."),
	},
	{
		.node = "/cpus",
		.name = "priority",
		.type = SCHEMA_U32,
		.max = SCHED_PRIO_MAX,
		CONFIG_STORE(priority),
		.otherwise = REFERENCE("3"),
		.doc = REFERENCE("Of all its VCPUs; higher runs first."),
	},
#ifdef CONFIG_SCHED_PARAMS
	{
		.node = "/cpus",
		.name = "pool",
		.type = SCHEMA_TEXT,
		.min = 1,
		.max = SCHED_POOL_NAME - 1,
		CONFIG_STORE(pool),
		.otherwise = REFERENCE("\"default\""),
		.doc = REFERENCE(
			"The pool of CPUs (`sched pool create`) that the guest "
			"runs in, which must be there when it is created."),
	},
	{
		.node = "/cpus",
		.name = "period-us",
		.type = SCHEMA_LIST,
		.max = SCHED_PERIOD_MAX_US,
		.otherwise = REFERENCE("no budget of CPU time"),
		.doc = REFERENCE(
			"Under the policies edf and rm: each VCPU is promised "
			"`budget-us` of CPU time in each such period, both in "
			"microseconds: `count` numbers, or one for all; 0 is "
			"none. Under arinc653 its windows must contain that."),
	},
	{
		.node = "/cpus",
		.name = "budget-us",
		.type = SCHEMA_LIST,
		.max = SCHED_PERIOD_MAX_US,
		.otherwise = REFERENCE("no budget of CPU time"),
		.doc = REFERENCE("With `period-us`, and at most that."),
	},
	{
		.node = "/cpus",
		.name = "deadline-us",
		.type = SCHEMA_LIST,
		.max = SCHED_PERIOD_MAX_US,
		.otherwise = REFERENCE("the end of the period"),
		.doc = REFERENCE(
			"Under the policies edf and rm: the budget is there by "
			"so many microseconds from the beginning of the "
			"period; from `budget-us` to `period-us`."),
	},
	{
		.node = "/cpus",
		.name = "weight",
		.type = SCHEMA_U32,
		.min = 1,
		.max = SCHED_WEIGHT_MAX,
		CONFIG_STORE(weight),
		.otherwise = REFERENCE("100"),
		.doc = REFERENCE(
			"Under the policy fair: the guest's share among those "
			"that are ready, however many VCPUs each has."),
	},
	{
		.node = "/cpus",
		.name = "cap",
		.type = SCHEMA_U32,
		.min = 1,
		.max = SCHED_CAP_MAX,
		CONFIG_STORE(cap),
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE(
			"Under the policy fair: what all its VCPUs together may "
			"have, in per cent of one CPU, also if nobody else "
			"wants it; at most 100 for each CPU of the pool."),
	},
	{
		.node = "/cpus",
		.name = "vcpu-cap",
		.type = SCHEMA_LIST,
		.max = 100,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE(
			"The same for each VCPU alone: `count` numbers, or one "
			"for all; 0 is none."),
	},
	{
		.node = "/cpus",
		.name = "windows-us",
		.type = SCHEMA_LIST,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("what other VCPUs' windows leave"),
		.doc = REFERENCE(
			"Under the policy arinc653: a VCPU, a start in the "
			"pool's frame and a length, in microseconds, for each "
			"window; at most 8 for a VCPU, in order."),
	},
	{
		.node = "/cpus",
		.name = "overrun",
		.type = SCHEMA_CHOICE,
		.choices = overrun_choices,
		CONFIG_STORE(overrun),
		.otherwise = REFERENCE("count"),
		.doc = REFERENCE(
			"What happens when a VCPU that has waited once is busy "
			"at the end of its last window of a frame: it is "
			"counted (`vcpu params`), logged as well, or the guest "
			"restarts, or stops."),
	},
#endif
#ifdef CONFIG_BUDGET
	{
		.node = "/cpus",
		.name = "mem-budget",
		.type = SCHEMA_LIST,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("no limit"),
		.doc = REFERENCE(
			"As the root's, for each VCPU alone: `count` pairs of "
			"events and period, or one for all; a pair of zeros is "
			"none."),
	},
	{
		.node = "/cpus",
		.name = "mem-budget-writes",
		.type = SCHEMA_LIST,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("writes are not limited separately"),
		.doc = REFERENCE(
			"As the root's, for each VCPU alone: `count` numbers, or "
			"one for all."),
	},
#endif
	{
		.node = "/memory",
		.name = "reg",
		.type = SCHEMA_REG,
		.required = true,
		.align = PAGE_SIZE,
		.take = config_take_memory,
		.doc = REFERENCE(
			"Where the guest sees RAM; whole pages of 4 KiB."),
	},
#ifdef CONFIG_GUEST_FIXED_MEMORY
	{
		.node = "/memory",
		.name = "host-address",
		.type = SCHEMA_U64,
		.min = PAGE_SIZE,
		.max = CONFIG_HOST_END - PAGE_SIZE,
		.align = PAGE_SIZE,
		.otherwise = REFERENCE("any free memory"),
		.doc = REFERENCE(
			"Where in the host this RAM is; the node has one range "
			"in `reg`. All of it must be free when the guest is "
			"created. With `colors` it is the pages of these from "
			"that address on, unless the address is the same as in "
			"`reg`: then the guest has its RAM 1:1, so all pages "
			"must be of its colours."),
	},
#endif
	{
		.node = "/memory",
		.name = "device_type",
		.type = SCHEMA_TEXT,
		.min = 1,
		.max = CONFIG_NAME_LEN,
		.otherwise = REFERENCE("\"memory\""),
		.doc = REFERENCE("Accepted because it is usual; has no effect."),
	},
	{
		.node = "/boot",
		.name = "kernel",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		CONFIG_STORE(kernel),
		.otherwise = REFERENCE("what is in flash, at `entry`"),
		.doc = REFERENCE(
			"What the guest starts: a Linux kernel, an ELF file or a "
			"raw binary."),
	},
	{
		.node = "/boot",
		.name = "kernel-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 4,
		CONFIG_STORE_HAS(kernel_addr),
		.otherwise = REFERENCE(
			"as the file says; raw: see the default machine"),
		.doc = REFERENCE(
			"Where `kernel` is loaded; an ELF file's segments are moved "
			"together."),
	},
	{
		.node = "/boot",
		.name = "initrd",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		CONFIG_STORE(initrd),
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("An initial RAM disk."),
	},
	{
		.node = "/boot",
		.name = "bootargs",
		.type = SCHEMA_TEXT,
		.max = 2047,
		CONFIG_STORE(bootargs),
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("The kernel's command line, in /chosen."),
	},
#ifdef CONFIG_GUEST_OWN_TREE
	{
		.node = "/boot",
		.name = "dtb",
		.type = SCHEMA_PATH,
		.min = 2,
		.max = 255,
		CONFIG_STORE(dtb),
		.otherwise = REFERENCE("generated from this description"),
		.doc = REFERENCE(
			"A device tree blob given to the OS in place of the "
			"generated one; bootargs, initrd and seeds are put into "
			"its /chosen."),
	},
#endif
#ifdef CONFIG_MANAGEMENT
	{
		.node = "/management",
		.name = "observe",
		.type = SCHEMA_STRINGS,
		.take = config_take_observe,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("Guests by name, or \"*\": all, and the host. "
				 "Events about them are told, too."),
	},
	{
		.node = "/management",
		.name = "operate",
		.type = SCHEMA_STRINGS,
		.take = config_take_operate,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("Guests by name, or \"*\": all. They may be "
				 "observed, too."),
	},
#endif
	{
		.node = "/devices",
		.name = "no-defaults",
		.type = SCHEMA_FLAG,
		.take = config_take_no_defaults,
		.otherwise =
			REFERENCE("the default machine's devices are there"),
		.doc = REFERENCE(
			"Only the devices listed here exist, besides CPUs, "
			"timer and interrupt controller."),
	},
	ADDRESS_CELLS("/devices"),
	{
		.node = "/devices",
		.name = "ranges",
		.type = SCHEMA_FLAG,
		.otherwise = REFERENCE("addresses are the guest's"),
		.doc = REFERENCE("Accepted because it is usual; has no effect."),
	},
	{
		.node = "/devices",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("Accepted because it is usual; has no effect."),
	},
	{
		.node = "/devices/*",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.otherwise = REFERENCE(
			"the default machine's device at that address"),
		.doc = REFERENCE(
			"What the device is: the first one known counts."),
	},
	{
		.node = "/devices/*",
		.name = "reg",
		.type = SCHEMA_REG,
		.align = 8,
		.otherwise = REFERENCE(
			"the default machine's device at that address, or the "
			"slot's"),
		.doc = REFERENCE("Where its registers are."),
	},
	{
		.node = "/devices/*",
		.name = "status",
		.type = SCHEMA_CHOICE,
		.choices = status_choices,
		.otherwise = REFERENCE("okay"),
		.doc = REFERENCE(
			"\"disabled\" takes a device of the default machine "
			"away. A slot stays taken: others do not move."),
	},
};

const struct schema_prop *schema_row(unsigned int i)
{
	const struct schema_prop *own = arch_guest_platform.rows;

	if (i < ARRAY_SIZE(schema_props)) {
		return &schema_props[i];
	}
	/* The platform's rows end with one that has no name. */
	own += i - ARRAY_SIZE(schema_props);
	return own->name ? own : NULL;
}

const struct schema_prop *schema_find(const char *node, const char *name,
				      const struct schema_prop *own)
{
	const struct schema_prop *row;
	unsigned int i;

	for (i = 0; (row = schema_row(i)) != NULL; i++) {
		if (strcmp(row->node, node) == 0 &&
		    strcmp(row->name, name) == 0) {
			return row;
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
	} else if (prop->min > 1) {
		snprintf(range, sizeof(range), " from %" PRIu64 " on",
			 prop->min);
	}
	snprintf(buf, size, "%s%s%s", what, range, align);
}

static void schema_allowed_bytes(const struct schema_prop *prop, char *buf,
				 size_t size)
{
	if (prop->min == prop->max) {
		snprintf(buf, size, "%u bytes: [00 11 ...]",
			 (unsigned int)prop->min);
	} else {
		snprintf(buf, size, "%u..%u bytes: [00 11 ...]",
			 (unsigned int)prop->min, (unsigned int)prop->max);
	}
}

/* The least size in the largest unit that it is a whole number of. */
static void schema_allowed_size(const struct schema_prop *prop, char *buf,
				size_t size)
{
	static const char *const units[] = { " bytes", "K", "M", "G" };
	uint64_t least = prop->min;
	unsigned int unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && least && least % 1024 == 0) {
		least /= 1024;
		unit++;
	}
	(void)snprintf(buf, size,
		       "a size such as \"256M\" or \"2G\", %" PRIu64
		       "%s at least%s",
		       least, units[unit],
		       prop->align == PAGE_SIZE ? ", whole pages" : "");
}

void schema_allowed(const struct schema_prop *prop, char *buf, size_t size)
{
	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		buf[0] = '\0';
		return;
	}
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
		schema_allowed_size(prop, buf, size);
		break;
	case SCHEMA_STRINGS:
		snprintf(buf, size, "one or more strings");
		break;
	case SCHEMA_BYTES:
		schema_allowed_bytes(prop, buf, size);
		break;
	case SCHEMA_REG:
		snprintf(buf, size, "<address size>, multiples of %u",
			 (unsigned int)prop->align);
		break;
	case SCHEMA_IRQS:
		snprintf(buf, size, "%s", arch_guest_platform.irq_allowed);
		break;
	}
}
