/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of a coprocessor: their buckets and counters. */
#include <core/vmsg_admin.h>
#include <string.h>

#include "rproc_priv.h"

#define NS_PER_S UINT64_C(1000000000)

struct rproc_link *rproc_link_of(struct rproc *rp, uint32_t address)
{
	struct rproc_link *link = NULL;

	if (address <= RPMSG_NODE_LAST && rp->of[address] != 0) {
		link = &rp->links[rp->of[address] - 1];
	}
	return link != NULL && link->up ? link : NULL;
}

/* [L] An entry that nobody has, before one of a peer that is gone. A domain has
 * no more nodes than there are entries, and we are one of them. */
static struct rproc_link *rproc_link_place(struct rproc *rp)
{
	struct rproc_link *gone = NULL;

	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct rproc_link *link = &rp->links[i];

		if (link->address == 0) {
			return link;
		}
		gone = link->up ? gone : link;
	}
	return gone;
}

/* [L] The entry of this address, with the bucket and the counters that it had;
 * or a new one. */
static struct rproc_link *rproc_link_make(struct rproc *rp, uint32_t address)
{
	struct rproc_link *link;
	uint32_t generation;

	if (rp->of[address] != 0) {
		return &rp->links[rp->of[address] - 1];
	}
	link = rproc_link_place(rp);
	assert(link != NULL);
	if (link->address != 0) {
		rp->of[link->address] = 0;
	}
	generation = link->generation;
	*link = (struct rproc_link){
		.address = address,
		.generation = generation,
	};
	token_bucket_init(&link->bucket, rp->rate, rp->burst,
			  ns_to_ticks(NS_PER_S));
	rp->of[address] = (uint8_t)(link - rp->links + 1);
	return link;
}

/* [L] Nothing of it waits any more. */
static void rproc_link_down(struct rproc_link *link)
{
	link->up = false;
	link->generation++;
	link->late = false;
	link->full = false;
	link->asked = 0;
	link->info.waiting = 0;
}

void rproc_peer(struct vmsg_node *n, uint32_t address, bool up)
{
	struct rproc *rp = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&rp->lock);
	struct rproc_link *link;

	if (up) {
		rproc_link_make(rp, address)->up = true;
	} else {
		link = rproc_link_of(rp, address);
		if (link != NULL) {
			rproc_link_down(link);
		}
	}
	spin_unlock_irqrestore(&rp->lock, flags);
}

void rproc_forget(struct rproc *rp)
{
	assert_held(&rp->lock);
	rp->sent = 0;
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (rp->links[i].up) {
			rproc_link_down(&rp->links[i]);
		}
	}
}

void rproc_wake_at(struct rproc *rp, ticks_t when)
{
	assert_held(&rp->lock);
	if (rp->next == 0 || when < rp->next) {
		rp->next = when;
		timer_set(&rp->timer, when);
	}
}

/* --- listing -------------------------------------------------------------- */

static void rproc_link_read(struct rproc *rp, const struct rproc_link *link,
			    struct rproc_link_info *out)
{
	struct vmsg_node_info node;
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	*out = link->info;
	out->address = link->address;
	spin_unlock_irqrestore(&rp->lock, flags);
	if (out->answers != 0) {
		out->mean_ns = ticks_to_ns(out->mean_ns / out->answers);
	}
	out->worst_ns = ticks_to_ns(out->worst_ns);
	vmsg_node_info(rp->node, &node);
	memcpy(out->name, node.name, sizeof(out->name));
	memcpy(out->domain, node.domain, sizeof(out->domain));
}

bool rproc_link_nth(unsigned int n, struct rproc_link_info *out)
{
	bool found = false;
	struct rproc *rp;

	mutex_lock(&rproc_mutex);
	list_for_each(rp, &rproc_all, list) {
		for (unsigned int i = 0; !found && i < VMSG_NODES_MAX; i++) {
			if (READ_ONCE(rp->links[i].up) && n-- == 0) {
				rproc_link_read(rp, &rp->links[i], out);
				found = true;
			}
		}
	}
	mutex_unlock(&rproc_mutex);
	return found;
}
