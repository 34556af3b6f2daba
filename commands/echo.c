/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: print its arguments. */
#include <core/command.h>
#include <string.h>

static int echo_run(struct session *s, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		out_text(s, " ", i > 1);
		out_text(s, argv[i], strlen(argv[i]));
	}
	out(s, "\n");
	return 0;
}

static const struct command echo_command = {
	.name = "echo",
	.summary = "Print text.",
	.usage = "[TEXT...]",
	.examples = "echo \"starting the guests\"\n",
	.run = echo_run,
};
COMMAND(echo_command);
