/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of a split virtqueue over MMIO, for guests that keep to the
 * rules. */
#ifndef VQ_H
#define VQ_H

#include <guest.h>
#include <virtio.h>

#define VQ_SIZE 64
#define VQ_BYTES 0x3000UL /* of memory: a page each for its three parts */

struct vq {
	uint64_t slot;
	uint32_t index;
	volatile struct virtio_desc *desc;
	volatile struct virtio_avail *avail;
	volatile struct virtio_used *used;
	uint16_t added, seen;
};

/* 3.1.1 up to FEATURES_OK, with those features, which must be offered. */
void vq_begin(uint64_t slot, uint64_t features);

/* Queue `index` of the device, empty, in VQ_BYTES at `at`, aligned to pages. */
void vq_init(struct vq *q, uint64_t slot, uint32_t index, uint64_t at);

/* DRIVER_OK. */
void vq_ready(uint64_t slot);

bool vq_needs_reset(uint64_t slot);

void vq_desc(struct vq *q, uint16_t i, uint64_t addr, uint32_t len,
	     uint16_t flags, uint16_t next);

/* Makes the chain that begins at `head` available; vq_kick() notifies the
 * device. */
void vq_add(struct vq *q, uint16_t head);
void vq_kick(struct vq *q);

/* The next chain that came back, if there is one. */
bool vq_get(struct vq *q, uint16_t *head, uint32_t *len);

#endif
