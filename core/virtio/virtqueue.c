/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtqueues: enabling a queue, and what does not depend on the format of its
 * ring. Chains are walked in virtqueue_split.c and virtqueue_packed.c.
 * docs/design/virtio.md. */
#include <arch/cpu.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/virtio.h>
#include <core/virtqueue.h>
#include <libs/error.h>
#include <string.h>

#include "virtqueue_split.h"

int ring_fault(struct virtqueue *vq, const char *why)
{
	virtio_fault(vq->vd, vq, "queue %u: %s", vq->index, why);
	return -ERR_FORMAT;
}

/* --- chains -------------------------------------------------------------- */

void chain_begin(struct virtq_chain *chain)
{
	chain->readable = (struct io_list){ chain->segs, 0 };
	chain->writable = (struct io_list){ chain->segs, 0 };
	chain->readable_size = 0;
	chain->writable_size = 0;
}

int chain_add(struct virtqueue *vq, struct virtq_chain *chain, uint64_t addr,
	      uint32_t len, bool write)
{
	struct io_list *list = write ? &chain->writable : &chain->readable;
	uint32_t *size = write ? &chain->writable_size : &chain->readable_size;
	struct io_segment *s =
		chain->segs + chain->readable.n + chain->writable.n;

	/* 2.7.5: a chain has at most 2^32 bytes. */
	if (len > UINT32_MAX - chain->readable_size - chain->writable_size) {
		return ring_fault(vq, "a chain that is too long");
	}
	/* 2.7.4.2: what the device reads comes first. */
	if (len > 0 && !write && chain->writable.n > 0) {
		return ring_fault(vq, "a buffer to be read behind one to be "
				      "written");
	}
	*size += len;
	while (len > 0) {
		if (s == chain->segs + chain->max) {
			return ring_fault(vq, "a chain of too many parts");
		}
		if (!guest_segment(&vq->guest->memory, &vq->hint, IPA(addr),
				   len, write, s)) {
			return ring_fault(vq, "a buffer that is not RAM");
		}
		addr += s->size;
		len -= (uint32_t)s->size;
		s++;
		list->n++;
	}
	return 0;
}

int chain_end(struct virtqueue *vq, struct virtq_chain *chain)
{
	chain->writable.segs = chain->segs + chain->readable.n;
	/* More entries are in use than there are: some were made available
	 * twice. */
	if (unlikely(chain->ndescs > vq->size - vq->taken)) {
		return ring_fault(vq, "more available than it has entries");
	}
	vq->taken = (uint16_t)(vq->taken + chain->ndescs);
	vq->stats.chains++;
	return 0;
}

/* --- indirect tables ----------------------------------------------------- */

int table_open(struct virtqueue *vq, uint64_t addr, uint32_t len,
	       struct virtq_table *t)
{
	t->addr = addr;
	t->n = len / sizeof(struct virtq_desc);
	if (unlikely(!vq->indirect)) {
		return ring_fault(vq, "an indirect table, not negotiated");
	}
	if (unlikely(t->n == 0 || t->n > VIRTQUEUE_SIZE_MAX ||
		     len % sizeof(struct virtq_desc))) {
		return ring_fault(vq, "an indirect table of a wrong size");
	}
	if (unlikely(!guest_segment(&vq->guest->memory, &vq->hint, IPA(addr),
				    len, false, &t->head))) {
		return ring_fault(vq, "an indirect table that is not RAM");
	}
	return 0;
}

/* Read an entry that lies in another segment of memory than the table's start,
 * or in two, or is not aligned: nothing requires that tables be aligned. */
static int table_gather(struct virtqueue *vq, uint64_t addr,
			struct virtq_raw *d)
{
	uint8_t *to = (uint8_t *)d;
	size_t left = sizeof(*d);
	struct io_segment s;

	while (left) {
		if (!guest_segment(&vq->guest->memory, &vq->hint, IPA(addr),
				   left, false, &s)) {
			return ring_fault(vq,
					  "an indirect table that is not RAM");
		}
		memcpy(to, s.va, s.size);
		to += s.size;
		addr += s.size;
		left -= s.size;
	}
	return 0;
}

int table_read(struct virtqueue *vq, const struct virtq_table *t, uint32_t i,
	       struct virtq_raw *d)
{
	size_t at = i * sizeof(*d);

	if (likely(at + sizeof(*d) <= t->head.size && !(t->addr & 7))) {
		*d = read_desc((const uint8_t *)t->head.va + at);
		return 0;
	}
	return table_gather(vq, t->addr + at, d);
}

/* --- the queue ----------------------------------------------------------- */

int virtqueue_pop(struct virtqueue *vq, struct virtq_chain *chain)
{
	assert_held(&vq->lock);
	if (!vq->open) {
		return 0;
	}
	return vq->packed ? packed_pop(vq, chain) : split_pop(vq, chain);
}

void virtqueue_unpop(struct virtqueue *vq, const struct virtq_chain *chain)
{
	assert_held(&vq->lock);
	vq->taken = (uint16_t)(vq->taken - chain->ndescs);
	vq->stats.chains--;
	if (vq->packed) {
		packed_unpop(vq, chain);
	} else {
		vq->next--;
	}
}

void virtqueue_push(struct virtqueue *vq, const struct virtq_chain *chain,
		    uint32_t written)
{
	assert_held(&vq->lock);
	assert(vq->taken >= chain->ndescs);
	vq->taken = (uint16_t)(vq->taken - chain->ndescs);
	if (!vq->live) {
		return; /* 2.1: the driver has reset it */
	}
	if (vq->packed) {
		packed_push(vq, chain, written);
	} else {
		split_push(vq, chain, written);
	}
}

static inline bool show(struct virtqueue *vq)
{
	return vq->live && (vq->packed ? packed_show(vq) : split_show(vq));
}

/*
 * Called after a barrier that pairs with the driver's between enabling
 * interrupts and checking for used buffers (2.7.14, 2.8.14): at least one side
 * sees the other's write.
 */
static inline bool is_due(struct virtqueue *vq)
{
	bool due = vq->packed ? packed_due(vq) : split_due(vq);

	vq->stats.interrupts += due;
	return due;
}

bool virtqueue_publish(struct virtqueue *vq)
{
	assert_held(&vq->lock);
	if (!show(vq)) {
		return false;
	}
	arch_mb();
	return is_due(vq);
}

void virtqueue_kicks_off(struct virtqueue *vq)
{
	assert_held(&vq->lock);
	if (!vq->packed && vq->event_idx) {
		return; /* the driver has passed the last value: it is silent */
	}
	if (vq->open && !vq->kicks_off) {
		vq->kicks_off = true;
		if (vq->packed) {
			packed_kicks(vq, false);
		} else {
			split_kicks(vq, false);
		}
	}
}

static inline void kicks_on(struct virtqueue *vq)
{
	vq->kicks_off = false;
	if (vq->packed) {
		packed_kicks(vq, true);
	} else {
		split_kicks(vq, true);
	}
}

/* Is there a chain to be taken? */
static inline bool pending(struct virtqueue *vq)
{
	assert_held(&vq->lock);
	if (!vq->open) {
		return false;
	}
	return vq->packed ? packed_pending(vq) : split_pending(vq);
}

bool virtqueue_kicks_on(struct virtqueue *vq)
{
	assert_held(&vq->lock);
	if (!vq->open) {
		return false;
	}
	kicks_on(vq);
	/*
	 * Pairs with the driver's barrier between making buffers available and
	 * reading whether to kick (2.7.13.4.1): at least one side sees the
	 * other's write.
	 */
	arch_mb();
	return pending(vq);
}

unsigned int virtqueue_finish(struct virtqueue *vq)
{
	bool shown = show(vq);
	unsigned int what = 0;

	assert_held(&vq->lock);
	if (vq->open) {
		kicks_on(vq);
	}
	arch_mb(); /* as for the two above */
	if (shown && is_due(vq)) {
		what |= VIRTQUEUE_DUE;
	}
	if (pending(vq)) {
		what |= VIRTQUEUE_MORE;
	}
	return what;
}

/* --- start and stop ------------------------------------------------------ */

/* Pin [ipa, ipa + size) and remember its pages. */
static int area_pin(struct virtqueue *vq, struct virtq_area *area, ipa_t ipa,
		    uint32_t size, bool write)
{
	struct io_segment segs[VIRTQ_AREA_PAGES];
	uint32_t at = (uint32_t)(ipa.v & PAGE_MASK), end;
	int n = guest_pin(vq->guest, ipa, size, write, segs, ARRAY_SIZE(segs));

	if (n < 0) {
		return n;
	}
	vq->pins++;
	area->flat = n == 1 ? segs[0].va : NULL;
	area->offset = at;
	for (int i = 0; i < n; i++) {
		uint8_t *va = (uint8_t *)segs[i].va - at;

		/* Each segment begins where the one before ended: at a page
		 * boundary. */
		end = at + (uint32_t)segs[i].size;
		for (; at < end; at = (at | PAGE_MASK) + 1) {
			area->page[at >> PAGE_SHIFT] =
				va + ALIGN_DOWN(at, (uint32_t)PAGE_SIZE);
		}
		at = end;
	}
	return 0;
}

static void areas_unpin(struct virtqueue *vq)
{
	for (; vq->pins > 0; vq->pins--) {
		guest_unpin(vq->guest);
	}
}

struct ring_layout {
	uint32_t desc, driver, device; /* bytes */
	uint32_t desc_align, driver_align, device_align;
};

static struct ring_layout layout_of(const struct virtqueue *vq, bool packed)
{
	if (packed) {
		return (struct ring_layout){
			.desc = vq->num * sizeof(struct virtq_packed_desc),
			.driver = sizeof(struct virtq_packed_event),
			.device = sizeof(struct virtq_packed_event),
			.desc_align = VIRTQ_DESC_ALIGN,
			.driver_align = VIRTQ_PACKED_EVENT_ALIGN,
			.device_align = VIRTQ_PACKED_EVENT_ALIGN,
		};
	}
	return (struct ring_layout){
		.desc = virtq_desc_bytes(vq->num),
		.driver = virtq_avail_bytes(vq->num),
		.device = virtq_used_bytes(vq->num),
		.desc_align = VIRTQ_DESC_ALIGN,
		.driver_align = VIRTQ_AVAIL_ALIGN,
		.device_align = VIRTQ_USED_ALIGN,
	};
}

static bool layout_allowed(const struct virtqueue *vq, bool packed,
			   const struct ring_layout *l)
{
	if (vq->num == 0 || vq->num > vq->size_max) {
		return false;
	}
	if (!packed && (vq->num & (vq->num - 1))) {
		return false; /* 2.7: a power of two */
	}
	return IS_ALIGNED(vq->desc_addr.v, l->desc_align) &&
	       IS_ALIGNED(vq->driver_addr.v, l->driver_align) &&
	       IS_ALIGNED(vq->device_addr.v, l->device_align);
}

int virtqueue_start(struct virtqueue *vq, uint64_t features)
{
	bool packed = (features & VIRTIO_F_RING_PACKED) != 0;
	struct ring_layout l = layout_of(vq, packed);
	unsigned long flags;
	int err;

	if (!layout_allowed(vq, packed, &l)) {
		return -ERR_INVAL;
	}
	err = area_pin(vq, &vq->desc, vq->desc_addr, l.desc, packed);
	if (!err) {
		err = area_pin(vq, &vq->driver, vq->driver_addr, l.driver,
			       false);
	}
	if (!err) {
		err = area_pin(vq, &vq->device, vq->device_addr, l.device,
			       true);
	}
	if (err) {
		areas_unpin(vq);
		return err;
	}
	flags = virtqueue_lock(vq);
	vq->packed = packed;
	vq->event_idx = (features & VIRTIO_F_EVENT_IDX) != 0;
	vq->indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0;
	vq->size = vq->num;
	vq->kicks_off = vq->unshown = vq->broken = false;
	vq->single = true;
	vq->avail_wrap = vq->used_wrap = vq->told_wrap = true;
	vq->next = vq->used = vq->told = 0;
	vq->avail = packed ? UINT16_MAX : 0;
	if (!packed) {
		split_start(vq);
	}
	virtqueue_unlock(vq, flags);
	return 0;
}

void virtqueue_stop(struct virtqueue *vq)
{
	assert(vq->taken == 0 && !vq->live);
	areas_unpin(vq);
}
