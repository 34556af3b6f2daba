/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO devices for guests (VirtIO 1.2), independent of their transport.
 * docs/design/virtio.md; docs/howto/add-a-virtio-device.md.
 */
#ifndef CORE_VIRTIO_H
#define CORE_VIRTIO_H

#include <core/emulator.h>
#include <core/log.h>
#include <core/queue_counts.h>
#include <core/spinlock.h>
#include <core/trace.h>
#include <core/virtio_ring.h>
#include <core/virtqueue.h>
#include <libs/types.h>

struct virtio_device;

/*
 * A kind of device, named by its struct emulator. Contexts: T thread; V trap of
 * a VCPU (interrupts masked, bounded, no blocking, no allocation). No lock is
 * held unless it says so.
 */
struct virtio_kind {
	uint16_t id; /* VIRTIO_ID_*: 5 */
	uint16_t max_queues;
	uint16_t queue_size;  /* largest, a power of two */
	uint16_t config_size; /* bytes of configuration space */
	size_t state_size;    /* bytes at vd->state, zeroed */
	uint64_t features;    /* of the kind; those of ring and transport are
				 added. VIRTIO_F_IN_ORDER if chains are given
				 back as they were taken. */
	/* T. May lower vd->nqueues (max_queues), each queue's size_max, and
	 * vd->offered. NULL: nothing to do. */
	int (*init)(struct virtio_device *vd);
	/* T. No chain is taken from the queues any more. */
	void (*fini)(struct virtio_device *vd);
	/*
	 * V or T. The queue is being reset: end all chains taken from it soon,
	 * by cancelling them or waiting for them elsewhere, and give each back
	 * (the driver does not see that any more). The driver's write completes
	 * when none is left. May be called repeatedly until then, by several
	 * VCPUs at a time. NULL: chains are given back before kick() returns,
	 * or soon anyway.
	 */
	void (*cancel)(struct virtio_device *vd, struct virtqueue *vq);
	/* V or T, vd->lock held. Set registers and configuration to their
	 * power-on state. The queues are empty. NULL: nothing to do. */
	void (*reset)(struct virtio_device *vd);
	/* V, vd->lock held. FEATURES_OK with vd->features; false refuses them.
	 * NULL: any of those offered. */
	bool (*accept)(struct virtio_device *vd);
	/* V. DRIVER_OK was set, queues are open. NULL: nothing to do. */
	void (*start)(struct virtio_device *vd);
	/*
	 * V; T after a pause. The driver has made buffers available. Bounded:
	 * -ERR_BUSY when there is more to do than a trap may; the guest takes
	 * its interrupts and kicks again by the same instruction. Else 0.
	 */
	int (*kick)(struct virtio_device *vd, struct virtqueue *vq);
	/* V, vd->lock held. Within config_size; size 1, 2, 4 or 8. write NULL:
	 * ignored. */
	uint64_t (*config_read)(struct virtio_device *vd, uint32_t off,
				uint32_t size);
	void (*config_write)(struct virtio_device *vd, uint32_t off,
			     uint32_t size, uint64_t value);
	/*
	 * T. Paused: no more chains can be taken; wait for those that move
	 * data; those that only wait may be kept. NULL: all chains taken are
	 * waited for. After the pause each queue is kicked.
	 */
	void (*pause)(struct virtio_device *vd, bool paused);
	/* T. Fill in the queue's name and bytes; the rest of *out is filled in
	 * already. NULL: its name is "queue 0", "queue 1"; bytes are not
	 * counted. */
	void (*count)(const struct virtio_device *vd,
		      const struct virtqueue *vq, struct queue_counts *out);
};

/* What a transport does for a device. Any context; locks up to LOCK_VIRTQUEUE
 * may be held. */
struct virtio_transport {
	void (*interrupt)(struct virtio_device *vd, struct virtqueue *vq);
	void (*config_interrupt)(struct virtio_device *vd);
};

/* [I] immutable after init, [L] lock, [A] atomic. */
struct virtio_device {
	const struct virtio_kind *kind;           /* [I] */
	void *state;                              /* the kind's */
	struct emu_device *emu;                   /* [I] node, properties */
	struct guest *guest;                      /* [I] */
	const struct virtio_transport *transport; /* [I] */
	struct virtqueue *queues;                 /* [I] nqueues of them */
	uint16_t nqueues;                         /* [I] */
	bool legacy;                              /* [I] before VirtIO 1.0 */
	struct spinlock lock;                     /* LOCK_DEVICE */
	uint64_t offered;                         /* [I] */
	uint64_t features;                        /* [L] the driver's choice */
	uint32_t status;        /* [L] VIRTIO_STATUS_*, [A] for reading */
	uint32_t generation;    /* [L] of the configuration: 2.5 */
	bool resetting;         /* [L] until all chains have been given back */
	bool paused;            /* [L] */
	struct log_limit limit; /* for log lines about errors of the driver */
};

/*
 * Interrupt the driver for used buffers, when virtqueue_publish() has returned
 * true. Any context. In kick() the queue's lock need not be held. Elsewhere it
 * must: only chains that are taken keep the device from being freed, and after
 * the last one was given back nothing of it may be touched without the lock.
 */
static inline void virtio_interrupt(struct virtqueue *vq)
{
	vq->vd->transport->interrupt(vq->vd, vq);
}

/* Record that the driver has kicked the queue, or is interrupted; only if
 * trace_on(). Any context. */
void virtio_trace_queue(const struct virtqueue *vq, enum trace_event event);

/* Give one chain back, and tell the driver if it wants that. If it was the last
 * one, the device may be gone when this returns. Any context, the queue's lock
 * not held. */
void virtio_done(struct virtqueue *vq, const struct virtq_chain *chain,
		 uint32_t written);

/*
 * Lock and unlock the configuration to change it: a driver that has read a part
 * of it notices (2.5.3). `changed`: notify the driver, if it runs. Any context.
 */
unsigned long virtio_config_lock(struct virtio_device *vd);
void virtio_config_unlock(struct virtio_device *vd, unsigned long flags,
			  bool changed);

/*
 * The driver broke the rules: set DEVICE_NEEDS_RESET, log a rate-limited line
 * (printf), and close the queue, whose lock is held, unless it is NULL. Any
 * context.
 */
void virtio_fault(struct virtio_device *vd, struct virtqueue *vq,
		  const char *fmt, ...) __printf(3, 4);

/* The counts of queue n; false if there is none. The device must not be removed
 * meanwhile. Thread context. */
bool virtio_queue_counts(const struct virtio_device *vd, unsigned int n,
			 struct queue_counts *out);

/* Was this feature agreed on? Any context. */
static inline bool virtio_has(const struct virtio_device *vd, uint64_t feature)
{
	return (vd->features & feature) != 0;
}

/*
 * For transports. Life cycle: as a struct emulator's functions; init also
 * undoes what it did when it fails: -ERR_NOMEM, and the errors of the kind's
 * init. Thread context.
 */
int __must_check virtio_device_init(struct virtio_device *vd,
				    const struct virtio_kind *kind,
				    struct emu_device *emu,
				    const struct virtio_transport *transport,
				    uint64_t ring_features);
void virtio_device_fini(struct virtio_device *vd);
void virtio_device_reset(struct virtio_device *vd);
void virtio_device_stopped(struct virtio_device *vd);
void virtio_device_pause(struct virtio_device *vd, bool paused);

/*
 * Actions of the driver through its transport's registers. Trap context, no
 * lock held. -ERR_BUSY: not done yet; call again.
 */
int __must_check virtio_set_status(struct virtio_device *vd, uint32_t status);
uint32_t virtio_get_features(const struct virtio_device *vd, uint32_t half);
void virtio_set_features(struct virtio_device *vd, uint32_t half, uint32_t v);
/* Enable a queue, or disable it (also by RING_RESET: 2.6.1); and what a driver
 * writes to notify the device. -ERR_BUSY as above. */
void virtio_queue_start(struct virtqueue *vq);
int __must_check virtio_queue_stop(struct virtqueue *vq);
int __must_check virtio_kick(struct virtio_device *vd, uint32_t index);
/* Access the configuration space: size 1, 2, 4 or 8; past the end reads give 0
 * and writes are ignored. */
uint64_t virtio_config_read(struct virtio_device *vd, uint32_t off,
			    uint32_t size);
void virtio_config_write(struct virtio_device *vd, uint32_t off, uint32_t size,
			 uint64_t value);

#endif
