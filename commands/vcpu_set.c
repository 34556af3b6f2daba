/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands vcpu params and vcpu set: what VCPUs are promised. */
#include <core/heap.h>
#include <core/sched_policy.h>
#include <core/time.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "vcpu_cmd.h"

static const char *const overruns[SCHED_OVERRUNS] = {
	[SCHED_OVERRUN_COUNT] = "count",
	[SCHED_OVERRUN_LOG] = "log",
	[SCHED_OVERRUN_RESTART] = "restart",
	[SCHED_OVERRUN_STOP] = "stop",
};

/* "0+5000,10000+5000": starts and lengths in microseconds. */
#define WINDOWS_TEXT (SCHED_WINDOWS * 22 + 1)

static const char *windows_text(char buf[WINDOWS_TEXT],
				const struct sched_params *p)
{
	size_t n = 0;

	for (unsigned int i = 0; i < p->windows; i++) {
		n += (size_t)snprintf(buf + n, WINDOWS_TEXT - n, "%s%u+%u",
				      i > 0 ? "," : "", p->window[i].start,
				      p->window[i].length);
	}
	return n > 0 ? buf : NULL;
}

static void table_or_none(struct table *t, uint64_t n)
{
	if (n != 0) {
		table_u64(t, n);
	} else {
		table_none(t);
	}
}

static void params_row(struct table *t, struct vcpu *v)
{
	const struct sched_pool *pool = READ_ONCE(v->pool);
	const struct sched_params p = v->params;
	int32_t home = READ_ONCE(v->home);
	char windows[WINDOWS_TEXT];
	struct vcpu_times times;

	sched_times(v, &times);
	table_str(t, v->name);
	table_str(t, pool->name);
	table_u64(t, p.priority);
	if (p.period != 0) {
		table_u64(t, ticks_to_ns(p.period) / 1000);
		table_u64(t, ticks_to_ns(p.budget) / 1000);
	} else {
		table_none(t);
		table_none(t);
	}
	table_or_none(t, ticks_to_ns(p.deadline) / 1000);
	if (home >= 0) {
		table_u64(t, (uint64_t)home);
	} else {
		table_none(t);
	}
	table_u64(t, p.forced);
	table_u64(t, times.misses);
	table_u64(t, ticks_to_ns(times.late));
	table_str(t, windows_text(windows, &p));
	table_str(t, overruns[p.overrun]);
}

/* Of all VCPUs, to the end of the table. */
static void rows_of_all(struct table *t,
			void (*row)(struct table *t, struct vcpu *v))
{
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			row(t, g->vcpus[i]);
		}
		guest_put(g);
	}
	table_end(t);
}

int vcpu_cmd_params(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },        { "POOL", COL_STR },
		{ "PRIO", COL_U64 },        { "PERIOD MS", COL_MILLI },
		{ "BUDGET MS", COL_MILLI }, { "DEADLINE MS", COL_MILLI },
		{ "CPU", COL_U64 },         { "FORCED", COL_BOOL },
		{ "MISSES", COL_U64 },      { "LATE US", COL_MILLI },
		{ "WINDOWS US", COL_STR },  { "OVERRUN", COL_STR },
	};
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err == 0) {
		rows_of_all(t, params_row);
	}
	return err;
}

static void shares_row(struct table *t, struct vcpu *v)
{
	const struct sched_pool *pool = READ_ONCE(v->pool);
	const struct sched_params p = v->params;
	struct vcpu_times times;

	sched_times(v, &times);
	table_str(t, v->name);
	table_str(t, pool->name);
	table_u64(t, p.weight != 0 ? p.weight : SCHED_WEIGHT_DEFAULT);
	table_or_none(t, p.cap);
	table_or_none(t, p.vcpu_cap);
	table_u64(t, ticks_to_ns(times.running) / 1000000);
	table_u64(t, ticks_to_ns(times.ready) / 1000000);
	table_u64(t, ticks_to_ns(times.throttled) / 1000000);
	table_u64(t, ticks_to_ns(times.longest) / 1000);
}

int vcpu_cmd_shares(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },         { "POOL", COL_STR },
		{ "WEIGHT", COL_U64 },       { "CAP", COL_U64 },
		{ "VCPU CAP", COL_U64 },     { "RUN S", COL_MILLI },
		{ "WAIT S", COL_MILLI },     { "THR S", COL_MILLI },
		{ "LONGEST MS", COL_MILLI },
	};
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err == 0) {
		rows_of_all(t, shares_row);
	}
	return err;
}

/* The limits of a period. */
#define PERIOD_MIN_NS (UINT64_C(1000) * SCHED_PERIOD_MIN_US)
#define PERIOD_MAX_NS (UINT64_C(1000) * SCHED_PERIOD_MAX_US)

static int set_period(struct session *s, struct sched_params *p,
		      const char *text)
{
	uint64_t ns;

	if (strcmp(text, "none") == 0) {
		p->period = 0;
		p->budget = 0;
		p->deadline = 0;
		return 0;
	}
	if (parse_duration(text, &ns) != 0 || ns < PERIOD_MIN_NS ||
	    ns > PERIOD_MAX_NS) {
		out_error(s, "period '%s': possible are 100us to 10s, and none",
			  text);
		return -ERR_INVAL;
	}
	p->period = ns_to_ticks(ns);
	return 0;
}

static int set_budget(struct session *s, struct sched_params *p,
		      const char *text)
{
	uint64_t ns;

	if (parse_duration(text, &ns) != 0 || ns > PERIOD_MAX_NS ||
	    ns_to_ticks(ns) == 0) {
		out_error(s,
			  "budget '%s': possible is a time up to the period, "
			  "such as 2ms, and not zero",
			  text);
		return -ERR_INVAL;
	}
	p->budget = ns_to_ticks(ns);
	return 0;
}

static int set_deadline(struct session *s, struct sched_params *p,
			const char *text)
{
	uint64_t ns;

	if (strcmp(text, "none") == 0) {
		p->deadline = 0;
		return 0;
	}
	if (parse_duration(text, &ns) != 0 || ns > PERIOD_MAX_NS ||
	    ns_to_ticks(ns) == 0) {
		out_error(s,
			  "deadline '%s': possible is a time from the budget "
			  "to the period, such as 5ms, and none: the period's "
			  "end",
			  text);
		return -ERR_INVAL;
	}
	p->deadline = ns_to_ticks(ns);
	return 0;
}

static int set_priority(struct session *s, struct sched_params *p,
			const char *text)
{
	uint64_t n;

	if (parse_u64_max(text, SCHED_PRIO_MAX, &n) != 0) {
		out_error(s, "priority '%s': possible are 0 (lowest) to %u",
			  text, SCHED_PRIO_MAX);
		return -ERR_INVAL;
	}
	p->priority = (uint8_t)n;
	return 0;
}

/* Read a time at *text, up to one of `ends`, in whole microseconds. */
static bool take_us(const char **text, const char *ends, uint32_t *us)
{
	size_t n = strcspn(*text, ends);
	char one[24];
	uint64_t ns;

	if (n >= sizeof(one)) {
		return false;
	}
	memcpy(one, *text, n);
	one[n] = '\0';
	if (parse_duration(one, &ns) != 0 || ns > PERIOD_MAX_NS ||
	    ns % 1000 != 0) {
		return false;
	}
	*us = (uint32_t)(ns / 1000);
	*text += n;
	return true;
}

bool vcpu_parse_windows(struct sched_params *p, const char *text)
{
	memset(p->window, 0, sizeof(p->window));
	p->windows = 0;
	if (strcmp(text, "none") == 0) {
		return true;
	}
	while (p->windows < SCHED_WINDOWS) {
		struct sched_window *w = &p->window[p->windows++];

		if (!take_us(&text, "+", &w->start) || *text++ != '+' ||
		    !take_us(&text, ",", &w->length)) {
			return false;
		}
		if (*text == '\0') {
			return true;
		}
		text++;
	}
	return false;
}

static int set_windows(struct session *s, struct sched_params *p,
		       const char *text)
{
	if (!vcpu_parse_windows(p, text)) {
		out_error(s,
			  "window '%s': possible are up to %u of START+LENGTH, "
			  "in whole microseconds, such as 0ms+5ms,10ms+500us, "
			  "and none",
			  text, SCHED_WINDOWS);
		return -ERR_INVAL;
	}
	return 0;
}

static int set_overrun(struct session *s, struct sched_params *p,
		       const char *text)
{
	for (unsigned int i = 0; i < SCHED_OVERRUNS; i++) {
		if (strcmp(text, overruns[i]) == 0) {
			p->overrun = (uint8_t)i;
			return 0;
		}
	}
	out_error(s, "overrun '%s': possible are count, log, restart and stop",
		  text);
	return -ERR_INVAL;
}

static int set_weight(struct session *s, struct sched_params *p,
		      const char *text)
{
	uint64_t n;

	if (parse_u64_max(text, SCHED_WEIGHT_MAX, &n) != 0 || n == 0) {
		out_error(s, "weight '%s': possible are 1 to %u", text,
			  SCHED_WEIGHT_MAX);
		return -ERR_INVAL;
	}
	p->weight = (uint32_t)n;
	return 0;
}

static int parse_cap(struct session *s, const char *name, const char *text,
		     uint64_t max, uint64_t *n)
{
	*n = 0;
	if (strcmp(text, "none") == 0) {
		return 0;
	}
	if (parse_u64_max(text, max, n) != 0 || *n == 0) {
		out_error(s,
			  "%s '%s': possible are 1 to %u, per cent of a CPU, "
			  "and none",
			  name, text, (unsigned int)max);
		return -ERR_INVAL;
	}
	return 0;
}

static int set_cap(struct session *s, struct sched_params *p, const char *text)
{
	uint64_t n;
	int ret = parse_cap(s, "cap", text, SCHED_CAP_MAX, &n);

	p->cap = (uint32_t)n;
	return ret;
}

static int set_vcpu_cap(struct session *s, struct sched_params *p,
			const char *text)
{
	uint64_t n;
	int ret = parse_cap(s, "vcpu-cap", text, 100, &n);

	p->vcpu_cap = (uint8_t)n;
	return ret;
}

static const struct {
	const char *name; /* with the '=' */
	int (*set)(struct session *s, struct sched_params *p, const char *text);
	bool whole; /* it is all VCPUs' of a guest */
} settings[] = {
	{ "period=", set_period, false },
	{ "budget=", set_budget, false },
	{ "deadline=", set_deadline, false },
	{ "priority=", set_priority, false },
	{ "weight=", set_weight, true },
	{ "cap=", set_cap, true },
	{ "vcpu-cap=", set_vcpu_cap, false },
	{ "window=", set_windows, false },
	{ "overrun=", set_overrun, false },
};

/* NULL: there is none that only the whole guest can have. */
static const char *whole_setting(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(settings); k++) {
			const char *name = settings[k].name;

			if (settings[k].whole &&
			    strncmp(argv[i], name, strlen(name)) == 0) {
				return argv[i];
			}
		}
	}
	return NULL;
}

static int apply(struct session *s, struct sched_params *p, const char *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		size_t n = strlen(settings[i].name);

		if (strncmp(arg, settings[i].name, n) == 0) {
			return settings[i].set(s, p, arg + n);
		}
	}
	out_error(
		s,
		"'%s' is no setting; possible are period=TIME, "
		"budget=TIME, deadline=TIME, priority=N, weight=N, cap=N, vcpu-cap=N, "
		"window=START+LENGTH,... and overrun=ACTION",
		arg);
	return -ERR_INVAL;
}

static int set_one(struct session *s, struct vcpu *v, int argc, char **argv,
		   bool force)
{
	struct sched_refusal why = { .text = "" };
	struct sched_params p;
	int ret = 0;

	sched_get_params(v, &p);
	for (int i = 2; ret == 0 && i < argc; i++) {
		ret = apply(s, &p, argv[i]);
	}
	if (ret != 0) {
		return ret;
	}
	if (p.period != 0 && (p.budget == 0 || p.budget > p.period)) {
		out_error(s,
			  "%s: the budget must be more than zero and at "
			  "most the period; both are needed",
			  v->name);
		return -ERR_INVAL;
	}
	if (p.period == 0 && p.budget != 0) {
		out_error(s, "%s: a budget needs a period", v->name);
		return -ERR_INVAL;
	}
	if (p.deadline != 0 &&
	    (p.deadline < p.budget || p.deadline > p.period)) {
		out_error(s,
			  "%s: the deadline must be at least the budget and at "
			  "most the period",
			  v->name);
		return -ERR_INVAL;
	}
	p.forced = force && p.period != 0;
	ret = sched_set_params(v, &p, &why);
	return ret == 0 ? 0 : vcpu_cmd_refused(s, v->name, ret, &why);
}

int vcpu_cmd_set(struct session *s, int argc, char **argv)
{
	bool force = take_flag(&argc, argv, "--force");
	struct sched_params *before;
	uint32_t first, last, i;
	struct guest *g;
	int ret = 0;

	if (argc < 3) {
		return command_usage(s, "a VCPU and a setting are needed");
	}
	g = vcpu_cmd_find(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	if (last - first + 1 != g->cfg->vcpus &&
	    whole_setting(argc, argv) != NULL) {
		out_error(s, "'%s' is of the whole guest: vcpu set %s %s",
			  whole_setting(argc, argv), g->name,
			  whole_setting(argc, argv));
		guest_put(g);
		return -ERR_INVAL;
	}
	before = heap_alloc_array(g->cfg->vcpus, sizeof(*before));
	if (before == NULL) {
		guest_put(g);
		return -ERR_NOMEM;
	}
	for (i = first; i <= last; i++) {
		sched_get_params(g->vcpus[i], &before[i]);
		ret = set_one(s, g->vcpus[i], argc, argv, force);
		if (ret != 0) {
			break;
		}
	}
	/* All or none: undo the changes one by one. Each of the old values was
	 * admitted before. */
	while (ret != 0 && i-- > first) {
		int back = sched_set_params(g->vcpus[i], &before[i], NULL);

		if (back != 0) {
			out_error(s, "%s keeps its new values",
				  g->vcpus[i]->name);
		}
	}
	heap_free(before);
	guest_work_follow(g);
	guest_put(g);
	return ret;
}

void vcpu_complete_set(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 0) {
		vcpu_complete(c, argc, argv);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		complete_add(c, settings[i].name);
	}
}
