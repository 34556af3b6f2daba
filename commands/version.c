/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the version of the hypervisor. */
#include <core/command.h>
#include <core/version.h>

#ifdef __clang__
#define VERSION_COMPILER __VERSION__ /* begins with the compiler's name */
#else
#define VERSION_COMPILER "gcc " __VERSION__
#endif

static int version_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct record r;
	char id[48];

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	record_begin(&r, s, json);
	record_str(&r, "Version", version_string());
	record_str(&r, "Build id", version_build_id(id, sizeof(id)));
	record_str(&r, "Compiler", VERSION_COMPILER);
	record_end(&r);
	return 0;
}

static const struct command version_command = {
	.name = "version",
	.summary = "Show the hypervisor's version and build.",
	.usage = "[--json]",
	.run = version_run,
};
COMMAND(version_command);
