/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO over MMIO as a driver sees it (VirtIO 1.2), for bare-metal guests:
 * written after the specification, not shared with the device's side. */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <stdint.h>

/* The first slot of the default machine, and the distance to the next. */
#define VIRTIO_SLOT(n) (0x0a000000UL + 0x200UL * (n))

/* 4.2.2 */
#define VIRTIO_DEVICE_ID 0x008
#define VIRTIO_DEVICE_FEATURES 0x010
#define VIRTIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_DRIVER_FEATURES 0x020
#define VIRTIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_QUEUE_SEL 0x030
#define VIRTIO_QUEUE_NUM 0x038
#define VIRTIO_QUEUE_READY 0x044
#define VIRTIO_QUEUE_NOTIFY 0x050
#define VIRTIO_INTERRUPT_STATUS 0x060
#define VIRTIO_INTERRUPT_ACK 0x064
#define VIRTIO_STATUS 0x070
#define VIRTIO_QUEUE_DESC 0x080 /* low half; high behind it */
#define VIRTIO_QUEUE_DRIVER 0x090
#define VIRTIO_QUEUE_DEVICE 0x0a0
#define VIRTIO_CONFIG 0x100

/* 2.1 */
#define VIRTIO_ACKNOWLEDGE 1
#define VIRTIO_DRIVER 2
#define VIRTIO_DRIVER_OK 4
#define VIRTIO_FEATURES_OK 8
#define VIRTIO_NEEDS_RESET 0x40

#define VIRTIO_INT_CONFIG 2

/* 6 */
#define VIRTIO_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_EVENT_IDX (UINT64_C(1) << 29)
#define VIRTIO_VERSION_1 (UINT64_C(1) << 32)
#define VIRTIO_RING_PACKED (UINT64_C(1) << 34)

/* 2.7.5. In a packed ring (2.8.13) `flags` holds the id and `next` the flags.
 * */
struct virtio_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
#define VIRTIO_NEXT 1
#define VIRTIO_WRITE 2
#define VIRTIO_INDIRECT 4
#define VIRTIO_PACKED_AVAIL 0x80
#define VIRTIO_PACKED_USED 0x8000

/* 2.7.6 */
struct virtio_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};

/* 2.7.8 */
struct virtio_used {
	uint16_t flags;
	uint16_t idx;
	struct {
		uint32_t id, len;
	} ring[];
};

#endif
