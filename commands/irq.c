/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's interrupts. */
#include <cmd/command.h>
#include <core/irq.h>

static int irq_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "IRQ", COL_U64 },   { "NAME", COL_STR },
		{ "CPU", COL_U64 },   { "ENABLED", COL_BOOL },
		{ "COUNT", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct irq_info info;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int irq = 0; irq_get_info(irq, &info);
	     irq = info.irq + 1) {
		table_u64(t, info.irq);
		table_str(t, info.name);
		table_u64(t, info.cpu);
		table_u64(t, info.enabled);
		table_u64(t, info.count);
	}
	table_end(t);
	return 0;
}

static const struct subcommand irq_subs[] = {
	{ "list", "[--json]", "List interrupts in use, with counts.", irq_list,
	  NULL },
	{ .name = NULL },
};

static const struct command irq_command = {
	.name = "irq",
	.summary = "List the host's interrupts.",
	.usage = "[--json]",
	.examples = "irq list\n",
	.run = irq_list,
	.sub = irq_subs,
};
COMMAND(irq_command);
