/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the trace, a record of events with their times. */
#include <core/percpu.h>
#include <core/trace.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "trace_cmd.h"

int trace_cmd_begin(struct session *s)
{
	int err = trace_read_begin();

	if (err == -ERR_BUSY) {
		out_error(s, "it is recording; 'trace stop' ends that");
	} else if (err == -ERR_NOENT) {
		out_error(s, "nothing was recorded; 'trace start' begins");
	}
	return err;
}

#define RECORDS "records="

static int start_argument(struct session *s, struct trace_attr *attr,
			  const char *word)
{
	uint64_t n;

	if (strcmp(word, "first") == 0) {
		attr->keep_first = true;
		return 0;
	}
	if (strncmp(word, RECORDS, strlen(RECORDS)) != 0) {
		return command_usage(s, "there is no such option");
	}
	if (parse_u64_max(word + strlen(RECORDS), TRACE_RECORDS_MAX, &n) != 0) {
		n = 0; /* trace_start() refuses it */
	}
	attr->records = (uint32_t)n;
	return 0;
}

static int trace_cmd_start(struct session *s, int argc, char **argv)
{
	struct trace_attr attr = { .records = TRACE_RECORDS_DEFAULT };
	int err = 0;

	for (int i = 1; err == 0 && i < argc; i++) {
		err = start_argument(s, &attr, argv[i]);
	}
	if (err != 0) {
		return err;
	}
	err = trace_start(&attr);
	if (err == -ERR_RANGE) {
		out_error(s, "records are a power of two from %u to %u",
			  TRACE_RECORDS_MIN, TRACE_RECORDS_MAX);
	} else if (err == -ERR_BUSY) {
		out_error(s, "it is recording already, or being saved; 'trace "
			     "stop' ends the recording");
	} else if (err == -ERR_NOMEM) {
		out_error(s,
			  "no memory for %u records of %u bytes on each CPU; "
			  "ask for fewer",
			  attr.records,
			  (unsigned int)sizeof(struct trace_record));
	}
	return err;
}

/* Run an action without arguments, and print `why` if its error is
 * `refused`. */
static int trace_cmd_do(struct session *s, int argc, int (*act)(void),
			int refused, const char *why)
{
	int err;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = act();
	if (err == refused) {
		out_error(s, "%s", why);
	}
	return err;
}

static int trace_cmd_stop(struct session *s, int argc, char **argv)
{
	(void)argv;
	return trace_cmd_do(s, argc, trace_stop, -ERR_STATE,
			    "it is not recording; 'trace start' begins");
}

static int trace_cmd_clear(struct session *s, int argc, char **argv)
{
	(void)argv;
	return trace_cmd_do(s, argc, trace_clear, -ERR_BUSY,
			    "it is recording or being saved; 'trace stop' ends "
			    "the recording");
}

static int trace_cmd_info(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },
		{ "STATE", COL_STR },
		{ "RECORDS", COL_U64 },
		{ "LOST", COL_U64 },
	};
	struct trace_cpu_info cpu;
	struct trace_info info;
	struct table *t;
	bool any;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	any = trace_get_info(&info); /* else there are no rows */
	for (unsigned int i = 0; any && i < cpu_count; i++) {
		trace_cpu_info(i, &cpu);
		table_u64(t, i);
		table_str(t, info.on ? "recording" : "stopped");
		table_u64(t, cpu.records);
		table_u64(t, cpu.lost);
	}
	table_end(t);
	return 0;
}

static void complete_start(struct completion_ctx *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	complete_add(c, RECORDS);
	complete_add(c, "first");
}

static const struct subcommand trace_subs[] = {
	{ "start", "[records=N] [first]",
	  "Record; keep the newest (or first) N records of each CPU.",
	  trace_cmd_start, complete_start },
	{ "stop", "", "End recording; what was recorded is kept.",
	  trace_cmd_stop, NULL },
	{ "info", "[--json]", "Show how much was recorded, and lost.",
	  trace_cmd_info, NULL },
	{ "show", "[COUNT] [--json]", "Show the newest records.",
	  trace_cmd_show, NULL },
	{ "save", "", "Print all in base64, for tools/trace-view.",
	  trace_cmd_save, NULL },
	{ "clear", "", "Free what was recorded.", trace_cmd_clear, NULL },
	{ .name = NULL },
};

static const struct command trace_command = {
	.name = "trace",
	.summary = "Record what happens when, on each CPU.",
	.usage = "[--json]",
	.examples = "trace start\ntrace stop\ntrace show 50\n"
		    "trace start records=65536 first\ntrace save\n",
	.run = trace_cmd_info,
	.sub = trace_subs,
};
COMMAND(trace_command);
