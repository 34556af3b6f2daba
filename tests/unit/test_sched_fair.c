/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy "fair": its heaps; with random guests, CPU time against a max-min
 * fair model; CPU time under caps; wake-up latency.
 */
#define PUPPETS 24

#include "core/sched/fair_heap.h"
#include "core/sched/fair_priv.h"
#include "sched_puppet.h"

#define GROUPS 15
#define US (HOST_TIMER_HZ / 1000000)
#define MS (HOST_TIMER_HZ / 1000)

static struct sched_group group[GROUPS];
static unsigned int group_of[PUPPETS];
static struct sched_refusal why;
static uint64_t rng = 1;

static unsigned int rnd(unsigned int n)
{
	rng = rng * UINT64_C(6364136223846793005) +
	      UINT64_C(1442695040888963407);
	return (unsigned int)(rng >> 33) % n;
}

static int fair_setup(void **state)
{
	int ret = setup(state);

	for (unsigned int g = 0; g < GROUPS; g++) {
		memset(&group[g], 0, sizeof(group[g]));
		assert_int_equal(sched_group_init(&group[g]), 0);
	}
	assert_int_equal(set_policy("fair", NULL, &why), 0);
	return ret;
}

/* None is counted any more. */
static void check_empty(void)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		const struct fair_queue *q = fair_queue(percpu_table[i]->rq);

		assert_null(q->groups.root);
		assert_null(q->parked.root);
		assert_int_equal(q->active, 0);
		assert_int_equal(q->waiting, 0);
	}
	for (unsigned int g = 0; g < GROUPS; g++) {
		const struct fair_group *f = (const void *)group[g].shared;

		assert_int_equal(f->active, 0);
	}
}

static int fair_teardown(void **state)
{
	int ret = teardown(state);

	check_empty();
	assert_int_equal(set_policy("prio", NULL, &why), 0);
	for (unsigned int g = 0; g < GROUPS; g++) {
		sched_group_fini(&group[g]);
	}
	puppet_group = NULL;
	return ret;
}

/* --- guests -------------------------------------------------------------- */

static void create(unsigned int n, unsigned int g, const struct cpumask *m)
{
	puppet_group = &group[g];
	group_of[n] = g;
	create_on(0, n, 3, m);
	puppets[n].guest = (struct guest *)(uintptr_t)64; /* not looked at */
}

static int set_params(unsigned int n, unsigned int weight, unsigned int cap,
		      unsigned int vcpu_cap)
{
	struct sched_params p = puppets[n].v->params;
	int ret;

	p.weight = weight;
	p.cap = cap;
	p.vcpu_cap = (uint8_t)vcpu_cap;
	memset(&why, 0, sizeof(why));
	host_irq_begin(0);
	ret = sched_set_params(puppets[n].v, &p, &why);
	host_irq_end();
	return ret;
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

	for (unsigned int i = 0; i < PUPPETS; i++) {
		sum += puppets[i].v && group_of[i] == g ? ran(i) : 0;
	}
	return sum;
}

static void pass(uint64_t time)
{
	for (uint64_t t = 0; t < time; t += MS / 4) {
		host_advance(MS / 4);
		rounds(1);
	}
}

/* A puppet is a guest's VCPU from its first turn on. */
static void all_begin(unsigned int count)
{
	for (unsigned int n = 0; n < count; n++) {
		while (puppets[n].runs == 0) {
			pass(MS);
		}
	}
}

/* --- the heap ------------------------------------------------------------ */

#define NODES 200

static unsigned int walk(const struct fair_heap *h)
{
	unsigned int n = 0;

	for (struct fair_node *i = h->root; i; i = fair_heap_next(i), n++) {
		const struct fair_node *prev = i;

		for (struct fair_node *c = i->child; c; c = c->next) {
			assert_true(c->prev == prev);
			assert_true(i->key <= c->key);
			prev = c;
		}
	}
	if (h->root) {
		assert_null(h->root->prev);
		assert_null(h->root->next);
	}
	return n;
}

static void test_heap(void **state)
{
	static struct fair_node node[NODES];
	bool in[NODES] = { false };
	struct fair_heap h = { NULL };
	unsigned int count = 0;

	(void)state;
	for (unsigned int k = 0; k < 20000; k++) {
		unsigned int n = rnd(NODES);
		uint64_t least = UINT64_MAX;

		if (in[n]) {
			fair_heap_remove(&h, &node[n]);
			count--;
		} else {
			node[n].key = rnd(50);
			fair_heap_insert(&h, &node[n]);
			count++;
		}
		in[n] = !in[n];
		for (unsigned int i = 0; i < NODES; i++) {
			least = in[i] ? MIN(least, node[i].key) : least;
		}
		assert_int_equal(walk(&h), count);
		assert_int_equal(h.root ? h.root->key : UINT64_MAX, least);
	}
}

/* --- the model ----------------------------------------------------------- */

struct glass {
	unsigned int vcpus, weight;
	double share; /* CPUs */
};

/* Each has by its weight, but none more CPUs than VCPUs: what those leave is
 * divided among the others. */
static void fill(struct glass *g, unsigned int count, double cpus)
{
	bool full[GROUPS] = { false };
	bool again = true;

	while (again) {
		double weights = 0, left = cpus;

		again = false;
		for (unsigned int i = 0; i < count; i++) {
			weights += full[i] ? 0 : g[i].weight;
			left -= full[i] ? g[i].vcpus : 0;
		}
		for (unsigned int i = 0; i < count && !again; i++) {
			if (full[i]) {
				continue;
			}
			g[i].share = left * g[i].weight / weights;
			if (g[i].share >= g[i].vcpus) {
				g[i].share = g[i].vcpus;
				full[i] = true;
				again = true;
			}
		}
	}
}

/* Guests that never wait, on the CPUs of `m`, have at least so much of their
 * shares as the model says. */
static void check_guests(struct glass *g, unsigned int count,
			 const struct cpumask *m, double cpus, uint64_t ms,
			 double least)
{
	uint64_t begun[GROUPS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int k = 0; k < g[i].vcpus; k++) {
			create(n++, i, m);
		}
	}
	all_begin(n);
	for (unsigned int k = 0; k < n; k++) {
		assert_int_equal(set_params(k, g[group_of[k]].weight, 0, 0), 0);
	}
	fill(g, count, cpus);
	pass(300 * MS);
	for (unsigned int i = 0; i < count; i++) {
		begun[i] = group_ran(i);
	}
	pass(ms * MS);
	for (unsigned int i = 0; i < count; i++) {
		double had = (double)(group_ran(i) - begun[i]);

		assert_true(had >= least * g[i].share * (double)(ms * MS));
	}
	while (n-- > 0) {
		stop(n);
	}
	check_empty();
}

static void check_random(const struct cpumask *m, double cpus,
			 unsigned int most, double least)
{
	static const unsigned int weights[] = { 50, 100, 100, 200, 400 };
	struct glass g[GROUPS];
	unsigned int count = 2 + rnd(5);

	for (unsigned int i = 0; i < count; i++) {
		g[i].vcpus = 1 + rnd(most);
		g[i].weight = weights[rnd(ARRAY_SIZE(weights))];
	}
	check_guests(g, count, m, cpus, 2000, least);
}

static void test_one_cpu(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	for (unsigned int k = 0; k < 10; k++) {
		check_random(&m, 1, 4, 0.97);
	}
}

static void test_two_cpus(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	cpumask_set(&m, 2);
	for (unsigned int k = 0; k < 15; k++) {
		check_random(&m, 2, 3, 0.8);
	}
}

static void test_four_cpus(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 15; k++) {
		check_random(NULL, 4, 4, 0.8);
	}
}

/* Where no placement gives equal parts, guests are on each CPU in turn. */
static void check_in_turn(unsigned int count, unsigned int cpus)
{
	struct cpumask m = { 0 };
	struct glass g[GROUPS];

	for (unsigned int i = 0; i < cpus; i++) {
		cpumask_set(&m, i);
	}
	for (unsigned int i = 0; i < count; i++) {
		g[i] = (struct glass){ .vcpus = 1, .weight = 100 };
	}
	check_guests(g, count, &m, cpus, 5000, 0.96);
}

static void test_three_on_two(void **state)
{
	(void)state;
	check_in_turn(3, 2);
}

static void test_five_on_two(void **state)
{
	(void)state;
	check_in_turn(5, 2);
}

/* On each CPU they have about the same: 1/3 and 1/4; 1/7 and 1/8. */
static void test_seven_on_two(void **state)
{
	(void)state;
	check_in_turn(7, 2);
}

static void test_fifteen_on_two(void **state)
{
	(void)state;
	check_in_turn(15, 2);
}

static void test_four_on_three(void **state)
{
	(void)state;
	check_in_turn(4, 3);
}

static void test_five_on_four(void **state)
{
	(void)state;
	check_in_turn(5, 4);
}

/* The larger one gains too if one of its VCPUs goes. */
static void test_two_sizes(void **state)
{
	struct glass g[] = { { .vcpus = 2, .weight = 100 },
			     { .vcpus = 1, .weight = 50 } };
	struct cpumask m = only(1);

	(void)state;
	cpumask_set(&m, 2);
	check_guests(g, 2, &m, 2, 3000, 0.95);
}

/* Beside one VCPU of the largest it is as well as beside another, and is not
 * moved for nothing. */
static void test_small_beside_large(void **state)
{
	struct glass g[] = { { .vcpus = 3, .weight = 400 },
			     { .vcpus = 1, .weight = 400 },
			     { .vcpus = 1, .weight = 100 } };

	(void)state;
	check_guests(g, 3, NULL, 4, 3000, 0.7);
}

/* Threads of no group are not moved, and what they have run counts for
 * nothing. */
static void test_beside_threads(void **state)
{
	struct cpumask first = only(1), second = only(2), both = only(1);
	uint64_t begun[2];

	(void)state;
	cpumask_set(&both, 2);
	create(0, 0, &both);
	create(1, 1, &both);
	puppet_group = NULL;
	group_of[2] = group_of[3] = GROUPS;
	create_on(0, 2, 3, &first);
	create_on(0, 3, 3, &second);
	all_begin(4);
	pass(300 * MS);
	begun[0] = ran(0);
	begun[1] = ran(1);
	pass(1000 * MS);
	/* One is beside each of them. */
	assert_in_range(ran(0) - begun[0], 490 * MS, 510 * MS);
	assert_in_range(ran(1) - begun[1], 490 * MS, 510 * MS);
}

/* --- many beside one ----------------------------------------------------- */

/* However many VCPUs a guest has, another has its whole share. */
static void test_many(void **state)
{
	struct cpumask m = only(1);
	uint64_t begun[PUPPETS];

	(void)state;
	cpumask_set(&m, 2);
	for (unsigned int n = 1; n < PUPPETS; n++) {
		create(n, 0, &m);
	}
	create(0, 1, &m);
	all_begin(PUPPETS);
	pass(300 * MS);
	for (unsigned int n = 0; n < PUPPETS; n++) {
		begun[n] = ran(n);
	}
	pass(1000 * MS);
	assert_in_range(ran(0) - begun[0], 990 * MS, 1000 * MS);
	/* And its own VCPUs have equal parts of the other CPU. */
	for (unsigned int n = 1; n < PUPPETS; n++) {
		assert_in_range(ran(n) - begun[n], 1000 * MS / PUPPETS - 6 * MS,
				1000 * MS / PUPPETS + 8 * MS);
	}
}

/* A guest with VCPUs on two CPUs, which may not move, beside others on one. */
static void test_spread(void **state)
{
	struct cpumask one = only(1), two = only(2);
	uint64_t begun;

	(void)state;
	create(0, 0, &one);
	create(1, 0, &two);
	create(2, 1, &two);
	all_begin(3);
	begun = ran(2);
	pass(600 * MS);
	/* Half of its weight is on the other CPU. */
	assert_in_range(ran(2) - begun, 395 * MS, 405 * MS);
}

/* What is used is added up over all CPUs, also where a group is just beginning:
 * as rq_group_begin() leaves it before the policy has seen it. */
static void test_begins_elsewhere(void **state)
{
	struct cpumask m = only(1);
	uint64_t before[3];

	(void)state;
	cpumask_set(&m, 2);
	for (unsigned int n = 0; n < 3; n++) {
		create(n, n, &m);
	}
	all_begin(3);
	for (unsigned int n = 0; n < 3; n++) {
		struct sched_cell *c = &group[n].cells[3];

		memset(c->data, 0, sizeof(c->data));
		c->epoch = percpu_table[3]->rq->epoch;
		before[n] = ran(n);
	}
	pass(3000 * MS);
	for (unsigned int n = 0; n < 3; n++) {
		assert_in_range(ran(n) - before[n], 1850 * MS, 2150 * MS);
	}
}

/* --- waking up ----------------------------------------------------------- */

static unsigned int running_on(unsigned int cpu)
{
	unsigned int n = 0;

	while (n < PUPPETS && puppets[n].v != current_of(cpu)) {
		n++;
	}
	return n;
}

/*
 * Who wakes up and has had less than its share runs within the pool's latency,
 * however many spin; at most one shortest slice later for each that woke up at
 * the same time.
 */
static void test_latency(void **state)
{
	struct cpumask m = only(1);
	uint64_t longest = 0;

	(void)state;
	assert_int_equal(set_policy("fair", "latency=4ms,threads=50", &why), 0);
	for (unsigned int n = 0; n < 16; n++) {
		create(n, n % 5, &m);
	}
	create(16, 5, &m);
	all_begin(17);
	puppets[16].todo = block;
	pass(200 * MS);
	for (unsigned int k = 0; k < 500; k++) {
		uint64_t waited = 0;

		assert_int_equal(puppets[16].v->state, VCPU_BLOCKED);
		host_advance(rnd(2000) * US);
		rounds(1);
		host_irq_begin(rnd(CPUS));
		sched_wake(puppets[16].v);
		host_irq_end();
		rounds(1);
		while (running_on(1) != 16) {
			host_advance(US * 50);
			rounds(1);
			waited += US * 50;
		}
		longest = MAX(longest, waited);
		/* It runs a little, much less than a sixth of the time. */
		host_advance(rnd(200) * US);
		puppets[16].todo = block;
		rounds(1);
		host_advance(8 * MS);
		rounds(1);
	}
	/* Five others are ready. */
	assert_in_range(longest, 50 * US, 4 * MS / 5);
}

/* Two that wake each other do not keep the CPU. */
static void test_hand_over(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	create(0, 0, &m);
	create(1, 0, &m);
	create(2, 1, &m);
	all_begin(3);
	mate = 0;
	for (unsigned int i = 0; i < 8000; i++) {
		host_advance(MS / 4);
		if (running_on(1) < 2) {
			puppets[running_on(1)].todo = hand_over;
		}
		rounds(2);
	}
	assert_in_range(group_ran(1), 970 * MS, 1030 * MS);
}

/* --- caps ---------------------------------------------------------------- */

static void check_cap(unsigned int g, uint64_t percent)
{
	uint64_t begun = group_ran(g);
	uint64_t had;

	pass(2000 * MS);
	had = (group_ran(g) - begun) / (MS * 20);
	assert_in_range(had, percent * 97 / 100, percent + 1);
}

static void test_caps(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 6; n++) {
		create(n, n / 3, NULL);
	}
	all_begin(6);
	/* Over all CPUs, if there is nobody else, too. */
	for (unsigned int n = 0; n < 3; n++) {
		assert_int_equal(set_params(n, 100, 130, 0), 0);
	}
	check_cap(0, 130);
	/* Who is capped runs in parts, in which they share the CPUs. */
	assert_true(group_ran(1) > 1.5 * (double)group_ran(0));
	for (unsigned int n = 3; n < 6; n++) {
		stop(n);
	}
	check_cap(0, 130);
	assert_true(puppets[0].v->times.throttled > 100 * MS);
	/* A VCPU's. */
	for (unsigned int n = 0; n < 3; n++) {
		assert_int_equal(set_params(n, 100, 0, n < 2 ? 10 : 0), 0);
	}
	check_cap(0, 120);
	for (unsigned int n = 0; n < 3; n++) {
		assert_int_equal(set_params(n, 100, 5, 0), 0);
	}
	check_cap(0, 5);
	for (unsigned int n = 0; n < 3; n++) {
		assert_int_equal(set_params(n, 100, 0, 0), 0);
	}
	check_cap(0, 300);
}

static void test_many_capped(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	for (unsigned int n = 0; n < PUPPETS; n++) {
		create(n, 0, &m);
	}
	all_begin(PUPPETS);
	for (unsigned int n = 0; n < PUPPETS; n++) {
		assert_int_equal(set_params(n, 100, 20, 0), 0);
	}
	check_cap(0, 20);
}

static void wake(unsigned int n)
{
	host_irq_begin(0);
	sched_wake(puppets[n].v);
	host_irq_end();
}

/* A thread that works for a guest has the guest's weight, and its time goes
 * from the guest's cap. */
static void test_worker(void **state)
{
	struct cpumask first = only(1), second = only(2);
	uint64_t begun;

	(void)state;
	create(0, 0, &first);
	create(1, 0, &second);
	puppets[1].guest = NULL;
	create(2, 1, &second);
	all_begin(3);
	assert_int_equal(set_params(0, 300, 0, 0), 0);
	puppets[1].todo = block;
	pass(100 * MS);
	wake(1);
	begun = ran(1);
	pass(1000 * MS);
	/* Half of 300 is on the other CPU; beside it is 100. */
	assert_in_range(ran(1) - begun, 590 * MS, 610 * MS);

	puppets[1].todo = block;
	assert_int_equal(set_params(0, 300, 20, 0), 0);
	pass(500 * MS);
	begun = ran(0);
	pass(1000 * MS);
	assert_in_range(ran(0) - begun, 194 * MS, 206 * MS);
	wake(1);
	begun = ran(1);
	pass(100 * MS);
	assert_true(ran(1) - begun > 50 * MS); /* which are 250 ms of the cap */
	puppets[1].todo = block;
	begun = ran(0);
	pass(200 * MS);
	assert_true(ran(0) - begun < 6 * MS);
}

static void test_refused(void **state)
{
	struct sched_params p;

	(void)state;
	create(0, 0, NULL);
	all_begin(1);
	assert_int_equal(set_params(0, 100, 401, 0), -ERR_INVAL);
	assert_non_null(strstr(why.text, "possible are 1 to 400"));
	assert_int_equal(set_params(0, 100, 400, 0), 0);
	assert_int_equal(set_params(0, SCHED_WEIGHT_MAX + 1, 0, 0), -ERR_INVAL);
	assert_int_equal(set_params(0, 100, 0, 101), -ERR_INVAL);
	p = puppets[0].v->params;
	assert_int_equal(p.cap, 400);
	assert_int_equal(set_policy("fair", "latency=999us", &why), -ERR_INVAL);
	assert_int_equal(set_policy("fair", "latency=101ms", &why), -ERR_INVAL);
	assert_int_equal(set_policy("fair", "threads=0", &why), -ERR_INVAL);
	assert_int_equal(set_policy("fair", "x", &why), -ERR_INVAL);
	assert_non_null(strstr(why.text, "threads=WEIGHT"));
	/* Policy prio ignores the cap; switching back to fair checks it. */
	assert_int_equal(set_policy("prio", NULL, &why), 0);
	assert_int_equal(set_params(0, 100, 401, 0), 0);
	assert_int_equal(set_policy("fair", NULL, &why), -ERR_INVAL);
	assert_int_equal(set_params(0, 100, 0, 0), 0);
	assert_int_equal(set_policy("fair", "latency=100ms", &why), 0);
}

/* --- at random ----------------------------------------------------------- */

static void change(unsigned int n)
{
	struct vcpu *v = puppets[n].v;
	struct cpumask m = only(rnd(CPUS));

	switch (rnd(8)) {
	case 0:
		assert_int_equal(set_params(n, 1 + rnd(300), rnd(3) * 60,
					    rnd(3) * 20),
				 0);
		break;
	case 1:
		cpumask_set(&m, rnd(CPUS));
		set_affinity(v, &m);
		break;
	case 2:
		puppets[n].todo = block;
		break;
	case 3:
		host_irq_begin(rnd(CPUS));
		sched_throttle(v);
		host_irq_end();
		break;
	case 4:
		host_irq_begin(rnd(CPUS));
		sched_unthrottle(v);
		host_irq_end();
		break;
	case 5:
		if (rnd(10) == 0) {
			assert_int_equal(set_policy(rnd(2) ? "prio" : "fair",
						    NULL, &why),
					 0);
		}
		break;
	default:
		host_irq_begin(rnd(CPUS));
		sched_wake(v);
		host_irq_end();
		break;
	}
}

/* Whatever happens, nobody is lost, and all counts are right at the end. */
static void test_random(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < PUPPETS; n++) {
		create(n, n % GROUPS, NULL);
	}
	all_begin(PUPPETS);
	for (unsigned int i = 0; i < 20000; i++) {
		change(rnd(PUPPETS));
		host_advance(MS / 4 * rnd(3));
		rounds(1);
	}
	assert_int_equal(set_policy("fair", NULL, &why), 0);
	for (unsigned int n = 0; n < PUPPETS; n++) {
		uint64_t begun;

		set_affinity(puppets[n].v, &puppets[n].v->pool->cpus);
		assert_int_equal(set_params(n, 100, 0, 0), 0);
		host_irq_begin(0);
		sched_unthrottle(puppets[n].v);
		sched_wake(puppets[n].v);
		host_irq_end();
		puppets[n].todo = NULL;
		begun = ran(n);
		pass(100 * MS);
		assert_true(ran(n) > begun);
	}
}

#define F(name) cmocka_unit_test_setup_teardown(name, fair_setup, fair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap),
		F(test_one_cpu),
		F(test_two_cpus),
		F(test_four_cpus),
		F(test_three_on_two),
		F(test_five_on_two),
		F(test_seven_on_two),
		F(test_fifteen_on_two),
		F(test_four_on_three),
		F(test_five_on_four),
		F(test_two_sizes),
		F(test_small_beside_large),
		F(test_beside_threads),
		F(test_many),
		F(test_spread),
		F(test_begins_elsewhere),
		F(test_latency),
		F(test_hand_over),
		F(test_caps),
		F(test_many_capped),
		F(test_worker),
		F(test_refused),
		F(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
