/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the scheduler: four simulated CPUs, stepped one by one, and
 * threads that do as they are told.
 */
#ifndef TESTS_SCHED_PUPPET_H
#define TESTS_SCHED_PUPPET_H

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
#include <core/sched_policy.h>
#include <core/smp.h>
#include <core/thread.h>
#include <libs/error.h>

#define CPUS 4
#define SLICE (HOST_TIMER_HZ / 1000 * SCHED_SLICE_MS)

static inline struct cpumask only(unsigned int cpu)
{
	struct cpumask m = { 0 };

	cpumask_set(&m, cpu);
	return m;
}

/* --- a thread that does what the test tells it, and keeps its CPU --- */

struct puppet {
	struct vcpu *v;
	unsigned int runs; /* number of rounds of its loop */
	unsigned int last_cpu;
	void (*todo)(struct puppet *p);
	bool stop;
	struct guest *guest; /* from its start it is a VCPU of this */
};

/* The group of threads that are created next; NULL: none. */
static struct sched_group *puppet_group;

#ifndef PUPPETS
#define PUPPETS 8
#endif
static struct puppet puppets[PUPPETS];

static void puppet_main(void *arg)
{
	struct puppet *p = arg;
	void (*todo)(struct puppet * p);

	vcpu_current()->guest = p->guest;
	while (!p->stop) {
		p->runs++;
		p->last_cpu = cpu_id();
		todo = p->todo;
		p->todo = NULL;
		if (todo) {
			todo(p);
		} else {
			host_pause();
		}
	}
}

static inline void block(struct puppet *p)
{
	(void)p;
	sched_block();
}

static inline void create_on(unsigned int cpu, unsigned int n,
			     unsigned int prio, const struct cpumask *m)
{
	const struct thread_attr attr = {
		.name = "puppet",
		.priority = (uint8_t)prio,
		.joinable = true,
		.affinity = m,
		.group = puppet_group,
	};

	memset(&puppets[n], 0, sizeof(puppets[n]));
	host_irq_begin(cpu);
	assert_int_equal(thread_create(&puppets[n].v, &attr, puppet_main,
				       &puppets[n]),
			 0);
	host_irq_end();
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

static inline bool idle(unsigned int cpu)
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

/* --- control --- */

static inline void set_affinity(struct vcpu *v, const struct cpumask *m)
{
	host_irq_begin(1);
	assert_int_equal(sched_set_affinity(v, m, NULL), 0);
	host_irq_end();
}

static inline void set_priority(struct vcpu *v, unsigned int prio)
{
	host_irq_begin(0);
	assert_int_equal(sched_set_priority(v, prio), 0);
	host_irq_end();
}

static inline void resume_on(unsigned int cpu, struct vcpu *v)
{
	host_irq_begin(cpu);
	sched_resume(v);
	host_irq_end();
}

/* The policy of the pool that all CPUs are in; *why: for a refusal, or NULL. */
static inline int set_policy(const char *name, const char *options,
			     struct sched_refusal *why)
{
	const struct sched_choice choice = { .policy = name,
					     .options = options };
	int ret;

	host_irq_begin(0);
	ret = sched_pool_set_policy(sched_pool_find("default"), &choice, why);
	host_irq_end();
	rounds(1);
	return ret;
}

/* Which of puppets 0 and 1 runs next, if both do hand_over(): each wakes the
 * other and sleeps. */
static unsigned int mate;

static inline void hand_over(struct puppet *p)
{
	unsigned int self = (unsigned int)(p - puppets);

	if (self == mate) {
		mate = 1 - self;
		sched_wake(puppets[mate].v);
	}
	sched_block();
}

/* sched_pause() spins until the target is off its CPU, so a thread does it. */
static inline void pause_0(struct puppet *p)
{
	(void)p;
	sched_pause(puppets[0].v);
	host_pause();
}

/* --- before and after each test --- */

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		host_boot(CPUS);
		once = true;
	}
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
