/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Submission and completion queues: NVMe 4.1. */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

#include "nvme_priv.h"

#define DOORBELLS 0x1000 /* 3.1.24 */
#define CAP_STRIDE(cap) (4U << FIELD(cap, 35, 32))

static volatile void *doorbell(const struct nvme_queue *q, bool completion)
{
	unsigned int n = 2 * q->id + completion;

	return q->c->regs + DOORBELLS + (size_t)n * CAP_STRIDE(q->c->cap);
}

/* Allocate what only I/O queues have. */
static int alloc_slots(struct nvme *c, struct nvme_queue *q)
{
	int err;

	q->slots = heap_alloc_array(NVME_SLOTS, sizeof(*q->slots));
	if (!q->slots) {
		return -ERR_NOMEM;
	}
	if (c->dev->dma_pool) {
		q->addrs = heap_alloc_array((size_t)NVME_SLOTS * NVME_PRPS,
					    sizeof(*q->addrs));
		if (!q->addrs) {
			return -ERR_NOMEM;
		}
	}
	err = dma_alloc(c->dev, (size_t)NVME_SLOTS * NVME_LIST_BYTES,
			&q->lists);
	if (err) {
		return err;
	}
	return dma_alloc(c->dev, NVME_SLOTS * PAGE_SIZE, &q->bounces);
}

int nvme_queue_alloc(struct nvme *c, struct nvme_queue *q, unsigned int id)
{
	int err;

	q->c = c;
	q->id = id;
	q->vector = id % c->vectors;
	q->entries = c->entries_max;
	spin_init(&q->lock, LOCK_DRIVER);
	list_init(&q->pending);
	err = dma_alloc(c->dev, NVME_ENTRIES * sizeof(struct nvme_command),
			&q->sq);
	if (err == 0) {
		err = dma_alloc(c->dev,
				NVME_ENTRIES * sizeof(struct nvme_completion),
				&q->cq);
	}
	if (err == 0 && id > 0) {
		err = alloc_slots(c, q);
	}
	return err;
}

void nvme_queue_free(struct nvme_queue *q)
{
	if (!q->c) {
		return;
	}
	dma_free(q->c->dev, &q->sq);
	dma_free(q->c->dev, &q->cq);
	dma_free(q->c->dev, &q->lists);
	dma_free(q->c->dev, &q->bounces);
	heap_free(q->slots);
	heap_free(q->addrs);
}

void nvme_queue_reset(struct nvme_queue *q, bool on)
{
	unsigned long flags;

	if (!q->cq.va) {
		return; /* after a probe that failed */
	}
	flags = spin_lock_irqsave(&q->lock);
	q->on = on;
	q->sq_tail = 0;
	q->sq_rung = 0;
	q->cq_head = 0;
	q->phase = true;
	memset(q->cq.va, 0, NVME_ENTRIES * sizeof(struct nvme_completion));
	if (q->used == 0) {
		q->free_slots = BIT(q->entries - 1) - 1;
	}
	arch_dma_wmb();
	spin_unlock_irqrestore(&q->lock, flags);
}

void nvme_queue_put(struct nvme_queue *q, const struct nvme_command *cmd)
{
	struct nvme_command *sq = q->sq.va;

	assert_held(&q->lock);
	sq[q->sq_tail] = *cmd;
	q->sq_tail = q->sq_tail + 1 == q->entries ? 0 : q->sq_tail + 1;
}

void nvme_queue_ring(struct nvme_queue *q)
{
	assert_held(&q->lock);
	if (q->on && q->sq_rung != q->sq_tail) {
		arch_dma_wmb();
		mmio_write32(doorbell(q, false), q->sq_tail);
		WRITE_ONCE(q->sq_rung, q->sq_tail);
	}
}

bool nvme_queue_take(struct nvme_queue *q, struct nvme_completion *out)
{
	volatile struct nvme_completion *cq = q->cq.va;
	volatile struct nvme_completion *e = &cq[q->cq_head];

	assert_held(&q->lock);
	if (!q->on || (e->status & 1) != q->phase) {
		return false;
	}
	arch_dma_rmb();
	out->result = e->result;
	out->id = e->id;
	out->status = e->status;
	if (++q->cq_head == q->entries) {
		q->cq_head = 0;
		q->phase = !q->phase;
	}
	return true;
}

void nvme_queue_taken(struct nvme_queue *q)
{
	assert_held(&q->lock);
	mmio_write32(doorbell(q, true), q->cq_head);
}
