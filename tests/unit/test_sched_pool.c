/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of CPUs: CPUs, VCPUs and policies change under load, or the change is
 * refused as a whole.
 */
#include "sched_puppet.h"

static struct sched_refusal why;

/* Calls that a puppet makes, because they need a thread. */
static int result;
static struct cpumask want;
static struct sched_choice choice;
static struct sched_pool *pool;
static unsigned int whom;
static struct sched_group group;

static void do_create(struct puppet *p)
{
	(void)p;
	result = sched_pool_create("rt", &want, &choice, &why);
}

static void do_cpus(struct puppet *p)
{
	(void)p;
	result = sched_pool_set_cpus(pool, &want, &why);
}

static void do_move(struct puppet *p)
{
	(void)p;
	result = sched_pool_move(pool, whom < 8 ? puppets[whom].v : NULL,
				 &group, false, &why);
}

static void do_policy(struct puppet *p)
{
	(void)p;
	result = sched_pool_set_policy(pool, &choice, &why);
}

static void do_destroy(struct puppet *p)
{
	(void)p;
	result = sched_pool_destroy(pool, &why);
}

/* Let puppet 7 on CPU 0 do it. */
static int let(void (*todo)(struct puppet *p))
{
	result = 1;
	why.text[0] = '\0';
	puppets[7].todo = todo;
	for (unsigned int i = 0; i < 200 && result == 1; i++) {
		rounds(1);
		host_advance(HOST_TIMER_HZ / 1000);
	}
	rounds(3);
	return result;
}

static struct cpumask cpus(unsigned int a, unsigned int b)
{
	struct cpumask m = only(a);

	cpumask_set(&m, b);
	return m;
}

static int pool_setup(void **state)
{
	struct cpumask m = only(0);
	int ret = setup(state);

	assert_int_equal(sched_group_init(&group), 0);
	create_on(0, 7, 5, &m);
	choice = (struct sched_choice){ .policy = "prio" };
	rounds(2);
	return ret;
}

static int pool_teardown(void **state)
{
	pool = sched_pool_find("rt");
	if (pool) {
		for (unsigned int i = 0; i < 7; i++) {
			if (puppets[i].v) {
				struct sched_pool *rt = pool;

				puppets[i].guest = NULL;
				puppets[i].v->guest = NULL;
				pool = sched_pool_find("default");
				whom = i;
				assert_int_equal(let(do_move), 0);
				pool = rt;
			}
		}
		assert_int_equal(let(do_destroy), 0);
	}
	(void)teardown(state);
	sched_group_fini(&group);
	puppet_group = NULL;
	return 0;
}

static void create_rt(unsigned int a, unsigned int b, const char *policy)
{
	want = cpus(a, b);
	choice = (struct sched_choice){ .policy = policy };
	assert_int_equal(let(do_create), 0);
	pool = sched_pool_find("rt");
	assert_non_null(pool);
}

/* VCPUs on the CPUs continue elsewhere, and no other is placed there. */
static void test_create(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		create_on(0, i, 3, NULL);
	}
	rounds(4);
	create_rt(2, 3, "prio");
	rounds(10);
	assert_true(idle(2) && idle(3));
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(puppets[i].v->cpu < 2);
	}
	assert_int_equal(pool->nr_cpus, 2);
	assert_ptr_equal(percpu_table[3]->rq->pool, pool);
	/* And back to all four CPUs. */
	assert_int_equal(let(do_destroy), 0);
	assert_null(sched_pool_find("rt"));
	host_advance(SLICE);
	rounds(10);
	assert_false(idle(2) || idle(3));
}

/* Running, blocked, queued and paused ones go to the pool, and stay there. */
static void test_move(void **state)
{
	struct cpumask one = only(1);

	(void)state;
	create_rt(2, 3, "edf");
	for (unsigned int i = 0; i < 4; i++) {
		create_on(0, i, 3, NULL);
	}
	rounds(4);
	puppets[1].todo = block;
	host_advance(SLICE);
	rounds(4);
	host_irq_begin(0);
	sched_pause(puppets[3].v->state == VCPU_RUNNING ? puppets[2].v
							: puppets[3].v);
	host_irq_end();
	for (whom = 0; whom < 4; whom++) {
		assert_int_equal(let(do_move), 0);
	}
	rounds(4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_ptr_equal(puppets[i].v->pool, pool);
		assert_true(puppets[i].v->cpu >= 2);
		assert_ptr_equal(percpu_table[puppets[i].v->cpu]->rq->pool,
				 pool);
	}
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	sched_resume(puppets[2].v);
	sched_resume(puppets[3].v);
	host_irq_end();
	for (unsigned int i = 0; i < 20; i++) {
		host_advance(SLICE);
		rounds(3);
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(puppets[i].last_cpu >= 2);
	}
	/* A thread's affinity is a preference: it runs on the pool's CPUs. */
	set_affinity(puppets[0].v, &one);
	rounds(4);
	assert_true(puppets[0].v->cpu >= 2);
}

/* Refused, with everything as before. */
static void test_refused(void **state)
{
	struct cpumask none = { 0 };
	struct cpumask one = only(2);
	struct sched_pool_info info;

	(void)state;
	want = none;
	assert_int_equal(let(do_create), -ERR_INVAL);
	cpumask_set_all(&want);
	for (unsigned int i = 0; i < 4; i++) {
		cpumask_set(&none, i);
	}
	want = none;
	assert_int_equal(let(do_create), -ERR_BUSY);
	assert_non_null(strstr(why.text, "no CPU any more"));
	assert_null(sched_pool_find("rt"));
	choice.policy = "nothing";
	want = only(2);
	assert_int_equal(let(do_create), -ERR_NOENT);
	/* A guest's VCPU that needs the CPU. */
	create_on(0, 0, 3, &one);
	rounds(2);
	puppets[0].v->guest = (struct guest *)(uintptr_t)64;
	choice.policy = "prio";
	assert_int_equal(let(do_create), -ERR_INVAL);
	assert_non_null(strstr(why.text, "puppet"));
	puppets[0].v->guest = NULL;
	create_rt(2, 3, "prio");
	assert_int_equal(let(do_create), -ERR_EXIST);
	/* The pool is in use. */
	whom = 0;
	assert_int_equal(let(do_move), 0);
	assert_int_equal(let(do_destroy), -ERR_BUSY);
	memset(&want, 0, sizeof(want));
	assert_int_equal(let(do_cpus), -ERR_INVAL);
	want = only(3);
	assert_int_equal(let(do_cpus), 0);
	assert_int_equal(pool->nr_cpus, 1);
	rounds(3);
	assert_ptr_equal(current_of(3), puppets[0].v);
	host_irq_begin(0);
	assert_true(sched_pool_nth(1, &info));
	host_irq_end();
	assert_string_equal(info.name, "rt");
	assert_int_equal(info.threads, 1);
	pool = sched_pool_find("default");
	assert_int_equal(let(do_destroy), -ERR_INVAL);
	want = only(0);
	assert_int_equal(let(do_cpus), -ERR_INVAL);
	choice.policy = "null";
	assert_int_equal(let(do_policy), -ERR_INVAL);
	assert_non_null(strstr(why.text, "threads"));
}

/* Each gets a CPU of its own that its affinity allows, or is refused. */
static void test_null(void **state)
{
	struct cpumask two = cpus(2, 3), one = only(2);

	(void)state;
	create_rt(2, 3, "null");
	for (unsigned int i = 0; i < 3; i++) {
		create_on(0, i, 3, &two);
	}
	for (unsigned int i = 0; i < 4; i++) {
		host_advance(SLICE);
		rounds(2); /* each has started, as a thread */
	}
	set_affinity(puppets[1].v, &one);
	for (unsigned int i = 0; i < 3; i++) {
		puppets[i].v->guest = (struct guest *)(uintptr_t)64;
	}
	whom = 0;
	assert_int_equal(let(do_move), 0);
	assert_int_equal(puppets[0].v->home, 2);
	assert_true(puppets[0].v->native_wait);
	/* The second needs the first one's CPU; the first takes another. */
	whom = 1;
	assert_int_equal(let(do_move), 0);
	rounds(4);
	assert_ptr_equal(current_of(2), puppets[1].v);
	assert_ptr_equal(current_of(3), puppets[0].v);
	whom = 2;
	assert_int_equal(let(do_move), -ERR_INVAL);
	assert_non_null(strstr(why.text, "no CPU is left for it"));
	assert_string_equal(puppets[2].v->pool->name, "default");
	/* No timer is set there, however long. */
	host_advance(SLICE * 10);
	rounds(2);
	assert_int_equal(percpu_table[2]->rq->slice_end, 0);
	assert_ptr_equal(current_of(2), puppets[1].v);
	/* A thread of the hypervisor is refused. */
	puppets[2].v->guest = NULL;
	host_irq_begin(0);
	assert_int_equal(sched_pool_move_thread(pool, puppets[2].v->id, &why),
			 -ERR_INVAL);
	host_irq_end();
}

#define P(name) cmocka_unit_test_setup_teardown(name, pool_setup, pool_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		P(test_create),
		P(test_move),
		P(test_refused),
		P(test_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
