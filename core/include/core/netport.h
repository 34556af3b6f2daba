/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of virtual switches: a guest's network device, a card of the host.
 * docs/design/net.md.
 */
#ifndef CORE_NETPORT_H
#define CORE_NETPORT_H

#include <core/io_segment.h>
#include <core/queue_counts.h>
#include <libs/types.h>
#include <string.h>

struct netport;

#define NETPORT_NAME_MAX 65 /* with its terminator: "GUEST.DEVICE", "eth0" */
#define NET_MAC_LEN 6
#define NET_ETH_LEN 14      /* addresses and type */
#define NET_TAG_LEN 4       /* IEEE 802.1Q, 9.6 */
#define NET_FRAME_MAX 65562 /* bytes: 64 KiB of TSO, headers, a VLAN tag */
#define NET_SEGS_MAX 64     /* most segments of a packet */
/* Most segments of a packet passed to netport_ops.receive: its head, and that
 * of a TCP segment, are separate. */
#define NET_SEGS_RECEIVE_MAX (NET_SEGS_MAX + 2)
#define NET_BATCH_MAX 64 /* packets in one netport_send() */

/*
 * What must still be done to a packet before it is on a wire; names and values
 * are those of struct virtio_net_hdr (VirtIO 1.2, 5.1.6). Offsets are from the
 * start of the frame.
 */
#define NET_HDR_NEEDS_CSUM 1
#define NET_HDR_DATA_VALID 2
#define NET_HDR_GSO_NONE 0
#define NET_HDR_GSO_TCPV4 1
#define NET_HDR_GSO_TCPV6 4
#define NET_HDR_GSO_UDP_L4 5
#define NET_HDR_GSO_ECN 0x80
struct net_offload {
	uint8_t flags;    /* NET_HDR_NEEDS_CSUM, NET_HDR_DATA_VALID */
	uint8_t gso_type; /* NET_HDR_GSO_*; 0: none */
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

/* The work that the receiver behind a port can take over. */
#define NET_ACCEPT_CSUM BIT(0) /* a checksum that is not complete */
#define NET_ACCEPT_TSO4 BIT(1) /* each of these: with NET_ACCEPT_CSUM only */
#define NET_ACCEPT_TSO6 BIT(2)
#define NET_ACCEPT_ECN BIT(3)
#define NET_ACCEPT_USO BIT(4)

/*
 * A frame, from the destination's address to the last byte of data (no FCS).
 * The sender keeps it until netport_send() returns; it is not used after that.
 * Only `va` and `size` of the segments are used: the first is often a copy on
 * the sender's stack. Memory of a guest may change at any time: what has been
 * checked must not be read there again.
 */
struct net_packet {
	const struct io_segment *segs;
	unsigned int nsegs; /* 1 to NET_SEGS_MAX */
	uint32_t len;       /* bytes in all */
	struct net_offload offload;
};

/* Copy the first `n` bytes of the packet to `to`, or all that it has, and
 * return how many. Any context. */
static inline size_t net_packet_head(const struct net_packet *pkt, uint8_t *to,
				     size_t n)
{
	size_t left = n;

	for (unsigned int i = 0; i < pkt->nsegs && left > 0; i++) {
		size_t part = MIN(pkt->segs[i].size, left);

		memcpy(to, pkt->segs[i].va, part);
		to += part;
		left -= part;
	}
	return n - left;
}

/* Why a packet was dropped. */
enum net_drop {
	NET_DROP_LINK_DOWN,
	NET_DROP_NO_BUFFER, /* the receiver has none */
	NET_DROP_RATE,
	NET_DROP_STORM,
	NET_DROP_VLAN,
	NET_DROP_ISOLATED,
	NET_DROP_FILTER, /* not for the receiver; not for a bridge to forward */
	NET_DROP_SOURCE, /* forged source address */
	NET_DROP_MALFORMED,
	NET_DROP_LENGTH,  /* longer than the receiver's MTU allows */
	NET_DROP_OFFLOAD, /* checksum or segments not completed */
	NET_DROPS
};

struct netport_ops {
	/*
	 * Deliver a packet to the port's owner, which copies it before
	 * returning. Its offload is within what the port accepts. False: it was
	 * dropped, for the reason in *why. Any context, interrupts masked,
	 * called on several CPUs at a time; does not block, and does not call
	 * netport_send().
	 */
	bool (*receive)(struct netport *p, const struct net_packet *pkt,
			enum net_drop *why);
	/*
	 * Called after the last of packets received together: raise the
	 * interrupt, ring the doorbell. Context as receive. NULL: receive does
	 * that.
	 */
	void (*receive_done)(struct netport *p);
	/*
	 * As receive and receive_done together, for a packet that is sent alone
	 * and whose offload is none. NULL: the two are called.
	 */
	bool (*receive_alone)(struct netport *p, const struct net_packet *pkt,
			      enum net_drop *why);
	/*
	 * Send a part of what the owner has left over for the switch's worker;
	 * true: there is more. After netport_defer(), and again until it
	 * returns false. Context as receive, but one CPU at a time. NULL: the
	 * owner leaves nothing.
	 */
	bool (*send)(struct netport *p);
	/* From now on send at most this many packets in a trap, 0 to
	 * NETSWITCH_INLINE, before asking netport_defer(). It is the latter
	 * until the first call. Thread context. With `send` only. */
	void (*set_inline)(struct netport *p, unsigned int most);
	/*
	 * The link to the switch went up or down: the port was attached,
	 * detached or set from the terminal. Thread context. NULL: not needed.
	 */
	void (*link)(struct netport *p, bool up);
	/* The counts of queue n of the owner; false if it has fewer. Thread
	 * context; does not change ports. NULL: it has no queues. */
	bool (*queue)(struct netport *p, unsigned int n,
		      struct queue_counts *out);
};

struct netport_attr {
	const char *name; /* copied; NULL: the next of eth0, eth1... */
	const struct netport_ops *ops;
	void *arg; /* the owner's: netport_arg() */
	uint8_t mac[NET_MAC_LEN];
	uint32_t accepts; /* NET_ACCEPT_* */
	uint32_t max_len; /* bytes without tag: 1514, NET_FRAME_MAX */
	bool uplink;      /* a card of the host */
};

/*
 * Create a port that is not attached to a switch. Its owner is the driver of a
 * card or a guest's device. -ERR_EXIST: the name is taken; -ERR_INVAL: it is
 * not a valid name; -ERR_NOMEM. Thread context.
 */
int __must_check netport_create(struct netport **out,
				const struct netport_attr *attr);
/*
 * Detach the port, wait until none of its operations is being called, and drop
 * the owner's reference. The owner no longer sends. Thread context, interrupts
 * enabled, no spinlock held.
 */
void netport_destroy(struct netport *p);

/* The owner's argument. Any context. */
void *netport_arg(const struct netport *p);
const char *netport_name(const struct netport *p);
/* Bytes of the frames that the owner has sent, and of those it was given. Any
 * context. */
uint64_t netport_bytes_sent(const struct netport *p);
uint64_t netport_bytes_received(const struct netport *p);

/*
 * Send packets of the port's owner, in order, at most NET_BATCH_MAX. When this
 * returns they have been delivered, or dropped and counted. Returns the number
 * of bytes copied: a sender in a trap stops when that is large. Any context;
 * not from netport_ops.receive.
 */
size_t netport_send(struct netport *p, const struct net_packet *packets,
		    unsigned int n);

/*
 * The owner has sent as many packets in a trap as netport_ops.set_inline said:
 * true if the switch's worker goes on in a thread, by netport_ops.send; false:
 * the owner has to go on itself, since the port has no switch, or no other CPU
 * is free. Any context, no lock held.
 */
#define NETSWITCH_INLINE 64
bool netport_defer(struct netport *p);

/*
 * Set the state of the owner's end of the link: the card's cable, the guest's
 * driver. True after netport_create(). Any context, with no lock held that
 * comes after LOCK_NETPORT.
 */
void netport_set_carrier(struct netport *p, bool up);
/* Change what the owner can take, NET_ACCEPT_*. Any context. */
void netport_set_accepts(struct netport *p, uint32_t accepts);

#endif
