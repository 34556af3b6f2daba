/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO entropy device (VirtIO 1.2, 5.4): random numbers for guests, from the
 * hypervisor's generator (core/random.h). The bytes of one request, the work in
 * one trap and the bytes a second are bounded, because a guest can ask without
 * end.
 */
#include <core/random.h>
#include <core/schema.h>
#include <core/time.h>
#include <core/virtio.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>

#define ENTROPY_QUEUE_SIZE 16
#define ENTROPY_REQUEST_MAX 64 /* bytes; 5.4.6.2: fewer than asked for */
#define ENTROPY_CHAINS_MAX 4   /* most requests in one trap */
#define ENTROPY_PARTS_MAX 16   /* most parts of a request */

#define ENTROPY_RATE 65536 /* bytes a second, by default */
#define ENTROPY_BURST_NS UINT64_C(100000000)
#define NS_PER_S UINT64_C(1000000000)

/* [Q] the queue's lock. */
struct entropy {
	struct virtqueue *vq;
	struct timer timer;   /* continues when the rate allows it */
	uint32_t ns_per_byte; /* immutable */
	uint64_t paid_ns;     /* [Q] when the rate allows the next request */
};

static struct entropy *of(struct virtio_device *vd)
{
	return vd->state;
}

/* Serve one request; false if there is none. */
static bool serve_one(struct virtqueue *vq, struct entropy *e, uint64_t now)
{
	struct io_segment segs[ENTROPY_PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	uint8_t bytes[ENTROPY_REQUEST_MAX];
	uint32_t n;

	if (virtqueue_pop(vq, &chain) != 1) {
		return false;
	}
	n = MIN(chain.writable_size, (uint32_t)sizeof(bytes));
	random_bytes(bytes, n);
	(void)io_list_fill(&chain.writable, bytes, n);
	virtqueue_push(vq, &chain, n);
	/* An empty request counts as one byte, so that it is limited, too. */
	e->paid_ns =
		MAX(e->paid_ns, now) + (uint64_t)MAX(n, 1U) * e->ns_per_byte;
	return true;
}

/* Serve all requests, or as many as a trap may. False: the rate does not allow
 * the next one yet, or the generator has no seed yet; the timer continues. */
static bool serve(struct virtqueue *vq, struct entropy *e)
{
	uint64_t now = time_now_ns();

	virtqueue_kicks_off(vq);
	if (!random_seeded()) {
		timer_set(&e->timer, ns_to_ticks(now + NS_PER_S));
		return false;
	}
	for (unsigned int n = 0; n < ENTROPY_CHAINS_MAX; n++) {
		if (e->paid_ns > now + ENTROPY_BURST_NS) {
			timer_set(&e->timer,
				  ns_to_ticks(e->paid_ns - ENTROPY_BURST_NS));
			return false;
		}
		if (!serve_one(vq, e, now)) {
			break;
		}
	}
	return true;
}

static int entropy_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	unsigned long flags = virtqueue_lock(vq);
	bool goes_on = serve(vq, of(vd));
	unsigned int what = virtqueue_finish(vq);

	virtqueue_unlock(vq, flags);
	if (what & VIRTQUEUE_DUE) {
		virtio_interrupt(vq);
	}
	return goes_on && (what & VIRTQUEUE_MORE) ? -ERR_BUSY : 0;
}

static void entropy_timer(struct timer *t)
{
	struct entropy *e = container_of(t, struct entropy, timer);

	if (entropy_kick(e->vq->vd, e->vq)) {
		timer_set(t, time_now());
	}
}

static int entropy_init(struct virtio_device *vd)
{
	struct entropy *e = of(vd);

	e->vq = &vd->queues[0];
	e->ns_per_byte =
		(uint32_t)(NS_PER_S /
			   emu_prop_u32(vd->emu, "socle,rate", ENTROPY_RATE));
	timer_init(&e->timer, entropy_timer);
	return 0;
}

static void entropy_fini(struct virtio_device *vd)
{
	timer_cancel(&of(vd)->timer);
}

static const struct virtio_kind entropy_kind = {
	.id = VIRTIO_ID_ENTROPY,
	.max_queues = 1,
	.queue_size = ENTROPY_QUEUE_SIZE,
	.state_size = sizeof(struct entropy),
	.features = VIRTIO_F_IN_ORDER,
	.init = entropy_init,
	.fini = entropy_fini,
	.kick = entropy_kick,
};

static const struct schema_prop entropy_props[] = {
	{
		.name = "socle,rate",
		.type = SCHEMA_U32,
		.min = 64,
		.max = 100000000,
		.otherwise = REFERENCE("65536"),
		.doc = REFERENCE("Most bytes a second."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const entropy_compatible[] = { "virtio,entropy", NULL };

static const struct emulator entropy_emulator = {
	.name = "virtio-entropy",
	.compatible = entropy_compatible,
	.virtio = &entropy_kind,
	.props = entropy_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(entropy_emulator);
