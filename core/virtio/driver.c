/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO devices of the host: the bus, initialisation and reset, the memory of
 * queues. */
#include <core/heap.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/time.h>
#include <core/virtio_driver.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "driver_priv.h"

/* Time limit of a reset, which ends at once or when running requests have
 * ended. */
#define RESET_MS 500
/* Reads of a device that has been removed give all ones. */
#define STATUS_GONE 0xff
#define GENERATION_TRIES 8
/* In the legacy layout the used ring begins on a page (2.7.2); that is also
 * valid in the other layout. */
#define LEGACY_ALIGN 4096U
#define LEGACY_BITS 44   /* a page number of 32 bits */
#define DEVICES_MAX 1000 /* most names that are tried */

/* --- the bus -------------------------------------------------------------- */

static unsigned int virtio_match(const struct device *dev,
				 const struct driver *drv)
{
	const struct virtio_host *vh =
		container_of(dev, const struct virtio_host, dev);
	const uint16_t *id = drv->ids;

	for (; id && *id; id++) {
		if (*id == vh->id) {
			return 1;
		}
	}
	return 0;
}

static void free_queues(struct virtio_host *vh)
{
	while (vh->nqueues > 0) {
		struct virtio_queue *q = vh->queues[--vh->nqueues];

		dma_free(vh->dma, &q->ring_mem);
		dma_free(vh->dma, &q->tables_mem);
		heap_free(q->tokens);
		heap_free(q);
	}
}

static void virtio_unbound(struct device *dev)
{
	struct virtio_host *vh = virtio_host(dev);

	(void)virtio_host_stop(vh);
	free_queues(vh);
	vh->config_changed = NULL;
	vh->describe = NULL;
	vh->priv = NULL;
}

static bool virtio_describe(const struct device *dev, unsigned int n,
			    struct device_fact *out)
{
	const struct virtio_host *vh =
		container_of(dev, const struct virtio_host, dev);

	switch (n) {
	case 0:
		(void)snprintf(out->name, sizeof(out->name), "Device ID");
		(void)snprintf(out->value, sizeof(out->value), "%u", vh->id);
		return true;
	case 1:
		(void)snprintf(out->name, sizeof(out->name), "Transport");
		(void)snprintf(out->value, sizeof(out->value), "%s%s",
			       vh->ops->name, vh->legacy ? ", legacy" : "");
		return true;
	case 2:
		(void)snprintf(out->name, sizeof(out->name), "Features");
		(void)snprintf(out->value, sizeof(out->value),
			       "0x%llx of 0x%llx",
			       (unsigned long long)vh->features,
			       (unsigned long long)vh->offered);
		return true;
	default:
		n -= 3;
		break;
	}
	if (vh->describe && n-- == 0) {
		vh->describe(vh, out);
		return true;
	}
	if (n < vh->nqueues) {
		const struct virtio_queue *q = vh->queues[n];

		(void)snprintf(out->name, sizeof(out->name), "Queue %u",
			       q->index);
		(void)snprintf(out->value, sizeof(out->value),
			       "%u entries%s, %u in use%s; %u buffers, %llu "
			       "kicks, %llu interrupts",
			       q->size, q->packed ? ", packed" : "",
			       q->size - READ_ONCE(q->nfree),
			       q->broken ? ", broken" : "",
			       READ_ONCE(q->avail_count),
			       (unsigned long long)READ_ONCE(q->kicks),
			       (unsigned long long)READ_ONCE(q->interrupts));
		return true;
	}
	return false;
}

const struct device_bus virtio_bus = {
	.name = "virtio",
	.match = virtio_match,
	.unbound = virtio_unbound,
	.describe = virtio_describe,
};

int virtio_host_add(struct virtio_host *vh)
{
	int err = -ERR_EXIST;

	vh->dev.bus = &virtio_bus;
	vh->dev.dt = -1;
	vh->dev.dma = *device_dma(vh->dma);
	for (unsigned int n = 0; err == -ERR_EXIST && n < DEVICES_MAX; n++) {
		(void)snprintf(vh->dev.name, sizeof(vh->dev.name), "virtio%u",
			       n);
		err = device_add_locked(&vh->dev);
	}
	return err;
}

/* --- life ----------------------------------------------------------------- */

static void status_add(struct virtio_host *vh, uint8_t bits)
{
	vh->ops->set_status(vh, vh->ops->status(vh) | bits);
}

static int reset(struct virtio_host *vh)
{
	ticks_t deadline = time_now() + ms_to_ticks(RESET_MS);

	vh->ops->set_status(vh, 0);
	while (vh->ops->status(vh) != 0) {
		if (vh->ops->status(vh) == STATUS_GONE) {
			return -ERR_IO;
		}
		if (time_now() > deadline) {
			return -ERR_TIMEOUT;
		}
		delay_us(10);
	}
	return 0;
}

static int agree(struct virtio_host *vh)
{
	status_add(vh, VIRTIO_STATUS_ACKNOWLEDGE);
	status_add(vh, VIRTIO_STATUS_DRIVER);
	vh->ops->set_features(vh, vh->features);
	if (vh->legacy) {
		return 0;
	}
	status_add(vh, VIRTIO_STATUS_FEATURES_OK);
	if (!(vh->ops->status(vh) & VIRTIO_STATUS_FEATURES_OK)) {
		status_add(vh, VIRTIO_STATUS_FAILED);
		return -ERR_NOSUPP;
	}
	return 0;
}

/* The features that our rings and transports support. */
static uint64_t ring_features(const struct virtio_host *vh)
{
	uint64_t known = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
			 VIRTIO_F_ANY_LAYOUT;

	if (!vh->legacy) {
		known = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
			VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
			VIRTIO_F_RING_PACKED | VIRTIO_F_ORDER_PLATFORM;
	}
	return known;
}

int virtio_host_negotiate(struct virtio_host *vh, uint64_t wanted)
{
	int err = reset(vh);

	if (err) {
		return err;
	}
	vh->offered = vh->ops->features(vh);
	if (!vh->legacy && !(vh->offered & VIRTIO_F_VERSION_1)) {
		return -ERR_NOSUPP;
	}
	vh->features = vh->offered & (wanted | ring_features(vh));
	err = dma_init(vh->dma, vh->legacy ? LEGACY_BITS : 64);
	return err ? err : agree(vh);
}

/* Only now is it known which queues share a vector. */
static void steer_queues(struct virtio_host *vh)
{
	for (unsigned int i = 0; vh->ops->steer && i < vh->nqueues; i++) {
		struct virtio_queue *q = vh->queues[i];

		if (q->steered) {
			vh->ops->steer(q, q->cpu);
		}
	}
}

int virtio_host_start(struct virtio_host *vh)
{
	int err;

	steer_queues(vh);
	err = vh->ops->irq_on(vh);
	if (err) {
		return err;
	}
	vh->started = true;
	status_add(vh, VIRTIO_STATUS_DRIVER_OK);
	return 0;
}

int virtio_host_stop(struct virtio_host *vh)
{
	int err = reset(vh);

	if (err && vh->ops->isolate) {
		vh->ops->isolate(vh);
	}
	if (vh->started) {
		vh->ops->irq_off(vh);
		vh->started = false;
	}
	return err;
}

int virtio_host_restart(struct virtio_host *vh)
{
	int err = reset(vh);

	if (!err) {
		err = agree(vh);
	}
	for (unsigned int i = 0; !err && i < vh->nqueues; i++) {
		virtio_ring_reset(vh->queues[i]);
		err = vh->ops->queue_set(vh, vh->queues[i]);
	}
	return err ? err : virtio_host_start(vh);
}

bool virtio_host_needs_reset(struct virtio_host *vh)
{
	return (vh->ops->status(vh) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

/* --- queues --------------------------------------------------------------- */

static unsigned int power_of_two(unsigned int n)
{
	unsigned int p = 1;

	while (2 * p <= n) {
		p *= 2;
	}
	return p;
}

/* Allocate the three parts of the ring in one piece, and the indirect tables in
 * another. */
static int queue_memory(struct virtio_host *vh, struct virtio_queue *q)
{
	uint32_t bytes;
	int err;

	q->driver_off = virtq_desc_bytes(q->size);
	if (q->packed) {
		q->device_off = q->driver_off + VIRTQ_PACKED_EVENT_ALIGN;
		bytes = q->device_off + VIRTQ_PACKED_EVENT_ALIGN;
	} else {
		q->device_off =
			ALIGN_UP(q->driver_off + virtq_avail_bytes(q->size),
				 LEGACY_ALIGN);
		bytes = q->device_off + virtq_used_bytes(q->size);
	}
	err = dma_alloc(vh->dma, bytes, &q->ring_mem);
	if (err) {
		return err;
	}
	/* Or, at the same places, what a packed ring has there. */
	q->desc = q->ring_mem.va;
	q->avail = (void *)((uint8_t *)q->ring_mem.va + q->driver_off);
	q->usedr = (void *)((uint8_t *)q->ring_mem.va + q->device_off);
	if (q->indirect) {
		err = dma_alloc(vh->dma,
				(size_t)q->size * q->chain_max *
					sizeof(struct virtq_desc),
				&q->tables_mem);
		q->tables = q->tables_mem.va;
		q->tables_addr = q->tables_mem.addr;
	}
	return err;
}

int virtio_host_queue(struct virtio_host *vh, unsigned int index,
		      unsigned int size, unsigned int chain_max,
		      void (*used)(struct virtio_queue *q), void *arg,
		      struct virtio_queue **out)
{
	struct virtio_queue *q;
	unsigned int most;
	bool fixed;
	int err;

	assert(vh->nqueues < VIRTIO_HOST_QUEUES);
	most = vh->ops->queue_max(vh, index, &fixed);
	if (most == 0 || (fixed && most > VIRTIO_HOST_QUEUE_MAX)) {
		return -ERR_NOENT;
	}
	q = heap_alloc(sizeof(*q));
	if (!q) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = 0; i < vh->nqueues; i++) {
		assert(vh->queues[i]->index != index);
		if (vh->queues[i]->used) {
			q->interrupt++;
		}
	}
	vh->queues[vh->nqueues++] = q; /* freed by the bus */
	q->host = vh;
	q->arg = arg;
	q->used = used;
	q->index = (uint16_t)index;
	q->size = (uint16_t)(fixed ? most : power_of_two(MIN(size, most)));
	q->indirect = chain_max > 1 &&
		      virtio_host_has(vh, VIRTIO_F_INDIRECT_DESC);
	q->chain_max =
		(uint16_t)(q->indirect ? chain_max : MIN(chain_max, q->size));
	q->event_idx = virtio_host_has(vh, VIRTIO_F_EVENT_IDX);
	q->packed = virtio_host_has(vh, VIRTIO_F_RING_PACKED);
	q->tokens = heap_alloc_array(q->size, sizeof(q->tokens[0]));
	err = q->tokens ? queue_memory(vh, q) : -ERR_NOMEM;
	if (err) {
		return err;
	}
	virtio_ring_reset(q);
	err = vh->ops->queue_set(vh, q);
	if (!err) {
		*out = q;
	}
	return err;
}

void virtio_host_steer(struct virtio_queue *q, unsigned int cpu)
{
	q->steered = true;
	q->cpu = cpu;
}

unsigned int virtio_host_own_interrupts(const struct virtio_host *vh)
{
	return vh->ops->own_interrupts ? vh->ops->own_interrupts(vh) : 0;
}

void virtio_host_interrupt(struct virtio_host *vh, bool queues, bool config)
{
	for (unsigned int i = 0; queues && i < vh->nqueues; i++) {
		if (vh->queues[i]->used) {
			vh->queues[i]->interrupts++;
			vh->queues[i]->used(vh->queues[i]);
		}
	}
	if (config && vh->config_changed) {
		vh->config_changed(vh);
	}
}

/* --- configuration space -------------------------------------------------- */

static unsigned int step_of(unsigned int off, unsigned int size)
{
	if (off % 4 == 0 && size >= 4) {
		return 4;
	}
	return off % 2 == 0 && size >= 2 ? 2 : 1;
}

static void read_once(struct virtio_host *vh, unsigned int off, uint8_t *buf,
		      unsigned int size)
{
	while (size > 0) {
		unsigned int step = step_of(off, size);
		uint32_t val = vh->ops->config_read(vh, off, step);

		memcpy(buf, &val, step);
		off += step;
		buf += step;
		size -= step;
	}
}

void virtio_host_config_read(struct virtio_host *vh, unsigned int off,
			     void *buf, unsigned int size)
{
	/* 2.5: a field that takes several accesses is consistent if the
	 * generation is the same before and after. */
	for (unsigned int n = 0; n < GENERATION_TRIES; n++) {
		uint32_t before = 0;

		if (vh->ops->generation) {
			before = vh->ops->generation(vh);
		}
		read_once(vh, off, buf, size);
		if (!vh->ops->generation || vh->ops->generation(vh) == before) {
			return;
		}
	}
}
