/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long interrupts are masked: sections, and which of them are kept. */
#include <core/latency.h>
#include <core/spinlock.h>

#include "sched_puppet.h"

static int result;

static void do_start(struct puppet *p)
{
	(void)p;
	result = latency_start();
}

static void do_stop(struct puppet *p)
{
	(void)p;
	result = latency_stop();
}

static void do_clear(struct puppet *p)
{
	(void)p;
	latency_clear();
	result = 0;
}

static struct latency_cpu got;
static unsigned int asked;

static void do_get(struct puppet *p)
{
	(void)p;
	result = latency_get(asked, &got) ? 0 : -ERR_NOENT;
}

/* Let a thread on CPU 0 do it; calls between CPUs take some rounds. */
static int ask(void (*todo)(struct puppet *p))
{
	result = 1;
	puppets[0].todo = todo;
	rounds(40);
	assert_null(puppets[0].todo);
	return result;
}

static const struct latency_cpu *of(unsigned int cpu)
{
	asked = cpu;
	assert_int_equal(ask(do_get), 0);
	return &got;
}

/* The section of that kind and number; NULL: it is not in the list. */
static const struct latency_section *
find(const struct latency_cpu *l, enum latency_kind kind, uint32_t number)
{
	for (unsigned int i = 0; i < LATENCY_PLACES; i++) {
		if (l->places[i].kind == kind &&
		    l->places[i].number == number) {
			return &l->places[i];
		}
	}
	return NULL;
}

static void begin(void)
{
	create_on(0, 0, 3, NULL);
	rounds(3);
	assert_int_equal(ask(do_start), 0);
	assert_int_equal(ask(do_clear), 0);
}

static void end(void)
{
	assert_int_equal(ask(do_stop), 0);
	tell(0);
	rounds(3);
}

static void section(unsigned int cpu, enum latency_kind kind, uint32_t number,
		    uint64_t ticks)
{
	host_irq_begin(cpu);
	latency_begin(kind, number, 0);
	host_advance(ticks);
	latency_end(0);
	host_irq_end();
}

static void test_on_and_off(void **state)
{
	(void)state;
	create_on(0, 0, 3, NULL);
	rounds(3);
	assert_false(latency_on());
	section(2, LATENCY_TRAP, 1, 100);
	asked = 2;
	assert_int_equal(ask(do_get), -ERR_NOENT);
	assert_int_equal(ask(do_stop), -ERR_STATE);
	assert_int_equal(ask(do_start), 0);
	assert_true(latency_on());
	assert_int_equal(ask(do_start), -ERR_STATE);
	section(2, LATENCY_TRAP, 1, 100);
	assert_int_equal(find(of(2), LATENCY_TRAP, 1)->longest, 100);
	/* What was measured stays when it ends, and nothing is added. */
	assert_int_equal(ask(do_stop), 0);
	section(2, LATENCY_TRAP, 1, 200);
	assert_int_equal(find(of(2), LATENCY_TRAP, 1)->longest, 100);
	assert_int_equal(find(of(2), LATENCY_TRAP, 1)->times, 1);
	assert_int_equal(ask(do_clear), 0);
	assert_null(find(of(2), LATENCY_TRAP, 1));
	assert_int_equal(of(2)->sections, 0);
	tell(0);
	rounds(3);
}

/* More places than the list has room for: the longest stay, in order. */
static void test_longest(void **state)
{
	const struct latency_cpu *l;

	(void)state;
	begin();
	for (uint32_t i = 0; i < 3 * LATENCY_PLACES; i++) {
		/* 7 is coprime to the number: all lengths once, mixed up. */
		section(3, LATENCY_TRAP, i,
			10 * (1 + i * 7 % (3 * LATENCY_PLACES)));
	}
	section(3, LATENCY_TRAP, 1000, 3);
	l = of(3);
	assert_true(l->sections >= 3 * LATENCY_PLACES + 1);
	for (unsigned int i = 0; i < LATENCY_PLACES; i++) {
		assert_int_equal(l->places[i].longest,
				 10 * (3 * LATENCY_PLACES - i));
		assert_int_equal(l->places[i].times, 1);
	}
	end();
}

/* Each place is there once, with its longest; it moves up as that grows. */
static void test_places(void **state)
{
	const struct latency_section *e;

	(void)state;
	begin();
	section(1, LATENCY_TRAP, 5, 50);
	section(1, LATENCY_TRAP, 6, 70);
	section(1, LATENCY_IRQ, 5, 30);
	section(1, LATENCY_TRAP, 5, 90);
	section(1, LATENCY_TRAP, 5, 20);
	e = find(of(1), LATENCY_TRAP, 5);
	assert_ptr_equal(e, &got.places[0]);
	assert_int_equal(e->longest, 90);
	assert_int_equal(e->times, 3);
	assert_int_equal(find(&got, LATENCY_TRAP, 6)->longest, 70);
	assert_int_equal(find(&got, LATENCY_IRQ, 5)->longest, 30);
	/* Another CPU has its own. */
	assert_null(find(of(2), LATENCY_TRAP, 5));
	end();
}

static struct spinlock outer = SPINLOCK_INIT(LOCK_GUEST);
static struct spinlock inner = SPINLOCK_INIT(LOCK_PAGE);

/* One section, from the first lock to the last. */
static void nested(struct puppet *p)
{
	unsigned long flags = spin_lock_irqsave(&outer);
	unsigned long flags2;

	(void)p;
	host_advance(1000);
	flags2 = spin_lock_irqsave(&inner);
	host_advance(200);
	spin_unlock_irqrestore(&inner, flags2);
	host_advance(34);
	spin_unlock_irqrestore(&outer, flags);
	host_pause();
}

static void test_locks(void **state)
{
	(void)state;
	begin();
	create_on(1, 1, 3, NULL);
	puppets[1].todo = nested;
	rounds(6);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		const struct latency_section *e = &of(cpu)->places[0];

		if (cpu == puppets[1].last_cpu) {
			assert_int_equal(e->kind, LATENCY_CODE);
			assert_int_equal(e->longest, 1234);
			assert_int_equal(e->vcpu, puppets[1].v->id);
			assert_true(e->from != 0 && e->until != 0);
		} else {
			assert_true(e->longest < 1234);
		}
	}
	end();
	stop(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_on_and_off),
		T(test_longest),
		T(test_places),
		T(test_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
