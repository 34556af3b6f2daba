/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When interrupts of a queue are held back, and when they are raised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch_impl/host.h>

#include "core/virtio/hold.c"

#define VCPUS 2

static struct vcpu vcpus[VCPUS];
static struct vcpu *list[VCPUS] = { &vcpus[0], &vcpus[1] };
static struct guest_config cfg;
static struct guest guest;
static struct virtqueue vq;
static struct virtio_device device;
static struct virtq_hold h;
static unsigned int interrupts;

#define HOLD_US 100
#define HOLD ns_to_ticks(UINT64_C(1000) * HOLD_US)

static void pass(ticks_t ticks)
{
	host_advance(ticks);
	host_deliver();
}

/* --- the queue ------------------------------------------------------------ */

static void interrupt(struct virtio_device *vd, struct virtqueue *q)
{
	assert_ptr_equal(vd, &device);
	assert_ptr_equal(q, &vq);
	interrupts++;
}

static const struct virtio_transport transport = { .interrupt = interrupt };

static int setup(void **state)
{
	static bool once;

	(void)state;
	host_set_cpu(0);
	if (!once) {
		assert_int_equal(timer_cpu_init(), 0);
		once = true;
	}
	interrupts = 0;
	cfg = (struct guest_config){ .vcpus = VCPUS };
	guest = (struct guest){ .cfg = &cfg, .vcpus = list };
	list_init(&guest.held_queues);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i] =
			(struct vcpu){ .guest = &guest, .state = VCPU_RUNNING };
	}
	device = (struct virtio_device){ .transport = &transport };
	vq = (struct virtqueue){ .vd = &device, .guest = &guest, .live = true };
	spin_init(&vq.lock, LOCK_VIRTQUEUE);
	h = (struct virtq_hold){ 0 };
	virtq_hold_init(&h, &vq);
	virtq_hold_set(&h, HOLD_US);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtq_hold_fini(&h);
	assert_true(list_empty(&guest.held_queues));
	assert_int_equal(guest.interrupts_held, 0);
	assert_true(timer_idle(&h.timer));
	return 0;
}

/* A chain is done, and the driver wants an interrupt. Is it raised now? */
static bool done(bool due)
{
	unsigned long flags = virtqueue_lock(&vq);
	bool told;

	virtq_hold_count(&h);
	told = virtq_hold(&h, due);
	virtqueue_unlock(&vq, flags);
	return told;
}

/* Bring the queue back to the state in which interrupts are held. */
static void useful(void)
{
	while (done(true)) {}
	(void)done(false);
	virtio_raise_held(&guest);
	interrupts = 0;
}

static void test_number(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < HOLD_CHAINS; i++) {
		assert_false(done(i == 1));
		assert_true(virtio_holds(&guest));
	}
	assert_true(done(false));
	assert_false(virtio_holds(&guest));
	/* The next ones are held too, and a whole batch at once. */
	assert_false(done(true));
	h.done = HOLD_CHAINS;
	assert_true(done(false));
	h.done = HOLD_CHAINS;
	assert_true(done(true));
	assert_int_equal(interrupts, 0); /* the caller raises it */
}

static void test_unwanted(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * HOLD_CHAINS; i++) {
		assert_false(done(false));
	}
	assert_false(virtio_holds(&guest));
	assert_true(timer_idle(&h.timer));
}

static void test_time(void **state)
{
	(void)state;
	assert_false(done(true));
	assert_false(done(false));
	pass(HOLD - 1);
	assert_int_equal(interrupts, 0);
	pass(1);
	assert_int_equal(interrupts, 1);
	assert_false(virtio_holds(&guest));
	/* The timer of an earlier hold does not end the next one early. */
	useful();
	pass(HOLD / 2);
	assert_false(done(true));
	pass(HOLD - 1);
	assert_int_equal(interrupts, 0);
	pass(1);
	assert_int_equal(interrupts, 1);
}

static void test_wait(void **state)
{
	(void)state;
	assert_false(done(true));
	assert_false(done(false));
	virtio_raise_held(&guest);
	assert_int_equal(interrupts, 1);
	virtio_raise_held(&guest);
	assert_int_equal(interrupts, 1);
	pass(2 * HOLD);
	assert_int_equal(interrupts, 1);
}

static void test_waiting_vcpu(void **state)
{
	(void)state;
	vcpus[1].state = VCPU_BLOCKED;
	assert_true(done(true));
	vcpus[1].state = VCPU_OFF;
	vcpus[0].state = VCPU_READY; /* no VCPU runs to make more requests */
	assert_true(done(true));
	vcpus[0].state = VCPU_RUNNING;
	vcpus[1].native_wait = true;
	assert_true(done(true));
	vcpus[1].native_wait = false;
	cfg.vcpus = HOLD_VCPUS + 1;
	assert_true(done(true));
	cfg.vcpus = VCPUS;
	assert_false(done(true));
}

/* Single requests: interrupts are held less and less often, and again when that
 * changes. */
static void test_backoff(void **state)
{
	unsigned int held = 0;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		if (!done(true)) {
			held++;
			virtio_raise_held(&guest);
		}
	}
	assert_int_equal(held, 8 + (2000 - 8 - 247) / 256);
	assert_int_equal(h.backoff, HOLD_BACKOFF_MAX);
	useful();
	for (unsigned int i = 0; i < 20; i++) {
		assert_false(done(true));
		assert_false(done(false));
		virtio_raise_held(&guest);
	}
}

/* The time is a setting; what is held back comes at once when it changes. */
static void test_setting(void **state)
{
	(void)state;
	assert_false(done(true));
	virtq_hold_set(&h, 3 * HOLD_US);
	assert_int_equal(interrupts, 1);
	assert_false(virtio_holds(&guest));
	pass(2 * HOLD);
	useful();
	assert_false(done(true));
	pass(3 * HOLD - 1);
	assert_int_equal(interrupts, 0);
	pass(1);
	assert_int_equal(interrupts, 1);
	useful();
	assert_false(done(true));
	virtq_hold_set(&h, 0);
	assert_int_equal(interrupts, 1);
	for (unsigned int i = 0; i < 3 * HOLD_CHAINS; i++) {
		assert_true(done(true));
		assert_false(virtio_holds(&guest));
	}
	pass(4 * HOLD);
	assert_int_equal(interrupts, 1);
}

/* A queue that was reset in between gets none. */
static void test_dead(void **state)
{
	(void)state;
	assert_false(done(true));
	vq.live = false;
	pass(HOLD);
	assert_int_equal(interrupts, 0);
	assert_false(virtio_holds(&guest));
}

static void test_removed(void **state)
{
	(void)state;
	assert_false(done(true));
	virtq_hold_fini(&h);
	assert_false(virtio_holds(&guest));
	assert_true(timer_idle(&h.timer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_number),
		TEST(test_unwanted),
		TEST(test_time),
		TEST(test_wait),
		TEST(test_waiting_vcpu),
		TEST(test_backoff),
		TEST(test_setting),
		TEST(test_dead),
		TEST(test_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
