/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO network device: the control queue (VirtIO 1.2, 5.1.6.5), and the
 * filter that it sets. */
#include <libs/error.h>
#include <string.h>

#include "net_priv.h"

#define CONTROL_MAX 16   /* most commands in one trap */
#define CONTROL_PARTS 64 /* most parts of a command */

#define CLASS_RX 0
#define RX_PROMISCUOUS 0
#define RX_ALL_MULTICAST 1
#define RX_ALL_UNICAST 2
#define RX_NO_MULTICAST 3
#define RX_NO_UNICAST 4
#define RX_NO_BROADCAST 5
#define CLASS_MAC 1
#define MAC_TABLE_SET 0
#define MAC_ADDR_SET 1
#define CLASS_VLAN 2
#define VLAN_ADD 0
#define VLAN_DEL 1
#define CLASS_ANNOUNCE 3
#define ANNOUNCE_ACK 0
#define CLASS_OFFLOADS 5
#define OFFLOADS_SET 0

#define TYPE_TAG 0x0081 /* 0x8100, as it lies in memory */

/* --- the filter ---------------------------------------------------------- */

void net_filter_reset(struct net_dev *n)
{
	memset(&n->filter, 0, sizeof(n->filter));
	/* Everything passes until the driver sets a filter. */
	n->filter.promiscuous = true;
}

static bool filter_has(const net_mac_t *macs, const uint32_t *count,
		       net_mac_t mac)
{
	uint32_t most = MIN(READ_ONCE(*count), (uint32_t)NET_MACS_MAX);

	for (uint32_t i = 0; i < most; i++) {
		if (READ_ONCE(macs[i]) == mac) {
			return true;
		}
	}
	return false;
}

static bool filter_group(const struct net_filter *f, net_mac_t dst)
{
	if (dst == NET_MAC_BROADCAST) {
		return !f->no_broadcast;
	}
	return !f->no_multicast &&
	       (f->all_multicast || f->multicast_overflow ||
		filter_has(f->multicast, &f->nmulticast, dst));
}

static bool filter_vlan(const struct net_filter *f, const uint8_t *head,
			size_t size)
{
	uint16_t type;
	uint32_t vid;

	__builtin_memcpy(&type, head + 2 * NET_MAC_LEN, sizeof(type));
	if (type != TYPE_TAG || size < NET_ETH_LEN + NET_TAG_LEN) {
		return true;
	}
	vid = (head[NET_ETH_LEN] & 15U) << 8 | head[NET_ETH_LEN + 1];
	return (READ_ONCE(f->vlans[vid / 64]) >> (vid % 64) & 1) != 0;
}

bool net_filter_judge(const struct net_dev *n, const uint8_t *head, size_t size)
{
	const struct net_filter *f = &n->filter;
	net_mac_t dst = 0;

	if (f->promiscuous) {
		return true;
	}
	if (f->vlans_on && !filter_vlan(f, head, size)) {
		return false;
	}
	__builtin_memcpy(&dst, head, NET_MAC_LEN);
	if (dst & NET_MAC_GROUP) {
		return filter_group(f, dst);
	}
	if (f->no_unicast) {
		return false;
	}
	return dst == READ_ONCE(n->mac) || f->all_unicast ||
	       f->unicast_overflow || filter_has(f->unicast, &f->nunicast, dst);
}

/* --- commands ------------------------------------------------------------ */

/* Each handles a command, given its data; false if it is malformed, unknown or
 * not negotiated. */

static bool control_rx(struct net_dev *n, uint8_t command, struct io_list *data)
{
	struct net_filter *f = &n->filter;
	bool *const flags[] = {
		[RX_PROMISCUOUS] = &f->promiscuous,
		[RX_ALL_MULTICAST] = &f->all_multicast,
		[RX_ALL_UNICAST] = &f->all_unicast,
		[RX_NO_MULTICAST] = &f->no_multicast,
		[RX_NO_UNICAST] = &f->no_unicast,
		[RX_NO_BROADCAST] = &f->no_broadcast,
	};
	uint64_t feature = command <= RX_ALL_MULTICAST
				   ? VIRTIO_NET_F_CTRL_RX
				   : VIRTIO_NET_F_CTRL_RX_EXTRA;
	uint64_t i = command;
	uint8_t on;

	if (!virtio_has(n->vd, feature) ||
	    !arch_index_below(&i, ARRAY_SIZE(flags)) ||
	    io_list_pull(data, &on, sizeof(on)) != sizeof(on)) {
		return false;
	}
	WRITE_ONCE(*flags[i], on != 0);
	return true;
}

/* Read one of the two tables: a count and as many addresses. If there is no
 * room for all of them, every address passes. */
static bool control_table(struct io_list *data, net_mac_t *macs,
			  uint32_t *count, bool *overflow)
{
	uint32_t entries, kept;
	size_t rest;

	if (io_list_pull(data, &entries, sizeof(entries)) != sizeof(entries)) {
		return false;
	}
	kept = MIN(entries, (uint32_t)NET_MACS_MAX);
	for (uint32_t i = 0; i < kept; i++) {
		net_mac_t mac = 0;

		if (io_list_pull(data, &mac, NET_MAC_LEN) != NET_MAC_LEN) {
			return false;
		}
		WRITE_ONCE(macs[i], mac);
	}
	rest = (size_t)(entries - kept) * NET_MAC_LEN;
	if (io_list_skip(data, rest) != rest) {
		return false;
	}
	WRITE_ONCE(*count, kept);
	WRITE_ONCE(*overflow, kept < entries);
	return true;
}

static bool control_mac(struct net_dev *n, uint8_t command,
			struct io_list *data)
{
	struct net_filter *f = &n->filter;
	net_mac_t mac = 0;
	unsigned long flags;

	if (command == MAC_TABLE_SET) {
		return virtio_has(n->vd, VIRTIO_NET_F_CTRL_RX) &&
		       control_table(data, f->unicast, &f->nunicast,
				     &f->unicast_overflow) &&
		       control_table(data, f->multicast, &f->nmulticast,
				     &f->multicast_overflow);
	}
	if (command != MAC_ADDR_SET ||
	    !virtio_has(n->vd, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
	    io_list_pull(data, &mac, NET_MAC_LEN) != NET_MAC_LEN) {
		return false;
	}
	flags = virtio_config_lock(n->vd);
	WRITE_ONCE(n->mac, mac);
	virtio_config_unlock(n->vd, flags, false);
	return true;
}

static bool control_vlan(struct net_dev *n, uint8_t command,
			 struct io_list *data)
{
	uint64_t *word;
	uint16_t vid;

	if (!virtio_has(n->vd, VIRTIO_NET_F_CTRL_VLAN) || command > VLAN_DEL ||
	    io_list_pull(data, &vid, sizeof(vid)) != sizeof(vid)) {
		return false;
	}
	vid &= 0xfff;
	word = &n->filter.vlans[vid / 64];
	if (command == VLAN_ADD) {
		(void)__atomic_fetch_or(word, BIT(vid % 64), __ATOMIC_RELAXED);
	} else {
		(void)__atomic_fetch_and(word, ~BIT(vid % 64),
					 __ATOMIC_RELAXED);
	}
	return true;
}

static bool control_announce(struct net_dev *n, uint8_t command,
			     struct io_list *data)
{
	unsigned long flags;

	(void)data;
	if (command != ANNOUNCE_ACK ||
	    !virtio_has(n->vd, VIRTIO_NET_F_GUEST_ANNOUNCE)) {
		return false;
	}
	flags = virtio_config_lock(n->vd);
	n->status &= (uint16_t)~VIRTIO_NET_S_ANNOUNCE;
	virtio_config_unlock(n->vd, flags, false);
	return true;
}

static bool control_pairs(struct net_dev *n, uint8_t command,
			  struct io_list *data)
{
	uint16_t pairs;

	if (command != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET ||
	    !virtio_has(n->vd, VIRTIO_NET_F_MQ) ||
	    io_list_pull(data, &pairs, sizeof(pairs)) != sizeof(pairs) ||
	    pairs == 0 || pairs > n->pairs_max) {
		return false;
	}
	WRITE_ONCE(n->pairs, pairs);
	return true;
}

void net_set_accepts(struct net_dev *n, uint64_t features)
{
	uint32_t accepts = 0;

	/* 5.1.3.1: all the others require it. */
	if (features & VIRTIO_NET_F_GUEST_CSUM) {
		accepts |= NET_ACCEPT_CSUM;
		accepts |= features & VIRTIO_NET_F_GUEST_TSO4 ? NET_ACCEPT_TSO4
							      : 0;
		accepts |= features & VIRTIO_NET_F_GUEST_TSO6 ? NET_ACCEPT_TSO6
							      : 0;
		accepts |= features & VIRTIO_NET_F_GUEST_ECN ? NET_ACCEPT_ECN
							     : 0;
	}
	netport_set_accepts(n->port, accepts);
}

static bool control_offloads(struct net_dev *n, uint8_t command,
			     struct io_list *data)
{
	uint64_t possible = VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
			    VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN;
	uint64_t wanted;

	possible &= n->vd->features;
	if (command != OFFLOADS_SET ||
	    !virtio_has(n->vd, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) ||
	    io_list_pull(data, &wanted, sizeof(wanted)) != sizeof(wanted) ||
	    (wanted & ~possible) != 0) {
		return false;
	}
	net_set_accepts(n, wanted);
	return true;
}

static bool control_command(struct net_dev *n, struct io_list *data)
{
	static bool (*const classes[])(struct net_dev * n, uint8_t command,
				       struct io_list * data) = {
		[CLASS_RX] = control_rx,
		[CLASS_MAC] = control_mac,
		[CLASS_VLAN] = control_vlan,
		[CLASS_ANNOUNCE] = control_announce,
		[VIRTIO_NET_CTRL_MQ] = control_pairs,
		[CLASS_OFFLOADS] = control_offloads,
	};
	uint8_t head[2];
	uint64_t class;

	if (io_list_pull(data, head, sizeof(head)) != sizeof(head)) {
		return false;
	}
	class = head[0];
	return arch_index_below(&class, ARRAY_SIZE(classes)) &&
	       classes[class](n, head[1], data);
}

/* Take the next command; false if there is none, after asking the driver to
 * kick. */
static bool control_take(struct virtqueue *vq, struct virtq_chain *chain)
{
	unsigned long flags = virtqueue_lock(vq);
	int got = virtqueue_pop(vq, chain);

	if (got == 0 && virtqueue_kicks_on(vq)) {
		got = virtqueue_pop(vq, chain);
	}
	virtqueue_unlock(vq, flags);
	return got == 1;
}

int net_control(struct net_dev *n, struct virtqueue *vq)
{
	struct io_segment segs[CONTROL_PARTS];
	struct virtq_chain chain = { .segs = segs, .max = CONTROL_PARTS };

	for (unsigned int i = 0; i < CONTROL_MAX; i++) {
		uint8_t ack;

		if (!control_take(vq, &chain)) {
			return 0;
		}
		ack = control_command(n, &chain.readable) ? VIRTIO_NET_OK
							  : VIRTIO_NET_ERR;
		virtio_done(vq, &chain,
			    (uint32_t)io_list_fill(&chain.writable, &ack, 1));
	}
	return -ERR_BUSY;
}
