/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor threads: creation, end, and freeing their memory. */
#include "sched_priv.h"

#include <core/heap.h>
#include <core/thread.h>
#include <core/work.h>
#include <libs/error.h>
#include <stdio.h>

static void reap_work_fn(struct work *w);

/* [L] Threads that have ended and are not joinable, by wait_node. */
static struct spinlock reap_lock = SPINLOCK_INIT(LOCK_WORK);
static struct list reap_list = LIST_INIT(reap_list);
static struct work reap_work = {
	.node = LIST_INIT(reap_work.node),
	.fn = reap_work_fn,
	.workqueue = &work_shared,
};

static struct vcpu *thread_alloc(const struct thread_attr *a)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	if (!v) {
		return NULL;
	}
	v->stack = stack_alloc();
	if (!v->stack) {
		heap_free(v);
		return NULL;
	}
	v->stack_size = CONFIG_STACK_SIZE;
	v->params.priority = a->priority;
	v->joinable = a->joinable;
	v->group = a->group;
	v->pool = a->pool;
	if (a->affinity) {
		v->affinity = *a->affinity;
	} else {
		cpumask_set_all(&v->affinity);
	}
	snprintf(v->name, sizeof(v->name), "%s", a->name);
	return v;
}

static void thread_free(struct vcpu *v)
{
	stack_free(v->stack);
	heap_free(v);
}

int thread_create(struct vcpu **out, const struct thread_attr *a,
		  void (*fn)(void *arg), void *arg)
{
	struct vcpu *v = thread_alloc(a);
	int err;

	if (!v) {
		return -ERR_NOMEM;
	}
	v->entry = fn;
	v->arg = arg;
	err = sched_add(v, NULL);
	if (err) {
		thread_free(v);
		return err;
	}
	if (out) {
		*out = v;
	}
	sched_start(v);
	return 0;
}

void thread_join(struct vcpu *t)
{
	assert(t->joinable && t != vcpu_current());
	sched_wait_off(t);
	sched_remove(t);
	thread_free(t);
}

void thread_stop(struct vcpu *t)
{
	__atomic_store_n(&t->stop_requested, true, __ATOMIC_RELEASE);
	sched_wake(t);
}

bool thread_should_stop(void)
{
	return __atomic_load_n(&vcpu_current()->stop_requested,
			       __ATOMIC_ACQUIRE);
}

/* Called by finish_switch(), in the context that runs next on that CPU. */
void thread_reap(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&reap_lock);

	list_append(&reap_list, &v->wait_node);
	spin_unlock_irqrestore(&reap_lock, flags);
	work_queue(&reap_work);
}

static struct vcpu *reap_next(void)
{
	unsigned long flags = spin_lock_irqsave(&reap_lock);
	struct vcpu *v = NULL;

	if (!list_empty(&reap_list)) {
		v = list_first(&reap_list, struct vcpu, wait_node);
		list_remove(&v->wait_node);
	}
	spin_unlock_irqrestore(&reap_lock, flags);
	return v;
}

static void reap_work_fn(struct work *w)
{
	struct vcpu *v;

	(void)w;
	while ((v = reap_next()) != NULL) {
		sched_remove(v);
		thread_free(v);
	}
}
