/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the commands of the boot script. */
#include "boot_script.h"

#include <core/vfs.h>

#define BOOT_SCRIPT "/boot.cmd"

void boot_script_run(struct session *s)
{
	struct vfs_stat st;

	if (vfs_stat(BOOT_SCRIPT, &st) != 0) {
		out(s, "There is no " BOOT_SCRIPT ".\n");
		return;
	}
	(void)command_run_file(s, BOOT_SCRIPT);
}
