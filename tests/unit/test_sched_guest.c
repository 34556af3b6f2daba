/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's VCPU, which can be started and go off, and waits in place: it stays
 * its CPU's current VCPU while it is blocked.
 */
#include "sched_puppet.h"

static unsigned int guest_entries;
static bool guest_off, guest_block;

static void guest_fn(struct vcpu *v)
{
	(void)v;
	guest_entries++;
	while (!guest_off) {
		if (guest_block) {
			guest_block = false;
			sched_block();
		} else {
			host_pause();
		}
	}
	sched_off();
}

static struct vcpu *guest_create(const struct cpumask *m)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	host_guest = guest_fn;
	guest_entries = 0;
	guest_off = false;
	guest_block = false;
	v->guest = (struct guest *)(uintptr_t)64; /* never dereferenced */
	v->entry = arch_vcpu_enter;
	v->arg = v;
	v->stack = stack_alloc();
	v->stack_size = CONFIG_STACK_SIZE;
	v->params.priority = 3;
	v->affinity = *m;
	assert_int_equal(sched_add(v, NULL), 0);
	assert_true(sched_is_off(v));
	return v;
}

static void guest_destroy(struct vcpu *v)
{
	guest_off = true;
	host_irq_begin(0);
	sched_wake(v);
	host_irq_end();
	rounds(3);
	assert_true(sched_is_off(v));
	sched_remove(v);
	stack_free(v->stack);
	heap_free(v);
	host_guest = NULL;
}

static void guest_start(struct vcpu *v, unsigned int from)
{
	host_irq_begin(from);
	assert_true(sched_start(v));
	assert_false(sched_start(v));
	host_irq_end();
	rounds(2);
}

static void wake_from(unsigned int cpu, struct vcpu *v)
{
	host_irq_begin(cpu);
	sched_wake(v);
	host_irq_end();
	rounds(1);
}

static void test_start_off(void **state)
{
	struct cpumask m = only(1);
	struct vcpu *v = guest_create(&m);

	(void)state;
	for (unsigned int i = 1; i <= 20; i++) {
		guest_off = false;
		guest_start(v, i % CPUS);
		assert_int_equal(guest_entries, i);
		assert_false(sched_is_off(v));
		guest_off = true;
		rounds(2);
		assert_true(sched_is_off(v));
	}
	guest_destroy(v);
}

static uint64_t ran(struct vcpu *v)
{
	struct vcpu_times t;

	sched_times(v, &t);
	return t.running;
}

/* It stays `current` and is not switched out; its CPU counts as idle. */
static void test_in_place(void **state)
{
	struct cpumask m = only(1);
	struct vcpu *v = guest_create(&m);
	struct vcpu *idler = percpu_table[1]->idle;
	struct vcpu_times t;
	uint64_t idled;

	(void)state;
	guest_start(v, 0);
	host_advance(50);
	guest_block = true;
	rounds(1);
	assert_int_equal(v->state, VCPU_BLOCKED);
	assert_ptr_equal(current_of(1), v);
	idled = ran(idler);
	host_advance(1000);
	assert_int_equal(ran(idler), idled + 1000);
	for (unsigned int from = 0; from < CPUS; from++) {
		wake_from(from, v);
		assert_int_equal(v->state, VCPU_RUNNING);
		guest_block = true;
		rounds(1);
		assert_int_equal(v->state, VCPU_BLOCKED);
		/* An interrupt alone does not wake it. */
		host_irq_begin(0);
		arch_ipi_send(1, IPI_RESCHED);
		host_irq_end();
		rounds(1);
		assert_int_equal(v->state, VCPU_BLOCKED);
	}
	sched_times(v, &t);
	assert_int_equal(t.switches, 1);
	assert_int_equal(t.running, 50);
	assert_int_equal(t.blocked, 1000);
	assert_int_equal(t.ready, 0);
	assert_int_equal(ran(idler), idled + 1000);
	guest_destroy(v);
}

/* Any other VCPU that becomes ready gets the CPU, whatever its priority. */
static void test_in_place_preempted(void **state)
{
	struct cpumask m = only(1);
	struct vcpu *v = guest_create(&m);

	(void)state;
	guest_start(v, 0);
	guest_block = true;
	rounds(1);
	create_on(0, 0, 0, &m);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	assert_int_equal(v->state, VCPU_BLOCKED);
	assert_int_equal(v->on_cpu, ON_CPU_NO);
	wake_from(2, v);
	assert_ptr_equal(current_of(1), v);
	/* If another VCPU is ready it is switched out at once. */
	guest_block = true;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	assert_int_equal(v->state, VCPU_BLOCKED);
	wake_from(1, v);
	assert_ptr_equal(current_of(1), v);
	guest_destroy(v);
}

/* Paused, moved and reprioritised while it waits in place. */
static void test_in_place_control(void **state)
{
	struct cpumask m = only(1), m2 = only(2);
	struct vcpu *v = guest_create(&m);

	(void)state;
	guest_start(v, 0);
	guest_block = true;
	rounds(1);
	create_on(0, 1, 3, &m2);
	rounds(1);
	memset(&puppets[0], 0, sizeof(puppets[0]));
	puppets[0].v = v;
	puppets[1].todo = pause_0;
	rounds(3);
	assert_true(idle(1));
	assert_int_equal(v->on_cpu, ON_CPU_NO);
	wake_from(0, v);
	assert_true(idle(1));
	resume_on(0, v);
	rounds(2);
	assert_ptr_equal(current_of(1), v);

	guest_block = true;
	rounds(1);
	m = only(3);
	set_affinity(v, &m);
	set_priority(v, 5);
	rounds(2);
	assert_int_equal(v->state, VCPU_BLOCKED);
	wake_from(0, v);
	rounds(2);
	assert_ptr_equal(current_of(3), v);
	assert_int_equal(percpu_table[3]->rq->curr->params.priority, 5);
	assert_false(percpu_table[3]->rq->idling);
	puppets[0].v = NULL;
	guest_destroy(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_start_off),
		T(test_in_place),
		T(test_in_place_preempted),
		T(test_in_place_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
