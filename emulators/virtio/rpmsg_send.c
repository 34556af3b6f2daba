/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO RPMSG device: messages that the driver sends. Each is delivered in the
 * trap of its kick, or parked with its receiver; its chain is given back when
 * all who are to get it have it. When a receiver has as many waiting as it may,
 * the driver's next message stays in the queue, until there is room.
 */
#include <core/guest.h>
#include <libs/error.h>
#include <string.h>

#include "rpmsg_priv.h"

/* What became of a step. */
enum rpmsg_step {
	RPMSG_NEXT,  /* done; there may be another message */
	RPMSG_EMPTY, /* there is none */
	RPMSG_STALL, /* there is no room for it now */
};

void rpmsg_send_init(struct rpmsg *r)
{
	for (unsigned int i = 0; i < RPMSG_BUFFERS; i++) {
		r->slots[i].next = r->free;
		r->free = &r->slots[i];
	}
}

/* --- slots; the queue's lock is held -------------------------------------- */

static void rpmsg_done(struct vmsg *m, enum vmsg_result how);

static struct rpmsg_slot *rpmsg_slot_take(struct rpmsg *r)
{
	struct rpmsg_slot *s = r->free;

	if (s != NULL) {
		r->free = s->next;
		s->chain.segs = s->segs;
		s->chain.max = RPMSG_PARTS;
		s->first = s;
		s->users = 1;
		s->m.done = rpmsg_done;
	}
	return s;
}

static void rpmsg_slot_free(struct rpmsg *r, struct rpmsg_slot *s)
{
	s->next = r->free;
	r->free = s;
}

/* One user of the chain less; with the last one it is given back. A slot that
 * is not the first is free at once. */
static void rpmsg_slot_put(struct rpmsg *r, struct rpmsg_slot *s)
{
	struct rpmsg_slot *first = s->first;

	if (s != first) {
		rpmsg_slot_free(r, s);
	}
	if (--first->users == 0) {
		virtqueue_push(r->tx, &first->chain, 0);
		rpmsg_slot_free(r, first);
	}
}

/* The lock is not held, as for all that follows. It waited, and is over. */
static void rpmsg_done(struct vmsg *m, enum vmsg_result how)
{
	struct rpmsg_slot *s = container_of(m, struct rpmsg_slot, m);
	struct rpmsg *r = vmsg_node_arg(m->from);
	unsigned long flags = virtqueue_lock(r->tx);

	(void)how;
	r->room = true;
	if (r->stalled) {
		r->stalled = false;
		work_queue(&r->work);
	}
	rpmsg_slot_put(r, s);
	if (virtqueue_publish(r->tx)) {
		virtio_interrupt(r->tx);
	}
	virtqueue_unlock(r->tx, flags);
}

void rpmsg_room(struct vmsg_node *n)
{
	struct rpmsg *r = vmsg_node_arg(n);
	unsigned long flags = virtqueue_lock(r->tx);

	r->room = true;
	if (r->stalled) {
		r->stalled = false;
		work_queue(&r->work);
	}
	virtqueue_unlock(r->tx, flags);
}

/* --- one message ---------------------------------------------------------- */

static struct rpmsg_header *rpmsg_head(struct rpmsg_slot *s)
{
	_Static_assert(sizeof(struct rpmsg_header) <= VMSG_HEAD_MAX, "head");
	return (struct rpmsg_header *)(void *)s->m.head;
}

static void rpmsg_refuse(struct rpmsg *r, enum vmsg_fault why, const char *text,
			 uint32_t value)
{
	struct virtio_device *vd = r->vd;

	vmsg_count_fault(r->node, why);
	if (log_allow(&vd->limit)) {
		log_warn("guest %s: %s: %s %#x: refused", vd->guest->name,
			 vd->emu->name, text, value);
	}
}

/* Read the header, once, and check it. */
static bool rpmsg_read_head(struct rpmsg *r, struct rpmsg_slot *s)
{
	struct rpmsg_header *h = rpmsg_head(s);

	s->m.data = s->chain.readable;
	if (io_list_pull(&s->m.data, h, sizeof(*h)) != sizeof(*h) ||
	    h->len > RPMSG_DATA_MAX ||
	    h->len > s->chain.readable_size - sizeof(*h)) {
		rpmsg_refuse(r, VMSG_FAULT_MALFORMED,
			     "a message whose length is", h->len);
		return false;
	}
	s->m.len = h->len;
	if (rpmsg_node(h->src) != 0) {
		rpmsg_refuse(r, VMSG_FAULT_FORGED,
			     "a message from another's endpoint", h->src);
		return false;
	}
	/* There a peer's driver takes it for an announcement of ours. */
	if (rpmsg_node(h->dst) != 0 &&
	    rpmsg_endpoint(h->dst) == RPMSG_NS_ADDRESS) {
		rpmsg_refuse(r, VMSG_FAULT_FORGED,
			     "a message to the name service of a peer", h->dst);
		return false;
	}
	return true;
}

static int rpmsg_announce(struct rpmsg *r, const struct rpmsg_ns_message *ns)
{
	if (memchr(ns->name, '\0', sizeof(ns->name)) == NULL ||
	    rpmsg_node(ns->address) != 0 || ns->flags > RPMSG_NS_DESTROY) {
		return -ERR_INVAL;
	}
	return ns->flags == RPMSG_NS_CREATE
		       ? vmsg_announce(r->node, ns->name, ns->address)
		       : vmsg_withdraw(r->node, ns->name, ns->address);
}

static void rpmsg_name_service(struct rpmsg *r, struct rpmsg_slot *s)
{
	struct rpmsg_ns_message ns = { .flags = UINT32_MAX };
	size_t n = MIN(s->m.len, (uint32_t)sizeof(ns));

	if (s->m.len != sizeof(ns) ||
	    io_list_pull(&s->m.data, &ns, n) != sizeof(ns)) {
		rpmsg_refuse(r, VMSG_FAULT_NAMES,
			     "an announcement whose length is", s->m.len);
	} else if (rpmsg_announce(r, &ns) != 0) {
		rpmsg_refuse(r, VMSG_FAULT_NAMES, "an announcement of endpoint",
			     ns.address);
	}
}

/* What is to be done with a message's chain. */
enum rpmsg_handled {
	RPMSG_OVER,  /* give it back */
	RPMSG_WAITS, /* rpmsg_done() does that, or has done it */
	RPMSG_LATER, /* leave it in the queue */
	RPMSG_TO_ALL,
};

static enum rpmsg_handled rpmsg_handle(struct rpmsg *r, struct rpmsg_slot *s)
{
	const struct rpmsg_header *h = rpmsg_head(s);
	int result;

	if (!rpmsg_read_head(r, s)) {
		return RPMSG_OVER;
	}
	if (h->dst == RPMSG_NS_ADDRESS) {
		rpmsg_name_service(r, s);
		return RPMSG_OVER;
	}
	if (rpmsg_node(h->dst) == RPMSG_NODE_ALL) {
		return RPMSG_TO_ALL;
	}
	result = vmsg_send(r->node, rpmsg_node(h->dst), &s->m);
	if (result == -ERR_BUSY) {
		return RPMSG_LATER;
	}
	return result == VMSG_PARKED ? RPMSG_WAITS : RPMSG_OVER;
}

/* --- broadcasts ----------------------------------------------------------- */

/* One more peer, with a slot of its own. It has the same memory to send. */
static enum rpmsg_step rpmsg_cast_step(struct rpmsg *r, unsigned long *flags)
{
	struct rpmsg_slot *first = r->cast, *s;
	unsigned int peer = (unsigned int)__builtin_ctzll(r->cast_left);
	int result;

	s = rpmsg_slot_take(r);
	if (s == NULL) {
		return RPMSG_STALL;
	}
	memcpy(s->segs, first->segs, sizeof(s->segs));
	memcpy(s->m.head, first->m.head, sizeof(s->m.head));
	s->m.data = (struct io_list){
		.segs = s->segs + (first->m.data.segs - first->segs),
		.n = first->m.data.n,
	};
	s->m.len = first->m.len;
	s->first = first;
	first->users++;
	r->room = false;
	virtqueue_unlock(r->tx, *flags);
	result = vmsg_send_peer(r->node, peer, &s->m);
	*flags = virtqueue_lock(r->tx);
	if (result != VMSG_PARKED) {
		rpmsg_slot_put(r, s);
	}
	if (result == -ERR_BUSY) {
		return RPMSG_STALL;
	}
	r->cast_left &= r->cast_left - 1;
	return RPMSG_NEXT;
}

/* The queue's lock is held. All peers have it, or it waits for them. */
static void rpmsg_cast_end(struct rpmsg *r)
{
	struct rpmsg_slot *first = r->cast;

	r->cast = NULL;
	r->cast_left = 0;
	rpmsg_slot_put(r, first);
}

/* --- the queue ------------------------------------------------------------ */

/* The queue's lock is held; it is released meanwhile. */
static enum rpmsg_step rpmsg_message_step(struct rpmsg *r, unsigned long *flags)
{
	struct rpmsg_slot *s = rpmsg_slot_take(r);
	enum rpmsg_handled handled;
	uint32_t size;

	if (s == NULL) {
		return RPMSG_STALL;
	}
	if (virtqueue_pop(r->tx, &s->chain) != 1) {
		rpmsg_slot_free(r, s);
		return RPMSG_EMPTY;
	}
	size = s->chain.readable_size;
	r->room = false;
	virtqueue_unlock(r->tx, *flags);
	handled = rpmsg_handle(r, s);
	*flags = virtqueue_lock(r->tx);
	if (handled == RPMSG_LATER) {
		virtqueue_unpop(r->tx, &s->chain);
		rpmsg_slot_free(r, s);
		return RPMSG_STALL;
	}
	r->sent += size;
	if (handled == RPMSG_OVER) {
		rpmsg_slot_put(r, s);
	} else if (handled == RPMSG_TO_ALL) {
		r->cast = s;
		r->cast_left = vmsg_peers(r->node);
	}
	return RPMSG_NEXT;
}

/* The queue's lock is held; it is released meanwhile. */
static enum rpmsg_step rpmsg_step(struct rpmsg *r, unsigned long *flags)
{
	if (!r->tx->open) {
		return RPMSG_EMPTY; /* closed meanwhile, or paused */
	}
	if (unlikely(r->cast != NULL)) {
		if (r->cast_left != 0) {
			return rpmsg_cast_step(r, flags);
		}
		rpmsg_cast_end(r);
	}
	return rpmsg_message_step(r, flags);
}

/* The queue's lock is held; it is released meanwhile. What virtqueue_finish()
 * returns. */
static unsigned int rpmsg_steps(struct rpmsg *r, unsigned long *flags)
{
	unsigned int what = 0;

	for (unsigned int n = 0; n < RPMSG_BATCH; n++) {
		enum rpmsg_step step = rpmsg_step(r, flags);

		if (step == RPMSG_STALL && !r->room) {
			r->stalled = true;
			what |= virtqueue_publish(r->tx) ? VIRTQUEUE_DUE : 0;
			return what & ~VIRTQUEUE_MORE;
		}
		if (step == RPMSG_EMPTY) {
			what &= VIRTQUEUE_DUE;
			what |= virtqueue_finish(r->tx);
			if ((what & VIRTQUEUE_MORE) == 0) {
				return what;
			}
		}
	}
	what &= VIRTQUEUE_DUE;
	what |= virtqueue_finish(r->tx);
	return r->cast != NULL ? what | VIRTQUEUE_MORE : what;
}

int rpmsg_transmit(struct rpmsg *r)
{
	unsigned long flags = virtqueue_lock(r->tx);
	unsigned int what;

	if (r->busy) {
		/* The other CPU looks for more before it ends. */
		virtqueue_unlock(r->tx, flags);
		return 0;
	}
	r->busy = true;
	r->stalled = false;
	virtqueue_kicks_off(r->tx);
	what = rpmsg_steps(r, &flags);
	r->busy = false;
	if ((what & VIRTQUEUE_DUE) != 0) {
		virtio_interrupt(r->tx);
	}
	virtqueue_unlock(r->tx, flags);
	vmsg_flush(r->node);
	return (what & VIRTQUEUE_MORE) != 0 ? -ERR_BUSY : 0;
}

void rpmsg_work(struct work *w)
{
	struct rpmsg *r = container_of(w, struct rpmsg, work);

	if (rpmsg_transmit(r) != 0) {
		work_queue(w);
	}
}

/* May be called while another CPU sends, which then sees the queue closed. */
void rpmsg_cancel(struct virtio_device *vd, struct virtqueue *vq)
{
	struct rpmsg *r = rpmsg_of(vd);
	unsigned long flags;

	if (vq != r->tx) {
		return;
	}
	(void)vmsg_cancel(r->node);
	flags = virtqueue_lock(vq);
	if (r->cast != NULL && !r->busy) {
		rpmsg_cast_end(r);
	}
	virtqueue_unlock(vq, flags);
}
