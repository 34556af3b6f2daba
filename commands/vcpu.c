/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: guests' VCPUs and the hypervisor's threads. */
#include <cmd/command.h>
#include <core/guest.h>
#include <core/sched.h>
#include <core/time.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "usage.h"

static uint64_t vcpu_ms(uint64_t ticks)
{
	return ticks_to_ns(ticks) / 1000000;
}

static int vcpu_table(struct session *s, bool json, bool threads)
{
	static const struct column cols[] = {
		{ "ID", COL_U64 },        { "NAME", COL_STR },
		{ "STATE", COL_STR },     { "CPU", COL_U64 },
		{ "PRIO", COL_U64 },      { "AFFINITY", COL_STR },
		{ "CPU%", COL_PERMILLE }, { "RUN S", COL_MILLI },
		{ "WAIT S", COL_MILLI },   { "SWITCHES", COL_U64 },
	};
	char cpus[USAGE_CPUS_TEXT];
	struct usage_list list;
	struct table *t;
	int ret = usage_take(s, &list);

	if (ret != 0) {
		return ret;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (size_t i = 0; i < list.count; i++) {
		const struct usage *u = &list.items[i];

		if ((u->guest == NULL) != threads) {
			continue;
		}
		table_u64(t, u->id);
		table_str(t, u->name);
		table_str(t, u->state);
		table_u64(t, u->cpu);
		table_u64(t, u->priority);
		table_str(t, cpumask_text(cpus, sizeof(cpus), &u->affinity));
		table_u64(t, u->permille);
		table_u64(t, vcpu_ms(u->times.running));
		table_u64(t, vcpu_ms(u->times.ready));
		table_u64(t, u->times.switches);
	}
	table_end(t);
	usage_free(&list);
	return 0;
}

static int vcpu_list(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	return vcpu_table(s, json, false);
}

static int thread_list(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	return vcpu_table(s, json, true);
}

/* "linux0/1", or "linux0" for all: the guest, referenced, and first and last
 * VCPU. */
static struct guest *vcpu_parse(struct session *s, const char *arg,
				uint32_t *first, uint32_t *last)
{
	const char *slash = strchr(arg, '/');
	size_t n = slash != NULL ? (size_t)(slash - arg) : strlen(arg);
	char name[CONFIG_NAME_LEN];
	struct guest *g = NULL;
	uint64_t index = 0;

	if (n < sizeof(name)) {
		memcpy(name, arg, n);
		name[n] = '\0';
		g = guest_get(name);
	}
	if (g == NULL) {
		out_error(s, "there is no guest '%.*s'; 'guest list' has them",
			  (int)MIN(n, (size_t)64), arg);
		return NULL;
	}
	*first = 0;
	*last = g->cfg->vcpus - 1;
	if (slash == NULL) {
		return g;
	}
	if (parse_u64_max(slash + 1, *last, &index) != 0) {
		out_error(s, "'%s': %s has VCPUs 0 to %u", arg, g->name, *last);
		guest_put(g);
		return NULL;
	}
	*first = *last = (uint32_t)index;
	return g;
}

static int vcpu_affinity(struct session *s, int argc, char **argv)
{
	uint32_t first, last;
	struct cpumask mask;
	struct guest *g;
	int ret;

	if (argc != 3) {
		return command_usage(s, "a VCPU and CPUs are needed");
	}
	ret = parse_list(argv[2], mask.bits, MIN(cpu_count, CONFIG_MAX_CPUS));
	if (ret != 0) {
		out_error(s,
			  "'%s' is not a list of CPUs; it could be all, or "
			  "like 0,2-3; there are CPUs 0 to %u",
			  argv[2], cpu_count - 1);
		return ret;
	}
	g = vcpu_parse(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	for (uint32_t i = first; ret == 0 && i <= last; i++) {
		ret = sched_set_affinity(g->vcpus[i], &mask);
	}
	guest_put(g);
	if (ret == -ERR_INVAL) {
		out_error(s, "none of the CPUs %s is online", argv[2]);
	}
	return ret;
}

static int vcpu_priority(struct session *s, int argc, char **argv)
{
	uint32_t first, last;
	struct guest *g;
	uint64_t prio;
	int ret = 0;

	if (argc != 3) {
		return command_usage(s, "a VCPU and a priority are needed");
	}
	if (parse_u64_max(argv[2], SCHED_PRIO_MAX, &prio) != 0) {
		out_error(s, "'%s': priorities are 0 (lowest) to %u", argv[2],
			  SCHED_PRIO_MAX);
		return -ERR_INVAL;
	}
	g = vcpu_parse(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	for (uint32_t i = first; ret == 0 && i <= last; i++) {
		ret = sched_set_priority(g->vcpus[i], (unsigned int)prio);
	}
	guest_put(g);
	return ret;
}

/* Guests, and each of their VCPUs. */
static void vcpu_complete(struct completion_ctx *c, int argc, char **argv)
{
	char name[CONFIG_NAME_LEN + 16];
	struct guest *g;

	(void)argv;
	for (unsigned int n = 0; argc == 0 && (g = guest_get_nth(n)) != NULL;
	     n++) {
		complete_add(c, g->name);
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			(void)snprintf(name, sizeof(name), "%s/%u", g->name, i);
			complete_add(c, name);
		}
		guest_put(g);
	}
}

static const struct subcommand vcpu_subs[] = {
	{ "list", "[--json]", "List the guests' VCPUs.", vcpu_list, NULL },
	{ "affinity", "GUEST[/VCPU] CPUS", "Let VCPUs run on these CPUs only.",
	  vcpu_affinity, vcpu_complete },
	{ "priority", "GUEST[/VCPU] PRIORITY",
	  "Change priority; 0 is the lowest, 7 the highest.", vcpu_priority,
	  vcpu_complete },
	{ .name = NULL },
};

static const struct command vcpu_command = {
	.name = "vcpu",
	.summary = "List guests' VCPUs; change where and how they run.",
	.usage = "[--json]",
	.examples = "vcpu list\nvcpu affinity linux0/1 2-3\n"
		    "vcpu priority linux0 5\n",
	.run = vcpu_list,
	.sub = vcpu_subs,
};
COMMAND(vcpu_command);

static const struct subcommand thread_subs[] = {
	{ "list", "[--json]", "List the hypervisor's threads.", thread_list,
	  NULL },
	{ .name = NULL },
};

static const struct command thread_command = {
	.name = "thread",
	.summary = "List the hypervisor's threads.",
	.usage = "[--json]",
	.examples = "thread list --json\n",
	.run = thread_list,
	.sub = thread_subs,
};
COMMAND(thread_command);
