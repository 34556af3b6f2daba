/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO socket device: packets between guests of one messaging domain
 * (core/vmsg.h), in which the device is a node. Only packets of connections
 * pass, from the REQUEST of one side to the RST of either; credit is between
 * the two drivers.
 */
#include <arch/cpu.h>
#include <core/guest.h>
#include <libs/error.h>
#include <stdio.h>

#include "vsock_priv.h"

/* Most buffers that one deliver() fills: a packet of Linux's needs 18. If the
 * driver's are smaller, its own guest's thread goes on. */
#define VSOCK_DELIVER_BUFFERS 32

static struct virtio_vsock_hdr *slot_header(struct vsock_slot *slot)
{
	return (struct virtio_vsock_hdr *)slot->m.head;
}

/* The connection of a packet that the guest sends, and of one that it gets. */
static struct vsock_conn conn_of_sent(const struct virtio_vsock_hdr *h)
{
	return (struct vsock_conn){
		.peer = (uint32_t)h->dst_cid,
		.local = h->src_port,
		.remote = h->dst_port,
		.type = h->type,
	};
}

static struct vsock_conn conn_of_got(const struct virtio_vsock_hdr *h)
{
	return (struct vsock_conn){
		.peer = (uint32_t)h->src_cid,
		.local = h->dst_port,
		.remote = h->src_port,
		.type = h->type,
		.from_peer = true,
	};
}

static void peer_end(struct vsock_dev *d, const struct virtio_vsock_hdr *h)
{
	struct vsock_conn key = conn_of_sent(h);
	unsigned long flags = spin_lock_irqsave(&d->lock);

	if (h->op == VIRTIO_VSOCK_OP_RST) {
		vsock_conns_remove(&d->conns, &key);
	} else {
		vsock_conns_end(&d->conns, &key);
	}
	spin_unlock_irqrestore(&d->lock, flags);
}

static void peer_forget(struct vsock_dev *d, const struct virtio_vsock_hdr *h)
{
	struct vsock_conn key = conn_of_sent(h);
	unsigned long flags = spin_lock_irqsave(&d->lock);

	vsock_conns_remove(&d->conns, &key);
	spin_unlock_irqrestore(&d->lock, flags);
}

/* --- to another guest ----------------------------------------------------- */

/* Is it a packet of a connection? A REQUEST begins one. */
static bool peer_admit(struct vsock_dev *d, const struct virtio_vsock_hdr *h)
{
	struct vsock_conn key = conn_of_sent(h);
	unsigned long flags;
	bool good;

	if (h->op == VIRTIO_VSOCK_OP_INVALID || h->op >= VIRTIO_VSOCK_OPS ||
	    h->dst_cid > UINT32_MAX) {
		return false;
	}
	flags = spin_lock_irqsave(&d->lock);
	if (h->op == VIRTIO_VSOCK_OP_REQUEST) {
		good = vsock_conns_add(&d->conns, &key);
	} else {
		good = vsock_conns_find(&d->conns, &key) != NULL;
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return good;
}

/* A packet that was parked has arrived, or will not. */
static void peer_done(struct vmsg *m, enum vmsg_result how)
{
	struct vsock_slot *slot = container_of(m, struct vsock_slot, m);
	struct vsock_dev *d = slot->dev;

	if (how == VMSG_REFUSED) {
		peer_end(d, slot_header(slot));
		vsock_receive_soon(d);
	}
	vsock_tx_done(slot);
}

enum vsock_fate vsock_peer_send(struct vsock_dev *d, struct vsock_slot *slot)
{
	struct virtio_vsock_hdr h = *slot_header(slot);

	if (!peer_admit(d, &h)) {
		return VSOCK_NOT_CONNECTED;
	}
	slot->m.data = slot->chain.readable;
	slot->m.len = h.len;
	slot->m.done = peer_done;
	/* Whoever answers must find it gone. */
	if (h.op == VIRTIO_VSOCK_OP_RST) {
		peer_forget(d, &h);
	}
	switch (vmsg_send(d->node, (uint32_t)h.dst_cid, &slot->m)) {
	case VMSG_DELIVERED:
		return VSOCK_SENT;
	case VMSG_PARKED:
		return VSOCK_PARKED;
	case -ERR_BUSY:
		if (h.op == VIRTIO_VSOCK_OP_RST) {
			struct vsock_conn key = conn_of_sent(&h);
			unsigned long flags = spin_lock_irqsave(&d->lock);

			/* There is the room that it had. */
			(void)!vsock_conns_add(&d->conns, &key);
			spin_unlock_irqrestore(&d->lock, flags);
		}
		return VSOCK_WAITS;
	default:
		/* Nobody is there, or takes it. */
		peer_end(d, &h);
		return VSOCK_SENT;
	}
}

/* --- from another guest --------------------------------------------------- */

/* May others connect to this port of the guest? */
static bool peer_port_open(const struct vsock_dev *d, uint32_t port)
{
	for (unsigned int i = 0; i < d->nports; i++) {
		if (port >= d->ports[i].first && port <= d->ports[i].last) {
			return true;
		}
	}
	return d->all_ports;
}

/* What becomes of a packet for the guest: VMSG_FULL stands for "goes into its
 * buffers". The lock is held. */
static enum vmsg_take peer_judge(struct vsock_dev *d,
				 const struct virtio_vsock_hdr *h)
{
	struct vsock_conn key = conn_of_got(h);

	if (h->type == VIRTIO_VSOCK_TYPE_SEQPACKET &&
	    !virtio_has(d->vd, VIRTIO_VSOCK_F_SEQPACKET)) {
		return VMSG_TURNED_DOWN;
	}
	if (h->op == VIRTIO_VSOCK_OP_REQUEST) {
		return peer_port_open(d, h->dst_port) &&
				       vmsg_port_open(d->node, h->dst_port) &&
				       vsock_conns_add(&d->conns, &key)
			       ? VMSG_FULL
			       : VMSG_TURNED_DOWN;
	}
	if (vsock_conns_find(&d->conns, &key) != NULL) {
		return VMSG_FULL;
	}
	return h->op == VIRTIO_VSOCK_OP_RST ? VMSG_TAKEN : VMSG_TURNED_DOWN;
}

/* Fill one buffer. The marks of a message's end belong to its last piece
 * (5.10.6.6.1). Bytes of data. */
static uint32_t peer_fill(struct vmsg *m, struct virtq_chain *chain)
{
	struct virtio_vsock_hdr h = *(struct virtio_vsock_hdr *)m->head;
	struct io_list *to = &chain->writable;
	uint32_t left = m->len - m->moved, n;

	h.len = MIN(left, chain->writable_size - (uint32_t)sizeof(h));
	if (h.op == VIRTIO_VSOCK_OP_RW && h.len < left) {
		h.flags &= ~(uint32_t)(VIRTIO_VSOCK_SEQ_EOM |
				       VIRTIO_VSOCK_SEQ_EOR);
	}
	(void)io_list_fill(to, &h, sizeof(h));
	for (n = h.len; n > 0 && to->n > 0; to->segs++, to->n--) {
		size_t part = MIN((size_t)n, to->segs->size);

		n -= (uint32_t)io_list_pull(&m->data, to->segs->va, part);
	}
	m->moved += h.len;
	return h.len;
}

/* The copy is made without the queue's lock: others may deliver meanwhile. */
static enum vmsg_take peer_copy(struct vsock_dev *d, struct vmsg *m)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_RX);
	struct io_segment segs[VSOCK_RX_PARTS];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	unsigned long flags = virtqueue_lock(vq);
	unsigned int buffers = 0;
	bool got = true;

	do {
		uint32_t n;

		chain.segs = segs;
		got = vsock_rx_take(vq, &chain);
		if (!got) {
			break;
		}
		virtqueue_unlock(vq, flags);
		n = peer_fill(m, &chain);
		flags = virtqueue_lock(vq);
		virtqueue_push(vq, &chain,
			       (uint32_t)sizeof(struct virtio_vsock_hdr) + n);
		buffers++;
	} while (m->moved < m->len && buffers < VSOCK_DELIVER_BUFFERS);
	virtqueue_unlock(vq, flags);
	if (got && m->moved == m->len) {
		return VMSG_TAKEN;
	}
	if (got) {
		work_queue(&d->work);
	}
	return VMSG_FULL;
}

static enum vmsg_take peer_deliver(struct vmsg_node *n, uint32_t source,
				   struct vmsg *m)
{
	const struct virtio_vsock_hdr *h = (struct virtio_vsock_hdr *)m->head;
	struct vsock_dev *d = vmsg_node_arg(n);
	struct vsock_conn key = conn_of_got(h);
	enum vmsg_take take;

	(void)source; /* the sender's device has checked it */
	spin_lock(&d->lock);
	take = peer_judge(d, h);
	spin_unlock(&d->lock);
	if (take != VMSG_FULL) {
		return take;
	}
	/* What ended before comes before what begins. */
	vsock_receive_soon(d);
	take = peer_copy(d, m);
	if (take == VMSG_TAKEN && h->op == VIRTIO_VSOCK_OP_RST) {
		spin_lock(&d->lock);
		vsock_conns_remove(&d->conns, &key);
		spin_unlock(&d->lock);
	}
	return take;
}

static void peer_flush(struct vmsg_node *n)
{
	struct vsock_dev *d = vmsg_node_arg(n);
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_RX);
	unsigned long flags = virtqueue_lock(vq);
	bool due = virtqueue_publish(vq);

	virtqueue_unlock(vq, flags);
	if (due) {
		vsock_interrupt(d);
	}
}

static void peer_room(struct vmsg_node *n)
{
	struct vsock_dev *d = vmsg_node_arg(n);

	work_queue(&d->work);
}

static void peer_changed(struct vmsg_node *n, uint32_t address, bool up)
{
	struct vsock_dev *d = vmsg_node_arg(n);
	unsigned long flags;

	if (!up) {
		flags = spin_lock_irqsave(&d->lock);
		vsock_conns_end_peer(&d->conns, address);
		spin_unlock_irqrestore(&d->lock, flags);
		vsock_receive_soon(d);
	}
}

static void peer_given_up(struct vmsg_node *n, uint32_t address)
{
	peer_changed(n, address, false);
}

void vsock_peer_give_up(struct vsock_dev *d, uint32_t cid)
{
	struct virtio_device *vd = d->vd;

	peer_changed(d->node, cid, false);
	while (vmsg_give_up(d->node, cid, VSOCK_SHUT_MS)) {}
	if (log_allow(&vd->limit)) {
		log_warn("guest %s: %s: CID %u has taken no packet for %u ms: "
			 "its connections are reset",
			 vd->guest->name, vd->emu->name, cid, VSOCK_WAIT_MS);
	}
}

/* --- life ----------------------------------------------------------------- */

static void peer_show_head(const void *head, char *text, size_t size)
{
	static const char *const names[VIRTIO_VSOCK_OPS] = {
		"?",        "REQUEST", "RESPONSE",      "RST",
		"SHUTDOWN", "RW",      "CREDIT_UPDATE", "CREDIT_REQUEST",
	};
	const struct virtio_vsock_hdr *h = head;

	(void)snprintf(text, size, "%s, port %u to %u",
		       h->op < VIRTIO_VSOCK_OPS ? names[h->op] : "?",
		       h->src_port, h->dst_port);
}

static const struct vmsg_kind peer_kind = {
	.name = "vsock",
	.first = VSOCK_CID_FIRST,
	.last = VSOCK_CID_LAST,
	.host_wide = true,
	.lossless = true, /* a stream with a gap is wrong */
	.show_head = peer_show_head,
};

static const struct vmsg_ops peer_ops = {
	.deliver = peer_deliver,
	.flush = peer_flush,
	.room = peer_room,
	.peer = peer_changed,
	.given_up = peer_given_up,
};

static uint32_t cell(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Take the ranges of ports that the node has. */
static int peer_take_ports(struct vsock_dev *d)
{
	int len = 0;
	const uint8_t *p = emu_prop(d->vd->emu, "ports", &len);
	bool good = p == NULL || (len % 8 == 0 && len <= 8 * VSOCK_RANGES_MAX);

	d->all_ports = p == NULL;
	for (; good && p != NULL && len > 0; p += 8, len -= 8) {
		struct vsock_range *r = &d->ports[d->nports++];

		r->first = cell(p);
		r->last = cell(p + 4);
		good = r->first <= r->last;
	}
	if (!good) {
		log_err("guest %s: %s: ports: wanted are pairs of a first and "
			"a last port, at most %u of them",
			d->vd->guest->name, d->vd->emu->name, VSOCK_RANGES_MAX);
	}
	return good ? 0 : -ERR_INVAL;
}

int vsock_peer_init(struct vsock_dev *d)
{
	const char *domain = emu_prop_str(d->vd->emu, "domain", 0);
	char name[VMSG_NODE_NAME_MAX];
	struct vmsg_node_attr attr = {
		.name = name,
		.kind = &peer_kind,
		.ops = &peer_ops,
		.arg = d,
		.address = emu_prop_u32(d->vd->emu, "cid", 0),
	};
	int err = peer_take_ports(d);

	if (err != 0) {
		return err;
	}
	(void)snprintf(name, sizeof(name), "%s.%s", d->vd->guest->name,
		       d->vd->emu->name);
	err = vmsg_node_create(&d->node, &attr);
	if (err == -ERR_EXIST) {
		log_err("guest %s: %s: cid: another guest has %u; without the "
			"property it gets one that is free",
			d->vd->guest->name, d->vd->emu->name, attr.address);
	}
	if (err != 0) {
		return err;
	}
	d->port.cid = vmsg_node_address(d->node);
	err = domain != NULL ? vmsg_node_attach(d->node, domain, true) : 0;
	if (err != 0) {
		vmsg_node_destroy(d->node);
	}
	return err;
}
