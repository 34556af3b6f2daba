/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the VirtIO socket device (VirtIO 1.2, 5.10). */
#ifndef EMULATORS_VIRTIO_VSOCK_PRIV_H
#define EMULATORS_VIRTIO_VSOCK_PRIV_H

#include <core/time.h>
#include <core/virtio.h>
#include <core/vmsg.h>
#include <core/vsock_port.h>
#include <core/work.h>

#include "vsock_conn.h"

#define VSOCK_RX_SIZE 256 /* entries: Linux fills it with 4 KiB each */
#define VSOCK_TX_SIZE 128
#define VSOCK_EVENT_SIZE 8
/* Most bytes of a packet's data; Linux sends no more. */
#define VSOCK_PACKET_MAX KIB(64)
/* Most parts of a packet: its data on pages anywhere, and its header on two. */
#define VSOCK_TX_PARTS (VSOCK_PACKET_MAX / PAGE_SIZE + 3)
#define VSOCK_RX_PARTS 8    /* of a receive buffer */
#define VSOCK_RANGES_MAX 16 /* of ports */
#define VSOCK_REPLIES 64    /* a power of two */
/* Packets of a guest that wait for receivers: a quarter of its transmit queue.
 * With more its queue is not served. */
#define VSOCK_WAITING_PART 4
/* A receiver for which the queue has to wait, and a packet has waited this
 * long, is given up: the connections with it are reset. */
#define VSOCK_WAIT_MS 1000
/* For so long afterwards no packet waits for it any more. */
#define VSOCK_SHUT_MS 10000
/* The driver is told of packets that are done with what it receives, when they
 * are a quarter of its queue, or after this time. */
#define VSOCK_TELL_PART 4
#define VSOCK_TELL_MS 20

/* A packet that was taken from the transmit queue. [Q] its lock; whoever has
 * taken it owns the rest. */
struct vsock_slot {
	struct vmsg m; /* its head is a struct virtio_vsock_hdr */
	struct virtq_chain chain;
	bool parsed;
	bool taken;              /* [Q] of the transmit queue */
	ticks_t since;           /* [Q] when it was to be passed on */
	struct vsock_dev *dev;   /* [I] */
	struct vsock_slot *next; /* [Q] unused ones */
	struct io_segment segs[VSOCK_TX_PARTS];
};

/* A packet RST that is to be sent: to whom the guest's own packet went. */
struct vsock_reply {
	uint32_t src_cid, src_port, dst_port;
	uint16_t type;
};

/* [I] immutable, [L] lock, [Q] the transmit queue's lock. */
struct vsock_dev {
	struct virtio_device *vd;                  /* [I] */
	struct vsock_port port;                    /* CID 2's end */
	struct spinlock lock;                      /* LOCK_VSOCK */
	struct vsock_reply replies[VSOCK_REPLIES]; /* [L] */
	uint32_t replied, replies_sent; /* [L] counts; read by anyone */
	bool tx_busy;                   /* [Q] a CPU takes packets */
	bool tx_again;                  /* [Q] it is to look again */
	struct vsock_slot *held;        /* [Q] cannot be sent now */
	bool tx_stopped;                /* [Q] too many wait for receivers */
	bool tx_due;                    /* [Q] the driver is to be told ... */
	unsigned int tx_untold;         /* [Q] ... of so many, and perhaps
					   more */
	ticks_t tell_at;                /* [Q] the latest time for it */
	struct timer tell_timer, wait_timer;
	struct vsock_slot *slots;  /* [I] VSOCK_TX_SIZE of them */
	struct vsock_slot *unused; /* [Q] */
	struct work work;          /* what a trap has left over */
	struct vmsg_node *node;    /* [I] of this CID */
	/* [I] Where other guests can connect. */
	bool all_ports;
	unsigned int nports;
	struct vsock_range {
		uint32_t first, last;
	} ports[VSOCK_RANGES_MAX];
	struct vsock_conns conns; /* [L] with other guests */
};

static inline struct vsock_dev *vsock_of(struct virtio_device *vd)
{
	return vd->state;
}

static inline struct virtqueue *vsock_queue(const struct vsock_dev *d,
					    unsigned int n)
{
	return &d->vd->queues[n];
}

/* What becomes of a packet of the guest. */
enum vsock_fate {
	VSOCK_SENT,          /* the chain can be given back */
	VSOCK_PARKED,        /* it is the receiver's, or done already */
	VSOCK_WAITS,         /* not now */
	VSOCK_NOT_CONNECTED, /* the answer is RST */
};

/* vsock_peer.c */
/* Send a packet to the guest of its destination. Any context, no lock held. */
enum vsock_fate vsock_peer_send(struct vsock_dev *d, struct vsock_slot *slot);
/* Choose the CID, and enter the domain that the node names. Errors of
 * vmsg_node_create() and vmsg_node_attach(). Thread context. */
int __must_check vsock_peer_init(struct vsock_dev *d);
/* The guest with this CID takes too long: all connections with it are over, for
 * both sides. Thread context. */
void vsock_peer_give_up(struct vsock_dev *d, uint32_t cid);

/* vsock_tx.c */
/* The driver has an interrupt for what it receives. It has one for all queues
 * (4.2.3.4), and so looks at what was sent, too. Any context, no lock held. */
void vsock_interrupt(struct vsock_dev *d);
/* A packet that was parked is done. Any context, no lock held. */
void vsock_tx_done(struct vsock_slot *slot);
/* Take packets from the guest and pass them on, as many as a trap may; true:
 * there are more. Any context, no lock held. */
bool vsock_transmit(struct vsock_dev *d);
/* Give back what is held. Any context. */
void vsock_tx_cancel(struct vsock_dev *d);
/* Give up the receivers for which the queue has waited too long. Thread
 * context. */
void vsock_tx_overdue(struct vsock_dev *d);
/* The guest was paused and goes on: that time does not count. Thread context.
 */
void vsock_tx_resume(struct vsock_dev *d);
/* Allocate the slots. -ERR_NOMEM. Thread context. */
int __must_check vsock_tx_init(struct vsock_dev *d);
void vsock_tx_fini(struct vsock_dev *d);

/* vsock_rx.c */
/* Send the guest what the hypervisor has for it, as far as it has buffers and a
 * trap may; true: there is more. Any context, no lock held but LOCK_DEVICE. */
bool vsock_receive(struct vsock_dev *d);
/* The same, and the guest's thread does the rest. */
void vsock_receive_soon(struct vsock_dev *d);
/* Take the next receive buffer, or ask the driver to kick. The queue's lock is
 * held. False: there is none, or it is of no use. */
bool __must_check vsock_rx_take(struct virtqueue *vq,
				struct virtq_chain *chain);
/* Answer a packet of the guest with RST; false if VSOCK_REPLIES wait already.
 * Any context. */
bool __must_check vsock_reply_rst(struct vsock_dev *d,
				  const struct virtio_vsock_hdr *h);
/* Is there room for one more? */
static inline bool vsock_reply_room(const struct vsock_dev *d)
{
	return READ_ONCE(d->replied) - READ_ONCE(d->replies_sent) <
	       VSOCK_REPLIES;
}

#endif
