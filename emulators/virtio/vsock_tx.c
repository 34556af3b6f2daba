/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO socket device: packets from the guest. One CPU at a time takes them,
 * so that they stay in order. A packet that cannot be passed on now is held,
 * and the queue waits behind it.
 */
#include <core/guest.h>
#include <core/heap.h>
#include <libs/error.h>

#include "vsock_priv.h"

/* Most packets and bytes of one trap; the guest then takes its interrupts. */
#define VSOCK_KICK_PACKETS 64
#define VSOCK_KICK_BYTES KIB(256)

static void tx_tell_timer(struct timer *t);
static void tx_wait_timer(struct timer *t);

int vsock_tx_init(struct vsock_dev *d)
{
	d->slots = heap_alloc_array(VSOCK_TX_SIZE, sizeof(*d->slots));
	if (d->slots == NULL) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = 0; i < VSOCK_TX_SIZE; i++) {
		d->slots[i].dev = d;
		d->slots[i].next = d->unused;
		d->unused = &d->slots[i];
	}
	timer_init(&d->tell_timer, tx_tell_timer);
	timer_init(&d->wait_timer, tx_wait_timer);
	return 0;
}

void vsock_tx_fini(struct vsock_dev *d)
{
	timer_cancel(&d->tell_timer);
	heap_free(d->slots);
}

/* --- one packet ----------------------------------------------------------- */

static struct virtio_vsock_hdr *tx_header(struct vsock_slot *slot)
{
	return (struct virtio_vsock_hdr *)slot->m.head;
}

/* Take the header out of the guest's memory. False: the packet makes no sense,
 * or is not the guest's own: there is nobody whom an answer could reach. */
static bool tx_parse(struct vsock_dev *d, struct vsock_slot *slot)
{
	struct virtio_device *vd = d->vd;
	struct virtio_vsock_hdr *h = tx_header(slot);

	if (io_list_pull(&slot->chain.readable, h, sizeof(*h)) != sizeof(*h) ||
	    h->len > slot->chain.readable_size - sizeof(*h) ||
	    h->len > VSOCK_PACKET_MAX) {
		vmsg_count_fault(d->node, VMSG_FAULT_MALFORMED);
		if (log_allow(&vd->limit)) {
			log_warn("guest %s: %s: a packet of %u bytes without "
				 "a header that fits",
				 vd->guest->name, vd->emu->name,
				 slot->chain.readable_size);
		}
		return false;
	}
	if (h->src_cid != d->port.cid) {
		vmsg_count_fault(d->node, VMSG_FAULT_FORGED);
		if (log_allow(&vd->limit)) {
			log_warn("guest %s: %s: a packet from CID %llu; its "
				 "own is %u",
				 vd->guest->name, vd->emu->name,
				 (unsigned long long)h->src_cid, d->port.cid);
		}
		return false;
	}
	return true;
}

/* 5.10.6.2: unknown types are answered by RST. */
static bool tx_type_known(const struct vsock_dev *d,
			  const struct virtio_vsock_hdr *h)
{
	return h->type == VIRTIO_VSOCK_TYPE_STREAM ||
	       (h->type == VIRTIO_VSOCK_TYPE_SEQPACKET &&
		virtio_has(d->vd, VIRTIO_VSOCK_F_SEQPACKET));
}

static enum vsock_fate tx_to_host(struct vsock_dev *d, struct vsock_slot *slot)
{
	unsigned long flags = arch_irq_save();
	bool good = vsock_host_receive(&d->port, tx_header(slot),
				       &slot->chain.readable);

	arch_irq_restore(flags);
	return good ? VSOCK_SENT : VSOCK_NOT_CONNECTED;
}

static enum vsock_fate tx_pass(struct vsock_dev *d, struct vsock_slot *slot)
{
	const struct virtio_vsock_hdr *h = tx_header(slot);

	if (!tx_type_known(d, h)) {
		return VSOCK_NOT_CONNECTED;
	}
	return h->dst_cid == VSOCK_CID_HOST ? tx_to_host(d, slot)
					    : vsock_peer_send(d, slot);
}

static enum vsock_fate tx_packet(struct vsock_dev *d, struct vsock_slot *slot)
{
	enum vsock_fate fate;

	/* The guest that takes no answers is not served either. */
	if (!vsock_reply_room(d)) {
		return VSOCK_WAITS;
	}
	if (!slot->parsed && !tx_parse(d, slot)) {
		return VSOCK_SENT;
	}
	slot->parsed = true;
	fate = tx_pass(d, slot);
	if (fate != VSOCK_NOT_CONNECTED) {
		return fate;
	}
	/* 5.10.6.5: RST is not answered by RST. */
	return tx_header(slot)->op == VIRTIO_VSOCK_OP_RST ||
			       vsock_reply_rst(d, tx_header(slot))
		       ? VSOCK_SENT
		       : VSOCK_WAITS;
}

/* --- the queue ------------------------------------------------------------ */

/* The next packet, or NULL. The queue's lock is held. */
static struct vsock_slot *tx_take(struct vsock_dev *d, struct virtqueue *vq)
{
	struct vsock_slot *slot = d->held;

	if (slot != NULL) {
		if (!vq->open) {
			return NULL; /* paused: later */
		}
		d->held = NULL;
		slot->since = time_now();
		return slot;
	}
	/* There are as many slots as chains can be taken. */
	slot = d->unused;
	assert(slot != NULL || vq->taken == vq->size);
	if (slot == NULL) {
		return NULL;
	}
	slot->chain.segs = slot->segs;
	slot->chain.max = ARRAY_SIZE(slot->segs);
	if (virtqueue_pop(vq, &slot->chain) != 1) {
		return NULL;
	}
	slot->parsed = false;
	slot->taken = true;
	slot->since = time_now();
	d->unused = slot->next;
	return slot;
}

/* The queue's lock is held. */
static void tx_give_back(struct vsock_dev *d, struct virtqueue *vq,
			 struct vsock_slot *slot)
{
	slot->next = d->unused;
	slot->taken = false;
	d->unused = slot;
	virtqueue_push(vq, &slot->chain, 0);
	d->tx_untold++;
}

/* --- interrupts ----------------------------------------------------------- */

/*
 * The queue's lock is held; what is done has been published, and the driver
 * wants an interrupt for it if `due`. Is it to have that now? Nobody waits for
 * it unless the queue is full: its driver frees memory then. Without indirect
 * tables few packets fill the queue.
 */
static bool tx_tell(struct vsock_dev *d, struct virtqueue *vq, bool due)
{
	bool since_now = due && !d->tx_due;

	d->tx_due = (d->tx_due || due) && vq->live;
	if (!d->tx_due) {
		return false;
	}
	if (vq->indirect && !d->tx_stopped &&
	    d->tx_untold < vq->size / VSOCK_TELL_PART) {
		if (since_now) {
			d->tell_at = time_now() + ms_to_ticks(VSOCK_TELL_MS);
			/* Usually set already, for one that is over. */
			if (!timer_armed(&d->tell_timer)) {
				timer_set(&d->tell_timer, d->tell_at);
			}
		}
		return false;
	}
	d->tx_due = false;
	d->tx_untold = 0;
	return true;
}

static void tx_tell_timer(struct timer *t)
{
	struct vsock_dev *d = container_of(t, struct vsock_dev, tell_timer);
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);
	bool wait = d->tx_due && time_now() < d->tell_at;
	ticks_t until = d->tell_at;

	if (d->tx_due && !wait) {
		if (vq->live) {
			virtio_interrupt(vq);
		}
		d->tx_due = false;
		d->tx_untold = 0;
	}
	virtqueue_unlock(vq, flags);
	if (wait) {
		timer_set(t, until);
	}
}

void vsock_interrupt(struct vsock_dev *d)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);

	vq->stats.interrupts -= d->tx_due;
	d->tx_due = false;
	d->tx_untold = 0;
	virtqueue_unlock(vq, flags);
	virtio_interrupt(vsock_queue(d, VIRTIO_VSOCK_RX));
}

/* --- receivers that take too long ----------------------------------------- */

static void tx_wait_timer(struct timer *t)
{
	work_queue(&container_of(t, struct vsock_dev, wait_timer)->work);
}

/* The queue's lock is held. Do as many packets wait as may? */
static bool tx_crowded(const struct virtqueue *vq)
{
	return vq->taken > 0 && vq->taken >= vq->size / VSOCK_WAITING_PART;
}

/* The queue's lock is held. The first packet that waits, but for the one that
 * is held; NULL: there is none. At most VSOCK_TX_SIZE are looked at. */
static struct vsock_slot *tx_oldest(struct vsock_dev *d)
{
	struct vsock_slot *oldest = NULL;

	for (unsigned int i = 0; i < VSOCK_TX_SIZE; i++) {
		struct vsock_slot *slot = &d->slots[i];

		if (slot->taken && slot != d->held &&
		    (oldest == NULL || slot->since < oldest->since)) {
			oldest = slot;
		}
	}
	return oldest;
}

/* The queue's lock is held. Too many packets wait for another: look again when
 * one has waited too long. */
static void tx_stop(struct vsock_dev *d)
{
	const struct vsock_slot *oldest = tx_oldest(d);

	d->tx_stopped = true;
	if (oldest != NULL) {
		timer_set(&d->wait_timer,
			  oldest->since + ms_to_ticks(VSOCK_WAIT_MS));
	}
}

/* Find a receiver that is to be given up. What it was sent so far counts as new
 * from now on. */
static bool tx_find_overdue(struct vsock_dev *d, uint32_t *cid)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);
	ticks_t now = time_now(), limit = ms_to_ticks(VSOCK_WAIT_MS);
	const struct vsock_slot *oldest = NULL;
	bool found;

	if (vq->open && d->tx_stopped) {
		oldest = tx_oldest(d);
	}
	found = oldest != NULL && now - oldest->since >= limit;
	if (found) {
		*cid = (uint32_t)((const struct virtio_vsock_hdr *)
					  oldest->m.head)
			       ->dst_cid;
	} else if (oldest != NULL) {
		timer_set(&d->wait_timer, oldest->since + limit);
	}
	for (unsigned int i = 0; found && i < VSOCK_TX_SIZE; i++) {
		if (tx_header(&d->slots[i])->dst_cid == *cid) {
			d->slots[i].since = now;
		}
	}
	virtqueue_unlock(vq, flags);
	return found;
}

void vsock_tx_overdue(struct vsock_dev *d)
{
	uint32_t cid;

	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (!tx_find_overdue(d, &cid)) {
			return;
		}
		vsock_peer_give_up(d, cid);
	}
}

void vsock_tx_resume(struct vsock_dev *d)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);

	for (unsigned int i = 0; i < VSOCK_TX_SIZE; i++) {
		d->slots[i].since = time_now();
	}
	virtqueue_unlock(vq, flags);
}

/* A turn of the CPU that takes packets. */
struct tx_turn {
	unsigned int packets;
	size_t bytes;
	unsigned long flags;
	bool due, full;
};

/* The queue's lock is held, and released for the packet. False: the turn is
 * over, since nothing is left or can be passed on. */
static bool tx_one(struct vsock_dev *d, struct virtqueue *vq, struct tx_turn *t)
{
	struct vsock_slot *slot;
	enum vsock_fate fate;
	uint32_t bytes;
	unsigned int what;
	bool more;

	slot = tx_crowded(vq) ? NULL : tx_take(d, vq);
	if (slot == NULL) {
		what = virtqueue_finish(vq);
		t->due |= (what & VIRTQUEUE_DUE) != 0;
		more = (what & VIRTQUEUE_MORE) != 0;
		if (tx_crowded(vq) && (more || d->held != NULL)) {
			tx_stop(d);
			return false;
		}
		return more && d->held == NULL;
	}
	bytes = slot->chain.readable_size;
	virtqueue_unlock(vq, t->flags);
	fate = tx_packet(d, slot);
	t->packets++;
	t->bytes += bytes;
	t->flags = virtqueue_lock(vq);
	if (fate == VSOCK_PARKED) {
		return true;
	}
	/* In a reset, whoever waits for its end may not see what is held. */
	if (fate == VSOCK_WAITS && vq->live) {
		d->held = slot;
		return false;
	}
	tx_give_back(d, vq, slot);
	return true;
}

bool vsock_transmit(struct vsock_dev *d)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	struct tx_turn t = { .packets = 0 };

	t.flags = virtqueue_lock(vq);
	d->tx_again = true;
	if (d->tx_busy) {
		virtqueue_unlock(vq, t.flags);
		return false;
	}
	d->tx_busy = true;
	while (d->tx_again && !t.full) {
		d->tx_again = d->tx_stopped = false;
		virtqueue_kicks_off(vq);
		while (!t.full && tx_one(d, vq, &t)) {
			t.full = t.packets >= VSOCK_KICK_PACKETS ||
				 t.bytes >= VSOCK_KICK_BYTES;
		}
		virtqueue_unlock(vq, t.flags);
		vmsg_flush(d->node);
		t.flags = virtqueue_lock(vq);
	}
	d->tx_busy = false;
	t.due |= virtqueue_publish(vq);
	t.due = tx_tell(d, vq, t.due);
	virtqueue_unlock(vq, t.flags);
	if (t.due) {
		virtio_interrupt(vq);
	}
	return t.full;
}

void vsock_tx_done(struct vsock_slot *slot)
{
	struct vsock_dev *d = slot->dev;
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);

	tx_give_back(d, vq, slot);
	if (tx_tell(d, vq, virtqueue_publish(vq))) {
		virtio_interrupt(vq);
	}
	if (d->tx_stopped && !tx_crowded(vq)) {
		d->tx_stopped = false;
		work_queue(&d->work);
	}
	/* If this was the last chain, the device may be freed from here on. */
	virtqueue_unlock(vq, flags);
}

void vsock_tx_cancel(struct vsock_dev *d)
{
	struct virtqueue *vq = vsock_queue(d, VIRTIO_VSOCK_TX);
	unsigned long flags = virtqueue_lock(vq);

	if (d->held != NULL) {
		tx_give_back(d, vq, d->held);
		d->held = NULL;
	}
	virtqueue_unlock(vq, flags);
	(void)vmsg_cancel(d->node); /* called again if there are more */
}
