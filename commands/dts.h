/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees as source text. */
#ifndef COMMANDS_DTS_H
#define COMMANDS_DTS_H

#include <core/command.h>

/*
 * Print the properties of the node at offset `node` of the blob, one on a line.
 */
void dts_properties(struct session *s, const void *fdt, int node,
		    unsigned int indent);
/* Print the node and all below it. -ERR_INTR after Ctrl-C. */
int dts_tree(struct session *s, const void *fdt, int node);

#endif
