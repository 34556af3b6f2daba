/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of a split ring (VirtIO 1.2, 2.7); driver_packed.c has that
 * of a packed one. Everything that the device writes is checked, which is the
 * used ring's index and entries.
 *
 * Only we write `next` of a descriptor: that of a free one leads to the next
 * free one, and in an indirect table it never changes. So a buffer is built by
 * following it in both cases.
 */
#include <arch/cpu.h>
#include <core/virtio_driver.h>

#include "driver_priv.h"

/* Behind the last entries (2.7.10). */
static volatile uint16_t *used_event(struct virtio_queue *q)
{
	return &q->avail->ring[q->size];
}

static volatile uint16_t *avail_event(struct virtio_queue *q)
{
	return (volatile uint16_t *)&q->usedr->ring[q->size];
}

static void split_reset(struct virtio_queue *q)
{
	for (unsigned int i = 0; i < q->size; i++) {
		q->desc[i].next = (uint16_t)(i + 1);
	}
	q->avail->flags = 0;
	q->avail->idx = 0;
	q->usedr->flags = 0;
	q->usedr->idx = 0;
	*used_event(q) = 0;
	*avail_event(q) = 0;
	for (unsigned int i = 0; q->tables && i < q->size; i++) {
		struct virtq_desc *t = &q->tables[i * q->chain_max];

		for (unsigned int k = 0; k < q->chain_max; k++) {
			t[k].next = (uint16_t)(k + 1);
		}
	}
}

void virtio_ring_reset(struct virtio_queue *q)
{
	q->broken = false;
	q->avail_count = 0;
	q->told_count = 0;
	q->used_idx = 0;
	q->free_head = 0;
	q->nfree = q->size;
	for (unsigned int i = 0; i < q->size; i++) {
		q->tokens[i].arg = NULL;
	}
	if (q->packed) {
		driver_packed_reset(q);
	} else {
		split_reset(q);
	}
}

bool virtio_chain_begin(struct virtio_queue *q, unsigned int n,
			struct virtio_chain *c)
{
	uint16_t head = q->free_head;

	if (q->packed) {
		return driver_packed_begin(q, n, c);
	}
	c->packed = NULL;
	if (q->indirect && n > 1) {
		if (q->nfree == 0) {
			return false;
		}
		c->base = &q->tables[head * q->chain_max];
		c->next = 0;
	} else {
		if (q->nfree < n) {
			return false;
		}
		c->base = q->desc;
		c->next = head;
	}
	c->head = head;
	c->n = 0;
	return true;
}

void virtio_chain_end(struct virtio_queue *q, struct virtio_chain *c, void *arg)
{
	struct virtio_token *token = &q->tokens[c->head];

	if (c->packed) {
		driver_packed_end(q, c, arg);
		return;
	}
	c->last->flags &= (uint16_t)~VIRTQ_DESC_F_NEXT;
	token->arg = arg;
	if (c->base == q->desc) {
		q->free_head = c->next;
		token->ndescs = c->n;
	} else {
		struct virtq_desc *d = &q->desc[c->head];

		q->free_head = d->next;
		d->addr = q->tables_addr +
			  (uint64_t)c->head * q->chain_max * sizeof(*d);
		d->len = c->n * (uint32_t)sizeof(*d);
		d->flags = VIRTQ_DESC_F_INDIRECT;
		token->ndescs = 1;
	}
	q->nfree = (uint16_t)(q->nfree - token->ndescs);
	q->avail->ring[q->avail_count & (q->size - 1U)] = c->head;
	q->avail_count++;
	/*
	 * 2.7.13.3: entries and descriptors must be visible before the index.
	 */
	arch_dma_wmb();
	q->avail->idx = (uint16_t)q->avail_count;
}

void virtio_queue_kick(struct virtio_queue *q)
{
	uint16_t old = (uint16_t)q->told_count;
	bool wanted;

	if (q->told_count == q->avail_count) {
		return;
	}
	q->told_count = q->avail_count;
	/* 2.7.13.4.1: the index must be visible before we read what the device
	 * asked for. */
	arch_dma_mb();
	if (q->packed) {
		wanted = driver_packed_kick_wanted(q);
	} else if (q->event_idx) {
		wanted = virtq_need_event(*avail_event(q),
					  (uint16_t)q->avail_count, old);
	} else {
		wanted = !(q->usedr->flags & VIRTQ_USED_F_NO_NOTIFY);
	}
	if (wanted) {
		q->kicks++;
		q->host->ops->notify(q);
	}
}

/* Put the descriptors of a buffer back. */
static void give_back(struct virtio_queue *q, uint16_t head)
{
	struct virtio_token *token = &q->tokens[head];
	struct virtq_desc *last = &q->desc[head];

	for (unsigned int n = 1; n < token->ndescs; n++) {
		last = &q->desc[last->next];
	}
	last->next = q->free_head;
	q->free_head = head;
	q->nfree = (uint16_t)(q->nfree + token->ndescs);
	token->arg = NULL;
}

void *virtio_queue_take(struct virtio_queue *q, uint32_t *written)
{
	volatile struct virtq_used_elem *e;
	uint16_t there;
	uint32_t id;
	void *arg;

	if (q->packed) {
		return driver_packed_take(q, written);
	}
	there = q->usedr->idx;
	if (q->used_idx == there || q->broken) {
		return NULL;
	}
	/* Read the index before the entries: 2.7.14. */
	arch_dma_rmb();
	e = &q->usedr->ring[q->used_idx & (q->size - 1)];
	id = e->id;
	if (id >= q->size || !q->tokens[id].arg) {
		q->broken = true;
		return NULL;
	}
	if (written) {
		*written = e->len;
	}
	q->used_idx++;
	arg = q->tokens[id].arg;
	give_back(q, (uint16_t)id);
	return arg;
}

bool virtio_queue_rearm(struct virtio_queue *q)
{
	if (q->packed) {
		return driver_packed_rearm(q);
	}
	q->avail->flags = 0;
	*used_event(q) = q->used_idx;
	/* Make the request visible before reading the index again: 2.7.7.2. */
	arch_dma_mb();
	return q->usedr->idx == q->used_idx;
}

void virtio_queue_silence(struct virtio_queue *q)
{
	if (q->packed) {
		driver_packed_silence(q);
	} else if (q->event_idx) {
		/* As far away as an index can be: no interrupt. */
		*used_event(q) = (uint16_t)(q->used_idx - 1);
	} else {
		q->avail->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
	}
}
