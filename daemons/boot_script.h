/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the commands of the boot script. */
#ifndef DAEMONS_BOOT_SCRIPT_H
#define DAEMONS_BOOT_SCRIPT_H

#include <core/session.h>

/* Run /boot.cmd of the root file system; mistakes in it are reported. Thread
 * context. */
void boot_script_run(struct session *s);

#endif
