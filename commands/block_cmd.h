/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands blockdev and vdisk share. */
#ifndef COMMANDS_BLOCK_CMD_H
#define COMMANDS_BLOCK_CMD_H

#include <core/block_backend.h>
#include <core/blockdev.h>
#include <core/command.h>

/* Completes the names of the block devices. */
void blockdev_complete_names(struct completion_ctx *c);
/* Read a size with an optional suffix K, M or G; -ERR_INVAL, after an error
 * message, unless it is a whole number of sectors. */
int blockdev_cmd_size(struct session *s, const char *text, uint64_t *bytes);

#endif
