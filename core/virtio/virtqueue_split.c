/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Split virtqueues (VirtIO 1.2, 2.7). */
#include <arch/cpu.h>
#include <libs/error.h>

#include "virtqueue_priv.h"

/* Bytes from the start of the table, and of the available and the used ring. */
#define DESC(i) ((uint32_t)sizeof(struct virtq_desc) * (uint32_t)(i))
#define AVAIL_FLAGS ((uint32_t)offsetof(struct virtq_avail, flags))
#define AVAIL_IDX ((uint32_t)offsetof(struct virtq_avail, idx))
#define AVAIL_RING(i) \
	((uint32_t)offsetof(struct virtq_avail, ring) + \
	 (uint32_t)sizeof(uint16_t) * (uint32_t)(i))
#define USED_FLAGS ((uint32_t)offsetof(struct virtq_used, flags))
#define USED_IDX ((uint32_t)offsetof(struct virtq_used, idx))
#define USED_ELEM(i) \
	((uint32_t)offsetof(struct virtq_used, ring) + \
	 (uint32_t)sizeof(struct virtq_used_elem) * (uint32_t)(i))
#define USED_ID(i) \
	(USED_ELEM(i) + (uint32_t)offsetof(struct virtq_used_elem, id))
#define USED_LEN(i) \
	(USED_ELEM(i) + (uint32_t)offsetof(struct virtq_used_elem, len))
/* Behind the last entry of the rings of a queue of n (2.7.10). */
#define USED_EVENT(n) AVAIL_RING(n)
#define AVAIL_EVENT(n) USED_ELEM(n)

static uint32_t slot(const struct virtqueue *vq, uint16_t count)
{
	return count & (uint32_t)(vq->size - 1);
}

/* Read the driver's index, before the entries below it: pairs with the driver's
 * barrier in 2.7.13.3.1. */
static bool more(struct virtqueue *vq)
{
	vq->avail = load_acquire(area_at(&vq->driver, AVAIL_IDX));
	return vq->avail != vq->next;
}

/* Walk an indirect table, whose buffers are linked as those of the queue. */
static int walk_table(struct virtqueue *vq, struct virtq_chain *chain,
		      const struct virtq_raw *at)
{
	struct virtq_table t;
	struct virtq_raw d;
	uint64_t i = 0;
	int err = table_open(vq, at->addr, at->len, &t);

	if (err) {
		return err;
	}
	for (uint32_t n = 0; n < t.n; n++) {
		if (unlikely(!arch_index_below(&i, t.n))) {
			return ring_fault(vq, "a link out of its table");
		}
		err = table_read(vq, &t, (uint32_t)i, &d);
		if (unlikely(err)) {
			return err;
		}
		if (unlikely(d.third & VIRTQ_DESC_F_INDIRECT)) {
			return ring_fault(vq, "a table in an indirect table");
		}
		err = chain_add(vq, chain, d.addr, d.len,
				d.third & VIRTQ_DESC_F_WRITE);
		if (err || !(d.third & VIRTQ_DESC_F_NEXT)) {
			return err;
		}
		i = d.fourth;
	}
	return ring_fault(vq, "a chain that loops");
}

static int walk(struct virtqueue *vq, struct virtq_chain *chain)
{
	uint64_t i = chain->id;
	struct virtq_raw d;
	int err;

	for (uint32_t n = 0; n < vq->size; n++) {
		if (unlikely(!arch_index_below(&i, vq->size))) {
			return ring_fault(vq, "a descriptor it does not have");
		}
		d = read_desc(area_at(&vq->desc, DESC(i)));
		if (d.third & VIRTQ_DESC_F_INDIRECT) {
			/* 2.7.5.3.1: no descriptor may follow a table. */
			if (unlikely(d.third & VIRTQ_DESC_F_NEXT)) {
				return ring_fault(vq, "a chain that goes on "
						      "behind a table");
			}
			return walk_table(vq, chain, &d);
		}
		err = chain_add(vq, chain, d.addr, d.len,
				d.third & VIRTQ_DESC_F_WRITE);
		if (err || !(d.third & VIRTQ_DESC_F_NEXT)) {
			return err;
		}
		i = d.fourth;
	}
	return ring_fault(vq, "a chain that loops");
}

/* The chain as an indirect table has it, the usual way. */
static bool usual_walk_table(const struct virtqueue *vq, struct usual *u,
			     const struct virtq_raw *at)
{
	const uint8_t *table = usual_table(vq, u, at);
	uint32_t size = at->len / sizeof(struct virtq_raw);
	struct virtq_raw d;
	uint64_t i = 0;

	for (uint32_t n = 0; table && n < size; n++) {
		if (unlikely(!arch_index_below(&i, size))) {
			return false;
		}
		d = read_desc(table + sizeof(d) * i);
		if (unlikely((d.third & VIRTQ_DESC_F_INDIRECT) ||
			     !usual_add(u, d.addr, d.len,
					d.third & VIRTQ_DESC_F_WRITE))) {
			return false;
		}
		if (!(d.third & VIRTQ_DESC_F_NEXT)) {
			return true;
		}
		i = d.fourth;
	}
	return false;
}

static inline bool usual_walk(struct virtqueue *vq,
			      const struct virtq_chain *chain, struct usual *u)
{
	const uint8_t *ring = vq->desc.flat;
	uint64_t i = chain->id;
	struct virtq_raw d;

	if (unlikely(!usual_begin(vq, chain, u) || !ring)) {
		return false;
	}
	for (uint32_t n = 0; n < vq->size; n++) {
		if (unlikely(!arch_index_below(&i, vq->size))) {
			return false;
		}
		d = read_desc(ring + sizeof(d) * i);
		if (d.third & VIRTQ_DESC_F_INDIRECT) {
			return !(d.third & VIRTQ_DESC_F_NEXT) &&
			       usual_walk_table(vq, u, &d);
		}
		if (!usual_add(u, d.addr, d.len,
			       d.third & VIRTQ_DESC_F_WRITE)) {
			return false;
		}
		if (!(d.third & VIRTQ_DESC_F_NEXT)) {
			return true;
		}
		i = d.fourth;
	}
	return false;
}

static __noinline int pop_thoroughly(struct virtqueue *vq,
				     struct virtq_chain *chain)
{
	int err;

	chain_begin(chain);
	chain->ndescs = 1; /* of the used ring */
	err = walk(vq, chain);
	if (!err) {
		err = chain_end(vq, chain);
	}
	if (err) {
		return err;
	}
	vq->next++;
	return 1;
}

int split_pop(struct virtqueue *vq, struct virtq_chain *chain)
{
	struct usual u;

	if (vq->next == vq->avail && !more(vq)) {
		return 0;
	}
	if (unlikely((uint16_t)(vq->avail - vq->next) > vq->size)) {
		return ring_fault(vq, "an available index that is too far");
	}
	chain->id = READ_ONCE(*(const uint16_t *)area_at(
		&vq->driver, AVAIL_RING(slot(vq, vq->next))));
	if (likely(usual_walk(vq, chain, &u) && usual_end(vq, chain, &u, 1))) {
		vq->next++;
		return 1;
	}
	return pop_thoroughly(vq, chain);
}

void split_push(struct virtqueue *vq, const struct virtq_chain *chain,
		uint32_t written)
{
	uint32_t i = slot(vq, vq->used);

	/* Written separately: an entry may lie on two pages. */
	store_32(area_at(&vq->device, USED_ID(i)), chain->id);
	store_32(area_at(&vq->device, USED_LEN(i)), written);
	vq->used++;
}

bool split_show(struct virtqueue *vq)
{
	if (vq->used == vq->told) {
		return false;
	}
	/* Pairs with the driver's read of entries after the index. */
	store_release(area_at(&vq->device, USED_IDX), vq->used);
	return true;
}

bool split_due(struct virtqueue *vq)
{
	uint16_t old = vq->told;

	vq->told = vq->used;
	if (vq->event_idx) {
		return virtq_need_event(
			READ_ONCE(*(const uint16_t *)area_at(
				&vq->driver, USED_EVENT(vq->size))),
			vq->used, old);
	}
	return !(READ_ONCE(
			 *(const uint16_t *)area_at(&vq->driver, AVAIL_FLAGS)) &
		 VIRTQ_AVAIL_F_NO_INTERRUPT);
}

void split_kicks(struct virtqueue *vq, bool on)
{
	if (vq->event_idx) {
		store_16(area_at(&vq->device, AVAIL_EVENT(vq->size)), vq->next);
	} else {
		store_16(area_at(&vq->device, USED_FLAGS),
			 on ? 0 : VIRTQ_USED_F_NO_NOTIFY);
	}
}

bool split_pending(struct virtqueue *vq)
{
	return vq->next != vq->avail || more(vq);
}
