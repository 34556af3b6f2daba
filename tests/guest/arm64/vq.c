/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver's side of a split virtqueue (VirtIO 1.2, 2.7), for bare-metal
 * guests. */
#include <vq.h>

static void barrier(void)
{
	__asm__ volatile("dmb sy" : : : "memory");
}

static void set_64(uint64_t at, uint64_t v)
{
	guest_write32(at, (uint32_t)v);
	guest_write32(at + 4, (uint32_t)(v >> 32));
}

void vq_begin(uint64_t slot, uint64_t features)
{
	guest_write32(slot + VIRTIO_STATUS, 0);
	guest_write32(slot + VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		guest_write32(slot + VIRTIO_DRIVER_FEATURES_SEL, i);
		guest_write32(slot + VIRTIO_DRIVER_FEATURES,
			      (uint32_t)(features >> (32 * i)));
	}
	guest_write32(slot + VIRTIO_STATUS,
		      VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
}

void vq_init(struct vq *q, uint64_t slot, uint32_t index, uint64_t at)
{
	for (uint64_t i = 0; i < VQ_BYTES; i += 8) {
		*(volatile uint64_t *)(at + i) = 0;
	}
	q->slot = slot;
	q->index = index;
	q->added = q->seen = 0;
	q->desc = (volatile struct virtio_desc *)at;
	q->avail = (volatile struct virtio_avail *)(at + 0x1000);
	q->used = (volatile struct virtio_used *)(at + 0x2000);
	guest_write32(slot + VIRTIO_QUEUE_SEL, index);
	guest_write32(slot + VIRTIO_QUEUE_NUM, VQ_SIZE);
	set_64(slot + VIRTIO_QUEUE_DESC, at);
	set_64(slot + VIRTIO_QUEUE_DRIVER, at + 0x1000);
	set_64(slot + VIRTIO_QUEUE_DEVICE, at + 0x2000);
	guest_write32(slot + VIRTIO_QUEUE_READY, 1);
}

void vq_ready(uint64_t slot)
{
	guest_write32(slot + VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER |
						    VIRTIO_FEATURES_OK |
						    VIRTIO_DRIVER_OK);
}

bool vq_needs_reset(uint64_t slot)
{
	return (guest_read32(slot + VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) != 0;
}

void vq_desc(struct vq *q, uint16_t i, uint64_t addr, uint32_t len,
	     uint16_t flags, uint16_t next)
{
	q->desc[i].addr = addr;
	q->desc[i].len = len;
	q->desc[i].flags = flags;
	q->desc[i].next = next;
}

void vq_add(struct vq *q, uint16_t head)
{
	q->avail->ring[q->added % VQ_SIZE] = head;
	barrier();
	q->avail->idx = ++q->added;
}

void vq_kick(struct vq *q)
{
	barrier();
	guest_write32(q->slot + VIRTIO_QUEUE_NOTIFY, q->index);
}

bool vq_get(struct vq *q, uint16_t *head, uint32_t *len)
{
	if (q->used->idx == q->seen) {
		return false;
	}
	barrier();
	*head = (uint16_t)q->used->ring[q->seen % VQ_SIZE].id;
	*len = q->used->ring[q->seen % VQ_SIZE].len;
	q->seen++;
	return true;
}
