/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests steer the simulated machine by.
 *
 * The test itself, outside of any VCPU, is on CPU 0 with interrupts enabled,
 * and may call host_set_cpu() to be another: enough for code that only asks
 * where it is. host_boot() starts CPUs with timers, scheduler and idle VCPUs,
 * each a coroutine; host_run() lets one go on until it idles, waits for
 * another CPU, or passes host_pause(). Interrupts are taken by the CPU that
 * runs when it unmasks them. Nothing is random and nothing depends on time.
 */
#ifndef ARCH_IMPL_HOST_H
#define ARCH_IMPL_HOST_H

#include <arch/cache.h>
#include <arch/ipi.h>
#include <libs/types.h>
#include <setjmp.h>

/* Become CPU `cpu` (created if it does not exist); the test's own context
 * only. */
void host_set_cpu(unsigned int cpu);

/* The counter, in ticks of HOST_TIMER_HZ unless set otherwise. */
#define HOST_TIMER_HZ UINT64_C(62500000)
extern uint64_t host_timer_hz;
void host_set_time(uint64_t ticks);
void host_advance(uint64_t ticks);
/* What the hardware of `cpu` is set to; UINT64_MAX: stopped. And how often
 * it was written, by all CPUs. */
uint64_t host_timer_deadline(unsigned int cpu);
extern uint64_t host_timer_writes;

/* Interrupts sent to `cpu` and not taken: BIT(kind)... */
unsigned int host_ipis(unsigned int cpu);
extern uint64_t host_ipi_count[IPI_COUNT];
/* Take what pends for this CPU (interrupts, due timer), if it is unmasked.
 * Happens by itself in CPUs started by host_boot(). */
void host_deliver(void);
/* Forget pending interrupts of all CPUs. */
void host_drop_ipis(void);

/* Start CPUs 0..n-1; once per program. */
void host_boot(unsigned int n);
/* The whole way of core/boot/main.c instead, on CPU 0 with this host tree until
 * it first stops; it starts the tree's other CPUs, which the test then runs.
 * For a test that defines host_memory_given; once per program. */
void host_boot_core(const void *fdt);
enum host_stop {
	HOST_IDLE,   /* sleeps: nothing but an interrupt ends it */
	HOST_WAITS,  /* for another CPU: a lock, a flag */
	HOST_PAUSED, /* in host_pause(), or at a host_point() */
};
/* Let `cpu` go on until it stops for one of these reasons. */
enum host_stop host_run(unsigned int cpu);
/* Run all in turn, until all idle with nothing pending; false when `rounds`
 * turns were not enough. */
bool host_settle(unsigned int rounds);
/* The test's own context is on no booted CPU; between these it is in an
 * interrupt handler on `cpu`, whose way out the CPU does when it runs. */
void host_irq_begin(unsigned int cpu);
void host_irq_end(void);
/* In a thread: give control to the test, and come back. */
void host_pause(void);
/* Stop at a host_point() if this returns true; NULL: never. */
extern bool (*host_point_hook)(void);
/* Run by a guest VCPU once it is entered; NULL: it blocks for ever. */
struct vcpu;
extern void (*host_guest)(struct vcpu *v);
/*
 * A guest's access of 1, 2 or 4 bytes to an I/O port: where there is none, a
 * read gives all ones and a write is lost. -ERR_BUSY: to be repeated.
 */
int __must_check host_guest_port(struct vcpu *v, uint16_t port,
				 unsigned int size, bool write,
				 uint32_t *value);

/* What arch_cache_levels() and arch_cache_hashed() return. */
#define HOST_CACHES 4
extern struct cache_geometry host_caches[HOST_CACHES];
extern unsigned int host_cache_count;
extern const char *host_cache_hash;

/* Partition IDs (arch/partition.h) that the CPUs have, and those that the
 * hypervisor and the guest that was told of last were given. */
extern unsigned int host_partition_ids;
extern uint32_t host_partition_own, host_partition_guest;

/*
 * Event counters (arch/pmu.h): how many a CPU has, whether number `n` of `cpu`
 * counts, and how many events are left before its interrupt. host_pmu_count()
 * counts events; true if the interrupt is due, which the test then raises by
 * budget_overflow().
 */
extern unsigned int host_pmu_counters;
bool host_pmu_on(unsigned int cpu, unsigned int n);
uint32_t host_pmu_left(unsigned int cpu, unsigned int n);
bool host_pmu_count(unsigned int cpu, unsigned int n, uint32_t events);

/* panic() jumps here while armed, else it prints and aborts. */
extern jmp_buf host_panic_env;
extern bool host_panic_armed;
extern char host_panic_text[256];

/* True if evaluating `expr` panics. Not across VCPUs. */
#define host_panics(expr) \
	({ \
		volatile bool panicked_ = true; \
		host_panic_armed = true; \
		if (setjmp(host_panic_env) == 0) { \
			(void)(expr); \
			panicked_ = false; \
		} \
		host_panic_armed = false; \
		panicked_; \
	})

#endif
