/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO network device (VirtIO 1.2, 5.1): features, configuration, creation
 * and reset. The device owns a port (core/netport.h). docs/design/net.md.
 */
#include <core/guest.h>
#include <core/schema.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "net_priv.h"

#define NET_QUEUE_SIZE 1024
/* A full transmit ring makes the sender wait, a full receive ring loses
 * packets. So the latter is longer. */
#define NET_TRANSMIT_SIZE 256
#define NET_CONTROL_SIZE 64
#define NET_MTU_DEFAULT 1500
#define NET_MTU_MIN 68   /* RFC 791 */
#define NET_MTU_MAX 9216 /* the usual limit of jumbo frames */

#define NET_OFFERED \
	(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | \
	 VIRTIO_NET_F_CTRL_GUEST_OFFLOADS | VIRTIO_NET_F_MTU | \
	 VIRTIO_NET_F_MAC | VIRTIO_NET_F_GUEST_TSO4 | \
	 VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN | \
	 VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | \
	 VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_MRG_RXBUF | \
	 VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | \
	 VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA | \
	 VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_MQ | \
	 VIRTIO_NET_F_CTRL_MAC_ADDR)

/* 5.1.3.1: features that require one of the others. */
static const struct {
	uint64_t feature, wants;
} net_wants[] = {
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_ECN,
	  VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 },
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_ECN,
	  VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 },
	{ VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_RX },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ },
};

static bool net_accept(struct virtio_device *vd)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(net_wants); i++) {
		if (virtio_has(vd, net_wants[i].feature) &&
		    !virtio_has(vd, net_wants[i].wants)) {
			return false;
		}
	}
	return true;
}

static void net_reset(struct virtio_device *vd)
{
	struct net_dev *n = net_of(vd);

	netport_set_carrier(n->port, false);
	netport_set_accepts(n->port, 0);
	n->mac = n->mac_first;
	n->pairs = 1;
	n->status &= (uint16_t)~VIRTIO_NET_S_ANNOUNCE;
	memset(n->steer, 0, sizeof(n->steer));
	net_filter_reset(n);
}

static void net_start(struct virtio_device *vd)
{
	struct net_dev *n = net_of(vd);
	bool modern = virtio_has(vd, VIRTIO_F_VERSION_1);

	n->mergeable = virtio_has(vd, VIRTIO_NET_F_MRG_RXBUF);
	n->header = modern || n->mergeable ? sizeof(struct virtio_net_hdr)
					   : VIRTIO_NET_HDR_SHORT;
	n->filter.on = virtio_has(vd, VIRTIO_NET_F_CTRL_RX);
	n->filter.vlans_on = virtio_has(vd, VIRTIO_NET_F_CTRL_VLAN);
	net_set_accepts(n, vd->features);
	netport_set_carrier(n->port, true);
}

static int net_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	struct net_dev *n = net_of(vd);
	unsigned long flags;

	/* The control queue's number is even, too. */
	if (vq->index & 1) {
		unsigned int most = READ_ONCE(n->most);

		if (unlikely(most == 0) && netport_defer(n->port)) {
			return 0;
		}
		return net_transmit(n, vq, most);
	}
	if (vq->index == net_control_index(n)) {
		return virtio_has(vd, VIRTIO_NET_F_CTRL_VQ) ? net_control(n, vq)
							    : 0;
	}
	/* Receive buffers are looked for when there is a packet. */
	flags = virtqueue_lock(vq);
	virtqueue_kicks_off(vq);
	virtqueue_unlock(vq, flags);
	return 0;
}

/* --- configuration ------------------------------------------------------- */

static uint64_t net_config_read(struct virtio_device *vd, uint32_t off,
				uint32_t size)
{
	const struct net_dev *n = net_of(vd);
	struct virtio_net_config config = {
		.status = n->status,
		.max_virtqueue_pairs = n->pairs_max,
		.mtu = n->mtu,
	};
	uint64_t v = 0;

	net_mac_bytes(n->mac, config.mac);
	memcpy(&v, (const uint8_t *)&config + off,
	       MIN(size, (uint32_t)sizeof(config) - off));
	return v;
}

/* 5.1.4.2: before VirtIO 1.0 the driver wrote its address here. */
static void net_config_write(struct virtio_device *vd, uint32_t off,
			     uint32_t size, uint64_t value)
{
	struct net_dev *n = net_of(vd);
	uint8_t mac[NET_MAC_LEN];

	if (!virtio_has(vd, VIRTIO_F_VERSION_1) && off < NET_MAC_LEN) {
		net_mac_bytes(n->mac, mac);
		memcpy(mac + off, &value, MIN(size, NET_MAC_LEN - off));
		WRITE_ONCE(n->mac, net_mac(mac));
	}
}

/* Thread context: the port was attached, detached, or set up or down. */
static void net_link(struct netport *p, bool up)
{
	struct net_dev *n = netport_arg(p);
	unsigned long flags = virtio_config_lock(n->vd);
	uint16_t status = 0;

	if (up) {
		status = VIRTIO_NET_S_LINK_UP;
		/* 5.1.6.5.4: tell the driver to announce its new place. */
		if (virtio_has(n->vd, VIRTIO_NET_F_GUEST_ANNOUNCE)) {
			status |= VIRTIO_NET_S_ANNOUNCE;
		}
	}
	n->status = status;
	virtio_config_unlock(n->vd, flags,
			     virtio_has(n->vd, VIRTIO_NET_F_STATUS));
}

static void net_set_inline(struct netport *p, unsigned int most)
{
	struct net_dev *n = netport_arg(p);

	WRITE_ONCE(n->most, most);
}

static bool net_queue(struct netport *p, unsigned int n,
		      struct queue_counts *out)
{
	const struct net_dev *dev = netport_arg(p);

	return virtio_queue_counts(dev->vd, n, out);
}

/* --- life ---------------------------------------------------------------- */

/*
 * A default address that stays the same: made from the names of guest and
 * device by FNV-1a (RFC draft-eastlake-fnv), locally administered.
 */
static void net_default_mac(const char *name, uint8_t mac[NET_MAC_LEN])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++) {
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	}
	hash ^= hash >> 32;
	memcpy(mac, &hash, NET_MAC_LEN);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
}

/* Set the VLANs of the node: one, or a trunk whose native VLAN is `vlan`. */
static int net_set_vlan(struct net_dev *n)
{
	struct netport_vlan vlan = { .trunk = false };
	const uint8_t *trunk;
	int len = 0;

	trunk = emu_prop(n->vd->emu, "trunk", &len);
	vlan.trunk = trunk != NULL;
	vlan.vid = (uint16_t)emu_prop_u32(n->vd->emu, "vlan",
					  vlan.trunk ? 0 : NET_VLAN_DEFAULT);
	for (int i = 0; i + 4 <= len; i += 4) {
		uint32_t vid = (uint32_t)trunk[i + 2] << 8 | trunk[i + 3];

		vlan.allowed[vid / 64 % 64] |= BIT(vid % 64);
	}
	return netport_set_vlan(n->port, &vlan);
}

static bool net_flag(const struct net_dev *n, const char *name)
{
	int len;

	return emu_prop(n->vd->emu, name, &len) != NULL;
}

static int net_connect(struct net_dev *n)
{
	const char *sw = emu_prop_str(n->vd->emu, "switch", 0);
	int err = net_set_vlan(n);

	if (err != 0) {
		return err;
	}
	netport_set_isolated(n->port, net_flag(n, "isolated"));
	netport_set_check_source(n->port, net_flag(n, "check-source"));
	netport_set_carrier(n->port, false);
	return sw != NULL ? netport_attach(n->port, sw, true) : 0;
}

static const struct netport_ops net_port_ops = {
	.receive = net_receive,
	.receive_done = net_receive_done,
	.receive_alone = net_receive_alone,
	.send = net_send_left,
	.set_inline = net_set_inline,
	.link = net_link,
	.queue = net_queue,
};

static int net_create_port(struct net_dev *n)
{
	struct netport_attr attr = {
		.ops = &net_port_ops,
		.arg = n,
		.max_len = n->mtu + (uint32_t)NET_ETH_LEN,
	};
	char name[NETPORT_NAME_MAX];
	const uint8_t *mac;
	int len;

	(void)snprintf(name, sizeof(name), "%s.%s", n->vd->guest->name,
		       n->vd->emu->name);
	attr.name = name;
	mac = emu_prop(n->vd->emu, "mac", &len);
	if (mac == NULL) {
		net_default_mac(name, attr.mac);
	} else if (mac[0] & 1) {
		log_err("guest %s: %s: mac: a group address",
			n->vd->guest->name, n->vd->emu->name);
		return -ERR_INVAL;
	} else {
		memcpy(attr.mac, mac, NET_MAC_LEN);
	}
	n->mac_first = net_mac(attr.mac);
	n->mac = n->mac_first;
	return netport_create(&n->port, &attr);
}

static void net_fini(struct virtio_device *vd)
{
	struct net_dev *n = net_of(vd);

	netport_destroy(n->port);
	net_data_fini(n);
}

static int net_init(struct virtio_device *vd)
{
	struct net_dev *n = net_of(vd);
	int err;

	n->vd = vd;
	n->pairs = 1;
	n->most = NETSWITCH_INLINE;
	n->pairs_max = (uint16_t)emu_prop_u32(vd->emu, "queues", 1);
	n->mtu = (uint16_t)emu_prop_u32(vd->emu, "mtu", NET_MTU_DEFAULT);
	vd->nqueues = (uint16_t)(2 * n->pairs_max + 1);
	for (uint16_t i = 1; i < vd->nqueues; i += 2) {
		vd->queues[i].size_max = NET_TRANSMIT_SIZE;
	}
	vd->queues[vd->nqueues - 1].size_max = NET_CONTROL_SIZE;
	if (n->pairs_max == 1) {
		vd->offered &= ~VIRTIO_NET_F_MQ;
	}
	err = net_data_init(n);
	if (err != 0) {
		return err;
	}
	err = net_create_port(n);
	if (err != 0) {
		net_data_fini(n);
		return err;
	}
	err = net_connect(n);
	if (err != 0) {
		net_fini(vd);
	}
	return err;
}

static const struct virtio_kind net_kind = {
	.id = VIRTIO_ID_NET,
	.max_queues = 2 * NET_PAIRS_MAX + 1,
	.queue_size = NET_QUEUE_SIZE,
	.config_size = sizeof(struct virtio_net_config),
	.state_size = sizeof(struct net_dev),
	.features = NET_OFFERED,
	.init = net_init,
	.fini = net_fini,
	.reset = net_reset,
	.accept = net_accept,
	.start = net_start,
	.kick = net_kick,
	.config_read = net_config_read,
	.config_write = net_config_write,
	.count = net_count,
};

static const struct schema_prop net_props[] = {
	{
		.name = "switch",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = NETSWITCH_NAME_MAX - 1,
		.otherwise = REFERENCE("none, until it is attached"),
		.doc = REFERENCE("The switch that it is attached to; created "
				 "as a bridge if it does not exist."),
	},
	{
		.name = "mac",
		.type = SCHEMA_BYTES,
		.min = NET_MAC_LEN,
		.max = NET_MAC_LEN,
		.otherwise = REFERENCE("made from the guest's and the "
				       "device's name"),
		.doc = REFERENCE("Its address: `mac = [02 00 00 00 00 01]`."),
	},
	{
		.name = "vlan",
		.type = SCHEMA_U32,
		.min = 1,
		.max = NET_VLAN_MAX,
		.otherwise = REFERENCE("1; of a trunk: none"),
		.doc = REFERENCE("The VLAN of its untagged frames."),
	},
	{
		.name = "trunk",
		.type = SCHEMA_LIST,
		.min = 1,
		.max = NET_VLAN_MAX,
		.otherwise = REFERENCE("no tagged frames"),
		.doc = REFERENCE("VLANs of its tagged frames (a trunk)."),
	},
	{
		.name = "isolated",
		.type = SCHEMA_FLAG,
		.otherwise = REFERENCE("off"),
		.doc = REFERENCE(
			"Drop frames to and from other isolated ports."),
	},
	{
		.name = "check-source",
		.type = SCHEMA_FLAG,
		.otherwise = REFERENCE("off"),
		.doc = REFERENCE("Drop frames that it sends from another "
				 "address than its own."),
	},
	{
		.name = "queues",
		.type = SCHEMA_U32,
		.min = 1,
		.max = NET_PAIRS_MAX,
		.otherwise = REFERENCE("1"),
		.doc = REFERENCE("Pairs of queues; best as many as VCPUs."),
	},
	{
		.name = "mtu",
		.type = SCHEMA_U32,
		.min = NET_MTU_MIN,
		.max = NET_MTU_MAX,
		.otherwise = REFERENCE("1500"),
		.doc = REFERENCE("Largest packet, in bytes."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const net_compatible[] = { "virtio,net", NULL };

static const struct emulator net_emulator = {
	.name = "virtio-net",
	.compatible = net_compatible,
	.virtio = &net_kind,
	.props = net_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(net_emulator);
