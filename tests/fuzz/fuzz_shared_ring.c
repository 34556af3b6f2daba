/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of docs/howto/examples/shared-ring with a peer that writes whatever
 * it likes: each operation of a side is preceded by bytes that are written
 * somewhere into the shared memory. Nothing outside it is accessed, and every
 * message lies within a slot.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docs/howto/examples/shared-ring/shared_ring.h"

#define SLOTS 4
#define SIZE 24
#define ALIGNED \
	((SRING_BYTES(SLOTS, SIZE) + SRING_LINE - 1) / SRING_LINE * SRING_LINE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sring *r, const void *message, uint64_t bytes)
{
	uint64_t off = (uint64_t)((const uint8_t *)message -
				  (const uint8_t *)r->shared);

	if (off < sizeof(struct sring_shared) + sizeof(struct sring_slot) ||
	    off + bytes > SRING_BYTES(SLOTS, SIZE)) {
		abort();
	}
}

static void produce(struct sring *r, uint8_t byte)
{
	void *message;

	if (sring_reserve(r, &message) == SRING_OK) {
		check(r, message, SIZE);
		memset(message, byte, SIZE);
		(void)sring_commit(r, byte % (SIZE + 1));
	} else if (message) {
		abort();
	}
}

static void consume(struct sring *r)
{
	const void *message;
	uint8_t copy[SIZE];
	uint32_t length;

	if (sring_peek(r, &message, &length) == SRING_OK) {
		check(r, message, length);
		memcpy(copy, message, length);
		(void)sring_release(r);
	} else if (message || length) {
		abort();
	}
}

/* As a peer that died, and one that is replaced: afterwards the ring works. */
static void attach(struct sring *r, void *memory, bool producer)
{
	uint32_t used;

	if (!sring_attach(r, memory, SLOTS, SIZE, producer) ||
	    sring_used(r, &used) != SRING_OK) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *memory = aligned_alloc(SRING_LINE, ALIGNED);
	struct sring sides[2];

	memset(memory, 0, ALIGNED);
	attach(&sides[0], memory, true);
	attach(&sides[1], memory, false);
	/* What to do, where to write, and four bytes. */
	for (; size >= 6; data += 6, size -= 6) {
		struct sring *r = &sides[data[0] & 1];

		if (data[0] & 8) {
			memcpy(memory +
				       data[1] % (SRING_BYTES(SLOTS, SIZE) - 3),
			       data + 2, 4);
		}
		if ((data[0] & 6) == 6) {
			attach(r, memory, r->producer);
		} else if ((data[0] & 6) == 4) {
			if (sring_wait(r)) {
				sring_awake(r);
			}
		} else if (r->producer) {
			produce(r, data[2]);
		} else {
			consume(r);
		}
	}
	free(memory);
	return 0;
}
