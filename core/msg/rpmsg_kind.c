/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kind of nodes that exchange RPMSG messages: devices of guests, and
 * coprocessors. */
#include <core/virtio_rpmsg.h>
#include <core/vmsg.h>
#include <stdio.h>

static void rpmsg_show_head(const void *head, char *text, size_t size)
{
	const struct rpmsg_header *h = head;

	(void)snprintf(text, size, "endpoint %#x to %#x", h->src,
		       rpmsg_endpoint(h->dst));
}

const struct vmsg_kind rpmsg_node_kind = {
	.name = "rpmsg",
	.first = RPMSG_NODE_FIRST,
	.last = RPMSG_NODE_LAST,
	.announces = true,
	.show_head = rpmsg_show_head,
};
