/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO RPMSG device: what the driver is given. Messages of peers are copied
 * into its buffers; announcements are made here, from what core/msg keeps, so
 * that none is lost while there is no buffer.
 */
#include <libs/copy.h>
#include <libs/error.h>
#include <string.h>

#include "rpmsg_priv.h"

/* Announcements in one trap. */
#define RPMSG_TELL_BATCH 16

/* The queue's lock is held. Take a buffer; false: there is none, and the driver
 * kicks when there is. */
static bool rpmsg_buffer(struct virtqueue *rx, struct virtq_chain *chain)
{
	return virtqueue_pop(rx, chain) == 1 ||
	       (virtqueue_kicks_on(rx) && virtqueue_pop(rx, chain) == 1);
}

/* Copy data to a buffer that has room for it. */
static void rpmsg_copy(struct io_list *to, struct io_list *from, size_t left)
{
	while (left > 0 && from->n > 0) {
		size_t part = MIN(left, from->segs->size);

		(void)io_list_fill(to, from->segs->va, part);
		(void)io_list_skip(from, part);
		left -= part;
	}
}

/* The queue's lock is held. Hot: most buffers are in one piece, and so is most
 * data. */
static void rpmsg_write(struct virtqueue *rx, struct virtq_chain *chain,
			const struct rpmsg_header *h, struct vmsg *m)
{
	uint32_t size = (uint32_t)sizeof(*h) + m->len;
	struct io_segment *to = chain->writable.segs;

	if (likely(chain->writable.n == 1 && m->data.n == 1 &&
		   m->data.segs->size >= m->len)) {
		__builtin_memcpy(to->va, h, sizeof(*h));
		copy_bytes((uint8_t *)to->va + sizeof(*h), m->data.segs->va,
			   m->len);
	} else {
		(void)io_list_fill(&chain->writable, h, sizeof(*h));
		rpmsg_copy(&chain->writable, &m->data, m->len);
	}
	virtqueue_push(rx, chain, size);
}

enum vmsg_take rpmsg_deliver(struct vmsg_node *n, uint32_t source,
			     struct vmsg *m)
{
	struct rpmsg *r = vmsg_node_arg(n);
	struct rpmsg_header h;
	struct io_segment segs[RPMSG_PARTS];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	enum vmsg_take take = VMSG_TAKEN;
	unsigned long flags;

	__builtin_memcpy(&h, m->head, sizeof(h));
	h.src = rpmsg_address(source, h.src);
	h.dst = rpmsg_endpoint(h.dst);
	h.reserved = 0;
	flags = virtqueue_lock(r->rx);
	if (unlikely(!rpmsg_buffer(r->rx, &chain))) {
		take = VMSG_FULL;
	} else if (unlikely(chain.writable_size < sizeof(h) + m->len)) {
		/* It has room for less than RPMSG_BUFFER: the message is lost,
		 * and the buffer is kept for one that fits. */
		virtqueue_unpop(r->rx, &chain);
		vmsg_count_fault(n, VMSG_FAULT_MALFORMED);
		take = VMSG_TURNED_DOWN;
	} else {
		rpmsg_write(r->rx, &chain, &h, m);
		r->received += (uint32_t)sizeof(h) + m->len;
	}
	virtqueue_unlock(r->rx, flags);
	return take;
}

void rpmsg_flush(struct vmsg_node *n)
{
	struct rpmsg *r = vmsg_node_arg(n);
	unsigned long flags = virtqueue_lock(r->rx);

	if (virtqueue_publish(r->rx)) {
		virtio_interrupt(r->rx);
	}
	virtqueue_unlock(r->rx, flags);
}

/* --- announcements -------------------------------------------------------- */

struct rpmsg_announcement {
	struct rpmsg_header h;
	struct rpmsg_ns_message ns;
};

static void rpmsg_announcement(struct rpmsg_announcement *a,
			       const struct vmsg_notice *notice)
{
	uint32_t address = rpmsg_address(notice->address, notice->endpoint);

	*a = (struct rpmsg_announcement){
		.h = {
			.src = address,
			.dst = RPMSG_NS_ADDRESS,
			.len = sizeof(a->ns),
		},
		.ns = {
			.address = address,
			.flags = notice->gone ? RPMSG_NS_DESTROY
					      : RPMSG_NS_CREATE,
		},
	};
	memcpy(a->ns.name, notice->name, sizeof(a->ns.name));
}

/* The queue's lock is held. One announcement; false: there is none, or no
 * buffer. */
static bool rpmsg_tell_one(struct rpmsg *r)
{
	struct io_segment segs[RPMSG_PARTS];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	struct rpmsg_announcement a;
	struct vmsg_notice notice;

	if (!rpmsg_buffer(r->rx, &chain)) {
		return false;
	}
	if (chain.writable_size < sizeof(a) ||
	    !vmsg_next_notice(r->node, &notice)) {
		virtqueue_unpop(r->rx, &chain);
		return false;
	}
	rpmsg_announcement(&a, &notice);
	(void)io_list_fill(&chain.writable, &a, sizeof(a));
	virtqueue_push(r->rx, &chain, sizeof(a));
	r->received += sizeof(a);
	return true;
}

int rpmsg_tell(struct rpmsg *r)
{
	unsigned int n = 0;
	unsigned long flags;

	if (likely(!vmsg_has_notice(r->node)) ||
	    !virtio_has(r->vd, VIRTIO_RPMSG_F_NS)) {
		return 0;
	}
	flags = virtqueue_lock(r->rx);
	while (n < RPMSG_TELL_BATCH && rpmsg_tell_one(r)) {
		n++;
	}
	if (virtqueue_publish(r->rx)) {
		virtio_interrupt(r->rx);
	}
	virtqueue_unlock(r->rx, flags);
	return n == RPMSG_TELL_BATCH ? -ERR_BUSY : 0;
}

/* Buffers are looked for when there is a message: the driver need not kick. */
int rpmsg_receive(struct rpmsg *r)
{
	unsigned long flags = virtqueue_lock(r->rx);
	int err;

	virtqueue_kicks_off(r->rx);
	virtqueue_unlock(r->rx, flags);
	err = rpmsg_tell(r);
	return vmsg_ready(r->node) ? -ERR_BUSY : err;
}
