/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before the source of Linux's driver virtio_rpmsg_bus (Kbuild), so
 * that a worker handles what is received. The driver takes a mutex for each
 * message, and for an announcement makes a device, which sleeps. remoteproc,
 * for which it was written, calls it from a thread; VirtIO's transports call it
 * from the handler of an interrupt.
 */
#ifndef RPMSG_WORKER_H
#define RPMSG_WORKER_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

/* What belongs to a device, until its driver is unbound. */
struct rpmsg_worker {
	struct work_struct work;
	struct virtqueue *vq;
	vq_callback_t *receive; /* the driver's */
};

static void rpmsg_worker_release(struct device *dev, void *worker)
{
}

static struct rpmsg_worker *rpmsg_worker_of(struct virtio_device *vdev)
{
	return devres_find(&vdev->dev, rpmsg_worker_release, NULL, NULL);
}

/* It may have been called for what its last run has taken, of which the driver
 * would complain. */
static void rpmsg_worker_run(struct work_struct *work)
{
	struct rpmsg_worker *worker =
		container_of(work, struct rpmsg_worker, work);

	while (!virtqueue_enable_cb(worker->vq)) {
		worker->receive(worker->vq);
	}
}

static void rpmsg_worker_interrupt(struct virtqueue *vq)
{
	schedule_work(&rpmsg_worker_of(vq->vdev)->work);
}

/* Queue 0 is the one that receives. No interrupt comes before this. */
static void rpmsg_worker_ready(struct virtio_device *vdev)
{
	struct rpmsg_worker *worker = devres_alloc(rpmsg_worker_release,
						   sizeof(*worker),
						   GFP_KERNEL | __GFP_NOFAIL);

	INIT_WORK(&worker->work, rpmsg_worker_run);
	worker->vq = list_first_entry(&vdev->vqs, struct virtqueue, list);
	worker->receive = worker->vq->callback;
	devres_add(&vdev->dev, worker);
	worker->vq->callback = rpmsg_worker_interrupt;
	virtio_device_ready(vdev);
}

/* No interrupt comes after the reset. */
static void rpmsg_worker_reset(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	cancel_work_sync(&rpmsg_worker_of(vdev)->work);
}

#define virtio_device_ready rpmsg_worker_ready
#define virtio_reset_device rpmsg_worker_reset

#endif
