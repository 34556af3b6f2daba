/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do to VCPUs: list, pause, move, reprioritise, look at. */
#include "sched_priv.h"

#include <core/sync.h>
#include <libs/error.h>
#include <string.h>

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_VCPU_LIST);
static struct list vcpus = LIST_INIT(vcpus); /* by id, ascending */

/* Who waits for any VCPU to be off. Its lock is the queue's own. */
static struct waitqueue off_wait = WAITQUEUE_INIT(off_wait);

static bool affinity_ok(const struct cpumask *m)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpumask_test(m, i) && cpu_usable(i)) {
			return true;
		}
	}
	return false;
}

static unsigned int first_cpu(const struct cpumask *m)
{
	unsigned int i = 0;

	while (!cpumask_test(m, i) || !cpu_usable(i)) {
		i++;
	}
	return i;
}

/* The lowest free id: people type them. */
void sched_list_add(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct vcpu *pos;

	v->id = 0;
	list_for_each(pos, &vcpus, all_node) {
		if (pos->id != v->id) {
			break;
		}
		v->id++;
	}
	list_append(&pos->all_node, &v->all_node);
	spin_unlock_irqrestore(&list_lock, flags);
}

int sched_add(struct vcpu *v)
{
	if (v->priority > SCHED_PRIO_MAX || !affinity_ok(&v->affinity)) {
		return -ERR_INVAL;
	}
	v->state = VCPU_OFF;
	v->on_cpu = ON_CPU_NO;
	v->cpu = first_cpu(&v->affinity);
	v->times.since = time_now();
	list_init(&v->rq_node);
	list_init(&v->wait_node);
	sched_list_add(v);
	return 0;
}

void sched_remove(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);

	assert(v->state == VCPU_OFF || v->state == VCPU_DEAD);
	assert(!vcpu_leaving(v));
	list_remove(&v->all_node);
	spin_unlock_irqrestore(&list_lock, flags);
}

void sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct vcpu *v;

	list_for_each(v, &vcpus, all_node) {
		fn(v, arg);
	}
	spin_unlock_irqrestore(&list_lock, flags);
}

const char *vcpu_state_name(const struct vcpu *v)
{
	static const char *const names[] = {
		[VCPU_OFF] = "off",         [VCPU_READY] = "ready",
		[VCPU_RUNNING] = "running", [VCPU_BLOCKED] = "blocked",
		[VCPU_DEAD] = "dead",
	};
	enum vcpu_state state = READ_ONCE(v->state);

	if (v->paused && (state == VCPU_READY || state == VCPU_BLOCKED)) {
		return "paused";
	}
	return names[state];
}

void sched_times(struct vcpu *v, struct vcpu_times *out)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	sched_account(v, time_now());
	*out = v->times;
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}

void sched_gone(struct vcpu *v, enum vcpu_state state, bool joinable)
{
	if (state == VCPU_DEAD && !joinable) {
		thread_reap(v);
	} else {
		wait_wake_all(&off_wait);
	}
}

static bool is_gone(struct vcpu *v)
{
	enum vcpu_state state = READ_ONCE(v->state);

	return (state == VCPU_OFF || state == VCPU_DEAD) && !vcpu_leaving(v);
}

void sched_wait_off(struct vcpu *v)
{
	wait_event(&off_wait, is_gone(v));
}

void sched_pause(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq;

	assert(v != this_cpu()->current);
	rq = rq_lock_of(v);
	sched_account(v, time_now());
	v->paused = true;
	if (v->queued) {
		rq_dequeue(rq, v);
	} else if (rq->curr == v) {
		rq_resched(rq);
	}
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
	while (vcpu_leaving(v)) {
		arch_cpu_relax();
	}
}

void sched_resume(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	rq->now = time_now();
	sched_account(v, rq->now);
	v->paused = false;
	if (vcpu_unplaced(v)) {
		sched_place(v, rq);
	} else {
		spin_unlock(&rq->lock);
	}
	sched_irq_restore(flags);
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *m)
{
	unsigned long flags;
	struct runqueue *rq;

	if (!affinity_ok(m) || vcpu_is_idle(v)) {
		return -ERR_INVAL;
	}
	flags = arch_irq_save();
	rq = rq_lock_of(v);
	v->affinity = *m;
	if (!cpumask_test(m, rq->cpu) && v->queued) {
		rq->now = time_now();
		rq_dequeue(rq, v);
		sched_place(v, rq);
	} else {
		if (!cpumask_test(m, rq->cpu) && v->state == VCPU_RUNNING) {
			rq_resched(rq);
		}
		spin_unlock(&rq->lock);
	}
	sched_irq_restore(flags);
	return 0;
}

int sched_set_priority(struct vcpu *v, unsigned int prio)
{
	unsigned long flags;
	struct runqueue *rq;

	if (prio > SCHED_PRIO_MAX || vcpu_is_idle(v)) {
		return -ERR_INVAL;
	}
	flags = arch_irq_save();
	rq = rq_lock_of(v);
	rq->now = time_now();
	if (v->queued) {
		rq_dequeue(rq, v);
		v->priority = (uint8_t)prio;
		rq_enqueue(rq, v, false);
		rq_resched(rq);
	} else {
		v->priority = (uint8_t)prio;
		if (v->state == VCPU_RUNNING) {
			WRITE_ONCE(rq->curr_prio, (int32_t)prio);
			rq_resched(rq);
		}
	}
	spin_unlock(&rq->lock);
	sched_irq_restore(flags);
	return 0;
}

static const struct sched_policy *find_policy(const char *name)
{
	const struct sched_policy *const *it;

	registry_for_each(sched_policy, it) {
		if (strcmp((*it)->name, name) == 0) {
			return *it;
		}
	}
	return NULL;
}

/* Let `policy` with `*data` take the queue over; the old data in *data. */
static void swap_policy(struct runqueue *rq, const struct sched_policy *policy,
			void **data)
{
	struct list ready = LIST_INIT(ready);
	void *old = rq->policy_data;
	struct vcpu *v, *tmp;

	rq->now = time_now();
	while ((v = rq->policy->pick(rq)) != NULL) {
		list_append(&ready, &v->rq_node);
	}
	rq->policy = policy;
	rq->policy_data = *data;
	*data = old;
	list_for_each_safe(v, tmp, &ready, rq_node) {
		list_remove(&v->rq_node);
		rq->policy->enqueue(rq, v, false);
	}
	rq_resched(rq);
}

int sched_set_policy(unsigned int cpu, const char *name)
{
	const struct sched_policy *policy = find_policy(name);
	const struct sched_policy *old;
	unsigned long flags;
	struct runqueue *rq;
	void *data;

	if (!policy) {
		return -ERR_NOENT;
	}
	if (!cpu_usable(cpu)) {
		return -ERR_STATE;
	}
	data = policy->create(cpu);
	if (!data) {
		return -ERR_NOMEM;
	}
	rq = rq_of(cpu);
	flags = spin_lock_irqsave(&rq->lock);
	old = rq->policy;
	swap_policy(rq, policy, &data);
	spin_unlock(&rq->lock);
	sched_irq_restore(flags);
	old->destroy(data);
	return 0;
}
