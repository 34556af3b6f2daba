/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts: the counts of each line and IPI on each CPU; priorities,
 * affinity and spurious interrupts. */
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

/* No other CPU runs; in place of core/smp/smp.c. */
static unsigned int synchronized;

void cpu_quiesce(void)
{
	synchronized++;
}

int cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg, bool wait)
{
	(void)cpu;
	(void)fn;
	(void)arg;
	(void)wait;
	return -ERR_STATE;
}

void cpu_call_all(void (*fn)(void *arg), void *arg)
{
	(void)fn;
	(void)arg;
}

void smp_ipi(enum ipi kind)
{
	(void)kind;
}

static unsigned int disabled;
static bool on[LINES];

static void line_on(unsigned int irq)
{
	on[irq] = true;
}

static void line_off(unsigned int irq)
{
	disabled = irq;
	on[irq] = false;
}

static void line_trigger(unsigned int irq, enum irq_trigger trigger)
{
	(void)irq;
	(void)trigger;
}

static unsigned int routes[LINES];

static void line_affinity(unsigned int irq, unsigned int cpu)
{
	/* Once it was elsewhere it is off while it moves. */
	assert_true(!on[irq] || routes[irq] == cpu);
	routes[irq] = cpu;
}

static enum irq_priority priorities[2][LINES];

static void line_priority(unsigned int irq, enum irq_priority priority)
{
	priorities[irq < PRIVATE ? cpu_id() : 0][irq] = priority;
}

static int no_cpu_init(void)
{
	return 0;
}

static const struct irqchip chip = {
	.nr_irqs = LINES,
	.nr_private = PRIVATE,
	.deactivate = line,
	.enable = line_on,
	.disable = line_off,
	.set_trigger = line_trigger,
	.set_priority = line_priority,
	.set_affinity = line_affinity,
	.cpu_init = no_cpu_init,
};

static void handler(unsigned int irq, void *arg)
{
	assert_ptr_equal(arg, &handled);
	handled += irq;
}

/* The information for that kind and number. */
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
	irq_handle_ipi(IPI_COUNT); /* it is never sent, and not counted */
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

/* Set when the line is enabled, and for a private line on each CPU that starts;
 * guests' interrupts have the lowest priority. */
static void test_priorities(void **state)
{
	(void)state;
	assert_int_equal(irq_request(26, handler, &handled, "hyp"), 0);
	irq_set_priority(26, IRQ_PRIORITY_TIMER);
	irq_enable(26);
	assert_int_equal(priorities[0][26], IRQ_PRIORITY_TIMER);
	assert_int_equal(irq_request(30, handler, &handled, "guest"), 0);
	irq_set_forwarded(30);
	irq_enable(30);
	assert_int_equal(priorities[0][30], IRQ_PRIORITY_GUEST);
	assert_int_equal(irq_request(34, handler, &handled, "device"), 0);
	irq_enable(34);
	assert_int_equal(priorities[0][34], IRQ_PRIORITY_DEVICE);
	host_set_cpu(1);
	assert_int_equal(irqchip_cpu_init(), 0);
	host_set_cpu(0);
	assert_int_equal(priorities[1][26], IRQ_PRIORITY_TIMER);
	assert_int_equal(priorities[1][30], IRQ_PRIORITY_GUEST);
	assert_true(IRQ_PRIORITY_TIMER < IRQ_PRIORITY_DEVICE);
	assert_true(IRQ_PRIORITY_DEVICE < IRQ_PRIORITY_IPI);
	assert_true(IRQ_PRIORITY_IPI < IRQ_PRIORITY_GUEST);
	irq_release(26);
	irq_release(30);
	irq_release(34);
}

/* A shared line goes to the CPU that was asked for, if it is online. */
static void test_affinity(void **state)
{
	(void)state;
	assert_int_equal(irq_request(34, handler, &handled, "device"), 0);
	disabled = 0;
	assert_int_equal(irq_set_affinity(34, 1), 0);
	assert_int_equal(routes[34], 1);
	assert_int_equal(disabled, 0);
	irq_enable(34);
	assert_int_equal(irq_set_affinity(34, 0), 0);
	assert_int_equal(disabled, 34);
	assert_int_equal(synchronized, 1);
	assert_true(on[34]);
	assert_int_equal(routes[34], 0);
	assert_int_equal(irq_set_affinity(34, 1), 0);
	assert_int_equal(irq_set_affinity(34, 7), -ERR_INVAL);
	assert_int_equal(irq_set_affinity(26, 0), -ERR_INVAL);
	assert_int_equal(irq_set_affinity(LINES, 0), -ERR_INVAL);
	assert_int_equal(routes[34], 1);
	irq_release(34);
}

/* An unhandled interrupt that does not stop is disabled; one that comes rarely,
 * or with others in between, is not. */
static void test_spurious(void **state)
{
	(void)state;
	disabled = 0;
	for (unsigned int i = 0; i < IRQ_SPURIOUS_MOST - 1; i++) {
		irq_handle(36);
	}
	assert_int_equal(disabled, 0);
	irq_handle(37);
	irq_handle(36);
	assert_int_equal(disabled, 0);
	for (unsigned int i = 0; i < IRQ_SPURIOUS_MOST; i++) {
		irq_handle(36);
	}
	assert_int_equal(disabled, 36);
}

/* A line that was switched off stays off when it moves. */
static void test_silenced(void **state)
{
	(void)state;
	assert_int_equal(irq_request(38, handler, &handled, "device"), 0);
	irq_enable(38);
	assert_true(on[38]);
	irq_silence(38);
	assert_false(on[38]);
	assert_int_equal(irq_set_affinity(38, 1), 0);
	assert_false(on[38]);
	irq_enable(38);
	assert_true(on[38]);
	assert_int_equal(routes[38], 1);
	irq_release(38);
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
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_spurious),
		cmocka_unit_test(test_silenced),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
