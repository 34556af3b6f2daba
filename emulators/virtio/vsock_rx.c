/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO socket device: packets that the hypervisor itself has for the guest.
 * They are made when the guest has a buffer for them, so none waits anywhere.
 */
#include "vsock_priv.h"

#define VSOCK_RX_MOST 32 /* packets made in one trap */

bool vsock_rx_take(struct virtqueue *vq, struct virtq_chain *chain)
{
	int got = virtqueue_pop(vq, chain);

	if (got == 0 && virtqueue_kicks_on(vq)) {
		got = virtqueue_pop(vq, chain);
	}
	if (got == 1 &&
	    chain->writable_size <= sizeof(struct virtio_vsock_hdr)) {
		virtqueue_push(vq, chain, 0);
		virtio_fault(vq->vd, vq, "a receive buffer of %u bytes",
			     chain->writable_size);
		return false;
	}
	return got == 1;
}

bool vsock_reply_rst(struct vsock_dev *d, const struct virtio_vsock_hdr *h)
{
	unsigned long flags = spin_lock_irqsave(&d->lock);
	bool room = vsock_reply_room(d);

	if (room) {
		d->replies[d->replied % VSOCK_REPLIES] = (struct vsock_reply){
			.src_cid = (uint32_t)h->dst_cid,
			.src_port = h->dst_port,
			.dst_port = h->src_port,
			.type = h->type,
		};
		WRITE_ONCE(d->replied, d->replied + 1);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return room;
}

/* Take the oldest reply; false if there is none. If there was no room for more,
 * packets of the guest may wait for it. */
static bool reply_take(struct vsock_dev *d, struct virtio_vsock_hdr *h)
{
	unsigned long flags = spin_lock_irqsave(&d->lock);
	bool any = d->replied != d->replies_sent, full = !vsock_reply_room(d);
	const struct vsock_reply *r =
		&d->replies[d->replies_sent % VSOCK_REPLIES];

	if (any) {
		*h = (struct virtio_vsock_hdr){
			.src_cid = r->src_cid,
			.dst_cid = d->port.cid,
			.src_port = r->src_port,
			.dst_port = r->dst_port,
			.type = r->type,
			.op = VIRTIO_VSOCK_OP_RST,
		};
		WRITE_ONCE(d->replies_sent, d->replies_sent + 1);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	if (full) {
		work_queue(&d->work);
	}
	return any;
}

/* Take a connection that is over; likewise. */
static bool over_take(struct vsock_dev *d, struct virtio_vsock_hdr *h)
{
	unsigned long flags = spin_lock_irqsave(&d->lock);
	struct vsock_conn c;
	bool any = vsock_conns_take_over(&d->conns, &c);

	if (any) {
		*h = (struct virtio_vsock_hdr){
			.src_cid = c.peer,
			.dst_cid = d->port.cid,
			.src_port = c.remote,
			.dst_port = c.local,
			.type = c.type,
			.op = VIRTIO_VSOCK_OP_RST,
		};
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return any;
}

static bool rx_pending(const struct vsock_dev *d)
{
	return READ_ONCE(d->replied) != READ_ONCE(d->replies_sent) ||
	       READ_ONCE(d->conns.over) != 0 || vsock_host_pending(&d->port);
}

/* Write the next packet; bytes, 0 if there is none. */
static uint32_t rx_write(struct vsock_dev *d, struct virtq_chain *chain)
{
	struct virtio_vsock_hdr h;

	if (reply_take(d, &h) || over_take(d, &h)) {
		return (uint32_t)io_list_fill(&chain->writable, &h, sizeof(h));
	}
	return (uint32_t)vsock_host_next(&d->port, &chain->writable,
					 chain->writable_size);
}

bool vsock_receive(struct vsock_dev *d)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_RX);
	struct io_segment segs[VSOCK_RX_PARTS];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	unsigned int packets = 0;
	unsigned long flags;
	bool due, full;

	if (!rx_pending(d)) {
		return false;
	}
	flags = virtqueue_lock(vq);
	while (rx_pending(d) && packets < VSOCK_RX_MOST &&
	       vsock_rx_take(vq, &chain)) {
		uint32_t written = rx_write(d, &chain);

		if (written == 0) {
			virtqueue_unpop(vq, &chain);
			continue; /* nothing is pending any more */
		}
		virtqueue_push(vq, &chain, written);
		packets++;
	}
	full = packets == VSOCK_RX_MOST;
	due = virtqueue_publish(vq);
	virtqueue_unlock(vq, flags);
	if (due) {
		vsock_interrupt(d);
	}
	return full;
}

void vsock_receive_soon(struct vsock_dev *d)
{
	if (vsock_receive(d)) {
		work_queue(&d->work);
	}
}
