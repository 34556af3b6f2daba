/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of messages in shared memory: one producer, one consumer, no lock, and
 * no exit to a hypervisor while both are busy. For any guest, on any
 * architecture with GCC's or Clang's atomic built-ins; it needs no other header
 * than <stdint.h> and <stdbool.h>.
 *
 * The ring is SRING_BYTES(slots, size) bytes at an address that is a multiple
 * of 64, write-back cacheable on both sides, and zeroes at first, as a new
 * region of shared memory is: that is an empty ring. Both sides know `slots`, a
 * power of two, and `size`, the most bytes of a message, a multiple of 8.
 *
 * Each side writes only its own index, which counts slots and wraps at 2^32. It
 * does not believe the other: indices and lengths are read once and checked,
 * and nothing that the other writes makes it access memory outside the ring.
 * What is wrong is SRING_BROKEN; sring_attach() makes the ring usable again.
 *
 * A message is there once the producer's index says so. If a producer dies in
 * the middle of one, the consumer has seen nothing of it, and the next producer
 * writes over it. If a consumer dies in the middle of one, the next gets it
 * again. Each begins with sring_attach().
 */
#ifndef SHARED_RING_H
#define SHARED_RING_H

#include <stdbool.h>
#include <stdint.h>

/* A checker of memory orders has its own versions of these. */
#ifndef SRING_LOAD
#define SRING_LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define SRING_LOAD_ACQUIRE(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define SRING_STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define SRING_STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define SRING_FENCE() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#define SRING_LINE 64 /* bytes that only one side writes */

/* In shared memory. */
struct sring_side {
	uint32_t index;   /* slots that this side has done */
	uint32_t waiting; /* it sleeps until its doorbell rings */
	uint8_t pad[SRING_LINE - 8];
};

struct sring_shared {
	struct sring_side producer, consumer;
	/* Slots follow: a length, four bytes that are not used, the message. */
};

struct sring_slot {
	uint32_t length;
	uint32_t unused;
};

#define SRING_STRIDE(size) (sizeof(struct sring_slot) + (uint64_t)(size))
#define SRING_BYTES(slots, size) \
	(sizeof(struct sring_shared) + (uint64_t)(slots)*SRING_STRIDE(size))

enum sring_result { SRING_OK, SRING_AGAIN, SRING_BROKEN };

/* One side's own state, in its own memory. */
struct sring {
	struct sring_shared *shared;
	uint32_t slots, size;
	uint32_t index; /* as in shared memory, where it is not read again */
	bool producer;
};

static inline struct sring_side *sring_own(const struct sring *r)
{
	return r->producer ? &r->shared->producer : &r->shared->consumer;
}

static inline struct sring_side *sring_other(const struct sring *r)
{
	return r->producer ? &r->shared->consumer : &r->shared->producer;
}

static inline struct sring_slot *sring_slot(const struct sring *r)
{
	uint8_t *slots = (uint8_t *)(r->shared + 1);
	uint64_t n = r->index & (r->slots - 1);

	return (struct sring_slot *)(slots + n * SRING_STRIDE(r->size));
}

/*
 * Begin, or begin again, as one side: go on where it was. If the indices make
 * no sense, the ring is empty afterwards. False: `slots` or `size` is not as
 * described above.
 */
static inline bool sring_attach(struct sring *r, void *memory, uint32_t slots,
				uint32_t size, bool producer)
{
	uint32_t other;

	if (slots == 0 || (slots & (slots - 1)) || size == 0 || size % 8 ||
	    slots > 0x80000000U) {
		return false;
	}
	r->shared = (struct sring_shared *)memory;
	r->slots = slots;
	r->size = size;
	r->producer = producer;
	r->index = SRING_LOAD(&sring_own(r)->index);
	other = SRING_LOAD_ACQUIRE(&sring_other(r)->index);
	if ((producer ? r->index - other : other - r->index) > slots) {
		r->index = other;
		SRING_STORE_RELEASE(&sring_own(r)->index, other);
	}
	SRING_STORE(&sring_own(r)->waiting, 0);
	return true;
}

/* Messages that are in the ring, as far as this side knows; *out is valid with
 * SRING_OK. Acquires what the other side has done. */
static inline enum sring_result sring_used(const struct sring *r, uint32_t *out)
{
	uint32_t other = SRING_LOAD_ACQUIRE(&sring_other(r)->index);

	*out = r->producer ? r->index - other : other - r->index;
	return *out > r->slots ? SRING_BROKEN : SRING_OK;
}

/*
 * Producer: where the next message goes, `size` bytes. SRING_AGAIN: the ring is
 * full. Nobody sees it before sring_commit(); it may be called again.
 */
static inline enum sring_result sring_reserve(const struct sring *r,
					      void **message)
{
	uint32_t used;
	enum sring_result result = sring_used(r, &used);

	if (result == SRING_OK && used == r->slots) {
		result = SRING_AGAIN;
	}
	*message = result == SRING_OK ? sring_slot(r) + 1 : 0;
	return result;
}

/*
 * Consumer: the next message, whose bytes the producer may still change: what
 * is to be trusted is copied first. SRING_AGAIN: there is none.
 */
static inline enum sring_result
sring_peek(const struct sring *r, const void **message, uint32_t *length)
{
	uint32_t used;
	enum sring_result result = sring_used(r, &used);

	*message = 0;
	*length = 0;
	if (result != SRING_OK || used == 0) {
		return result == SRING_OK ? SRING_AGAIN : result;
	}
	*length = SRING_LOAD(&sring_slot(r)->length);
	if (*length > r->size) {
		*length = 0;
		return SRING_BROKEN;
	}
	*message = sring_slot(r) + 1;
	return SRING_OK;
}

/* This side is done with its slot. True: the other side sleeps, ring its
 * doorbell. */
static inline bool sring_advance(struct sring *r)
{
	r->index++;
	/* Releases the message to the consumer, or the slot to the producer. */
	SRING_STORE_RELEASE(&sring_own(r)->index, r->index);
	/* Either this side sees that the other waits, or the other sees the new
	 * index: pairs with the fence in sring_wait(). */
	SRING_FENCE();
	return SRING_LOAD(&sring_other(r)->waiting) != 0;
}

/* Producer: the message that was written has `length` bytes. As
 * sring_advance(). */
static inline bool sring_commit(struct sring *r, uint32_t length)
{
	SRING_STORE(&sring_slot(r)->length, length);
	return sring_advance(r);
}

/* Consumer: done with the message of sring_peek(). As sring_advance(). */
static inline bool sring_release(struct sring *r)
{
	return sring_advance(r);
}

/* Before this side sleeps. False: do not, there is something to do. True: sleep
 * until the doorbell rings, then sring_awake(). */
static inline bool sring_wait(const struct sring *r)
{
	enum sring_result result;
	uint32_t used;

	SRING_STORE(&sring_own(r)->waiting, 1);
	SRING_FENCE();
	result = sring_used(r, &used);
	if (result == SRING_OK && used == (r->producer ? r->slots : 0)) {
		return true;
	}
	SRING_STORE(&sring_own(r)->waiting, 0);
	return false;
}

static inline void sring_awake(const struct sring *r)
{
	SRING_STORE(&sring_own(r)->waiting, 0);
}

#endif
