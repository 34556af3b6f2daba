/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: budgets of events for VCPUs and guests. */
#include <arch/pmu.h>
#include <core/budget.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "vcpu_cmd.h"

#define EVENT_TEXT 32

static void budget_report(void *session, const char *message)
{
	out_error(session, "%s", message);
}

static const char *event_name(uint32_t event, char *buf, size_t size)
{
	const char *name = arch_pmu_event_name(event);

	if (name != NULL) {
		return name;
	}
	(void)snprintf(buf, size, "0x%x", event);
	return buf;
}

/* --- listings ----------------------------------------------------------- */

static void list_kind(struct table *t, const char *name,
		      const struct budget_info *info, unsigned int kind)
{
	char event[EVENT_TEXT];

	table_str(t, name);
	table_str(t, event_name(info->spec.event[kind], event, sizeof(event)));
	table_u64(t, info->spec.events[kind]);
	table_u64(t, info->spec.period_us);
	table_u64(t, info->used[kind]);
	table_u64(t, info->overrun[kind]);
	table_u64(t, info->throttles);
	table_u64(t, info->waiting);
	table_str(t, info->spec.reclaim && info->spec.share ? "reclaim,share"
		     : info->spec.reclaim                   ? "reclaim"
		     : info->spec.share                     ? "share"
							    : NULL);
}

static void list_one(struct table *t, struct guest *g, uint32_t index)
{
	struct budget_info info;

	if (!budget_get_info(g, index, &info)) {
		return;
	}
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		if (info.spec.events[i] > 0) {
			list_kind(t,
				  index == BUDGET_OF_GUEST
					  ? g->name
					  : g->vcpus[index]->name,
				  &info, i);
		}
	}
}

static int budget_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },      { "EVENT", COL_STR },
		{ "EVENTS", COL_U64 },    { "US", COL_U64 },
		{ "USED", COL_U64 },      { "OVERRUN", COL_U64 },
		{ "THROTTLES", COL_U64 }, { "WAITING", COL_U64 },
		{ "OPTIONS", COL_STR },
	};
	struct guest *g;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		list_one(t, g, BUDGET_OF_GUEST);
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			list_one(t, g, i);
		}
		guest_put(g);
	}
	table_end(t);
	return 0;
}

static int budget_events(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "EVENT", COL_HEX },
		{ "NAME", COL_STR },
	};
	struct table *t;
	uint32_t event;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; arch_pmu_event_nth(i, &event); i++) {
		table_u64(t, event);
		table_str(t, arch_pmu_event_name(event));
	}
	table_end(t);
	return 0;
}

/* --- changes ------------------------------------------------------------ */

/* Takes `--name VALUE` out of the arguments; NULL: it is not there. */
static const char *take_option(int *argc, char **argv, const char *name)
{
	const char *value;

	for (int i = 1; i + 1 < *argc; i++) {
		if (strcmp(argv[i], name) != 0) {
			continue;
		}
		value = argv[i + 1];
		for (int k = i; k + 2 < *argc; k++) {
			argv[k] = argv[k + 2];
		}
		*argc -= 2;
		return value;
	}
	return NULL;
}

static int number(struct session *s, const char *text, const char *what,
		  uint64_t *value)
{
	int ret = parse_u64(text, value);

	if (ret != 0) {
		out_error(s, "'%s': %s are a number", text, what);
	}
	return ret;
}

struct set_options {
	const char *event, *writes, *write_event;
};

static int set_spec(struct session *s, char **argv, const struct set_options *o,
		    struct budget_spec *spec)
{
	int ret = number(s, argv[2], "events", &spec->events[BUDGET_ACCESSES]);

	if (ret == 0) {
		ret = number(s, argv[3], "microseconds", &spec->period_us);
	}
	if (ret == 0 && o->writes != NULL) {
		ret = number(s, o->writes, "writes",
			     &spec->events[BUDGET_WRITES]);
	}
	if (ret == 0 && arch_pmu_counters() > 0) {
		ret = budget_event(o->event != NULL ? o->event : "",
				   BUDGET_ACCESSES,
				   &spec->event[BUDGET_ACCESSES], budget_report,
				   s);
	}
	if (ret == 0 && o->writes != NULL) {
		ret = budget_event(o->write_event != NULL ? o->write_event : "",
				   BUDGET_WRITES, &spec->event[BUDGET_WRITES],
				   budget_report, s);
	}
	return ret;
}

/* GUEST/VCPU means one VCPU, GUEST all of its VCPUs together. */
static struct guest *whose(struct session *s, const char *arg, uint32_t *index)
{
	uint32_t last = 0;
	struct guest *g = vcpu_cmd_find(s, arg, index, &last);

	if (g != NULL && strchr(arg, '/') == NULL) {
		*index = BUDGET_OF_GUEST;
	}
	return g;
}

static int budget_cmd_set(struct session *s, int argc, char **argv)
{
	struct budget_spec spec = {
		.reclaim = take_flag(&argc, argv, "--reclaim"),
		.share = take_flag(&argc, argv, "--share"),
	};
	struct set_options o = {
		.event = take_option(&argc, argv, "--event"),
		.writes = take_option(&argc, argv, "--writes"),
		.write_event = take_option(&argc, argv, "--write-event"),
	};
	struct guest *g;
	uint32_t index;
	int ret;

	if (argc != 4) {
		return command_usage(s, "a guest or VCPU, events and a period "
					"in microseconds are needed");
	}
	if (o.write_event != NULL && o.writes == NULL) {
		return command_usage(s, "--write-event goes with --writes");
	}
	ret = set_spec(s, argv, &o, &spec);
	if (ret != 0) {
		return ret;
	}
	g = whose(s, argv[1], &index);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = budget_set(g, index, &spec, budget_report, s);
	guest_put(g);
	return ret;
}

static int budget_cmd_remove(struct session *s, int argc, char **argv)
{
	struct guest *g;
	uint32_t index;
	int ret;

	if (argc != 2) {
		return command_usage(s, "a guest or VCPU is needed");
	}
	g = whose(s, argv[1], &index);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = budget_remove(g, index);
	if (ret == -ERR_NOENT) {
		out_error(s, "%s has no budget; 'budget list' has them",
			  argv[1]);
	}
	guest_put(g);
	return ret;
}

static int bandwidth_list(struct session *s, bool json)
{
	static const struct column cols[] = {
		{ "EVENT", COL_STR },
		{ "PER SECOND", COL_U64 },
		{ "PROMISED", COL_U64 },
		{ "LENT", COL_U64 },
	};
	struct budget_bandwidth b;
	char event[EVENT_TEXT];
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);

	for (unsigned int n = 0; budget_bandwidth_nth(n, &b); n++) {
		table_str(t, event_name(b.event, event, sizeof(event)));
		if (b.per_second > 0) {
			table_u64(t, b.per_second);
		} else {
			table_none(t);
		}
		table_u64(t, b.promised);
		table_u64(t, b.spare);
	}
	table_end(t);
	return 0;
}

static int budget_bandwidth(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	uint64_t rate = 0;
	uint32_t event;
	int ret;

	if (argc == 1) {
		return bandwidth_list(s, json);
	}
	if (argc != 3) {
		return command_usage(s, "an event and how many of it there can "
					"be in a second are needed");
	}
	ret = budget_event(argv[1], BUDGET_ACCESSES, &event, budget_report, s);
	if (ret == 0 && strcmp(argv[2], "unknown") != 0) {
		ret = number(s, argv[2], "events a second (or 'unknown')",
			     &rate);
	}
	if (ret != 0) {
		return ret;
	}
	ret = budget_set_bandwidth(event, rate);
	if (ret == -ERR_BUSY) {
		out_error(s,
			  "more than %s is promised to budgets; 'budget "
			  "bandwidth' shows it",
			  argv[2]);
	} else if (ret == -ERR_RANGE) {
		out_error(s, "'%s': a bandwidth is at most %llu", argv[2],
			  (unsigned long long)BUDGET_BANDWIDTH_MAX);
	} else if (ret == -ERR_NOMEM) {
		out_error(s,
			  "too many events have a bandwidth or a budget; "
			  "%d are possible",
			  BUDGET_BANDWIDTHS);
	}
	return ret;
}

static void complete_events(struct completion_ctx *c)
{
	uint32_t event;

	for (unsigned int i = 0; arch_pmu_event_nth(i, &event); i++) {
		const char *name = arch_pmu_event_name(event);

		if (name != NULL) {
			complete_add(c, name);
		}
	}
}

static void budget_complete_bandwidth(struct completion_ctx *c, int argc,
				      char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_events(c);
	}
}

static void budget_complete_set(struct completion_ctx *c, int argc, char **argv)
{
	if (argc > 0 && (strcmp(argv[argc - 1], "--event") == 0 ||
			 strcmp(argv[argc - 1], "--write-event") == 0)) {
		complete_events(c);
		return;
	}
	vcpu_complete(c, argc, argv);
}

static const struct subcommand budget_subs[] = {
	{ "list", "[--json]", "List budgets and their use.", budget_list,
	  NULL },
	{ "set", "GUEST[/VCPU] EVENTS US [OPTIONS]",
	  "Limit the events in each period of so many microseconds.",
	  budget_cmd_set, budget_complete_set },
	{ "remove", "GUEST[/VCPU]", "Remove the limit.", budget_cmd_remove,
	  vcpu_complete },
	{ "bandwidth", "[EVENT PER_SECOND|unknown] [--json]",
	  "Say how many of an event there can be, for all together.",
	  budget_bandwidth, budget_complete_bandwidth },
	{ "events", "[--json]", "List the events that the CPUs count.",
	  budget_events, NULL },
	{ .name = NULL },
};

static const struct command budget_command = {
	.name = "budget",
	.summary = "Limit guests' accesses to memory, or other events.",
	.usage = "[--json]",
	.examples =
		"budget set linux0 200000 1000      # all its VCPUs together\n"
		"budget set linux0/1 50000 1000 --event L2D_CACHE_REFILL\n"
		"budget set linux0 200000 1000 --writes 90000 --write-event "
		"0x61\n"
		"budget set linux0 200000 1000 --reclaim --share\n"
		"budget bandwidth BUS_ACCESS 400000000\n"
		"budget list\nbudget remove linux0\n",
	.run = budget_list,
	.sub = budget_subs,
};
COMMAND(budget_command);
