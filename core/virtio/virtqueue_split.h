/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the parts of a split virtqueue are, and all that is done with it but
 * taking chains (VirtIO 1.2, 2.7): a few instructions each. */
#ifndef CORE_VIRTIO_VIRTQUEUE_SPLIT_H
#define CORE_VIRTIO_VIRTQUEUE_SPLIT_H

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

static inline uint32_t split_slot(const struct virtqueue *vq, uint16_t count)
{
	return count & (uint32_t)(vq->size - 1);
}

/* Find the words of a queue that has just been pinned. Each is aligned, and so
 * on one page. */
static inline void split_start(struct virtqueue *vq)
{
	vq->word.avail = area_at(&vq->driver, AVAIL_IDX);
	vq->word.used_event = area_at(&vq->driver, USED_EVENT(vq->size));
	vq->word.used = area_at(&vq->device, USED_IDX);
	vq->word.avail_event = area_at(&vq->device, AVAIL_EVENT(vq->size));
}

/* Read the driver's index, before the entries below it: pairs with the driver's
 * barrier in 2.7.13.3.1. */
static inline bool split_more(struct virtqueue *vq)
{
	vq->avail = load_acquire(vq->word.avail);
	return vq->avail != vq->next;
}

static inline void split_push(struct virtqueue *vq,
			      const struct virtq_chain *chain, uint32_t written)
{
	uint32_t i = split_slot(vq, vq->used);
	uint8_t *elem;

	if (likely(vq->device.flat != NULL)) {
		elem = vq->device.flat + USED_ELEM(0) +
		       sizeof(struct virtq_used_elem) * i;
		store_32(elem + offsetof(struct virtq_used_elem, id),
			 chain->id);
		store_32(elem + offsetof(struct virtq_used_elem, len), written);
	} else {
		/* Separately: an entry may lie on two pages. */
		store_32(area_at(&vq->device, USED_ID(i)), chain->id);
		store_32(area_at(&vq->device, USED_LEN(i)), written);
	}
	vq->used++;
}

/* Make used buffers visible to the driver; false if there are none. */
static inline bool split_show(struct virtqueue *vq)
{
	if (vq->used == vq->told) {
		return false;
	}
	/* Pairs with the driver's read of entries after the index. */
	store_release(vq->word.used, vq->used);
	return true;
}

/* After a full barrier: does the driver want an interrupt for them? */
static inline bool split_due(struct virtqueue *vq)
{
	uint16_t old = vq->told;

	vq->told = vq->used;
	if (vq->event_idx) {
		return virtq_need_event(READ_ONCE(*vq->word.used_event),
					vq->used, old);
	}
	return !(READ_ONCE(
			 *(const uint16_t *)area_at(&vq->driver, AVAIL_FLAGS)) &
		 VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* Off: without an event index only. */
static inline void split_kicks(struct virtqueue *vq, bool on)
{
	if (vq->event_idx) {
		store_16(vq->word.avail_event, vq->next);
	} else {
		store_16(area_at(&vq->device, USED_FLAGS),
			 on ? 0 : VIRTQ_USED_F_NO_NOTIFY);
	}
}

static inline bool split_pending(struct virtqueue *vq)
{
	return vq->next != vq->avail || split_more(vq);
}

#endif
