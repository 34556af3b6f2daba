/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of a ring, split or packed, with the device's side: chains
 * are given back in any order, each byte arrives, and each side looks only when
 * the other has notified it, so that a lost kick or interrupt stops the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <core/virtio.h>
#include <core/virtio_driver.h>

#include "core/virtio/driver_priv.h"
#include "core/virtio/virtqueue_split.h"
#include "tests/unit/emu_fake.h"

#define RING FAKE_RAM_BASE
#define TABLES (FAKE_RAM_BASE + 0x4000)
#define DATA (FAKE_RAM_BASE + 0x10000)
#define SLOT 0xa00 /* bytes of a chain's data */
#define SIZE_MAX_ 64
#define PARTS_MAX 6
#define ROUNDS 20000

static struct virtio_device vd;
static struct virtqueue vq;
static struct emu_device emu = { .name = "disk0" };
static struct virtio_queue q;
static struct virtio_token tokens[SIZE_MAX_];
static struct virtio_host vh;
static bool kicked, interrupted;

static void *at(uint64_t ipa, size_t n)
{
	return fake_ram_at(IPA(ipa), n);
}

static void interrupt(struct virtio_device *dev, struct virtqueue *queue)
{
	(void)dev;
	(void)queue;
	fail();
}

static void config_interrupt(struct virtio_device *dev)
{
	(void)dev;
	fail(); /* the ring is valid, so no reset may be requested */
}

static const struct virtio_transport device_transport = { interrupt,
							  config_interrupt };

static void notify(struct virtio_queue *queue)
{
	assert_ptr_equal(queue, &q);
	kicked = true;
}

static const struct virtio_host_transport driver_transport = {
	.notify = notify,
};

static uint32_t rnd(uint32_t below)
{
	static uint32_t x = 1;

	x = x * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(x >> 8) * below >> 24);
}

static void start_driver(uint16_t size, uint64_t features)
{
	memset(&q, 0, sizeof(q));
	memset(tokens, 0, sizeof(tokens));
	vh.ops = &driver_transport;
	q.host = &vh;
	q.size = size;
	q.chain_max = PARTS_MAX;
	q.event_idx = (features & VIRTIO_F_EVENT_IDX) != 0;
	q.indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0;
	q.packed = (features & VIRTIO_F_RING_PACKED) != 0;
	q.tokens = tokens;
	/* Of either format: the places are the same. */
	q.desc = at(RING, virtq_desc_bytes(size));
	q.avail = at(RING + 0x1000, virtq_avail_bytes(size));
	q.usedr = at(RING + 0x2000, virtq_used_bytes(size));
	if (q.indirect) {
		q.tables = at(TABLES, size * PARTS_MAX * 16);
		q.tables_addr = TABLES;
	}
	virtio_ring_reset(&q);
}

static void start(uint16_t size, uint64_t features)
{
	fake_config("none", 0x200);
	start_driver(size, features);
	memset(&vd, 0, sizeof(vd));
	memset(&vq, 0, sizeof(vq));
	vd.emu = &emu;
	vd.guest = &fake_guest;
	vd.transport = &device_transport;
	vd.status = VIRTIO_STATUS_DRIVER_OK;
	spin_init(&vq.lock, LOCK_VIRTQUEUE);
	vq.vd = &vd;
	vq.guest = &fake_guest;
	vq.size_max = SIZE_MAX_;
	vq.num = size;
	vq.desc_addr = IPA(RING);
	vq.driver_addr = IPA(RING + 0x1000);
	vq.device_addr = IPA(RING + 0x2000);
	assert_int_equal(virtqueue_start(&vq, features), 0);
	vq.live = vq.open = true;
	kicked = interrupted = false;
}

/* A chain made by the driver. */
struct flight {
	bool used;
	uint32_t readable, writable;
};

static struct flight flights[SIZE_MAX_ * 2];

/* Chains that the device works on. */
#define HELD_MAX 4
static struct virtq_chain held[HELD_MAX];
static unsigned int nheld;
static unsigned int added, served, taken;

static uint64_t data_of(const struct flight *f)
{
	return DATA + (uint64_t)(f - flights) * SLOT;
}

/* Its data: first what the device reads, then room for what it writes. */
static bool driver_adds(void)
{
	unsigned int reads = rnd(PARTS_MAX), writes, n;
	struct flight *f = flights;
	struct virtio_chain c;
	uint64_t addr;

	while (f->used) {
		f++;
	}
	assert_true(f < flights + ARRAY_SIZE(flights));
	writes = rnd(PARTS_MAX - reads) + (reads == 0);
	n = reads + writes;
	if (n > q.size || !virtio_chain_begin(&q, n, &c)) {
		return false;
	}
	*f = (struct flight){ .used = true };
	addr = data_of(f);
	for (unsigned int i = 0; i < n; i++) {
		uint32_t len = 1 + rnd(400);

		virtio_chain_put(&c, addr, len, i >= reads);
		memset(at(addr, len), i < reads ? (int)(added & 0xff) : 0, len);
		addr += len;
		f->readable += i < reads ? len : 0;
		f->writable += i < reads ? 0 : len;
	}
	virtio_chain_end(&q, &c, f);
	added++;
	return true;
}

static void check_bytes(const struct io_segment *segs, unsigned int n,
			uint32_t size)
{
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *p = segs[i].va;

		for (size_t k = 0; k < segs[i].size; k++) {
			assert_int_equal(p[k], served & 0xff);
		}
		size -= (uint32_t)segs[i].size;
	}
	assert_int_equal(size, 0);
}

/* Give back one of those that are held. */
static void device_ends(void)
{
	unsigned int i = rnd(nheld);

	virtqueue_push(&vq, &held[i], held[i].writable_size);
	held[i] = held[--nheld];
}

/* Serve one chain, and fill all that is writable. */
static bool device_serves(void)
{
	struct io_segment segs[2 * PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };
	int got = virtqueue_pop(&vq, &chain);

	assert_true(got >= 0);
	if (got == 0) {
		return false;
	}
	check_bytes(chain.readable.segs, chain.readable.n, chain.readable_size);
	for (unsigned int i = 0; i < chain.writable.n; i++) {
		memset(chain.writable.segs[i].va, 0x99,
		       chain.writable.segs[i].size);
	}
	held[nheld++] = chain; /* of which only sizes and the id are used */
	if (nheld == HELD_MAX) {
		device_ends();
	}
	served++;
	return true;
}

/* When notified: serve some, and continue while there are more; then sleep. */
static void device_runs(void)
{
	unsigned long flags = virtqueue_lock(&vq);

	virtqueue_kicks_off(&vq);
	do {
		while (device_serves()) {
			if (nheld > 0 && rnd(3) == 0) {
				device_ends();
				interrupted |= virtqueue_publish(&vq);
			}
		}
		while (nheld > 0) {
			device_ends();
		}
	} while (virtqueue_kicks_on(&vq));
	interrupted |= virtqueue_publish(&vq);
	virtqueue_unlock(&vq, flags);
}

static void driver_takes(void)
{
	do {
		struct flight *f;
		uint32_t written;

		while ((f = virtio_queue_take(&q, &written)) != NULL) {
			const uint8_t *p = at(data_of(f), SLOT);

			assert_true(f->used);
			assert_int_equal(written, f->writable);
			for (uint32_t i = 0; i < written; i++) {
				assert_int_equal(p[f->readable + i], 0x99);
			}
			f->used = false;
			taken++;
		}
	} while (!virtio_queue_rearm(&q));
	assert_false(q.broken);
}

static void run(uint16_t size, uint64_t features)
{
	added = served = taken = 0;
	memset(flights, 0, sizeof(flights));
	start(size, features);
	while (added < ROUNDS) {
		unsigned int n = 1 + rnd(size);

		while (n-- > 0 && driver_adds()) {}
		if (rnd(2)) {
			virtio_queue_kick(&q);
		}
		if (kicked && rnd(2)) {
			kicked = false;
			device_runs();
		}
		if (interrupted && rnd(2)) {
			interrupted = false;
			driver_takes();
		}
		/* The ring must not be full with neither side notified: that is
		 * stuck. */
		assert_true(q.nfree > 0 || kicked || interrupted ||
			    q.told_count != q.avail_count);
	}
	virtio_queue_kick(&q);
	while (kicked || interrupted) {
		if (kicked) {
			kicked = false;
			device_runs();
		}
		if (interrupted) {
			interrupted = false;
			driver_takes();
		}
	}
	assert_int_equal(served, added);
	assert_int_equal(taken, added);
	assert_int_equal(q.nfree, size);
	vq.live = vq.open = false;
	virtqueue_stop(&vq);
}

static void test_plain(void **state)
{
	(void)state;
	run(8, 0);
	run(64, 0);
}

static void test_indirect(void **state)
{
	(void)state;
	run(4, VIRTIO_F_INDIRECT_DESC);
	run(64, VIRTIO_F_INDIRECT_DESC);
}

static void test_event_idx(void **state)
{
	(void)state;
	run(16, VIRTIO_F_EVENT_IDX);
	run(64, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC);
}

static void test_packed(void **state)
{
	(void)state;
	run(8, VIRTIO_F_RING_PACKED);
	run(64, VIRTIO_F_RING_PACKED);
	run(4, VIRTIO_F_RING_PACKED | VIRTIO_F_INDIRECT_DESC);
	run(8, VIRTIO_F_RING_PACKED | VIRTIO_F_EVENT_IDX);
	run(64,
	    VIRTIO_F_RING_PACKED | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC);
}

/* Is there a chain to be taken? */
static bool available(void)
{
	return vq.packed ? packed_pending(&vq) : split_pending(&vq);
}

/* A chain that was begun and not ended is nothing to the device, nor to the
 * driver; the next one takes its place. */
static void test_abandoned(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		uint64_t packed = round ? VIRTIO_F_RING_PACKED : 0;
		struct virtq_chain chain;
		struct io_segment segs[PARTS_MAX];
		struct virtio_chain c;
		unsigned long flags;

		memset(flights, 0, sizeof(flights));
		start(8, packed);
		flags = virtqueue_lock(&vq);
		/* Through all places of the ring, in both kinds of rounds. */
		for (unsigned int i = 0; i < 40; i++) {
			assert_true(virtio_chain_begin(&q, 3, &c));
			for (unsigned int k = 0; k < 3; k++) {
				virtio_chain_put(&c, DATA + k, 1, k == 2);
			}
			assert_null(virtio_queue_take(&q, NULL));
			assert_false(available());
			assert_true(virtio_chain_begin(&q, 1, &c));
			virtio_chain_put(&c, DATA, 1 + i, false);
			virtio_chain_end(&q, &c, &flights[i]);
			chain = (struct virtq_chain){ .segs = segs,
						      .max = PARTS_MAX };
			assert_int_equal(virtqueue_pop(&vq, &chain), 1);
			assert_int_equal(chain.readable_size, 1 + i);
			assert_int_equal(chain.writable_size, 0);
			assert_false(available());
			virtqueue_push(&vq, &chain, 0);
			assert_true(virtqueue_publish(&vq));
			assert_ptr_equal(virtio_queue_take(&q, NULL),
					 &flights[i]);
			assert_null(virtio_queue_take(&q, NULL));
		}
		virtqueue_unlock(&vq, flags);
		vq.live = vq.open = false;
		virtqueue_stop(&vq);
	}
}

/* What a packed ring's device gives back is looked at. */
static void test_bad_packed_device(void **state)
{
	static const uint16_t ids[] = { 8, 0xffff, 5 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		struct virtio_chain c;

		start(8, VIRTIO_F_RING_PACKED);
		assert_true(virtio_chain_begin(&q, 1, &c));
		virtio_chain_put(&c, DATA, 1, false);
		virtio_chain_end(&q, &c, &q);
		q.ring[0].id = ids[i];
		q.ring[0].flags = VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED;
		assert_null(virtio_queue_take(&q, NULL));
		assert_true(q.broken);
		virtio_ring_reset(&q);
		assert_int_equal(q.nfree, 8);
		/* Nothing is with the device: flags say nothing. */
		q.ring[0].flags = VIRTQ_PACKED_F_AVAIL | VIRTQ_PACKED_F_USED;
		assert_null(virtio_queue_take(&q, NULL));
		assert_false(q.broken);
		vq.live = vq.open = false;
		virtqueue_stop(&vq);
	}
}

/* --- ends of a batch ------------------------------------------------------ */

static void add_one(void)
{
	struct virtio_chain c;

	assert_true(virtio_chain_begin(&q, 1, &c));
	virtio_chain_put(&c, DATA, 8, false);
	virtio_chain_end(&q, &c, &flights[0]);
}

static bool take_one(void)
{
	static struct io_segment segs[PARTS_MAX];
	struct virtq_chain c = { .segs = segs, .max = PARTS_MAX };

	return virtqueue_pop(&vq, &c) == 1;
}

/* What the device knows without looking again: of a packed ring nothing. If it
 * stops there it loses no chain: the end of its batch looks. */
static void test_seen(void **state)
{
	(void)state;
	start(8, 0);
	for (unsigned int i = 0; i < 3; i++) {
		add_one();
	}
	spin_lock(&vq.lock);
	for (unsigned int left = 3; left-- > 0;) {
		assert_true(take_one());
		assert_int_equal(virtqueue_seen(&vq), left);
	}
	add_one();
	assert_int_equal(virtqueue_seen(&vq), 0);
	assert_int_equal(virtqueue_finish(&vq), VIRTQUEUE_MORE);
	assert_true(take_one());
	spin_unlock(&vq.lock);
	start(8, VIRTIO_F_RING_PACKED);
	spin_lock(&vq.lock);
	for (unsigned int i = 0; i < 8; i++) {
		add_one();
		assert_true(take_one());
		assert_true(virtqueue_seen(&vq) > 8);
	}
	spin_unlock(&vq.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_event_idx),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_bad_packed_device),
		cmocka_unit_test(test_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
