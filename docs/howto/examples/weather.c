/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the weather, an example with a listing, an argument and a wait. */
#include <core/command.h>
#include <core/time.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

struct place {
	const char *name;
	uint64_t rain; /* permille of the days */
};

static const struct place places[] = {
	{ "bergen", 620 },
	{ "cairo", 15 },
};

static int weather_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "PLACE", COL_STR },
		{ "RAIN%", COL_PERMILLE },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		table_str(t, places[i].name);
		table_u64(t, places[i].rain);
	}
	table_end(t);
	return 0;
}

static const struct place *weather_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (strcmp(places[i].name, name) == 0) {
			return &places[i];
		}
	}
	return NULL;
}

static int weather_watch(struct session *s, int argc, char **argv)
{
	const struct place *p;
	uint64_t days;

	if (argc != 3) {
		return command_usage(s, "a place and a number are needed");
	}
	p = weather_find(argv[1]);
	if (p == NULL) {
		out_error(s,
			  "there is no place '%s'; 'weather list' lists them",
			  argv[1]);
		return -ERR_NOENT;
	}
	if (parse_u64_max(argv[2], 365, &days) != 0) {
		out_error(s, "'%s' is not a number of days up to 365", argv[2]);
		return -ERR_INVAL;
	}
	for (uint64_t day = 1; day <= days; day++) {
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
		out(s, "%s, day %llu: %s\n", p->name, (unsigned long long)day,
		    day * p->rain / 1000 > (day - 1) * p->rain / 1000 ? "rain"
								      : "dry");
		sleep_ms(1);
	}
	return 0;
}

static void weather_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	for (size_t i = 0; argc == 0 && i < ARRAY_SIZE(places); i++) {
		complete_add(c, places[i].name);
	}
}

static const struct subcommand weather_subs[] = {
	{ "list", "[--json]", "List the places.", weather_list, NULL },
	{ "watch", "PLACE DAYS", "Tell the weather day by day.", weather_watch,
	  weather_complete },
	{ .name = NULL },
};

static const struct command weather_command = {
	.name = "weather",
	.summary = "Tell the weather.",
	.usage = "[--json]",
	.examples = "weather list\nweather watch bergen 3\n",
	.run = weather_list,
	.sub = weather_subs,
};
COMMAND(weather_command);
