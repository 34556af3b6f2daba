/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VirtIO device and transport for drivers' tests: registers in a struct, and
 * a split ring read as VirtIO 1.2, 2.7 says, one buffer at a time when the test
 * asks for it.
 */
#ifndef TESTS_VIRTIO_MODEL_H
#define TESTS_VIRTIO_MODEL_H

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/time.h>
#include <core/virtio_driver.h>
#include <libs/error.h>
#include <string.h>

/* Time passes only while the driver waits. */
static ticks_t model_time;

ticks_t time_now(void)
{
	return model_time;
}

uint64_t time_now_ns(void)
{
	return model_time;
}

uint64_t ticks_to_ns(ticks_t t)
{
	return t;
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return ns;
}

ticks_t ms_to_ticks(uint64_t ms)
{
	return ms * 1000000;
}

/* What the device does while the driver waits, or NULL. */
static void (*model_acts)(void);
/* What it does when it is notified, or NULL. */
static void (*model_kicked)(unsigned int queue);

void delay_us(uint64_t us)
{
	model_time += us * 1000;
	if (model_acts) {
		model_acts();
	}
}

#ifndef MODEL_QUEUES
#define MODEL_QUEUES 2
#endif
#define MODEL_PARTS 200

struct model_queue {
	struct virtio_queue *q; /* where the driver has put it */
	uint16_t seen, used;
	unsigned int kicks;
	unsigned int max; /* entries; 0: as the device's */
	int cpu;          /* of its interrupts; -1: none was asked for */
	unsigned int of;  /* queues that there were when it was asked for */
};

static struct {
	struct virtio_host vh;
	struct device dma;
	uint64_t offers, accepted;
	uint8_t status;
	uint8_t config[256];
	unsigned int queue_max;
	bool stuck;   /* its reset does not complete */
	bool refuses; /* it refuses FEATURES_OK */
	bool irqs;
	unsigned int own_interrupts;
	bool isolated;
	unsigned int resets;
	struct model_queue queues[MODEL_QUEUES];
} model;

static uint64_t model_features(struct virtio_host *vh)
{
	(void)vh;
	return model.offers;
}

static void model_set_features(struct virtio_host *vh, uint64_t features)
{
	(void)vh;
	model.accepted = features;
}

static uint8_t model_status(struct virtio_host *vh)
{
	(void)vh;
	return model.status;
}

static void model_set_status(struct virtio_host *vh, uint8_t status)
{
	(void)vh;
	if (status == 0) {
		model.resets++;
		if (model.stuck) {
			return;
		}
		for (unsigned int i = 0; i < MODEL_QUEUES; i++) {
			model.queues[i].q = NULL;
			model.queues[i].seen = 0;
			model.queues[i].used = 0;
		}
	}
	if (model.refuses) {
		status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	}
	model.status = status;
}

static uint32_t model_config_read(struct virtio_host *vh, unsigned int off,
				  unsigned int size)
{
	uint32_t v = 0;

	(void)vh;
	assert_true(off % size == 0 && off + size <= sizeof(model.config));
	memcpy(&v, model.config + off, size);
	return v;
}

static unsigned int model_queue_max(struct virtio_host *vh, unsigned int index,
				    bool *fixed)
{
	(void)vh;
	*fixed = false;
	if (index >= MODEL_QUEUES) {
		return 0;
	}
	return model.queues[index].max ? model.queues[index].max
				       : model.queue_max;
}

static int model_queue_set(struct virtio_host *vh, struct virtio_queue *q)
{
	(void)vh;
	/* After FEATURES_OK, before DRIVER_OK (3.1.1). */
	assert_false(model.status & VIRTIO_STATUS_DRIVER_OK);
	assert_true(vh->legacy || model.status & VIRTIO_STATUS_FEATURES_OK);
	model.queues[q->index].q = q;
	return 0;
}

static void model_notify(struct virtio_queue *q)
{
	assert_true(model.status & VIRTIO_STATUS_DRIVER_OK);
	model.queues[q->index].kicks++;
	if (model_kicked) {
		model_kicked(q->index);
	}
}

static int model_irq_on(struct virtio_host *vh)
{
	(void)vh;
	model.irqs = true;
	return 0;
}

static void model_irq_off(struct virtio_host *vh)
{
	(void)vh;
	model.irqs = false;
}

static void model_steer(struct virtio_queue *q, unsigned int cpu)
{
	model.queues[q->index].cpu = (int)cpu;
	model.queues[q->index].of = q->host->nqueues;
}

static unsigned int model_own_interrupts(const struct virtio_host *vh)
{
	(void)vh;
	return model.own_interrupts;
}

static void model_isolate(struct virtio_host *vh)
{
	(void)vh;
	model.isolated = true;
}

static const struct virtio_host_transport model_transport = {
	.name = "model",
	.features = model_features,
	.set_features = model_set_features,
	.status = model_status,
	.set_status = model_set_status,
	.config_read = model_config_read,
	.queue_max = model_queue_max,
	.queue_set = model_queue_set,
	.notify = model_notify,
	.irq_on = model_irq_on,
	.irq_off = model_irq_off,
	.steer = model_steer,
	.own_interrupts = model_own_interrupts,
	.isolate = model_isolate,
};

static void model_begin(uint64_t offers)
{
	memset(&model, 0, sizeof(model));
	model.offers = offers | VIRTIO_F_VERSION_1;
	model.queue_max = 256;
	for (unsigned int i = 0; i < MODEL_QUEUES; i++) {
		model.queues[i].cpu = -1;
	}
	model.dma.dma.coherent = true;
	model.dma.dma.limit = UINT64_MAX;
	model.vh.ops = &model_transport;
	model.vh.dma = &model.dma;
	model.vh.dev.bus = &virtio_bus;
	strcpy(model.vh.dev.name, "virtio0");
}

/* --- the device's side of a ring ------------------------------------------ */

struct model_part {
	uint8_t *data;
	uint32_t len;
	bool write; /* the device writes it */
};

struct model_buffer {
	uint16_t head;
	unsigned int n;
	struct model_part parts[MODEL_PARTS];
};

static void *model_memory(uint64_t addr)
{
	return arch_phys_to_virt(PADDR(addr));
}

static void model_walk(const struct virtq_desc *table, unsigned int size,
		       unsigned int at, struct model_buffer *b)
{
	for (;;) {
		const struct virtq_desc *d = &table[at];

		assert_true(at < size && b->n < MODEL_PARTS);
		if (d->flags & VIRTQ_DESC_F_INDIRECT) {
			/* 2.7.5.3.1: alone, a whole number, not nested. */
			assert_false(d->flags & VIRTQ_DESC_F_NEXT);
			assert_int_equal(d->len % 16, 0);
			assert_true(model.accepted & VIRTIO_F_INDIRECT_DESC);
			model_walk(model_memory(d->addr), d->len / 16, 0, b);
			return;
		}
		b->parts[b->n++] = (struct model_part){
			model_memory(d->addr),
			d->len,
			(d->flags & VIRTQ_DESC_F_WRITE) != 0,
		};
		assert_true(b->n < 2 || b->parts[b->n - 1].write ||
			    !b->parts[b->n - 2].write);
		if (!(d->flags & VIRTQ_DESC_F_NEXT)) {
			return;
		}
		at = d->next;
	}
}

/* The next buffer that the driver has made available. */
static bool model_pop(unsigned int index, struct model_buffer *b)
{
	struct model_queue *mq = &model.queues[index];
	struct virtio_queue *q = mq->q;

	if (!q || mq->seen == q->avail->idx) {
		return false;
	}
	b->head = q->avail->ring[mq->seen++ & (q->size - 1)];
	b->n = 0;
	/* avail_event: ask for a kick with the next one. */
	*(volatile uint16_t *)&q->usedr->ring[q->size] = mq->seen;
	model_walk(q->desc, q->size, b->head, b);
	return true;
}

/* Give it back; true: the driver wants an interrupt. */
static bool model_push(unsigned int index, const struct model_buffer *b,
		       uint32_t written)
{
	struct model_queue *mq = &model.queues[index];
	struct virtio_queue *q = mq->q;
	uint16_t old = mq->used;

	q->usedr->ring[mq->used & (q->size - 1)] =
		(struct virtq_used_elem){ b->head, written };
	mq->used++;
	q->usedr->idx = mq->used;
	if (model.accepted & VIRTIO_F_EVENT_IDX) {
		return virtq_need_event(q->avail->ring[q->size], mq->used, old);
	}
	return !(q->avail->flags & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

#endif
