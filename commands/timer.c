/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's timers. */
#include <arch/timer.h>
#include <core/command.h>
#include <core/percpu.h>
#include <core/time.h>

static int timer_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },
		{ "ARMED", COL_U64 },
		{ "NEXT US", COL_U64 },
		{ "FIRED", COL_U64 },
	};
	struct timer_info info;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		ticks_t now = time_now();

		if (!timer_get_info(i, &info)) {
			continue;
		}
		table_u64(t, i);
		table_u64(t, info.armed);
		if (info.armed > 0) {
			table_u64(t,
				  ticks_to_ns(info.next > now ? info.next - now
							      : 0) /
					  1000);
		} else {
			table_none(t);
		}
		table_u64(t, info.fired);
	}
	table_end(t);
	return 0;
}

static int timer_clock(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct record r;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	record_begin(&r, s, json);
	record_u64(&r, "Hz", COL_U64, arch_timer_hz());
	record_u64(&r, "Counter", COL_U64, time_now());
	record_u64(&r, "Ns since boot", COL_U64, time_now_ns());
	record_end(&r);
	return 0;
}

static const struct subcommand timer_subs[] = {
	{ "list", "[--json]", "List the timers of each CPU.", timer_list,
	  NULL },
	{ "clock", "[--json]", "Show the counter and its frequency.",
	  timer_clock, NULL },
	{ .name = NULL },
};

static const struct command timer_command = {
	.name = "timer",
	.summary = "Show the host's timers and its clock.",
	.usage = "[--json]",
	.examples = "timer list\ntimer clock\n",
	.run = timer_list,
	.sub = timer_subs,
};
COMMAND(timer_command);
