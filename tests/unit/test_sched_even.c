/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy "prio", asked for a VCPU that ought to go to another busy CPU. Who
 * is where is given, and nobody moves: that groups have equal parts in the end
 * is shown by test_sched_group.c.
 */
#include "core/sched/policy_prio_priv.h"
#include "core/sched/sched_priv.h"
#include "sched_puppet.h"

#define HERE 1
#define THERE 2
#define GROUPS 5
#define NO_GROUP GROUPS
#define NOBODY 99
#define MS (HOST_TIMER_HZ / 1000)
#define STAY (50 * MS) /* for so long a group stays where it came */

static struct sched_group group[GROUPS];

static int even_setup(void **state)
{
	int ret = setup(state);

	for (unsigned int g = 0; g < GROUPS; g++) {
		assert_int_equal(sched_group_init(&group[g]), 0);
	}
	return ret;
}

static int even_teardown(void **state)
{
	int ret = teardown(state);

	for (unsigned int g = 0; g < GROUPS; g++) {
		sched_group_fini(&group[g]);
	}
	puppet_group = NULL;
	return ret;
}

/* --- who is where -------------------------------------------------------- */

struct who {
	unsigned int cpu, group, priority;
};

static struct runqueue *queue_at(unsigned int cpu)
{
	return percpu_table[cpu]->rq;
}

static void turn(void)
{
	host_advance(SLICE);
	rounds(1);
}

/* A VCPU of a guest, which it is once it has run. */
static void create(unsigned int n, const struct who *w)
{
	struct cpumask m = only(w->cpu);

	puppet_group = w->group == NO_GROUP ? NULL : &group[w->group];
	create_on(0, n, w->priority, &m);
	if (puppet_group) {
		puppets[n].guest = (struct guest *)(uintptr_t)64; /* not used */
	}
	for (unsigned int i = 0; puppets[n].runs == 0; i++) {
		assert_in_range(i, 0, 20);
		turn();
	}
}

static void let_run(unsigned int n)
{
	for (unsigned int i = 0; current_of(HERE) != puppets[n].v; i++) {
		assert_in_range(i, 0, 20);
		turn();
	}
}

/* Puppets by number. They are given in order of priority, so that each can run
 * once; at the end `first` runs HERE, and later ones of its priority wait in
 * order. */
static void place(const struct who *w, unsigned int count, unsigned int first)
{
	for (unsigned int n = 0; n < count; n++) {
		create(n, &w[n]);
		if (n >= first) {
			let_run(first);
		}
	}
}

#define PLACE(first, ...) \
	do { \
		static const struct who w[] = { __VA_ARGS__ }; \
		place(w, ARRAY_SIZE(w), first); \
	} while (0)

/* Since when the group is HERE, at priority 3. */
static void came(unsigned int g, uint64_t ago)
{
	struct prio_share *s = (void *)group[g].cells[HERE].data;

	s[3].came = queue_at(HERE)->now - ago;
}

/* Which would go from HERE to THERE, if all may? */
static unsigned int goes(void)
{
	struct cpumask kept[ARRAY_SIZE(puppets)];
	unsigned int found = NOBODY;
	struct vcpu *v;

	for (unsigned int n = 0; n < ARRAY_SIZE(puppets); n++) {
		if (puppets[n].v) {
			kept[n] = puppets[n].v->allowed;
			cpumask_set(&puppets[n].v->allowed, THERE);
		}
	}
	v = sched_policy_prio.even(queue_at(HERE), queue_at(THERE));
	for (unsigned int n = 0; n < ARRAY_SIZE(puppets); n++) {
		if (puppets[n].v) {
			puppets[n].v->allowed = kept[n];
			found = puppets[n].v == v ? n : found;
		}
	}
	assert_true(!v || found != NOBODY);
	return found;
}

/* --- levels -------------------------------------------------------------- */

/* An idle CPU takes what it finds, by itself. */
static void test_idle(void **state)
{
	(void)state;
	PLACE(0, { HERE, 0, 3 }, { HERE, 1, 3 });
	assert_true(idle(THERE));
	assert_int_equal(goes(), NOBODY);
	create(2, &(struct who){ THERE, 2, 2 });
	let_run(0);
	assert_int_equal(goes(), 1);
}

/* None goes to where it would only wait for a higher priority. */
static void test_below_what_runs(void **state)
{
	(void)state;
	PLACE(0, { HERE, 0, 2 }, { HERE, 1, 2 }, { THERE, 2, 3 });
	assert_int_equal(goes(), NOBODY);
}

static void test_highest_first(void **state)
{
	(void)state;
	PLACE(4, { HERE, 0, 3 }, { HERE, 1, 3 }, { THERE, 2, 3 },
	      { HERE, 0, SCHED_PRIO_MAX }, { HERE, 1, SCHED_PRIO_MAX });
	came(0, 2 * STAY);
	came(1, 2 * STAY);
	assert_int_equal(goes(), 3);
}

static void test_lowest(void **state)
{
	(void)state;
	PLACE(1, { THERE, 0, 0 }, { HERE, 1, 0 });
	assert_int_equal(goes(), NOBODY);
	create(2, &(struct who){ HERE, 2, 0 });
	create(3, &(struct who){ HERE, 3, 0 });
	assert_int_not_equal(goes(), NOBODY);
}

/* Behind a higher priority groups go in turn to where they are not behind one,
 * however many are there, and whether theirs is. */
static void test_behind_higher(void **state)
{
	(void)state;
	PLACE(5, { THERE, 0, 3 }, { THERE, 1, 3 }, { THERE, 2, 3 },
	      { HERE, 0, 3 }, { HERE, 3, 3 }, { HERE, 4, 4 });
	came(0, STAY - 1);
	came(3, STAY - 2);
	assert_int_equal(goes(), NOBODY);
	came(0, STAY);
	assert_int_equal(goes(), 3);
	came(3, STAY + 1);
	assert_int_equal(goes(), 4);
	set_priority(puppets[4].v, 2);
	assert_int_equal(goes(), 3);
	/* Nobody runs here any more: this CPU is about to choose. */
	stop(1);
	stop(2);
	queue_at(HERE)->idling = true;
	assert_int_equal(goes(), NOBODY);
	queue_at(HERE)->idling = false;
}

/* But not behind a thread of the hypervisor, which runs for a short time. */
static void test_behind_thread(void **state)
{
	(void)state;
	PLACE(2, { THERE, 0, 3 }, { HERE, 1, 3 }, { HERE, NO_GROUP, 4 });
	came(1, 2 * STAY);
	assert_int_equal(goes(), NOBODY);
}

/* The VCPU that runs has got another priority, and was not picked again yet:
 * its group's others are not of that. */
static void test_new_priority(void **state)
{
	(void)state;
	PLACE(0, { HERE, 0, 3 }, { HERE, 0, 3 }, { HERE, 1, 3 },
	      { THERE, 2, 4 });
	set_priority(puppets[0].v, 4);
	set_priority(puppets[2].v, 4);
	assert_ptr_equal(current_of(HERE), puppets[0].v);
	assert_int_equal(goes(), NOBODY);
}

/* --- numbers of groups --------------------------------------------------- */

/* Where none is of its level, a group's second VCPU goes at once. */
static void test_none_there(void **state)
{
	(void)state;
	PLACE(1, { THERE, 1, 2 }, { HERE, 0, 3 }, { HERE, 0, 3 });
	came(0, 0);
	assert_int_equal(goes(), 2);
	create(3, &(struct who){ THERE, 2, 3 });
	assert_int_equal(goes(), NOBODY);
}

/* Fewer by two: the first that waits goes at once. */
static void test_fewer_by_two(void **state)
{
	(void)state;
	PLACE(1, { THERE, 3, 3 }, { HERE, 0, 3 }, { HERE, 1, 3 },
	      { HERE, 2, 3 });
	for (unsigned int g = 0; g < 3; g++) {
		came(g, 0);
	}
	assert_int_equal(goes(), 2);
}

/* Fewer by one: a group goes when it has been here for a while, */
static void test_fewer_by_one(void **state)
{
	(void)state;
	PLACE(1, { THERE, 2, 3 }, { HERE, 0, 3 }, { HERE, 1, 3 });
	came(0, 0);
	came(1, STAY - 1);
	assert_int_equal(goes(), NOBODY);
	came(1, STAY);
	assert_int_equal(goes(), 2);
	/* and not if the numbers would be as different as before. */
	create(3, &(struct who){ THERE, 3, 3 });
	came(1, 2 * STAY);
	assert_int_equal(goes(), NOBODY);
}

/* and longer than the others, */
static void test_in_turn(void **state)
{
	(void)state;
	PLACE(2, { THERE, 3, 3 }, { THERE, 4, 3 }, { HERE, 0, 3 },
	      { HERE, 1, 3 }, { HERE, 2, 3 });
	came(0, STAY + 1);
	came(1, STAY + 1);
	came(2, STAY + 2);
	assert_int_equal(goes(), 4);
	came(1, STAY + 2);
	assert_int_equal(goes(), 3);
	/* of which one runs, and will go when it waits. */
	came(0, STAY + 2);
	assert_int_equal(goes(), 3);
	came(0, STAY + 3);
	assert_int_equal(goes(), NOBODY);
}

/* Threads of the hypervisor are of no group. */
static void test_no_group(void **state)
{
	(void)state;
	PLACE(1, { THERE, 1, 2 }, { HERE, 0, 3 }, { HERE, NO_GROUP, 3 },
	      { HERE, NO_GROUP, 3 });
	assert_int_equal(goes(), NOBODY);
}

/* --- of a group that is there already ------------------------------------ */

/* With as many groups on both, only the one VCPU of it that waits here goes. */
static void test_joins(void **state)
{
	(void)state;
	PLACE(2, { THERE, 0, 3 }, { THERE, 2, 3 }, { HERE, 1, 3 },
	      { HERE, 0, 3 });
	assert_int_equal(goes(), 3);
	/* Not of two that wait, */
	create(4, &(struct who){ HERE, 0, 3 });
	let_run(2);
	assert_int_equal(goes(), NOBODY);
	/* and not if another of it runs here. */
	let_run(3);
	assert_int_equal(goes(), NOBODY);
}

/* Where there are fewer groups, any of it goes, so that it leaves this CPU. */
static void test_joins_fewer(void **state)
{
	(void)state;
	PLACE(1, { THERE, 0, 3 }, { HERE, 0, 3 }, { HERE, 0, 3 },
	      { HERE, 1, 3 });
	came(0, 0);
	came(1, 0);
	assert_int_equal(goes(), 2);
}

static void test_joins_no_more(void **state)
{
	(void)state;
	PLACE(3, { THERE, 0, 3 }, { THERE, 2, 3 }, { THERE, 3, 3 },
	      { HERE, 1, 3 }, { HERE, 0, 3 });
	assert_int_equal(goes(), NOBODY);
}

#define E(name) cmocka_unit_test_setup_teardown(name, even_setup, even_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		E(test_idle),          E(test_below_what_runs),
		E(test_highest_first), E(test_lowest),
		E(test_behind_higher), E(test_behind_thread),
		E(test_new_priority),  E(test_none_there),
		E(test_fewer_by_two),  E(test_fewer_by_one),
		E(test_in_turn),       E(test_no_group),
		E(test_joins),         E(test_joins_fewer),
		E(test_joins_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
