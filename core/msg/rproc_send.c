/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To a coprocessor: messages of its peers, and names that they announce. A peer
 * is known to the coprocessor by the source address of what it sends: its node
 * above its endpoint, which is unique, and is where an answer goes.
 */
#include <string.h>

#include "rproc_priv.h"

/* [L] Take back the buffers that it has read. */
static void rproc_reclaim(struct rproc *rp)
{
	uint32_t len;
	uint16_t id;

	while (rproc_ring_take(&rp->to, &id, &len)) {
		rp->free[rp->nfree++] = id;
	}
}

/* [L] A buffer to send in. False: there is none, and it rings when there is. */
static bool rproc_buffer(struct rproc *rp, uint16_t *id)
{
	if (rp->nfree == 0) {
		rproc_reclaim(rp);
	}
	if (rp->nfree == 0) {
		rproc_ring_notify(&rp->to, true);
		rproc_reclaim(rp);
	}
	if (rp->nfree == 0) {
		if (rp->to.broken) {
			/* The thread sees it, and takes it down. */
			work_queue(&rp->work);
		}
		return false;
	}
	*id = rp->free[--rp->nfree];
	return true;
}

/* [L] */
static void rproc_send(struct rproc *rp, uint16_t id,
		       const struct rpmsg_header *h)
{
	memcpy(rp->to.buffers + (size_t)id * RPMSG_BUFFER, h, sizeof(*h));
	rproc_ring_add(&rp->to, id, (uint32_t)sizeof(*h) + h->len, false);
}

/* [L] May the peer send one now? If not, rp->resume says when. */
static bool rproc_may(struct rproc *rp, struct rproc_link *link, ticks_t now)
{
	uint64_t when = token_bucket_ready(&link->bucket, 1);

	if (link->info.waiting >= RPROC_ANSWERS_MAX) {
		link->info.stopped += !link->full;
		link->full = true;
		return false;
	}
	if (when > now) {
		link->info.limited += !link->late;
		link->late = true;
		rproc_wake_at(rp, when);
		return false;
	}
	return true;
}

/* [L] It has sent one. */
static void rproc_count(struct rproc *rp, struct rproc_link *link, ticks_t now,
			uint32_t len)
{
	token_bucket_take(&link->bucket, now, 1);
	link->late = false;
	link->info.to.messages++;
	link->info.to.bytes += len;
	link->asked = link->asked != 0 ? link->asked : now;
	rp->sent |= BIT(link - rp->links);
}

/* [L] */
static enum vmsg_take rproc_deliver_locked(struct rproc *rp, uint32_t source,
					   struct vmsg *m)
{
	struct rproc_link *link = rproc_link_of(rp, source);
	ticks_t now = time_now();
	struct rpmsg_header h;
	uint8_t *data;
	uint16_t id;

	if (rp->state != RPROC_UP || link == NULL ||
	    m->len > (uint32_t)RPMSG_DATA_MAX) {
		return VMSG_TURNED_DOWN;
	}
	if (!rproc_may(rp, link, now)) {
		return VMSG_LATER;
	}
	if (!rproc_buffer(rp, &id)) {
		return VMSG_FULL;
	}
	memcpy(&h, m->head, sizeof(h));
	h.src = rpmsg_address(source, h.src);
	h.dst = rpmsg_endpoint(h.dst);
	h.reserved = 0;
	h.len = (uint16_t)m->len;
	data = rp->to.buffers + (size_t)id * RPMSG_BUFFER + sizeof(h);
	(void)io_list_pull(&m->data, data, m->len);
	rproc_send(rp, id, &h);
	rproc_count(rp, link, now, m->len);
	return VMSG_TAKEN;
}

enum vmsg_take rproc_deliver(struct vmsg_node *n, uint32_t source,
			     struct vmsg *m)
{
	struct rproc *rp = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&rp->lock);
	enum vmsg_take take = rproc_deliver_locked(rp, source, m);

	spin_unlock_irqrestore(&rp->lock, flags);
	return take;
}

/* [L] */
static void rproc_kick(struct rproc *rp)
{
	if (rp->state == RPROC_UP && rproc_ring_due(&rp->to)) {
		rp->ops->kick(rp->arg, RPROC_NOTIFY_TO);
	}
}

void rproc_flush(struct vmsg_node *n)
{
	struct rproc *rp = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	rproc_kick(rp);
	for (uint64_t left = rp->sent; left != 0; left &= left - 1) {
		rp->links[__builtin_ctzll(left)].info.to.exits++;
	}
	rp->sent = 0;
	spin_unlock_irqrestore(&rp->lock, flags);
}

/* --- names ---------------------------------------------------------------- */

/* [L] Tell it of one name. False: there is none, or no buffer. */
static bool rproc_tell(struct rproc *rp)
{
	struct vmsg_notice notice;
	struct rpmsg_ns_message ns;
	struct rpmsg_header h;
	uint8_t *data;
	uint16_t id;

	if (!rproc_buffer(rp, &id)) {
		return false;
	}
	if (!vmsg_next_notice(rp->node, &notice)) {
		rp->free[rp->nfree++] = id;
		return false;
	}
	ns.address = rpmsg_address(notice.address, notice.endpoint);
	ns.flags = notice.gone ? RPMSG_NS_DESTROY : RPMSG_NS_CREATE;
	memcpy(ns.name, notice.name, sizeof(ns.name));
	h = (struct rpmsg_header){
		.src = ns.address,
		.dst = RPMSG_NS_ADDRESS,
		.len = sizeof(ns),
	};
	data = rp->to.buffers + (size_t)id * RPMSG_BUFFER + sizeof(h);
	memcpy(data, &ns, sizeof(ns));
	rproc_send(rp, id, &h);
	return true;
}

/* [L] Firmware without a name service is not told, but names that end must not
 * wait for that. */
static bool rproc_tell_any(struct rproc *rp)
{
	struct vmsg_notice notice;

	if ((rp->table.features & VIRTIO_RPMSG_F_NS) == 0) {
		return vmsg_next_notice(rp->node, &notice);
	}
	return rp->state == RPROC_UP && rproc_tell(rp);
}

void rproc_notice(struct vmsg_node *n)
{
	struct rproc *rp = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	/* The rest when it has returned buffers. */
	for (unsigned int i = 0; i < RPROC_BATCH && rproc_tell_any(rp); i++) {}
	rproc_kick(rp);
	spin_unlock_irqrestore(&rp->lock, flags);
	if (vmsg_has_notice(n)) {
		rproc_rung(rp);
	}
}
