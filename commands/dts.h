/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees as source text. */
#ifndef COMMANDS_DTS_H
#define COMMANDS_DTS_H

#include <cmd/command.h>

/* Properties of the node at offset `node` of the blob, one line each. */
void dts_properties(struct session *s, const void *fdt, int node,
		    unsigned int indent);
/* The node and all below. -ERR_INTR: Ctrl-C. */
int dts_tree(struct session *s, const void *fdt, int node);

#endif
