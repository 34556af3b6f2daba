/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function calls on other CPUs, and the interrupts for them.
 *
 * A call is a node pushed onto the target's lock-free stack. A caller that
 * finds the stack empty sends the interrupt; the target takes the whole stack
 * at once. Nothing is allocated: the node of a caller that waits is on its own
 * stack, and any other uses one of its CPU's slots. A waiting caller has
 * interrupts enabled and serves the calls made to it, so that CPUs that call
 * each other cannot deadlock.
 */
#include <core/log.h>
#include <core/sched.h>
#include <core/smp.h>
#include <libs/error.h>

static void push(struct percpu *target, struct cpu_call *c)
{
	struct cpu_call *old =
		__atomic_load_n(&target->calls, __ATOMIC_RELAXED);

	do {
		c->next = old;
	} while (!__atomic_compare_exchange_n(&target->calls, &old, c, false,
					      __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	if (!old) {
		arch_ipi_send(target->id, IPI_CALL);
	}
}

/* Run what was pushed, oldest first. Interrupts masked. */
static void run_calls(struct percpu *cpu)
{
	struct cpu_call *newest =
		__atomic_exchange_n(&cpu->calls, NULL, __ATOMIC_ACQUIRE);
	struct cpu_call *oldest = NULL;
	struct cpu_call *c;

	while (newest) {
		c = newest;
		newest = c->next;
		c->next = oldest;
		oldest = c;
	}
	while (oldest) {
		c = oldest;
		oldest = c->next;
		c->fn(c->arg);
		/* The last access: the caller may free the node after it. */
		__atomic_store_n(&c->busy, 0, __ATOMIC_RELEASE);
	}
}

static void call_here(void (*fn)(void *), void *arg)
{
	unsigned long flags = arch_irq_save();

	fn(arg);
	arch_irq_restore(flags);
}

/* With a slot of this CPU. -ERR_BUSY: all are in use. */
static int call_later(struct percpu *target, void (*fn)(void *), void *arg)
{
	unsigned long flags = arch_irq_save();
	struct percpu *cpu = this_cpu();
	int err = -ERR_BUSY;

	for (unsigned int i = 0; i < CPU_CALL_SLOTS; i++) {
		struct cpu_call *c = &cpu->call_slots[i];

		if (__atomic_load_n(&c->busy, __ATOMIC_ACQUIRE) == 0) {
			c->fn = fn;
			c->arg = arg;
			c->busy = 1;
			push(target, c);
			err = 0;
			break;
		}
	}
	arch_irq_restore(flags);
	return err;
}

static void call_and_wait(struct percpu *target, void (*fn)(void *), void *arg)
{
	struct cpu_call c = { .fn = fn, .arg = arg, .busy = 1 };

	assert(!arch_irq_disabled());
	push(target, &c);
	while (__atomic_load_n(&c.busy, __ATOMIC_ACQUIRE)) {
		arch_cpu_relax();
	}
}

int cpu_call(unsigned int cpu, void (*fn)(void *), void *arg, bool wait)
{
	if (!cpu_online(cpu)) {
		return -ERR_STATE;
	}
	if (!wait) {
		return call_later(percpu_table[cpu], fn, arg);
	}
	/* The thread must not move to another CPU between test and call. */
	preempt_disable();
	if (cpu == cpu_id()) {
		call_here(fn, arg);
	} else {
		call_and_wait(percpu_table[cpu], fn, arg);
	}
	preempt_enable();
	return 0;
}

void cpu_call_all(void (*fn)(void *), void *arg)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpu_call(i, fn, arg, true)) {
			continue; /* the CPU is not online */
		}
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

void cpu_quiesce(void)
{
	cpu_call_all(nothing, NULL);
}

void smp_ipi(enum ipi kind)
{
	switch (kind) {
	case IPI_CALL:
		run_calls(this_cpu());
		break;
	case IPI_STOP:
		arch_cpu_halt();
	case IPI_RESCHED: /* need_resched is checked when the handler returns */
	case IPI_COUNT:
		break;
	}
}

__cold void smp_stop_others(void)
{
	unsigned int me = cpu_id();

	for (unsigned int i = 0; i < cpu_count; i++) {
		if (i != me && cpu_online(i)) {
			arch_ipi_send(i, IPI_STOP);
		}
	}
}
