/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of a virtqueue (VirtIO 1.2, 2.6 to 2.8), split or packed:
 * chains of buffers are taken from it and given back. docs/design/virtio.md.
 *
 * Nothing that the driver writes is trusted: each field is read once, checked,
 * then used, and every loop is bounded by VIRTQUEUE_SIZE_MAX. A faulty queue is
 * closed, and its device needs a reset (virtio_fault()).
 */
#ifndef CORE_VIRTQUEUE_H
#define CORE_VIRTQUEUE_H

#include <core/guest_memory.h>
#include <core/io_segment.h>
#include <core/spinlock.h>
#include <core/virtio_ring.h>
#include <libs/types.h>

struct virtio_device;

/* Most entries of a queue, and of an indirect table. */
#define VIRTQUEUE_SIZE_MAX 1024

/* Most pages of a part of a ring, anywhere in the guest's memory: the
 * descriptors of the largest queue, unaligned, take this many. */
#define VIRTQ_AREA_PAGES (VIRTQUEUE_SIZE_MAX * 16 / PAGE_SIZE + 1)

struct virtq_area {
	uint8_t *flat;   /* its first byte, if all lies together in the host */
	uint32_t offset; /* of its first byte on the first page */
	uint8_t *page[VIRTQ_AREA_PAGES];
};

/* [L] lock, [T] the transport's, with vd->lock held. */
struct virtqueue {
	struct spinlock lock;
	bool open;                        /* [L] chains can be taken */
	bool live;                        /* [L] and given back */
	bool broken;                      /* [L] the driver broke the rules */
	bool packed, event_idx, indirect; /* [L] as negotiated */
	bool single;                      /* [L] split: as the last chain was */
	bool kicks_off;             /* [L] the driver is told not to kick */
	bool avail_wrap, used_wrap; /* [L] packed: 2.8.1 */
	uint16_t size;              /* [L] entries */
	/* [L] Split: running counts. Packed: places of descriptors. */
	uint16_t next;  /* to be taken */
	uint16_t avail; /* split: the driver's count, as last read;
			   packed: none of them, UINT16_MAX */
	uint16_t used;  /* to be given back */
	uint16_t told;  /* `used` at the last decision on an interrupt */
	uint16_t taken; /* [L] chains taken and not given back */
	/* [L] Packed: the first descriptor given back since publish, whose
	 * flags are written last. */
	bool unshown, told_wrap;
	uint16_t first, first_flags;
	/* [L] Split: the words that each batch reads or writes. */
	struct {
		const uint16_t *avail, *used_event; /* the driver's */
		uint16_t *used, *avail_event;       /* the device's */
	} word;
	struct virtq_area desc, driver, device; /* [L] pinned while live */
	struct guest_memory_hint hint;          /* [L] */
	struct guest *guest;                    /* [I] */
	struct virtio_device *vd;               /* [I] */
	uint16_t index;                         /* [I] */
	uint16_t size_max;                      /* [I] */
	/* What the driver has set: addresses in its memory. */
	bool ready;                                /* [T] */
	uint16_t num;                              /* [T] */
	ipa_t desc_addr, driver_addr, device_addr; /* [T] */
	uint32_t pins;                             /* [T] */
	struct {
		uint64_t kicks, chains, interrupts;
	} stats; /* [L] */
};

/*
 * A chain of buffers. Whoever takes it provides an array for the parts, in
 * which the device-readable ones come first. The lists may be changed as the
 * data is used (core/io_segment.h).
 */
struct virtq_chain {
	struct io_segment *segs;
	uint16_t max;    /* parts that there is room for */
	uint16_t id;     /* of the chain, for the ring */
	uint16_t ndescs; /* that it takes there */
	struct io_list readable, writable;
	uint32_t readable_size, writable_size; /* bytes */
};

/* Take the queue's lock; interrupts are masked while it is held. Any
 * context. */
static inline unsigned long virtqueue_lock(struct virtqueue *vq)
{
	return spin_lock_irqsave(&vq->lock);
}

/* Release it, and restore what virtqueue_lock() returned. */
static inline void virtqueue_unlock(struct virtqueue *vq, unsigned long flags)
{
	spin_unlock_irqrestore(&vq->lock, flags);
}

/*
 * All these: any context, the queue's lock held.
 *
 * Take the next chain. Returns 1; 0 if there is none, or none may be taken now
 * (before DRIVER_OK, paused, broken); -ERR_FORMAT if the ring is wrong, which
 * includes a chain of more than chain->max parts: the device needs a reset. The
 * memory of a chain stays where it is until it is given back.
 */
int __must_check virtqueue_pop(struct virtqueue *vq, struct virtq_chain *chain);
/* Undo the last pop, and then the one before it. */
void virtqueue_unpop(struct virtqueue *vq, const struct virtq_chain *chain);
/* Give a chain back, in any order, after `written` bytes were written at the
 * start of its writable part. The driver sees it after virtqueue_publish(). */
void virtqueue_push(struct virtqueue *vq, const struct virtq_chain *chain,
		    uint32_t written);
/* Make the chains given back visible to the driver; true if it wants an
 * interrupt, by virtio_interrupt(), which needs no lock. */
bool __must_check virtqueue_publish(struct virtqueue *vq);
/* Ask the driver not to kick while a batch is processed, and to kick again.
 * kicks_on returns true if there is a chain now, for which no kick may come. */
void virtqueue_kicks_off(struct virtqueue *vq);
bool __must_check virtqueue_kicks_on(struct virtqueue *vq);
/*
 * After virtqueue_pop() has returned 1: how many more there may be, as far as
 * is known without reading the driver's index again; of a packed ring that is
 * not known, and the number is large. To take so many, and then to call
 * virtqueue_finish(), which reads it.
 */
static inline unsigned int virtqueue_seen(const struct virtqueue *vq)
{
	assert_held(&vq->lock);
	return (uint16_t)(vq->avail - vq->next);
}
/*
 * End a batch: virtqueue_publish() and virtqueue_kicks_on() with one barrier.
 */
#define VIRTQUEUE_DUE 1U  /* the driver wants an interrupt */
#define VIRTQUEUE_MORE 2U /* there is a chain, for which no kick may come */
unsigned int __must_check virtqueue_finish(struct virtqueue *vq);

/*
 * For core/virtio/device.c, vd->lock held: enable a queue with what the driver
 * has set (num, addresses): pinned, but not open yet. -ERR_INVAL: a size or an
 * alignment that the specification does not allow; -ERR_FAULT, -ERR_STATE: as
 * guest_pin(). virtqueue_stop() is the reverse, with no chain taken.
 */
int __must_check virtqueue_start(struct virtqueue *vq, uint64_t features);
void virtqueue_stop(struct virtqueue *vq);

#endif
