/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed virtqueues (VirtIO 1.2, 2.8). */
#include <arch/cpu.h>
#include <libs/error.h>

#include "virtqueue_priv.h"

/* Bytes from the start of the ring. */
#define DESC(i) ((uint32_t)sizeof(struct virtq_packed_desc) * (uint32_t)(i))
#define DESC_FIELD(i, field) \
	(DESC(i) + (uint32_t)offsetof(struct virtq_packed_desc, field))

/* Walk a table, whose buffers follow one another; only WRITE of their flags
 * counts (2.8.7). */
static int walk_table(struct virtqueue *vq, struct virtq_chain *chain,
		      const struct virtq_raw *at)
{
	struct virtq_table t;
	struct virtq_raw d;
	int err = table_open(vq, at->addr, at->len, &t);

	for (uint32_t i = 0; !err && i < t.n; i++) {
		err = table_read(vq, &t, i, &d);
		if (!err) {
			err = chain_add(vq, chain, d.addr, d.len,
					d.fourth & VIRTQ_DESC_F_WRITE);
		}
	}
	return err;
}

/* Walk a chain from descriptor `at` on. The chain's id is in its last
 * descriptor. */
static int walk(struct virtqueue *vq, struct virtq_chain *chain, uint16_t at)
{
	struct virtq_raw d;
	int err;

	for (uint16_t n = 1; n <= vq->size; n++) {
		d = read_desc(area_at(&vq->desc, DESC(at)));
		chain->ndescs = n;
		chain->id = d.third;
		if (d.fourth & VIRTQ_DESC_F_INDIRECT) {
			/*
			 * 2.8.19: an indirect descriptor must be the only one.
			 */
			if (unlikely(n > 1 || d.fourth & VIRTQ_DESC_F_NEXT)) {
				return ring_fault(vq, "a table in a chain");
			}
			return walk_table(vq, chain, &d);
		}
		err = chain_add(vq, chain, d.addr, d.len,
				d.fourth & VIRTQ_DESC_F_WRITE);
		if (err || !(d.fourth & VIRTQ_DESC_F_NEXT)) {
			return err;
		}
		at = (uint16_t)(at + 1 == vq->size ? 0 : at + 1);
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

	for (uint32_t i = 0; table && i < size; i++) {
		d = read_desc(table + DESC(i));
		if (!usual_add(u, d.addr, d.len,
			       d.fourth & VIRTQ_DESC_F_WRITE)) {
			return false;
		}
	}
	return table != NULL;
}

/* From the next descriptor on; how many there are, 0: it is not usual. */
static inline uint16_t usual_walk(struct virtqueue *vq,
				  struct virtq_chain *chain, struct usual *u)
{
	const uint8_t *ring = vq->desc.flat;
	uint16_t at = vq->next;
	struct virtq_raw d;

	if (unlikely(!usual_begin(vq, chain, u) || !ring)) {
		return 0;
	}
	for (uint16_t n = 1; n <= vq->size; n++) {
		d = read_desc(ring + DESC(at));
		chain->id = d.third;
		if (d.fourth & VIRTQ_DESC_F_INDIRECT) {
			return n == 1 && !(d.fourth & VIRTQ_DESC_F_NEXT) &&
			       usual_walk_table(vq, u, &d);
		}
		if (!usual_add(u, d.addr, d.len,
			       d.fourth & VIRTQ_DESC_F_WRITE)) {
			return 0;
		}
		if (!(d.fourth & VIRTQ_DESC_F_NEXT)) {
			return n;
		}
		at = (uint16_t)(at + 1 == vq->size ? 0 : at + 1);
	}
	return 0;
}

bool packed_pending(const struct virtqueue *vq)
{
	/* The driver writes these flags last, so the rest of the descriptor is
	 * read after them (2.8.21.1). */
	uint16_t flags =
		load_acquire(area_at(&vq->desc, DESC_FIELD(vq->next, flags)));

	return (flags & VIRTQ_PACKED_F_BOTH) ==
	       virtq_packed_available(vq->avail_wrap);
}

static __noinline int pop_thoroughly(struct virtqueue *vq,
				     struct virtq_chain *chain)
{
	int err;

	chain_begin(chain);
	err = walk(vq, chain, vq->next);
	if (!err) {
		err = chain_end(vq, chain);
	}
	if (err) {
		return err;
	}
	virtq_packed_advance(vq->size, &vq->next, &vq->avail_wrap,
			     chain->ndescs);
	return 1;
}

int packed_pop(struct virtqueue *vq, struct virtq_chain *chain)
{
	struct usual u;
	uint16_t n;

	if (!packed_pending(vq)) {
		return 0;
	}
	n = usual_walk(vq, chain, &u);
	if (likely(n > 0 && usual_end(vq, chain, &u, n))) {
		virtq_packed_advance(vq->size, &vq->next, &vq->avail_wrap, n);
		return 1;
	}
	return pop_thoroughly(vq, chain);
}

void packed_unpop(struct virtqueue *vq, const struct virtq_chain *chain)
{
	if (vq->next < chain->ndescs) {
		vq->next = (uint16_t)(vq->next + vq->size);
		vq->avail_wrap = !vq->avail_wrap;
	}
	vq->next = (uint16_t)(vq->next - chain->ndescs);
}

void packed_push(struct virtqueue *vq, const struct virtq_chain *chain,
		 uint32_t written)
{
	uint16_t flags = (uint16_t)(virtq_packed_used(vq->used_wrap) |
				    (written ? VIRTQ_DESC_F_WRITE : 0));

	store_32(area_at(&vq->desc, DESC_FIELD(vq->used, len)), written);
	store_16(area_at(&vq->desc, DESC_FIELD(vq->used, id)), chain->id);
	if (vq->unshown) {
		store_release(area_at(&vq->desc, DESC_FIELD(vq->used, flags)),
			      flags);
	} else {
		/* The driver takes used descriptors in order: while it does not
		 * see this one, it sees none of those behind it. */
		vq->unshown = true;
		vq->first = vq->used;
		vq->first_flags = flags;
	}
	virtq_packed_advance(vq->size, &vq->used, &vq->used_wrap,
			     chain->ndescs);
}

bool packed_show(struct virtqueue *vq)
{
	if (!vq->unshown) {
		return false;
	}
	vq->unshown = false;
	/* Pairs with the driver's reading of a descriptor after its flags. */
	store_release(area_at(&vq->desc, DESC_FIELD(vq->first, flags)),
		      vq->first_flags);
	return true;
}

bool packed_due(struct virtqueue *vq)
{
	uint32_t event = READ_ONCE(*(const uint32_t *)area_at(&vq->driver, 0));
	uint16_t flags = VIRTQ_PACKED_EVENT_FLAGS(event);
	bool due = flags != VIRTQ_PACKED_EVENT_DISABLE;

	if (flags == VIRTQ_PACKED_EVENT_DESC && vq->event_idx) {
		due = virtq_packed_need_event((uint16_t)event, vq->size,
					      vq->used, vq->used_wrap, vq->told,
					      vq->told_wrap);
	}
	vq->told = vq->used;
	vq->told_wrap = vq->used_wrap;
	return due;
}

void packed_kicks(struct virtqueue *vq, bool on)
{
	uint32_t event = VIRTQ_PACKED_EVENT(VIRTQ_PACKED_EVENT_DISABLE);

	if (on && vq->event_idx) {
		event = virtq_packed_event_at(vq->next, vq->avail_wrap);
	} else if (on) {
		event = VIRTQ_PACKED_EVENT(VIRTQ_PACKED_EVENT_ENABLE);
	}
	store_32(area_at(&vq->device, 0), event);
}
