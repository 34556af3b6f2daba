/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `trace`. */
#ifndef COMMANDS_TRACE_CMD_H
#define COMMANDS_TRACE_CMD_H

#include <core/command.h>

/* trace_show.c */
int trace_cmd_show(struct session *s, int argc, char **argv);

/* trace_save.c */
int trace_cmd_save(struct session *s, int argc, char **argv);

/* trace.c: trace_read_begin(), with a message if it fails. */
int trace_cmd_begin(struct session *s);

#endif
