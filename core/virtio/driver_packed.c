/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of a packed ring (VirtIO 1.2, 2.8). The device writes to
 * the descriptors that it has used: the position, ID and length are checked,
 * and the rest is not read again. A buffer occupies the ring from `next` on,
 * and has an ID until the device gives it back. While it is being built, none
 * of its descriptors is available: their AVAIL and USED bits are unchanged, so
 * it can be abandoned.
 */
#include <arch/cpu.h>
#include <core/virtio_driver.h>

#include "driver_priv.h"

static void set_event(struct virtio_queue *q, uint32_t event)
{
	WRITE_ONCE(*(uint32_t *)q->driver_event, event);
}

static void ask_for_next(struct virtio_queue *q)
{
	set_event(q, q->event_idx
			     ? virtq_packed_event_at(q->used_idx, q->used_wrap)
			     : VIRTQ_PACKED_EVENT(VIRTQ_PACKED_EVENT_ENABLE));
}

void driver_packed_reset(struct virtio_queue *q)
{
	q->next = q->told_at = 0;
	q->avail_wrap = q->used_wrap = q->told_wrap = true;
	for (unsigned int i = 0; i < q->size; i++) {
		q->ring[i].flags = 0;
		q->tokens[i].next = (uint16_t)(i + 1);
	}
	*q->device_event = (struct virtq_packed_event){ 0 };
	ask_for_next(q);
}

bool driver_packed_begin(struct virtio_queue *q, unsigned int n,
			 struct virtio_chain *c)
{
	bool table = q->indirect && n > 1;

	if (q->nfree < (table ? 1 : n)) {
		return false;
	}
	c->head = q->free_head;
	c->n = 0;
	if (table) {
		c->packed = &q->packed_tables[c->head * q->chain_max];
		c->next = 0;
		c->limit = q->chain_max;
	} else {
		c->packed = q->ring;
		c->next = q->next;
		c->limit = q->size;
	}
	return true;
}

void driver_packed_put(struct virtio_chain *c, uint64_t addr, uint32_t len,
		       bool device_writes)
{
	struct virtq_packed_desc *d = &c->packed[c->next];

	d->addr = addr;
	d->len = len;
	d->id = c->head;
	d->flags = (uint16_t)((d->flags & VIRTQ_PACKED_F_BOTH) |
			      (device_writes ? VIRTQ_DESC_F_WRITE : 0));
	c->next++;
	if (c->next == c->limit) {
		c->next = 0;
	}
	c->n++;
}

/* Make the chain's descriptors in the ring available, the first one last: the
 * device does not look at the others before that (2.8.21.1). */
static void show_chain(struct virtio_queue *q, const struct virtio_chain *c)
{
	uint16_t at = q->next, first = 0;
	bool wrap = q->avail_wrap;

	for (uint16_t i = 0; i < c->n; i++) {
		struct virtq_packed_desc *d = &q->ring[at];
		uint16_t flags = (uint16_t)((d->flags & VIRTQ_DESC_F_WRITE) |
					    virtq_packed_available(wrap));

		if (i + 1 < c->n) {
			flags |= VIRTQ_DESC_F_NEXT;
		}
		if (i == 0) {
			first = flags;
		} else {
			WRITE_ONCE(d->flags, flags);
		}
		virtq_packed_advance(q->size, &at, &wrap, 1);
	}
	arch_dma_wmb();
	WRITE_ONCE(q->ring[q->next].flags, first);
}

static void show_table(struct virtio_queue *q, const struct virtio_chain *c)
{
	struct virtq_packed_desc *d = &q->ring[q->next];

	d->addr =
		q->tables_addr + (uint64_t)c->head * q->chain_max * sizeof(*d);
	d->len = c->n * (uint32_t)sizeof(*d);
	d->id = c->head;
	arch_dma_wmb();
	WRITE_ONCE(d->flags, (uint16_t)(VIRTQ_DESC_F_INDIRECT |
					virtq_packed_available(q->avail_wrap)));
}

void driver_packed_end(struct virtio_queue *q, struct virtio_chain *c,
		       void *arg)
{
	struct virtio_token *token = &q->tokens[c->head];

	token->arg = arg;
	q->free_head = token->next;
	if (c->packed == q->ring) {
		token->ndescs = c->n;
		show_chain(q, c);
	} else {
		token->ndescs = 1;
		show_table(q, c);
	}
	virtq_packed_advance(q->size, &q->next, &q->avail_wrap, token->ndescs);
	q->nfree = (uint16_t)(q->nfree - token->ndescs);
	q->avail_count++;
}

bool driver_packed_kick_wanted(struct virtio_queue *q)
{
	uint32_t event = READ_ONCE(*(const uint32_t *)q->device_event);
	uint16_t flags = VIRTQ_PACKED_EVENT_FLAGS(event);
	bool wanted = flags != VIRTQ_PACKED_EVENT_DISABLE;

	if (flags == VIRTQ_PACKED_EVENT_DESC && q->event_idx) {
		wanted = virtq_packed_need_event((uint16_t)event, q->size,
						 q->next, q->avail_wrap,
						 q->told_at, q->told_wrap);
	}
	q->told_at = q->next;
	q->told_wrap = q->avail_wrap;
	return wanted;
}

/* Has the device used the buffer at the next position? If the device has no
 * buffers, the flags there have no meaning. */
static bool is_used(const struct virtio_queue *q)
{
	uint16_t flags = READ_ONCE(q->ring[q->used_idx].flags);

	return q->nfree < q->size &&
	       (flags & VIRTQ_PACKED_F_BOTH) == virtq_packed_used(q->used_wrap);
}

void *driver_packed_take(struct virtio_queue *q, uint32_t *written)
{
	const struct virtq_packed_desc *d = &q->ring[q->used_idx];
	struct virtio_token *token;
	void *arg;
	uint16_t id;

	if (q->broken || !is_used(q)) {
		return NULL;
	}
	/* Read the flags before the rest: 2.8.22. */
	arch_dma_rmb();
	id = READ_ONCE(d->id);
	if (id >= q->size || !q->tokens[id].arg) {
		q->broken = true;
		return NULL;
	}
	if (written) {
		*written = READ_ONCE(d->len);
	}
	token = &q->tokens[id];
	virtq_packed_advance(q->size, &q->used_idx, &q->used_wrap,
			     token->ndescs);
	q->nfree = (uint16_t)(q->nfree + token->ndescs);
	arg = token->arg;
	token->arg = NULL;
	token->next = q->free_head;
	q->free_head = id;
	return arg;
}

bool driver_packed_rearm(struct virtio_queue *q)
{
	ask_for_next(q);
	/* Make the request visible before looking again: 2.8.22. */
	arch_dma_mb();
	return !is_used(q);
}

void driver_packed_silence(struct virtio_queue *q)
{
	set_event(q, VIRTQ_PACKED_EVENT(VIRTQ_PACKED_EVENT_DISABLE));
}
