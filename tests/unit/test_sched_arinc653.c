/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy arinc653 against a model, with random schedules: exactly those
 * with overlapping windows, or windows beyond the frame, are refused; and in
 * each unit of time the owner of the window has the CPU, to the tick, also
 * while frames change.
 */
#include "sched_puppet.h"

#define US(n) ((n)*HOST_TIMER_HZ / 1000000)
#define UNIT_US 250
#define UNIT (UNIT_US * HOST_TIMER_HZ / 1000000)
#define NOTICE (500 * HOST_TIMER_HZ / 1000000)
#define SETS 60
#define MOST 4
#define REST MOST /* a thread without windows, on the same CPU */
#define THE_CPU 1

struct schedule {
	unsigned int frame; /* units */
	unsigned int windows[MOST];
	struct {
		unsigned int start, length;
	} window[MOST][SCHED_WINDOWS];
};

static struct schedule now_there, asked;
static unsigned int count;
static uint64_t rng = 1;
static struct sched_refusal why;

static unsigned int rnd(unsigned int n)
{
	rng = rng * UINT64_C(6364136223846793005) +
	      UINT64_C(1442695040888963407);
	return (unsigned int)(rng >> 33) % n;
}

/* --- the model ----------------------------------------------------------- */

/* The owner of unit `at` of the frame; REST: there is none. */
static unsigned int model_owner(const struct schedule *s, unsigned int at)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int k = 0; k < s->windows[i]; k++) {
			if (at >= s->window[i][k].start &&
			    at < s->window[i][k].start +
					    s->window[i][k].length) {
				return i;
			}
		}
	}
	return REST;
}

/* Is each unit in at most one window, and no window beyond the frame? */
static bool model_keeps(const struct schedule *s)
{
	unsigned int used[400] = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int k = 0; k < s->windows[i]; k++) {
			unsigned int end =
				s->window[i][k].start + s->window[i][k].length;

			if (end > s->frame) {
				return false;
			}
			for (unsigned int u = s->window[i][k].start; u < end;
			     u++) {
				if (used[u]++) {
					return false;
				}
			}
		}
	}
	return true;
}

/* Cut the frame into parts, and give them to tasks or to none. Sometimes move
 * one to a wrong place. */
static void random_schedule(struct schedule *s)
{
	unsigned int at = 0;

	memset(s, 0, sizeof(*s));
	s->frame = 8 + rnd(80);
	while (at < s->frame) {
		unsigned int n = MIN(1 + rnd(10), s->frame - at);
		unsigned int i = rnd(count + 1);

		if (i < count && s->windows[i] < SCHED_WINDOWS) {
			s->window[i][s->windows[i]].start = at;
			s->window[i][s->windows[i]].length = n;
			s->windows[i]++;
		}
		at += n;
	}
	if (rnd(3) == 0) {
		unsigned int i = rnd(count);

		if (s->windows[i]) {
			s->window[i][s->windows[i] - 1].length += 1 + rnd(4);
		}
	}
}

/* --- the scheduler ------------------------------------------------------- */

static int ask_for(const struct schedule *s)
{
	struct sched_schedule_entry e[MOST] = { 0 };
	const struct sched_schedule new = {
		.frame = s->frame * UNIT,
		.count = count,
		.entries = e,
	};
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		e[i].v = puppets[i].v;
		e[i].windows = (uint8_t)s->windows[i];
		for (unsigned int k = 0; k < s->windows[i]; k++) {
			e[i].window[k].start = s->window[i][k].start * UNIT_US;
			e[i].window[k].length =
				s->window[i][k].length * UNIT_US;
		}
	}
	host_irq_begin(0);
	ret = sched_pool_set_schedule(sched_pool_find("default"), &new, false,
				      &why);
	host_irq_end();
	rounds(1);
	return ret;
}

static uint64_t ran(unsigned int n)
{
	struct vcpu_times t;

	sched_times(puppets[n].v, &t);
	return t.running;
}

static void all_on_one(void)
{
	struct cpumask m = only(THE_CPU);

	for (unsigned int i = 0; i <= MOST; i++) {
		create_on(0, i, 3, &m);
		/* Never dereferenced, but makes it a VCPU with a promise. */
		puppets[i].guest = i == REST ? NULL
					     : (struct guest *)(uintptr_t)64;
	}
	for (unsigned int i = 0; i < 2 * MOST; i++) {
		host_advance(SLICE);
		rounds(2);
	}
}

static int arinc_teardown(void **state)
{
	int ret;

	assert_int_equal(set_policy("prio", NULL, &why), 0);
	ret = teardown(state);
	return ret;
}

/* Run one unit, in which only `owner` may run; REST: only VCPUs without
 * windows. */
static void run_unit(unsigned int owner)
{
	uint64_t before[MOST + 1], sum = 0;

	for (unsigned int i = 0; i <= MOST; i++) {
		before[i] = ran(i);
	}
	host_advance(UNIT);
	rounds(1);
	for (unsigned int i = 0; i <= MOST; i++) {
		bool mine = i == owner;

		if (owner == REST && (i == REST || !now_there.windows[i])) {
			mine = true;
		}
		if (!mine) {
			assert_int_equal(ran(i), before[i]);
		}
		sum += ran(i) - before[i];
	}
	assert_int_equal(sum, UNIT);
}

static void run_until(ticks_t when)
{
	while (time_now() < when) {
		host_advance(UNIT);
		rounds(1);
	}
}

/* Run frames from `begin` on. */
static void run_frames(ticks_t begin, ticks_t end)
{
	while (time_now() < end) {
		unsigned int at = (unsigned int)((time_now() - begin) / UNIT);

		run_unit(model_owner(&now_there, at % now_there.frame));
	}
}

/* A change takes effect with a frame, the first after ARINC_NOTICE_US. */
static void run_random(ticks_t *begin)
{
	ticks_t due = time_now() + NOTICE;
	ticks_t first = *begin;

	while (first <= due) {
		first += now_there.frame * UNIT;
	}
	run_frames(*begin, first);
	now_there = asked;
	*begin = first;
	run_frames(first, first + (2 * now_there.frame + rnd(99)) * UNIT);
}

static int set_windows(unsigned int n, unsigned int start, unsigned int length,
		       enum sched_overrun overrun)
{
	struct sched_params p = puppets[n].v->params;
	int ret;

	p.windows = length ? 1 : 0;
	p.window[0].start = start * UNIT_US;
	p.window[0].length = length * UNIT_US;
	p.overrun = (uint8_t)overrun;
	host_irq_begin(0);
	ret = sched_set_params(puppets[n].v, &p, &why);
	host_irq_end();
	rounds(1);
	return ret;
}

static void test_random(void **state)
{
	unsigned int kept = 0, refused = 0;
	ticks_t begin;

	(void)state;
	all_on_one();
	count = MOST;
	memset(&now_there, 0, sizeof(now_there));
	now_there.frame = 10000 / UNIT_US;
	for (unsigned int i = 0; i < count; i++) {
		/* Windows of a thread are promised as a guest's VCPU's are. */
		assert_int_equal(set_windows(i, i, 1, SCHED_OVERRUN_COUNT), 0);
		now_there.windows[i] = 1;
		now_there.window[i][0].start = i;
		now_there.window[i][0].length = 1;
	}
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	begin = time_now() + now_there.frame * UNIT;
	run_until(begin);
	for (unsigned int k = 0; k < SETS; k++) {
		int err;

		random_schedule(&asked);
		err = ask_for(&asked);
		assert_int_equal(err, model_keeps(&asked) ? 0 : -ERR_INVAL);
		if (err) {
			assert_true(strstr(why.text, "overlap") ||
				    strstr(why.text, "exceeds"));
			refused++;
		} else {
			run_random(&begin);
			kept++;
		}
	}
	assert_true(kept > 10 && refused > 5);
}

/* Two windows at the same time: on two CPUs, if affinities allow it. */
static void test_second_cpu(void **state)
{
	struct cpumask m = only(1);

	(void)state;
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	create_on(0, 0, 3, NULL);
	create_on(0, 1, 3, NULL);
	rounds(2);
	assert_int_equal(set_windows(0, 0, 20, SCHED_OVERRUN_COUNT), 0);
	assert_int_equal(set_windows(1, 10, 20, SCHED_OVERRUN_COUNT), 0);
	assert_int_not_equal(puppets[0].v->home, puppets[1].v->home);
	set_affinity(puppets[0].v, &m);
	host_irq_begin(0);
	assert_int_not_equal(sched_set_affinity(puppets[1].v, &m, &why), 0);
	host_irq_end();
	assert_non_null(strstr(why.text, "overlaps with"));
	/* There is room after the other one's. */
	assert_int_equal(set_windows(1, 20, 20, SCHED_OVERRUN_COUNT), 0);
	set_affinity(puppets[1].v, &m);
	assert_int_equal(puppets[1].v->home, 1);
}

/* A share of each frame is reserved for threads, and windows must contain the
 * budget. */
static void test_reserve_and_budget(void **state)
{
	struct cpumask m = only(1);
	struct sched_params p;

	(void)state;
	assert_int_equal(set_policy("arinc653", NULL, &why), -ERR_INVAL);
	assert_int_equal(set_policy("arinc653", "frame=999us", &why),
			 -ERR_INVAL);
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=51", &why),
			 -ERR_INVAL);
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=10", &why),
			 0);
	create_on(0, 0, 3, &m);
	rounds(2);
	assert_int_equal(set_windows(0, 0, 37, SCHED_OVERRUN_COUNT),
			 -ERR_INVAL);
	assert_non_null(strstr(why.text, "possible are 9000 us"));
	assert_int_equal(set_windows(0, 0, 36, SCHED_OVERRUN_COUNT), 0);
	p = puppets[0].v->params;
	p.period = US(5000);
	p.budget = US(4000);
	host_irq_begin(0);
	assert_int_equal(sched_set_params(puppets[0].v, &p, &why), 0);
	p.budget = US(4001);
	assert_int_equal(sched_set_params(puppets[0].v, &p, &why), -ERR_BUSY);
	assert_non_null(strstr(why.text, "begins at 5000 us"));
	p.period = US(3000);
	p.budget = US(1000);
	assert_int_equal(sched_set_params(puppets[0].v, &p, &why), -ERR_INVAL);
	host_irq_end();
	assert_int_equal(puppets[0].v->params.period, US(5000));
}

/* A VCPU that waits in its window leaves the CPU to others, and takes it
 * back. */
static void test_slack(void **state)
{
	struct cpumask m = only(THE_CPU);
	ticks_t begin;
	uint64_t had;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, REST, 3, &m);
	rounds(2);
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	begin = time_now();
	assert_int_equal(set_windows(0, 0, 20, SCHED_OVERRUN_COUNT), 0);
	begin += 40 * UNIT; /* from its next frame on */
	run_until(begin + 5 * UNIT);
	puppets[0].todo = block;
	rounds(2);
	assert_int_equal(puppets[0].v->state, VCPU_BLOCKED);
	had = ran(REST);
	run_until(begin + 10 * UNIT);
	assert_int_equal(ran(REST) - had, 5 * UNIT);
	host_irq_begin(2);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(THE_CPU), puppets[0].v);
	/* Woken outside its window, it waits for the next one. */
	run_until(begin + 15 * UNIT);
	puppets[0].todo = block;
	rounds(2);
	run_until(begin + 30 * UNIT);
	host_irq_begin(2);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(1);
	assert_ptr_not_equal(current_of(THE_CPU), puppets[0].v);
	run_until(begin + 40 * UNIT);
	assert_ptr_equal(current_of(THE_CPU), puppets[0].v);
}

/* It counts as late if it has waited once, and is busy when its window ends. */
static void test_overrun(void **state)
{
	struct cpumask m = only(THE_CPU);
	ticks_t begin;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, REST, 3, &m);
	rounds(2);
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	begin = time_now();
	assert_int_equal(set_windows(0, 0, 20, SCHED_OVERRUN_LOG), 0);
	begin += 40 * UNIT; /* from its next frame on */
	run_until(begin + 120 * UNIT);
	assert_int_equal(puppets[0].v->times.misses, 0);
	run_until(begin + 125 * UNIT);
	puppets[0].todo = block;
	rounds(2);
	run_until(begin + 165 * UNIT);
	assert_int_equal(puppets[0].v->times.misses, 0);
	assert_false(puppets[0].v->overran);
	host_irq_begin(2);
	sched_wake(puppets[0].v);
	host_irq_end();
	run_until(begin + 179 * UNIT);
	assert_int_equal(puppets[0].v->times.misses, 0);
	run_until(begin + 181 * UNIT);
	assert_int_equal(puppets[0].v->times.misses, 1);
	assert_true(puppets[0].v->overran);
	run_until(begin + 221 * UNIT);
	assert_int_equal(puppets[0].v->times.misses, 2);
}

/* How late a window began: for whoever waited for it, not for one that wakes in
 * it. */
static void test_late(void **state)
{
	struct cpumask m = only(THE_CPU);
	const uint64_t *late;
	ticks_t begin;

	(void)state;
	create_on(0, 0, 3, &m);
	create_on(0, REST, 3, &m);
	late = &puppets[0].v->times.late;
	rounds(2);
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	begin = time_now();
	assert_int_equal(set_windows(0, 0, 20, SCHED_OVERRUN_COUNT), 0);
	begin += 40 * UNIT; /* from its next frame on */
	run_until(begin + 39 * UNIT);
	assert_int_equal(*late, 0);
	host_advance(begin + 40 * UNIT + 7 - time_now());
	rounds(1);
	assert_ptr_equal(current_of(THE_CPU), puppets[0].v);
	assert_int_equal(*late, 7);
	/* The next one begins in time; the largest is kept. */
	run_until(begin + 85 * UNIT);
	assert_int_equal(*late, 7);
	puppets[0].todo = block;
	rounds(2);
	host_advance(3 * UNIT);
	host_irq_begin(2);
	sched_wake(puppets[0].v);
	host_irq_end();
	rounds(1);
	assert_ptr_equal(current_of(THE_CPU), puppets[0].v);
	assert_int_equal(*late, 7);
	host_irq_begin(2);
	sched_clear_longest(puppets[0].v);
	host_irq_end();
	assert_int_equal(*late, 0);
}

/* A second change is refused until the first has taken effect. */
static void test_changes(void **state)
{
	(void)state;
	all_on_one();
	count = 2;
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(set_windows(i, i, 1, SCHED_OVERRUN_COUNT), 0);
	}
	memset(&asked, 0, sizeof(asked));
	asked.frame = 40;
	asked.windows[0] = 1;
	asked.window[0][0].length = 10;
	assert_int_equal(ask_for(&asked), -ERR_INVAL);
	assert_non_null(strstr(why.text, "has policy 'prio'"));
	assert_int_equal(set_policy("arinc653", "frame=10ms,reserve=0", &why),
			 0);
	assert_int_equal(ask_for(&asked), 0);
	assert_int_equal(ask_for(&asked), -ERR_BUSY);
	assert_non_null(strstr(why.text, "takes effect in"));
	host_advance(80 * UNIT);
	rounds(1);
	assert_int_equal(ask_for(&asked), 0);
	asked.frame = 3;
	assert_int_equal(ask_for(&asked), -ERR_INVAL);
	assert_int_equal(puppets[0].v->params.windows, 1);
}

#define S(name) cmocka_unit_test_setup_teardown(name, setup, arinc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		S(test_random),  S(test_second_cpu), S(test_reserve_and_budget),
		S(test_slack),   S(test_overrun),    S(test_late),
		S(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
