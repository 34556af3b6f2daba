/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking through all VCPUs, while they come and go. */
#define PUPPETS 48
#include "sched_puppet.h"

#include "core/sched/sched_priv.h"

static unsigned int seen[4 * PUPPETS], total;
static uint32_t last;
static bool pause_now;

static void see(struct vcpu *v, void *arg)
{
	(void)arg;
	assert_true(v->id < ARRAY_SIZE(seen));
	assert_true(total == 0 || v->id > last);
	seen[v->id]++;
	last = v->id;
	total++;
}

static void walk(struct puppet *p)
{
	(void)p;
	sched_for_each(see, NULL);
}

/* Pause the walk where it has let go of the lock. */
static bool pause_walk(void)
{
	bool now = pause_now && cpu_id() == 0 && total > 0 &&
		   sched_list_lock.serving == sched_list_lock.next;

	if (now) {
		pause_now = false;
	}
	return now;
}

/* Without CPU 0. */
static void remove_elsewhere(struct puppet *p)
{
	p->stop = true;
	host_irq_begin(1);
	sched_wake(p->v);
	host_irq_end();
	for (unsigned int i = 0; i < 100 && p->v->state != VCPU_DEAD; i++) {
		host_advance(SLICE);
		for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
			(void)host_run(cpu);
		}
	}
	assert_int_equal(p->v->state, VCPU_DEAD);
	host_irq_begin(1);
	thread_join(p->v);
	host_irq_end();
	p->v = NULL;
}

static struct puppet *by_id(uint32_t id)
{
	for (unsigned int i = 0; i < PUPPETS; i++) {
		if (puppets[i].v && puppets[i].v->id == id) {
			return &puppets[i];
		}
	}
	return NULL;
}

static void test_walk(void **state)
{
	const struct cpumask zero = only(0), one = only(1);
	uint32_t gone;

	(void)state;
	create_on(0, 0, 4, &zero);
	for (unsigned int i = 1; i < PUPPETS; i++) {
		create_on(1, i, 3, &one);
	}
	rounds(3);
	host_point_hook = pause_walk;
	pause_now = true;
	puppets[0].todo = walk;
	(void)host_run(0);
	/* It has begun and not ended; the next two go. */
	assert_false(pause_now);
	assert_in_range(total, 1, PUPPETS - 1);
	gone = last + 1;
	remove_elsewhere(by_id(gone));
	remove_elsewhere(by_id(gone + 1));
	rounds(10);
	host_point_hook = NULL;
	assert_null(puppets[0].todo);
	assert_int_equal(seen[gone] + seen[gone + 1], 0);
	for (unsigned int i = 0; i < PUPPETS; i++) {
		if (puppets[i].v) {
			assert_int_equal(seen[puppets[i].v->id], 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
