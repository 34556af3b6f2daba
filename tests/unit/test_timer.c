/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers and time conversion, against a plain list and exact arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/timer.h>
#include <arch_impl/host.h>
#include <core/percpu.h>
#include <core/time.h>

#define CPUS 3
#define TIMERS 200

/* A timer, and its expected state. */
struct probe {
	struct timer t;
	bool armed;
	uint64_t deadline;
	unsigned int cpu;
	unsigned int fired;
	void (*also)(struct probe *p);
};

static struct probe probes[TIMERS];
static unsigned int total;

static void fired(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, t);

	assert_true(arch_irq_disabled());
	assert_true(p->armed);
	assert_true(p->deadline <= time_now());
	assert_int_equal(cpu_id(), p->cpu);
	assert_false(timer_armed(t));
	/* No timer that was due earlier on this CPU still waits. */
	for (unsigned int i = 0; i < TIMERS; i++) {
		assert_false(probes[i].armed && probes[i].cpu == p->cpu &&
			     probes[i].deadline < p->deadline);
	}
	p->armed = false;
	p->fired++;
	total++;
	if (p->also) {
		p->also(p);
	}
}

static void set(struct probe *p, uint64_t deadline)
{
	p->armed = true;
	p->deadline = deadline;
	p->cpu = cpu_id();
	timer_set(&p->t, deadline);
	assert_true(timer_armed(&p->t));
}

static void cancel(struct probe *p)
{
	p->armed = false;
	timer_cancel(&p->t);
	assert_false(timer_armed(&p->t));
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	for (unsigned int i = 0; i < CPUS; i++) {
		host_set_cpu(i);
		if (!once) {
			assert_int_equal(timer_cpu_init(), 0);
		}
	}
	once = true;
	host_set_cpu(0);
	host_set_time(1000);
	memset(probes, 0, sizeof(probes));
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_init(&probes[i].t, fired);
	}
	total = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_cancel(&probes[i].t);
	}
	for (unsigned int i = 0; i < CPUS; i++) {
		host_set_cpu(i);
		host_set_time(UINT64_MAX - 1);
		host_deliver();
	}
	return 0;
}

/* The hardware is never later than an armed timer. */
static void check_hardware(void)
{
	for (unsigned int i = 0; i < TIMERS; i++) {
		if (probes[i].armed) {
			assert_true(host_timer_deadline(probes[i].cpu) <=
				    probes[i].deadline);
		}
	}
}

static void deliver_all(void)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		host_set_cpu(i);
		host_deliver();
	}
	for (unsigned int i = 0; i < TIMERS; i++) {
		assert_false(probes[i].armed &&
			     probes[i].deadline <= time_now());
	}
}

static void test_order(void **state)
{
	(void)state;
	set(&probes[0], 3000);
	set(&probes[1], 2000);
	set(&probes[2], 4000);
	assert_int_equal(host_timer_deadline(0), 2000);
	host_set_time(1999);
	host_deliver();
	assert_int_equal(total, 0);
	host_set_time(3500);
	host_deliver();
	assert_int_equal(total, 2);
	assert_true(probes[2].armed);
	assert_int_equal(host_timer_deadline(0), 4000);
	host_set_time(4000);
	host_deliver();
	assert_int_equal(total, 3);
	assert_true(host_timer_deadline(0) == UINT64_MAX);
}

static void test_hardware_left_alone(void **state)
{
	uint64_t writes;

	(void)state;
	set(&probes[0], 2000);
	writes = host_timer_writes;
	set(&probes[1], 2001);
	set(&probes[2], 2000);
	set(&probes[1], 5000);
	cancel(&probes[0]);
	cancel(&probes[2]);
	assert_int_equal(host_timer_writes, writes);
	/* It fires without a due timer, and is set again. */
	host_set_time(2000);
	host_deliver();
	assert_int_equal(total, 0);
	assert_int_equal(host_timer_deadline(0), 5000);
	assert_int_equal(host_timer_writes, writes + 1);
}

static void test_move(void **state)
{
	(void)state;
	set(&probes[0], 2000);
	host_set_cpu(1);
	set(&probes[0], 3000);
	assert_int_equal(host_timer_deadline(1), 3000);
	host_set_cpu(0);
	host_set_time(3000);
	host_deliver();
	assert_int_equal(total, 0);
	host_set_cpu(1);
	host_deliver();
	assert_int_equal(total, 1);
}

static void again(struct probe *p)
{
	if (p->fired < 5) {
		set(p, p->deadline + 10);
	}
}

static void test_rearm_in_callback(void **state)
{
	(void)state;
	probes[0].also = again;
	set(&probes[0], 2000);
	host_set_time(2025);
	host_deliver();
	assert_int_equal(probes[0].fired, 3);
	assert_int_equal(host_timer_deadline(0), 2030);
	host_set_time(9000);
	host_deliver();
	assert_int_equal(probes[0].fired, 5);
}

static void past(struct probe *p)
{
	set(p, 1);
}

/* A timer that sets itself into the past interrupts again and again, but each
 * interrupt ends. */
static void test_bounded(void **state)
{
	(void)state;
	probes[0].also = past;
	set(&probes[0], 1);
	(void)arch_irq_save();
	timer_interrupt();
	assert_in_range(total, 1, 8);
	assert_true(host_timer_deadline(0) <= 1000);
	arch_irq_restore(0);
	probes[0].also = NULL;
}

/* Many that are due together fire in several interrupts, one right after the
 * other. */
static void test_together(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TIMERS; i++) {
		set(&probes[i], 2000);
	}
	(void)arch_irq_save();
	host_set_time(2000);
	for (unsigned int last = 0; total < TIMERS; last = total) {
		assert_true(host_timer_deadline(0) <= 2000);
		timer_interrupt();
		assert_in_range(total - last, 1, 8);
	}
	arch_irq_restore(0);
	check_hardware();
}

static void cancel_self(struct probe *p)
{
	timer_cancel(&p->t);
}

static void cancel_next(struct probe *p)
{
	cancel(p + 1);
}

static void test_cancel_in_callback(void **state)
{
	(void)state;
	probes[0].also = cancel_self;
	probes[1].also = cancel_next;
	set(&probes[0], 2000);
	set(&probes[1], 2000);
	set(&probes[2], 2000);
	/* The order of timers with equal deadlines is not defined. */
	cancel(&probes[2]);
	set(&probes[2], 2001);
	host_set_time(2010);
	host_deliver();
	assert_int_equal(probes[0].fired, 1);
	assert_int_equal(probes[1].fired, 1);
	assert_int_equal(probes[2].fired, 0);
}

/* What bounds the steps of an operation: the way along right children is the
 * shortest one down, so with n timers it has at most log2(n + 1) of them. */
static void check_shape(void)
{
	for (unsigned int i = 0; i < TIMERS; i++) {
		const struct timer *t = &probes[i].t;
		uint32_t left = t->left ? t->left->rank : 0;
		uint32_t right = t->right ? t->right->rank : 0;

		if (!t->rank) {
			continue;
		}
		assert_true(left >= right);
		assert_int_equal(t->rank, right + 1);
		assert_true(BIT(t->rank) <= TIMERS + 1);
		for (const struct timer *c = t->left; c;
		     c = c == t->left ? t->right : NULL) {
			assert_ptr_equal(c->parent, t);
			assert_true(c->deadline >= t->deadline);
		}
	}
}

/* Set one after another, and taken away from wherever they are. */
static void test_in_order(void **state)
{
	(void)state;
	for (unsigned int how = 0; how < 3; how++) {
		for (unsigned int i = 0; i < TIMERS; i++) {
			set(&probes[i], how == 0   ? 1000 + i
					: how == 1 ? 1000 - i
						   : 1000);
			check_shape();
		}
		for (unsigned int i = 0; i < TIMERS; i++) {
			cancel(&probes[(i * 77) % TIMERS]);
			check_shape();
		}
	}
}

static void test_random(void **state)
{
	uint64_t time = 1000;

	(void)state;
	srand(1);
	for (unsigned int step = 0; step < 50000; step++) {
		struct probe *p = &probes[rand() % TIMERS];

		host_set_cpu((unsigned int)rand() % CPUS);
		switch (rand() % 8) {
		case 0:
			cancel(p);
			break;
		case 1:
			time += (unsigned int)rand() % 500;
			host_set_time(time);
			deliver_all();
			break;
		default:
			set(p, time + (unsigned int)rand() % 5000);
			break;
		}
		check_hardware();
		check_shape();
	}
	host_set_time(time + 5000);
	deliver_all();
	assert_true(total > 1000);
}

/* (n * to) / from in 128 bits, saturated. */
static uint64_t exact(uint64_t n, uint64_t from, uint64_t to, bool up)
{
	unsigned __int128 r = (unsigned __int128)n * to + (up ? from - 1 : 0);

	r /= from;
	return r > UINT64_MAX ? UINT64_MAX : (uint64_t)r;
}

static void check_conversion(uint64_t n)
{
	uint64_t hz = host_timer_hz;

	assert_true(ticks_to_ns(n) == exact(n, hz, 1000000000, false));
	assert_true(ns_to_ticks(n) == exact(n, 1000000000, hz, true));
	assert_true(ms_to_ticks(n) == exact(n, 1000, hz, true));
}

static void test_conversion(void **state)
{
	static const uint64_t hz[] = {
		1000000,   19200000,   24000000,   31250000,
		33333333,  54000000,   62500000,   100000000,
		999999999, 1000000000, 1000000001, 9000000000,
	};
	static const uint64_t edges[] = {
		0,
		1,
		2,
		999,
		1000,
		999999999,
		1000000000,
		1000000001,
		UINT64_MAX / 1000000000,
		UINT64_MAX / 1000000000 + 1,
		UINT64_MAX / 2,
		UINT64_MAX - 1,
		UINT64_MAX,
	};

	(void)state;
	srand(2);
	for (size_t i = 0; i < ARRAY_SIZE(hz); i++) {
		host_timer_hz = hz[i];
		for (size_t k = 0; k < ARRAY_SIZE(edges); k++) {
			check_conversion(edges[k]);
		}
		for (unsigned int k = 0; k < 10000; k++) {
			uint64_t n = (uint64_t)rand() << 33 ^
				     (uint64_t)rand() << 16 ^ (uint64_t)rand();

			check_conversion(n >> rand() % 64);
		}
	}
	host_timer_hz = HOST_TIMER_HZ;
}

static unsigned int slices;
static uint64_t slice_due, next_slice;

static void slice_ended(ticks_t now)
{
	assert_true(now == time_now());
	assert_true(arch_irq_disabled());
	assert_true(slice_due <= time_now());
	slices++;
	if (next_slice) {
		slice_due = next_slice;
		next_slice = 0;
		timer_slice_set(slice_due);
	}
}

static void set_slice(uint64_t deadline)
{
	arch_irq_disable();
	slice_due = deadline;
	timer_slice_set(deadline);
	arch_irq_enable();
}

static void deliver_at(uint64_t now)
{
	host_set_time(now);
	host_deliver();
}

/* The scheduler's deadline and the heap's share the hardware. */
static void test_slice(void **state)
{
	(void)state;
	slices = 0;
	next_slice = 0;
	timer_slice_init(slice_ended);
	/* Alone, and once. */
	set_slice(1100);
	assert_true(host_timer_deadline(0) <= 1100);
	deliver_at(1099);
	assert_int_equal(slices, 0);
	deliver_at(1100);
	assert_int_equal(slices, 1);
	deliver_at(1500);
	assert_int_equal(slices, 1);
	/* After a timer, whose interrupt must not lose it. */
	set(&probes[0], 2000);
	set_slice(3000);
	deliver_at(2000);
	assert_int_equal(probes[0].fired, 1);
	assert_int_equal(slices, 1);
	assert_true(host_timer_deadline(0) <= 3000);
	/* Before a timer, which must not be lost; and set again. */
	set(&probes[1], 4000);
	next_slice = 5000;
	deliver_at(3000);
	assert_int_equal(slices, 2);
	check_hardware();
	deliver_at(4000);
	assert_int_equal(probes[1].fired, 1);
	assert_int_equal(slices, 2);
	assert_true(host_timer_deadline(0) <= 5000);
	/* The last one set counts, later or earlier. */
	set_slice(7000);
	deliver_at(6999);
	assert_int_equal(slices, 2);
	assert_true(host_timer_deadline(0) <= 7000);
	set_slice(6999);
	deliver_at(6999);
	assert_int_equal(slices, 3);
	/* Both at the same time. */
	set(&probes[2], 8000);
	set_slice(8000);
	deliver_at(8000);
	assert_int_equal(probes[2].fired, 1);
	assert_int_equal(slices, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hardware_left_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rearm_in_callback, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_together, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_in_callback, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slice, setup, teardown),
		cmocka_unit_test(test_conversion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
