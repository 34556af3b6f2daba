/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is up, and who has been told of it. A node's epoch counts its changes:
 * odd, it is up. Its peers are told by a thread, which compares epochs with
 * what they were told last: so a guest that starts and stops its driver as fast
 * as it can causes no more work than one that does it now and then, and nobody
 * misses that a peer was down between two times that it was up.
 */
#include <arch/cpu.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <string.h>

#include "msg_priv.h"

struct spinlock vmsg_state_lock = SPINLOCK_INIT(LOCK_VMSG_STATE);

void vmsg_tend_soon(struct vmsg_domain *d)
{
	if (__atomic_exchange_n(&d->tending, true, __ATOMIC_ACQ_REL)) {
		return;
	}
	if (time_now() >= READ_ONCE(d->next)) {
		work_queue(&d->work);
	} else {
		timer_set(&d->timer, READ_ONCE(d->next));
	}
}

void vmsg_tend_timer(struct timer *t)
{
	work_queue(&container_of(t, struct vmsg_domain, timer)->work);
}

/* --- changes -------------------------------------------------------------- */

/* [S], interrupts masked. All messages that wait for the node are of an older
 * epoch from now on: vmsg_drain() refuses them. */
static void vmsg_change(struct vmsg_node *n, bool up)
{
	spin_lock(&n->lock);
	WRITE_ONCE(n->up, up);
	WRITE_ONCE(n->epoch, n->epoch + 1);
	spin_unlock(&n->lock);
}

void vmsg_up(struct vmsg_node *n)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_state_lock);
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);

	if (!n->up) {
		vmsg_change(n, true);
		if (d != NULL) {
			vmsg_tend_soon(d);
		}
	}
	spin_unlock_irqrestore(&vmsg_state_lock, flags);
}

/* [S]. Nobody sends to the node, or is sent to by it, until it was told of its
 * next time. */
static void vmsg_separate(struct vmsg_domain *d, struct vmsg_node *n)
{
	n->peers = 0;
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct vmsg_node *peer =
			__atomic_load_n(&d->node[i], __ATOMIC_ACQUIRE);

		if (peer != NULL) {
			WRITE_ONCE(peer->peers, peer->peers & ~BIT(n->index));
		}
	}
}

void vmsg_down(struct vmsg_node *n)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_state_lock);
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	bool was_up = n->up;

	if (was_up) {
		vmsg_change(n, false);
		if (d != NULL) {
			vmsg_separate(d, n);
		}
	}
	spin_unlock(&vmsg_state_lock);
	if (was_up && d != NULL) {
		vmsg_names_end(d, n->index);
		vmsg_tend_soon(d);
	}
	arch_irq_restore(flags);
}

/* --- telling; vmsg_mutex is held ------------------------------------------ */

static void vmsg_tell_peer(struct vmsg_node *n, uint32_t address, bool up)
{
	if (n->ops->peer != NULL) {
		n->ops->peer(n, address, up);
	}
}

/* The node has been told of this state of its peer; messages may pass, unless
 * one of the two has changed again. */
static void vmsg_introduce(struct vmsg_node *n, const struct vmsg_node *peer,
			   uint32_t epoch)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_state_lock);

	n->seen[peer->index] = epoch;
	if ((epoch & 1) != 0 && epoch == peer->epoch &&
	    n->told_epoch == n->epoch) {
		WRITE_ONCE(n->peers, n->peers | BIT(peer->index));
		(void)__atomic_fetch_or(&n->notices, BIT(peer->index),
					__ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&vmsg_state_lock, flags);
}

static void vmsg_tell_of(struct vmsg_node *n, const struct vmsg_node *peer)
{
	uint32_t epoch = READ_ONCE(peer->epoch);
	uint32_t seen = n->seen[peer->index];

	if (seen == epoch) {
		return;
	}
	if ((seen & 1) != 0) {
		vmsg_tell_peer(n, peer->address, false);
	}
	if ((epoch & 1) != 0) {
		vmsg_tell_peer(n, peer->address, true);
	}
	vmsg_introduce(n, peer, epoch);
}

/* Tell a node all that has changed among its peers. */
static void vmsg_tell(struct vmsg_domain *d, struct vmsg_node *n)
{
	uint32_t epoch = READ_ONCE(n->epoch);

	if (n->told_epoch != epoch) {
		/* It knows nothing of what it was told before. */
		vmsg_names_forget(d, n);
		memset(n->seen, 0, sizeof(n->seen));
		__atomic_store_n(&n->told_epoch, epoch, __ATOMIC_RELEASE);
	}
	for (unsigned int i = 0; (epoch & 1) != 0 && i < VMSG_NODES_MAX; i++) {
		const struct vmsg_node *peer = d->node[i];

		if (peer != NULL && peer != n && peer->kind == n->kind) {
			vmsg_tell_of(n, peer);
		}
	}
	if ((epoch & 1) != 0 && READ_ONCE(n->notices) != 0 &&
	    n->ops->notice != NULL) {
		n->ops->notice(n);
	}
}

/* Deliver, or refuse, what waits for the node. True: there is more. */
static bool vmsg_drain_rounds(struct vmsg_node *n)
{
	bool more = READ_ONCE(n->parked) != 0;

	for (unsigned int i = 0; more && i < VMSG_TEND_ROUNDS; i++) {
		unsigned long flags = arch_irq_save();

		more = vmsg_drain(n);
		arch_irq_restore(flags);
	}
	return more;
}

void vmsg_tend(struct work *w)
{
	struct vmsg_domain *d = container_of(w, struct vmsg_domain, work);
	bool more = false;

	mutex_lock(&vmsg_mutex);
	WRITE_ONCE(d->next, time_now() + ms_to_ticks(VMSG_TEND_MS));
	/* First: what is asked for from now on is done after this. */
	__atomic_store_n(&d->tending, false, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (d->node[i] != NULL) {
			vmsg_tell(d, d->node[i]);
		}
	}
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		more |= d->node[i] != NULL && vmsg_drain_rounds(d->node[i]);
	}
	mutex_unlock(&vmsg_mutex);
	if (more) {
		unsigned long flags = arch_irq_save();

		vmsg_tend_soon(d);
		arch_irq_restore(flags);
	}
}

/* --- parting -------------------------------------------------------------- */

static void vmsg_part_peer(struct vmsg_node *n, struct vmsg_node *peer)
{
	bool told = (n->seen[peer->index] & 1) != 0;

	n->seen[peer->index] = 0;
	if (told && (READ_ONCE(n->epoch) & 1) != 0 &&
	    n->told_epoch == READ_ONCE(n->epoch)) {
		vmsg_tell_peer(n, peer->address, false);
	}
}

void vmsg_part(struct vmsg_domain *d, struct vmsg_node *n)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_state_lock);

	vmsg_separate(d, n);
	spin_unlock_irqrestore(&vmsg_state_lock, flags);
	vmsg_names_end(d, n->index);
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct vmsg_node *peer = d->node[i];

		if (peer != NULL && peer->kind == n->kind) {
			vmsg_part_peer(peer, n);
			vmsg_part_peer(n, peer);
		}
	}
	/* The names it knows end for it, too, as far as it has buffers. */
	if (n->kind->announces && (READ_ONCE(n->epoch) & 1) != 0 &&
	    n->ops->notice != NULL) {
		__atomic_store_n(&n->leaving, d, __ATOMIC_RELEASE);
		__atomic_store_n(&n->notices, UINT64_MAX, __ATOMIC_RELEASE);
		n->ops->notice(n);
		__atomic_store_n(&n->leaving, NULL, __ATOMIC_RELEASE);
		cpu_quiesce();
	}
	n->notices = 0;
	vmsg_names_forget(d, n);
	/* Its peers are told of its names. */
	flags = arch_irq_save();
	vmsg_tend_soon(d);
	arch_irq_restore(flags);
}

void vmsg_pause(struct vmsg_node *n, bool paused)
{
	struct vmsg_domain *d;

	mutex_lock(&vmsg_mutex);
	vmsg_hold(n, VMSG_HELD_PAUSED, paused);
	cpu_quiesce();
	d = n->domain;
	if (!paused && d != NULL) {
		unsigned long flags = arch_irq_save();

		vmsg_tend_soon(d);
		arch_irq_restore(flags);
	}
	mutex_unlock(&vmsg_mutex);
}
