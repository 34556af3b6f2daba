/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts that are held back: core/include/core/virtio_hold.h. */
#include <core/guest.h>
#include <core/vcpu.h>
#include <core/virtio.h>
#include <core/virtio_hold.h>

/* An interrupt is held back for this many chains, or the queue's time, at
 * most. */
#define HOLD_CHAINS 8
/* After it was of no use, at most this many interrupts are not held back. */
#define HOLD_BACKOFF_MAX 255
/* For guests with more VCPUs it is not done: each check takes longer with
 * them. */
#define HOLD_VCPUS 8

/*
 * Has each VCPU something to do? One that waits may wait for this interrupt, if
 * another takes it. Whether one begins to wait meanwhile cannot be known: then
 * the time bounds what is lost. One whose waits are not trapped is not known to
 * do anything.
 */
static bool all_busy(const struct guest *g)
{
	unsigned int n = g->cfg->vcpus;
	bool any = false;

	if (n > HOLD_VCPUS) {
		return false;
	}
	for (unsigned int i = 0; i < n; i++) {
		const struct vcpu *v = g->vcpus[i];
		enum vcpu_state state = READ_ONCE(v->state);

		if (state == VCPU_BLOCKED || READ_ONCE(v->native_wait)) {
			return false;
		}
		any |= state == VCPU_RUNNING;
	}
	return any;
}

static void begin(struct virtq_hold *h)
{
	h->on = true;
	h->until = time_now() + h->longest;
	(void)__atomic_add_fetch(&h->vq->guest->interrupts_held, 1,
				 __ATOMIC_SEQ_CST);
	/* Usually set already, for one that is over. */
	if (!timer_armed(&h->timer)) {
		timer_set(&h->timer, h->until);
	}
}

/* The interrupt is to be raised. Was it of use to wait? */
static void end(struct virtq_hold *h)
{
	h->on = false;
	(void)__atomic_sub_fetch(&h->vq->guest->interrupts_held, 1,
				 __ATOMIC_SEQ_CST);
	if (h->done > 1) {
		h->backoff = 0;
	} else {
		h->backoff = MIN(2 * h->backoff + 1, HOLD_BACKOFF_MAX);
		h->idle = h->backoff;
	}
}

bool virtq_hold(struct virtq_hold *h, bool due)
{
	assert_held(&h->vq->lock);
	if (h->on) {
		if (h->done < HOLD_CHAINS) {
			return false;
		}
		end(h);
	} else if (!due) {
		return false;
	} else if (h->idle > 0) {
		h->idle--;
	} else if (h->longest > 0 && h->done < HOLD_CHAINS &&
		   all_busy(h->vq->guest)) {
		begin(h);
		return false;
	}
	h->done = 0;
	return true;
}

/* The queue's lock must be held while the device is told (virtio.h). */
static void raise_locked(struct virtq_hold *h)
{
	assert_held(&h->vq->lock);
	end(h);
	h->done = 0;
	if (h->vq->live) {
		virtio_interrupt(h->vq);
	}
}

static void time_over(struct timer *t)
{
	struct virtq_hold *h = container_of(t, struct virtq_hold, timer);
	unsigned long flags = virtqueue_lock(h->vq);
	ticks_t until = h->on ? h->until : 0;

	if (h->on && time_now() >= until) {
		raise_locked(h);
		until = 0;
	}
	virtqueue_unlock(h->vq, flags);
	if (until) {
		timer_set(t, until);
	}
}

void virtio_raise_held(struct guest *g)
{
	struct virtq_hold *h;

	list_for_each(h, &g->held_queues, node) {
		unsigned long flags = virtqueue_lock(h->vq);

		if (h->on) {
			raise_locked(h);
		}
		virtqueue_unlock(h->vq, flags);
	}
}

void virtq_hold_set(struct virtq_hold *h, uint32_t us)
{
	unsigned long flags = virtqueue_lock(h->vq);

	h->longest = ns_to_ticks(UINT64_C(1000) * us);
	if (h->on) {
		raise_locked(h);
	}
	virtqueue_unlock(h->vq, flags);
}

void virtq_hold_init(struct virtq_hold *h, struct virtqueue *vq)
{
	h->vq = vq;
	timer_init(&h->timer, time_over);
	list_append(&vq->guest->held_queues, &h->node);
}

void virtq_hold_fini(struct virtq_hold *h)
{
	if (h->vq) {
		timer_cancel(&h->timer);
		if (h->on) {
			end(h);
		}
		list_remove(&h->node);
		h->vq = NULL;
	}
}
