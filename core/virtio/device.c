/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of VirtIO devices that does not depend on kind or transport:
 * features, status, creation and reset, and the answer to drivers that break
 * the rules. docs/design/virtio.md.
 */
#include <arch/cpu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/trace.h>
#include <core/virtio.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>

#define FAULT_TEXT 96

/* The status bits that a driver may set; NEEDS_RESET is set by the device. */
#define STATUS_OF_DRIVER \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
	 VIRTIO_STATUS_FAILED)

static uint32_t status_of(const struct virtio_device *vd)
{
	return __atomic_load_n(&vd->status, __ATOMIC_ACQUIRE);
}

static bool running(const struct virtio_device *vd)
{
	return (status_of(vd) & VIRTIO_STATUS_DRIVER_OK) != 0;
}

/* --- what a driver did wrong --------------------------------------------- */

void virtio_fault(struct virtio_device *vd, struct virtqueue *vq,
		  const char *fmt, ...)
{
	char text[FAULT_TEXT];
	uint32_t before;
	va_list ap;

	if (vq) {
		assert_held(&vq->lock);
		vq->broken = true;
		vq->open = false;
	}
	before = __atomic_fetch_or(&vd->status, VIRTIO_STATUS_NEEDS_RESET,
				   __ATOMIC_ACQ_REL);
	if (log_allow(&vd->limit)) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		log_warn("guest %s: %s: %s; it needs a reset", vd->guest->name,
			 vd->emu->name, text);
	}
	/* 2.1.2 */
	if ((before & VIRTIO_STATUS_DRIVER_OK) &&
	    !(before & VIRTIO_STATUS_NEEDS_RESET)) {
		vd->transport->config_interrupt(vd);
	}
}

/* --- queues -------------------------------------------------------------- */

/* Chains are taken while the driver runs and the guest is not paused. Legacy
 * drivers may use a queue before DRIVER_OK (3.1.2). vd->lock is held. */
static void open_queue(struct virtqueue *vq)
{
	struct virtio_device *vd = vq->vd;
	unsigned long flags = virtqueue_lock(vq);
	bool more;

	assert_held(&vd->lock);
	vq->live = vq->ready && (vd->legacy || running(vd));
	vq->open = vq->live && !vd->paused && !vq->broken;
	/* The driver must find the right setting, whatever was there before.
	 * For a chain that is available already, its kick has come or will
	 * come. */
	more = virtqueue_kicks_on(vq);
	(void)more;
	virtqueue_unlock(vq, flags);
}

static void close_queue(struct virtqueue *vq, bool live)
{
	unsigned long flags = virtqueue_lock(vq);

	vq->open = false;
	vq->live = vq->live && live;
	virtqueue_unlock(vq, flags);
}

/* Takes the lock, so that whoever has given back the last chain has left the
 * queue. */
static bool has_taken(struct virtqueue *vq)
{
	unsigned long flags = virtqueue_lock(vq);
	bool taken = vq->taken != 0;

	virtqueue_unlock(vq, flags);
	return taken;
}

static bool any_taken(struct virtio_device *vd)
{
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		if (has_taken(&vd->queues[i])) {
			return true;
		}
	}
	return false;
}

/* Disable a queue: nothing is taken from it. vd->lock is held. */
static void retire_queue(struct virtqueue *vq)
{
	if (vq->ready) {
		vq->ready = false;
		virtqueue_stop(vq);
	}
	vq->num = vq->size_max;
	vq->desc_addr = vq->driver_addr = vq->device_addr = IPA(0);
}

void virtio_queue_start(struct virtqueue *vq)
{
	struct virtio_device *vd = vq->vd;
	unsigned long flags = spin_lock_irqsave(&vd->lock);
	int err = 0;

	if (!vq->ready && !vd->resetting) {
		err = virtqueue_start(vq, vd->features);
		if (!err) {
			vq->ready = true;
			open_queue(vq);
		}
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	if (err) {
		virtio_fault(vd, NULL, "queue %u of %u entries: %s", vq->index,
			     vq->num, err_str(err));
	}
}

int virtio_queue_stop(struct virtqueue *vq)
{
	struct virtio_device *vd = vq->vd;
	unsigned long flags;
	bool busy;

	close_queue(vq, false);
	if (has_taken(vq) && vd->kind->cancel) {
		vd->kind->cancel(vd, vq);
	}
	flags = spin_lock_irqsave(&vd->lock);
	/* Another CPU may have enabled it again. */
	busy = has_taken(vq);
	if (!busy && !vq->live) {
		retire_queue(vq);
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	return busy ? -ERR_BUSY : 0;
}

void virtio_trace_queue(const struct virtqueue *vq, enum trace_event event)
{
	const struct virtio_device *vd = vq->vd;

	trace_write(event, vcpu_current()->id, (uint32_t)(vq - vd->queues),
		    trace_name(vd->guest->name), trace_name(vd->emu->name));
}

static int __noinline kick_traced(struct virtio_device *vd,
				  struct virtqueue *vq)
{
	virtio_trace_queue(vq, TRACE_KICK);
	return vd->kind->kick(vd, vq);
}

int virtio_kick(struct virtio_device *vd, uint32_t index)
{
	uint64_t i = index;
	struct virtqueue *vq;

	if (unlikely(!arch_index_below(&i, vd->nqueues))) {
		return 0;
	}
	vq = &vd->queues[i];
	if (unlikely(!READ_ONCE(vq->open))) {
		return 0;
	}
	vq->stats.kicks++;
	if (trace_on()) {
		return kick_traced(vd, vq);
	}
	return vd->kind->kick(vd, vq);
}

void virtio_done(struct virtqueue *vq, const struct virtq_chain *chain,
		 uint32_t written)
{
	unsigned long flags = virtqueue_lock(vq);

	virtqueue_push(vq, chain, written);
	if (virtqueue_publish(vq)) {
		virtio_interrupt(vq);
	}
	/* If this was the last chain, the device may be freed from here on. */
	virtqueue_unlock(vq, flags);
}

/* --- features and status ------------------------------------------------- */

uint32_t virtio_get_features(const struct virtio_device *vd, uint32_t half)
{
	return half > 1 ? 0 : (uint32_t)(vd->offered >> (32 * half));
}

void virtio_set_features(struct virtio_device *vd, uint32_t half, uint32_t v)
{
	unsigned long flags;
	uint64_t mask = UINT64_C(0xffffffff) << (32 * (half & 1));
	uint64_t chosen = (uint64_t)v << (32 * (half & 1));

	if (half > 1) {
		return;
	}
	flags = spin_lock_irqsave(&vd->lock);
	/* 2.2.1: features cannot change after FEATURES_OK. */
	if (!(vd->status & VIRTIO_STATUS_FEATURES_OK) && !vd->resetting) {
		vd->features = (vd->features & ~mask) | chosen;
	}
	spin_unlock_irqrestore(&vd->lock, flags);
}

/* 2.2.1, 6.2: only features that were offered, and all that the device
 * requires. */
static bool features_good(struct virtio_device *vd)
{
	if ((vd->features & ~vd->offered) ||
	    (!vd->legacy && !virtio_has(vd, VIRTIO_F_VERSION_1))) {
		return false;
	}
	return !vd->kind->accept || vd->kind->accept(vd);
}

/* Handle the status bits that are new: first features, then the queues.
 * vd->lock is held. True: the driver is running now. */
static bool raise_status(struct virtio_device *vd, uint32_t set)
{
	bool start;

	if ((set & VIRTIO_STATUS_FEATURES_OK) && !features_good(vd)) {
		set &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	}
	if (vd->legacy) {
		vd->features &=
			vd->offered; /* those of legacy drivers are cut */
	} else if (!((vd->status | set) & VIRTIO_STATUS_FEATURES_OK)) {
		set &= ~(uint32_t)VIRTIO_STATUS_DRIVER_OK; /* 3.1.1 */
	}
	start = (set & VIRTIO_STATUS_DRIVER_OK) && !running(vd);
	(void)__atomic_fetch_or(&vd->status, set, __ATOMIC_ACQ_REL);
	for (uint16_t i = 0; start && i < vd->nqueues; i++) {
		if (vd->queues[i].ready) {
			open_queue(&vd->queues[i]);
		}
	}
	return start;
}

/* Try to finish a reset; -ERR_BUSY while chains are being processed. */
static int try_reset(struct virtio_device *vd)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);

	vd->resetting = true;
	spin_unlock_irqrestore(&vd->lock, flags);
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		close_queue(&vd->queues[i], false);
		if (has_taken(&vd->queues[i]) && vd->kind->cancel) {
			vd->kind->cancel(vd, &vd->queues[i]);
		}
	}
	flags = spin_lock_irqsave(&vd->lock);
	/* Another CPU may have finished the reset already, and the driver
	 * started again. */
	if (vd->resetting) {
		if (any_taken(vd)) {
			spin_unlock_irqrestore(&vd->lock, flags);
			return -ERR_BUSY;
		}
		for (uint16_t i = 0; i < vd->nqueues; i++) {
			retire_queue(&vd->queues[i]);
		}
		vd->features = 0;
		__atomic_store_n(&vd->status, 0, __ATOMIC_RELEASE);
		if (vd->kind->reset) {
			vd->kind->reset(vd);
		}
		vd->resetting = false;
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	return 0;
}

int virtio_set_status(struct virtio_device *vd, uint32_t status)
{
	unsigned long flags;
	bool start = false;

	if (status == 0) {
		return try_reset(vd);
	}
	flags = spin_lock_irqsave(&vd->lock);
	if (!vd->resetting) {
		start = raise_status(vd, status & STATUS_OF_DRIVER);
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	if (start && vd->kind->start) {
		vd->kind->start(vd);
	}
	return 0;
}

/* --- configuration ------------------------------------------------------- */

unsigned long virtio_config_lock(struct virtio_device *vd)
{
	return spin_lock_irqsave(&vd->lock);
}

void virtio_config_unlock(struct virtio_device *vd, unsigned long flags,
			  bool changed)
{
	if (changed) {
		WRITE_ONCE(vd->generation, vd->generation + 1);
	}
	spin_unlock_irqrestore(&vd->lock, flags);
	if (changed && running(vd)) {
		vd->transport->config_interrupt(vd);
	}
}

static bool in_config(const struct virtio_device *vd, uint32_t off,
		      uint32_t size)
{
	return off < vd->kind->config_size &&
	       size <= vd->kind->config_size - off;
}

uint64_t virtio_config_read(struct virtio_device *vd, uint32_t off,
			    uint32_t size)
{
	unsigned long flags;
	uint64_t v;

	if (!in_config(vd, off, size) || !vd->kind->config_read) {
		return 0;
	}
	flags = spin_lock_irqsave(&vd->lock);
	v = vd->kind->config_read(vd, off, size);
	spin_unlock_irqrestore(&vd->lock, flags);
	return v;
}

void virtio_config_write(struct virtio_device *vd, uint32_t off, uint32_t size,
			 uint64_t value)
{
	unsigned long flags;

	if (!in_config(vd, off, size) || !vd->kind->config_write) {
		return;
	}
	flags = spin_lock_irqsave(&vd->lock);
	vd->kind->config_write(vd, off, size, value);
	spin_unlock_irqrestore(&vd->lock, flags);
}

/* --- life ---------------------------------------------------------------- */

static int alloc_queues(struct virtio_device *vd)
{
	vd->queues = heap_alloc_array(vd->nqueues, sizeof(*vd->queues));
	if (!vd->queues) {
		return -ERR_NOMEM;
	}
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		struct virtqueue *vq = &vd->queues[i];

		spin_init(&vq->lock, LOCK_VIRTQUEUE);
		vq->vd = vd;
		vq->guest = vd->guest;
		vq->index = i;
		vq->size_max = vd->kind->queue_size;
		vq->num = vq->size_max;
	}
	return 0;
}

int virtio_device_init(struct virtio_device *vd, const struct virtio_kind *kind,
		       struct emu_device *emu,
		       const struct virtio_transport *transport,
		       uint64_t ring_features)
{
	int err;

	vd->kind = kind;
	vd->emu = emu;
	vd->guest = emu->guest;
	vd->transport = transport;
	vd->nqueues = kind->max_queues;
	vd->offered = kind->features | ring_features;
	vd->limit = (struct log_limit)LOG_LIMIT_INIT;
	spin_init(&vd->lock, LOCK_DEVICE);
	assert(kind->queue_size <= VIRTQUEUE_SIZE_MAX);
	if (kind->state_size) {
		vd->state = heap_alloc(kind->state_size);
	}
	err = vd->state || !kind->state_size ? alloc_queues(vd) : -ERR_NOMEM;
	if (!err && kind->init) {
		err = kind->init(vd);
	}
	if (err) {
		heap_free(vd->queues);
		heap_free(vd->state);
		return err;
	}
	if (vd->legacy) {
		/* 6.3: the low 32 bits, and buffers with any layout. */
		vd->offered &= GENMASK(31, 0);
		vd->offered |= VIRTIO_F_ANY_LAYOUT;
	}
	return 0;
}

bool virtio_queue_counts(const struct virtio_device *vd, unsigned int n,
			 struct queue_counts *out)
{
	const struct virtqueue *vq;

	if (n >= vd->nqueues) {
		return false;
	}
	vq = &vd->queues[n];
	*out = (struct queue_counts){
		.entries = READ_ONCE(vq->live) ? READ_ONCE(vq->size) : 0,
		.requests = READ_ONCE(vq->stats.chains),
		.kicks = READ_ONCE(vq->stats.kicks),
		.interrupts = READ_ONCE(vq->stats.interrupts),
	};
	(void)snprintf(out->name, sizeof(out->name), "queue %u", n);
	if (vd->kind->count) {
		vd->kind->count(vd, vq, out);
	}
	return true;
}

/* Wait until nothing is taken from the queues. Thread context. */
static void quiesce(struct virtio_device *vd)
{
	while (any_taken(vd)) {
		sleep_ms(1);
	}
}

void virtio_device_reset(struct virtio_device *vd)
{
	while (try_reset(vd)) {
		sleep_ms(1);
	}
}

void virtio_device_stopped(struct virtio_device *vd)
{
	virtio_device_reset(vd);
}

void virtio_device_fini(struct virtio_device *vd)
{
	virtio_device_reset(vd);
	if (vd->kind->fini) {
		vd->kind->fini(vd);
	}
	heap_free(vd->queues);
	heap_free(vd->state);
}

static void set_paused(struct virtio_device *vd, bool paused)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);

	vd->paused = paused;
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		if (paused) {
			close_queue(&vd->queues[i], true);
		} else if (vd->queues[i].ready && !vd->resetting) {
			open_queue(&vd->queues[i]);
		}
	}
	spin_unlock_irqrestore(&vd->lock, flags);
}

static void kick_all(struct virtio_device *vd)
{
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		while (virtio_kick(vd, i)) {
			sleep_ms(1);
		}
	}
}

void virtio_device_pause(struct virtio_device *vd, bool paused)
{
	set_paused(vd, paused);
	if (vd->kind->pause) {
		vd->kind->pause(vd, paused);
	} else if (paused) {
		quiesce(vd);
	}
	if (!paused) {
		kick_all(vd);
	}
}
