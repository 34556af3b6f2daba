/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace buffers on four CPUs, and the trace of VCPUs that run. */
#include <core/trace.h>

#include "sched_puppet.h"

#define FEW TRACE_RECORDS_MIN
#define MORE 44 /* records for which there is no room */

static int result;
static struct trace_attr attr;

static void do_start(struct puppet *p)
{
	(void)p;
	result = trace_start(&attr);
}

static void do_stop(struct puppet *p)
{
	(void)p;
	result = trace_stop();
}

static void do_clear(struct puppet *p)
{
	(void)p;
	result = trace_clear();
}

static void do_read_begin(struct puppet *p)
{
	(void)p;
	result = trace_read_begin();
}

static void do_read_end(struct puppet *p)
{
	(void)p;
	trace_read_end();
}

/* Let a thread on CPU 0 do it; returns its result. Calls between CPUs take some
 * rounds. */
static int ask(void (*todo)(struct puppet *p))
{
	result = 1;
	puppets[0].todo = todo;
	rounds(40);
	assert_null(puppets[0].todo);
	return result;
}

static struct trace_cpu_info info_of(unsigned int cpu)
{
	struct trace_cpu_info info;

	trace_cpu_info(cpu, &info);
	return info;
}

static unsigned int event_of(const struct trace_record *r)
{
	return (unsigned int)(r->head >> TRACE_TIME_BITS);
}

static uint64_t time_of(const struct trace_record *r)
{
	return r->head & GENMASK(TRACE_TIME_BITS - 1, 0);
}

static void begin(uint32_t records, bool keep_first)
{
	attr = (struct trace_attr){ records, keep_first };
	create_on(0, 0, 3, NULL);
	rounds(3);
	assert_int_equal(ask(do_start), 0);
	assert_true(trace_on());
}

static void end(void)
{
	assert_int_equal(ask(do_clear), 0);
	tell(0);
	rounds(3);
}

static void write_on(unsigned int cpu, uint32_t from, uint32_t to)
{
	host_irq_begin(cpu);
	for (uint32_t i = from; i < to; i++) {
		host_advance(1);
		trace(TRACE_MISS, cpu, i, ~(uint64_t)i, 3);
	}
	host_irq_end();
}

static void test_bad_sizes(void **state)
{
	static const uint32_t bad[] = {
		0, 1, FEW - 1, FEW / 2, FEW + 1, TRACE_RECORDS_MAX * 2
	};
	struct trace_info info;

	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(3);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		attr = (struct trace_attr){ bad[i], false };
		assert_int_equal(ask(do_start), -ERR_RANGE);
	}
	assert_false(trace_on());
	assert_int_equal(ask(do_stop), -ERR_STATE);
	assert_int_equal(ask(do_read_begin), -ERR_NOENT);
	assert_false(trace_get_info(&info));
	end();
}

/* The newest are kept; those that were overwritten are counted. */
static void test_newest(void **state)
{
	uint64_t n;

	(void)state;
	begin(FEW, false);
	write_on(2, 0, FEW + MORE);
	assert_int_equal(ask(do_start), -ERR_BUSY);
	assert_int_equal(ask(do_read_begin), -ERR_BUSY);
	assert_int_equal(ask(do_stop), 0);
	assert_false(trace_on());
	/* It is not recorded any more. */
	write_on(2, 0, 10);
	assert_int_equal(ask(do_read_begin), 0);
	n = info_of(2).records;
	assert_int_equal(n, FEW);
	assert_true(info_of(2).lost >= MORE);
	for (uint64_t i = 0; i < n; i++) {
		const struct trace_record *r = trace_record(2, i);

		assert_true(i == 0 ||
			    time_of(r) >= time_of(trace_record(2, i - 1)));
		if (event_of(r) == TRACE_MISS) {
			assert_int_equal(r->vcpu, 2);
			assert_int_equal(r->b, ~(uint64_t)r->a);
			assert_int_equal(r->c, 3);
		}
	}
	/* CPU 2 was idle: nothing came after them. */
	assert_int_equal(trace_record(2, n - 1)->a, FEW + MORE - 1);
	/* It is not freed while it is read. */
	assert_int_equal(ask(do_clear), -ERR_BUSY);
	assert_int_equal(ask(do_start), -ERR_BUSY);
	(void)ask(do_read_end);
	end();
	assert_int_equal(info_of(2).records, 0);
}

static void test_first(void **state)
{
	(void)state;
	begin(FEW, true);
	write_on(3, 0, FEW + MORE);
	assert_int_equal(ask(do_stop), 0);
	assert_int_equal(info_of(3).records, FEW);
	assert_int_equal(info_of(3).lost, MORE);
	assert_int_equal(trace_record(3, 0)->a, 0);
	assert_int_equal(trace_record(3, FEW - 1)->a, FEW - 1);
	end();
}

/* The next record of a VCPU on a CPU, from *at on. */
static const struct trace_record *next_of(unsigned int cpu, uint64_t *at,
					  uint32_t vcpu)
{
	while (*at < info_of(cpu).records) {
		const struct trace_record *r = trace_record(cpu, (*at)++);

		if (r->vcpu == vcpu && event_of(r) != TRACE_VCPU) {
			return r;
		}
	}
	return NULL;
}

static void expect_next(unsigned int cpu, uint64_t *at, uint32_t vcpu,
			enum trace_event event, enum sched_why why)
{
	const struct trace_record *r = next_of(cpu, at, vcpu);

	assert_non_null(r);
	assert_int_equal(event_of(r), event);
	if (event != TRACE_RUN) {
		assert_int_equal(r->a, why);
	}
}

/* A VCPU that is created, blocks and is woken. */
static void test_who_runs(void **state)
{
	struct cpumask m = only(1);
	uint64_t at = 0;
	uint32_t id;

	(void)state;
	begin(FEW, false);
	create_on(0, 1, 5, &m);
	id = puppets[1].v->id;
	rounds(2);
	puppets[1].todo = block;
	rounds(2);
	host_irq_begin(0);
	sched_wake(puppets[1].v);
	host_irq_end();
	rounds(2);
	tell(1);
	rounds(2);
	assert_int_equal(ask(do_stop), 0);
	/* It is put into the queue by the CPU that creates or wakes it. */
	expect_next(1, &at, id, TRACE_RUN, 0);
	expect_next(1, &at, id, TRACE_STOP, SCHED_BLOCKED);
	expect_next(1, &at, id, TRACE_RUN, 0);
	expect_next(1, &at, id, TRACE_STOP, SCHED_OFF);
	assert_null(next_of(1, &at, id));
	at = 0;
	expect_next(0, &at, id, TRACE_READY, SCHED_WOKEN);
	expect_next(0, &at, id, TRACE_READY, SCHED_WOKEN);
	end();
	/* The scheduler's hooks are the policy's again. */
	assert_ptr_equal(percpu_table[1]->rq->runs,
			 percpu_table[1]->rq->policy->runs);
	assert_ptr_equal(percpu_table[1]->rq->stops,
			 percpu_table[1]->rq->policy->stops);
}

/* Names are cut if they do not fit. */
static void test_names(void **state)
{
	char name[16];

	(void)state;
	begin(FEW, false);
	host_irq_begin(2);
	trace_named(TRACE_GUEST, 0, 2, "a-name-of-20-letters");
	trace_named(TRACE_GUEST, 0, 2, "short");
	host_irq_end();
	assert_int_equal(ask(do_stop), 0);
	memcpy(name, &trace_record(2, 0)->b, sizeof(name));
	assert_memory_equal(name, "a-name-of-20-let", sizeof(name));
	memcpy(name, &trace_record(2, 1)->b, sizeof(name));
	assert_memory_equal(name, "short\0\0\0\0\0\0\0\0\0\0\0", sizeof(name));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bad_sizes), T(test_newest), T(test_first),
		T(test_who_runs),  T(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
