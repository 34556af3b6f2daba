/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subcommands of `host` that have files of their own. */
#ifndef COMMANDS_HOST_CMD_H
#define COMMANDS_HOST_CMD_H

#include <core/command.h>

/* host_cache.c */
int host_cmd_cache(struct session *s, int argc, char **argv);

/* host_portions.c */
int host_cmd_portions(struct session *s, int argc, char **argv);

#endif
