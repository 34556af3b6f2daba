/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bulk operations on rings of bytes. */
#include <libs/copy.h>
#include <libs/ring.h>

size_t ring_write(struct ring *r, const uint8_t *buf, size_t n)
{
	uint32_t head = r->head, at = head & (r->size - 1);
	size_t first;

	n = MIN(n, ring_free(r));
	first = MIN(n, (size_t)(r->size - at));
	copy_bytes(r->buf + at, buf, first);
	if (first < n) {
		copy_bytes(r->buf, buf + first, n - first);
	}
	__atomic_store_n(&r->head, head + (uint32_t)n, __ATOMIC_RELEASE);
	return n;
}

size_t ring_read(struct ring *r, uint8_t *buf, size_t n)
{
	uint32_t tail = r->tail, at = tail & (r->size - 1);
	size_t first;

	n = MIN(n, ring_used(r));
	first = MIN(n, (size_t)(r->size - at));
	copy_bytes(buf, r->buf + at, first);
	copy_bytes(buf + first, r->buf, n - first);
	__atomic_store_n(&r->tail, tail + (uint32_t)n, __ATOMIC_RELEASE);
	return n;
}

void ring_push_over(struct ring *r, const uint8_t *buf, size_t n)
{
	if (n > r->size) {
		buf += n - r->size;
		n = r->size;
	}
	if (n > ring_free(r)) {
		r->tail += (uint32_t)n - ring_free(r);
	}
	(void)ring_write(r, buf, n);
}
