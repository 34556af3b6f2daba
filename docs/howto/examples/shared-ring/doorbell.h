/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of the doorbell of shared memory, words each
 * (docs/design/messaging.md), for guests.
 */
#ifndef SHARED_RING_DOORBELL_H
#define SHARED_RING_DOORBELL_H

#include <stdint.h>

#define DOORBELL_VERSION 0x00 /* 1 */
#define DOORBELL_SIZE 0x04    /* of the region, in pages of 4 KiB; 0: none */
#define DOORBELL_ACCESS 0x08  /* 0 none, 1 read-only, 2 read-write */
#define DOORBELL_NUMBER 0x0c  /* of this peer */
#define DOORBELL_COUNT 0x10   /* of peers that are up */
#define DOORBELL_STATUS 0x14  /* bit n: peer n is up */
#define DOORBELL_STATE 0x18   /* write 1: this peer is up */
#define DOORBELL_RING 0x1c    /* write: peer << 8 | vector */
#define DOORBELL_PENDING 0x20 /* vectors */
#define DOORBELL_ACK 0x24     /* read: the same, and clears them */
#define DOORBELL_ENABLE 0x28  /* vectors that interrupt */

#define DOORBELL_VECTOR_STATUS 31 /* a peer, or the region, came or went */

static inline uint32_t doorbell_read(uintptr_t base, uint32_t reg)
{
	return *(volatile uint32_t *)(base + reg);
}

static inline void doorbell_write(uintptr_t base, uint32_t reg, uint32_t v)
{
	*(volatile uint32_t *)(base + reg) = v;
}

/* What was written to shared memory is visible before the peer is told. */
static inline void doorbell_ring(uintptr_t base, uint32_t peer, uint32_t vector)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	doorbell_write(base, DOORBELL_RING, peer << 8 | vector);
}

#endif
