/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that are run at start. */
#ifndef DAEMONS_BOOT_SCRIPT_H
#define DAEMONS_BOOT_SCRIPT_H

#include <cmd/session.h>

/* Run /boot.cmd of the root file system; mistakes in it are told. */
void boot_script_run(struct session *s);

#endif
