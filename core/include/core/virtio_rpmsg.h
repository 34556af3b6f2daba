/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RPMSG over VirtIO: device 7 of VirtIO 1.2, 5, which has the number alone.
 * What is here is what Linux's driver (virtio_rpmsg_bus) and OpenAMP have in
 * common.
 */
#ifndef CORE_VIRTIO_RPMSG_H
#define CORE_VIRTIO_RPMSG_H

#include <libs/types.h>

struct vmsg_kind;

#define VIRTIO_RPMSG_F_NS BIT(0) /* names of endpoints are announced */

/* Queues: the driver receives in the first and sends in the second. */
#define VIRTIO_RPMSG_RX 0
#define VIRTIO_RPMSG_TX 1

#define RPMSG_BUFFER 512 /* bytes: header and data */
#define RPMSG_BUFFERS 256
#define RPMSG_NS_ADDRESS 53 /* where announcements are sent */

struct rpmsg_header {
	uint32_t src, dst; /* endpoints */
	uint32_t reserved;
	uint16_t len; /* bytes of data, which follow */
	uint16_t flags;
};

#define RPMSG_DATA_MAX (RPMSG_BUFFER - (int)sizeof(struct rpmsg_header))

/* The data of a message to RPMSG_NS_ADDRESS. */
#define RPMSG_NAME 32
#define RPMSG_NS_CREATE 0
#define RPMSG_NS_DESTROY 1

struct rpmsg_ns_message {
	char name[RPMSG_NAME];
	uint32_t address; /* of the endpoint */
	uint32_t flags;   /* RPMSG_NS_CREATE, RPMSG_NS_DESTROY */
};

/*
 * Endpoints of other nodes: the node's address in the domain above the
 * endpoint's own. 0 is the driver's own node.
 */
#define RPMSG_ENDPOINT_BITS 20
#define RPMSG_NODE_FIRST 1
#define RPMSG_NODE_LAST 4094
#define RPMSG_NODE_ALL 4095 /* each peer has an endpoint of this number */

/* The kind of all nodes that exchange such messages (core/vmsg.h): a message's
 * head is a struct rpmsg_header, with endpoints as the sender knows them. */
extern const struct vmsg_kind rpmsg_node_kind;

/* The node in an address. Pure, as the two that follow. */
static inline uint32_t rpmsg_node(uint32_t address)
{
	return address >> RPMSG_ENDPOINT_BITS;
}

/* The endpoint in an address, as its own node knows it. */
static inline uint32_t rpmsg_endpoint(uint32_t address)
{
	return address & (uint32_t)(BIT(RPMSG_ENDPOINT_BITS) - 1);
}

/* The address of an endpoint, for other nodes. */
static inline uint32_t rpmsg_address(uint32_t node, uint32_t endpoint)
{
	return node << RPMSG_ENDPOINT_BITS | endpoint;
}

#endif
