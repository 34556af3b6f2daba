/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the VirtIO network device (VirtIO 1.2, 5.1). */
#ifndef EMULATORS_VIRTIO_NET_PRIV_H
#define EMULATORS_VIRTIO_NET_PRIV_H

#include <core/netswitch.h>
#include <core/virtio.h>
#include <core/virtio_net.h>

#define NET_PAIRS_MAX 8 /* of queues: one to receive, one to send */
#define NET_MACS_MAX \
	32 /* most unicast addresses, and most group addresses, of the filter */
#define NET_FLOWS 256 /* flows that steering distinguishes; a power of two */

/*
 * The filter for received packets, as the driver has set it (5.1.6.5). It is
 * read without a lock when a packet comes: it is not a security boundary, and a
 * packet that comes during a change may be judged either way.
 */
struct net_filter {
	bool on; /* CTRL_RX was negotiated */
	bool promiscuous, all_multicast, all_unicast;
	bool no_multicast, no_unicast, no_broadcast;
	bool vlans_on; /* CTRL_VLAN was negotiated */
	bool unicast_overflow, multicast_overflow;
	uint32_t nunicast, nmulticast;
	net_mac_t unicast[NET_MACS_MAX], multicast[NET_MACS_MAX];
	uint64_t vlans[64];
};

/* [I] immutable, [D] vd->lock, [A] atomic. */
struct net_dev {
	struct virtio_device *vd; /* [I] */
	struct netport *port;     /* [I] */
	uint16_t pairs_max, mtu;  /* [I] */
	net_mac_t mac_first;      /* [I] at power-on */
	net_mac_t mac;            /* [A] */
	uint16_t status;          /* [D] */
	uint16_t pairs;           /* [A] in use */
	uint32_t header;          /* [A] bytes of virtio_net_hdr */
	bool mergeable;           /* [A] */
	uint32_t unpublished;     /* [A] receive queues, a bit each */
	uint32_t most;            /* [A] packets sent in a trap */
	struct net_filter filter; /* [A] */
	uint8_t steer[NET_FLOWS]; /* [A] the pair that last sent a flow */
	struct net_tx *tx[NET_PAIRS_MAX]; /* [I] net_data.c */
	struct net_rx *rx[NET_PAIRS_MAX]; /* [I] */
};

static inline struct net_dev *net_of(struct virtio_device *vd)
{
	return vd->state;
}

/* The number of the control queue (5.1.2): it follows receiveq1, transmitq1,
 * receiveq2... of all pairs that this driver has. */
static inline uint32_t net_control_index(const struct net_dev *n)
{
	return virtio_net_control_queue(
		virtio_has(n->vd, VIRTIO_NET_F_MQ) ? n->pairs_max : 1);
}

/* net_data.c */
/* Send packets of the queue, about `most` of them. Trap or thread context.
 * -ERR_BUSY: there are more to send, and the switch's worker does not. */
int net_transmit(struct net_dev *n, struct virtqueue *vq, unsigned int most);
/* The functions of struct netport_ops. */
bool net_receive(struct netport *p, const struct net_packet *pkt,
		 enum net_drop *why);
void net_receive_done(struct netport *p);
bool net_receive_alone(struct netport *p, const struct net_packet *pkt,
		       enum net_drop *why);
bool net_send_left(struct netport *p);
/* See struct virtio_kind. */
void net_count(const struct virtio_device *vd, const struct virtqueue *vq,
	       struct queue_counts *out);
/* Allocate the working memory of each pair of queues. -ERR_NOMEM. Thread
 * context. */
int __must_check net_data_init(struct net_dev *n);
void net_data_fini(struct net_dev *n);

/* net_control.c */
int net_control(struct net_dev *n, struct virtqueue *vq);
void net_filter_reset(struct net_dev *n);
/* Does a frame with this head (14 bytes, 18 with a tag) pass the filter, which
 * is on? */
bool net_filter_judge(const struct net_dev *n, const uint8_t *head,
		      size_t size);
static inline bool net_filter_pass(const struct net_dev *n, const uint8_t *head,
				   size_t size)
{
	return !n->filter.on || net_filter_judge(n, head, size);
}
/*
 * Set which offloads the driver accepts, from the features of GUEST_OFFLOADS.
 */
void net_set_accepts(struct net_dev *n, uint64_t features);

/* net_steer.c: a number below NET_FLOWS for the flow of a packet, the same in
 * both directions. */
uint32_t net_flow(const struct net_packet *pkt);

#endif
