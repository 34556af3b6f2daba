/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of one guest's sockets with those of other guests. */
#ifndef EMULATORS_VIRTIO_VSOCK_CONN_H
#define EMULATORS_VIRTIO_VSOCK_CONN_H

#include <libs/types.h>

#define VSOCK_CONNS_MAX 512 /* a power of two, also the number of buckets */
/* Connections that were asked for by one peer; by peers whose CIDs are alike in
 * these bits, which have them together. */
#define VSOCK_CONNS_PEER 128
#define VSOCK_CONNS_PEERS 64 /* a power of two */

struct vsock_conn {
	uint32_t peer;          /* CID */
	uint32_t local, remote; /* ports */
	uint16_t type;
	uint16_t next;  /* 1 + index in its list; 0: the last */
	bool from_peer; /* which has asked for it */
};

/* Plain data; all zero is a table that vsock_conns_reset() has to make empty.
 * The caller has the lock. Each connection is in one of the lists. */
struct vsock_conns {
	uint16_t bucket[VSOCK_CONNS_MAX];
	uint16_t unused;
	uint16_t over; /* the guest has to be told RST */
	uint8_t asked[VSOCK_CONNS_PEERS];
	struct vsock_conn conn[VSOCK_CONNS_MAX];
};

void vsock_conns_reset(struct vsock_conns *t);
/* NULL: there is no such connection. */
struct vsock_conn *vsock_conns_find(struct vsock_conns *t,
				    const struct vsock_conn *key);
/* Add it, unless it is there. False: there is no room for it. */
bool __must_check vsock_conns_add(struct vsock_conns *t,
				  const struct vsock_conn *c);
/* Remove it, if it is there. */
void vsock_conns_remove(struct vsock_conns *t, const struct vsock_conn *key);
/* End it, if it is there; or all with a peer: the guest is to be told. */
void vsock_conns_end(struct vsock_conns *t, const struct vsock_conn *key);
void vsock_conns_end_peer(struct vsock_conns *t, uint32_t peer);
/* Take one of which the guest is to be told; false: there is none. */
bool vsock_conns_take_over(struct vsock_conns *t, struct vsock_conn *out);

#endif
