/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a message from node to node. Whoever sends finds the receiver
 * without a lock: interrupts are masked, and whoever takes a node out of a
 * domain waits for cpu_quiesce(). A message goes into the receiver's buffers at
 * once; or, if there are none, it is parked with the receiver until
 * vmsg_ready(), in a list for each sender. The receiver's lock guards these
 * lists, and is not held while a message is copied or an owner is told.
 */
#include <arch/cpu.h>
#include <libs/error.h>

#include "msg_priv.h"

/* What a kind's address stands for in a table: Fibonacci hashing (Knuth, The
 * Art of Computer Programming, vol. 3, 6.4), its upper bits. */
unsigned int vmsg_slot(uint32_t address)
{
	_Static_assert(VMSG_TABLE_SLOTS == 128, "the shift");
	return (address * UINT32_C(0x9e3779b9)) >> (32 - 7);
}

/* NULL: there is none. */
static struct vmsg_node *vmsg_find(const struct vmsg_domain *d,
				   const struct vmsg_kind *kind,
				   uint32_t address)
{
	const struct vmsg_table *t =
		__atomic_load_n(&d->table, __ATOMIC_ACQUIRE);
	unsigned int i = vmsg_slot(address);
	struct vmsg_node *n;

	while ((n = t->slot[i]) != NULL) {
		if (n->address == address && n->kind == kind) {
			return n;
		}
		i = (i + 1) % VMSG_TABLE_SLOTS;
	}
	return NULL;
}

/* --- what waits ----------------------------------------------------------- */

/* [V]. Take the message out of its pair. True: its sender was told to wait, and
 * may go on now. */
static bool vmsg_unpark(struct vmsg_node *to, struct vmsg *m)
{
	struct vmsg_pair *pair = &to->pair[m->from->index];
	bool room;

	list_remove(&m->link);
	pair->count--;
	WRITE_ONCE(to->parked, to->parked - 1);
	if (pair->count == 0) {
		to->waiting &= ~BIT(m->from->index);
		to->later &= ~BIT(m->from->index);
	}
	/* Half of them, so that it sends more than one then. */
	room = pair->blocked && pair->count <= VMSG_PARKED_MAX / 2;
	if (room) {
		pair->blocked = false;
	}
	return room;
}

/* The lock is not held. The sender's node stays while interrupts are masked;
 * its message does not. */
static void vmsg_end(struct vmsg *m, enum vmsg_result how, bool room)
{
	struct vmsg_node *from = m->from;

	m->done(m, how);
	if (room) {
		from->ops->room(from);
	}
}

static void vmsg_count_delivered(struct vmsg_node *from, struct vmsg_node *to,
				 uint32_t len)
{
	vmsg_add(&from->counts.sent, 1);
	vmsg_add(&from->counts.sent_bytes, len);
	vmsg_add(&to->counts.received, 1);
	vmsg_add(&to->counts.received_bytes, len);
}

/* The receiver may be given this one: it has been told of the sender, which is
 * neither paused nor leaving; or it is to be refused, since the receiver went
 * down. */
static bool vmsg_may_go(const struct vmsg_node *to, const struct vmsg *m)
{
	const struct vmsg_node *from = m->from;

	if (m->epoch != to->epoch) {
		return true;
	}
	return (READ_ONCE(to->peers) & ~to->later & BIT(from->index)) != 0 &&
	       READ_ONCE(from->held) == 0;
}

/* [V]. The first message of the next sender; NULL: none may go. A sender whose
 * message was delivered in part has the turn again. */
static struct vmsg *vmsg_pick(struct vmsg_node *to)
{
	uint64_t left = to->waiting;
	unsigned int at = to->turn;

	while (left != 0) {
		uint64_t after = left & ~(BIT(at) - 1);
		struct vmsg *m;

		at = (unsigned int)__builtin_ctzll(after != 0 ? after : left);
		m = list_first(&to->pair[at].waiting, struct vmsg, link);
		if (vmsg_may_go(to, m)) {
			to->turn = (uint8_t)at;
			return m;
		}
		left &= ~BIT(at);
	}
	return NULL;
}

/* [V], released meanwhile: deliver one message that waits. False: it has to
 * wait on. */
static bool vmsg_move(struct vmsg_node *to, struct vmsg *m)
{
	bool stale = m->epoch != to->epoch, room;
	enum vmsg_take take = VMSG_TURNED_DOWN;
	uint32_t len = m->len;

	m->moving = true;
	spin_unlock(&to->lock);
	if (!stale) {
		take = to->ops->deliver(to, m->from->address, m);
	}
	spin_lock(&to->lock);
	m->moving = false;
	if (take == VMSG_FULL) {
		return false;
	}
	if (take == VMSG_LATER) {
		/* Unless vmsg_resume() was called meanwhile. */
		to->later |= to->again ? 0 : BIT(m->from->index);
		return true;
	}
	to->turn = (uint8_t)((m->from->index + 1) % VMSG_NODES_MAX);
	room = vmsg_unpark(to, m);
	spin_unlock(&to->lock);
	if (take == VMSG_TAKEN) {
		vmsg_count_delivered(m->from, to, len);
		vmsg_end(m, VMSG_DELIVERED, room);
	} else {
		vmsg_add(&m->from->counts.refused, 1);
		vmsg_end(m, VMSG_REFUSED, room);
	}
	spin_lock(&to->lock);
	return true;
}

/* [V]. Deliver a few of what waits. False: no more can be, for now. */
static bool vmsg_drain_some(struct vmsg_node *to)
{
	uint64_t bytes = 0;

	for (unsigned int n = 0; n < VMSG_BATCH && bytes < VMSG_BATCH_BYTES;
	     n++) {
		struct vmsg *m = vmsg_pick(to);

		to->again = false;
		if (m == NULL) {
			return false;
		}
		bytes += m->len - m->moved;
		if (!vmsg_move(to, m) && !to->again) {
			return false;
		}
	}
	return true;
}

/*
 * One CPU at a time. Another one that comes meanwhile, because there are more
 * buffers or messages, leaves that to the first.
 */
bool vmsg_drain(struct vmsg_node *to)
{
	bool more;

	spin_lock(&to->lock);
	if (to->draining) {
		to->again = true;
		spin_unlock(&to->lock);
		return false;
	}
	to->draining = true;
	more = vmsg_drain_some(to);
	to->draining = false;
	spin_unlock(&to->lock);
	if (to->ops->flush != NULL) {
		to->ops->flush(to);
	}
	return more;
}

bool vmsg_ready(struct vmsg_node *n)
{
	unsigned long flags;
	bool more;

	/*
	 * Pairs with vmsg_park(), which counts the message before it looks for
	 * buffers again: either it finds those that this node's driver has just
	 * added, or this finds the message. The driver has a barrier between
	 * adding them and kicking (VirtIO 1.2, 2.7.13.4.1).
	 */
	if (likely(READ_ONCE(n->parked) == 0)) {
		return false;
	}
	flags = arch_irq_save();
	more = vmsg_drain(n);
	arch_irq_restore(flags);
	return more;
}

/* [V]. Has the sender given the receiver up, as it is now? */
static bool vmsg_shut(const struct vmsg_node *to, const struct vmsg_pair *pair)
{
	return pair->shut_epoch == to->epoch && time_now() < pair->shut_until;
}

bool vmsg_resume(struct vmsg_node *n)
{
	unsigned long flags = spin_lock_irqsave(&n->lock);

	/* At once: else a drain in progress could set it in between, and wait
	 * for the next vmsg_resume(). */
	n->later = 0;
	n->again |= n->draining;
	spin_unlock_irqrestore(&n->lock, flags);
	return vmsg_ready(n);
}

/* [V]. What vmsg_send() returns: VMSG_PARKED if it was parked. */
static int vmsg_park_locked(struct vmsg_node *from, struct vmsg_node *to,
			    struct vmsg *m)
{
	struct vmsg_pair *pair = &to->pair[from->index];

	if (!to->up || vmsg_shut(to, pair)) {
		return -ERR_NOENT;
	}
	if (pair->count >= VMSG_PARKED_MAX) {
		if (READ_ONCE(from->domain->policy) == VMSG_POLICY_DROP &&
		    !from->kind->lossless) {
			vmsg_add(&from->counts.dropped, 1);
			return VMSG_DROPPED;
		}
		vmsg_add(&from->counts.blocked, 1);
		pair->blocked = true;
		return -ERR_BUSY;
	}
	m->epoch = to->epoch;
	m->moving = false;
	list_append(&pair->waiting, &m->link);
	pair->count++;
	to->waiting |= BIT(from->index);
	WRITE_ONCE(to->parked, to->parked + 1);
	vmsg_add(&from->counts.parked, 1);
	return VMSG_PARKED;
}

static __noinline int vmsg_park(struct vmsg_node *from, struct vmsg_node *to,
				struct vmsg *m)
{
	int result;

	spin_lock(&to->lock);
	result = vmsg_park_locked(from, to, m);
	spin_unlock(&to->lock);
	/* The driver may have added buffers, and kicked, before the message was
	 * in the list: see vmsg_ready(). */
	if (result == VMSG_PARKED && vmsg_drain(to)) {
		vmsg_tend_soon(from->domain);
	}
	return result;
}

/* --- sending -------------------------------------------------------------- */

/*
 * Hot. It is parked behind those that wait: else it would come before others of
 * the same sender, which a drain in progress counts until they are delivered.
 */
static int vmsg_send_to(struct vmsg_node *from, struct vmsg_node *to,
			struct vmsg *m)
{
	uint32_t len = m->len;

	if (unlikely(to == NULL || to == from || !READ_ONCE(to->up))) {
		return -ERR_NOENT;
	}
	m->from = from;
	m->moved = 0;
	/* Pairs with the release of the lock in vmsg_move(). */
	if (__atomic_load_n(&to->parked, __ATOMIC_ACQUIRE) == 0 &&
	    (READ_ONCE(to->peers) & BIT(from->index)) != 0) {
		switch (to->ops->deliver(to, from->address, m)) {
		case VMSG_TAKEN:
			from->touched |= BIT(to->index);
			vmsg_count_delivered(from, to, len);
			return VMSG_DELIVERED;
		case VMSG_TURNED_DOWN:
			return -ERR_NOENT;
		case VMSG_FULL:
		case VMSG_LATER:
			break;
		}
		from->touched |= BIT(to->index);
	}
	return vmsg_park(from, to, m);
}

static int vmsg_sent(struct vmsg_node *n, uint32_t address,
		     const struct vmsg *m, int result)
{
	if (result == -ERR_NOENT) {
		vmsg_add(&n->counts.refused, 1);
	}
	if (unlikely(READ_ONCE(vmsg_watchers) != 0)) {
		vmsg_watch_add(n, address, m, result);
	}
	return result;
}

int vmsg_send(struct vmsg_node *n, uint32_t address, struct vmsg *m)
{
	unsigned long flags = arch_irq_save();
	/* Pairs with vmsg_node_attach(): whoever finds the domain finds the
	 * node's index and address. */
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	int result = -ERR_NOENT;

	if (likely(d != NULL)) {
		result = vmsg_send_to(n, vmsg_find(d, n->kind, address), m);
		result = vmsg_sent(n, address, m, result);
	}
	arch_irq_restore(flags);
	return result;
}

int vmsg_send_peer(struct vmsg_node *n, unsigned int number, struct vmsg *m)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	struct vmsg_node *to;
	int result = -ERR_NOENT;

	if (d != NULL && number < VMSG_NODES_MAX) {
		to = __atomic_load_n(&d->node[number], __ATOMIC_ACQUIRE);
		if (to != NULL && to->kind == n->kind) {
			result = vmsg_send_to(n, to, m);
			result = vmsg_sent(n, to->address, m, result);
		}
	}
	arch_irq_restore(flags);
	return result;
}

void vmsg_flush(struct vmsg_node *n)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	uint64_t left = n->touched;

	n->touched = 0;
	for (; d != NULL && left != 0; left &= left - 1) {
		struct vmsg_node *to = __atomic_load_n(
			&d->node[__builtin_ctzll(left)], __ATOMIC_ACQUIRE);

		if (to != NULL && to->ops->flush != NULL) {
			to->ops->flush(to);
		}
	}
	arch_irq_restore(flags);
}

uint64_t vmsg_peers(const struct vmsg_node *n)
{
	return READ_ONCE(n->peers);
}

/* --- taking back ---------------------------------------------------------- */

/* The first of the node's messages that wait for `to` and may be taken; NULL:
 * there is none. */
static struct vmsg *vmsg_take_one(struct vmsg_node *to, unsigned int index)
{
	struct vmsg *m, *found = NULL;

	spin_lock(&to->lock);
	if ((to->waiting & BIT(index)) != 0) {
		to->pair[index].blocked = false;
		list_for_each(m, &to->pair[index].waiting, link) {
			if (!m->moving) {
				found = m;
				break;
			}
		}
	}
	if (found != NULL) {
		(void)vmsg_unpark(to, found);
	}
	spin_unlock(&to->lock);
	return found;
}

bool vmsg_take_back(struct vmsg_domain *d, struct vmsg_node *n)
{
	unsigned int taken = 0;

	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct vmsg_node *to =
			__atomic_load_n(&d->node[i], __ATOMIC_ACQUIRE);
		struct vmsg *m;

		while (to != NULL &&
		       (m = vmsg_take_one(to, n->index)) != NULL) {
			m->done(m, VMSG_CANCELLED);
			if (++taken == VMSG_BATCH) {
				return true;
			}
		}
	}
	return false;
}

bool vmsg_cancel(struct vmsg_node *n)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	bool more = d != NULL && vmsg_take_back(d, n);

	arch_irq_restore(flags);
	return more;
}

bool vmsg_give_up(struct vmsg_node *n, uint32_t address, uint32_t ms)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	struct vmsg_node *to = d != NULL ? vmsg_find(d, n->kind, address)
					 : NULL;
	unsigned int taken = 0;
	struct vmsg *m;

	if (to != NULL) {
		struct vmsg_pair *pair = &to->pair[n->index];

		/* First, so that none is parked behind those taken back. */
		spin_lock(&to->lock);
		pair->shut_until = time_now() + ms_to_ticks(ms);
		pair->shut_epoch = to->epoch;
		spin_unlock(&to->lock);
		if (to->ops->given_up != NULL) {
			to->ops->given_up(to, n->address);
		}
		while (taken < VMSG_BATCH &&
		       (m = vmsg_take_one(to, n->index)) != NULL) {
			m->done(m, VMSG_CANCELLED);
			taken++;
		}
	}
	arch_irq_restore(flags);
	return taken == VMSG_BATCH;
}
