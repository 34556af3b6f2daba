/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO socket device (VirtIO 1.2, 5.10): features, configuration, creation
 * and reset. The device is a port of the hypervisor's end, CID 2
 * (core/vsock_port.h), and a node of a messaging domain (core/vmsg.h).
 * docs/design/messaging.md.
 */
#include <core/guest.h>
#include <core/schema.h>
#include <core/virtio_mmio.h>
#include <core/vsock.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "vsock_priv.h"

static int vsock_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	struct vsock_dev *d = vsock_of(vd);
	unsigned long flags;
	bool more = false;

	switch (vq->index) {
	case VIRTIO_VSOCK_RX:
		/* Buffers are looked for when there is a packet. */
		flags = virtqueue_lock(vq);
		virtqueue_kicks_off(vq);
		virtqueue_unlock(vq, flags);
		more = vsock_receive(d);
		more |= vmsg_ready(d->node);
		break;
	case VIRTIO_VSOCK_TX:
		more = vsock_transmit(d);
		more |= vsock_receive(d);
		break;
	default:
		/* 5.10.6.7: the one event there is comes after a migration. */
		break;
	}
	return more ? -ERR_BUSY : 0;
}

static void vsock_work(struct work *w)
{
	struct vsock_dev *d = container_of(w, struct vsock_dev, work);
	bool more;

	vsock_tx_overdue(d);
	more = vsock_transmit(d);
	more |= vsock_receive(d);
	more |= vmsg_ready(d->node);
	if (more) {
		work_queue(w);
	}
}

static void vsock_pending(struct vsock_port *p)
{
	vsock_receive_soon(container_of(p, struct vsock_dev, port));
}

static void vsock_cancel(struct virtio_device *vd, struct virtqueue *vq)
{
	if (vq->index == VIRTIO_VSOCK_TX) {
		vsock_tx_cancel(vsock_of(vd));
	}
}

static void vsock_reset(struct virtio_device *vd)
{
	struct vsock_dev *d = vsock_of(vd);

	vmsg_down(d->node);
	vsock_port_down(&d->port);
	spin_lock(&d->lock);
	WRITE_ONCE(d->replies_sent, d->replied);
	vsock_conns_reset(&d->conns);
	spin_unlock(&d->lock);
}

/* A packet that was on its way in the reset may have begun a connection. */
static void vsock_start(struct virtio_device *vd)
{
	struct vsock_dev *d = vsock_of(vd);
	unsigned long flags = spin_lock_irqsave(&d->lock);

	vsock_conns_reset(&d->conns);
	spin_unlock_irqrestore(&d->lock, flags);
	vmsg_up(d->node);
}

/* Is a packet being copied into a receive buffer? */
static bool rx_busy(const struct vsock_dev *d)
{
	return READ_ONCE(vsock_queue(d, VIRTIO_VSOCK_RX)->taken) != 0;
}

/* Only packets that are being passed on move data; what is held waits. */
static void vsock_pause(struct virtio_device *vd, bool paused)
{
	struct vsock_dev *d = vsock_of(vd);

	if (!paused) {
		vsock_tx_resume(d);
	}
	vmsg_pause(d->node, paused);
	while (paused && (READ_ONCE(d->tx_busy) || rx_busy(d))) {
		sleep_ms(1);
	}
}

static uint64_t vsock_config_read(struct virtio_device *vd, uint32_t off,
				  uint32_t size)
{
	struct virtio_vsock_config config = {
		.guest_cid = vsock_of(vd)->port.cid,
	};
	uint64_t v = 0;

	memcpy(&v, (const uint8_t *)&config + off,
	       MIN(size, (uint32_t)sizeof(config) - off));
	return v;
}

static void vsock_count(const struct virtio_device *vd,
			const struct virtqueue *vq, struct queue_counts *out)
{
	static const char *const names[] = {
		[VIRTIO_VSOCK_RX] = "receive",
		[VIRTIO_VSOCK_TX] = "transmit",
		[VIRTIO_VSOCK_EVENT] = "event",
	};

	(void)vd;
	(void)snprintf(out->name, sizeof(out->name), "%s", names[vq->index]);
}

/* --- life ----------------------------------------------------------------- */

static void vsock_fini(struct virtio_device *vd)
{
	struct vsock_dev *d = vsock_of(vd);

	vmsg_node_destroy(d->node);
	vsock_port_fini(&d->port);
	timer_cancel(&d->wait_timer);
	work_cancel(&d->work);
	vsock_tx_fini(d);
}

static int vsock_init(struct virtio_device *vd)
{
	struct vsock_dev *d = vsock_of(vd);
	int err;

	vsock_services_start();
	d->vd = vd;
	spin_init(&d->lock, LOCK_VSOCK);
	work_init(&d->work, &vd->guest->work, vsock_work);
	d->port.guest = vd->guest->name;
	d->port.pending = vsock_pending;
	vd->queues[VIRTIO_VSOCK_TX].size_max = VSOCK_TX_SIZE;
	vd->queues[VIRTIO_VSOCK_EVENT].size_max = VSOCK_EVENT_SIZE;
	err = vsock_tx_init(d);
	if (err != 0) {
		return err;
	}
	vsock_conns_reset(&d->conns);
	err = vsock_peer_init(d);
	if (err != 0) {
		vsock_tx_fini(d);
	}
	return err;
}

static const struct virtio_kind vsock_kind = {
	.id = VIRTIO_ID_VSOCK,
	.max_queues = VIRTIO_VSOCK_QUEUES,
	.queue_size = VSOCK_RX_SIZE,
	.config_size = sizeof(struct virtio_vsock_config),
	.state_size = sizeof(struct vsock_dev),
	.features = VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_SEQPACKET,
	.init = vsock_init,
	.fini = vsock_fini,
	.cancel = vsock_cancel,
	.reset = vsock_reset,
	.start = vsock_start,
	.kick = vsock_kick,
	.config_read = vsock_config_read,
	.pause = vsock_pause,
	.count = vsock_count,
};

static const struct schema_prop vsock_props[] = {
	{
		.name = "cid",
		.type = SCHEMA_U32,
		.min = VSOCK_CID_FIRST,
		.max = VSOCK_CID_LAST,
		.otherwise = REFERENCE("the lowest that is free"),
		.doc = REFERENCE("The guest's context identifier: its address. "
				 "The hypervisor's is 2."),
	},
	{
		.name = "domain",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = VMSG_NAME_MAX - 1,
		.otherwise = REFERENCE("none: CID 2 alone can be reached"),
		.doc = REFERENCE("The messaging domain whose guests can "
				 "connect; created if it does not exist."),
	},
	{
		.name = "ports",
		.type = SCHEMA_LIST,
		.min = 0,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("all"),
		.doc = REFERENCE("Ports to which other guests can connect: "
				 "first and last of each range."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const vsock_compatible[] = { "virtio,vsock", NULL };

static const struct emulator vsock_emulator = {
	.name = "virtio-vsock",
	.compatible = vsock_compatible,
	.virtio = &vsock_kind,
	.props = vsock_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(vsock_emulator);
