/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor threads: VCPUs without a guest. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <core/vcpu.h>

struct thread_attr {
	const char *name; /* copied, cut to VCPU_NAME_LEN - 1 */
	uint8_t priority; /* 0 .. SCHED_PRIO_MAX */
	bool joinable;
	const struct cpumask *affinity; /* NULL: any CPU */
	struct sched_group *group;      /* NULL: the hypervisor's own */
	struct sched_pool *pool;        /* NULL: the default pool, which has
					 * all whose pool takes no threads */
};

/*
 * Create and start a thread. It ends when fn returns. Its resources are then
 * freed by the work queue; if it is `joinable`, by thread_join(), which must be
 * called. out: may be NULL; a thread that is not joinable may have ended before
 * the caller looks at it. -ERR_NOMEM; -ERR_INVAL: priority, affinity without an
 * online CPU. Thread context, or start-up after sched_cpu_init().
 */
int __must_check thread_create(struct vcpu **out, const struct thread_attr *a,
			       void (*fn)(void *arg), void *arg);
/* Wait for a joinable thread's end and free it. Thread context. */
void thread_join(struct vcpu *t);
/* Set stop_requested and wake the thread; fn has to check thread_should_stop().
 * Any context. */
void thread_stop(struct vcpu *t);
bool thread_should_stop(void);

/* Stack of CONFIG_STACK_SIZE bytes with an unmapped page below; NULL when out
 * of memory. Thread or boot context, once pages are there. */
uint8_t *stack_alloc(void);
void stack_free(uint8_t *stack);

#endif
