/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of a ring, for the code that creates queues. */
#ifndef CORE_VIRTIO_DRIVER_PRIV_H
#define CORE_VIRTIO_DRIVER_PRIV_H

#include <core/virtio_driver.h>

/* Make the ring empty; the device must not be using it. */
void virtio_ring_reset(struct virtio_queue *q);

/* driver_packed.c: what the functions of virtio_driver.h do for packed rings.
 * */
void driver_packed_reset(struct virtio_queue *q);
bool __must_check driver_packed_begin(struct virtio_queue *q, unsigned int n,
				      struct virtio_chain *c);
void driver_packed_end(struct virtio_queue *q, struct virtio_chain *c,
		       void *arg);
/* After a full barrier. Does the device want a notification? */
bool __must_check driver_packed_kick_wanted(struct virtio_queue *q);
void *driver_packed_take(struct virtio_queue *q, uint32_t *written);
bool __must_check driver_packed_rearm(struct virtio_queue *q);
void driver_packed_silence(struct virtio_queue *q);

#endif
