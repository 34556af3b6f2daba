/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doorbells: peers of a region interrupt each other. A vector of a peer is a
 * bit that is set, and an edge of its interrupt line. There is no lock: whoever
 * sets the first enabled bit sends the edge, and so does the peer itself if it
 * enables, or leaves, bits that are set. So no bit that is set after an
 * acknowledgement goes without an edge, and no guest waits for another.
 */
#include <arch/cpu.h>
#include <core/emulator.h>

#include "shared_priv.h"

void shared_raise(struct shared_window *w, uint32_t vectors)
{
	uint32_t old, enabled;

	if (unlikely(w->host)) {
		w->host->rung(w, vectors);
		return;
	}
	/* Before `enabled` is read: pairs with shared_enable(). */
	old = __atomic_fetch_or(&w->pending, vectors, __ATOMIC_SEQ_CST);
	enabled = __atomic_load_n(&w->enabled, __ATOMIC_SEQ_CST);
	if (!(old & enabled) && (vectors & enabled)) {
		emu_irq(w->dev, 0, true);
	}
}

uint32_t shared_acknowledge(struct shared_window *w, uint32_t vectors)
{
	uint32_t old =
		__atomic_fetch_and(&w->pending, ~vectors, __ATOMIC_SEQ_CST);

	/* Others see that bits were set, and send no edge for more. */
	if (old & ~vectors & __atomic_load_n(&w->enabled, __ATOMIC_SEQ_CST)) {
		emu_irq(w->dev, 0, true);
	}
	return old;
}

void shared_enable(struct shared_window *w, uint32_t vectors)
{
	__atomic_store_n(&w->enabled, vectors, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->pending, __ATOMIC_SEQ_CST) & vectors) {
		emu_irq(w->dev, 0, true);
	}
}

static struct shared_region *region_of(const struct shared_window *w)
{
	return __atomic_load_n(&w->region, __ATOMIC_ACQUIRE);
}

static struct shared_window *peer_of(const struct shared_region *r, uint32_t n)
{
	return __atomic_load_n(&r->peer[n], __ATOMIC_ACQUIRE);
}

void shared_ring(struct shared_window *w, uint32_t peer, uint32_t vector)
{
	struct shared_region *r = region_of(w);
	struct shared_window *to;
	uint64_t n = peer;

	if (!r || vector >= SHARED_VECTOR_STATUS ||
	    !arch_index_below(&n, SHARED_PEERS_MAX) ||
	    !(__atomic_load_n(&r->up, __ATOMIC_RELAXED) & BIT(n))) {
		return;
	}
	to = peer_of(r, (uint32_t)n);
	if (to) {
		WRITE_ONCE(w->rung, w->rung + 1);
		shared_raise(to, BIT(vector));
	}
}

uint32_t shared_peers_up(struct shared_window *w)
{
	const struct shared_region *r = region_of(w);

	return r ? __atomic_load_n(&r->up, __ATOMIC_ACQUIRE) : 0;
}

uint64_t shared_size(struct shared_window *w)
{
	const struct shared_region *r = region_of(w);

	return r ? r->size : 0;
}

void shared_tell(struct shared_region *r, const struct shared_window *but)
{
	uint32_t up = __atomic_load_n(&r->up, __ATOMIC_ACQUIRE);

	for (uint32_t n = 0; n < SHARED_PEERS_MAX; n++) {
		struct shared_window *w = peer_of(r, n);

		if (w && w != but && (up & BIT(n))) {
			shared_raise(w, BIT(SHARED_VECTOR_STATUS));
		}
	}
}

void shared_set_up(struct shared_window *w, bool up)
{
	struct shared_region *r = region_of(w);
	uint32_t bit, old;

	if (!r) {
		return;
	}
	bit = (uint32_t)BIT(w->number);
	old = up ? __atomic_fetch_or(&r->up, bit, __ATOMIC_ACQ_REL)
		 : __atomic_fetch_and(&r->up, ~bit, __ATOMIC_ACQ_REL);
	if (((old & bit) != 0) != up) {
		shared_tell(r, w);
	}
}
