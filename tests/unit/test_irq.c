/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts: each line's and each IPI's count, on each CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <arch_impl/host.h>
#include <core/irq_dispatch.h>
#include <core/smp.h>
#include <libs/error.h>

#define LINES 40
#define PRIVATE 32

static unsigned int handled;

static void line(unsigned int irq)
{
	(void)irq;
}

static void line_trigger(unsigned int irq, enum irq_trigger trigger)
{
	(void)irq;
	(void)trigger;
}

static void line_affinity(unsigned int irq, unsigned int cpu)
{
	(void)irq;
	(void)cpu;
}

static int no_cpu_init(void)
{
	return 0;
}

static const struct irqchip chip = {
	.nr_irqs = LINES, .nr_private = PRIVATE, .deactivate = line,
	.enable = line, .disable = line, .set_trigger = line_trigger,
	.set_affinity = line_affinity, .cpu_init = no_cpu_init,
};

static void handler(unsigned int irq, void *arg)
{
	assert_ptr_equal(arg, &handled);
	handled += irq;
}

/* The row of that kind and number. */
static struct irq_info find(enum irq_kind kind, unsigned int irq)
{
	struct irq_info info;
	unsigned int pos = 0;

	while (irq_next(&pos, &info)) {
		if (info.kind == kind && info.irq == irq) {
			return info;
		}
	}
	fail_msg("no row for %u", irq);
	return info;
}

static void counts_are(enum irq_kind kind, unsigned int irq, uint64_t on0,
		       uint64_t on1)
{
	struct irq_info info = find(kind, irq);

	assert_int_equal(irq_count_on(&info, 0), on0);
	assert_int_equal(irq_count_on(&info, 1), on1);
	assert_int_equal(irq_count_on(&info, 7), 0);
}

static void test_counts(void **state)
{
	struct irq_info info;
	unsigned int pos = 0, rows = 0;

	(void)state;
	assert_int_equal(irq_request(27, handler, &handled, "timer"), 0);
	assert_int_equal(irq_request(33, handler, &handled, "uart"), 0);
	assert_int_equal(irq_request(33, handler, &handled, "x"), -ERR_BUSY);
	assert_int_equal(irq_request(LINES, handler, &handled, "x"),
			 -ERR_RANGE);
	irq_enable(27);
	host_set_cpu(1);
	irq_handle(27);
	irq_handle(27);
	irq_handle_ipi(IPI_RESCHED);
	irq_handle_ipi(IPI_COUNT);	/* nobody sends it: not counted */
	host_set_cpu(0);
	irq_handle(27);
	irq_handle(33);
	assert_int_equal(handled, 3 * 27 + 33);
	counts_are(IRQ_PER_CPU, 27, 1, 2);
	counts_are(IRQ_SHARED, 33, 1, 0);
	counts_are(IRQ_IPI, IPI_RESCHED, 0, 1);
	counts_are(IRQ_IPI, IPI_STOP, 0, 0);
	assert_int_equal(irq_total_on(0), 2);
	assert_int_equal(irq_total_on(1), 3);
	assert_true(find(IRQ_PER_CPU, 27).enabled);
	assert_false(find(IRQ_SHARED, 33).enabled);
	while (irq_next(&pos, &info)) {
		rows++;
	}
	assert_int_equal(rows, IPI_COUNT + 2);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(irqchip_install(&chip), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		host_set_cpu(cpu);
		assert_int_equal(irqchip_cpu_init(), 0);
	}
	host_set_cpu(0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
