/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A coprocessor that writes what it likes to a vring: each buffer that we take
 * is one that it had, we write only where the ring is, and after a step that is
 * not possible nothing is taken any more. Bytes of the input are steps: what
 * the coprocessor writes where, and when we look.
 */
#include <stdlib.h>
#include <string.h>

#include "core/msg/rproc_priv.h"

#define NUM 8
#define ALIGN 64
#define GUARD 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	uint8_t before[GUARD];
	_Alignas(ALIGN) uint8_t ring[512];
	uint8_t after[GUARD];
} memory;
static uint8_t buffers[NUM][RPMSG_BUFFER];
static bool theirs[NUM];

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void take(struct rproc_ring *r)
{
	uint32_t len;
	uint16_t id;

	for (unsigned int n = 0; rproc_ring_take(r, &id, &len); n++) {
		check(n < NUM && id < NUM && theirs[id] && !r->broken);
		theirs[id] = false;
	}
}

static void give(struct rproc_ring *r)
{
	for (uint16_t id = 0; id < NUM; id++) {
		if (!theirs[id]) {
			rproc_ring_add(r, id, RPMSG_BUFFER, true);
			theirs[id] = true;
			check(r->desc[id].addr == (uint64_t)id * RPMSG_BUFFER);
			check(r->avail->idx == r->added);
			return;
		}
	}
}

static void check_guards(void)
{
	for (unsigned int i = 0; i < GUARD; i++) {
		check(memory.before[i] == 0x11 && memory.after[i] == 0x11);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rproc_ring r;

	memset(&memory, 0x11, sizeof(memory));
	memset(theirs, 0, sizeof(theirs));
	rproc_ring_init(&r, memory.ring, NUM, ALIGN, buffers, 0);
	for (size_t i = 0; i + 2 < size; i += 3) {
		switch (data[i] & 3) {
		case 0:
			take(&r);
			break;
		case 1:
			give(&r);
			break;
		case 2:
			(void)rproc_ring_due(&r);
			rproc_ring_notify(&r, (data[i + 1] & 1) != 0);
			break;
		default:
			memory.ring[(data[i] >> 2 << 3 | data[i + 1]) %
				    sizeof(memory.ring)] = data[i + 2];
			break;
		}
	}
	check_guards();
	return 0;
}
