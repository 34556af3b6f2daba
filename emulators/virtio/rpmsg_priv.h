/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the VirtIO RPMSG device. */
#ifndef EMULATORS_VIRTIO_RPMSG_PRIV_H
#define EMULATORS_VIRTIO_RPMSG_PRIV_H

#include <core/virtio.h>
#include <core/virtio_rpmsg.h>
#include <core/vmsg.h>
#include <core/work.h>

/* Most parts of a message, or of a buffer for one: more than a driver has
 * reason to make of 512 bytes. */
#define RPMSG_PARTS 8
/* Messages handled in one trap, each receiver of a broadcast counted. */
#define RPMSG_BATCH 16

/*
 * A message that was taken from the driver. A broadcast that has to wait for
 * several receivers has one of these for each; the first one has the chain. [Q]
 * the transmit queue's lock.
 */
struct rpmsg_slot {
	struct vmsg m;
	struct virtq_chain chain;
	struct io_segment segs[RPMSG_PARTS];
	struct rpmsg_slot *first; /* [Q] the one with the chain */
	unsigned int users;       /* [Q] of its chain */
	struct rpmsg_slot *next;  /* [Q] of the free ones */
};

/* [I] immutable, [Q] the transmit queue's lock, [R] the receive queue's. */
struct rpmsg {
	struct virtio_device *vd;  /* [I] */
	struct virtqueue *rx, *tx; /* [I] */
	struct vmsg_node *node;    /* [I] */
	struct work work;          /* sends on, when there is room again */
	bool busy;                 /* [Q] a CPU is sending */
	bool room;                 /* [Q] since the last message was sent */
	bool stalled;              /* [Q] it waits for room */
	struct rpmsg_slot *free;   /* [Q] */
	struct rpmsg_slot *cast;   /* [Q] a broadcast in progress */
	uint64_t cast_left;      /* [Q] peers that it is still to be sent to */
	uint64_t sent, received; /* [Q], [R] bytes */
	struct rpmsg_slot slots[RPMSG_BUFFERS];
};

static inline struct rpmsg *rpmsg_of(struct virtio_device *vd)
{
	return vd->state;
}

/* rpmsg_send.c */
void rpmsg_send_init(struct rpmsg *r);
/* Send what the driver has made available. -ERR_BUSY: there is more. Trap or
 * thread context. */
int rpmsg_transmit(struct rpmsg *r);
void rpmsg_work(struct work *w);
/* See struct vmsg_ops, struct virtio_kind. */
void rpmsg_room(struct vmsg_node *n);
void rpmsg_cancel(struct virtio_device *vd, struct virtqueue *vq);

/* rpmsg_receive.c. Tell the driver of names; -ERR_BUSY: there are more. Any
 * context. */
int rpmsg_tell(struct rpmsg *r);
/* The driver has added buffers. */
int rpmsg_receive(struct rpmsg *r);
enum vmsg_take rpmsg_deliver(struct vmsg_node *n, uint32_t source,
			     struct vmsg *m);
void rpmsg_flush(struct vmsg_node *n);

#endif
