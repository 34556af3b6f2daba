/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: run a file of commands. */
#include <core/command.h>

static int runfile_run(struct session *s, int argc, char **argv)
{
	if (argc != 2) {
		return command_usage(s, "one file is needed");
	}
	return command_run_file(s, argv[1]);
}

static void runfile_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_paths(c, complete_word(c), NULL);
	}
}

static const struct command runfile_command = {
	.name = "run",
	.summary = "Run the commands in a file, up to the first error.",
	.usage = "FILE",
	.examples = "run /boot.cmd\n",
	.run = runfile_run,
	.complete = runfile_complete,
};
COMMAND(runfile_command);
