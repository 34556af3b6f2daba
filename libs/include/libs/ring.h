/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ring of bytes. One producer and one consumer may use it at the same time
 * without a lock, on different CPUs and in any context; more than one of either
 * need one.
 */
#ifndef LIBS_RING_H
#define LIBS_RING_H

#include <libs/types.h>

struct ring {
	uint8_t *buf;
	uint32_t size; /* a power of two */
	uint32_t head; /* [A] bytes ever put; producer's */
	uint32_t tail; /* [A] bytes ever taken; consumer's */
};

#define RING_INIT(storage) \
	{ \
		.buf = (storage), .size = sizeof(storage) \
	}

/* An empty ring in `buf`; `size` is a power of two. */
static inline void ring_init(struct ring *r, uint8_t *buf, uint32_t size)
{
	*r = (struct ring){ .buf = buf, .size = size };
}

/* Bytes that can be taken. */
static inline uint32_t ring_used(const struct ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
}

/* Bytes that there is room for. */
static inline uint32_t ring_free(const struct ring *r)
{
	return r->size - ring_used(r);
}

/* Producer: false when full. */
static inline bool ring_put(struct ring *r, uint8_t c)
{
	uint32_t head = r->head;

	/* Acquire, with ring_get()'s release: the slot has been read. */
	if (head - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) == r->size) {
		return false;
	}
	r->buf[head & (r->size - 1)] = c;
	__atomic_store_n(&r->head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Consumer: the next byte, or -1 when empty. */
static inline int ring_get(struct ring *r)
{
	uint32_t tail = r->tail;
	uint8_t c;

	/* Acquire, with ring_put()'s release: the byte has been written. */
	if (__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) == tail) {
		return -1;
	}
	c = r->buf[tail & (r->size - 1)];
	__atomic_store_n(&r->tail, tail + 1, __ATOMIC_RELEASE);
	return c;
}

/* Write as many of n bytes as fit, or read as many as are there. Returns their
 * number. */
size_t ring_write(struct ring *r, const uint8_t *buf, size_t n);
size_t ring_read(struct ring *r, uint8_t *buf, size_t n);

/*
 * For histories, where one lock covers producer and consumer: append n bytes,
 * dropping the oldest to make room; and read the byte `i` places after the
 * oldest.
 */
void ring_push_over(struct ring *r, const uint8_t *buf, size_t n);
static inline uint8_t ring_at(const struct ring *r, uint32_t i)
{
	return r->buf[(r->tail + i) & (r->size - 1)];
}

#endif
