/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking through all VCPUs, which come and go, and changing all of them. */
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

/* --- another policy for a CPU with many VCPUs --- */

static unsigned int between(void)
{
	unsigned int n = 0;

	for (unsigned int i = 1; i < PUPPETS; i++) {
		n += puppets[i].v->between;
	}
	return n;
}

static unsigned int most; /* that have changed since the last pause, at most */

/* Pause CPU 0 wherever the change lets go of the lock. */
static bool pause_change(void)
{
	static unsigned int last_between;
	unsigned int now;

	if (cpu_id() != 0 || sched_list_lock.serving != sched_list_lock.next ||
	    percpu_table[1]->rq->lock.serving !=
		    percpu_table[1]->rq->lock.next) {
		return false;
	}
	now = between();
	if (now == last_between) {
		return false;
	}
	most = MAX(most, (unsigned int)abs((int)now - (int)last_between));
	last_between = now;
	return true;
}

static void change(struct puppet *p)
{
	const struct sched_choice rm = { .policy = "rm" };

	(void)p;
	assert_int_equal(sched_pool_set_policy(sched_pool_find("default"), &rm,
					       NULL),
			 0);
	pause_now = false;
}

/* Meanwhile VCPUs there sleep, wake up and take turns; those that are between
 * the policies do not begin to run. */
static void run_other_cpu(unsigned int n)
{
	struct vcpu *before = current_of(1);
	struct vcpu *v = puppets[1 + n % (PUPPETS - 1)].v;

	puppets[1 + (n + 5) % (PUPPETS - 1)].todo = block;
	host_irq_begin(1);
	sched_wake(v);
	host_irq_end();
	host_advance(SLICE);
	(void)host_run(1);
	assert_true(current_of(1) == before || !current_of(1)->between);
}

static void test_change(void **state)
{
	const struct cpumask zero = only(0), one = only(1);
	unsigned int pauses = 0;

	(void)state;
	create_on(0, 0, 4, &zero);
	for (unsigned int i = 1; i < PUPPETS; i++) {
		create_on(1, i, 3, &one);
	}
	rounds(3);
	host_point_hook = pause_change;
	pause_now = true;
	puppets[0].todo = change;
	while (pause_now && pauses < 1000) {
		(void)host_run(0);
		run_other_cpu(pauses++);
	}
	host_point_hook = NULL;
	/* Each way a few at a time; and whoever slept is awake again. */
	assert_false(pause_now);
	assert_in_range(most, 1, 16);
	assert_in_range(pauses, 2 * (PUPPETS - 1) / 16, 999);
	assert_int_equal(between(), 0);
	assert_string_equal(percpu_table[1]->rq->policy->name, "rm");
	for (unsigned int i = 1; i < PUPPETS; i++) {
		puppets[i].todo = NULL;
		puppets[i].runs = 0;
		host_irq_begin(1);
		sched_wake(puppets[i].v);
		host_irq_end();
	}
	for (unsigned int i = 0; i < 4 * PUPPETS; i++) {
		host_advance(SLICE);
		rounds(1);
	}
	for (unsigned int i = 1; i < PUPPETS; i++) {
		assert_true(puppets[i].runs > 0);
	}
	assert_int_equal(set_policy("prio", NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_walk),
		T(test_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
