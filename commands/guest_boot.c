/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest in images without a terminal: what the boot script needs. */
#include "guest_cmd.h"

static const struct subcommand guest_boot_subs[] = {
	{ "create", "FILE [--start]",
	  "Create a guest from its description, a compiled device tree.",
	  guest_cmd_create, NULL },
	{ "start", "GUEST", "Load its images and run it.", guest_cmd_start,
	  NULL },
	{ .name = NULL },
};

static const struct command guest_boot_command = {
	.name = "guest",
	.summary = "Create and start guests.",
	.sub = guest_boot_subs,
};
COMMAND(guest_boot_command);
