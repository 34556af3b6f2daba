/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO entropy device (VirtIO 1.2, 5.4): its random bytes are mixed into the
 * hypervisor's generator, which guests' devices draw from: at probe, and again
 * every few minutes.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/random.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <core/virtio_driver.h>
#include <libs/error.h>
#include <string.h>

#define RNG_BYTES 64
#define RNG_RESEED_MS (300 * 1000)

struct virtio_rng {
	struct spinlock lock;
	struct virtio_host *vh; /* [I] */
	struct virtio_queue *q; /* [I] */
	struct dma_buffer buf;  /* [I] owned by the device during a request */
	struct timer reseed;
};

static void rng_ask(struct virtio_rng *r)
{
	unsigned long flags = spin_lock_irqsave(&r->lock);
	struct virtio_chain c;

	/* No free chain: the device has not answered the last request yet. */
	if (virtio_chain_begin(r->q, 1, &c)) {
		virtio_chain_put(&c, r->buf.addr, RNG_BYTES, true);
		virtio_chain_end(r->q, &c, r);
		virtio_queue_kick(r->q);
	}
	spin_unlock_irqrestore(&r->lock, flags);
}

static void rng_reseed(struct timer *t)
{
	rng_ask(container_of(t, struct virtio_rng, reseed));
}

static void rng_used(struct virtio_queue *q)
{
	struct virtio_rng *r = q->arg;
	unsigned long flags = spin_lock_irqsave(&r->lock);
	uint32_t n = 0;
	bool got;

	got = virtio_queue_take(q, &n) != NULL;
	n = MIN(n, (uint32_t)RNG_BYTES);
	if (got) {
		random_add(r->buf.va, n);
		memset(r->buf.va, 0, RNG_BYTES);
	}
	(void)virtio_queue_rearm(q);
	spin_unlock_irqrestore(&r->lock, flags);
	if (got) {
		timer_set(&r->reseed, time_now() + ms_to_ticks(RNG_RESEED_MS));
	}
}

static int rng_start(struct virtio_rng *r)
{
	int err = virtio_host_negotiate(r->vh, 0);

	if (!err) {
		err = dma_alloc(r->vh->dma, RNG_BYTES, &r->buf);
	}
	if (!err) {
		err = virtio_host_queue(r->vh, 0, 1, 1, rng_used, r, &r->q);
	}
	return err ? err : virtio_host_start(r->vh);
}

static int rng_probe(struct device *dev)
{
	struct virtio_rng *r = heap_alloc(sizeof(*r));
	int err;

	if (!r) {
		return -ERR_NOMEM;
	}
	r->vh = virtio_host(dev);
	spin_init(&r->lock, LOCK_HOST_QUEUE);
	timer_init(&r->reseed, rng_reseed);
	err = rng_start(r);
	if (err) {
		(void)virtio_host_stop(r->vh);
		dma_free(r->vh->dma, &r->buf);
		heap_free(r);
		return err;
	}
	dev->priv = r;
	rng_ask(r);
	return 0;
}

static void rng_remove(struct device *dev)
{
	struct virtio_rng *r = dev->priv;

	(void)virtio_host_stop(r->vh);
	timer_cancel(&r->reseed);
	dma_free(r->vh->dma, &r->buf);
	heap_free(r);
}

static const uint16_t rng_ids[] = { VIRTIO_ID_ENTROPY, 0 };

static const struct driver virtio_rng_driver = {
	.name = "virtio-rng",
	.class = DEVICE_ENTROPY,
	.bus = &virtio_bus,
	.ids = rng_ids,
	.probe = rng_probe,
	.remove = rng_remove,
};
DRIVER(virtio_rng_driver);
