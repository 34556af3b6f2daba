/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures shared by VirtIO devices and drivers, and constants (VirtIO 1.2):
 * for guests' devices and for drivers of the host's. Everything is
 * little-endian, as are all machines that we run on.
 */
#ifndef CORE_VIRTIO_RING_H
#define CORE_VIRTIO_RING_H

#include <libs/types.h>

/* 2.1: device status. */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01
#define VIRTIO_STATUS_DRIVER 0x02
#define VIRTIO_STATUS_DRIVER_OK 0x04
#define VIRTIO_STATUS_FEATURES_OK 0x08
#define VIRTIO_STATUS_NEEDS_RESET 0x40
#define VIRTIO_STATUS_FAILED 0x80

/* 5: device types. */
#define VIRTIO_ID_NONE 0
#define VIRTIO_ID_NET 1
#define VIRTIO_ID_BLOCK 2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_ENTROPY 4
#define VIRTIO_ID_RPMSG 7
#define VIRTIO_ID_VSOCK 19

/* 6: feature bits of rings and transports, 6.3 those of legacy devices. */
#define VIRTIO_F_NOTIFY_ON_EMPTY BIT(24) /* legacy */
#define VIRTIO_F_ANY_LAYOUT BIT(27)      /* legacy */
#define VIRTIO_F_INDIRECT_DESC BIT(28)
#define VIRTIO_F_EVENT_IDX BIT(29)
#define VIRTIO_F_VERSION_1 BIT(32)
#define VIRTIO_F_ACCESS_PLATFORM BIT(33)
#define VIRTIO_F_RING_PACKED BIT(34)
#define VIRTIO_F_IN_ORDER BIT(35)
#define VIRTIO_F_ORDER_PLATFORM BIT(36)
#define VIRTIO_F_SR_IOV BIT(37)
#define VIRTIO_F_NOTIFICATION_DATA BIT(38)
#define VIRTIO_F_NOTIF_CONFIG_DATA BIT(39)
#define VIRTIO_F_RING_RESET BIT(40)

/* 2.6: a queue's size is a power of two in a split ring, any number in a packed
 * one; this is the largest size for both. */
#define VIRTQ_SIZE_LIMIT 32768

/* 2.7.5: descriptors of a split ring, and of indirect tables. */
#define VIRTQ_DESC_F_NEXT 1
#define VIRTQ_DESC_F_WRITE 2 /* the device writes */
#define VIRTQ_DESC_F_INDIRECT 4

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* 2.7.6: the available ring; behind its last entry is used_event. */
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

struct virtq_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};

/* 2.7.8: the used ring; behind its last entry is avail_event. */
#define VIRTQ_USED_F_NO_NOTIFY 1

struct virtq_used_elem {
	uint32_t id;
	uint32_t len;
};

struct virtq_used {
	uint16_t flags;
	uint16_t idx;
	struct virtq_used_elem ring[];
};

/* 2.7: the three parts of a split ring of n entries: bytes and alignment. */
#define VIRTQ_DESC_ALIGN 16
#define VIRTQ_AVAIL_ALIGN 2
#define VIRTQ_USED_ALIGN 4

/* Bytes of the descriptor table of n entries (2.7). */
static inline uint32_t virtq_desc_bytes(uint32_t n)
{
	return 16 * n;
}

/* Bytes of the available ring, with used_event. */
static inline uint32_t virtq_avail_bytes(uint32_t n)
{
	return 6 + 2 * n; /* with used_event */
}

/* Bytes of the used ring, with avail_event. */
static inline uint32_t virtq_used_bytes(uint32_t n)
{
	return 6 + 8 * n; /* with avail_event */
}

/* 2.7.10: has an index that went from `old` to `now` passed `event`? */
static inline bool virtq_need_event(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* 2.8.13: descriptors of a packed ring. AVAIL and USED are beside the flags
 * above. */
#define VIRTQ_PACKED_F_AVAIL 0x0080
#define VIRTQ_PACKED_F_USED 0x8000
#define VIRTQ_PACKED_F_BOTH (VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED)

struct virtq_packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id;
	uint16_t flags;
};

/* 2.8.1: these bits of a descriptor that is available, or used, in the round
 * with this wrap counter. */
static inline uint16_t virtq_packed_available(bool wrap)
{
	return wrap ? VIRTQ_PACKED_F_AVAIL : VIRTQ_PACKED_F_USED;
}

/* The flags of a used descriptor (2.8.1): both bits are the counter. */
static inline uint16_t virtq_packed_used(bool wrap)
{
	return wrap ? VIRTQ_PACKED_F_BOTH : 0;
}

/* Advance by n descriptors; past the end of the ring, continue at its start
 * with the wrap counter inverted. */
static inline void virtq_packed_advance(uint16_t size, uint16_t *at, bool *wrap,
					uint16_t n)
{
	uint32_t to = *at + (uint32_t)n;

	if (to >= size) {
		to -= size;
		*wrap = !*wrap;
	}
	*at = (uint16_t)to;
}

/* 2.8.14: event suppression; one of the driver's, one of the device's. */
#define VIRTQ_PACKED_EVENT_ENABLE 0
#define VIRTQ_PACKED_EVENT_DISABLE 1
#define VIRTQ_PACKED_EVENT_DESC 2 /* at `offset`; with EVENT_IDX */
#define VIRTQ_PACKED_EVENT_WRAP 0x8000

struct virtq_packed_event {
	uint16_t offset; /* of a descriptor; the top bit: its wrap counter */
	uint16_t flags;
};

#define VIRTQ_PACKED_EVENT_ALIGN 4

/* Both halves of one, to be written or read at once: of flags alone, and of the
 * event at a descriptor. */
#define VIRTQ_PACKED_EVENT(flags) ((uint32_t)(flags) << 16)
#define VIRTQ_PACKED_EVENT_FLAGS(event) ((event) >> 16 & 3)

/* An event suppression structure (2.8.10) that names one descriptor. */
static inline uint32_t virtq_packed_event_at(uint16_t at, bool wrap)
{
	return at | (wrap ? (uint32_t)VIRTQ_PACKED_EVENT_WRAP : 0) |
	       VIRTQ_PACKED_EVENT(VIRTQ_PACKED_EVENT_DESC);
}

/*
 * 2.8.10: has a position in a ring of `size` entries that moved from `old` to
 * `now` passed the one in an event structure? Positions count from the start of
 * the present round; those of the round before are negative, modulo 2^16.
 */
static inline bool virtq_packed_need_event(uint16_t event, uint16_t size,
					   uint16_t now, bool wrap,
					   uint16_t old, bool old_wrap)
{
	uint16_t at = event & (VIRTQ_PACKED_EVENT_WRAP - 1);

	if (((event & VIRTQ_PACKED_EVENT_WRAP) != 0) != wrap) {
		at = (uint16_t)(at - size);
	}
	if (old_wrap != wrap) {
		old = (uint16_t)(old - size);
	}
	return virtq_need_event(at, now, old);
}

#endif
