/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO from the driver's side: negotiation, rings, and errors of a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/virtio_model.h"

#define RING_FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

static unsigned int used_calls;

static void count_used(struct virtio_queue *q)
{
	(void)q;
	used_calls++;
}

static struct virtio_queue *begin(uint64_t features, unsigned int size,
				  unsigned int chain_max)
{
	struct virtio_queue *q;

	model_begin(features);
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), 0);
	assert_int_equal(virtio_host_queue(&model.vh, 0, size, chain_max,
					   count_used, NULL, &q),
			 0);
	assert_int_equal(virtio_host_start(&model.vh), 0);
	return q;
}

static void end(void)
{
	virtio_bus.unbound(&model.vh.dev);
	assert_false(model.irqs);
	assert_int_equal(model.status, 0);
}

static void test_negotiation(void **state)
{
	struct virtio_queue *q;

	(void)state;
	model_begin(RING_FEATURES | BIT(5) | BIT(6));
	assert_int_equal(virtio_host_negotiate(&model.vh, BIT(5) | BIT(7)), 0);
	assert_true(model.accepted ==
		    (RING_FEATURES | VIRTIO_F_VERSION_1 | BIT(5)));
	assert_true(virtio_host_has(&model.vh, BIT(5)));
	assert_false(virtio_host_has(&model.vh, BIT(6)));
	assert_int_equal(model.status, VIRTIO_STATUS_ACKNOWLEDGE |
					       VIRTIO_STATUS_DRIVER |
					       VIRTIO_STATUS_FEATURES_OK);
	assert_int_equal(virtio_host_queue(&model.vh, 2, 8, 1, NULL, NULL, &q),
			 -ERR_NOENT);
	model.refuses = true;
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), -ERR_NOSUPP);
	assert_true(model.status & VIRTIO_STATUS_FAILED);
	model.refuses = false;
	model.offers = 0;
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), -ERR_NOSUPP);
	model.status = 0xff;
	model.stuck = true;
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), -ERR_IO);
	model.status = VIRTIO_STATUS_DRIVER;
	assert_int_equal(virtio_host_stop(&model.vh), -ERR_TIMEOUT);
	assert_true(model.isolated);
}

/* A transport is asked when it can know which queues share an interrupt. */
static void test_steering(void **state)
{
	struct virtio_queue *q;

	(void)state;
	model_begin(0);
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(virtio_host_queue(&model.vh, i, 8, 1,
						   count_used, NULL, &q),
				 0);
		virtio_host_steer(q, 3 + i);
	}
	assert_int_equal(virtio_host_start(&model.vh), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(model.queues[i].cpu, 3 + i);
		assert_int_equal(model.queues[i].of, 2);
	}
	end();
}

/* Packed rings are used where the device has them; a legacy one cannot. */
static void test_packed(void **state)
{
	struct virtio_queue *q =
		begin(RING_FEATURES | VIRTIO_F_RING_PACKED, 8, 2);
	struct device_fact fact;

	(void)state;
	assert_true(model.accepted & VIRTIO_F_RING_PACKED);
	assert_true(q->packed && q->indirect && q->event_idx);
	/* 2.8.10.1: where its event structures are; 2.8.1: the first round. */
	assert_int_equal(q->driver_off, 8 * 16);
	assert_int_equal(q->device_off, 8 * 16 + 4);
	assert_int_equal(q->driver_event->offset, VIRTQ_PACKED_EVENT_WRAP);
	assert_int_equal(q->driver_event->flags, VIRTQ_PACKED_EVENT_DESC);
	assert_true(virtio_bus.describe(&model.vh.dev, 3, &fact));
	assert_non_null(strstr(fact.value, "packed"));
	end();
	model_begin(RING_FEATURES | VIRTIO_F_RING_PACKED);
	model.vh.legacy = true;
	assert_int_equal(virtio_host_negotiate(&model.vh, 0), 0);
	assert_false(model.accepted & VIRTIO_F_RING_PACKED);
	assert_int_equal(virtio_host_stop(&model.vh), 0);
}

/* Buffers of 1 to 5 parts, any number in flight, returned in any order. */
static void run_random(uint64_t features, unsigned int size)
{
	struct virtio_queue *q = begin(features, size, 5);
	struct model_buffer flying[64], b;
	unsigned int nflying = 0, added = 0, taken = 0;
	static unsigned int x = 12345;
	static uint8_t seen[20000];

	memset(seen, 0, sizeof(seen));
	assert_int_equal(q->size, size);
	while (added < ARRAY_SIZE(seen) - 1) {
		struct virtio_chain c;
		unsigned int n, what;
		void *arg;

		x = x * 1103515245 + 12345;
		what = x >> 16 & 3;
		n = 1 + (x >> 18 & 0xff) % 5;
		if (what == 0 && virtio_chain_begin(q, n, &c)) {
			for (unsigned int i = 0; i < n; i++) {
				virtio_chain_put(&c,
						 HOST_SPARE + 16 * added + i,
						 i + 1, i >= n / 2);
			}
			added++;
			virtio_chain_end(q, &c, &seen[added]);
			virtio_queue_kick(q);
		} else if (what == 1 && nflying < ARRAY_SIZE(flying) &&
			   model_pop(0, &flying[nflying])) {
			nflying++;
		} else if (what == 2 && nflying > 0) {
			unsigned int i = (x >> 20) % nflying;

			b = flying[i];
			flying[i] = flying[--nflying];
			for (unsigned int k = 0; k < b.n; k++) {
				assert_int_equal(b.parts[k].len, k + 1);
				assert_int_equal(b.parts[k].write,
						 k >= b.n / 2);
			}
			(void)model_push(0, &b, b.n);
		} else if (what == 3) {
			uint32_t written;

			arg = virtio_queue_take(q, &written);
			if (arg) {
				assert_true(written >= 1 && written <= 5);
				assert_int_equal(*(uint8_t *)arg, 0);
				*(uint8_t *)arg = 1;
				taken++;
			}
		}
	}
	assert_true(taken + size >= added);
	assert_false(q->broken);
	end();
}

static void test_random(void **state)
{
	(void)state;
	run_random(0, 8);
	run_random(VIRTIO_F_INDIRECT_DESC, 8);
	run_random(RING_FEATURES, 16);
	run_random(VIRTIO_F_EVENT_IDX, 64);
}

static void add_one(struct virtio_queue *q)
{
	struct virtio_chain c;

	assert_true(virtio_chain_begin(q, 1, &c));
	virtio_chain_put(&c, HOST_SPARE, 4, false);
	virtio_chain_end(q, &c, q);
}

/* A kick for each batch, and only if the device wants one. */
static void test_kicks(void **state)
{
	struct model_buffer b;
	struct virtio_queue *q;

	(void)state;
	q = begin(RING_FEATURES, 8, 1);
	for (unsigned int i = 0; i < 3; i++) {
		add_one(q);
	}
	virtio_queue_kick(q);
	virtio_queue_kick(q);
	assert_int_equal(model.queues[0].kicks, 1);
	/* It has not looked yet: another kick is not needed. */
	add_one(q);
	virtio_queue_kick(q);
	assert_int_equal(model.queues[0].kicks, 1);
	while (model_pop(0, &b)) {
		(void)model_push(0, &b, 0);
	}
	add_one(q);
	virtio_queue_kick(q);
	assert_int_equal(model.queues[0].kicks, 2);
	end();
	q = begin(0, 8, 1);
	q->usedr->flags = VIRTQ_USED_F_NO_NOTIFY;
	add_one(q);
	virtio_queue_kick(q);
	assert_int_equal(model.queues[0].kicks, 0);
	q->usedr->flags = 0;
	add_one(q);
	virtio_queue_kick(q);
	assert_int_equal(model.queues[0].kicks, 1);
	end();
}

/* Interrupts come when they are asked for, and none is lost before that. */
static void test_interrupts(void **state)
{
	static const uint64_t features[] = { 0, RING_FEATURES };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct virtio_queue *q = begin(features[i], 8, 1);
		struct model_buffer b;

		assert_true(virtio_queue_rearm(q));
		add_one(q);
		add_one(q);
		add_one(q);
		assert_true(model_pop(0, &b));
		assert_true(model_push(0, &b, 0));
		assert_false(virtio_queue_rearm(q));
		assert_ptr_equal(virtio_queue_take(q, NULL), q);
		assert_null(virtio_queue_take(q, NULL));
		assert_true(virtio_queue_rearm(q));
		virtio_queue_silence(q);
		assert_true(model_pop(0, &b));
		assert_false(model_push(0, &b, 0));
		assert_ptr_equal(virtio_queue_take(q, NULL), q);
		assert_true(virtio_queue_rearm(q));
		assert_true(model_pop(0, &b));
		assert_true(model_push(0, &b, 0));
		end();
	}
}

/* What the device returns is checked: an index out of range, one that it does
 * not have, one twice. Then the queue is broken until a restart. */
static void test_bad_device(void **state)
{
	static const uint32_t ids[] = { 8, ~0U, 5, 0 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		struct virtio_queue *q = begin(RING_FEATURES, 8, 3);
		struct model_buffer b = { .head = 0 };

		add_one(q);
		add_one(q);
		assert_true(model_pop(0, &b));
		(void)model_push(0, &b, 0);
		assert_ptr_equal(virtio_queue_take(q, NULL), q);
		q->usedr->ring[1].id = ids[i];
		q->usedr->idx = 2;
		assert_null(virtio_queue_take(q, NULL));
		assert_true(q->broken);
		assert_null(virtio_queue_take(q, NULL));
		assert_int_equal(virtio_host_restart(&model.vh), 0);
		assert_false(q->broken);
		assert_int_equal(q->nfree, 8);
		add_one(q);
		virtio_queue_kick(q);
		assert_true(model_pop(0, &b));
		(void)model_push(0, &b, 0);
		assert_ptr_equal(virtio_queue_take(q, NULL), q);
		end();
	}
}

/* The index jumps: no more is taken than the device had. */
static void test_wild_index(void **state)
{
	struct virtio_queue *q;
	unsigned int n = 0;

	(void)state;
	q = begin(0, 8, 1);
	for (unsigned int i = 0; i < 8; i++) {
		struct model_buffer b;

		add_one(q);
		assert_true(model_pop(0, &b));
		(void)model_push(0, &b, 0);
	}
	q->usedr->idx = 0x8123;
	while (virtio_queue_take(q, NULL)) {
		n++;
		assert_true(n <= 8);
	}
	assert_true(q->broken);
	end();
}

static uint32_t generation;
static unsigned int reads;

static uint32_t changing_generation(struct virtio_host *vh)
{
	(void)vh;
	return generation;
}

static uint32_t changing_read(struct virtio_host *vh, unsigned int off,
			      unsigned int size)
{
	uint32_t v = model_config_read(vh, off, size);

	if (reads++ == 0) {
		/* Between the reads of the two halves. */
		memset(model.config, 0x22, 8);
		generation++;
	}
	return v;
}

/* Fields that belong together are read consistently (2.5). */
static void test_config(void **state)
{
	struct virtio_host_transport t = model_transport;
	uint64_t v;
	uint8_t odd[7];

	(void)state;
	model_begin(0);
	t.generation = changing_generation;
	t.config_read = changing_read;
	model.vh.ops = &t;
	reads = 0;
	memset(model.config, 0x11, 8);
	virtio_host_config_read(&model.vh, 0, &v, sizeof(v));
	assert_true(v == UINT64_C(0x2222222222222222));
	for (unsigned int i = 0; i < 7; i++) {
		model.config[9 + i] = (uint8_t)i;
	}
	virtio_host_config_read(&model.vh, 9, odd, sizeof(odd));
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(odd[i], i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negotiation),
		cmocka_unit_test(test_steering),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_kicks),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_bad_device),
		cmocka_unit_test(test_wild_index),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
