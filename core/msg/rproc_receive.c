/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a coprocessor: messages, which are delivered out of its buffers, or wait
 * in them; and the names that it announces. It sends to many through one
 * vring, so none of them may stop it: a peer that has as many answers waiting
 * as may be loses the next ones, and before that, has none of its own messages
 * taken.
 */
#include <libs/error.h>
#include <string.h>

#include "rproc_priv.h"

static uint16_t rproc_slot_id(const struct rproc *rp,
			      const struct rproc_slot *s)
{
	return (uint16_t)(s - rp->slots);
}

/* [L] Let it have the buffer again. */
static void rproc_return(struct rproc *rp, const struct rproc_slot *s)
{
	if (rp->state == RPROC_UP) {
		rproc_ring_add(&rp->from, rproc_slot_id(rp, s), RPMSG_BUFFER,
			       true);
	}
}

/* [L] */
static void rproc_kick_from(struct rproc *rp)
{
	if (rp->state == RPROC_UP && rproc_ring_due(&rp->from)) {
		rp->ops->kick(rp->arg, RPROC_NOTIFY_FROM);
	}
}

/* [L] The link of a message that was on its way; NULL: its peer has gone since.
 */
static struct rproc_link *rproc_slot_link(struct rproc *rp,
					  const struct rproc_slot *s)
{
	struct rproc_link *link = &rp->links[s->link];

	return link->up && link->generation == s->generation ? link : NULL;
}

/* [L] The message waits no more. True: its peer may send again. */
static bool rproc_slot_end(struct rproc *rp, const struct rproc_slot *s)
{
	struct rproc_link *link = rproc_slot_link(rp, s);

	rp->held--;
	rproc_return(rp, s);
	if (link == NULL) {
		return false;
	}
	link->info.waiting--;
	if (!link->full || link->info.waiting > RPROC_ANSWERS_MAX / 2) {
		return false;
	}
	link->full = false;
	return true;
}

void rproc_done(struct vmsg *m, enum vmsg_result how)
{
	struct rproc_slot *s = container_of(m, struct rproc_slot, m);
	struct rproc *rp = vmsg_node_arg(m->from);
	unsigned long flags = spin_lock_irqsave(&rp->lock);
	bool room = rproc_slot_end(rp, s);

	(void)how;
	rproc_kick_from(rp);
	spin_unlock_irqrestore(&rp->lock, flags);
	if (room) {
		__atomic_store_n(&rp->resume, true, __ATOMIC_RELEASE);
		work_queue(&rp->work);
	}
}

/* --- one message ---------------------------------------------------------- */

static void rproc_refuse(struct rproc *rp, enum vmsg_fault why,
			 const char *text, uint32_t value)
{
	vmsg_count_fault(rp->node, why);
	if (log_allow(&rp->limit)) {
		log_warn("coprocessor %s: %s %#x: refused",
			 vmsg_node_name(rp->node), text, value);
	}
}

/* Read the header, once, and check it; `len` is what it says to have written.
 */
static bool rproc_read_head(struct rproc *rp, struct rproc_slot *s,
			    uint32_t len)
{
	uint8_t *buffer =
		rp->from.buffers + (size_t)rproc_slot_id(rp, s) * RPMSG_BUFFER;
	struct rpmsg_header h;

	memcpy(&h, buffer, sizeof(h));
	/* What it writes there now is not looked at. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (len < sizeof(h) || len > RPMSG_BUFFER || h.len > len - sizeof(h)) {
		rproc_refuse(rp, VMSG_FAULT_MALFORMED,
			     "a message whose length is", h.len);
		return false;
	}
	if (rpmsg_node(h.src) != 0) {
		rproc_refuse(rp, VMSG_FAULT_FORGED,
			     "a message from another's endpoint", h.src);
		return false;
	}
	if (rpmsg_node(h.dst) != 0 &&
	    rpmsg_endpoint(h.dst) == RPMSG_NS_ADDRESS) {
		rproc_refuse(rp, VMSG_FAULT_FORGED,
			     "a message to the name service of a peer", h.dst);
		return false;
	}
	memcpy(s->m.head, &h, sizeof(h));
	s->segment = (struct io_segment){
		.va = buffer + sizeof(h),
		.size = h.len,
	};
	s->m.data = (struct io_list){ .segs = &s->segment, .n = 1 };
	s->m.len = h.len;
	return true;
}

static void rproc_name_service(struct rproc *rp, struct rproc_slot *s)
{
	struct rpmsg_ns_message ns;
	int err = -ERR_INVAL;

	if (s->m.len != sizeof(ns) ||
	    io_list_pull(&s->m.data, &ns, sizeof(ns)) != sizeof(ns)) {
		rproc_refuse(rp, VMSG_FAULT_NAMES,
			     "an announcement whose length is", s->m.len);
		return;
	}
	if (memchr(ns.name, '\0', sizeof(ns.name)) != NULL &&
	    rpmsg_node(ns.address) == 0) {
		if (ns.flags == RPMSG_NS_CREATE) {
			err = vmsg_announce(rp->node, ns.name, ns.address);
		} else if (ns.flags == RPMSG_NS_DESTROY) {
			err = vmsg_withdraw(rp->node, ns.name, ns.address);
		}
	}
	if (err != 0) {
		rproc_refuse(rp, VMSG_FAULT_NAMES,
			     "an announcement of endpoint", ns.address);
	}
}

/* [L] The peer gets an answer, or has no room for it. */
static void rproc_answered(struct rproc *rp, struct rproc_link *link,
			   uint32_t len, bool lost)
{
	if (lost) {
		link->info.lost++;
		return;
	}
	link->info.from.messages++;
	link->info.from.bytes += len;
	rp->received |= BIT(link - rp->links);
	if (link->asked != 0) {
		ticks_t took = time_now() - link->asked;

		link->asked = 0;
		link->info.answers++;
		link->info.mean_ns += took;
		link->info.worst_ns = MAX(link->info.worst_ns, took);
	}
}

/* To a peer. It counts as waiting before it is sent: rproc_done() may come
 * before vmsg_send() has returned. */
static void rproc_forward(struct rproc *rp, struct rproc_slot *s)
{
	const struct rpmsg_header *h = (const void *)s->m.head;
	uint32_t to = rpmsg_node(h->dst);
	unsigned long flags = spin_lock_irqsave(&rp->lock);
	struct rproc_link *link = rproc_link_of(rp, to);
	int result = -ERR_NOENT;

	if (link == NULL || rp->state != RPROC_UP) {
		rproc_return(rp, s);
		spin_unlock_irqrestore(&rp->lock, flags);
		return;
	}
	s->link = (uint16_t)(link - rp->links);
	s->generation = link->generation;
	rp->held++;
	link->info.waiting++;
	spin_unlock_irqrestore(&rp->lock, flags);
	result = vmsg_send(rp->node, to, &s->m);
	flags = spin_lock_irqsave(&rp->lock);
	link = rproc_slot_link(rp, s);
	if (link != NULL && result != -ERR_NOENT) {
		rproc_answered(rp, link, h->len,
			       result == -ERR_BUSY || result == VMSG_DROPPED);
	}
	if (result != VMSG_PARKED) {
		(void)rproc_slot_end(rp, s);
	}
	spin_unlock_irqrestore(&rp->lock, flags);
}

static void rproc_message(struct rproc *rp, uint16_t id, uint32_t len)
{
	struct rproc_slot *s = &rp->slots[id];
	const struct rpmsg_header *h = (const void *)s->m.head;
	bool right = rproc_read_head(rp, s, len);
	unsigned long flags;

	if (right && h->dst != RPMSG_NS_ADDRESS) {
		rproc_forward(rp, s);
		return;
	}
	if (right) {
		rproc_name_service(rp, s);
	}
	flags = spin_lock_irqsave(&rp->lock);
	rproc_return(rp, s);
	spin_unlock_irqrestore(&rp->lock, flags);
}

/* --- the vring ------------------------------------------------------------ */

/* The next message; *broken: the vrings are. */
static bool rproc_take(struct rproc *rp, uint16_t *id, uint32_t *len,
		       bool *broken)
{
	unsigned long flags = spin_lock_irqsave(&rp->lock);
	bool found = false;

	if (rp->state == RPROC_UP) {
		found = rproc_ring_take(&rp->from, id, len);
		*broken = rp->from.broken || rp->to.broken;
	}
	spin_unlock_irqrestore(&rp->lock, flags);
	return found;
}

/* The messages of a batch were sent. */
static void rproc_received(struct rproc *rp)
{
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	for (uint64_t left = rp->received; left != 0; left &= left - 1) {
		rp->links[__builtin_ctzll(left)].info.from.exits++;
	}
	rp->received = 0;
	rproc_kick_from(rp);
	spin_unlock_irqrestore(&rp->lock, flags);
}

bool rproc_receive(struct rproc *rp)
{
	bool broken = false;
	unsigned int n = 0;
	uint32_t len;
	uint16_t id;

	while (n < RPROC_BATCH && rproc_take(rp, &id, &len, &broken)) {
		rproc_message(rp, id, len);
		n++;
	}
	vmsg_flush(rp->node);
	rproc_received(rp);
	if (broken) {
		rproc_break(rp, "it has used a buffer that it did not have");
	}
	return n == RPROC_BATCH;
}
