/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One side of the ring of docs/howto/examples/shared-ring: messages with
 * checksums, and a doorbell. Linux guests have tests/guest/linux/ring.c.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>

#define RING_WINDOW UINT64_C(0x80000000)
#define RING_DOORBELL UINT64_C(0x0c200000)
#define RING_VECTOR 0
#define RING_MESSAGE 4096

/* Whoever has nothing to do sleeps until its doorbell rings. */
extern bool ring_sleeps;

/* MMU and interrupts on; up, for the peers. "BEGIN type " and MAIR's byte for
 * the window. */
void ring_start(void);

/* Take the doorbell's interrupt, if there is one; the vectors. */
uint32_t ring_take(void);

/* The doorbells of all other peers that are up. */
void ring_peers(void);

/* So many messages; prints what was done, or "FAIL " and why. `dies`: reset
 * this guest in the middle of each 64th. */
void ring_produce(uint64_t messages, bool dies);
void ring_consume(uint64_t messages);

void ring_put(const char *what, uint64_t v);

#endif
