/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler on four simulated CPUs, stepped one by one: who runs when.
 * The races are in test_sched_race.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch_impl/host.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/smp.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/work.h>
#include <libs/error.h>

#define CPUS 4
#define SLICE (HOST_TIMER_HZ / 1000 * SCHED_SLICE_MS)

static struct cpumask only(unsigned int cpu)
{
	struct cpumask m = { 0 };

	cpumask_set(&m, cpu);
	return m;
}

/* --- a thread that does what the test tells it, and keeps its CPU --- */

struct puppet {
	struct vcpu *v;
	unsigned int runs; /* times it came round its loop */
	unsigned int last_cpu;
	void (*todo)(struct puppet *p);
	bool stop;
};

static unsigned int order[64];
static unsigned int norder;
static struct puppet puppets[8];

static void puppet_main(void *arg)
{
	struct puppet *p = arg;
	void (*todo)(struct puppet * p);

	while (!p->stop) {
		p->runs++;
		p->last_cpu = cpu_id();
		if (norder < ARRAY_SIZE(order)) {
			order[norder++] = (unsigned int)(p - puppets);
		}
		todo = p->todo;
		p->todo = NULL;
		if (todo) {
			todo(p);
		} else {
			host_pause();
		}
	}
}

static void block(struct puppet *p)
{
	(void)p;
	sched_block();
}

static void yield(struct puppet *p)
{
	(void)p;
	sched_relinquish();
	host_pause();
}

static void start(unsigned int n, unsigned int prio, const struct cpumask *m)
{
	const struct thread_attr attr = {
		.name = "puppet",
		.priority = (uint8_t)prio,
		.joinable = true,
		.affinity = m,
	};

	memset(&puppets[n], 0, sizeof(puppets[n]));
	assert_int_equal(thread_create(&puppets[n].v, &attr, puppet_main,
				       &puppets[n]),
			 0);
}

static void rounds(unsigned int n)
{
	while (n-- > 0) {
		for (unsigned int i = 0; i < CPUS; i++) {
			(void)host_run(i);
		}
	}
}

static struct vcpu *current_of(unsigned int cpu)
{
	return percpu_table[cpu]->current;
}

static bool idle(unsigned int cpu)
{
	return current_of(cpu) == percpu_table[cpu]->idle;
}

static void tell(unsigned int n)
{
	puppets[n].stop = true;
	host_irq_begin(0);
	sched_wake(puppets[n].v);
	host_irq_end();
}

static void stop(unsigned int n)
{
	struct vcpu *v = puppets[n].v;

	tell(n);
	for (unsigned int i = 0; i < 100 && v->state != VCPU_DEAD; i++) {
		host_advance(SLICE);
		rounds(1);
	}
	assert_int_equal(v->state, VCPU_DEAD);
	rounds(2);
	assert_int_equal(v->on_cpu, ON_CPU_NO);
	host_irq_begin(0);
	thread_join(v);
	host_irq_end();
	puppets[n].v = NULL;
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		host_boot(CPUS);
		once = true;
	}
	norder = 0;
	rounds(2);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_true(idle(i));
		assert_int_equal(percpu_table[i]->rq->nr_ready, 0);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(puppets); i++) {
		if (puppets[i].v) {
			tell(i);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(puppets); i++) {
		if (puppets[i].v) {
			stop(i);
		}
	}
	return 0;
}

/* --- who runs --- */

static void create_on(unsigned int cpu, unsigned int n, unsigned int prio,
		      const struct cpumask *m)
{
	host_irq_begin(cpu);
	start(n, prio, m);
	host_irq_end();
}

static void test_priority(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 2, &m);
	create_on(0, 1, 5, &m);
	create_on(0, 2, 3, &m);
	rounds(3);
	assert_ptr_equal(current_of(1), puppets[1].v);
	assert_int_equal(puppets[0].runs + puppets[2].runs, 0);
	puppets[1].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	/* Preempts at once, and the preempted goes on before its peers. */
	create_on(0, 3, 3, &m);
	host_irq_begin(2);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	puppets[1].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	assert_int_equal(puppets[3].runs, 0);
}

static void test_round_robin(void **state)
{
	struct cpumask m = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[0].v);
	/* Alone: nothing is timed. */
	assert_int_equal(percpu_table[2]->rq->slice_end, 0);
	create_on(0, 1, 3, &m);
	create_on(0, 2, 3, &m);
	create_on(0, 3, 1, &m);
	rounds(1);
	for (unsigned int i = 0; i < 9; i++) {
		assert_ptr_equal(current_of(2), puppets[i % 3].v);
		host_advance(SLICE - 1);
		rounds(1);
		assert_ptr_equal(current_of(2), puppets[i % 3].v);
		host_advance(1);
		rounds(1);
	}
	assert_int_equal(puppets[3].runs, 0);
}

/* A preempted VCPU keeps what was left of its slice, no more, no less. */
static void test_slice_kept(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(SLICE / 2);
	create_on(0, 2, 6, &m);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	host_advance(SLICE * 3);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[2].v);
	puppets[2].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(SLICE / 2 - 1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
}

/* The timer is set for later than what an earlier VCPU's rest allows. */
static void test_slice_sooner(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	host_advance(SLICE - 10);
	create_on(0, 2, 5, &m);
	create_on(0, 3, 5, &m);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[2].v);
	host_advance(20);
	rounds(1);
	puppets[2].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[3].v);
	puppets[3].todo = block;
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(9);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	host_advance(1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
}

static void test_yield(void **state)
{
	struct cpumask m = only(3);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(3), puppets[0].v);
	puppets[0].todo = yield;
	rounds(1);
	assert_ptr_equal(current_of(3), puppets[1].v);
	puppets[1].todo = yield;
	rounds(1);
	assert_ptr_equal(current_of(3), puppets[0].v);
}

static void test_spread(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CPUS; i++) {
		create_on(0, i, 3, NULL);
	}
	rounds(2);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(puppets[i].v->state, VCPU_RUNNING);
	}
	/* A CPU that becomes idle takes what waits elsewhere. */
	create_on(0, 4, 3, NULL);
	rounds(1);
	assert_int_equal(puppets[4].v->state, VCPU_READY);
	for (unsigned int i = 0; i < CPUS; i++) {
		if (i != puppets[4].v->cpu) {
			unsigned int p = 0;

			while (current_of(i) != puppets[p].v) {
				p++;
			}
			puppets[p].todo = block;
			break;
		}
	}
	rounds(2);
	assert_int_equal(puppets[4].v->state, VCPU_RUNNING);
}

/* Wake where it last ran, if that idles. */
static void test_wake_last_cpu(void **state)
{
	unsigned int cpu;

	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(2);
	cpu = puppets[0].last_cpu;
	for (unsigned int i = 0; i < 10; i++) {
		puppets[0].todo = block;
		rounds(1);
		assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
		host_irq_begin((cpu + i) % CPUS);
		sched_wake(puppets[0].v);
		host_irq_end();
		rounds(1);
		assert_int_equal(puppets[0].last_cpu, cpu);
		assert_int_equal(puppets[0].runs, 2 * i + 4);
	}
}

/* Puppet 0 wakes puppet 1, which is above it on the same CPU. */
static unsigned int runs_seen[2];

static void wake_above(struct puppet *p)
{
	unsigned long flags;

	(void)p;
	sched_wake(puppets[1].v);
	runs_seen[0] = puppets[1].runs;
	flags = arch_irq_save();
	sched_wake(puppets[1].v);
	assert_int_equal(puppets[1].runs, runs_seen[0]);
	arch_irq_restore(flags);
	runs_seen[1] = puppets[1].runs;
	preempt_disable();
	sched_wake(puppets[1].v);
	assert_int_equal(puppets[1].runs, runs_seen[1]);
	preempt_enable();
	assert_int_equal(puppets[1].runs, runs_seen[1] + 1);
}

static void block_again(struct puppet *p)
{
	p->todo = block_again;
	sched_block();
}

/* At once; with interrupts masked, when they are unmasked; with preemption
 * disabled, when it is enabled. */
static void test_wake_above(void **state)
{
	struct cpumask m = only(2);
	unsigned int runs;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 6, &m);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[1].v);
	puppets[1].todo = block_again;
	rounds(1);
	runs = puppets[1].runs;
	assert_ptr_equal(current_of(2), puppets[0].v);
	puppets[0].todo = wake_above;
	rounds(1);
	assert_int_equal(runs_seen[0], runs + 1);
	assert_int_equal(runs_seen[1], runs + 2);
	assert_ptr_equal(current_of(2), puppets[0].v);
}

static void test_wake_pending(void **state)
{
	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	sched_wake(puppets[0].v);
	host_irq_end();
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_RUNNING);
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
}

/* --- control --- */

static void set_affinity(struct vcpu *v, const struct cpumask *m)
{
	host_irq_begin(1);
	assert_int_equal(sched_set_affinity(v, m), 0);
	host_irq_end();
}

static void set_priority(struct vcpu *v, unsigned int prio)
{
	host_irq_begin(0);
	assert_int_equal(sched_set_priority(v, prio), 0);
	host_irq_end();
}

static void test_affinity(void **state)
{
	struct cpumask m = only(0);
	struct cpumask none = { 0 };

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	rounds(2);
	assert_ptr_equal(current_of(0), puppets[0].v);
	/* Running, then queued, then blocked. */
	m = only(3);
	set_affinity(puppets[0].v, &m);
	rounds(3);
	assert_ptr_equal(current_of(3), puppets[0].v);
	assert_ptr_equal(current_of(0), puppets[1].v);
	set_affinity(puppets[1].v, &m);
	rounds(3);
	assert_true(idle(0));
	m = only(2);
	set_affinity(puppets[1].v, &m);
	rounds(3);
	assert_ptr_equal(current_of(2), puppets[1].v);
	puppets[1].todo = block;
	rounds(2);
	m = only(1);
	set_affinity(puppets[1].v, &m);
	assert_int_equal(puppets[1].v->state, VCPU_BLOCKED);
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(3);
	assert_ptr_equal(current_of(1), puppets[1].v);

	assert_int_equal(sched_set_affinity(puppets[1].v, &none), -ERR_INVAL);
	cpumask_set(&none, CPUS);
	assert_int_equal(sched_set_affinity(puppets[1].v, &none), -ERR_INVAL);
}

static void test_set_priority(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 2, &m);
	rounds(2);
	set_priority(puppets[1].v, 4);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[1].v);
	set_priority(puppets[1].v, 1);
	rounds(1);
	assert_ptr_equal(current_of(1), puppets[0].v);
	assert_int_equal(sched_set_priority(puppets[1].v, SCHED_PRIO_MAX + 1),
			 -ERR_INVAL);
}

static void resume_on(unsigned int cpu, struct vcpu *v)
{
	host_irq_begin(cpu);
	sched_resume(v);
	host_irq_end();
}

/* sched_pause() spins until the target is off its CPU, so a thread does it. */
static void pause_0(struct puppet *p)
{
	(void)p;
	sched_pause(puppets[0].v);
	host_pause();
}

static void test_pause(void **state)
{
	struct cpumask m = only(1), m2 = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m2);
	rounds(2);
	puppets[1].todo = pause_0;
	rounds(3);
	assert_true(idle(1));
	assert_int_equal(puppets[0].v->state, VCPU_READY);
	assert_string_equal(vcpu_state_name(puppets[0].v), "paused");
	/* A wake changes nothing, and is not forgotten. */
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(2);
	assert_true(idle(1));
	resume_on(0, puppets[0].v);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);

	/* Blocked while paused, woken while paused. */
	puppets[0].todo = block;
	rounds(1); /* consumes the wake */
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
	puppets[1].todo = pause_0;
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(2);
	assert_true(idle(1));
	resume_on(3, puppets[0].v);
	rounds(2);
	assert_ptr_equal(current_of(1), puppets[0].v);

	/* Queued. */
	create_on(0, 2, 5, &m);
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_READY);
	puppets[1].todo = pause_0;
	rounds(2);
	assert_int_equal(percpu_table[1]->rq->nr_ready, 0);
	puppets[2].todo = block;
	rounds(2);
	assert_true(idle(1));
	resume_on(0, puppets[0].v);
}

static void test_times(void **state)
{
	struct cpumask m = only(1);
	struct vcpu_times t;

	(void)state;
	create_on(0, 0, 3, &m);
	rounds(2);
	host_advance(100);
	create_on(0, 1, 5, &m);
	rounds(1);
	host_advance(30);
	puppets[1].todo = block;
	rounds(1);
	host_advance(7);
	puppets[0].todo = block;
	rounds(1);
	host_advance(1000);
	sched_times(puppets[0].v, &t);
	assert_int_equal(t.running, 107);
	assert_int_equal(t.ready, 30);
	assert_int_equal(t.blocked, 1000);
	assert_int_equal(t.paused, 0);
	assert_int_equal(t.switches, 2);
	host_irq_begin(0);
	sched_pause(puppets[0].v);
	host_irq_end();
	host_advance(50);
	sched_times(puppets[0].v, &t);
	assert_int_equal(t.paused, 50);
	assert_int_equal(t.blocked, 1000);
	resume_on(0, puppets[0].v);
}

static void collect(struct vcpu *v, void *arg)
{
	uint32_t *last = arg;

	assert_true(*last == UINT32_MAX || v->id > *last);
	*last = v->id;
}

static void test_ids(void **state)
{
	uint32_t last = UINT32_MAX, freed;

	(void)state;
	create_on(0, 0, 3, NULL);
	create_on(0, 1, 3, NULL);
	create_on(0, 2, 3, NULL);
	rounds(2);
	freed = puppets[1].v->id;
	stop(1);
	create_on(0, 3, 3, NULL);
	assert_int_equal(puppets[3].v->id, freed);
	sched_for_each(collect, &last);
	assert_int_equal(last, puppets[2].v->id);
}

static void test_policy(void **state)
{
	struct cpumask m = only(2);

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, 1, 3, &m);
	create_on(0, 2, 4, &m);
	rounds(2);
	host_irq_begin(0);
	assert_int_equal(sched_set_policy(2, "nothing"), -ERR_NOENT);
	assert_int_equal(sched_set_policy(CPUS, "prio"), -ERR_STATE);
	assert_int_equal(sched_set_policy(2, "prio"), 0);
	host_irq_end();
	rounds(2);
	assert_int_equal(percpu_table[2]->rq->nr_ready, 2);
	assert_ptr_equal(current_of(2), puppets[2].v);
	puppets[2].todo = block;
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[0].v);
	host_advance(SLICE);
	rounds(2);
	assert_ptr_equal(current_of(2), puppets[1].v);
}

/* --- a guest's VCPU: start and off, waiting in place --- */

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
	v->guest = (struct guest *)(uintptr_t)64; /* never looked at */
	v->entry = arch_vcpu_enter;
	v->arg = v;
	v->stack = stack_alloc();
	v->stack_size = CONFIG_STACK_SIZE;
	v->priority = 3;
	v->affinity = *m;
	assert_int_equal(sched_add(v), 0);
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
		/* An interrupt alone is not a reason. */
		host_irq_begin(0);
		cpu_kick(1);
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

/* Whoever else becomes ready gets the CPU, whatever his priority. */
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
	/* With somebody else ready it is switched out at once. */
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
	assert_int_equal(percpu_table[3]->rq->curr_prio, 5);
	puppets[0].v = NULL;
	guest_destroy(v);
}

static void test_bad_arguments(void **state)
{
	struct thread_attr attr = {
		.name = "bad",
		.priority = SCHED_PRIO_MAX + 1,
	};
	struct cpumask none = { 0 };

	(void)state;
	assert_int_equal(thread_create(NULL, &attr, puppet_main, NULL),
			 -ERR_INVAL);
	attr.priority = 0;
	attr.affinity = &none;
	assert_int_equal(thread_create(NULL, &attr, puppet_main, NULL),
			 -ERR_INVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_priority),
		T(test_round_robin),
		T(test_slice_kept),
		T(test_slice_sooner),
		T(test_wake_above),
		T(test_yield),
		T(test_spread),
		T(test_wake_last_cpu),
		T(test_wake_pending),
		T(test_affinity),
		T(test_set_priority),
		T(test_pause),
		T(test_times),
		T(test_ids),
		T(test_policy),
		T(test_start_off),
		T(test_in_place),
		T(test_in_place_preempted),
		T(test_in_place_control),
		T(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
