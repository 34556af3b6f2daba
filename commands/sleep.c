/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: wait. */
#include <core/command.h>
#include <core/time.h>
#include <libs/error.h>
#include <libs/parse.h>

#define SLEEP_STEP_MS 50 /* how long Ctrl-C may take */

static int sleep_run(struct session *s, int argc, char **argv)
{
	uint64_t ms;
	ticks_t end;

	if (argc != 2) {
		return command_usage(s, "one number is needed");
	}
	if (parse_u64_max(argv[1], UINT32_MAX, &ms) != 0) {
		out_error(s, "'%s' is not a number of milliseconds", argv[1]);
		return -ERR_INVAL;
	}
	end = time_now() + ms_to_ticks(ms);
	while (time_now() < end) {
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
		sleep_until(MIN(end, time_now() + ms_to_ticks(SLEEP_STEP_MS)));
	}
	return 0;
}

static const struct command sleep_command = {
	.name = "sleep",
	.summary = "Wait for a number of milliseconds.",
	.usage = "MS",
	.examples = "sleep 500\n",
	.run = sleep_run,
};
COMMAND(sleep_command);
