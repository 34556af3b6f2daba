/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: inlines behind <arch/cpu.h>. One Linux thread simulates all CPUs,
 * one at a time; host.h is what tests steer it by. host_point() marks where
 * another simulated CPU may go on (nothing, unless a test asks for it).
 */
#ifndef ARCH_IMPL_CPU_H
#define ARCH_IMPL_CPU_H

#include <libs/types.h>

struct percpu;

/* The simulated CPU that runs. */
struct percpu *arch_percpu(void);
/* Here another may go on. */
void host_point(void);
/* This CPU cannot go on before another did something. */
void host_wait(void);

/* As <arch/cpu.h> says, of the CPU that runs. */
unsigned long arch_irq_save(void);
void arch_irq_restore(unsigned long flags);
void arch_irq_enable(void);
void arch_irq_disable(void);
bool arch_irq_disabled(void);
void arch_irq_window(void);
bool arch_irq_was_disabled(unsigned long flags);
void arch_idle(void);

static inline void arch_cpu_relax(void)
{
	host_wait();
}

static inline void arch_wait_change(const uint16_t *p, uint16_t old)
{
	if (*(const volatile uint16_t *)p == old) {
		host_wait();
	}
}

static inline bool arch_index_below(uint64_t *i, uint64_t n)
{
	bool below = *i < n;

	*i = below ? *i : 0;
	return below;
}

static inline void arch_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	host_point();
}

static inline void arch_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void arch_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void arch_dma_mb(void)
{
	arch_mb();
}

static inline void arch_dma_rmb(void)
{
	arch_rmb();
}

static inline void arch_dma_wmb(void)
{
	arch_wmb();
}

#endif
