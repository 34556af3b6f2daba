/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: dmesg, which prints the log, and log, which configures it. */
#include <core/command.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <libs/error.h>
#include <string.h>

static int log_parse_level(struct session *s, const char *name,
			   enum log_level *level)
{
	for (int l = LOG_ERR; l <= LOG_DEBUG; l++) {
		if (strcmp(log_level_name((enum log_level)l), name) == 0) {
			*level = (enum log_level)l;
			return 0;
		}
	}
	out_error(s, "'%s' is not a level; levels are err, warn, info, debug",
		  name);
	return -ERR_INVAL;
}

static void log_complete_level(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	for (int l = LOG_ERR; argc == 0 && l <= LOG_DEBUG; l++) {
		complete_add(c, log_level_name((enum log_level)l));
	}
}

static void dmesg_json(struct session *s, enum log_level most)
{
	static const struct column cols[] = {
		{ "LEVEL", COL_STR },
		{ "LINE", COL_STR },
	};
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), true);
	enum log_level level;
	char line[256];
	uint64_t pos = 0;

	while (log_next(&pos, &level, line, sizeof(line))) {
		if (level <= most) {
			table_str(t, log_level_name(level));
			table_str(t, line);
		}
	}
	table_end(t);
}

static int dmesg_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	enum log_level most = LOG_DEBUG, level;
	char line[256];
	uint64_t pos = 0;

	if (argc > 2) {
		return command_usage(s, "at most one level is allowed");
	}
	if (argc == 2) {
		int ret = log_parse_level(s, argv[1], &most);

		if (ret != 0) {
			return ret;
		}
	}
	if (json) {
		dmesg_json(s, most);
		return 0;
	}
	while (log_next(&pos, &level, line, sizeof(line))) {
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
		if (level <= most) {
			out(s, "%s\n", line);
		}
	}
	return 0;
}

static const struct command dmesg_command = {
	.name = "dmesg",
	.summary = "Print the log, or its lines of a level and above.",
	.usage = "[err|warn|info|debug] [--json]",
	.examples = "dmesg\ndmesg warn\n",
	.run = dmesg_run,
	.complete = log_complete_level,
};
COMMAND(dmesg_command);

static int log_level_run(struct session *s, int argc, char **argv)
{
	enum log_level level;
	int ret;

	if (argc > 2) {
		return command_usage(s, "at most one level is allowed");
	}
	if (argc == 1) {
		out(s, "%s\n", log_level_name(log_get_console_level()));
		return 0;
	}
	ret = log_parse_level(s, argv[1], &level);
	if (ret == 0) {
		log_set_console_level(level);
	}
	return ret;
}

static int log_clear_run(struct session *s, int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	log_clear();
	return 0;
}

static int log_info_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct hostcon_stats st;
	struct record r;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	hostcon_get_stats(hostcon_main(), &st);
	record_begin(&r, s, json);
	record_str(&r, "Console level",
		   log_level_name(log_get_console_level()));
	record_u64(&r, "Lines dropped", COL_U64, st.log_dropped);
	record_u64(&r, "Bytes sent", COL_U64, st.tx_bytes);
	record_u64(&r, "Bytes received", COL_U64, st.rx_bytes);
	record_u64(&r, "Input pauses", COL_U64, st.rx_pauses);
	record_u64(&r, "Input dropped", COL_U64, st.rx_dropped);
	record_end(&r);
	return 0;
}

static const struct subcommand log_subs[] = {
	{ "level", "[err|warn|info|debug]",
	  "Show or set the lowest level of lines shown on the console.",
	  log_level_run, log_complete_level },
	{ "info", "[--json]", "Show counters of the console.", log_info_run,
	  NULL },
	{ "clear", "", "Delete the lines kept so far.", log_clear_run, NULL },
	{ .name = NULL },
};

static const struct command log_command = {
	.name = "log",
	.summary = "Set which log lines reach the console.",
	.examples = "log level debug\nlog clear\n",
	.sub = log_subs,
};
COMMAND(log_command);
