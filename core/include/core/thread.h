/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor threads: orphan VCPUs. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <core/vcpu.h>

/*
 * Create and start a thread. affinity NULL: any CPU. fn's return ends it;
 * its resources are then freed by a reaper unless `joinable`.
 * Returns -ERR_NOMEM. Thread context (after the scheduler is up).
 */
struct thread_attr {
	const char *name;
	uint8_t priority;
	bool joinable;
	const struct cpumask *affinity;
};
int __must_check thread_create(struct vcpu **out, const struct thread_attr *a,
			       void (*fn)(void *arg), void *arg);
/* Wait for a joinable thread's end and free it. */
void thread_join(struct vcpu *t);
/* Set stop_requested and wake it; it is up to fn to look. */
void thread_stop(struct vcpu *t);
bool thread_should_stop(void);

/* Guard-paged stack of CONFIG_STACK_SIZE bytes; NULL when out of memory. */
uint8_t *stack_alloc(void);
void stack_free(uint8_t *stack);

#endif
