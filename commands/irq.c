/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's interrupts. */
#include <cmd/command.h>
#include <core/irq.h>
#include <core/percpu.h>

static const char *irq_kind(const struct irq_info *info)
{
	static const char *const names[] = {
		[IRQ_IPI] = "ipi",
		[IRQ_PER_CPU] = "per-cpu",
		[IRQ_SHARED] = "shared",
	};

	return names[info->kind];
}

static uint64_t irq_count(const struct irq_info *info)
{
	uint64_t count = 0;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		count += irq_count_on(info, cpu);
	}
	return count;
}

static int irq_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "IRQ", COL_U64 }, { "NAME", COL_STR },
		{ "KIND", COL_STR }, { "CPU", COL_U64 },
		{ "ENABLED", COL_BOOL }, { "COUNT", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct irq_info info;
	unsigned int pos = 0;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	while (irq_next(&pos, &info)) {
		table_u64(t, info.irq);
		table_str(t, info.name);
		table_str(t, irq_kind(&info));
		if (info.kind == IRQ_SHARED) {
			table_u64(t, info.cpu);
		} else {
			table_none(t);
		}
		table_u64(t, info.enabled);
		table_u64(t, irq_count(&info));
	}
	table_end(t);
	return 0;
}

static int irq_cpus(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },
		{ "IRQ", COL_U64 },
		{ "NAME", COL_STR },
		{ "KIND", COL_STR },
		{ "COUNT", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct irq_info info;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		for (unsigned int pos = 0; irq_next(&pos, &info);) {
			uint64_t count = irq_count_on(&info, cpu);

			if (count == 0) {
				continue;
			}
			table_u64(t, cpu);
			table_u64(t, info.irq);
			table_str(t, info.name);
			table_str(t, irq_kind(&info));
			table_u64(t, count);
		}
	}
	table_end(t);
	return 0;
}

static const struct subcommand irq_subs[] = {
	{ "list", "[--json]", "List interrupts in use; counts of all CPUs.",
	  irq_list, NULL },
	{ "cpus", "[--json]", "List what came on each CPU.", irq_cpus, NULL },
	{ .name = NULL },
};

static const struct command irq_command = {
	.name = "irq",
	.summary = "List the host's interrupts.",
	.usage = "[--json]",
	.examples = "irq list\n"
		    "irq cpus\n",
	.run = irq_list,
	.sub = irq_subs,
};
COMMAND(irq_command);
