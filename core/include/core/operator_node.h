/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes that an operator makes: one RPMSG endpoint in a messaging domain, from
 * which texts are sent by hand, and which keeps what it gets until that is
 * read. docs/design/messaging.md. Thread context.
 */
#ifndef CORE_OPERATOR_NODE_H
#define CORE_OPERATOR_NODE_H

#include <core/virtio_rpmsg.h>
#include <core/vmsg.h>

/* Its endpoint: the first that RPMSG does not reserve for services. */
#define OPERATOR_ENDPOINT 1024
#define OPERATOR_NODES_MAX 16
/* Messages that it keeps; the senders of more wait. */
#define OPERATOR_KEPT_MAX 16
/* Messages that it has sent and that wait for their receivers. */
#define OPERATOR_SENDS_MAX 8

/*
 * Create a node in this domain, with this address, or the lowest that is free
 * (0). `announce`: the name of its endpoint that peers are told; NULL: none.
 * -ERR_BUSY: there are OPERATOR_NODES_MAX; errors of vmsg_node_create(),
 * vmsg_node_attach() without `make`, and vmsg_announce().
 */
int __must_check operator_node_create(const char *name, const char *domain,
				      uint32_t address, const char *announce);
/* -ERR_NOENT: there is no such node, or it is not an operator's. What waits is
 * lost. */
int __must_check operator_node_destroy(const char *name);

/*
 * Send to an endpoint of the peer with this address. An enum vmsg_result as
 * vmsg_send() returns it; -ERR_RANGE: more than RPMSG_DATA_MAX bytes;
 * -ERR_BUSY: OPERATOR_SENDS_MAX wait; -ERR_NOENT as operator_node_destroy();
 * other errors of vmsg_send() as -ERR_STATE: no such peer.
 */
int __must_check operator_node_send(const char *name, uint32_t address,
				    uint32_t endpoint, const void *data,
				    size_t len);

struct operator_message {
	uint32_t from, endpoint; /* the sender's */
	uint32_t len;
	uint8_t data[RPMSG_DATA_MAX];
};
/* Take out the oldest message that it has got. -ERR_STATE: there is none;
 * -ERR_NOENT as operator_node_destroy(). */
int __must_check operator_node_read(const char *name,
				    struct operator_message *out);

#endif
