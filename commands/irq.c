/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's interrupts. */
#include <core/command.h>
#include <core/irq.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

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
		{ "IRQ", COL_U64 },      { "NAME", COL_STR },
		{ "KIND", COL_STR },     { "CPU", COL_U64 },
		{ "ENABLED", COL_BOOL }, { "COUNT", COL_U64 },
	};
	struct irq_info info;
	unsigned int pos = 0;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
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
		{ "CPU", COL_U64 },  { "IRQ", COL_U64 },   { "NAME", COL_STR },
		{ "KIND", COL_STR }, { "COUNT", COL_U64 },
	};
	struct irq_info info;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
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

/* All that are shared go there. */
static int move_all(unsigned int cpu)
{
	struct irq_info info;
	int err = 0;

	for (unsigned int pos = 0; !err && irq_next(&pos, &info);) {
		if (info.kind == IRQ_SHARED) {
			err = irq_set_affinity(info.irq, cpu);
		}
	}
	return err;
}

static bool find_shared(uint64_t irq, struct irq_info *info)
{
	for (unsigned int pos = 0; irq_next(&pos, info);) {
		if (info->kind == IRQ_SHARED && info->irq == irq) {
			return true;
		}
	}
	return false;
}

static int irq_affinity(struct session *s, int argc, char **argv)
{
	struct irq_info info;
	uint64_t irq, cpu;

	if (argc != 3) {
		return command_usage(s, "it takes an interrupt and a CPU");
	}
	if (parse_u64_max(argv[2], UINT32_MAX, &cpu) != 0 ||
	    !cpu_online((unsigned int)cpu)) {
		out_error(s,
			  "'%s' is not an online CPU; `host cpus` lists "
			  "them",
			  argv[2]);
		return -ERR_INVAL;
	}
	if (strcmp(argv[1], "all") == 0) {
		return move_all((unsigned int)cpu);
	}
	if (parse_u64_max(argv[1], UINT32_MAX, &irq) != 0 ||
	    !find_shared(irq, &info)) {
		out_error(s,
			  "'%s' is not a shared interrupt in use; `irq "
			  "list` lists them",
			  argv[1]);
		return -ERR_INVAL;
	}
	return irq_set_affinity(info.irq, (unsigned int)cpu);
}

static const struct subcommand irq_subs[] = {
	{ "list", "[--json]",
	  "List interrupts in use, with counts over all CPUs.", irq_list,
	  NULL },
	{ "cpus", "[--json]", "List how many came on each CPU.", irq_cpus,
	  NULL },
	{ "affinity", "IRQ|all CPU",
	  "Deliver a shared interrupt, or all of them, to this CPU.",
	  irq_affinity, NULL },
	{ .name = NULL },
};

static const struct command irq_command = {
	.name = "irq",
	.summary = "List the host's interrupts; say where they are delivered.",
	.usage = "[--json]",
	.examples = "irq list\n"
		    "irq cpus\n"
		    "irq affinity 79 1\n",
	.run = irq_list,
	.sub = irq_subs,
};
COMMAND(irq_command);
