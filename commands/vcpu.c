/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: guests' VCPUs and the hypervisor's threads. */
#include <core/command.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/time.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "usage.h"
#include "vcpu_cmd.h"

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
		{ "WAIT S", COL_MILLI },  { "THR S", COL_MILLI },
		{ "SWITCHES", COL_U64 },
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

		if ((u->group == NULL) != threads) {
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
		table_u64(t, vcpu_ms(u->times.throttled));
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
		return command_usage(s, "it takes no arguments");
	}
	return vcpu_table(s, json, false);
}

static int thread_list(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	return vcpu_table(s, json, true);
}

struct guest *vcpu_cmd_find(struct session *s, const char *arg, uint32_t *first,
			    uint32_t *last)
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
		out_error(s,
			  "there is no guest '%.*s'; 'guest list' lists them",
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

int vcpu_cmd_refused(struct session *s, const char *arg, int err,
		     const struct sched_refusal *why)
{
	/* The reason names whom it is about: a VCPU, or a pool. */
	if (why->text[0] != '\0') {
		out_error(s, "%s", why->text);
	} else if (err == -ERR_INVAL) {
		out_error(s, "%s: none of the CPUs is online", arg);
	} else {
		out_error(s, "%s: %s", arg, err_str(err));
	}
	return err;
}

/* The sum over VCPUs `first` to `last`. */
static void exits_row(struct table *t, const char *name, const struct guest *g,
		      uint32_t first, uint32_t last)
{
	uint64_t sum[VCPU_EXITS] = { 0 };
	uint64_t counts[VCPU_EXITS];
	uint64_t total = 0;

	for (uint32_t i = first; i <= last; i++) {
		arch_vcpu_exits(g->vcpus[i], counts);
		for (unsigned int k = 0; k < VCPU_EXITS; k++) {
			sum[k] += counts[k];
			total += counts[k];
		}
	}
	table_str(t, name);
	for (unsigned int k = 0; k < VCPU_EXITS; k++) {
		table_u64(t, sum[k]);
	}
	table_u64(t, total);
}

static void exits_of(struct table *t, const struct guest *g, uint32_t first,
		     uint32_t last, bool whole)
{
	if (whole) {
		exits_row(t, g->name, g, first, last);
		return;
	}
	for (uint32_t i = first; i <= last; i++) {
		exits_row(t, g->vcpus[i]->name, g, i, i);
	}
}

static int vcpu_exits(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },   { "MMIO", COL_U64 },
		{ "CALL", COL_U64 },   { "SYSREG", COL_U64 },
		{ "WAIT", COL_U64 },   { "IRQ", COL_U64 },
		{ "MEMORY", COL_U64 }, { "FP", COL_U64 },
		{ "OTHER", COL_U64 },  { "TOTAL", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	bool guests = IS_ENABLED(CONFIG_SCHED_ACCOUNT) &&
		      take_flag(&argc, argv, "--guests");
	uint32_t first = 0, last = 0;
	struct guest *g = NULL;
	struct table *t;

	_Static_assert(ARRAY_SIZE(cols) == VCPU_EXITS + 2,
		       "a column for each reason, in their order");
	if (argc > (guests ? 1 : 2)) {
		return command_usage(s, "at most one guest or VCPU is allowed");
	}
	if (argc == 2) {
		g = vcpu_cmd_find(s, argv[1], &first, &last);
		if (g == NULL) {
			return -ERR_NOENT;
		}
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	if (g != NULL) {
		exits_of(t, g, first, last, false);
		guest_put(g);
	}
	for (unsigned int n = 0; argc < 2 && (g = guest_get_nth(n)) != NULL;
	     n++) {
		exits_of(t, g, 0, g->cfg->vcpus - 1, guests);
		guest_put(g);
	}
	table_end(t);
	return 0;
}

/* All VCPUs from `first` to `last`; if one is refused, none. */
static int vcpu_set_affinities(struct guest *g, uint32_t first, uint32_t last,
			       const struct cpumask *mask,
			       struct sched_refusal *why)
{
	struct cpumask *before =
		heap_alloc((last - first + 1) * sizeof(*before));
	uint32_t done = first;
	int ret = before != NULL ? 0 : -ERR_NOMEM;
	int back = 0;

	while (ret == 0 && done <= last) {
		before[done - first] = g->vcpus[done]->affinity;
		ret = sched_set_affinity(g->vcpus[done], mask, why);
		done += ret == 0;
	}
	/* In reverse, so that the policy has kept each state before. */
	while (ret != 0 && back == 0 && done > first) {
		done--;
		back = sched_set_affinity(g->vcpus[done], &before[done - first],
					  NULL);
	}
	heap_free(before);
	return ret;
}

static int vcpu_affinity(struct session *s, int argc, char **argv)
{
	struct sched_refusal why = { .text = "" };
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
			  "0,2-3; there are CPUs 0 to %u",
			  argv[2], cpu_count - 1);
		return ret;
	}
	g = vcpu_cmd_find(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = vcpu_set_affinities(g, first, last, &mask, &why);
	guest_work_follow(g);
	guest_put(g);
	return ret == 0 ? 0 : vcpu_cmd_refused(s, argv[1], ret, &why);
}

static int vcpu_clear(struct session *s, int argc, char **argv)
{
	uint32_t first, last;
	struct guest *g;

	if (argc != 2) {
		return command_usage(s, "a guest or VCPU is needed");
	}
	g = vcpu_cmd_find(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	for (uint32_t i = first; i <= last; i++) {
		sched_clear_longest(g->vcpus[i]);
	}
	guest_put(g);
	return 0;
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
	g = vcpu_cmd_find(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	for (uint32_t i = first; ret == 0 && i <= last; i++) {
		ret = sched_set_priority(g->vcpus[i], (unsigned int)prio);
	}
	guest_work_follow(g);
	guest_put(g);
	return ret;
}

void vcpu_complete(struct completion_ctx *c, int argc, char **argv)
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
	{ "list", "[--json]",
	  "List the guests' VCPUs, and the threads that work for them.",
	  vcpu_list, NULL },
#ifdef CONFIG_SCHED_ACCOUNT
	{ "exits", "[GUEST[/VCPU]|--guests] [--json]",
	  "Count by reason the traps that VCPUs, or guests, took.", vcpu_exits,
	  vcpu_complete },
#else
	{ "exits", "[GUEST[/VCPU]] [--json]",
	  "Count by reason the traps that VCPUs took.", vcpu_exits,
	  vcpu_complete },
#endif
#ifdef CONFIG_SCHED_ACCOUNT
	{ "times", "[--guests] [--json]",
	  "Show what VCPUs spend their time on, or guests as a whole.",
	  vcpu_cmd_times, NULL },
#endif
	{ "affinity", "GUEST[/VCPU] CPUS", "Let VCPUs run on these CPUs only.",
	  vcpu_affinity, vcpu_complete },
	{ "params", "[--json]",
	  "Show pools, budgets, and how often deadlines were missed.",
	  vcpu_cmd_params, NULL },
	{ "shares", "[--json]",
	  "Show weights and caps, what was run, and the longest wait to run.",
	  vcpu_cmd_shares, NULL },
	{ "clear", "GUEST[/VCPU]",
	  "Forget the longest wait so far, and how late windows began.",
	  vcpu_clear, vcpu_complete },
	{ "set", "GUEST[/VCPU] NAME=VALUE... [--force]",
	  "Change what VCPUs are promised, and their windows.", vcpu_cmd_set,
	  vcpu_complete_set },
	{ "priority", "GUEST[/VCPU] PRIORITY",
	  "Change priority; 0 is the lowest, 7 the highest.", vcpu_priority,
	  vcpu_complete },
	{ .name = NULL },
};

static const struct command vcpu_command = {
	.name = "vcpu",
	.summary = "List guests' VCPUs; change where and how they run.",
	.usage = "[--json]",
	.examples = "vcpu list\nvcpu exits linux0\n"
#ifdef CONFIG_SCHED_ACCOUNT
		    "vcpu times --guests\n"
#endif
		    "vcpu affinity linux0/1 2-3\n"
		    "vcpu priority linux0 5\n"
		    "vcpu set linux0/0 period=10ms budget=2ms\n"
		    "vcpu set linux0 weight=300 cap=150\n"
		    "vcpu set control window=0ms+2ms,10ms+2ms overrun=log\n",
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
