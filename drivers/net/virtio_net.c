/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO network device of the host (VirtIO 1.2, 5.1), as an uplink port: its
 * life. Packets are in virtio_net_data.c, pairs of queues in
 * virtio_net_pairs.c.
 *
 * Locks: of each pair `rx_lock` for the receive queue, `tx_lock` for the
 * transmit queue. The switch is called with neither held.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/netport.h>
#include <core/random.h>
#include <libs/error.h>

#include "virtio_net_priv.h"

#define GUEST_GSO \
	(VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | \
	 VIRTIO_NET_F_GUEST_ECN)
#define CFG(field) offsetof(struct virtio_net_config, field)
#define MTU_MIN 68 /* RFC 791 */
#define MTU_DEFAULT 1500

static const struct netport_ops vnet_ops = {
	.receive = vnet_send,
	.receive_done = vnet_sent,
};

/* --- a new start ---------------------------------------------------------- */

static void set_stopped(struct vnet *v, bool stopped)
{
	for (unsigned int i = 0; i < v->npairs; i++) {
		struct vnet_pair *p = &v->pairs[i];
		unsigned long flags = spin_lock_irqsave(&p->rx_lock);

		p->rx_stopped = stopped;
		spin_unlock_irqrestore(&p->rx_lock, flags);
		flags = spin_lock_irqsave(&p->tx_lock);
		p->tx_stopped = stopped;
		spin_unlock_irqrestore(&p->tx_lock, flags);
	}
}

/* All buffers are free, and no interrupts come for sent packets. */
static void free_all_tx(struct vnet *v)
{
	for (unsigned int i = 0; i < v->npairs; i++) {
		struct vnet_pair *p = &v->pairs[i];

		p->tx_nfree = 0;
		for (unsigned int n = 0; n < BUFFERS; n++) {
			p->tx_free[p->tx_nfree++] = (uint16_t)n;
		}
		virtio_queue_silence(p->tx);
	}
}

static void lend_all(struct vnet *v)
{
	for (unsigned int i = 0; i < v->npairs; i++) {
		vnet_lend_all(&v->pairs[i]);
	}
}

static bool any_broken(const struct vnet *v)
{
	bool broken = false;

	for (unsigned int i = 0; i < v->npairs; i++) {
		broken |= READ_ONCE(v->pairs[i].rx->broken) ||
			  READ_ONCE(v->pairs[i].tx->broken);
	}
	return broken;
}

static void read_link(struct virtio_host *vh)
{
	struct vnet *v = vh->priv;
	uint16_t status = VIRTIO_NET_S_LINK_UP;

	if (virtio_host_needs_reset(vh)) {
		v->pairs[0].rx->broken = true;
		work_queue(&v->work);
		return;
	}
	if (virtio_host_has(vh, VIRTIO_NET_F_STATUS)) {
		virtio_host_config_read(vh, CFG(status), &status,
					sizeof(status));
	}
	netport_set_carrier(v->port, (status & VIRTIO_NET_S_LINK_UP) != 0);
}

static void vnet_restart(struct vnet *v)
{
	int err;

	log_warn("%s: %s does not answer: reset", netport_name(v->port),
		 v->vh->dev.name);
	netport_set_carrier(v->port, false);
	set_stopped(v, true);
	err = virtio_host_stop(v->vh);
	if (!err) {
		err = virtio_host_restart(v->vh);
	}
	if (err) {
		log_err("%s: %s does not end its reset: given up",
			netport_name(v->port), v->vh->dev.name);
		return;
	}
	free_all_tx(v);
	set_stopped(v, false);
	lend_all(v);
	vnet_pairs_use(v);
	read_link(v->vh);
}

static void vnet_work(struct work *w)
{
	struct vnet *v = container_of(w, struct vnet, work);
	unsigned long flags;

	if (any_broken(v) && !READ_ONCE(v->pairs[0].rx_stopped)) {
		vnet_restart(v);
		return;
	}
	flags = arch_irq_save();
	for (unsigned int i = 0; i < v->npairs; i++) {
		vnet_receive(&v->pairs[i]);
	}
	arch_irq_restore(flags);
}

/* --- the driver ----------------------------------------------------------- */

static uint32_t accepts_of(const struct virtio_host *vh)
{
	uint32_t accepts = 0;

	accepts |= virtio_host_has(vh, VIRTIO_NET_F_CSUM)
			   ? (uint32_t)NET_ACCEPT_CSUM
			   : 0;
	accepts |= virtio_host_has(vh, VIRTIO_NET_F_HOST_TSO4)
			   ? (uint32_t)NET_ACCEPT_TSO4
			   : 0;
	accepts |= virtio_host_has(vh, VIRTIO_NET_F_HOST_TSO6)
			   ? (uint32_t)NET_ACCEPT_TSO6
			   : 0;
	accepts |= virtio_host_has(vh, VIRTIO_NET_F_HOST_ECN)
			   ? (uint32_t)NET_ACCEPT_ECN
			   : 0;
	return accepts;
}

/* Read the device's address, or make up a locally administered one. */
static void read_mac(struct virtio_host *vh, uint8_t mac[NET_MAC_LEN])
{
	if (virtio_host_has(vh, VIRTIO_NET_F_MAC)) {
		virtio_host_config_read(vh, CFG(mac), mac, NET_MAC_LEN);
		return;
	}
	random_bytes(mac, NET_MAC_LEN);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
}

static int make_port(struct vnet *v)
{
	struct virtio_host *vh = v->vh;
	struct netport_attr attr = {
		.ops = &vnet_ops,
		.arg = v,
		.accepts = accepts_of(vh),
		.uplink = true,
	};
	uint16_t mtu = MTU_DEFAULT;

	if (virtio_host_has(vh, VIRTIO_NET_F_MTU)) {
		virtio_host_config_read(vh, CFG(mtu), &mtu, sizeof(mtu));
	}
	if (mtu < MTU_MIN) {
		return -ERR_IO;
	}
	attr.max_len = mtu + NET_ETH_LEN;
	read_mac(vh, attr.mac);
	return netport_create(&v->port, &attr);
}

/* Accept offloads on receiving only with mergeable buffers: such packets are
 * larger than one buffer (5.1.6.3.1). */
static int negotiate(struct vnet *v)
{
	uint64_t wanted = VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM |
			  VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | GUEST_GSO |
			  VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 |
			  VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_MRG_RXBUF |
			  VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ |
			  VIRTIO_NET_F_MQ;
	int err = virtio_host_negotiate(v->vh, wanted);

	if (!err && !virtio_host_has(v->vh, VIRTIO_NET_F_MRG_RXBUF)) {
		err = virtio_host_negotiate(v->vh, wanted & ~GUEST_GSO);
	}
	if (err) {
		return err;
	}
	v->mergeable = virtio_host_has(v->vh, VIRTIO_NET_F_MRG_RXBUF);
	v->hdr_size = v->mergeable || !v->vh->legacy
			      ? sizeof(struct virtio_net_hdr)
			      : VIRTIO_NET_HDR_SHORT;
	/* Legacy devices without it want the header in a descriptor of its own
	 * (5.1.6.6). */
	return v->vh->legacy && !virtio_host_has(v->vh, VIRTIO_F_ANY_LAYOUT)
		       ? -ERR_NOSUPP
		       : 0;
}

static int start(struct vnet *v)
{
	struct virtio_host *vh = v->vh;
	int err = negotiate(v);

	if (!err) {
		err = vnet_pairs_create(v);
	}
	if (!err) {
		err = make_port(v);
	}
	if (!err) {
		free_all_tx(v);
		vh->priv = v;
		vh->config_changed = read_link;
		vh->describe = vnet_pairs_describe;
		err = virtio_host_start(vh);
	}
	return err;
}

static void free_all(struct vnet *v)
{
	vnet_pairs_free(v);
	heap_free(v);
}

static int vnet_probe(struct device *dev)
{
	struct vnet *v = heap_alloc(sizeof(*v));
	int err;

	if (!v) {
		return -ERR_NOMEM;
	}
	v->vh = virtio_host(dev);
	work_init(&v->work, &work_shared, vnet_work);
	err = start(v);
	if (err) {
		(void)virtio_host_stop(v->vh);
		if (v->port) {
			netport_destroy(v->port);
		}
		free_all(v);
		return err;
	}
	dev->priv = v;
	lend_all(v);
	vnet_pairs_use(v);
	read_link(v->vh);
	return 0;
}

static void vnet_remove(struct device *dev)
{
	struct vnet *v = dev->priv;

	/* A restart in progress ends first, and no other begins. */
	set_stopped(v, true);
	work_cancel(&v->work);
	set_stopped(v, true);
	(void)virtio_host_stop(v->vh);
	for (unsigned int i = 0; i < v->npairs; i++) {
		timer_cancel(&v->pairs[i].stuck);
	}
	work_cancel(&v->work);
	netport_destroy(v->port);
	free_all(v);
}

static const uint16_t vnet_ids[] = { VIRTIO_ID_NET, 0 };

static const struct driver virtio_net_driver = {
	.name = "virtio-net",
	.class = DEVICE_NET,
	.bus = &virtio_bus,
	.ids = vnet_ids,
	.probe = vnet_probe,
	.remove = vnet_remove,
};
DRIVER(virtio_net_driver);
