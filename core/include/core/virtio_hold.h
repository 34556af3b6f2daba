/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts for used buffers are held back for a moment, so that one interrupt
 * serves several requests (docs/design/virtio.md, "Interrupts"). This is done
 * while no VCPU of the guest waits for it: all of them are busy, and the driver
 * makes more requests meanwhile. The interrupt is raised as soon as one of the
 * VCPUs would wait, enough requests are done, or the time is over. If that was
 * of no use for a queue, its interrupts are not held back for a while.
 */
#ifndef CORE_VIRTIO_HOLD_H
#define CORE_VIRTIO_HOLD_H

#include <core/guest.h>
#include <core/time.h>
#include <core/virtqueue.h>
#include <libs/list.h>

/* Of a queue. [Q] its lock. */
struct virtq_hold {
	struct virtqueue *vq; /* [I] */
	struct list node;     /* [I] the guest's list */
	struct timer timer;   /* the time is over */
	bool on;              /* [Q] an interrupt is due, and held back */
	unsigned int done;    /* [Q] chains since the last interrupt */
	unsigned int idle;    /* [Q] interrupts that are not to be held back */
	unsigned int backoff; /* [Q] the last value of `idle` */
	ticks_t until;        /* [Q] */
	ticks_t longest;      /* [Q] that one is held back; 0: none is */
};

/* For a device's init and fini. Thread context, no VCPU runs. Nothing is held
 * back before virtq_hold_set(). */
void virtq_hold_init(struct virtq_hold *h, struct virtqueue *vq);
void virtq_hold_fini(struct virtq_hold *h);

/* Set how long an interrupt may be held back, in microseconds; 0: not at all.
 * One that is held back now is raised. Thread context. */
void virtq_hold_set(struct virtq_hold *h, uint32_t us);

/* A chain was given back. The queue's lock is held. */
static inline void virtq_hold_count(struct virtq_hold *h)
{
	h->done++;
}

/*
 * What is done has been published, and the driver wants an interrupt if `due`.
 * Returns whether it is to be raised now. Any context, the queue's lock held.
 */
bool __must_check virtq_hold(struct virtq_hold *h, bool due);

/* Raise what is held back: a VCPU of the guest is about to wait. Its trap
 * context. */
void virtio_raise_held(struct guest *g);

/* Is an interrupt of the guest held back? Any context. */
static inline bool virtio_holds(const struct guest *g)
{
	return IS_ENABLED(CONFIG_VIRTIO) && READ_ONCE(g->interrupts_held) != 0;
}

#endif
