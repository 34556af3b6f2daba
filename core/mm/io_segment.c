/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of segments of memory to and from which data is moved. */
#include <core/io_segment.h>
#include <libs/copy.h>

/* Take n bytes off the first segment, which has as many. */
static void take(struct io_list *l, size_t n)
{
	struct io_segment *s = l->segs;

	s->va = (uint8_t *)s->va + n;
	s->pa.v += n;
	s->size -= n;
	if (s->size == 0) {
		l->segs++;
		l->n--;
	}
}

size_t io_list_pull(struct io_list *l, void *buf, size_t size)
{
	uint8_t *to = buf;
	size_t left = size, n;

	while (left && l->n) {
		n = MIN(left, l->segs->size);
		copy_bytes(to, l->segs->va, n);
		take(l, n);
		to += n;
		left -= n;
	}
	return size - left;
}

size_t io_list_fill(struct io_list *l, const void *buf, size_t size)
{
	const uint8_t *from = buf;
	size_t left = size, n;

	while (left && l->n) {
		n = MIN(left, l->segs->size);
		copy_bytes(l->segs->va, from, n);
		take(l, n);
		from += n;
		left -= n;
	}
	return size - left;
}

size_t io_list_skip(struct io_list *l, size_t size)
{
	size_t left = size, n;

	while (left && l->n) {
		n = MIN(left, l->segs->size);
		take(l, n);
		left -= n;
	}
	return size - left;
}
