/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of VCPUs on one CPU: a group with many VCPUs gets no larger share,
 * however they block, wake and change priority.
 */
#include "core/sched/policy_prio_priv.h"
#include "sched_puppet.h"

#define CPU 1
#define GROUPS 3

static struct sched_group group[GROUPS];
static unsigned int group_of[ARRAY_SIZE(puppets)];

static int groups_setup(void **state)
{
	int ret = setup(state);

	for (unsigned int g = 0; g < GROUPS; g++) {
		assert_int_equal(sched_group_init(&group[g]), 0);
	}
	return ret;
}

/* The policy's data is as at the start: it has no VCPU and is in no ring. */
static void check_empty(struct sched_cell *cell)
{
	const struct prio_share *s = (const void *)cell->data;

	for (unsigned int i = 0; cell->epoch && i < SCHED_LEVELS; i++) {
		assert_true(list_empty(&s[i].node));
		assert_true(list_empty(&s[i].ready));
	}
}

static int groups_teardown(void **state)
{
	int ret = teardown(state);

	for (unsigned int g = 0; g < GROUPS; g++) {
		for (unsigned int i = 0; i < CPUS; i++) {
			check_empty(&group[g].cells[i]);
		}
		sched_group_fini(&group[g]);
	}
	puppet_group = NULL;
	return ret;
}

static void create_work(unsigned int n, unsigned int g)
{
	struct cpumask m = only(CPU);

	puppet_group = &group[g];
	group_of[n] = g;
	create_on(0, n, 3, &m);
}

static void create(unsigned int n, unsigned int g)
{
	create_work(n, g);
	puppets[n].guest = (struct guest *)(uintptr_t)64; /* never used */
}

static uint64_t ran(unsigned int n)
{
	struct vcpu_times t;

	sched_times(puppets[n].v, &t);
	return t.running;
}

static uint64_t group_ran(unsigned int g)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(puppets); i++) {
		sum += puppets[i].v && group_of[i] == g ? ran(i) : 0;
	}
	return sum;
}

/* One of seven has a seventh of its group's half. */
static void test_many(void **state)
{
	uint64_t alone, many;

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		create(i, 0);
	}
	create(7, 1);
	rounds(2);
	for (unsigned int i = 0; i < 14 * 4; i++) {
		host_advance(SLICE);
		rounds(1);
	}
	alone = group_ran(1);
	many = group_ran(0);
	assert_int_equal(alone + many, 14 * 4 * SLICE);
	assert_int_equal(alone, many);
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(ran(i), 4 * SLICE);
	}
}

/* Two VCPUs that wake each other before the turn is over do not keep the
 * CPU. */
static void test_hand_over(void **state)
{
	(void)state;
	create(0, 0);
	create(1, 0);
	create(2, 1);
	mate = 0;
	rounds(2);
	for (unsigned int i = 0; i < 200; i++) {
		host_advance(SLICE - 1);
		for (unsigned int p = 0; p < 2; p++) {
			if (current_of(CPU) == puppets[p].v) {
				puppets[p].todo = hand_over;
			}
		}
		rounds(2);
		host_advance(1);
		rounds(1);
	}
	assert_in_range(group_ran(1) + SLICE, group_ran(0), 200 * SLICE);
}

static void expect(unsigned int n)
{
	assert_ptr_equal(current_of(CPU), puppets[n].v);
}

/* Work for a group runs before its VCPUs, but not before other groups'; the
 * VCPUs get the rest of the turn. */
static void test_work_first(void **state)
{
	static const unsigned int order[] = { 4, 0, 4, 2, 4, 1, 4 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		create(i, 0);
	}
	create(4, 1);
	rounds(2);
	/* They have not run yet, so each was put first. */
	expect(2);
	/* In its group's turn it comes at once, */
	host_advance(SLICE / 2);
	create_work(3, 0);
	rounds(1);
	expect(3);
	puppets[3].todo = block;
	rounds(1);
	expect(2);
	host_advance(SLICE / 2);
	rounds(1);
	expect(4);
	/* but not in another group's turn. */
	host_irq_begin(0);
	sched_wake(puppets[3].v);
	host_irq_end();
	rounds(1);
	expect(4);
	host_advance(SLICE);
	rounds(1);
	expect(3);
	puppets[3].todo = block;
	rounds(1);
	expect(1);
	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		host_advance(SLICE);
		rounds(1);
		expect(order[i]);
	}
}

/* --- several CPUs -------------------------------------------------------- */

static void pass(unsigned int slices)
{
	for (unsigned int i = 0; i < slices; i++) {
		host_advance(SLICE);
		rounds(1);
	}
}

static void create_on_two(unsigned int n, unsigned int g)
{
	struct cpumask m = only(CPU);

	cpumask_set(&m, CPU + 1);
	puppet_group = &group[g];
	group_of[n] = g;
	create_on(0, n, 3, &m);
	puppets[n].guest = (struct guest *)(uintptr_t)64; /* not looked at */
}

/* A group of many goes to where others of it are already. */
static void test_many_on_two_cpus(void **state)
{
	uint64_t begun;

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		create_on_two(i, 0);
	}
	create_on_two(7, 1);
	pass(100);
	begun = ran(7);
	pass(100);
	assert_in_range(ran(7) - begun, 99 * SLICE, 100 * SLICE);
}

/* Three groups on two CPUs are in each place in turn. */
static void test_three_on_two_cpus(void **state)
{
	uint64_t begun[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		create_on_two(i, i);
	}
	pass(100);
	for (unsigned int i = 0; i < 3; i++) {
		begun[i] = ran(i);
	}
	pass(600);
	for (unsigned int i = 0; i < 3; i++) {
		assert_in_range(ran(i) - begun[i], 380 * SLICE, 420 * SLICE);
	}
}

/* Of a group on both CPUs, beside one on each: about the same. Where it is does
 * not depend on its number of VCPUs. */
static void test_group_on_both(void **state)
{
	uint64_t begun[GROUPS];

	(void)state;
	create_on_two(0, 0);
	create_on_two(1, 0);
	create_on_two(2, 1);
	create_on_two(3, 2);
	pass(100);
	for (unsigned int i = 0; i < GROUPS; i++) {
		begun[i] = group_ran(i);
	}
	pass(600);
	for (unsigned int i = 0; i < GROUPS; i++) {
		assert_in_range(group_ran(i) - begun[i], 340 * SLICE,
				470 * SLICE);
	}
}

/* Beside a third group of a higher priority, which never waits, two have half
 * of the other CPU each, and so have the two VCPUs of one of its half. */
static void test_beside_higher(void **state)
{
	uint64_t begun[4];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		create_on_two(i, i);
	}
	pass(100);
	set_priority(puppets[2].v, 5);
	pass(100);
	begun[0] = ran(0);
	begun[1] = ran(1);
	pass(600);
	assert_in_range(ran(0) - begun[0], 299 * SLICE, 301 * SLICE);
	assert_in_range(ran(1) - begun[1], 299 * SLICE, 301 * SLICE);

	create_on_two(3, 0);
	pass(100);
	for (unsigned int i = 0; i < 4; i++) {
		begun[i] = ran(i);
	}
	pass(600);
	assert_in_range(ran(0) - begun[0], 149 * SLICE, 151 * SLICE);
	assert_in_range(ran(1) - begun[1], 299 * SLICE, 301 * SLICE);
	assert_int_equal(ran(2) - begun[2], 600 * SLICE);
	assert_in_range(ran(3) - begun[3], 149 * SLICE, 151 * SLICE);
}

/* So have they if it runs for half of each turn. */
static void test_beside_periodic(void **state)
{
	uint64_t begun[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		create_on_two(i, i);
	}
	pass(100);
	set_priority(puppets[2].v, 5);
	for (unsigned int k = 0; k < 700; k++) {
		for (unsigned int i = 0; k == 100 && i < 3; i++) {
			begun[i] = ran(i);
		}
		puppets[2].todo = block;
		rounds(2);
		host_advance(SLICE / 2);
		host_irq_begin(0);
		sched_wake(puppets[2].v);
		host_irq_end();
		rounds(2);
		host_advance(SLICE / 2);
		rounds(1);
	}
	assert_int_equal(ran(2) - begun[2], 300 * SLICE);
	for (unsigned int i = 0; i < 2; i++) {
		assert_in_range(ran(i) - begun[i], 440 * SLICE, 460 * SLICE);
	}
}

/* --- against what must hold, at random ----------------------------------- */

#define STEPS 8 /* of a slice, so that none ends in the middle of one */

static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static bool ready_at(unsigned int g, int prio)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(puppets); i++) {
		struct vcpu *v = puppets[i].v;

		if (v && group_of[i] == g && v->params.priority == prio &&
		    v->state == VCPU_READY && !(v->held & SCHED_HOLD_PAUSE)) {
			return true;
		}
	}
	return false;
}

static unsigned int current_puppet(void)
{
	unsigned int n = 0;

	while (n < ARRAY_SIZE(puppets) && puppets[n].v != current_of(CPU)) {
		n++;
	}
	return n;
}

/*
 * waited[g][h]: how long group h ran while g had a ready VCPU of the same
 * priority and did not run: at most one slice.
 */
static void check_step(uint64_t waited[GROUPS][GROUPS], uint64_t step)
{
	unsigned int n = current_puppet();
	unsigned int runs = n < ARRAY_SIZE(puppets) ? group_of[n] : GROUPS;
	int prio = n < ARRAY_SIZE(puppets) ? puppets[n].v->params.priority : -1;

	for (unsigned int g = 0; g < GROUPS; g++) {
		for (int p = prio + 1; p < SCHED_LEVELS; p++) {
			assert_false(ready_at(g, p));
		}
		if (runs < GROUPS && g != runs && ready_at(g, prio)) {
			waited[g][runs] += step;
			assert_in_range(waited[g][runs], 0, SLICE);
		} else {
			memset(waited[g], 0, sizeof(waited[g]));
		}
	}
}

static void change(uint64_t waited[GROUPS][GROUPS])
{
	unsigned int n = rnd(ARRAY_SIZE(puppets));
	struct vcpu *v = puppets[n].v;

	switch (rnd(6)) {
	case 0:
		set_priority(v, 3 + rnd(2));
		/* Its group may begin again at another priority. */
		memset(waited, 0, sizeof(uint64_t) * GROUPS * GROUPS);
		break;
	case 1:
	case 2:
		puppets[n].todo = block;
		break;
	default:
		host_irq_begin(rnd(CPUS));
		sched_wake(v);
		host_irq_end();
		break;
	}
}

static void test_random(void **state)
{
	uint64_t waited[GROUPS][GROUPS] = { 0 };

	(void)state;
	seed = 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(puppets); i++) {
		(i == 4 ? create_work : create)(i, i < 5 ? 0 : i < 7 ? 1 : 2);
	}
	rounds(2);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t step = SLICE / STEPS * rnd(2);

		check_step(waited, step);
		host_advance(step);
		if (rnd(3) == 0) {
			change(waited);
		}
		rounds(1);
	}
}

#define G(name) \
	cmocka_unit_test_setup_teardown(name, groups_setup, groups_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		G(test_many),
		G(test_hand_over),
		G(test_work_first),
		G(test_many_on_two_cpus),
		G(test_three_on_two_cpus),
		G(test_group_on_both),
		G(test_beside_higher),
		G(test_beside_periodic),
		G(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
