/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO RPMSG device: messages between guests of a messaging domain, as
 * Linux's driver virtio_rpmsg_bus and OpenAMP's library exchange them with a
 * remote processor. Its part of the work is addresses: endpoints of other nodes
 * are shown with the node's number above them. docs/design/messaging.md.
 */
#include <core/guest.h>
#include <core/schema.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>
#include <stdio.h>

#include "rpmsg_priv.h"

static void rpmsg_reset(struct virtio_device *vd)
{
	struct rpmsg *r = rpmsg_of(vd);
	unsigned long flags;

	vmsg_down(r->node);
	flags = virtqueue_lock(r->tx);
	r->stalled = false;
	virtqueue_unlock(r->tx, flags);
}

static void rpmsg_start(struct virtio_device *vd)
{
	vmsg_up(rpmsg_of(vd)->node);
}

static int rpmsg_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	struct rpmsg *r = rpmsg_of(vd);

	return vq->index == VIRTIO_RPMSG_TX ? rpmsg_transmit(r)
					    : rpmsg_receive(r);
}

static void rpmsg_pause(struct virtio_device *vd, bool paused)
{
	struct rpmsg *r = rpmsg_of(vd);

	if (paused) {
		work_cancel(&r->work);
	}
	vmsg_pause(r->node, paused);
}

static void rpmsg_count(const struct virtio_device *vd,
			const struct virtqueue *vq, struct queue_counts *out)
{
	const struct rpmsg *r = vd->state;
	bool sends = vq->index == VIRTIO_RPMSG_TX;

	(void)snprintf(out->name, sizeof(out->name), "%s",
		       sends ? "transmit" : "receive");
	out->bytes_counted = true;
	out->bytes = sends ? READ_ONCE(r->sent) : READ_ONCE(r->received);
}

/* A peer has gone or come: what it has announced is told by notice(). */
static void rpmsg_notice(struct vmsg_node *n)
{
	/* As many as there are buffers for: the rest by the driver's kick. */
	for (unsigned int i = 0; i < RPMSG_BUFFERS; i++) {
		if (rpmsg_tell(vmsg_node_arg(n)) == 0) {
			return;
		}
	}
}

static const struct vmsg_ops rpmsg_ops = {
	.deliver = rpmsg_deliver,
	.flush = rpmsg_flush,
	.room = rpmsg_room,
	.notice = rpmsg_notice,
};

static int rpmsg_attach(struct rpmsg *r, uint32_t address)
{
	const char *domain = emu_prop_str(r->vd->emu, "domain", 0);
	int err;

	if (domain == NULL) {
		return 0;
	}
	err = vmsg_node_attach(r->node, domain, true);
	if (err == 0) {
		log_info("guest %s: %s: node %u of domain %s",
			 r->vd->guest->name, r->vd->emu->name,
			 vmsg_node_address(r->node), domain);
	} else if (err == -ERR_EXIST) {
		log_err("guest %s: %s: another node of domain %s has address "
			"%u",
			r->vd->guest->name, r->vd->emu->name, domain, address);
	} else if (err == -ERR_NOSPC) {
		log_err("guest %s: %s: domain %s has %d nodes, the maximum",
			r->vd->guest->name, r->vd->emu->name, domain,
			VMSG_NODES_MAX);
	}
	return err;
}

static int rpmsg_init(struct virtio_device *vd)
{
	struct rpmsg *r = rpmsg_of(vd);
	char name[VMSG_NODE_NAME_MAX];
	struct vmsg_node_attr attr = {
		.name = name,
		.kind = &rpmsg_node_kind,
		.ops = &rpmsg_ops,
		.arg = r,
		.address = emu_prop_u32(vd->emu, "address", 0),
	};
	int err;

	r->vd = vd;
	r->rx = &vd->queues[VIRTIO_RPMSG_RX];
	r->tx = &vd->queues[VIRTIO_RPMSG_TX];
	work_init(&r->work, &vd->guest->work, rpmsg_work);
	rpmsg_send_init(r);
	(void)snprintf(name, sizeof(name), "%s.%s", vd->guest->name,
		       vd->emu->name);
	err = vmsg_node_create(&r->node, &attr);
	if (err != 0) {
		return err;
	}
	err = rpmsg_attach(r, attr.address);
	if (err != 0) {
		vmsg_node_destroy(r->node);
	}
	return err;
}

static void rpmsg_fini(struct virtio_device *vd)
{
	struct rpmsg *r = rpmsg_of(vd);

	vmsg_node_destroy(r->node);
	work_cancel(&r->work);
}

static const struct virtio_kind rpmsg_kind = {
	.id = VIRTIO_ID_RPMSG,
	.max_queues = 2,
	.queue_size = RPMSG_BUFFERS,
	.state_size = sizeof(struct rpmsg),
	.features = VIRTIO_RPMSG_F_NS,
	.init = rpmsg_init,
	.fini = rpmsg_fini,
	.cancel = rpmsg_cancel,
	.reset = rpmsg_reset,
	.start = rpmsg_start,
	.kick = rpmsg_kick,
	.pause = rpmsg_pause,
	.count = rpmsg_count,
};

static const struct schema_prop rpmsg_props[] = {
	{
		.name = "domain",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = VMSG_NAME_MAX - 1,
		.otherwise = REFERENCE("none, until it is attached"),
		.doc = REFERENCE("The messaging domain whose other nodes it "
				 "can talk to; created if it does not exist."),
	},
	{
		.name = "address",
		.type = SCHEMA_U32,
		.min = RPMSG_NODE_FIRST,
		.max = RPMSG_NODE_LAST,
		.otherwise = REFERENCE("the lowest that is free"),
		.doc = REFERENCE("Its address in the domain: the upper 12 "
				 "bits of its endpoints, as others see them."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const rpmsg_compatible[] = { "virtio,rpmsg", NULL };

static const struct emulator rpmsg_emulator = {
	.name = "virtio-rpmsg",
	.compatible = rpmsg_compatible,
	.virtio = &rpmsg_kind,
	.props = rpmsg_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(rpmsg_emulator);
