/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: simulated CPUs: which one runs, interrupts, time, coroutines. */
#include <arch/cpu.h>
#include <arch/ipi.h>
#include <arch/timer.h>
#include <arch_impl/host.h>
#include <core/latency.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/smp.h>
#include <core/time.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_priv.h"

#define BOOT_STACK KIB(256)

struct host_cpu {
	struct host_ctx *ctx; /* where it stopped */
	struct host_ctx boot; /* boot code, then the idle VCPU */
	enum host_stop why;
	bool masked; /* interrupts */
	bool woken;  /* by an interrupt the test stands for */
	unsigned int ipis;
	uint64_t deadline;
	struct percpu *percpu;
};

static struct host_cpu cpus[CONFIG_MAX_CPUS];
static unsigned int me; /* the one that runs */
static bool inside;     /* in a coroutine, not the test */
static uint64_t now;

uint64_t host_timer_hz = HOST_TIMER_HZ;
uint64_t host_timer_writes;
uint64_t host_ipi_count[IPI_COUNT];
bool (*host_point_hook)(void);

/* Before any test: this is CPU 0 of one. */
static __attribute__((constructor(200))) void host_cpu_init(void)
{
	for (unsigned int i = 0; i < CONFIG_MAX_CPUS; i++) {
		cpus[i].deadline = UINT64_MAX;
	}
	cpus[0].percpu = percpu_boot();
	percpu_boot_set(0, 0);
	percpu_boot()->state = CPU_ONLINE;
	cpu_count = 1;
}

struct percpu *arch_percpu(void)
{
	return cpus[me].percpu ? cpus[me].percpu : percpu_boot();
}

static void need_cpu(unsigned int cpu)
{
	if (cpus[cpu].percpu) {
		return;
	}
	if (percpu_create(cpu, cpu)) {
		abort();
	}
	cpus[cpu].percpu = percpu_table[cpu];
	percpu_table[cpu]->state = CPU_ONLINE;
	cpu_count = MAX(cpu_count, cpu + 1);
}

void host_set_cpu(unsigned int cpu)
{
	need_cpu(cpu);
	me = cpu;
}

/* --- interrupts --- */

static bool timer_due(const struct host_cpu *c)
{
	return c->deadline <= now;
}

static bool pending(const struct host_cpu *c)
{
	return c->ipis || timer_due(c);
}

/* The vector: handlers with interrupts masked, then perhaps a switch. */
static void take_interrupts(void)
{
	struct percpu *cpu = arch_percpu();
	struct host_cpu *c = &cpus[me];
	unsigned int ipis = c->ipis;

	c->masked = true;
	c->ipis = 0;
	cpu->irq_depth++;
	for (unsigned int kind = 0; kind < IPI_COUNT; kind++) {
		if (ipis & (1U << kind)) {
			smp_ipi((enum ipi)kind);
		}
	}
	if (timer_due(c) && cpu->timers) {
		timer_interrupt();
	}
	cpu->irq_depth--;
	if (cpu->rq && cpu->preempt_count == 0) {
		sched_resched();
	}
	/* Perhaps on another CPU now. */
	cpus[me].masked = false;
}

void host_deliver(void)
{
	/* A timer without a queue would be due for ever. */
	while (!cpus[me].masked && (cpus[me].ipis || (timer_due(&cpus[me]) &&
						      arch_percpu()->timers))) {
		take_interrupts();
	}
}

/* Take pending interrupts in simulated code only, never in the test's own. */
static void unmasked(void)
{
	if (inside) {
		host_deliver();
	}
}

unsigned long arch_irq_save(void)
{
	unsigned long flags;

	host_point();
	flags = cpus[me].masked;
	cpus[me].masked = true;
	if (latency_on() && !flags) {
		latency_masked((uintptr_t)__builtin_return_address(0));
	}
	return flags;
}

void arch_irq_restore(unsigned long flags)
{
	if (latency_on() && !flags) {
		latency_end((uintptr_t)__builtin_return_address(0));
	}
	cpus[me].masked = flags;
	if (!flags) {
		unmasked();
	}
	host_point();
}

void arch_irq_enable(void)
{
	arch_irq_restore(0);
}

void arch_irq_disable(void)
{
	(void)arch_irq_save();
}

void arch_irq_window(void)
{
	cpus[me].masked = false;
	unmasked();
	cpus[me].masked = true;
}

bool arch_irq_was_disabled(unsigned long flags)
{
	return flags != 0;
}

bool arch_irq_disabled(void)
{
	return cpus[me].masked;
}

void arch_ipi_send(unsigned int cpu, enum ipi kind)
{
	cpus[cpu].ipis |= 1U << kind;
	host_ipi_count[kind]++;
	host_point();
}

unsigned int host_ipis(unsigned int cpu)
{
	return cpus[cpu].ipis;
}

void host_drop_ipis(void)
{
	for (unsigned int i = 0; i < CONFIG_MAX_CPUS; i++) {
		cpus[i].ipis = 0;
	}
}

static bool masked_before;

void host_irq_begin(unsigned int cpu)
{
	me = cpu;
	masked_before = cpus[me].masked;
	cpus[me].masked = true;
	arch_percpu()->irq_depth++;
}

void host_irq_end(void)
{
	arch_percpu()->irq_depth--;
	cpus[me].masked = masked_before;
	cpus[me].woken = true;
	if (arch_percpu()->need_resched) {
		cpus[me].ipis |= 1U << IPI_RESCHED;
	}
}

/* --- time --- */

uint64_t arch_timer_now(void)
{
	host_point();
	return now;
}

uint64_t arch_timer_hz(void)
{
	return host_timer_hz;
}

void arch_timer_set(uint64_t deadline)
{
	cpus[me].deadline = deadline;
	host_timer_writes++;
}

void arch_timer_stop(void)
{
	cpus[me].deadline = UINT64_MAX;
	host_timer_writes++;
}

uint64_t host_timer_deadline(unsigned int cpu)
{
	return cpus[cpu].deadline;
}

void host_set_time(uint64_t ticks)
{
	now = ticks;
}

void host_advance(uint64_t ticks)
{
	now += ticks;
}

/* --- coroutines --- */

struct host_ctx *host_boot_ctx(unsigned int cpu)
{
	return &cpus[cpu].boot;
}

/* Back to the test; returns when this CPU is run again. */
static void stop(enum host_stop why)
{
	cpus[me].ctx = host_ctx_running();
	cpus[me].why = why;
	inside = false;
	host_ctx_switch(host_ctx_test());
	host_deliver();
}

void host_wait(void)
{
	if (!inside) {
		fprintf(stderr, "host: the test would wait for ever\n");
		abort();
	}
	stop(HOST_WAITS);
}

void host_point(void)
{
	if (inside && host_point_hook && host_point_hook()) {
		stop(HOST_PAUSED);
	}
}

void host_pause(void)
{
	stop(HOST_PAUSED);
}

void arch_idle(void)
{
	while (!pending(&cpus[me]) && !cpus[me].woken) {
		stop(HOST_IDLE);
	}
	cpus[me].woken = false;
}

enum host_stop host_run(unsigned int cpu)
{
	me = cpu;
	inside = true;
	host_ctx_switch(cpus[cpu].ctx);
	return cpus[cpu].why;
}

bool host_settle(unsigned int rounds)
{
	bool busy = true;

	while (busy && rounds-- > 0) {
		busy = false;
		for (unsigned int i = 0; i < cpu_count; i++) {
			busy |= host_run(i) != HOST_IDLE;
		}
		for (unsigned int i = 0; i < cpu_count; i++) {
			busy |= pending(&cpus[i]);
		}
	}
	return !busy;
}

static void boot_main(void)
{
	cpus[me].masked = true;
	if (timer_cpu_init() || sched_cpu_init()) {
		abort();
	}
	percpu_set_online();
	sched_cpu_online();
	sched_idle_loop();
}

void host_cpu_start(unsigned int cpu, void (*entry)(void))
{
	cpus[cpu].percpu = cpu ? percpu_table[cpu] : percpu_boot();
	cpus[cpu].masked = true;
	host_ctx_init(&cpus[cpu].boot, malloc(BOOT_STACK), BOOT_STACK, entry);
	cpus[cpu].ctx = &cpus[cpu].boot;
}

void host_boot(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		need_cpu(i);
		percpu_table[i]->state = CPU_PRESENT;
	}
	for (unsigned int i = 0; i < n; i++) {
		host_ctx_init(&cpus[i].boot, malloc(BOOT_STACK), BOOT_STACK,
			      boot_main);
		cpus[i].ctx = &cpus[i].boot;
		(void)host_run(i);
	}
}
